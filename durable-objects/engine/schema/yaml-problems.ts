/**
 * What libyaml says of a text that the yaml package refuses, and at which line it says so. The scanner's failures count lines
 * from one, the parser's from zero, and neither names the first. yaml: go.yaml.in/yaml/v2 decode.go fail, parserc.go, scannerc.go
 */
import type { YAMLError } from "yaml";

interface Problem {
  words: string;
  /** The scanner's. */
  scans?: true;
}

const scanner = (words: string): Problem => ({ words, scans: true });

const problems: Partial<Record<YAMLError["code"], Problem>> = {
  TAB_AS_INDENT: scanner("found character that cannot start any token"),
  BAD_SCALAR_START: scanner("found character that cannot start any token"),
  BLOCK_AS_IMPLICIT_KEY: scanner("mapping values are not allowed in this context"),
  BLOCK_IN_FLOW: { words: "did not find expected node content" },
  BAD_INDENT: { words: "did not find expected key" },
  BAD_PROP_ORDER: { words: "did not find expected node content" },
  UNEXPECTED_TOKEN: { words: "did not find expected node content" },
  MULTIPLE_DOCS: { words: "expected a single document in the stream" },
};

/** By the yaml package's message, where its code says too little. */
const byMessage: [pattern: RegExp, problem: Problem, linesOn?: number][] = [
  [/^Flow sequence /, { words: "did not find expected ',' or ']'" }],
  [/^Flow map /, { words: "did not find expected ',' or '}'" }],
  [/^Missing closing ["']/, scanner("found unexpected end of stream")],
  [/^Implicit keys need to be on a single line/, scanner("could not find expected ':'"), 1],
  [/^Implicit map keys need to be followed/, scanner("could not find expected ':'"), 1],
];

function problemOf(error: YAMLError, text: string): [Problem, linesOn: number] {
  const found = byMessage.find(([pattern]) => pattern.test(error.message));
  const [at] = error.pos;
  if (error.code === "MULTILINE_IMPLICIT_KEY" && /^- /.test(text.slice(at)))
    return [{ words: "did not find expected key" }, 0];
  if (error.code === "UNEXPECTED_TOKEN" && /at node end$/.test(error.message))
    return [afterNode(text, at), 0];
  if (found) return [found[1], found[2] ?? 0];
  return [problems[error.code] ?? { words: error.message }, 0];
}

/** Something stands behind a whole node: in a list another item was expected, in a mapping a key. */
function afterNode(text: string, at: number): Problem {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  const inList = at === line && /^- /m.test(text.slice(0, at));
  return { words: `did not find expected ${inList ? "'-' indicator" : "key"}` };
}

/** `line 4: did not find expected key`; `line`: where the package saw it, from one. */
export function libyamlText(error: YAMLError, line: number, text: string): string {
  const [{ words, scans }, linesOn] = problemOf(error, text);
  const from = line - 1 + linesOn;
  if (from === 0) return words;
  return `line ${scans ? from + 1 : from}: ${words}`;
}
