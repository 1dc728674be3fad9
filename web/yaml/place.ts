import type { Path } from "./schema.ts";

/** Where in a YAML text somebody types, told by its indentation: what is half-typed cannot be parsed. */

export interface Place {
  /** Of the map whose key is typed, or of the value. */
  path: Path;
  what: "key" | "value";
  /** What stands there up to the cursor. */
  typed: string;
  /** Where a key of this map begins. */
  column: number;
}

/** The document that an offset lies in, of a text with several. */
export function documentAt(text: string, offset: number): { start: number; text: string } {
  let start = 0;
  for (const { index } of text.matchAll(/^---.*$/gm)) {
    const after = text.indexOf("\n", index) + 1 || text.length;
    if (index >= offset) return { start, text: text.slice(start, index) };
    start = after;
  }
  return { start, text: text.slice(start) };
}

/** `apiVersion` and `kind` of a document; "": it has none. */
export function typeMeta(document: string): { apiVersion: string; kind: string } {
  return { apiVersion: wordAfter(document, "apiVersion:"), kind: wordAfter(document, "kind:") };
}

const wordAfter = (document: string, key: string): string =>
  document
    .split("\n")
    .find((line) => line.startsWith(key))
    ?.slice(key.length)
    .replace(/#.*/, "")
    .trim()
    .replaceAll(/^["']|["']$/g, "") ?? "";

const keyLine = /^( *(?:- +)*)((?:\w[\w./-]*)?)$/;
const valueLine = /^( *(?:- +)*)(\w[\w./-]*): +(\S*)$/;

/** Undefined: neither a key nor a value is typed there. */
export function placeAt(document: string, offset: number): Place | undefined {
  const lines = document.slice(0, offset).split("\n");
  const line = lines.pop()!;
  const value = valueLine.exec(line);
  const [, before = "", typed = ""] = value ? [] : (keyLine.exec(line) ?? []);
  if (!value && !keyLine.test(line)) return undefined;
  const start = value ? value[1]! : before;
  const path = [...pathAbove(lines, dashes(start), start.length), ...(value ? [value[2]!] : [])];
  return {
    path,
    what: value ? "value" : "key",
    typed: value ? value[3]! : typed,
    column: start.length,
  };
}

/** Columns of the dashes in a line's start, last first. */
const dashes = (start: string): number[] =>
  [...start.matchAll(/-/g)].map(({ index }) => index).toReversed();

interface Climb {
  path: (string | number)[];
  /** Only what begins left of it holds the place. */
  column: number;
  /** The place is an element of a list, whose key may begin in the same column. */
  inList: boolean;
}

function pathAbove(lines: string[], own: number[], column: number): Path {
  const climb: Climb = { path: [], column, inList: false };
  own.forEach((at) => passDash(climb, at));
  for (const line of lines.toReversed()) {
    if (climb.column === 0 && !climb.inList) break;
    const entry = /^( *(?:- +)*)(?:"([^"]*)"|'([^']*)'|([\w./-]+)):(?:\s|$)/.exec(line);
    const start = entry?.[1] ?? /^ *(?:- +)*/.exec(line)![0];
    if (entry) passKey(climb, start.length, entry[2] ?? entry[3] ?? entry[4]!);
    dashes(start).forEach((at) => passDash(climb, at));
  }
  return climb.path;
}

function passKey(climb: Climb, at: number, key: string): void {
  if (at > climb.column || (at === climb.column && !climb.inList)) return;
  climb.path.unshift(key);
  climb.column = at;
  climb.inList = false;
}

function passDash(climb: Climb, at: number): void {
  if (at >= climb.column) return;
  climb.path.unshift(0);
  climb.column = at;
  climb.inList = true;
}
