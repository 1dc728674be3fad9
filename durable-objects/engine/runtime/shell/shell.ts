/** The shell's view of its memory: parameters, options, output, frames coming and going. */
import { shellDepthMax } from "../../core/limits.ts";
import type { Sys } from "../kernel/types.ts";
import { abortStatus, dialectHead, goesOn, inWords } from "./dialects.ts";
import { ExpansionProblem } from "./problems.ts";
import { bashVersion } from "./bash-version.ts";
import { shownOptions } from "./option-letters.ts";
import {
  exported,
  nodeAt,
  readOnly,
  type Frame,
  type FrameOf,
  type NodeRef,
  type Saved,
  type ShellState,
  type Variable,
} from "./state.ts";
import type { Node } from "./ast.ts";

/** Variables a shell has without being given them. */
const builtIn: Record<string, string> = {
  IFS: " \t\n",
  PS1: "\\w \\$ ",
  PS2: "> ",
  PS4: "+ ",
};

export class Shell {
  readonly sys: Sys;
  readonly state: ShellState;
  /** Where builtins' complaints name themselves. */
  command: string | undefined;
  /** What was wrong is a parameter that was asked for: `${name:?}`. */
  asked = false;
  /** Run by `command`: what is wrong does not end the shell. */
  tolerant = false;

  constructor(sys: Sys, state: ShellState) {
    this.sys = sys;
    this.state = state;
  }

  // Parameters

  /** A plain variable. Those of the process's environment are not copied until they change. */
  get(name: string): string | undefined {
    const variable = this.state.v[name];
    if (variable) return variable[0] ?? undefined;
    return this.sys.env[name] ?? (name === "PS1" && this.state.fl ? undefined : builtIn[name]);
  }

  /** Any parameter: variables, positional and special ones. */
  parameter(name: string): string | undefined {
    const { state } = this;
    if (/^\d+$/.test(name)) return name === "0" ? state.z : state.p[Number(name) - 1];
    switch (name) {
      case "@":
      case "*":
        return state.p.join(" ");
      case "#":
        return String(state.p.length);
      case "?":
        return String(state.st);
      case "$":
        return String(state.pid);
      case "!":
        return state.bg === undefined ? "" : String(state.bg);
      case "-":
        return shownOptions((state.sm ?? "") + state.o + (state.ia ? "i" : ""));
      case "RANDOM":
        if (state.fl === "dash") return this.get(name);
        return this.state.v.RANDOM
          ? this.get(name)
          : String(Math.floor(this.sys.random() * 32_768));
      case "LINENO":
        return String(this.lineNumber());
      case "FUNCNAME": {
        const call = state.f.findLast((frame) => frame.k === "call" && frame.z !== undefined);
        return call?.k === "call" ? call.z : this.get(name);
      }
      case "PPID":
        return String(state.ppid);
      case "BASH_VERSION":
      case "BASH":
        if (state.fl === "bash" && !state.v[name])
          return name === "BASH" ? "/bin/bash" : bashVersion(this.sys);
        break;
    }
    return this.get(name);
  }

  set(name: string, value: string, marks = 0): void {
    const old =
      this.state.v[name] ??
      (name in this.sys.env ? ([this.sys.env[name], exported] as Variable) : undefined);
    if (old && old[1] & readOnly) throw new ExpansionProblem(`${name}: is read only`);
    const had = this.state.v[name]?.[0]?.length ?? 0;
    this.state.vb = (this.state.vb ?? 0) + value.length - had;
    this.sys.held = this.state.vb;
    const auto = this.option("a") ? exported : 0;
    this.state.v[name] = [value, (old?.[1] ?? 0) | marks | auto];
    if (name === "OPTIND") delete this.state.go;
  }

  mark(name: string, marks: number): void {
    const value = this.get(name);
    const old = this.state.v[name];
    this.state.v[name] = [
      value ?? null,
      (old?.[1] ?? (name in this.sys.env ? exported : 0)) | marks,
    ];
  }

  unset(name: string): void {
    if ((this.state.v[name]?.[1] ?? 0) & readOnly)
      throw new ExpansionProblem(`${name}: is read only`);
    if (name in this.sys.env || name in builtIn) this.state.v[name] = [null, 0];
    else delete this.state.v[name];
  }

  /** All variables with a value, by name. */
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
      const [value, marks] = this.state.v[name] as Variable;
      if (value !== null && marks & exported) env[name] = value;
      else delete env[name];
    }
    return Object.assign(env, extra);
  }

  option(letter: string): boolean {
    return this.state.o.includes(letter);
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
    } else if (frame.k === "sub") {
      if (this.sys.isOpen(frame.fd)) this.sys.close(frame.fd);
    } else if (frame.k === "trap" && !frame.x) this.state.st = frame.st;
    return frame;
  }

  restoreFiles(saved: Saved[]): void {
    for (const [fd, copy] of saved.toReversed()) {
      if (copy < 0) {
        if (this.sys.isOpen(fd)) this.sys.close(fd);
      } else {
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

  /** `set -e`: a command failed that nothing tests. */
  checkError(tested: boolean): void {
    if (this.state.st !== 0 && !tested && this.option("e")) this.exit(this.state.st);
  }

  /** An error of expansion or a special builtin: ends the command, and a shell that is not interactive. */
  abort(text: string | undefined, status: number): void {
    if (text !== undefined) this.complain(text);
    const left = abortStatus(this, text, status);
    if (this.tolerant || goesOn(this)) {
      this.state.st = left;
      return;
    }
    if (!this.state.ia) return this.exit(left);
    while (this.state.f.length > 1) this.pop();
    this.state.st = left;
  }
}
