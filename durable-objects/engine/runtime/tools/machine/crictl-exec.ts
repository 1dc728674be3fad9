/**
 * crictl exec: a command in a container of the node, whose session in the Pod's record is looked after from here. With -i it is given
 * what is typed, with -t it has a terminal of its own. cri-tools: cmd/crictl/exec.go
 */
import { execPollMsMax, execPollMsMin, sessionInputBytesMax } from "../../../core/limits.ts";
import type { Kernel, Sys } from "../../kernel/types.ts";
import type { Session } from "../../kernel/state.ts";
import { foreground, terminalInput } from "../../kernel/terminal.ts";
import { startExec } from "../../launch.ts";
import type { NodeContainer } from "../../node/containers.ts";
import type { Io } from "../tool.ts";

/** A command under way. */
export interface RunningExec {
  pod: string;
  session: string;
  tty: boolean;
  /** Standard input is to be read. */
  reads: boolean;
  /** How long it waits before it looks again. */
  pollMs: number;
}

/** Starts it; the runtime's reason why it cannot be. */
export function beginExec(
  io: Io,
  found: NodeContainer,
  command: string[],
  { tty, stdin }: { tty: boolean; stdin: boolean },
): RunningExec | { error: string } {
  const { kernel } = io.sys;
  const other = kernel.otherPod(found.pod);
  if (!other) return { error: "container not found" };
  const terminal = io.sys.terminal(0);
  const size =
    tty && terminal?.cols && terminal.rows ? { cols: terminal.cols, rows: terminal.rows } : {};
  const started = startExec(other, found.key, { command, tty, stdin, ...size });
  leave(io.sys, other, found.pod);
  if ("error" in started) return started;
  if (tty && stdin && terminal) {
    terminal.raw = true;
    terminal.noSignals = true;
  }
  return { pod: found.pod, session: started.session, tty, reads: stdin, pollMs: execPollMsMin };
}

function leave(sys: Sys, other: Kernel, pod: string): void {
  other.touch();
  other.run();
  other.save();
  sys.kernel.context.wakePod(pod, other.pod.due);
}

/** Gives it what was typed; whether there was anything. */
function type(sys: Sys, running: RunningExec, other: Kernel, session: Session): boolean {
  let some = false;
  while (running.reads && session.input.length < sessionInputBytesMax) {
    const data = sys.read(0);
    if (data === undefined) break;
    some = true;
    if (data === "") {
      running.reads = false;
      if (running.tty) session.input += "\x04";
      else session.inputEnded = true;
    } else if (running.tty) terminalInput(other, session, data);
    else session.input += data;
  }
  return some;
}

function resize(sys: Sys, running: RunningExec, other: Kernel, session: Session): void {
  const { cols, rows } = sys.terminal(0) ?? {};
  if (!running.tty || !cols || !rows || (session.cols === cols && session.rows === rows)) return;
  Object.assign(session, { cols, rows });
  foreground(other, session, 28);
}

/** Moves what there is both ways; its exit code once it is over. */
export function goOn(sys: Sys, io: Io, running: RunningExec): number | undefined {
  const other = sys.kernel.otherPod(running.pod);
  const session = other?.pod.sessions[running.session];
  if (!other || !session) return end(sys, running, 1);
  resize(sys, running, other, session);
  let busy = type(sys, running, other, session);
  if (busy) other.run();
  // A terminal here adds the carriage returns that the one there has added.
  const shown = (text: string, fd: number): string =>
    running.tty && sys.terminal(fd) ? text.replaceAll("\r\n", "\n") : text;
  busy ||= session.stdout !== "" || session.stderr !== "";
  io.out(shown(session.stdout, 1));
  io.err(shown(session.stderr, 2));
  session.stdout = "";
  session.stderr = "";
  const { exitCode } = session;
  if (exitCode !== undefined) delete other.pod.sessions[running.session];
  leave(sys, other, running.pod);
  running.pollMs = busy ? execPollMsMin : Math.min(running.pollMs * 2, execPollMsMax);
  return exitCode === undefined ? undefined : end(sys, running, exitCode);
}

function end(sys: Sys, running: RunningExec, code: number): number {
  const terminal = sys.terminal(0);
  if (running.tty && terminal) {
    delete terminal.raw;
    delete terminal.noSignals;
  }
  return code;
}
