/**
 * What a body would cost, found before it is parsed: few bytes can ask for very many values, and a parser cannot be
 * interrupted. One pass over the text, no memory.
 */
import { tooLarge } from "../machinery/status.ts";
import { bodyValuesMax, yamlLineCharsMax } from "../core/limits.ts";

/** Refuses (413) a body of more values than any object has. */
export function checkValues(count: number): void {
  if (count > bodyValuesMax) throw tooLarge(`limit is ${bodyValuesMax} values`);
}

export interface JsonMeasure {
  /** Colons outside strings. */
  keys: number;
  /** Keys, elements, objects and arrays. */
  values: number;
  /** Deepest nesting. */
  depth: number;
}

/** Counts what a JSON text holds; of one that is no JSON, as much as its characters let expect. */
export function measureJson(text: string): JsonMeasure {
  let keys = 0;
  let rest = 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) i = endOfString(text, i + 1);
    else if (c === 58) keys++;
    else if (c === 44) rest++;
    else if (c === 123 || c === 91) {
      rest++;
      if (++depth > deepest) deepest = depth;
    } else if (c === 125 || c === 93) depth--;
  }
  return { keys, values: keys + rest, depth: deepest };
}

/** The closing quote, or the text's end: each character is looked at once. */
function endOfString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 92) i++;
    else if (c === 34) return i;
  }
  return text.length;
}

const isStructure = (c: number): boolean =>
  c === 10 || c === 44 || c === 45 || c === 58 || c === 63 || c === 91 || c === 123 || c === 42;

function structureIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (isStructure(text.charCodeAt(i))) count++;
  return count;
}

/**
 * At least as many as a YAML text has values: line ends and characters that may begin one. Comments and block scalars
 * count nothing, as far as it is plain that they are some: from the first line on that a quote or bracket leaves open,
 * all counts.
 */
export function countYaml(text: string): number {
  let count = 0;
  /** Column of the key whose block scalar is passed over. */
  let block = -1;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const indent = indentOf(text, at, end);
    const next = end + 1;
    const first = text.charCodeAt(at + indent);
    if (at + indent >= end || (block >= 0 && indent > block)) {
      at = next;
      continue;
    }
    block = -1;
    if (first !== 35) {
      const line = lineShape(
        text.slice(at, Math.min(end, at + yamlLineCharsMax)),
        end - at,
        indent,
      );
      if (line === "open") return count + structureIn(text, at, text.length);
      count += structureIn(text, at, end) + 1;
      if (line !== "whole") block = line.block;
    }
    at = next;
  }
  return count;
}

function indentOf(text: string, from: number, to: number): number {
  let i = from;
  while (i < to && text.charCodeAt(i) === 32) i++;
  return i - from;
}

/** Whether a line stands for itself, begins a block scalar below a key at a column, or may go on in the next. */
function lineShape(line: string, length: number, indent: number): "open" | "whole" | Block {
  let at = indent;
  while (line[at] === "-" && line[at + 1] === " ") at = at + 2 + indentOf(line, at + 2, length);
  const column = at;
  const border = line.slice(at, at + 8).trimEnd();
  if (length < at + 8 && (border === "---" || border === "..." || border === "-")) return "whole";
  const first = line[at] ?? "";
  // Whatever begins as a plain word holds quotes and brackets as part of it, up to its colon.
  if (!/[A-Za-z0-9_./]/.test(first)) return "open";
  const colon = line.indexOf(": ", at);
  if (colon < 0) return "whole";
  const value = line.slice(colon + 2).trim();
  if (length <= yamlLineCharsMax && /^[|>][-+0-9]{0,2}$/.test(value)) return { block: column };
  return valueIsWhole(value, length > yamlLineCharsMax) ? "whole" : "open";
}

interface Block {
  block: number;
}

/** Quoted strings, lists and maps that end where they began. Each alternative begins with a sign of its own. */
const wholeQuoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')$/;
const wholeFlow = /^(?:\[(?:"(?:[^"\\]|\\.)*"|[^"'[\]{}#&*!|>%@`])*\]|\{\})$/;

function valueIsWhole(value: string, cut: boolean): boolean {
  const first = value[0] ?? "";
  if (first === '"' || first === "'") return !cut && wholeQuoted.test(value);
  if (first === "[" || first === "{") return !cut && wholeFlow.test(value);
  return !/[&*!|>%@`]/.test(first);
}
