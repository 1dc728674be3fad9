/** Where commands come from: a text, a script, standard input, a terminal. */
import type { Step } from "../kernel/calls.ts";
import { SyntaxProblem, type Unit } from "./ast.ts";
import { withAliases } from "./aliases.ts";
import { noteCommand } from "./bash/history.ts";
import { sayGoodbye, syntaxWords } from "./dialects.ts";
import { expanding } from "./expanding.ts";
import { beginLine, editLine, editsLines } from "./typing/line-editing.ts";
import { mayLeave } from "./jobs/control.ts";
import { tellJobs } from "./jobs/table.ts";
import { reap } from "./jobs/children.ts";
import { promptText } from "./typing/prompt.ts";
import type { Shell } from "./shell.ts";
import { addChunk, modeOf, sweepChunks, unitAt, type FrameOf, type Mode } from "./state.ts";

type Source = FrameOf<"src">;

/** Reads the next complete command of a text and runs it. */
export function sourceStep(shell: Shell, frame: Source): Step {
  if (frame.mode === "in") return inputStep(shell, frame);
  const { state } = shell;
  let text = state.chunks[frame.chunk] ?? "";
  if (state.aliases) state.chunks[frame.chunk] = text = withAliases(shell, text, frame.offset);
  noteGrammar(shell, frame.chunk, frame.offset);
  const unit = unitAt(text, frame.offset, modeOf(state, frame.chunk, frame.offset));
  if (unit.root === undefined) {
    shell.pop();
    if (frame.offset === 0 && frame.mode !== "c") state.status = 0;
    sweepChunks(state);
    return undefined;
  }
  const from = frame.offset;
  frame.offset = unit.end;
  if (unit.warnings && shell.bash) warn(shell, frame, unit.warnings);
  // The last command takes the frame's place, so that it may take the process's too.
  const last = frame.name === undefined && text.slice(unit.end).trim() === "";
  if (last) state.frames.pop();
  if (shell.option("n") && !state.interactive) return undefined;
  shell.push({
    kind: "node",
    ref: [frame.chunk, from, unit.root],
    progress: 0,
    ...(frame.tested ? { tested: 1 as const } : {}),
  });
  return undefined;
}

/** Of here-documents that nothing ends. */
function warn(shell: Shell, frame: Source, warnings: NonNullable<Unit["warnings"]>): void {
  const before = shell.state.linesBefore?.[frame.chunk] ?? 0;
  for (const { at, from, end } of warnings) {
    shell.state.line = at + before;
    shell.complain(
      `warning: here-document at line ${from + before} delimited by end-of-file (wanted \`${end}')`,
    );
  }
}

/** From here on a text is read with extended patterns, where the shell has them. */
function noteGrammar(shell: Shell, chunk: string, offset: number): void {
  const { state } = shell;
  if (shell.shopt("extglob") && state.extendedFrom?.[chunk] === undefined)
    state.extendedFrom = { ...state.extendedFrom, [chunk]: offset };
}

const modeNow = (shell: Shell): Mode => (!shell.bash ? 0 : shell.shopt("extglob") ? 2 : 1);

