/**
 * Nodes that fall silent: conditions turn Unknown after the grace, taints follow the conditions, Pods there are no
 * longer ready. Upstream looks every 5 s at beats that come every 10 s; here a silence is known when it begins and its
 * end is a due moment, so the grace is exact. k8s: pkg/controller/nodelifecycle/node_lifecycle_controller.go
 */
import type { NodeCondition, Taint } from "kubernetes-types/core/v1";
import type { Lease } from "../../kinds/lease.ts";
import type { Node } from "../../kinds/node.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { nodeLeases } from "../../kinds/heartbeats.ts";
import { parseTime, rfc3339 } from "../../core/clock.ts";
import type { Change } from "../../core/object.ts";
import { hasKubelet } from "../../kinds/node-machine.ts";
import { nodeGraceMs, nodeStartupGraceMs } from "../../core/limits.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import {
  conditionOf,
  nodeReference,
  notReady,
  readyStatus,
  retainted,
  unreachable,
} from "./nodes.ts";

const table = "node-lifecycle";
const component = "node-controller";

interface Known {
  uid: string;
  ready: boolean;
  /** The last sign of life: a kubelet that Podyard does not run may give one too. */
  sign: string;
  /** Since when there is none. */
  silentSinceMs?: number;
}

export const nodeLifecycleController: Controller = {
  name: "nodelifecycle",
  component,
  wakesOn: {
    nodes: (change) => [change.name],
    "leases.coordination.k8s.io": (change) =>
      change.namespace === nodeLeases && change.op !== "delete" ? [change.name] : undefined,
    pods: (change, reader) => boundToSilent(change, (name) => reader.get<Node>("nodes", "", name)),
  },
  reconcile(name, client) {
    const known = client.records.get<Known>(table, name);
    const node = client.get<Node>("nodes", "", name);
    if (known && known.uid !== node?.metadata.uid) {
      nodeEvent(client, name, known.uid, "RemovingNode", `Removing Node ${name} from Controller`);
      client.records.delete(table, name);
    }
    if (!node) return undefined;
    return look(client, node, known?.uid === node.metadata.uid ? known : undefined);
  },
};

/** A Pod whose status is Ready on a Node that is not. */
function boundToSilent(
  { op, object, previous }: Change,
  nodeNamed: (name: string) => Node | undefined,
): string[] | undefined {
  const name = (object as Pod).spec.nodeName;
  if (op === "delete" || !name || (previous as Pod | undefined)?.spec.nodeName === name) {
    return undefined;
  }
  const node = nodeNamed(name);
  return node && !["", "True"].includes(readyStatus(node)) ? [name] : undefined;
}

function look(client: Client, node: Node, known: Known | undefined): number | undefined {
  const { name, uid } = node.metadata;
  if (!known)
    nodeEvent(client, name, uid, "RegisteredNode", `Registered Node ${name} in Controller`);
  const sign = signOfLife(client, node);
  const silentSinceMs = silence(client, node, known, sign);
  const due = silentSinceMs === undefined ? undefined : silentSinceMs + graceOf(node);
  const silent = due !== undefined && due <= client.now;
  const current = silent ? toUnknown(client, node) : node;
  const ready = readyStatus(current) === "True";
  if (known?.ready && !ready) statusEvent(client, name, uid, "NodeNotReady");
  if (readyStatus(current) && !ready) markPodsNotReady(client, name);
  const next: Known = {
    uid,
    ready,
    sign,
    ...(silentSinceMs === undefined ? {} : { silentSinceMs }),
  };
  if (!known || differs(known, next)) client.records.put(table, name, next);
  followConditions(client, name);
  return silent ? undefined : due;
}

const differs = (a: Known, b: Known): boolean =>
  a.ready !== b.ready || a.sign !== b.sign || a.silentSinceMs !== b.silentSinceMs;

function signOfLife(client: Client, node: Node): string {
  const lease = client.get<Lease>("leases.coordination.k8s.io", nodeLeases, node.metadata.name);
  return `${conditionOf(node, "Ready")?.lastHeartbeatTime ?? ""} ${lease?.spec?.renewTime ?? ""}`;
}

/** k8s: tryUpdateNodeHealth, its probe timestamp */
function silence(
  client: Client,
  node: Node,
  known: Known | undefined,
  sign: string,
): number | undefined {
  if (hasKubelet(node)) return undefined;
  if (known?.silentSinceMs !== undefined && known.sign === sign) return known.silentSinceMs;
  if (!known && readyStatus(node) === "") return parseTime(node.metadata.creationTimestamp);
  return client.now;
}

