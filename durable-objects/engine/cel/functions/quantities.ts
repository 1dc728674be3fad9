/** Quantities. k8s: apiserver/pkg/cel/library/quantity.go */
import {
  addQuantity,
  cmpQuantity,
  newQuantity,
  parseQuantity,
  quantityError,
  signQuantity,
  subQuantity,
  type Quantity,
} from "../../machinery/quantity.ts";
import { structType } from "../types.ts";
import { OpaqueValue, type Value } from "../values.ts";
import { withinInt64 } from "../time.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

const quantityType = structType("kubernetes.Quantity");

export class QuantityValue extends OpaqueValue {
  readonly type = quantityType;
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }
  equals(other: this): boolean {
    return cmpQuantity(this.quantity, other.quantity) === 0;
  }
}

const read: CelFunction = ([text]) => {
  if (typeof text !== "string") return undefined;
  const found = parseQuantity(text);
  return found ? new QuantityValue(found) : failed(quantityError(text)!);
};

/** The value as a whole number, where it is one that fits 64 bits. */
function whole({ mantissa, scale }: Quantity): bigint | undefined {
  const by = 10n ** BigInt(Math.abs(scale));
  const value = BigInt(mantissa);
  if (scale < 0 && value % by !== 0n) return undefined;
  const made = scale < 0 ? value / by : value * by;
  return withinInt64(made) ? made : undefined;
}

const ofOne =
  (run: (quantity: Quantity) => Value): CelFunction =>
  ([a]) =>
    a instanceof QuantityValue ? run(a.quantity) : undefined;

const ofTwo =
  (run: (a: Quantity, b: Quantity) => Value, ints = false): CelFunction =>
  ([a, b]) => {
    if (!(a instanceof QuantityValue)) return undefined;
    if (b instanceof QuantityValue) return run(a.quantity, b.quantity);
    return ints && typeof b === "bigint"
      ? run(a.quantity, newQuantity(b, "DecimalExponent"))
      : undefined;
  };

export const quantityFunctions: CelFunctions = {
  quantity: read,
  isQuantity: ([text]) =>
    typeof text === "string" ? parseQuantity(text) !== undefined : undefined,
  sign: ofOne((q) => BigInt(signQuantity(q))),
  asInteger: ofOne((q) => whole(q) ?? failed("cannot convert value to integer")),
  isInteger: ofOne((q) => whole(q) !== undefined),
  asApproximateFloat: ofOne((q) => Number(`${q.mantissa}e${q.scale}`)),
  isGreaterThan: ofTwo((a, b) => cmpQuantity(a, b) === 1),
  isLessThan: ofTwo((a, b) => cmpQuantity(a, b) === -1),
  compareTo: ofTwo((a, b) => BigInt(cmpQuantity(a, b))),
  add: ofTwo((a, b) => new QuantityValue(addQuantity(a, b)), true),
  sub: ofTwo((a, b) => new QuantityValue(subQuantity(a, b)), true),
};
