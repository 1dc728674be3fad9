/** The shell's view of its memory: parameters, options, output, frames coming and going. */
import { shellDepthMax } from "../../core/limits.ts";
import { abortStatus, dialectHead, discards, goesOn, inWords } from "./dialects.ts";
import { ExpansionProblem } from "./problems.ts";
import { closeFd } from "./redirect.ts";
import { builtIn, Parameters } from "./parameters.ts";
import { withoutCommandLine } from "./typing/completion-variables.ts";
import { shoptNames } from "./bash/shopt-data.ts";
import { functionText } from "./bash/function-text.ts";
import { listWords } from "./bash/attributes.ts";
import { settingWord } from "./bash/quote.ts";
import { marksOf, worked, workedNames } from "./bash/worked.ts";
import {
  addChunk,
  exported,
  indexed,
  nodeAt,
  type Elements,
  type Frame,
  type FrameOf,
  type ListItem,
  type NodeRef,
  type Saved,
  type Variable,
} from "./state.ts";
import type { Node } from "./ast.ts";

export class Shell extends Parameters {
  /** Where builtins' complaints name themselves. */
  command: string | undefined;
  /** What was wrong is a parameter that was asked for: `${name:?}`. */
  asked = false;
  /** Run by `command`: what is wrong does not end the shell. */
  tolerant = false;

  /** The lists among a builtin's arguments, by number: `name=(...)`. */
  lists: Record<string, ListItem[]> | undefined;

  worked(name: string): string | Elements | undefined {
    if (this.bash) return worked(this, name);
    if (name !== "FUNCNAME") return undefined;
    const call = this.state.f.findLast((frame) => frame.k === "call" && frame.z !== undefined);
    return call?.k === "call" ? call.z : undefined;
  }

  /** Whether an option of `shopt` is on. */
  shopt(name: string): boolean {
    if (!this.bash) return false;
    return this.state.so?.[name] ?? shoptNames.some(([known, on]) => known === name && on);
  }

  // All of them

  /** Names of all variables, sorted. */
  names(): string[] {
    const names = Object.keys(this.state.v).filter((name) => {
      const [value, , elements] = this.state.v[name]!;
      return value !== null || elements;
    });
    return [...new Set([...names, ...Object.keys(this.sys.env), ...workedNames])].sort();
  }

  /** A variable as it is declared; undefined: there is none. */
  variableOf(name: string): Variable | undefined {
    const known = Object.hasOwn(this.state.v, name) ? this.state.v[name] : undefined;
    // Taken away, though the environment has it.
    if (known) return known[0] === null && known[1] === 0 && !known[2] ? undefined : known;
    if (name in this.sys.env) return [this.sys.env[name]!, exported];
    const made = this.worked(name);
    if (made === undefined) return name === "IFS" ? [this.ifs(), 0] : undefined;
    return typeof made === "string" ? [made, marksOf(name)] : ["", marksOf(name) | indexed, made];
  }

  /** Names of all that is declared, with a value or without, sorted. */
  declared(): string[] {
    const names = [...Object.keys(this.state.v), ...this.names()];
    return [...new Set(names)].filter((name) => this.variableOf(name)).sort();
  }

  /** Lines of `set` and `declare`. */
  listing(): string[] {
    return this.names().flatMap((name) => {
      const variable = this.variableOf(name);
      if (!variable) return [];
      const [value, , elements] = variable;
      return [`${name}=${elements ? listWords(variable) : settingWord(value ?? "")}\n`];
    });
  }

  /** All variables with a value, by name. Arrays: their first element. */
  variables(): [name: string, value: string, marks: number][] {
    const names = new Set([
      ...Object.keys(builtIn),
      ...Object.keys(this.sys.env),
      ...Object.keys(this.state.v),
    ]);
    const out: [string, string, number][] = [];
    for (const name of [...names].sort()) {
      const value = this.get(name);
      const marks = this.state.v[name]?.[1] ?? (name in this.sys.env ? exported : 0);
      if (value !== undefined) out.push([name, value, marks]);
    }
    return out;
  }

