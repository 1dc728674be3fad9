/** A command as bash writes it out, by where it stands. */
import { modeOf, unitAt, type NodeRef, type ShellState } from "../state.ts";
import { CommandPrinter } from "./command-printer.ts";

/** The body of a function, or any other command. */
export function commandText(
  state: ShellState,
  [chunk, offset, node]: NodeRef,
  body = false,
): string {
  const text = state.chunks[chunk];
  if (text === undefined) return "";
  const { nodes } = unitAt(text, offset, modeOf(state, chunk, offset));
  const printer = new CommandPrinter(nodes);
  return body ? printer.functionBody(node) : printer.command(node);
}
