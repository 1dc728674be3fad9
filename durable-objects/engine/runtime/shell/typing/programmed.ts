/**
 * Programmable completion: what `complete` was told of a command is asked for the word at the cursor. Functions and commands run in
 * the shell, in a frame above the line that is edited. bash: pcomplete.c
 */
import { completionLoadsMax } from "../../../core/limits.ts";
import { commandAt, type CommandLine } from "../../readline/command-line.ts";
import { wordAt, type Word } from "../../readline/completion.ts";
import { redraw } from "../../readline/editor.ts";
import type { Line } from "../../readline/line.ts";
import type { Step } from "../../kernel/calls.ts";
import {
  asksForFiles,
  completionOptions,
  finished,
  generated,
  valueOf,
  withoutList,
} from "../bash/completion.ts";
import { singleQuoted } from "../bash/quote.ts";
import { addChunk, type FrameOf } from "../state.ts";
import type { Shell } from "../shell.ts";
import { apply, byDefault, files, isFolder, type Candidates } from "./completing.ts";
import { commandLineVariables } from "./completion-variables.ts";

type Completing = FrameOf<"complete">;

/** Status of a function that has loaded a completion: it is looked up again. bash: pcomplib.h EX_RETRYFAIL */
const loaded = 124;

/** Under which name completions for a word are kept; nothing: nobody has told any. */
function specNamed(shell: Shell, word: Word, command: CommandLine): string | undefined {
  const known = shell.state.completions;
  if (!known || !shell.shopt("progcomp")) return undefined;
  const has = (name: string): boolean => Object.hasOwn(known, name);
  if (command.text.trim() === "") return has("-E") ? "-E" : undefined;
  if (word.first || command.cword === 0) return has("-I") ? "-I" : undefined;
  const [name = ""] = command.words;
  const last = name.replace(/^.*\//, "");
  return [name, last, "-D"].find(has);
}

/** What is run for a completion; nothing: all of it is known at once. */
function toRun(
  shell: Shell,
  line: Line,
  history: readonly string[],
  spec: readonly string[],
  word: Word,
  command: CommandLine,
): string | undefined {
  const [called, own, before] = [command.words[0] ?? "", word.text, previous(command)];
  const words = [called, own, before].map(singleQuoted).join(" ");
  const name = valueOf(spec, "F");
  if (name !== undefined) {
    if (Object.hasOwn(shell.state.functions, name)) return `${singleQuoted(name)} ${words}`;
    shell.write(2, `bash: completion: function \`${name}' not found\n${redraw(line, history)}`);
    return undefined;
  }
  const program = valueOf(spec, "C");
  if (program !== undefined) return `mapfile -t COMPREPLY < <(${program} ${words})`;
  const list = valueOf(spec, "W");
  return isWorkedOut(list) ? `COMPREPLY=(${list}\n)` : undefined;
}

/** A list of words that is expanded, and is not known before. */
const isWorkedOut = (list: string | undefined): boolean => list !== undefined && /[$`]/.test(list);

const previous = ({ words, cword }: CommandLine): string => words[cword - 1] ?? "";

/** Tab (or M-?): what fits the word at the cursor. */
export function completeKey(
  shell: Shell,
  line: Line,
  history: readonly string[],
  lists: boolean,
): void {
  const word = wordAt(line.text, line.point);
  const how = { lists, again: line.last === "complete" };
  if (!completeByCommand(shell, line, history, word, how))
    apply(shell, line, history, word, byDefault(shell, word), how);
}

/** Begins to complete a word as its command's completions say; false: there are none. */
export function completeByCommand(
  shell: Shell,
  line: Line,
  history: readonly string[],
  word: Word,
  how: { lists: boolean; again: boolean; tries?: number },
): boolean {
  const { state } = shell;
  const command = commandAt(line.text, line.point);
  const name = specNamed(shell, word, command);
  if (name === undefined) return false;
  const spec = state.completions![name]!;
  const text = toRun(shell, line, history, spec, word, command);
  if (text === undefined) {
    apply(shell, line, history, word, found(shell, spec, word, []), how);
    return true;
  }
  const { lists, again, tries = 0 } = how;
  const before = {
    status: state.status,
    ...(state.lastArgument === undefined ? {} : { lastArgument: state.lastArgument }),
    ...(state.pipeStatus === undefined ? {} : { pipeStatus: state.pipeStatus }),
  };
  shell.push({ kind: "complete", word, spec: name, lists, again, tries, before });
  state.completion = { options: {} };
  commandLineVariables(shell, command, again || lists);
  shell.push({ kind: "src", chunk: addChunk(state, text), offset: 0, mode: "eval" });
  return true;
}

/** A function has said what may stand there: the frame is on top again. */
export function completeStep(shell: Shell, frame: Completing): Step {
  const { state } = shell;
  const status = state.status;
  const spec = state.completions?.[frame.spec] ?? [];
  const words = shell.values("COMPREPLY");
  const options = { ...state.completion?.options };
  shell.pop();
  const { top } = shell;
  if (top?.kind !== "src" || !top.editing) return undefined;
  const { line } = top.editing;
  const history = state.history ?? [];
  const { word, lists, again, tries } = frame;
  line.kept = state.readline ??= {};
  if (status === loaded && tries < completionLoadsMax) {
    if (completeByCommand(shell, line, history, word, { lists, again, tries: tries + 1 }))
      return undefined;
  } else
    apply(shell, line, history, word, found(shell, spec, word, words, options), { lists, again });
  return undefined;
}

/** What a completion comes to: its own words, then what its options make of too few. */
function found(
  shell: Shell,
  spec: readonly string[],
  word: Word,
  more: readonly string[],
  changed: Readonly<Record<string, boolean>> = {},
): Candidates {
  const options = completionOptions(spec, changed);
  const [own, runs] = [word.text, valueOf(spec, "F") ?? valueOf(spec, "C")];
  const said = runs === undefined ? more.filter((one) => one.startsWith(own)) : more;
  const words = isWorkedOut(valueOf(spec, "W")) ? withoutList(spec) : spec;
  const names = finished(shell, spec, [...generated(shell, words, own), ...said], own);
  const folders = (): string[] => files(shell, own, (path) => isFolder(shell, path));
  if (names.length === 0 && options.has("dirnames")) return { names: folders(), files: true };
  const also = options.has("plusdirs") ? folders() : [];
  names.push(...also);
  if (names.length === 0 && options.has("bashdefault")) return byDefault(shell, word);
  if (names.length === 0 && options.has("default"))
    return { names: files(shell, own), files: true };
  return {
    names,
    ...(options.has("filenames") || also.length || asksForFiles(spec)
      ? { files: true as const }
      : {}),
    ...(options.has("nospace") ? { bare: true as const } : {}),
    ...(options.has("nosort") ? { unsorted: true as const } : {}),
  };
}
