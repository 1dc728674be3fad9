/** Simple commands that are programs: found, and started in a child or in the shell's place. */
import { Errno } from "../errno.ts";
import type { Step } from "../kernel/calls.ts";
import type { Sys } from "../kernel/types.ts";
import type { Node } from "./ast.ts";
import { singleQuoted } from "./bash/quote.ts";
import { inWords, notRun, redirectStatus } from "./dialects.ts";
import { beginForeground } from "./jobs/control.ts";
import { dropWaited } from "./jobs/children.ts";
import { redirect, RedirectProblem } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import { addChunk, readOnly, type FrameOf } from "./state.ts";

type NodeFrame = FrameOf<"node">;
type Command = Extract<Node, { k: "cmd" }>;

/** What the assignments before a program add to its environment. */
function assigned(shell: Shell, node: Command, values: string[]): Record<string, string> {
  if (shell.bash)
    for (const { name } of node.assigns)
      if ((shell.state.variables[name]?.[1] ?? 0) & readOnly)
        shell.complain(`${name}: is read only`);
  return Object.fromEntries(node.assigns.map(({ name }, i) => [name, values[i] ?? ""]));
}

/** `exec program`: the shell becomes it. */
export function replace(
  shell: Shell,
  frame: NodeFrame,
  node: Command,
  argv: string[],
  values: string[],
): void {
  const { sys, state } = shell;
  try {
    redirect(sys, node.redirs, frame.targets ?? [], !shell.option("C"), undefined, shell);
    become(shell, sys, argv, shell.environment(assigned(shell, node, values)));
  } catch (error) {
    if (error instanceof RedirectProblem) return shell.abort(error.message, redirectStatus(shell));
    const [text, status] = execProblem(argv[0]!, error);
    shell.command = state.flavour === "bash" && argv[0]!.includes("/") ? undefined : "exec";
    shell.complain(notRun(shell, argv[0]!, text, true));
    shell.command = undefined;
    if (!shell.state.interactive) return shell.exit(status);
    shell.state.status = status;
    shell.state.frames.pop();
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
    const name = shell.state.flavour ?? "sh";
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
    state.interactive ||
    state.startedBy === "s" ||
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

/** A function of that name is asked for commands that are not there; it runs in a child. */
function notFoundHandled(shell: Shell, frame: NodeFrame, argv: string[]): boolean {
  const { state, sys } = shell;
  const name = argv[0]!;
  const handler = "command_not_found_handle";
  if (name === "" || name.includes("/") || !Object.hasOwn(state.functions, handler)) return false;
  try {
    sys.which(name, shell.get("PATH") ?? "");
    return false;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  state.frames.pop();
  const text = `(${[handler, ...argv].map(singleQuoted).join(" ")})`;
  shell.push({
    kind: "src",
    chunk: addChunk(state, text),
    offset: 0,
    mode: "eval",
    ...(frame.tested ? { tested: 1 as const } : {}),
  });
  return true;
}

/** A program: in a child, or, when nothing is left to do after it, in the shell's own process. */
export function external(
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
    state.frames.length === 1 &&
    !state.interactive &&
    Object.values(state.traps).every((action) => action === "") &&
    !state.pendingTraps;
  if (!last) dropWaited(shell);
  const pid = last ? 0 : sys.fork({});
  const child = last ? sys : sys.child(pid);
  const job = last ? {} : beginForeground(shell, [pid], frame.ref);
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
    redirect(child, node.redirs, frame.targets ?? [], !shell.option("C"), undefined, inChild);
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
  state.frames.pop();
  const command = shell.bash ? { command: frame.ref } : {};
  shell.push({
    kind: "wait",
    pids: [pid],
    lastPid: pid,
    ...command,
    ...job,
    ...(frame.tested ? { tested: 1 as const } : {}),
  });
  return undefined;
}
