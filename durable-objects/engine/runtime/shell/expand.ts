/** Expansion of words: parameters, substitutions, arithmetic, tilde, field splitting, path names. */
import { arithmeticWords } from "./dialects.ts";
import { globNamesMax, processStateBytesMax } from "../../core/limits.ts";
import type { Word, Part } from "./ast.ts";
import { arithmetic, ArithmeticProblem } from "./arith.ts";
import { escapePattern, isPattern, matches, replace, strip, unescapePattern } from "./pattern.ts";
import { ExpansionProblem, MemoryProblem, NeedSubstitution } from "./problems.ts";
import type { Shell } from "./shell.ts";

const nameOnly = /^[A-Za-z_]\w*$/;

/** A field in the making: its text, and as a pattern with what was quoted escaped. */
class Fields {
  readonly done: { v: string; p: string }[] = [];
  #v = "";
  #p = "";
  /** Something is there, be it an empty quoted string. */
  #any = false;
  /** White space of IFS came last: the next text begins a new field. */
  #gap = false;

  quoted(text: string): void {
    this.#begin();
    this.#v += text;
    this.#p += escapePattern(text);
    this.#any = true;
  }

  plain(text: string): void {
    if (text === "") return;
    this.#begin();
    this.#v += text;
    this.#p += text;
    this.#any = true;
  }

