/**
 * JSON as values of CEL, made as it is looked at: by what it is, or as a schema says.
 * k8s: apiserver/pkg/cel/common/valuesunstructured.go
 */
import { decodeBase64Error, fromBase64 } from "../machinery/base64.ts";
import { escapeName, unescapeName } from "./escaping.ts";
import { hasObjectMeta, itemsOf, type Schema } from "./schema.ts";
import { dateOf, openApiDuration, timestampOf } from "./time.ts";
import {
  CelError,
  Duration,
  equalValues,
  ListValue,
  MapValue,
  Timestamp,
  type Steps,
  type Value,
} from "./values.ts";

type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

const isObject = (json: Json): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** What it is without a schema; whole numbers are ints. */
export function fromJson(json: Json): Value {
  switch (typeof json) {
    case "string":
    case "boolean":
      return json;
    case "number":
      return Number.isInteger(json) ? BigInt(json) : json;
    case "bigint":
      return json;
    default:
  }
  if (json === null || json === undefined) return null;
  return Array.isArray(json) ? new JsonList(json) : new JsonMap(json as JsonObject);
}

/** A list of JSON; what was looked at is kept. */
export class JsonList extends ListValue {
  readonly json: readonly Json[];
  readonly items: Schema | undefined;
  readonly #made: Value[] = [];
  constructor(json: readonly Json[], items?: Schema) {
    super();
    this.json = json;
    this.items = items;
  }
  get size(): number {
    return this.json.length;
  }
  at(place: number): Value {
    return (this.#made[place] ??= this.items
      ? fromTyped(this.json[place], this.items)
      : fromJson(this.json[place]));
  }
}

export class JsonMap extends MapValue {
  readonly json: JsonObject;
  readonly #made = new Map<string, Value>();
  constructor(json: JsonObject) {
    super();
    this.json = json;
  }
  get size(): number {
    return Object.keys(this.json).length;
  }
  find(key: Value): Value | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.json, key)) return undefined;
    let made = this.#made.get(key);
    if (made === undefined) this.#made.set(key, (made = fromJson(this.json[key])));
    return made;
  }
  keys(): Iterable<Value> {
    return Object.keys(this.json);
  }
}

/** An object of a schema: fields that it names, by their escaped names, or any of one schema. */
export class TypedMap extends MapValue {
  readonly json: JsonObject;
  readonly schema: Schema;
  readonly #made = new Map<string, Value>();
  constructor(json: JsonObject, schema: Schema) {
    super();
    this.json = json;
    this.schema = schema;
  }
  /** The name in JSON, and what the schema says of it. */
  #field(key: string): { name: string; schema: Schema } | undefined {
    const { properties, additionalProperties } = this.schema;
    if (properties) {
      const name = unescapeName(key);
      if (name === undefined || !Object.hasOwn(properties, name)) return undefined;
      return { name, schema: properties[name]! };
    }
    return typeof additionalProperties === "object"
      ? { name: key, schema: additionalProperties }
      : undefined;
  }
  get size(): number {
    return [...this.keys()].length;
  }
  find(key: Value): Value | undefined {
    if (typeof key !== "string") return undefined;
    const field = this.#field(key);
    if (!field || !Object.hasOwn(this.json, field.name)) return undefined;
    let made = this.#made.get(key);
    if (made === undefined) {
      this.#made.set(key, (made = fromTyped(this.json[field.name], field.schema)));
    }
    return made;
  }
  *keys(): Generator<string> {
    for (const name of Object.keys(this.json)) {
      const key = this.schema.properties ? escapeName(name) : name;
      if (key !== undefined && this.#field(key)) yield key;
    }
  }
}

