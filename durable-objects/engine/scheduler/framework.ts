/** What a scheduling plugin is. Each one is a row of plugins/index.ts; cycle.ts runs them. */
import type { Consumed } from "./devices/capacity.ts";
import type { Reader } from "../ports/controller.ts";
import type { Selector } from "../machinery/selectors.ts";
import type { Slices } from "./devices/pools.ts";
import type { NodeInfo, PodInfo } from "./node-info.ts";
import type { Pod } from "./types.ts";

/** Why a node (or the whole Pod) was turned down. */
export interface Rejection {
  /** Upstream's words; FitError counts nodes per reason. */
  reasons: readonly string[];
  /** True where evicting Pods cannot help. k8s: UnschedulableAndUnresolvable */
  final: boolean;
}

export const rejected = (...reasons: string[]): Rejection => ({ reasons, final: false });
export const rejectedForGood = (...reasons: string[]): Rejection => ({ reasons, final: true });

/** An attempt that cannot be brought to an end: no node is to blame. k8s: framework.AsStatus */
export class SchedulerError extends Error {
  override name = "SchedulerError";
}

/** All nodes as one scheduling attempt sees them. */
export interface Snapshot {
  readonly reader: Reader;
  /** In name order. */
  readonly nodes: readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  /** Whether any Pod in the cluster has affinity or anti-affinity to Pods. */
  readonly anyAffinity: boolean;
  /** How many nodes hold an image, by name; empty when no node tells. */
  readonly images: ReadonlyMap<string, { sizeBytes: number; nodes: ReadonlySet<string> }>;
  /** Living Pods of a namespace on a node that a selector matches. k8s: countPodsMatchSelector */
  matching(node: NodeInfo, namespace: string, selector: Selector): number;
  namespaceLabels(namespace: string): Record<string, string> | undefined;
  /** Devices that some claim has, by their id. */
  isAllocated(device: string): boolean;
  /** What claims use of a device that they share. */
  sharesOf(device: string): readonly Consumed[];
  readonly slices: Slices;
  /** Devices that were tried so far. */
  triedDevices: number;
  /** Terms that were held against a Pod so far: an attempt is charged for them. */
  compared: number;
  /** Unassigned Pods that were promised this node. */
  nominated(node: string): readonly PodInfo[];
}

/** A plugin's memory of one attempt, made by `prepare`. */
export interface PluginState {
  /** Follows a Pod that is put on or taken off a node while preemption tries things. */
  change?(info: PodInfo, node: NodeInfo, by: 1 | -1): void;
  clone?(): PluginState;
}

export interface Prepared {
  /** Nothing to filter for this Pod. k8s: Skip */
  skip?: boolean;
  state?: PluginState;
  rejection?: Rejection;
  /** Only these nodes can be meant. k8s: PreFilterResult.NodeNames */
  onlyNodes?: ReadonlySet<string>;
}

export interface FilterPlugin {
  name: string;
  /** k8s: PreEnqueue: while it says so, the Pod is not even tried. */
  holdsBack?(pod: Pod, reader: Reader): boolean;
  /** k8s: PreFilter. Without it the filter runs always. */
  prepare?(pod: PodInfo, snapshot: Snapshot): Prepared;
  filter?(pod: PodInfo, node: NodeInfo, state: PluginState | undefined): Rejection | undefined;
}

/** k8s: scheduler/framework MaxNodeScore */
export const nodeScoreMax = 100;

/** Raw scores by position in `nodes`, already brought to 0..100; undefined: this plugin does not apply (k8s: Skip). */
export type Scorer = (
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
) => number[] | undefined;

export interface ScorePlugin {
  name: string;
  weight: number;
  score: Scorer;
}

/** Brings counts to 0..100 by the largest. k8s: plugins/helper/normalize_score.go DefaultNormalizeScore */
export function normalised(scores: number[], reverse: boolean): number[] {
  let max = 0;
  for (const score of scores) if (score > max) max = score;
  if (max === 0) return reverse ? scores.map(() => nodeScoreMax) : scores;
  return scores.map((score) => {
    const scaled = Math.floor((nodeScoreMax * score) / max);
    return reverse ? nodeScoreMax - scaled : scaled;
  });
}

/** Names of the claims a Pod's volumes use, made-to-measure ones included. */
export function claimNames(pod: Pod): { claim: string; ephemeral: boolean }[] {
  const names: { claim: string; ephemeral: boolean }[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined) names.push({ claim, ephemeral: false });
    else if (volume.ephemeral) {
      names.push({ claim: `${pod.metadata.name}-${volume.name}`, ephemeral: true });
    }
  }
  return names;
}
