/**
 * What becomes of a custom resource's JSON by its schema, besides validation: unknown fields are dropped, nulls that mean
 * nothing too, embedded metadata is typed, defaults are filled in. Nothing given is changed.
 * k8s: apiextensions-apiserver pkg/apiserver/schema/{pruning,defaulting,objectmeta}
 */
import { invalid, type FieldError } from "../../machinery/field.ts";
import { copyJson, decodeObject, isObject, setOwn } from "../decode.ts";
import { structType } from "../types.ts";
import { additionalOf, itemsOf, namesIn, propertyOf, type JsonSchema } from "./json-schema.ts";

type Json = Record<string, unknown>;

const metaFields = new Set(["apiVersion", "kind", "metadata"]);

/** Thrown where an embedded object's own fields are of a wrong type. */
export class EmbeddedProblem extends Error {
  override name = "EmbeddedProblem";
}

/** What is unknown, by its path: `spec.ports[0].nam`. */
interface Pruning {
  unknown: string[];
  path: string;
}

const below = (path: string, key: string): string => (path ? `${path}.${key}` : key);

/** The object with what its schema knows; keys are in order, as Go writes maps. `root`: its own metadata stays. */
export function pruned(
  value: unknown,
  schema: JsonSchema | undefined,
  root: boolean,
): { value: unknown; unknown: string[] } {
  const state: Pruning = { unknown: [], path: "" };
  const out = prune(value, schema, root, state);
  return { value: out, unknown: state.unknown.sort() };
}

function within<T>(state: Pruning, path: string, body: () => T): T {
  const before = state.path;
  state.path = path;
  const result = body();
  state.path = before;
  return result;
}

function prune(
  value: unknown,
  schema: JsonSchema | undefined,
  embedded: boolean,
  state: Pruning,
): unknown {
  if (Array.isArray(value)) return pruneList(value, schema, state);
  if (!isObject(value)) return value;
  const keeps = schema?.["x-kubernetes-preserve-unknown-fields"] === true;
  const out: Json = {};
  for (const key of namesIn(value)) {
    const item = value[key];
    if (embedded && metaFields.has(key)) {
      setOwn(out, key, copyJson(item));
      continue;
    }
    const known = schema && propertyOf(schema, key);
    const declared = known !== undefined || schema?.additionalProperties !== undefined;
    if (!declared && !keeps) {
      if (state.path || !metaFields.has(key)) state.unknown.push(below(state.path, key));
      continue;
    }
    const of = known ?? (schema && additionalOf(schema));
    const kept = declared
      ? within(state, below(state.path, key), () => prune(item, of, isEmbedded(of), state))
      : ordered(item);
    if (!isIdleNull(kept, of)) setOwn(out, key, kept);
  }
  return out;
}

function pruneList(list: unknown[], schema: JsonSchema | undefined, state: Pruning): unknown[] {
  const of = schema && itemsOf(schema);
  // Below what preserves unknown fields a list's items do so too, unless they say what they are.
  if (!of && schema?.["x-kubernetes-preserve-unknown-fields"]) return list.map(ordered);
  const { path } = state;
  const isKept = schema?.["x-kubernetes-preserve-unknown-fields"] === true;
  return list.map((item, i) =>
    within(state, `${path}[${i}]`, () =>
      prune(item, isKept ? preserving(of) : of, isEmbedded(of), state),
    ),
  );
}

const preserved = new WeakMap<JsonSchema, JsonSchema>();

function preserving(schema: JsonSchema | undefined): JsonSchema | undefined {
  if (!schema || schema["x-kubernetes-preserve-unknown-fields"]) return schema;
  let known = preserved.get(schema);
  if (!known) {
    known = { ...schema, "x-kubernetes-preserve-unknown-fields": true };
    preserved.set(schema, known);
  }
  return known;
}

const isEmbedded = (schema: JsonSchema | undefined): boolean =>
  schema?.["x-kubernetes-embedded-resource"] === true;

/** A null where there may be none, and which no default replaces. k8s: defaulting/prunenulls.go */
const isIdleNull = (value: unknown, schema: JsonSchema | undefined): boolean =>
  value === null && schema !== undefined && !schema.nullable && isUnset(schema.default);

const isUnset = (value: unknown): boolean => value === undefined || value === null;

/** A copy with its keys in order. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  const out: Json = {};
  for (const key of namesIn(value)) setOwn(out, key, ordered(value[key]));
  return out;
}

/** Metadata as its type has it: `problems` are unknown fields, by their paths. */
export function typedMetadata(
  metadata: unknown,
  path: string,
): { metadata: Json; unknown: string[]; error?: string } {
  const { object, problems, error } = decodeObject(structType("meta/v1.ObjectMeta"), metadata);
  const unknown = problems.map((text) => `${path}.${text.slice('unknown field "'.length, -1)}`);
  const typed = ordered(object) as Json;
  return error === undefined ? { metadata: typed, unknown } : { metadata: typed, unknown, error };
}

