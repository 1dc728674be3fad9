/**
 * What libyaml says of a text that the yaml package refuses, and at which line it says so. The scanner's failures count lines
 * from one, the parser's from zero, and neither names the first. yaml: go.yaml.in/yaml/v2 decode.go fail, parserc.go, scannerc.go
 */
import type { YAMLError } from "yaml";

interface Problem {
  words: string;
  /** The scanner's. */
  scans?: true;
  /** Where it is seen, if not where the package's error stands. */
  at?: number;
  linesOn?: number;
}

type Judge = (error: YAMLError, text: string, next: YAMLError | undefined) => Problem;

const scanner = (words: string): Problem => ({ words, scans: true });
const nothingStarts = scanner("found character that cannot start any token");
const noMappingHere = scanner("mapping values are not allowed in this context");
const noSequenceHere = scanner("block sequence entries are not allowed in this context");
const noNode: Problem = { words: "did not find expected node content" };
const noKey: Problem = { words: "did not find expected key" };
const noItem: Problem = { words: "did not find expected '-' indicator" };
const badEscape = scanner("found unknown escape character");
const badHex = scanner("did not find expected hexdecimal number");
const noName = scanner("did not find expected alphabetic or numeric character");

const problems: Partial<Record<YAMLError["code"], Problem | Judge>> = {
  TAB_AS_INDENT: tabBefore,
  BAD_SCALAR_START: nothingStarts,
  BAD_DQ_ESCAPE: ({ pos: [at] }, text) => (/[xuU]/.test(text[at + 1] ?? "") ? badHex : badEscape),
  BAD_ALIAS: noName,
  BLOCK_AS_IMPLICIT_KEY: nestedMapping,
  MULTILINE_IMPLICIT_KEY: longKey,
  BLOCK_IN_FLOW: (error, text) => inFlow(text, error.pos[0]),
  BAD_INDENT: badIndent,
  BAD_PROP_ORDER: noNode,
  UNEXPECTED_TOKEN: unexpected,
  MULTIPLE_DOCS: { words: "expected a single document in the stream" },
};

