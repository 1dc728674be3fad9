/** Functions as `declare -f` and `type` write them. */
import type { ShellState } from "../state.ts";
import { commandText } from "./command-text.ts";

interface Holder {
  readonly state: ShellState;
}

export const functionNames = ({ state }: Holder): string[] => Object.keys(state.functions).sort();

/** With the line end behind it. */
export const functionText = ({ state }: Holder, name: string): string =>
  `${name} () \n${commandText(state, state.functions[name]!, true)}\n`;
