/**
 * The interpreter: one frame action per step. A frame that needs something done first pushes a frame for it and looks at
 * `$?` when it is on top again. Whatever blocks (a child, a pipe, the terminal) is a frame with a wake condition.
 */
import { Errno } from "../errno.ts";
import type { Step } from "../program.ts";
import { SyntaxProblem, type Node } from "./ast.ts";
import { runCommand } from "./commands.ts";
import { Expander, ExpansionProblem, MemoryProblem, NeedSubstitution } from "./expand.ts";
import { addJob, forkShell, reap, tellSignal } from "./jobs.ts";
import { redirect, RedirectProblem } from "./redirect.ts";
import { readStep, waitsStep } from "./blocking.ts";
import { sourceStep } from "./source.ts";
import type { Shell } from "./shell.ts";
import { matches } from "./pattern.ts";
import { addChunk, type Frame, type FrameOf, type NodeRef, type Saved } from "./state.ts";

type NodeFrame = FrameOf<"node">;
type NodeOf<K> = Node extends infer N ? (N extends { k: infer J } ? (K extends J ? N : never) : never) : never;

/** One step of a shell. */
export function advance(shell: Shell): Step {
  const { state, sys } = shell;
  if (state.po) {
    const [first] = state.po;
    const [fd, text] = first as [number, string];
    const taken = sys.isOpen(fd) ? sys.write(fd, text) : text.length;
    if (taken < text.length) {
      first![1] = text.slice(taken);
      return { wait: { w: [fd] } };
    }
    state.po.shift();
    if (state.po.length === 0) delete state.po;
    return undefined;
  }
  const { top } = shell;
  if (state.pt?.length && (!top || !blocksTraps(top))) return startTrap(shell);
  if (!top) return finish(shell);
  try {
    return act(shell, top);
  } catch (error) {
    return failed(shell, error);
  }
}

/** A trap waits until the foreground command is over. */
const blocksTraps = (frame: Frame): boolean => frame.k === "wait" || frame.k === "sub" || frame.k === "waits" || frame.k === "read";

function startTrap(shell: Shell): undefined {
  const { state } = shell;
  const signal = state.pt?.shift();
  if (state.pt?.length === 0) delete state.pt;
  const action = state.tr[String(signal)];
  if (!action) return;
  shell.push({ k: "trap", st: state.st });
  shell.push({ k: "src", c: addChunk(state, action), o: 0, m: "eval" });
}

function finish(shell: Shell): Step {
  const { state } = shell;
  state.x ??= state.st;
  const action = state.tr.EXIT;
  if (action) {
    delete state.tr.EXIT;
    const status = state.x;
    delete state.x;
    shell.push({ k: "trap", st: status });
    shell.push({ k: "src", c: addChunk(state, action), o: 0, m: "eval" });
    return undefined;
  }
  return { exit: state.x };
}

function failed(shell: Shell, error: unknown): Step {
  if (error instanceof MemoryProblem) return void shell.sys.kernel.oomKill(shell.sys.key);
  if (error instanceof ExpansionProblem) return void shell.abort(error.message, 2);
  if (error instanceof SyntaxProblem) {
    if (shell.top?.k === "src" && shell.top.m === "eval") shell.command = "eval";
    else shell.state.ln = error.line;
    return void shell.abort(error.message, 2);
  }
  if (error instanceof Errno && error.code === "EAGAIN") return void shell.abort("can't fork: Resource temporarily unavailable", 2);
  if (error instanceof Errno && error.code === "EPIPE") {
    shell.complain("write error: Broken pipe");
    return void shell.exit(1);
  }
  throw error;
}

function act(shell: Shell, frame: Frame): Step {
  switch (frame.k) {
    case "src":
      return sourceStep(shell, frame);
    case "node":
      return nodeStep(shell, frame);
    case "wait":
      return waitStep(shell, frame);
    case "sub":
      return substitutionStep(shell, frame);
    case "read":
      return readStep(shell, frame);
    case "waits":
      return waitsStep(shell, frame);
    default:
      shell.pop();
      return undefined;
  }
}

