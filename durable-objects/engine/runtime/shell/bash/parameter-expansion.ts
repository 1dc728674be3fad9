/** `${...}` in bash: arrays, indirection, substitution, case, slices, `@` operators. */
import { ansiString } from "../ansi.ts";
import type { VarPart, Word } from "../ast.ts";
import type { Expansion, Fields } from "../fields.ts";
import { matches, replace, strip } from "../pattern.ts";
import { ExpansionProblem } from "../problems.ts";
import { promptText } from "../typing/prompt.ts";
import type { Shell } from "../shell.ts";
import { lettersOf, listWords } from "./attributes.ts";
import { wholeOf } from "./parameter-reader.ts";
import { doubleQuoted, reusable } from "./quote.ts";

/** What a parameter is before its operator: one value (undefined: unset), or several. */
interface Value {
  name: string;
  /** As complaints name it. */
  shown: string;
  /** Its subscript, expanded. */
  sub?: string;
  one?: string | undefined;
  list?: string[];
  star?: boolean;
}

const reference = /^(?:([A-Za-z_]\w*)(?:\[([^]+)\])?|\d+|[@*#?$!-])$/;

class ParameterExpander {
  readonly shell: Shell;
  readonly x: Expansion;
  readonly fields: Fields;
  readonly split: boolean;

  constructor(shell: Shell, x: Expansion, fields: Fields, split: boolean) {
    this.shell = shell;
    this.x = x;
    this.fields = fields;
    this.split = split;
  }

  expand(part: VarPart): void {
    const { shell } = this;
    if (part.op === "bad") throw new ExpansionProblem(`${part.name}: bad substitution`);
    if (part.op.startsWith("names")) {
      const names = shell.names().filter((name) => name.startsWith(part.name));
      return this.#putList(names, part.op.endsWith("*"), part.q);
    }
    if (part.op === "keys")
      return this.#putList(shell.keys(part.name), wholeOf(part.sub) === "*", part.q);
    if (part.ind) return this.#indirect(part);
    const value = this.#valueOf(part);
    if (part.op === "" || part.op === "len") return this.#plain(part, value);
    const bare = part.op.replace(":", "");
    if (bare !== "" && "-=?+".includes(bare)) return this.#default(part, value, bare);
    if (value.one === undefined && !value.list) {
      this.#unset(value);
      if (part.op.startsWith("@") && !/^@[aA]$/.test(part.op)) return this.#put("", part.q);
    }
    this.#edit(part, value);
  }

  // Values

  #valueOf({ name, sub }: VarPart): Value {
    const { shell } = this;
    const whole = wholeOf(sub);
    if (name === "@" || name === "*")
      return { name, shown: name, list: shell.state.parameters, star: name === "*" };
    if (whole)
      return { name, shown: `${name}[${whole}]`, list: shell.values(name), star: whole === "*" };
    if (!sub) {
      const target = shell.resolved(name);
      if (/\[[@*]\]$/.test(target)) return this.#valueOf(partOf(target, ""));
      return { name, shown: /^\d+$/.test(name) ? `$${name}` : name, one: shell.parameter(name) };
    }
    const text = this.x.text(sub);
    if (text === "" && !shell.isMap(name))
      throw new ExpansionProblem(`${name}: bad array subscript`);
    const shown = `${name}[${text}]`;
    try {
      return { name, shown, sub: text, one: shell.element(name, text) };
    } catch (error) {
      if (!(error instanceof ExpansionProblem) || !error.message.endsWith(": bad array subscript"))
        throw error;
      // It is said, and the element counts as unset.
      shell.complain(error.message);
      return { name, shown, sub: text, one: undefined };
    }
  }

  #unset({ shown, list }: Value): void {
    if (list || !this.shell.option("u")) return;
    throw new ExpansionProblem(`${shown}: unbound variable`);
  }

  /** `${!name}`: the parameter that a value names. */
  #indirect(part: VarPart): void {
    const { shell } = this;
    const { ind: _, ...rest } = part;
    const variable = shell.state.variables[part.name];
    if (!part.sub && part.op === "" && variable && shell.resolved(part.name) !== part.name)
      return this.#put(shell.resolved(part.name), part.q);
    const { one, list, shown } = this.#valueOf(rest);
    const target = list ? list.join(" ") : one;
    if (target === undefined) {
      if (part.op !== "" && /^:?[-+=?]/.test(part.op))
        return this.#default(
          part,
          { name: part.name, shown, one: undefined },
          part.op.replace(":", ""),
        );
      throw new ExpansionProblem(`${shown.replace(/^\$/, "")}: invalid indirect expansion`);
    }
    if (!reference.test(target)) throw new ExpansionProblem(`${target}: invalid variable name`);
    this.expand({ ...rest, ...partOf(target, part.op) });
  }

  // Results

  #put(value: string, q: boolean): void {
    this.x.put(this.fields, value, q, this.split);
  }

  #putList(list: readonly string[], star: boolean, q: boolean): void {
    const { fields, shell } = this;
    const ifs = shell.get("IFS");
    const between = star ? (ifs === undefined ? " " : ifs.slice(0, 1)) : " ";
    if (!this.split || (star && q)) return this.x.put(fields, list.join(between), q, false);
    list.forEach((value, i) => {
      if (i > 0) fields.cut();
      this.#put(value, q);
    });
  }

  #plain(part: VarPart, value: Value): void {
    const { one, list, star = false } = value;
    if (list) {
      if (part.op === "len") return this.#put(String(list.length), part.q);
      return this.#putList(list, star, part.q);
    }
    if (one === undefined) this.#unset(value);
    // A substitution further on in the word changes it.
    if (part.name === "?" && part.op === "")
      return this.#put(
        this.x.once(() => one ?? ""),
        part.q,
      );
    this.#put(part.op === "len" ? String((one ?? "").length) : (one ?? ""), part.q);
  }

  #default(part: VarPart, value: Value, op: string): void {
    const { one, list, star = false, shown } = value;
    const strict = part.op.startsWith(":");
    const there = list
      ? list.length > 0 && !(strict && list.join(" ") === "")
      : one !== undefined && !(strict && one === "");
    const arg = part.arg ?? [];
    if (op === "+") {
      if (there) this.x.inner(this.fields, arg, part.q, this.split);
      else if (part.q && !list) this.fields.quoted("");
      return;
    }
    if (there) {
      if (list) return this.#putList(list, star, part.q);
      return this.#put(one ?? "", part.q);
    }
    if (op === "-") return this.x.inner(this.fields, arg, part.q, this.split);
    const text = this.x.text(arg);
    if (op === "=") return this.#put(this.#assigned(value, text), part.q);
    this.shell.asked = true;
    const unset = strict ? "parameter null or not set" : "parameter not set";
    throw new ExpansionProblem(`${shown.replace(/^\$/, "")}: ${text === "" ? unset : text}`);
  }

  #assigned({ name, sub, shown }: Value, text: string): string {
    return this.x.once(() => {
      if (!/^[A-Za-z_]/.test(name))
        throw new ExpansionProblem(`${shown}: cannot assign in this way`);
      if (sub === undefined) this.shell.set(name, text);
      else this.shell.setElement(name, sub, text);
      return text;
    });
  }

  // Operators

  #edit(part: VarPart, value: Value): void {
    const { op, arg = [], arg2 } = part;
    const { list, star = false, one } = value;
    if (op === ":") return this.#slice(part, value, arg, arg2);
    if (op === "@A" || op === "@a" || op === "@K" || op === "@k")
      return this.#described(part, value);
    const edit = this.#editor(part, arg, arg2);
    if (list) return this.#putList(list.map(edit), star, part.q);
    this.#put(edit(one ?? ""), part.q);
  }

  #editor(part: VarPart, arg: Word, arg2: Word | undefined): (value: string) => string {
    const { shell } = this;
    const { op } = part;
    const work = shell.sys.matching;
    const ext = shell.shopt("extglob");
    if (op.startsWith("@")) {
      if (!/[QEPUuL]$/.test(op))
        throw new ExpansionProblem(`\${${part.name}${op}}: bad substitution`);
      return (value) => this.#transformed(op, value);
    }
    const pattern = this.x.pattern(arg);
    if (/^[#%]/.test(op)) return (value) => strip(value, pattern, op, work, { ext });
    if (/^[\^,~]/.test(op))
      return (value) =>
        cased(value, op, (c) => pattern === "" || matches(pattern, c, work, { ext }));
    const by = this.#replacement(arg2);
    const fold = shell.shopt("nocasematch");
    const anchor = op[1] === "#" || op[1] === "%" ? { anchor: op[1] as "#" | "%" } : {};
    return (value) => replace(value, pattern, by, op === "//", work, { ext, fold, ...anchor });
  }

  /** What is put for a match, which an `&` without quotes stands for. */
  #replacement(word: Word | undefined): string | ((match: string) => string) {
    if (!word) return "";
    const whole = this.shell.shopt("patsub_replacement");
    if (!whole) return this.x.text(word);
    const pieces = this.x.segments(word);
    if (!pieces.some(({ v, q }) => !q && v.includes("&"))) return pieces.map(({ v }) => v).join("");
    return (match) =>
      pieces
        .map(({ v, q }) =>
          q ? v : v.replace(/\\([&\\])|&/g, (_, kept: string | undefined) => kept ?? match),
        )
        .join("");
  }

  #slice(part: VarPart, value: Value, arg: Word, arg2: Word | undefined): void {
    const { shell } = this;
    const start = Number(shell.evaluate(this.x.text(arg)));
    const text = arg2 ? this.x.text(arg2) : undefined;
    const length = text === undefined ? undefined : Number(shell.evaluate(text));
    const { list, one = "", name, star = false } = value;
    if (!list) {
      const from = start < 0 ? one.length + start : start;
      if (from < 0 || from > one.length) return this.#put("", part.q);
      const to =
        length === undefined ? one.length : length < 0 ? one.length + length : from + length;
      if (to < from) throw new ExpansionProblem(`${text}: substring expression < 0`);
      return this.#put(one.slice(from, to), part.q);
    }
    if (length !== undefined && length < 0)
      throw new ExpansionProblem(`${text}: substring expression < 0`);
    const taken = this.#elementsFrom(name, list, start);
    this.#putList(length === undefined ? taken : taken.slice(0, length), star, part.q);
  }

  /** Elements from an index on: of the parameters `$0` is the first, of an array indices count. */
  #elementsFrom(name: string, list: readonly string[], start: number): string[] {
    const { shell } = this;
    if (name === "@" || name === "*") {
      const all = [shell.state.argumentZero, ...list];
      const from = start < 0 ? all.length + start : start;
      return from < 0 ? [] : all.slice(from);
    }
    if (shell.isMap(name)) return list.slice(Math.max(0, start - 1));
    const keys = shell.keys(name).map(Number);
    const from = start < 0 ? (keys.at(-1) ?? -1) + 1 + start : start;
    return from < 0 ? [] : list.filter((_, i) => keys[i]! >= from);
  }

  #transformed(op: string, value: string): string {
    switch (op) {
      case "@Q":
        return reusable(value);
      case "@E":
        return ansiString(`${value.replaceAll("'", "\\'")}'`, 0, true)?.made ?? value;
      case "@P":
        return promptText(this.shell, value);
      case "@U":
        return value.toUpperCase();
      case "@u":
        return value.slice(0, 1).toUpperCase() + value.slice(1);
      default:
        return value.toLowerCase();
    }
  }

  /** `@a`, `@A`, `@K`, `@k`: what a variable is. */
  #described(part: VarPart, value: Value): void {
    const { shell } = this;
    const { op, q } = part;
    const name = shell.resolved(value.name);
    const variable =
      shell.state.variables[name] ??
      (name in shell.sys.env ? [shell.sys.env[name]!, 1] : undefined);
    if (op === "@K" || op === "@k") return this.#keyed(part, value);
    if (value.list && !variable) {
      if (op === "@A" && value.name === "@")
        this.#put(`set -- ${value.list.map(reusable).join(" ")}`, q);
      return;
    }
    const letters = lettersOf(variable?.[1] ?? 0);
    if (op === "@a") {
      if (value.list)
        return this.#putList(
          value.list.map(() => letters),
          value.star ?? false,
          q,
        );
      return this.#put(letters, q);
    }
    if (!variable) return this.#put("", q);
    if (value.list && variable[2])
      return this.#put(`declare -${letters} ${name}=${listWords(variable)}`, q);
    const text = value.one ?? value.list?.[0];
    const assigned = text === undefined ? name : `${name}=${reusable(text)}`;
    this.#put(letters === "" ? assigned : `declare -${letters} ${assigned}`, q);
  }

  #keyed(part: VarPart, { name, list, one, star = false }: Value): void {
    if (!list) return this.#put(reusable(one ?? ""), part.q);
    const keys = this.shell.keys(name);
    const words = list.flatMap((value, i) => [keys[i] ?? "", value]);
    if (part.op === "@k") return this.#putList(words, star, part.q);
    const shown = list.map((value, i) => `${keys[i]} ${doubleQuoted(value)}`);
    this.#put(shown.join(" ") + (this.shell.isMap(name) ? " " : ""), part.q);
  }
}

/** The part of a word that a reference stands for. */
function partOf(target: string, op: string): VarPart {
  const [, name, sub] = reference.exec(target) ?? [];
  const plain: VarPart = { t: "var", name: name ?? target, op, q: false };
  return sub === undefined ? plain : { ...plain, sub: [{ t: "lit", v: sub, q: false }] };
}

/** `^`, `^^`, `,`, `,,`, `~`, `~~`: the first letter or all, where a pattern fits. */
function cased(value: string, op: string, fits: (c: string) => boolean): string {
  const change = (c: string): string => {
    if (!fits(c)) return c;
    if (op[0] === "^") return c.toUpperCase();
    if (op[0] === ",") return c.toLowerCase();
    return c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase();
  };
  if (op.length === 2) return [...value].map(change).join("");
  return value === "" ? "" : change(value[0]!) + value.slice(1);
}

export function expandParameter(
  shell: Shell,
  x: Expansion,
  fields: Fields,
  part: VarPart,
  split: boolean,
): void {
  new ParameterExpander(shell, x, fields, split).expand(part);
}
