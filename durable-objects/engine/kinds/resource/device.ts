/** A device as its driver tells of it. k8s: pkg/apis/resource/validation validateDevice */
import {
  at,
  child,
  forbiddenField,
  invalid,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from "../../machinery/field.ts";
import { equal } from "../../core/equal.ts";
import { byteLength, dns1123Subdomain, invalidEach } from "../../machinery/names.ts";
import { validateNodeSelector } from "../pod/validation/scheduling.ts";
import {
  checkBinding,
  checkLabel,
  checkList,
  checkQualified,
  checkSet,
  checkTaint,
} from "./checks.ts";
import type { Device, DeviceAttribute } from "./shape.ts";

/** k8s: pkg/apis/resource/types.go ResourceSliceMaxAttributesAndCapacitiesPerDevice and those around it */
const attributesAndCapacitiesMax = 32;
const attributeValuesMax = 48;
const attributeBytesMax = 64;
const taintsMax = 16;
const countersMax = 32;
const consumptionsMax = 2;
/** k8s: DeviceMaxDomainLength and DeviceMaxIDLength, with a slash between them */
const keyCharsMax = 63 + 1 + 32;

const semver =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** Numbers among the words before a release have no leading zeros, and no word is empty. */
function isSemver(text: string): boolean {
  if (!semver.test(text)) return false;
  const [before = ""] = text.split("+");
  const dash = before.indexOf("-");
  if (dash < 0) return true;
  return before
    .slice(dash + 1)
    .split(".")
    .every((word) => word !== "" && !/^0\d+$/.test(word));
}

/** Keys too long to be told whole. k8s: truncateIfTooLong */
function shortKey(key: string): string {
  if (key.length <= keyCharsMax) return key;
  const rest = keyCharsMax - 3;
  return `${key.slice(0, Math.floor((rest + 1) / 2))}...${key.slice(-Math.floor(rest / 2))}`;
}

const listFields = ["bools", "ints", "strings", "versions"] as const;
const scalarFields = ["bool", "int", "string", "version"] as const;

function checkText(path: string, text: string, isVersion: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (isVersion && !isSemver(text))
    errors.push(invalid(path, text, "must be a string compatible with semver.org spec 2.0.0"));
  if (byteLength(text) > attributeBytesMax) errors.push(tooLong(path, attributeBytesMax));
  return errors;
}

function checkAttribute(path: string, attribute: DeviceAttribute): FieldError[] {
  const errors: FieldError[] = [];
  const { string, version } = attribute;
  if (string !== undefined) errors.push(...checkText(child(path, "string"), string, false));
  if (version !== undefined) errors.push(...checkText(child(path, "version"), version, true));
  for (const field of listFields) {
    const values = attribute[field];
    const listPath = child(path, field);
    if (values?.length === 0)
      errors.push(invalid(listPath, values, "must not be empty if specified"));
    if (field === "strings" || field === "versions")
      for (const [i, text] of (attribute[field] ?? []).entries())
        errors.push(...checkText(at(listPath, i), text, field === "versions"));
  }
  const given = [...scalarFields, ...listFields].filter((field) => attribute[field] !== undefined);
  if (given.length === 1) return errors;
  const value = given.length === 0 ? "" : attribute;
  return [...errors, invalid(path, value, "exactly one value must be specified")];
}

function valueCount(device: Device): number {
  let count = 0;
  for (const attribute of Object.values(device.attributes ?? {})) {
    const lists = listFields.reduce((sum, field) => sum + (attribute[field]?.length ?? 0), 0);
    count += Math.max(1, lists);
  }
  return count;
}

function checkCounts(path: string, device: Device): FieldError[] {
  const errors: FieldError[] = [];
  const { attributes = {}, capacity = {} } = device;
  const names = Object.keys(attributes).length + Object.keys(capacity).length;
  const exceeds = (what: string, max: number): string =>
    `the total number of ${what} must not exceed ${max}`;
  if (names > attributesAndCapacitiesMax) {
    const detail = exceeds("attributes and capacities", attributesAndCapacitiesMax);
    errors.push(invalid(path, names, detail));
  }
  const values = valueCount(device);
  if (values > attributeValuesMax)
    errors.push(invalid(path, values, exceeds("attribute values", attributeValuesMax)));
  return errors;
}

export function checkNodeName(path: string, name: string, whenEmpty: string): FieldError[] {
  return name ? invalidEach(path, name, dns1123Subdomain(name)) : [invalid(path, name, whenEmpty)];
}

const perDevice =
  "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";

function checkPlace(path: string, device: Device, perDeviceNodes: boolean): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!perDeviceNodes) {
    if (nodeName === undefined && !nodeSelector && allNodes === undefined) return [];
    const detail =
      "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    return [invalid(path, null, detail)];
  }
  const errors: FieldError[] = [];
  const set: string[] = [];
  if (nodeName !== undefined) {
    if (nodeName) set.push("`nodeName`");
    errors.push(...checkNodeName(child(path, "nodeName"), nodeName, "must not be empty"));
  }
  if (nodeSelector) {
    set.push("`nodeSelector`");
    errors.push(...validateNodeSelector(nodeSelector, child(path, "nodeSelector")));
  }
  if (allNodes) set.push("`allNodes`");
  else if (allNodes === false)
    errors.push(invalid(child(path, "allNodes"), false, "must be either unset or set to true"));
  if (set.length === 0) errors.push(required(path, perDevice));
  if (set.length > 1) errors.push(invalid(path, `{${set.join(", ")}}`, perDevice));
  return errors;
}

