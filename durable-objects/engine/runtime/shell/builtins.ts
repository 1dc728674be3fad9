/** Builtins: a table of small functions. They return a status, or nothing after pushing frames that will give one. */
import { Errno } from "../errno.ts";
import { normalPath } from "../fs/vfs.ts";
import { parseSignal, signalNames } from "../signals.ts";
import { echoText } from "../tools/echo.ts";
import { formatPrintf } from "../tools/printf.ts";
import { testExpression, TestProblem } from "../tools/test.ts";
import { arithmetic, ArithmeticProblem } from "./arith.ts";
import { findJob, startRead, startWait } from "./blocking.ts";
import { jobLine, reap } from "./jobs.ts";
import type { Shell } from "./shell.ts";
import { addChunk, exported, readOnly, type Frame } from "./state.ts";

export type Builtin = (shell: Shell, argv: string[], tested: boolean) => number | undefined;

const validName = /^[A-Za-z_]\w*$/;

/** `'a'"'"'b'`, as ash quotes values. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;

// Where one is

function cd(shell: Shell, argv: string[]): number {
  const { sys } = shell;
  let words = argv.slice(1);
  let physical = false;
  while (/^-[LP]+$/.test(words[0] ?? "")) {
    physical = words[0]!.endsWith("P");
    words = words.slice(1);
  }
  if (words[0] === "--") words = words.slice(1);
  let target = words[0] ?? shell.get("HOME");
  if (target === undefined) {
    shell.complain("HOME not set");
    return 2;
  }
  const dash = target === "-";
  if (dash) target = shell.get("OLDPWD") ?? "";
  const old = shell.get("PWD") ?? sys.cwd;
  const tries = [target];
  if (!/^\.{0,2}\//.test(target) && target !== "." && target !== "..")
    for (const folder of (shell.get("CDPATH") ?? "").split(":").filter(Boolean)) tries.unshift(`${folder}/${target}`);
  for (const one of tries) {
    const logical = normalPath(old, one);
    try {
      sys.chdir(physical ? one : logical, physical ? undefined : logical);
      const now = physical ? sys.cwd : logical;
      shell.set("OLDPWD", old, exported);
      shell.set("PWD", now, exported);
      if (dash || one !== target) shell.write(1, `${now}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      if (one === target) shell.complain(`can't cd to ${target}: ${error.message}`);
    }
  }
  return 2;
}

function pwd(shell: Shell, argv: string[]): number {
  const { sys } = shell;
  shell.write(1, `${argv[1] === "-P" ? sys.realpath(".") : (shell.get("PWD") ?? sys.cwd)}\n`);
  return 0;
}

// Control flow

function loops(shell: Shell): Frame[] {
  const { f } = shell.state;
  const from = f.findLastIndex((frame) => frame.k === "call") + 1;
  return f.slice(from).filter((frame) => {
    if (frame.k !== "node") return false;
    const { k } = shell.node(frame.r);
    return k === "while" || k === "until" || k === "for";
  });
}

const leave =
  (again: boolean): Builtin =>
  (shell, argv) => {
    const count = argv[1] === undefined ? 1 : Number(argv[1]);
    if (!Number.isInteger(count) || count < 1) {
      shell.abort(`Illegal number: ${argv[1]}`, 2);
      return undefined;
    }
    const list = loops(shell);
    if (list.length === 0) return 0;
    const target = list[Math.max(0, list.length - count)];
    shell.state.st = 0;
    if (!again) shell.unwind((frame) => frame === target);
    else {
      while (shell.top && shell.top !== target) shell.pop();
      if (target?.k === "node" && target.i === 2) target.ss = 0;
    }
    return undefined;
  };

function doReturn(shell: Shell, argv: string[]): number | undefined {
  const status = argv[1] === undefined ? shell.state.st : Number(argv[1]);
  if (!Number.isInteger(status) || status < 0) {
    shell.abort(`Illegal number: ${argv[1]}`, 2);
    return undefined;
  }
  const tested = shell.state.f.findLast((frame) => frame.k === "call")?.t === 1;
  const inside = shell.unwind((frame) => frame.k === "call" || (frame.k === "src" && frame.m === "dot"));
  shell.state.st = status & 255;
  if (!inside) shell.exit(status);
  else shell.checkError(tested);
  return undefined;
}

function doExit(shell: Shell, argv: string[]): undefined {
  const status = argv[1] === undefined ? shell.state.st : Number(argv[1]);
  const trap = shell.state.f.findLast((frame) => frame.k === "trap");
  if (!Number.isInteger(status) || status < 0) return void shell.abort(`Illegal number: ${argv[1]}`, 2);
  const kept = argv[1] === undefined && trap?.k === "trap" ? trap.st : status;
  shell.exit(kept);
  shell.state.x = kept & 255;
}

function evaluate(shell: Shell, argv: string[], tested: boolean): number | undefined {
  const text = argv.slice(1).join(" ");
  if (text.trim() === "") return 0;
  shell.push({ k: "src", c: addChunk(shell.state, text), o: 0, m: "eval", ...(tested ? { t: 1 as const } : {}) });
  return undefined;
}

function dot(shell: Shell, argv: string[], tested: boolean): number | undefined {
  const { sys } = shell;
  const name = argv[1];
  if (name === undefined) {
    shell.abort("filename argument required", 2);
    return undefined;
  }
  try {
    let path = name;
    if (!name.includes("/")) {
      const folder = (shell.get("PATH") ?? "").split(":").find((one) => sys.peek(`${one}/${name}`)?.type === "f");
      if (folder !== undefined) path = `${folder}/${name}`;
    }
    const text = sys.readFile(path);
    const restore = argv.length > 2;
    if (restore) {
      shell.push({ k: "call", p: shell.state.p, l: {} });
      shell.state.p = argv.slice(2);
    }
    shell.push({ k: "src", c: addChunk(shell.state, text), o: 0, m: "dot", ...(tested ? { t: 1 as const } : {}) });
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    shell.abort(error.code === "ENOENT" && !name.includes("/") ? `can't open '${name}': No such file or directory` : `can't open '${name}': ${error.message}`, 2);
    return undefined;
  }
}

// Variables

function declare(mark: number): Builtin {
  return (shell, argv) => {
    const words = argv.slice(1).filter((word) => word !== "--");
    const word = mark === exported ? "export" : "readonly";
    if (words.length === 0 || words[0] === "-p") {
      for (const [name, value, marks] of shell.variables()) if (marks & mark) shell.write(1, `${word} ${name}=${quoted(value)}\n`);
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

function local(shell: Shell, argv: string[]): number | undefined {
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

function unset(shell: Shell, argv: string[]): number {
  const functions = argv[1] === "-f";
  const names = argv.slice(/^-[fv]$/.test(argv[1] ?? "") ? 2 : 1);
  for (const name of names) {
    if (functions) delete shell.state.fn[name];
    else shell.unset(name);
  }
  return 0;
}

const optionNames: Record<string, string> = {
  errexit: "e", noglob: "f", ignoreeof: "I", monitor: "m", noexec: "n", xtrace: "x", verbose: "v",
  noclobber: "C", allexport: "a", notify: "b", nounset: "u", pipefail: "P", vi: "V",
};

/** `set -e +x -o name`; returns the rest, or undefined after a complaint. */
export function setOptions(shell: Shell, words: readonly string[]): string[] | undefined {
  const { state } = shell;
  const put = (letter: string, on: boolean): void => {
    state.o = state.o.replace(letter, "") + (on ? letter : "");
  };
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i]!;
    if (word === "--") return words.slice(i + 1);
    if (word === "-" || !/^[-+]./.test(word)) break;
    const on = word[0] === "-";
    for (const letter of word.slice(1)) {
      if (letter === "o") {
        const name = words[++i];
        if (name === undefined) {
          listOptions(shell, on);
          continue;
        }
        const known = optionNames[name];
        if (!known) {
          shell.complain(`illegal option ${word[0]}o ${name}`);
          return undefined;
        }
        put(known, on);
      } else if (Object.values(optionNames).includes(letter) && !"PIV".includes(letter)) put(letter, on);
      else if (letter !== "h") {
        shell.complain(`illegal option ${word[0]}${letter}`);
        return undefined;
      }
    }
  }
  return words.slice(i);
}

