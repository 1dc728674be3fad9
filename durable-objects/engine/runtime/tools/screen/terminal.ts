/** The terminal in the hands of a full-screen program: keys one by one, and its own modes again at the end. */
import type { Session } from "../../kernel/state.ts";
import { enterRawMode, setModes, type TerminalModes } from "../../kernel/terminal-modes.ts";
import type { Sys } from "../../kernel/types.ts";

/** Takes keys as they come. `signals`: ^C, ^\ and ^Z stay signals. What to give back at the end. */
export function takeTerminal(sys: Sys, session: Session, signals: boolean): TerminalModes {
  sys.kernel.touch();
  return enterRawMode(session, { echo: false, ...(signals ? {} : { noSignals: true }) });
}

export function giveTerminal(sys: Sys, session: Session | undefined, modes: TerminalModes): void {
  if (!session) return;
  sys.kernel.touch();
  setModes(session, modes);
}

/** Columns and rows; what a terminal has that was told none. */
export const sizeOf = (session: Session | undefined): { cols: number; rows: number } => ({
  cols: session?.cols || 80,
  rows: session?.rows || 24,
});
