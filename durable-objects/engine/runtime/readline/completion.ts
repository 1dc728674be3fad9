/** What of a line is completed, and how what fits is shown. readline: complete.c */
import { decodeUtf8 } from "../bytes.ts";
import { cellsOf } from "./width.ts";

export interface Word {
  /** Where it begins in the line, behind an opening quote. */
  start: number;
  /** What it says, quotes and backslashes taken away. */
  text: string;
  quote: "" | "'" | '"';
  /** It stands where a command does. */
  first: boolean;
}

/** The word that ends at a place. */
export function wordAt(line: string, point: number): Word {
  let first = true;
  let start = 0;
  let text = "";
  let quote: Word["quote"] = "";
  let inWord = false;
  const open = (at: number): void => {
    if (inWord) return;
    inWord = true;
    start = at;
    text = "";
  };
  for (let at = 0; at < point; at++) {
    const c = line[at]!;
    if (quote === "" && c === "\\") {
      open(at);
      text += line[++at] ?? "";
    } else if (quote === "" && (c === "'" || c === '"')) {
      open(at + 1);
      quote = c;
      if (text === "") start = at + 1;
    } else if (c === quote) quote = "";
    else if (quote === "" && /\s/.test(c)) {
      // An assignment is no command.
      if (inWord && first && !/^\w+=/.test(text))
        first =
          /^(?:then|do|else|elif|if|while|until|!|time|\{|sudo|exec)$/.test(text) &&
          text !== "sudo";
      inWord = false;
    } else if (quote === "" && /[;&|(`]/.test(c)) {
      inWord = false;
      first = true;
    } else if (quote === "" && /[<>]/.test(c)) {
      inWord = false;
      first = false;
    } else if (quote === "" && (c === "=" || c === ":") && inWord) {
      inWord = false;
      if (c === "=") first = false;
      start = at + 1;
      text = "";
    } else {
      open(at);
      text += c;
    }
  }
  if (!inWord) return { start: point, text: "", quote, first };
  return { start, text, quote, first };
}

/** A file's name as the line must have it. */
export function quotedName(name: string, quote: Word["quote"]): string {
  if (quote === "'") return name.replaceAll("'", "'\\''");
  if (quote === '"') return name.replaceAll(/["\\$`]/g, "\\$&");
  return name.replaceAll(/[ \t"'\\$`&|;()<>*?[\]{}!#]/g, "\\$&");
}

const widthOf = (name: string): number => {
  let width = 0;
  for (const character of decodeUtf8(name)) width += cellsOf(character.codePointAt(0) ?? 0);
  return width;
};

/** Names down the columns, as many columns as there is room for. */
export function listedInColumns(names: readonly string[], cols: number): string {
  const width = Math.max(...names.map(widthOf)) + 2;
  const across = Math.max(
    1,
    Math.floor(cols / width) - (cols % width === 0 && cols / width > 1 ? 1 : 0),
  );
  const rows = Math.ceil(names.length / across);
  let out = "";
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < across; column++) {
      const name = names[column * rows + row];
      if (name === undefined) break;
      const isLast = names[(column + 1) * rows + row] === undefined || column + 1 === across;
      out += isLast ? name : name + " ".repeat(width - widthOf(name));
    }
    out += "\n";
  }
  return out;
}