  /** The environment of a command. */
  environment(extra: Record<string, string> = {}): Record<string, string> {
    const env = { ...this.sys.env };
    for (const name in this.state.v) {
      const [value, marks, elements] = this.state.v[name] as Variable;
      if (value !== null && marks & exported && !elements) env[name] = value;
      else delete env[name];
    }
    for (const name of this.state.xf ?? [])
      if (Object.hasOwn(this.state.fn, name))
        env[`BASH_FUNC_${name}%%`] = functionText(this, name).slice(name.length + 1, -1);
    return Object.assign(env, extra);
  }

  ifs(): string {
    return this.get("IFS") ?? " \t\n";
  }

  homeOf(user: string): string | undefined {
    return this.sys.container.passwd.find((entry) => entry.name === user)?.home;
  }

  // Output

  write(fd: number, text: string): void {
    if (text === "") return;
    if (!this.state.po && this.sys.isOpen(fd)) {
      const taken = this.sys.write(fd, text);
      if (taken === text.length) return;
      this.state.po = [[fd, text.slice(taken)]];
    } else if (this.state.po) this.state.po.push([fd, text]);
  }

  /** A complaint in the shell's form: name, builtin, line, text. */
  complain(text: string): void {
    try {
      this.write(2, `${this.head()}${inWords(this, text)}\n`);
    } catch {
      // Standard error is closed: nobody can be told.
    }
  }

  head(): string {
    const { state } = this;
    if (state.fl) return dialectHead(this);
    const name = state.script ?? state.z;
    const command = this.command ?? this.within();
    const named = command !== undefined && command !== name ? `${command}: ` : "";
    const counted = (command !== undefined || state.script !== undefined) && !state.ia;
    return `${name}: ${named}${counted ? `line ${this.lineNumber()}: ` : ""}`;
  }

  /** A complaint of a builtin that is a tool as well: under the program's name alone. */
  say(text: string): void {
    if (this.state.fl) this.complain(text);
    else this.write(2, `sh: ${text}\n`);
  }

  /** What runs the commands: `eval`, or a file that is sourced. */
  within(): string | undefined {
    const frame = this.state.f.findLast((one) => one.k === "src" && one.n !== undefined);
    return frame?.k === "src" ? frame.n : this.state.cn;
  }

  /** Whether lines are those of a file that is sourced. */
  get dotted(): boolean {
    return this.state.cd ?? this.state.f.some((one) => one.k === "src" && one.m === "dot");
  }

  lineNumber(): number {
    const line = this.state.ln ?? 1;
    if (this.state.fl) return line;
    return this.state.script === undefined && !this.dotted ? Math.max(0, line - 1) : line;
  }

  // Frames

  get top(): Frame | undefined {
    return this.state.f.at(-1);
  }

  node(ref: NodeRef): Node {
    return nodeAt(this.state, ref);
  }

  push(frame: Frame): void {
    if (this.state.f.length >= shellDepthMax * 5)
      throw new ExpansionProblem("maximum recursion depth reached");
    this.state.f.push(frame);
  }

  /** Runs a node of the same command next. */
  run(ref: NodeRef, node: number, tested: boolean): void {
    this.push({ k: "node", r: [ref[0], ref[1], node], i: 0, ...(tested ? { t: 1 as const } : {}) });
  }

  /** Runs a node in the place of the frame on top. */
  runLast(frame: FrameOf<"node">, node: number): void {
    this.state.f.pop();
    this.run(frame.r, node, frame.t === 1);
  }

