/**
 * Removes Pods that no kubelet will ever remove. Upstream's loop runs every 20 s; here its ticks are the multiples of
 * 20 s of virtual time, and only those with something to do exist. k8s: pkg/controller/podgc/gc_controller.go
 */
import type { Node } from "../kinds/node.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { rfc3339 } from "../core/clock.ts";
import { objectKey, splitKey, type Change, type KubeObject } from "../core/object.ts";
import { podGcEndedMax, podGcPeriodMs, podGcQuarantineMs } from "../core/limits.ts";
import type { Client, Controller, Reader } from "../ports/controller.ts";
import { readyStatus } from "./node/nodes.ts";
import { withCondition } from "./disruption/disruption-target.ts";

const table = "pod-gc";
const outOfService = "node.kubernetes.io/out-of-service";
const nodePrefix = "@node/";
const endedKey = "@ended";

const nodeKey = (name: string): string => `${nodePrefix}${name}`;
const ended = (phase: string | undefined): boolean => phase === "Succeeded" || phase === "Failed";
const isOutOfService = (node: Node | undefined): boolean =>
  node !== undefined &&
  readyStatus(node) !== "True" &&
  (node.spec?.taints ?? []).some((t) => t.key === outOfService);

export const podGcController: Controller = {
  name: "podgc",
  wakesOn: {
    nodes: (change) =>
      change.op !== "update" || isOutOfService(change.object as Node)
        ? [nodeKey(change.name)]
        : undefined,
    pods: podKeys,
  },
  reconcile(key, client) {
    if (key === endedKey) return atTick(client, key, () => removeEnded(client));
    if (key.startsWith(nodePrefix)) return lookAtNode(client, key, key.slice(nodePrefix.length));
    const { namespace, name } = splitKey(key);
    const pod = client.get<Pod>("pods", namespace, name);
    if (!isStranded(pod)) return done(client, key);
    return atTick(client, key, () => remove(client, pod as Pod));
  },
};

/** Marked for deletion before it ever came to a Node. */
const isStranded = (pod: Pod | undefined): boolean =>
  pod?.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName;

function podKeys({ op, object, previous }: Change, reader: Reader): string[] | undefined {
  if (op === "delete") return undefined;
  const pod = object as Pod;
  const before = previous as Pod | undefined;
  const { nodeName } = pod.spec;
  const leaving = pod.metadata.deletionTimestamp !== undefined;
  const left = before?.metadata.deletionTimestamp === undefined && leaving;
  const placed = nodeName && (left || before?.spec.nodeName !== nodeName) ? nodeName : undefined;
  const over = ended(pod.status?.phase) && !ended(before?.status?.phase);
  if (!left && !placed && !over) return undefined;
  const keys: string[] = [];
  if (left && isStranded(pod)) keys.push(objectKey(pod.metadata.namespace, pod.metadata.name));
  if (placed) {
    const node = reader.get<Node>("nodes", "", placed);
    if (!node || (leaving && isOutOfService(node))) keys.push(nodeKey(placed));
  }
  if (over && reader.count("pods") > podGcEndedMax) keys.push(endedKey);
  return keys;
}

/** The tick after this moment. */
const nextTick = (now: number): number => (Math.floor(now / podGcPeriodMs) + 1) * podGcPeriodMs;

function done(client: Client, key: string): undefined {
  if (client.records.get(table, key) !== undefined) client.records.delete(table, key);
}

/** Does something at the next tick, once. */
function atTick(client: Client, key: string, act: () => void): number | undefined {
  return at(client, key, nextTick, act);
}

function at(
  client: Client,
  key: string,
  moment: (now: number) => number,
  act: () => void,
): number | undefined {
  const due = client.records.get<number>(table, key);
  if (due === undefined || due > client.now) {
    const wanted = due ?? moment(client.now);
    if (due === undefined) client.records.put(table, key, wanted);
    return wanted;
  }
  client.records.delete(table, key);
  act();
  return undefined;
}

function lookAtNode(client: Client, key: string, name: string): number | undefined {
  const pods = [...client.byIndex<Pod>("pod.node", name)];
  const node = client.get<Node>("nodes", "", name);
  if (!node && pods.length > 0) {
    // Found missing at a tick, believed after the quarantine.
    return at(
      client,
      key,
      (now) => nextTick(now) + podGcQuarantineMs,
      () => {
        for (const pod of pods) remove(client, pod, orphaned);
      },
    );
  }
  const leaving = pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined);
  if (isOutOfService(node) && leaving.length > 0) {
    return atTick(client, key, () => {
      for (const pod of leaving) remove(client, pod);
    });
  }
  return done(client, key);
}

const orphaned = {
  type: "DisruptionTarget",
  status: "True",
  reason: "DeletionByPodGC",
  message: "PodGC: node no longer exists",
};

/** Beyond the limit the oldest that ended go, evicted ones first. k8s: byEvictionAndCreationTimestamp */
function removeEnded(client: Client): void {
  const pods = client.list<Pod>("pods").filter((pod) => ended(pod.status?.phase));
  const rank = (pod: Pod): string =>
    `${pod.status?.reason === "Evicted" ? 0 : 1} ${pod.metadata.creationTimestamp} ${pod.metadata.name}`;
  const ranked = pods.map((pod) => [rank(pod), pod] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, pod] of ranked.slice(0, Math.max(0, pods.length - podGcEndedMax)))
    remove(client, pod);
}

/** No kubelet will report how it ended, so it has failed. k8s: markFailedAndDeletePodWithCondition */
function remove(client: Client, pod: Pod, why?: typeof orphaned): void {
  const { namespace = "", name, uid } = pod.metadata;
  if (!ended(pod.status?.phase)) {
    const change = (current: Pod): Pod => {
      const failed = { ...current, status: { ...current.status, phase: "Failed" } };
      return why ? withCondition(failed, why, rfc3339(client.now)) : failed;
    };
    client.modify<Pod>("pods", namespace, name, change, "status");
  }
  if (!client.get<KubeObject>("pods", namespace, name)) return;
  client.delete("pods", namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
}
