/**
 * Probes as a state machine, one ProbeRecord per container and kind.
 *
 * When does a probe run? An exec probe runs at every period: its script may depend on anything. A tcp, http or grpc
 * probe asks the Pod's own processes, so its answer can only change when something in the Pod does. Once its result
 * has held for its threshold it goes idle: it keeps the Pod's fingerprint (what runs and what listens) and no due
 * time. Every look at the Pod, which the runtime causes whenever a process moves, compares the fingerprint; a changed
 * one puts the probe back on its period grid, and so does (as long as the runtime has no fingerprint of its own) a look
 * that was not due: somebody reached into the Pod, by exec or a request, and woke the kubelet. So a converged sandbox
 * without exec probes has no probe alarms and writes no probe rows, and a changed one sees every result at the moment
 * a real kubelet would.
 *
 * k8s: pkg/kubelet/prober/worker.go doProbe, prober.go, pkg/probe
 */
import { folderOf } from "../../core/trim.ts";
import { probeOutputBytesMax, probeRedirectsMax, relistMs } from "../../core/limits.ts";
import { goDuration } from "../../machinery/duration.ts";
import {
  type HttpAction,
  type Outcome,
  httpUrl,
  joinHost,
  pollCall,
  resolvePort,
  startExec,
  startHttp,
} from "./probe-calls.ts";
import { isOwnHost } from "../../runtime/runtime-port.ts";
import { isStarted, showsRunning } from "../container-status.ts";
import type { ContainerRecord, PodRecord, ProbeKind, ProbeRecord } from "../record.ts";
import type { Container, ContainerKind, Probe } from "../../kinds/pod/types.ts";
import { type Sync, containerEvent, requeueAt } from "../sync.ts";

type Result = { result: "success" | "failure" | "unknown"; output: string; warning?: boolean };

const titles: Record<ProbeKind, string> = {
  startup: "Startup",
  liveness: "Liveness",
  readiness: "Readiness",
};

/** The failed probe that asks for a restart, if any. */
export type Verdict = "liveness" | "startup" | undefined;

export function specOf(container: Container, kind: ProbeKind): Probe | undefined {
  if (kind === "startup") return container.startupProbe;
  return kind === "liveness" ? container.livenessProbe : container.readinessProbe;
}

/** Changes whenever a tcp, http or grpc probe of the container could answer differently. */
function fingerprint(sync: Sync, container: Container): string {
  const told = sync.runtime.fingerprint?.(sync.context, sync.key);
  if (told !== undefined) return told;
  const parts: string[] = [`move:${sync.nextMoveMs ?? ""}`];
  for (const [name, c] of Object.entries(sync.record.containers)) {
    parts.push(`${name}:${c.state}:${c.restarts}`);
  }
  for (const port of probedPorts(container)) {
    parts.push(`${port}:${sync.runtime.listening(sync.context, sync.key, port) ? 1 : 0}`);
  }
  return parts.join(",");
}

function probedPorts(container: Container): Set<number> {
  const ports = new Set<number>();
  for (const spec of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    const grpc = (spec as { grpc?: { port: number } } | undefined)?.grpc;
    const asked = spec?.httpGet?.port ?? spec?.tcpSocket?.port ?? grpc?.port;
    const port = asked === undefined ? asked : resolvePort(container, asked as number | string);
    if (typeof port === "number") ports.add(port);
  }
  return ports;
}

/** Without the runtime's own fingerprint any touch may have changed what servers answer. */
const mayHaveChanged = (sync: Sync): boolean => sync.wokenExternally && !sync.runtime.fingerprint;

export function hasIdleProbe(record: PodRecord): boolean {
  return Object.values(record.containers).some((container) =>
    Object.values(container.probes ?? {}).some((probe) => probe.idleFingerprint !== undefined),
  );
}

