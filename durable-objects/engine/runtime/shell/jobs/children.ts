/** Children of a shell: forking it, reaping them, the job table. */
import { signalTexts } from "../../kernel/signals.ts";
import { noteChange, noteEnd } from "./table.ts";
import type { Shell } from "../shell.ts";
import { calls } from "../bash/worked.ts";
import type { Frame, ShellState, Variable } from "../state.ts";
import type { Job } from "./job.ts";

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
    interactive,
    pendingOutput: _po,
    pendingTraps: _pt,
    exitStatus: _x,
    groupBefore: _before,
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
    ...(interactive ? { interactiveAbove: true as const } : {}),
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

/**
 * Takes in every child that has ended: `own` says whether it was the one waited for; others go to the job table. So does,
 * where jobs are controlled, what has stopped or goes on.
 */
export function reap(
  shell: Shell,
  own: (pid: number, status: number, signal?: number) => boolean = () => false,
): void {
  const jobOf = (pid: number): Job | undefined =>
    shell.state.jobs.find(
      (job) => !job.inherited && job.status === undefined && job.pids.includes(pid),
    );
  for (;;) {
    const ended = shell.sys.wait();
    if (ended === undefined || ended === "none") break;
    if (own(ended.pid, ended.status, ended.signal)) continue;
    const job = jobOf(ended.pid);
    if (job) noteEnd(shell, job, ended);
  }
  if (!shell.controlsJobs) return;
  for (;;) {
    const changed = shell.sys.waitChanged();
    if (!changed) return;
    const job = jobOf(changed.pid);
    if (job) noteChange(shell, job, changed);
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
  if (!shell.bash || (foreground && (signal === 15 || shell.state.interactive)))
    return shell.write(2, `${text}\n`);
  if (signal !== 15 && foreground)
    shell.complain(`${String(foreground.pid).padStart(5)} ${text.padEnd(23)} ${foreground.text}`);
}
