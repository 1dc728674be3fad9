/** Questions at the bottom: names of files, what to look for, lines, yes and no. */
import { typedLineBytesMax, typedLinesKeptMax } from "../../../core/limits.ts";
import { after, before } from "../../readline/line.ts";
import type { Sys } from "../../kernel/types.ts";
import { closeBuffer, exists, insertFile, startAt, write } from "./files.ts";
import { toFirst, toLast, toParagraph } from "./moving.ts";
import { answerReplace, beginReplacing, search } from "./search.ts";
import { current, tell, wipe, type NanoState, type Prompt, type PromptKind } from "./state.ts";

export function ask(
  state: NanoState,
  kind: PromptKind,
  text = "",
  more: Partial<Prompt> = {},
): void {
  state.prompt = { kind, text, column: text.length, ...more };
}

function cancel(state: NanoState): void {
  delete state.prompt;
  delete state.question;
  tell(state, "Cancelled");
}

/** Kinds whose answers are offered again together. */
const family = (kind: PromptKind): string => (kind === "replace" ? "search" : kind);

function remember(state: NanoState, { kind, text }: Prompt): void {
  if (text === "" || kind === "write" || kind === "goto" || kind === "insert") return;
  const list = (state.earlier[family(kind)] ?? []).filter((known) => known !== text);
  state.earlier[family(kind)] = [...list, text].slice(-typedLinesKeptMax);
}

function recall(state: NanoState, prompt: Prompt, by: number): void {
  const list = state.earlier[family(prompt.kind)] ?? [];
  const at = (prompt.earlier ?? 0) + by;
  if (at < 0 || at > list.length) return;
  prompt.text = at === 0 ? "" : (list[list.length - at] as string);
  prompt.column = prompt.text.length;
  prompt.earlier = at;
}

function replace(prompt: Prompt, from: number, to: number, text: string): void {
  prompt.text = prompt.text.slice(0, from) + text + prompt.text.slice(to);
  prompt.column = from + text.length;
}

/** Keys that edit the answer; whether this was one. */
function edits(state: NanoState, prompt: Prompt, key: string): boolean {
  const { text, column } = prompt;
  if (key === "left") prompt.column = before(text, column);
  else if (key === "right") prompt.column = after(text, column);
  else if (key === "\x01" || key === "home") prompt.column = 0;
  else if (key === "\x05" || key === "end") prompt.column = text.length;
  else if (key === "\x7f" || key === "\b") {
    if (column > 0) replace(prompt, before(text, column), column, "");
  } else if (key === "\x04" || key === "delete") replace(prompt, column, after(text, column), "");
  else if (key === "\x0b") {
    state.cut = text.slice(column) || text;
    if (column < text.length) prompt.text = text.slice(0, column);
    else replace(prompt, 0, column, "");
  } else if (key === "\x15") replace(prompt, column, column, state.cut.split("\n")[0] ?? "");
  else if (key === "\x10" || key === "up") recall(state, prompt, 1);
  else if (key === "\x0e" || key === "down") recall(state, prompt, -1);
  else if (key.length === 1 ? key >= " " : key.charCodeAt(0) >= 0x80) {
    if (text.length < typedLineBytesMax) replace(prompt, column, column, key);
  } else return false;
  return true;
}

function toggles(state: NanoState, prompt: Prompt, key: string): boolean {
  const { options } = state;
  const letter = /^M-(.)$/.exec(key)?.[1]?.toLowerCase();
  if (!letter) return false;
  const buffer = current(state);
  if (prompt.kind === "write") {
    if (letter === "d" || letter === "m") {
      const format = letter === "d" ? "dos" : "mac";
      if (buffer.format === format) delete buffer.format;
      else buffer.format = format;
    } else if (letter === "a" || letter === "p") {
      const how = letter === "a" ? "append" : "prepend";
      if (prompt.how === how) delete prompt.how;
      else prompt.how = how;
    } else if (letter === "b") options.backup = !options.backup;
    return true;
  }
  if (prompt.kind === "search" || prompt.kind === "replace") {
    if (letter === "c") options.casesensitive = !options.casesensitive;
    else if (letter === "r") options.regexp = !options.regexp;
    else if (letter === "b") options.backwards = !options.backwards;
    return true;
  }
  if (letter === "f" && (prompt.kind === "insert" || prompt.kind === "execute"))
    options.multibuffer = !options.multibuffer;
  return true;
}

