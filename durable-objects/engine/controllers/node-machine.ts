/**
 * The machine behind a Node: registers it, gives it back its conditions when power returns, keeps its Lease. Beats are
 * not written (api/present.ts); they are when power goes, so that the last one stands.
 * k8s: pkg/kubelet/kubelet_node_status.go, nodestatus/setters.go, component-helpers/apimachinery/lease
 */
import { presentLease, presentNode, nodeLeases } from "../api/present.ts";
import {
  bootId,
  kubeletAnnotations,
  kubeletConditions,
  kubeletLabels,
  nodeStatus,
} from "../bootstrap/nodes.ts";
import { rfc3339Micro } from "../core/clock.ts";
import type { KubeObject } from "../core/object.ts";
import { hasPower } from "../kubelet/node-address.ts";
import { nodeLeaseSeconds, nodeStatusMs } from "../limits.ts";
import type { Client, Controller } from "./define.ts";
import {
  conditionOf,
  nodeReference,
  readyStatus,
  type Node,
  type NodeCondition,
} from "./node-shapes.ts";

const table = "node-machine";
const leases = "leases.coordination.k8s.io";

interface Machine {
  /** Of the Node it was started for. */
  uid: string;
  up: boolean;
  /** When the kubelet next posts what differs from what it knows. */
  postAtMs?: number;
  /** It has told that its Node is cordoned. */
  cordoned?: true;
}

interface Lease extends KubeObject {
  spec?: { renewTime?: string };
}

export const nodeMachineController: Controller = {
  name: "nodemachine",
  component: "kubelet",
  wakesOn: {
    nodes: (change) => [change.name],
    [leases]: (change) =>
      change.op === "delete" && change.namespace === nodeLeases ? [change.name] : undefined,
  },
  reconcile(name, client) {
    const node = client.get<Node>("nodes", "", name);
    const known = client.records.get<Machine>(table, name);
    if (!node) {
      if (known) client.records.delete(table, name);
      return undefined;
    }
    const { uid } = node.metadata;
    const machine = known?.uid === uid ? known : undefined;
    if (!hasPower(node)) {
      if (machine?.up) {
        client.records.put(table, name, { uid, up: false });
        lastWords(client, node);
      }
      return undefined;
    }
    if (machine?.up) return post(client, node, machine);
    // Its addresses follow from its range, which comes from the allocator.
    if (!node.spec?.podCIDR) return undefined;
    client.records.put(table, name, { uid, up: true });
    start(client, node, machine !== undefined);
    return undefined;
  },
};

/** Power is gone: what was last reported and renewed stays as it was. */
function lastWords(client: Client, node: Node): void {
  const { name } = node.metadata;
  // Without power nothing beats any more, so the beat up to now is worked out with it.
  const powered = {
    ...node,
    metadata: { ...node.metadata, annotations: { ...kept(node), ...on } },
  };
  const { status } = presentNode(powered, client.now) as Node;
  client.modify<Node>("nodes", "", name, (current) => ({ ...current, status }), "status");
  const reader = { get: (() => powered) as Client["get"] };
  client.modify<Lease>(
    leases,
    nodeLeases,
    name,
    (current) => presentLease(current, client.now, reader) as Lease,
  );
}
const on = { "podyard.dev/machine": "true" };
function kept(node: Node): Record<string, string> {
  const { "podyard.dev/power": _power, ...rest } = node.metadata.annotations ?? {};
  return rest;
}

/** The third number of its Pod range. */
const indexOf = (node: Node): number => Number(node.spec?.podCIDR?.split(".")[2] ?? 0);

function start(client: Client, node: Node, again: boolean): void {
  const { name } = node.metadata;
  const hex = (): string => client.uuid().replaceAll("-", "").slice(0, 16);
  const was = node.status;
  const info = was?.nodeInfo;
  const made = info?.["machineID"] ? undefined : nodeStatus(name, indexOf(node), client.now, hex);
  const nodeInfo = { ...(made?.nodeInfo ?? info), ...(again ? { bootID: bootId(hex) } : {}) };
  const status = { ...made, ...was, nodeInfo, conditions: healthy(node, client.now) };
  client.modify<Node>(
    "nodes",
    "",
    name,
    ({ metadata, ...rest }) => ({
      ...rest,
      metadata: {
        ...metadata,
        labels: { ...kubeletLabels(name), ...metadata.labels },
        annotations: { ...kubeletAnnotations, ...metadata.annotations },
      },
      status,
    }),
    "status",
  );
  renew(client, node);
  tell(client, name, again ? nodeInfo["bootID"] : undefined);
}

