/** nodeSelector and node affinity. k8s: pkg/scheduler/framework/plugins/nodeaffinity */
import { nodeTermMatches } from "../node-terms.ts";
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
