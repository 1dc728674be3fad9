/** Moves about a file: which rows are shown, as less's forw, back and jump_loc work it out. */
import type { Rows } from "./rows.ts";
import { none, type LessState, type View } from "./state.ts";

export class Mover {
  readonly rows: Rows;
  readonly #state: LessState;
  /** Rings. */
  bells = 0;

  constructor(state: LessState, rows: Rows) {
    this.#state = state;
    this.rows = rows;
  }

  get #view(): View {
    return this.#state.view;
  }

  /** Rows of text. */
  get height(): number {
    return Math.max(1, this.#state.lines - 1);
  }

  get top(): number {
    return this.#view.rows[0] ?? none;
  }

  /** Whether the end is shown. */
  get atEnd(): boolean {
    const { next } = this.#view;
    const { source } = this.rows;
    return next === none || (source.ended && this.rows.shownAt(next) >= source.size);
  }

  /** At the end or the start of the file. */
  bellAtEnd(): void {
    if (this.#view.settings.quiet === 0) this.bells++;
  }

  clear(): void {
    this.#view.rows = [];
    this.#view.next = none;
  }

  #push(at: number): void {
    const { rows } = this.#view;
    rows.push(at);
    if (rows.length > this.height) rows.shift();
  }

  /** Adds rows below, from a place on; beyond the end only where forced, or while the screen is not full. */
  forward(count: number, from: number, force: boolean, blanks = 0): void {
    const view = this.#view;
    delete view.low;
    let next = from;
    let added = 0;
    for (let i = 0; i < blanks; i++) this.#push(none);
    for (let i = blanks; i < count; i++) {
      const after = next === none ? none : this.rows.after(next);
      if (after === none && !force && view.rows.length >= this.height) break;
      if (after === none && !force && view.rows.length && view.rows[0] !== none) break;
      this.#push(after === none ? none : next);
      next = after;
      added++;
    }
    view.next = next;
    if (added === 0) this.bellAtEnd();
    this.#fill();
  }

  /** A screen whose rows are fewer than it has is filled up. */
  #fill(): void {
    const { rows } = this.#view;
    while (rows.length < this.height) rows.push(none);
  }

  /** Adds rows above. */
  back(count: number, force: boolean): void {
    const view = this.#view;
    delete view.low;
    let added = 0;
    for (let i = 0; i < count; i++) {
      const top = view.rows.find((at) => at !== none) ?? none;
      const before = view.rows[0] === none && top !== none ? none : this.#rowBefore(top);
      if (before === none && !force) break;
      view.rows.unshift(before);
      if (view.rows.length > this.height) view.next = this.#dropped(view.rows.pop() as number);
      added++;
    }
    if (added === 0) this.bellAtEnd();
  }

  #dropped(at: number): number {
    return at === none ? this.#view.next : at;
  }

  #rowBefore(top: number): number {
    const { source } = this.rows;
    return top === none ? this.rows.before(source.end) : this.rows.before(top);
  }

  /** As the commands forward and back do, with a bell where there is nothing more. */
  scroll(count: number, force: boolean): void {
    const view = this.#view;
    if (count >= 0) {
      const isBlank = view.rows.every((at) => at === none);
      if (isBlank) delete view.low;
      if (view.next === none && (!force || isBlank)) return this.bellAtEnd();
      return this.forward(count, view.next, force);
    }
    const isLast = view.rows.slice(0, -1).every((at) => at === none);
    if (this.top === none && (!force || isLast)) return this.bellAtEnd();
    return this.back(-count, force);
  }

  /** The row from 0 that is meant by a number from 1, or from below. */
  rowOf(target: number): number {
    const row = target < 0 ? target + this.#state.lines : target;
    return Math.max(0, Math.min(this.height - 1, row - 1));
  }

  /** Shows a place at a row. */
  jump(at: number, row = this.rowOf(this.#view.settings.target)): void {
    const view = this.#view;
    const shown = view.rows.findIndex((start, i) => start !== none && this.#holds(start, i, at));
    if (shown >= 0 && !view.low) {
      const by = shown - row;
      if (by > 0) this.forward(by, view.next, true);
      else if (by < 0) this.back(-by, true);
      return;
    }
    let place = at;
    let up = 0;
    for (; up < row; up++) {
      const before = this.rows.before(place);
      if (before === none) break;
      place = before;
    }
    this.noteLast();
    this.clear();
    this.forward(this.height, place, true, row - up);
  }

  #holds(start: number, i: number, at: number): boolean {
    if (start === at) return true;
    const next = this.#view.rows[i + 1] ?? this.#view.next;
    return at > start && next !== none && at < next;
  }

  /** Where '' goes. */
  noteLast(): void {
    const at = this.top;
    if (at !== none) this.#view.marks["'"] = { file: this.#state.at, at };
  }

  jumpEnd(): void {
    const { source } = this.rows;
    const { end } = source;
    this.noteLast();
    const last = this.rows.before(end);
    this.clear();
    if (last === none) this.jump(0, this.height - 1);
    else this.jump(last, this.height - 1);
  }

  /** The screen anew from its first row on, as after a change of its size or of what is shown. */
  refresh(): void {
    const { top } = this;
    const { low } = this.#view;
    if (low) return;
    this.clear();
    const marks = this.#view.marks["'"];
    this.jump(Math.max(0, top), 0);
    if (marks) this.#view.marks["'"] = marks;
    else delete this.#view.marks["'"];
  }
}