/** By the yaml package's message, where its code says too little. */
const byMessage: [pattern: RegExp, problem: Problem | Judge][] = [
  [/^Flow (?:sequence|map) in block/, (error, text) => inFlow(text, error.pos[0])],
  [/^Flow sequence /, (error, text) => inFlow(text, error.pos[0])],
  [/^Flow map /, (error, text) => inFlow(text, error.pos[0])],
  [/^Missing , or : between flow/, (error, text) => inFlow(text, error.pos[0])],
  [/^Missing closing ["']/, openQuote],
  [/^Sequence item without - indicator/, betweenItems],
  [/^Block scalar (?:values|lines)/, inBlockScalar],
  [
    /^Implicit map keys need to be followed/,
    { ...scanner("could not find expected ':'"), linesOn: 1 },
  ],
];

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;
const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
};

/** The lines above, nearest first, without empty ones and comments. */
function* linesAbove(text: string, at: number): Generator<string> {
  for (let start = lineStart(text, at); start > 0;) {
    const from = lineStart(text, start - 1);
    const line = text.slice(from, start - 1);
    if (/^\s*[^\s#]/.test(line)) yield line;
    start = from;
  }
}

/** Columns at which blocks begin in a line: `  - - a` has 2, 4 and 6. */
function columns(line: string): { items: number[]; content: number } {
  const items: number[] = [];
  let at = line.search(/[^ ]/);
  while (/^- /.test(line.slice(at, at + 2))) {
    items.push(at);
    const after = line.slice(at + 1).search(/[^ ]/);
    if (after < 0) break;
    at += 1 + after;
  }
  return { items, content: at };
}

/** Which block is still open at a column, seen from a line that stands there: the nearest that begins no further right. */
function openAt(text: string, at: number, column: number): "sequence" | "mapping" | undefined {
  let indent = Infinity;
  for (const line of linesAbove(text, at)) {
    const { items, content } = columns(line);
    const first = items[0] ?? content;
    if (first >= indent) continue;
    if (content < indent && content <= column) return "mapping";
    const item = items.findLast((one) => one <= column);
    if (item !== undefined) return indentless(text, at, item) ? "mapping" : "sequence";
    indent = first;
  }
  return undefined;
}

/** A list right below its key, at the same column, is no block of its own. */
function indentless(text: string, at: number, column: number): boolean {
  for (const line of linesAbove(text, at)) {
    const { items, content } = columns(line);
    if ((items[0] ?? content) > column || items[0] === column) continue;
    return !items.length && content === column;
  }
  return false;
}

const columnOf = (text: string, at: number): number => {
  const start = lineStart(text, at);
  return Math.max(0, text.slice(start, lineEnd(text, start)).search(/[^ ]/));
};

/** A plain value goes on over lines, and a tab may not stand where it would have to be indented. */
function tabBefore({ pos: [at] }: YAMLError, text: string): Problem {
  const above = text.slice(0, at).trimEnd();
  const last = above.slice(lineStart(above, above.length));
  const plain = /[^\s:'"\]}|>-]$/.test(last) && !/ #/.test(last) && !/^\s*["'[{]/.test(last);
  return plain ? scanner("found a tab character that violates indentation") : nothingStarts;
}

function inBlockScalar({ pos: [at] }: YAMLError, text: string): Problem {
  if (text[at] === "\t")
    return scanner("found a tab character where an indentation space is expected");
  return noKey;
}

/** `a: b: c`, or `a: b` with a key indented below it, which is where it is seen then. */
function nestedMapping({ pos: [at], message }: YAMLError, text: string, next?: YAMLError): Problem {
  if (/^A block sequence/.test(message)) return noKey;
  if (next?.code === "MULTILINE_IMPLICIT_KEY" && next.pos[0] === at)
    return { ...noMappingHere, at: next.pos[1] };
  if (/^["']/.test(text.slice(at)) && next?.code === "UNEXPECTED_TOKEN") return noKey;
  return noMappingHere;
}

/** A key must end in its line. Where none was due, it is taken for text, and its colon is what is wrong. */
function longKey({ pos: [at, end] }: YAMLError, text: string, next?: YAMLError): Problem {
  const start = lineStart(text, at);
  if (/^- /.test(text.slice(at))) return noKey;
  if (next?.code === "BLOCK_IN_FLOW") return { ...inFlow(text, end), at: end };
  const column = at - start;
  const due = /^ *$/.test(text.slice(start, at)) && siblingAbove(text, at, column);
  return due
    ? { ...scanner("could not find expected ':'"), linesOn: 1 }
    : { ...noMappingHere, at: end };
}

/** A quote that is closed by the next one that opens, behind which a value stands. */
function openQuote({ pos: [at], message }: YAMLError, text: string): Problem {
  const quote = message.includes("'") ? "'" : '"';
  const close = text.indexOf(quote, at);
  const goesOn = close >= 0 && /^[^\s:,}\]#]/.test(text.slice(close + 1));
  return goesOn ? { ...noKey, at: close } : scanner("found unexpected end of stream");
}

/** Whether a block has begun at this column. */
function siblingAbove(text: string, at: number, column: number): boolean {
  for (const line of linesAbove(text, at)) {
    const { items, content } = columns(line);
    if (content === column || items.includes(column)) return true;
    if ((items[0] ?? content) < column) return false;
  }
  return false;
}

/** Within brackets: a value was due behind one of them and behind a comma, else one of these or the end. */
function inFlow(text: string, at: number): Problem {
  const before = text.slice(0, at);
  const open: string[] = [];
  for (const [character] of before.matchAll(/"(?:[^"\\]|\\.)*"?|'[^']*'?|[[\]{}]/g)) {
    if (/[[{]/.test(character)) open.push(character);
    else if (/[\]}]/.test(character)) open.pop();
  }
  const ended = !text.slice(at).trim() && !text.endsWith("\n");
  const where: Partial<Problem> = ended ? { at: text.length, linesOn: 1 } : {};
  if (/[[{,]\s*$/.test(before) && (!text.slice(at).trim() || /^- /.test(text.slice(at))))
    return { ...noNode, ...where };
  return { words: `did not find expected ',' or '${open.at(-1) === "[" ? "]" : "}"}'`, ...where };
}

function badIndent(error: YAMLError, text: string): Problem {
  const [at] = error.pos;
  const line = text.slice(at, lineEnd(text, at));
  if (/^ *\t/.test(line)) return tabBefore(error, text);
  const start = lineStart(text, at);
  const last = text.slice(start).search(/[^ ]/) + start;
  const isKey = /:(?:\s|$)/.test(line) || /^\s*- /.test(line);
  if (!isKey && siblingAbove(text, last, columnOf(text, last)))
    return { ...scanner("could not find expected ':'"), linesOn: 1 };
  return openAt(text, last, columnOf(text, last)) === "sequence" ? noItem : noKey;
}

function betweenItems({ pos: [at] }: YAMLError, text: string): Problem {
  const start = lineStart(text, at);
  return openAt(text, start, columnOf(text, start)) === "mapping" ? noKey : noItem;
}

function unexpected(error: YAMLError, text: string): Problem {
  const [at] = error.pos;
  if (/^Unexpected block-seq-ind on same line/.test(error.message)) return noSequenceHere;
  if (/^Unexpected flow-(?:map|seq)-end token in YAML stream/.test(error.message)) return noKey;
  if (!/at node end$/.test(error.message)) return noNode;
  const start = lineStart(text, at);
  return at === start && /^- /m.test(text.slice(0, at)) ? noItem : noKey;
}

function problemOf(error: YAMLError, next: YAMLError | undefined, text: string): Problem {
  const found = byMessage.find(([pattern]) => pattern.test(error.message))?.[1];
  const problem = found ?? problems[error.code] ?? { words: error.message };
  return typeof problem === "function" ? problem(error, text, next) : problem;
}

/** `line 4: did not find expected key`; `lineOf`: the line of a place in the text, from one. */
export function libyamlText(
  [error, next]: [YAMLError, YAMLError?],
  text: string,
  lineOf: (at: number) => number,
): string {
  const { words, scans, at, linesOn } = problemOf(error, next, text);
  const from = lineOf(at ?? error.pos[0]) - 1 + (linesOn ?? 0);
  if (from === 0) return words;
  return `line ${scans ? from + 1 : from}: ${words}`;
}
