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
import {
  caseStep,
  forStep,
  ifStep,
  loopStep,
  pipeStep,
  startParts,
  subshellStep,
} from "./compound.ts";
import { syntaxWords } from "./dialects.ts";
import { ExpansionProblem, MemoryProblem } from "./problems.ts";
import { type NodeFrame, type NodeOf, compoundRedirects, expandWords } from "./expanding.ts";
import { waitStep } from "./jobs/foreground.ts";
import { endJobControl, jobText, lead } from "./jobs/control.ts";
import { addJob, folderNow } from "./jobs/table.ts";
import { forkShell, reap } from "./jobs/children.ts";
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
  if (state.pendingOutput) {
    const [first] = state.pendingOutput;
    const [fd, text] = first as [number, string];
    const taken = sys.isOpen(fd) ? sys.write(fd, text) : text.length;
    if (taken < text.length) {
      first![1] = text.slice(taken);
      return { wait: { writable: [fd] } };
    }
    state.pendingOutput.shift();
    if (state.pendingOutput.length === 0) delete state.pendingOutput;
    return undefined;
  }
  const { top } = shell;
  try {
    if (state.pendingTraps?.length && (!top || !blocksTraps(top))) return startTrap(shell);
    return top ? act(shell, top) : finish(shell);
  } catch (error) {
    return failed(shell, error);
  }
}

/** A trap waits until the foreground command is over. */
const blocksTraps = (frame: Frame): boolean =>
  frame.kind === "wait" || frame.kind === "sub" || frame.kind === "waits" || frame.kind === "read";

function startTrap(shell: Shell): undefined {
  const { state } = shell;
  const signal = state.pendingTraps?.shift();
  if (state.pendingTraps?.length === 0) delete state.pendingTraps;
  const action = state.traps[String(signal)];
  if (!action) return;
  shell.push({ kind: "trap", status: state.status });
  shell.push({ kind: "src", chunk: addChunk(state, action), offset: 0, mode: "eval" });
}

function finish(shell: Shell): Step {
  const { state } = shell;
  state.exitStatus ??= state.status;
  const action = state.traps.EXIT;
  if (action) {
    delete state.traps.EXIT;
    const status = state.exitStatus;
    delete state.exitStatus;
    shell.push({ kind: "trap", status });
    shell.push({ kind: "src", chunk: addChunk(state, action), offset: 0, mode: "eval" });
    return undefined;
  }
  saveHistory(shell);
  endJobControl(shell);
  return { exit: state.exitStatus };
}

