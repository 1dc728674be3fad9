/**
 * All kubelets of the cluster, one controller. A key is a Pod (`namespace/name`), a Pod's status that somebody else wrote
 * (`@status/namespace/name`), or a node (`@node/NAME`: static Pods, memory pressure, power). Key in, whole state compared, due time out; every process is the runtime's, every
 * memory of ours is the Pod's record.
 */
import type { Controller, Client, Waker } from "../ports/controller.ts";
import { parseTime } from "../core/clock.ts";
import { equal } from "../core/equal.ts";
import { type Change, objectKey, splitKey } from "../core/object.ts";
import { fnv32a } from "../core/random.ts";
import type { Runtime } from "../runtime/runtime-port.ts";
import { rejection } from "./admission.ts";
import { syncNode } from "./node.ts";
import { nodeRecord } from "./node-address.ts";
import { machineKey, nodeOfKey } from "../runtime/machine-key.ts";
import { hasKubelet, nodeIsDown } from "../kinds/node-machine.ts";
import { deletePod, endPod } from "./ending.ts";
import { correct, publish } from "./publish.ts";
import {
  type LoadedRecord,
  type PodRecord,
  kubeletTable,
  loadRecord,
  newRecord,
  saveRecord,
} from "./record.ts";
import { hasIdleProbe } from "./probes/worker.ts";
import { runPod } from "./running.ts";
import { retryDeferred } from "./resize/queue.ts";
import { reviewResize } from "./resize/resize.ts";
import { type Pod, isMirror, runningUid } from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";
import { type Sync, podEvent } from "./sync.ts";
import { runtimeContext } from "../cri/runtime.ts";
import { wakeGrown, wakeLarger } from "./resize/volumes.ts";
import { usesData } from "./volumes/volumes.ts";

/** From a Pod's creation to its refusal. Upstream's kubelet takes some ten milliseconds, and whoever replaces the Pod as long. */
const refusalMs = 1000;

const component = "kubelet";

const reviewPrefix = "@status/";

const wakePod: Waker = (change) => {
  const pod = change.object as Pod;
  const before = change.previous as Pod | undefined;
  if (!pod.spec?.nodeName && !before?.spec?.nodeName) return undefined;
  if (before && change.op === "update" && !concerns(pod, before)) return wakeReview(change);
  const keys = [objectKey(change.namespace, change.name)];
  if (change.op === "delete" && isMirror(pod)) keys.push(machineKey(pod.spec.nodeName ?? ""));
  return keys;
};

/** Somebody else wrote the status. */
function wakeReview({ by, key, object, previous }: Change): string[] | undefined {
  const foreign = by !== undefined && by !== component;
  return foreign && (object as Pod).status !== (previous as Pod).status
    ? [reviewPrefix + key]
    : undefined;
}

/** Status is our own writing, but for readiness gates. */
function concerns(pod: Pod, before: Pod): boolean {
  const [now, then] = [pod.metadata, before.metadata];
  return (
    now.generation !== then.generation ||
    now.deletionTimestamp !== then.deletionTimestamp ||
    now.deletionGracePeriodSeconds !== then.deletionGracePeriodSeconds ||
    pod.spec.nodeName !== before.spec.nodeName ||
    now.uid !== then.uid ||
    (now.labels !== then.labels && !equal(now.labels, then.labels)) ||
    (now.annotations !== then.annotations && !equal(now.annotations, then.annotations)) ||
    (pod.spec.readinessGates?.length ?? 0) > 0
  );
}

const wakeNode: Waker = (change, reader) => {
  const keys = [machineKey(change.name)];
  const runs = (o: typeof change.previous): boolean => o !== undefined && hasKubelet(o);
  if (change.op === "create" || runs(change.object) !== runs(change.previous)) {
    for (const pod of reader.byIndex("pod.node", change.name)) {
      keys.push(objectKey(pod.metadata.namespace, pod.metadata.name));
    }
  }
  return keys;
};

/** Pods that wait for something of the kind, or have it in a volume. */
const wakeWaiting =
  (kind: "configmaps" | "secrets"): Waker =>
  (change, reader) => {
    return reader
      .list<Pod>("pods", change.namespace)
      .filter((pod) => takes(pod) && usesData(pod, kind, change.name))
      .map((pod) => objectKey(pod.metadata.namespace, pod.metadata.name));
  };

const takes = (pod: Pod): boolean => waits(pod) || (pod.spec.volumes?.length ?? 0) > 0;

function waits(pod: Pod): boolean {
  if (!pod.spec.nodeName || !pod.status?.startTime) return false;
  return (
    pod.status.phase === "Pending" ||
    (pod.status.containerStatuses ?? []).some((s) => s.state?.waiting !== undefined)
  );
}

const wakeClaim: Waker = (change, reader) =>
  reader
    .list<Pod>("pods", change.namespace)
    .filter(
      (pod) =>
        waits(pod) &&
        pod.spec.volumes?.some((v) => v.persistentVolumeClaim?.claimName === change.name),
    )
    .map((pod) => objectKey(pod.metadata.namespace, pod.metadata.name));

/** The controller, over a runtime. */
export function createKubelet(runtime: Runtime): Controller {
  return {
    name: component,
    wakesOn: {
      pods: wakePod,
      nodes: wakeNode,
      configmaps: wakeWaiting("configmaps"),
      secrets: wakeWaiting("secrets"),
      persistentvolumeclaims: (change, reader) => [
        ...(wakeClaim(change, reader) ?? []),
        ...(wakeGrown(change, reader) ?? []),
      ],
      persistentvolumes: wakeLarger,
    },
    reconcile: (key, client) => {
      if (key.startsWith(reviewPrefix))
        return reviewStatus({ client, runtime }, key.slice(reviewPrefix.length));
      const node = nodeOfKey(key);
      return node === undefined
        ? syncPod({ client, runtime }, key)
        : syncNode(client, runtime, node);
    },
  };
}

