/** Children of a shell: forking it, reaping them, the job table. */
import { finishedJobsKeptMax } from "../../core/limits.ts";
import { signalTexts } from "../kernel/signals.ts";
import type { Shell } from "./shell.ts";
import { calls } from "./bash/worked.ts";
import type { Frame, Job, ShellState, Variable } from "./state.ts";

/** Variables as a child gets them: arrays are changed in place. */
function copied(variables: Record<string, Variable>): Record<string, Variable> {
  const out = { ...variables };
  for (const name in out) {
    const [value, marks, elements] = out[name]!;
    if (elements) out[name] = [value, marks, { ...elements }];
  }
  return out;
}

/** A child shell that runs the given frames: same variables and texts, no traps but the ignored, no jobs. */
export function forkShell(shell: Shell, frames: Frame[]): number {
  const { state } = shell;
  dropWaited(shell);
  const used = new Set(frames.map((frame) => (frame.kind === "node" ? frame.ref[0] : "")));
  for (const name in state.functions) used.add(state.functions[name]![0]);
  if (state.runningCommand) used.add(state.runningCommand[0]);
  const chunks: Record<string, string> = {};
  for (const id of used) if (state.chunks[id] !== undefined) chunks[id] = state.chunks[id];
  const traps: Record<string, string> = {};
  for (const name in state.traps) if (state.traps[name] === "") traps[name] = "";
  if (state.traps.ERR && shell.option("E")) traps.ERR = state.traps.ERR;
  if (state.traps.DEBUG && shell.option("T")) traps.DEBUG = state.traps.DEBUG;
  const {
    interactive: _ia,
    pendingOutput: _po,
    pendingTraps: _pt,
    exitStatus: _x,
    ...kept
  } = state;
  const complaintName = shell.within();
  const child: ShellState = {
    ...kept,
    chunks,
    variables: copied(state.variables),
    functions: { ...state.functions },
    parameters: [...state.parameters],
    traps,
    jobs: state.jobs.map((job) => ({ ...job, inherited: 1 as const })),
    frames,
    ...(complaintName === undefined ? {} : { complaintName }),
    ...(shell.dotted ? { sourced: true as const } : {}),
    ...(shell.bash
      ? { subshellDepth: (state.subshellDepth ?? 0) + 1, outerCalls: calls(state) }
      : {}),
    inSubshell: 1,
  };
  return shell.sys.fork(child);
}

/** A job that `wait` has returned stays known until the shell forks again. */
export function dropWaited({ state }: Shell): void {
  if (state.interactive) return;
  const gone = state.jobs.find((job) => job.waited);
  if (gone) state.jobs = state.jobs.filter((job) => job !== gone);
}

export function addJob(shell: Shell, pids: number[], text: string): Job {
  const { jobs } = shell.state;
  const finished = jobs.filter((job) => job.pids.length === 0 || job.status !== undefined);
  if (finished.length > finishedJobsKeptMax)
    shell.state.jobs = jobs.filter((job) => job !== finished[0]);
  const job: Job = {
    number: Math.max(0, ...shell.state.jobs.map((known) => known.number)) + 1,
    pids,
    text,
  };
  shell.state.jobs.push(job);
  return job;
}

/** Takes in every child that has ended: `own` says whether it was the one waited for; others go to the job table. */
export function reap(
  shell: Shell,
  own: (pid: number, status: number, signal?: number) => boolean,
): void {
  for (;;) {
    const ended = shell.sys.wait();
    if (ended === undefined || ended === "none") return;
    if (own(ended.pid, ended.status, ended.signal)) continue;
    const job = shell.state.jobs.find((known) => known.pids.includes(ended.pid));
    if (job && job.pids.at(-1) === ended.pid) {
      job.status = ended.status;
      if (ended.signal) job.signal = ended.signal;
    }
  }
}

/** What a shell says of a foreground child, or one waited for, that a signal ended. */
export function tellSignal(
  shell: Shell,
  signal: number | undefined,
  foreground?: { pid: number; text: string },
): void {
  const text =
    signal === undefined || signal === 2 || signal === 13 ? undefined : signalTexts[signal];
  if (!text) return;
  if (!shell.bash || (signal === 15 && foreground)) return shell.write(2, `${text}\n`);
  if (signal !== 15 && foreground)
    shell.complain(`${String(foreground.pid).padStart(5)} ${text.padEnd(23)} ${foreground.text}`);
}

/** What became of background jobs since the last prompt, as an interactive ash prints it. */
export function tellJobs(shell: Shell): void {
  reap(shell, () => false);
  const { jobs } = shell.state;
  for (const job of jobs)
    if (job.status !== undefined && !job.told) {
      job.told = 1;
      shell.write(2, `${jobLine(shell, job)}\n`);
    }
  if (jobs.some((job) => job.told)) shell.state.jobs = jobs.filter((job) => !job.told);
}

export function jobLine(shell: Shell, job: Job, pid = false): string {
  const current =
    shell.state.jobs.at(-1) === job ? "+" : shell.state.jobs.at(-2) === job ? "-" : " ";
  if (shell.bash) return bashJobLine(job, current, pid);
  const state =
    job.status === undefined
      ? "Running"
      : job.status === 0
        ? "Done"
        : job.status > 128
          ? signalState(job.status - 128)
          : `Done(${job.status})`;
  return `[${job.number}]${current}  ${state.padEnd(27)}${shell.state.interactive ? job.text : ""}`;
}

function bashJobLine(job: Job, current: string, pid: boolean): string {
  const state =
    job.status === undefined
      ? "Running"
      : job.status === 0
        ? "Done"
        : job.signal
          ? (signalTexts[job.signal] ?? `Signal ${job.signal}`)
          : `Exit ${job.status}`;
  return `[${job.number}]${current} ${pid ? String(job.pids[0]).padStart(5) : ""} ${state.padEnd(24)}${job.text}${job.status === undefined ? " &" : ""}`;
}

const signalState = (signal: number): string =>
  ({ 1: "Hangup", 2: "Interrupt", 9: "Killed", 15: "Terminated" })[signal] ?? `Signal ${signal}`;
