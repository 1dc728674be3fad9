/**
 * An order of texts in which deflate finds most: after each comes the one that has most in common with those that it still remembers.
 */

/** RFC 1951: 32 kB, less what a text itself takes. */
const windowBytes = 29_000;
/** Characters that make two places alike: what deflate is glad of. */
const runLength = 5;
/** Hashes of such runs; two that fall together do no harm. */
const hashes = 1 << 22;
/** What stands in more texts is near everywhere. */
const holdersMost = 30;
/** Or else a text of three words would be the nearest to everything. */
const shortBytes = 60;
/** How much a text's length is held against it: less than wholly, or the long ones come last. Tried between 0.5 and 1.15. */
const lengthPower = 0.85;

/** Indices of `texts`, each behind all of its `after`. */
export function similarOrder(
  texts: readonly string[],
  after: readonly (readonly number[])[],
): number[] {
  const memory = new Memory(texts);
  const followers: number[][] = texts.map(() => []);
  after.forEach((before, index) => before.forEach((one) => followers[one]!.push(index)));
  const waits = after.map((before) => before.length);
  const left = [...texts.keys()];
  const order: number[] = [];
  let bytes = 0;
  let oldest = 0;
  while (left.length > 0) {
    const at = nearest(left, waits, memory.common);
    const [next] = left.splice(at, 1) as [number];
    order.push(next);
    for (const one of followers[next]!) waits[one]! -= 1;
    memory.take(next);
    bytes += texts[next]!.length;
    for (; oldest < order.length - 1 && bytes > windowBytes; oldest++) {
      memory.forget(order[oldest]!);
      bytes -= texts[order[oldest]!]!.length;
    }
  }
  return order;
}

/** Where the first of those stands that have most in common, among those that wait for nothing. */
function nearest(left: readonly number[], waits: readonly number[], common: Float64Array): number {
  let found = -1;
  let most = -1;
  for (let at = 0; at < left.length; at++) {
    const index = left[at]!;
    if (waits[index]! > 0 || common[index]! <= most) continue;
    found = at;
    most = common[index]!;
  }
  if (found < 0) throw new Error("texts that wait for each other");
  return found;
}

/** The texts of the last 32 kB, and how much each text has in common with them, for its length. */
class Memory {
  readonly common: Float64Array;
  readonly #weights: number[];
  /** Of each text, which runs it has that others have too. */
  readonly #runs: number[][];
  /** In which texts each run is: from its own place to the next one's. */
  readonly #holders: Int32Array;
  readonly #places: Int32Array;
  readonly #times: Int32Array;

  constructor(texts: readonly string[]) {
    this.common = new Float64Array(texts.length);
    this.#weights = texts.map(({ length }) => (length + shortBytes) ** -lengthPower);
    const { runs, count } = sharedRuns(texts);
    this.#runs = runs;
    this.#places = new Int32Array(count + 1);
    for (const all of runs) for (const run of all) this.#places[run + 1]! += 1;
    for (let run = 0; run < count; run++) this.#places[run + 1]! += this.#places[run]!;
    this.#holders = new Int32Array(this.#places[count]!);
    const next = this.#places.slice();
    runs.forEach((all, index) => {
      for (const run of all) this.#holders[next[run]!++] = index;
    });
    this.#times = new Int32Array(count);
  }

  take(index: number): void {
    for (const run of this.#runs[index]!) if (this.#times[run]!++ === 0) this.#add(run, 1);
  }

  forget(index: number): void {
    for (const run of this.#runs[index]!) if (--this.#times[run]! === 0) this.#add(run, -1);
  }

  #add(run: number, sign: 1 | -1): void {
    for (let at = this.#places[run]!; at < this.#places[run + 1]!; at++) {
      const one = this.#holders[at]!;
      this.common[one]! += sign * this.#weights[one]!;
    }
  }
}

/** The runs that few texts have, but not one alone, numbered from 0 on. */
function sharedRuns(texts: readonly string[]): { runs: number[][]; count: number } {
  const holders = new Uint16Array(hashes);
  const last = new Int32Array(hashes).fill(-1);
  texts.forEach((text, index) => {
    for (let at = 0; at + runLength <= text.length; at++) {
      const run = hashAt(text, at);
      if (last[run] !== index && holders[run]! < holdersMost) holders[run]! += 1;
      last[run] = index;
    }
  });
  const numbers = new Int32Array(hashes).fill(-1);
  let count = 0;
  const runs = texts.map((text) => {
    const found = new Set<number>();
    for (let at = 0; at + runLength <= text.length; at++) {
      const run = hashAt(text, at);
      if (holders[run]! < 2 || holders[run]! >= holdersMost) continue;
      if (numbers[run] === -1) numbers[run] = count++;
      found.add(numbers[run]!);
    }
    return [...found];
  });
  return { runs, count };
}

function hashAt(text: string, at: number): number {
  let hash = 0;
  for (let next = at; next < at + runLength; next++) {
    hash = Math.imul(hash, 0x01000193) ^ text.charCodeAt(next);
  }
  return (hash ^ (hash >>> 15)) & (hashes - 1);
}
