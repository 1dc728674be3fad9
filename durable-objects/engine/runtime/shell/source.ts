/** Where commands come from: a text, a script, standard input, a terminal. */
import type { Step } from "../kernel/calls.ts";
import { SyntaxProblem } from "./ast.ts";
import { withAliases } from "./aliases.ts";
import { bashNumber } from "./bash-version.ts";
import { sayGoodbye, syntaxWords } from "./dialects.ts";
import { beginLine, editLine, editsLines } from "./line-editing.ts";
import { tellJobs } from "./jobs.ts";
import type { Shell } from "./shell.ts";
import { addChunk, sweepChunks, unitAt, type FrameOf } from "./state.ts";

type Source = FrameOf<"src">;

/** Reads the next complete command of a text and runs it. */
export function sourceStep(shell: Shell, frame: Source): Step {
  if (frame.m === "in") return inputStep(shell, frame);
  const { state } = shell;
  let text = state.c[frame.c] ?? "";
  if (state.al) state.c[frame.c] = text = withAliases(shell, text, frame.o);
  const unit = unitAt(text, frame.o);
  if (unit.root === undefined) {
    shell.pop();
    if (frame.o === 0 && frame.m !== "c") state.st = 0;
    sweepChunks(state);
    return undefined;
  }
  const from = frame.o;
  frame.o = unit.end;
  // The last command takes the frame's place, so that it may take the process's too.
  const last = frame.n === undefined && text.slice(unit.end).trim() === "";
  if (last) state.f.pop();
  if (shell.option("n") && !state.ia) return undefined;
  shell.push({
    k: "node",
    r: [frame.c, from, unit.root],
    i: 0,
    ...(frame.t ? { t: 1 as const } : {}),
  });
  return undefined;
}

/** Reads commands from descriptor 0, prompting on a terminal. */
function inputStep(shell: Shell, frame: Source): Step {
  const { state, sys } = shell;
  const text = frame.b ?? "";
  if (text !== "") {
    const began = start(shell, frame, text);
    if (began) return undefined;
  }
  if (frame.eof) {
    if (state.fl === "bash") sayGoodbye(shell);
    else if (state.ia) shell.write(2, "\n");
    shell.pop();
    return undefined;
  }
  if (state.ia && !frame.ln) {
    if (text === "") tellJobs(shell);
    showPrompt(shell, frame, text === "" ? "PS1" : "PS2");
    frame.ln = 1;
    if (state.po) return undefined;
  }
  const edited = frame.ed !== undefined;
  const data = edited ? editLine(shell, frame) : sys.read(0, state.ia ? 4096 : 1024);
  if (data === undefined) return state.po ? undefined : { wait: { readable: [0] } };
  delete frame.ln;
  if (data === "") {
    if (text === "" || !state.ia || endsWith(shell, text)) frame.eof = 1;
    if (text !== "") return void runAll(shell, frame, text);
  }
  frame.b = text + (state.ia && !edited ? data.replace(/\x1b\[[0-9;]*[A-Za-z~]/g, "") : data);
  return undefined;
}

/** Whether an interactive shell ends with input that ends within a command: bash alone does, where words are missing. */
function endsWith({ state }: Shell, text: string): boolean {
  if (state.fl !== "bash" || hereDocumentOpen(text)) return false;
  try {
    unitAt(text, 0);
    return false;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return error.message.includes("unexpected end of file");
  }
}

/** The text ended within a command: run it as it is, its syntax error and all. */
function runAll(shell: Shell, frame: Source, text: string): void {
  delete frame.b;
  const before = shell.state.fl ? (shell.state.il ?? 0) : 0;
  shell.push({ k: "src", c: addChunk(shell.state, text, before), o: 0, m: "eval" });
}

/** Starts the first complete command of the text; false when it is not all there yet. */
function start(shell: Shell, frame: Source, written: string): boolean {
  const whole = written.includes("\n");
  if (!whole) return false;
  const text = withAliases(shell, written, 0);
  try {
    const unit = unitAt(text, 0);
    const complete = unit.end > 0 && (text[unit.end - 1] === "\n" || unit.end < text.length);
    if (unit.root !== undefined && !complete) return false;
    const command = text.slice(0, unit.end);
    frame.b = text.slice(unit.end);
    if (frame.b === "") delete frame.b;
    if (unit.root === undefined) {
      if (shell.state.fl) shell.state.il = (shell.state.il ?? 0) + lineCount(command);
      return true;
    }
    if (hereDocumentOpen(command)) {
      frame.b = text;
      if (!frame.eof) return false;
    }
    sweepChunks(shell.state);
    const before = shell.state.fl ? (shell.state.il ?? 0) : 0;
    shell.push({ k: "node", r: [addChunk(shell.state, command, before), 0, unit.root], i: 0 });
    if (shell.state.fl) shell.state.il = before + lineCount(command);
    return true;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    if (error.incomplete) return false;
    delete frame.b;
    shell.state.ln = error.line + (shell.state.il ?? 0);
    if (shell.state.ia) {
      const words = syntaxWords(shell, error);
      if (words === undefined) shell.complain(error.message);
      else shell.write(2, words);
      shell.state.st = 2;
      return true;
    }
    throw error;
  }
}

/** A here-document that the text ends before its end word. */
function hereDocumentOpen(command: string): boolean {
  const match = /<<(-?)[ \t]*(["']?)([\w.!%+-]+)\2/.exec(command);
  if (!match) return false;
  const lines = command.split("\n").map((line) => (match[1] ? line.replace(/^\t+/, "") : line));
  return !lines.slice(1).includes(match[3] ?? "");
}

const lineCount = (text: string): number => text.split("\n").length - 1;

function showPrompt(shell: Shell, frame: Source, name: "PS1" | "PS2"): void {
  const text = prompt(shell, name);
  if (editsLines(shell)) beginLine(shell, frame, text);
  else shell.write(2, text.replaceAll(/[\x01\x02]/g, ""));
}

function prompt(shell: Shell, name: "PS1" | "PS2"): string {
  const { sys } = shell;
  const root = sys.who.uid === 0;
  const set = shell.get(name);
  if (name === "PS2") return set ?? "> ";
  if (shell.state.fl === "dash") return set ?? (root ? "# " : "$ ");
  const text = set ?? (shell.state.fl === "bash" ? "\\s-\\v\\$ " : "\\w \\$ ");
  const home = shell.get("HOME");
  const cwd = shell.get("PWD") ?? sys.cwd;
  const short =
    home && home !== "/" && (cwd === home || cwd.startsWith(`${home}/`))
      ? `~${cwd.slice(home.length)}`
      : cwd;
  const user =
    sys.container.passwd.find((entry) => entry.uid === sys.who.uid)?.name ?? "I have no name!";
  return text.replace(/\\([wWhuHnsve$\\[\]])/g, (_, c: string) => {
    if (c === "w") return short;
    if (c === "W") return short.replace(/^.*\/(?=.)/, "");
    if (c === "h" || c === "H") return sys.container.hostname.split(".")[0] ?? "";
    if (c === "u") return user;
    if (c === "n") return "\n";
    if (c === "e") return "\x1b";
    if (c === "[") return "\x01";
    if (c === "]") return "\x02";
    if (c === "s") return shell.state.z.replace(/^.*\//, "").replace(/^-/, "");
    if (c === "v") return bashNumber(sys).replace(/\.\d+$/, "");
    return c === "$" ? (root ? "#" : "$") : "\\";
  });
}
