/** Simple commands: expansion, assignments, redirections, then a function, a builtin or a program. */
import { Errno } from "../errno.ts";
import type { Sys } from "../kernel/types.ts";
import type { Step } from "../kernel/calls.ts";
import type { Node, Part, Redirect, Word } from "./ast.ts";
import type { Builtin } from "./builtin.ts";
import { builtins } from "./builtins.ts";
import { hasBuiltin, inWords, notRun, redirectStatus } from "./dialects.ts";
import type { Expander } from "./expand.ts";
import { ExpansionProblem } from "./problems.ts";
import { compoundRedirects, expanding } from "./expanding.ts";
import { dropWaited } from "./jobs.ts";
import { redirect, RedirectProblem } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import { exported, type FrameOf, type Saved, type Variable } from "./state.ts";
import { quoted } from "./variable-builtins.ts";

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
  shell.state.ln = node.line + (shell.state.lb?.[frame.r[0]] ?? 0);
  if (frame.i === 0) frame.i = 1;
  if (declaring.has(literal(node.words[0]))) {
    if (!expandDeclaration(shell, frame, node)) return undefined;
  } else if (!expandAll(node.words)) return undefined;
  // Without a command its redirections come first.
  if (node.words.length === 0 && !compoundRedirects(shell, frame, node)) return undefined;
  frame.d ??= [];
  while (!frame.x && frame.d.length < node.redirs.length) {
    const { word } = node.redirs[frame.d.length]!;
    const target = expanding(shell, frame, (expander) => expander.text(word));
    if (target === undefined) return undefined;
    frame.d.push(target);
    frame.m = [];
  }
  frame.a ??= [];
  const argv = frame.w ?? [];
  while (frame.a.length < node.assigns.length) {
    const { word, name } = node.assigns[frame.a.length]!;
    const value = expanding(shell, frame, (expander) => expander.text(word, true));
    if (value === undefined) return undefined;
    const old = node.assigns[frame.a.length]!.append ? (shell.get(name) ?? "") : "";
    frame.a.push(old + value);
    frame.m = [];
    // Each assignment sees those before it.
    if (argv.length === 0) shell.set(name, old + value);
  }
  return execute(shell, frame, node, argv, frame.a);
}

/** `name=value` as an argument: its tildes are an assignment's. */
function declared(expander: Expander, word: Word): string {
  const [first, ...rest] = word as [Part & { t: "lit" }, ...Word];
  const at = first.v.indexOf("=") + 1;
  const value: Word = at < first.v.length ? [{ ...first, v: first.v.slice(at) }, ...rest] : rest;
  return first.v.slice(0, at) + expander.text(value, true);
}

function expandDeclaration(shell: Shell, frame: NodeFrame, node: Command): boolean {
  frame.w ??= [];
  for (; frame.i <= node.words.length; frame.i++) {
    const word = node.words[frame.i - 1]!;
    const first = word[0];
    const assigns = first?.t === "lit" && !first.q && /^[A-Za-z_]\w*=/.test(first.v);
    const fields = expanding(shell, frame, (expander) =>
      assigns ? [declared(expander, word)] : expander.fields(word),
    );
    if (!fields) return false;
    frame.w.push(...fields);
    frame.m = [];
  }
  return true;
}

