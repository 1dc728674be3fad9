/** Every Node gets a range of Pod addresses. k8s: pkg/controller/nodeipam/ipam/range_allocator.go */
import { podRangesMax } from "../../core/limits.ts";
import type { Node } from "../../kinds/node.ts";
import { podCidr } from "../../bootstrap/nodes.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import { nodeReference } from "./nodes.ts";

export const nodeIpamController: Controller = {
  name: "nodeipam",
  wakesOn: {
    nodes: (change) =>
      change.op !== "delete" && !(change.object as Node).spec?.podCIDR ? [change.name] : undefined,
  },
  reconcile(name, client) {
    const node = client.get<Node>("nodes", "", name);
    if (!node || node.spec?.podCIDR) return undefined;
    const range = freeRange(client);
    if (range === undefined) {
      const text = `Node ${name} status is now: CIDRNotAvailable`;
      const about = nodeReference(name, node.metadata.uid);
      client.event(about, "Normal", "CIDRNotAvailable", text, { component: "cidrAllocator" });
      return undefined;
    }
    client.update("nodes", { ...node, spec: { ...node.spec, podCIDR: range, podCIDRs: [range] } });
    return undefined;
  },
};

function freeRange(client: Client): string | undefined {
  const taken = new Set<string>();
  for (const node of client.list<Node>("nodes")) {
    for (const range of node.spec?.podCIDRs ?? []) taken.add(range);
  }
  for (let i = 0; i < podRangesMax; i++) if (!taken.has(podCidr(i))) return podCidr(i);
  return undefined;
}
