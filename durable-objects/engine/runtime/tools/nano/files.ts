/** Files: read into buffers, inserted, written. */
import { byteAt } from "./columns.ts";
import { nanoFileBytesMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import type { Sys } from "../../kernel/types.ts";
import { current, tell, type Buffer, type NanoState, type Prompt } from "./state.ts";
import { change, fits, goTo, lineAt, placeOf, textBetween, isBefore } from "./text.ts";

export const emptyBuffer = (name = ""): Buffer => ({
  name,
  lines: [""],
  line: 0,
  column: 0,
  want: 0,
  top: 0,
  undo: [],
  redo: [],
  saved: 0,
});

const counted = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? "" : "s"}`;

export const linesOf = (buffer: Buffer): number =>
  buffer.lines.length - (buffer.lines.at(-1) === "" ? 1 : 0);

/** What a path is after a tilde and blanks. */
const pathOf = (sys: Sys, name: string): string =>
  name.startsWith("~/") ? `${sys.env.HOME ?? ""}${name.slice(1)}` : name;

interface Text {
  lines: string[];
  format?: "dos" | "mac";
}

function parsed(text: string, state: NanoState): Text {
  const { noconvert } = state.options;
  const lines = text.split("\n");
  const isDos =
    !noconvert && lines.length > 1 && lines.slice(0, -1).every((line) => line.endsWith("\r"));
  if (!isDos) return { lines };
  return {
    lines: lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line)),
    format: "dos",
  };
}

/** The content of a file; or what is said of it. */
function content(sys: Sys, name: string): { text: string } | { error: string; absent?: true } {
  const path = pathOf(sys, name);
  try {
    const { type, size } = sys.stat(path);
    if (type === "d") return { error: `"${name}" is a directory` };
    if (type !== "f") return { error: `"${name}" is not a normal file` };
    if (size > nanoFileBytesMax)
      return { error: `"${name}" is too large: this sandbox edits ${nanoFileBytesMax / 1024} KB` };
    return { text: sys.readFile(path) };
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const absent = error.code === "ENOENT";
    return {
      error: absent ? `File "${name}" not found` : `Error reading ${name}: ${error.message}`,
      ...(absent ? { absent } : {}),
    };
  }
}

/** A buffer of a file that is named on the command line or opened later. */
export function openBuffer(sys: Sys, state: NanoState, name: string): Buffer {
  const found = content(sys, name);
  if ("error" in found) {
    if (found.absent) {
      tell(state, "New File");
      return emptyBuffer(name);
    }
    tell(state, found.error);
    ring(state);
    return emptyBuffer();
  }
  const buffer = emptyBuffer(name);
  fill(state, buffer, found.text);
  if (!sys.access(pathOf(sys, name), 2)) tell(state, `File '${name}' is unwritable`);
  return buffer;
}

/** Gives a buffer its text, and says how much it is. */
export function fill(state: NanoState, buffer: Buffer, text: string): void {
  if (!fits(state, text.length)) {
    tell(state, `Too large: this sandbox edits ${nanoFileBytesMax / 1024} KB`);
    return;
  }
  const { lines, format } = parsed(text, state);
  buffer.lines = lines;
  if (format) buffer.format = format;
  if (!state.options.nonewlines && lines.at(-1) !== "") lines.push("");
  const said = `Read ${counted(text === "" ? 0 : linesOf(buffer), "line")}`;
  tell(state, format ? `${said} (converted from DOS format)` : said);
}

export function ring(state: NanoState): void {
  state.output = [...(state.output ?? []), [1, "\x07"]];
}

/** Puts a text at the cursor, as ^R and ^T do. */
export function insertText(state: NanoState, text: string, where: string): void {
  const buffer = current(state);
  if (!fits(state, text.length)) {
    tell(state, `${where} is too large for this sandbox`);
    return;
  }
  const plain = parsed(text, state).lines.join("\n");
  const at = placeOf(buffer);
  const lines = plain.split("\n").length - (plain.endsWith("\n") ? 1 : 0);
  if (plain !== "") change(state, buffer, "insertion", { from: at, to: at, text: plain });
  tell(state, `Read ${counted(plain === "" ? 0 : lines, "line")}`);
}

export function insertFile(sys: Sys, state: NanoState, name: string): void {
  if (state.options.multibuffer) {
    state.buffers.push(openBuffer(sys, state, name));
    state.at = state.buffers.length - 1;
    state.several = true;
    return;
  }
  const found = content(sys, name);
  if ("error" in found) {
    tell(state, found.error);
    ring(state);
  } else insertText(state, found.text, `"${name}"`);
}

export const exists = (sys: Sys, name: string): boolean =>
  sys.peek(pathOf(sys, name)) !== undefined;

/** What is written: the whole text, or what is marked. */
function written(state: NanoState, prompt: Prompt): { text: string; lines: number } {
  const buffer = current(state);
  const end = buffer.format === "dos" ? "\r\n" : buffer.format === "mac" ? "\r" : "\n";
  const { mark } = buffer;
  if (mark && !prompt.closes) {
    const here = placeOf(buffer);
    const [from, to] = isBefore(mark, here) ? [mark, here] : [here, mark];
    const marked = textBetween(buffer, from, to);
    const part = state.options.nonewlines || marked.endsWith("\n") ? marked : `${marked}\n`;
    return { text: part.replaceAll("\n", end), lines: part.split("\n").length - 1 };
  }
  return { text: buffer.lines.join(end), lines: linesOf(buffer) };
}

/** Writes; whether it could. */
export function write(sys: Sys, state: NanoState, prompt: Prompt): boolean {
  const buffer = current(state);
  const name = prompt.text;
  const path = pathOf(sys, name);
  const isPart = buffer.mark !== undefined && prompt.closes === undefined;
  const { text, lines } = written(state, prompt);
  try {
    const had = sys.peek(path);
    if (had?.type === "d") throw new Errno("EISDIR");
    if (state.options.backup && had) {
      sys.writeFile(`${path}~`, sys.readFile(path));
    }
    if (prompt.how === "prepend") sys.writeFile(path, text + (had ? sys.readFile(path) : ""));
    else
      sys.writeFile(
        path,
        text,
        prompt.how === "append"
          ? { write: true, create: true, append: true }
          : { write: true, create: true, truncate: true },
      );
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    tell(state, `Error writing ${name}: ${error.message}`);
    ring(state);
    return false;
  }
  if (!isPart && !prompt.how) {
    buffer.name = name;
    buffer.saved = buffer.undo.length;
  }
  tell(state, `Wrote ${counted(lines, "line")}`);
  return true;
}

/** Goes to another buffer and says which. */
export function switchBuffer(state: NanoState, by: number): void {
  if (state.buffers.length < 2) {
    tell(state, "No more open file buffers");
    return;
  }
  state.at = (state.at + by + state.buffers.length) % state.buffers.length;
  announce(state);
}

export function announce(state: NanoState): void {
  const buffer = current(state);
  tell(state, `${buffer.name || "New Buffer"} -- ${counted(linesOf(buffer), "line")}`);
}

/** Closes the buffer; nano ends with the last. */
export function closeBuffer(state: NanoState): void {
  if (state.buffers.length === 1) {
    state.exitCode = 0;
    return;
  }
  state.buffers.splice(state.at, 1);
  state.at %= state.buffers.length;
  announce(state);
}

export function startAt(state: NanoState, buffer: Buffer, line: number, column: number): void {
  const at = line < 0 ? buffer.lines.length + line : line - 1;
  const place = Math.max(0, Math.min(at, buffer.lines.length - 1));
  const { tabsize } = state.options;
  goTo(buffer, [place, byteAt(lineAt(buffer, place), Math.max(0, column - 1), tabsize)], tabsize);
}
