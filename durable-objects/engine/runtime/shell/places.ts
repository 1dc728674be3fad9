/** cd, pwd, and running a file in the shell itself. */
import { Errno } from "../errno.ts";
import { normalPath } from "../fs/vfs.ts";
import { usageAlone } from "./bash/usage.ts";
import type { Shell } from "./shell.ts";
import type { Step } from "../kernel/calls.ts";
import { addChunk, exported, type FrameOf } from "./state.ts";

export function cd(shell: Shell, argv: string[]): number {
  const { sys } = shell;
  let words = argv.slice(1);
  let physical = false;
  const bad = shell.state.fl && /^-([^-LPe@])/.exec(words[0] ?? "");
  if (bad) {
    shell.complain(`illegal option -${bad[1]}`);
    return 2;
  }
  while (/^-[LP]+$/.test(words[0] ?? "")) {
    physical = words[0]!.endsWith("P");
    words = words.slice(1);
  }
  if (words[0] === "--") words = words.slice(1);
  if (words.length > 1 && shell.state.fl === "bash") {
    shell.complain("too many arguments");
    return 1;
  }
  if (shell.bash && words[0] === undefined && shell.get("HOME") === undefined) {
    shell.complain("HOME not set");
    return 1;
  }
  let target = words[0] ?? shell.get("HOME") ?? "";
  const dash = target === "-";
  if (dash) target = shell.get("OLDPWD") ?? "";
  const old = shell.get("PWD") ?? sys.cwd;
  const tries = [target];
  if (!/^\.{0,2}\//.test(target) && target !== "." && target !== "..")
    for (const folder of (shell.get("CDPATH") ?? "").split(":").filter(Boolean))
      tries.unshift(`${folder}/${target}`);
  const named = shell.shopt("cdable_vars") ? shell.get(target) : undefined;
  if (named !== undefined && sys.peek(target) === undefined) tries.unshift(named);
  for (const one of tries) {
    const logical = normalPath(old, one);
    try {
      sys.chdir(physical ? one : logical, physical ? undefined : logical);
      const now = physical ? sys.cwd : logical;
      shell.set("OLDPWD", old, exported);
      shell.set("PWD", now, exported);
      if (dash || one !== target) shell.write(1, `${now}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      if (one === target) shell.complain(`can't cd to ${target}: ${error.message}`);
    }
  }
  return shell.state.fl === "bash" ? 1 : 2;
}

export function pwd(shell: Shell, argv: string[]): number {
  const { sys } = shell;
  const bad = shell.state.fl && /^-([^-LP])/.exec(argv[1] ?? "");
  if (bad) {
    shell.complain(`illegal option -${bad[1]}`);
    return 2;
  }
  shell.write(1, `${argv[1] === "-P" ? sys.realpath(".") : (shell.get("PWD") ?? sys.cwd)}\n`);
  return 0;
}

// Control flow

/** `.`: runs a file in this shell, found by PATH where its name has no slash. */
export function dot(shell: Shell, argv: string[], tested: boolean): number | undefined {
  const { sys } = shell;
  const name = argv[1];
  if (name === undefined) {
    if (!shell.bash) return 2;
    shell.complain("filename argument required");
    return usageAlone(shell);
  }
  try {
    let path = name;
    if (!name.includes("/")) {
      const folder = (shell.get("PATH") ?? "")
        .split(":")
        .find((one) => sys.peek(`${one}/${name}`)?.type === "f");
      if (folder !== undefined) path = `${folder}/${name}`;
    }
    const type = shell.bash ? sys.peek(path)?.type : undefined;
    if (type === "d") {
      shell.complain(`${name}: is a directory`);
      return 1;
    }
    if (type === "p") {
      const p = argv.length > 2 ? { p: argv.slice(2) } : {};
      shell.push({ k: "load", fd: sys.open(path, { read: true }), b: "", n: name, ...p });
      return undefined;
    }
    const text = sys.readFile(path);
    const restore = argv.length > 2;
    if (restore) {
      shell.push({ k: "call", p: shell.state.p, l: {} });
      shell.state.p = argv.slice(2);
    }
    const chunk = addChunk(shell.state, text);
    if (shell.bash) shell.state.cf = { ...shell.state.cf, [chunk]: path };
    shell.push({
      k: "src",
      c: chunk,
      o: 0,
      m: "dot",
      n: name,
      ...(shell.bash ? { ln: shell.state.ln ?? 1 } : {}),
      ...(tested ? { t: 1 as const } : {}),
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    if (shell.state.fl === "bash") {
      shell.command = undefined;
      shell.complain(`can't open '${name}': ${error.message}`);
      return 1;
    }
    const lost = error.code === "ENOENT" && !name.includes("/");
    shell.abort(lost ? `${name}: not found` : `can't open '${name}': ${error.message}`, 2);
    return undefined;
  }
}

/** Reads a pipe to its end, then runs what it said as a sourced file. */
export function loadStep(shell: Shell, frame: FrameOf<"load">): Step {
  const { sys, state } = shell;
  const data = sys.read(frame.fd);
  if (data === undefined) return { wait: { readable: [frame.fd] } };
  frame.b += data;
  sys.held = frame.b.length + (state.vb ?? 0);
  if (data !== "") return undefined;
  sys.close(frame.fd);
  state.f.pop();
  if (frame.p) {
    shell.push({ k: "call", p: state.p, l: {} });
    state.p = frame.p;
  }
  const c = addChunk(state, frame.b);
  state.cf = { ...state.cf, [c]: frame.n };
  shell.push({ k: "src", c, o: 0, m: "dot", n: frame.n, ln: state.ln ?? 1 });
  return undefined;
}
