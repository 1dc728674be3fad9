/** Values of one type as values of another. cel-go: ConvertToType of common/types */
import { decodeUtf8, encodeUtf8 } from "../../core/utf8.ts";
import {
  durationOf,
  durationText,
  floorDivide,
  timestampOf,
  timestampText,
  withinInt64,
  withinTime,
} from "../time.ts";
import { doubleText } from "../value-text.ts";
import {
  Duration,
  sizeOf,
  Timestamp,
  typeNameOf,
  typeOfValue,
  TypeValue,
  Uint,
  type Value,
} from "../values.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

const overflow = failed("integer overflow");
const uintOverflow = failed("unsigned integer overflow");
const timestampOverflow = failed("timestamp overflow");
const second = 1_000_000_000n;

const wrong = (value: Value, to: string): Value =>
  failed(`type conversion error from '${typeNameOf(value)}' to '${to}'`);

const toInt: CelFunction = ([a]) => {
  if (typeof a === "bigint") return a;
  if (a instanceof Uint) return withinInt64(a.value) ? a.value : overflow;
  if (typeof a === "number") {
    const good = Number.isFinite(a) && a > -(2 ** 63) && a < 2 ** 63;
    return good ? BigInt(Math.trunc(a)) : overflow;
  }
  if (a instanceof Duration) return a.nanoseconds;
  if (a instanceof Timestamp) return floorDivide(a.nanoseconds, second);
  if (typeof a === "string") {
    const value = /^[+-]?\d{1,400}$/.test(a) ? BigInt(a.replace(/^\+/, "")) : undefined;
    return value !== undefined && withinInt64(value) ? value : wrong(a, "int");
  }
  return undefined;
};

const toUint: CelFunction = ([a]) => {
  if (a instanceof Uint) return a;
  if (typeof a === "bigint") return a < 0n ? uintOverflow : new Uint(a);
  if (typeof a === "number") {
    const good = Number.isFinite(a) && a >= 0 && a < 2 ** 64;
    return good ? new Uint(BigInt(Math.trunc(a))) : uintOverflow;
  }
  if (typeof a === "string") {
    const value = /^\d{1,400}$/.test(a) ? BigInt(a) : undefined;
    const good = value !== undefined && BigInt.asUintN(64, value) === value;
    return good ? new Uint(value) : wrong(a, "uint");
  }
  return undefined;
};

/** Go's strconv.ParseFloat, but for hexadecimal ones and underscores. */
function parseFloat64(text: string): number | undefined {
  if (/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (!word) return undefined;
  if (word[2]!.toLowerCase() === "nan") return Number.NaN;
  return word[1] === "-" ? -Infinity : Infinity;
}

const toDouble: CelFunction = ([a]) => {
  if (typeof a === "number") return a;
  if (typeof a === "bigint") return Number(a);
  if (a instanceof Uint) return Number(a.value);
  return typeof a === "string" ? (parseFloat64(a) ?? wrong(a, "double")) : undefined;
};

const toText: CelFunction = ([a]) => {
  if (typeof a === "string") return a;
  if (typeof a === "bigint" || typeof a === "boolean") return String(a);
  if (typeof a === "number") return doubleText(a, 6);
  if (a instanceof Uint) return String(a.value);
  if (a instanceof Timestamp) return timestampText(a.nanoseconds);
  if (a instanceof Duration) return durationText(a.nanoseconds);
  if (a instanceof Uint8Array) {
    const text = decodeUtf8(a);
    const back = encodeUtf8(text);
    const valid = back.length === a.length && back.every((byte, i) => byte === a[i]);
    return valid ? text : failed("invalid UTF-8 in bytes, cannot convert to string");
  }
  return undefined;
};

const truths = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false] as const),
]);

const toBool: CelFunction = ([a]) => {
  if (typeof a === "boolean") return a;
  return typeof a === "string" ? (truths.get(a) ?? wrong(a, "bool")) : undefined;
};

const toDuration: CelFunction = ([a]) => {
  if (a instanceof Duration) return a;
  if (typeof a === "bigint") return new Duration(a);
  if (typeof a !== "string") return undefined;
  const found = durationOf(a);
  return found === undefined ? wrong(a, "google.protobuf.Duration") : new Duration(found);
};

const toTimestamp: CelFunction = ([a]) => {
  if (a instanceof Timestamp) return a;
  if (typeof a === "bigint") {
    return withinTime(a * second) ? new Timestamp(a * second) : timestampOverflow;
  }
  if (typeof a !== "string") return undefined;
  const found = timestampOf(a);
  if (found === undefined) return wrong(a, "google.protobuf.Timestamp");
  return withinTime(found) ? new Timestamp(found) : timestampOverflow;
};

const size: CelFunction = ([a]) => {
  const found = sizeOf(a!);
  return found === undefined ? undefined : BigInt(found);
};

export const conversionFunctions: CelFunctions = {
  int: toInt,
  uint: toUint,
  double: toDouble,
  string: toText,
  bool: toBool,
  bytes: ([a]) => (typeof a === "string" ? encodeUtf8(a) : a instanceof Uint8Array ? a : undefined),
  duration: toDuration,
  timestamp: toTimestamp,
  type: ([a]) => new TypeValue(typeOfValue(a!)),
  dyn: ([a]) => a!,
  size,
};