/** Runs what is due of a container's probes. `dying`: liveness and startup have stopped, readiness goes on. */
export function runProbes(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  dying: boolean,
): Verdict {
  if (!showsRunning(record) || record.kill?.restart) return undefined;
  let verdict: Verdict;
  let print: string | undefined;
  for (const probe of ["startup", "liveness", "readiness"] as const) {
    const spec = specOf(container, probe);
    if (!spec) continue;
    if (dying && probe !== "readiness") {
      if (record.probes?.[probe]?.idleFingerprint !== undefined) {
        delete record.probes[probe].idleFingerprint;
        sync.runtime.stopProbeHits?.(sync.context, sync.key, `${container.name}/${probe}`);
      }
      continue;
    }
    const started = isStarted(container, record);
    if (probe === "startup" ? started : !started) continue;
    print ??= fingerprint(sync, container);
    const state = ((record.probes ??= {})[probe] ??= { run: 0 });
    if (step(sync, container, kind, record, probe, spec, state, print) === "kill") {
      verdict ??= probe === "readiness" ? undefined : probe;
    }
  }
  return verdict;
}

function periodMs(spec: Probe): number {
  return (spec.periodSeconds ?? 10) * 1000;
}

/**
 * First attempt after a start: after the initial delay; without one readiness and startup are tried as soon as the
 * kubelet has seen the container run, liveness at its first period.
 */
function firstAt(record: ContainerRecord, probe: ProbeKind, spec: Probe, nowMs: number): number {
  const began = record.startedAtMs ?? nowMs;
  if (spec.initialDelaySeconds) return began + spec.initialDelaySeconds * 1000;
  return began + (probe === "liveness" ? periodMs(spec) : relistMs);
}

/** The next moment after now on the probe's grid. */
function nextOnGrid(record: ContainerRecord, probe: ProbeKind, spec: Probe, nowMs: number): number {
  const first = firstAt(record, probe, spec, nowMs);
  if (nowMs < first) return first;
  const period = periodMs(spec);
  return first + (Math.floor((nowMs - first) / period) + 1) * period;
}

function step(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  probe: ProbeKind,
  spec: Probe,
  state: ProbeRecord,
  print: string,
): "kill" | undefined {
  if (state.idleFingerprint !== undefined) {
    if (state.idleFingerprint === print && !mayHaveChanged(sync)) return undefined;
    const counts = attemptsOf(state, spec, sync.now);
    if (counts) state.counts = counts;
    delete state.idleFingerprint;
    delete state.idleFromMs;
    sync.runtime.stopProbeHits?.(sync.context, sync.key, `${container.name}/${probe}`);
    state.nextAtMs = nextOnGrid(record, probe, spec, sync.now);
  }
  state.nextAtMs ??= Math.max(sync.now, firstAt(record, probe, spec, sync.now));
  if (!state.call && sync.now < state.nextAtMs) {
    requeueAt(sync, state.nextAtMs);
    return undefined;
  }
  const result = attempt(sync, container, record, spec, state);
  if (!result) return undefined;
  delete state.call;
  state.counts = counted(state.counts, result.result, 1);
  const act = conclude(sync, container, kind, probe, spec, state, result);
  state.nextAtMs = nextOnGrid(record, probe, spec, sync.now);
  const settled = state.ok === (state.last === "success") && state.run > 0;
  // A probe that itself changed what runs may find something else the next time.
  const idles =
    act !== "kill" && settled && !spec.exec && isOwn(sync, spec) && result.result !== "unknown";
  if (idles && fingerprint(sync, container) === print) {
    state.idleFingerprint = print;
    state.run = Math.min(state.run, 1);
    if (probe !== "startup") startHits(sync, container, probe, spec, state.nextAtMs);
    state.idleFromMs = state.nextAtMs;
    delete state.nextAtMs;
    return undefined;
  }
  requeueAt(sync, state.nextAtMs);
  return act;
}

const isOwn = ({ record }: Sync, { httpGet }: Probe): boolean =>
  isOwnHost(record.ip ?? "", httpGet?.host ?? "");

const columns = { success: 0, failure: 1, unknown: 2 };

type Counts = NonNullable<ProbeRecord["counts"]>;

function counted(before: Counts | undefined, result: Result["result"], attempts: number): Counts {
  const counts: Counts = before ? [...before] : [0, 0, 0];
  counts[columns[result]] = (counts[columns[result]] as number) + attempts;
  return counts;
}

/** Attempts so far, by result: successes, failures, others; a probe that idles has gone on as it was. Undefined: none. */
export function attemptsOf(state: ProbeRecord, spec: Probe, nowMs: number): Counts | undefined {
  const { idleFromMs = Infinity, counts, last = "success" } = state;
  if (nowMs < idleFromMs) return counts;
  return counted(counts, last, Math.floor((nowMs - idleFromMs) / periodMs(spec)) + 1);
}

