/** Expansion within a frame: what needs a substitution starts over when it is there. */
import { redirectStatus } from "./dialects.ts";
import type { Node, Redirect } from "./ast.ts";
import { Expander } from "./expand.ts";
import { NeedSubstitution } from "./problems.ts";
import { forkShell, reap } from "./jobs/children.ts";
import { keepOpen, RedirectProblem, redirect } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import type { FrameOf, Saved, ShellState } from "./state.ts";

export type NodeFrame = FrameOf<"node">;
/** Frames whose words are expanded. */
type Expanding = NodeFrame | FrameOf<"prompt">;

export type NodeOf<K> = Node extends infer N
  ? N extends { k: infer J }
    ? K extends J
      ? N
      : never
    : never
  : never;

/**
 * Starts what `<( )` or `>( )` stands for. A frame below the command's closes the descriptor when that is over; the program
 * of the command inherits it.
 */
function attach(shell: Shell, frame: Expanding, body: number, out: boolean): string {
  const { sys, state } = shell;
  // Those before that have ended make room.
  reap(shell);
  const [read, write] = sys.pipe();
  const [mine, theirs] = out ? [write, read] : [read, write];
  const pid = forkShell(shell, [
    { kind: "node", ref: [frame.ref[0], frame.ref[1], body], progress: 0 },
  ]);
  const child = sys.child(pid);
  child.dup(theirs, out ? 0 : 1);
  child.close(read);
  child.close(write);
  for (const fd of frame.substitutionFds ?? []) child.close(fd);
  sys.close(theirs);
  let fd = 63;
  while (fd > 10 && sys.isOpen(fd)) fd--;
  sys.dup(mine, fd);
  sys.close(mine);
  keepOpen(sys, fd);
  state.lastBackgroundPid = pid;
  frame.substitutionFds = [...(frame.substitutionFds ?? []), fd];
  const at = state.frames.lastIndexOf(frame);
  state.frames.splice(at, 0, {
    kind: "undo",
    saved: [[fd, -1]],
    ...(frame.tested ? { tested: 1 as const } : {}),
  });
  return `/dev/fd/${fd}`;
}

/** Runs `work` with an expander; a substitution it needs is started instead. Undefined then. */
export function expanding<T>(
  shell: Shell,
  frame: Expanding,
  work: (expander: Expander) => T,
): T | undefined {
  try {
    const start = (body: number, out: boolean): string => attach(shell, frame, body, out);
    return work(new Expander(shell, (frame.memo ??= []), start));
  } catch (error) {
    if (!(error instanceof NeedSubstitution)) throw error;
    const { sys } = shell;
    const [read, write] = sys.pipe();
    const pid = forkShell(shell, [
      { kind: "node", ref: [frame.ref[0], frame.ref[1], error.body], progress: 0 },
    ]);
    const child = sys.child(pid);
    if (shell.bash) substituted(shell, child.process.state as unknown as ShellState);
    child.dup(write, 1);
    if (write !== 1) child.close(write);
    if (read !== 1) child.close(read);
    sys.close(write);
    shell.push({ kind: "sub", fd: read, pid, output: "" });
    return undefined;
  }
}

/** What a command substitution of bash's does not have of its shell: `set -e`; and its traces are one deeper. */
function substituted(shell: Shell, state: ShellState): void {
  if (!shell.shopt("inherit_errexit")) state.options = state.options.replace("e", "");
  state.traceDepth = traceLevel(shell) + 1;
}

/** How deep commands that are traced lie within others: substitutions, `eval`, sourced files, traps. */
export const traceLevel = ({ state }: Shell): number =>
  (state.traceDepth ?? 0) +
  state.frames.filter(
    (one) =>
      (one.kind === "src" && (one.name !== undefined || one.mode === "dot")) || one.kind === "trap",
  ).length;

/** Targets of redirections, expanded one after the other; false while substitutions run. */
export function expandTargets(
  shell: Shell,
  frame: NodeFrame,
  redirs: readonly Redirect[],
): boolean {
  frame.targets ??= [];
  while (frame.targets.length < redirs.length) {
    const { word, op, raw } = redirs[frame.targets.length]!;
    const target = expanding(shell, frame, (expander) => {
      if (!shell.bash || op.startsWith("<<")) return expander.text(word);
      const fields = expander.fields(word);
      if (fields.length !== 1) throw new RedirectProblem(`${raw}: ambiguous redirect`);
      return fields[0]!;
    });
    if (target === undefined) return false;
    frame.targets.push(target);
    frame.memo = [];
  }
  return true;
}

/** Expands a list of words into `frame.words`, one per call of the step; true when all are done. */
export function expandWords(
  shell: Shell,
  frame: NodeFrame,
  words: NodeOf<"cmd">["words"],
): boolean {
  frame.words ??= [];
  while (frame.progress <= words.length) {
    const word = words[frame.progress - 1];
    if (!word) return true;
    const fields = expanding(shell, frame, (expander) => expander.fields(word));
    if (!fields) return false;
    frame.words.push(...fields);
    frame.memo = [];
    frame.progress++;
  }
  return true;
}

/** Applies a compound command's redirections under it. False while substitutions run, or when they failed. */
export function compoundRedirects(
  shell: Shell,
  frame: NodeFrame,
  node: Node & { redirs: NodeOf<"cmd">["redirs"] },
): boolean {
  if (frame.redirected || node.redirs.length === 0) return true;
  if (!expandTargets(shell, frame, node.redirs)) return false;
  const saved: Saved[] = [];
  shell.state.frames.pop();
  shell.push({ kind: "undo", saved });
  try {
    redirect(shell.sys, node.redirs, frame.targets ?? [], !shell.option("C"), saved, shell);
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    shell.complain(error.message);
    shell.pop();
    shell.state.status = redirectStatus(shell);
    shell.checkError(frame.tested === 1);
    return false;
  }
  delete frame.targets;
  frame.redirected = 1;
  shell.push(frame);
  return true;
}
