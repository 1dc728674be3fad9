/**
 * YAML bodies (the subset that is JSON). Two parsers: `js-yaml` is quick and says what it reads as events, `yaml` knows more
 * of what is wrong with a text, and reads again what the first refuses, as long as it is short.
 */
import { YAMLException, constructFromEvents, parseEvents } from "js-yaml";
import type { YAMLError } from "yaml";
import { LineCounter, isMap, isPair, isScalar, parseDocument, visit } from "yaml";
import { yamlDepthMax, yamlExplainedCharsMax } from "../core/limits.ts";
import { checkValues, countYaml } from "./body-budget.ts";
import { DecodeError } from "./decode.ts";
import { tryJson, type Parsed } from "./parse.ts";
import { goSchema } from "./yaml-scalars.ts";
import { libyamlText } from "./yaml-problems.ts";

const convert = "error converting YAML to JSON: yaml: ";

/**
 * Parses a YAML body. Throws DecodeError with sigs.k8s.io/yaml's text
 * (`error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context`), and 413 for one that
 * holds more than any object.
 */
export function parseYaml(text: string): Parsed {
  // What kubectl applies is JSON, whatever its media type says.
  const json = /^\s{0,100}\{/.test(text) ? tryJson(text) : undefined;
  if (json) return json;
  checkValues(countYaml(text));
  try {
    const events = parseEvents(text, { maxDepth: yamlDepthMax });
    const [value] = constructFromEvents(events, { source: text, schema: goSchema } as never);
    checkAliases(value);
    return { value: value ?? null, duplicates: [] };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return explained(text, error);
  }
}

function explained(text: string, error: YAMLException): Parsed {
  if (/exceeded maxDepth/.test(error.reason)) throw new DecodeError(`${convert}exceeded max depth`);
  if (/complex keys/.test(error.reason)) throw new DecodeError(`${convert}${mapAsKey(text)}`);
  if (text.length <= yamlExplainedCharsMax) return careful(text);
  const line = (error.mark?.line ?? 0) + 1;
  const words = /^(unidentified alias)/.test(error.reason)
    ? "unknown anchor referenced"
    : /tab/.test(error.reason)
      ? "found character that cannot start any token"
      : "did not find expected key";
  if (!/^duplicated mapping key/.test(error.reason)) {
    throw new DecodeError(`${convert}line ${line}: ${words}`);
  }
  const doubled = `${convert}unmarshal errors:\n  line ${line}: key already set in map`;
  return { ...twice(text), duplicates: [doubled] };
}

/** Mostly a template that nobody filled in: `{{ .Values.name }}` is a map with a map as its key. */
function mapAsKey(text: string): string {
  const [, name] =
    /(?:^|[:-] ) {0,9}\{\{-? {0,9}([^\s{}[\],:#"'-][^\s{}[\],:#"']*) {0,9}\}\}/m.exec(text) ?? [];
  if (!name) return "invalid map key";
  return `invalid map key: map[interface {}]interface {}{${JSON.stringify(name)}:interface {}(nil)}`;
}

/** A text with doubled keys, of which the last wins. */
function twice(text: string): { value: unknown } {
  const events = parseEvents(text, { maxDepth: yamlDepthMax });
  const options = { source: text, schema: goSchema, json: true };
  const [value] = constructFromEvents(events, options as never);
  checkAliases(value);
  return { value };
}

/** k8s: go.yaml.in/yaml/v2 decode.go allowedAliasRatio */
function aliasShareMax(values: number): number {
  const [few, many] = [400_000, 4_000_000];
  if (values <= few) return 0.99;
  return values >= many ? 0.1 : 0.99 - 0.89 * ((values - few) / (many - few));
}

/** What a value would be with every alias written out, without writing it. Throws where it grows without end. */
function checkAliases(root: unknown): void {
  const sizes = new Map<object, number>();
  let own = 0;
  const size = (value: unknown): number => {
    if (typeof value !== "object" || value === null) return 1;
    const known = sizes.get(value);
    if (known === 0) throw new DecodeError(`${convert}anchor value contains itself`);
    if (known !== undefined) return known;
    sizes.set(value, 0);
    let total = 1;
    own += 1;
    for (const item of Array.isArray(value) ? value : Object.values(value)) {
      if (typeof item !== "object" || item === null) own += 1;
      total += size(item);
    }
    sizes.set(value, total);
    return total;
  };
  const all = size(root);
  const aliased = all - own;
  if (aliased > 100 && all > 1_000 && aliased / all > aliasShareMax(all)) {
    throw new DecodeError(`${convert}document contains excessive aliasing`);
  }
  checkValues(all);
}

/** A text without the backslashes before `'` in double quotes, which YAML 1.2 has not; undefined: it has none. libyaml: scanner.c yaml_parser_scan_flow_scalar */
function withoutQuoteEscapes(text: string, errors: readonly YAMLError[]): string | undefined {
  const places = errors
    .filter(({ code, pos }) => code === "BAD_DQ_ESCAPE" && text.startsWith("\\'", pos[0]))
    .map(({ pos }) => pos[0]);
  if (places.length === 0) return undefined;
  let out = "";
  let from = 0;
  for (const place of places) {
    out += text.slice(from, place);
    from = place + 1;
  }
  return out + text.slice(from);
}

/** As `parseYaml`, by the parser that says what is wrong, and where. */
function careful(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  const plain = withoutQuoteEscapes(text, document.errors);
  if (plain !== undefined) return parseYaml(plain);
  const [error, next] = document.errors.filter((e) => e.code !== "MULTIPLE_DOCS");
  if (error) {
    const lineOf = (at: number): number => lines.linePos(at).line;
    throw new DecodeError(`${convert}${libyamlText([error, next], text, lineOf)}`);
  }
  const doubled: string[] = [];
  visit(document, (_key, node) => {
    if (!isMap(node)) return;
    const seen = new Set<unknown>();
    for (const pair of node.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const key = pair.key.value;
      if (seen.has(key)) {
        const { line } = lines.linePos(pair.key.range?.[0] ?? 0);
        doubled.push(`  line ${line}: key ${JSON.stringify(key)} already set in map`);
      }
      seen.add(key);
    }
  });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: -1 });
  } catch (error) {
    const name = /: (\S+)$/.exec(error instanceof Error ? error.message : "")?.[1];
    throw new DecodeError(`${convert}unknown anchor ${name ? `'${name}' ` : ""}referenced`);
  }
  checkAliases(value);
  if (!doubled.length) return { value: value ?? null, duplicates: [] };
  return { value, duplicates: [`${convert}unmarshal errors:\n${doubled.join("\n")}`] };
}
