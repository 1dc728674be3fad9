/**
 * Values of CEL. null, booleans, strings and bytes are what they are in JavaScript; an int is a bigint, a double a number.
 * Errors are values: `||` and `&&` may do without them. cel-go: common/types
 */
import { equalBytes } from "../core/equal.ts";
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  errorType,
  intType,
  listOf,
  mapOf,
  nullType,
  opaqueType,
  sameType,
  stringType,
  timestampType,
  typeText,
  typeType,
  uintType,
  type Type,
} from "./types.ts";

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}
export class Timestamp {
  /** Since 1970. */
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}
export class Duration {
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}
/** A type as a value: `type(x)`, `int`. */
export class TypeValue {
  readonly of: Type;
  constructor(of: Type) {
    this.of = of;
  }
}
export class Optional {
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
  static readonly none = new Optional(undefined);
}
/** What went wrong, in upstream's words. */
export class CelError {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Counts the values that are looked at within others, and ends it when those are too many. */
export interface Steps {
  steps(count: number): void;
}

export abstract class ListValue {
  abstract readonly size: number;
  /** For places within the list. */
  abstract at(place: number): Value;
  /** Lists whose order does not count, or that hold each element once, have their own. */
  equals?(other: ListValue, meter: Steps): Value;
  plus?(other: ListValue, meter: Steps): Value;
  *[Symbol.iterator](): Generator<Value> {
    for (let i = 0; i < this.size; i++) yield this.at(i);
  }
}

export abstract class MapValue {
  abstract readonly size: number;
  abstract find(key: Value): Value | undefined;
  abstract keys(): Iterable<Value>;
  /** Whether it is one of its keys. */
  has(key: Value): boolean {
    return this.find(key) !== undefined;
  }
}

/** A value of a library's type, of which a program knows methods alone. */
export abstract class OpaqueValue {
  abstract readonly type: Type;
  /** Only asked about another of its type. */
  abstract equals(other: this): boolean;
  /** What its length is, to the reckoning of costs. */
  get size(): number {
    return 1;
  }
  /** As part of a message. */
  toString(): string {
    return typeText(this.type);
  }
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | ListValue
  | MapValue
  | OpaqueValue
  | CelError;

/** A list that was made by an expression. */
export class Items extends ListValue {
  readonly items: Value[];
  constructor(items: Value[]) {
    super();
    this.items = items;
  }
  get size(): number {
    return this.items.length;
  }
  at(place: number): Value {
    return this.items[place]!;
  }
}

/** What a macro collects: it grows in place. */
export class Growing extends Items {}

/** Two lists, one behind the other, that nobody has copied. */
export class Joined extends ListValue {
  readonly size: number;
  readonly #left: ListValue;
  readonly #right: ListValue;
  constructor(left: ListValue, right: ListValue) {
    super();
    this.#left = left;
    this.#right = right;
    this.size = left.size + right.size;
  }
  at(place: number): Value {
    const isLeft = place < this.#left.size;
    let within = isLeft ? this.#left : this.#right;
    let i = isLeft ? place : place - this.#left.size;
    while (within instanceof Joined) {
      const { size } = within.#left;
      if (i < size) within = within.#left;
      else {
        i -= size;
        within = within.#right;
      }
    }
    return within.at(i);
  }
}

/** Numbers that are equal are one key, whatever their type. */
function keyOf(value: Value): string | undefined {
  if (typeof value === "string") return `s${value}`;
  if (typeof value === "boolean") return `b${value}`;
  if (typeof value === "bigint") return `n${value}`;
  if (value instanceof Uint) return `n${value.value}`;
  if (typeof value === "number" && Number.isInteger(value)) return `n${BigInt(value)}`;
  return undefined;
}

export class Entries extends MapValue {
  readonly #entries = new Map<string, { key: Value; value: Value }>();
  get size(): number {
    return this.#entries.size;
  }
  find(key: Value): Value | undefined {
    const name = keyOf(key);
    return name === undefined ? undefined : this.#entries.get(name)?.value;
  }
  *keys(): Generator<Value> {
    for (const { key } of this.#entries.values()) yield key;
  }
  /** False: there is one, or it can be no key. */
  add(key: Value, value: Value): boolean {
    const name = keyOf(key);
    if (name === undefined || this.#entries.has(name)) return false;
    this.#entries.set(name, { key, value });
    return true;
  }
  set(key: Value, value: Value): boolean {
    const name = keyOf(key);
    if (name === undefined) return false;
    this.#entries.set(name, { key, value });
    return true;
  }
}

/** The same for a map. */
export class GrowingMap extends Entries {}

export const isError = (value: Value): value is CelError => value instanceof CelError;
export const noOverload = new CelError("no such overload");

const anyList = listOf(dynType);
const anyMap = mapOf(dynType, dynType);
const anyOptional = opaqueType("optional_type", dynType);

/** The type of a value at run time; what lists and maps hold is not looked at. */
export function typeOfValue(value: Value): Type {
  switch (typeof value) {
    case "boolean":
      return boolType;
    case "bigint":
      return intType;
    case "number":
      return doubleType;
    case "string":
      return stringType;
    default:
  }
  if (value === null) return nullType;
  if (value instanceof ListValue) return anyList;
  if (value instanceof MapValue) return anyMap;
  if (value instanceof Uint) return uintType;
  if (value instanceof Uint8Array) return bytesType;
  if (value instanceof Timestamp) return timestampType;
  if (value instanceof Duration) return durationType;
  if (value instanceof TypeValue) return typeType;
  if (value instanceof Optional) return anyOptional;
  return value instanceof OpaqueValue ? value.type : errorType;
}

export const typeNameOf = (value: Value): string => typeOfValue(value).name;

/** A number's value for comparisons; undefined: no number. */
function numeric(value: Value): bigint | number | undefined {
  if (typeof value === "bigint" || typeof value === "number") return value;
  return value instanceof Uint ? value.value : undefined;
}

function listsEqual(a: ListValue, b: ListValue, meter: Steps): Value {
  if (a === b) return true;
  if (a.equals) return a.equals(b, meter);
  if (a.size !== b.size) return false;
  let problem: CelError | undefined;
  for (let i = 0; i < a.size; i++) {
    const same = equalValues(a.at(i), b.at(i), meter);
    if (same === false) return false;
    if (same instanceof CelError) problem ??= same;
  }
  return problem ?? true;
}

function mapsEqual(a: MapValue, b: MapValue, meter: Steps): Value {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const other = b.find(key);
    if (other === undefined) return false;
    const same = equalValues(a.find(key)!, other, meter);
    if (same !== true) return same;
  }
  return true;
}

/** Of what is neither a number nor made of other values. */
function simpleEqual(a: Value, b: Value): Value {
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanoseconds === b.nanoseconds;
  if (a instanceof Duration) return b instanceof Duration && a.nanoseconds === b.nanoseconds;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  if (a instanceof TypeValue) return b instanceof TypeValue && a.of.name === b.of.name;
  if (a instanceof OpaqueValue) {
    const same = b instanceof OpaqueValue && sameType(a.type, b.type);
    return same ? a.equals(b) : noOverload;
  }
  return a === b;
}

/** True, false or an error. cel-go: types.Equal */
export function equalValues(a: Value, b: Value, meter: Steps): Value {
  meter.steps(1);
  if (a instanceof CelError) return a;
  if (b instanceof CelError) return b;
  if (a === null || b === null) return a === b;
  const left = numeric(a);
  if (left !== undefined) {
    const right = numeric(b);
    return right !== undefined && left == right;
  }
  if (a instanceof ListValue) return b instanceof ListValue ? listsEqual(a, b, meter) : false;
  if (a instanceof MapValue) return b instanceof MapValue ? mapsEqual(a, b, meter) : false;
  if (a instanceof Optional) {
    if (!(b instanceof Optional)) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equalValues(a.value, b.value, meter);
  }
  return simpleEqual(a, b);
}

const order = <T>(a: T, b: T): -1 | 0 | 1 => (a < b ? -1 : a > b ? 1 : 0);

/** By bytes of UTF-8, as Go orders strings. */
function compareText(a: string, b: string): -1 | 0 | 1 {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    // Halves of characters beyond 16 bits come behind all others.
    if (x !== y)
      return order(
        x >= 0xd800 && x < 0xe000 ? x + 0x10000 : x,
        y >= 0xd800 && y < 0xe000 ? y + 0x10000 : y,
      );
  }
  return order(a.length, b.length);
}

function compareBytes(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return order(a[i]!, b[i]!);
  return order(a.length, b.length);
}

/** -1, 0, 1 or an error. */
export function compareValues(a: Value, b: Value): -1 | 0 | 1 | CelError {
  const left = numeric(a);
  if (left !== undefined) {
    const right = numeric(b);
    if (right === undefined) return noOverload;
    if (Number.isNaN(left) || Number.isNaN(right)) {
      return new CelError("NaN values cannot be ordered");
    }
    return order(left, right);
  }
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return order(Number(a), Number(b));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  if (
    (a instanceof Timestamp && b instanceof Timestamp) ||
    (a instanceof Duration && b instanceof Duration)
  ) {
    return order(a.nanoseconds, b.nanoseconds);
  }
  return noOverload;
}

/** Whether one of the types that have an order. */
export const isComparable = (value: Value): boolean =>
  numeric(value) !== undefined ||
  typeof value === "string" ||
  typeof value === "boolean" ||
  value instanceof Uint8Array ||
  value instanceof Timestamp ||
  value instanceof Duration;

/** Characters of a text, not halves of them. */
export function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) length--;
  }
  return length;
}

/** `size(x)`, or undefined: it has none. */
export function sizeOf(value: Value): number | undefined {
  if (typeof value === "string") return lengthOf(value);
  if (value instanceof ListValue || value instanceof MapValue) return value.size;
  return value instanceof Uint8Array ? value.length : undefined;
}

/** Whether a value is that of its type which means nothing. */
export function isZero(value: Value): boolean {
  if (value === null || value === false || value === "") return true;
  const number = numeric(value);
  if (number !== undefined) return number == 0;
  if (value instanceof Timestamp) return value.nanoseconds === zeroTime;
  if (value instanceof Duration) return value.nanoseconds === 0n;
  if (value instanceof Optional) return value.value === undefined;
  return sizeOf(value) === 0;
}

/** Go's zero time, in the year 1. */
const zeroTime = -62_135_596_800n * 1_000_000_000n;
