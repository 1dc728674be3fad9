/**
 * The log rows that a birth leaves, for other clusters. Births of equal size differ in whose objects they are and in when they
 * happened, and in nothing else (core/random.ts `bearing`): so one is gone through, and its rows are told again with other uids
 * and moments, to the byte as another cluster's own birth would write them.
 */
import { parseTime, rfc3339 } from "./clock.ts";
import { bornRowsCharsMax } from "./limits.ts";
import { uuidFrom } from "./random.ts";

export interface BornRow {
  id: number;
  rv: number;
  body: string;
}

/** A uid by what it is drawn about, or a moment by how far it is from the birth's end (ms), in one of the forms below. */
type Part = string | { uid: number } | { form: Form; offset: number; rest: string };

/** How rows tell moments: where a text begins and ends, and its moment in between. */
interface Form {
  pattern: string;
  read(text: string): [ms: number, rest: string];
  write(ms: number, rest: string): string;
}

const nanosPerMs = 1_000_000n;
const underscored = (text: string): string => text.replaceAll(/[-:T]/g, "_");

const forms: readonly Form[] = [
  // RFC 3339, up to the second.
  {
    pattern: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`,
    read: (text) => [parseTime(`${text}Z`), ""],
    write: (ms) => rfc3339(ms).slice(0, -1),
  },
  // Folders of volumes.
  {
    pattern: String.raw`\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d`,
    read(text) {
      const [year, month, day, ...time] = text.slice(2).split("_");
      return [parseTime(`${year}-${month}-${day}T${time.join(":")}Z`), ""];
    },
    write: (ms) => `..${underscored(rfc3339(ms).slice(0, -1))}`,
  },
  // Nanoseconds in hex, in an Event's name.
  {
    pattern: String.raw`\.[0-9a-f]{16}\b`,
    read(text) {
      const nanos = BigInt(`0x${text.slice(1)}`);
      return [Number(nanos / nanosPerMs), String(nanos % nanosPerMs)];
    },
    write: (ms, rest) =>
      `.${(BigInt(ms) * nanosPerMs + BigInt(rest)).toString(16).padStart(16, "0")}`,
  },
  // A log's entry (runtime/logs): its mark, and milliseconds to the base 36.
  {
    pattern: '"[oOeE][0-9a-z]{8} ',
    read: (text) => [Number.parseInt(text.slice(2, -1), 36), text.charAt(1)],
    write: (ms, mark) => `"${mark}${ms.toString(36)} `,
  },
  // Milliseconds.
  { pattern: String.raw`\b\d{13}\b`, read: (text) => [Number(text), ""], write: String },
];

const uid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
/** Either a uid, or the group of a form's number. */
const told = new RegExp([uid, ...forms.map(({ pattern }) => `(${pattern})`)].join("|"), "g");
/** Moments of a birth lie so near to its end. */
const nearMs = 24 * 3_600_000;

export class BornRows {
  readonly #rows: { id: number; rv: number; parts: Part[] }[];
  /** Characters. */
  readonly size: number;
  /** Nothing of it is ever due by itself. */
  readonly isQuiet: boolean;

  /** `about`: what each uid was drawn about; `bornMs`: a whole second. */
  constructor(
    rows: readonly BornRow[],
    about: ReadonlyMap<string, number>,
    bornMs: number,
    isQuiet: boolean,
  ) {
    this.isQuiet = isQuiet;
    this.#rows = rows.map(({ id, rv, body }) => ({ id, rv, parts: partsOf(body, about, bornMs) }));
    this.size = rows.reduce((sum, { body }) => sum + body.length, 0);
  }

  /** As the birth of another cluster would have left them. */
  of(seed: number, bornMs: number): BornRow[] {
    const known = new Map<Part, string>();
    const textOf = (part: Part): string => {
      if (typeof part === "string") return part;
      let text = known.get(part);
      if (text === undefined) known.set(part, (text = textFor(part, seed, bornMs)));
      return text;
    };
    return this.#rows.map(({ id, rv, parts }) => ({ id, rv, body: parts.map(textOf).join("") }));
  }
}

function textFor(part: Exclude<Part, string>, seed: number, bornMs: number): string {
  if ("uid" in part) return uuidFrom(seed, part.uid);
  return part.form.write(bornMs + part.offset, part.rest);
}

function partsOf(body: string, about: ReadonlyMap<string, number>, bornMs: number): Part[] {
  const parts: Part[] = [];
  // Equal ones are one value, whose text is made once.
  const shared = new Map<string, Part>();
  let done = 0;
  for (const found of body.matchAll(told)) {
    const [text, ...groups] = found;
    let part = shared.get(text);
    if (part === undefined) {
      const form = forms[groups.findIndex((group) => group !== undefined)];
      part = form ? momentOf(text, form, bornMs) : uidOf(text, about);
      shared.set(text, part);
    }
    if (typeof part === "string") continue;
    if (found.index > done) parts.push(body.slice(done, found.index));
    parts.push(part);
    done = found.index + text.length;
  }
  if (done < body.length) parts.push(body.slice(done));
  return parts;
}

/** The text itself where it is of every birth. */
function uidOf(text: string, about: ReadonlyMap<string, number>): Part {
  const drawn = about.get(text);
  return drawn === undefined ? text : { uid: drawn };
}

function momentOf(text: string, form: Form, bornMs: number): Part {
  const [ms, rest] = form.read(text);
  const offset = ms - bornMs;
  return Math.abs(offset) < nearMs ? { form, offset, rest } : text;
}

/** Births by what they were of, as many as fit, those used last. */
class BornBefore {
  readonly #all = new Map<string, BornRows>();
  #size = 0;

  get(what: string): BornRows | undefined {
    const rows = this.#all.get(what);
    if (rows && this.#all.delete(what)) this.#all.set(what, rows);
    return rows;
  }

  keep(what: string, rows: BornRows): void {
    this.#all.set(what, rows);
    this.#size += rows.size;
    for (const [oldest, { size }] of this.#all) {
      if (this.#size <= bornRowsCharsMax) break;
      this.#all.delete(oldest);
      this.#size -= size;
    }
  }
}

/** Of all clusters of this process. */
export const bornBefore = new BornBefore();
