/** Reading the runtime: which containers ended since the last look. */
import type { ExitedState } from "../runtime/runtime-port.ts";
import { decodeUtf8, encodeUtf8 } from "../core/utf8.ts";
import { lastLogBytes, lastLogLines } from "../core/limits.ts";
import { noteExit } from "./lifecycle.ts";
import type { ContainerRecord, ExitRecord } from "./record.ts";
import { podContainers } from "../kinds/pod/types.ts";
import type { Sync } from "./sync.ts";

/** The CRI tells no signal: 128 and it is all there is. k8s: kuberuntime_container.go toKubeContainerStatus */
function exitOf(record: ContainerRecord, state: ExitedState): ExitRecord {
  return {
    id: record.id ?? "",
    code: state.exitCode,
    reason: state.reason,
    ...(state.message ? { message: state.message } : {}),
    startedAtMs: state.startedAtMs,
    finishedAtMs: state.finishedAtMs,
  };
}

/** k8s: kuberuntime_container.go getTerminationMessage, readLastStringFromContainerLogs */
function lastWords(sync: Sync, name: string, state: ExitedState): string | undefined {
  if (state.message !== undefined || state.exitCode === 0) return state.message;
  const container = podContainers(sync.pod.spec).find((c) => c.container.name === name)?.container;
  if (container?.terminationMessagePolicy !== "FallbackToLogsOnError") return undefined;
  const log = sync.runtime.logTail?.(sync.context, sync.key, name, lastLogLines) ?? "";
  return decodeUtf8(encodeUtf8(log).slice(-lastLogBytes)) || undefined;
}

/** What upstream reports of a container that vanished with its node. k8s: ContainerStatusUnknown */
function lostExit(sync: Sync, record: ContainerRecord): ExitRecord {
  return {
    id: record.id ?? "",
    code: 255,
    reason: "Unknown",
    startedAtMs: record.startedAtMs ?? sync.now,
    finishedAtMs: sync.now,
  };
}

/** Steps the Pod's processes up to now and notes exits; true when anything ended. */
export function observe(sync: Sync): boolean {
  sync.nextMoveMs = sync.runtime.advance(sync.context, sync.key);
  let changed = false;
  for (const [name, record] of Object.entries(sync.record.containers)) {
    if (record.state !== "running" || record.id === undefined) continue;
    const state = sync.runtime.state(sync.context, sync.key, record.id);
    if (state?.status === "running") continue;
    const message = state && lastWords(sync, name, state);
    record.exit = state
      ? exitOf(record, { ...state, ...(message ? { message } : {}) })
      : lostExit(sync, record);
    noteExit(sync, record);
    changed = true;
  }
  return changed;
}
