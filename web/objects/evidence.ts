import type { Evidence } from "../api/explanations.ts";
import type { DetailPlace, ObjectRef } from "../desk/desk.ts";

/** What an explanation rests on, and where in the detail of its object that is seen. */

export function placeOf({ field, event, line }: Evidence): DetailPlace {
  if (field !== undefined) return { view: "YAML", field };
  if (event !== undefined) return { view: "Events" };
  if (line !== undefined) return { view: "Logs" };
  return { view: "Describe" };
}

/** Of another object than the one that was asked about, its name goes along. */
export function whereText(evidence: Evidence, asked: ObjectRef): string {
  const { object, field, event, line } = evidence;
  if (!object) return "";
  const { kind, namespace = "", name } = object;
  const isIt = kind === asked.kind && namespace === asked.namespace && name === asked.name;
  const at = field ?? (event !== undefined ? `event ${event}` : line !== undefined ? "log" : "");
  if (isIt) return at;
  return [`${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`, at]
    .filter((part) => part !== "")
    .join(", ");
}

/** `ingresses` of Ingress, `networkpolicies` of NetworkPolicy. */
export function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (word.endsWith("s")) return `${word}es`;
  return word.endsWith("y") ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** Two sentences that differ in numbers alone say the same, a while later. */
export const withoutNumbers = (sentence: string): string =>
  sentence.replace(/\d+(ms|[smhdy])?/g, "");
