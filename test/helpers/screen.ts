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
  /** First and last row that scroll; what is kept while the other screen is shown; the last character printed. */
  #behind: { cells: string[][]; row: number; col: number } | undefined;
  #last = " ";

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

  /** Another size: rows are cut or filled, as a terminal without reflow does; those above the cursor go first. */
  resize(cols: number, rows = this.rows): void {
    this.cols = cols;
    const fit = (cells: string[][], over: number): string[][] => {
      const list = cells
        .slice(over)
        .map((row) => [...row, ...Array.from({ length: cols }, () => " ")].slice(0, cols));
      while (list.length < rows) list.push(this.#blank());
      return list.slice(0, rows);
    };
    const over = Math.max(0, this.row - rows + 1);
    this.#cells = fit(this.#cells, over);
    if (this.#behind)
      this.#behind.cells = fit(this.#behind.cells, Math.max(0, this.#behind.row - rows + 1));
    this.rows = rows;
    this.#region = [0, rows - 1];
    this.row -= over;
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
    this.#last = c;
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
    if (this.row === this.#region[1]) this.#scroll(1);
    else if (this.row < this.rows - 1) this.row++;
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
      if (this.row === this.#region[0]) this.#scroll(-1);
      else this.#to(this.row - 1, this.col);
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
    else if (final === "S" || final === "T") this.#scroll(final === "S" ? n : -n);
    else if (final === "b") for (let i = 0; i < n; i++) this.#put(this.#last);
    else if (final === "r") {
      this.#region = [n - 1, (numbers[1] || this.rows) - 1];
      this.#to(0, 0);
    } else if (final === "h") this.#mode(parameters, true);
    else if (final === "l") this.#mode(parameters, false);
    else if (final !== "m" && final !== "t")
      throw new Error(`a sequence this screen does not know: ${parameters}${final}`);
  }

  #mode(name: string, on: boolean): void {
    if (on) this.modes.add(name);
    else this.modes.delete(name);
    if (name !== "?1049" || on === (this.#behind !== undefined)) return;
    if (on) {
      this.#behind = { cells: this.#cells, row: this.row, col: this.col };
      this.#cells = Array.from({ length: this.rows }, () => this.#blank());
    } else {
      const { cells, row, col } = this.#behind!;
      this.#cells = cells;
      this.#behind = undefined;
      this.#to(row, col);
    }
  }

  /** Moves the rows that scroll up, or down. */
  #scroll(by: number): void {
    const [first, last] = this.#region;
    for (let i = Math.abs(by); i > 0; i--) {
      this.#cells.splice(by > 0 ? first : last, 1);
      this.#cells.splice(by > 0 ? last : first, 0, this.#blank());
    }
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
    for (let i = 0; i < n; i++)
      if (inserts) {
        this.#cells.splice(this.#region[1], 1);
        this.#cells.splice(this.row, 0, this.#blank());
      } else {
        this.#cells.splice(this.row, 1);
        this.#cells.splice(this.#region[1], 0, this.#blank());
      }
  }
}
