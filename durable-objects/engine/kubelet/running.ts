/** A Pod that is meant to run: mounts, sandbox, containers, probes, deadline. */
import {
  evictionStepBytes,
  kubeletRoundsMax,
  mountRetryMsMax,
  mountRetryMsMin,
  sandboxMs,
  syncPeriodMs,
} from "../limits.ts";
import { isApiAccess } from "../runtime/volume-access.ts";
import { endPod } from "./ending.ts";
import { finished, initFailed, runLifecycle } from "./lifecycle.ts";
import { allocateIp, hostIP, nodeKey } from "./node-address.ts";
import { observe } from "./observe.ts";
import { probe } from "./probing.ts";
import { stage } from "./record.ts";
import type { Sync } from "./sync.ts";
import { podEvent, want } from "./sync.ts";
import { weighVolumes } from "./volume-limits.ts";
import { volumeFiles, volumeVersion } from "./volume-files.ts";
import { mountProblem } from "./volumes.ts";

export function runPod(sync: Sync): void {
  if (pastDeadline(sync)) {
    endPod(sync);
    return;
  }
  if (!sandboxReady(sync)) return;
  fillVolumes(sync);
  for (let round = 0; ; round++) {
    if (round === kubeletRoundsMax) {
      want(sync, sync.now + 1);
      break;
    }
    const ended = observe(sync);
    if (finished(sync.pod.spec, sync.record) || initFailed(sync.pod.spec, sync.record)) {
      endPod(sync);
      return;
    }
    const before = stage(sync.record);
    probe(sync, false);
    runLifecycle(sync);
    if (!ended && stage(sync.record) === before) break;
  }
  want(sync, sync.nextMoveMs);
  noteMemory(sync);
  weighVolumes(sync);
}

/** k8s: pkg/kubelet/active_deadline.go */
function pastDeadline(sync: Sync): boolean {
  const seconds = sync.pod.spec.activeDeadlineSeconds;
  if (seconds === undefined) return false;
  const atMs = sync.record.startedAtMs + seconds * 1000;
  if (sync.now < atMs) {
    want(sync, atMs);
    return false;
  }
  const message = "Pod was active on the node longer than the specified deadline";
  podEvent(sync, "Normal", "DeadlineExceeded", message);
  sync.record.verdict = {
    reason: "DeadlineExceeded",
    message,
    graceSeconds: sync.pod.spec.terminationGracePeriodSeconds ?? 30,
  };
  return true;
}

/** Volumes first, then network and pause container. */
function sandboxReady(sync: Sync): boolean {
  const { record } = sync;
  if (record.lost) loseSandbox(sync);
  if (record.sandbox) return true;
  if (record.sandboxAtMs === undefined) {
    if (!mounted(sync)) return false;
    record.sandboxAtMs = sync.now + sandboxMs;
  }
  if (sync.now < record.sandboxAtMs) {
    want(sync, record.sandboxAtMs);
    return false;
  }
  const ip = sync.pod.spec.hostNetwork
    ? hostIP(sync.node)
    : allocateIp(sync.client, sync.nodeName, sync.node);
  if (ip === undefined) {
    podEvent(
      sync,
      "Warning",
      "FailedCreatePodSandBox",
      'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type="host-local" failed (add): failed to allocate for range 0: no IP addresses available in range set',
    );
    record.sandboxAtMs = sync.now + 15 * sandboxMs;
    want(sync, record.sandboxAtMs);
    return false;
  }
  record.ip = ip;
  record.sandbox = true;
  warnOfPullSecrets(sync);
  delete record.sandboxAtMs;
  return true;
}

/** k8s: kubelet_pods.go getPullSecretsForPod */
function warnOfPullSecrets(sync: Sync): void {
  const namespace = sync.pod.metadata.namespace ?? "";
  const missing = (sync.pod.spec.imagePullSecrets ?? [])
    .map((ref) => ref.name ?? "")
    .filter((name) => !sync.client.get("secrets", namespace, name));
  if (missing.length === 0) return;
  podEvent(
    sync,
    "Warning",
    "FailedToRetrieveImagePullSecret",
    `Unable to retrieve some image pull secrets (${missing.join(", ")}); attempting to pull the image may not succeed.`,
  );
}