function failed(shell: Shell, error: unknown): Step {
  if (error instanceof MemoryProblem) return void shell.sys.kernel.oomKill(shell.sys.key);
  if (error instanceof RedirectProblem) {
    // A target that is no one word: the command fails.
    shell.complain(error.message);
    const frame = shell.pop();
    shell.state.status = 1;
    return void shell.checkError(frame?.tested === 1);
  }
  if (error instanceof ExpansionProblem) return void shell.abort(error.message, 2);
  if (error instanceof SyntaxProblem) {
    const source = shell.top?.kind === "src" ? shell.top : undefined;
    const { flavour } = shell.state;
    if (source?.mode === "eval" && (flavour === "dash" ? source.name : !flavour))
      shell.command = "eval";
    const before =
      source &&
      (source.mode === "in" ? shell.state.inputLines : shell.state.linesBefore?.[source.chunk]);
    shell.state.line = error.line + (before ?? 0);
    const words = syntaxWords(shell, error);
    if (words === undefined) return void shell.abort(error.message, 2);
    shell.write(2, words);
    if (
      flavour === "bash" &&
      !shell.state.interactive &&
      (source?.name !== undefined || source?.mode === "dot")
    ) {
      // Of `eval` and sourced files that text alone ends.
      while (shell.top && shell.top !== source) shell.pop();
      shell.pop();
      shell.state.status = 2;
      return;
    }
    // What is wrong within [[ ]] ends the reading, and leaves the status as it was.
    if (error.condition !== undefined && !shell.state.interactive)
      return void shell.exit(shell.state.status);
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
  switch (frame.kind) {
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
      if (frame.exits) shell.exit(frame.status);
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
  const action = state.traps.RETURN;
  if (
    action &&
    !frame.returnTrapRan &&
    (frame.returnTrap || shell.option("T")) &&
    frame.name !== undefined
  ) {
    frame.returnTrapRan = 1;
    shell.startTrap("RETURN", action);
    return;
  }
  shell.pop();
  if (shell.bash && frame.name !== undefined) shell.checkError(frame.tested === 1);
}

/** Collects a substitution's output; the word it stands in starts over with it. */
function substitutionStep(shell: Shell, frame: FrameOf<"sub">): Step {
  if (frame.fd >= 0) {
    const data = shell.sys.read(frame.fd);
    if (data === undefined) return { wait: { readable: [frame.fd] } };
    frame.output += data.replaceAll("\0", "");
    shell.sys.held = frame.output.length + (shell.state.variableBytes ?? 0);
    if (data !== "") return undefined;
    shell.sys.close(frame.fd);
    frame.fd = -1;
  }
  let status: number | undefined;
  reap(shell, (pid, code) => {
    if (pid !== frame.pid) return false;
    status = code;
    return true;
  });
  if (status === undefined) return { wait: { childEnd: true } };
  shell.state.frames.pop();
  const below = shell.top;
  // What comes behind it in the command sees its status.
  if (shell.bash && below?.kind === "node") shell.state.status = status;
  if (below?.kind === "node" || below?.kind === "prompt") {
    (below.memo ??= []).push(trimEndOf(frame.output, "\n"));
    if (below.kind === "node") below.lastStatus = status;
  }
  return undefined;
}

function nodeStep(shell: Shell, frame: NodeFrame): Step {
  const node = shell.node(frame.ref);
  // set -n: read, but run nothing.
  if (node.k === "cmd" && shell.option("n") && !shell.state.interactive) return void shell.pop();
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
      if (frame.progress++ === 0) shell.run(frame.ref, node.l, true);
      else if ((shell.state.status === 0) === (node.k === "and")) shell.runLast(frame, node.r);
      else shell.pop();
      return undefined;
    }
    case "not":
      if (frame.progress++ === 0) shell.run(frame.ref, node.body, true);
      else {
        shell.pop();
        shell.state.status = shell.state.status === 0 ? 1 : 0;
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
      shell.state.functions[node.name] = [frame.ref[0], frame.ref[1], node.body];
      shell.pop();
      shell.state.status = 0;
      return undefined;
    case "cmd":
      return runCommand(shell, frame, node, (words) => expandWords(shell, frame, words));
  }
  return undefined;
}

function listStep(shell: Shell, frame: NodeFrame, node: NodeOf<"list">): undefined {
  const item = node.items[frame.progress];
  if (!item) {
    if (node.items.length === 0) shell.state.status = 0;
    shell.pop();
    return;
  }
  const last = frame.progress === node.items.length - 1;
  frame.progress++;
  if (item.bg) {
    if (last) shell.pop();
    return background(shell, frame.ref, item.node, item.text);
  }
  if (last) shell.runLast(frame, item.node);
  else shell.run(frame.ref, item.node, frame.tested === 1);
}

function background(shell: Shell, ref: NodeRef, node: number, text: string): undefined {
  const { sys, state } = shell;
  const found = shell.node([ref[0], ref[1], node]);
  const controls = shell.controlsJobs;
  const parts = found.k === "pipe" && controls ? found.parts : undefined;
  const pids = parts
    ? startParts(shell, ref, parts)
    : [forkShell(shell, [{ kind: "node", ref: [ref[0], ref[1], node], progress: 0 }])];
  const pid = pids.at(-1)!;
  if (!controls) {
    const child = sys.child(pid);
    child.process.ignoredSignals = [...new Set([...(child.process.ignoredSignals ?? []), 2, 3])];
    child.dup(child.open("/dev/null", { read: true }), 0);
  }
  state.lastBackgroundPid = pid;
  const textOf = (one: number): string => jobText(shell, [ref[0], ref[1], one]);
  const job = addJob(shell, pids, shell.bash && state.interactive ? textOf(node) : text, {
    ...(controls ? { group: lead(shell, pids), folder: folderNow(shell) } : {}),
    ...(parts ? { parts: parts.map(textOf) } : {}),
  });
  if (state.interactive && shell.bash && !state.inSubshell)
    shell.write(2, `[${job.number}] ${pid}\n`);
  state.status = 0;
}
