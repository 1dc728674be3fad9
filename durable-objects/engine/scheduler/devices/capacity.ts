/** Capacity of devices that several claims share. k8s: dynamic-resource-allocation/structured/internal/incubating/consumable_capacity.go */
import {
  addQuantity,
  cmpQuantity,
  newQuantity,
  parseQuantity,
  quantityValue,
  zeroQuantity,
  type Quantity,
} from "../../machinery/quantity.ts";
import type { Device, DeviceCapacity, ExactRequest } from "../../kinds/resource/shape.ts";

/** What one allocation uses of a device, by the names of its capacities. */
export type Consumed = Readonly<Record<string, string>>;

export const amountOf = (value: string | undefined): Quantity =>
  parseQuantity(String(value ?? "0")) ?? zeroQuantity;

type Range = NonNullable<NonNullable<DeviceCapacity["requestPolicy"]>["validRange"]>;

/** Whole steps from the least on. */
function roundedUp(asked: Quantity, { min, step }: Range): Quantity {
  const least = amountOf(min);
  if (cmpQuantity(asked, least) < 0) return least;
  const by = quantityValue(amountOf(step));
  if (by <= 0) return asked;
  const from = quantityValue(least);
  const steps = Math.ceil((quantityValue(asked) - from) / by);
  return newQuantity(from + steps * by, "BinarySI");
}

/** Undefined: the device is not given out in such parts. */
function partOf(asked: string | undefined, capacity: DeviceCapacity): Quantity | undefined {
  const { value, requestPolicy: policy } = capacity;
  const usual = policy?.default;
  const wanted = amountOf(asked ?? usual ?? value);
  if (asked === undefined && (usual !== undefined || !policy)) return wanted;
  if (policy?.validRange?.min !== undefined) {
    const { max } = policy.validRange;
    const part = asked === undefined ? wanted : roundedUp(wanted, policy.validRange);
    return max !== undefined && cmpQuantity(part, amountOf(max)) > 0 ? undefined : part;
  }
  if (!policy?.validValues?.length) return wanted;
  return policy.validValues.map(amountOf).find((valid) => cmpQuantity(wanted, valid) <= 0);
}

/** What a request would use of a device beside what others use; undefined: it has not that much left. */
export function consumedBy(
  { capacity: asked }: ExactRequest,
  { capacity = {} }: Device,
  others: readonly Consumed[],
): Consumed | undefined {
  const requests = asked?.requests ?? {};
  if (Object.keys(requests).some((name) => !Object.hasOwn(capacity, name))) return undefined;
  const consumed: Record<string, string> = {};
  for (const [name, one] of Object.entries(capacity)) {
    const part = partOf(Object.hasOwn(requests, name) ? requests[name] : undefined, one);
    if (!part) return undefined;
    const used = others.reduce((sum, other) => addQuantity(sum, amountOf(other[name])), part);
    if (cmpQuantity(used, amountOf(one.value)) > 0) return undefined;
    consumed[name] = part.text;
  }
  return consumed;
}
