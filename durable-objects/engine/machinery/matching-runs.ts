import { diffUnitsMax } from "../core/limits.ts";

/** `length` lines from `a` on in the one text are those from `b` on in the other. */
export interface Run {
  a: number;
  b: number;
  length: number;
}

interface Range {
  a: number;
  aEnd: number;
  b: number;
  bEnd: number;
}

/** A longer text's lines that stand in it often begin no run, they only make one longer. */
const popularFrom = 200;

/**
 * What two texts have in common, in order: the longest run of equal lines, then the same before and behind it (Ratcliff and
 * Obershelp), as upstream's differences are made. Texts that are alike in too many ways are compared only so far; what is left counts
 * as changed.
 * k8s: apimachinery/pkg/util/diff; github.com/pmezard/go-difflib SequenceMatcher
 */
export function matchingRuns(a: readonly string[], b: readonly string[]): Run[] {
  const matcher = new Matcher(a, b);
  const found: Run[] = [];
  const ranges: Range[] = [{ a: 0, aEnd: a.length, b: 0, bEnd: b.length }];
  for (let range = ranges.pop(); range; range = ranges.pop()) {
    const run = matcher.longest(range);
    if (run.length === 0) continue;
    found.push(run);
    const [aEnd, bEnd] = [run.a + run.length, run.b + run.length];
    if (range.a < run.a && range.b < run.b) ranges.push({ ...range, aEnd: run.a, bEnd: run.b });
    if (aEnd < range.aEnd && bEnd < range.bEnd) ranges.push({ ...range, a: aEnd, b: bEnd });
  }
  return found.sort((one, other) => one.a - other.a);
}

class Matcher {
  readonly #a: readonly string[];
  readonly #b: readonly string[];
  readonly #places: Map<string, number[]>;
  /** By place in `b`: how long the run is that ends there, in this line of `a` and in the one before it. */
  #lengths: Int32Array;
  #before: Int32Array;
  #unitsLeft = diffUnitsMax;

  constructor(a: readonly string[], b: readonly string[]) {
    this.#a = a;
    this.#b = b;
    this.#places = placesOf(b);
    this.#lengths = new Int32Array(b.length + 1);
    this.#before = new Int32Array(b.length + 1);
  }

  /** The first of the longest. */
  longest(range: Range): Run {
    const best: Run = { a: range.a, b: range.b, length: 0 };
    let touched: number[] = [];
    for (let i = range.a; i < range.aEnd; i++) {
      const line = this.#line(i, range, best);
      for (const j of touched) this.#before[j] = 0;
      [this.#lengths, this.#before] = [this.#before, this.#lengths];
      touched = line;
      if (this.#unitsLeft < 0) break;
    }
    for (const j of touched) this.#before[j] = 0;
    this.#extend(best, range);
    return best;
  }

  /** One line of `a` against all its equals; where they stand, one on. */
  #line(i: number, range: Range, best: Run): number[] {
    const touched: number[] = [];
    const places = this.#places.get(this.#a[i]!) ?? [];
    this.#unitsLeft -= 1 + places.length;
    for (const j of places) {
      if (j < range.b) continue;
      if (j >= range.bEnd) break;
      const length = this.#before[j]! + 1;
      this.#lengths[j + 1] = length;
      touched.push(j + 1);
      if (length > best.length)
        Object.assign(best, { a: i - length + 1, b: j - length + 1, length });
    }
    return touched;
  }

  #extend(best: Run, range: Range): void {
    const [a, b] = [this.#a, this.#b];
    while (best.a > range.a && best.b > range.b && a[best.a - 1] === b[best.b - 1]) {
      best.a--;
      best.b--;
      best.length++;
    }
    const isMore = (): boolean =>
      best.a + best.length < range.aEnd && best.b + best.length < range.bEnd;
    while (isMore() && a[best.a + best.length] === b[best.b + best.length]) best.length++;
  }
}

/** Where each line stands, without those that stand there very often. */
function placesOf(lines: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  lines.forEach((line, at) => {
    const known = places.get(line);
    if (known) known.push(at);
    else places.set(line, [at]);
  });
  if (lines.length < popularFrom) return places;
  const often = Math.floor(lines.length / 100) + 1;
  for (const [line, { length }] of places) if (length > often) places.delete(line);
  return places;
}