function trace(shell: Shell, argv: string[], node: Command, values: string[]): void {
  if (!shell.option("x")) return;
  const quote = (word: string): string =>
    /[\x01-*;-?`[\\{-\uffff]/.test(word) ? quoted(word) : word;
  const assigns = node.assigns.map(({ name }, i) => `${name}=${quote(values[i] ?? "")}`);
  shell.write(2, `${shell.get("PS4") ?? "+ "}${[...assigns, ...argv.map(quote)].join(" ")}\n`);
}

function execute(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  argv: string[],
  values: string[],
): Step {
  const { state } = shell;
  const tested = frame.t === 1;
  trace(shell, argv, node, values);
  const name = argv[0];
  if (name === undefined) {
    const status = frame.ss ?? 0;
    state.f.pop();
    return void bare(shell, frame.x ? [] : node.redirs, frame.d ?? [], status, tested);
  }
  const body = state.fn[name];
  const builtin = body || !hasBuiltin(shell, name) ? undefined : builtins[name];
  if (body) return void callFunction(shell, frame, node, argv, values);
  if (builtin) return runBuiltin(shell, frame, node, argv, values, builtin);
  return external(shell, frame, node, argv, values);
}

/** Nothing but assignments and redirections. */
function bare(
  shell: Shell,
  redirs: Redirect[],
  targets: string[],
  status: number,
  tested: boolean,
): void {
  shell.state.st = status;
  if (redirs.length) {
    const saved: Saved[] = [];
    try {
      redirect(shell.sys, redirs, targets, !shell.option("C"), saved);
    } catch (error) {
      if (!(error instanceof RedirectProblem)) throw error;
      shell.complain(error.message);
      shell.state.st = redirectStatus(shell);
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
  state.f.pop();
  const passing = node.assigns.length > 0 && !keep;
  if (node.redirs.length === 0 && !passing) {
    node.assigns.forEach(({ name }, i) => shell.set(name, values[i] ?? ""));
    return true;
  }
  const saved: Saved[] = [];
  const old: Record<string, Variable | null> = {};
  if (passing) for (const { name } of node.assigns) old[name] = state.v[name] ?? null;
  shell.push({
    k: "undo",
    s: saved,
    ...(passing ? { v: old } : {}),
    ...(frame.t ? { t: 1 as const } : {}),
  });
  try {
    redirect(shell.sys, node.redirs, frame.d ?? [], !shell.option("C"), saved);
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    shell.complain(error.message);
    shell.pop();
    state.st = redirectStatus(shell);
    return false;
  }
  node.assigns.forEach(({ name }, i) => shell.set(name, values[i] ?? "", passing ? exported : 0));
  return true;
}

function callFunction(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  argv: string[],
  values: string[],
): void {
  if (!prepare(shell, frame, node, values, false)) return shell.checkError(frame.t === 1);
  const { state } = shell;
  const [chunk, offset, body] = state.fn[argv[0]!]!;
  const tested = frame.t ? { t: 1 as const } : {};
  shell.push({ k: "call", p: state.p, l: {}, z: argv[0]!, ...tested });
  state.p = argv.slice(1);
  shell.run([chunk, offset, body], body, frame.t === 1);
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
  const special = specialBuiltins.has(name);
  const tested = frame.t === 1;
  if (name === "exec" && argv.length === 1) {
    shell.state.f.pop();
    return void permanent(shell, node, frame.d ?? []);
  }
  if (name === "exec") return void replace(shell, frame, node, argv.slice(1), values);
  if (!prepare(shell, frame, node, values, special)) {
    if (special && !shell.state.ia && shell.state.fl !== "bash")
      return void shell.exit(redirectStatus(shell));
    return void shell.checkError(tested);
  }
  shell.command = name;
  const status = special ? builtin(shell, argv, tested) : regular(shell, argv, tested, builtin);
  shell.command = undefined;
  if (typeof status !== "number") return undefined;
  shell.state.st = status;
  // Its redirections are still in place: they are undone when their frame comes to the top.
  if (!tested && status !== 0 && shell.option("e")) shell.exit(status);
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
    return shell.state.fl === "bash" ? 1 : 2;
  }
}

/** `exec` with redirections only: they stay. */
function permanent(shell: Shell, node: Command, targets: string[]): void {
  shell.state.st = 0;
  try {
    redirect(shell.sys, node.redirs, targets, !shell.option("C"));
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    shell.abort(error.message, redirectStatus(shell));
  }
}

function assigned(node: Command, values: string[]): Record<string, string> {
  return Object.fromEntries(node.assigns.map(({ name }, i) => [name, values[i] ?? ""]));
}

/** `exec program`: the shell becomes it. */
function replace(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  argv: string[],
  values: string[],
): void {
  const { sys, state } = shell;
  try {
    redirect(sys, node.redirs, frame.d ?? [], !shell.option("C"));
    become(shell, sys, argv, shell.environment(assigned(node, values)));
  } catch (error) {
    if (error instanceof RedirectProblem) return shell.abort(error.message, redirectStatus(shell));
    const [text, status] = execProblem(argv[0]!, error);
    shell.command = state.fl === "bash" && argv[0]!.includes("/") ? undefined : "exec";
    shell.complain(notRun(shell, argv[0]!, text, true));
    shell.command = undefined;
    if (!shell.state.ia) return shell.exit(status);
    shell.state.st = status;
    shell.state.f.pop();
  }
}

/** The program of a command takes over a process. */
function become(shell: Shell, sys: Sys, argv: string[], env: Record<string, string>): void {
  const path = located(shell, sys, argv, env);
  if (path === undefined) return;
  // Signals the shell catches are default again in its programs, those it ignores stay ignored.
  try {
    sys.exec(path, argv, env);
  } catch (error) {
    if (!(error instanceof Errno) || error.code !== "ENOEXEC") throw error;
    const name = shell.state.fl ?? "sh";
    sys.become(name, [name, path, ...argv.slice(1)], env, `/bin/${name}`);
  }
}

/** Where a program lies; nothing when it is one of an image nobody described, which is stood in for. */
function located(
  shell: Shell,
  sys: Sys,
  argv: string[],
  env: Record<string, string>,
): string | undefined {
  const name = argv[0]!;
  try {
    return sys.which(name, env.PATH ?? shell.get("PATH") ?? "");
  } catch (error) {
    if (!(error instanceof Errno) || error.code !== "ENOENT" || name === "") throw error;
    if (!mayStandIn(shell)) throw error;
    sys.become("stand-in", argv, env, name);
    return undefined;
  }
}

/** What a container's own command, a probe or a hook runs; whoever types at a prompt is told what is not there. */
function mayStandIn({ sys, state }: Shell): boolean {
  // Commands that come from standard input are typed, with a prompt or without.
  if (
    state.ia ||
    state.sm === "s" ||
    sys.kernel.context.images.find(sys.container.record.spec.image).known
  )
    return false;
  const session =
    sys.process.session === undefined ? undefined : sys.kernel.pod.sessions[sys.process.session];
  return session === undefined || session.kind === "own" || session.unattended === true;
}

function execProblem(name: string, error: unknown): [text: string, status: number] {
  if (!(error instanceof Errno)) throw error;
  if (name === "") return [": Permission denied", 127];
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return [`${name}: not found`, 127];
  return [`${name}: ${error.message}`, 126];
}

/** A program: in a child, or, when nothing is left to do after it, in the shell's own process. */
function external(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  argv: string[],
  values: string[],
): Step {
  const { sys, state } = shell;
  const env = shell.environment(assigned(node, values));
  const last =
    state.f.length === 1 &&
    !state.ia &&
    Object.values(state.tr).every((action) => action === "") &&
    !state.pt;
  if (!last) dropWaited(shell);
  const pid = last ? 0 : sys.fork({});
  const child = last ? sys : sys.child(pid);
  const tell = (text: string): void => {
    child.complain(`${shell.head()}${inWords(shell, text)}\n`);
  };
  const end = (status: number): void => {
    if (last) shell.exit(status);
    else sys.kernel.exit(child.key, status);
  };
  try {
    redirect(child, node.redirs, frame.d ?? [], !shell.option("C"));
    become(shell, child, argv, env);
  } catch (error) {
    if (error instanceof RedirectProblem) {
      tell(error.message);
      end(redirectStatus(shell));
    } else {
      const [text, status] = execProblem(argv[0]!, error);
      tell(notRun(shell, argv[0]!, text, false));
      end(status);
    }
  }
  if (last) return undefined;
  state.f.pop();
  shell.push({ k: "wait", p: [pid], l: pid, ...(frame.t ? { t: 1 as const } : {}) });
  return undefined;
}
