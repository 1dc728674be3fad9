import { parse } from "yaml";

/** Two states of one object, as YAML. */

const parsed = (text: string): Record<string, unknown> => {
  const value: unknown = parse(text, { maxAliasCount: 0 });
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
};

/** Whether an editor of the one may write over the other: what people write is the same, what controllers tell (status, versions) is not looked at. */
export function sameButStatus(one: string, other: string): boolean {
  const [a, b] = [written(one), written(other)];
  return a === b;
}

const told = new Set(["resourceVersion", "generation", "managedFields"]);

function written(text: string): string {
  const { status: _, metadata, ...rest } = parsed(text);
  const kept = Object.entries((metadata ?? {}) as object).filter(([key]) => !told.has(key));
  return JSON.stringify([rest, Object.fromEntries(kept)]);
}

/** A text with the resource version of another, so that it may be written over that. */
export function basedOn(text: string, newest: string): string {
  const version = /^ {2}resourceVersion: .*$/m;
  const theirs = version.exec(newest)?.[0];
  return theirs === undefined ? text : text.replace(version, () => theirs);
}

/** `kubectl get -o yaml` leaves them out as well. */
export const withoutManagedFields = (text: string): string =>
  text.replace(/^ {2}managedFields:\n(?: {2}[- ].*\n)*/m, "");
