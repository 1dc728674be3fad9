/** vi at work on its state: the lines, and all that a change of them touches. */
import {
  viFileBytesMax,
  viStepCharactersMax,
  viJournalCharactersMax,
  viTextInRowCharactersMax,
  viUndoCharactersMax,
  undoStepsMax,
} from "../../../core/limits.ts";
import type { Sys } from "../../kernel/types.ts";
import type { Picture } from "../screen/paint.ts";
import { applied, difference, joined, sizeOf } from "./changes.ts";
import { charAt, colAt, columnOf, indentOf, lastCol, type Shown } from "./characters.ts";
import { rowsOfLine, type Layout } from "./layout.ts";
import { defaultOf } from "./options.ts";
import type { Change, Register, Spot, UndoStep, ViState } from "./state.ts";
import { compactTexts, keepText, textOf } from "./texts.ts";

/** What memory holds beside a state; it is worked out again from there. */
interface Live {
  lines: string[];
  /** Bytes of the lines with their ends. */
  bytes: number;
  picture?: Picture;
}

const lives = new WeakMap<ViState, Live>();

/** A command cannot be done: what was typed ahead of it in a macro is dropped, and a bell rings. */
export class Refused extends Error {
  override name = "Refused";
}

export class Editor {
  readonly sys: Sys;
  readonly s: ViState;
  /** Keys to be taken before what is typed next. */
  queue: string[] = [];
  /** Printed as it is, ahead of the picture. */
  raw = "";
  beeps = false;
  /** Keys of . are being taken, and are not noted again. */
  replaying = false;
  /** What is said is news, and stays where the text moves on the screen. */
  fresh = false;
  /** What `:g` has replaced so far. */
  substituted?: { count: number; lines: number };
  /** Lines that came and went, and where. */
  readonly shifts: { at: number; by: number; rows: number }[] = [];
  /** The first row as the screen shows it. */
  readonly topBefore: number;
  /** Stops when its step is over. */
  suspends = false;
  readonly #live: Live;