function listOptions(shell: Shell, pretty: boolean): void {
  if (pretty) shell.write(1, "Current option settings\n");
  for (const [name, letter] of Object.entries(optionNames)) {
    const on = shell.option(letter);
    shell.write(1, pretty ? `${name.padEnd(16)}${on ? "on" : "off"}\n` : `set ${on ? "-" : "+"}o ${name}\n`);
  }
}

function set(shell: Shell, argv: string[]): number | undefined {
  const words = argv.slice(1);
  if (words.length === 0) {
    for (const [name, value] of shell.variables()) shell.write(1, `${name}=${quoted(value)}\n`);
    return 0;
  }
  const rest = setOptions(shell, words);
  if (!rest) {
    shell.abort(undefined, 2);
    return undefined;
  }
  if (rest.length > 0 || words.includes("--")) shell.state.p = rest;
  return 0;
}

function shift(shell: Shell, argv: string[]): number | undefined {
  const count = argv[1] === undefined ? 1 : Number(argv[1]);
  if (!Number.isInteger(count) || count < 0) {
    shell.abort(`Illegal number: ${argv[1]}`, 2);
    return undefined;
  }
  if (count > shell.state.p.length) return 1;
  shell.state.p = shell.state.p.slice(count);
  return 0;
}

function getopts(shell: Shell, argv: string[]): number {
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

function letExpression(shell: Shell, argv: string[]): number {
  let value = 0n;
  try {
    for (const word of argv.slice(1))
      value = arithmetic(word, { get: (name) => shell.parameter(name) ?? "", set: (name, text) => shell.set(name, text) });
  } catch (error) {
    if (!(error instanceof ArithmeticProblem)) throw error;
    shell.complain(error.message);
    return 2;
  }
  return value === 0n ? 1 : 0;
}

// Signals and jobs

function trap(shell: Shell, argv: string[]): number {
  const { state, sys } = shell;
  let words = argv.slice(1);
  if (words[0] === "--") words = words.slice(1);
  if (words.length === 0 || words[0] === "-p") {
    for (const name of Object.keys(state.tr)) shell.write(1, `trap -- ${quoted(state.tr[name]!)} ${name === "EXIT" ? name : `SIG${signalNames[Number(name)]}`.replace(/^SIG/, "")}\n`);
    return 0;
  }
  if (words[0] === "-l") {
    for (let number = 1; number <= 31; number++) shell.write(1, `${String(number).padStart(2)}) ${signalNames[number]}\n`);
    return 0;
  }
  // A number first (or nothing else) means: back to the default.
  const reset = words[0] === "-" || words.length === 1 || /^\d+$/.test(words[0]!);
  const action = reset ? undefined : words[0];
  let status = 0;
  for (const word of words[0] === "-" || !reset ? words.slice(1) : words) {
    const number = parseSignal(word);
    if (number === undefined) {
      shell.complain(`${word}: invalid signal specification`);
      status = 1;
      continue;
    }
    const key = number === 0 ? "EXIT" : String(number);
    if (action === undefined) delete state.tr[key];
    else state.tr[key] = action;
    if (number === 0) continue;
    const ignored = (sys.process.ig ?? []).filter((known) => known !== number);
    if (action === "") ignored.push(number);
    if (ignored.length) sys.process.ig = ignored;
    else delete sys.process.ig;
  }
  return status;
}

function kill(shell: Shell, argv: string[]): number {
  const { sys } = shell;
  let words = argv.slice(1);
  let signal = 15;
  if (words[0] === "-l") {
    if (words.length === 1) for (let number = 1; number <= 31; number++) shell.write(1, `${String(number).padStart(2)}) ${signalNames[number]}\n`);
    for (const word of words.slice(1)) {
      const number = /^\d+$/.test(word) ? Number(word) & 127 : parseSignal(word);
      shell.write(1, `${/^\d+$/.test(word) ? signalNames[number ?? 0] : number}\n`);
    }
    return 0;
  }
  const option = words[0] === "-s" ? words[1] : /^-\w/.test(words[0] ?? "") ? words[0]!.slice(1) : undefined;
  if (option !== undefined) {
    const number = parseSignal(option);
    if (number === undefined) {
      shell.say(`bad signal name '${option}'`);
      return 1;
    }
    signal = number;
    words = words.slice(words[0] === "-s" ? 2 : 1);
  }
  if (words[0] === "--") words = words.slice(1);
  if (words.length === 0) {
    shell.say("you need to specify whom to kill");
    return 1;
  }
  let failed = 0;
  for (const word of words) {
    const job = word.startsWith("%") ? findJob(shell, word) : undefined;
    if (!job && !/^-?\d+$/.test(word)) {
      shell.say(`invalid number '${word}'`);
      failed++;
      continue;
    }
    for (const pid of job ? job.p : [Number(word)]) {
      try {
        sys.kill(pid, signal);
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        shell.say(`can't kill pid ${pid}: ${error.message}`);
        failed++;
      }
    }
  }
  return failed ? 1 : 0;
}

function jobs(shell: Shell, argv: string[]): number {
  reap(shell, () => false);
  for (const job of shell.state.j) {
    if (argv[1] === "-p") shell.write(1, `${job.p.join(" ")}\n`);
    else shell.write(1, `${jobLine(shell, job)}\n`);
    if (job.x !== undefined) job.told = 1;
  }
  shell.state.j = shell.state.j.filter((job) => !job.told);
  return 0;
}

function foreground(shell: Shell, argv: string[]): number | undefined {
  const job = findJob(shell, argv[1] ?? "%%");
  if (!job) {
    shell.complain(argv[1] ? `${argv[1]}: no such job` : "no current job");
    return 2;
  }
  shell.write(1, `${job.t}\n`);
  return startWait(shell, ["wait", String(job.p.at(-1))], false);
}

// Looking commands up

/** What a command name means: `name is a shell builtin`. */
export function describe(shell: Shell, name: string, short: boolean): string | undefined {
  const { state, sys } = shell;
  const reserved = /^(if|then|elif|else|fi|while|until|for|do|done|case|esac|in|\{|\}|!)$/.test(name);
  if (reserved) return short ? name : `${name} is a shell keyword`;
  if (state.al?.[name] !== undefined) return short ? `alias ${name}=${quoted(state.al[name]!)}` : `${name} is an alias for ${state.al[name]}`;
  if (state.fn[name]) return short ? name : `${name} is a function`;
  if (builtins[name]) return short ? name : `${name} is a ${/^(:|\.|break|continue|eval|exec|exit|export|readonly|return|set|shift|source|times|trap|unset)$/.test(name) ? "special " : ""}shell builtin`;
  try {
    const path = sys.which(name, shell.get("PATH"));
    return short ? path : `${name} is ${path}`;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return undefined;
  }
}

function type(shell: Shell, argv: string[]): number {
  let status = 0;
  for (const name of argv.slice(1)) {
    const text = describe(shell, name, false);
    shell.write(1, `${text ?? `${name}: not found`}\n`);
    if (text === undefined) status = 127;
  }
  return status;
}

function command(shell: Shell, argv: string[], tested: boolean): number | undefined {
  let words = argv.slice(1);
  let mode = "";
  while (/^-[vVp]+$/.test(words[0] ?? "")) {
    mode += words[0]!.slice(1);
    words = words.slice(1);
  }
  if (words[0] === "--") words = words.slice(1);
  const name = words[0];
  if (name === undefined) return 0;
  if (/[vV]/.test(mode)) {
    const text = describe(shell, name, mode.includes("v"));
    if (text !== undefined) shell.write(1, `${text}\n`);
    else if (mode.includes("V")) shell.write(2, `${name}: not found\n`);
    return text === undefined ? 127 : 0;
  }
  const builtin = builtins[name];
  if (builtin && name !== "exec") {
    shell.command = name;
    return builtin(shell, words, tested);
  }
  // A program: written out again, with functions of that name out of the way.
  const text = words.map(quoted).join(" ");
  const hidden = shell.state.fn[name];
  if (hidden) delete shell.state.fn[name];
  shell.push({ k: "src", c: addChunk(shell.state, text), o: 0, m: "eval", ...(tested ? { t: 1 as const } : {}) });
  return undefined;
}

function ulimit(shell: Shell, argv: string[]): number {
  const limits: Record<string, string> = { "-n": "1048576", "-u": "unlimited", "-s": "8192", "-c": "unlimited", "-f": "unlimited", "-v": "unlimited", "-m": "unlimited" };
  const name = argv.slice(1).find((word) => limits[word]);
  if (argv.length <= 2) shell.write(1, `${limits[name ?? "-f"]}\n`);
  return 0;
}

function umask(shell: Shell, argv: string[]): number {
  const word = argv[1];
  if (word === undefined) shell.write(1, `${shell.sys.umask.toString(8).padStart(4, "0")}\n`);
  else if (/^[0-7]{1,4}$/.test(word)) shell.sys.process.um = parseInt(word, 8);
  else {
    shell.complain(`Illegal mode: ${word}`);
    return 2;
  }
  return 0;
}

function alias(shell: Shell, argv: string[]): number {
  const table = (shell.state.al ??= {});
  let status = 0;
  if (argv.length === 1) for (const name of Object.keys(table).sort()) shell.write(1, `${name}=${quoted(table[name]!)}\n`);
  for (const word of argv.slice(1)) {
    const equals = word.indexOf("=", 1);
    if (equals > 0) table[word.slice(0, equals)] = word.slice(equals + 1);
    else if (table[word] !== undefined) shell.write(1, `${word}=${quoted(table[word]!)}\n`);
    else {
      shell.complain(`${word} not found`);
      status = 1;
    }
  }
  return status;
}

function test(shell: Shell, argv: string[]): number {
  const words = argv.slice(1);
  if (argv[0] !== "test") {
    const end = argv[0] === "[" ? "]" : "]]";
    if (words.pop() !== end) {
      shell.say(`missing ${end}`);
      return 2;
    }
  }
  try {
    return testExpression(words, shell.sys, argv[0] === "[[") ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestProblem)) throw error;
    shell.say(error.message);
    return 2;
  }
}

