/** Fields in the making, and what the parts of expansion see of each other. */
import { processStateBytesMax } from "../../core/limits.ts";
import type { Word } from "./ast.ts";
import { escapePattern } from "./pattern.ts";
import { MemoryProblem } from "./problems.ts";

/** A field in the making: its text, and as a pattern with what was quoted escaped. */
export class Fields {
  readonly done: { v: string; p: string }[] = [];
  #v = "";
  #p = "";
  /** Something is there, be it an empty quoted string. */
  #any = false;
  /** White space of IFS came last: the next text begins a new field. */
  #gap = false;

  quoted(text: string): void {
    this.#begin();
    this.#v += text;
    this.#p += escapePattern(text);
    this.#any = true;
  }

  plain(text: string): void {
    if (text === "") return;
    this.#begin();
    this.#v += text;
    this.#p += text;
    this.#any = true;
  }

  #begin(): void {
    if (this.#v.length > processStateBytesMax) throw new MemoryProblem();
    if (this.#gap) this.cut();
  }

  cut(): void {
    this.#gap = false;
    if (this.#any) this.done.push({ v: this.#v, p: this.#p });
    this.#v = "";
    this.#p = "";
    this.#any = false;
  }

  /** The result of an unquoted expansion. */
  split(text: string, ifs: string): void {
    if (ifs === "" || text === "") {
      this.plain(text);
      return;
    }
    let run = "";
    for (const c of text) {
      if (!ifs.includes(c)) {
        run += c;
        continue;
      }
      this.plain(run);
      run = "";
      if (c === " " || c === "\t" || c === "\n") {
        if (this.#any) this.#gap = true;
      } else {
        // Another separator ends a field, even an empty one.
        this.#any = true;
        this.cut();
      }
    }
    this.plain(run);
  }

  all(): { v: string; p: string }[] {
    this.cut();
    return this.done;
  }
}

/** What a word becomes, by whether it was in quotes. */
export class Segments extends Fields {
  readonly segments: { v: string; q: boolean }[] = [];
  override quoted(text: string): void {
    this.segments.push({ v: text, q: true });
  }
  override plain(text: string): void {
    this.segments.push({ v: text, q: false });
  }
}

/** Expanding words, as those who expand a parameter need it. */
export interface Expansion {
  /** One string. */
  text(word: Word): string;
  /** One pattern: what was quoted is escaped. */
  pattern(word: Word): string;
  /** What was in quotes, and what was not. */
  segments(word: Word): Segments["segments"];
  /** The word of a `${x-word}`: its unquoted text is split as well. */
  inner(fields: Fields, word: Word, quoted: boolean, split: boolean): void;
  put(fields: Fields, value: string, quoted: boolean, split: boolean): void;
  /** Does what has an effect once, however often the word starts over. */
  once(make: () => string): string;
}
