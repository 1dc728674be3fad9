/** The table of a shell's jobs: what became of them, which one is the current. bash: jobs.c */
import { finishedJobsKeptMax } from "../../core/limits.ts";
import { signalTexts } from "../kernel/signals.ts";
import type { Changed, Ended } from "../kernel/calls.ts";
import { short } from "./typing/prompt-paths.ts";
import type { Shell } from "./shell.ts";
import type { Job } from "./state.ts";

export const isRunning = (job: Job): boolean =>
  job.x === undefined && job.stopSignal === undefined;
export const isStopped = (job: Job): boolean =>
  job.x === undefined && job.stopSignal !== undefined;

export function addJob(shell: Shell, pids: number[], text: string, more: Partial<Job> = {}): Job {
  const { j } = shell.state;
  const finished = j.filter((job) => job.p.length === 0 || job.x !== undefined);
  if (finished.length > finishedJobsKeptMax) dropJobs(shell, (job) => job === finished[0]);
  const job: Job = {
    n: Math.max(0, ...shell.state.j.map((known) => known.n)) + 1,
    p: pids,
    t: text,
    ...more,
  };
  shell.state.j.push(job);
  if (!job.foreground) chooseCurrent(shell);
  return job;
}

/** Forgets jobs. */
export function dropJobs(shell: Shell, goes: (job: Job) => boolean): void {
  const { state } = shell;
  state.j = state.j.filter((job) => !goes(job));
  const known = (number: number | undefined): boolean => state.j.some(({ n }) => n === number);
  if (!known(state.currentJob) || !known(state.previousJob)) chooseCurrent(shell);
}

// Which is the current one

const last = (jobs: readonly Job[], fits: (job: Job) => boolean): Job | undefined =>
  jobs.filter(fits).toSorted((a, b) => a.n - b.n).at(-1);

/** A job becomes the current one; the previous is one that is stopped, else the newest that runs. */
export function makeCurrent(shell: Shell, job: Job): void {
  const { state } = shell;
  if (state.currentJob !== job.n) {
    if (state.currentJob === undefined) delete state.previousJob;
    else state.previousJob = state.currentJob;
    state.currentJob = job.n;
  }
  const { j, previousJob } = state;
  if (previousJob !== job.n && j.some((one) => one.n === previousJob && isStopped(one))) return;
  const older = j.filter(({ n }) => n < job.n);
  const other =
    (isStopped(job) ? last(older, isStopped) : undefined) ??
    last(isRunning(job) ? older : j, isRunning);
  state.previousJob = other?.n ?? job.n;
}

/** Makes one the current: the one that is and is stopped, the previous, the newest that is stopped, the newest that runs. */
export function chooseCurrent(shell: Shell): void {
  const { state } = shell;
  const stopped = (number: number | undefined): Job | undefined =>
    state.j.find((job) => job.n === number && isStopped(job));
  const next =
    stopped(state.currentJob) ??
    stopped(state.previousJob) ??
    last(state.j, isStopped) ??
    last(state.j, isRunning);
  if (next) return makeCurrent(shell, next);
  delete state.currentJob;
  delete state.previousJob;
}

// What became of them

/** A process of a job has ended; the job has once all of its have. */
export function noteEnd(shell: Shell, job: Job, { pid, status, signal }: Ended): void {
  const ended = (job.ended ??= {});
  ended[pid] = signal === undefined ? [status] : [status, signal];
  if (!job.p.every((one) => ended[one])) return noteAllStopped(shell, job);
  const [x, s] = ended[job.p.at(-1)!]!;
  // It went on before it ended.
  if (isStopped(job)) runs(shell, job);
  job.x = x;
  if (s) job.s = s;
  delete job.ended;
  delete job.stopped;
  delete job.stopSignal;
  delete job.notified;
}

function noteAllStopped(shell: Shell, job: Job, signal = 20): void {
  if (job.stopSignal !== undefined) return;
  if (!job.p.every((pid) => job.ended?.[pid] || job.stopped?.includes(pid))) return;
  job.stopSignal = signal;
  delete job.notified;
  makeCurrent(shell, job);
}

