/** Waiting for the command in the foreground: it ends, or it is stopped. */
import type { Step } from "../kernel/calls.ts";
import { loops } from "./flow.ts";
import { forgetJob, leaveStopped, takeBack } from "./job-control.ts";
import { commandText } from "./bash/command-text.ts";
import { reap, tellSignal } from "./jobs.ts";
import type { Shell } from "./shell.ts";
import type { FrameOf, Job } from "./state.ts";

type Waiting = FrameOf<"wait">;

export function waitStep(shell: Shell, frame: Waiting): Step {
  const { state } = shell;
  if (frame.lp) {
    // The last part has run in the shell itself.
    delete frame.lp;
    frame.x = state.st;
  }
  const job = state.j.find(({ n }) => n === frame.job);
  reap(shell, (pid, status, signal) => {
    if (!frame.p.includes(pid)) return false;
    noteEnd(shell, frame, pid, status, signal);
    // The table learns of it as well: it knows when those that are left are all stopped.
    return job === undefined;
  });
  if (frame.p.length > 0) {
    if (job?.stopSignal !== undefined) return stopped(shell, frame, job);
    return { wait: { childEnd: true, ...(job ? { childStop: true as const } : {}) } };
  }
  shell.pop();
  state.st = frame.x || (frame.pf ?? 0);
  if (frame.q) pipelineStatus(shell, frame);
  if (job) {
    takeBack(shell, frame.modes, job.s !== undefined);
    forgetJob(shell, job.n);
  }
  if (frame.interrupted && state.ia) {
    shell.write(1, "\n");
    if (job && isWithinList(shell)) return giveUpLine(shell);
  }
  shell.checkError(frame.t === 1);
  return undefined;
}

function noteEnd(
  shell: Shell,
  frame: Waiting,
  pid: number,
  status: number,
  signal: number | undefined,
): void {
  frame.p = frame.p.filter((known) => known !== pid);
  if (frame.q) (frame.qs ??= {})[pid] = status;
  if (signal === 2) frame.interrupted = true;
  // dash and ash tell it of each process.
  if (pid === frame.l || !shell.bash) {
    const text = frame.tx ? commandText(shell.state, frame.tx) : "";
    tellSignal(shell, signal, { pid, text });
  }
  if (pid === frame.l) frame.x = status;
  else if (status !== 0 && shell.option("P")) frame.pf = status;
}

/** PIPESTATUS, and with pipefail the status of the last part that failed. */
function pipelineStatus(shell: Shell, { q = [], qs = {}, x = 0 }: Waiting): void {
  const all = q.map((pid) => (pid < 0 ? x : (qs[pid] ?? 0)));
  shell.state.pp = all;
  if (shell.option("P")) shell.state.st = all.findLast((status) => status !== 0) ?? 0;
}

/** The job stays in the table; loops around it end, what else there is behind it goes on. */
function stopped(shell: Shell, frame: Waiting, job: Job): undefined {
  shell.pop();
  shell.state.st = 128 + (job.stopSignal ?? 0);
  takeBack(shell, frame.modes, true);
  leaveStopped(shell, job);
  const [outermost] = loops(shell);
  if (outermost) shell.unwind((one) => one === outermost);
  else shell.checkError(frame.t === 1);
}

/** Whether a loop, a list or an `&&` is under way: ^C ends them with the command. */
function isWithinList(shell: Shell): boolean {
  if (!shell.bash) return true;
  return shell.state.f.some((frame) => {
    if (frame.k !== "node") return false;
    const node = shell.node(frame.r);
    if (node.k === "list") return node.items.length > 1;
    return /^(?:and|or|while|until|for|cfor|select)$/.test(node.k);
  });
}

function giveUpLine(shell: Shell): undefined {
  const { st } = shell.state;
  while (shell.state.f.length > 1) shell.pop();
  shell.state.st = st;
}
