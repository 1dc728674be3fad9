/** Builtins: a table of small functions. They return a status, or nothing after pushing frames that will give one. */
import { Errno } from "../errno.ts";
import { dashEcho, echoText } from "../tools/arguments/echo.ts";
import { formatPrintf } from "../tools/arguments/printf.ts";
import { TestProblem, testExpression } from "../tools/arguments/test.ts";
import { alias, unalias } from "./aliases.ts";
import { startRead, startWait } from "./blocking.ts";
import type { Builtin } from "./builtin.ts";
import { bashOwn } from "./bash/builtins.ts";
import { bashUnary } from "./bash/conditions.ts";
import { commandNames } from "./bash/naming.ts";
import { hasBuiltin, testWords } from "./dialects.ts";
import { doExit, doLogout, doReturn, evaluate, leave } from "./flow.ts";
import { kill, trap } from "./jobs/signal-builtins.ts";
import { bg, fg, jobs, resume } from "./jobs/builtins.ts";
import { ulimit, umask } from "./limit-builtins.ts";
import { set } from "./options.ts";
import { cd, dot, pwd } from "./places.ts";
import type { Shell } from "./shell.ts";
import { addChunk, exported, readOnly } from "./state.ts";
import {
  declare,
  getopts,
  letExpression,
  local,
  quoted,
  shift,
  unset,
} from "./variable-builtins.ts";

/** What a command name means: `name is a shell builtin`. */
export function describe(shell: Shell, name: string, short: boolean): string | undefined {
  const { state, sys } = shell;
  const reserved = /^(if|then|elif|else|fi|while|until|for|do|done|case|esac|in|\{|\}|!)$/.test(
    name,
  );
  if (reserved) return short ? name : `${name} is a shell keyword`;
  if (state.aliases?.[name] !== undefined)
    return short
      ? `alias ${name}=${quoted(state.aliases[name]!)}`
      : `${name} is an alias for ${state.aliases[name]}`;
  if (state.functions[name]) return short ? name : `${name} is a function`;
  if (builtinOf(shell, name))
    return short
      ? name
      : `${name} is a ${shell.state.flavour !== "bash" && /^(:|\.|break|continue|eval|exec|exit|export|readonly|local|return|set|shift|source|times|trap|unset)$/.test(name) ? "special " : ""}shell builtin`;
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
  const short = /^-./.test(argv[1] ?? "");
  for (const name of argv.slice(short ? 2 : 1)) {
    const text = describe(shell, name, short);
    shell.write(1, `${text ?? `${name}: not found`}\n`);
    if (text === undefined) status = 127;
  }
  return status;
}

function command(shell: Shell, argv: string[], tested: boolean): number | undefined {
  let words = argv.slice(1);
  let mode = "";
  while (/^-./.test(words[0] ?? "") && words[0] !== "--") {
    const unknown = /[^vVp]/.exec(words[0]!.slice(1));
    if (unknown) {
      shell.complain(`illegal option -${unknown[0]}`);
      return 2;
    }
    mode += words[0]!.slice(1);
    words = words.slice(1);
  }
  if (words[0] === "--") words = words.slice(1);
  const name = words[0];
  if (name === undefined) return 0;
  if (/[vV]/.test(mode) && shell.bash) return commandNames(shell, words, mode.includes("V"));
  if (/[vV]/.test(mode)) {
    const text = describe(shell, name, mode.includes("v"));
    if (text !== undefined) shell.write(1, `${text}\n`);
    else if (mode.includes("V")) shell.write(1, `${name}: not found\n`);
    return text === undefined ? 127 : 0;
  }
  const builtin = builtinOf(shell, name);
  if (builtin && name !== "exec") {
    shell.command = name;
    shell.tolerant = true;
    return builtin(shell, words, tested);
  }
  // A program: written out again, with functions of that name out of the way.
  const text = words.map(quoted).join(" ");
  const hidden = Object.hasOwn(shell.state.functions, name);
  if (hidden) delete shell.state.functions[name];
  shell.push({
    kind: "src",
    chunk: addChunk(shell.state, text),
    offset: 0,
    mode: "eval",
    ...(tested ? { tested: 1 as const } : {}),
  });
  return undefined;
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
    // dash knows one equals sign only.
    if (shell.state.flavour === "dash" && words.length === 3 && words[1] === "==")
      throw new TestProblem("");
    const own = shell.bash ? (op: string, word: string) => bashUnary(shell, op, word) : undefined;
    return testExpression(words, shell.sys, argv[0] === "[[", own) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestProblem)) throw error;
    shell.say(testWords(shell, error.message, words));
    return 2;
  }
}

/** What a shell runs for a name; undefined: it has no such builtin. */
export function builtinOf(shell: Shell, name: string): Builtin | undefined {
  if (name.startsWith("%") && shell.bash && shell.controlsJobs) return resume;
  const known = Object.hasOwn(builtins, name);
  if (!hasBuiltin(shell, name, known)) return undefined;
  if (shell.bash && Object.hasOwn(bashOwn, name)) return bashOwn[name];
  return known ? builtins[name] : undefined;
}

/** `builtin`: past functions of that name. */
function builtinCommand(shell: Shell, argv: string[], tested: boolean): number | undefined {
  const words = argv.slice(argv[1] === "--" ? 2 : 1);
  const [name] = words;
  if (name === undefined) return 0;
  const found = builtinOf(shell, name);
  if (!found) {
    shell.complain(`${name}: not a shell builtin`);
    return 1;
  }
  shell.command = name;
  return found(shell, words, tested);
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
  unalias,
  bg,
  fg,
  break: leave(false),
  builtin: builtinCommand,
  continue: leave(true),
  cd,
  chdir: cd,
  command,
  echo(shell, argv) {
    const { flavour } = shell.state;
    if (flavour === "bash" && shell.shopt("xpg_echo")) {
      shell.write(1, dashEcho(argv.slice(1)));
      return 0;
    }
    shell.write(1, flavour === "dash" ? dashEcho(argv.slice(1)) : echoText(argv.slice(1)));
    return 0;
  },
  eval: evaluate,
  exec: () => 0,
  exit: doExit,
  export: declare(exported),
  readonly: declare(readOnly),
  getopts,
  hash(shell, argv) {
    let status = 0;
    for (const name of argv.slice(1).filter((word) => !word.startsWith("-"))) {
      if (describe(shell, name, true) !== undefined) continue;
      shell.complain(`${name}: not found`);
      status = 1;
    }
    return status;
  },
  help: () => 0,
  history: () => 0,
  jobs,
  kill,
  let: letExpression,
  local,
  logout: doLogout,
  printf(shell, argv) {
    const { out, errors, status } = formatPrintf(argv.slice(1));
    // bash and dash hold their output back until they are done.
    if (!shell.state.flavour) shell.write(1, out);
    for (const error of errors) shell.say(error);
    if (shell.state.flavour) shell.write(1, out);
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
