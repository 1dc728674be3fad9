/**
 * Writing objects as protobuf messages, by the facts' field numbers, as gogo writes them. What each field of a type
 * needs is settled once: a list of 500 Pods has some 40,000 structs.
 */
import { assert } from "../core/assert.ts";
import { protobufMomentsMax } from "../core/limits.ts";
import { fromBase64 } from "../machinery/base64.ts";
import { isObject } from "./decode.ts";
import { Writer } from "./protobuf-wire.ts";
import { parseMicroTime, parseTime, type Moment } from "./time.ts";
import { structType, type Field, type FieldType, type StructType } from "./types.ts";

type JsonObject = Record<string, unknown>;

/** Writes a value that is there, tag included. */
type Write = (w: Writer, value: unknown) => void;

const nothing: JsonObject = Object.freeze({});

/** Many objects of one list have the same few moments. */
class Moments {
  private known = new Map<string, Moment>();
  private readonly parse: (text: string) => Moment | string;

  constructor(parse: (text: string) => Moment | string) {
    this.parse = parse;
  }

  of(text: string): Moment {
    let moment = this.known.get(text);
    if (moment) return moment;
    const parsed = this.parse(text);
    assert(typeof parsed !== "string", `protobuf: time ${text}`);
    moment = parsed;
    if (this.known.size >= protobufMomentsMax) this.known.clear();
    this.known.set(text, moment);
    return moment;
  }
}

const times = new Moments(parseTime);
const microTimes = new Moments(parseMicroTime);

function momentWriter(n: number, moments: Moments): Write {
  return (w, text) => {
    const before = w.length;
    if (typeof text === "string") {
      const moment = moments.of(text);
      w.varintField(2, moment.nanos);
      w.varintField(1, moment.seconds);
    }
    w.endMessage(n, before);
  };
}

function intOrStringWriter(n: number): Write {
  return (w, value) => {
    const before = w.length;
    w.stringField(3, typeof value === "string" ? value : "");
    w.varintField(2, typeof value === "number" ? value : 0);
    w.varintField(1, typeof value === "string" ? 1 : 0);
    w.endMessage(n, before);
  };
}

function anyWriter(n: number, type: FieldType): Write {
  return (w, value) => {
    const schema = structType("apiextensions/v1.JSONSchemaProps");
    const before = w.length;
    if (type.go === "v1.JSONSchemaPropsOrBool") {
      if (isObject(value)) writeMessage(w, 2, schema, value);
      w.varintField(1, value === false ? 0 : 1);
    } else if (type.go === "v1.JSONSchemaPropsOrArray") {
      const list = Array.isArray(value) ? value : [];
      for (let i = list.length - 1; i >= 0; i--) writeMessage(w, 2, schema, list[i] as JsonObject);
      if (isObject(value)) writeMessage(w, 1, schema, value);
    } else w.stringField(1, JSON.stringify(value ?? null));
    w.endMessage(n, before);
  };
}

const scalarWriters: Record<string, (n: number, type: FieldType) => Write> = {
  string: (n) => (w, value) => w.stringField(n, (value as string | undefined) ?? ""),
  bool: (n) => (w, value) => w.varintField(n, value ? 1 : 0),
  int32: (n) => (w, value) => w.varintField(n, (value as number | undefined) ?? 0),
  int64: (n) => (w, value) => w.varintField(n, (value as number | undefined) ?? 0),
  float64: (n) => (w, value) => w.float64Field(n, (value as number | undefined) ?? 0),
  bytes: (n) => (w, value) => w.bytesField(n, fromBase64((value as string | undefined) ?? "")),
  quantity: (n) => (w, value) => {
    const before = w.length;
    w.stringField(1, (value as string | undefined) ?? "0");
    w.endMessage(n, before);
  },
  intOrString: intOrStringWriter,
  time: (n) => momentWriter(n, times),
  microTime: (n) => momentWriter(n, microTimes),
  duration: (n) => (w, value) => {
    const before = w.length;
    w.varintField(1, durationNanos(value));
    w.endMessage(n, before);
  },
  any: anyWriter,
};

/** Raw JSON: RawExtension, FieldsV1. */
function jsonWriter(n: number): Write {
  return (w, value) => {
    const before = w.length;
    if (value !== undefined && value !== null) w.stringField(1, JSON.stringify(value));
    w.endMessage(n, before);
  };
}

function writerOf(n: number, type: FieldType): Write {
  if (type.kind === "struct") {
    return (w, value) => writeMessage(w, n, type.struct, (value ?? nothing) as JsonObject);
  }
  if (type.kind === "list") {
    const item = writerOf(type.wrapped ? 1 : n, type.of);
    const writeItems: Write = (w, value) => {
      const items = (value ?? []) as readonly unknown[];
      for (let i = items.length - 1; i >= 0; i--) item(w, items[i]);
    };
    if (!type.wrapped) return writeItems;
    return (w, value) => {
      const before = w.length;
      writeItems(w, value);
      w.endMessage(n, before);
    };
  }
  if (type.kind === "map") return mapWriter(n, type.of);
  return (scalarWriters[type.kind] ?? jsonWriter)(n, type);
}

function mapWriter(n: number, of: FieldType): Write {
  const entry = writerOf(2, of);
  return (w, value) => {
    const keys = Object.keys(value as JsonObject).sort();
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i] as string;
      const before = w.length;
      entry(w, (value as JsonObject)[key]);
      w.stringField(1, key);
      w.endMessage(n, before);
    }
  };
}

/** Nanoseconds of a duration in seconds (`30s`, `1.5s`), the only form this table's types use. */
function durationNanos(value: unknown): number {
  return typeof value === "string" ? Math.round(parseFloat(value) * 1e9) : 0;
}

/** Kinds without a value of their own for "nothing": left out like pointers. */
const nilWhenAbsent: ReadonlySet<string> = new Set(["bytes", "list", "map"]);

/** One field of a message, or one struct spread into it in JSON (no name). */
interface Step {
  readonly name: string | undefined;
  readonly write: Write;
  /** What stands for an absent value; undefined: nothing. */
  readonly absent: Uint8Array | undefined;
}

function stepOf(field: Field): Step {
  const { name, n, type, pointer } = field;
  const write = writerOf(n, type);
  if (pointer || nilWhenAbsent.has(type.kind)) return { name, write, absent: undefined };
  const w = new Writer();
  write(w, undefined);
  return { name, write, absent: w.finish() };
}

const steps = new Map<StructType, Step[]>();

/** From the highest number to the lowest, as messages are written from the back. */
function stepsOf(type: StructType): Step[] {
  let found = steps.get(type);
  if (!found) {
    found = [...type.wire.values()]
      .sort((a, b) => b.n - a.n)
      .map((field) =>
        "inline" in field
          ? {
              name: undefined,
              write: (w, value) => writeMessage(w, field.n, field.inline, value as JsonObject),
              absent: undefined,
            }
          : stepOf(field),
      );
    steps.set(type, found);
  }
  return found;
}

function writeMessage(w: Writer, n: number, type: StructType, value: JsonObject): void {
  const before = w.length;
  writeStruct(w, type, value);
  w.endMessage(n, before);
}

/** Fields in the order of their numbers; null and absent ones are left out, but for those that Go always writes. */
export function writeStruct(w: Writer, type: StructType, value: JsonObject): void {
  for (const { name, write, absent } of stepsOf(type)) {
    if (name === undefined) {
      write(w, value);
      continue;
    }
    const own = value[name];
    if (own !== undefined && own !== null) write(w, own);
    else if (absent !== undefined) w.raw(absent);
  }
}
