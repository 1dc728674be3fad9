/** Builtins that change what runs next. */
import type { Builtin } from "./builtin.ts";
import { isLogin, sayGoodbye } from "./dialects.ts";
import { mayLeave } from "./jobs/control.ts";
import type { Shell } from "./shell.ts";
import { type Frame, addChunk } from "./state.ts";

/** Loops under way in the function that runs, the outermost first. */
export function loops(shell: Shell): Frame[] {
  const { frames } = shell.state;
  const from = frames.findLastIndex((frame) => frame.kind === "call") + 1;
  return frames.slice(from).filter((frame) => {
    if (frame.kind !== "node") return false;
    const { k } = shell.node(frame.ref);
    return k === "while" || k === "until" || k === "for" || k === "cfor" || k === "select";
  });
}

export const leave =
  (again: boolean): Builtin =>
  (shell, argv) => {
    const count = argv[1] === undefined ? 1 : Number(argv[1]);
    const list = loops(shell);
    if (shell.bash && list.length > 0 && !/^[-+]?\d+$/.test(argv[1] ?? "1")) {
      shell.complain(`${argv[1]}: numeric argument required`);
      shell.exit(128);
      return undefined;
    }
    if (shell.bash && list.length > 0 && count < 1) {
      shell.complain(`${argv[1]}: loop count out of range`);
      shell.unwind((frame) => frame === list[0]);
      shell.state.status = 1;
      return undefined;
    }
    if (!shell.bash && (!Number.isInteger(count) || count < 1)) {
      shell.abort(`Illegal number: ${argv[1]}`, 2);
      return undefined;
    }
    if (list.length === 0) {
      if (shell.state.flavour === "bash")
        shell.complain("only meaningful in a `for', `while', or `until' loop");
      return 0;
    }
    const target = list[Math.max(0, list.length - count)];
    shell.state.status = 0;
    if (!again) shell.unwind((frame) => frame === target);
    else {
      while (shell.top && shell.top !== target) shell.pop();
      if (target?.kind === "node" && target.progress === 2) target.lastStatus = 0;
    }
    return undefined;
  };

export function doReturn(shell: Shell, argv: string[]): number | undefined {
  const status = argv[1] === undefined ? shell.state.status : Number(argv[1]);
  if (!Number.isInteger(status) || status < 0) {
    shell.abort(`Illegal number: ${argv[1]}`, 2);
    return undefined;
  }
  const tested = shell.state.frames.findLast((frame) => frame.kind === "call")?.tested === 1;
  const returns = (frame: Frame): boolean =>
    frame.kind === "call" || (frame.kind === "src" && frame.mode === "dot");
  if (shell.state.flavour === "bash" && !shell.state.frames.some(returns)) {
    shell.complain("can only `return' from a function or sourced script");
    return 2;
  }
  const call = shell.state.frames.findLast(returns);
  if (shell.bash && call?.kind === "call" && call.name !== undefined) {
    // The trap for RETURN may run before it goes.
    while (shell.top !== call) shell.pop();
    shell.state.status = status & 255;
    return undefined;
  }
  const inside = shell.unwind(returns);
  shell.state.status = status & 255;
  if (!inside) shell.exit(status);
  else shell.checkError(tested);
  return undefined;
}

export function doExit(shell: Shell, argv: string[]): number | undefined {
  const { state } = shell;
  sayGoodbye(shell);
  if (!mayLeave(shell)) return 1;
  const bash = state.flavour === "bash";
  const [word, ...more] = argv.slice(bash && argv[1] === "--" ? 2 : 1);
  const status = word === undefined ? state.status : Number(word);
  if (!Number.isInteger(status) || (status < 0 && !bash)) {
    shell.abort(`Illegal number: ${word}`, 2);
    if (bash) shell.exit(2);
    return undefined;
  }
  if (bash && more.length > 0) return tooMany(shell);
  const trap = state.frames.findLast((frame) => frame.kind === "trap");
  const kept = word === undefined && trap?.kind === "trap" ? trap.status : status;
  shell.exit(kept);
  state.exitStatus = kept & 255;
  return undefined;
}

/** bash gives the whole line up, and goes on with the next. */
function tooMany(shell: Shell): undefined {
  shell.complain("too many arguments");
  if (shell.state.startedBy === "c") return void shell.exit(1);
  while (shell.state.frames.length > 1) shell.pop();
  shell.state.status = 1;
}

export function doLogout(shell: Shell, argv: string[]): number | undefined {
  if (isLogin(shell)) return doExit(shell, argv);
  shell.complain("not login shell: use `exit'");
  return 1;
}

export function evaluate(shell: Shell, argv: string[], tested: boolean): number | undefined {
  const text = argv.slice(1).join(" ");
  if (text.trim() === "") return 0;
  shell.push({
    kind: "src",
    chunk: addChunk(shell.state, text, (shell.state.line ?? 1) - 1),
    offset: 0,
    mode: "eval",
    name: "eval",
    ...(tested ? { tested: 1 as const } : {}),
  });
  return undefined;
}
