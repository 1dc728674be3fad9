/** Files read into the text, and written from it, with what vim says of them. */
import { viFileBytesMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import { Refused, type Editor } from "./editor.ts";

/** The size of a text as vim tells it. */
const sizes = (lines: number, bytes: number): string => `${lines}L, ${bytes}B`;

/** A name in quotes; one too long for the line loses its beginning. */
function quotedName(ed: Editor, name: string, rest: string): string {
  const room = ed.s.cols - 1 - (rest.length + 3);
  const shown = name.length > room && room > 0 ? `<${name.slice(name.length - room + 1)}` : name;
  return `"${shown}" ${rest}`.trimEnd();
}

interface Content {
  lines: string[];
  bytes: number;
  dos: boolean;
  noeol: boolean;
}

function content(data: string): Content {
  const noeol = data !== "" && !data.endsWith("\n");
  const lines = data === "" ? [] : (noeol ? data : data.slice(0, -1)).split("\n");
  const dos =
    lines.length > 0 &&
    lines.every((line, i) => line.endsWith("\r") || (noeol && i === lines.length - 1));
  return {
    lines: dos ? lines.map((line) => line.replace(/\r$/, "")) : lines,
    bytes: data.length,
    dos,
    noeol,
  };
}

const about = ({ lines, bytes, dos, noeol }: Content, readonly: boolean): string =>
  `${noeol ? "[noeol]" : ""}${readonly ? "[readonly] " : ""}${dos ? "[dos] " : ""}${noeol && !readonly && !dos ? " " : ""}${sizes(lines.length, bytes)}`;

/** What there is under a name: its content, or why there is none. */
function readNamed(
  ed: Editor,
  name: string,
): Content | { said: string; missing?: true; unusable?: true } {
  const { sys } = ed;
  try {
    const stat = sys.stat(name);
    if (stat.type === "d") return { said: "is a directory" };
    if (stat.type !== "f" && stat.type !== "c") return { said: "is not a file" };
    if (stat.size > viFileBytesMax)
      return {
        said: `[too large: ${stat.size} bytes, this editor takes ${viFileBytesMax}]`,
        unusable: true,
      };
    return content(stat.type === "c" ? "" : sys.readFile(name));
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    if (error.code === "ENOENT") {
      const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) || "/" : ".";
      const isThere = sys.peek(folder)?.type === "d";
      return { said: isThere ? "[New]" : "[New DIRECTORY]", missing: true };
    }
    return { said: "[Permission Denied]" };
  }
}

/** Edits a file: it takes the place of the text. */
export function edit(ed: Editor, name: string, at: (ed: Editor) => void = () => undefined): void {
  const { s, sys } = ed;
  if (name !== s.name && s.name !== "") s.other = s.name;
  s.name = name;
  delete s.dos;
  delete s.noeol;
  s.readAtMs = -1;
  if (name === "") {
    ed.load([]);
    ed.go(0, 0);
    return;
  }
  const found = readNamed(ed, name);
  if ("said" in found) {
    ed.load([]);
    ed.go(0, 0);
    if (found.unusable) s.name = "";
    ed.say(quotedName(ed, name, found.said));
    return;
  }
  const readonly = s.options["readonly"] === true || !sys.access(name, 2);
  if (readonly) s.options["readonly"] = true;
  if (found.dos) s.dos = true;
  s.options["fileformat"] = found.dos ? "dos" : "unix";
  s.readAtMs = sys.stat(name).mtime ?? -1;
  ed.load(found.lines);
  s.top = 0;
  ed.goFirst(0);
  ed.s.marks["["] = { row: 0, col: 0 };
  ed.s.marks["]"] = { row: ed.last, col: 0 };
  at(ed);
  ed.say(quotedName(ed, name, about(found, readonly)));
}

/** `:r FILE`: its lines below a row. */
export function insertFile(ed: Editor, name: string, row: number): void {
  const found = readNamed(ed, name);
  if ("said" in found) {
    if (found.missing) throw new Refused(`E484: Can't open file ${name}`);
    throw new Refused(quotedName(ed, name, found.said));
  }
  insertLines(ed, found.lines, row);
  ed.say(quotedName(ed, name, about(found, false)));
}

