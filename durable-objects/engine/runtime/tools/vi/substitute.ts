/** `:s`: what stands in place of a match, and going through lines. */
import { viFileBytesMax } from "../../../core/limits.ts";
import type { Match } from "../../../regex/regex.ts";
import { seenOf } from "./pattern/pattern.ts";
import { Refused, type Editor } from "./editor.ts";
import { patternOf } from "./search.ts";

/** Text for a match: `&`, `\0` to `\9`, `\u \U \l \L \E`, `\r` for a line's end. */
export function expanded(by: string, match: Match): string {
  let out = "";
  let mode = "";
  let once = "";
  const [from, to] = seenOf(match);
  const whole = match.group(0)!.slice(from - match.index, to - match.index);
  const add = (text: string): void => {
    let part = mode === "U" ? upper(text) : mode === "L" ? lower(text) : text;
    if (once && part) {
      part = (once === "u" ? upper(part[0]!) : lower(part[0]!)) + part.slice(1);
      once = "";
    }
    out += part;
  };
  for (let i = 0; i < by.length; i++) {
    const c = by[i]!;
    if (c === "&") add(whole);
    else if (c === "\r") out += "\n";
    else if (c !== "\\") add(c);
    else {
      const sign = by[++i] ?? "\\";
      if (sign === "0") add(whole);
      else if (/\d/.test(sign)) add(match.group(Number(sign)) ?? "");
      else if (/[ULEe]/.test(sign)) mode = /[Ee]/.test(sign) ? "" : sign;
      else if (/[ul]/.test(sign)) once = sign;
      else add({ r: "\n", n: "\0", t: "\t", b: "\b" }[sign] ?? sign);
    }
  }
  return out;
}

const upper = (text: string): string => text.replace(/[a-z]+/g, (part) => part.toUpperCase());
const lower = (text: string): string => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());

export interface Order {
  pattern: string;
  by: string;
  /** g, n, and others that are not asked for here. */
  flags: string;
}

export interface Outcome {
  count: number;
  lines: number;
  /** The last row in which something was found; -1: none. */
  row: number;
}

/** Replaces in rows from one to another; with `n` only counts. */
export function substitute(ed: Editor, from: number, to: number, order: Order): Outcome {
  const made = patternOf(ed, order.pattern);
  const all = order.flags.includes("g");
  const counts = order.flags.includes("n");
  const outcome: Outcome = { count: 0, lines: 0, row: -1 };
  if (made.lines) return substituteAcross(ed, from, to, order);
  let last = to;
  for (let row = from; row <= last; row++) {
    const line = ed.lines[row]!;
    const search = made.regex.search(line, ed.sys.matching);
    let out = "";
    let copied = 0;
    let end = -1;
    let hits = 0;
    for (let match = search.next(0); match;) {
      const [start, stop] = seenOf(match);
      if (!(stop === start && start === end)) {
        hits++;
        out += line.slice(copied, start) + (counts ? "" : expanded(order.by, match));
        copied = end = stop;
      }
      if (!all || out.length > viFileBytesMax) break;
      const next = Math.max(match.end, match.index + 1);
      if (next > line.length) break;
      match = search.next(next);
    }
    if (hits === 0) continue;
    outcome.count += hits;
    outcome.lines++;
    outcome.row = row;
    if (counts) continue;
    const lines = (out + line.slice(copied)).split("\n");
    ed.splice(row, 1, lines);
    row += lines.length - 1;
    last += lines.length - 1;
    outcome.row = row;
  }
  return outcome;
}

/** For a pattern that takes line ends: on the rows as one text. */
function substituteAcross(ed: Editor, from: number, to: number, order: Order): Outcome {
  const made = patternOf(ed, order.pattern);
  const rows = ed.lines.slice(from, to + 1);
  const text = `${rows.join("\n")}\n`;
  const search = made.regex.search(text, ed.sys.matching);
  let out = "";
  let copied = 0;
  let count = 0;
  let touched = -1;
  let at = -1;
  let lines = 0;
  for (let match = search.next(0); match && match.index < text.length;) {
    const [start, stop] = seenOf(match);
    const row = text.slice(0, start).split("\n").length - 1;
    if (order.flags.includes("g") || row !== touched) {
      count++;
      out += text.slice(copied, start);
      // Lines that become one count once.
      const now = out.split("\n").length;
      if (now !== at) lines++;
      at = now;
      touched = row;
      out += expanded(order.by, match);
      copied = stop;
    }
    match = search.next(Math.max(match.end, match.index + 1));
  }
  if (count === 0 || order.flags.includes("n"))
    return { count, lines, row: count ? from + touched : -1 };
  out += text.slice(copied);
  // Without the last line's end, the next line is joined to it.
  const joins = !out.endsWith("\n");
  const more = joins && to < ed.last ? 1 : 0;
  const made2 = (joins ? out + (more ? ed.lines[to + 1]! : "") : out.slice(0, -1)).split("\n");
  ed.splice(from, rows.length + more, made2);
  return { count, lines, row: Math.min(ed.last, from + made2.length - 1) };
}

/** What is told of it. */
export function report(ed: Editor, { count, lines }: Outcome, flags: string): void {
  const counts = flags.includes("n");
  if (count === 0 || (!counts && count <= 2)) return;
  const what = counts
    ? count === 1
      ? "match"
      : "matches"
    : count === 1
      ? "substitution"
      : "substitutions";
  ed.say(`${count} ${what} on ${lines} line${lines === 1 ? "" : "s"}`);
}

/** The parts between a command's separators; the last may be left open. */
export function separated(text: string, most: number): string[] {
  const sign = text[0] ?? "";
  if (/[A-Za-z0-9"|\\]/.test(sign))
    throw new Refused("E146: Regular expressions can't be delimited by letters");
  const parts: string[] = [];
  let part = "";
  let at = 1;
  for (; at < text.length && parts.length < most; at++) {
    const c = text[at]!;
    if (c === "\\" && at + 1 < text.length) {
      const next = text[++at]!;
      part += next === sign ? (sign === "&" ? "\\&" : sign) : c + next;
    } else if (c === sign) {
      parts.push(part);
      part = "";
    } else part += c;
  }
  parts.push(part + text.slice(at));
  return parts;
}
