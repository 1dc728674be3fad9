/** postStart and preStop. k8s: pkg/kubelet/lifecycle/handlers.go */
import type { CallRecord, ContainerRecord } from "./record.ts";
import type { Container, LifecycleHandler } from "../kinds/pod/types.ts";
import type { Sync } from "./sync.ts";
import {
  type HttpAction,
  pollCall,
  resolvePort,
  startExec,
  startHttp,
} from "./probes/probe-calls.ts";

type Started = CallRecord | "failed" | "done";

/** Begins a hook; `deadlineMs` ends the wait for it. */
export function startHook(
  sync: Sync,
  container: Container,
  record: ContainerRecord,
  hook: LifecycleHandler & { sleep?: { seconds: number } },
  deadlineMs: number,
): Started {
  if (hook.exec) {
    const call = startExec(sync, record, hook.exec.command ?? [], deadlineMs);
    return "error" in call ? "failed" : call;
  }
  if (hook.httpGet) {
    const action = hook.httpGet as HttpAction;
    const port = resolvePort(container, action.port);
    if (typeof port !== "number") return "failed";
    return startHttp(sync, action, action.host ?? sync.record.ip ?? "", port, deadlineMs);
  }
  if (hook.sleep) {
    const ends = Math.min(sync.now + hook.sleep.seconds * 1000, deadlineMs);
    return { kind: "sleep", startedAtMs: sync.now, deadlineMs: ends };
  }
  // tcpSocket was never carried out by any kubelet.
  return hook.tcpSocket ? "failed" : "done";
}

/** Undefined while it runs. */
export function pollHook(sync: Sync, call: CallRecord): "done" | "failed" | "timeout" | undefined {
  const outcome = pollCall(sync, call);
  if (!outcome) return undefined;
  if (outcome.kind === "timeout") return "timeout";
  if (outcome.kind === "exec") return outcome.result.exitCode === 0 ? "done" : "failed";
  if (outcome.kind === "http") return outcome.result.error === undefined ? "done" : "failed";
  return "done";
}