/** The server's log goes on as if it were asked. */
function startHits(
  sync: Sync,
  container: Container,
  kind: ProbeKind,
  spec: Probe,
  nextMs: number,
): void {
  const action = spec.httpGet as HttpAction | undefined;
  const port = action && resolvePort(container, action.port);
  if (!action || typeof port !== "number") return;
  const given = action.path ?? "/";
  const path = given.startsWith("/") ? given : `/${given}`;
  const probe = `${container.name}/${kind}`;
  const hits = { probe, port, path, nextMs, periodMs: periodMs(spec) };
  sync.runtime.startProbeHits?.(sync.context, sync.key, hits);
}

/** k8s: worker.go doProbe from the result on, prober.go probe for the events. */
function conclude(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  probe: ProbeKind,
  spec: Probe,
  state: ProbeRecord,
  { result, output, warning }: Result,
): "kill" | undefined {
  const title = titles[probe];
  if (result === "unknown") {
    const message = `${title} probe errored and resulted in unknown state: ${output}`;
    containerEvent(sync, container, kind, "Warning", "Unhealthy", message);
    return undefined;
  }
  if (result === "failure") {
    const message = `${title} probe failed: ${output}`;
    containerEvent(sync, container, kind, "Warning", "Unhealthy", message);
  } else if (warning) {
    const message = `${title} probe warning: ${output}`;
    containerEvent(sync, container, kind, "Warning", "ProbeWarning", message);
  }
  state.run = state.last === result ? state.run + 1 : 1;
  state.last = result;
  const threshold =
    result === "failure" ? (spec.failureThreshold ?? 3) : (spec.successThreshold ?? 1);
  if (state.run < threshold) return undefined;
  state.ok = result === "success";
  // Beyond the threshold the count says nothing more, and a record that stays the same is not written.
  state.run = threshold;
  return result === "failure" && probe !== "readiness" ? "kill" : undefined;
}

function attempt(
  sync: Sync,
  container: Container,
  record: ContainerRecord,
  spec: Probe,
  state: ProbeRecord,
): Result | undefined {
  const timeoutMs = (spec.timeoutSeconds ?? 1) * 1000;
  if (spec.exec) return attemptExec(sync, record, spec.exec.command ?? [], state, timeoutMs);
  if (spec.httpGet)
    return attemptHttp(sync, container, spec.httpGet as HttpAction, state, timeoutMs);
  if (spec.tcpSocket) {
    const port = resolvePort(container, spec.tcpSocket.port as number | string);
    if (typeof port !== "number") return { result: "unknown", output: port.error };
    const host = spec.tcpSocket.host ?? sync.record.ip ?? "";
    if (sync.runtime.listening(sync.context, sync.key, port))
      return { result: "success", output: "" };
    const output = `dial tcp ${joinHost(host, port)}: connect: connection refused`;
    return { result: "failure", output };
  }
  const grpc = (spec as { grpc?: { port: number; service?: string } }).grpc;
  if (grpc) return attemptGrpc(sync, grpc.port, grpc.service ?? "", timeoutMs);
  return { result: "unknown", output: `missing probe handler for ${sync.key}:${container.name}` };
}

const cut = (text: string): string =>
  text.length > probeOutputBytesMax ? text.slice(0, probeOutputBytesMax) : text;

function attemptExec(
  sync: Sync,
  record: ContainerRecord,
  command: string[],
  state: ProbeRecord,
  timeoutMs: number,
): Result | undefined {
  if (!state.call) {
    const call = startExec(sync, record, command, sync.now + timeoutMs);
    if ("error" in call) return { result: "unknown", output: call.error };
    state.call = call;
  }
  const outcome = pollCall(sync, state.call);
  if (!outcome) return undefined;
  if (outcome.kind !== "exec") {
    const output = `command timed out: "${command.join(" ")}" timed out after ${goDuration(timeoutMs)}`;
    return { result: "failure", output };
  }
  const { exitCode, stdout, stderr } = outcome.result;
  const output = cut(stdout + stderr);
  return { result: exitCode === 0 ? "success" : "failure", output };
}

