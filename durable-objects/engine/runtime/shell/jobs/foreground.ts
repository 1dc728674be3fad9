/** Waiting for the command in the foreground: it ends, or it is stopped. */
import type { Step } from "../../kernel/calls.ts";
import { loops } from "../flow.ts";
import { forgetJob, leaveStopped, takeBack } from "./control.ts";
import { commandText } from "../bash/command-text.ts";
import { reap, tellSignal } from "./children.ts";
import type { Shell } from "../shell.ts";
import type { FrameOf } from "../state.ts";
import type { Job } from "./job.ts";

type Waiting = FrameOf<"wait">;

export function waitStep(shell: Shell, frame: Waiting): Step {
  const { state } = shell;
  if (frame.lastInShell) {
    // The last part has run in the shell itself.
    delete frame.lastInShell;
    frame.status = state.status;
  }
  const job = state.jobs.find(({ number }) => number === frame.job);
  reap(shell, (pid, status, signal) => {
    if (!frame.pids.includes(pid)) return false;
    noteEnd(shell, frame, pid, status, signal);
    // The table learns of it as well: it knows when those that are left are all stopped.
    return job === undefined;
  });
  if (frame.pids.length > 0) {
    if (job?.stopSignal !== undefined) return stopped(shell, frame, job);
    return { wait: { childEnd: true, ...(job ? { childStop: true as const } : {}) } };
  }
  shell.pop();
  state.status = frame.status || (frame.pipefailStatus ?? 0);
  if (frame.order) pipelineStatus(shell, frame);
  if (job) {
    takeBack(shell, frame.modes, job.signal !== undefined);
    forgetJob(shell, job.number);
  }
  if (frame.interrupted && state.interactive) {
    shell.write(1, "\n");
    if (job && isWithinList(shell)) return giveUpLine(shell);
  }
  shell.checkError(frame.tested === 1);
  return undefined;
}

function noteEnd(
  shell: Shell,
  frame: Waiting,
  pid: number,
  status: number,
  signal: number | undefined,
): void {
  frame.pids = frame.pids.filter((known) => known !== pid);
  if (frame.order) (frame.statuses ??= {})[pid] = status;
  if (signal === 2) frame.interrupted = true;
  // dash and ash tell it of each process.
  if (pid === frame.lastPid || !shell.bash) {
    const text = frame.command ? commandText(shell.state, frame.command) : "";
    tellSignal(shell, signal, { pid, text });
  }
  if (pid === frame.lastPid) frame.status = status;
  else if (status !== 0 && shell.option("P")) frame.pipefailStatus = status;
}

/** PIPESTATUS, and with pipefail the status of the last part that failed. */
function pipelineStatus(shell: Shell, { order = [], statuses = {}, status = 0 }: Waiting): void {
  const all = order.map((pid) => (pid < 0 ? status : (statuses[pid] ?? 0)));
  shell.state.pipeStatus = all;
  if (shell.option("P")) shell.state.status = all.findLast((status) => status !== 0) ?? 0;
}

/** The job stays in the table; loops around it end, what else there is behind it goes on. */
function stopped(shell: Shell, frame: Waiting, job: Job): undefined {
  shell.pop();
  shell.state.status = 128 + (job.stopSignal ?? 0);
  takeBack(shell, frame.modes, true);
  leaveStopped(shell, job);
  const [outermost] = loops(shell);
  if (outermost) shell.unwind((one) => one === outermost);
  else shell.checkError(frame.tested === 1);
}

/** Whether a loop, a list or an `&&` is under way: ^C ends them with the command. */
function isWithinList(shell: Shell): boolean {
  if (!shell.bash) return true;
  return shell.state.frames.some((frame) => {
    if (frame.kind !== "node") return false;
    const node = shell.node(frame.ref);
    if (node.k === "list") return node.items.length > 1;
    return /^(?:and|or|while|until|for|cfor|select)$/.test(node.k);
  });
}

function giveUpLine(shell: Shell): undefined {
  const { status } = shell.state;
  while (shell.state.frames.length > 1) shell.pop();
  shell.state.status = status;
}
