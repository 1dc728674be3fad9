/** Processes coming and going: pids, exits, orphans, the end of a container. */
import { processesPerPodMax } from "../../core/limits.ts";
import { Errno } from "../errno.ts";
import type { Kernel } from "./types.ts";
import { processKey } from "./process-key.ts";
import { nextHostPid } from "./process-view.ts";
import type { Process, Session } from "./state.ts";

function freePid(kernel: Kernel, ns: number): number {
  for (let tries = 0; tries < 100_000; tries++) {
    let pid = kernel.pod.ns[ns] ?? 1;
    if (pid > 32_767 && kernel.pod.hp === undefined) pid = 2;
    kernel.pod.ns[ns] = kernel.pod.hp === undefined ? pid + 1 : nextHostPid(kernel.pod.hp, pid);
    if (!kernel.pod.ps[processKey(ns, pid)]) return pid;
  }
  throw new Errno("EAGAIN");
}

/** Adds a process. EAGAIN when the Pod has too many. */
export function spawn(kernel: Kernel, process: Omit<Process, "pid" | "t">, pid?: number): number {
  if (Object.keys(kernel.pod.ps).length >= processesPerPodMax) throw new Errno("EAGAIN");
  kernel.touch();
  const number = pid ?? freePid(kernel, process.ns);
  const key = processKey(process.ns, number);
  kernel.pod.ps[key] = { ...process, pid: number, t: Math.round(kernel.now) };
  return key;
}

/** Ends a process: its files close, its children go to PID 1, its parent may wait for it. */
export function exit(
  kernel: Kernel,
  key: number,
  code: number,
  signal?: number,
  reason?: string,
): void {
  const process = kernel.pod.ps[key];
  if (!process || process.z !== undefined) return;
  kernel.touch();
  kernel.files.closeAll(process);
  kernel.files.forget(key);
  process.z = signal === undefined ? code & 255 : 256 * signal;
  process.s = null;
  for (const name of ["w", "sig", "st", "e", "lt", "syn"] as const) delete process[name];
  const init = processKey(process.ns, 1);
  for (const other in kernel.pod.ps) {
    const child = kernel.pod.ps[other];
    if (child?.pp !== key) continue;
    if (child.z !== undefined) kernel.remove(Number(other));
    else child.pp = key === init ? 0 : init;
  }
  if (process.c === "pause") {
    endNamespace(kernel, process.ns);
    return;
  }
  const container = kernel.pod.cs[process.c];
  if (container && container.root === key && !container.x) {
    ended(kernel, process.c, key, code, signal, reason);
    return;
  }
  if (process.se !== undefined && kernel.pod.se[process.se]?.p === key) {
    const session = kernel.pod.se[process.se] as Session;
    session.x = signal === undefined ? code & 255 : 128 + signal;
    kernel.remove(key);
    return;
  }
  const parent = kernel.pod.ps[process.pp];
  // Nobody waits for an orphan: PID 1 is taken to reap it at once, as every init does.
  if (
    !parent ||
    parent.z !== undefined ||
    (process.pp === init && !parent.w?.ch && parent.p !== "sh")
  )
    kernel.remove(key);
  else notifyParent(kernel, process.pp);
}

/** The Pod's shared namespace goes with pause; the next container to start makes it anew. */
function endNamespace(kernel: Kernel, ns: number): void {
  for (const other in kernel.pod.ps)
    if (kernel.pod.ps[other]?.ns === ns) exit(kernel, Number(other), 0, 9);
  for (const other in kernel.pod.ps)
    if (kernel.pod.ps[other]?.ns === ns) kernel.remove(Number(other));
  delete kernel.pod.ns[ns];
}

function notifyParent(kernel: Kernel, key: number): void {
  const parent = kernel.pod.ps[key];
  if (parent && kernel.program(parent).handles?.(parent.s, 17)) kernel.kill(key, 17);
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
  const container = kernel.pod.cs[containerKey];
  if (!container) return;
  const exitCode = signal === undefined ? code & 255 : 128 + signal;
  container.x = {
    code: exitCode,
    ...(signal === undefined ? {} : { signal }),
    at: Math.round(kernel.now),
    reason: reason ?? (exitCode === 0 ? "Completed" : "Error"),
  };
  kernel.logs.finish(containerKey);
  kernel.remove(root);
  for (const other in kernel.pod.ps) {
    const process = kernel.pod.ps[other];
    if (process?.c === containerKey) exit(kernel, Number(other), 0, 9);
  }
  for (const other in kernel.pod.ps)
    if (kernel.pod.ps[other]?.c === containerKey) kernel.remove(Number(other));
  // A pid namespace goes with its first process: who joined it goes too.
  if (root === processKey(container.ns, 1))
    for (const other in kernel.pod.ps)
      if (kernel.pod.ps[other]?.ns === container.ns) exit(kernel, Number(other), 0, 9);
  for (const id in kernel.pod.se) {
    const session = kernel.pod.se[id];
    if (session?.c !== containerKey) continue;
    if (session.k === "own") delete kernel.pod.se[id];
    else session.x ??= session.k === "attach" ? 0 : 137;
  }
  const message = kernel.container(containerKey).terminationMessage();
  if (message) container.x.message = message;
}
