/** Builtins about variables and parameters. */
import { ArithmeticProblem, arithmetic } from "./arith.ts";
import type { Builtin } from "./builtin.ts";
import { usageAlone } from "./bash/usage.ts";
import type { Shell } from "./shell.ts";
import { exported } from "./state.ts";

const validName = /^[A-Za-z_]\w*$/;

/** `'a'"'"'b'`, as ash quotes values: runs of quotes in double ones, nothing after the last. */
export const quoted = (text: string): string =>
  `'${text.replace(/'+/g, (run, at: number) => `'"${run}"${at + run.length < text.length ? "'" : ""}`)}${text.endsWith("'") ? "" : "'"}`;

// Where one is

export function declare(mark: number): Builtin {
  return (shell, argv) => {
    const words = argv.slice(1).filter((word) => word !== "--");
    const word = mark === exported ? "export" : "readonly";
    if (words.length === 0 || words[0] === "-p") {
      const lines = shell
        .variables()
        .filter(([, , marks]) => marks & mark)
        .map(([name, value]) => `${word} ${name}=${quoted(value)}\n`);
      for (const name in shell.state.variables) {
        const [value, marks] = shell.state.variables[name]!;
        if (value === null && marks & mark) lines.push(`${word} ${name}\n`);
      }
      for (const line of lines.sort()) shell.write(1, line);
      return 0;
    }
    const off = words[0] === "-n";
    for (const one of off ? words.slice(1) : words) {
      const equals = one.indexOf("=");
      const name = equals < 0 ? one : one.slice(0, equals);
      if (!validName.test(name)) {
        shell.abort(`${shell.state.flavour === "bash" ? one : name}: bad variable name`, 2);
        return undefined;
      }
      if (off) {
        const value = shell.get(name);
        if (value !== undefined) shell.state.variables[name] = [value, 0];
      } else if (equals < 0) shell.mark(name, mark);
      else shell.set(name, one.slice(equals + 1), mark);
    }
    return 0;
  };
}

export function local(shell: Shell, argv: string[]): number | undefined {
  const call = shell.state.frames.findLast((frame) => frame.kind === "call");
  if (call?.kind !== "call") {
    shell.abort("not in a function", 2);
    return undefined;
  }
  for (const word of argv.slice(1)) {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    if (!validName.test(name)) {
      shell.abort(`${name}: bad variable name`, 2);
      return undefined;
    }
    if (!(name in call.locals)) call.locals[name] = shell.state.variables[name] ?? null;
    if (equals >= 0) shell.set(name, word.slice(equals + 1));
    // Without a value it is unset, whatever it is outside.
    else shell.unset(name);
  }
  return 0;
}

export function unset(shell: Shell, argv: string[]): number | undefined {
  const bad = shell.state.flavour && /^-([^-fvn])/.exec(argv[1] ?? "");
  if (bad) {
    shell.abort(`illegal option -${bad[1]}`, 2);
    return undefined;
  }
  const functions = argv[1] === "-f";
  const names = argv.slice(/^-[fv]$/.test(argv[1] ?? "") ? 2 : 1);
  for (const name of names) {
    if (!validName.test(name)) {
      shell.abort(`${name}: bad variable name`, 2);
      return undefined;
    }
    if (functions) delete shell.state.functions[name];
    else shell.unset(name);
  }
  return 0;
}

export function shift(shell: Shell, argv: string[]): number | undefined {
  const count = argv[1] === undefined ? 1 : Number(argv[1]);
  if (shell.bash && Number.isInteger(count) && count < 0) {
    shell.complain(`${argv[1]}: shift count out of range`);
    return 1;
  }
  if (!Number.isInteger(count) || count < 0) {
    shell.abort(`Illegal number: ${argv[1]}`, 2);
    return undefined;
  }
  if (count > shell.state.parameters.length) {
    if (shell.state.flavour !== "dash") return 1;
    shell.abort("can't shift that many", 2);
    return undefined;
  }
  shell.state.parameters = shell.state.parameters.slice(count);
  return 0;
}

/** OPTIND is the next word, also while letters of the one before it are left: `getoptsIndex` says where among them. */
export function getopts(shell: Shell, argv: string[]): number {
  const { state } = shell;
  const [, spec, name] = argv;
  if (shell.bash && (spec === undefined || name === undefined)) return usageAlone(shell);
  if (spec === undefined || name === undefined) {
    shell.complain("usage: getopts optstring var [arg]");
    return 2;
  }
  const words = argv.length > 3 ? argv.slice(3) : state.parameters;
  let next = Number(shell.get("OPTIND") ?? 1);
  let at = state.getoptsIndex;
  const finish = (value: string, status: number): number => {
    shell.set("OPTIND", String(next));
    if (at !== undefined) state.getoptsIndex = at;
    shell.set(name, value);
    return status;
  };
  let sign = "";
  const tell = (text: string): void => {
    if (shell.get("OPTERR") === "0") return;
    const bash = text.startsWith("No arg") ? "option requires an argument" : "illegal option";
    shell.write(2, shell.bash ? `${state.argumentZero}: ${bash} -- ${sign}\n` : `${text}\n`);
  };
  const word = words[at === undefined ? next - 1 : next - 2] ?? "";
  if (at === undefined) {
    if (!/^-./.test(word) || word === "--") {
      if (word === "--") next++;
      shell.unset("OPTARG");
      return finish("?", 1);
    }
    next++;
    at = 1;
  }
  const letter = word[at] ?? "";
  sign = letter;
  at = at + 1 < word.length ? at + 1 : undefined;
  const silent = spec.startsWith(":");
  const where = letter === ":" ? -1 : spec.indexOf(letter, silent ? 1 : 0);
  const bad = (sign: string, text: string): number => {
    if (silent) shell.set("OPTARG", letter);
    else {
      shell.unset("OPTARG");
      tell(text);
    }
    return finish(silent ? sign : "?", 0);
  };
  if (where < 0) return bad("?", `Illegal option -${letter}`);
  if (spec[where + 1] !== ":") {
    shell.unset("OPTARG");
    return finish(letter, 0);
  }
  const value = at === undefined ? words[next - 1] : word.slice(at);
  if (value === undefined) return bad(":", `No arg for -${letter} option`);
  if (at === undefined) next++;
  at = undefined;
  shell.set("OPTARG", value);
  return finish(letter, 0);
}

export function letExpression(shell: Shell, argv: string[]): number {
  let value = 0n;
  if (argv.length === 1) {
    shell.complain("expression expected");
    return 2;
  }
  try {
    for (const word of argv.slice(1))
      value = arithmetic(word, {
        get: (name) => shell.parameter(name) ?? "",
        set: (name, text) => shell.set(name, text),
      });
  } catch (error) {
    if (!(error instanceof ArithmeticProblem)) throw error;
    shell.complain(error.message);
    return 2;
  }
  return value === 0n ? 1 : 0;
}

// Signals and jobs
