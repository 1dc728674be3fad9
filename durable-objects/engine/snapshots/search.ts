/** Looks for many values in many texts at once: each text is gone through once, however many values there are. */
import { StatusError } from "../machinery/status.ts";
import { secretComparisonsMax, secretValueCharsMin } from "../core/limits.ts";

/** Characters out of a value's middle by which it is recognised; beginnings (of certificates, say) are often equal. */
const windowChars = secretValueCharsMin;
const factor = 31;
const oldestFactor = factor ** (windowChars - 1);
const bits = 0xffff;

interface Wanted {
  value: string;
  instead: string;
  /** Of the window. */
  offset: number;
}

const bitOf = (hash: number): number => (hash ^ (hash >>> 16)) & bits;

/** Secrets cannot be left out: to look for what they hold would take too long. Caught where an artefact is made. */
export class TooManyAlike extends StatusError {
  constructor() {
    super(
      422,
      "Invalid",
      "there are too many values like one another in Secrets to leave them out",
    );
  }
}

export class Search {
  readonly #wanted = new Map<string, Wanted[]>();
  /** By a window's hash: whether any value has such a one. */
  readonly #known = new Uint8Array(bits + 1);
  #comparisons = 0;

  /** `values`: at least `secretValueCharsMin` characters each, and what stands in its place, as long. */
  constructor(values: Iterable<readonly [value: string, instead: string]>) {
    for (const [value, instead] of values) {
      const offset = Math.floor((value.length - windowChars) / 2);
      const window = value.slice(offset, offset + windowChars);
      const wanted = this.#wanted.get(window) ?? [];
      wanted.push({ value, instead, offset });
      this.#wanted.set(window, wanted);
      let hash = 0;
      for (let i = 0; i < windowChars; i++) hash = Math.imul(hash, factor) + window.charCodeAt(i);
      this.#known[bitOf(hash)] = 1;
    }
  }

  /** The text with all values in it replaced, also where they overlap. */
  replaced(text: string): string {
    let chars: string[] | undefined;
    let hash = 0;
    for (let i = 0; i < text.length; i++) {
      if (i >= windowChars) hash -= Math.imul(text.charCodeAt(i - windowChars), oldestFactor);
      hash = (Math.imul(hash, factor) + text.charCodeAt(i)) | 0;
      if (i < windowChars - 1 || this.#known[bitOf(hash)] === 0) continue;
      const start = i - windowChars + 1;
      for (const { value, instead, offset } of this.#wanted.get(text.slice(start, i + 1)) ?? []) {
        this.#count();
        const at = start - offset;
        if (at < 0 || !text.startsWith(value, at)) continue;
        chars ??= text.split("");
        for (let k = 0; k < instead.length; k++) chars[at + k] = instead.charAt(k);
      }
    }
    return chars ? chars.join("") : text;
  }

  #count(): void {
    if (++this.#comparisons <= secretComparisonsMax) return;
    throw new TooManyAlike();
  }
}
