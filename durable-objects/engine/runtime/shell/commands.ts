/** Simple commands: expansion, assignments, redirections, then a function, a builtin or a program. */
import { Errno } from "../errno.ts";
import type { Step } from "../kernel/calls.ts";
import type { Node, Redirect, Word } from "./ast.ts";
import type { Builtin } from "./builtin.ts";
import { builtinOf } from "./builtins.ts";
import { expandAssignments, expandDeclaration, listsOf } from "./command-words.ts";
import { redirectStatus } from "./dialects.ts";
import { ExpansionProblem } from "./problems.ts";
import { compoundRedirects, expandTargets } from "./expanding.ts";
import { assign, beforeCommand } from "./bash/assignments.ts";
import { backslashed } from "./bash/quote.ts";
import { placeOf } from "./bash/worked.ts";
import { cd } from "./places.ts";
import { noteCommandName } from "./jobs/control.ts";
import { external, replace } from "./programs.ts";
import { trace } from "./bash/tracing.ts";
import { redirect, RedirectProblem } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import { exported, type FrameOf, type Saved, type Variable } from "./state.ts";

type NodeFrame = FrameOf<"node">;
type Command = Extract<Node, { k: "cmd" }>;

/** Their assignments stay, and their errors end the shell. */
const specialBuiltins = new Set([
  ":",
  ".",
  "source",
  "break",
  "continue",
  "eval",
  "exec",
  "exit",
  "export",
  "local",
  "readonly",
  "return",
  "set",
  "shift",
  "times",
  "trap",
  "unset",
]);
/** Their arguments are assigned to, not split. */
const declaring = new Set(["export", "readonly", "local", "declare", "typeset"]);

const literal = (word: Word | undefined): string =>
  word?.length === 1 && word[0]?.t === "lit" ? word[0].v : "";

export function runCommand(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  expandAll: (words: Word[]) => boolean,
): Step {
  shell.state.line = node.line + (shell.state.linesBefore?.[frame.ref[0]] ?? 0);
  if (frame.progress === 0) {
    if (shell.bash && beforeCommand(shell, frame)) return undefined;
    frame.progress = 1;
  }
  if (declaring.has(literal(node.words[0]))) {
    if (!expandDeclaration(shell, frame, node)) return undefined;
  } else if (!expandAll(node.words)) return undefined;
  // Without a command its redirections come first.
  if (!shell.bash && node.words.length === 0 && !compoundRedirects(shell, frame, node))
    return undefined;
  if (!frame.redirected && !expandTargets(shell, frame, node.redirs)) return undefined;
  const argv = frame.words ?? [];
  if (!expandAssignments(shell, frame, node, argv.length === 0)) return undefined;
  return execute(shell, frame, node, argv);
}

function execute(shell: Shell, frame: NodeFrame, node: Command, argv: string[]): Step {
  const { state } = shell;
  const values = frame.values ?? [];
  const tested = frame.tested === 1;
  trace(shell, argv, node, frame);
  if (shell.bash) {
    delete state.pipeStatus;
    state.lastArgument = argv.at(-1) ?? "";
  }
  const name = argv[0];
  noteCommandName(shell, name);
  if (name === undefined) {
    const status = frame.lastStatus ?? 0;
    state.frames.pop();
    return void bare(
      shell,
      frame.redirected ? [] : node.redirs,
      frame.targets ?? [],
      status,
      tested,
    );
  }
  const body = Object.hasOwn(state.functions, name);
  const builtin = body ? undefined : builtinOf(shell, name);
  if (body) return void callFunction(shell, frame, node, argv, values);
  if (builtin) return runBuiltin(shell, frame, node, argv, values, builtin);
  if (shell.shopt("autocd") && isFolderToEnter(shell, argv)) {
    shell.write(2, `cd -- ${backslashed(name)}\n`);
    return runBuiltin(shell, frame, node, ["cd", "--", name], values, cd);
  }
  return external(shell, frame, node, argv, values);
}

/** With `autocd`: a folder's name alone, typed, where no program has it. */
function isFolderToEnter(shell: Shell, [name = "", ...more]: readonly string[]): boolean {
  const { sys, state } = shell;
  if (!state.interactive || more.length > 0 || sys.peek(name)?.type !== "d") return false;
  try {
    return name.includes("/") || sys.which(name, shell.get("PATH") ?? "") === "";
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return true;
  }
}

