/**
 * Streams of kubectl exec, attach and run: what the API's WebSocket sessions drive. A session is a record of the Pod; its
 * bytes are read and written here, so that nothing but the open socket is lost when the object sleeps.
 */
import { binaryOf, bytesOf } from "./bytes.ts";
import type { RuntimeContext } from "./kernel/types.ts";
import { startExec, type ExecRequest } from "./launch.ts";
import { processKey } from "./kernel/process-key.ts";
import { within } from "./runtime.ts";
import { foreground, isSignalKey, terminalInput } from "./kernel/terminal.ts";
import type { PodRecord, Session } from "./kernel/state.ts";

/** Records of sessions that a connection holds. Key: `podKey sessionId`, or ` streamId`. */
export const sessionTable = "sessions";

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
    if (kernel.pod.containers[key]?.exit)
      return { error: "container is in CONTAINER_EXITED state" };
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
    const container = kernel.pod.containers[key ?? ""];
    if (key === undefined || !container) return absent;
    if (container.exit) return { error: "container is in CONTAINER_EXITED state" };
    const id = String(kernel.pod.next++);
    const own = kernel.pod.sessions[`c${key}`];
    kernel.pod.sessions[id] = {
      kind: "attach",
      container: key,
      input: "",
      stdout: "",
      stderr: "",
      ...(own?.tty ? { tty: true as const } : {}),
    };
    if (own && size.rows) Object.assign(own, size);
    kernel.touch();
    return { session: id };
  });
}

/** The session whose input a session's input is: an attach types into the container's own. */
function target(pod: PodRecord, id: string): Session | undefined {
  const session = pod.sessions[id];
  return session?.kind === "attach" ? pod.sessions[`c${session.container}`] : session;
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
    if (!session || session.inputEnded) return;
    kernel.touch();
    if (session.tty) terminalInput(kernel, session, binaryOf(bytes));
    else session.input += binaryOf(bytes);
    kernel.run();
  });
}

/** How much input a session holds that nobody has read: the adapter stops reading its socket beyond a limit. */
export function sessionBacklog(context: RuntimeContext, podKey: string, id: string): number {
  const pod = context.records.get<Partial<PodRecord>>("runtime", podKey);
  return pod?.sessions?.[id]?.input.length ?? 0;
}

/** Which of these bytes are keys that a session's terminal makes signals of, and holds in no buffer. */
export function signalKeysIn(
  context: RuntimeContext,
  podKey: string,
  id: string,
  bytes: Uint8Array,
): Uint8Array {
  const pod = context.records.get<Partial<PodRecord>>("runtime", podKey);
  const session = pod?.sessions?.[id];
  return session?.tty && !session.noSignals
    ? bytes.filter((byte) => isSignalKey(byte))
    : new Uint8Array();
}

/**
 * Lets a session's command read on, however slow its container may be: its client has sent far ahead, and only what
 * takes the machine's time holds a client back. What is read costs CPU as ever.
 */
export function sessionDrainInput(context: RuntimeContext, podKey: string, id: string): void {
  within(context, podKey, undefined, (kernel) => {
    const { process: first } = kernel.pod.sessions[id] ?? {};
    const started = kernel.pod.processes[String(first)];
    if (!started) return;
    kernel.touch();
    const family = new Set([processKey(started.pidNamespace, started.pid)]);
    for (const process of Object.values(kernel.pod.processes)) {
      const key = processKey(process.pidNamespace, process.pid);
      if (family.has(process.parent)) family.add(key);
      if (family.has(key) && process.localTimeMs !== undefined) {
        process.localTimeMs = Math.min(process.localTimeMs, context.now);
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
    const session = kernel.pod.sessions[id];
    const input = target(kernel.pod, id);
    if (!session || !input) return;
    kernel.touch();
    if (session.kind === "attach") {
      if (kernel.pod.containers[session.container]?.spec.stdinOnce && !input.tty)
        input.inputEnded = true;
      else session.exitCode ??= 0;
    } else if (input.tty) input.input += "\x04";
    else input.inputEnded = true;
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
    foreground(kernel, session, 28);
    kernel.run();
  });
}

/** Takes the output so far. Once that includes the exit the session is forgotten. Undefined: no such session. */
export function sessionOutput(
  context: RuntimeContext,
  podKey: string,
  id: string,
): SessionOutput | undefined {
  const pod = context.records.get<Partial<PodRecord>>("runtime", podKey);
  const seen = pod?.sessions?.[id];
  if (!seen) return undefined;
  const none = { stdout: new Uint8Array(), stderr: new Uint8Array() };
  if (seen.stdout === "" && seen.stderr === "" && seen.exitCode === undefined) return none;
  return within<SessionOutput>(context, podKey, none, (kernel) => {
    const session = kernel.pod.sessions[id];
    if (!session) return none;
    const out: SessionOutput = { stdout: bytesOf(session.stdout), stderr: bytesOf(session.stderr) };
    session.stdout = "";
    session.stderr = "";
    kernel.touch();
    if (session.exitCode !== undefined) {
      out.exit = session.exitCode;
      delete kernel.pod.sessions[id];
      return out;
    }
    kernel.run();
    return out;
  });
}

/** The user's side is gone. A command on a terminal gets SIGHUP; others read what was said, and see their streams end. */
export function sessionEnd(context: RuntimeContext, podKey: string, id: string): void {
  sessionDrainInput(context, podKey, id);
  within(context, podKey, undefined, (kernel) => {
    const session = kernel.pod.sessions[id];
    if (!session) return;
    kernel.touch();
    if (
      session.kind === "exec" &&
      session.process !== undefined &&
      session.exitCode === undefined
    ) {
      if (session.tty)
        for (const name in kernel.pod.processes) {
          const process = kernel.pod.processes[name];
          if (process?.session !== id) continue;
          kernel.kill(Number(name), 1);
          // A stopped one hears of it.
          if (process.stopped) kernel.kill(Number(name), 18);
        }
      session.inputEnded = true;
      if (session.tty) session.input = "";
      kernel.run();
    }
    delete kernel.pod.sessions[id];
  });
}

/** Kills what belongs to a session as of a segmentation fault, and forgets it; nothing runs. */
export function sessionKill(context: RuntimeContext, podKey: string, id: string): void {
  within(context, podKey, undefined, (kernel) => {
    if (!kernel.pod.sessions[id]) return;
    kernel.touch();
    for (const name in kernel.pod.processes)
      if (kernel.pod.processes[name]?.session === id) kernel.exit(Number(name), 0, 11);
    delete kernel.pod.sessions[id];
  });
}
