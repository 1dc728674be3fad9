/** Moving by words, as vim's own motions do. */
import { classAt, nextCol, prevCol } from "./characters.ts";
import type { Spot } from "./state.ts";

/** Walks a text character by character; the place behind a line's last one counts. */
export class Walker {
  readonly lines: readonly string[];
  readonly big: boolean;
  row: number;
  col: number;

  constructor(lines: readonly string[], at: Spot, big = false) {
    this.lines = lines;
    this.row = at.row;
    this.col = at.col;
    this.big = big;
  }

  get line(): string {
    return this.lines[this.row] ?? "";
  }
  get spot(): Spot {
    return { row: this.row, col: this.col };
  }
  /** Kind of the character here; blank behind a line's end. */
  get kind(): number {
    const kind = classAt(this.line, this.col);
    return this.big && kind > 0 ? 1 : kind;
  }
  get isEmptyLine(): boolean {
    return this.col === 0 && this.line === "";
  }

  /** 0: on in the line, 2: behind its last character, 1: in the next line, -1: the text ends here. */
  forward(): number {
    if (this.col < this.line.length) {
      this.col = nextCol(this.line, this.col);
      return this.col < this.line.length ? 0 : 2;
    }
    if (this.row >= this.lines.length - 1) return -1;
    this.row++;
    this.col = 0;
    return 1;
  }
  back(): number {
    if (this.col > 0) {
      this.col = prevCol(this.line, this.col);
      return 0;
    }
    if (this.row === 0) return -1;
    this.row--;
    this.col = this.line.length;
    return 1;
  }
  /** Over all of one kind; true where the text ends before. */
  skip(kind: number, step: () => number): boolean {
    while (this.kind === kind) if (step() === -1) return true;
    return false;
  }
  readonly onward = (): number => this.forward();
  readonly backward = (): number => this.back();
}

/** `w`. `stops`: at the line's end, for the last of an operator's. False: it is at the text's end. */
export function wordForward(w: Walker, count: number, stops: boolean): boolean {
  for (let left = count - 1; left >= 0; left--) {
    const kind = w.kind;
    const isLast = w.row === w.lines.length - 1;
    let moved = w.forward();
    if (moved === -1 || (moved >= 1 && isLast)) return false;
    if (moved >= 1 && stops && left === 0) return true;
    if (kind !== 0)
      while (w.kind === kind) {
        moved = w.forward();
        if (moved === -1 || (moved >= 1 && stops && left === 0)) return true;
      }
    while (w.kind === 0) {
      if (w.isEmptyLine) break;
      moved = w.forward();
      if (moved === -1 || (moved >= 1 && isLast)) return true;
    }
  }
  return true;
}

/** `b`. */
export function wordBack(w: Walker, count: number, stop = false): boolean {
  let stays = stop;
  for (let left = count; left > 0; left--) {
    const kind = w.kind;
    if (w.back() === -1) return false;
    let found = false;
    if (!stays || kind === w.kind || kind === 0) {
      while (!found && w.kind === 0) {
        if (w.isEmptyLine) found = true;
        else if (w.back() === -1) return true;
      }
      if (!found && w.skip(w.kind, w.backward)) return true;
    }
    if (!found) w.forward();
    stays = false;
  }
  return true;
}

/** `e`. `stays`: not beyond a word that ends here. */
export function wordEnd(w: Walker, count: number, stays = false, empty = false): boolean {
  let stop = stays;
  for (let left = count; left > 0; left--) {
    const kind = w.kind;
    if (w.forward() === -1) return false;
    let found = false;
    if (w.kind === kind && kind !== 0) {
      if (w.skip(kind, w.onward)) return false;
    } else if (!stop || kind === 0) {
      while (!found && w.kind === 0) {
        if (empty && w.isEmptyLine) found = true;
        else if (w.forward() === -1) return false;
      }
      if (!found && w.skip(w.kind, w.onward)) return false;
    }
    if (!found) w.back();
    stop = false;
  }
  return true;
}

/** `ge`. */
export function wordEndBack(w: Walker, count: number): boolean {
  for (let left = count; left > 0; left--) {
    const kind = w.kind;
    if (w.back() === -1) return false;
    if (kind !== 0 && w.kind === kind && w.skip(kind, w.backward)) return true;
    while (w.kind === 0) {
      if (w.isEmptyLine) break;
      if (w.back() === -1) return true;
    }
  }
  return true;
}
