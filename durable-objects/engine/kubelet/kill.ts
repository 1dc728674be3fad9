/**
 * Ending one container: Killing event, preStop inside the grace time, its turn, TERM, and KILL at the end.
 * k8s: pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer, kuberuntime_termination_order.go
 */
import { lookup } from "../core/lookup.ts";
import { graceSecondsMin } from "../core/limits.ts";
import { pollHook, startHook } from "./hooks.ts";
import type { ContainerRecord, KillRecord } from "./record.ts";
import { type Container, type ContainerKind, isSidecar } from "../kinds/pod/types.ts";
import { type Sync, containerEvent, requeueAt } from "./sync.ts";

export interface KillOrder {
  message: string;
  graceSeconds: number;
  /** The kubelet wants it to run again. */
  restart: boolean;
}

const signals: Record<string, number> = lookup({
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGWINCH: 28,
});

/** Begins a container's end: preStop within the grace period, then the signal. Does nothing where it is under way. */
export function beginKill(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  order: KillOrder,
): void {
  if (record.state !== "running" || record.kill) return;
  containerEvent(sync, container, kind, "Normal", "Killing", order.message);
  const kill: KillRecord = {
    stage: "preStop",
    beganAtMs: sync.now,
    graceSeconds: order.graceSeconds,
    restart: order.restart,
  };
  record.kill = kill;
  const hook = container.lifecycle?.preStop;
  if (hook && order.graceSeconds > 0) {
    const deadlineMs = sync.now + order.graceSeconds * 1000;
    const call = startHook(sync, container, record, hook, deadlineMs);
    if (call === "failed") failPreStop(sync, container, kind);
    else if (call !== "done") kill.call = call;
  }
  stepKill(sync, container, kind, record);
}

function failPreStop(sync: Sync, container: Container, kind: ContainerKind): void {
  containerEvent(sync, container, kind, "Warning", "FailedPreStopHook", "PreStopHook failed");
}

/** A shorter grace time asked for later (a second delete) takes effect on a kill under way. */
export function shortenKill(sync: Sync, record: ContainerRecord, graceSeconds: number): void {
  const kill = record.kill;
  if (!kill || graceSeconds >= kill.graceSeconds) return;
  kill.graceSeconds = graceSeconds;
  const seconds = Math.max(graceSeconds, graceSecondsMin);
  if (kill.call)
    kill.call.deadlineMs = Math.min(kill.call.deadlineMs, sync.now + graceSeconds * 1000);
  if (kill.killAtMs !== undefined) {
    kill.killAtMs = Math.min(kill.killAtMs, sync.now + seconds * 1000);
  }
}

/** Sidecars go after all app containers, the last started first; others wait for nobody. */
function hasTurn(sync: Sync, container: Container, kind: ContainerKind): boolean {
  if (!isSidecar(container, kind)) return true;
  const runs = (c: Container): boolean => sync.record.containers[c.name]?.state === "running";
  if (sync.pod.spec.containers.some(runs)) return false;
  const init = sync.pod.spec.initContainers ?? [];
  const place = init.findIndex((c) => c.name === container.name);
  return !init.slice(place + 1).some((c) => isSidecar(c, "init") && runs(c));
}

/** Moves a kill on as far as the moment allows. */
export function stepKill(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
): void {
  const kill = record.kill;
  if (!kill || record.state !== "running") return;
  if (kill.stage === "preStop") {
    if (kill.call) {
      const end = pollHook(sync, kill.call);
      if (!end) return;
      if (end === "failed") failPreStop(sync, container, kind);
      delete kill.call;
    }
    kill.stage = "turn";
  }
  if (kill.stage === "turn") {
    const turnEndsMs = kill.beganAtMs + kill.graceSeconds * 1000;
    if (sync.now < turnEndsMs && !hasTurn(sync, container, kind)) {
      requeueAt(sync, turnEndsMs);
      return;
    }
    terminate(sync, container, record, kill);
  }
  if (kill.stage !== "term" || kill.killAtMs === undefined) return;
  if (sync.now < kill.killAtMs) {
    requeueAt(sync, kill.killAtMs);
    return;
  }
  kill.stage = "killed";
  sync.runtime.signal(sync.context, sync.key, record.id ?? "", 9);
}

function terminate(
  sync: Sync,
  container: Container,
  record: ContainerRecord,
  kill: KillRecord,
): void {
  const spent = Math.floor((sync.now - kill.beganAtMs) / 1000);
  const left = Math.max(kill.graceSeconds - spent, graceSecondsMin);
  kill.stage = "term";
  kill.killAtMs = sync.now + left * 1000;
  const named = container.lifecycle?.stopSignal;
  const own = sync.runtime.stopSignal?.(container.image ?? "") ?? 15;
  const signal = named ? (signals[named] ?? 15) : own;
  sync.runtime.signal(sync.context, sync.key, record.id ?? "", signal);
}
