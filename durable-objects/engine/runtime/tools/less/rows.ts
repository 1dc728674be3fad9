/** Lines in rows of the screen: where each begins and ends, and which are shown at all. */
import type { Regex } from "../../../regex/regex.ts";
import type { Sys } from "../../kernel/types.ts";
import { patternOf } from "./patterns.ts";
import type { Source } from "./source.ts";
import { none, type LessState, type Pattern, type View } from "./state.ts";
import { lay, unitsOf, type Unit } from "./units.ts";

const numberWidth = 8;

interface Line {
  at: number;
  end: number;
  units: Unit[];
  sought: string;
  /** Places in `sought` of each unit's text. */
  starts: number[];
  /** Units that match what is looked for. */
  lit?: Set<number>;
}

export class Rows {
  readonly source: Source;
  readonly #sys: Sys;
  readonly #state: LessState;
  #line: Line | undefined;

  constructor(sys: Sys, state: LessState, source: Source) {
    this.#sys = sys;
    this.#state = state;
    this.source = source;
  }

  get #view(): View {
    return this.#state.view;
  }

  #load(at: number): Line {
    const { source } = this;
    const start = source.isLineStart(at) ? at : source.lineStart(at);
    if (this.#line?.at === start) return this.#line;
    const end = source.lineEnd(start);
    const line = source.slice(start, end).replace(/\r?\n$/, "");
    this.#sys.charge(line.length / 20);
    const units = unitsOf(line, this.#view.settings.control);
    const starts: number[] = [];
    let sought = "";
    for (const unit of units) {
      starts.push(sought.length);
      sought += unit.sought;
    }
    return (this.#line = { at: start, end, units, sought, starts });
  }

  /** Forgets what was read. */
  reset(): void {
    this.#line = undefined;
  }

  /** The text of the line at a place, as patterns see it. */
  sought(at: number): string {
    return this.#load(at).sought;
  }

  matches(at: number, pattern: Pattern): boolean {
    const found = patternOf(this.#sys, pattern, this.#view.settings.caseless);
    if (typeof found === "string") return false;
    return found.test(this.#load(at).sought, this.#sys.matching) !== (pattern.not === true);
  }

  #hides(at: number): boolean {
    const { filters, help } = this.#view;
    return !help && filters.some((filter) => !this.matches(at, filter));
  }

  #isBlank(at: number): boolean {
    return this.#load(at).units.length === 0;
  }

  /** Where the row really begins that begins at a place: hidden lines are passed over. */
  shownAt(at: number): number {
    let place = at;
    const { source } = this;
    if (!this.#view.filters.length || !source.isLineStart(place)) return place;
    while (place < source.size && this.#hides(place)) place = source.lineEnd(place);
    if (!source.ended) source.slice(place, place + 1);
    return place;
  }

  #layout(cols: number): { cols: number; tabs: number; left: number; chops: boolean } {
    const { settings, left, help } = this.#view;
    const prefix = settings.numbers === 2 && !help ? numberWidth : 0;
    return {
      cols: Math.max(1, cols - prefix),
      tabs: Math.max(1, settings.tabs),
      left,
      chops: settings.chops || left > 0,
    };
  }

  /** Where the row behind the one at a place begins; none: there is no row at this place. NeedInput. */
  after(at: number): number {
    const place = this.shownAt(at);
    const { source } = this;
    source.slice(place, place + 1);
    if (place >= source.size) return none;
    const line = this.#load(place);
    const layout = this.#layout(this.#state.cols);
    if (this.#view.settings.squeezes && line.units.length === 0 && place === line.at) {
      let end = line.end;
      while (end < source.size && this.#isBlank(end)) end = source.lineEnd(end);
      return end;
    }
    if (layout.chops) return line.end;
    const from = unitAt(line, place);
    const { end } = lay(line.units, from, layout, () => false);
    const next = line.units[end];
    return next ? line.at + next.at : line.end;
  }

  /** Where the row before a place begins; none at the start. */
  before(at: number): number {
    const { source } = this;
    let place = at;
    while (place > 0) {
      let start = source.lineStart(place);
      if (source.isLineStart(start) && this.#hides(start)) {
        place = start;
        continue;
      }
      if (this.#view.settings.squeezes)
        while (start > 0 && this.#isBlank(start) && this.#isBlank(source.lineStart(start)))
          start = source.lineStart(start);
      let row = start;
      for (;;) {
        const next = this.after(row);
        if (next === none || this.shownAt(next) >= at) return row;
        row = next;
      }
    }
    return none;
  }

  /** What a row shows; not beyond `limit`, where the next one begins earlier than it would. */
  text(at: number, limit: number): string {
    const place = this.shownAt(at);
    const line = this.#load(place);
    const layout = this.#layout(this.#state.cols);
    const from = unitAt(line, place);
    const upTo = limit > place && limit < line.end ? unitAt(line, limit) : line.units.length;
    const units = upTo < line.units.length ? line.units.slice(0, upTo) : line.units;
    const lit = this.#lit(line);
    const { text } = lay(units, from, layout, (unit) => lit.has(unit));
    const { settings, help } = this.#view;
    if (settings.numbers !== 2 || help) return text;
    return `\x1b[1m${String(this.numberOf(line.at)).padStart(numberWidth - 1)}\x1b[m ${text}`;
  }

  /** Columns of the line at a place. */
  widthOf(at: number): number {
    const { units } = this.#load(this.shownAt(at));
    const tabs = Math.max(1, this.#view.settings.tabs);
    return units.reduce(
      (column, unit) => column + (unit.text === "\t" ? tabs - (column % tabs) : unit.width),
      0,
    );
  }

  #lit(line: Line): Set<number> {
    if (line.lit) return line.lit;
    const lit = (line.lit = new Set<number>());
    const { pattern, dark, settings } = this.#view;
    if (!pattern || pattern.not || dark || settings.highlights === 0) return lit;
    const found: Regex | string = patternOf(this.#sys, pattern, settings.caseless);
    if (typeof found === "string") return lit;
    const search = found.search(line.sought, this.#sys.matching);
    let unit = 0;
    for (let match = search.next(0); match;) {
      for (; unit < line.units.length && line.starts[unit]! < match.end; unit++)
        if (line.starts[unit]! >= match.index) lit.add(unit);
      match = search.next(Math.max(match.end, match.index + 1));
    }
    return lit;
  }

  /** Number of the line at a place, counted from the nearest known one. */
  numberOf(at: number): number {
    const [anchorAt, anchorLine] = this.#view.anchor;
    const from = anchorAt <= at ? anchorAt : at < anchorAt / 2 ? 0 : at;
    const line =
      from === at && anchorAt > at
        ? anchorLine - this.source.lineEnds(at, anchorAt)
        : (from === 0 ? 1 : anchorLine) + this.source.lineEnds(from, at);
    this.#view.anchor = [at, line];
    return line;
  }

  /** Where a line begins, by its number; none: there are not so many. */
  placeOf(line: number): number {
    const { source } = this;
    let at = 0;
    for (let n = 1; n < line; n++) {
      if (at >= source.size && source.ended) return none;
      at = source.lineEnd(at);
    }
    if (at > 0 && at >= source.size && source.end <= at) return none;
    return at;
  }

  get total(): number {
    const { source } = this;
    const size = source.end;
    const known = this.#view.total;
    if (known?.[0] === size) return known[1];
    const ends = source.lineEnds(0, size);
    const lines = ends + (size > 0 && source.slice(size - 1, size) !== "\n" ? 1 : 0);
    this.#view.total = [size, lines];
    return lines;
  }
}

/** The first unit of a line at a place or behind it. */
function unitAt(line: Line, place: number): number {
  const offset = place - line.at;
  if (offset <= 0) return 0;
  let low = 0;
  let high = line.units.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line.units[middle]!.at < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
