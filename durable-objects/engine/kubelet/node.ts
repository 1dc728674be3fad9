/** What a kubelet does for its node as a whole: power, static Pods, memory pressure. */
import type { Client } from "../ports/controller.ts";
import { objectKey } from "../core/object.ts";
import { machineKey } from "../runtime/machine-key.ts";
import { dropLinks, syncLinks } from "../runtime/machine-links.ts";
import type { Runtime } from "../runtime/runtime-port.ts";
import { syncPressure } from "./eviction.ts";
import { nodeRecord, nodeTable } from "./node-address.ts";
import { isExtendedResource } from "../kinds/checks.ts";
import { nodeIsDown } from "../kinds/node-machine.ts";
import { loadRecord, saveRecord } from "./record.ts";
import type { Node } from "../kinds/node.ts";
import { syncService } from "./kubelet-unit.ts";
import { syncStatics } from "./static-pods.ts";
import { runtimeContext } from "../cri/runtime.ts";

/** One round of a node: power, static Pods, memory pressure. The moment (virtual ms) at which it wants the next one. */
export function syncNode(client: Client, runtime: Runtime, name: string): number | undefined {
  const node = client.get<Node>("nodes", "", name);
  if (!node) return undefined;
  const memory = nodeRecord(client, name);
  if (nodeIsDown(client, name)) {
    if (!memory.down) client.records.put(nodeTable, name, { ...memory, down: true });
    dropLinks(runtimeContext(client), name);
    return undefined;
  }
  if (memory.down) {
    const { down: _down, ...rest } = memory;
    client.records.put(nodeTable, name, rest);
    loseProcesses(client, runtime, name);
  }
  runtime.advance(runtimeContext(client), machineKey(name));
  syncLinks(runtimeContext(client), name);
  const byHand = client.records.get<{ due?: number }>("runtime", machineKey(name))?.due;
  const { up, dueAtMs } = syncService(client, runtime, name);
  if (!up) return earlier(byHand, dueAtMs);
  syncStatics(client, runtime, node);
  return earlier(
    earlier(byHand, syncAllocatable(client, node)),
    syncPressure(client, runtime, node),
  );
}

/** k8s: pkg/kubelet/apis/config/v1beta1 NodeStatusUpdateFrequency */
const statusEveryMs = 10_000;

/**
 * Others tell of what a node has beyond its own, as capacity; the kubelet's next status makes it allocatable, and takes
 * away what is no longer there. k8s: pkg/kubelet/nodestatus MachineInfo
 */
function syncAllocatable(client: Client, node: Node): number | undefined {
  const { capacity = {}, allocatable = {} } = node.status ?? {};
  const others = [...new Set([...Object.keys(capacity), ...Object.keys(allocatable)])].filter(
    (name) => isExtendedResource(name) && capacity[name] !== allocatable[name],
  );
  const { name } = node.metadata;
  const { statusDueMs, ...memory } = nodeRecord(client, name);
  if (others.length === 0) {
    if (statusDueMs !== undefined) client.records.put(nodeTable, name, memory);
    return undefined;
  }
  const dueAt = statusDueMs ?? client.now + statusEveryMs;
  if (client.now < dueAt) {
    if (statusDueMs === undefined)
      client.records.put(nodeTable, name, { ...memory, statusDueMs: dueAt });
    return dueAt;
  }
  client.records.put(nodeTable, name, memory);
  client.modify<Node>(
    "nodes",
    "",
    name,
    (current) => {
      const { status } = current;
      const kept = Object.entries(status?.allocatable ?? {}).filter(([n]) => !others.includes(n));
      const told = others.flatMap((n) => (status?.capacity?.[n] ? [[n, status.capacity[n]]] : []));
      return {
        ...current,
        status: { ...status, allocatable: Object.fromEntries([...kept, ...told]) },
      } as Node;
    },
    "status",
  );
  return undefined;
}

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : Math.min(a, b ?? a);

/** Power is back: nothing that ran on the node has survived. */
function loseProcesses(client: Client, runtime: Runtime, node: string): void {
  runtime.closeMachine?.(runtimeContext(client), node);
  for (const pod of client.byIndex("pod.node", node)) {
    const key = objectKey(pod.metadata.namespace, pod.metadata.name);
    const loaded = loadRecord(client.records, key);
    if (!loaded || loaded.record.done) continue;
    for (const container of Object.values(loaded.record.containers)) {
      if (container.state !== "running" || container.id === undefined) continue;
      runtime.remove(runtimeContext(client), key, container.id);
    }
    loaded.record.lost = true;
    saveRecord(client.records, key, loaded);
    client.wake("kubelet", key);
  }
}
