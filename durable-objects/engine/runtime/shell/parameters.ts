/** A shell's parameters: variables with their marks, arrays and maps, what bash works out itself. */
import { lookup } from "../../core/lookup.ts";
import type { Sys } from "../kernel/types.ts";
import { ArithmeticProblem, arithmetic, type ArithmeticScope } from "./arith.ts";
import { inMapOrder } from "./bash/map-order.ts";
import { drawn } from "./bash/random.ts";
import { arithmeticWords } from "./dialects.ts";
import { shownOptions } from "./option-letters.ts";
import { ExpansionProblem } from "./problems.ts";
import {
  exported,
  indexed,
  integer,
  lowerCase,
  mapped,
  nameReference,
  readOnly,
  upperCase,
  type Elements,
  type ListItem,
  type ShellState,
  type Variable,
} from "./state.ts";

/** Variables a shell has without being given them. */
export const builtIn: Record<string, string> = lookup({
  IFS: " \t\n",
  PS1: "\\w \\$ ",
  PS2: "> ",
  PS4: "+ ",
});

const element = /^([A-Za-z_]\w*)\[([^]*)\]$/;
/** Memory that an element takes beside its text. */
const elementBytes = 8;

export abstract class Parameters {
  readonly sys: Sys;
  readonly state: ShellState;

  constructor(sys: Sys, state: ShellState) {
    this.sys = sys;
    this.state = state;
  }

  abstract lineNumber(): number;
  /** What bash works out when it is asked for; undefined: it is no such name. */
  abstract worked(name: string): string | Elements | undefined;
  abstract complain(text: string): void;

  get bash(): boolean {
    return this.state.flavour === "bash";
  }

  option(letter: string): boolean {
    return this.state.options.includes(letter);
  }

  // References

  /** What a name stands for in the end: a name, or `name[subscript]`. */
  resolved(name: string): string {
    let now = name;
    for (let i = 0; i < 8; i++) {
      const variable = this.state.variables[now];
      if (!variable || !(variable[1] & nameReference) || !variable[0]) return now;
      now = variable[0];
    }
    this.complain(`warning: ${name}: circular name reference`);
    return name;
  }