/** Waits for the foreground job. */
function waitStep(shell: Shell, frame: FrameOf<"wait">): Step {
  reap(shell, (pid, status, signal) => {
    if (!frame.p.includes(pid)) return false;
    frame.p = frame.p.filter((known) => known !== pid);
    if (pid === frame.l) {
      frame.x = status;
      tellSignal(shell, signal);
    } else if (status !== 0 && shell.option("P")) frame.pf = status;
    if (signal === 2 && shell.state.ia) shell.write(1, "\n");
    return true;
  });
  if (frame.p.length > 0) return { wait: { ch: true } };
  shell.pop();
  shell.state.st = frame.x || (frame.pf ?? 0);
  shell.checkError(frame.t === 1);
  return undefined;
}

/** Collects a substitution's output; the word it stands in starts over with it. */
function substitutionStep(shell: Shell, frame: FrameOf<"sub">): Step {
  if (frame.fd >= 0) {
    const data = shell.sys.read(frame.fd);
    if (data === undefined) return { wait: { r: [frame.fd] } };
    frame.b += data.replaceAll("\0", "");
    shell.sys.held = frame.b.length + (shell.state.vb ?? 0);
    if (data !== "") return undefined;
    shell.sys.close(frame.fd);
    frame.fd = -1;
  }
  let status: number | undefined;
  reap(shell, (pid, code) => {
    if (pid !== frame.p) return false;
    status = code;
    return true;
  });
  if (status === undefined) return { wait: { ch: true } };
  shell.state.f.pop();
  const below = shell.top;
  if (below?.k === "node") {
    (below.m ??= []).push(frame.b.replace(/\n+$/, ""));
    below.ss = status;
  }
  shell.state.st = status;
  return undefined;
}

/** Runs `work` with an expander; a substitution it needs is started instead. Undefined then. */
export function expanding<T>(shell: Shell, frame: NodeFrame, work: (expander: Expander) => T): T | undefined {
  try {
    return work(new Expander(shell, (frame.m ??= [])));
  } catch (error) {
    if (!(error instanceof NeedSubstitution)) throw error;
    const { sys } = shell;
    const [read, write] = sys.pipe();
    const pid = forkShell(shell, [{ k: "node", r: [frame.r[0], frame.r[1], error.body], i: 0 }]);
    const child = sys.child(pid);
    child.dup(write, 1);
    if (write !== 1) child.close(write);
    if (read !== 1) child.close(read);
    sys.close(write);
    shell.push({ k: "sub", fd: read, p: pid, b: "" });
    return undefined;
  }
}

/** Expands a list of words into `frame.w`, one per call of the step; true when all are done. */
function expandWords(shell: Shell, frame: NodeFrame, words: NodeOf<"cmd">["words"]): boolean {
  frame.w ??= [];
  while (frame.i <= words.length) {
    const word = words[frame.i - 1];
    if (!word) return true;
    const fields = expanding(shell, frame, (expander) => expander.fields(word));
    if (!fields) return false;
    frame.w.push(...fields);
    frame.m = [];
    frame.i++;
  }
  return true;
}

/** Applies a compound command's redirections under it. False while substitutions run, or when they failed. */
export function compoundRedirects(shell: Shell, frame: NodeFrame, node: Node & { redirs: NodeOf<"cmd">["redirs"] }): boolean {
  if (frame.x || node.redirs.length === 0) return true;
  frame.d ??= [];
  while (frame.d.length < node.redirs.length) {
    const { word } = node.redirs[frame.d.length]!;
    const target = expanding(shell, frame, (expander) => expander.text(word));
    if (target === undefined) return false;
    frame.d.push(target);
    frame.m = [];
  }
  const saved: Saved[] = [];
  shell.state.f.pop();
  shell.push({ k: "undo", s: saved });
  try {
    redirect(shell.sys, node.redirs, frame.d, !shell.option("C"), saved);
  } catch (error) {
    if (!(error instanceof RedirectProblem)) throw error;
    shell.complain(error.message);
    shell.pop();
    shell.state.st = 1;
    shell.checkError(frame.t === 1);
    return false;
  }
  delete frame.d;
  frame.x = 1;
  shell.push(frame);
  return true;
}

