/**
 * Pods that affinity cannot tell apart: of one namespace, with the same labels and the same terms, as a workload's Pods mostly are.
 * Terms are compared once for all of them.
 */
import { affinityClassesMax } from "../core/limits.ts";
import { affinityTerms, type AffinityTerms } from "./affinity-term.ts";
import type { Pod } from "./types.ts";

export interface AffinityClass {
  /** The same for all of a class, whichever object says it: what is counted must not depend on what is kept here. */
  readonly id: string;
  readonly terms: AffinityTerms | undefined;
}

const texts = new WeakMap<object, string>();
let classes = new Map<string, AffinityClass>();

function textOf(part: object): string {
  let text = texts.get(part);
  if (text === undefined) texts.set(part, (text = JSON.stringify(part)));
  return text;
}

export function affinityClass(pod: Pod): AffinityClass {
  const { namespace = "", labels } = pod.metadata;
  const affinity = pod.spec.affinity;
  const id = `${namespace}\0${labels ? textOf(labels) : ""}\0${affinity ? textOf(affinity) : ""}`;
  let known = classes.get(id);
  if (!known) {
    if (classes.size >= affinityClassesMax) classes = new Map();
    classes.set(id, (known = { id, terms: affinityTerms(pod) }));
  }
  return known;
}
