/**
 * The interpreter: one frame action per step. A frame that needs something done first pushes a frame for it and looks at
 * `$?` when it is on top again. Whatever blocks (a child, a pipe, the terminal) is a frame with a wake condition.
 */
import { trimEndOf } from "../../core/trim.ts";
import { Errno } from "../errno.ts";
import { bashNodeStep, timedStep } from "./bash/compound.ts";
import { mapStep } from "./bash/map-lines.ts";
import type { Step } from "../kernel/calls.ts";
import { SyntaxProblem } from "./ast.ts";
import { readStep, waitsStep } from "./blocking.ts";
import { runCommand } from "./commands.ts";
import { caseStep, forStep, ifStep, loopStep, pipeStep, startParts, subshellStep } from "./compound.ts";
import { syntaxWords } from "./dialects.ts";
import { ExpansionProblem, MemoryProblem } from "./problems.ts";
import { type NodeFrame, type NodeOf, compoundRedirects, expandWords } from "./expanding.ts";
import { waitStep } from "./foreground-job.ts";
import { endJobControl, jobText, lead } from "./job-control.ts";
import { addJob, folderNow } from "./job-table.ts";
import { forkShell, reap } from "./jobs.ts";
import { RedirectProblem } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import { loadStep } from "./places.ts";
import { saveHistory } from "./typing/line-editing.ts";
import { promptStep, sourceStep } from "./source.ts";
import { completeStep } from "./typing/programmed.ts";
import { type Frame, type FrameOf, type NodeRef, addChunk } from "./state.ts";

/** One step of a shell. */
export function advance(shell: Shell): Step {
  const { state, sys } = shell;
  if (state.po) {
    const [first] = state.po;
    const [fd, text] = first as [number, string];
    const taken = sys.isOpen(fd) ? sys.write(fd, text) : text.length;
    if (taken < text.length) {
      first![1] = text.slice(taken);
      return { wait: { writable: [fd] } };
    }
    state.po.shift();
    if (state.po.length === 0) delete state.po;
    return undefined;
  }
  const { top } = shell;
  try {
    if (state.pt?.length && (!top || !blocksTraps(top))) return startTrap(shell);
    return top ? act(shell, top) : finish(shell);
  } catch (error) {
    return failed(shell, error);
  }
}

/** A trap waits until the foreground command is over. */
const blocksTraps = (frame: Frame): boolean =>
  frame.k === "wait" || frame.k === "sub" || frame.k === "waits" || frame.k === "read";

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
  saveHistory(shell);
  endJobControl(shell);
  return { exit: state.x };
}

function failed(shell: Shell, error: unknown): Step {
  if (error instanceof MemoryProblem) return void shell.sys.kernel.oomKill(shell.sys.key);
  if (error instanceof RedirectProblem) {
    // A target that is no one word: the command fails.
    shell.complain(error.message);
    const frame = shell.pop();
    shell.state.st = 1;
    return void shell.checkError(frame?.t === 1);
  }
  if (error instanceof ExpansionProblem) return void shell.abort(error.message, 2);
  if (error instanceof SyntaxProblem) {
    const source = shell.top?.k === "src" ? shell.top : undefined;
    const { fl } = shell.state;
    if (source?.m === "eval" && (fl === "dash" ? source.n : !fl)) shell.command = "eval";
    const before = source && (source.m === "in" ? shell.state.il : shell.state.lb?.[source.c]);
    shell.state.ln = error.line + (before ?? 0);
    const words = syntaxWords(shell, error);
    if (words === undefined) return void shell.abort(error.message, 2);
    shell.write(2, words);
    if (fl === "bash" && !shell.state.ia && (source?.n !== undefined || source?.m === "dot")) {
      // Of `eval` and sourced files that text alone ends.
      while (shell.top && shell.top !== source) shell.pop();
      shell.pop();
      shell.state.st = 2;
      return;
    }
    // What is wrong within [[ ]] ends the reading, and leaves the status as it was.
    if (error.condition !== undefined && !shell.state.ia) return void shell.exit(shell.state.st);
    return void shell.abort(undefined, error.status ?? 2);
  }
  if (error instanceof Errno && error.code === "EAGAIN")
    return void shell.abort("can't fork: Resource temporarily unavailable", 2);
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
    case "time":
      return timedStep(shell, frame);
    case "map":
      return mapStep(shell, frame);
    case "trap":
      shell.pop();
      if (frame.e) shell.exit(frame.st);
      return undefined;
    case "prompt":
      return promptStep(shell, frame);
    case "complete":
      return completeStep(shell, frame);
    case "load":
      return loadStep(shell, frame);
    case "call":
      return returned(shell, frame);
    default:
      shell.pop();
      return undefined;
  }
}

/** A function has come to its end. */
function returned(shell: Shell, frame: FrameOf<"call">): undefined {
  const { state } = shell;
  const action = state.tr.RETURN;
  if (action && !frame.rd && (frame.rt || shell.option("T")) && frame.z !== undefined) {
    frame.rd = 1;
    shell.startTrap("RETURN", action);
    return;
  }
  shell.pop();
  if (shell.bash && frame.z !== undefined) shell.checkError(frame.t === 1);
}

/** Collects a substitution's output; the word it stands in starts over with it. */
function substitutionStep(shell: Shell, frame: FrameOf<"sub">): Step {
  if (frame.fd >= 0) {
    const data = shell.sys.read(frame.fd);
    if (data === undefined) return { wait: { readable: [frame.fd] } };
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
  if (status === undefined) return { wait: { childEnd: true } };
  shell.state.f.pop();
  const below = shell.top;
  // What comes behind it in the command sees its status.
  if (shell.bash && below?.k === "node") shell.state.st = status;
  if (below?.k === "node" || below?.k === "prompt") {
    (below.m ??= []).push(trimEndOf(frame.b, "\n"));
    if (below.k === "node") below.ss = status;
  }
  return undefined;
}

function nodeStep(shell: Shell, frame: NodeFrame): Step {
  const node = shell.node(frame.r);
  // set -n: read, but run nothing.
  if (node.k === "cmd" && shell.option("n") && !shell.state.ia) return void shell.pop();
  if (
    "redirs" in node &&
    node.k !== "cmd" &&
    node.k !== "sub" &&
    !compoundRedirects(shell, frame, node)
  )
    return undefined;
  if (shell.bash && bashNodeStep(shell, frame, node)) return undefined;
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
  return undefined;
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
  const found = shell.node([ref[0], ref[1], node]);
  const controls = shell.controlsJobs;
  const parts = found.k === "pipe" && controls ? found.parts : undefined;
  const pids = parts
    ? startParts(shell, ref, parts)
    : [forkShell(shell, [{ k: "node", r: [ref[0], ref[1], node], i: 0 }])];
  const pid = pids.at(-1)!;
  if (!controls) {
    const child = sys.child(pid);
    child.process.ignoredSignals = [...new Set([...(child.process.ignoredSignals ?? []), 2, 3])];
    child.dup(child.open("/dev/null", { read: true }), 0);
  }
  state.bg = pid;
  const textOf = (one: number): string => jobText(shell, [ref[0], ref[1], one]);
  const job = addJob(shell, pids, shell.bash && state.ia ? textOf(node) : text, {
    ...(controls ? { group: lead(shell, pids), folder: folderNow(shell) } : {}),
    ...(parts ? { parts: parts.map(textOf) } : {}),
  });
  if (state.ia && shell.bash && !state.sub) shell.write(2, `[${job.n}] ${pid}\n`);
  state.st = 0;
}