export const builtins: Record<string, Builtin> = {
  ":": () => 0,
  true: () => 0,
  false: () => 1,
  ".": dot,
  source: dot,
  "[": test,
  "[[": test,
  test,
  alias,
  unalias(shell, argv) {
    let status = 0;
    for (const name of argv.slice(1)) {
      if (shell.state.al?.[name] === undefined) {
        shell.write(2, `unalias: ${name} not found\n`);
        status = 1;
      } else delete shell.state.al[name];
    }
    return status;
  },
  bg: () => 0,
  fg: foreground,
  break: leave(false),
  continue: leave(true),
  cd,
  chdir: cd,
  command,
  echo(shell, argv) {
    shell.write(1, echoText(argv.slice(1)));
    return 0;
  },
  eval: evaluate,
  exec: () => 0,
  exit: doExit,
  export: declare(exported),
  readonly: declare(readOnly),
  getopts,
  hash: () => 0,
  help: () => 0,
  history: () => 0,
  jobs,
  kill,
  let: letExpression,
  local,
  printf(shell, argv) {
    const { out, errors, status } = formatPrintf(argv.slice(1));
    shell.write(1, out);
    for (const error of errors) shell.say(error);
    return status;
  },
  pwd,
  read: startRead,
  return: doReturn,
  set,
  shift,
  times(shell) {
    shell.write(1, "0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n");
    return 0;
  },
  trap,
  type,
  ulimit,
  umask,
  unset,
  wait: startWait,
};