/** Reads commands from descriptor 0, prompting on a terminal. */
function inputStep(shell: Shell, frame: Source): Step {
  const { state, sys } = shell;
  const text = frame.unread ?? "";
  if (text !== "") {
    const began = start(shell, frame, text);
    if (began) return undefined;
  }
  if (frame.inputEnded) {
    if (state.flavour === "bash") sayGoodbye(shell);
    else if (state.interactive) shell.write(2, "\n");
    if (!mayLeave(shell)) {
      delete frame.inputEnded;
      return undefined;
    }
    shell.pop();
    return undefined;
  }
  if (state.interactive && !frame.line) {
    if (text === "" && !frame.promptCommandRan) {
      reap(shell);
      tellJobs(shell);
    }
    if (text === "" && !frame.promptCommandRan && shell.bash && promptCommand(shell, frame))
      return undefined;
    frame.line = 1;
    delete frame.promptCommandRan;
    showPrompt(shell, frame, text === "" ? "PS1" : "PS2");
    if (state.pendingOutput || shell.top !== frame) return undefined;
  }
  const edited = frame.editing !== undefined;
  const data = edited ? editLine(shell, frame) : sys.read(0, state.interactive ? 4096 : 1024);
  if (data === undefined)
    return state.pendingOutput || shell.top !== frame ? undefined : { wait: { readable: [0] } };
  delete frame.line;
  if (data === "") {
    if (text === "" || !state.interactive || endsWith(shell, text)) frame.inputEnded = 1;
    if (text !== "") return void runAll(shell, frame, text);
  }
  frame.unread =
    text + (state.interactive && !edited ? data.replace(/\x1b\[[0-9;]*[A-Za-z~]/g, "") : data);
  return undefined;
}

/** Whether an interactive shell ends with input that ends within a command: bash alone does, where words are missing. */
function endsWith(shell: Shell, text: string): boolean {
  const { state } = shell;
  if (state.flavour !== "bash" || hereDocumentOpen(text)) return false;
  try {
    unitAt(text, 0, modeNow(shell));
    return false;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return error.message.includes("unexpected end of file");
  }
}

/** The text ended within a command: run it as it is, its syntax error and all. */
function runAll(shell: Shell, frame: Source, text: string): void {
  delete frame.unread;
  const before = shell.state.flavour ? (shell.state.inputLines ?? 0) : 0;
  shell.push({ kind: "src", chunk: addChunk(shell.state, text, before), offset: 0, mode: "eval" });
}

/** Starts the first complete command of the text; false when it is not all there yet. */
function start(shell: Shell, frame: Source, written: string): boolean {
  const whole = written.includes("\n");
  if (!whole) return false;
  const text = withAliases(shell, written, 0);
  try {
    const unit = unitAt(text, 0, modeNow(shell));
    const complete = unit.end > 0 && (text[unit.end - 1] === "\n" || unit.end < text.length);
    if (unit.root !== undefined && !complete) return false;
    const command = text.slice(0, unit.end);
    frame.unread = text.slice(unit.end);
    if (frame.unread === "") delete frame.unread;
    if (unit.root === undefined) {
      if (shell.state.flavour)
        shell.state.inputLines = (shell.state.inputLines ?? 0) + lineCount(command);
      return true;
    }
    if (hereDocumentOpen(command)) {
      frame.unread = text;
      if (!frame.inputEnded) return false;
    }
    sweepChunks(shell.state);
    const before = shell.state.flavour ? (shell.state.inputLines ?? 0) : 0;
    const chunk = addChunk(shell.state, command, before);
    noteGrammar(shell, chunk, 0);
    // As it was typed: aliases are not written out in the history.
    const typed = written.slice(0, written.length - (text.length - unit.end));
    if (shell.state.interactive && shell.bash && !editsLines(shell)) noteCommand(shell, typed);
    shell.push({ kind: "node", ref: [chunk, 0, unit.root], progress: 0 });
    if (shell.state.flavour) shell.state.inputLines = before + lineCount(command);
    return true;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    if (error.incomplete) return false;
    delete frame.unread;
    shell.state.line = error.line + (shell.state.inputLines ?? 0);
    if (shell.state.interactive) {
      const words = syntaxWords(shell, error);
      if (words === undefined) shell.complain(error.message);
      else shell.write(2, words);
      shell.state.status = 2;
      return true;
    }
    throw error;
  }
}

/** A here-document that the text ends before its end word. */
function hereDocumentOpen(command: string): boolean {
  const match = /<<(-?)[ \t]*(?:(["'])([^"'\n]+)\2|\\?([\w.!%+-]+))/.exec(command);
  if (!match) return false;
  const lines = command.split("\n").map((line) => (match[1] ? line.replace(/^\t+/, "") : line));
  return !lines.slice(1).includes(match[3] ?? match[4] ?? "");
}

const lineCount = (text: string): number => text.split("\n").length - 1;

/** Runs what PROMPT_COMMAND says, with the status as it was behind it; false: it says nothing. */
function promptCommand(shell: Shell, frame: Source): boolean {
  const { state } = shell;
  const words = shell.values("PROMPT_COMMAND").filter((word) => word.trim() !== "");
  if (words.length === 0) return false;
  frame.promptCommandRan = 1;
  shell.push({ kind: "trap", status: state.status });
  shell.push({ kind: "src", chunk: addChunk(state, words.join("\n")), offset: 0, mode: "eval" });
  return true;
}

/** Writes a prompt; one of bash's with parameters or substitutions in it is expanded first. */
function showPrompt(shell: Shell, frame: Source, name: "PS1" | "PS2"): void {
  const text = prompt(shell, name);
  if (!shell.bash || !/[$`]/.test(text) || !shell.shopt("promptvars"))
    return sayPrompt(shell, frame, text);
  // A here-document is expanded as a prompt is: quotes mean themselves.
  const c = addChunk(shell.state, `: <<${promptEnd}\n${text}\n${promptEnd}\n`);
  shell.push({ kind: "prompt", ref: [c, 0, 0] });
}

/** Hands a prompt to the line editor, or writes it. */
function sayPrompt(shell: Shell, frame: Source, text: string): void {
  if (editsLines(shell)) beginLine(shell, frame, text);
  else shell.write(2, text.replaceAll(/[\x01\x02]/g, ""));
}

const promptEnd = "END_OF_PROMPT";

export function promptStep(shell: Shell, frame: FrameOf<"prompt">): Step {
  const { nodes } = unitAt(
    shell.state.chunks[frame.ref[0]] ?? "",
    0,
    modeOf(shell.state, frame.ref[0], 0),
  );
  const command = nodes.find((node) => node.k === "cmd" && node.redirs.length > 0);
  const word = command?.k === "cmd" ? command.redirs.at(-1)!.word : [];
  const text = expanding(shell, frame, (expander) => expander.text(word));
  if (text === undefined) return undefined;
  shell.pop();
  const source = shell.top;
  if (source?.kind === "src") sayPrompt(shell, source, text.replace(/\n$/, ""));
  return undefined;
}

function prompt(shell: Shell, name: "PS1" | "PS2"): string {
  const { sys } = shell;
  const root = sys.who.uid === 0;
  const set = shell.get(name);
  if (name === "PS2") return set ?? "> ";
  if (shell.state.flavour === "dash") return set ?? (root ? "# " : "$ ");
  const text = set ?? (shell.state.flavour === "bash" ? "\\s-\\v\\$ " : "\\w \\$ ");
  return promptText(shell, text);
}
