/** Words of a simple command that are assignments: before it, and among the arguments of those that declare. */
import type { Node, Part, Word } from "./ast.ts";
import { assign } from "./bash/assignments.ts";
import type { Expander } from "./expand.ts";
import { expanding } from "./expanding.ts";
import type { Shell } from "./shell.ts";
import type { FrameOf, ListItem } from "./state.ts";
import { traceAssignment } from "./bash/tracing.ts";

type NodeFrame = FrameOf<"node">;
type Command = Extract<Node, { k: "cmd" }>;

/** Values of the assignments before a command; false while substitutions run. */
export function expandAssignments(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  alone: boolean,
): boolean {
  frame.values ??= [];
  while (frame.values.length < node.assigns.length) {
    const i = frame.values.length;
    const one = node.assigns[i]!;
    const { word, sub, items } = one;
    const made = expanding(shell, frame, (expander): [string, ListItem[]?] => {
      if (items) return ["", expander.list(items)];
      const value = expander.text(word, true);
      return sub ? [value, [[expander.text(sub), value]]] : [value];
    });
    if (made === undefined) return false;
    frame.values.push(made[0]);
    if (made[1]) (frame.lists ??= {})[i] = made[1];
    frame.memo = [];
    // Each assignment sees those before it.
    if (alone) {
      if (shell.bash) traceAssignment(shell, one, made[0], made[1]);
      assign(shell, one, made[0], made[1]);
    }
  }
  return true;
}

/** `name=value` as an argument: its tildes are an assignment's. */
function declared(expander: Expander, word: Word): string {
  const [first, ...rest] = word as [Part & { t: "lit" }, ...Word];
  const at = first.v.indexOf("=") + 1;
  const value: Word = at < first.v.length ? [{ ...first, v: first.v.slice(at) }, ...rest] : rest;
  return first.v.slice(0, at) + expander.text(value, true);
}

const assigning = /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/;

export function expandDeclaration(shell: Shell, frame: NodeFrame, node: Command): boolean {
  frame.words ??= [];
  for (; frame.progress <= node.words.length; frame.progress++) {
    const word = node.words[frame.progress - 1]!;
    const [first, second] = word;
    const head = shell.bash ? assigning : /^[A-Za-z_]\w*=/;
    const assigns = first?.t === "lit" && !first.q && head.test(first.v);
    if (second?.t === "items") {
      const items = expanding(shell, frame, (expander) => expander.list(second.items));
      if (!items) return false;
      (frame.lists ??= {})[`w${frame.words.length}`] = items;
    }
    const fields = expanding(shell, frame, (expander) =>
      assigns ? [declared(expander, word)] : expander.fields(word),
    );
    if (!fields) return false;
    frame.words.push(...fields);
    frame.memo = [];
  }
  return true;
}

/** Those of a declaration's arguments that are lists, by their number. */
export function listsOf(frame: NodeFrame): Record<string, ListItem[]> | undefined {
  const all = Object.entries(frame.lists ?? {}).filter(([key]) => key.startsWith("w"));
  return all.length
    ? Object.fromEntries(all.map(([key, items]) => [key.slice(1), items]))
    : undefined;
}
