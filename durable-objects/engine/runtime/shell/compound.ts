/** Compound commands: pipelines, subshells, conditions, loops. */
import { type NodeFrame, type NodeOf, expandWords, expanding } from "./expanding.ts";
import { forkShell } from "./jobs.ts";
import { matches } from "./pattern.ts";
import { redirectStatus } from "./dialects.ts";
import { RedirectProblem, redirect } from "./redirect.ts";
import type { Shell } from "./shell.ts";
import type { Frame } from "./state.ts";

/** Starts every part of a pipeline as a process of its own. */
export function pipeStep(shell: Shell, frame: NodeFrame, node: NodeOf<"pipe">): undefined {
  const { sys } = shell;
  const pids: number[] = [];
  let input = -1;
  node.parts.forEach((part, i) => {
    const last = i === node.parts.length - 1;
    const [read, write] = last ? [-1, -1] : sys.pipe();
    const pid = forkShell(shell, [
      { k: "node", r: [frame.r[0], frame.r[1], part], i: 0, ...(frame.t ? { t: 1 as const } : {}) },
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
  shell.state.f.pop();
  shell.push({
    k: "wait",
    p: pids,
    l: pids.at(-1) as number,
    ...(frame.t ? { t: 1 as const } : {}),
  });
}

/** Starts a subshell; its redirections are opened in the child. */
export function subshellStep(shell: Shell, frame: NodeFrame, node: NodeOf<"sub">): undefined {
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
      return void shell.exit(redirectStatus(shell));
    }
    shell.state.f.pop();
    shell.push(body);
    return;
  }
  const pid = forkShell(shell, [body]);
  shell.state.f.pop();
  shell.push({ k: "wait", p: [pid], l: pid, ...tested });
}

export function ifStep(shell: Shell, frame: NodeFrame, node: NodeOf<"if">): undefined {
  if (frame.i++ === 0) return void shell.run(frame.r, node.cond, true);
  if (shell.state.st === 0) return void shell.runLast(frame, node.then);
  if (node.else !== undefined) return void shell.runLast(frame, node.else);
  shell.state.st = 0;
  shell.pop();
}

/** `ss`: status of the last body. */
export function loopStep(
  shell: Shell,
  frame: NodeFrame,
  node: NodeOf<"while" | "until">,
): undefined {
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
export function forStep(shell: Shell, frame: NodeFrame, node: NodeOf<"for">): undefined {
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

export function caseStep(shell: Shell, frame: NodeFrame, node: NodeOf<"case">): undefined {
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
      const pattern = expanding(shell, frame, (expander) =>
        expander.pattern(arm.patterns[frame.w!.length]!),
      );
      if (pattern === undefined) return;
      frame.m = [];
      frame.w.push(pattern);
      if (!matches(pattern, value, shell.sys.matching)) continue;
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
