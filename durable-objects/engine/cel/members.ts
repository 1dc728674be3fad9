/** What there is in a value, and the words where there is not. cel-go: interpreter/attributes.go, common/types */
import type { Meter } from "./meter.ts";
import { valueText } from "./value-text.ts";
import {
  CelError,
  Duration,
  Growing,
  GrowingMap,
  isError,
  Items,
  ListValue,
  MapValue,
  noOverload,
  Optional,
  Timestamp,
  typeNameOf,
  type Value,
} from "./values.ts";

/** An empty list or map as one that a macro may add to. */
export function growing(value: Value): Value {
  if (value instanceof ListValue && value.size === 0) return new Growing([]);
  if (value instanceof MapValue && value.size === 0) return new GrowingMap();
  return value;
}

/** A field or element; undefined: it is not there. */
function member(operand: Value, key: Value): Value | undefined {
  if (operand instanceof MapValue) return operand.find(key);
  if (operand instanceof ListValue) {
    const place = placeIn(key);
    if (place instanceof CelError) return place;
    return place >= 0 && place < operand.size ? operand.at(place) : undefined;
  }
  return undefined;
}

function placeIn(key: Value): number | CelError {
  if (typeof key === "bigint") return Number(key);
  if (typeof key === "number" && Number.isInteger(key)) return key;
  if (typeof key === "object" && key !== null && "value" in key && typeof key.value === "bigint") {
    return Number(key.value);
  }
  if (typeof key === "number") return new CelError(`unsupported index value ${key} in list`);
  return new CelError(`unsupported index type '${typeNameOf(key)}' in list`);
}

function missing(operand: Value, key: Value): CelError {
  const what = operand instanceof ListValue ? "index out of bounds" : "no such key";
  return new CelError(`${what}: ${valueText(key)}`);
}

/** What is there, or why not; of an optional an optional. */
export function taken(operand: Value, key: Value, optional: boolean, meter: Meter): Value {
  if (isError(operand)) return operand;
  if (isError(key)) return key;
  if (operand instanceof Optional || optional) {
    const from = operand instanceof Optional ? operand.value : operand;
    const found = from === undefined ? undefined : member(from, key);
    if (found === undefined) return Optional.none;
    meter.add(1);
    return found instanceof CelError || found instanceof Optional ? found : new Optional(found);
  }
  meter.add(1);
  const found = member(operand, key);
  return found === undefined ? missing(operand, key) : found;
}

/** What not all types can do: whoever cannot says so in other words. cel-go: common/types/traits */
export const traits = new Set("_+_ _-_ _*_ _/_ _%_ -_ _<_ _<=_ _>_ _>=_ size".split(" "));

/** The error of an operator for a value whose type does not have it. */
export function withoutTrait(fn: string, value: Value): CelError {
  const receives =
    typeof value === "string" || value instanceof Timestamp || value instanceof Duration;
  return receives ? noOverload : new CelError(`no such overload: ${fn}`);
}

export const noSuchOverload = (fn: string, values: readonly Value[]): CelError =>
  new CelError(`no such overload: ${fn}(${values.map(typeNameOf).join(", ")})`);

const goTypes: Readonly<Record<string, string>> = {
  bigint: "types.Int",
  number: "types.Double",
  string: "types.String",
  boolean: "types.Bool",
};

/** What Go calls the type of a value that is no list or map. */
export function goTypeOf(value: Value): string {
  if (value === null) return "types.Null";
  const known = goTypes[typeof value];
  if (known) return known;
  if (value instanceof Uint8Array) return "types.Bytes";
  return typeof value === "object" ? `types.${value.constructor.name}` : "types.Err";
}

/** A collection that grows no more. */
export function settled(value: Value): Value {
  return value instanceof Growing ? new Items(value.items) : value;
}

/** Goes through a list or map until `turn` says no; false: the value is neither. */
export function each(
  over: Value,
  two: boolean,
  meter: Meter,
  turn: (one: Value, second: Value | undefined) => boolean,
): boolean {
  if (over instanceof ListValue) {
    for (let i = 0; i < over.size; i++) {
      meter.steps(1);
      if (!(two ? turn(BigInt(i), over.at(i)) : turn(over.at(i), undefined))) break;
    }
    return true;
  }
  if (!(over instanceof MapValue)) return false;
  for (const key of over.keys()) {
    meter.steps(1);
    if (!turn(key, two ? over.find(key) : undefined)) break;
  }
  return true;
}
