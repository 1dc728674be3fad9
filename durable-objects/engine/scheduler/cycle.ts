/** One Pod's way to a node: prepare, filter, score, choose. k8s: pkg/scheduler/schedule_one.go schedulePod */
import {
  rejectedForGood,
  type FilterPlugin,
  type PluginState,
  type Rejection,
  type Snapshot,
} from "./framework.ts";
import type { Reader } from "../ports/controller.ts";
import type { NodeInfo, PodInfo } from "./node-info.ts";
import type { Pod } from "./types.ts";
import { DeviceState, dynamicResources } from "./plugins/dynamic-resources.ts";
import { filterPlugins, scorePlugins } from "./plugins/index.ts";

/** k8s: dynamicresources.go PostFilter */
export const noNewClaims = "no new claims to deallocate";

/** A filter that applies to this Pod, with its prepared state. */
export interface ActiveFilter {
  plugin: FilterPlugin;
  state: PluginState | undefined;
}

export interface Failure {
  nodeCount: number;
  /** Turned down before any node was looked at. */
  upfront?: Rejection;
  /** By node name. */
  byNode: ReadonlyMap<string, Rejection>;
  /** Of nodes that are not in `byNode`. */
  others: Rejection | undefined;
  filters: readonly ActiveFilter[];
  /** What its ResourceClaims have to say, where the Pod's were looked at. */
  claims?: string;
}

export type Outcome = { node: NodeInfo; filters: readonly ActiveFilter[] } | { failure: Failure };

interface Preparation {
  filters: ActiveFilter[];
  onlyNodes?: ReadonlySet<string>;
  /** Plugins that narrowed the nodes down. */
  narrowedBy: string[];
  rejection?: Rejection;
  /** Whose it is. */
  rejectedBy?: string;
}

function prepare(pod: PodInfo, snapshot: Snapshot): Preparation {
  const result: Preparation = { filters: [], narrowedBy: [] };
  for (const plugin of filterPlugins) {
    const prepared = plugin.prepare?.(pod, snapshot);
    if (prepared?.rejection)
      return { ...result, rejection: prepared.rejection, rejectedBy: plugin.name };
    if (prepared?.onlyNodes) {
      const narrower = prepared.onlyNodes;
      const names = [...(result.onlyNodes ?? narrower)].filter((name) => narrower.has(name));
      result.onlyNodes = new Set(names);
      result.narrowedBy.push(plugin.name);
    }
    if (!prepared?.skip && plugin.filter) {
      result.filters.push({ plugin, state: prepared?.state });
    }
  }
  return result;
}

/** Whether some plugin does not even want it tried. */
export const isHeldBack = (pod: Pod, reader: Reader): boolean =>
  filterPlugins.some((plugin) => plugin.holdsBack?.(pod, reader));

/** The first plugin that objects speaks. */
function runFilters(
  pod: PodInfo,
  node: NodeInfo,
  filters: readonly ActiveFilter[],
): Rejection | undefined {
  for (const { plugin, state } of filters) {
    const rejection = plugin.filter?.(pod, node, state);
    if (rejection) return rejection;
  }
  return undefined;
}

/** What the attempt knows of the Pod's claims, if it has any. */
export function deviceStateOf(filters: readonly ActiveFilter[]): DeviceState | undefined {
  for (const { state } of filters) if (state instanceof DeviceState) return state;
  return undefined;
}

export const copyStates = (filters: readonly ActiveFilter[]): ActiveFilter[] =>
  filters.map(({ plugin, state }) => ({ plugin, state: state?.clone ? state.clone() : state }));

/** Puts a Pod on a node (or takes it off) for the filters' eyes only; both must be copies. */
export function tryChange(
  filters: readonly ActiveFilter[],
  node: NodeInfo,
  info: PodInfo,
  by: 1 | -1,
): void {
  if (by === 1) node.add(info);
  else node.remove(info.key);
  for (const { state } of filters) state?.change?.(info, node, by);
}

/**
 * A node must do both with the Pods that were promised it and without them, since they may never come.
 * k8s: runtime/framework.go RunFilterPluginsWithNominatedPods
 */
