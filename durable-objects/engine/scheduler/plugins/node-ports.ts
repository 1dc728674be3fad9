/** Host ports. k8s: pkg/scheduler/framework/plugins/nodeports */
import { rejected, type FilterPlugin } from "../framework.ts";
import { portsConflict } from "../node-info.ts";

const taken = rejected("node(s) didn't have free ports for the requested pod ports");

export const nodePorts: FilterPlugin = {
  name: "NodePorts",
  prepare: ({ ports }) => ({ skip: ports.length === 0 }),
  filter(pod, node) {
    for (const other of node.withPorts.values()) {
      for (const held of other.ports) {
        for (const wanted of pod.ports) if (portsConflict(wanted, held)) return taken;
      }
    }
    return undefined;
  },
};
