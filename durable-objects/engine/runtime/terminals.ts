/**
 * Terminals that are kept: sessions with a name, on a node or in a container, that belong to nobody's socket. What they print
 * lies in records (kernel/terminal-output.ts), so a terminal survives the loss of memory, travels in a snapshot and goes on in a
 * fork, and any number of screens may look. Table "terminals", key NAME.
 */
import { terminalsMax } from "../core/limits.ts";
import type { RuntimeContext } from "./kernel/types.ts";
import type { PodRecord, Session } from "./kernel/state.ts";
import { readOutput, removeOutput } from "./kernel/terminal-output.ts";
import { sessionEnd } from "./sessions.ts";

export const terminalTable = "terminals";

/** Which session a terminal is. */
export interface TerminalRecord {
  /** `namespace/name` of a Pod, or `@node/NAME`. */
  pod: string;
  /** The container it is in; absent: on the node itself. */
  container?: string;
  session: string;
  /** Virtual ms. */
  startedAtMs: number;
}

export interface TerminalState extends TerminalRecord {
  name: string;
  cols: number;
  rows: number;
  /** Bytes printed since it began, and the first that is still there. */
  position: number;
  /** Exit code, once its command is over; 137 also where its machine has gone. */
  exitCode?: number;
}

function sessionOf(context: RuntimeContext, record: TerminalRecord): Session | undefined {
  const pod = context.records.get<Partial<PodRecord>>("runtime", record.pod);
  return pod?.sessions?.[record.session];
}

const stateOf = (
  name: string,
  record: TerminalRecord,
  session: Session | undefined,
): TerminalState => ({
  ...record,
  name,
  cols: session?.cols ?? 80,
  rows: session?.rows ?? 24,
  position: session?.kept?.position ?? 0,
  ...(session && session.exitCode === undefined ? {} : { exitCode: session?.exitCode ?? 137 }),
});

/** A terminal as it is; undefined: there is none of that name. */
export function terminal(context: RuntimeContext, name: string): TerminalState | undefined {
  const record = context.records.get<TerminalRecord>(terminalTable, name);
  return record && stateOf(name, record, sessionOf(context, record));
}

/** All terminals, by name. */
export const terminals = (context: RuntimeContext): TerminalState[] =>
  [...context.records.keys(terminalTable)].flatMap((name) => terminal(context, name) ?? []);

/** Whether one more may be opened. */
export const isTerminalRoom = (context: RuntimeContext): boolean =>
  [...context.records.keys(terminalTable)].length < terminalsMax;

/** Keeps a session that has just been started as a terminal. */
export function keepTerminal(
  context: RuntimeContext,
  name: string,
  record: Omit<TerminalRecord, "startedAtMs">,
): void {
  const startedAtMs = Math.round(context.now);
  context.records.put(terminalTable, name, { ...record, startedAtMs });
}

/** What a terminal printed from a position on, at most `most` bytes; `position`: of the first of them. */
export function terminalText(
  context: RuntimeContext,
  name: string,
  from: number,
  most: number,
): { position: number; bytes: string } {
  const record = context.records.get<TerminalRecord>(terminalTable, name);
  const session = record && sessionOf(context, record);
  if (!session) return { position: from, bytes: "" };
  return readOutput(context.records, session, from, most);
}

/** Ends a terminal: its processes hear that it hung up, and what it printed is forgotten. */
export function removeTerminal(context: RuntimeContext, name: string): boolean {
  const record = context.records.get<TerminalRecord>(terminalTable, name);
  if (!record) return false;
  sessionEnd(context, record.pod, record.session);
  removeOutput(context.records, name);
  context.records.delete(terminalTable, name);
  return true;
}
