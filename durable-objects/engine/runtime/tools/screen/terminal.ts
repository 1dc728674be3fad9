/** The terminal in the hands of a full-screen program: keys one by one, and its own modes again at the end. */
import type { Session } from "../../kernel/state.ts";
import type { Sys } from "../../kernel/types.ts";

export type Modes = Pick<Session, "raw" | "echo" | "noSignals">;

/** Takes keys as they come. `signals`: ^C, ^\ and ^Z stay signals. What to give back at the end. */
export function takeTerminal(sys: Sys, session: Session, signals: boolean): Modes {
  const { raw, echo, noSignals } = session;
  sys.kernel.touch();
  session.raw = true;
  session.echo = false;
  if (signals) delete session.noSignals;
  else session.noSignals = true;
  if (session.editedLine) {
    session.input += session.editedLine;
    session.editedLine = "";
  }
  return {
    ...(raw ? { raw } : {}),
    ...(echo === undefined ? {} : { echo }),
    ...(noSignals ? { noSignals } : {}),
  };
}

export function giveTerminal(sys: Sys, session: Session | undefined, modes: Modes): void {
  if (!session) return;
  sys.kernel.touch();
  delete session.raw;
  delete session.echo;
  delete session.noSignals;
  Object.assign(session, modes);
}

/** Columns and rows; what a terminal has that was told none. */
export const sizeOf = (session: Session | undefined): { cols: number; rows: number } => ({
  cols: session?.cols || 80,
  rows: session?.rows || 24,
});
