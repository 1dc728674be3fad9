/** A terminal's screen: what a VT100 (and xterm, as far as line editing and full-screen programs go) shows of the bytes it gets. */
import { cellsOf } from "../../durable-objects/engine/runtime/readline/width.ts";

export class Screen {
  cols: number;
  rows: number;
  row = 0;
  col = 0;
  bells = 0;
  #wraps = false;
  #saved: [number, number] = [0, 0];
  /** Rows that scroll. */
  #region: [first: number, last: number];
  #cells: string[][];
  #rest = "";
  readonly modes = new Set<string>();

  constructor(cols: number, rows: number) {
    this.cols = cols;
    this.rows = rows;
    this.#region = [0, rows - 1];
    this.#cells = Array.from({ length: rows }, () => this.#blank());
  }

  #blank(): string[] {
    return Array.from({ length: this.cols }, () => " ");
  }

  /** Rows without the blanks at their ends. */
  get lines(): string[] {
    return this.#cells.map((row) => row.join("").trimEnd());
  }

  /** What people see, and where the cursor is. */
  toString(): string {
    const lines = this.lines;
    while (lines.at(-1) === "" && lines.length > this.row + 1) lines.pop();
    return `${lines.join("\n")}\n@${this.row},${this.#wraps ? this.cols - 1 : this.col}`;
  }

  /** Another width: rows are cut or filled, as a terminal without reflow does. */
  resize(cols: number): void {
    this.cols = cols;
    this.#cells = this.#cells.map((row) =>
      [...row, ...Array.from({ length: cols }, () => " ")].slice(0, cols),
    );
    this.col = Math.min(this.col, cols - 1);
    this.#wraps = false;
  }

  write(text: string): void {
    const all = this.#rest + text;
    this.#rest = "";
    for (let at = 0; at < all.length;) {
      const sequence =
        /^\x1b(?:\[([?>]?[\d;]*)([@-~])|\][^\x07]*\x07|[()][A-Z0-9]|([^[\]()]))/.exec(
          all.slice(at, at + 64),
        );
      if (all[at] === "\x1b" && !sequence) {
        this.#rest = all.slice(at);
        return;
      }
      if (sequence) {
        if (sequence[2]) this.#csi(sequence[1] ?? "", sequence[2]);
        else if (sequence[3]) this.#escape(sequence[3]);
        at += sequence[0].length;
        continue;
      }
      const character = String.fromCodePoint(all.codePointAt(at)!);
      this.#character(character);
      at += character.length;
    }
  }

  #character(c: string): void {
    if (c === "\r") this.#to(this.row, 0);
    else if (c === "\n") this.#down();
    else if (c === "\b") this.#to(this.row, this.col - 1);
    else if (c === "\t") this.#to(this.row, Math.min(this.cols - 1, (this.col >> 3) * 8 + 8));
    else if (c === "\x07") this.bells++;
    else if (c >= " ") this.#put(c);
  }

  #put(c: string): void {
    const width = cellsOf(c.codePointAt(0)!);
    const row = (): string[] => this.#cells[this.row]!;
    if (width === 0) {
      row()[Math.max(0, this.col - 1)] += c;
      return;
    }
    if (this.#wraps || this.col + width > this.cols) {
      this.col = 0;
      this.#down();
    }
    row()[this.col] = c;
    if (width === 2) row()[this.col + 1] = "";
    this.col += width;
    this.#wraps = this.col >= this.cols;
    if (this.#wraps) this.col = this.cols - 1;
  }

  #down(): void {
    this.#wraps = false;
    const [first, last] = this.#region;
    if (this.row === last) {
      this.#cells.splice(first, 1);
      this.#cells.splice(last, 0, this.#blank());
    } else if (this.row < this.rows - 1) this.row++;
  }

  #to(row: number, col: number): void {
    this.#wraps = false;
    this.row = Math.max(0, Math.min(this.rows - 1, row));
    this.col = Math.max(0, Math.min(this.cols - 1, col));
  }

  #escape(c: string): void {
    if (c === "7") this.#saved = [this.row, this.col];
    else if (c === "8") this.#to(...this.#saved);
    else if (c === "M") {
      const [first, last] = this.#region;
      if (this.row !== first) this.#to(this.row - 1, this.col);
      else {
        this.#cells.splice(last, 1);
        this.#cells.splice(first, 0, this.#blank());
      }
    }
  }

  #csi(parameters: string, final: string): void {
    const numbers = parameters.split(";").map(Number);
    const n = Math.max(1, numbers[0] || 1);
    const row = this.#cells[this.row]!;
    const blanks = (count: number): string[] => Array.from({ length: count }, () => " ");
    if (final === "A") this.#to(this.row - n, this.col);
    else if (final === "B") this.#to(this.row + n, this.col);
    else if (final === "C") this.#to(this.row, this.col + n);
    else if (final === "D") this.#to(this.row, this.col - n);
    else if (final === "G") this.#to(this.row, n - 1);
    else if (final === "d") this.#to(n - 1, this.col);
    else if (final === "H" || final === "f") this.#to(n - 1, Math.max(1, numbers[1] || 1) - 1);
    else if (final === "K") this.#eraseRow(numbers[0] || 0);
    else if (final === "J") this.#erase(numbers[0] || 0);
    else if (final === "P") row.push(...blanks(row.splice(this.col, n).length));
    else if (final === "@") {
      row.splice(this.col, 0, ...blanks(n));
      row.length = this.cols;
    } else if (final === "X") row.fill(" ", this.col, this.col + n);
    else if (final === "L" || final === "M") this.#shiftRows(final === "L", n);
    else if (final === "r") {
      this.#region = [n - 1, (numbers[1] || this.rows) - 1];
      this.#to(0, 0);
    } else if (final === "h") this.modes.add(parameters);
    else if (final === "l") this.modes.delete(parameters);
    else if (final !== "m")
      throw new Error(`a sequence this screen does not know: ${parameters}${final}`);
  }

  #eraseRow(which: number): void {
    const row = this.#cells[this.row]!;
    row.fill(" ", which === 0 ? this.col : 0, which === 1 ? this.col + 1 : this.cols);
  }

  #erase(which: number): void {
    if (which < 2) this.#eraseRow(which);
    for (let at = 0; at < this.rows; at++)
      if (which >= 2 || (which === 0 ? at > this.row : at < this.row))
        this.#cells[at] = this.#blank();
  }

  #shiftRows(inserts: boolean, n: number): void {
    const [, last] = this.#region;
    for (let i = 0; i < Math.min(n, last - this.row + 1); i++) {
      this.#cells.splice(inserts ? last : this.row, 1);
      this.#cells.splice(inserts ? this.row : last, 0, this.#blank());
    }
  }
}
