/** What selectors of devices know, and whether one holds. k8s: dynamic-resource-allocation/cel/compile.go */
import { deviceSelectorsKeptMax } from "../core/limits.ts";
import { keep } from "../core/memo.ts";
import { parseQuantity } from "../machinery/quantity.ts";
import type { Environment } from "./checker.ts";
import { compile } from "./compile.ts";
import { estimateCost, type SizeOfPath } from "./estimate.ts";
import { QuantityValue } from "./functions/quantities.ts";
import { semverValue } from "./functions/semver.ts";
import { ConstantProblem } from "./plan.ts";
import { Program } from "./program.ts";
import {
  boolType,
  dynType,
  mapOf,
  sameType,
  stringType,
  structType,
  typeText,
  type Type,
} from "./types.ts";
import { type CelError, Entries, isError, MapValue, typeNameOf, type Value } from "./values.ts";

/** k8s: api/resource/v1/types.go CELSelectorExpressionMaxCost */
export const selectorCostMax = 1_000_000;
/** k8s: DeviceMaxDomainLength, DeviceMaxIDLength, DriverNameMaxLength, DeviceAttributeMaxValueLength, ResourceSliceMaxAttributesAndCapacitiesPerDevice */
const sizes = { domain: 63, id: 32, driver: 63, value: 64, attributes: 32 };

const deviceType = structType("kubernetes.DRADevice");
const byDomain = (of: Type): Type => mapOf(stringType, mapOf(stringType, of));
const fields: Readonly<Record<string, Type>> = {
  driver: stringType,
  allowMultipleAllocations: boolType,
  attributes: byDomain(dynType),
  capacity: byDomain(structType("kubernetes.Quantity")),
};

const environment: Environment = {
  variables: new Map([["device", deviceType]]),
  binds: true,
  field: (message, name) => {
    if (message !== deviceType.name) return null;
    return Object.hasOwn(fields, name) ? fields[name] : undefined;
  },
};

const upTo = (max: number): { min: number; max: number } => ({ min: 0, max });
const mapSizes: SizeOfPath = (path) => {
  const [root, field, ...rest] = path;
  if (root !== "device") return undefined;
  if (field === "driver") return upTo(sizes.driver);
  if (field !== "attributes" && field !== "capacity")
    return field === "allowMultipleAllocations" ? upTo(1) : undefined;
  if (rest.length === 0) return upTo(sizes.attributes);
  const [domain, id] = rest;
  if (domain === "@keys") return upTo(sizes.domain);
  if (id === undefined) return upTo(sizes.attributes);
  if (id === "@keys") return upTo(sizes.id);
  return upTo(field === "attributes" ? sizes.value : 0);
};

/** A selector that can be asked. */
export interface Selector {
  readonly program: Program;
  readonly costMax: number;
}
export interface SelectorProblem {
  readonly problem: string;
  readonly internal: boolean;
}

const kept = new Map<string, Selector | SelectorProblem>();

/** Compiles a selector, or tells what is wrong with it. */
export const deviceSelector = (text: string): Selector | SelectorProblem =>
  kept.get(text) ?? keep(kept, deviceSelectorsKeptMax, text, compiled(text));

function compiled(text: string): Selector | SelectorProblem {
  const checked = compile(text, environment);
  if ("error" in checked)
    return { problem: `compilation failed: ${checked.error}`, internal: false };
  const { e, type } = checked;
  if (!sameType(type, boolType) && type.kind !== "dyn") {
    const problem = `must evaluate to bool or the unknown type, not ${typeText(type)}`;
    return { problem, internal: false };
  }
  try {
    return { program: new Program(e), costMax: estimateCost(e, mapSizes).max };
  } catch (error) {
    if (!(error instanceof ConstantProblem)) throw error;
    return { problem: `program instantiation failed: ${error.message}`, internal: true };
  }
}

/** A map whose unknown domains are empty ones. */
class Domains extends MapValue {
  readonly #known = new Entries();
  static readonly #none = new Entries();
  get size(): number {
    return this.#known.size;
  }
  find(key: Value): Value {
    return this.#known.find(key) ?? Domains.#none;
  }
  override has(key: Value): boolean {
    return this.#known.has(key);
  }
  keys(): Iterable<Value> {
    return this.#known.keys();
  }
  put(name: string, driver: string, value: Value): void {
    const slash = name.indexOf("/");
    const domain = slash < 0 ? driver : name.slice(0, slash);
    let within = this.#known.find(domain) as Entries | undefined;
    if (!within) this.#known.set(domain, (within = new Entries()));
    within.set(slash < 0 ? name : name.slice(slash + 1), value);
  }
}

/** A device as its slice tells of it. */
export interface SelectableDevice {
  allowMultipleAllocations?: boolean;
  attributes?: Readonly<
    Record<string, { int?: number; bool?: boolean; string?: string; version?: string }>
  >;
  capacity?: Readonly<Record<string, { value?: string | number }>>;
}

function attributeValue(attribute: {
  int?: number;
  bool?: boolean;
  string?: string;
  version?: string;
}): Value | undefined {
  if (attribute.int !== undefined) return BigInt(Math.trunc(attribute.int));
  if (attribute.bool !== undefined) return attribute.bool;
  if (attribute.string !== undefined) return attribute.string;
  return attribute.version === undefined ? undefined : semverValue(attribute.version);
}

const values = new WeakMap<SelectableDevice, Value | { problem: string }>();

/** The variable `device`, made once. */
function valueOf(driver: string, device: SelectableDevice): Value | { problem: string } {
  const known = values.get(device);
  if (known !== undefined) return known;
  const made = deviceValue(driver, device);
  values.set(device, made);
  return made;
}

function deviceValue(driver: string, device: SelectableDevice): Value | { problem: string } {
  const attributes = new Domains();
  for (const [name, attribute] of Object.entries(device.attributes ?? {})) {
    const value = attributeValue(attribute);
    if (value === undefined) return { problem: `attribute ${name}: unsupported attribute value` };
    attributes.put(name, driver, value);
  }
  const capacity = new Domains();
  for (const [name, { value = "0" }] of Object.entries(device.capacity ?? {})) {
    const quantity = parseQuantity(String(value));
    if (quantity) capacity.put(name, driver, new QuantityValue(quantity));
  }
  const made = new Entries();
  made.set("driver", driver);
  made.set("allowMultipleAllocations", device.allowMultipleAllocations ?? false);
  made.set("attributes", attributes);
  made.set("capacity", capacity);
  return made;
}

/** Whether a device is selected, or the error; with what the question cost. */
export function selects(
  { program }: Selector,
  driver: string,
  device: SelectableDevice,
): { matches: boolean; cost: number } | { problem: string; cost: number } {
  const value = valueOf(driver, device);
  if (typeof value === "object" && value !== null && "problem" in value)
    return { problem: value.problem, cost: 0 };
  const variable = (name: string): Value | undefined => (name === "device" ? value : undefined);
  const { value: result, cost } = program.evaluate(variable, selectorCostMax);
  if (typeof result === "boolean") return { matches: result, cost };
  if (isError(result)) return { problem: (result as CelError).text, cost };
  const problem = `CEL result of type ${typeNameOf(result)} could not be converted to bool: type conversion error from '${typeNameOf(result)}' to 'bool'`;
  return { problem, cost };
}
