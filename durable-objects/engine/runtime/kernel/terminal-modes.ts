/** What a program changes of a terminal while it has it, and gives back. termios(3) */
import type { Session } from "./state.ts";

export type TerminalModes = Pick<Session, "raw" | "echo" | "noSignals">;

export const modesOf = ({ raw, echo, noSignals }: Session): TerminalModes => ({
  ...(raw ? { raw } : {}),
  ...(echo === undefined ? {} : { echo }),
  ...(noSignals ? { noSignals } : {}),
});

export function setModes(session: Session, modes: TerminalModes): void {
  delete session.raw;
  delete session.echo;
  delete session.noSignals;
  Object.assign(session, modes);
}

/** From here on keys come one by one, also those of a line that was being typed. What to give back at the end. */
export function enterRawMode(session: Session, modes: TerminalModes): TerminalModes {
  const before = modesOf(session);
  setModes(session, { ...modes, raw: true });
  if (session.editedLine) {
    session.input += session.editedLine;
    session.editedLine = "";
  }
  return before;
}
