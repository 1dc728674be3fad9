/**
 * Strict decoding of JSON values into the canonical form of a built-in type: unknown fields found and
 * dropped, wrong types refused in Go's words, what Go's round trip loses lost. The result shares no
 * mutable state with the input. k8s: sigs.k8s.io/json, runtime/serializer/json/json.go
 */
import { goQuote } from "../machinery/field.ts";
import { decodeStructsMax } from "../core/limits.ts";
import { decodeBase64Error, stripBase64 } from "../machinery/base64.ts";
import { countItems, DecodeError } from "./decode-error.ts";
import { parseQuantity, quantityError } from "../machinery/quantity.ts";
import { canonicalMicroTime, canonicalTime, type TimeResult } from "./time.ts";
import type { Decoded, DecodeOptions, Field, FieldType, StructType } from "./types.ts";

export { DecodeError };
export type { Decoded, DecodeOptions } from "./types.ts";

type JsonObject = Record<string, unknown>;

/** k8s: sigs.k8s.io/json saveStrictError */
const problemsMax = 100;
/** Marks a map key on the path: part of strict paths, no part of Go's field stack. */
const keyMark = "\u0000";
/** Marks an embedded struct: the other way round. */
const embeddedMark = "\u0001";
/** k8s: json.SimpleMetaFactory.Interpret */
const interpretPrefix = "couldn't get version/kind; json parse error: ";

interface Context {
  problems: string[];
  /** First wrong type; reported at the end unless something worse comes. */
  saved: string | undefined;
  path: (string | number)[];
  /** Go name of the innermost struct on the path. */
  struct: string;
  /** Structs made so far; a small body can ask for very many. */
  structs: number;
  /** Items of lists and maps so far. */
  items: number;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets an own property even for `__proto__`. */
export function setOwn(target: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else target[key] = value;
}

function strictPath(path: readonly (string | number)[], last: string): string {
  let text = "";
  for (const step of [...path, last]) {
    if (typeof step === "number") text += `[${step}]`;
    else if (!step.startsWith(embeddedMark)) {
      const name = step.startsWith(keyMark) ? step.slice(1) : step;
      text += text === "" ? name : `.${name}`;
    }
  }
  return text;
}

/** Notes an unknown field of the struct the path leads to. */
function reportUnknown(ctx: Context, key: string): void {
  if (ctx.problems.length >= problemsMax) return;
  const problem = `unknown field ${goQuote(strictPath(ctx.path, key))}`;
  if (!ctx.problems.includes(problem)) ctx.problems.push(problem);
}

const intKinds: ReadonlySet<string> = new Set(["int32", "int64"]);

function describe(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return intKinds.has(wanted) ? `number ${value}` : "number";
  return typeof value === "string" ? "string" : "object";
}

function typeErrorText(ctx: Context, value: unknown, wanted: string, go: string): string {
  const names: string[] = [];
  for (const step of ctx.path) {
    if (typeof step === "number" || step.startsWith(keyMark)) continue;
    names.push(step.startsWith(embeddedMark) ? step.slice(1) : step);
  }
  const into = names.length ? `struct field ${ctx.struct}.${names.join(".")}` : "value";
  return `json: cannot unmarshal ${describe(value, wanted)} into Go ${into} of type ${go}`;
}

/** Notes the first wrong type and goes on, as Go does. */
function wrongType(ctx: Context, value: unknown, type: { kind: string; go: string }): undefined {
  ctx.saved ??= typeErrorText(ctx, value, type.kind, type.go);
  return undefined;
}

/** A deep copy of plain JSON. */
export function copyJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson);
  const out: JsonObject = {};
  for (const key of Object.keys(value)) setOwn(out, key, copyJson((value as JsonObject)[key]));
  return out;
}

function decodeTime(
  ctx: Context,
  value: unknown,
  canonical: (text: string) => TimeResult,
): string | undefined {
  if (typeof value !== "string") throw new DecodeError(typeErrorText(ctx, value, "", "string"));
  const result = canonical(value);
  if ("error" in result) throw new DecodeError(result.error);
  return result.text ?? undefined;
}

function decodeQuantity(value: unknown): string {
  const text = (typeof value === "string" ? value : JSON.stringify(value)).trim();
  const quantity = parseQuantity(text);
  if (!quantity) throw new DecodeError(quantityError(text) ?? "");
  return quantity.text;
}

