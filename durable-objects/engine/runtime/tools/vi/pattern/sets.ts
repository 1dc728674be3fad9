/** Sets of characters of vim's patterns, over UTF-8 in bytes, and its collections: `[...]`. */
import { encodeUtf8 } from "../../../bytes.ts";
import {
  bothCases,
  characterClasses,
  complement,
  normalized,
  single,
  type CharSet,
} from "../../../../regex/char-set.ts";
import { alt, cat, problem, type Node } from "../../../../regex/tree.ts";

export const set = (pairs: CharSet): Node => ({ k: "set", set: pairs });
const bytes = (from: number, to: number): Node => set([from, to]);
const next = bytes(0x80, 0xbf);
/** A character that is not ASCII, or a byte that is part of none. */
export const beyond = alt([
  cat([bytes(0xc2, 0xdf), next]),
  cat([bytes(0xe0, 0xef), next, next]),
  cat([bytes(0xf0, 0xf4), next, next, next]),
  bytes(0x80, 0xff),
]);
const ascii: CharSet = [0, 9, 11, 127];
export const any = alt([set(ascii), beyond]);

export const classes: Record<string, CharSet> = {
  s: [9, 9, 32, 32],
  d: [48, 57],
  x: normalized([48, 57, 65, 70, 97, 102]),
  o: [48, 55],
  w: normalized([48, 57, 65, 90, 95, 95, 97, 122]),
  h: normalized([65, 90, 95, 95, 97, 122]),
  a: normalized([65, 90, 97, 122]),
  l: [97, 122],
  u: [65, 90],
  i: normalized([48, 57, 65, 90, 95, 95, 97, 122]),
  k: normalized([48, 57, 65, 90, 95, 95, 97, 122]),
  f: normalized([43, 57, 61, 61, 65, 90, 95, 95, 97, 122, 126, 126, 35, 37, 64, 64]),
  p: [32, 126],
};
export const wider = new Set(["i", "k", "f", "p"]);
export const negatedClasses = "SDXOWHALU";

/** One character, in bytes, as a pattern. */
export function literal(character: string, fold: boolean): Node {
  return cat(
    [...character].map((byte) => {
      const one = single(byte.charCodeAt(0));
      return set(fold ? bothCases(one) : one);
    }),
  );
}

/** A collection, from behind its `[`; undefined: it has no end, and is none. */
export function collectionAt(
  text: string,
  start: number,
  fold: boolean,
): { node: Node; end: number } | undefined {
  let at = start;
  const negated = text[at] === "^";
  if (negated) at++;
  const pairs: number[] = [];
  const others: Node[] = [];
  for (let first = true; first || text[at] !== "]"; first = false) {
    if (at >= text.length) return undefined;
    const named = /^\[:(\w+):\]/.exec(text.slice(at, at + 16));
    const known = named && characterClasses[named[1]!];
    if (known) {
      pairs.push(...known);
      at += named[0].length;
      continue;
    }
    const from = memberAt(text, at);
    at = from.end;
    if (text[at] !== "-" || text[at + 1] === "]" || at + 1 >= text.length) {
      if (from.code < 128) pairs.push(from.code, from.code);
      else others.push(literal(from.bytes, false));
      continue;
    }
    const to = memberAt(text, at + 1);
    at = to.end;
    if (to.code < from.code) problem("E944: Reverse range in character class");
    if (from.code < 128) pairs.push(from.code, Math.min(to.code, 127));
    others.push(...beyondBetween(from.code, to.code));
  }
  const folded = fold ? bothCases(normalized(pairs)) : normalized(pairs);
  if (!negated)
    return { node: alt([...(folded.length ? [set(folded)] : []), ...others]), end: at + 1 };
  const rest = alt([set(complement(normalized([...folded, 10, 10, 128, 0xffff]))), beyond]);
  const node = others.length ? cat([{ k: "look", of: alt(others), negated: true }, rest]) : rest;
  return { node, end: at + 1 };
}

/** Characters beyond ASCII from one to another; a long run is taken as all there are. */
function beyondBetween(from: number, to: number): Node[] {
  if (to < 128) return [];
  const first = Math.max(from, 128);
  if (to - first > 256) return [beyond];
  return Array.from({ length: to - first + 1 }, (_, i) =>
    literal(encodeUtf8(String.fromCodePoint(first + i)), false),
  );
}

function memberAt(text: string, at: number): { code: number; bytes: string; end: number } {
  if (text[at] === "\\") {
    const sign = text[at + 1] ?? "";
    const control = { e: 27, t: 9, r: 13, b: 8, n: 10 }[sign];
    if (control !== undefined)
      return { code: control, bytes: String.fromCharCode(control), end: at + 2 };
    if (/[\]^\\-]/.test(sign)) return { code: sign.charCodeAt(0), bytes: sign, end: at + 2 };
  }
  const code = text.charCodeAt(at);
  const length = code < 0xc2 ? 1 : code < 0xe0 ? 2 : code < 0xf0 ? 3 : code < 0xf5 ? 4 : 1;
  const bytesOf = text.slice(at, at + length);
  let point = length === 1 ? code : code & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) point = (point << 6) | (bytesOf.charCodeAt(i) & 0x3f);
  return { code: point, bytes: bytesOf, end: at + length };
}
