/**
 * Patterns with groups: `?(a|b)`, `*( )`, `+( )`, `@( )`, `!( )`. What a part of one may end at is worked out for all places
 * at once, so that the cost is bounded by the lengths and charged.
 */
import { shellNestingMax } from "../../../core/limits.ts";
import { has, type CharSet } from "../../../regex/char-set.ts";
import type { MatchWork } from "../../match-work.ts";
import { bracket } from "../bracket.ts";

type Node =
  | { k: "one"; sign: string | CharSet | undefined }
  | { k: "any" }
  | { k: "group"; op: string; of: Node[][] };

/** Whether a pattern has a group. */
export function isExtended(pattern: string): boolean {
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === "\\") i++;
    else if (pattern[i + 1] === "(" && /[?*+@!]/.test(pattern[i]!)) return true;
  }
  return false;
}

class PatternReader {
  readonly pattern: string;
  at = 0;
  depth = 0;
  constructor(pattern: string) {
    this.pattern = pattern;
  }

  sequence(): Node[] {
    const out: Node[] = [];
    for (;;) {
      const c = this.pattern[this.at];
      if (c === undefined || (this.depth > 0 && (c === "|" || c === ")"))) return out;
      const node = this.pattern[this.at + 1] === "(" ? this.#group(c) : undefined;
      out.push(node ?? this.#one(c));
    }
  }

  #one(c: string): Node {
    if (c === "\\" && this.at + 1 < this.pattern.length) {
      this.at += 2;
      return { k: "one", sign: this.pattern[this.at - 1]! };
    }
    const set = c === "[" ? bracket(this.pattern, this.at) : undefined;
    this.at = set ? set.end + 1 : this.at + 1;
    if (set) return { k: "one", sign: set.set };
    if (c === "*") return { k: "any" };
    return { k: "one", sign: c === "?" ? undefined : c };
  }

  #group(op: string): Node | undefined {
    if (!/[?*+@!]/.test(op) || this.depth >= shellNestingMax) return undefined;
    const begun = this.at;
    this.at += 2;
    this.depth++;
    const of = [this.sequence()];
    while (this.pattern[this.at] === "|") {
      this.at++;
      of.push(this.sequence());
    }
    this.depth--;
    if (this.pattern[this.at] !== ")") {
      this.at = begun;
      return undefined;
    }
    this.at++;
    return { k: "group", op, of };
  }
}

/** Places of a text, 1 for each that is among them. */
type Places = Uint8Array;

export class Extended {
  readonly #text: string;
  readonly #work: MatchWork;
  readonly #nodes: Node[];

  /** ENOMEM when matching costs more than a step may. */
  constructor(pattern: string, text: string, work: MatchWork) {
    this.#text = text;
    this.#work = work;
    this.#nodes = new PatternReader(pattern).sequence();
  }

  #ends(nodes: readonly Node[], from: Places): Places {
    let places = from;
    for (const node of nodes) {
      this.#work.spend(1 + (places.length >> 2));
      if (node.k === "one") places = this.#shifted(node.sign, places);
      else if (node.k === "any") places = behind(places);
      else places = this.#group(node.op, node.of, places);
    }
    return places;
  }

  #shifted(sign: string | CharSet | undefined, from: Places): Places {
    const out = new Uint8Array(from.length);
    for (let i = 0; i < this.#text.length; i++) {
      if (!from[i]) continue;
      const hit =
        sign === undefined ||
        (typeof sign === "string" ? sign === this.#text[i] : has(sign, this.#text.charCodeAt(i)));
      if (hit) out[i + 1] = 1;
    }
    return out;
  }

  #any(of: readonly Node[][], from: Places): Places {
    const out = new Uint8Array(from.length);
    for (const one of of) merge(out, this.#ends(one, from));
    return out;
  }

  #group(op: string, of: readonly Node[][], from: Places): Places {
    if (op === "!") return this.#none(of, from);
    const once = this.#any(of, from);
    if (op === "@") return once;
    const out = op === "+" ? once : merge(from.slice(), once);
    if (op === "?") return out;
    let news = once;
    while (news.includes(1)) {
      const more = this.#any(of, news);
      for (let i = 0; i < more.length; i++) if (out[i]) more[i] = 0;
      merge(out, more);
      news = more;
    }
    return out;
  }

  /** Where something ends that none of a group's patterns matches. */
  #none(of: readonly Node[][], from: Places): Places {
    const out = new Uint8Array(from.length);
    for (let i = 0; i < from.length; i++) {
      if (!from[i]) continue;
      const taken = this.#any(of, this.#at(i));
      for (let end = i; end < from.length; end++) if (!taken[end]) out[end] = 1;
    }
    return out;
  }

  #at(place: number): Places {
    const out = new Uint8Array(this.#text.length + 1);
    out[place] = 1;
    return out;
  }

  /** Where a match from a place on ends; -1: none. */
  end(from: number, far: boolean): number {
    const ends = this.#ends(this.#nodes, this.#at(from));
    return far ? ends.lastIndexOf(1) : ends.indexOf(1);
  }

  whole(): boolean {
    return this.#ends(this.#nodes, this.#at(0))[this.#text.length] === 1;
  }

  withoutHead(far: boolean): string {
    const end = this.end(0, far);
    return end < 0 ? this.#text : this.#text.slice(end);
  }

  withoutTail(far: boolean): string {
    const { length } = this.#text;
    for (let i = 0; i <= length; i++) {
      const from = far ? i : length - i;
      if (this.#ends(this.#nodes, this.#at(from))[length]) return this.#text.slice(0, from);
    }
    return this.#text;
  }

  all(every: boolean): [from: number, to: number][] {
    const out: [number, number][] = [];
    for (let at = 0; at < this.#text.length;) {
      const end = this.end(at, true);
      if (end <= at) at++;
      else {
        out.push([at, end]);
        if (!every) break;
        at = end;
      }
    }
    return out;
  }
}

/** All places from the first on. */
function behind(from: Places): Places {
  const out = new Uint8Array(from.length);
  const first = from.indexOf(1);
  if (first >= 0) out.fill(1, first);
  return out;
}

function merge(into: Places, more: Places): Places {
  for (let i = 0; i < more.length; i++) if (more[i]) into[i] = 1;
  return into;
}