function decodeInteger(ctx: Context, value: unknown, type: FieldType): number | undefined {
  if (typeof value === "number" && Number.isInteger(value)) {
    const fits =
      type.kind === "int64"
        ? value >= -9223372036854775808 && value < 9223372036854775808
        : value >= -2147483648 && value <= 2147483647;
    if (fits) return value === 0 ? 0 : value;
  }
  return wrongType(ctx, value, type);
}

function decodeIntOrString(ctx: Context, value: unknown): string | number {
  if (typeof value === "string") return value;
  if (
    typeof value === "number" &&
    Number.isInteger(value) &&
    value >= -2147483648 &&
    value <= 2147483647
  ) {
    return value;
  }
  throw new DecodeError(typeErrorText(ctx, value, "int32", "int32"));
}

function decodeBytes(ctx: Context, value: unknown, type: FieldType): string | undefined {
  if (typeof value !== "string") return wrongType(ctx, value, type);
  const problem = decodeBase64Error(value);
  if (problem) ctx.saved ??= problem;
  return stripBase64(value);
}

function decodeList(ctx: Context, value: unknown, type: FieldType & { kind: "list" }): unknown {
  if (!Array.isArray(value)) return wrongType(ctx, value, type);
  const out: unknown[] = [];
  countItems(ctx, value.length);
  for (let i = 0; i < value.length; i++) {
    ctx.path.push(i);
    out.push(decodePresent(ctx, value[i], type.of));
    ctx.path.pop();
  }
  return out;
}

function decodeMap(ctx: Context, value: unknown, type: FieldType & { kind: "map" }): unknown {
  if (!isObject(value)) return wrongType(ctx, value, type);
  const out: JsonObject = {};
  const keys = Object.keys(value);
  countItems(ctx, keys.length);
  // Go writes maps sorted.
  if (keys.length > 1) keys.sort();
  for (const key of keys) {
    ctx.path.push(keyMark + key);
    setOwn(out, key, decodePresent(ctx, value[key], type.of));
    ctx.path.pop();
  }
  return out;
}

/** An element of a list or map: null and what is empty stand there as the type's zero. */
function decodePresent(ctx: Context, value: unknown, type: FieldType): unknown {
  if (value === null || value === undefined) return zeroOf(type);
  return decodeValue(ctx, value, type) ?? zeroOf(type);
}

/** What Go writes for the zero of a type. */
function zeroOf(type: FieldType): unknown {
  switch (type.kind) {
    case "string":
    case "bytes":
      return "";
    case "bool":
      return false;
    case "int32":
    case "int64":
    case "float64":
    case "intOrString":
      return 0;
    case "quantity":
      return "0";
    case "duration":
      return "0s";
    case "struct":
      return emptyStruct(type.struct);
    default:
      return null;
  }
}

function emptyStruct(type: StructType): JsonObject {
  const out: JsonObject = {};
  for (const field of type.emitted) out[field.name] = absentValue(field);
  return out;
}

const absentValue = (field: Field): unknown =>
  field.type.kind === "struct" ? emptyStruct(field.type.struct) : field.whenAbsent;

/** A value that is not null; undefined where nothing is to be written (or a wrong type was noted). */
function decodeValue(ctx: Context, value: unknown, type: FieldType): unknown {
  switch (type.kind) {
    case "string":
      return typeof value === "string" ? value : wrongType(ctx, value, type);
    case "bool":
      return typeof value === "boolean" ? value : wrongType(ctx, value, type);
    case "int32":
    case "int64":
      return decodeInteger(ctx, value, type);
    case "float64":
      return typeof value === "number" ? value : wrongType(ctx, value, type);
    case "struct":
      return decodeStruct(ctx, value, type.struct, type.go);
    case "list":
      return decodeList(ctx, value, type);
    case "map":
      return decodeMap(ctx, value, type);
    case "quantity":
      return decodeQuantity(value);
    case "intOrString":
      return decodeIntOrString(ctx, value);
    case "time":
      return decodeTime(ctx, value, canonicalTime);
    case "microTime":
      return decodeTime(ctx, value, canonicalMicroTime);
    case "duration":
      return typeof value === "string" ? value : wrongType(ctx, value, { ...type, go: "string" });
    case "bytes":
      return decodeBytes(ctx, value, type);
    default:
      return copyJson(value);
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value === "object") {
    if (Array.isArray(value)) return value.length === 0;
    for (const _ in value) return false;
    return true;
  }
  return value === "" || value === 0 || value === false;
}