/** Lines put below a row; -1: above all. */
export function insertLines(ed: Editor, lines: string[], row: number): void {
  if (lines.length === 0) return;
  ed.splice(row + 1, 0, lines);
  ed.goFirst(row + 1);
}

interface Writing {
  append?: boolean;
  force?: boolean;
  /** Rows, where not all. */
  from?: number;
  to?: number;
}

/** Writes the text, or rows of it. Refused with vim's words. */
export function write(ed: Editor, name: string, { append, force, from, to }: Writing = {}): void {
  const { s, sys } = ed;
  const target = name || s.name;
  if (target === "") throw new Refused("E32: No file name");
  const isOwn = target === s.name;
  const isPart = from !== undefined && (from > 0 || (to ?? ed.last) < ed.last);
  if (isOwn && !force && ed.is("readonly"))
    throw new Refused("E45: 'readonly' option is set (add ! to override)");
  const there = sys.peek(target);
  if (there?.type === "d")
    throw new Refused(
      `"${target}" E502: is a directory`.replace(/^"(.*)" E502: is/, 'E17: "$1" is'),
    );
  if (isOwn && isPart && !force) throw new Refused("E140: Use ! to write partial buffer");
  const isNewOwn = isOwn && s.readAtMs < 0 && s.name !== "";
  if (there && !append && !force && (!isOwn || isNewOwn))
    throw new Refused("E13: File exists (add ! to override)");
  if (!there && append && !force) throw new Refused(`E212: Can't open file for writing`);
  const rows = from === undefined ? ed.lines : ed.lines.slice(from, (to ?? ed.last) + 1);
  const lines = ed.isEmpty ? [] : rows;
  const end = s.dos ? "\r\n" : "\n";
  const data = lines.length ? lines.join(end) + end : "";
  try {
    sys.writeFile(target, data, append ? { append: true } : {});
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const full = error.code === "ENOSPC" || error.code === "EDQUOT";
    throw new Refused(
      `"${target}" ${full ? "E514: Write error (file system full?)" : "E212: Can't open file for writing"}`,
    );
  }
  if (s.name === "") s.name = target;
  if (target === s.name) {
    if (!isPart && !append) {
      s.modified = false;
      for (const step of [...s.undo, ...s.redo]) delete step.clean;
      const last = s.undo.at(-1);
      if (last) last.clean = "after";
    }
    s.readAtMs = sys.stat(target).mtime ?? 0;
  }
  const flags = `${there ? "" : "[New] "}${s.dos ? "[dos] " : ""}`;
  ed.say(
    quotedName(
      ed,
      target,
      `${flags}${sizes(lines.length, data.length)} ${append ? "appended" : "written"}`,
    ),
  );
}

/** ^G. */
export function fileInfo(ed: Editor): string {
  const { s } = ed;
  const name = s.name === "" ? "[No Name]" : s.name;
  const flags = `${s.modified ? " [Modified]" : " "}${ed.is("readonly") ? (s.modified ? "[readonly]" : "[readonly]") : ""}${s.readAtMs < 0 && s.name !== "" ? "[New]" : ""}`;
  if (ed.isEmpty)
    return `"${name}"${flags.trimEnd() === "" ? " " : `${flags.trimEnd()} `}--No lines in buffer--`;
  const count = ed.lines.length;
  const percent = Math.floor(((s.row + 1) * 100) / count);
  const head = `"${name}"${flags.trimEnd() === "" ? " " : `${flags.trimEnd()} `}`;
  const lines = `${count} line${count === 1 ? "" : "s"}`;
  // With 'ruler' the place is not told twice.
  if (ed.is("ruler")) return `${head}${lines} --${percent}%--`;
  return `${head}line ${s.row + 1} of ${count} --${percent}%-- col ${s.col + 1}`;
}