  constructor(sys: Sys, state: ViState) {
    this.sys = sys;
    this.s = state;
    this.topBefore = state.top;
    const known = lives.get(state);
    if (known) this.#live = known;
    else {
      const lines = textOf(sys, state, state.base).split("\n");
      for (const change of state.journal) applied(lines, change);
      const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
      this.#live = { lines, bytes };
      lives.set(state, this.#live);
    }
  }

  get lines(): readonly string[] {
    return this.#live.lines;
  }
  get bytes(): number {
    return this.#live.bytes;
  }
  get picture(): Picture | undefined {
    return this.#live.picture;
  }
  set picture(picture: Picture | undefined) {
    if (picture) this.#live.picture = picture;
    else delete this.#live.picture;
  }
  get line(): string {
    return this.lines[this.s.row] ?? "";
  }
  get last(): number {
    return this.lines.length - 1;
  }
  get isEmpty(): boolean {
    return this.lines.length === 1 && this.lines[0] === "";
  }

  // Options

  #value(name: string): boolean | number | string {
    return this.s.options[name] ?? defaultOf(name);
  }
  is(name: string): boolean {
    return this.#value(name) === true;
  }
  number(name: string): number {
    return Number(this.#value(name));
  }
  text(name: string): string {
    return String(this.#value(name));
  }
  readonly option = (name: string): boolean | number | string => this.#value(name);
  get shown(): Shown {
    return { tabstop: this.number("tabstop"), list: this.is("list") };
  }
  get shiftwidth(): number {
    return this.number("shiftwidth") || this.number("tabstop");
  }
  /** Rows of text. */
  get height(): number {
    return Math.max(1, this.s.rows - 1);
  }

  // The screen

  get numberWidth(): number {
    if (!this.is("number") && !this.is("relativenumber")) return 0;
    return Math.max(3, String(this.lines.length).length) + 1;
  }
  get layout(): Layout {
    const width = Math.max(1, this.s.cols - this.numberWidth);
    return { ...this.shown, width, wrap: this.is("wrap") };
  }
  /** Rows of the screen that a row of the text takes. */
  /** The first line that is not shown as a whole. */
  get belowScreen(): number {
    let used = 0;
    let { top: row } = this.s;
    for (; row <= this.last; row++) {
      used += this.rowsOf(row);
      if (used > this.height) break;
    }
    return row;
  }
  readonly rowsOf = (row: number): number => rowsOfLine(this.lines[row] ?? "", this.layout);

  // The cursor

  get spot(): Spot {
    return { row: this.s.row, col: this.s.col };
  }
  go(row: number, col: number): void {
    this.s.row = Math.max(0, Math.min(this.last, row));
    this.s.col = col;
    this.wants();
  }
  /** To a row's first character that is no blank. */
  goFirst(row: number): void {
    const to = Math.max(0, Math.min(this.last, row));
    const line = this.lines[to]!;
    this.go(to, Math.min(indentOf(line).length, lastCol(line)));
  }
  /** j and k keep to this column from here on. */
  wants(): void {
    this.s.want = columnOf(this.line, this.s.col, this.shown);
  }
  /** To a row, in the column that j and k keep to. */
  goWanted(row: number): void {
    this.s.row = Math.max(0, Math.min(this.last, row));
    this.s.col = colAt(this.line, this.s.want, this.shown);
  }
  /** The cursor is on a character. */
  settle(): void {
    const { s } = this;
    s.row = Math.max(0, Math.min(s.row, this.last));
    const { line } = this;
    const isBehind = s.mode === "insert" || s.mode === "replace" || s.insertion;
    const most = isBehind || s.mode === "visual" ? line.length : lastCol(line);
    if (s.col > most) s.col = most;
    while (
      s.col > 0 &&
      (line.charCodeAt(s.col) & 0xc0) === 0x80 &&
      charAt(line, s.col - 1).length > 1
    )
      s.col--;
  }
  jump(): void {
    const { s } = this;
    s.marks["'"] = this.spot;
    s.jumps = s.jumps.filter(({ row }) => row !== s.row);
    s.jumps.push(this.spot);
    if (s.jumps.length > 50) s.jumps.shift();
    s.jumpAt = s.jumps.length;
  }

  // Changes

  /** Lines from `at` on, `cut` of them, become others. */
  splice(at: number, cut: number, now: string[]): void {
    const { s } = this;
    const live = this.#live;
    const old = live.lines.slice(at, at + cut);
    if (old.length === now.length && old.every((line, i) => line === now[i])) return;
    const empties = now.length === 0 && old.length === live.lines.length;
    const lines = empties ? [""] : now;
    const size = (list: readonly string[]): number =>
      list.reduce((sum, line) => sum + line.length + 1, 0);
    const bytes = live.bytes - size(old) + size(lines);
    if (bytes > viFileBytesMax && bytes > live.bytes) throw new Refused("E41: Out of memory!");
    if (!s.readOnlyWarned && this.is("readonly") && s.name !== "") {
      s.readOnlyWarned = true;
      this.say("W10: Warning: Changing a readonly file");
    }
    const [forth, back] = difference(at, old, lines);
    s.step ??= { before: this.spot, back: [], forth: [], clean: !s.modified, size: 0 };
    const { step } = s;
    step.size += sizeOf(back) + sizeOf(forth);
    const more = joined(step.forth.at(-1), forth);
    if (more) {
      step.forth[step.forth.length - 1] = more;
      const first = step.back[0];
      if (first && !("lines" in first) && !("lines" in back)) first.cut += back.cut;
    } else {
      step.forth.push(forth);
      step.back.unshift(back);
    }
    this.#apply(forth);
    s.modified = true;
    // A long insertion is several steps, so that the state does not hold all of it.
    const goesOn = step.size > viStepCharactersMax && (s.mode === "insert" || s.mode === "replace");
    s.marks["."] = { row: Math.min(at, this.last), col: "from" in forth ? forth.from : 0 };
    if (lines.length !== old.length || old.length > 1)
      this.#moveMarks(at, old.length, lines.length);
    if (!goesOn) return;
    this.endStep();
    s.step = { before: this.spot, back: [], forth: [], clean: false, size: 0, goesOn: true };
  }

  #apply(change: Change): void {
    const { s } = this;
    const live = this.#live;
    const grows = (): number => {
      if ("text" in change) return change.text.length - change.cut;
      const gone = live.lines.slice(change.at, change.at + change.cut);
      const size = (list: readonly string[]): number =>
        list.reduce((sum, line) => sum + line.length + 1, 0);
      return size(change.lines) - size(gone);
    };
    live.bytes += grows();
    if ("lines" in change && this.shifts.length < 1_000) {
      const rows = Math.max(change.lines.length, change.cut);
      this.shifts.push({ at: change.at, by: change.lines.length - change.cut, rows });
    }
    applied(live.lines, change);
    this.sys.charge(2 + live.lines.length / 2_000);
    const more = joined(s.journal.at(-1), change);
    if (more) s.journal[s.journal.length - 1] = more;
    else s.journal.push(change);
    s.journalSize += more && "text" in change ? change.text.length : sizeOf(change);
    if (s.journalSize > viJournalCharactersMax) this.writeDown();
  }

  /** Writes the whole text down, so that the state need not hold what changed. */
  writeDown(): void {
    const { s, sys } = this;
    const text = this.lines.join("\n");
    s.base = keepText(sys, s, text);
    s.journal = [];
    s.journalSize = 0;
    sys.charge(text.length / 100);
    compactTexts(sys, s);
  }

  /** Another text, which no undo goes behind. */
  load(lines: string[]): void {
    const { s } = this;
    const live = this.#live;
    live.lines = lines.length ? lines : [""];
    live.bytes = live.lines.reduce((sum, line) => sum + line.length + 1, 0);
    s.undo = [];
    s.redo = [];
    s.undoNumber = 0;
    delete s.step;
    delete s.line;
    s.modified = false;
    s.marks = {};
    s.jumps = [];
    s.jumpAt = 0;
    this.writeDown();
  }

  setLine(row: number, text: string): void {
    this.splice(row, 1, [text]);
  }

  #moveMarks(at: number, cut: number, count: number): void {
    const by = count - cut;
    const { s } = this;
    for (const [name, mark] of Object.entries(s.marks)) {
      if (mark.row >= at + cut) mark.row += by;
      else if (mark.row >= at + count && /[a-z]/.test(name)) delete s.marks[name];
      else if (mark.row >= at + count) mark.row = Math.max(0, at - 1);
    }
    for (const spot of s.jumps) if (spot.row >= at + cut) spot.row += by;
  }

