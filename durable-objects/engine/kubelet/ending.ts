/**
 * A Pod on its way out: deletion, eviction, deadline, all done, static file withdrawn.
 * k8s: pkg/kubelet/pod_workers.go, kubelet.go SyncTerminatingPod, SyncTerminatedPod
 */
import { kubeletRoundsMax, relistMs } from "../core/limits.ts";
import { beginKill, shortenKill, stepKill } from "./kill.ts";
import { observe } from "./observe.ts";
import { unprepareClaims } from "./device-claims.ts";
import { kubeletTable, stage } from "./record.ts";
import { probe } from "./probes/probe-verdicts.ts";
import { isMirror, podContainers } from "../kinds/pod/types.ts";
import { type Sync, requeueAt } from "./sync.ts";

function graceSeconds(sync: Sync): number {
  const { pod, record } = sync;
  const own = pod.spec.terminationGracePeriodSeconds ?? 30;
  if (pod.metadata.deletionTimestamp) return pod.metadata.deletionGracePeriodSeconds ?? own;
  return record.verdict?.graceSeconds ?? own;
}

/** Ends every container in order; once all are down the record is marked done. */
export function endPod(sync: Sync): void {
  const { record } = sync;
  const grace = graceSeconds(sync);
  record.dying ??= { beganAtMs: sync.now, graceSeconds: grace };
  if (grace < record.dying.graceSeconds) {
    record.dying.graceSeconds = grace;
    for (const c of Object.values(record.containers)) shortenKill(sync, c, grace);
  }
  for (let round = 0; round < kubeletRoundsMax; round++) {
    const ended = observe(sync);
    const before = stage(record);
    probe(sync, true);
    endContainers(sync, grace);
    if (!ended && stage(record) === before) break;
  }
  if (Object.values(record.containers).some((c) => c.state === "running")) {
    requeueAt(sync, sync.nextMoveMs);
    return;
  }
  if (teardownUnderWay(sync, grace)) return;
  unprepareClaims(sync);
  record.sandbox = false;
  record.done = true;
  sync.dueAtMs = undefined;
}

/** A deleted Pod needs a moment to notice the last exit and to remove sandbox and volumes; a forced deletion does not wait. */
function teardownUnderWay(sync: Sync, grace: number): boolean {
  const { record, pod } = sync;
  const ran = Object.values(record.containers).some((c) => c.startedAtMs !== undefined);
  if (!pod.metadata.deletionTimestamp || !record.dying || !ran || grace === 0) return false;
  record.dying.downAtMs ??= sync.now;
  const goneAtMs = record.dying.downAtMs + relistMs;
  if (sync.now >= goneAtMs) return false;
  sync.dueAtMs = undefined;
  requeueAt(sync, goneAtMs);
  return true;
}

function endContainers(sync: Sync, grace: number): void {
  for (const { container, kind } of podContainers(sync.pod.spec)) {
    const record = sync.record.containers[container.name];
    if (!record) continue;
    if (record.state !== "running") {
      // Nothing starts any more: what waited keeps how it last ended.
      if (record.state === "exited") delete record.waiting;
      delete record.pull;
      delete record.retryAtMs;
      delete record.restartsAtOnce;
      continue;
    }
    if (record.kill) record.kill.restart = false;
    else {
      beginKill(sync, container, kind, record, {
        message: `Stopping container ${container.name}`,
        graceSeconds: grace,
        restart: false,
      });
    }
    stepKill(sync, container, kind, record);
  }
}

/** Everything ended: the object goes (finalizers may still hold it). A mirror Pod is only taken off the API. */
export function deletePod(sync: Sync): void {
  const { client, pod, record, key } = sync;
  const { namespace, name, uid } = pod.metadata;
  const held =
    pod.metadata.deletionTimestamp !== undefined &&
    pod.metadata.deletionGracePeriodSeconds === 0 &&
    (pod.metadata.finalizers?.length ?? 0) > 0;
  if (!held) {
    client.delete("pods", namespace ?? "", name, {
      gracePeriodSeconds: 0,
      preconditions: { uid },
    });
  }
  if (isMirror(pod) && !record.done) return;
  if (!client.get("pods", namespace ?? "", name)) {
    sync.runtime.removePod(sync.context, key);
    client.records.delete(kubeletTable, key);
    return;
  }
  client.records.put(kubeletTable, key, record);
}