/** Elements in no order, each once. */
class SetList extends JsonList {
  override equals(other: ListValue, meter: Steps): Value {
    if (this.size !== other.size) return false;
    for (const one of other) if (!this.#holds(one, meter)) return false;
    return true;
  }
  #holds(value: Value, meter: Steps): boolean {
    for (const one of this) if (equalValues(one, value, meter) === true) return true;
    return false;
  }
  override plus(other: ListValue, meter: Steps): Value {
    const added = [...other].filter((one) => !this.#holds(one, meter)).map(toJson);
    return new SetList([...this.json, ...added], this.items);
  }
}

/** Elements in no order, by their keys. */
class KeyedList extends JsonList {
  readonly #keys: readonly string[];
  constructor(json: readonly Json[], items: Schema | undefined, keys: readonly string[]) {
    super(json, items);
    this.#keys = keys;
  }
  #keyOf(json: Json): string {
    return JSON.stringify(isObject(json) ? this.#keys.map((key) => json[key] ?? null) : json);
  }
  override equals(other: ListValue, meter: Steps): Value {
    if (this.size !== other.size) return false;
    const places = new Map(this.json.map((one, i) => [this.#keyOf(one), i]));
    for (const one of other) {
      const place = places.get(this.#keyOf(toJson(one)));
      if (place === undefined) return false;
      const same = equalValues(this.at(place), one, meter);
      if (same !== true) return same;
    }
    return true;
  }
  override plus(other: ListValue): Value {
    const elements = [...this.json];
    const places = new Map(elements.map((one, i) => [this.#keyOf(one), i]));
    for (const one of other) {
      const json = toJson(one);
      const place = places.get(this.#keyOf(json));
      if (place === undefined) elements.push(json);
      else elements[place] = json;
    }
    return new KeyedList(elements, this.items, this.#keys);
  }
}

const goKind = (json: Json): string => {
  if (typeof json === "number") return Number.isInteger(json) ? "int64" : "float64";
  if (typeof json === "boolean") return "bool";
  if (typeof json === "string") return "string";
  return Array.isArray(json) ? "[]interface {}" : "map[string]interface {}";
};

function typedString(json: Json, format: string | undefined): Value {
  if (typeof json !== "string") {
    return new CelError(`invalid data, expected string, got ${goKind(json)}`);
  }
  if (format === "duration") {
    const found = openApiDuration(json);
    return found === undefined
      ? new CelError(`Invalid duration ${json}: unable to parse "${json}" as duration`)
      : new Duration(found);
  }
  if (format === "date" || format === "date-time") {
    const found = format === "date" ? dateOf(json) : timestampOf(json);
    return found === undefined
      ? new CelError(`Invalid ${format} formatted string ${json}`)
      : new Timestamp(found);
  }
  if (format === "byte") {
    const problem = decodeBase64Error(json);
    return problem === undefined
      ? fromBase64(json)
      : new CelError(`Invalid byte formatted string ${json}: ${problem}`);
  }
  return json;
}

function typedList(json: Json, schema: Schema): Value {
  if (!Array.isArray(json)) {
    return new CelError("invalid data, expected an array for the provided schema with type=array");
  }
  switch (schema["x-kubernetes-list-type"]) {
    case "set":
      return new SetList(json, itemsOf(schema));
    case "map":
      return new KeyedList(json, itemsOf(schema), schema["x-kubernetes-list-map-keys"] ?? []);
    default:
      return new JsonList(json, itemsOf(schema));
  }
}

/** What a schema says that it is. */
export function fromTyped(json: Json, schema: Schema): Value {
  if (json === null || json === undefined) {
    return schema.nullable
      ? null
      : new CelError("invalid data, got null for schema with nullable=false");
  }
  if (schema["x-kubernetes-int-or-string"]) {
    if (typeof json === "string") return json;
    if (typeof json === "number" && Number.isInteger(json)) return BigInt(json);
    return new CelError(
      "invalid data, expected XIntOrString value to be either a string or integer",
    );
  }
  switch (schema.type) {
    case "object":
      if (!isObject(json)) {
        return new CelError(
          "invalid data, expected a map for the provided schema with type=object",
        );
      }
      return new TypedMap(
        json,
        schema["x-kubernetes-embedded-resource"] ? hasObjectMeta(schema) : schema,
      );
    case "array":
      return typedList(json, schema);
    case "string":
      return typedString(json, schema.format);
    case "number":
      return typeof json === "number"
        ? json
        : new CelError(`invalid data, expected float, got ${goKind(json)}`);
    case "integer":
      return typeof json === "number" && Number.isInteger(json)
        ? BigInt(json)
        : new CelError(`invalid data, expected int, got ${goKind(json)}`);
    case "boolean":
      return typeof json === "boolean"
        ? json
        : new CelError(`invalid data, expected bool, got ${goKind(json)}`);
    default:
      return fromJson(json);
  }
}

/** As JSON again; undefined where there is no such thing. */
export function toJson(value: Value): Json {
  if (value instanceof JsonList || value instanceof JsonMap || value instanceof TypedMap) {
    return value.json;
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return value;
  if (value instanceof ListValue) return [...value].map(toJson);
  if (value instanceof MapValue) {
    return Object.fromEntries(
      [...value.keys()].map((key) => [String(key), toJson(value.find(key)!)]),
    );
  }
  return undefined;
}
