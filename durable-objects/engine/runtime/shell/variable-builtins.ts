/** Builtins about variables and parameters. */
import { ArithmeticProblem, arithmetic } from "./arith.ts";
import type { Builtin } from "./builtins.ts";
import type { Shell } from "./shell.ts";
import { exported } from "./state.ts";

const validName = /^[A-Za-z_]\w*$/;

/** `'a'"'"'b'`, as ash quotes values. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;

// Where one is

export function declare(mark: number): Builtin {
  return (shell, argv) => {
    const words = argv.slice(1).filter((word) => word !== "--");
    const word = mark === exported ? "export" : "readonly";
    if (words.length === 0 || words[0] === "-p") {
      for (const [name, value, marks] of shell.variables())
        if (marks & mark) shell.write(1, `${word} ${name}=${quoted(value)}\n`);
      return 0;
    }
    const off = words[0] === "-n";
    for (const one of off ? words.slice(1) : words) {
      const equals = one.indexOf("=");
      const name = equals < 0 ? one : one.slice(0, equals);
      if (!validName.test(name)) {
        shell.abort(`${name}: bad variable name`, 2);
        return undefined;
      }
      if (off) {
        const value = shell.get(name);
        if (value !== undefined) shell.state.v[name] = [value, 0];
      } else if (equals < 0) shell.mark(name, mark);
      else shell.set(name, one.slice(equals + 1), mark);
    }
    return 0;
  };
}

export function local(shell: Shell, argv: string[]): number | undefined {
  const call = shell.state.f.findLast((frame) => frame.k === "call");
  if (call?.k !== "call") {
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
    if (!(name in call.l)) call.l[name] = shell.state.v[name] ?? null;
    if (equals >= 0) shell.set(name, word.slice(equals + 1));
  }
  return 0;
}

export function unset(shell: Shell, argv: string[]): number {
  const functions = argv[1] === "-f";
  const names = argv.slice(/^-[fv]$/.test(argv[1] ?? "") ? 2 : 1);
  for (const name of names) {
    if (functions) delete shell.state.fn[name];
    else shell.unset(name);
  }
  return 0;
}

export function shift(shell: Shell, argv: string[]): number | undefined {
  const count = argv[1] === undefined ? 1 : Number(argv[1]);
  if (!Number.isInteger(count) || count < 0) {
    shell.abort(`Illegal number: ${argv[1]}`, 2);
    return undefined;
  }
  if (count > shell.state.p.length) return 1;
  shell.state.p = shell.state.p.slice(count);
  return 0;
}

export function getopts(shell: Shell, argv: string[]): number {
  const { state } = shell;
  const [, spec = "", name = ""] = argv;
  const words = argv.length > 3 ? argv.slice(3) : state.p;
  let index = Number(shell.get("OPTIND") ?? 1);
  let at = state.go ?? 1;
  const word = words[index - 1];
  const finish = (value: string, status: number): number => {
    shell.set("OPTIND", String(index));
    if (at > 1) state.go = at;
    else delete state.go;
    shell.set(name, value);
    return status;
  };
  if (word === undefined || !/^-./.test(word) || word === "--") {
    if (word === "--") index++;
    at = 1;
    shell.unset("OPTARG");
    return finish("?", 1);
  }
  const letter = word[at]!;
  at++;
  const where = spec.indexOf(letter, spec.startsWith(":") ? 1 : 0);
  const silent = spec.startsWith(":");
  const nextWord = (): void => {
    if (at >= word.length) {
      index++;
      at = 1;
    }
  };
  if (letter === ":" || where < 0) {
    nextWord();
    if (silent) shell.set("OPTARG", letter);
    else {
      shell.unset("OPTARG");
      shell.write(2, `Illegal option -${letter}\n`);
    }
    return finish("?", 0);
  }
  if (spec[where + 1] !== ":") {
    nextWord();
    shell.unset("OPTARG");
    return finish(letter, 0);
  }
  const value = at < word.length ? word.slice(at) : words[index];
  index += at < word.length ? 1 : 2;
  at = 1;
  if (value === undefined) {
    index = words.length + 1;
    if (silent) {
      shell.set("OPTARG", letter);
      return finish(":", 0);
    }
    shell.unset("OPTARG");
    shell.write(2, `No arg for -${letter} option\n`);
    return finish("?", 0);
  }
  shell.set("OPTARG", value);
  return finish(letter, 0);
}

export function letExpression(shell: Shell, argv: string[]): number {
  let value = 0n;
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
