/** Expansion within a frame: what needs a substitution starts over when it is there. */
import { redirectStatus } from "./dialects.ts";
import type { Node } from "./ast.ts";
import { Expander } from "./expand.ts";
import { NeedSubstitution } from "./problems.ts";
import { forkShell } from "./jobs.ts";
import { RedirectProblem, redirect } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import type { FrameOf, Saved } from "./state.ts";

export type NodeFrame = FrameOf<"node">;

export type NodeOf<K> = Node extends infer N
  ? N extends { k: infer J }
    ? K extends J
      ? N
      : never
    : never
  : never;

/** Runs `work` with an expander; a substitution it needs is started instead. Undefined then. */
export function expanding<T>(
  shell: Shell,
  frame: NodeFrame,
  work: (expander: Expander) => T,
): T | undefined {
  try {
    return work(new Expander(shell, (frame.m ??= [])));
  } catch (error) {
    if (!(error instanceof NeedSubstitution)) throw error;
    const { sys } = shell;
    const [read, write] = sys.pipe();
    const pid = forkShell(shell, [{ k: "node", r: [frame.r[0], frame.r[1], error.body], i: 0 }]);
    const child = sys.child(pid);
    child.dup(write, 1);
    if (write !== 1) child.close(write);
    if (read !== 1) child.close(read);
    sys.close(write);
    shell.push({ k: "sub", fd: read, p: pid, b: "" });
    return undefined;
  }
}

/** Expands a list of words into `frame.w`, one per call of the step; true when all are done. */
export function expandWords(
  shell: Shell,
  frame: NodeFrame,
  words: NodeOf<"cmd">["words"],
): boolean {
  frame.w ??= [];
  while (frame.i <= words.length) {
    const word = words[frame.i - 1];
    if (!word) return true;
    const fields = expanding(shell, frame, (expander) => expander.fields(word));
    if (!fields) return false;
    frame.w.push(...fields);
    frame.m = [];
    frame.i++;
  }
  return true;
}

/** Applies a compound command's redirections under it. False while substitutions run, or when they failed. */
export function compoundRedirects(
  shell: Shell,
  frame: NodeFrame,
  node: Node & { redirs: NodeOf<"cmd">["redirs"] },
): boolean {
  if (frame.x || node.redirs.length === 0) return true;
  frame.d ??= [];
  while (frame.d.length < node.redirs.length) {
    const { word } = node.redirs[frame.d.length]!;
    const target = expanding(shell, frame, (expander) => expander.text(word));
    if (target === undefined) return false;
    frame.d.push(target);
    frame.m = [];
  }
  const saved: Saved[] = [];
  shell.state.f.pop();
  shell.push({ k: "undo", s: saved });
  try {
    redirect(shell.sys, node.redirs, frame.d, !shell.option("C"), saved);
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    shell.complain(error.message);
    shell.pop();
    shell.state.st = redirectStatus(shell);
    shell.checkError(frame.t === 1);
    return false;
  }
  delete frame.d;
  frame.x = 1;
  shell.push(frame);
  return true;
}
