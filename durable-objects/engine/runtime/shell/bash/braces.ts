/** `{a,b}` and `{1..5}`: words made of a word before anything else of it is expanded. */
import { braceWordsMax } from "../../../core/limits.ts";
import type { Part, Word } from "../ast.ts";
import { ExpansionProblem } from "../problems.ts";

/** A character without quotes, or anything else of a word. */
type Sign = string | Part;

const signsOf = (word: Word): Sign[] =>
  word.flatMap((part): Sign[] => (part.t === "lit" && !part.q ? [...part.v] : [part]));

function wordOf(signs: readonly Sign[]): Word {
  const out: Word = [];
  let run = "";
  const flush = (): void => {
    if (run !== "") out.push({ t: "lit", v: run, q: false });
    run = "";
  };
  for (const sign of signs) {
    if (typeof sign === "string") run += sign;
    else {
      flush();
      out.push(sign);
    }
  }
  flush();
  return out;
}

/** Where the brace at a place is closed, and the commas between; undefined: nowhere. */
function closing(
  signs: readonly Sign[],
  from: number,
): { end: number; commas: number[] } | undefined {
  const commas: number[] = [];
  let depth = 0;
  for (let i = from; i < signs.length; i++) {
    const sign = signs[i];
    if (sign === "{") depth++;
    else if (sign === "," && depth === 1) commas.push(i);
    else if (sign === "}" && --depth === 0) return { end: i, commas };
  }
  return undefined;
}

const numbers = /^([-+]?\d{1,18})\.\.([-+]?\d{1,18})(?:\.\.([-+]?\d{1,18}))?$/;
const letters = /^([a-zA-Z])\.\.([a-zA-Z])(?:\.\.([-+]?\d{1,9}))?$/;

function tooMany(count: number): never {
  throw new ExpansionProblem(`brace expansion: failed to allocate memory for \`${count}' elements`);
}

function stepped(from: number, to: number, by: string | undefined): number[] {
  const step = Math.abs(Number(by ?? 1)) || 1;
  const count = Math.floor(Math.abs(to - from) / step) + 1;
  if (count > braceWordsMax) tooMany(count);
  return Array.from({ length: count }, (_, i) => (from <= to ? from + i * step : from - i * step));
}

/** The words of `1..5`, `a..e..2`; undefined: it is no such thing. */
function sequence(signs: readonly Sign[]): Sign[][] | undefined {
  if (signs.length > 60 || signs.some((sign) => typeof sign !== "string")) return undefined;
  const text = signs.join("");
  const [, from, to, by] = numbers.exec(text) ?? [];
  if (from !== undefined && to !== undefined) {
    const padded = [from, to].some((end) => /^[-+]?0\d/.test(end));
    const width = padded ? Math.max(from.length, to.length) : 0;
    return stepped(Number(from), Number(to), by).map((n) => [
      ...(n < 0 ? `-${String(-n).padStart(width - 1, "0")}` : String(n).padStart(width, "0")),
    ]);
  }
  const [, first, last, step] = letters.exec(text) ?? [];
  if (first === undefined || last === undefined) return undefined;
  return stepped(first.charCodeAt(0), last.charCodeAt(0), step).map((code) => {
    const c = String.fromCharCode(code);
    // What stands between Z and a is no letter, and quoted as it were.
    return [/[a-zA-Z]/.test(c) ? c : { t: "lit", v: c, q: true }];
  });
}

/** More braces than anybody writes: what closes each would be looked for too long. */
const bracesTried = 500;

/** What stands between braces and commas, each part expanded. */
function listed(signs: readonly Sign[], edges: readonly number[]): Sign[][] {
  const out: Sign[][] = [];
  for (let n = 1; n < edges.length; n++) {
    out.push(...expanded(signs.slice(edges[n - 1]! + 1, edges[n])));
    if (out.length > braceWordsMax) tooMany(out.length);
  }
  return out;
}

function expanded(signs: readonly Sign[]): Sign[][] {
  for (let i = 0; i < signs.length; i++) {
    if (signs[i] !== "{") continue;
    const found = closing(signs, i);
    if (!found) continue;
    const { end, commas } = found;
    const inner = commas.length ? undefined : sequence(signs.slice(i + 1, end));
    if (!inner && commas.length === 0) continue;
    const edges = [i, ...commas, end];
    const middles = inner ?? listed(signs, edges);
    const tails = expanded(signs.slice(end + 1));
    const count = middles.length * tails.length;
    if (count > braceWordsMax) tooMany(count);
    const head = signs.slice(0, i);
    return middles.flatMap((middle) => tails.map((tail) => [...head, ...middle, ...tail]));
  }
  return [[...signs]];
}

/** The words a word stands for; itself where it has no braces that count. */
export function braced(word: Word): Word[] {
  if (!word.some((part) => part.t === "lit" && !part.q && part.v.includes("{"))) return [word];
  const signs = signsOf(word);
  if (signs.filter((sign) => sign === "{").length > bracesTried) return [word];
  return expanded(signs).map(wordOf);
}
