/** Expansion of words: parameters, substitutions, arithmetic, tilde, field splitting, path names. */
import type { Item, Part, VarPart, Word } from "./ast.ts";
import { braced } from "./bash/braces.ts";
import { expandParameter } from "./bash/parameter-expansion.ts";
import { Fields, Segments, type Expansion } from "./fields.ts";
import { paths } from "./glob.ts";
import { isPattern, replace, strip } from "./pattern.ts";
import { ExpansionProblem, NeedSubstitution } from "./problems.ts";
import type { Shell } from "./shell.ts";
import type { ListItem } from "./state.ts";

const nameOnly = /^[A-Za-z_]\w*$/;

/** Starts what `<( )` or `>( )` stands for: its node, whether it reads. The path that stands for it. */
export type Attach = (body: number, out: boolean) => string;

export class Expander implements Expansion {
  readonly shell: Shell;
  readonly #attach: Attach | undefined;
  /** Results of substitutions and of whatever has an effect, in order: a word that starts over finds them here. */
  readonly memo: string[];
  #next = 0;

  constructor(shell: Shell, memo: string[], attach?: Attach) {
    this.shell = shell;
    this.memo = memo;
    this.#attach = attach;
  }

  once(make: () => string): string {
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
    if (this.shell.bash && this.shell.option("B"))
      return braced(word).flatMap((one) => this.#fieldsOf(one));
    return this.#fieldsOf(word);
  }

  #fieldsOf(word: Word): string[] {
    const { shell } = this;
    const fields = new Fields();
    this.#into(fields, this.#tilde(word, false), true);
    const out: string[] = [];
    const ext = shell.shopt("extglob");
    for (const { v, p } of fields.all()) {
      const pattern = !shell.option("f") && isPattern(p, ext);
      const found = pattern ? paths(shell, p) : [];
      if (found.length) out.push(...found);
      else if (pattern && shell.shopt("failglob")) throw new ExpansionProblem(`no match: ${v}`);
      else if (!pattern || !shell.shopt("nullglob")) out.push(v);
    }
    return out;
  }

  segments(word: Word): Segments["segments"] {
    const fields = new Segments();
    this.#into(fields, this.#tilde(word, false), false);
    return fields.segments;
  }

  /** The elements of `name=(...)`. */
  list(items: readonly Item[]): ListItem[] {
    return items.flatMap(({ sub, word, append }): ListItem[] => {
      if (!sub) return this.fields(word).map((value): ListItem => [null, value]);
      const key = this.text(sub);
      const value = this.text(word, true);
      return [append ? [key, value, 1] : [key, value]];
    });
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

  #tilde(word: Word, assigned: boolean): Word {
    const first = word[0];
    // To bash an argument like `name=~` is an assignment too.
    const assignment =
      assigned ||
      (this.shell.bash && first?.t === "lit" && !first.q && /^[A-Za-z_]\w*=/.test(first.v));
    if (first?.t !== "lit" || first.q) {
      if (!assignment) return word;
    }
    let changed = false;
    const out = word.map((part, i): Part => {
      if (part.t !== "lit" || part.q || !part.v.includes("~")) return part;
      const pattern = assigned
        ? /(^|:)~([\w.+-]*)(?=[/:]|$)/g
        : assignment
          ? /(^[A-Za-z_]\w*=|:)~([\w.+-]*)(?=[/:]|$)/g
          : /^()~([\w.+-]*)(?=\/|$)/;
      const v = part.v.replace(
        pattern,
        (whole: string, before: string, user: string, at: number) => {
          if (at === 0 && i > 0 && before === "") return whole;
          if (at + whole.length === part.v.length && i < word.length - 1) return whole;
          const home = this.#home(user);
          return home === undefined ? whole : before + home;
        },
      );
      if (v === part.v) return part;
      changed = true;
      return { t: "lit", v, q: false };
    });
    return changed ? out : word;
  }

