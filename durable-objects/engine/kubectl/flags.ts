/** Command lines as spf13/pflag reads them, in its words. */
import { goQuote } from "../machinery/field.ts";
import { UsageProblem } from "./errors.ts";
import { defaultOf, setValue, type FlagValue } from "./flag-values.ts";
import { commandPath, flagsOf, type CommandFacts, type FlagFacts } from "./facts.ts";

export class Flags {
  readonly #known: Record<string, FlagFacts>;
  readonly #values = new Map<string, FlagValue>();
  /** Positional arguments. */
  readonly args: string[] = [];
  /** How many of them came before `--`; -1: there was none. */
  dash = -1;
  /** Flags in the order in which they were given, with their values as texts. */
  readonly given: [name: string, text: string][] = [];
  /** What deprecated flags say. */
  readonly notices: string[] = [];

  constructor(command: CommandFacts) {
    this.#known = flagsOf(command);
  }

  /** A flag that was given on the command line. */
  changed(name: string): boolean {
    return this.#values.has(name);
  }
  has(name: string): boolean {
    return this.#known[name] !== undefined;
  }
  #value(name: string): FlagValue {
    const known = this.#known[name];
    if (!known) throw new Error(`flag accessed but not defined: ${name}`);
    return this.#values.get(name) ?? defaultOf(known);
  }
  string(name: string): string {
    return String(this.#value(name));
  }
  /** Whether its value is one text, not a list. */
  isText(name: string): boolean {
    return typeof this.#value(name) === "string";
  }
  bool(name: string): boolean {
    return this.#value(name) === true;
  }
  int(name: string): number {
    return Number(this.#value(name));
  }
  /** Milliseconds. */
  duration(name: string): number {
    return Number(this.#value(name));
  }
  list(name: string): string[] {
    return this.#value(name) as string[];
  }
  map(name: string): Record<string, string> {
    return this.#value(name) as Record<string, string>;
  }

  set(flag: FlagFacts, text: string): void {
    const problem = setValue(flag, text, this.#values);
    if (problem !== undefined) {
      const named = flag.shorthand ? `-${flag.shorthand}, --${flag.name}` : `--${flag.name}`;
      throw new FlagProblem(
        `invalid argument ${goQuote(text)} for ${goQuote(named)} flag: ${problem}`,
      );
    }
    this.given.push([flag.name, text]);
    if (flag.deprecated)
      this.notices.push(`Flag --${flag.name} has been deprecated, ${flag.deprecated}\n`);
  }

  /** Reads arguments; those behind `--` and those that begin with no dash are positional. */
  parse(given: readonly string[]): void {
    const args = [...given];
    for (let word = args.shift(); word !== undefined; word = args.shift()) {
      if (!word.startsWith("-") || word === "-") this.args.push(word);
      else if (word === "--") {
        this.dash = this.args.length;
        this.args.push(...args);
        return;
      } else if (word.startsWith("--")) this.#long(word, args);
      else this.#short(word, args);
    }
  }

  /** Reads what can be read: of a command line that is being typed. */
  tryParse(given: readonly string[]): void {
    try {
      this.parse(given);
    } catch (error) {
      if (!(error instanceof FlagProblem)) throw error;
    }
  }

  #long(word: string, rest: string[]): void {
    const text = word.slice(2);
    if (text.startsWith("-") || text.startsWith("="))
      throw new FlagProblem(`bad flag syntax: ${word}`);
    const equals = text.indexOf("=");
    // k8s: component-base/cli/flag WordSepNormalizeFunc
    const name = (equals < 0 ? text : text.slice(0, equals)).replaceAll("_", "-");
    const flag = this.#known[name];
    if (!flag) throw new FlagProblem(`unknown flag: --${name}`);
    if (equals >= 0) return this.set(flag, text.slice(equals + 1));
    if (flag.alone !== "") return this.set(flag, flag.alone);
    const value = rest.shift();
    if (value === undefined) throw new FlagProblem(`flag needs an argument: --${name}`);
    this.set(flag, value);
  }

  #short(word: string, rest: string[]): void {
    let letters = word.slice(1);
    while (letters !== "") {
      const letter = letters.charAt(0);
      const flag = Object.values(this.#known).find(({ shorthand }) => shorthand === letter);
      if (!flag) throw new FlagProblem(`unknown shorthand flag: '${letter}' in -${letters}`);
      if (letters.length > 2 && letters.charAt(1) === "=") return this.set(flag, letters.slice(2));
      if (flag.alone !== "") {
        this.set(flag, flag.alone);
        letters = letters.slice(1);
        continue;
      }
      if (letters.length > 1) return this.set(flag, letters.slice(1));
      const value = rest.shift();
      if (value === undefined)
        throw new FlagProblem(`flag needs an argument: '${letter}' in -${letters}`);
      return this.set(flag, value);
    }
  }
}

class FlagProblem extends Error {
  override name = "FlagProblem";
}

/** The flags of a command line. UsageProblem, with the hint that the command gives. */
export function parseFlags(command: CommandFacts, args: readonly string[]): Flags {
  const flags = new Flags(command);
  try {
    flags.parse(args);
  } catch (error) {
    if (!(error instanceof FlagProblem)) throw error;
    const hint =
      command.path === "options"
        ? `Run '${commandPath(command)}' without flags.`
        : `See '${commandPath(command)} --help' for usage.`;
    throw new UsageProblem(`${error.message}\n${hint}`);
  }
  return flags;
}

/** Whether a flag stands alone, by how it was written: what decides if the next word is its value. */
function standsAlone(known: Record<string, FlagFacts>, word: string): boolean {
  const flag = word.startsWith("--")
    ? known[word.slice(2)]
    : Object.values(known).find(({ shorthand }) => shorthand === word.slice(1));
  return flag !== undefined && flag.alone !== "";
}

/** Whether a word takes the next one as its value. cobra: command.go stripFlags */
function takesNext(known: Record<string, FlagFacts>, word: string): boolean {
  if (word.includes("=")) return false;
  const isFlag = word.startsWith("--") || (word.startsWith("-") && word.length === 2);
  return isFlag && !standsAlone(known, word);
}

/** The words that are no flags and no values of flags. */
export function withoutFlags(command: CommandFacts, args: readonly string[]): string[] {
  const known = flagsOf(command);
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    if (word === "--") break;
    if (takesNext(known, word)) {
      if (args.length - i - 1 <= 1) break;
      i++;
    } else if (word !== "" && !word.startsWith("-")) words.push(word);
  }
  return words;
}

/** Arguments without the first word that is a subcommand's name. cobra: command.go argsMinusFirstX */
export function withoutWord(
  command: CommandFacts,
  args: readonly string[],
  name: string,
): string[] {
  const known = flagsOf(command);
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    if (word === "--") break;
    if (takesNext(known, word)) i++;
    else if (word === name) return [...args.slice(0, i), ...args.slice(i + 1)];
  }
  return [...args];
}
