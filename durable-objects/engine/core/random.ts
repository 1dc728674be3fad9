/** Chance without a generator's state: every draw is a hash of (seed, revision, draw), so a replay draws the same. */

/** 32-bit FNV-1a of a text. */
export function fnv32a(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  return h >>> 0;
}

/** A well-mixed 32-bit value of three numbers (murmur3's finaliser between the words). */
export function mix(seed: number, revision: number, draw: number): number {
  let h =
    seed ^
    Math.imul(revision >>> 0, 0xcc9e2d51) ^
    Math.imul(Math.floor(revision / 2 ** 32), 0x1b873593);
  h = scramble(h);
  h = scramble(h ^ Math.imul(draw, 0x85ebca6b));
  return h >>> 0;
}

function scramble(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h;
}

/** k8s: apimachinery/pkg/util/rand alphanums: no vowels, no 0 1 3, so no words arise. */
const safeAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** k8s: rand.SafeEncodeString, used for pod-template hashes. */
export function safeEncode(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++)
    out += safeAlphabet[text.charCodeAt(i) % safeAlphabet.length];
  return out;
}

const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Eight hexadecimal digits. `toString(16)` takes many times as long where the highest bit is set. */
export const hex32 = (word: number): string =>
  hexBytes[word >>> 24]! +
  hexBytes[(word >>> 16) & 255]! +
  hexBytes[(word >>> 8) & 255]! +
  hexBytes[word & 255]!;

/** What births draw from. */
const birthSeed = fnv32a("birth");

/** Draws of one step: `reset` before each with the revision it starts at and what the step is about. */
export class Random {
  readonly #seed: number;
  /** While a cluster is born: what its uids were drawn about, and the moment that counts as zero. */
  #birth: { about: Map<string, number>; sinceMs: number } | undefined;
  #salted: number;
  #revision = 0;
  #draw = 0;
  constructor(seed: string) {
    this.#seed = fnv32a(seed);
    this.#salted = this.#seed;
  }
  /** `about`: the work's key, and `atMs` its moment, so that two steps at one revision draw differently. */
  reset(revision: number, about: string, atMs: number): void {
    const { sinceMs } = this.#birth ?? { sinceMs: 0 };
    const seed = this.#birth ? birthSeed : this.#seed;
    this.#salted = scramble(seed ^ fnv32a(`${about} ${atMs - sinceMs}`));
    this.#revision = revision;
    this.#draw = 0;
  }
  /** Where it stands, to draw the same again. */
  get state(): readonly [salted: number, revision: number, draw: number] {
    return [this.#salted, this.#revision, this.#draw];
  }
  set state([salted, revision, draw]) {
    this.#salted = salted;
    this.#revision = revision;
    this.#draw = draw;
  }
  next32(): number {
    return mix(this.#salted, this.#revision, this.#draw++);
  }
  /** [0, 1) */
  next(): number {
    return this.next32() / 2 ** 32;
  }
  suffix(length: number): string {
    let out = "";
    for (let i = 0; i < length; i++) out += safeAlphabet[this.next32() % safeAlphabet.length];
    return out;
  }
  /**
   * Runs a birth that ends at `bornMs`: draws follow from neither seed nor moment, so that births of equal size are alike, but for
   * the uids of their objects. Returns what each of those was drawn about (see `uuidFrom`).
   */
  bearing(bornMs: number, body: () => void): Map<string, number> {
    const about = new Map<string, number>();
    this.#birth = { about, sinceMs: bornMs };
    try {
      body();
    } finally {
      this.#birth = undefined;
    }
    return about;
  }
  /** An object's. */
  uid(): string {
    const drawn = this.uuid();
    if (!this.#birth) return drawn;
    const about = fnv32a(drawn);
    const uid = uuidFrom(this.#seed, about);
    this.#birth.about.set(uid, about);
    return uid;
  }
  uuid(): string {
    const words = [this.next32(), this.next32(), this.next32(), this.next32()];
    return uuidOf(words, "89ab"[((words[2] as number) >>> 28) % 4]);
  }
}

const hexCodes = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const nibble = (word: number, shift: number): number => hexCodes[(word >>> shift) & 15]!;
const dash = "-".charCodeAt(0);
const four = "4".charCodeAt(0);

/** A UUID of four words (32 bits each), of which version and variant take six bits. From its digits: there are many. */
export function uuidOf([a = 0, b = 0, c = 0, d = 0]: readonly number[], variant = "8"): string {
  // prettier-ignore
  return String.fromCharCode(
    nibble(a, 28), nibble(a, 24), nibble(a, 20), nibble(a, 16), nibble(a, 12), nibble(a, 8), nibble(a, 4), nibble(a, 0), dash,
    nibble(b, 28), nibble(b, 24), nibble(b, 20), nibble(b, 16), dash, four, nibble(b, 8), nibble(b, 4), nibble(b, 0), dash,
    variant.charCodeAt(0), nibble(c, 24), nibble(c, 20), nibble(c, 16), dash, nibble(c, 12), nibble(c, 8), nibble(c, 4), nibble(c, 0),
    nibble(d, 28), nibble(d, 24), nibble(d, 20), nibble(d, 16), nibble(d, 12), nibble(d, 8), nibble(d, 4), nibble(d, 0),
  );
}

/** A UUID that follows from two numbers (32 bits each) alone: a seed, and what it is about. */
export const uuidFrom = (seed: number, about: number): string =>
  uuidOf([mix(seed, about, 0), mix(seed, about, 1), mix(seed, about, 2), mix(seed, about, 3)]);
