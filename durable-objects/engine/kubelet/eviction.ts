/**
 * Eviction by memory pressure: the node's use against what it may give. Looked at when a Pod's memory changed by a
 * step, never on a timer.
 * k8s: pkg/kubelet/eviction/eviction_manager.go synchronize, helpers.go evictionMessage, rankMemoryPressure
 */
import type { Client } from "../ports/controller.ts";
import { rfc3339 } from "../core/clock.ts";
import { objectKey } from "../core/object.ts";
import {
  evictionPauseMs,
  evictionStepBytes,
  evictionThresholdBytes,
  pressureTransitionMs,
} from "../core/limits.ts";
import type { Runtime } from "../runtime/runtime-port.ts";
import { newQuantity, value } from "../machinery/quantity.ts";
import { criticalPriority } from "./admission.ts";
import { type NodeRecord, nodeRecord, nodeTable } from "./node-address.ts";
import {
  type LoadedRecord,
  type PodRecord,
  kubeletTable,
  loadRecord,
  saveRecord,
} from "./record.ts";
import { type Pod, isMirror } from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";
import { runtimeContext } from "../cri/runtime.ts";

interface Usage {
  pod: Pod;
  key: string;
  loaded: LoadedRecord;
  containers: { name: string; bytes: number; request: number }[];
  bytes: number;
  request: number;
}

function usages(client: Client, runtime: Runtime, node: string): Usage[] {
  const context = runtimeContext(client);
  const found: Usage[] = [];
  for (const pod of client.byIndex<Pod>("pod.node", node)) {
    const key = objectKey(pod.metadata.namespace, pod.metadata.name);
    const loaded = loadRecord(client.records, key);
    if (!loaded || loaded.record.done) continue;
    const usage: Usage = { pod, key, loaded, containers: [], bytes: 0, request: 0 };
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      const record = loaded.record.containers[container.name];
      if (record?.state !== "running" || record.id === undefined) continue;
      const bytes = runtime.usage(context, key, record.id).memoryBytes;
      const request = value(container.resources?.requests?.["memory"]);
      usage.containers.push({ name: container.name, bytes, request });
      usage.bytes += bytes;
      usage.request += request;
    }
    found.push(usage);
  }
  return found;
}

const sizeText = (bytes: number): string =>
  bytes <= 0 ? "0" : newQuantity(Math.floor(bytes / 1024) * 1024, "BinarySI").text;

/** First the Pods over their request, then low priority, then the largest excess. */
function rank(a: Usage, b: Usage): number {
  const over = (u: Usage): number => (u.bytes > u.request ? 0 : 1);
  const priority = (u: Usage): number => u.pod.spec.priority ?? 0;
  return (
    over(a) - over(b) || priority(a) - priority(b) || b.bytes - b.request - (a.bytes - a.request)
  );
}

/** The trailing space is upstream's. */
export function evictionMessage(available: number, containers: Usage["containers"]): string {
  let text = `The node was low on resource: memory. Threshold quantity: ${sizeText(evictionThresholdBytes)}, available: ${sizeText(available)}. `;
  for (const c of containers) {
    if (c.bytes <= c.request) continue;
    const request = c.request === 0 ? "0" : newQuantity(c.request, "BinarySI").text;
    text += `Container ${c.name} was using ${sizeText(c.bytes)}, request is ${request}, has larger consumption of memory. `;
  }
  return text;
}

function setPressure(client: Client, node: Node, pressed: boolean): void {
  const status = pressed ? "True" : "False";
  client.modify<Node>(
    "nodes",
    "",
    node.metadata.name,
    (current) => {
      const conditions = current.status?.conditions ?? [];
      const old = conditions.find((c) => c.type === "MemoryPressure");
      if (old?.status === status) return undefined;
      const next = {
        type: "MemoryPressure",
        status,
        lastHeartbeatTime: rfc3339(client.now),
        lastTransitionTime: rfc3339(client.now),
        reason: pressed ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
        message: pressed
          ? "kubelet has insufficient memory available"
          : "kubelet has sufficient memory available",
      };
      const kept = old ? conditions.map((c) => (c === old ? next : c)) : [next, ...conditions];
      return { ...current, status: { ...current.status, conditions: kept } } as Node;
    },
    "status",
  );
  const reason = pressed ? "NodeHasInsufficientMemory" : "NodeHasSufficientMemory";
  client.event(node, "Normal", reason, `Node ${node.metadata.name} status is now: ${reason}`, {
    component: "kubelet",
    host: node.metadata.name,
  });
}

