/**
 * What a command is made of: a generator that asks and is answered. An `Ask` says how its answer is come by; the program
 * (program.ts) performs it, one step of the process at a time, and keeps the answers as the process's journal. After a loss of
 * memory the generator is begun anew and fed the journal, so a command reads like ordinary code and is plain data all the same.
 */
import type { Wait } from "../runtime/kernel/state.ts";
import type { Sys } from "../runtime/kernel/types.ts";

/** JSON that lasts while an Ask is performed: a handle, a pid. */
export type Kept = Record<string, unknown>;

export interface Ask<A = unknown> {
  /**
   * One step towards the answer, which must be plain JSON: it is there, or what to wait for. Called again after the wait.
   * `became`: the process is another program from here on.
   */
  perform(sys: Sys, kept: Kept): { answer: A } | { wait: Wait } | { became: true };
}

/** Work inside a command: `const answer = yield* ask(...)`. */
export type Work<T> = Generator<Ask | Section, T, unknown>;

/** The borders of a section: see `section`. */
export type Section =
  | { section: "begin" }
  | { section: "end"; result: unknown }
  /** A failure leaves it: its answers stay. */
  | { section: "leave" };

export const isSection = (asked: Ask | Section): asked is Section => "section" in asked;

export function* ask<A>(one: Ask<A>): Work<A> {
  return (yield one) as A;
}

/** Work that asks for nothing. */
export function* known<T>(value: T): Work<T> {
  yield* [];
  return value;
}

/** Asks that need no time: files, environment, clock. */
export const at = <A>(look: (sys: Sys) => A): Work<A> =>
  ask<A>({ perform: (sys) => ({ answer: look(sys) }) });

/**
 * A part of a command of which only the result counts afterwards, which must be plain JSON: when it has returned, the answers
 * within it are forgotten and its result is kept in their place. For loops over many objects, and where much is read to
 * learn little. What it printed stays printed; memory outside it that it changed is not changed again after a loss of memory.
 */
export function* section<T>(body: () => Work<T>): Work<T> {
  const known = (yield { section: "begin" }) as { result: T } | undefined;
  if (known) return known.result;
  let result: T;
  try {
    result = yield* body();
  } catch (error) {
    yield { section: "leave" };
    throw error;
  }
  yield { section: "end", result: result === undefined ? null : result };
  return result;
}

/**
 * Returned by a command's `run` in place of an exit code: the command goes on as one of its `continuations`, with nothing
 * but `data` (plain JSON). Its journal is empty again, so what runs for long takes no more room as it runs.
 */
export class Continue {
  readonly name: string;
  readonly data: unknown;
  /** Exit code when it is interrupted (^C); absent: the signal kills it. */
  readonly onInterrupt: number | undefined;
  constructor(name: string, data: unknown, onInterrupt?: number) {
    this.name = name;
    this.data = data;
    this.onInterrupt = onInterrupt;
  }
}

export type Outcome = number | Continue | void;
