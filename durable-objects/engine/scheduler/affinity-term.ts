/** Pod affinity terms, made ready to be matched. k8s: pkg/scheduler/framework/types.go AffinityTerm */
import { labelSelector, type LabelSelector, type Selector } from "../machinery/selectors.ts";
import type { Pod, PodAffinityTerm } from "./types.ts";

export type NamespaceLabels = (namespace: string) => Record<string, string> | undefined;

export interface AffinityTerm {
  topologyKey: string;
  selector: Selector;
  namespaces: readonly string[];
  namespaceSelector: Selector;
  /** 0 for a required term. */
  weight: number;
}

export interface AffinityTerms {
  required: readonly AffinityTerm[];
  requiredAnti: readonly AffinityTerm[];
  preferred: readonly AffinityTerm[];
  preferredAnti: readonly AffinityTerm[];
}

type KeyedTerm = PodAffinityTerm & { matchLabelKeys?: string[]; mismatchLabelKeys?: string[] };

/** A selector that also asks for (or against) the Pod's own values of some labels. */
export function withLabelKeys(
  selector: LabelSelector | undefined,
  labels: Record<string, string> | undefined,
  match: readonly string[] | undefined,
  mismatch?: readonly string[],
): LabelSelector | undefined {
  if (!selector || (!match?.length && !mismatch?.length)) return selector;
  const matchExpressions = [...(selector.matchExpressions ?? [])];
  for (const [keys, operator] of [
    [match, "In"],
    [mismatch, "NotIn"],
  ] as const) {
    for (const key of keys ?? []) {
      const own = labels?.[key];
      if (own !== undefined) matchExpressions.push({ key, operator, values: [own] });
    }
  }
  return { ...selector, matchExpressions };
}

function termOf(pod: Pod, term: KeyedTerm, weight: number): AffinityTerm {
  const own = !term.namespaces?.length && !term.namespaceSelector;
  return {
    topologyKey: term.topologyKey,
    selector: labelSelector(
      withLabelKeys(
        term.labelSelector as LabelSelector | undefined,
        pod.metadata.labels,
        term.matchLabelKeys,
        term.mismatchLabelKeys,
      ),
    ),
    namespaces: own ? [pod.metadata.namespace ?? ""] : (term.namespaces ?? []),
    namespaceSelector: labelSelector(term.namespaceSelector as LabelSelector | undefined),
    weight,
  };
}

/** The terms of a Pod; undefined when it has neither affinity nor anti-affinity to Pods. */
export function affinityTerms(pod: Pod): AffinityTerms | undefined {
  const near = pod.spec.affinity?.podAffinity;
  const far = pod.spec.affinity?.podAntiAffinity;
  if (!near && !far) return undefined;
  const required = (list: PodAffinityTerm[] | undefined) =>
    (list ?? []).map((term) => termOf(pod, term, 0));
  type Weighted = { podAffinityTerm: PodAffinityTerm; weight: number };
  const preferred = (list: Weighted[] | undefined) =>
    (list ?? []).map(({ podAffinityTerm, weight }) => termOf(pod, podAffinityTerm, weight));
  return {
    required: required(near?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAnti: required(far?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: preferred(near?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAnti: preferred(far?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

/** Whether a Pod fits a term: its namespaces (by name or labels) and its selector. */
export function termMatches(term: AffinityTerm, pod: Pod, labelsOf: NamespaceLabels): boolean {
  const namespace = pod.metadata.namespace ?? "";
  if (
    !term.namespaces.includes(namespace) &&
    (term.namespaceSelector.nothing || !term.namespaceSelector.matches(labelsOf(namespace)))
  ) {
    return false;
  }
  return term.selector.matches(pod.metadata.labels);
}
