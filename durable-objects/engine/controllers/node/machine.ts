/**
 * The machine behind a Node: registers it, gives it back its conditions when power returns, keeps its Lease. Beats are
 * not written (kinds/heartbeats.ts); they are when power goes, so that the last one stands.
 * k8s: pkg/kubelet/kubelet_node_status.go, nodestatus/setters.go, component-helpers/apimachinery/lease
 */
import type { NodeCondition, NodeSystemInfo } from "kubernetes-types/core/v1";
import type { Lease } from "../../kinds/lease.ts";
import type { Node } from "../../kinds/node.ts";
import { presentLease, presentNode, nodeLeases } from "../../kinds/heartbeats.ts";
import {
  bootId,
  kubeletAnnotations,
  kubeletConditions,
  kubeletLabels,
  nodeStatus,
} from "../../bootstrap/nodes.ts";
import { rfc3339Micro } from "../../core/clock.ts";
import { hasPower, kubeletAnnotation, powerAnnotation } from "../../kinds/node-machine.ts";
import { serviceRecord } from "../../runtime/node/services.ts";
import { nodeLeaseSeconds, nodeStatusMs } from "../../core/limits.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import { conditionOf, nodeReference, readyStatus } from "./nodes.ts";

const table = "node-machine";
const leases = "leases.coordination.k8s.io";

interface Machine {
  /** Of the Node it was started for. */
  uid: string;
  up: boolean;
  /** Its kubelet was stopped, while its power stayed on. */
  stopped?: true;
  /** Starts of its kubelet by hand that were told. */
  starts?: number;
  /** When the kubelet next posts what differs from what it knows. */
  postAtMs?: number;
  /** It has told that its Node is cordoned. */
  cordoned?: true;
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
      if (machine?.up || machine?.stopped) client.records.put(table, name, { uid, up: false });
      if (machine?.up) lastWords(client, node);
      return undefined;
    }
    const kubelet = serviceRecord(client.records, name, "kubelet");
    if (kubelet && (kubelet.state !== "active" || kubelet.starting)) {
      if (machine?.up) {
        client.records.put(table, name, { uid, up: false, stopped: true });
        lastWords(client, node);
      }
      mark(client, node, "stopped");
      return undefined;
    }
    mark(client, node, undefined);
    const starts = kubelet?.starts ?? 0;
    if (machine?.up && (machine.starts ?? 0) === starts) return post(client, node, machine);
    // Its addresses follow from its range, which comes from the allocator.
    if (!node.spec?.podCIDR) return undefined;
    client.records.put(table, name, { uid, up: true, ...(starts > 0 ? { starts } : {}) });
    const running = machine?.up || machine?.stopped;
    start(client, node, machine !== undefined && !running);
    return undefined;
  },
};

/** Says on the Node whether its kubelet runs, for all who read that there. */
function mark(client: Client, node: Node, state: "stopped" | undefined): void {
  if (node.metadata.annotations?.[kubeletAnnotation] === state) return;
  client.modify<Node>("nodes", "", node.metadata.name, ({ metadata, ...rest }) => {
    const { [kubeletAnnotation]: _was, ...others } = metadata.annotations ?? {};
    const annotations = state === undefined ? others : { ...others, [kubeletAnnotation]: state };
    return { ...rest, metadata: { ...metadata, annotations } };
  });
}

/** Power or the kubelet is gone: what was last reported and renewed stays as it was. */
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
  const {
    [powerAnnotation]: _power,
    [kubeletAnnotation]: _kubelet,
    ...rest
  } = node.metadata.annotations ?? {};
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
  const nodeInfo = {
    ...(made?.nodeInfo ?? info),
    ...(again ? { bootID: bootId(hex) } : {}),
  } as NodeSystemInfo;
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
  const { starts } = machine;
  client.records.put(table, name, {
    uid,
    up: true,
    ...(starts === undefined ? {} : { starts }),
    ...(cordoned ? { cordoned } : {}),
  });
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
