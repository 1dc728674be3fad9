/** Functions as `declare -f` and `type` write them. */
import type { Shell } from "../shell.ts";
import { unitAt, modeOf } from "../state.ts";
import { CommandPrinter } from "./command-printer.ts";

export const functionNames = ({ state }: Shell): string[] => Object.keys(state.fn).sort();

/** With the line end behind it. */
export function functionText(shell: Shell, name: string): string {
  const { state } = shell;
  const [chunk, offset, body] = state.fn[name]!;
  const text = state.c[chunk] ?? "";
  const { nodes } = unitAt(text, offset, modeOf(state, chunk, offset));
  return `${name} () \n${new CommandPrinter(nodes).functionBody(body)}\n`;
}
