/** Assignments before a command, and what comes before any command. */
import type { Assign } from "../ast.ts";
import type { Shell } from "../shell.ts";
import { addChunk, type FrameOf, type ListItem } from "../state.ts";

/** Carries an assignment out; `list`: the elements of its list, or its one element. */
export function assign(
  shell: Shell,
  { name, sub, items, append }: Assign,
  value: string,
  list: readonly ListItem[] | undefined,
  marks = 0,
): void {
  if (items) shell.setList(name, list ?? [], append);
  else if (sub) shell.setElement(name, list?.[0]?.[0] ?? "", value, append);
  else shell.set(name, value, marks, append);
}

/** Notes the command that is about to run; true: the trap for DEBUG runs first. */
export function beforeCommand(shell: Shell, frame: FrameOf<"node">): boolean {
  const { state } = shell;
  const action = state.tr.DEBUG;
  const within = state.f.some((one) => one.k === "trap");
  if (!within) state.bc = frame.r;
  if (!action || frame.db || within || (shell.called && !shell.option("T"))) return false;
  frame.db = 1;
  const line = (state.ln ?? 1) - 1;
  shell.push({ k: "trap", st: state.st, z: "DEBUG", ln: state.ln ?? 1 });
  shell.push({ k: "src", c: addChunk(state, action, line), o: 0, m: "eval" });
  return true;
}
