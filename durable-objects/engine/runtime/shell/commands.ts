/** Simple commands: expansion, assignments, redirections, then a function, a builtin or a program. */
import { Errno } from "../errno.ts";
import type { Sys } from "../kernel/types.ts";
import type { Step } from "../kernel/calls.ts";
import type { Node, Part, Redirect, Word } from "./ast.ts";
import type { Builtin } from "./builtin.ts";
import { builtinOf } from "./builtins.ts";
import { inWords, notRun, redirectStatus } from "./dialects.ts";
import type { Expander } from "./expand.ts";
import { ExpansionProblem } from "./problems.ts";
import { compoundRedirects, expanding, expandTargets } from "./expanding.ts";
import { assign, beforeCommand } from "./bash/assignments.ts";
import { singleQuoted } from "./bash/quote.ts";
import { placeOf } from "./bash/worked.ts";
import { trace, traceAssignment } from "./tracing.ts";
import { dropWaited } from "./jobs.ts";
import { redirect, RedirectProblem } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import {
  addChunk,
  exported,
  readOnly,
  type FrameOf,
  type ListItem,
  type Saved,
  type Variable,
} from "./state.ts";

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
  if (frame.i === 0) {
    if (shell.bash && beforeCommand(shell, frame)) return undefined;
    frame.i = 1;
  }
  if (declaring.has(literal(node.words[0]))) {
    if (!expandDeclaration(shell, frame, node)) return undefined;
  } else if (!expandAll(node.words)) return undefined;
  // Without a command its redirections come first.
  if (!shell.bash && node.words.length === 0 && !compoundRedirects(shell, frame, node))
    return undefined;
  if (!frame.x && !expandTargets(shell, frame, node.redirs)) return undefined;
  const argv = frame.w ?? [];
  if (!expandAssignments(shell, frame, node, argv.length === 0)) return undefined;
  return execute(shell, frame, node, argv);
}

/** Values of the assignments before a command; false while substitutions run. */
function expandAssignments(shell: Shell, frame: NodeFrame, node: Command, alone: boolean): boolean {
  frame.a ??= [];
  while (frame.a.length < node.assigns.length) {
    const i = frame.a.length;
    const one = node.assigns[i]!;
    const { word, sub, items } = one;
    const made = expanding(shell, frame, (expander): [string, ListItem[]?] => {
      if (items) return ["", expander.list(items)];
      const value = expander.text(word, true);
      return sub ? [value, [[expander.text(sub), value]]] : [value];
    });
    if (made === undefined) return false;
    frame.a.push(made[0]);
    if (made[1]) (frame.li ??= {})[i] = made[1];
    frame.m = [];
    // Each assignment sees those before it.
    if (alone) {
      if (shell.bash) traceAssignment(shell, one, made[0], made[1]);
      assign(shell, one, made[0], made[1]);
    }
  }
  return true;
}

/** `name=value` as an argument: its tildes are an assignment's. */
function declared(expander: Expander, word: Word): string {
  const [first, ...rest] = word as [Part & { t: "lit" }, ...Word];
  const at = first.v.indexOf("=") + 1;
  const value: Word = at < first.v.length ? [{ ...first, v: first.v.slice(at) }, ...rest] : rest;
  return first.v.slice(0, at) + expander.text(value, true);
}

const assigning = /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/;

function expandDeclaration(shell: Shell, frame: NodeFrame, node: Command): boolean {
  frame.w ??= [];
  for (; frame.i <= node.words.length; frame.i++) {
    const word = node.words[frame.i - 1]!;
    const [first, second] = word;
    const head = shell.bash ? assigning : /^[A-Za-z_]\w*=/;
    const assigns = first?.t === "lit" && !first.q && head.test(first.v);
    if (second?.t === "items") {
      const items = expanding(shell, frame, (expander) => expander.list(second.items));
      if (!items) return false;
      (frame.li ??= {})[`w${frame.w.length}`] = items;
    }
    const fields = expanding(shell, frame, (expander) =>
      assigns ? [declared(expander, word)] : expander.fields(word),
    );
    if (!fields) return false;
    frame.w.push(...fields);
    frame.m = [];
  }
  return true;
}

/** Those of a declaration's arguments that are lists, by their number. */
function listsOf(frame: NodeFrame): Record<string, ListItem[]> | undefined {
  const all = Object.entries(frame.li ?? {}).filter(([key]) => key.startsWith("w"));
  return all.length
    ? Object.fromEntries(all.map(([key, items]) => [key.slice(1), items]))
    : undefined;
}

