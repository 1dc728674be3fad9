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

  /** Whether what it starts gets process groups of their own, and the terminal in turn. */
  get controlsJobs(): boolean {
    return this.option("m") && !this.state.inSubshell && !this.state.completion;
  }

  worked(name: string): string | Elements | undefined {
    if (this.bash) return worked(this, name);
    if (name !== "FUNCNAME") return undefined;
    const call = this.state.frames.findLast(
      (frame) => frame.kind === "call" && frame.name !== undefined,
    );
    return call?.kind === "call" ? call.name : undefined;
  }

  /** Whether an option of `shopt` is on. */
  shopt(name: string): boolean {
    if (!this.bash) return false;
    return this.state.shopts?.[name] ?? shoptNames.some(([known, on]) => known === name && on);
  }

  // All of them

  /** Names of all variables, sorted. */
  names(): string[] {
    const names = Object.keys(this.state.variables).filter((name) => {
      const [value, , elements] = this.state.variables[name]!;
      return value !== null || elements;
    });
    return [...new Set([...names, ...Object.keys(this.sys.env), ...workedNames])].sort();
  }

  /** A variable as it is declared; undefined: there is none. */
  variableOf(name: string): Variable | undefined {
    const known = Object.hasOwn(this.state.variables, name)
      ? this.state.variables[name]
      : undefined;
    // Taken away, though the environment has it.
    if (known) return known[0] === null && known[1] === 0 && !known[2] ? undefined : known;
    if (name in this.sys.env) return [this.sys.env[name]!, exported];
    const made = this.worked(name);
    if (made === undefined) return name === "IFS" ? [this.ifs(), 0] : undefined;
    return typeof made === "string" ? [made, marksOf(name)] : ["", marksOf(name) | indexed, made];
  }

  /** Names of all that is declared, with a value or without, sorted. */
  declared(): string[] {
    const names = [...Object.keys(this.state.variables), ...this.names()];
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
      ...Object.keys(this.state.variables),
    ]);
    const out: [string, string, number][] = [];
    for (const name of [...names].sort()) {
      const value = this.get(name);
      const marks = this.state.variables[name]?.[1] ?? (name in this.sys.env ? exported : 0);
      if (value !== undefined) out.push([name, value, marks]);
    }
    return out;
  }

  /** The environment of a command. */
  environment(extra: Record<string, string> = {}): Record<string, string> {
    const env = { ...this.sys.env };
    for (const name in this.state.variables) {
      const [value, marks, elements] = this.state.variables[name] as Variable;
      if (value !== null && marks & exported && !elements) env[name] = value;
      else delete env[name];
    }
    for (const name of this.state.exportedFunctions ?? [])
      if (Object.hasOwn(this.state.functions, name))
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
    if (!this.state.pendingOutput && this.sys.isOpen(fd)) {
      const taken = this.sys.write(fd, text);
      if (taken === text.length) return;
      this.state.pendingOutput = [[fd, text.slice(taken)]];
    } else if (this.state.pendingOutput) this.state.pendingOutput.push([fd, text]);
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
    if (state.flavour) return dialectHead(this);
    const name = state.script ?? state.argumentZero;
    const command = this.command ?? this.within();
    const named = command !== undefined && command !== name ? `${command}: ` : "";
    const counted = (command !== undefined || state.script !== undefined) && !state.interactive;
    return `${name}: ${named}${counted ? `line ${this.lineNumber()}: ` : ""}`;
  }

  /** A complaint of a builtin that is a tool as well: under the program's name alone. */
  say(text: string): void {
    if (this.state.flavour) this.complain(text);
    else this.write(2, `sh: ${text}\n`);
  }

  /** What runs the commands: `eval`, or a file that is sourced. */
  within(): string | undefined {
    const frame = this.state.frames.findLast((one) => one.kind === "src" && one.name !== undefined);
    return frame?.kind === "src" ? frame.name : this.state.complaintName;
  }

  /** Whether lines are those of a file that is sourced. */
  get dotted(): boolean {
    return (
      this.state.sourced ??
      this.state.frames.some((one) => one.kind === "src" && one.mode === "dot")
    );
  }

  lineNumber(): number {
    const line = this.state.line ?? 1;
    if (this.state.flavour) return line;
    return this.state.script === undefined && !this.dotted ? Math.max(0, line - 1) : line;
  }

  // Frames

  get top(): Frame | undefined {
    return this.state.frames.at(-1);
  }

  node(ref: NodeRef): Node {
    return nodeAt(this.state, ref);
  }

  push(frame: Frame): void {
    if (this.state.frames.length >= shellDepthMax * 5)
      throw new ExpansionProblem("maximum recursion depth reached");
    this.state.frames.push(frame);
  }

  /** Runs a node of the same command next. */
  run(ref: NodeRef, node: number, tested: boolean): void {
    this.push({
      kind: "node",
      ref: [ref[0], ref[1], node],
      progress: 0,
      ...(tested ? { tested: 1 as const } : {}),
    });
  }

  /** Runs a node in the place of the frame on top. */
  runLast(frame: FrameOf<"node">, node: number): void {
    this.state.frames.pop();
    this.run(frame.ref, node, frame.tested === 1);
  }

  /** Takes the top frame away and undoes what it holds. */
  pop(): Frame | undefined {
    const frame = this.state.frames.pop();
    if (!frame) return undefined;
    if (frame.kind === "undo") {
      this.restoreFiles(frame.saved);
      if (frame.variables) this.restoreVariables(frame.variables);
    } else if (frame.kind === "call") {
      if (frame.saved) this.restoreFiles(frame.saved);
      this.restoreVariables(frame.locals);
      this.state.parameters = frame.parameters;
      if (frame.callerOptions !== undefined) this.state.options = frame.callerOptions;
    } else if (frame.kind === "sub") {
      if (this.sys.isOpen(frame.fd)) this.sys.close(frame.fd);
    } else if (frame.kind === "trap") this.state.status = frame.status;
    else if (frame.kind === "complete") {
      this.#putBack(frame.before);
      delete this.state.completion;
      withoutCommandLine(this);
    }
    return frame;
  }

  /** What a completion function has changed is as it was. */
  #putBack({ status, lastArgument, pipeStatus }: FrameOf<"complete">["before"]): void {
    const { state } = this;
    state.status = status;
    if (lastArgument === undefined) delete state.lastArgument;
    else state.lastArgument = lastArgument;
    if (pipeStatus === undefined) delete state.pipeStatus;
    else state.pipeStatus = pipeStatus;
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
      if (variable) this.state.variables[name] = variable;
      else delete this.state.variables[name];
    }
  }

  /** Takes frames away down to and with the first that fits; false (and nothing done) when none does. */
  unwind(fits: (frame: Frame) => boolean): boolean {
    if (!this.state.frames.some(fits)) return false;
    for (;;) {
      const frame = this.pop();
      if (!frame || fits(frame)) return true;
    }
  }

  /** Ends the shell: every frame is undone, the EXIT trap runs in `advance`. */
  exit(status: number): void {
    this.state.exitStatus ??= status & 255;
    this.state.status = status & 255;
    while (this.state.frames.length) this.pop();
  }

  /** `set -e`, and bash's trap for ERR: a command failed that nothing tests. */
  checkError(tested: boolean): void {
    const { state } = this;
    if (state.status === 0 || tested) return;
    const action = state.traps.ERR;
    if (action && this.bash && !this.trapping("ERR") && (!this.called || this.option("E")))
      return this.startTrap("ERR", action);
    if (this.option("e")) this.exit(state.status);
  }

  /** Whether a function runs. */
  get called(): boolean {
    const { frames, outerCalls } = this.state;
    return (
      frames.some((frame) => frame.kind === "call" && frame.name !== undefined) ||
      (outerCalls?.length ?? 0) > 0
    );
  }

  trapping(name: string): boolean {
    return this.state.frames.some((frame) => frame.kind === "trap" && frame.name === name);
  }

  /** Runs a trap of bash's own next, once the redirections of the command are undone. */
  startTrap(name: "ERR" | "DEBUG" | "RETURN", action: string): void {
    const { state } = this;
    const at = this.top?.kind === "undo" ? state.frames.length - 1 : state.frames.length;
    const ends = name === "ERR" && this.option("e") ? { exits: 1 as const } : {};
    const line = state.line === undefined ? {} : { line: state.line };
    state.frames.splice(
      at,
      0,
      { kind: "trap", status: state.status, name, ...ends, ...line },
      {
        kind: "src",
        chunk: addChunk(state, action, (state.line ?? 1) - 1),
        offset: 0,
        mode: "eval",
      },
    );
  }

  /** An error of expansion or a special builtin: ends the command, and a shell that is not interactive. */
  abort(text: string | undefined, status: number): void {
    if (text !== undefined) this.complain(text);
    const left = abortStatus(this, text, status);
    if (this.tolerant || goesOn(this)) {
      this.state.status = left;
      return;
    }
    if (this.state.interactive) {
      while (this.state.frames.length > 1) this.pop();
      this.state.status = left;
    } else if (discards(this, text)) this.#discard(left);
    else this.exit(left);
  }

  /** bash gives the whole line up, and goes on with the next of the text it is of. */
  #discard(status: number): void {
    if (this.state.inSubshell) return this.exit(status);
    while (this.top && this.top.kind !== "src" && this.top.kind !== "trap") this.pop();
    this.state.status = status;
  }
}
