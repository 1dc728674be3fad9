/** Compound commands: pipelines, subshells, conditions, loops. */
import { type NodeFrame, type NodeOf, expandTargets, expandWords, expanding } from "./expanding.ts";
import { beginForeground } from "./jobs/control.ts";
import { forkShell } from "./jobs/children.ts";
import { matches } from "./pattern.ts";
import { redirectStatus } from "./dialects.ts";
import { RedirectProblem, redirect } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import type { Frame, NodeRef, Saved } from "./state.ts";
import { traceLine } from "./bash/tracing.ts";

/** Starts parts of a pipeline as processes; `input` gets the last one's output where a part more is to read it. */
export function startParts(
  shell: Shell,
  [chunk, offset]: NodeRef,
  parts: readonly number[],
  { t, open }: { t?: 1 | undefined; open?: { input: number } | undefined } = {},
): number[] {
  const { sys } = shell;
  const pids: number[] = [];
  let input = -1;
  parts.forEach((part, i) => {
    const last = i === parts.length - 1 && !open;
    const [read, write] = last ? [-1, -1] : sys.pipe();
    const pid = forkShell(shell, [
      {
        kind: "node",
        ref: [chunk, offset, part],
        progress: 0,
        ...(t ? { tested: 1 as const } : {}),
      },
    ]);
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
  if (open) open.input = input;
  return pids;
}

/** Starts every part of a pipeline as a process of its own. */
export function pipeStep(shell: Shell, frame: NodeFrame, node: NodeOf<"pipe">): undefined {
  const own = shell.shopt("lastpipe") && !shell.option("m");
  const open = own ? { input: -1 } : undefined;
  const parts = own ? node.parts.slice(0, -1) : node.parts;
  const pids = startParts(shell, frame.ref, parts, { t: frame.tested, open });
  const job = beginForeground(shell, pids, frame.ref, parts);
  shell.state.frames.pop();
  const order = shell.bash ? { order: own ? [...pids, -1] : pids } : {};
  shell.push({
    kind: "wait",
    pids,
    lastPid: own ? -1 : (pids.at(-1) as number),
    ...(own ? { lastInShell: 1 as const } : {}),
    ...order,
    ...job,
    ...(frame.tested ? { tested: 1 as const } : {}),
  });
  if (open) lastPart(shell, frame, node.parts.at(-1)!, open.input);
}

/** The last part of a pipeline in the shell itself: its input is put back behind it. */
function lastPart(shell: Shell, frame: NodeFrame, part: number, input: number): void {
  const { sys } = shell;
  const saved: Saved[] = [[0, sys.isOpen(0) ? sys.dupFree(0) : -1]];
  sys.dup(input, 0);
  sys.close(input);
  shell.push({ kind: "undo", saved, tested: 1 });
  shell.run(frame.ref, part, frame.tested === 1);
}

/** Starts a subshell; its redirections are opened in the child. */
export function subshellStep(shell: Shell, frame: NodeFrame, node: NodeOf<"sub">): undefined {
  const tested = frame.tested ? { tested: 1 as const } : {};
  const body: Frame = {
    kind: "node",
    ref: [frame.ref[0], frame.ref[1], node.body],
    progress: 0,
    ...tested,
  };
  if (node.redirs.length > 0 && !frame.redirected) {
    // Its redirections are opened by the child: they end with it.
    const pid = forkShell(shell, [
      { kind: "node", ref: frame.ref, progress: 0, redirected: 1, ...tested },
    ]);
    const job = beginForeground(shell, [pid], frame.ref);
    shell.state.frames.pop();
    shell.push({ kind: "wait", pids: [pid], lastPid: pid, ...job, ...tested });
    return;
  }
  if (frame.redirected) {
    if (!expandTargets(shell, frame, node.redirs)) return;
    try {
      redirect(shell.sys, node.redirs, frame.targets ?? [], !shell.option("C"), undefined, shell);
    } catch (error) {
      if (!(error instanceof RedirectProblem)) throw error;
      shell.complain(error.message);
      return void shell.exit(redirectStatus(shell));
    }
    shell.state.frames.pop();
    shell.push(body);
    return;
  }
  const pid = forkShell(shell, [body]);
  const command = shell.bash ? { command: frame.ref } : {};
  const job = beginForeground(shell, [pid], frame.ref);
  shell.state.frames.pop();
  shell.push({ kind: "wait", pids: [pid], lastPid: pid, ...command, ...job, ...tested });
}

export function ifStep(shell: Shell, frame: NodeFrame, node: NodeOf<"if">): undefined {
  if (frame.progress++ === 0) return void shell.run(frame.ref, node.cond, true);
  if (shell.state.status === 0) return void shell.runLast(frame, node.then);
  if (node.else !== undefined) return void shell.runLast(frame, node.else);
  shell.state.status = 0;
  shell.pop();
}

/** `lastStatus`: status of the last body. */
export function loopStep(
  shell: Shell,
  frame: NodeFrame,
  node: NodeOf<"while" | "until">,
): undefined {
  if (frame.progress === 0) {
    frame.progress = 1;
    return void shell.run(frame.ref, node.cond, true);
  }
  if (frame.progress === 1) {
    if ((shell.state.status === 0) === (node.k === "while")) {
      frame.progress = 2;
      return void shell.run(frame.ref, node.body, frame.tested === 1);
    }
    shell.state.status = frame.lastStatus ?? 0;
    shell.pop();
    return;
  }
  frame.lastStatus = shell.state.status;
  frame.progress = 0;
}

/** `progress`: words expanded, then (negative) items done. */
export function forStep(shell: Shell, frame: NodeFrame, node: NodeOf<"for">): undefined {
  if (frame.progress >= 0 && !frame.values) {
    if (frame.progress === 0) {
      frame.progress = 1;
      if (shell.bash && !/^[A-Za-z_]\w*$/.test(node.name)) {
        shell.complain(`\`${node.name}': not a valid identifier`);
        shell.pop();
        shell.state.status = 1;
        return;
      }
      if (!node.words) frame.words = [...shell.state.parameters];
    }
    if (node.words && !expandWords(shell, frame, node.words)) return;
    frame.values = frame.words ?? [];
    delete frame.words;
    frame.progress = -1;
    if (frame.values.length === 0) shell.state.status = 0;
  }
  const value = frame.values?.[-frame.progress - 1];
  if (value === undefined) {
    shell.pop();
    return;
  }
  frame.progress--;
  shell.set(node.name, value);
  if (shell.bash) traceLine(shell, `for ${node.name} in ${(node.raw ?? "") || '"$@"'}`);
  shell.run(frame.ref, node.body, frame.tested === 1);
}

export function caseStep(shell: Shell, frame: NodeFrame, node: NodeOf<"case">): undefined {
  if (!frame.values) {
    const value = expanding(shell, frame, (expander) => expander.text(node.word));
    if (value === undefined) return;
    if (shell.bash) traceLine(shell, `case ${node.raw ?? ""} in`);
    frame.values = [value];
    frame.memo = [];
  }
  // A body before this arm has run: with `;&` the next one does too, with `;;&` its patterns count.
  if (frame.fallsThrough) {
    delete frame.fallsThrough;
    if (node.arms[frame.progress - 1]?.then === ";&") return runArm(shell, frame, node);
  }
  const value = frame.values[0] as string;
  const rules = { ext: shell.shopt("extglob"), fold: shell.shopt("nocasematch") };
  for (; frame.progress < node.arms.length; frame.progress++) {
    const arm = node.arms[frame.progress]!;
    frame.words ??= [];
    while (frame.words.length < arm.patterns.length) {
      const pattern = expanding(shell, frame, (expander) =>
        expander.pattern(arm.patterns[frame.words!.length]!),
      );
      if (pattern === undefined) return;
      frame.memo = [];
      frame.words.push(pattern);
      if (!matches(pattern, value, shell.sys.matching, rules)) continue;
      return runArm(shell, frame, node);
    }
    delete frame.words;
  }
  if (frame.lastStatus === undefined) shell.state.status = 0;
  shell.pop();
}

/** Runs the body of the arm that the frame has come to. */
function runArm(shell: Shell, frame: NodeFrame, node: NodeOf<"case">): undefined {
  const arm = node.arms[frame.progress]!;
  delete frame.words;
  if (frame.lastStatus === undefined) shell.state.status = 0;
  if (arm.then && arm.body !== undefined && frame.progress < node.arms.length - 1) {
    frame.progress++;
    frame.fallsThrough = 1;
    frame.lastStatus = 0;
    return void shell.run(frame.ref, arm.body, frame.tested === 1);
  }
  if (arm.body === undefined) shell.pop();
  else shell.runLast(frame, arm.body);
}
