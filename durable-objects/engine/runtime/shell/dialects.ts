/**
 * How bash and dash say what ash says in its own way: the beginning of a complaint, its words, and the status it leaves.
 * The interpreter is one and speaks ash; a shell's flavour is looked at here and by the few builtins that differ.
 */
import { dialectCharactersMax } from "../../core/limits.ts";
import type { ArithmeticProblem } from "./arith.ts";
import { bashBuiltins, bashUsages } from "./bash/builtin-names-data.ts";
import type { SyntaxProblem } from "./ast.ts";
import type { ShellState } from "./state.ts";

/** What is looked at of a shell that says something. */
export interface Speaker {
  readonly state: ShellState;
  /** Where builtins' complaints name themselves. */
  readonly command: string | undefined;
  /** What was wrong is a parameter that was asked for. */
  readonly asked: boolean;
  /** Whether lines are those of a file that is sourced. */
  readonly dotted: boolean;
  readonly sys: {
    readonly argv: readonly string[];
    peek(path: string): { type: string } | undefined;
  };
  write(fd: number, text: string): void;
  within(): string | undefined;
}

type Rule = readonly [pattern: RegExp, words: string];

const bashRules: readonly Rule[] = [
  [/^can't cd to ([^]*): ([\w ]+)$/, "$1: $2"],
  [/^can't create ([^]*): File exists$/, "$1: cannot overwrite existing file"],
  [/^can't (?:create|open) '([^]*)': ([\w ]+)$/, "$1: $2"],
  [
    /^can't (?:create|open) ([^]*): (?:nonexistent directory|no such file)$/,
    "$1: No such file or directory",
  ],
  [/^can't (?:create|open) ([^]*): ([\w ]+)$/, "$1: $2"],
  [/^missing ([\]]+)$/, "missing `$1'"],
  [/^syntax error: bad substitution$/, "bad substitution"],
  [/^illegal option \+?-?-o (.*)$/, "$1: invalid option name"],
  [/^illegal option (-.)$/, "$1: invalid option"],
  [/^can't kill pid (-?\d+): /, "($1) - "],
  [/^invalid number '([^]*)'$/, "$1: invalid number"],
  [/^Illegal number: ([^]*)$/, "$1: numeric argument required"],
  [/^not in a function$/, "can only be used in a function"],
  [/^(\S+): bad variable name$/, "`$1': not a valid identifier"],
  [/^illegal mode: ([^]*)$/, "$1: octal number out of range"],
];

const dashRules: readonly Rule[] = [
  [/^can't cd to ([^]*): ([\w ]+)$/, "can't cd to $1"],
  [/^can't create ([^]*): nonexistent directory$/, "cannot create $1: Directory nonexistent"],
  [/^can't open '([^]*)': No such file or directory$/, "cannot open $1: No such file"],
  [/^can't open ([^]*): no such file$/, "cannot open $1: No such file"],
  [/^can't (create|open) '?([^]*?)'?: ([\w ]+)$/, "cannot $1 $2: $3"],
  [/^syntax error: bad substitution$/, "Bad substitution"],
  [/^illegal option (.*)$/, "Illegal option $1"],
  [/^illegal mode: /, "Illegal mode: "],
  [/^can't kill pid -?\d+: ([^]*)$/, "$1\n"],
  [/^invalid number '([^]*)'$/, "$1: expected numeric value"],
  [/^no current job$/, "No current job"],
  [/: maximum recursion depth reached$/, ": Maximum function recursion depth (1000) reached"],
];

/** ash's words in the shell's own. */
export function inWords(shell: Speaker, text: string): string {
  const { flavour } = shell.state;
  if (!flavour || text.length > dialectCharactersMax) return text;
  for (const [pattern, words] of flavour === "bash" ? bashRules : dashRules) {
    if (!pattern.test(text)) continue;
    const usage =
      flavour === "bash" && /^illegal option -[^o]/.test(text) && bashUsages[shell.command ?? ""];
    return text.replace(pattern, words) + (usage ? `\n${shell.command}: usage: ${usage}` : "");
  }
  if (flavour === "bash" && / is read only$|: is read only$/.test(text))
    return text.replace(
      /: is read only$/,
      shell.command === "unset" ? ": cannot unset: readonly variable" : ": readonly variable",
    );
  return text;
}

/** Where bash says that a command of a function is, which no file holds. */
const functionsPlace: Record<string, string> = { c: "environment", s: "main" };

/** How a complaint begins. */
export function dialectHead(shell: Speaker): string {
  const { state, command } = shell;
  const within = shell.within();
  const prefix = command !== undefined && command !== state.argumentZero ? `${command}: ` : "";
  const line = state.line ?? 1;
  if (state.flavour === "dash") {
    const name = state.script ?? state.argumentZero;
    return `${name}: ${line}: ${prefix || (within === undefined ? "" : `${within}: `)}`;
  }
  if (state.interactive) return `bash: ${prefix}`;
  const sourced = shell.dotted ? within : undefined;
  const call = state.frames.findLast((frame) => frame.kind === "call" && frame.name !== undefined);
  const file = call?.kind === "call" ? call.file : state.outerCalls?.[0]?.[2];
  const place = file ?? (call ? functionsPlace[state.startedBy ?? ""] : undefined);
  return `${place ?? sourced ?? state.script ?? state.argumentZero}: line ${line}: ${prefix}`;
}

/** What is said of a command that was not found or cannot be run. */
export function notRun(shell: Speaker, name: string, text: string, replaced: boolean): string {
  if (shell.state.flavour !== "bash") return text;
  if (name === "") return ": command not found";
  if (text.endsWith(": Permission denied") && shell.sys.peek(name)?.type === "d")
    return `${name}: Is a directory`;
  if (!text.endsWith(": not found")) return text;
  if (name.includes("/")) return `${name}: No such file or directory`;
  return replaced ? text : `${name}: command not found`;
}

/** Status after a redirection that failed. */
export const redirectStatus = (shell: Speaker): number => (shell.state.flavour === "dash" ? 2 : 1);

/** Status with which a complaint ends the command, or a shell that is not interactive. */
export function abortStatus(shell: Speaker, text: string | undefined, status: number): number {
  const { state } = shell;
  if (state.flavour !== "bash" || text === undefined || text.startsWith("syntax error"))
    return status;
  if (shell.command !== undefined)
    return shell.command === "exit" || text.startsWith("illegal option") ? 2 : 1;
  const unset = /: (unbound variable|parameter (null or )?not set|parameter not set or null)$/;
  return state.startedBy === "c" && (unset.test(text) || shell.asked) ? 127 : 1;
}

/** Complaints of a builtin end a bash no more than those of other commands. */
export const goesOn = (shell: Speaker): boolean =>
  shell.state.flavour === "bash" && shell.command !== undefined && shell.command !== "exit";

/** Whether an error ends a line of bash's, not the shell: all but unset parameters, and what `exit` says. */
export function discards(shell: Speaker, text: string | undefined): boolean {
  if (shell.state.flavour !== "bash" || text === undefined || shell.asked) return false;
  return !/: (unbound variable|parameter (null or )?not set)$|^can't fork/.test(text);
}

/** A syntax error in the shell's own form; undefined: in ash's. */
export function syntaxWords(shell: Speaker, problem: SyntaxProblem): string | undefined {
  const { state } = shell;
  const text = problem.message.replace(/^syntax error: /, "");
  if (state.flavour === "dash") return `${dialectHead(shell)}Syntax error: ${dashSyntax(text)}\n`;
  if (state.flavour !== "bash") return undefined;
  const name = state.script ?? state.argumentZero;
  const evaluated = state.frames.findLast((frame) => frame.kind === "src")?.name === "eval";
  const how = evaluated
    ? state.script === undefined
      ? "bash: eval"
      : `${name}: eval`
    : state.startedBy === "c" && state.script === undefined
      ? `${name}: -c`
      : name;
  const head = (line: number): string => (state.interactive ? "bash: " : `${how}: line ${line}: `);
  const line = state.line ?? 1;
  if (problem.condition !== undefined)
    return problem.condition === "" ? "" : `${head(line)}${problem.condition}\n`;
  const open =
    /^(unterminated quoted string|missing '\}'|EOF in backquote substitution|unclosed)$/.exec(text);
  if (open)
    return `${head(problem.from ?? line)}unexpected EOF while looking for matching \`${problem.token ?? "}"}'\n`;
  if (text.startsWith("unexpected end of file")) {
    const more = problem.open ? 0 : 1;
    return `${head(line + more)}syntax error: unexpected end of file\n`;
  }
  if (problem.token === undefined) return `${head(line)}syntax error: ${text}\n`;
  const first = `${head(line)}syntax error near unexpected token \`${problem.token}'\n`;
  return state.interactive ? first : `${first}${head(line)}\`${problem.source ?? ""}'\n`;
}

function dashSyntax(text: string): string {
  if (text.startsWith("unexpected ")) {
    const token = text.slice("unexpected ".length);
    const expecting = token.endsWith(")") ? token.lastIndexOf(" (expecting ") : -1;
    return expecting < 0
      ? `${token} unexpected`
      : `${token.slice(0, expecting)} unexpected${token.slice(expecting)}`;
  }
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Words of `[` in bash and dash, by what ash found wrong. */
export function testWords(shell: Speaker, text: string, words: readonly string[]): string {
  const number = /^([^]*): bad number$/.exec(text);
  const { flavour } = shell.state;
  if (flavour === "dash") {
    if (number) return `Illegal number: ${number[1]}`;
    if (/argument expected$|missing/.test(text)) return text;
    return `${words.length === 3 || words.length === 2 || words.length > 4 ? words[0] : words[1]}: unexpected operator`;
  }
  if (flavour !== "bash" || text.startsWith("missing")) return text;
  if (number) return `${number[1]}: integer expression expected`;
  if (text === "bad number") return ": integer expression expected";
  if (text === "argument expected" && words.length > 3) return text;
  if (words.length === 2) return `${words[0]}: unary operator expected`;
  return words.length === 3 ? `${words[1]}: binary operator expected` : "too many arguments";
}

/** Builtins that not all shells have. */
const absent: Record<"ash" | "dash", ReadonlySet<string>> = {
  ash: new Set(["logout"]),
  dash: new Set(["[[", "source", "let", "help", "history", "logout"]),
};

/** Whether a shell has a builtin that `known` shells have. */
export function hasBuiltin({ state }: Speaker, name: string, known = true): boolean {
  if (state.flavour === "bash")
    return bashBuiltins.has(name) && !state.disabledBuiltins?.includes(name);
  return known && !absent[state.flavour ?? "ash"].has(name);
}

/** Whether a shell was started as a login shell. */
export function isLogin({ sys }: Speaker): boolean {
  const [name = "", ...words] = sys.argv;
  const end = words.findIndex((word) => !/^[-+]./.test(word));
  const options = end < 0 ? words : words.slice(0, end);
  return (
    name.startsWith("-") ||
    options.some((word) => word === "--login" || (/^-[a-z]+$/.test(word) && word.includes("l")))
  );
}

/** What an interactive bash says when it is left, by `exit` or by the end of its input. */
export function sayGoodbye(shell: Speaker): void {
  const { flavour, interactive } = shell.state;
  if (interactive && flavour === "bash") shell.write(2, isLogin(shell) ? "logout\n" : "exit\n");
}

/** What is wrong with an arithmetic expression. */
export function arithmeticWords(
  fl: ShellState["flavour"],
  expression: string,
  problem: ArithmeticProblem,
): string {
  const text = problem.message;
  if (!fl || expression.length > dialectCharactersMax) return text;
  if (problem.bash) {
    const { of, words, rest } = problem.bash;
    return fl === "bash"
      ? `${of}: ${words} (error token is "${rest}")`
      : dashArithmetic(expression, text);
  }
  return fl === "dash" ? dashArithmetic(expression, text) : text;
}

function dashArithmetic(expression: string, text: string): string {
  const zero = text === "divide by zero";
  return `arithmetic expression: ${zero ? "division by zero" : "expecting primary"}: "${expression}"`;
}
