/** A filter's inputs: JSON texts, or lines. */
import { decodeUtf8 } from "../../bytes.ts";
import { JsonParser, type TextPlace } from "./json-parser.ts";
import type { Value } from "./values.ts";

/** Standard input has not ended, and more of it is needed. */
export const needInput = new (class NeedInput extends Error {
  override name = "NeedInput";
})();

/** Where an input begins. */
export interface SourcePlace extends TextPlace {
  /** Lines read before it, and how far behind it the last of them ends. */
  lines: number;
  ahead: number;
}

/** A file's name and where it ends in the text. */
export interface SourceFile {
  name: string;
  end: number;
}

export class Source {
  text: string;
  ended: boolean;
  at = 0;
  /** Lines read of the present file. */
  lines: number;
  readonly #files: SourceFile[];
  readonly #raw: boolean;
  readonly #stream: boolean;
  #parser: JsonParser;
  #counted = 0;
  #over = false;
  #queue: Value[] = [];

  constructor(
    text: string,
    ended: boolean,
    place: SourcePlace,
    how: { files: SourceFile[]; raw: boolean; stream: boolean },
  ) {
    this.text = text;
    this.ended = ended;
    this.lines = place.lines;
    this.#counted = place.ahead;
    this.#files = how.files;
    this.#raw = how.raw;
    this.#stream = how.stream;
    this.#parser = new JsonParser(place);
  }

  /** Where the next input begins, and what was before it is let go of. Undefined: in the middle of what one led to. */
  cut(): { text: string; place: SourcePlace } | undefined {
    if (this.#queue.length > 0 || !this.#parser.idle) return undefined;
    const place = {
      line: this.#parser.line,
      column: this.#parser.column,
      lines: this.lines,
      ahead: Math.max(0, this.#counted - this.at),
    };
    return { text: this.text.slice(this.at), place };
  }

  get file(): Value {
    if (this.#unknown) return null;
    const last = this.#files.find((one) => this.at <= one.end) ?? this.#files.at(-1);
    return last ? last.name : this.text === "" && !this.ended ? null : "<stdin>";
  }

  /** `<stdin>:1`, as messages name the place. */
  get where(): string {
    if (this.#unknown) return "<unknown>";
    const { file } = this;
    return file === null ? "<unknown>" : `${String(file)}:${this.lines}`;
  }

  /** Nothing was asked for yet, or all was read. */
  started = false;
  #past = false;
  get #unknown(): boolean {
    return !this.started || (this.#past && this.text !== "" && !this.text.endsWith("\n"));
  }

  /** The next input; undefined: there is none. JsonProblem; needInput. */
  next(): Value | undefined {
    this.started = true;
    if (this.#over && this.#queue.length === 0) this.#past = true;
    if (this.#queue.length > 0) return this.#queue.shift();
    const value = this.#raw ? this.#line() : this.#json();
    if (value === undefined || !this.#stream || this.#raw) return value;
    this.#queue.push(...eventsOf(value));
    return this.#queue.shift();
  }

  /** All that is left, as one text. */
  rest(): string {
    this.started = true;
    if (!this.ended) throw needInput;
    const text = this.text.slice(this.at);
    this.at = this.text.length;
    this.#count(this.at);
    return decodeUtf8(text);
  }

  #line(): Value | undefined {
    const end = this.text.indexOf("\n", this.at);
    if (end < 0) {
      if (!this.ended) throw needInput;
      if (this.at >= this.text.length) {
        this.#over = true;
        return undefined;
      }
    }
    const stop = end < 0 ? this.text.length : end;
    const line = decodeUtf8(this.text.slice(this.at, stop));
    this.at = end < 0 ? stop : stop + 1;
    this.#count(this.at);
    return line;
  }

  #json(): Value | undefined {
    if (this.#over) return undefined;
    // jq reads whole lines.
    const to = this.ended ? this.text.length : this.text.lastIndexOf("\n") + 1;
    if (this.at === 0 && this.text.startsWith("\xef\xbb\xbf")) this.at = 3;
    const found = this.#parser.read(this.text, this.at, Math.max(to, this.at));
    if (found.value !== undefined) {
      const closed = /["\]}]/.test(this.text[found.at - 1] ?? "") && found.at > this.at;
      this.at = found.at;
      this.#count(closed ? found.at - 1 : found.at);
      return found.value;
    }
    this.at = found.at;
    this.#count(this.at);
    if (!this.ended) throw needInput;
    this.#over = true;
    return this.#parser.finish();
  }

  /** Lines up to the end of the one in which a place lies. */
  #count(place: number): void {
    const start = this.#files.findLast((one) => one.end < place)?.end;
    if (start !== undefined && this.#counted < start) {
      this.#counted = start;
      this.lines = 0;
    }
    for (;;) {
      const end = this.text.indexOf("\n", this.#counted);
      if (end < 0 || this.#counted > place) return;
      if (
        this.#files.length > 0 &&
        this.#files.some((one) => one.end <= end && one.end > this.#counted)
      )
        return;
      this.lines++;
      this.#counted = end + 1;
    }
  }
}

/** What --stream makes of a value. */
function eventsOf(value: Value): Value[] {
  const out: Value[] = [];
  const walk = (one: Value, path: Value[]): void => {
    const entries: [Value, Value][] = Array.isArray(one)
      ? one.map((item, i) => [i, item])
      : one instanceof Map
        ? [...one]
        : [];
    if (entries.length === 0) {
      out.push([path, one]);
      return;
    }
    for (const [key, inner] of entries) walk(inner, [...path, key]);
    out.push([[...path, entries.at(-1)![0]]]);
  };
  walk(value, []);
  return out;
}