function execute(shell: Shell, frame: NodeFrame, node: Command, argv: string[]): Step {
  const { state } = shell;
  const values = frame.a ?? [];
  const tested = frame.t === 1;
  trace(shell, argv, node, frame);
  if (shell.bash) {
    delete state.pp;
    state.la = argv.at(-1) ?? "";
  }
  const name = argv[0];
  if (name === undefined) {
    const status = frame.ss ?? 0;
    state.f.pop();
    return void bare(shell, frame.x ? [] : node.redirs, frame.d ?? [], status, tested);
  }
  const body = Object.hasOwn(state.fn, name);
  const builtin = body ? undefined : builtinOf(shell, name);
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
      redirect(shell.sys, redirs, targets, !shell.option("C"), saved, shell);
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
    node.assigns.forEach((one, i) => assign(shell, one, values[i] ?? "", frame.li?.[i]));
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
    redirect(shell.sys, node.redirs, frame.d ?? [], !shell.option("C"), saved, shell);
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    shell.complain(error.message);
    shell.pop();
    state.st = redirectStatus(shell);
    return false;
  }
  node.assigns.forEach((one, i) => {
    try {
      assign(shell, one, values[i] ?? "", frame.li?.[i], passing ? exported : 0);
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
  if (!prepare(shell, frame, node, values, false)) return shell.checkError(frame.t === 1);
  const { state } = shell;
  const [chunk, offset, body] = state.fn[argv[0]!]!;
  const tested = frame.t ? { t: 1 as const } : {};
  const of = shell.bash ? { ln: state.ln ?? 0, fs: state.cf?.[chunk] ?? placeOf(state) } : {};
  shell.push({ k: "call", p: state.p, l: {}, z: argv[0]!, ...of, ...tested });
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
  const special = specialBuiltins.has(name) || (shell.bash && declaring.has(name));
  const tested = frame.t === 1;
  if (name === "exec" && argv.length === 1) {
    shell.state.f.pop();
    return void permanent(shell, node, frame.d ?? []);
  }
  if (name === "exec") return void replace(shell, frame, node, argv.slice(1), values);
  // bash gives assignments before a special builtin back, but for those that declare.
  const keeps = special && (!shell.bash || name === "export" || name === "readonly");
  if (!prepare(shell, frame, node, values, keeps)) {
    if (special && !shell.state.ia && shell.state.fl !== "bash")
      return void shell.exit(redirectStatus(shell));
    return void shell.checkError(tested);
  }
  shell.command = name;
  shell.lists = listsOf(frame);
  const status =
    special && !shell.bash ? builtin(shell, argv, tested) : regular(shell, argv, tested, builtin);
  shell.command = undefined;
  if (typeof status !== "number") return undefined;
  shell.state.st = status;
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
    return shell.state.fl === "bash" ? 1 : 2;
  }
}

/** `exec` with redirections only: they stay. */
function permanent(shell: Shell, node: Command, targets: string[]): void {
  shell.state.st = 0;
  try {
    redirect(shell.sys, node.redirs, targets, !shell.option("C"), undefined, shell);
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    if (!shell.bash) return shell.abort(error.message, redirectStatus(shell));
    shell.complain(error.message);
    shell.state.st = 1;
  }
}

/** What the assignments before a program add to its environment. */
function assigned(shell: Shell, node: Command, values: string[]): Record<string, string> {
  if (shell.bash)
    for (const { name } of node.assigns)
      if ((shell.state.v[name]?.[1] ?? 0) & readOnly) shell.complain(`${name}: is read only`);
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
    redirect(sys, node.redirs, frame.d ?? [], !shell.option("C"), undefined, shell);
    become(shell, sys, argv, shell.environment(assigned(shell, node, values)));
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
  const session = sys.process.se === undefined ? undefined : sys.kernel.pod.se[sys.process.se];
  return session === undefined || session.k === "own" || session.q === true;
}

function execProblem(name: string, error: unknown): [text: string, status: number] {
  if (!(error instanceof Errno)) throw error;
  if (name === "") return [": Permission denied", 127];
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return [`${name}: not found`, 127];
  return [`${name}: ${error.message}`, 126];
}

/** A function of that name is asked for commands that are not there; it runs in a child. */
function notFoundHandled(shell: Shell, frame: NodeFrame, argv: string[]): boolean {
  const { state, sys } = shell;
  const name = argv[0]!;
  const handler = "command_not_found_handle";
  if (name === "" || name.includes("/") || !Object.hasOwn(state.fn, handler)) return false;
  try {
    sys.which(name, shell.get("PATH") ?? "");
    return false;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  state.f.pop();
  const text = `(${[handler, ...argv].map(singleQuoted).join(" ")})`;
  shell.push({
    k: "src",
    c: addChunk(state, text),
    o: 0,
    m: "eval",
    ...(frame.t ? { t: 1 as const } : {}),
  });
  return true;
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
  if (shell.bash && notFoundHandled(shell, frame, argv)) return undefined;
  const env = shell.environment(assigned(shell, node, values));
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
  // What it names a descriptor by is the child's.
  const inChild = { bash: shell.bash, get: (name: string) => shell.get(name), set: () => {} };
  try {
    redirect(child, node.redirs, frame.d ?? [], !shell.option("C"), undefined, inChild);
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
  const text = shell.bash ? { tx: frame.r } : {};
  shell.push({ k: "wait", p: [pid], l: pid, ...text, ...(frame.t ? { t: 1 as const } : {}) });
  return undefined;
}
