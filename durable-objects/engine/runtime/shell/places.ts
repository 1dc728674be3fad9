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
  const bad = shell.state.flavour && /^-([^-LPe@])/.exec(words[0] ?? "");
  if (bad) {
    shell.complain(`illegal option -${bad[1]}`);
    return 2;
  }
  while (/^-[LP]+$/.test(words[0] ?? "")) {
    physical = words[0]!.endsWith("P");
    words = words.slice(1);
  }
  if (words[0] === "--") words = words.slice(1);
  if (words.length > 1 && shell.state.flavour === "bash") {
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
  return shell.state.flavour === "bash" ? 1 : 2;
}

export function pwd(shell: Shell, argv: string[]): number {
  const { sys } = shell;
  const bad = shell.state.flavour && /^-([^-LP])/.exec(argv[1] ?? "");
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
      const own = argv.length > 2 ? { parameters: argv.slice(2) } : {};
      shell.push({ kind: "load", fd: sys.open(path, { read: true }), text: "", name, ...own });
      return undefined;
    }
    const text = sys.readFile(path);
    const restore = argv.length > 2;
    if (restore) {
      shell.push({ kind: "call", parameters: shell.state.parameters, locals: {} });
      shell.state.parameters = argv.slice(2);
    }
    const chunk = addChunk(shell.state, text);
    if (shell.bash) shell.state.chunkFiles = { ...shell.state.chunkFiles, [chunk]: path };
    shell.push({
      kind: "src",
      chunk,
      offset: 0,
      mode: "dot",
      name,
      ...(shell.bash ? { line: shell.state.line ?? 1 } : {}),
      ...(tested ? { tested: 1 as const } : {}),
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    if (shell.state.flavour === "bash") {
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
  frame.text += data;
  sys.held = frame.text.length + (state.variableBytes ?? 0);
  if (data !== "") return undefined;
  sys.close(frame.fd);
  state.frames.pop();
  if (frame.parameters) {
    shell.push({ kind: "call", parameters: state.parameters, locals: {} });
    state.parameters = frame.parameters;
  }
  const chunk = addChunk(state, frame.text);
  state.chunkFiles = { ...state.chunkFiles, [chunk]: frame.name };
  shell.push({
    kind: "src",
    chunk,
    offset: 0,
    mode: "dot",
    name: frame.name,
    line: state.line ?? 1,
  });
  return undefined;
}
