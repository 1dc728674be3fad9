/**
 * Streams of kubectl exec, attach and run: what the API's WebSocket sessions drive. A session is a record of the Pod; its
 * bytes are read and written here, so that nothing but the open socket is lost when the object sleeps.
 */
import { binaryOf, bytesOf } from "./bytes.ts";
import type { RuntimeContext } from "./kernel/types.ts";
import { startExec, type ExecRequest } from "./launch.ts";
import { processKey } from "./kernel/process-key.ts";
import { within } from "./runtime.ts";
import { terminalInput } from "./kernel/terminal.ts";
import type { PodRecord, Session } from "./kernel/state.ts";

export interface SessionOutput {
  stdout: Uint8Array;
  stderr: Uint8Array;
  /** Exit code, once the command is over and all output was taken. Attached: 0 when the container ended. */
  exit?: number;
}

/** Starts a command; its first output may be there at once. The error is the runtime's text for the API's status. */
export function execSession(
  context: RuntimeContext,
  podKey: string,
  containerId: string,
  request: ExecRequest,
): { session: string } | { error: string } {
  const absent = { error: `container not found ("${containerId.slice(0, 12)}")` };
  return within<{ session: string } | { error: string }>(context, podKey, absent, (kernel) => {
    const key = kernel.containerKey(containerId);
    if (key === undefined) return absent;
    if (kernel.pod.cs[key]?.x) return { error: "container is in CONTAINER_EXITED state" };
    const started = startExec(kernel, key, request);
    kernel.touch();
    kernel.run();
    return "error" in started ? { error: started.error } : started;
  });
}

/** Attaches to a container's own streams: output from now on, and its standard input where it has one. */
export function attachSession(
  context: RuntimeContext,
  podKey: string,
  containerId: string,
  size: { rows?: number; cols?: number } = {},
): { session: string } | { error: string } {
  const absent = { error: `container not found ("${containerId.slice(0, 12)}")` };
  return within<{ session: string } | { error: string }>(context, podKey, absent, (kernel) => {
    const key = kernel.containerKey(containerId);
    const container = kernel.pod.cs[key ?? ""];
    if (key === undefined || !container) return absent;
    if (container.x) return { error: "container is in CONTAINER_EXITED state" };
    const id = String(kernel.pod.next++);
    const own = kernel.pod.se[`c${key}`];
    kernel.pod.se[id] = {
      k: "attach",
      c: key,
      i: "",
      o: "",
      e: "",
      ...(own?.tty ? { tty: true as const } : {}),
    };
    if (own && size.rows) Object.assign(own, size);
    kernel.touch();
    return { session: id };
  });
}

/** The session whose input a session's input is: an attach types into the container's own. */
function target(pod: PodRecord, id: string): Session | undefined {
  const session = pod.se[id];
  return session?.k === "attach" ? pod.se[`c${session.c}`] : session;
}

/** Bytes from the user; a terminal's go through its line discipline. */
export function sessionInput(
  context: RuntimeContext,
  podKey: string,
  id: string,
  bytes: Uint8Array,
): void {
  within(context, podKey, undefined, (kernel) => {
    const session = target(kernel.pod, id);
    if (!session || session.ie) return;
    kernel.touch();
    if (session.tty) terminalInput(kernel, session, binaryOf(bytes));
    else session.i += binaryOf(bytes);
    kernel.run();
  });
}

/** How much input a session holds that nobody has read: the adapter stops reading its socket beyond a limit. */
export function sessionBacklog(context: RuntimeContext, podKey: string, id: string): number {
  const pod = context.records.get<Partial<PodRecord>>("runtime", podKey);
  return pod?.se?.[id]?.i.length ?? 0;
}

/**
 * Lets a session's command read on, however slow its container may be: its client has sent far ahead, and only what
 * takes the machine's time holds a client back. What is read costs CPU as ever.
 */
