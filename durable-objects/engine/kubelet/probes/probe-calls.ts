/** Commands and requests the kubelet makes into a Pod: probes and hooks. Started, then asked for until done. */
import type { ExecResult, HttpProbeResult } from "../../runtime/runtime-port.ts";
import type { CallRecord, ContainerRecord } from "../record.ts";
import type { Container } from "../../kinds/pod/types.ts";
import { type Sync, requeueAt } from "../sync.ts";

export interface HttpAction {
  host?: string;
  path?: string;
  port: number | string;
  scheme?: string;
  httpHeaders?: { name: string; value: string }[];
}

export type Outcome =
  | { kind: "exec"; result: ExecResult }
  | { kind: "http"; result: HttpProbeResult; url: string; host: string; port: number }
  | { kind: "sleep" }
  | { kind: "timeout" };

/** A port by number or by a container port's name. k8s: pkg/probe/util.go ResolveContainerPort */
export function resolvePort(
  container: Container,
  port: number | string,
): number | { error: string } {
  if (typeof port === "number") return port;
  for (const p of container.ports ?? []) if (p.name === port) return p.containerPort;
  if (/^[0-9]+$/.test(port)) return Number(port);
  return { error: `strconv.Atoi: parsing "${port}": invalid syntax` };
}

export const joinHost = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

export function httpUrl(action: HttpAction, host: string, port: number): string {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const path = action.path ?? "/";
  return `${scheme}://${joinHost(host, port)}${path.startsWith("/") ? "" : "/"}${path}`;
}

/** Begins a probe's or hook's command, which may take until `deadlineMs` (virtual); the error where it cannot start. */
export function startExec(
  sync: Sync,
  record: ContainerRecord,
  command: string[],
  deadlineMs: number,
): CallRecord | { error: string } {
  const handle = sync.runtime.exec(sync.context, sync.key, record.id ?? "", command);
  if (typeof handle !== "string") return handle;
  return { kind: "exec", handle, startedAtMs: sync.now, deadlineMs };
}

/** Begins a probe's or hook's request, which may take until `deadlineMs` (virtual). */
export function startHttp(
  sync: Sync,
  action: HttpAction,
  host: string,
  port: number,
  deadlineMs: number,
): CallRecord {
  const path = action.path ?? "/";
  const handle = sync.runtime.http(sync.context, sync.key, {
    host,
    port,
    path: path.startsWith("/") ? path : `/${path}`,
    https: action.scheme === "HTTPS",
    headers: action.httpHeaders ?? [],
  });
  return { kind: "http", handle, startedAtMs: sync.now, deadlineMs };
}

/** What became of a call; undefined while it runs (the next look is asked for). */
export function pollCall(sync: Sync, call: CallRecord): Outcome | undefined {
  if (call.kind === "sleep") {
    if (sync.now >= call.deadlineMs) return { kind: "sleep" };
    requeueAt(sync, call.deadlineMs);
    return undefined;
  }
  const handle = call.handle ?? "";
  const pending =
    call.kind === "exec"
      ? sync.runtime.execResult(sync.context, sync.key, handle)
      : sync.runtime.httpResult(sync.context, sync.key, handle);
  if (pending.done) {
    return call.kind === "exec"
      ? { kind: "exec", result: pending.result as ExecResult }
      : { kind: "http", result: pending.result as HttpProbeResult, url: "", host: "", port: 0 };
  }
  if (sync.now >= call.deadlineMs) {
    if (call.kind === "exec") sync.runtime.execKill(sync.context, sync.key, handle);
    return { kind: "timeout" };
  }
  requeueAt(sync, call.deadlineMs);
  requeueAt(sync, pending.dueAtMs);
  return undefined;
}
