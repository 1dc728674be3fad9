/** Arithmetic, comparisons and what holds what. cel-go: common/stdlib, common/types/overflow.go */
import { withinInt64, withinTime } from "../time.ts";
import {
  compareValues,
  type CelError,
  Duration,
  Entries,
  equalValues,
  Growing,
  GrowingMap,
  isComparable,
  isError,
  Items,
  Joined,
  ListValue,
  MapValue,
  noOverload,
  Timestamp,
  Uint,
  type Value,
} from "../values.ts";
import type { Meter } from "../meter.ts";
import { valueText } from "../value-text.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

const overflow = failed("integer overflow");
const uintOverflow = failed("unsigned integer overflow");
const durationOverflow = failed("duration overflow");
const timestampOverflow = failed("timestamp overflow");

const int = (value: bigint): Value => (withinInt64(value) ? value : overflow);
const uint = (value: bigint): Value =>
  BigInt.asUintN(64, value) === value ? new Uint(value) : uintOverflow;
const duration = (value: bigint): Value =>
  withinInt64(value) ? new Duration(value) : durationOverflow;
const timestamp = (value: bigint): Value =>
  withinTime(value) ? new Timestamp(value) : timestampOverflow;

type OnInts = (a: bigint, b: bigint) => bigint | CelError;
type OnDoubles = (a: number, b: number) => number;

/** Of two numbers of one type; undefined: they are not. */
function arithmetic(a: Value, b: Value, ints: OnInts, doubles?: OnDoubles): Value | undefined {
  if (typeof a === "bigint") {
    if (typeof b !== "bigint") return noOverload;
    const made = ints(a, b);
    return typeof made === "bigint" ? int(made) : made;
  }
  if (typeof a === "number" && doubles) {
    return typeof b === "number" ? doubles(a, b) : noOverload;
  }
  if (!(a instanceof Uint)) return undefined;
  if (!(b instanceof Uint)) return noOverload;
  const made = ints(a.value, b.value);
  return typeof made === "bigint" ? uint(made) : made;
}

function joined(a: ListValue, b: Value, meter: Meter): Value {
  if (!(b instanceof ListValue)) return noOverload;
  if (a instanceof Growing) {
    meter.steps(b.size);
    a.items.push(...b);
    return a;
  }
  if (a.plus) return a.plus(b, meter);
  if (b.size === 0) return a;
  return a.size === 0 ? b : new Joined(a, b);
}

const add: CelFunction = ([a, b], meter) => {
  if (typeof a === "string") {
    if (typeof b !== "string") return noOverload;
    meter.text(a.length + b.length);
    return a + b;
  }
  if (a instanceof ListValue) return joined(a, b!, meter);
  if (a instanceof Uint8Array) {
    if (!(b instanceof Uint8Array)) return noOverload;
    meter.text(a.length + b.length);
    return Uint8Array.from([...a, ...b]);
  }
  if (a instanceof Duration) {
    if (b instanceof Duration) return duration(a.nanoseconds + b.nanoseconds);
    return b instanceof Timestamp ? timestamp(a.nanoseconds + b.nanoseconds) : noOverload;
  }
  if (a instanceof Timestamp) {
    return b instanceof Duration ? timestamp(a.nanoseconds + b.nanoseconds) : noOverload;
  }
  return arithmetic(
    a!,
    b!,
    (x, y) => x + y,
    (x, y) => x + y,
  );
};

const subtract: CelFunction = ([a, b]) => {
  if (a instanceof Duration) {
    return b instanceof Duration ? duration(a.nanoseconds - b.nanoseconds) : noOverload;
  }
  if (a instanceof Timestamp) {
    if (b instanceof Timestamp) return duration(a.nanoseconds - b.nanoseconds);
    return b instanceof Duration ? timestamp(a.nanoseconds - b.nanoseconds) : noOverload;
  }
  return arithmetic(
    a!,
    b!,
    (x, y) => x - y,
    (x, y) => x - y,
  );
};

const multiply: CelFunction = ([a, b]) =>
  arithmetic(
    a!,
    b!,
    (x, y) => x * y,
    (x, y) => x * y,
  );
const divide: CelFunction = ([a, b]) =>
  arithmetic(
    a!,
    b!,
    (x, y) => (y === 0n ? failed("division by zero") : x / y),
    (x, y) => x / y,
  );
const modulo: CelFunction = ([a, b]) =>
  arithmetic(a!, b!, (x, y) => (y === 0n ? failed("modulus by zero") : x % y));

const negate: CelFunction = ([a]) => {
  if (typeof a === "bigint") return int(-a);
  if (typeof a === "number") return -a;
  if (typeof a === "boolean") return noOverload;
  return a instanceof Duration ? duration(-a.nanoseconds) : undefined;
};

const compare =
  (holds: (order: number) => boolean): CelFunction =>
  ([a, b]) => {
    if (!isComparable(a!)) return undefined;
    const order = compareValues(a!, b!);
    return typeof order === "number" ? holds(order) : order;
  };

/** Whether a list has an element, or a map a key. */
export function contains(within: ListValue, value: Value, meter: Meter): Value {
  let problem: CelError | undefined;
  for (const one of within) {
    const same = equalValues(value, one, meter);
    if (same === true) return true;
    if (isError(same)) problem ??= same;
  }
  return problem ?? false;
}

const within: CelFunction = ([value, of], meter) => {
  if (of instanceof ListValue) return contains(of, value!, meter);
  return of instanceof MapValue ? of.has(value!) : noOverload;
};

function insert(map: MapValue, entries: Iterable<readonly [Value, Value]>, meter: Meter): Value {
  const made = map instanceof GrowingMap ? map : copied(map, meter);
  for (const [key, value] of entries) {
    meter.steps(1);
    if (!made.add(key, value)) return failed(`insert failed: key ${valueText(key)} already exists`);
  }
  return made;
}

function copied(map: MapValue, meter: Meter): Entries {
  const made = new Entries();
  meter.steps(map.size);
  for (const key of map.keys()) made.add(key, map.find(key)!);
  return made;
}

const mapInsert: CelFunction = ([map, key, value], meter) => {
  if (!(map instanceof MapValue)) return undefined;
  if (value !== undefined) return insert(map, [[key!, value]], meter);
  if (!(key instanceof MapValue)) return undefined;
  const entries = [...key.keys()].map((one) => [one, key.find(one)!] as const);
  return insert(map, entries, meter);
};

export const operatorFunctions: CelFunctions = {
  "_+_": add,
  "_-_": subtract,
  "_*_": multiply,
  "_/_": divide,
  "_%_": modulo,
  "-_": negate,
  "!_": ([a]) => (typeof a === "boolean" ? !a : noOverload),
  "_==_": ([a, b], meter) => equalValues(a!, b!, meter),
  "_!=_": ([a, b], meter) => equalValues(a!, b!, meter) !== true,
  "_<_": compare((order) => order < 0),
  "_<=_": compare((order) => order <= 0),
  "_>_": compare((order) => order > 0),
  "_>=_": compare((order) => order >= 0),
  "@in": within,
  "cel.@mapInsert": mapInsert,
};

export const listOfTexts = (texts: readonly string[]): Items => new Items([...texts]);
