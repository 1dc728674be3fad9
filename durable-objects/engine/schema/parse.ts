/** Request bodies: text to plain values, with upstream's error texts and doubled keys found. */
import { LineCounter, isMap, isPair, isScalar, parseDocument, visit, type YAMLError } from "yaml";
import { jsonDepthMax, yamlAliasCountMax } from "../limits.ts";
import { DecodeError } from "./decode.ts";
import { JsonSyntaxError, scanJson } from "./json-scan.ts";

export interface Parsed {
  value: unknown;
  /** Keys an object had more than once (the last one won), as strict problems in upstream's words. */
  duplicates: string[];
  /** Where fields and duplicates stand in the text, where there are duplicates: problems are told in that order. */
  places?: ReadonlyMap<string, number>;
}

/** Counts keys by their colons, skipping strings, and deepest nesting; text is known to be good. */
function measure(text: string): { keys: number; depth: number } {
  let keys = 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) {
      let end = text.indexOf('"', i + 1);
      while (text.charCodeAt(end - 1) === 92 && escaped(text, end))
        end = text.indexOf('"', end + 1);
      i = end;
    } else if (c === 58) keys++;
    else if (c === 123 || c === 91) {
      if (++depth > deepest) deepest = depth;
    } else if (c === 125 || c === 93) depth--;
  }
  return { keys, depth: deepest };
}

/** Whether the quote at `end` is preceded by an odd run of backslashes. */
function escaped(text: string, end: number): boolean {
  let run = 0;
  while (text.charCodeAt(end - 1 - run) === 92) run++;
  return run % 2 === 1;
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let total = 0;
  if (Array.isArray(value)) {
    for (const item of value) total += countKeys(item);
    return total;
  }
  for (const key in value) total += 1 + countKeys((value as Record<string, unknown>)[key]);
  return total;
}

/**
 * Parses a JSON body. Throws DecodeError with Go's scanner text
 * (`invalid character '}' looking for beginning of object key string`).
 */
export function parseJson(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return slowJson(text);
  }
  const { keys, depth } = measure(text);
  if (depth > jsonDepthMax || keys !== countKeys(value)) return slowJson(text);
  return { value, duplicates: [] };
}

function slowJson(text: string): Parsed {
  try {
    return scanJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new DecodeError(error.message);
    throw error;
  }
}

/** libyaml's words for the errors that the yaml package names by code. */
const yamlTexts: Partial<Record<YAMLError["code"], string>> = {
  TAB_AS_INDENT: "found character that cannot start any token",
  BLOCK_AS_IMPLICIT_KEY: "mapping values are not allowed in this context",
  BLOCK_IN_FLOW: "did not find expected node content",
  BAD_INDENT: "did not find expected key",
  MISSING_CHAR: "did not find expected key",
  MULTILINE_IMPLICIT_KEY: "could not find expected ':'",
  BAD_ALIAS: "unknown anchor referenced",
  UNEXPECTED_TOKEN: "did not find expected node content",
  BAD_PROP_ORDER: "did not find expected node content",
  MULTIPLE_DOCS: "expected a single document in the stream",
};

/**
 * Parses a YAML body (the subset that is JSON). Throws DecodeError with sigs.k8s.io/yaml's text
 * (`error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context`).
 */
export function parseYaml(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  const error = document.errors.find((e) => e.code !== "MULTIPLE_DOCS");
  if (error) {
    const line = lines.linePos(error.pos[0]).line;
    const words = yamlTexts[error.code] ?? error.message;
    throw new DecodeError(`error converting YAML to JSON: yaml: line ${line}: ${words}`);
  }
  const doubled: string[] = [];
  let depth = 0;
  visit(document, (_key, node, ancestors) => {
    depth = Math.max(depth, ancestors.length);
    if (!isMap(node)) return;
    const seen = new Set<unknown>();
    for (const pair of node.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const key = pair.key.value;
      if (seen.has(key)) {
        const line = lines.linePos(pair.key.range?.[0] ?? 0).line;
        doubled.push(`  line ${line}: key ${JSON.stringify(key)} already set in map`);
      }
      seen.add(key);
    }
  });
  if (depth > jsonDepthMax) {
    throw new DecodeError("error converting YAML to JSON: yaml: exceeded max depth");
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: yamlAliasCountMax });
  } catch {
    throw new DecodeError(
      "error converting YAML to JSON: yaml: document contains excessive aliasing",
    );
  }
  if (!doubled.length) return { value: value ?? null, duplicates: [] };
  return {
    value,
    duplicates: [`error converting YAML to JSON: yaml: unmarshal errors:\n${doubled.join("\n")}`],
  };
}
