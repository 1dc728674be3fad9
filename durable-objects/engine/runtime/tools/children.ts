/**
 * Tools that run other programs in the middle of their work (find -exec, awk's system). The work on one file or record
 * is a unit: it is done again from its start whenever a child's answer has come, with what was answered before and
 * without saying again what was said, so that the tool's memory stays plain JSON.
 */
import { Errno } from "../errno.ts";
import type { Sys } from "../kernel/types.ts";
import type { Step } from "../kernel/calls.ts";
import { drain, outputNames, type Io, type Output } from "./tool.ts";
import type { NamesOf } from "../../core/record-codec.ts";

type Answer = number | string;

export interface Calls {
  /** Answers of this unit so far. */
  answers: Answer[];
  /** Characters of this unit's output already handed on. */
  handedOn: number;
  /** Child to run: its arguments, then its pid and the pipe its output comes through. No arguments: one to wait for, or nothing but a pause until all output is out. */
  child?: { args: string[]; pid?: number; pipe?: number; text: string; keep: boolean };
  /** Output not taken yet: descriptor and text. */
  output?: [number, string][];
  /** Once decided. */
  exitCode?: number;
}

/** Names on disk; their fields may be those of a tool's state itself. */
export const callNames: NamesOf<Calls> = {
  fields: { ...outputNames, answers: "r", handedOn: "k", child: "c" },
  inside: { child: { fields: { args: "a", pid: "p", pipe: "f", text: "t" } } },
};

export const noCalls = (): Calls => ({ answers: [], handedOn: 0 });

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
    this.#calls.answers.push(made);
    this.#at = this.#calls.answers.length;
    return made;
  }
  #answer(): Answer | undefined {
    return this.#calls.answers[this.#at++];
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
  const output: Output = calls.output ? { output: calls.output } : {};
  const stuck = drain(sys, output);
  if (output.output?.length) calls.output = output.output;
  else delete calls.output;
  if (stuck) return stuck;
  const { child } = calls;
  if (!child) return undefined;
  if (child.pid === undefined && child.args.length === 0) {
    calls.answers.push(0);
    delete calls.child;
    return undefined;
  }
  if (child.pid === undefined) begin(sys, child);
  if (child.pipe !== undefined) {
    for (;;) {
      const data = sys.read(child.pipe);
      if (data === undefined) return { wait: { readable: [child.pipe] } };
      if (data === "") break;
      child.text += data;
      sys.held = child.text.length;
    }
    sys.close(child.pipe);
    delete child.pipe;
  }
  const ended = sys.wait(child.pid as number);
  if (!ended) return { wait: { childEnd: true } };
  calls.answers.push(child.keep ? child.text : ended === "none" ? 127 : ended.status);
  delete calls.child;
  return undefined;
}

function begin(sys: Sys, child: NonNullable<Calls["child"]>): void {
  const name = (sys.argv[0] ?? "").replace(/^.*\//, "");
  const complain = (command: string, why: string): string => `${name}: ${command}: ${why}\n`;
  if (!child.keep) {
    child.pid = launch(sys, child.args, complain);
    return;
  }
  const [read, write] = sys.pipe();
  child.pid = launch(sys, child.args, complain, (started) => {
    started.dup(write, 1);
    started.close(write);
    started.close(read);
  });
  sys.close(write);
  child.pipe = read;
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
    calls.child = { args: argv, text: "", keep, ...(pid === undefined ? {} : { pid }) };
  }
  let skip = calls.handedOn;
  for (const [fd, text] of io.pending) {
    const fresh = text.slice(Math.min(skip, text.length));
    skip -= text.length - fresh.length;
    calls.handedOn += fresh.length;
    if (fresh !== "") (calls.output ??= []).push([fd, fresh]);
  }
  io.pending.length = 0;
  if (!done) return false;
  calls.answers = [];
  calls.handedOn = 0;
  return true;
}