/** Keys that lead from one prompt to another place. */
function leads(state: NanoState, prompt: Prompt, key: string): boolean {
  const { kind, text } = prompt;
  const leave = (): void => {
    delete state.prompt;
    wipe(state);
  };
  if (key === "\x19" && kind !== "write" && kind !== "insert" && kind !== "execute") {
    leave();
    toFirst(state);
  } else if (key === "\x16" && kind !== "write" && kind !== "insert" && kind !== "execute") {
    leave();
    toLast(state);
  } else if (key === "\x12" && (kind === "search" || kind === "replace"))
    ask(state, kind === "search" ? "replace" : "search", text);
  else if (key === "\x14" && kind === "search") ask(state, "goto", text);
  else if (key === "\x14" && kind === "goto") ask(state, "search", text);
  else if ((key === "\x17" || key === "\x0f") && kind === "goto") {
    leave();
    toParagraph(state, key === "\x17" ? -1 : 1);
  } else if (key === "\x18" && kind === "insert") ask(state, "execute");
  else return false;
  return true;
}

function goToLine(state: NanoState, text: string): void {
  const buffer = current(state);
  const [, sign = "", line, column] = /^([-+]?)(\d*)(?:[,.;:] ?(\d+))?$/.exec(text.trim()) ?? [];
  if (line === undefined || (line === "" && column === undefined)) {
    tell(state, "Invalid line or column number");
    return;
  }
  wipe(state);
  const number = Number(line || buffer.line + 1);
  const at = sign === "+" ? buffer.line + 1 + number : sign === "-" ? -number : number;
  startAt(state, buffer, at, Number(column ?? 1));
}

/** What a prompt wants done. */
export interface Doing {
  execute?: string;
}

function written(sys: Sys, state: NanoState, prompt: Prompt): void {
  if (!write(sys, state, prompt)) return;
  if (prompt.closes) closeBuffer(state);
}

function answered(sys: Sys, state: NanoState, prompt: Prompt): Doing | undefined {
  const { text, kind } = prompt;
  delete state.prompt;
  remember(state, prompt);
  const sought = text === "" ? state.sought : text;
  if (kind === "execute") return { execute: text };
  if (kind === "goto") goToLine(state, text);
  else if (kind === "insert") {
    if (text === "") tell(state, "Cancelled");
    else insertFile(sys, state, text);
  } else if (kind === "with") beginReplacing(sys, state, text);
  else if (kind === "write") {
    const buffer = current(state);
    if (text === "") tell(state, "Cancelled");
    else if (!prompt.how && buffer.name !== "" && buffer.name !== text && !buffer.mark)
      state.question = { kind: "different", text: "Save file under DIFFERENT NAME? ", prompt };
    else if (!prompt.how && buffer.name !== text && exists(sys, text))
      state.question = { kind: "overwrite", text: `File "${text}" exists; OVERWRITE? `, prompt };
    else written(sys, state, prompt);
  } else if (sought === undefined) tell(state, "Cancelled");
  else {
    state.sought = sought;
    if (kind === "search") search(sys, state, sought);
    else ask(state, "with");
  }
  return undefined;
}

/** A key while something is asked for. */
export function promptKey(sys: Sys, state: NanoState, key: string): Doing | undefined {
  const { prompt } = state;
  if (!prompt) return undefined;
  if (key === "\x03") cancel(state);
  else if (key === "\r" || key === "\n" || key === "enter") return answered(sys, state, prompt);
  else if (!leads(state, prompt, key) && !edits(state, prompt, key) && !toggles(state, prompt, key))
    state.output = [...(state.output ?? []), [1, "\x07"]];
  return undefined;
}

/** The answer to a question of yes or no. */
export function questionKey(sys: Sys, state: NanoState, key: string): void {
  const { question } = state;
  if (!question) return;
  const { kind, prompt } = question;
  const letter = key.toLowerCase();
  if (kind === "replace" && letter === "a") return answerReplace(sys, state, "a");
  const isCancel = key === "\x03";
  const answer = isCancel
    ? "cancel"
    : letter === "y" || key === "\x19"
      ? "y"
      : letter === "n" || key === "\x0e"
        ? "n"
        : undefined;
  if (!answer) {
    state.output = [...(state.output ?? []), [1, "\x07"]];
    return;
  }
  if (kind === "replace") return answerReplace(sys, state, answer);
  delete state.question;
  if (kind === "exit") {
    if (answer === "cancel") tell(state, "Cancelled");
    else if (answer === "n") closeBuffer(state);
    else ask(state, "write", current(state).name, { closes: true });
    return;
  }
  if (answer !== "y" && prompt) state.prompt = prompt;
  else if (prompt && kind === "different" && exists(sys, prompt.text))
    state.question = {
      kind: "overwrite",
      text: `File "${prompt.text}" exists; OVERWRITE? `,
      prompt,
    };
  else if (prompt) written(sys, state, prompt);
}
