/** Whether requests fit, and which node is least full. k8s: pkg/scheduler/framework/plugins/noderesources */
import { classesFor } from "../devices/extended-claim.ts";
import {
  nodeScoreMax,
  type FilterPlugin,
  type PluginState,
  type Rejection,
  type Scorer,
} from "../framework.ts";
import type { NodeInfo, PodInfo } from "../node-info.ts";

interface Shortage {
  reason: string;
  /** More than the node has even when empty. */
  never: boolean;
}

/** Resources that devices give where the node itself has none. */
class ByDevices implements PluginState {
  readonly names: ReadonlyMap<string, unknown>;
  constructor(names: ReadonlyMap<string, unknown>) {
    this.names = names;
  }
  clone(): ByDevices {
    return this;
  }
}

/** k8s: noderesources/fit.go fitsRequest, shouldDelegateResourceToDRA */
function shortages(
  { requests }: PodInfo,
  node: NodeInfo,
  byDevices: ReadonlyMap<string, unknown> | undefined,
): Shortage[] | undefined {
  const has = node.allocatable;
  let list: Shortage[] | undefined;
  const check = (name: string, wanted: number, used: number, capacity: number): void => {
    if (wanted > 0 && wanted > capacity - used) {
      (list ??= []).push({ reason: `Insufficient ${name}`, never: wanted > capacity });
    }
  };
  if (node.pods.size + 1 > has.pods) (list ??= []).push({ reason: "Too many pods", never: false });
  check("cpu", requests.cpuMilli, node.cpuMilli, has.cpuMilli);
  check("memory", requests.memoryBytes, node.memoryBytes, has.memoryBytes);
  check("ephemeral-storage", requests.ephemeralBytes, node.ephemeralBytes, has.ephemeralBytes);
  for (const [name, wanted] of requests.scalars) {
    const capacity = has.scalars.get(name) ?? 0;
    if (capacity === 0 && byDevices?.has(name)) continue;
    check(name, wanted, node.scalars.get(name) ?? 0, capacity);
  }
  return list;
}

function fits(pod: PodInfo, node: NodeInfo, state: PluginState | undefined): Rejection | undefined {
  const list = shortages(pod, node, (state as ByDevices | undefined)?.names);
  return list && { reasons: list.map((s) => s.reason), final: list.some((s) => s.never) };
}

export const nodeResourcesFit: FilterPlugin = {
  name: "NodeResourcesFit",
  prepare(pod, { reader }) {
    const byDevices = classesFor(pod, reader);
    return byDevices ? { state: new ByDevices(byDevices) } : {};
  },
  filter: fits,
};

function freeShare(requested: number, capacity: number): number {
  if (requested > capacity) return 0;
  return Math.floor(((capacity - requested) * nodeScoreMax) / capacity);
}

/** k8s: noderesources/least_allocated.go: cpu and memory weigh the same. */
export const leastAllocatedScore: Scorer = ({ requests }, nodes) =>
  nodes.map((node) => {
    const { cpuMilli, memoryBytes } = node.allocatable;
    let sum = 0;
    let weights = 0;
    if (cpuMilli) {
      sum += freeShare(node.scoredCpuMilli + requests.scoredCpuMilli, cpuMilli);
      weights++;
    }
    if (memoryBytes) {
      sum += freeShare(node.scoredMemoryBytes + requests.scoredMemoryBytes, memoryBytes);
      weights++;
    }
    return weights ? Math.floor(sum / weights) : 0;
  });