  /** Takes the top frame away and undoes what it holds. */
  pop(): Frame | undefined {
    const frame = this.state.f.pop();
    if (!frame) return undefined;
    if (frame.k === "undo") {
      this.restoreFiles(frame.s);
      if (frame.v) this.restoreVariables(frame.v);
    } else if (frame.k === "call") {
      if (frame.s) this.restoreFiles(frame.s);
      this.restoreVariables(frame.l);
      this.state.p = frame.p;
      if (frame.lo !== undefined) this.state.o = frame.lo;
    } else if (frame.k === "sub") {
      if (this.sys.isOpen(frame.fd)) this.sys.close(frame.fd);
    } else if (frame.k === "trap" && !frame.x) this.state.st = frame.st;
    else if (frame.k === "complete") {
      Object.assign(this.state, frame.before);
      delete this.state.completion;
      withoutCommandLine(this);
    }
    return frame;
  }

  restoreFiles(saved: Saved[]): void {
    for (const [fd, copy] of saved.toReversed()) {
      if (copy < 0) closeFd(this.sys, fd);
      else {
        this.sys.dup(copy, fd);
        this.sys.close(copy);
      }
    }
  }

  restoreVariables(saved: Record<string, Variable | null>): void {
    for (const name in saved) {
      const variable = saved[name];
      if (variable) this.state.v[name] = variable;
      else delete this.state.v[name];
    }
  }

  /** Takes frames away down to and with the first that fits; false (and nothing done) when none does. */
  unwind(fits: (frame: Frame) => boolean): boolean {
    if (!this.state.f.some(fits)) return false;
    for (;;) {
      const frame = this.pop();
      if (!frame || fits(frame)) return true;
    }
  }

  /** Ends the shell: every frame is undone, the EXIT trap runs in `advance`. */
  exit(status: number): void {
    this.state.x ??= status & 255;
    this.state.st = status & 255;
    while (this.state.f.length) this.pop();
  }

  /** `set -e`, and bash's trap for ERR: a command failed that nothing tests. */
  checkError(tested: boolean): void {
    const { state } = this;
    if (state.st === 0 || tested) return;
    const action = state.tr.ERR;
    if (action && this.bash && !this.trapping("ERR") && (!this.called || this.option("E")))
      return this.startTrap("ERR", action);
    if (this.option("e")) this.exit(state.st);
  }

  /** Whether a function runs. */
  get called(): boolean {
    const { f, cs } = this.state;
    return f.some((frame) => frame.k === "call" && frame.z !== undefined) || (cs?.length ?? 0) > 0;
  }

  trapping(name: string): boolean {
    return this.state.f.some((frame) => frame.k === "trap" && frame.z === name);
  }

  /** Runs a trap of bash's own next, once the redirections of the command are undone. */
  startTrap(name: "ERR" | "DEBUG" | "RETURN", action: string): void {
    const { state } = this;
    const at = this.top?.k === "undo" ? state.f.length - 1 : state.f.length;
    const ends = name === "ERR" && this.option("e") ? { e: 1 as const } : {};
    const line = state.ln === undefined ? {} : { ln: state.ln };
    state.f.splice(
      at,
      0,
      { k: "trap", st: state.st, z: name, ...ends, ...line },
      { k: "src", c: addChunk(state, action, (state.ln ?? 1) - 1), o: 0, m: "eval" },
    );
  }

  /** An error of expansion or a special builtin: ends the command, and a shell that is not interactive. */
  abort(text: string | undefined, status: number): void {
    if (text !== undefined) this.complain(text);
    const left = abortStatus(this, text, status);
    if (this.tolerant || goesOn(this)) {
      this.state.st = left;
      return;
    }
    if (this.state.ia) {
      while (this.state.f.length > 1) this.pop();
      this.state.st = left;
    } else if (discards(this, text)) this.#discard(left);
    else this.exit(left);
  }

  /** bash gives the whole line up, and goes on with the next of the text it is of. */
  #discard(status: number): void {
    if (this.state.sub) return this.exit(status);
    while (this.top && this.top.k !== "src" && this.top.k !== "trap") this.pop();
    this.state.st = status;
  }
}
