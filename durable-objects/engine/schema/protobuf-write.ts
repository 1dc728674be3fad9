/** Writing objects as protobuf messages, by the facts' field numbers, as gogo writes them. */
import { strToU8 } from "fflate";
import { assert } from "../assert.ts";
import { fromBase64 } from "./base64.ts";
import { isObject } from "./decode.ts";
import type { Writer } from "./protobuf-wire.ts";
import { parseMicroTime, parseTime } from "./time.ts";
import {
  structType,
  type Field,
  type FieldType,
  type InlineStruct,
  type StructType,
} from "./types.ts";

type JsonObject = Record<string, unknown>;

const jsonBytes = (value: unknown): Uint8Array => strToU8(JSON.stringify(value));

function writeMoment(w: Writer, number: number, text: unknown, micro: boolean): void {
  w.messageField(number, () => {
    if (typeof text !== "string") return;
    const moment = micro ? parseMicroTime(text) : parseTime(text);
    assert(typeof moment !== "string", `protobuf: time ${text}`);
    w.varintField(2, moment.nanos);
    w.varintField(1, moment.seconds);
  });
}

function writeIntOrString(w: Writer, number: number, value: unknown): void {
  w.messageField(number, () => {
    w.stringField(3, typeof value === "string" ? value : "");
    w.varintField(2, typeof value === "number" ? value : 0);
    w.varintField(1, typeof value === "string" ? 1 : 0);
  });
}

function writeAny(w: Writer, number: number, type: FieldType, value: unknown): void {
  const schema = structType("apiextensions/v1.JSONSchemaProps");
  w.messageField(number, () => {
    if (type.go === "v1.JSONSchemaPropsOrBool") {
      if (isObject(value)) w.messageField(2, () => writeStruct(w, schema, value));
      w.varintField(1, value === false ? 0 : 1);
    } else if (type.go === "v1.JSONSchemaPropsOrArray") {
      const list = Array.isArray(value) ? value : [];
      for (let i = list.length - 1; i >= 0; i--) {
        w.messageField(2, () => writeStruct(w, schema, list[i] as JsonObject));
      }
      if (isObject(value)) w.messageField(1, () => writeStruct(w, schema, value));
    } else w.bytesField(1, jsonBytes(value));
  });
}

function writeValue(w: Writer, number: number, type: FieldType, value: unknown): void {
  switch (type.kind) {
    case "string":
      return w.stringField(number, (value as string | undefined) ?? "");
    case "bool":
      return w.varintField(number, value ? 1 : 0);
    case "int32":
    case "int64":
      return w.varintField(number, (value as number | undefined) ?? 0);
    case "float64":
      return w.float64Field(number, (value as number | undefined) ?? 0);
    case "bytes":
      return w.bytesField(number, fromBase64((value as string | undefined) ?? ""));
    case "struct":
      return w.messageField(number, () => writeStruct(w, type.struct, (value ?? {}) as JsonObject));
    case "quantity":
      return w.messageField(number, () => w.stringField(1, (value as string | undefined) ?? "0"));
    case "intOrString":
      return writeIntOrString(w, number, value);
    case "time":
    case "microTime":
      return writeMoment(w, number, value, type.kind === "microTime");
    case "duration":
      return w.messageField(number, () => w.varintField(1, durationNanos(value)));
    case "list":
      return w.messageField(number, () => writeItems(w, 1, type.of, (value ?? []) as unknown[]));
    case "any":
      return writeAny(w, number, type, value);
    case "map":
      return undefined;
    default:
      return w.messageField(number, () => {
        if (value !== undefined && value !== null) w.bytesField(1, jsonBytes(value));
      });
  }
}

/** Nanoseconds of a duration in seconds (`30s`, `1.5s`), the only form this table's types use. */
function durationNanos(value: unknown): number {
  return typeof value === "string" ? Math.round(parseFloat(value) * 1e9) : 0;
}

function writeItems(w: Writer, number: number, of: FieldType, items: readonly unknown[]): void {
  for (let i = items.length - 1; i >= 0; i--) writeValue(w, number, of, items[i]);
}

function writeField(w: Writer, field: Field, value: unknown): void {
  const { type, n } = field;
  const present = value !== undefined && value !== null;
  if (type.kind === "list" && !type.wrapped) {
    if (present) writeItems(w, n, type.of, value as unknown[]);
  } else if (type.kind === "map") {
    if (!present) return;
    const keys = Object.keys(value as JsonObject).sort();
    for (const key of keys.reverse()) {
      w.messageField(n, () => {
        writeValue(w, 2, type.of, (value as JsonObject)[key]);
        w.stringField(1, key);
      });
    }
  } else if (present || !(field.pointer || nilWhenAbsent.has(type.kind))) {
    writeValue(w, n, type, value);
  }
}

/** Kinds without a value of their own for "nothing": left out like pointers. */
const nilWhenAbsent: ReadonlySet<string> = new Set(["bytes", "list"]);

const wireOrder = new Map<StructType, (Field | InlineStruct)[]>();

export function writeStruct(w: Writer, type: StructType, value: JsonObject): void {
  let order = wireOrder.get(type);
  if (!order) {
    order = [...type.wire.values()].sort((a, b) => b.n - a.n);
    wireOrder.set(type, order);
  }
  for (const field of order) {
    if ("inline" in field) w.messageField(field.n, () => writeStruct(w, field.inline, value));
    else writeField(w, field, value[field.name]);
  }
}
