/** Affinity and anti-affinity between Pods. k8s: pkg/scheduler/framework/plugins/interpodaffinity */
import { termMatches, type AffinityTerm } from "../affinity-term.ts";
import {
  nodeScoreMax,
  rejected,
  rejectedForGood,
  type FilterPlugin,
  type PluginState,
  type Scorer,
  type Snapshot,
} from "../framework.ts";
import type { NodeInfo, PodInfo } from "../node-info.ts";

const notNear = rejectedForGood("node(s) didn't match pod affinity rules");
const tooNear = rejected("node(s) didn't match pod anti-affinity rules");
const unwelcome = rejected("node(s) didn't satisfy existing pods anti-affinity rules");

/** k8s: interpodaffinity hardPodAffinityWeight default */
const requiredTermWeight = 1;

/** Counts by topology key, then by its value. */
class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  get empty(): boolean {
    return this.#counts.size === 0;
  }

  add(term: AffinityTerm, node: NodeInfo, by: number): void {
    const value = node.node.metadata.labels?.[term.topologyKey];
    if (value === undefined) return;
    let values = this.#counts.get(term.topologyKey);
    if (!values) this.#counts.set(term.topologyKey, (values = new Map()));
    const count = (values.get(value) ?? 0) + by;
    if (count !== 0) values.set(value, count);
    else if (values.delete(value) && values.size === 0) this.#counts.delete(term.topologyKey);
  }

  at(key: string, value: string): number {
    return this.#counts.get(key)?.get(value) ?? 0;
  }

  /** Sum over all keys that the node has. */
  sum(node: NodeInfo): number {
    let sum = 0;
    for (const [key, values] of this.#counts) {
      const value = node.node.metadata.labels?.[key];
      if (value !== undefined) sum += values.get(value) ?? 0;
    }
    return sum;
  }

  clone(): Tally {
    const copy = new Tally();
    for (const [key, values] of this.#counts) copy.#counts.set(key, new Map(values));
    return copy;
  }
}

class AffinityState implements PluginState {
  readonly incoming: PodInfo;
  readonly snapshot: Snapshot;
  readonly near: Tally;
  readonly far: Tally;
  readonly existingFar: Tally;

  constructor(incoming: PodInfo, snapshot: Snapshot, from?: AffinityState) {
    this.incoming = incoming;
    this.snapshot = snapshot;
    this.near = from?.near.clone() ?? new Tally();
    this.far = from?.far.clone() ?? new Tally();
    this.existingFar = from?.existingFar.clone() ?? new Tally();
  }

  /** Whether a Pod matches every required affinity term: only such Pods count. */
  matchesAll(other: PodInfo): boolean {
    const required = this.incoming.terms?.required;
    if (!required?.length) return false;
    return required.every((term) =>
      termMatches(term, other.pod, (ns) => this.snapshot.namespaceLabels(ns)),
    );
  }

  /** `by`: how many Pods like this one come; negative, go. */
  change(other: PodInfo, node: NodeInfo, by: number): void {
    const labelsOf = (namespace: string) => this.snapshot.namespaceLabels(namespace);
    const { required, requiredAnti } = this.incoming.terms ?? {};
    const theirs = other.terms?.requiredAnti.length ?? 0;
    this.snapshot.compared += (required?.length ?? 0) + (requiredAnti?.length ?? 0) + theirs;
    if (this.matchesAll(other)) {
      for (const term of this.incoming.terms?.required ?? []) this.near.add(term, node, by);
    }
    for (const term of this.incoming.terms?.requiredAnti ?? []) {
      if (termMatches(term, other.pod, labelsOf)) this.far.add(term, node, by);
    }
    for (const term of other.terms?.requiredAnti ?? []) {
      if (termMatches(term, this.incoming.pod, labelsOf)) this.existingFar.add(term, node, by);
    }
  }

  clone(): AffinityState {
    return new AffinityState(this.incoming, this.snapshot, this);
  }
}

function nearEnough(pod: PodInfo, node: NodeInfo, state: AffinityState): boolean {
  const required = pod.terms?.required ?? [];
  let found = true;
  for (const term of required) {
    const value = node.node.metadata.labels?.[term.topologyKey];
    if (value === undefined) return false;
    if (state.near.at(term.topologyKey, value) <= 0) found = false;
  }
  // The first of a group that wants to be near itself may start anywhere.
  return found || (state.near.empty && state.matchesAll(pod));
}

export const interPodAffinity: FilterPlugin = {
  name: "InterPodAffinity",
  prepare(pod, snapshot) {
    const { required = [], requiredAnti = [] } = pod.terms ?? {};
    const picky = required.length > 0 || requiredAnti.length > 0;
    if (!picky && !snapshot.anyAffinity) return { skip: true };
    const state = new AffinityState(pod, snapshot);
    for (const node of snapshot.nodes) {
      for (const { info, count } of node.classes(!picky)) {
        state.change(info, node, count);
      }
    }
    return picky || !state.existingFar.empty ? { state } : { skip: true };
  },
  filter(pod, node, given) {
    const state = given as AffinityState;
    if (!nearEnough(pod, node, state)) return notNear;
    for (const term of pod.terms?.requiredAnti ?? []) {
      const value = node.node.metadata.labels?.[term.topologyKey];
      if (value !== undefined && state.far.at(term.topologyKey, value) > 0) return tooNear;
    }
    return state.existingFar.sum(node) > 0 ? unwelcome : undefined;
  },
};

/** Preferred terms of the Pod about others, and of others about the Pod. k8s: interpodaffinity/scoring.go */
export const interPodAffinityScore: Scorer = (pod, nodes, snapshot) => {
  const own = pod.terms;
  const wishes = (own?.preferred.length ?? 0) + (own?.preferredAnti.length ?? 0) > 0;
  if (!wishes && !snapshot.anyAffinity) return undefined;
  const labelsOf = (namespace: string) => snapshot.namespaceLabels(namespace);
  const tally = new Tally();
  const weigh = (
    terms: readonly AffinityTerm[] | undefined,
    target: PodInfo,
    at: NodeInfo,
    count: number,
  ) => {
    snapshot.compared += terms?.length ?? 0;
    for (const term of terms ?? []) {
      if (!termMatches(term, target.pod, labelsOf)) continue;
      tally.add(term, at, count * (term.weight || requiredTermWeight));
    }
  };
  for (const node of snapshot.nodes) {
    for (const { info: other, count } of node.classes(!wishes)) {
      weigh(own?.preferred, other, node, count);
      weigh(own?.preferredAnti, other, node, -count);
      weigh(other.terms?.required, pod, node, count);
      weigh(other.terms?.preferred, pod, node, count);
      weigh(other.terms?.preferredAnti, pod, node, -count);
    }
  }
  if (tally.empty) return undefined;
  const sums = nodes.map((node) => tally.sum(node));
  const max = Math.max(0, ...sums);
  const min = Math.min(0, ...sums);
  if (max === min) return sums.map(() => 0);
  return sums.map((sum) => Math.trunc(nodeScoreMax * ((sum - min) / (max - min))));
};
