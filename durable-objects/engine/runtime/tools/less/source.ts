/** The bytes less shows: of a file, read where they are needed, or of standard input, kept as far as it was read. */
import { pagerInputBytesMax, pagerLineBytesMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import type { Sys } from "../../kernel/types.ts";
import { helpText } from "./help.ts";
import type { LessState } from "./state.ts";

/** Thrown where bytes are asked for that have not come yet. */
export class NeedInput extends Error {
  override name = "NeedInput";
}

const windowBytes = 64 * 1024;

export class Source {
  readonly #sys: Sys;
  readonly #state: LessState;
  #windowAt = 0;
  #window = "";

  constructor(sys: Sys, state: LessState) {
    this.#sys = sys;
    this.#state = state;
  }

  get #text(): string | undefined {
    return this.#state.view.help ? helpText : this.#state.text;
  }

  /** Whether all there is is known. */
  get ended(): boolean {
    return this.#state.view.help !== undefined || this.#state.text === undefined
      ? true
      : this.#state.ended === true;
  }

  /** Bytes known so far. */
  get size(): number {
    return this.#text?.length ?? this.#state.size;
  }

  /** All there is. NeedInput. */
  get end(): number {
    if (!this.ended) throw new NeedInput();
    return this.size;
  }

  /** Another file: what was read of the one before is of no use. */
  forget(): void {
    this.#window = "";
  }

  /** Takes what has come on standard input; whether there was anything. */
  pull(): boolean {
    const { ended, text } = this.#state;
    if (text === undefined || ended) return false;
    const data = this.#sys.read(0, windowBytes);
    if (data === undefined) return false;
    this.#sys.charge(data.length / 50);
    const all = text + data;
    this.#state.text = all.slice(0, pagerInputBytesMax);
    if (all.length > pagerInputBytesMax) this.#state.full = true;
    if (data === "" || all.length > pagerInputBytesMax) this.#state.ended = true;
    return true;
  }

  /** The file may have grown or shrunk; whether its size is another. */
  refresh(): boolean {
    const { fd, size } = this.#state;
    if (fd === undefined) return false;
    this.#state.size = this.#sys.fileSize(fd) ?? size;
    this.#window = "";
    return this.#state.size !== size;
  }

  /** Bytes of a range, as far as they are there. */
  slice(from: number, to: number): string {
    const text = this.#text;
    if (text !== undefined) {
      if (to > text.length && !this.ended) throw new NeedInput();
      return text.slice(from, to);
    }
    const end = Math.min(to, this.#state.size);
    if (from >= end) return "";
    if (from < this.#windowAt || end > this.#windowAt + this.#window.length) this.#load(from, end);
    return this.#window.slice(from - this.#windowAt, end - this.#windowAt);
  }

  #load(from: number, to: number): void {
    const { fd } = this.#state;
    this.#windowAt = Math.max(0, from - windowBytes / 4);
    this.#window = "";
    if (fd === undefined) return;
    const want = Math.max(to - this.#windowAt, windowBytes);
    try {
      this.#sys.seek(fd, this.#windowAt);
      while (this.#window.length < want) {
        const data = this.#sys.read(fd, want - this.#window.length);
        if (!data) break;
        this.#sys.charge(data.length / 50);
        this.#window += data;
      }
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }

  isLineStart(at: number): boolean {
    return at === 0 || this.slice(at - 1, at) === "\n";
  }

  /** Where the line that holds a place ends, its line end included; longer ones than the limit are cut. */
  lineEnd(at: number): number {
    const limit = at + pagerLineBytesMax;
    for (let from = at; from < limit;) {
      const to = Math.min(from + 1024, limit);
      const known = Math.max(from, Math.min(to, this.size));
      const part = this.slice(from, known);
      const end = part.indexOf("\n");
      if (end >= 0) return from + end + 1;
      if (known < to) {
        if (!this.ended) throw new NeedInput();
        return known;
      }
      from = to;
    }
    return limit;
  }

  /** Where the line begins that holds the byte before a place. */
  lineStart(before: number): number {
    let from = before - 1;
    const limit = Math.max(0, before - pagerLineBytesMax);
    while (from > limit) {
      const low = Math.max(limit, from - 1024);
      const part = this.slice(low, from);
      const end = part.lastIndexOf("\n");
      if (end >= 0) return low + end + 1;
      from = low;
    }
    return Math.max(0, limit);
  }

  /** Line ends between two places. */
  lineEnds(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at += windowBytes) {
      const part = this.slice(at, Math.min(to, at + windowBytes));
      for (let i = part.indexOf("\n"); i >= 0; i = part.indexOf("\n", i + 1)) count++;
    }
    return count;
  }
}
