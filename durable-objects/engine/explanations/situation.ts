/** What a situation is: one row of the table of explanations, and what its answer is made of. */
import type { KubeObject, ResourceId } from "../core/object.ts";
import type {
  Evidence,
  EvidenceObject,
  ExplanationStatus,
  Mend,
} from "../kinds/podyard/explanation.ts";
import type { Client } from "../ports/controller.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { humanDuration } from "../machinery/duration.ts";

/** What a row may look at. It reads alone: nothing is written on the way to an answer. */
export interface Scope {
  client: Client;
  context: RuntimeContext;
  now: number;
  mayRead(resource: ResourceId, namespace: string, name: string, subresource?: string): boolean;
  /** The answer about another object, owner or dependent; undefined: it is as wished, or not for the asker's eyes. */
  ask(resource: ResourceId, object: KubeObject): Found | undefined;
}

export interface Found extends ExplanationStatus {
  /** All is as wished: whoever asks on behalf of another object looks on. */
  well?: true;
  /** The same for all Pods that are in the same trouble: what an owner groups by. */
  reason?: string;
}

export interface Situation {
  name: string;
  /** Resources it is asked of; absent: all. */
  of?: readonly ResourceId[];
  // Each row knows the type of what it is asked of.
  find(scope: Scope, object: never): Found | undefined;
}

const plain = (text: string): string => text.replace(/\s+/g, " ").trim();

export const kindOf = (object: KubeObject): string => object.kind ?? "Object";

/** `Pod default/web`, `Node node-1`. */
export function nameOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return `${kindOf(object)} ${namespace ? `${namespace}/` : ""}${name}`;
}

/** Its name where the asker may read it, else that there is one. */
export function named(scope: Scope, resource: ResourceId, object: KubeObject): string {
  const { namespace = "", name } = object.metadata;
  const may = scope.mayRead(resource, namespace, name);
  return may ? nameOf(object) : `a ${kindOf(object)} that you may not read`;
}

export function referenceTo(object: KubeObject): EvidenceObject {
  const { namespace, name } = object.metadata;
  return {
    apiVersion: object.apiVersion ?? "v1",
    kind: kindOf(object),
    ...(namespace ? { namespace } : {}),
    name,
  };
}

/** Evidence about an object. */
export const about = (
  object: KubeObject,
  text: string,
  more: Omit<Evidence, "text" | "object"> = {},
): Evidence => ({ text: plain(text), object: referenceTo(object), ...more });

export const mend = (text: string, command: string): Mend => ({ text, command });

/** ` -n shop`; nothing in the default namespace. */
export function inNamespace(object: KubeObject): string {
  const { namespace } = object.metadata;
  return namespace && namespace !== "default" ? ` -n ${namespace}` : "";
}

export const seconds = (ms: number): string => humanDuration(Math.max(0, Math.round(ms)));

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(names: readonly string[], shownMax = 4): string {
  const shown = names.slice(0, shownMax);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

export const pairs = (labels: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");

/** Those that are spelt nearly like a name, the nearest first. */
export function near(name: string, known: readonly string[], shownMax = 3): string[] {
  const most = Math.max(2, Math.floor(name.length / 3));
  return known
    .map((other) => ({ other, far: distance(name, other) }))
    .filter(({ far }) => far <= most)
    .sort(
      (a, b) =>
        a.far - b.far ||
        Math.abs(a.other.length - name.length) - Math.abs(b.other.length - name.length) ||
        (a.other < b.other ? -1 : 1),
    )
    .slice(0, shownMax)
    .map(({ other }) => other);
}

/** Damerau and Levenshtein's: two letters in the wrong order are one mistake. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  let above = row;
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const turned = swapped ? above[j - 2]! + 1 : Infinity;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same, turned));
    }
    [above, row] = [row, next];
  }
  return row[b.length]!;
}
