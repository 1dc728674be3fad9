/** The shell as a program: `sh`, `ash`, and `bash` where an image has it. */
import type { Program, Sys } from "../kernel/types.ts";
import { Errno } from "../errno.ts";
import { bashBanner } from "./bash/version.ts";
import { advance } from "./interp.ts";
import { beginJobControl } from "./jobs/control.ts";
import { interruptLine, resizeLine } from "./typing/line-editing.ts";
import { setOptions } from "./options.ts";
import { Shell } from "./shell.ts";
import { SyntaxProblem } from "./ast.ts";
import { shellNames } from "./stored-names.ts";
import { addChunk, exported, unitAt, type ShellState } from "./state.ts";

function fresh(sys: Sys): ShellState {
  return {
    chunks: {},
    nextChunk: 1,
    frames: [],
    variables: {},
    functions: {},
    status: 0,
    parameters: [],
    argumentZero: sys.argv[0] ?? "sh",
    options: "",
    traps: {},
    jobs: [],
    pid: sys.pid,
    ppid: sys.ppid,
  };
}

/** Files that an interactive bash reads before its first prompt: Debian's own, and its user's. */
function readStartFiles(shell: Shell): void {
  const home = shell.get("HOME") ?? "/";
  for (const path of [`${home.replace(/\/$/, "")}/.bashrc`, "/etc/bash.bashrc"]) {
    if (shell.sys.peek(path)?.type !== "f" || !shell.sys.access(path, 4)) continue;
    const chunk = addChunk(shell.state, shell.sys.readFile(path));
    shell.state.chunkFiles = { ...shell.state.chunkFiles, [chunk]: path };
    shell.state.frames.push({ kind: "src", chunk, offset: 0, mode: "dot", name: path });
  }
}

function illegalOption({ flavour, argumentZero }: ShellState, letter: string): string {
  if (flavour === "bash") return `${argumentZero}: -${letter}: invalid option\n`;
  return `${flavour ? `${argumentZero}: 0: I` : "sh: i"}llegal option -${letter}\n`;
}

/** Commands come from descriptor 0, which may be a terminal. */
function fromInput(shell: Shell, words: string[]): void {
  const { state, sys } = shell;
  state.parameters = words;
  if (sys.terminal(0) && sys.terminal(2)) state.interactive = 1;
  state.frames.push({ kind: "src", chunk: "", offset: 0, mode: "in" });
  if (state.interactive) beginJobControl(shell);
  if (state.interactive && state.flavour === "bash") {
    state.options += "HMN";
    state.shopts = { ...state.shopts, expand_aliases: true };
  }
  if (!state.interactive || state.flavour !== "bash" || sys.argv.includes("--norc")) return;
  state.variables.PS1 = ["\\s-\\v\\$ ", 0];
  readStartFiles(shell);
}

function start(sys: Sys, flavour: ShellState["flavour"]): ShellState {
  const state = fresh(sys);
  if (flavour) state.flavour = flavour;
  if (flavour === "bash") Object.assign(state, { options: "hBJ", secondsFromMs: sys.now });
  const shell = new Shell(sys, state);
  let i = 1;
  let command = false;
  let input = false;
  for (; i < sys.argv.length; i++) {
    const word = sys.argv[i]!;
    if (word === "--") {
      i++;
      break;
    }
    if (!/^[-+]./.test(word) || word.startsWith("--")) {
      if (word === "--version" && flavour === "bash") {
        sys.write(1, bashBanner(sys));
        state.exitStatus = 0;
        return state;
      }
      if (word.startsWith("--")) continue;
      break;
    }
    if (/^[-+]O$/.test(word) && flavour === "bash") {
      state.shopts = { ...state.shopts, [sys.argv[++i] ?? ""]: word === "-O" };
      continue;
    }
    if (/^[-+][a-z]*o$/.test(word)) {
      if (word.length > 2) setOptions(shell, [word.slice(0, -1)]);
      setOptions(shell, [`${word[0]}o`, sys.argv[++i] ?? ""]);
      continue;
    }
    for (const letter of word.slice(1)) {
      if (letter === "c") command = true;
      else if (letter === "s") input = true;
      else if (letter === "i") state.interactive = 1;
      else if (letter !== "l" && "aefuxvnCbmh".includes(letter))
        setOptions(shell, [`${word[0]}${letter}`]);
      else if (letter !== "l") {
        sys.complain(illegalOption(state, letter));
        state.exitStatus = 2;
        return state;
      }
    }
  }
  const words = sys.argv.slice(i);
  variables(shell);
  if (command) state.startedBy = "c";
  else if (input || words.length === 0) state.startedBy = "s";
  if (command) commandText(shell, words);
  else if (words.length && !input) script(shell, words);
  else fromInput(shell, words);
  return state;
}

/** Functions that another bash has exported. */
function importFunctions(shell: Shell): void {
  const { sys, state } = shell;
  for (const key in sys.env) {
    const name = /^BASH_FUNC_([^%]+)%%$/.exec(key)?.[1];
    const text = sys.env[key]!;
    if (name === undefined || !text.startsWith("() ")) continue;
    state.variables[key] = [null, 0];
    const chunk = addChunk(state, `${name} ${text}`);
    try {
      const { nodes } = unitAt(state.chunks[chunk]!, 0, 1);
      const node = nodes.find((one) => one.k === "func");
      if (node?.k === "func") state.functions[name] = [chunk, 0, node.body];
      state.exportedFunctions = [...(state.exportedFunctions ?? []), name];
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
    }
  }
}

