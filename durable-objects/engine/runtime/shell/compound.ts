/** Compound commands: pipelines, subshells, conditions, loops. */
import { type NodeFrame, type NodeOf, expandTargets, expandWords, expanding } from "./expanding.ts";
import { beginForeground } from "./job-control.ts";
import { forkShell } from "./jobs.ts";
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
      { k: "node", r: [chunk, offset, part], i: 0, ...(t ? { t: 1 as const } : {}) },
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
  const pids = startParts(shell, frame.r, parts, { t: frame.t, open });
  const job = beginForeground(shell, pids, frame.r, parts);
  shell.state.f.pop();
  const order = shell.bash ? { q: own ? [...pids, -1] : pids } : {};
  shell.push({
    k: "wait",
    p: pids,
    l: own ? -1 : (pids.at(-1) as number),
    ...(own ? { lp: 1 as const } : {}),
    ...order,
    ...job,
    ...(frame.t ? { t: 1 as const } : {}),
  });
  if (open) lastPart(shell, frame, node.parts.at(-1)!, open.input);
}

/** The last part of a pipeline in the shell itself: its input is put back behind it. */
function lastPart(shell: Shell, frame: NodeFrame, part: number, input: number): void {
  const { sys } = shell;
  const saved: Saved[] = [[0, sys.isOpen(0) ? sys.dupFree(0) : -1]];
  sys.dup(input, 0);
  sys.close(input);
  shell.push({ k: "undo", s: saved, t: 1 });
  shell.run(frame.r, part, frame.t === 1);
}

/** Starts a subshell; its redirections are opened in the child. */
export function subshellStep(shell: Shell, frame: NodeFrame, node: NodeOf<"sub">): undefined {
  const tested = frame.t ? { t: 1 as const } : {};
  const body: Frame = { k: "node", r: [frame.r[0], frame.r[1], node.body], i: 0, ...tested };
  if (node.redirs.length > 0 && !frame.x) {
    // Its redirections are opened by the child: they end with it.
    const pid = forkShell(shell, [{ k: "node", r: frame.r, i: 0, x: 1, ...tested }]);
    const job = beginForeground(shell, [pid], frame.r);
    shell.state.f.pop();
    shell.push({ k: "wait", p: [pid], l: pid, ...job, ...tested });
    return;
  }
  if (frame.x) {
    if (!expandTargets(shell, frame, node.redirs)) return;
    try {
      redirect(shell.sys, node.redirs, frame.d ?? [], !shell.option("C"), undefined, shell);
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
  const text = shell.bash ? { tx: frame.r } : {};
  const job = beginForeground(shell, [pid], frame.r);
  shell.state.f.pop();
  shell.push({ k: "wait", p: [pid], l: pid, ...text, ...job, ...tested });
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
      if (shell.bash && !/^[A-Za-z_]\w*$/.test(node.name)) {
        shell.complain(`\`${node.name}': not a valid identifier`);
        shell.pop();
        shell.state.st = 1;
        return;
      }
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
  if (shell.bash) traceLine(shell, `for ${node.name} in ${(node.raw ?? "") || '"$@"'}`);
  shell.run(frame.r, node.body, frame.t === 1);
}

export function caseStep(shell: Shell, frame: NodeFrame, node: NodeOf<"case">): undefined {
  if (!frame.a) {
    const value = expanding(shell, frame, (expander) => expander.text(node.word));
    if (value === undefined) return;
    if (shell.bash) traceLine(shell, `case ${node.raw ?? ""} in`);
    frame.a = [value];
    frame.m = [];
  }
  // A body before this arm has run: with `;&` the next one does too, with `;;&` its patterns count.
  if (frame.nx) {
    delete frame.nx;
    if (node.arms[frame.i - 1]?.then === ";&") return runArm(shell, frame, node);
  }
  const value = frame.a[0] as string;
  const rules = { ext: shell.shopt("extglob"), fold: shell.shopt("nocasematch") };
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
      if (!matches(pattern, value, shell.sys.matching, rules)) continue;
      return runArm(shell, frame, node);
    }
    delete frame.w;
  }
  if (frame.ss === undefined) shell.state.st = 0;
  shell.pop();
}

/** Runs the body of the arm that the frame has come to. */
function runArm(shell: Shell, frame: NodeFrame, node: NodeOf<"case">): undefined {
  const arm = node.arms[frame.i]!;
  delete frame.w;
  if (frame.ss === undefined) shell.state.st = 0;
  if (arm.then && arm.body !== undefined && frame.i < node.arms.length - 1) {
    frame.i++;
    frame.nx = 1;
    frame.ss = 0;
    return void shell.run(frame.r, arm.body, frame.t === 1);
  }
  if (arm.body === undefined) shell.pop();
  else shell.runLast(frame, arm.body);
}