/** k8s: kuberuntime_manager.go: a sandbox that died with its node is made anew, with another address. */
function loseSandbox(sync: Sync): void {
  const { record } = sync;
  delete record.lost;
  if (!record.sandbox) return;
  const message = "Pod sandbox changed, it will be killed and re-created.";
  podEvent(sync, "Normal", "SandboxChanged", message);
  observe(sync);
  for (const container of Object.values(record.containers)) delete container.pull;
  record.sandbox = false;
  if (!sync.pod.spec.hostNetwork) delete record.ip;
}

/** k8s: volume manager's retries double from 500 ms to 2 min 2 s */
function mounted(sync: Sync): boolean {
  const { record } = sync;
  const problem = mountProblem(sync.client, sync.pod, (path, type) =>
    sync.runtime.hostPath?.(sync.context, sync.nodeName, path, type),
  );
  const before = record.mount;
  if (!problem) {
    // Set up at the next retry: that is when the kubelet finds out.
    if (before && sync.now < before.retryAtMs) {
      want(sync, before.retryAtMs);
      return false;
    }
    delete record.mount;
    return true;
  }
  if (before && sync.now < before.retryAtMs) {
    want(sync, before.retryAtMs);
    return false;
  }
  podEvent(sync, "Warning", "FailedMount", problem);
  const failures = (before?.failures ?? 0) + 1;
  const wait = Math.min(mountRetryMsMin * 2 ** (failures - 1), mountRetryMsMax);
  record.mount = { message: problem, failures, retryAtMs: sync.now + wait };
  want(sync, record.mount.retryAtMs);
  return false;
}

/**
 * Writes the volumes the kubelet fills, and writes them again when what they come from has changed: at the Pod's next
 * periodic sync, as upstream does. k8s: kubelet.go SyncFrequency
 */
function fillVolumes(sync: Sync): void {
  const { record, pod, runtime } = sync;
  const round = Math.floor((sync.now - record.startedAtMs) / syncPeriodMs);
  const nextMs = record.startedAtMs + (round + 1) * syncPeriodMs;
  const past = (sync.now - record.startedAtMs) % syncPeriodMs;
  // A clock that runs at another speed gives moments with fractions.
  const due = past < 1 || past > syncPeriodMs - 1;
  for (const volume of pod.spec.volumes ?? []) {
    if (isApiAccess(volume)) continue;
    const version = volumeVersion(sync.client, pod, volume);
    const before = record.filled?.[volume.name];
    if (before === version) continue;
    if (before !== undefined && !due) {
      want(sync, nextMs);
      continue;
    }
    const input = {
      reader: sync.client,
      pod,
      podIP: record.ip ?? "",
      hostIP: hostIP(sync.node),
      node: sync.node,
    };
    const files = volumeFiles(input, volume, sync.now);
    if (!files) continue;
    (record.filled ??= {})[volume.name] = version;
    const group = pod.spec.securityContext?.fsGroup;
    runtime.fillVolume?.(sync.context, `${record.uid}/${volume.name}`, files, group);
  }
}

/** Tells the node when the Pod's memory grew or shrank by a step that may matter to it. */
function noteMemory(sync: Sync): void {
  let bytes = 0;
  for (const record of Object.values(sync.record.containers)) {
    if (record.state !== "running" || record.id === undefined) continue;
    bytes += sync.runtime.usage(sync.context, sync.key, record.id).memoryBytes;
  }
  const steps = Math.floor(bytes / evictionStepBytes);
  if (steps === (sync.record.memorySteps ?? 0)) return;
  sync.record.memorySteps = steps;
  sync.client.wake("kubelet", nodeKey(sync.nodeName));
}
