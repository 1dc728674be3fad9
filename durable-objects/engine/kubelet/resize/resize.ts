/**
 * Resizing in place: what a changed Pod is granted, and putting that to work in what runs.
 * k8s: pkg/kubelet/allocation/allocation_manager.go, kuberuntime_manager.go computePodResizeAction, doPodResizeAction
 */
import { configRetryMs, relistMs, resizeRetryMs } from "../../core/limits.ts";
import { infeasible, resizeRefusal, type Rejection } from "../admission.ts";
import { beginKill } from "../kill.ts";
import { containerRecord } from "../record.ts";
import { memoryProblems } from "./memory.ts";
import {
  type Granted,
  amountsOf,
  effectiveLimits,
  grantedByStatus,
  increases,
  ownOf,
  podLevel,
  restartsFor,
  sameGrant,
  sameResources,
  summary,
  withGranted,
} from "./resources.ts";
import { deferResize, retryDeferred } from "./queue.ts";
import { isMirror, podContainers } from "../../kinds/pod/types.ts";
import { type Sync, podEvent, requeueAt } from "../sync.ts";

/** Grants what can be granted, actuates it, and lets the rest of this look see the Pod as granted. */
export function reviewResize(sync: Sync): void {
  const { pod, record } = sync;
  if (record.done || record.dying || pod.metadata.deletionTimestamp || isMirror(pod)) {
    show(sync);
    return;
  }
  const wanted = ownOf(pod.spec);
  const granted = record.granted ?? changedSince(sync, wanted);
  if (!granted) return;
  record.granted = granted;
  if (sameGrant(wanted, granted)) {
    delete record.resizeWaits;
    record.granted = wanted;
  } else decide(sync, wanted, granted);
  actuate(sync);
  show(sync);
  if (!record.resizing && !record.resizeWaits) delete record.granted;
}

/** What was granted before a change the kubelet has not looked at yet; undefined: nothing changed. */
function changedSince({ pod }: Sync, wanted: Granted): Granted | undefined {
  if (pod.metadata.generation === pod.status?.observedGeneration) return undefined;
  const granted = grantedByStatus(pod, wanted);
  return sameGrant(wanted, granted) ? undefined : granted;
}

function show(sync: Sync): void {
  const { granted } = sync.record;
  if (granted) sync.pod = { ...sync.pod, spec: withGranted(sync.pod.spec, granted) };
}

/** k8s: allocation_manager.go handlePodResourcesResize */
function decide(sync: Sync, wanted: Granted, granted: Granted): void {
  const { pod, record } = sync;
  const generation = pod.metadata.generation ?? 0;
  const refused = resizeRefusal(sync.client, pod, sync.node);
  if (refused) {
    putOff(sync, refused, generation);
    return;
  }
  for (const { container, kind } of podContainers(pod.spec)) {
    const c = containerRecord(record, container.name);
    const old = granted[container.name] ?? {};
    if (kind === "ephemeral" || c.state !== "running") continue;
    if (!sameResources(old, wanted[container.name] ?? {})) c.runsWith ??= old;
  }
  const own = wanted[podLevel];
  if (own && !sameResources(granted[podLevel] ?? {}, own)) {
    record.runsWith ??= granted[podLevel] ?? {};
  }
  record.granted = wanted;
  delete record.resizeWaits;
  record.resizing = { generation, sinceMs: sync.now, dueAtMs: sync.now + relistMs };
  podEvent(sync, "Normal", "ResizeStarted", `Pod resize started: ${summary(pod.spec, generation)}`);
  if (!increases(pod.spec, granted, wanted)) retryDeferred(sync);
}

/** Told, and looked at again when there may be room; what the node cannot give at all waits for another wish. */
function putOff(sync: Sync, { reason, message }: Rejection, generation: number): void {
  const { pod, record } = sync;
  const before = record.resizeWaits;
  const never = reason === infeasible;
  if (before?.generation !== generation) {
    const event = never ? "ResizeInfeasible" : "ResizeDeferred";
    const text = summary(pod.spec, generation, message);
    podEvent(sync, "Warning", event, `Pod resize ${reason}: ${text}`);
  }
  if (before?.generation !== generation || before.message !== message) {
    const sinceMs = before?.sinceMs ?? sync.now;
    record.resizeWaits = { generation, message, sinceMs, ...(never ? { infeasible: true } : {}) };
  }
  if (never) return;
  deferResize(sync);
  requeueAt(sync, sync.now + resizeRetryMs);
}

/** Puts what was granted to work at the Pod's next sync. */
function actuate(sync: Sync): void {
  const { record } = sync;
  const { resizing, granted } = record;
  if (!resizing || !granted) return;
  if (sync.now < resizing.dueAtMs) {
    requeueAt(sync, resizing.dueAtMs);
    return;
  }
  const spec = withGranted(sync.pod.spec, granted);
  const problem = memoryProblems(sync, spec);
  if (problem !== undefined) {
    fail(sync, problem);
    return;
  }
  let waits = false;
  for (const { container, kind } of podContainers(spec)) {
    const c = record.containers[container.name];
    if (!c) continue;
    if (c.state !== "running") delete c.runsWith;
    // Once it was told of the Pod's new limits, only its end is waited for.
    const before = record.runsWith ?? spec.resources;
    const old = effectiveLimits(c.runsWith ?? granted[container.name], before);
    const now = effectiveLimits(container.resources, spec.resources);
    if (c.state !== "running" || kind === "ephemeral" || sameResources(old, now)) {
      if (c.kill && c.runsWith) waits = true;
      else delete c.runsWith;
      continue;
    }
    if (restartsFor(container, old, now)) {
      waits = true;
      c.runsWith ??= granted[container.name] ?? {};
      const message = `Container ${container.name} resize requires restart`;
      const graceSeconds = sync.pod.spec.terminationGracePeriodSeconds ?? 30;
      beginKill(sync, container, kind, c, { message, graceSeconds, restart: true });
      continue;
    }
    sync.runtime.resize?.(sync.context, sync.key, c.id ?? "", amountsOf(now.limits));
    delete c.runsWith;
  }
  delete record.runsWith;
  if (!waits) complete(sync, resizing.generation, spec);
  else requeueAt(sync, (resizing.dueAtMs = sync.now + relistMs));
}

function complete(sync: Sync, generation: number, spec: Sync["pod"]["spec"]): void {
  delete sync.record.resizing;
  podEvent(sync, "Normal", "ResizeCompleted", `Pod resize completed: ${summary(spec, generation)}`);
}

function fail(sync: Sync, problem: string): void {
  const { resizing } = sync.record;
  if (!resizing) return;
  if (resizing.error !== problem) {
    resizing.error = problem;
    const text = summary(sync.pod.spec, resizing.generation, problem);
    podEvent(sync, "Warning", "ResizeError", `Pod resize error: ${text}`);
  }
  resizing.dueAtMs = sync.now + configRetryMs;
  requeueAt(sync, resizing.dueAtMs);
}
