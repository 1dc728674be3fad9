/** Job control: process groups, and which of them has the terminal. bash: jobs.c, POSIX: 2.11 Signals and Error Handling */
import { foregroundGroup, groupOf } from "../../kernel/process-groups.ts";
import type { Session } from "../../kernel/state.ts";
import { modesOf, setModes, type TerminalModes } from "../../kernel/terminal-modes.ts";
import { CommandPrinter } from "../bash/command-printer.ts";
import { addJob, dropJobs, folderNow, isRunning, isStopped, jobLine, tellJobs } from "./table.ts";
import type { Shell } from "../shell.ts";
import { modeOf, unitAt, type FrameOf, type NodeRef } from "../state.ts";
import type { Job } from "./job.ts";

const sigcont = 18;
const sigterm = 15;
const sigttin = 21;

const ownTerminal = ({ sys }: Shell): Session | undefined => sys.controllingTerminal();

const hasTerminal = (shell: Shell, session: Session): boolean =>
  foregroundGroup(shell.sys.kernel, session) === groupOf(shell.sys.process);

/** An interactive shell on a terminal: it leads a group of its own, in the foreground. */
export function beginJobControl(shell: Shell): void {
  const { state, sys } = shell;
  const session = ownTerminal(shell);
  if (!session) return;
  state.options += "m";
  const before = groupOf(sys.process);
  // Started in the background it waits until it is brought forward.
  if (!hasTerminal(shell, session)) return sys.kill(0, sigttin);
  if (before === sys.pid) return;
  state.groupBefore = before;
  sys.process.processGroup = sys.pid;
  give(shell, session, sys.pid);
}

/** It ends: whoever had the terminal before has it again. */
export function endJobControl(shell: Shell): void {
  const session = ownTerminal(shell);
  const { groupBefore } = shell.state;
  if (groupBefore !== undefined && session && hasTerminal(shell, session))
    give(shell, session, groupBefore);
}

function give({ sys }: Shell, session: Session, group: number): void {
  sys.kernel.touch();
  session.foregroundGroup = group;
}

/** A command as jobs are listed. */
export function jobText(shell: Shell, [chunk, offset, node]: NodeRef): string {
  const { state } = shell;
  const { nodes } = unitAt(state.chunks[chunk] ?? "", offset, modeOf(state, chunk, offset));
  const found = nodes[node];
  if (!shell.bash && found && "text" in found && typeof found.text === "string") return found.text;
  return new CommandPrinter(nodes).command(node);
}

/** Puts processes that have just been forked into a group of their own. */
export function lead(shell: Shell, pids: readonly number[]): number {
  const group = pids[0]!;
  for (const pid of pids) shell.sys.child(pid).process.processGroup = group;
  return group;
}

type Waited = Pick<FrameOf<"wait">, "job" | "modes">;

/** Makes a job of processes that the shell waits for, and gives it the terminal; nothing where jobs are not controlled. */
export function beginForeground(
  shell: Shell,
  pids: number[],
  ref: NodeRef,
  parts?: readonly number[],
): Waited {
  if (!shell.controlsJobs) return {};
  const group = lead(shell, pids);
  const text = jobText(shell, ref);
  const texts = parts && {
    parts: parts.map((part) => jobText(shell, [ref[0], ref[1], part])),
  };
  const more = { group, foreground: true as const, folder: folderNow(shell), ...texts };
  return { job: addJob(shell, [...pids], text, more).number, ...bringForward(shell, group) };
}

/** Gives a group the terminal. */
export function bringForward(shell: Shell, group: number): Pick<Waited, "modes"> {
  const session = ownTerminal(shell);
  if (!session || !hasTerminal(shell, session)) return {};
  const modes = modesOf(session);
  give(shell, session, group);
  return { modes };
}

/** The shell has the terminal again; its modes are as before where the job did not end by itself. */
export function takeBack(shell: Shell, modes: TerminalModes | undefined, restores: boolean): void {
  const session = ownTerminal(shell);
  if (!session || !modes) return;
  give(shell, session, groupOf(shell.sys.process));
  if (!restores) return;
  setModes(session, modes);
}

/** Sends a job's processes a signal. ESRCH where they have ended. */
export function signalJob(shell: Shell, job: Job, signal: number): void {
  const { sys } = shell;
  const stopped = isStopped(job);
  if (job.group === undefined) for (const pid of job.pids) sys.kill(pid, signal);
  else sys.kill(-job.group, signal);
  delete job.notified;
  if (stopped && job.group !== undefined && (signal === sigterm || signal === 1))
    sys.kill(-job.group, sigcont);
}

/**
 * Whether a shell that is asked to end may: stopped jobs (with `checkjobs`, running ones too) keep it once. They are told that it
 * ends.
 */
export function mayLeave(shell: Shell): boolean {
  const { state } = shell;
  if (!state.interactive || !shell.controlsJobs) return true;
  const stopped = state.jobs.filter(isStopped);
  const checks = shell.shopt("checkjobs");
  const running = checks && state.jobs.some(isRunning);
  if ((stopped.length === 0 && !running) || state.knowsOfJobs) {
    for (const job of stopped) signalJob(shell, job, sigterm);
    return true;
  }
  const kind = stopped.length > 0 ? "stopped" : "running";
  shell.write(2, shell.bash ? `There are ${kind} jobs.\n` : "You have stopped jobs.\n");
  if (checks) for (const job of state.jobs) shell.write(2, `${jobLine(shell, job)}\n`);
  state.knowsOfJobs = true;
  state.status = 1;
  return false;
}

/** What `exit` and `jobs` let a shell know lasts for the next command alone. */
export function noteCommandName({ state }: Shell, name: string | undefined): void {
  if (name === "jobs") state.knowsOfJobs = true;
  else if (state.knowsOfJobs && name !== "exit" && name !== "logout") delete state.knowsOfJobs;
}

/** The job that the shell waited for has ended. */
export function forgetJob(shell: Shell, number: number): void {
  dropJobs(shell, ({ number: n }) => n === number);
}

/** The job that the shell waited for has stopped. */
export function leaveStopped(shell: Shell, job: Job): void {
  delete job.foreground;
  if (shell.bash) tellJobs(shell);
}
