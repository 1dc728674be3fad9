/** Objects in files and streams: YAML documents or JSON values, one after the other. k8s: apimachinery/pkg/util/yaml/decoder.go */
import { jsonDepthMax } from "../core/limits.ts";
import { goQuote } from "../machinery/field.ts";
import { parseYaml } from "../schema/yaml.ts";
import { Failure } from "./errors.ts";
import { goJson } from "./go/json.ts";
import { jsonProblem } from "./go/json-error.ts";

export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  managedFields?: unknown[];
  [field: string]: unknown;
}

/** Any object of the API, as it is in JSON. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  [field: string]: unknown;
}

export interface ListObject extends KubeObject {
  items: KubeObject[];
}

export const isList = (object: KubeObject): object is ListObject => Array.isArray(object["items"]);

/** YAML documents of a text: those between lines that begin with `---`. */
function documents(text: string): string[] {
  const out: string[] = [];
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("---")) {
      out.push(lines.join("\n"));
      lines = [];
      // What follows the dashes on their line is a comment, or nothing.
      continue;
    }
    lines.push(line);
  }
  out.push(lines.join("\n"));
  return out;
}

type Failed = (why: string) => Failure;

/** What reads a text value by value: the next one, undefined at its end. Failure of what cannot be read. */
export function* readObjects(text: string, source: string): Generator<unknown> {
  const failed: Failed = (why) => new Failure(`error parsing ${source}: ${why}`);
  if (/^\s*\{/.test(text)) yield* jsonValues(text, failed);
  else yield* yamlValues(text, failed);
}

function* yamlValues(text: string, failed: Failed): Generator<unknown> {
  for (const document of documents(text)) {
    if (document.trim() === "") continue;
    let value: unknown;
    try {
      value = parseYaml(document).value;
    } catch (error) {
      throw failed(error instanceof Error ? error.message : String(error));
    }
    if (value !== null && value !== undefined) yield value;
  }
}

function* jsonValues(text: string, failed: Failed): Generator<unknown> {
  const all = text.trim();
  let rest = all;
  while (rest !== "") {
    const end = jsonEnd(rest, failed);
    const piece = rest.slice(0, end);
    let value: unknown;
    try {
      value = JSON.parse(piece);
    } catch {
      const { message, at } = jsonProblem(piece);
      if (at === undefined) throw failed(message);
      // What begins as JSON may be YAML in its flow style.
      if (rest === all && isYaml(all)) return yield* yamlValues(all, failed);
      throw failed(`json: offset ${all.length - rest.length + at + 1}: ${message}`);
    }
    yield value;
    rest = rest.slice(end).replace(/^\s*(?:---[^\n]*\n?)?\s*/, "");
  }
}

function isYaml(text: string): boolean {
  try {
    for (const _ of yamlValues(text, (why) => new Failure(why)));
    return true;
  } catch {
    return false;
  }
}

/** Where the first value of a text ends. Failure of one that is nested too deeply. */
function jsonEnd(text: string, failed: (why: string) => Failure): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (c === "{" || c === "[") {
      if (++depth > jsonDepthMax) throw failed("exceeded max depth");
    } else if (c === "}" || c === "]") {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return text.length;
}

/** A value as an object of the API. Failure where it is none. k8s: apimachinery/.../unstructured/helpers.go */
export function objectOf(value: unknown, source: string): KubeObject {
  const json = goJson(value);
  const failed = (why: string): Failure =>
    new Failure(`unable to decode ${goQuote(source)}: ${why}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const type = Array.isArray(value) ? "array" : typeof value;
    throw failed(
      `json: cannot unmarshal ${type === "boolean" ? "bool" : type} into Go value of type unstructured.detector`,
    );
  }
  const object = value as KubeObject;
  if (typeof object.kind !== "string" || object.kind === "")
    throw failed(`Object 'Kind' is missing in '${json}'`);
  return object;
}