export function sessionDrainInput(context: RuntimeContext, podKey: string, id: string): void {
  within(context, podKey, undefined, (kernel) => {
    const { p: first } = kernel.pod.se[id] ?? {};
    const started = kernel.pod.ps[String(first)];
    if (!started) return;
    kernel.touch();
    const family = new Set([processKey(started.ns, started.pid)]);
    for (const process of Object.values(kernel.pod.ps)) {
      const key = processKey(process.ns, process.pid);
      if (family.has(process.pp)) family.add(key);
      if (family.has(key) && process.lt !== undefined) {
        process.lt = Math.min(process.lt, context.now);
      }
    }
    kernel.run();
  });
}

/**
 * The user's side has ended its input. With `stdinOnce` the container's own ends with the first attach that does so;
 * any other attach is over then. k8s: containerd internal/cri/io/container_io.go Attach
 */
export function sessionCloseInput(context: RuntimeContext, podKey: string, id: string): void {
  within(context, podKey, undefined, (kernel) => {
    const session = kernel.pod.se[id];
    const input = target(kernel.pod, id);
    if (!session || !input) return;
    kernel.touch();
    if (session.k === "attach") {
      if (kernel.pod.cs[session.c]?.spec.stdinOnce && !input.tty) input.ie = true;
      else session.x ??= 0;
    } else if (input.tty) input.i += "\x04";
    else input.ie = true;
    kernel.run();
  });
}

/** Sets the terminal's size, in characters. */
export function sessionResize(
  context: RuntimeContext,
  podKey: string,
  id: string,
  cols: number,
  rows: number,
): void {
  within(context, podKey, undefined, (kernel) => {
    const session = target(kernel.pod, id);
    if (!session || (session.cols === cols && session.rows === rows)) return;
    session.cols = cols;
    session.rows = rows;
    kernel.touch();
  });
}

/** Takes the output so far. Once that includes the exit the session is forgotten. Undefined: no such session. */
export function sessionOutput(
  context: RuntimeContext,
  podKey: string,
  id: string,
): SessionOutput | undefined {
  const pod = context.records.get<Partial<PodRecord>>("runtime", podKey);
  const seen = pod?.se?.[id];
  if (!seen) return undefined;
  const none = { stdout: new Uint8Array(), stderr: new Uint8Array() };
  if (seen.o === "" && seen.e === "" && seen.x === undefined) return none;
  return within<SessionOutput>(context, podKey, none, (kernel) => {
    const session = kernel.pod.se[id];
    if (!session) return none;
    const out: SessionOutput = { stdout: bytesOf(session.o), stderr: bytesOf(session.e) };
    session.o = "";
    session.e = "";
    kernel.touch();
    if (session.x !== undefined) {
      out.exit = session.x;
      delete kernel.pod.se[id];
      return out;
    }
    kernel.run();
    return out;
  });
}

/** The user's side is gone. A command on a terminal gets SIGHUP; others see their streams end. */
export function sessionEnd(context: RuntimeContext, podKey: string, id: string): void {
  within(context, podKey, undefined, (kernel) => {
    const session = kernel.pod.se[id];
    if (!session) return;
    kernel.touch();
    if (session.k === "exec" && session.p !== undefined && session.x === undefined) {
      if (session.tty)
        for (const name in kernel.pod.ps)
          if (kernel.pod.ps[name]?.se === id) kernel.kill(Number(name), 1);
      session.ie = true;
      session.i = "";
      kernel.run();
    }
    delete kernel.pod.se[id];
  });
}

/** Kills what belongs to a session as of a segmentation fault, and forgets it; nothing runs. */
export function sessionKill(context: RuntimeContext, podKey: string, id: string): void {
  within(context, podKey, undefined, (kernel) => {
    if (!kernel.pod.se[id]) return;
    kernel.touch();
    for (const name in kernel.pod.ps)
      if (kernel.pod.ps[name]?.se === id) kernel.exit(Number(name), 0, 11);
    delete kernel.pod.se[id];
  });
}