function remember(client: Client, node: string, before: NodeRecord, after: NodeRecord): void {
  if (JSON.stringify(before) !== JSON.stringify(after)) {
    client.records.put(nodeTable, node, after);
  }
}

/** The most the node's Pods can be using, by what they last told: cheap, and nearly always enough to know. */
function usageAtMost(client: Client, node: string): number {
  let bytes = 0;
  for (const pod of client.byIndex<Pod>("pod.node", node)) {
    const key = objectKey(pod.metadata.namespace, pod.metadata.name);
    const record = client.records.get<PodRecord>(kubeletTable, key);
    if (record && !record.done) bytes += ((record.memorySteps ?? 0) + 1) * evictionStepBytes;
  }
  return bytes;
}

/** Evicts at most one Pod; returns when to look again. */
export function syncPressure(client: Client, runtime: Runtime, node: Node): number | undefined {
  const name = node.metadata.name;
  const before = nodeRecord(client, name);
  const allocatable = value(node.status?.allocatable?.["memory"]);
  if (allocatable === 0) return undefined;
  if (usageAtMost(client, name) <= allocatable) return relieve(client, node, before);
  const all = usages(client, runtime, name);
  const used = all.reduce((sum, u) => sum + u.bytes, 0);
  const available = allocatable + evictionThresholdBytes - used;
  if (available >= evictionThresholdBytes) return relieve(client, node, before);
  const memory: NodeRecord = { ...before, pressureSeenMs: client.now };
  if (before.pressureSinceMs === undefined) {
    memory.pressureSinceMs = client.now;
    setPressure(client, node, true);
  }
  const pausedUntil = (before.evictedAtMs ?? Number.NEGATIVE_INFINITY) + evictionPauseMs;
  if (client.now < pausedUntil) {
    remember(client, name, before, memory);
    return pausedUntil;
  }
  client.event(node, "Warning", "EvictionThresholdMet", "Attempting to reclaim memory", {
    component: "kubelet",
    host: name,
  });
  const victim = all
    .filter((u) => !isMirror(u.pod) && (u.pod.spec.priority ?? 0) < criticalPriority)
    .filter((u) => !u.loaded.record.verdict && u.bytes > 0)
    .sort(rank)[0];
  if (victim) {
    evict(client, victim, available, name);
    memory.evictedAtMs = client.now;
  }
  remember(client, name, before, memory);
  return client.now + evictionPauseMs;
}

function evict(client: Client, victim: Usage, available: number, node: string): void {
  const message = evictionMessage(available, victim.containers);
  client.event(victim.pod, "Warning", "Evicted", message, { component: "kubelet", host: node });
  victim.loaded.record.verdict = {
    reason: "Evicted",
    message,
    graceSeconds: 0,
    condition: { reason: "TerminationByKubelet", message },
  };
  saveRecord(client.records, victim.key, victim.loaded);
  client.wake("kubelet", victim.key);
}

/** The condition stays for five minutes after the last sign of pressure. */
function relieve(client: Client, node: Node, before: NodeRecord): number | undefined {
  if (before.pressureSinceMs === undefined) return undefined;
  const endsMs = (before.pressureSeenMs ?? before.pressureSinceMs) + pressureTransitionMs;
  if (client.now < endsMs) return endsMs;
  setPressure(client, node, false);
  const { pressureSinceMs: _since, pressureSeenMs: _seen, ...rest } = before;
  client.records.put(nodeTable, node.metadata.name, rest);
  return undefined;
}
