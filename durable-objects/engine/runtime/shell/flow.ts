/** Builtins that change what runs next. */
import type { Builtin } from "./builtin.ts";
import { isLogin, sayGoodbye } from "./dialects.ts";
import { mayLeave } from "./job-control.ts";
import type { Shell } from "./shell.ts";
import { type Frame, addChunk } from "./state.ts";

/** Loops under way in the function that runs, the outermost first. */
export function loops(shell: Shell): Frame[] {
  const { f } = shell.state;
  const from = f.findLastIndex((frame) => frame.k === "call") + 1;
  return f.slice(from).filter((frame) => {
    if (frame.k !== "node") return false;
    const { k } = shell.node(frame.r);
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
      shell.state.st = 1;
      return undefined;
    }
    if (!shell.bash && (!Number.isInteger(count) || count < 1)) {
      shell.abort(`Illegal number: ${argv[1]}`, 2);
      return undefined;
    }
    if (list.length === 0) {
      if (shell.state.fl === "bash")
        shell.complain("only meaningful in a `for', `while', or `until' loop");
      return 0;
    }
    const target = list[Math.max(0, list.length - count)];
    shell.state.st = 0;
    if (!again) shell.unwind((frame) => frame === target);
    else {
      while (shell.top && shell.top !== target) shell.pop();
      if (target?.k === "node" && target.i === 2) target.ss = 0;
    }
    return undefined;
  };

export function doReturn(shell: Shell, argv: string[]): number | undefined {
  const status = argv[1] === undefined ? shell.state.st : Number(argv[1]);
  if (!Number.isInteger(status) || status < 0) {
    shell.abort(`Illegal number: ${argv[1]}`, 2);
    return undefined;
  }
  const tested = shell.state.f.findLast((frame) => frame.k === "call")?.t === 1;
  const returns = (frame: Frame): boolean =>
    frame.k === "call" || (frame.k === "src" && frame.m === "dot");
  if (shell.state.fl === "bash" && !shell.state.f.some(returns)) {
    shell.complain("can only `return' from a function or sourced script");
    return 2;
  }
  const call = shell.state.f.findLast(returns);
  if (shell.bash && call?.k === "call" && call.z !== undefined) {
    // The trap for RETURN may run before it goes.
    while (shell.top !== call) shell.pop();
    shell.state.st = status & 255;
    return undefined;
  }
  const inside = shell.unwind(returns);
  shell.state.st = status & 255;
  if (!inside) shell.exit(status);
  else shell.checkError(tested);
  return undefined;
}

export function doExit(shell: Shell, argv: string[]): number | undefined {
  const { state } = shell;
  sayGoodbye(shell);
  if (!mayLeave(shell)) return 1;
  const bash = state.fl === "bash";
  const [word, ...more] = argv.slice(bash && argv[1] === "--" ? 2 : 1);
  const status = word === undefined ? state.st : Number(word);
  if (!Number.isInteger(status) || (status < 0 && !bash)) {
    shell.abort(`Illegal number: ${word}`, 2);
    if (bash) shell.exit(2);
    return undefined;
  }
  if (bash && more.length > 0) return tooMany(shell);
  const trap = state.f.findLast((frame) => frame.k === "trap");
  const kept = word === undefined && trap?.k === "trap" ? trap.st : status;
  shell.exit(kept);
  state.x = kept & 255;
  return undefined;
}

/** bash gives the whole line up, and goes on with the next. */
function tooMany(shell: Shell): undefined {
  shell.complain("too many arguments");
  if (shell.state.sm === "c") return void shell.exit(1);
  while (shell.state.f.length > 1) shell.pop();
  shell.state.st = 1;
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
    k: "src",
    c: addChunk(shell.state, text, (shell.state.ln ?? 1) - 1),
    o: 0,
    m: "eval",
    n: "eval",
    ...(tested ? { t: 1 as const } : {}),
  });
  return undefined;
}
