/**
 * Tools that run other programs in the middle of their work (find -exec, awk's system). The work on one file or record
 * is a unit: it is done again from its start whenever a child's answer has come, with what was answered before and
 * without saying again what was said, so that the tool's memory stays plain JSON.
 */
import { Errno } from "../errno.ts";
import type { Sys } from "../kernel/types.ts";
import type { Step } from "../kernel/calls.ts";
import { drain, type Io } from "./tool.ts";

type Answer = number | string;

export interface Calls {
  /** Answers of this unit so far. */
  r: Answer[];
  /** Characters of this unit's output already handed on. */
  k: number;
  /** Child to run: its arguments, then its pid and the pipe its output comes through. No arguments: one to wait for, or nothing but a pause until all output is out. */
  c?: { a: string[]; p?: number; f?: number; t: string; keep: boolean };
  o?: [number, string][];
  x?: number;
}

export const noCalls = (): Calls => ({ r: [], k: 0 });

class NeedChild extends Error {
  override name = "NeedChild";
  readonly argv: string[];
  readonly keep: boolean;
  readonly pid: number | undefined;
  constructor(argv: string[], keep: boolean, pid?: number) {
    super("child");
    this.argv = argv;
    this.keep = keep;
    this.pid = pid;
  }
}

/** What a unit of work may ask for. */
export class Caller {
  readonly #calls: Calls;
  #at = 0;
  constructor(calls: Calls) {
    this.#calls = calls;
  }
  /** Runs a command; its status. */
  run(argv: string[]): number {
    return Number(this.#answer() ?? ask(argv, false));
  }
  /** Runs a command; what it printed. */
  capture(argv: string[]): string {
    return String(this.#answer() ?? ask(argv, true));
  }
  /** Waits until all output so far is out. */
  flush(): void {
    if (this.#answer() === undefined) ask([], false);
  }
  /** Waits for a child started before; its status. */
  wait(pid: number): number {
    return Number(this.#answer() ?? ask([], false, pid));
  }
  /** Does something that must happen once only. */
  once<T extends Answer>(act: () => T): T {
    const known = this.#answer();
    if (known !== undefined) return known as T;
    const made = act();
    this.#calls.r.push(made);
    this.#at = this.#calls.r.length;
    return made;
  }
  #answer(): Answer | undefined {
    return this.#calls.r[this.#at++];
  }
}

function ask(argv: string[], keep: boolean, pid?: number): never {
  throw new NeedChild(argv, keep, pid);
}

/** Starts a child. One that cannot be run ends with 127 or 126 after `complain` said so. */
export function launch(
  sys: Sys,
  argv: readonly string[],
  complain: (command: string, why: string) => string,
  arrange?: (child: Sys) => void,
): number {
  const pid = sys.fork({});
  const child = sys.child(pid);
  try {
    arrange?.(child);
    child.exec(child.which(argv[0] ?? ""), [...argv], sys.env);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(complain(argv[0] ?? "", error.message));
    sys.kernel.exit(child.key, error.code === "ENOENT" ? 127 : 126);
  }
  return pid;
}

/** What holds up the next unit: output to hand on, a child to wait for. Undefined: nothing. */
export function pending(sys: Sys, calls: Calls): Step {
  const output = { ...(calls.o ? { o: calls.o } : {}) };
  const stuck = drain(sys, output);
  if (output.o?.length) calls.o = output.o;
  else delete calls.o;
  if (stuck) return stuck;
  const { c } = calls;
  if (!c) return undefined;
  if (c.p === undefined && c.a.length === 0) {
    calls.r.push(0);
    delete calls.c;
    return undefined;
  }
  if (c.p === undefined) begin(sys, c);
  if (c.f !== undefined) {
    for (;;) {
      const data = sys.read(c.f);
      if (data === undefined) return { wait: { readable: [c.f] } };
      if (data === "") break;
      c.t += data;
      sys.held = c.t.length;
    }
    sys.close(c.f);
    delete c.f;
  }
  const ended = sys.wait(c.p as number);
  if (!ended) return { wait: { childEnd: true } };
  calls.r.push(c.keep ? c.t : ended === "none" ? 127 : ended.status);
  delete calls.c;
  return undefined;
}

function begin(sys: Sys, c: NonNullable<Calls["c"]>): void {
  const name = (sys.argv[0] ?? "").replace(/^.*\//, "");
  const complain = (command: string, why: string): string => `${name}: ${command}: ${why}\n`;
  if (!c.keep) {
    c.p = launch(sys, c.a, complain);
    return;
  }
  const [read, write] = sys.pipe();
  c.p = launch(sys, c.a, complain, (child) => {
    child.dup(write, 1);
    child.close(write);
    child.close(read);
  });
  sys.close(write);
  c.f = read;
}

/** Takes a unit as far as it goes; true: it is done. The tool calls `pending` before it goes on either way. */
export function unit(io: Io, calls: Calls, work: (caller: Caller) => void): boolean {
  let done = true;
  try {
    work(new Caller(calls));
  } catch (error) {
    if (!(error instanceof NeedChild)) throw error;
    done = false;
    const { argv, keep, pid } = error;
    calls.c = { a: argv, t: "", keep, ...(pid === undefined ? {} : { p: pid }) };
  }
  let skip = calls.k;
  for (const [fd, text] of io.pending) {
    const fresh = text.slice(Math.min(skip, text.length));
    skip -= text.length - fresh.length;
    calls.k += fresh.length;
    if (fresh !== "") (calls.o ??= []).push([fd, fresh]);
  }
  io.pending.length = 0;
  if (!done) return false;
  calls.r = [];
  calls.k = 0;
  return true;
}