  #begin(): void {
    if (this.#v.length > processStateBytesMax) throw new MemoryProblem();
    if (this.#gap) this.cut();
  }

  cut(): void {
    this.#gap = false;
    if (this.#any) this.done.push({ v: this.#v, p: this.#p });
    this.#v = "";
    this.#p = "";
    this.#any = false;
  }

  /** The result of an unquoted expansion. */
  split(text: string, ifs: string): void {
    if (ifs === "" || text === "") {
      this.plain(text);
      return;
    }
    let run = "";
    for (const c of text) {
      if (!ifs.includes(c)) {
        run += c;
        continue;
      }
      this.plain(run);
      run = "";
      if (c === " " || c === "\t" || c === "\n") {
        if (this.#any) this.#gap = true;
      } else {
        // Another separator ends a field, even an empty one.
        this.#any = true;
        this.cut();
      }
    }
    this.plain(run);
  }

  all(): { v: string; p: string }[] {
    this.cut();
    return this.done;
  }
}

export class Expander {
  readonly shell: Shell;
  /** Results of substitutions and of whatever has an effect, in order: a word that starts over finds them here. */
  readonly memo: string[];
  #next = 0;

  constructor(shell: Shell, memo: string[]) {
    this.shell = shell;
    this.memo = memo;
  }

  #once(make: () => string): string {
    const at = this.#next++;
    const known = this.memo[at];
    if (known !== undefined) return known;
    const value = make();
    this.memo[at] = value;
    return value;
  }

  // Results

  /** Fields of a command's word. */
  fields(word: Word): string[] {
    const fields = new Fields();
    this.#into(fields, this.#tilde(word, false), true);
    const out: string[] = [];
    for (const { v, p } of fields.all()) {
      const found = this.shell.option("f") || !isPattern(p) ? [] : this.#paths(p);
      if (found.length) out.push(...found);
      else out.push(v);
    }
    return out;
  }

  /** One string: assignments, redirections, `case`. */
  text(word: Word, assignment = false): string {
    const fields = new Fields();
    this.#into(fields, this.#tilde(word, assignment), false);
    return fields
      .all()
      .map((field) => field.v)
      .join("");
  }

  /** A pattern: what was quoted is escaped. */
  pattern(word: Word): string {
    const fields = new Fields();
    this.#into(fields, this.#tilde(word, false), false);
    return fields
      .all()
      .map((field) => field.p)
      .join("");
  }

  #tilde(word: Word, assignment: boolean): Word {
    const first = word[0];
    if (first?.t !== "lit" || first.q) {
      if (!assignment) return word;
    }
    let changed = false;
    const out = word.map((part, i): Part => {
      if (part.t !== "lit" || part.q || !part.v.includes("~")) return part;
      const pattern = assignment ? /(^|:)~([\w.-]*)(?=[/:]|$)/g : /^()~([\w.-]*)(?=\/|$)/;
      const v = part.v.replace(
        pattern,
        (whole: string, before: string, user: string, at: number) => {
          if (at === 0 && i > 0 && before === "") return whole;
          if (at + whole.length === part.v.length && i < word.length - 1) return whole;
          const home = user ? this.shell.homeOf(user) : this.shell.get("HOME");
          return home === undefined ? whole : before + home;
        },
      );
      if (v === part.v) return part;
      changed = true;
      return { t: "lit", v, q: false };
    });
    return changed ? out : word;
  }

  /** `inner`: the word of a `${x-word}`, whose unquoted text is split as well. */
  #into(fields: Fields, word: Word, split: boolean, inner = false): void {
    for (const part of word) {
      if (part.t === "lit") {
        if (part.q) fields.quoted(part.v);
        else if (inner) fields.split(part.v, this.shell.ifs());
        else fields.plain(part.v);
      } else if (part.t === "var") this.#variable(fields, part, split);
      else if (part.t === "cmd") {
        const value = this.#once(() => {
          throw new NeedSubstitution(part.body);
        });
        this.#put(fields, value, part.q, split);
      } else {
        // What the expression needs is expanded first: it keeps its own place in the memory.
        const text = this.text(part.word);
        this.#put(
          fields,
          this.#once(() => this.#evaluate(text)),
          part.q,
          split,
        );
      }
    }
  }

  #put(fields: Fields, value: string, quoted: boolean, split: boolean): void {
    if (quoted) fields.quoted(value);
    else if (split) fields.split(value, this.shell.ifs());
    else fields.plain(value);
  }

  #arithmetic(word: Word): string {
    return this.#evaluate(this.text(word));
  }

  #evaluate(text: string): string {
    try {
      return String(
        arithmetic(text, {
          get: (name) => this.shell.parameter(name) ?? "",
          set: (name, value) => this.shell.set(name, value),
        }),
      );
    } catch (error) {
      if (error instanceof ArithmeticProblem)
        throw new ExpansionProblem(arithmeticWords(this.shell, text, error.message));
      throw error;
    }
  }

  // Parameters

  #variable(fields: Fields, part: Part & { t: "var" }, split: boolean): void {
    const { name, op, q } = part;
    if (op === "bad") throw new ExpansionProblem("syntax error: bad substitution");
    if ((name === "@" || name === "*") && this.#list(fields, part, split)) return;
    const value = this.shell.parameter(name);
    if (op === "" || op === "len") {
      if (value === undefined) this.#unset(name);
      this.#put(
        fields,
        op === "len" ? String(this.#length(name, value ?? "")) : (value ?? ""),
        q,
        split,
      );
      return;
    }
    const bare = op.replace(":", "");
    if (bare !== "" && "-=?+".includes(bare)) this.#default(fields, part, value, bare, split);
    else this.#put(fields, this.#edited(part, value ?? ""), q, split);
  }

  #length(name: string, value: string): number {
    // ash measures the joined parameters, not their number.
    return name === "@" || name === "*" ? this.shell.state.p.join(" ").length : value.length;
  }

  #unset(name: string): void {
    if (this.shell.option("u") && !/^[@*]$/.test(name))
      throw new ExpansionProblem(
        `${name}: ${this.shell.state.fl === "bash" ? "unbound variable" : "parameter not set"}`,
      );
  }

  /** `$@` and `$*` where they stand for several words; false: treat as one value. */
  #list(fields: Fields, part: Part & { t: "var" }, split: boolean): boolean {
    if (part.op === "len") return false;
    const values = this.shell.state.p;
    if (part.op !== "") {
      const bare = part.op.replace(":", "");
      if (!"-=?+".includes(bare) || bare === "") return false;
      const empty = part.op.startsWith(":") && values.every((value) => value === "");
      if (bare === "+" ? empty : !empty) {
        if (bare === "+") return true;
        if (part.q && values.length === 0) fields.quoted("");
      } else {
        this.#into(fields, part.arg ?? [], split, split);
        return true;
      }
    }
    if (!split || (part.name === "*" && part.q)) {
      const ifs = this.shell.get("IFS");
      this.#put(fields, values.join(ifs === undefined ? " " : ifs.slice(0, 1)), part.q, false);
      return true;
    }
    values.forEach((value, i) => {
      if (i > 0) fields.cut();
      if (part.q) fields.quoted(value);
      else fields.split(value, this.shell.ifs());
    });
    return true;
  }

  #default(
    fields: Fields,
    part: Part & { t: "var" },
    value: string | undefined,
    op: string,
    split: boolean,
  ): void {
    const there = value !== undefined && !(part.op.startsWith(":") && value === "");
    const arg = part.arg ?? [];
    const word = (): void => {
      const inner = this.#tilde(arg, false);
      if (part.q && inner.length === 0) fields.quoted("");
      else this.#into(fields, inner, split, split);
    };
    if (op === "+") {
      if (there) word();
      else if (part.q) fields.quoted("");
      return;
    }
    if (there) return this.#put(fields, value ?? "", part.q, split);
    if (op === "-") return word();
    if (op === "=") {
      const made = this.text(arg);
      const text = this.#once(() => {
        if (!nameOnly.test(part.name))
          throw new ExpansionProblem(`${part.name}: bad variable name`);
        this.shell.set(part.name, made);
        return made;
      });
      return this.#put(fields, text, part.q, split);
    }
    const text = this.text(arg);
    const bash = this.shell.state.fl === "bash";
    const unset = bash ? "parameter null or not set" : "parameter not set or null";
    this.shell.asked = true;
    throw new ExpansionProblem(
      `${part.name}: ${text === "" ? (part.op.startsWith(":") ? unset : "parameter not set") : text}`,
    );
  }

  #edited(part: Part & { t: "var" }, value: string): string {
    const { op, arg = [], arg2 } = part;
    if (op === ":") return this.#slice(value, arg, arg2);
    const pattern = this.pattern(arg);
    const { matching } = this.shell.sys;
    if (op === "/" || op === "//")
      return replace(value, pattern, arg2 ? this.text(arg2) : "", op === "//", matching);
    return strip(value, pattern, op, matching);
  }

  #slice(value: string, arg: Word, arg2: Word | undefined): string {
    let start = Number(this.#arithmetic(arg));
    if (start < 0) start = Math.max(0, value.length + start);
    if (!arg2) return value.slice(start);
    const length = Number(this.#arithmetic(arg2));
    return length < 0
      ? value.slice(start, Math.max(start, value.length + length))
      : value.slice(start, start + length);
  }

  // Path names

  /** Paths a pattern matches, sorted; none: the word stays as it is. */
  #paths(pattern: string): string[] {
    const { sys } = this.shell;
    const parts = pattern.split("/");
    let bases = [pattern.startsWith("/") ? "/" : ""];
    const from = pattern.startsWith("/") ? 1 : 0;
    for (let i = from; i < parts.length; i++) {
      const part = parts[i] as string;
      const last = i === parts.length - 1;
      const next: string[] = [];
      for (const base of bases) {
        if (part === "") {
          next.push(`${base}/`.replace(/\/\/$/, "/"));
          continue;
        }
        const joined = (name: string): string =>
          base === "" || base.endsWith("/") ? base + name : `${base}/${name}`;
        if (!isPattern(part)) {
          const path = joined(unescapePattern(part));
          if (sys.peek(path, !last)) next.push(path);
          continue;
        }
        for (const name of this.#names(base || ".")) {
          if (name.startsWith(".") && !part.startsWith(".") && !part.startsWith("\\.")) continue;
          if (!matches(part, name, sys.matching)) continue;
          const path = joined(name);
          if (last || sys.peek(path)?.type === "d") next.push(path);
        }
      }
      bases = next;
      if (bases.length > globNamesMax) break;
    }
    return bases;
  }

  #names(folder: string): string[] {
    try {
      const names = this.shell.sys.list(folder);
      return [".", "..", ...names];
    } catch {
      return [];
    }
  }
}