export function fitsNode(
  pod: PodInfo,
  node: NodeInfo,
  filters: readonly ActiveFilter[],
  snapshot: Snapshot,
): Rejection | undefined {
  const promised = snapshot
    .nominated(node.name)
    .filter((other) => other.key !== pod.key && other.priority >= pod.priority);
  if (promised.length) {
    const copy = node.clone();
    const states = copyStates(filters);
    for (const other of promised) tryChange(states, copy, other, 1);
    const rejection = runFilters(pod, copy, states);
    if (rejection) return rejection;
  }
  return runFilters(pod, node, filters);
}

/** Weighted sums by position in `nodes`. */
export function scoreNodes(pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): number[] {
  const totals = nodes.map(() => 0);
  for (const { weight, score } of scorePlugins) {
    const scores = score(pod, nodes, snapshot);
    if (!scores) continue;
    for (let i = 0; i < totals.length; i++) {
      totals[i] = (totals[i] as number) + weight * (scores[i] as number);
    }
  }
  return totals;
}

/** One of the best, each as likely. Draws only when there is a choice. */
function choose(nodes: readonly NodeInfo[], scores: readonly number[], random: () => number) {
  let best = -Infinity;
  let tied: NodeInfo[] = [];
  for (const [i, node] of nodes.entries()) {
    const score = scores[i] as number;
    if (score < best) continue;
    if (score > best) tied = [];
    best = score;
    tied.push(node);
  }
  return tied.length === 1 ? tied[0] : tied[Math.floor(random() * tied.length)];
}

/** `snapshot.nodes` must not be empty. */
export function findNode(pod: PodInfo, snapshot: Snapshot, random: () => number): Outcome {
  const nodeCount = snapshot.nodes.length;
  const { filters, onlyNodes, narrowedBy, rejection, rejectedBy } = prepare(pod, snapshot);
  const byNode = new Map<string, Rejection>();
  if (rejection) {
    const claims = rejectedBy === dynamicResources.name ? { claims: noNewClaims } : {};
    const failure = { nodeCount, upfront: rejection, byNode, others: rejection, filters };
    return { failure: { ...failure, ...claims } };
  }
  const promised = snapshot.node(pod.pod.status?.nominatedNodeName ?? "");
  if (promised && !fitsNode(pod, promised, filters, snapshot)) return { node: promised, filters };
  const candidates = onlyNodes
    ? [...onlyNodes].sort().flatMap((name) => snapshot.node(name) ?? [])
    : snapshot.nodes;
  const feasible: NodeInfo[] = [];
  for (const node of candidates) {
    const objection = fitsNode(pod, node, filters, snapshot);
    if (objection) byNode.set(node.name, objection);
    else feasible.push(node);
  }
  const first = feasible[0];
  if (!first) {
    const others = onlyNodes
      ? rejectedForGood(`node(s) didn't satisfy plugin(s) [${narrowedBy.join(" ")}]`)
      : undefined;
    return { failure: { nodeCount, byNode, others, filters } };
  }
  if (feasible.length === 1) return { node: first, filters };
  const best = choose(feasible, scoreNodes(pod, feasible, snapshot), random);
  return { node: best ?? first, filters };
}

/** `2 Insufficient cpu, 1 ...`, sorted as texts. */
function histogram({ nodeCount, byNode, others }: Omit<Failure, "filters">): string {
  const counts = new Map<string, number>();
  const count = (rejection: Rejection | undefined, nodes: number): void => {
    for (const reason of rejection?.reasons ?? []) {
      counts.set(reason, (counts.get(reason) ?? 0) + nodes);
    }
  };
  for (const rejection of byNode.values()) count(rejection, 1);
  if (byNode.size < nodeCount) count(others, nodeCount - byNode.size);
  return [...counts]
    .map(([reason, nodes]) => `${nodes} ${reason}`)
    .sort()
    .join(", ");
}

/** The text of FailedScheduling. k8s: pkg/scheduler/framework/types.go FitError.Error */
export function failureText(failure: Omit<Failure, "filters">, afterwards = ""): string {
  const why = failure.upfront ? failure.upfront.reasons.join(", ") : histogram(failure);
  return `0/${failure.nodeCount} nodes are available:${why && ` ${why}.`}${afterwards && ` ${afterwards}`}`;
}