/** The same with the metadata of embedded objects as its type has it. EmbeddedProblem. k8s: objectmeta/algorithm.go */
export function coerced(
  value: unknown,
  schema: JsonSchema | undefined,
  path: string,
  unknown: string[],
): unknown {
  if (!schema) return value;
  if (Array.isArray(value)) {
    const of = itemsOf(schema);
    return of ? value.map((item, i) => coerced(item, of, `${path}[${i}]`, unknown)) : value;
  }
  if (!isObject(value)) return value;
  const out: Json = {};
  for (const key of Object.keys(value)) {
    const at = below(path, key);
    const item = isEmbedded(schema) ? ownField(key, value[key], at, unknown) : value[key];
    const known = propertyOf(schema, key);
    const more = known ? undefined : additionalOf(schema);
    const place = more ? `${path}[${key}]` : at;
    setOwn(out, key, coerced(item, known ?? more, place, unknown));
  }
  return out;
}

function ownField(key: string, value: unknown, path: string, unknown: string[]): unknown {
  const refuse = (why: string): never => {
    const problem: FieldError = invalid(path, value, why);
    throw new EmbeddedProblem(`${problem.field}: ${problem.message}`);
  };
  if (key === "apiVersion" || key === "kind") {
    return typeof value === "string" ? value : refuse("must be a string");
  }
  if (key !== "metadata") return value;
  const typed = typedMetadata(value, path);
  if (typed.error !== undefined) return refuse(typed.error);
  unknown.push(...typed.unknown);
  return typed.metadata;
}

const reaching = new WeakMap<JsonSchema, boolean>();

/** Whether anything is filled in below a schema; few have defaults in every branch. */
function reaches(schema: JsonSchema): boolean {
  let known = reaching.get(schema);
  if (known === undefined) {
    const parts = [
      ...Object.values(schema.properties ?? {}),
      itemsOf(schema),
      additionalOf(schema),
    ];
    known = parts.some((part) => part && (!isUnset(part.default) || reaches(part)));
    reaching.set(schema, known);
  }
  return known;
}

const embedding = new WeakMap<JsonSchema, boolean>();

/** Whether an object stands within what the schema describes. */
function embeds(schema: JsonSchema): boolean {
  let known = embedding.get(schema);
  if (known === undefined) {
    const parts = [
      ...Object.values(schema.properties ?? {}),
      itemsOf(schema),
      additionalOf(schema),
    ];
    known = isEmbedded(schema) || parts.some((part) => part !== undefined && embeds(part));
    embedding.set(schema, known);
  }
  return known;
}

/**
 * Defaults filled in; of embedded objects' metadata only what its type knows. Those beyond `room` characters of JSON are left out: an
 * object that took so many is too large to be stored. k8s: defaulting/prune.go PruneDefaults
 */
export function filled(value: unknown, schema: JsonSchema | undefined, room: number): unknown {
  const out = defaulted(value, schema, { room });
  return schema && out !== value && embeds(schema) ? coerced(out, schema, "", []) : out;
}

const lengths = new WeakMap<object, number>();

/** Of a default as JSON, about. */
function lengthOf(preset: unknown): number {
  if (typeof preset === "string") return preset.length + 2;
  if (typeof preset !== "object" || preset === null) return 8;
  let known = lengths.get(preset);
  if (known === undefined) lengths.set(preset, (known = JSON.stringify(preset).length));
  return known;
}

interface Filling {
  room: number;
}

function fits(preset: unknown, filling: Filling): boolean {
  if (filling.room < 0) return false;
  filling.room -= lengthOf(preset);
  return true;
}

/** The same with defaults filled in; itself where none is missing. k8s: defaulting/algorithm.go */
export function defaulted(
  value: unknown,
  schema: JsonSchema | undefined,
  filling: Filling = { room: Infinity },
): unknown {
  if (!schema || !reaches(schema)) return value;
  if (Array.isArray(value)) return defaultedList(value, itemsOf(schema), filling);
  if (!isObject(value)) return value;
  let out: Json | undefined;
  const put = (key: string, item: unknown): void => setOwn((out ??= { ...value }), key, item);
  let added = false;
  for (const [key, { default: preset, nullable }] of Object.entries(schema.properties ?? {})) {
    if (isUnset(preset)) continue;
    const present = Object.hasOwn(value, key);
    if (present && (value[key] !== null || nullable)) continue;
    if (!fits(preset, filling)) break;
    added ||= !present;
    put(key, ordered(preset));
  }
  for (const key of Object.keys(out ?? value)) {
    const item = (out ?? value)[key];
    const known = propertyOf(schema, key);
    const more = known ? undefined : additionalOf(schema);
    const next = defaulted(known ? item : orDefault(item, more, filling), known ?? more, filling);
    if (next !== item) put(key, next);
  }
  return added ? sorted(out as Json) : (out ?? value);
}

function defaultedList(list: unknown[], of: JsonSchema | undefined, filling: Filling): unknown[] {
  let out: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const next = defaulted(orDefault(list[i], of, filling), of, filling);
    if (next !== list[i]) (out ??= [...list])[i] = next;
  }
  return out ?? list;
}

const orDefault = (value: unknown, schema: JsonSchema | undefined, filling: Filling): unknown =>
  value === null &&
  schema &&
  !schema.nullable &&
  !isUnset(schema.default) &&
  fits(schema.default, filling)
    ? ordered(schema.default)
    : value;

function sorted(object: Json): Json {
  const out: Json = {};
  for (const key of namesIn(object)) setOwn(out, key, object[key]);
  return out;
}