  /** What `~user` stands for; in bash `~+` and `~-` are where one is and was. */
  #home(user: string): string | undefined {
    const { shell } = this;
    if (user === "") return shell.get("HOME");
    if (shell.bash && user === "+") return shell.get("PWD");
    return shell.bash && user === "-" ? shell.get("OLDPWD") : shell.homeOf(user);
  }

  /** `inner`: the word of a `${x-word}`, whose unquoted text is split as well. */
  #into(fields: Fields, word: Word, split: boolean, inner = false): void {
    for (const part of word) {
      if (part.t === "lit") {
        if (part.q) fields.quoted(part.v);
        else if (inner) fields.split(part.v, this.shell.ifs());
        else fields.plain(part.v);
      } else if (part.t === "var") this.#variable(fields, part, split);
      else if (part.t === "proc")
        fields.quoted(this.once(() => this.#attach?.(part.body, part.out) ?? "/dev/null"));
      else if (part.t === "items") continue;
      else if (part.t === "cmd") {
        const value = this.once(() => {
          throw new NeedSubstitution(part.body);
        });
        this.put(fields, value, part.q, split);
      } else {
        // What the expression needs is expanded first: it keeps its own place in the memory.
        const text = this.text(part.word);
        this.put(
          fields,
          this.once(() => String(this.shell.evaluate(text))),
          part.q,
          split,
        );
      }
    }
  }

  put(fields: Fields, value: string, quoted: boolean, split: boolean): void {
    if (quoted) fields.quoted(value);
    else if (split) fields.split(value, this.shell.ifs());
    else fields.plain(value);
  }

  inner(fields: Fields, arg: Word, quoted: boolean, split: boolean): void {
    const word = this.#tilde(arg, false);
    if (quoted && word.length === 0) fields.quoted("");
    else this.#into(fields, word, split, split);
  }

  // Parameters

  #variable(fields: Fields, part: VarPart, split: boolean): void {
    if (this.shell.bash) return expandParameter(this.shell, this, fields, part, split);
    const { name, op, q } = part;
    if (op === "bad") throw new ExpansionProblem("syntax error: bad substitution");
    if ((name === "@" || name === "*") && this.#list(fields, part, split)) return;
    const value = this.shell.parameter(name);
    if (op === "" || op === "len") {
      if (value === undefined) this.#unset(name);
      this.put(
        fields,
        op === "len" ? String(this.#length(name, value ?? "")) : (value ?? ""),
        q,
        split,
      );
      return;
    }
    const bare = op.replace(":", "");
    if (bare !== "" && "-=?+".includes(bare)) this.#default(fields, part, value, bare, split);
    else this.put(fields, this.#edited(part, value ?? ""), q, split);
  }

  #length(name: string, value: string): number {
    // ash measures the joined parameters, not their number.
    return name === "@" || name === "*"
      ? this.shell.state.parameters.join(" ").length
      : value.length;
  }

  #unset(name: string): void {
    if (this.shell.option("u") && !/^[@*]$/.test(name))
      throw new ExpansionProblem(`${name}: parameter not set`);
  }

  /** `$@` and `$*` where they stand for several words; false: treat as one value. */
  #list(fields: Fields, part: VarPart, split: boolean): boolean {
    if (part.op === "len") return false;
    const values = this.shell.state.parameters;
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
      this.put(fields, values.join(ifs === undefined ? " " : ifs.slice(0, 1)), part.q, false);
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
    part: VarPart,
    value: string | undefined,
    op: string,
    split: boolean,
  ): void {
    const there = value !== undefined && !(part.op.startsWith(":") && value === "");
    const arg = part.arg ?? [];
    const word = (): void => this.inner(fields, arg, part.q, split);
    if (op === "+") {
      if (there) word();
      else if (part.q) fields.quoted("");
      return;
    }
    if (there) return this.put(fields, value ?? "", part.q, split);
    if (op === "-") return word();
    if (op === "=") {
      const made = this.text(arg);
      const text = this.once(() => {
        if (!nameOnly.test(part.name))
          throw new ExpansionProblem(`${part.name}: bad variable name`);
        this.shell.set(part.name, made);
        return made;
      });
      return this.put(fields, text, part.q, split);
    }
    const text = this.text(arg);
    const unset = "parameter not set or null";
    this.shell.asked = true;
    throw new ExpansionProblem(
      `${part.name}: ${text === "" ? (part.op.startsWith(":") ? unset : "parameter not set") : text}`,
    );
  }

  #edited(part: VarPart, value: string): string {
    const { op, arg = [], arg2 } = part;
    if (op === ":") return this.#slice(value, arg, arg2);
    const pattern = this.pattern(arg);
    const { matching } = this.shell.sys;
    if (op === "/" || op === "//")
      return replace(value, pattern, arg2 ? this.text(arg2) : "", op === "//", matching);
    return strip(value, pattern, op, matching);
  }

  #slice(value: string, arg: Word, arg2: Word | undefined): string {
    let start = Number(this.shell.evaluate(this.text(arg)));
    if (start < 0) start = Math.max(0, value.length + start);
    if (!arg2) return value.slice(start);
    const length = Number(this.shell.evaluate(this.text(arg2)));
    return length < 0
      ? value.slice(start, Math.max(start, value.length + length))
      : value.slice(start, start + length);
  }
}
