/** Volumes before a Pod's sandbox, and those the kubelet fills, which follow what they come from. */
import { fnv32a } from "../../core/random.ts";
import {
  attachRetryMs,
  mountRetryMsMax,
  mountRetryMsMin,
  syncPeriodMs,
} from "../../core/limits.ts";
import { isApiAccess } from "../../runtime/volumes/access.ts";
import { hostIP } from "../node-address.ts";
import type { Volume } from "../../kinds/pod/types.ts";
import { type Sync, podEvent, requeueAt } from "../sync.ts";
import { volumeFiles, volumeVersion } from "./volume-files.ts";
import { isFilled } from "./volumes.ts";
import { contentProblem, mountProblems, unprocessedText, usedVolumes } from "./volume-problems.ts";

/** When to try again: a volume manager's retries double, a claim is looked at again with its Pod. */
function retryMs(texts: readonly string[], failures: number): number {
  if (texts.some((text) => text.startsWith(unprocessedText))) return attachRetryMs;
  return Math.min(mountRetryMsMin * 2 ** (failures - 1), mountRetryMsMax);
}

/** Whether all volumes are set up. k8s: pkg/util/goroutinemap/exponentialbackoff */
export function mounted(sync: Sync): boolean {
  const { record } = sync;
  const before = record.mount;
  // What came meanwhile, the kubelet finds out at its next retry.
  if (before && sync.now < before.retryAtMs) {
    requeueAt(sync, before.retryAtMs);
    return false;
  }
  const problems = mountProblems(sync.client, sync.pod, sync.node, (path, type) =>
    sync.runtime.hostPath?.(sync.context, sync.nodeName, path, type),
  );
  if (problems.length === 0) {
    delete record.mount;
    return true;
  }
  for (const text of problems)
    podEvent(
      sync,
      "Warning",
      text.startsWith("MapVolume.") ? "FailedMapVolume" : "FailedMount",
      text,
    );
  const failures = (before?.failures ?? 0) + 1;
  record.mount = { failures, retryAtMs: sync.now + retryMs(problems, failures) };
  requeueAt(sync, record.mount.retryAtMs);
  return false;
}

/**
 * Writes the volumes the kubelet fills, and writes them again when what they come from has changed: at the Pod's next
 * sync, which is a periodic one unless the Pod itself changed or a container started or ended.
 * k8s: kubelet.go SyncFrequency, desired_state_of_world_populator.go ReprocessPod
 */
export function fillVolumes(sync: Sync): void {
  const { record, pod } = sync;
  const volumes = usedVolumes(pod).filter((v) => isFilled(v) && !isApiAccess(v));
  if (volumes.length === 0) return;
  const round = Math.floor((sync.now - record.startedAtMs) / syncPeriodMs);
  const nextMs = record.startedAtMs + (round + 1) * syncPeriodMs;
  const past = (sync.now - record.startedAtMs) % syncPeriodMs;
  const state = stateText(sync);
  // A clock that runs at another speed gives moments with fractions.
  const synced = past < 1 || past > syncPeriodMs - 1 || record.synced !== state;
  record.synced = state;
  const retryAtMs = record.mount?.retryAtMs;
  const due = retryAtMs === undefined ? synced : sync.now >= retryAtMs;
  let failed = 0;
  for (const volume of volumes) {
    const version = volumeVersion(sync.client, pod, volume);
    const before = record.filled?.[volume.name];
    if (before === version) continue;
    if (before !== undefined && !due) {
      requeueAt(sync, retryAtMs ?? nextMs);
      continue;
    }
    const problem = contentProblem(sync.client, pod, volume);
    if (problem === undefined) {
      fill(sync, volume, version);
      if (before !== undefined) sync.runtime.filesChanged?.(sync.context, sync.key);
    } else {
      const text = `MountVolume.SetUp failed for volume "${volume.name}" : ${problem}`;
      podEvent(sync, "Warning", "FailedMount", text);
      failed += 1;
    }
  }
  if (!due) return;
  if (failed === 0) {
    delete record.mount;
    return;
  }
  const failures = (record.mount?.failures ?? 0) + 1;
  record.mount = { failures, retryAtMs: sync.now + retryMs([], failures) };
  requeueAt(sync, record.mount.retryAtMs);
}

/** Another text: the kubelet syncs the Pod at once. */
function stateText({ pod, record }: Sync): string {
  const { labels, annotations, generation } = pod.metadata;
  const containers = Object.values(record.containers).map(({ id, state }) => [id, state]);
  return fnv32a(JSON.stringify([generation, labels, annotations, containers])).toString(36);
}

function fill(sync: Sync, volume: Volume, version: string): void {
  const { record, pod, runtime } = sync;
  const input = {
    reader: sync.client,
    pod,
    podIP: record.ip ?? "",
    hostIP: hostIP(sync.node),
    node: sync.node,
  };
  const files = volumeFiles(input, volume, sync.now);
  if (!files) return;
  (record.filled ??= {})[volume.name] = version;
  runtime.fillVolume?.(sync.context, `${record.uid}/${volume.name}`, files, {
    group: pod.spec.securityContext?.fsGroup,
    inMemory: !volume.configMap,
  });
}
