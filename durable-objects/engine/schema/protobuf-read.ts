/** Reading protobuf messages into their JSON shape, by the facts' field numbers. */
import { strFromU8 } from "fflate";
import { protobufDepthMax } from "../core/limits.ts";
import { toBase64 } from "../machinery/base64.ts";
import { DecodeError, setOwn } from "./decode.ts";
import { parseJson } from "./parse.ts";
import { Reader, wireBytes, wireFixed64, wireVarint } from "./protobuf-wire.ts";
import { formatMicros, formatSeconds, type Moment } from "./time.ts";
import { structType, typeForKind, type Field, type FieldType, type StructType } from "./types.ts";

type JsonObject = Record<string, unknown>;

export interface DecodedProtobuf {
  apiVersion: string;
  kind: string;
  /** JSON shape, apiVersion and kind included; still to be canonicalised by decodeObject. */
  value: JsonObject;
  /** Of the raw body, usually "". */
  contentType: string;
}

export const magic = [0x6b, 0x38, 0x73, 0x00];
const hasMagic = (bytes: Uint8Array): boolean => magic.every((byte, i) => bytes[i] === byte);

/** The message's name for a field, as gogo prints it. */
function goField(field: Field): string {
  if (field.type.kind === "struct" && /\.(ObjectMeta|ListMeta)$/.test(field.type.name)) {
    return field.type.name.slice(field.type.name.indexOf(".") + 1);
  }
  return field.name.charAt(0).toUpperCase() + field.name.slice(1);
}

const wireOf = (type: FieldType): number => {
  if (type.kind === "bool" || type.kind === "int32" || type.kind === "int64") return wireVarint;
  return type.kind === "float64" ? wireFixed64 : wireBytes;
};

/** Calls `each` for every field of the message in `reader`. */
function eachField(
  reader: Reader,
  message: string,
  each: (number: number, wire: number) => boolean,
): void {
  while (reader.at < reader.end) {
    const tag = reader.tag();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 4) {
      throw new DecodeError(`proto: ${message}: wiretype end group for non-group`);
    }
    if (number <= 0 || number > 0x7fffffff) {
      throw new DecodeError(`proto: ${message}: illegal tag ${number | 0} (wire type ${tag})`);
    }
    if (!each(number, wire)) reader.skip(wire);
  }
}

/** Runs `body` on the message that follows, its end set as the reader's. */
function within<T>(reader: Reader, body: () => T): T {
  const end = reader.span();
  const outer = reader.end;
  reader.end = end;
  const result = body();
  reader.at = end;
  reader.end = outer;
  return result;
}

function readMoment(reader: Reader): Moment | undefined {
  const moment: Moment = { seconds: 0, nanos: 0 };
  if (reader.at === reader.end) return undefined;
  eachField(reader, "Timestamp", (number, wire) => {
    if (wire !== wireVarint || number > 2) return false;
    if (number === 1) moment.seconds = reader.int64();
    else moment.nanos = reader.int32();
    return true;
  });
  return moment;
}

function readIntOrString(reader: Reader): string | number {
  let isText = false;
  let int = 0;
  let text = "";
  eachField(reader, "IntOrString", (number, wire) => {
    if (number === 1 && wire === wireVarint) isText = reader.int64() === 1;
    else if (number === 2 && wire === wireVarint) int = reader.int32();
    else if (number === 3 && wire === wireBytes) text = reader.string();
    else return false;
    return true;
  });
  return isText ? text : int;
}

/** Field 1 of a wrapper message, as bytes. */
function readWrapped(reader: Reader, message: string): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  eachField(reader, message, (number, wire) => {
    if (number !== 1 || wire !== wireBytes) return false;
    found = reader.view();
    return true;
  });
  return found;
}

function readRaw(reader: Reader, message: string, depth: number): unknown {
  const raw = readWrapped(reader, message);
  if (!raw?.length) return null;
  if (hasMagic(raw)) return decodeEnvelope(raw, depth + 1).value;
  return parseJson(strFromU8(raw)).value;
}

/** The apiextensions unions: a schema, or something simpler. */
function readAny(reader: Reader, type: FieldType, depth: number): unknown {
  const schema = structType("apiextensions/v1.JSONSchemaProps");
  if (type.go === "v1.JSONSchemaPropsOrBool" || type.go === "v1.JSONSchemaPropsOrArray") {
    let result: unknown = null;
    eachField(reader, type.go, (number, wire) => {
      if (number === 1 && wire === wireVarint) {
        const allows = reader.bool();
        result ??= allows;
      } else if (wire === wireBytes) {
        const item = within(reader, () => readStruct(reader, schema, depth + 1));
        if (number === 2 && type.go.endsWith("Array")) {
          result = Array.isArray(result) ? [...(result as unknown[]), item] : [item];
        } else result = item;
      } else return false;
      return true;
    });
    return result;
  }
  return readRaw(reader, type.go, depth);
}

/** One value of a type whose tag was just read. */
function readValue(reader: Reader, type: FieldType, depth: number): unknown {
  switch (type.kind) {
    case "string":
      return reader.string();
    case "bool":
      return reader.bool();
    case "int32":
      return reader.int32();
    case "int64":
      return reader.int64();
    case "float64":
      return reader.float64();
    case "bytes":
      return toBase64(reader.view());
    case "struct":
      return within(reader, () => readStruct(reader, type.struct, depth + 1));
    case "quantity":
      return within(reader, () => strFromU8(readWrapped(reader, "Quantity") ?? new Uint8Array()));
    case "intOrString":
      return within(reader, () => readIntOrString(reader));
    case "time":
    case "microTime": {
      const moment = within(reader, () => readMoment(reader));
      if (!moment) return null;
      return type.kind === "time" ? formatSeconds(moment) : formatMicros(moment);
    }
    case "duration":
      return within(reader, () => `${readDuration(reader) / 1e9}s`);
    case "list":
      return within(reader, () => readWrappedList(reader, type.of, type.go, depth));
    case "map":
      return undefined;
    case "any":
      return within(reader, () => readAny(reader, type, depth));
    default:
      return within(reader, () => readRaw(reader, type.go, depth));
  }
}