/** Nothing but assignments and redirections. */
function bare(
  shell: Shell,
  redirs: Redirect[],
  targets: string[],
  status: number,
  tested: boolean,
): void {
  shell.state.status = status;
  if (redirs.length) {
    const saved: Saved[] = [];
    try {
      redirect(shell.sys, redirs, targets, !shell.option("C"), saved, shell);
    } catch (error) {
      if (!(error instanceof RedirectProblem)) throw error;
      shell.complain(error.message);
      shell.state.status = redirectStatus(shell);
    }
    shell.restoreFiles(saved);
  }
  shell.checkError(tested);
}

/** Puts redirections and passing assignments under the command; false when a redirection failed. */
function prepare(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  values: string[],
  keep: boolean,
): boolean {
  const { state } = shell;
  state.frames.pop();
  const passing = node.assigns.length > 0 && !keep;
  if (node.redirs.length === 0 && !passing) {
    node.assigns.forEach((one, i) => assign(shell, one, values[i] ?? "", frame.lists?.[i]));
    return true;
  }
  const saved: Saved[] = [];
  const old: Record<string, Variable | null> = {};
  if (passing) for (const { name } of node.assigns) old[name] = state.variables[name] ?? null;
  shell.push({
    kind: "undo",
    saved,
    ...(passing ? { variables: old } : {}),
    ...(frame.tested ? { tested: 1 as const } : {}),
  });
  try {
    redirect(shell.sys, node.redirs, frame.targets ?? [], !shell.option("C"), saved, shell);
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    shell.complain(error.message);
    shell.pop();
    state.status = redirectStatus(shell);
    return false;
  }
  node.assigns.forEach((one, i) => {
    try {
      assign(shell, one, values[i] ?? "", frame.lists?.[i], passing ? exported : 0);
    } catch (error) {
      // bash says so, and runs the command.
      if (!shell.bash || !passing || !(error instanceof ExpansionProblem)) throw error;
      shell.complain(error.message);
    }
  });
  return true;
}

function callFunction(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  argv: string[],
  values: string[],
): void {
  if (!prepare(shell, frame, node, values, false)) return shell.checkError(frame.tested === 1);
  const { state } = shell;
  const [chunk, offset, body] = state.functions[argv[0]!]!;
  const tested = frame.tested ? { tested: 1 as const } : {};
  const of = shell.bash
    ? { line: state.line ?? 0, file: state.chunkFiles?.[chunk] ?? placeOf(state) }
    : {};
  shell.push({
    kind: "call",
    parameters: state.parameters,
    locals: {},
    name: argv[0]!,
    ...of,
    ...tested,
  });
  state.parameters = argv.slice(1);
  shell.run([chunk, offset, body], body, frame.tested === 1);
}

function runBuiltin(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  argv: string[],
  values: string[],
  builtin: Builtin,
): Step {
  const name = argv[0]!;
  const special = specialBuiltins.has(name) || (shell.bash && declaring.has(name));
  const tested = frame.tested === 1;
  if (name === "exec" && argv.length === 1) {
    shell.state.frames.pop();
    return void permanent(shell, node, frame.targets ?? []);
  }
  if (name === "exec") return void replace(shell, frame, node, argv.slice(1), values);
  // bash gives assignments before a special builtin back, but for those that declare.
  const keeps = special && (!shell.bash || name === "export" || name === "readonly");
  if (!prepare(shell, frame, node, values, keeps)) {
    if (special && !shell.state.interactive && shell.state.flavour !== "bash")
      return void shell.exit(redirectStatus(shell));
    return void shell.checkError(tested);
  }
  shell.command = name;
  shell.lists = listsOf(frame);
  const status =
    special && !shell.bash ? builtin(shell, argv, tested) : regular(shell, argv, tested, builtin);
  shell.command = undefined;
  if (typeof status !== "number") return undefined;
  shell.state.status = status;
  // Its redirections are still in place: they are undone when their frame comes to the top.
  shell.checkError(tested);
  return undefined;
}

/** What goes wrong in a builtin that is not special is a failed command, no more. */
function regular(
  shell: Shell,
  argv: string[],
  tested: boolean,
  builtin: Builtin,
): number | undefined {
  try {
    return builtin(shell, argv, tested);
  } catch (error) {
    if (!(error instanceof ExpansionProblem)) throw error;
    shell.complain(error.message);
    return shell.state.flavour === "bash" ? 1 : 2;
  }
}

/** `exec` with redirections only: they stay. */
function permanent(shell: Shell, node: Command, targets: string[]): void {
  shell.state.status = 0;
  try {
    redirect(shell.sys, node.redirs, targets, !shell.option("C"), undefined, shell);
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    if (!shell.bash) return shell.abort(error.message, redirectStatus(shell));
    shell.complain(error.message);
    shell.state.status = 1;
  }
}
