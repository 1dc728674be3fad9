/** Addresses of ex commands: `%`, `.`, `$`, `'a`, `/pattern/`, `+3`, and what is between two of them. */
import { Refused, type Editor } from "./editor.ts";
import { findNext, patternOf } from "./search.ts";

export interface Range {
  /** Rows; `from` may be -1, for above all. */
  from: number;
  to: number;
  /** Addresses that were given. */
  given: number;
  /** What follows. */
  rest: string;
}

class Reader {
  readonly ed: Editor;
  readonly text: string;
  at = 0;

  constructor(ed: Editor, text: string) {
    this.ed = ed;
    this.text = text;
  }

  blanks(): void {
    while (/[ \t:]/.test(this.text.charAt(this.at))) this.at++;
  }

  address(row: number): number | undefined {
    this.blanks();
    let found = this.base(row);
    for (;;) {
      this.blanks();
      const more = /^([+-])(\d{0,9})|^(\d{1,9})/.exec(this.text.slice(this.at, this.at + 12));
      if (!more || (found === undefined && more[3] !== undefined)) return found;
      this.at += more[0].length;
      const by = more[3] === undefined ? Number(more[2] || 1) : Number(more[3]);
      found = (found ?? row) + (more[1] === "-" ? -by : by);
    }
  }

  base(row: number): number | undefined {
    const { ed, text } = this;
    const number = /^\d{1,9}/.exec(text.slice(this.at, this.at + 9))?.[0];
    if (number !== undefined) {
      this.at += number.length;
      return Number(number) - 1;
    }
    const sign = text[this.at];
    if (sign === "." || sign === "$") {
      this.at++;
      return sign === "." ? row : ed.last;
    }
    if (sign === "'") return this.mark();
    if (sign === "/" || sign === "?") return this.sought(sign, row);
    return undefined;
  }

  mark(): number {
    const { s } = this.ed;
    const name = this.text[this.at + 1] ?? "";
    this.at += 2;
    const spot =
      name === "<"
        ? s.lastVisual?.from
        : name === ">"
          ? s.lastVisual?.to
          : s.marks[name === "`" ? "'" : name];
    if (!spot) throw new Refused("E20: Mark not set");
    return spot.row;
  }

  sought(sign: string, row: number): number {
    const { ed, text } = this;
    let end = this.at + 1;
    while (end < text.length && text[end] !== sign) end += text[end] === "\\" ? 2 : 1;
    const written = text.slice(this.at + 1, end).replaceAll(`\\${sign}`, sign);
    this.at = Math.min(text.length, end + 1);
    const pattern = written || ed.s.search?.pattern;
    if (pattern === undefined) throw new Refused("E35: No previous regular expression");
    ed.s.search = { pattern, forward: sign === "/", offset: "" };
    const forward = sign === "/";
    const from = { row, col: forward ? ed.lines[row]!.length : 0 };
    const hit = findNext(ed, patternOf(ed, pattern), from, { forward });
    if (!hit) throw new Refused(`E486: Pattern not found: ${pattern}`);
    return hit.from.row;
  }
}

/** What a command line says of its rows. Refused where there are no such. */
export function rangeOf(ed: Editor, text: string): Range {
  const reader = new Reader(ed, text);
  reader.blanks();
  if (text[reader.at] === "%")
    return { from: 0, to: ed.last, given: 2, rest: text.slice(reader.at + 1) };
  let { row } = ed.s;
  const rows: number[] = [];
  for (;;) {
    const found = reader.address(row);
    reader.blanks();
    const sign = text[reader.at];
    const isMore = sign === "," || sign === ";";
    if (found !== undefined) rows.push(found);
    else if (isMore || rows.length > 0) rows.push(row);
    if (!isMore) break;
    if (sign === ";") row = Math.max(0, Math.min(ed.last, rows.at(-1)!));
    reader.at++;
    if (found === undefined && rows.length === 0) rows.push(row);
  }
  const rest = text.slice(reader.at);
  const [from = ed.s.row, to = from] = rows.slice(-2);
  const last = rows.length === 0 ? ed.s.row : to;
  // A bare number beyond the end is the last line.
  if (rest.trim() === "" && from >= -1)
    return {
      from: Math.min(from, last, ed.last),
      to: Math.min(Math.max(from, last), ed.last),
      given: rows.length,
      rest,
    };
  if (from > ed.last || last > ed.last || from < -1) throw new Refused("E16: Invalid range");
  return {
    from: Math.min(from, last),
    to: Math.max(from, last),
    given: Math.min(2, rows.length),
    rest,
  };
}

/** One address behind a command: of `:m` and `:t`. */
export function addressOf(ed: Editor, text: string): number {
  const reader = new Reader(ed, text);
  const row = reader.address(ed.s.row);
  if (row === undefined) throw new Refused("E14: Invalid address");
  if (row > ed.last || row < -1) throw new Refused("E16: Invalid range");
  return row;
}