type Tools = Pick<Sync, "client" | "runtime">;

function syncPod(tools: Tools, key: string): number | undefined {
  const { client, runtime } = tools;
  const { namespace, name } = splitKey(key);
  const pod = client.get<Pod>("pods", namespace, name);
  const nodeName = pod?.spec.nodeName;
  const stored = loadRecord(client.records, key);
  if (stored && (!pod || stored.record.uid !== runningUid(pod))) {
    if (!pod && keepsRunning(client, key, stored)) return undefined;
    forget(tools, key, stored.record.node);
    if (pod) return syncPod(tools, key);
  }
  if (!pod || !nodeName) return undefined;
  const node = client.get<Node>("nodes", "", nodeName);
  if (!node || nodeIsDown(client, nodeName)) return undefined;
  // Nobody looks after it; what runs goes on.
  if (!hasKubelet(node)) return stored && runtime.advance(runtimeContext(client), key);
  const loaded = stored ?? newRecord(runningUid(pod), nodeName, client.now);
  if (loaded.record.done && !pod.metadata.deletionTimestamp && !loaded.record.withdrawn) {
    return undefined;
  }
  const wasDone = loaded.record.done;
  const sync = lookAt(tools, key, pod, node, loaded.record);
  delete loaded.record.idle;
  if (!stored && isMirror(pod)) loaded.record.static = true;
  const refusedAt = stored ? undefined : admit(sync);
  if (refusedAt !== undefined) return refusedAt;
  reviewResize(sync);
  step(sync);
  if (loaded.record.done && !wasDone) retryDeferred(sync);
  if (loaded.record.done && (pod.metadata.deletionTimestamp || loaded.record.withdrawn)) {
    deletePod(sync);
    return undefined;
  }
  if (sync.dueAtMs === undefined && hasIdleProbe(loaded.record)) loaded.record.idle = true;
  saveRecord(client.records, key, loaded);
  return sync.dueAtMs;
}

const lookAt = (tools: Tools, key: string, pod: Pod, node: Node, record: PodRecord): Sync => ({
  ...tools,
  context: runtimeContext(tools.client),
  key,
  pod,
  node,
  nodeName: node.metadata.name,
  record,
  now: tools.client.now,
  wokenExternally: record.idle === true,
  nextMoveMs: undefined,
  dueAtMs: undefined,
});

/** k8s: pkg/kubelet/status/status_manager.go syncPeriod */
const reviewEveryMs = 10_000;
/** A round that comes so late is still this one. */
const lateMs = 1000;

/** Corrects a Pod's status in the next round of its node's kubelet; each kubelet began at a moment of its own. */
function reviewStatus(tools: Tools, key: string): number | undefined {
  const { client } = tools;
  const { namespace, name } = splitKey(key);
  const pod = client.get<Pod>("pods", namespace, name);
  const node = client.get<Node>("nodes", "", pod?.spec.nodeName ?? "");
  const record = loadRecord(client.records, key)?.record;
  if (!pod || !node || !record || record.uid !== runningUid(pod) || !hasKubelet(node))
    return undefined;
  // It was over when the kubelet saw it first, and what the API says is all there is.
  if (record.done && Object.keys(record.containers).length === 0) return undefined;
  const past = (client.now + (fnv32a(node.metadata.name) % reviewEveryMs)) % reviewEveryMs;
  if (past > lateMs) return client.now + reviewEveryMs - past;
  correct(lookAt(tools, key, pod, node, record));
  return undefined;
}

/** One look at an admitted Pod: its processes, then what follows, then one status write. */
function step(sync: Sync): void {
  const { record } = sync;
  if (record.done) return;
  if (sync.pod.metadata.deletionTimestamp && isMirror(sync.pod) && !record.withdrawn) {
    // The API's copy goes; the static Pod itself stays and gets a new copy.
    deletePod(sync);
    return;
  }
  if (sync.pod.metadata.deletionTimestamp || record.withdrawn || record.verdict) endPod(sync);
  else runPod(sync);
  publish(sync);
}

/**
 * A Pod that finished before this kubelet knew it, or that it will not take, is done at once. Returns when a refusal is said:
 * it takes a moment, so that whoever makes such a Pod again and again does not do so without end at one moment.
 */
function admit(sync: Sync): number | undefined {
  const { client, pod, node, record } = sync;
  const phase = pod.status?.phase;
  if (phase === "Succeeded" || phase === "Failed") {
    record.done = true;
    return undefined;
  }
  if (pod.metadata.deletionTimestamp) return undefined;
  const refused = rejection(client, pod, node);
  if (!refused) return undefined;
  const saidAt = parseTime(pod.metadata.creationTimestamp) + refusalMs;
  if (saidAt > client.now) return saidAt;
  podEvent(sync, "Warning", refused.reason, refused.message);
  record.verdict = {
    reason: refused.reason,
    message: `Pod was rejected: ${refused.message}`,
    graceSeconds: 0,
  };
  return undefined;
}

/** A static Pod outlives its copy in the API. */
function keepsRunning(client: Client, key: string, stored: LoadedRecord): boolean {
  if (!stored.record.static || stored.record.withdrawn) return false;
  return nodeRecord(client, stored.record.node).statics?.[key] === stored.record.uid;
}

/** The Pod is gone from the API: so is everything of it here, and its node may have room. */
function forget({ client, runtime }: Tools, key: string, nodeName: string): void {
  runtime.removePod(runtimeContext(client), key);
  client.records.delete(kubeletTable, key);
  retryDeferred({ client, nodeName });
}
