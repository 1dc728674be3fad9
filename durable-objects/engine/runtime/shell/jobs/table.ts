/** The table of a shell's jobs: what became of them, which one is the current. bash: jobs.c */
import { finishedJobsKeptMax } from "../../../core/limits.ts";
import { signalTexts } from "../../kernel/signals.ts";
import type { Changed, Ended } from "../../kernel/calls.ts";
import { short } from "../typing/prompt-paths.ts";
import type { Shell } from "../shell.ts";
import type { Job } from "./job.ts";

export const isRunning = (job: Job): boolean =>
  job.status === undefined && job.stopSignal === undefined;
export const isStopped = (job: Job): boolean =>
  job.status === undefined && job.stopSignal !== undefined;

export function addJob(shell: Shell, pids: number[], text: string, more: Partial<Job> = {}): Job {
  const { jobs } = shell.state;
  const finished = jobs.filter((job) => job.pids.length === 0 || job.status !== undefined);
  if (finished.length > finishedJobsKeptMax) dropJobs(shell, (job) => job === finished[0]);
  const job: Job = {
    number: Math.max(0, ...shell.state.jobs.map((known) => known.number)) + 1,
    pids,
    text,
    ...more,
  };
  shell.state.jobs.push(job);
  if (!job.foreground) chooseCurrent(shell);
  return job;
}

/** Forgets jobs. */
export function dropJobs(shell: Shell, goes: (job: Job) => boolean): void {
  const { state } = shell;
  state.jobs = state.jobs.filter((job) => !goes(job));
  const known = (number: number | undefined): boolean =>
    state.jobs.some(({ number: n }) => n === number);
  if (!known(state.currentJob) || !known(state.previousJob)) chooseCurrent(shell);
}

// Which is the current one

const last = (jobs: readonly Job[], fits: (job: Job) => boolean): Job | undefined =>
  jobs
    .filter(fits)
    .toSorted((a, b) => a.number - b.number)
    .at(-1);

/** A job becomes the current one; the previous is one that is stopped, else the newest that runs. */
export function makeCurrent(shell: Shell, job: Job): void {
  const { state } = shell;
  if (state.currentJob !== job.number) {
    if (state.currentJob === undefined) delete state.previousJob;
    else state.previousJob = state.currentJob;
    state.currentJob = job.number;
  }
  const { jobs, previousJob } = state;
  if (
    previousJob !== job.number &&
    jobs.some((one) => one.number === previousJob && isStopped(one))
  )
    return;
  const older = jobs.filter(({ number }) => number < job.number);
  const other =
    (isStopped(job) ? last(older, isStopped) : undefined) ??
    last(isRunning(job) ? older : jobs, isRunning);
  state.previousJob = other?.number ?? job.number;
}

/** Makes one the current: the one that is and is stopped, the previous, the newest that is stopped, the newest that runs. */
export function chooseCurrent(shell: Shell): void {
  const { state } = shell;
  const stopped = (number: number | undefined): Job | undefined =>
    state.jobs.find((job) => job.number === number && isStopped(job));
  const next =
    stopped(state.currentJob) ??
    stopped(state.previousJob) ??
    last(state.jobs, isStopped) ??
    last(state.jobs, isRunning);
  if (next) return makeCurrent(shell, next);
  delete state.currentJob;
  delete state.previousJob;
}

// What became of them

/** A process of a job has ended; the job has once all of its have. */
export function noteEnd(shell: Shell, job: Job, { pid, status, signal }: Ended): void {
  const ended = (job.ended ??= {});
  ended[pid] = signal === undefined ? [status] : [status, signal];
  if (!job.pids.every((one) => ended[one])) return noteAllStopped(shell, job);
  const [x, s] = ended[job.pids.at(-1)!]!;
  job.status = x;
  if (s) job.signal = s;
  delete job.ended;
  delete job.stopped;
  delete job.stopSignal;
  delete job.notified;
}

function noteAllStopped(shell: Shell, job: Job, signal = 20): void {
  if (job.stopSignal !== undefined) return;
  if (!job.pids.every((pid) => job.ended?.[pid] || job.stopped?.includes(pid))) return;
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

const signOf = ({ state }: Shell, { number }: Job): string =>
  number === state.currentJob ? "+" : number === state.previousJob ? "-" : " ";

function bashState({ status, signal, stopSignal }: Job): string {
  if (status === undefined) return stopSignal === undefined ? "Running" : "Stopped";
  if (status === 0) return "Done";
  if (signal === undefined) return `Exit ${status}`;
  return jobSignalTexts[signal] ?? signalTexts[signal] ?? `Unknown signal ${signal}`;
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

function ashState({ status, stopSignal }: Job): string {
  if (status === undefined)
    return stopSignal === undefined ? "Running" : `Stopped${stopTexts[stopSignal] ?? ""}`;
  if (status === 0) return "Done";
  return status > 128
    ? (jobSignalTexts[status - 128] ?? signalTexts[status - 128] ?? `Done(${status})`)
    : `Done(${status})`;
}

const stopTexts: Record<number, string> = {
  19: " (signal)",
  21: " (tty input)",
  22: " (tty output)",
};

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
  const head = `[${job.number}]${sign} `;
  const state = bashState(job).padEnd(24);
  if (!pids) return `${head} ${state}${job.text}${end}`;
  const [first = job.text, ...others] = job.parts ?? [job.text];
  const pidOf = (i: number): string => String(job.pids[i] ?? 0).padStart(5);
  const below = others.map((part, i) => `\n     ${pidOf(i + 1)} ${" ".repeat(22)}| ${part}`);
  return `${head}${pidOf(0)} ${state}${first}${below.join("")}${end}`;
}

function ashLine(shell: Shell, job: Job, sign: string, pids: boolean): string {
  const state = ashState(job);
  const text = shell.state.interactive ? job.text : "";
  if (shell.state.flavour === "dash") {
    const pid = pids ? `${job.pids[0]} ` : "";
    return `[${job.number}] ${sign} ${pid}${state.padEnd(27 - pid.length)}${text}`;
  }
  return `[${job.number}]${sign}  ${state.padEnd(27)}${text}`;
}

/** Tells what became of jobs since they were told of last, and forgets those that are over. */
export function tellJobs(shell: Shell): void {
  const { bash, state } = shell;
  for (const job of state.jobs) {
    if (job.status !== undefined ? job.told : job.notified || !isStopped(job)) continue;
    if (job.status !== undefined) job.told = 1;
    else job.notified = true;
    if (!shell.option("m")) continue;
    shell.write(2, `${bash && isStopped(job) ? "\n" : ""}${jobLine(shell, job)}\n`);
    const now = bash ? elsewhere(shell, job) : undefined;
    if (now !== undefined) shell.write(2, `(wd now: ${short(shell, folderNow(shell))})\n`);
  }
  dropJobs(shell, (job) => job.told === 1);
}
