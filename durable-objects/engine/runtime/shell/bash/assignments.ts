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
  const action = state.traps.DEBUG;
  const within = state.frames.some((one) => one.kind === "trap");
  if (!within) state.runningCommand = frame.ref;
  if (!action || frame.debugTrapRan || within || (shell.called && !shell.option("T"))) return false;
  frame.debugTrapRan = 1;
  const line = (state.line ?? 1) - 1;
  shell.push({ kind: "trap", status: state.status, name: "DEBUG", line: state.line ?? 1 });
  shell.push({ kind: "src", chunk: addChunk(state, action, line), offset: 0, mode: "eval" });
  return true;
}