  /** The text between two places, the second not included. */
  between(from: Spot, to: Spot): string {
    if (from.row === to.row) return this.lines[from.row]!.slice(from.col, to.col);
    return [
      this.lines[from.row]!.slice(from.col),
      ...this.lines.slice(from.row + 1, to.row),
      this.lines[to.row]!.slice(0, to.col),
    ].join("\n");
  }
  /** Puts a text in place of what stands between two places. */
  replaceBetween(from: Spot, to: Spot, text: string): void {
    const whole =
      this.lines[from.row]!.slice(0, from.col) + text + this.lines[to.row]!.slice(to.col);
    this.splice(from.row, to.row - from.row + 1, whole.split("\n"));
  }

  // Undo

  /** What was changed since the last time is one step. */
  endStep(): void {
    const { s, sys } = this;
    const { step } = s;
    if (!step) return;
    delete s.step;
    if (step.forth.length === 0) return;
    const done: UndoStep = {
      n: ++s.undoNumber,
      atMs: sys.now,
      before: step.before,
      back: keepText(sys, s, JSON.stringify(step.back)),
      forth: keepText(sys, s, JSON.stringify(step.forth)),
      ...(step.clean ? { clean: "before" as const } : {}),
      ...(step.goesOn ? { goesOn: true as const } : {}),
    };
    s.undo.push(done);
    s.redo = [];
    const weight = ({ back, forth }: UndoStep): number =>
      [back, forth].reduce(
        (sum, ref) => sum + (typeof ref === "string" ? ref.length : ref[1] / 32),
        100,
      );
    let all = s.undo.reduce((sum, one) => sum + weight(one), 0);
    while (s.undo.length > 1 && (s.undo.length > undoStepsMax || all > viUndoCharactersMax))
      all -= weight(s.undo.shift()!);
  }

  changesOf(step: UndoStep, which: "back" | "forth"): Change[] {
    return JSON.parse(textOf(this.sys, this.s, step[which])) as Change[];
  }
  /** Does a change of a step; no new step comes of it. */
  redoChange(change: Change): void {
    this.#apply(change);
    const count = "lines" in change ? change.lines.length : 1;
    const cut = "lines" in change ? change.cut : 1;
    if (count !== cut) this.#moveMarks(change.at, cut, count);
  }

  // Registers

  register(name: string): { text: string; kind: Register["kind"] } | undefined {
    const found = this.s.registers[name];
    return found && { text: textOf(this.sys, this.s, found.text), kind: found.kind };
  }
  setRegister(name: string, text: string, kind: Register["kind"]): void {
    this.s.registers[name] = { text: keepText(this.sys, this.s, text), kind };
  }

  // What is said

  say(text: string): void {
    this.s.message = text;
    this.fresh = text !== "";
  }
  /** Shows again what was typed; it goes when the text moves. */
  echo(text: string): void {
    this.s.message = text;
    this.fresh = false;
  }
  beep(): void {
    this.beeps = true;
  }
  /** Long text, in lines, below the picture and what was typed; or `over` that. */
  show(lines: readonly string[], over = false): void {
    const { s } = this;
    const bounded = lines.slice(0, 400).map((line) => line.slice(0, 1_000));
    const all = [...(s.page?.lines ?? []), ...bounded];
    let size = 0;
    const kept = all.filter((line) => (size += line.length + 4) < 4 * viTextInRowCharactersMax);
    s.page = { lines: kept, shown: 0, text: s.page?.text ?? (over ? "" : s.message) };
  }
}