function decodeStruct(ctx: Context, value: unknown, type: StructType, go: string): unknown {
  if (!isObject(value)) return wrongType(ctx, value, { kind: "struct", go });
  if (++ctx.structs > decodeStructsMax) {
    throw new DecodeError(`more than ${decodeStructsMax} nested objects`);
  }
  const { list, fields } = type;
  const slots: unknown[] = Array.from({ length: list.length });
  const outer = ctx.struct;
  for (const key of Object.keys(value)) {
    const field = fields.get(key);
    if (!field) {
      reportUnknown(ctx, key);
      continue;
    }
    const raw = value[key];
    if (raw === null || raw === undefined) continue;
    ctx.struct = type.shortName;
    const depth = ctx.path.length;
    for (const embedded of field.via) ctx.path.push(embeddedMark + embedded);
    ctx.path.push(key);
    const decoded = decodeValue(ctx, raw, field.type);
    ctx.path.length = depth;
    if (decoded === undefined || (field.omitZero && isEmpty(decoded))) continue;
    slots[field.index] = decoded;
  }
  ctx.struct = outer;
  const out: JsonObject = {};
  for (let i = 0; i < list.length; i++) {
    const field = list[i] as Field;
    const slot = slots[i];
    if (slot !== undefined) out[field.name] = slot;
    else if (field.whenAbsent !== undefined) out[field.name] = absentValue(field);
  }
  return out;
}

/** Doubled fields, but for those that are unknown or lie below an unknown one. */
function knownDuplicates(duplicates: readonly string[], unknown: readonly string[]): string[] {
  const unknownPaths = unknown.map((p) => p.slice('unknown field "'.length, -1));
  return duplicates.filter((problem) => {
    const path = problem.slice('duplicate field "'.length, -1);
    return !unknownPaths.some((u) => path.startsWith(u) && /^($|[.[])/.test(path.slice(u.length)));
  });
}

/** Where a problem is met in the text. */
const placeOf = (places: ReadonlyMap<string, number>, problem: string): number =>
  places.get(problem) ?? places.get(problem.slice('unknown field "'.length, -1)) ?? 0;

/**
 * Decodes a JSON value as a type. A wrong type, quantity or time is
 * `error`; what is merely unknown or doubled is reported and dropped.
 */
export function decodeObject(
  type: StructType,
  value: unknown,
  options: DecodeOptions = {},
): Decoded {
  if (type.structural) return type.structural.decode(value, options);
  const ctx: Context = {
    problems: [],
    saved: undefined,
    path: [],
    struct: "",
    structs: 0,
    items: 0,
  };
  const go = type.name.slice(type.name.indexOf("/") + 1);
  let object: unknown;
  try {
    object = decodeStruct(ctx, value, type, go);
  } catch (error) {
    // Go stops at once where a type reads itself; that outweighs what was noted before.
    if (!(error instanceof DecodeError)) throw error;
    return { object: {}, problems: [], error: error.message };
  }
  if (ctx.saved !== undefined) return { object: {}, problems: [], error: ctx.saved };
  const { problems } = ctx;
  const doubled = options.duplicates?.length ? knownDuplicates(options.duplicates, problems) : [];
  if (doubled.length === 0) return { object: object as JsonObject, problems };
  const all = [...doubled, ...problems];
  const { places } = options;
  if (places) all.sort((a, b) => placeOf(places, a) - placeOf(places, b));
  return { object: object as JsonObject, problems: all.slice(0, problemsMax) };
}

/** What a body says it is; "" where it does not say. k8s: SimpleMetaFactory.Interpret */
export function readTypeMeta(value: unknown): { apiVersion: string; kind: string } {
  const probe =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  const refuse = (bad: unknown, into: string): never => {
    throw new DecodeError(
      `${interpretPrefix}json: cannot unmarshal ${describe(bad, "")} into Go ${into}`,
    );
  };
  if (value === null) return { apiVersion: "", kind: "" };
  if (!isObject(value)) return refuse(value, `value of type ${probe}`);
  for (const key of ["apiVersion", "kind"]) {
    const part = value[key];
    if (part !== undefined && part !== null && typeof part !== "string") {
      return refuse(part, `struct field .${key} of type string`);
    }
  }
  return {
    apiVersion: (value["apiVersion"] as string | null | undefined) ?? "",
    kind: (value["kind"] as string | null | undefined) ?? "",
  };
}
