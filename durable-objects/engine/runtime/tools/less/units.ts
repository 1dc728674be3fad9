/** A line as less shows it: characters, what stands for control characters, and attributes. */
import { bold, lengthAt, plain, reverse, underline, widthOf } from "../screen/paint.ts";

export interface Unit {
  /** Its first byte in the line, and how many it is made of. */
  at: number;
  length: number;
  /** What is shown; "" of a sequence that is passed on. A tab is a tab. */
  text: string;
  width: number;
  attributes: string;
  /** What patterns see of it. */
  sought: string;
}

const hex = (byte: string): string =>
  `<${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}>`;

function shown(character: string): string {
  if (character === "\x1b") return "ESC";
  if (character < " " || character === "\x7f")
    return `^${String.fromCharCode(character.charCodeAt(0) ^ 64)}`;
  return hex(character);
}

/** Takes a line apart; `control`: 0 shows all control characters, 1 passes all on, 2 sequences of attributes. */
export function unitsOf(line: string, control: 0 | 1 | 2): Unit[] {
  const units: Unit[] = [];
  let passed = "";
  const put = (at: number, length: number, text: string, attributes = "", sought = text): void => {
    const width = attributes === reverse ? text.length : text === "\t" ? 1 : widthOf(text);
    units.push({ at, length, text, width, attributes: passed + attributes, sought });
  };
  for (let at = 0; at < line.length;) {
    const length = lengthAt(line, at);
    const character = line.slice(at, at + length);
    const sequence =
      control > 0 && character === "\x1b"
        ? /^\x1b\[[\d;:]*m/.exec(line.slice(at, at + 64))?.[0]
        : undefined;
    if (sequence) {
      passed = /^\x1b\[0*m$/.test(sequence) ? "" : passed + sequence;
      at += sequence.length;
      continue;
    }
    const isPlain = length > 1 || (character >= " " && character < "\x7f");
    const over = line[at + length] === "\b" && at + length + 1 < line.length;
    if (isPlain && over) {
      const second = line.slice(at + length + 1, at + length + 1 + lengthAt(line, at + length + 1));
      const all = length + 1 + second.length;
      if (second === character) put(at, all, character, bold);
      else if (character === "_") put(at, all, second, underline);
      else put(at, all, second === "_" ? character : second, second === "_" ? underline : "");
      at += all;
      continue;
    }
    if (isPlain || character === "\t") put(at, length, character);
    else put(at, length, shown(character), reverse, character);
    at += length;
  }
  return units;
}

export interface Laid {
  text: string;
  /** Units that are in it. */
  end: number;
}

/** Columns of a unit at a column. */
const widthAt = (unit: Unit, column: number, tabs: number): number =>
  unit.text === "\t" ? tabs - (column % tabs) : unit.width;

/**
 * Lays units from `from` on into a row: until it is full, or with `left` columns left out and what does not fit cut off behind a
 * mark. `lit`: which units are highlighted.
 */
export function lay(
  units: readonly Unit[],
  from: number,
  size: { cols: number; tabs: number; left: number; chops: boolean },
  lit: (unit: number) => boolean,
): Laid {
  const { cols, tabs, left, chops } = size;
  let text = "";
  let now = "";
  let column = 0;
  let i = from;
  const put = (piece: string, attributes: string): void => {
    if (attributes !== now) text += plain + attributes;
    now = attributes;
    text += piece;
  };
  for (; i < units.length; i++) {
    const unit = units[i] as Unit;
    const width = widthAt(unit, column, tabs);
    if (column - left + width > cols) {
      if (!chops) {
        if (unit.text !== "\t") break;
        put(" ".repeat(cols - column), unit.attributes);
        i++;
        break;
      }
      return { text: cut(text, cols, column - left), end: units.length };
    }
    const attributes = unit.attributes + (lit(i) ? reverse : "");
    const piece = unit.text === "\t" ? " ".repeat(width) : unit.text;
    if (column >= left) put(piece, attributes);
    else if (column + width > left) put(" ".repeat(column + width - left), attributes);
    column += width;
    // What combines with the last character of a full row belongs to it.
    if (!chops && column === cols && (units[i + 1]?.width ?? 1) > 0) {
      i++;
      break;
    }
  }
  return { text: now ? text + plain : text, end: i };
}

/** Without the sequences at its end. */
function withoutSequences(text: string): string {
  let end = text.length;
  while (text[end - 1] === "m") {
    const from = text.lastIndexOf("\x1b[", end);
    if (from < 0 || !/^[\d;:]*$/.test(text.slice(from + 2, end - 1))) break;
    end = from;
  }
  return text.slice(0, end);
}

/** A row of which there is more: its last column says so. */
function cut(text: string, cols: number, filled: number): string {
  let kept = text;
  let column = filled;
  // The last character goes, a wide one wholly.
  while (column > cols - 1) {
    const end = withoutSequences(kept);
    let at = end.length - 1;
    while (at > 0 && (end.charCodeAt(at) & 0xc0) === 0x80) at--;
    column -= Math.max(1, widthOf(end.slice(at)));
    kept = end.slice(0, at);
  }
  return `${kept}${plain}${" ".repeat(cols - 1 - column)}${reverse}>${plain}`;
}
