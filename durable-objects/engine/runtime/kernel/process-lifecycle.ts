/** Processes coming and going: pids, exits, orphans, the end of a container. */
import { processesPerPodMax } from "../../core/limits.ts";
import { Errno } from "../errno.ts";
import { usedMicroseconds } from "./cpu.ts";
import type { Kernel } from "./types.ts";
import { processKey } from "./process-key.ts";
import { nextHostPid } from "./process-view.ts";
import type { Process, Session } from "./state.ts";

function freePid(kernel: Kernel, ns: number): number {
  for (let tries = 0; tries < 100_000; tries++) {
    let pid = kernel.pod.nextPids[ns] ?? 1;
    if (pid > 32_767 && kernel.pod.hostPidBase === undefined) pid = 2;
    kernel.pod.nextPids[ns] =
      kernel.pod.hostPidBase === undefined ? pid + 1 : nextHostPid(kernel.pod.hostPidBase, pid);
    if (!kernel.pod.processes[processKey(ns, pid)]) return pid;
  }
  throw new Errno("EAGAIN");
}

/** Adds a process. EAGAIN when the Pod has too many. */
export function spawn(
  kernel: Kernel,
  process: Omit<Process, "pid" | "startedAtMs">,
  pid?: number,
): number {
  if (Object.keys(kernel.pod.processes).length >= processesPerPodMax) throw new Errno("EAGAIN");
  kernel.touch();
  const number = pid ?? freePid(kernel, process.pidNamespace);
  const key = processKey(process.pidNamespace, number);
  kernel.pod.processes[key] = { ...process, pid: number, startedAtMs: Math.round(kernel.now) };
  return key;
}

/** Takes away a process that its parent has asked about, or that nobody will ask about; its CPU counts on. */
export function remove(kernel: Kernel, key: number): void {
  const process = kernel.pod.processes[key];
  if (!process) return;
  if (process.exitStatus !== undefined) kernel.bereave(process.parent, -1);
  const container = kernel.pod.containers[process.container];
  const used = usedMicroseconds(process);
  if (container && used > 0) container.endedCpu = Math.round((container.endedCpu ?? 0) + used);
  delete kernel.pod.processes[key];
}

const fieldsOfTheLiving = [
  "wait",
  "pendingSignals",
  "stopped",
  "stopSignal",
  "stateChanged",
  "env",
  "localTimeMs",
  "syn",
] as const;

/** What a process bound ends with it: who waits there for an answer is hung up on, its own questions are nobody's. */
function letGo(kernel: Kernel, key: number): void {
  const { listeners, requests, processes } = kernel.pod;
  for (const handle of processes[key]?.wait?.answer?.split(" ") ?? []) delete requests[handle];
  for (const name in listeners) {
    if (listeners[name]?.process !== key) continue;
    delete listeners[name];
    for (const pending of Object.values(requests)) {
      const asked = name === `tcp/${pending.request.port}` && pending.connection === undefined;
      if (asked && !pending.response) pending.error ??= "reset";
    }
  }
}

/** Ends a process: its files close, its children go to PID 1, its parent may wait for it. */
export function exit(
  kernel: Kernel,
  key: number,
  code: number,
  signal?: number,
  reason?: string,
): void {
  const process = kernel.pod.processes[key];
  if (!process || process.exitStatus !== undefined) return;
  kernel.touch();
  kernel.files.closeAll(process);
  letGo(kernel, key);
  process.exitStatus = signal === undefined ? code & 255 : 256 * signal;
  kernel.bereave(process.parent, 1);
  process.state = null;
  for (const name of fieldsOfTheLiving) delete process[name];
  const init = processKey(process.pidNamespace, 1);
  for (const other in kernel.pod.processes) {
    const child = kernel.pod.processes[other];
    if (child?.parent !== key) continue;
    if (child.exitStatus !== undefined) kernel.remove(Number(other));
    else child.parent = key === init ? 0 : init;
  }
  if (process.container === "pause") {
    endNamespace(kernel, process.pidNamespace);
    return;
  }
  const container = kernel.pod.containers[process.container];
  if (container && container.root === key && !container.exit) {
    ended(kernel, process.container, key, code, signal, reason);
    return;
  }
  if (process.session !== undefined && kernel.pod.sessions[process.session]?.process === key) {
    const session = kernel.pod.sessions[process.session] as Session;
    session.exitCode = signal === undefined ? code & 255 : 128 + signal;
    kernel.remove(key);
    return;
  }
  const parent = kernel.pod.processes[process.parent];
  // Nobody waits for an orphan: PID 1 is taken to reap it at once, as every init does; a shell does it itself.
  if (
    !parent ||
    parent.exitStatus !== undefined ||
    (process.parent === init && !parent.wait?.childEnd && !kernel.program(parent).reaps)
  )
    kernel.remove(key);
  else notifyParent(kernel, process.parent);
}

/** The Pod's shared namespace goes with pause; the next container to start makes it anew. */
function endNamespace(kernel: Kernel, ns: number): void {
  for (const other in kernel.pod.processes)
    if (kernel.pod.processes[other]?.pidNamespace === ns) exit(kernel, Number(other), 0, 9);
  for (const other in kernel.pod.processes)
    if (kernel.pod.processes[other]?.pidNamespace === ns) kernel.remove(Number(other));
  delete kernel.pod.nextPids[ns];
}

function notifyParent(kernel: Kernel, key: number): void {
  const parent = kernel.pod.processes[key];
  if (parent && kernel.program(parent).handles?.(parent.state, 17)) kernel.kill(key, 17);
}

/** A container ends with its first process: the others are killed, its sessions ended. */
function ended(
  kernel: Kernel,
  containerKey: string,
  root: number,
  code: number,
  signal?: number,
  reason?: string,
): void {
  const container = kernel.pod.containers[containerKey];
  if (!container) return;
  const exitCode = signal === undefined ? code & 255 : 128 + signal;
  container.exit = {
    code: exitCode,
    ...(signal === undefined ? {} : { signal }),
    at: Math.round(kernel.now),
    reason: reason ?? (exitCode === 0 ? "Completed" : "Error"),
  };
  kernel.logs.finish(containerKey);
  kernel.remove(root);
  for (const other in kernel.pod.processes) {
    const process = kernel.pod.processes[other];
    if (process?.container === containerKey) exit(kernel, Number(other), 0, 9);
  }
  for (const other in kernel.pod.processes)
    if (kernel.pod.processes[other]?.container === containerKey) kernel.remove(Number(other));
  // A pid namespace goes with its first process: who joined it goes too.
  if (root === processKey(container.pidNamespace, 1))
    for (const other in kernel.pod.processes)
      if (kernel.pod.processes[other]?.pidNamespace === container.pidNamespace)
        exit(kernel, Number(other), 0, 9);
  for (const id in kernel.pod.sessions) {
    const session = kernel.pod.sessions[id];
    if (session?.container !== containerKey) continue;
    if (session.kind === "own") delete kernel.pod.sessions[id];
    else session.exitCode ??= session.kind === "attach" ? 0 : 137;
  }
  const message = kernel.container(containerKey).terminationMessage();
  if (message) container.exit.message = message;
}
