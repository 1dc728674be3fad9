/** What each filter of the scheduler says of each node, asked again for one Pod. */
import type { Reader } from "../ports/controller.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { SchedulerCache } from "../scheduler/cache.ts";
import { fitsNode, type ActiveFilter } from "../scheduler/cycle.ts";
import type { Rejection, Snapshot } from "../scheduler/framework.ts";
import { podInfo, type NodeInfo, type PodInfo } from "../scheduler/node-info.ts";
import { filterPlugins } from "../scheduler/plugins/index.ts";

export interface Verdict {
  node: NodeInfo;
  /** The first that objects; absent: the node would do. */
  plugin?: string;
  reasons: readonly string[];
}

export interface Verdicts {
  info: PodInfo;
  snapshot: Snapshot;
  nodes: Verdict[];
  /** Turned down before any node was looked at. */
  upfront?: { plugin: string; rejection: Rejection };
}

export function verdictsOf(reader: Reader, pod: Pod): Verdicts {
  const snapshot = new SchedulerCache(reader);
  snapshot.open(reader);
  const info = podInfo(pod);
  const filters: ActiveFilter[] = [];
  const narrowed: { plugin: string; names: ReadonlySet<string> }[] = [];
  for (const plugin of filterPlugins) {
    const prepared = plugin.prepare?.(info, snapshot);
    if (prepared?.rejection) {
      const upfront = { plugin: plugin.name, rejection: prepared.rejection };
      return { info, snapshot, nodes: [], upfront };
    }
    if (prepared?.onlyNodes) narrowed.push({ plugin: plugin.name, names: prepared.onlyNodes });
    if (!prepared?.skip && plugin.filter) filters.push({ plugin, state: prepared?.state });
  }
  const nodes = snapshot.nodes.map((node): Verdict => {
    const outside = narrowed.find(({ names }) => !names.has(node.name));
    if (outside)
      return { node, plugin: outside.plugin, reasons: ["is not the node that is named"] };
    for (const filter of filters) {
      const rejection = fitsNode(info, node, [filter], snapshot);
      if (rejection) return { node, plugin: filter.plugin.name, reasons: rejection.reasons };
    }
    return { node, reasons: [] };
  });
  return { info, snapshot, nodes };
}