function variables(shell: Shell): void {
  const { sys } = shell;
  if (shell.bash) importFunctions(shell);
  shell.state.variables.PWD = [
    shell.get("PWD") && sameFolder(shell) ? shell.get("PWD")! : sys.cwd,
    exported,
  ];
  if (shell.get("PATH") === undefined)
    shell.state.variables.PATH = ["/sbin:/usr/sbin:/bin:/usr/bin", exported];
  const level = Number(shell.get("SHLVL") ?? 0);
  shell.state.variables.SHLVL = [String((Number.isFinite(level) ? level : 0) + 1), exported];
  shell.state.variables.OPTIND = ["1", 0];
}

/** An inherited PWD counts only when it names the folder the shell is in. */
function sameFolder(shell: Shell): boolean {
  const place = shell.sys.peek(shell.get("PWD") ?? "");
  return place !== undefined && place.ino === shell.sys.peek(shell.sys.cwd)?.ino;
}

function commandText(shell: Shell, words: string[]): void {
  const { state } = shell;
  const [text, name, ...rest] = words;
  if (text === undefined) {
    shell.sys.complain(
      state.flavour === "bash"
        ? `${state.argumentZero}: -c: option requires an argument\n`
        : state.flavour
          ? `${state.argumentZero}: 0: -c requires an argument\n`
          : "sh: -c requires an argument\n",
    );
    state.exitStatus = 2;
    return;
  }
  if (name !== undefined) state.argumentZero = name;
  state.parameters = rest;
  state.frames.push({ kind: "src", chunk: addChunk(state, text), offset: 0, mode: "c" });
}

function script(shell: Shell, words: string[]): void {
  const { state, sys } = shell;
  const [path = "", ...rest] = words;
  state.parameters = rest;
  state.argumentZero = path;
  state.script = path;
  try {
    if (sys.peek(path)?.type === "d") throw new Errno("EISDIR");
    state.frames.push({
      kind: "src",
      chunk: addChunk(state, sys.readFile(path)),
      offset: 0,
      mode: "f",
    });
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const text = error.code === "ENOENT" ? "No such file or directory" : error.message;
    const name = sys.argv[0] ?? "sh";
    sys.complain(cannotOpen(state.flavour, name, path, text));
    state.exitStatus = state.flavour === "bash" ? (error.code === "ENOENT" ? 127 : 126) : 2;
  }
}

function cannotOpen(
  flavour: ShellState["flavour"],
  name: string,
  path: string,
  text: string,
): string {
  if (flavour === "bash") return `${name}: ${path}: ${text}\n`;
  if (flavour === "dash")
    return `${name}: 0: cannot open ${path}: ${text.replace(/ or directory$/, "")}\n`;
  return `${name}: can't open '${path}': ${text}\n`;
}

function program(name: string, flavour?: ShellState["flavour"]): Program<ShellState> {
  return {
    name,
    storedNames: shellNames,
    reaps: true,
    start: (sys) => start(sys, flavour),
    step: (sys, state) => advance(new Shell(sys, state)),
    handles(state, signal) {
      const action = state.traps?.[String(signal)];
      if (action !== undefined) return action !== "";
      // An interactive shell shrugs off what stops its commands.
      return (
        state.interactive === 1 &&
        (signal === 2 || signal === 3 || signal === 15 || signal === 20 || signal === 28)
      );
    },
    signal(sys, state, signal) {
      if (state.traps[String(signal)]) {
        if (!state.pendingTraps?.includes(signal))
          state.pendingTraps = [...(state.pendingTraps ?? []), signal];
        return undefined;
      }
      const shell = new Shell(sys, state);
      let { top } = shell;
      if (signal === 28 && top?.kind === "src") resizeLine(shell, top);
      if (signal !== 2) return undefined;
      const completing = state.completion !== undefined;
      if (completing) while (state.frames.length > 1) shell.pop();
      ({ top } = shell);
      if (top?.kind === "src" && top.mode === "in") {
        if (top.editing) interruptLine(shell, top, completing);
        else shell.write(1, "\n");
        delete top.unread;
        delete top.line;
        state.status = 130;
      } else if (
        top?.kind === "read" ||
        top?.kind === "waits" ||
        (top?.kind === "sub" && state.interactive)
      ) {
        while (state.frames.length > 1) shell.pop();
        state.status = 130;
        shell.write(1, "\n");
      } else if (top && top.kind !== "wait" && top.kind !== "sub") {
        while (state.frames.length > 1) shell.pop();
        state.status = 130;
      }
      return undefined;
    },
    memoryBytes: (state) => 1_048_576 + (state?.variableBytes ?? 0),
  };
}

export const shellPrograms = (): Program[] => [
  program("sh"),
  program("ash"),
  program("bash", "bash"),
  program("dash", "dash"),
];
