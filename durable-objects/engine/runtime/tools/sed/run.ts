/** One cycle of sed after the other, on lines that come from somewhere. */
import { sedCommandsMax, toolOutputCharactersMax } from "../../../core/limits.ts";
import type { Match, Regex } from "../../../regex/regex.ts";
import type { MatchWork } from "../../match-work.ts";
import { SedProblem, sedRegex, type Address, type Command, type SedRegex } from "./script.ts";

export interface SedMemory {
  hold: string;
  /** Line number. */
  line: number;
  /** Commands whose range is open: index to its last line, or -1 while a pattern closes it. */
  open: Record<string, number>;
  /** The pattern used last, for an empty one. */
  last?: string;
}

export interface Line {
  text: string;
  /** It ended with a newline. */
  ended: boolean;
}

/** Where lines come from. `next` throws when nobody knows yet. */
export interface Lines {
  next(): Line | undefined;
  isLast(): boolean;
}

export interface SedOut {
  /** To standard output. */
  put(text: string): void;
  /** To a file of `w`. */
  file(name: string, text: string): void;
  /** Content for `r`. */
  read(name: string): string;
}

/** Case marks of a replacement: \U \L \u \l \E. */
function expand(by: string, match: Match): string {
  let out = "";
  let mode = "";
  let once = "";
  const add = (text: string): void => {
    let part = mode === "U" ? text.toUpperCase() : mode === "L" ? text.toLowerCase() : text;
    if (once && part) {
      part = (once === "u" ? part[0]!.toUpperCase() : part[0]!.toLowerCase()) + part.slice(1);
      once = "";
    }
    out += part;
  };
  for (let i = 0; i < by.length; i++) {
    const c = by[i]!;
    if (c === "&") add(match.group(0) ?? "");
    else if (c !== "\\") add(c);
    else {
      const next = by[++i] ?? "\\";
      if (/\d/.test(next)) add(match.group(Number(next)) ?? "");
      else if (/[ULE]/.test(next)) mode = next === "E" ? "" : next;
      else if (/[ul]/.test(next)) once = next;
      else add({ n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", a: "\x07" }[next] ?? next);
    }
  }
  return out;
}

/** Replaces the nth match, or from it on all. An empty match right behind a match does not count. */
export function substitute(
  text: string,
  pattern: Regex,
  work: MatchWork,
  by: (match: Match) => string,
  nth: number,
  all: boolean,
): string | undefined {
  const search = pattern.search(text, work);
  let next = 0;
  let out = "";
  let from = 0;
  let seen = 0;
  let hit = false;
  let end = -1;
  for (let match = search.next(next); match; match = search.next(next)) {
    const empty = match.end === match.index;
    next = match.end + Number(empty);
    if (empty && match.index === end) continue;
    ({ end } = match);
    if (++seen < nth) continue;
    hit = true;
    out += text.slice(from, match.index) + by(match);
    from = end;
    if (!all || out.length > toolOutputCharactersMax) break;
  }
  return hit ? out + text.slice(from) : undefined;
}

/** `l`: what cannot be seen, shown. */
function listed(text: string): string {
  const names: Record<string, string> = {
    "\\": "\\\\",
    "\t": "\\t",
    "\n": "\\n",
    "\r": "\\r",
    "\x07": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
  };
  return [...text]
    .map(
      (c) =>
        names[c] ?? (c < " " || c > "~" ? `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}` : c),
    )
    .join("");
}

export class Sed {
  readonly commands: Command[];
  readonly memory: SedMemory;
  readonly lines: Lines;
  readonly out: SedOut;
  readonly quiet: boolean;
  readonly work: MatchWork;
  space = "";
  ended = true;
  #appended: (() => void)[] = [];
  #code: number | undefined;

  constructor(
    commands: Command[],
    memory: SedMemory,
    lines: Lines,
    out: SedOut,
    how: { quiet: boolean; work: MatchWork },
  ) {
    this.commands = commands;
    this.memory = memory;
    this.lines = lines;
    this.out = out;
    this.quiet = how.quiet;
    this.work = how.work;
  }

  /** One cycle; a number: the exit code sed ends with. Undefined: go on. False: the input has ended. */
  cycle(): number | false | undefined {
    if (!this.#load()) return false;
    for (let again = true; again;) {
      again = false;
      const verdict = this.#script();
      if (verdict === "restart") again = true;
      if (verdict !== "restart" && verdict !== "delete" && !this.quiet) this.#print(this.space);
      this.#flush();
    }
    return this.#code;
  }

  #load(): boolean {
    const line = this.lines.next();
    if (!line) return false;
    this.space = line.text;
    this.ended = line.ended;
    this.memory.line++;
    return true;
  }

  /** The end of what was put last lacks its newline: whatever follows begins with it. */
  #cut = false;
  #put(text: string): void {
    if (text === "") return;
    this.out.put(this.#cut ? `\n${text}` : text);
    this.#cut = !text.endsWith("\n");
  }

  #print(text: string): void {
    this.#put(text + (this.ended ? "\n" : ""));
  }

  #flush(): void {
    for (const put of this.#appended) put();
    this.#appended = [];
  }

  #regex(given: SedRegex): Regex {
    const pattern = given.pattern || this.memory.last;
    if (pattern === undefined) throw new SedProblem("no previous regexp");
    this.memory.last = pattern;
    return sedRegex(given, pattern, this.work);
  }

  #at(address: Address): boolean {
    const { line } = this.memory;
    if (address.k === "line") return line === address.n;
    if (address.k === "last") return this.lines.isLast();
    if (address.k === "step")
      return address.by === 0
        ? line === address.n
        : line >= address.n && (line - address.n) % address.by === 0;
    return address.k === "regex" && this.#regex(address).test(this.space, this.work);
  }

  #applies(command: Command, index: number): boolean {
    const { from, to } = command;
    if (!from) return true;
    if (!to) return this.#at(from);
    const { open, line } = this.memory;
    const till = open[index];
    if (till === undefined) {
      // `0,/x/` may end on the first line.
      const zero = from.k === "line" && from.n === 0 && line === 1;
      if (!zero && !this.#at(from)) return false;
      if (zero && this.#at(to)) return true;
      if (to.k === "line" ? to.n > line : to.k === "plus" ? to.n > 0 : true)
        open[index] =
          to.k === "line"
            ? to.n
            : to.k === "plus"
              ? line + to.n
              : to.k === "multiple"
                ? Math.ceil(line / (to.n || 1)) * (to.n || 1)
                : -1;
      if (to.k === "multiple" && open[index] === line) delete open[index];
      return true;
    }
    if (till >= 0) {
      if (line >= till) delete open[index];
      if (line > till) return this.#applies(command, index) && false;
    } else if (this.#at(to)) delete open[index];
    return true;
  }

  #script(): "end" | "delete" | "restart" {
    let flag = false;
    let steps = 0;
    for (let i = 0; i < this.commands.length; i++) {
      if (++steps > sedCommandsMax) {
        this.#code = 1;
        return "delete";
      }
      const command = this.commands[i]!;
      if (this.#applies(command, i) === (command.not === true)) {
        if (command.c === "{") i = command.jump ?? i;
        continue;
      }
      if (command.c === "s") {
        flag = this.#substitute(command) || flag;
        continue;
      }
      if (command.c === "b" || (command.c === "t" && flag) || (command.c === "T" && !flag)) {
        i = command.jump! - 1;
        flag = command.c === "b" ? flag : false;
        continue;
      }
      if (command.c === "t" || command.c === "T") {
        flag = false;
        continue;
      }
      const verdict = this.#run(command, i);
      if (verdict) return verdict;
    }
    return "end";
  }

  #substitute(command: Command): boolean {
    const made = substitute(
      this.space,
      this.#regex(command.regex!),
      this.work,
      (match) => expand(command.by!, match),
      command.nth ?? 1,
      command.global === true,
    );
    if (made === undefined) return false;
    this.space = made;
    if (command.print) this.#print(this.space);
    if (command.file) this.#file(command.file, `${this.space}\n`);
    return true;
  }

  #file(name: string, text: string): void {
    if (name === "/dev/stdout") this.#put(text);
    else this.out.file(name, text);
  }

  /** n and N: the next line, or the end of everything. */
  #next(join: boolean): "end" | "delete" | undefined {
    const line = this.lines.next();
    if (!line) {
      this.#code ??= -1;
      return "end";
    }
    if (!join && !this.quiet) this.#print(this.space);
    this.#flush();
    this.space = join ? `${this.space}\n${line.text}` : line.text;
    this.ended = line.ended;
    this.memory.line++;
    return undefined;
  }

  #run(command: Command, index: number): "end" | "delete" | "restart" | undefined {
    const { memory } = this;
    switch (command.c) {
      case "=":
        return void this.#put(`${memory.line}\n`);
      case "p":
        return void this.#put(`${this.space}\n`);
      case "P":
        return void this.#put(`${this.space.split("\n")[0]}\n`);
      case "l":
        return void this.#put(`${listed(this.space)}$\n`);
      case "d":
        return "delete";
      case "D": {
        const end = this.space.indexOf("\n");
        if (end < 0) return "delete";
        this.space = this.space.slice(end + 1);
        return "restart";
      }
      case "g":
        this.space = memory.hold;
        return undefined;
      case "G":
        this.ended = true;
        this.space += `\n${memory.hold}`;
        return undefined;
      case "h":
        memory.hold = this.space;
        return undefined;
      case "H":
        memory.hold += `\n${this.space}`;
        return undefined;
      case "x":
        [this.space, memory.hold] = [memory.hold, this.space];
        return undefined;
      case "z":
        this.space = "";
        return undefined;
      case "n":
        return this.#next(false);
      case "N":
        return this.#next(true);
      case "y":
        this.space = [...this.space]
          .map((c) => command.to2![command.text!.indexOf(c)] ?? c)
          .join("");
        return undefined;
      case "q":
        this.#code = command.code ?? 0;
        return "end";
      case "Q":
        this.#code = command.code ?? 0;
        return "delete";
      default:
        return this.#text(command, index);
    }
  }

  #text(command: Command, index: number): "delete" | undefined {
    const text = command.text ?? "";
    if (command.c === "i") this.#put(text);
    else if (command.c === "a") this.#appended.push(() => this.#put(text));
    else if (command.c === "r")
      this.#appended.push(() =>
        this.#put(this.out.read(command.file!).replace(/([^\n])$/, "$1\n")),
      );
    else if (command.c === "w") this.#file(command.file!, `${this.space}\n`);
    else if (command.c === "c") {
      if (!command.to || command.not || this.memory.open[index] === undefined) this.#put(text);
      return "delete";
    }
    return undefined;
  }
}