function attemptHttp(
  sync: Sync,
  container: Container,
  action: HttpAction,
  state: ProbeRecord,
  timeoutMs: number,
): Result | undefined {
  const port = resolvePort(container, action.port);
  if (typeof port !== "number") return { result: "unknown", output: port.error };
  const asked = { ...action, host: action.host || (sync.record.ip ?? ""), port };
  state.call ??= startHttp(sync, asked, asked.host, port, sync.now + timeoutMs);
  for (;;) {
    const outcome = pollCall(sync, state.call);
    if (!outcome) return undefined;
    const { host, port: at, ...rest } = { ...asked, ...state.call.hop };
    const url = httpUrl(rest as HttpAction, host, at);
    const next = redirectOf(outcome, url);
    if (!next) return judgeHttp(outcome, url, joinHost(host, at));
    const count = (state.call.hop?.count ?? 0) + 1;
    if (count > probeRedirectsMax)
      return { result: "failure", output: `Get "${next.url}": stopped after 10 redirects` };
    const { deadlineMs } = state.call;
    state.call = startHttp(sync, { ...asked, ...next.target }, host, next.target.port, deadlineMs);
    state.call.hop = { ...next.target, count };
  }
}

interface Redirect {
  target: { host: string; port: number; path: string; scheme: string };
  url: string;
}

/** Where a redirect within the probed host leads; one to elsewhere is not followed. k8s: pkg/probe/http RedirectChecker */
function redirectOf(outcome: Outcome, url: string): Redirect | undefined {
  if (outcome.kind !== "http") return undefined;
  const { status = 0, location } = outcome.result;
  if (status < 300 || status >= 400 || !location) return undefined;
  const [, from = "http", host = "", port, path = "/"] =
    /^(https?):\/\/(\[[^\]]+\]|[^/:]+)(?::(\d+))?(\/.*)?$/.exec(url) ?? [];
  const given = /^(https?):\/\/(\[[^\]]+\]|[^/:?]+)(?::(\d+))?([^]*)/.exec(location);
  if (given && given[2] !== host) return undefined;
  const scheme = given?.[1] ?? from;
  const to = given ? given[3] : port;
  const relative = location.startsWith("/") ? location : `${folderOf(path)}${location}`;
  const target = {
    host: host.replace(/^\[|\]$/g, ""),
    port: Number(to ?? (scheme === "https" ? 443 : 80)),
    path: given ? given[4] || "/" : relative,
    scheme: scheme.toUpperCase(),
  };
  return { target, url: httpUrl(target, target.host, target.port) };
}

/** k8s: pkg/probe/http/http.go DoHTTPProbe */
function judgeHttp(outcome: Outcome, url: string, address: string): Result {
  const late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  if (outcome.kind !== "http") return { result: "failure", output: `Get "${url}": ${late}` };
  const { status, body, error } = outcome.result;
  if (status === undefined) {
    const text = error ?? late;
    const detail = text.startsWith("connect:") ? `dial tcp ${address}: ${text}` : text;
    return { result: "failure", output: `Get "${url}": ${detail}` };
  }
  if (status >= 300 && status < 400) {
    const output = `Probe terminated redirects, Response body: ${cut(body ?? "")}`;
    return { result: "success", output, warning: true };
  }
  if (status >= 200 && status < 300) return { result: "success", output: cut(body ?? "") };
  return { result: "failure", output: `HTTP probe failed with statuscode: ${status}` };
}

/** k8s: pkg/probe/grpc/grpc.go Probe */
function attemptGrpc(sync: Sync, port: number, service: string, timeoutMs: number): Result {
  const answer = sync.runtime.grpcHealth(sync.context, sync.key, port, service);
  const address = joinHost(sync.record.ip ?? "", port);
  if ("error" in answer) {
    if (!answer.error.startsWith("connect:")) return { result: "failure", output: answer.error };
    const text = `timeout: failed to connect service "${address}" within ${goDuration(timeoutMs)}: context deadline exceeded`;
    return { result: "failure", output: text };
  }
  if (answer.status === "SERVING") return { result: "success", output: "service healthy" };
  return { result: "failure", output: `service unhealthy (responded with "${answer.status}")` };
}
