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
  const used = new Set(frames.map((frame) => (frame.k === "node" ? frame.r[0] : "")));
  for (const name in state.fn) used.add(state.fn[name]![0]);
  if (state.bc) used.add(state.bc[0]);
  const c: Record<string, string> = {};
  for (const id of used) if (state.c[id] !== undefined) c[id] = state.c[id];
  const tr: Record<string, string> = {};
  for (const name in state.tr) if (state.tr[name] === "") tr[name] = "";
  if (state.tr.ERR && shell.option("E")) tr.ERR = state.tr.ERR;
  if (state.tr.DEBUG && shell.option("T")) tr.DEBUG = state.tr.DEBUG;
  const { ia: _ia, po: _po, pt: _pt, x: _x, ...kept } = state;
  const cn = shell.within();
  const child: ShellState = {
    ...kept,
    c,
    v: copied(state.v),
    fn: { ...state.fn },
    p: [...state.p],
    tr,
    j: state.j.map((job) => ({ ...job, o: 1 as const })),
    f: frames,
    ...(cn === undefined ? {} : { cn }),
    ...(shell.dotted ? { cd: true as const } : {}),
    ...(shell.bash ? { sd: (state.sd ?? 0) + 1, cs: calls(state) } : {}),
    sub: 1,
  };
  return shell.sys.fork(child);
}

/** A job that `wait` has returned stays known until the shell forks again. */
export function dropWaited({ state }: Shell): void {
  if (state.ia) return;
  const gone = state.j.find((job) => job.w);
  if (gone) state.j = state.j.filter((job) => job !== gone);
}

export function addJob(shell: Shell, pids: number[], text: string): Job {
  const { j } = shell.state;
  const finished = j.filter((job) => job.p.length === 0 || job.x !== undefined);
  if (finished.length > finishedJobsKeptMax) shell.state.j = j.filter((job) => job !== finished[0]);
  const job: Job = {
    n: Math.max(0, ...shell.state.j.map((known) => known.n)) + 1,
    p: pids,
    t: text,
  };
  shell.state.j.push(job);
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
    const job = shell.state.j.find((known) => known.p.includes(ended.pid));
    if (job && job.p.at(-1) === ended.pid) {
      job.x = ended.status;
      if (ended.signal) job.s = ended.signal;
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
  const { j } = shell.state;
  for (const job of j)
    if (job.x !== undefined && !job.told) {
      job.told = 1;
      shell.write(2, `${jobLine(shell, job)}\n`);
    }
  if (j.some((job) => job.told)) shell.state.j = j.filter((job) => !job.told);
}

export function jobLine(shell: Shell, job: Job, pid = false): string {
  const current = shell.state.j.at(-1) === job ? "+" : shell.state.j.at(-2) === job ? "-" : " ";
  if (shell.bash) return bashJobLine(job, current, pid);
  const state =
    job.x === undefined
      ? "Running"
      : job.x === 0
        ? "Done"
        : job.x > 128
          ? signalState(job.x - 128)
          : `Done(${job.x})`;
  return `[${job.n}]${current}  ${state.padEnd(27)}${shell.state.ia ? job.t : ""}`;
}

function bashJobLine(job: Job, current: string, pid: boolean): string {
  const state =
    job.x === undefined
      ? "Running"
      : job.x === 0
        ? "Done"
        : job.s
          ? (signalTexts[job.s] ?? `Signal ${job.s}`)
          : `Exit ${job.x}`;
  return `[${job.n}]${current} ${pid ? String(job.p[0]).padStart(5) : ""} ${state.padEnd(24)}${job.t}${job.x === undefined ? " &" : ""}`;
}

const signalState = (signal: number): string =>
  ({ 1: "Hangup", 2: "Interrupt", 9: "Killed", 15: "Terminated" })[signal] ?? `Signal ${signal}`;