/** All conditions of a kubelet as they are when all is well, those of others untouched. */
function healthy(node: Node, now: number): NodeCondition[] {
  const fresh = kubeletConditions(now);
  const kinds = new Set(fresh.map((c) => c.type));
  const others = (node.status?.conditions ?? []).filter((c) => !kinds.has(c.type));
  const own = fresh.map((condition) => {
    const before = conditionOf(node, condition.type);
    if (before?.status !== condition.status) return condition;
    return {
      ...condition,
      lastTransitionTime: before.lastTransitionTime ?? condition.lastTransitionTime,
    };
  });
  return [...others, ...own];
}

function renew(client: Client, node: Node): void {
  const { name, uid } = node.metadata;
  const renewTime = rfc3339Micro(client.now);
  if (client.get(leases, nodeLeases, name)) {
    client.modify<Lease>(leases, nodeLeases, name, (l) => ({
      ...l,
      spec: { ...l.spec, renewTime },
    }));
    return;
  }
  client.create(leases, {
    metadata: {
      name,
      namespace: nodeLeases,
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }],
    },
    spec: { holderIdentity: name, leaseDurationSeconds: nodeLeaseSeconds, renewTime },
  });
}

/** What a starting kubelet records, in its order. */
function tell(client: Client, name: string, newBoot: string | undefined): void {
  const about = nodeReference(name, name);
  const event = (reason: string, message: string, type: "Normal" | "Warning" = "Normal"): void =>
    client.event(about, type, reason, message, {
      component: "kubelet",
      host: name,
      forgetful: true,
    });
  const status = (word: string): void => event(word, `Node ${name} status is now: ${word}`);
  event("Starting", "Starting kubelet.");
  if (newBoot) {
    event("Rebooted", `Node ${name} has been rebooted, boot id: ${newBoot}`, "Warning");
  }
  for (const word of ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"])
    status(word);
  event("NodeAllocatableEnforced", "Updated Node Allocatable limit across pods");
  status("NodeReady");
}

/**
 * Somebody else wrote the status of a running machine, took its Lease or cordoned it: set right, or told, with the next
 * post.
 */
function post(client: Client, node: Node, machine: Machine): number | undefined {
  const { name, uid } = node.metadata;
  const { postAtMs: due, ...known } = machine;
  const cordoned = node.spec?.unschedulable === true;
  const ready = readyStatus(node) === "True";
  if (ready && cordoned === (machine.cordoned === true) && client.get(leases, nodeLeases, name)) {
    if (due !== undefined) client.records.put(table, name, known);
    return undefined;
  }
  const postAtMs = due ?? (Math.floor(client.now / nodeStatusMs) + 1) * nodeStatusMs;
  if (client.now < postAtMs) {
    if (due === undefined) client.records.put(table, name, { ...known, postAtMs });
    return postAtMs;
  }
  client.records.put(table, name, { uid, up: true, ...(cordoned ? { cordoned } : {}) });
  if (!client.get(leases, nodeLeases, name)) renew(client, node);
  if (!ready) {
    const conditions = healthy(node, client.now);
    client.modify<Node>(
      "nodes",
      "",
      name,
      (n) => ({ ...n, status: { ...n.status, conditions } }),
      "status",
    );
    statusEvent(client, name, "NodeReady");
  }
  if (cordoned !== (machine.cordoned === true))
    statusEvent(client, name, cordoned ? "NodeNotSchedulable" : "NodeSchedulable");
  return undefined;
}

function statusEvent(client: Client, name: string, status: string): void {
  const message = `Node ${name} status is now: ${status}`;
  client.event(nodeReference(name, name), "Normal", status, message, {
    component: "kubelet",
    host: name,
  });
}
