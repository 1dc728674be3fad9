/** nodeSelector and node affinity. k8s: pkg/scheduler/framework/plugins/nodeaffinity */
import { lookup } from "../../core/lookup.ts";
import { requirementMatches, type Operator } from "../../machinery/selectors.ts";
import {
  normalised,
  rejectedForGood,
  type FilterPlugin,
  type Prepared,
  type Scorer,
} from "../framework.ts";
import type { Node, NodeSelectorTerm, Pod } from "../types.ts";

const mismatch = rejectedForGood("node(s) didn't match Pod's node affinity/selector");
const conflict = rejectedForGood("pod affinity terms conflict");

const operators: Record<string, Operator> = lookup({
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
  Gt: "gt",
  Lt: "lt",
});

type NodeRequirement = { key: string; operator: string; values?: string[] };

function allMatch(
  requirements: readonly NodeRequirement[] | undefined,
  labels: Record<string, string> | undefined,
): boolean {
  for (const { key, operator, values } of requirements ?? []) {
    const known = operators[operator];
    if (!known || !requirementMatches({ key, operator: known, values: values ?? [] }, labels)) {
      return false;
    }
  }
  return true;
}

/** An empty term matches nothing. k8s: component-helpers nodeaffinity nodeSelectorTerm.match */
export function nodeTermMatches(term: NodeSelectorTerm, node: Node): boolean {
  if (!term.matchExpressions?.length && !term.matchFields?.length) return false;
  return (
    allMatch(term.matchExpressions, node.metadata.labels) &&
    (!term.matchFields?.length ||
      allMatch(term.matchFields, { "metadata.name": node.metadata.name }))
  );
}

/** k8s: component-helpers nodeaffinity RequiredNodeAffinity.Match */
export function nodeMatches(pod: Pod, node: Node): boolean {
  const selector = pod.spec.nodeSelector;
  for (const key in selector) if (node.metadata.labels?.[key] !== selector[key]) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => nodeTermMatches(term, node));
}

/** Names, where every term names nodes: one node for a DaemonSet's Pod. */
function namedNodes(terms: readonly NodeSelectorTerm[]): Set<string> | undefined {
  const names = new Set<string>();
  for (const term of terms) {
    let own: string[] | undefined;
    for (const { key, operator, values } of term.matchFields ?? []) {
      if (key !== "metadata.name" || operator !== "In") continue;
      own = own ? own.filter((name) => values?.includes(name)) : [...(values ?? [])];
    }
    if (!own) return undefined;
    for (const name of own) names.add(name);
  }
  return names;
}

function prepare(pod: Pod): Prepared {
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return pod.spec.nodeSelector ? {} : { skip: true };
  if (!required.nodeSelectorTerms.length) return {};
  const onlyNodes = namedNodes(required.nodeSelectorTerms);
  if (!onlyNodes) return {};
  return onlyNodes.size ? { onlyNodes } : { rejection: conflict };
}

export const nodeAffinity: FilterPlugin = {
  name: "NodeAffinity",
  prepare: ({ pod }) => prepare(pod),
  filter: ({ pod }, { node }) => (nodeMatches(pod, node) ? undefined : mismatch),
};

export const nodeAffinityScore: Scorer = ({ pod }, nodes) => {
  const preferred =
    pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  if (!preferred?.length) return undefined;
  const sums = nodes.map(({ node }) => {
    let sum = 0;
    for (const { preference, weight } of preferred) {
      if (weight && nodeTermMatches(preference, node)) sum += weight;
    }
    return sum;
  });
  return normalised(sums, false);
};