  /** Name and subscript of a reference, as written. */
  #split(reference: string): [name: string, sub: string | undefined] {
    const [, name, sub] = element.exec(reference) ?? [];
    return name === undefined ? [reference, undefined] : [name, sub];
  }

  // Values

  /** A plain variable. Those of the process's environment are not copied until they change. */
  get(name: string): string | undefined {
    const variable = this.state.variables[name];
    if (variable) {
      if (variable[1] & nameReference && variable[0]) {
        const target = this.resolved(name);
        return target === name ? undefined : this.valueAt(target);
      }
      if (variable[2]) return variable[2][variable[1] & mapped ? ".0" : "0"];
      return variable[0] ?? undefined;
    }
    return this.sys.env[name] ?? (name === "PS1" && this.state.flavour ? undefined : builtIn[name]);
  }

  /** Any parameter: variables, positional and special ones. */
  parameter(name: string): string | undefined {
    const { state } = this;
    if (name === "0") return state.argumentZero;
    if (/^\d+$/.test(name)) return state.parameters[Number(name) - 1];
    switch (name) {
      case "@":
      case "*":
        return state.parameters.join(" ");
      case "#":
        return String(state.parameters.length);
      case "?":
        return String(state.status);
      case "$":
        return String(state.pid);
      case "!":
        return state.lastBackgroundPid === undefined ? "" : String(state.lastBackgroundPid);
      case "-":
        return shownOptions(state, this.bash);
      case "LINENO":
        return String(this.lineNumber());
      case "PPID":
        return String(state.ppid);
      case "RANDOM":
        return state.flavour === "dash" ? this.get(name) : this.#random();
    }
    const made = this.worked(name);
    if (made !== undefined) return typeof made === "string" ? made : made["0"];
    return this.get(name);
  }

  #random(): string | undefined {
    const { state } = this;
    if (state.randomState) return String((state.randomState = drawn(state.randomState))[1]);
    if (state.variables.RANDOM) return this.get("RANDOM");
    return String(Math.floor(this.sys.random() * 32_768));
  }

  /** The value of `name` or `name[subscript]`, whose subscript is worked out here. */
  valueAt(reference: string): string | undefined {
    const [name, sub] = this.#split(reference);
    return sub === undefined ? this.parameter(name) : this.element(name, sub);
  }

  // Arrays

  /** The elements of an array or map. Those of a plain variable: itself at 0. */
  elements(name: string): Elements | undefined {
    const made = this.bash ? this.worked(name) : undefined;
    if (made !== undefined) return typeof made === "string" ? { 0: made } : made;
    const [target, sub] = this.#split(this.resolved(name));
    if (target !== name || sub !== undefined) {
      const value = sub === undefined ? undefined : this.element(target, sub);
      return sub === undefined ? this.elements(target) : value === undefined ? {} : { 0: value };
    }
    const variable = this.state.variables[name];
    if (variable?.[2]) return variable[2];
    const value = this.get(name);
    return value === undefined ? undefined : { 0: value };
  }

  isMap(name: string): boolean {
    return ((this.state.variables[this.resolved(name)]?.[1] ?? 0) & mapped) !== 0;
  }

  /** Keys of an array in the order in which bash goes through them. */
  keys(name: string): string[] {
    const keys = Object.keys(this.elements(name) ?? {});
    return this.isMap(name) ? inMapOrder(keys.map((key) => key.slice(1))) : keys;
  }

  values(name: string): string[] {
    const elements = this.elements(name) ?? {};
    const before = this.isMap(name) ? "." : "";
    return this.keys(name).map((key) => elements[before + key] ?? "");
  }

  /** Where an element lies: of a map by its key, of an array by what the subscript comes to. */
  keyOf(name: string, sub: string): string {
    if (this.isMap(name)) return `.${sub}`;
    const index = this.evaluate(sub);
    if (index >= 0n) return String(index);
    const keys = Object.keys(this.elements(name) ?? {});
    const last = BigInt(keys.at(-1) ?? -1);
    const from = last + 1n + index;
    if (from >= 0n) return String(from);
    throw new ExpansionProblem(`${name}: bad array subscript`);
  }

  element(name: string, sub: string): string | undefined {
    const elements = this.elements(name);
    if (!elements) return undefined;
    const key = this.keyOf(name, sub);
    return Object.hasOwn(elements, key) ? elements[key] : undefined;
  }

  // Arithmetic

  readonly scope: ArithmeticScope = {
    bash: true,
    get: (name) => {
      const value = this.valueAt(name);
      if (value === undefined && this.option("u"))
        throw new ExpansionProblem(`${name}: unbound variable`);
      return value ?? "";
    },
    set: (name, value) => this.assign(name, value),
  };

  /** The value of an arithmetic expression. ExpansionProblem in the shell's words. */
  evaluate(text: string): bigint {
    try {
      return arithmetic(
        text,
        this.bash
          ? this.scope
          : {
              get: (name) => this.parameter(name) ?? "",
              set: (name, value) => this.set(name, value),
            },
      );
    } catch (error) {
      if (!(error instanceof ArithmeticProblem)) throw error;
      throw new ExpansionProblem(arithmeticWords(this.state.flavour, text, error));
    }
  }

  // Assignments

  /** Assigns to `name` or `name[subscript]`. */
  assign(reference: string, value: string): void {
    const [name, sub] = this.#split(reference);
    if (sub === undefined) this.set(name, value);
    else this.setElement(name, sub, value);
  }

  /** A value as a variable's marks make it. */
  #made(value: string, marks: number, before?: string): string {
    if (marks & integer) {
      const sum = before === undefined ? value : `${before || 0}+(${value || 0})`;
      return String(this.evaluate(sum));
    }
    const whole = (before ?? "") + value;
    if (marks & lowerCase) return whole.toLowerCase();
    return marks & upperCase ? whole.toUpperCase() : whole;
  }

  /** What there is of a variable, for one who changes it. ExpansionProblem: it is read only. */
  #old(name: string): Variable | undefined {
    const old =
      this.state.variables[name] ??
      (name in this.sys.env ? ([this.sys.env[name], exported] as Variable) : undefined);
    if (old && old[1] & readOnly) throw new ExpansionProblem(`${name}: is read only`);
    return old;
  }

  #hold(bytes: number): void {
    this.state.variableBytes = (this.state.variableBytes ?? 0) + bytes;
    this.sys.held = this.state.variableBytes;
  }

  set(name: string, value: string, marks = 0, append = false): void {
    const target = this.resolved(name);
    if (target !== name) {
      const [to, sub] = this.#split(target);
      if (sub !== undefined) return this.setElement(to, sub, value, append);
      return this.set(to, value, marks, append);
    }
    const old = this.#old(name);
    const all = (old?.[1] ?? 0) | marks | (this.option("a") ? exported : 0);
    if (old?.[2] || all & (indexed | mapped)) {
      this.state.variables[name] = [old?.[0] ?? null, all, old?.[2] ?? {}];
      return this.setElement(name, "0", value, append);
    }
    const made = this.#made(value, all, append ? (this.get(name) ?? "") : undefined);
    this.#hold(made.length - (this.state.variables[name]?.[0]?.length ?? 0));
    this.state.variables[name] = [made, all];
    if (name === "OPTIND") delete this.state.getoptsIndex;
    this.#changed(name, made);
  }

  /** What some names do when they are assigned to. */
  #changed(name: string, value: string): void {
    const { state } = this;
    const seed = this.bash
      ? this.evaluate.bind(this)
      : (text: string) => BigInt(parseInt(text, 10) || 0);
    if (name === "RANDOM" && state.flavour !== "dash")
      state.randomState = [Number(BigInt.asUintN(32, seed(value))), -1];
    else if (!this.bash) return;
    else if (name === "SECONDS") state.secondsFromMs = this.sys.now - 1000 * (Number(value) || 0);
    else if (name === "BASH_ARGV0") state.argumentZero = value;
  }

  #keyToSet(name: string, sub: string): string {
    try {
      return this.keyOf(name, sub);
    } catch (error) {
      if (!(error instanceof ExpansionProblem) || error.message !== `${name}: bad array subscript`)
        throw error;
      throw new ExpansionProblem(`${name}[${sub}]: bad array subscript`);
    }
  }

  /** Puts an element of an array; a plain variable becomes one. */
  setElement(name: string, sub: string, value: string, append = false): void {
    const target = this.resolved(name);
    if (target !== name) return this.setElement(target, sub, value, append);
    if (sub === "") throw new ExpansionProblem(`${name}[]: bad array subscript`);
    const key = this.#keyToSet(name, sub);
    const variable = this.#arrayOf(name);
    this.#put(variable, key, value, append);
    variable[0] = "";
  }

  #put([, marks, elements]: Variable, key: string, value: string, append: boolean): void {
    const known = Object.hasOwn(elements!, key) ? elements![key] : undefined;
    const made = this.#made(value, marks, append ? (known ?? "") : undefined);
    this.#hold(made.length - (known?.length ?? -(key.length + elementBytes)));
    elements![key] = made;
  }

  /** The array of a name, made where there is none. */
  #arrayOf(name: string): Variable {
    const old = this.#old(name);
    if (old?.[2]) return old;
    const value = this.get(name);
    const marks = (old?.[1] ?? 0) | (old && old[1] & mapped ? 0 : indexed);
    const elements: Elements = value === undefined ? {} : { 0: value };
    return (this.state.variables[name] = [old?.[0] ?? null, marks, elements]);
  }

  /** `name=(...)`, `name+=(...)`. */
  setList(name: string, items: readonly ListItem[], append: boolean, marks = 0): void {
    const target = this.resolved(name);
    if (target !== name) return this.setList(target, items, append, marks);
    const old = this.#old(name);
    const all = (old?.[1] ?? 0) | marks;
    const map = (all & mapped) !== 0;
    const before = append && old ? (old[2] ?? (old[0] === null ? {} : { 0: old[0] })) : {};
    const made: Variable = ["", all | (map ? 0 : indexed), { ...before }];
    // What is counted of it is put back by `unset`; a list that is replaced was counted as well.
    if (old?.[2] && !append) this.#hold(-bytesOf(old));
    this.state.variables[name] = made;
    if (map && items.length > 0 && items.every(([key]) => key === null))
      return this.#pairs(made, items);
    let next = Number(Object.keys(made[2]!).at(-1) ?? -1) + 1;
    for (const [sub, value, more] of items) {
      if (map && sub === null) {
        this.complain(`${name}: ${value}: must use subscript when assigning associative array`);
        continue;
      }
      const key = sub === null ? String(next) : this.keyOf(name, sub);
      this.#put(made, key, value, more === 1);
      next = Number(key) + 1;
    }
  }

  /** Words of a map without brackets: keys and values by turns. */
  #pairs(made: Variable, items: readonly ListItem[]): void {
    for (let i = 0; i < items.length; i += 2)
      this.#put(made, `.${items[i]![1]}`, items[i + 1]?.[1] ?? "", false);
  }

  mark(name: string, marks: number): void {
    const { variables } = this.state;
    const old = variables[name];
    if (old) variables[name] = [old[0], old[1] | marks, ...(old[2] ? [old[2]] : [])] as Variable;
    else variables[name] = [this.get(name) ?? null, (name in this.sys.env ? exported : 0) | marks];
  }

  unset(name: string): void {
    const old = this.state.variables[name];
    if ((old?.[1] ?? 0) & readOnly) throw new ExpansionProblem(`${name}: is read only`);
    if (old?.[2]) this.#hold(-bytesOf(old));
    if (name in this.sys.env || name in builtIn) this.state.variables[name] = [null, 0];
    else delete this.state.variables[name];
    if (name === "RANDOM") delete this.state.randomState;
  }

  /** Takes one element away; all of them where the subscript says so. */
  unsetElement(name: string, sub: string): void {
    const target = this.resolved(name);
    if (target !== name) return this.unsetElement(target, sub);
    const variable = this.#old(name);
    if (!variable) return;
    if (!variable[2]) {
      if (sub !== "0" && sub !== "@" && sub !== "*")
        throw new ExpansionProblem(`${name}: not an array variable`);
      return this.unset(name);
    }
    if (!this.isMap(name) && (sub === "@" || sub === "*")) return this.unset(name);
    const key = this.keyOf(name, sub);
    const known = variable[2][key];
    if (known === undefined) return;
    this.#hold(-(known.length + key.length + elementBytes));
    delete variable[2][key];
  }
}

/** What an array counts for in a shell's memory. */
function bytesOf([, , elements = {}]: Variable): number {
  let sum = 0;
  for (const key in elements) sum += key.length + elements[key]!.length + elementBytes;
  return sum;
}