function nodeStep(shell: Shell, frame: NodeFrame): Step {
  const node = shell.node(frame.r);
  // set -n: read, but run nothing.
  if (node.k === "cmd" && shell.option("n") && !shell.state.ia) return void shell.pop();
  if ("redirs" in node && node.k !== "cmd" && node.k !== "sub" && !compoundRedirects(shell, frame, node)) return undefined;
  switch (node.k) {
    case "list":
      return listStep(shell, frame, node);
    case "and":
    case "or": {
      if (frame.i++ === 0) shell.run(frame.r, node.l, true);
      else if ((shell.state.st === 0) === (node.k === "and")) shell.runLast(frame, node.r);
      else shell.pop();
      return undefined;
    }
    case "not":
      if (frame.i++ === 0) shell.run(frame.r, node.body, true);
      else {
        shell.pop();
        shell.state.st = shell.state.st === 0 ? 1 : 0;
      }
      return undefined;
    case "pipe":
      return pipeStep(shell, frame, node);
    case "sub":
      return subshellStep(shell, frame, node);
    case "group":
      return void shell.runLast(frame, node.body);
    case "if":
      return ifStep(shell, frame, node);
    case "while":
    case "until":
      return loopStep(shell, frame, node);
    case "for":
      return forStep(shell, frame, node);
    case "case":
      return caseStep(shell, frame, node);
    case "func":
      shell.state.fn[node.name] = [frame.r[0], frame.r[1], node.body];
      shell.pop();
      shell.state.st = 0;
      return undefined;
    case "cmd":
      return runCommand(shell, frame, node, (words) => expandWords(shell, frame, words));
  }
}

function listStep(shell: Shell, frame: NodeFrame, node: NodeOf<"list">): undefined {
  const item = node.items[frame.i];
  if (!item) {
    if (node.items.length === 0) shell.state.st = 0;
    shell.pop();
    return;
  }
  const last = frame.i === node.items.length - 1;
  frame.i++;
  if (item.bg) {
    if (last) shell.pop();
    return background(shell, frame.r, item.node, item.text);
  }
  if (last) shell.runLast(frame, item.node);
  else shell.run(frame.r, item.node, frame.t === 1);
}

function background(shell: Shell, ref: NodeRef, node: number, text: string): undefined {
  const { sys, state } = shell;
  const pid = forkShell(shell, [{ k: "node", r: [ref[0], ref[1], node], i: 0 }]);
  const child = sys.child(pid);
  if (state.ia) child.process.pg = pid;
  else {
    child.process.ig = [...new Set([...(child.process.ig ?? []), 2, 3])];
    child.dup(child.open("/dev/null", { read: true }), 0);
  }
  state.bg = pid;
  const job = addJob(shell, [pid], text);
  if (state.ia && !state.sub) shell.write(2, `[${job.n}] ${pid}\n`);
  state.st = 0;
}

function pipeStep(shell: Shell, frame: NodeFrame, node: NodeOf<"pipe">): undefined {
  const { sys } = shell;
  const pids: number[] = [];
  let input = -1;
  node.parts.forEach((part, i) => {
    const last = i === node.parts.length - 1;
    const [read, write] = last ? [-1, -1] : sys.pipe();
    const pid = forkShell(shell, [{ k: "node", r: [frame.r[0], frame.r[1], part], i: 0, ...(frame.t ? { t: 1 as const } : {}) }]);
    const child = sys.child(pid);
    if (input >= 0) {
      child.dup(input, 0);
      child.close(input);
      sys.close(input);
    }
    if (!last) {
      child.dup(write, 1);
      child.close(write);
      child.close(read);
      sys.close(write);
    }
    input = read;
    pids.push(pid);
  });
  shell.state.f.pop();
  shell.push({ k: "wait", p: pids, l: pids.at(-1) as number, ...(frame.t ? { t: 1 as const } : {}) });
}