/** Names of counters and how much of each. k8s: validateCounterSet, validateDeviceCounterConsumption */
export function checkCounters(
  path: string,
  [field, name]: readonly [string, string | undefined],
  counters: Record<string, unknown> | undefined,
): FieldError[] {
  const errors = name ? checkLabel(child(path, field), name) : [required(child(path, field))];
  const names = Object.keys(counters ?? {});
  const countersPath = child(path, "counters");
  if (names.length === 0) return [...errors, required(countersPath)];
  if (names.length > countersMax)
    return [...errors, tooMany(countersPath, names.length, countersMax)];
  return [...errors, ...names.flatMap((one) => checkLabel(countersPath, one))];
}

export function checkDevice(
  device: Device,
  path: string,
  old: Device | undefined,
  perDeviceNodes: boolean,
): FieldError[] {
  const errors = [...checkLabel(child(path, "name"), device.name), ...checkCounts(path, device)];
  const attributesPath = child(path, "attributes");
  for (const [key, attribute] of Object.entries(device.attributes ?? {})) {
    errors.push(...checkQualified(attributesPath, key));
    errors.push(...checkAttribute(at(attributesPath, shortKey(key)), attribute));
  }
  const capacityPath = child(path, "capacity");
  for (const [key, { requestPolicy }] of Object.entries(device.capacity ?? {})) {
    errors.push(...checkQualified(capacityPath, key));
    if (requestPolicy && !device.allowMultipleAllocations) {
      const policyPath = child(at(capacityPath, shortKey(key)), "requestPolicy");
      errors.push(forbiddenField(policyPath, "allowMultipleAllocations must be true"));
    }
  }
  if (!old || !equal(old.taints ?? [], device.taints ?? []))
    errors.push(...checkList(child(path, "taints"), device.taints, taintsMax, checkTaint));
  errors.push(
    ...checkSet(
      child(path, "consumesCounters"),
      device.consumesCounters,
      consumptionsMax,
      (one, where) => checkCounters(where, ["counterSet", one.counterSet], one.counters),
      ({ counterSet = "" }) => counterSet,
    ),
  );
  errors.push(...checkPlace(path, device, perDeviceNodes));
  return [
    ...errors,
    ...checkBinding(path, device.bindingConditions, device.bindingFailureConditions),
  ];
}
