/**
 * Columns as kubectl aligns them: text/tabwriter with cells of at least 6, 3 blanks between, and widths that are remembered from
 * one flush to the next, so that the rows of a watch stay in line. k8s: cli-runtime/pkg/printers/tabwriter.go, liggitt/tabwriter
 */
const widthMin = 6;
const padding = 3;

/** Runes, as tabwriter counts a cell's width. */
const widthOf = (text: string): number => [...text].length;

export class TabWriter {
  #lines: string[][] = [];
  #open = "";
  /** Widths of columns by the place where they begin, kept while the writer lives. */
  #remembered: number[] = [];
  readonly #minimum: number;
  readonly #padding: number;
  readonly #remembers: boolean;

  /** `remembers`: columns of later pieces are at least as wide as those before. */
  constructor(
    options: { remembers?: boolean; minimum?: number; padding?: number; widths?: number[] } = {},
  ) {
    this.#remembers = options.remembers ?? true;
    this.#minimum = options.minimum ?? widthMin;
    this.#padding = options.padding ?? padding;
    this.#remembered = options.widths ?? [];
  }

  get widths(): number[] {
    return this.#remembered;
  }

  /** Cells end with a tab, lines with a line end. */
  write(text: string): void {
    const pieces = (this.#open + text).split("\n");
    this.#open = pieces.pop() ?? "";
    for (const piece of pieces) this.#lines.push(piece.split("\t"));
  }

  forget(): void {
    this.#remembered = [];
  }

  /** What was written, aligned. */
  flush(): string {
    const out: string[] = [];
    if (this.#open !== "") this.#lines.push(this.#open.split("\t"));
    const ended = this.#open === "";
    this.#format(out, 0, this.#lines.length, []);
    this.#lines = [];
    this.#open = "";
    const text = out.join("\n");
    return out.length === 0 ? "" : ended ? `${text}\n` : text;
  }

  /** Lines from..to, whose first columns have the widths given; a column is as wide as its block of lines needs. */
  #format(out: string[], from: number, to: number, widths: readonly number[]): void {
    const column = widths.length;
    let at = from;
    for (let line = from; line < to; line++) {
      const cells = this.#lines[line] as string[];
      if (column >= cells.length - 1) continue;
      // Lines before have no cell in this column: they are printed as they are.
      for (; at < line; at++) out.push(this.#print(at, widths));
      let width = this.#minimum;
      for (; line < to; line++) {
        const row = this.#lines[line] as string[];
        if (column >= row.length - 1) break;
        width = Math.max(width, widthOf(row[column] as string) + this.#padding);
      }
      if (this.#remembers) {
        width = Math.max(width, this.#remembered[column] ?? 0);
        this.#remembered[column] = width;
      }
      this.#format(out, at, line, [...widths, width]);
      at = line;
      line--;
    }
    for (; at < to; at++) out.push(this.#print(at, widths));
  }

  #print(line: number, widths: readonly number[]): string {
    const cells = this.#lines[line] as string[];
    let text = "";
    cells.forEach((cell, i) => {
      const last = i === cells.length - 1;
      text +=
        last || i >= widths.length
          ? cell
          : cell + " ".repeat((widths[i] as number) - widthOf(cell));
    });
    return text;
  }
}
