/** `${...}` as bash writes it. */
import { SyntaxProblem, type Item, type Part, type VarPart, type Word } from "../ast.ts";
import type { Cursor } from "./cursor.ts";

/** A parameter's name, or nothing. */
const nameAt = (rest: string): string | undefined =>
  /^(?:[A-Za-z_]\w*|\d+|[@*#?$!-])/.exec(rest)?.[0];

const operator =
  /^(?::[-=?+]|[-=?+]|##|#|%%|%|\/\/|\/#|\/%|\/|\^\^|\^|,,|,|~~|~|:|@[a-zA-Z](?=\}))/;

/** What stands in brackets behind a name, the cursor before them; brackets may be within brackets. */
export function readSubscript(reader: Cursor): Word {
  let depth = 0;
  reader.at++;
  const word = reader.parts((c) => {
    if (c === "[") depth++;
    return c === "]" && depth-- === 0;
  });
  if (reader.at >= reader.text.length)
    reader.unterminated("unterminated quoted string", "]", reader.line());
  reader.at++;
  return word;
}

/** Whether a subscript stands for all elements: `@` or `*`. */
export function wholeOf(sub: Word | undefined): "@" | "*" | undefined {
  const only = sub?.length === 1 ? sub[0] : undefined;
  if (only?.t !== "lit" || only.q) return undefined;
  return only.v === "@" || only.v === "*" ? only.v : undefined;
}

/** A whole `${...}` that means nothing, with the brace that closes it. */
function bad(reader: Cursor, begun: number, q: boolean): Part {
  reader.at = begun;
  reader.parts((c) => c === "}");
  if (reader.at >= reader.text.length) {
    reader.at = begun;
    const from = reader.line();
    reader.at = reader.text.length;
    reader.unterminated("missing '}'", "}", from);
  }
  reader.at++;
  return { t: "var", name: `\${${reader.text.slice(begun, reader.at)}`, op: "bad", q };
}

/** The name with what belongs to it: the exclamation mark before, the brackets behind. */
function readName(reader: Cursor, q: boolean): VarPart | undefined {
  const rest = reader.text.slice(reader.at, reader.at + 256);
  const indirect = /^![A-Za-z_\d#@*?]/.test(rest);
  const name = nameAt(indirect ? rest.slice(1) : rest);
  if (name === undefined) return undefined;
  reader.at += name.length + (indirect ? 1 : 0);
  const part: VarPart = { t: "var", name, op: "", q };
  if (indirect) part.ind = true;
  if (/^[A-Za-z_]/.test(name) && reader.text[reader.at] === "[") {
    // A bracket that nothing closes before the brace makes no subscript.
    if (!/^\[[^\]]*\]/.test(reader.text.slice(reader.at))) return undefined;
    part.sub = readSubscript(reader);
  }
  return part;
}

/** `${#name}` and its like. */
function readLength(reader: Cursor, q: boolean): Part | undefined {
  const begun = reader.at;
  if (reader.text[begun] !== "#" || reader.text[begun + 1] === "}") return undefined;
  reader.at++;
  const part = reader.text[reader.at] === "!" ? undefined : readName(reader, q);
  if (part && reader.text[reader.at] === "}") {
    reader.at++;
    return { ...part, op: "len" };
  }
  reader.at = begun;
  return undefined;
}

/** The cursor stands after the brace; it is left behind the one that closes. */
export function readBashParameter(reader: Cursor, q: boolean): Part {
  const begun = reader.at;
  const length = readLength(reader, q);
  if (length) return length;
  const part = readName(reader, q);
  if (!part) return bad(reader, begun, q);
  const { text } = reader;
  if (part.ind && !part.sub && /^[*@]\}/.test(text.slice(reader.at, reader.at + 2))) {
    part.op = `names${text[reader.at]}`;
    reader.at += 2;
    return part;
  }
  if (text[reader.at] === "}") {
    if (part.ind && wholeOf(part.sub)) part.op = "keys";
    reader.at++;
    return part;
  }
  const op = operator.exec(text.slice(reader.at, reader.at + 3))?.[0];
  if (op === undefined) return bad(reader, begun, q);
  reader.at += op.length;
  part.op = op;
  if (op === ":" && reader.text[reader.at] === "}") return bad(reader, begun, q);
  if (op.startsWith("@")) {
    reader.at++;
    return part;
  }
  const plain = /^[#%/^,~:]/.test(op) && !/^:[-=?+]/.test(op);
  const delimiter = op.startsWith("/") ? "/" : op === ":" ? ":" : "";
  part.arg = reader.argument(q && !plain, delimiter);
  if (reader.text[reader.at] !== "}") {
    reader.at++;
    // What takes the place of a match is as without the quotes around it.
    part.arg2 = reader.argument(q && delimiter !== "/", "");
  }
  reader.at++;
  return part;
}

/** `(...)` behind `name=`, the cursor before the parenthesis. */
export function readItems(reader: Cursor): Item[] {
  const items: Item[] = [];
  const from = reader.line();
  reader.at++;
  for (;;) {
    reader.newlines();
    const c = reader.text[reader.at];
    if (c === undefined) reader.unterminated("unterminated quoted string", ")", from, 1);
    if (c === ")") break;
    const item = readKeyed(reader) ?? reader.word();
    if (!item) return wrongItem(reader);
    items.push("word" in item ? item : { word: item });
  }
  reader.at++;
  return items;
}

/** What is wrong in a list leaves status 1. */
function wrongItem(reader: Cursor): never {
  try {
    return reader.unexpected();
  } catch (error) {
    if (error instanceof SyntaxProblem) error.status = 1;
    throw error;
  }
}

/** `[sub]=word`; undefined, and the cursor where it was: it is none. */
function readKeyed(reader: Cursor): Item | undefined {
  if (reader.text[reader.at] !== "[") return undefined;
  const begun = reader.at;
  let depth = 0;
  let i = begun;
  for (; i < reader.text.length; i++) {
    const c = reader.text[i];
    if (c === "[") depth++;
    else if (c === "]" && --depth === 0) break;
    else if (c === "\n") return undefined;
  }
  const sign = /^\]\+?=/.exec(reader.text.slice(i, i + 3))?.[0];
  if (sign === undefined) return undefined;
  const sub = readSubscript(reader);
  const append = reader.text[reader.at] === "+";
  reader.at += append ? 2 : 1;
  return { sub, word: reader.word() ?? [], ...(append ? { append: true as const } : {}) };
}