function readDuration(reader: Reader): number {
  let nanos = 0;
  eachField(reader, "Duration", (number, wire) => {
    if (number !== 1 || wire !== wireVarint) return false;
    nanos = reader.int64();
    return true;
  });
  return nanos;
}

function readWrappedList(reader: Reader, of: FieldType, message: string, depth: number): unknown[] {
  const items: unknown[] = [];
  eachField(reader, message, (number, wire) => {
    if (number !== 1 || wire !== wireOf(of)) return false;
    items.push(readValue(reader, of, depth));
    return true;
  });
  return items;
}

function readMapEntry(reader: Reader, of: FieldType, into: JsonObject, depth: number): void {
  let key = "";
  let value: unknown = null;
  eachField(reader, "MapEntry", (number, wire) => {
    if (number === 1 && wire === wireBytes) key = reader.string();
    else if (number === 2 && wire === wireOf(of)) value = readValue(reader, of, depth);
    else return false;
    return true;
  });
  setOwn(into, key, value);
}

function readField(
  reader: Reader,
  out: JsonObject,
  field: Field,
  wire: number,
  depth: number,
): void {
  const { type, name } = field;
  if (type.kind === "list" && !type.wrapped) {
    const items = (out[name] ??= []) as unknown[];
    if (wire === wireBytes && wireOf(type.of) === wireVarint) {
      within(reader, () => {
        while (reader.at < reader.end) items.push(readValue(reader, type.of, depth));
      });
      return;
    }
    checkWire(wire, wireOf(type.of), field);
    items.push(readValue(reader, type.of, depth));
    return;
  }
  checkWire(wire, wireOf(type), field);
  if (type.kind === "map") {
    const map = (out[name] ??= {}) as JsonObject;
    within(reader, () => readMapEntry(reader, type.of, map, depth));
    return;
  }
  out[name] = readValue(reader, type, depth);
}

function checkWire(wire: number, wanted: number, field: Field): void {
  if (wire !== wanted) {
    throw new DecodeError(`proto: wrong wireType = ${wire} for field ${goField(field)}`);
  }
}

function readStruct(
  reader: Reader,
  type: StructType,
  depth: number,
  into?: JsonObject,
): JsonObject {
  if (depth > protobufDepthMax) throw new DecodeError("proto: exceeded max depth");
  const out = into ?? {};
  eachField(reader, type.shortName, (number, wire) => {
    const field = type.wire.get(number);
    if (!field) return false;
    if ("inline" in field) {
      if (wire !== wireBytes) {
        throw new DecodeError(
          `proto: wrong wireType = ${wire} for field ${field.inline.shortName}`,
        );
      }
      within(reader, () => readStruct(reader, field.inline, depth + 1, out));
    } else readField(reader, out, field, wire, depth);
    return true;
  });
  return out;
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
  contentType: string;
}

/** Kubernetes' wrapper around a message (`runtime.Unknown` behind its magic bytes). Throws DecodeError. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new DecodeError("empty data");
  if (!hasMagic(bytes)) {
    throw new DecodeError(
      `provided data does not appear to be a protobuf message, expected prefix [${magic.join(" ")}]`,
    );
  }
  const envelope: Envelope = { apiVersion: "", kind: "", raw: new Uint8Array(), contentType: "" };
  const reader = new Reader(bytes, magic.length);
  const names = ["", "TypeMeta", "Raw", "ContentEncoding", "ContentType"];
  eachField(reader, "Unknown", (number, wire) => {
    if (number > 4) return false;
    if (wire !== wireBytes) {
      throw new DecodeError(`proto: wrong wireType = ${wire} for field ${names[number]}`);
    }
    if (number === 1) within(reader, () => readTypeMeta(reader, envelope));
    else if (number === 2) envelope.raw = reader.view();
    else if (number === 4) envelope.contentType = reader.string();
    else reader.view();
    return true;
  });
  return envelope;
}

function readTypeMeta(reader: Reader, envelope: Envelope): void {
  eachField(reader, "TypeMeta", (number, wire) => {
    if (number > 2) return false;
    if (wire !== wireBytes) {
      const name = number === 1 ? "APIVersion" : "Kind";
      throw new DecodeError(`proto: wrong wireType = ${wire} for field ${name}`);
    }
    if (number === 1) envelope.apiVersion = reader.string();
    else envelope.kind = reader.string();
    return true;
  });
}

/**
 * The object in the wrapper, by its own kind or the fallback. Throws DecodeError for an unknown kind and for bytes that
 * are none.
 */
export function decodeEnvelope(
  bytes: Uint8Array,
  depth: number,
  fallback?: { apiVersion: string; kind: string },
): DecodedProtobuf {
  const envelope = readEnvelope(bytes);
  const apiVersion = envelope.apiVersion || (fallback?.apiVersion ?? "");
  const kind = envelope.kind || (fallback?.kind ?? "");
  const type = typeForKind(apiVersion, kind);
  if (!type) {
    throw new DecodeError(`no kind "${kind}" is registered for version "${apiVersion}" in scheme`);
  }
  const value = readStruct(new Reader(envelope.raw), type, depth, { kind, apiVersion });
  return { apiVersion, kind, value, contentType: envelope.contentType };
}