function subshellStep(shell: Shell, frame: NodeFrame, node: NodeOf<"sub">): undefined {
  const tested = frame.t ? { t: 1 as const } : {};
  const body: Frame = { k: "node", r: [frame.r[0], frame.r[1], node.body], i: 0, ...tested };
  if (node.redirs.length > 0 && !frame.x) {
    // Its redirections are opened by the child: they end with it.
    const pid = forkShell(shell, [{ k: "node", r: frame.r, i: 0, x: 1, ...tested }]);
    const child = shell.sys.child(pid);
    const { state } = shell;
    state.f.pop();
    shell.push({ k: "wait", p: [pid], l: pid, ...tested });
    void child;
    return;
  }
  if (frame.x) {
    frame.d ??= [];
    while (frame.d.length < node.redirs.length) {
      const { word } = node.redirs[frame.d.length]!;
      const target = expanding(shell, frame, (expander) => expander.text(word));
      if (target === undefined) return;
      frame.d.push(target);
      frame.m = [];
    }
    try {
      redirect(shell.sys, node.redirs, frame.d, !shell.option("C"));
    } catch (error) {
      if (!(error instanceof RedirectProblem)) throw error;
      shell.complain(error.message);
      return void shell.exit(1);
    }
    shell.state.f.pop();
    shell.push(body);
    return;
  }
  const pid = forkShell(shell, [body]);
  shell.state.f.pop();
  shell.push({ k: "wait", p: [pid], l: pid, ...tested });
}

function ifStep(shell: Shell, frame: NodeFrame, node: NodeOf<"if">): undefined {
  if (frame.i++ === 0) return void shell.run(frame.r, node.cond, true);
  if (shell.state.st === 0) return void shell.runLast(frame, node.then);
  if (node.else !== undefined) return void shell.runLast(frame, node.else);
  shell.state.st = 0;
  shell.pop();
}

/** `ss`: status of the last body. */
function loopStep(shell: Shell, frame: NodeFrame, node: NodeOf<"while" | "until">): undefined {
  if (frame.i === 0) {
    frame.i = 1;
    return void shell.run(frame.r, node.cond, true);
  }
  if (frame.i === 1) {
    if ((shell.state.st === 0) === (node.k === "while")) {
      frame.i = 2;
      return void shell.run(frame.r, node.body, frame.t === 1);
    }
    shell.state.st = frame.ss ?? 0;
    shell.pop();
    return;
  }
  frame.ss = shell.state.st;
  frame.i = 0;
}

/** `i`: words expanded, then (negative) items done. */
function forStep(shell: Shell, frame: NodeFrame, node: NodeOf<"for">): undefined {
  if (frame.i >= 0 && !frame.a) {
    if (frame.i === 0) {
      frame.i = 1;
      if (!node.words) frame.w = [...shell.state.p];
    }
    if (node.words && !expandWords(shell, frame, node.words)) return;
    frame.a = frame.w ?? [];
    delete frame.w;
    frame.i = -1;
    if (frame.a.length === 0) shell.state.st = 0;
  }
  const value = frame.a?.[-frame.i - 1];
  if (value === undefined) {
    shell.pop();
    return;
  }
  frame.i--;
  shell.set(node.name, value);
  shell.run(frame.r, node.body, frame.t === 1);
}

function caseStep(shell: Shell, frame: NodeFrame, node: NodeOf<"case">): undefined {
  if (!frame.a) {
    const value = expanding(shell, frame, (expander) => expander.text(node.word));
    if (value === undefined) return;
    frame.a = [value];
    frame.m = [];
  }
  const value = frame.a[0] as string;
  for (; frame.i < node.arms.length; frame.i++) {
    const arm = node.arms[frame.i]!;
    frame.w ??= [];
    while (frame.w.length < arm.patterns.length) {
      const pattern = expanding(shell, frame, (expander) => expander.pattern(arm.patterns[frame.w!.length]!));
      if (pattern === undefined) return;
      frame.m = [];
      frame.w.push(pattern);
      if (!matches(pattern, value)) continue;
      shell.state.st = 0;
      if (arm.body === undefined) shell.pop();
      else shell.runLast(frame, arm.body);
      return;
    }
    delete frame.w;
  }
  shell.state.st = 0;
  shell.pop();
}
