/** A Pod that is meant to run: mounts, sandbox, containers, probes, deadline. */
import { evictionStepBytes, kubeletRoundsMax, sandboxMs } from "../core/limits.ts";
import { claimsPrepared } from "./device-claims.ts";
import { endPod } from "./ending.ts";
import { finished, initFailed, runLifecycle } from "./lifecycle.ts";
import { allocateIp, hostIP } from "./node-address.ts";
import { machineKey } from "../runtime/machine-key.ts";
import { observe } from "./observe.ts";
import { probe } from "./probes/probe-verdicts.ts";
import { stage } from "./record.ts";
import { restartAll } from "./restart-all.ts";
import { runtimeProblem } from "./runtime-handler.ts";
import { hostnameProblem } from "./start.ts";
import { type Sync, podEvent, requeueAt } from "./sync.ts";
import { expandVolumes } from "./resize/volumes.ts";
import { weighVolumes } from "./volumes/volume-limits.ts";
import { fillVolumes, mounted } from "./volumes/volume-setup.ts";

/** One round of a Pod that is on its node: volumes, containers, probes, until nothing moves at this moment. */
export function runPod(sync: Sync): void {
  if (pastDeadline(sync)) {
    endPod(sync);
    return;
  }
  if (!sandboxReady(sync)) return;
  expandVolumes(sync);
  fillVolumes(sync);
  for (let round = 0; ; round++) {
    if (round === kubeletRoundsMax) {
      requeueAt(sync, sync.now + 1);
      break;
    }
    const ended = observe(sync);
    if (ended) fillVolumes(sync);
    const before = stage(sync.record);
    const goingDown = restartAll(sync);
    if (
      !goingDown &&
      (finished(sync.pod.spec, sync.record) || initFailed(sync.pod.spec, sync.record))
    ) {
      endPod(sync);
      return;
    }
    if (!goingDown) {
      probe(sync, false);
      runLifecycle(sync);
    }
    if (!ended && stage(sync.record) === before) break;
  }
  fillVolumes(sync);
  requeueAt(sync, sync.nextMoveMs);
  noteMemory(sync);
  weighVolumes(sync);
}

/** k8s: pkg/kubelet/active_deadline.go */
function pastDeadline(sync: Sync): boolean {
  const seconds = sync.pod.spec.activeDeadlineSeconds;
  if (seconds === undefined) return false;
  const atMs = sync.record.startedAtMs + seconds * 1000;
  if (sync.now < atMs) {
    requeueAt(sync, atMs);
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
    if (!mounted(sync) || !claimsPrepared(sync)) return false;
    record.sandboxAtMs = sync.now + sandboxMs;
  }
  if (sync.now < record.sandboxAtMs) {
    requeueAt(sync, record.sandboxAtMs);
    return false;
  }
  const problem = hostnameProblem(sync) ?? runtimeProblem(sync);
  if (problem !== undefined) return sandboxFailed(sync, problem);
  const ip = sync.pod.spec.hostNetwork
    ? hostIP(sync.node)
    : allocateIp(sync.client, sync.nodeName, sync.node);
  if (ip === undefined) {
    return sandboxFailed(
      sync,
      'rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type="host-local" failed (add): failed to allocate for range 0: no IP addresses available in range set',
    );
  }
  record.ip = ip;
  record.sandbox = true;
  warnOfPullSecrets(sync);
  delete record.sandboxAtMs;
  return true;
}

/** Told, and tried again. */
function sandboxFailed(sync: Sync, problem: string): false {
  podEvent(sync, "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: ${problem}`);
  sync.record.sandboxAtMs = sync.now + 15 * sandboxMs;
  requeueAt(sync, sync.record.sandboxAtMs);
  return false;
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
  sync.client.wake("kubelet", machineKey(sync.nodeName));
}