/** A process of a job has stopped, or goes on. */
export function noteChange(shell: Shell, job: Job, { pid, stopSignal }: Changed): void {
  const others = (job.stopped ?? []).filter((one) => one !== pid);
  if (stopSignal !== undefined) {
    job.stopped = [...others, pid];
    noteAllStopped(shell, job, stopSignal);
    return;
  }
  job.stopped = others;
  if (isStopped(job)) runs(shell, job);
}

/** A stopped job runs again. */
export function runs(shell: Shell, job: Job): void {
  delete job.stopped;
  delete job.stopSignal;
  delete job.notified;
  chooseCurrent(shell);
}

// How they are told

const signOf = ({ state }: Shell, { n }: Job): string =>
  n === state.currentJob ? "+" : n === state.previousJob ? "-" : " ";

function bashState({ x, s, stopSignal }: Job): string {
  if (x === undefined) return stopSignal === undefined ? "Running" : "Stopped";
  if (x === 0) return "Done";
  if (s === undefined) return `Exit ${x}`;
  return jobSignalTexts[s] ?? signalTexts[s] ?? `Unknown signal ${s}`;
}

/** glibc: strsignal */
const jobSignalTexts: Record<number, string> = {
  2: "Interrupt",
  13: "Broken pipe",
  16: "Stack fault",
  24: "CPU time limit exceeded",
  25: "File size limit exceeded",
  26: "Virtual timer expired",
  27: "Profiling timer expired",
  29: "I/O possible",
  30: "Power failure",
  31: "Bad system call",
};

function ashState({ x, stopSignal }: Job): string {
  if (x === undefined)
    return stopSignal === undefined ? "Running" : `Stopped${stopTexts[stopSignal] ?? ""}`;
  if (x === 0) return "Done";
  return x > 128 ? (jobSignalTexts[x - 128] ?? signalTexts[x - 128] ?? `Done(${x})`) : `Done(${x})`;
}

const stopTexts: Record<number, string> = { 19: " (signal)", 21: " (tty input)", 22: " (tty output)" };

export const folderNow = (shell: Shell): string => shell.get("PWD") ?? shell.sys.cwd;

/** Where a job is, when that is not where the shell is. */
export function elsewhere(shell: Shell, { folder }: Job): string | undefined {
  return folder === undefined || folder === folderNow(shell) ? undefined : short(shell, folder);
}

export function jobLine(shell: Shell, job: Job, pids = false): string {
  const sign = signOf(shell, job);
  if (!shell.bash) return ashLine(shell, job, sign, pids);
  const away = elsewhere(shell, job);
  const end =
    (isRunning(job) && !job.foreground ? " &" : "") + (away === undefined ? "" : `  (wd: ${away})`);
  const head = `[${job.n}]${sign} `;
  const state = bashState(job).padEnd(24);
  if (!pids) return `${head} ${state}${job.t}${end}`;
  const [first = job.t, ...others] = job.parts ?? [job.t];
  const pidOf = (i: number): string => String(job.p[i] ?? 0).padStart(5);
  const below = others.map((part, i) => `\n     ${pidOf(i + 1)} ${" ".repeat(22)}| ${part}`);
  return `${head}${pidOf(0)} ${state}${first}${below.join("")}${end}`;
}

function ashLine(shell: Shell, job: Job, sign: string, pids: boolean): string {
  const state = ashState(job);
  const text = shell.state.ia ? job.t : "";
  if (shell.state.fl === "dash") {
    const pid = pids ? `${job.p[0]} ` : "";
    return `[${job.n}] ${sign} ${pid}${state.padEnd(27 - pid.length)}${text}`;
  }
  return `[${job.n}]${sign}  ${state.padEnd(27)}${text}`;
}

/** Tells what became of jobs since they were told of last, and forgets those that are over. */
export function tellJobs(shell: Shell): void {
  const { bash, state } = shell;
  for (const job of state.j) {
    if (job.x !== undefined ? job.told : job.notified || !isStopped(job)) continue;
    if (job.x !== undefined) job.told = 1;
    else job.notified = true;
    if (!shell.option("m")) continue;
    shell.write(2, `${bash && isStopped(job) ? "\n" : ""}${jobLine(shell, job)}\n`);
    const now = bash ? elsewhere(shell, job) : undefined;
    if (now !== undefined) shell.write(2, `(wd now: ${short(shell, folderNow(shell))})\n`);
  }
  dropJobs(shell, (job) => job.told === 1);
}
