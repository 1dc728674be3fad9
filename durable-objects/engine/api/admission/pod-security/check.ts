/** What a check of the Pod Security Standards is, and how its findings are put into words. k8s: pod-security-admission/policy */
import type { Container, EphemeralContainer, PodSpec } from "../../../kinds/pod/types.ts";
import { containersOf } from "../../../kinds/pod/types.ts";
import { goQuote } from "../../../machinery/field.ts";

export interface Violation {
  reason: string;
  detail: string;
}

/** Of metadata only annotations matter. */
export type CheckPod = (
  spec: PodSpec,
  annotations: Record<string, string>,
) => Violation | undefined;

export interface Check {
  id: string;
  level: "baseline" | "restricted";
  /** By the minor version from which on it is so, ascending. */
  versions: readonly (readonly [minor: number, check: CheckPod])[];
  /** Checks of baseline that this one stands for, wherever it is in force. */
  overrides?: string;
}

export type Any = Container | EphemeralContainer;

export const containers = (spec: PodSpec): Any[] => [...containersOf(spec, "")].map(([one]) => one);

/** Names of the containers that a test finds. */
export const namesWhere = (spec: PodSpec, test: (container: Any) => boolean): string[] =>
  containers(spec).flatMap((one) => (test(one) ? [one.name ?? ""] : []));

export const quoted = (items: Iterable<string>): string =>
  [...items].map((item) => `"${item}"`).join(", ");

export const sorted = (items: Iterable<string>): string[] => [...new Set(items)].sort();

export const plural = (word: string, count: number, many = `${word}s`): string =>
  count === 1 ? word : many;

/** `containers "a", "b"`. */
export const listed = (word: string, names: readonly string[]): string =>
  `${plural(word, names.length)} ${quoted(names)}`;

/** Who sets something: the Pod, some of its containers, or both. */
export const setters = (pod: boolean, names: readonly string[]): string[] => [
  ...(pod ? ["pod"] : []),
  ...(names.length > 0 ? [listed("container", names)] : []),
];

export const annotationText = (key: string, value: string): string => `${key}=${goQuote(value)}`;

/** With a user namespace of its own a Pod may do more inside it. */
export const hasUserNamespace = (spec: PodSpec): boolean => spec.hostUsers === false;

export const isWindows = (spec: PodSpec): boolean => spec.os?.name === "windows";

/** The check, but for Pods of which the test is true. */
export const unless =
  (test: (spec: PodSpec) => boolean, check: CheckPod): CheckPod =>
  (spec, annotations) =>
    test(spec) ? undefined : check(spec, annotations);