/** A Node whose status nobody has ever written gets longer. */
const graceOf = (node: Node): number => (readyStatus(node) ? nodeGraceMs : nodeStartupGraceMs);

const kubeletConditions = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

function toUnknown(client: Client, node: Node): Node {
  const at = rfc3339(client.now);
  const was = node.status?.conditions ?? [];
  const turned = was.map((condition): NodeCondition =>
    !kubeletConditions.includes(condition.type) || condition.status === "Unknown"
      ? condition
      : {
          ...condition,
          status: "Unknown",
          lastTransitionTime: at,
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
        },
  );
  const missing = kubeletConditions.filter((type) => !was.some((c) => c.type === type));
  const added = missing.map((type) => ({
    type,
    status: "Unknown",
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime: at,
    reason: "NodeStatusNeverUpdated",
    message: "Kubelet never posted node status.",
  }));
  const conditions = [...turned, ...added];
  const change = (current: Node): Node => ({
    ...current,
    status: { ...current.status, conditions },
  });
  return client.modify<Node>("nodes", "", node.metadata.name, change, "status") ?? node;
}

/** k8s: controllerutil.MarkPodsNotReady */
function markPodsNotReady(client: Client, node: string): void {
  for (const pod of [...client.byIndex<Pod>("pod.node", node)]) {
    if (!pod.status?.conditions?.some((c) => c.type === "Ready" && c.status !== "False")) continue;
    const { namespace = "", name } = pod.metadata;
    const at = rfc3339(client.now);
    const change = (current: Pod): Pod => ({
      ...current,
      status: {
        ...current.status,
        conditions: current.status?.conditions?.map((c) =>
          c.type === "Ready" ? { ...c, status: "False", lastTransitionTime: at } : c,
        ),
      } as NonNullable<Pod["status"]>,
    });
    const marked = client.modify<Pod>("pods", namespace, name, change, "status");
    if (marked) client.event(marked, "Warning", "NodeNotReady", "Node is not ready", { component });
  }
}

/** Which condition in which state puts which taint. k8s: nodeConditionToTaintKeyStatusMap */
const conditionTaints: readonly [type: string, status: string, key: string][] = [
  ["Ready", "False", notReady],
  ["Ready", "Unknown", unreachable],
  ["MemoryPressure", "True", "node.kubernetes.io/memory-pressure"],
  ["DiskPressure", "True", "node.kubernetes.io/disk-pressure"],
  ["NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"],
  ["PIDPressure", "True", "node.kubernetes.io/pid-pressure"],
];
const unschedulable = "node.kubernetes.io/unschedulable";
const followed = new Set([...conditionTaints.map(([, , key]) => key), unschedulable]);

/** NoSchedule taints and beta labels follow the Node's own conditions and labels. k8s: doNoScheduleTaintingPass, reconcileNodeLabels */
function followConditions(client: Client, name: string): void {
  client.modify<Node>("nodes", "", name, (node) => {
    const keys = (node.status?.conditions ?? []).flatMap(({ type, status }) =>
      conditionTaints.filter((row) => row[0] === type && row[1] === status).map((row) => row[2]),
    );
    if (node.spec?.unschedulable) keys.push(unschedulable);
    const has = new Set<string>();
    for (const { key, effect } of node.spec?.taints ?? [])
      if (effect === "NoSchedule") has.add(key);
    const timeAdded = rfc3339(client.now);
    const add = keys
      .filter((key) => !has.has(key))
      .map((key): Taint => ({ key, effect: "NoSchedule", timeAdded }));
    const stale = (t: Taint): boolean =>
      t.effect === "NoSchedule" && followed.has(t.key) && !keys.includes(t.key);
    return relabelled(retainted(node, stale, add));
  });
}

function relabelled(node: Node): Node {
  const labels = { ...node.metadata.labels };
  let changed = false;
  for (const part of ["os", "arch"]) {
    const value = labels[`kubernetes.io/${part}`];
    if (value === undefined || labels[`beta.kubernetes.io/${part}`] === value) continue;
    labels[`beta.kubernetes.io/${part}`] = value;
    changed = true;
  }
  return changed ? { ...node, metadata: { ...node.metadata, labels } } : node;
}

function nodeEvent(client: Client, name: string, uid: string, reason: string, text: string): void {
  const message = `Node ${name} event: ${text}`;
  client.event(nodeReference(name, uid), "Normal", reason, message, { component });
}

function statusEvent(client: Client, name: string, uid: string, status: string): void {
  const message = `Node ${name} status is now: ${status}`;
  client.event(nodeReference(name, uid), "Normal", status, message, { component });
}
