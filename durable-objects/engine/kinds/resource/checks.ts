/** What the kinds of resource.k8s.io check alike. k8s: pkg/apis/resource/validation/validation.go */
import { deviceSelector, selectorCostMax } from "../../cel/device.ts";
import {
  at,
  child,
  duplicate,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from "../../machinery/field.ts";
import { validateLabelName } from "../../machinery/metadata.ts";
import {
  byteLength,
  cIdentifier,
  dns1123Label,
  dns1123Subdomain,
  invalidEach,
  labelValue,
} from "../../machinery/names.ts";
import { unsupported } from "../checks.ts";
import { validateCsiDriverName } from "../pod/validation/volumes.ts";
import type {
  DeviceConfiguration,
  DeviceSelector,
  DeviceTaint,
  DeviceToleration,
} from "./shape.ts";

/** k8s: pkg/apis/resource/types.go PoolNameMaxLength and those below it */
const poolNameBytesMax = 253;
const identifierBytesMax = 32;
const selectorsMax = 32;
const expressionBytesMax = 10 * 1024;
const parametersBytesMax = 10 * 1024;
const bindingConditionsMax = 4;
export const configsMax = 32;

/** Drivers are named as those of CSI are. */
export const checkDriver = (path: string, name: string | undefined): FieldError[] =>
  validateCsiDriverName(name ?? "", path);

export const checkLabel = (path: string, name: string | undefined): FieldError[] =>
  invalidEach(path, name ?? "", dns1123Label(name ?? ""));

export function checkPoolName(path: string, name: string | undefined): FieldError[] {
  if (!name) return [required(path)];
  const errors = byteLength(name) > poolNameBytesMax ? [tooLong(path, poolNameBytesMax)] : [];
  for (const part of name.split("/"))
    errors.push(...invalidEach(path, part, dns1123Subdomain(part)));
  return errors;
}

/** k8s: validateSlice: too many are not looked at. */
export function checkList<T>(
  path: string,
  items: readonly T[] | undefined,
  max: number,
  check: (item: T, path: string) => FieldError[],
): FieldError[] {
  const list = items ?? [];
  if (max >= 0 && list.length > max) return [tooMany(path, list.length, max)];
  return list.flatMap((item, i) => check(item, at(path, i)));
}

/** The same where none may come twice. k8s: validateSet */
export function checkSet<T>(
  path: string,
  items: readonly T[] | undefined,
  max: number,
  check: (item: T, path: string) => FieldError[],
  keyOf: (item: T) => string,
): FieldError[] {
  const errors = checkList(path, items, max, check);
  if (max >= 0 && (items?.length ?? 0) > max) return errors;
  const seen = new Set<string>();
  for (const [i, item] of (items ?? []).entries()) {
    const key = keyOf(item);
    if (seen.has(key)) errors.push(duplicate(at(path, i), key));
    seen.add(key);
  }
  return errors;
}

/** k8s: validateCELSelector */
export const checkSelectors = (
  path: string,
  selectors: readonly DeviceSelector[] | undefined,
): FieldError[] =>
  checkList(path, selectors, selectorsMax, ({ cel }, where) => {
    if (!cel) return [required(child(where, "cel"))];
    const { expression = "" } = cel;
    const expressionPath = child(where, "cel.expression");
    if (!expression) return [required(expressionPath)];
    if (byteLength(expression) > expressionBytesMax)
      return [tooLong(expressionPath, expressionBytesMax)];
    const selector = deviceSelector(expression);
    if (!("problem" in selector)) {
      if (selector.costMax <= selectorCostMax) return [];
      return [forbiddenField(expressionPath, "too complex, exceeds cost limit")];
    }
    const { problem, internal } = selector;
    return [
      internal
        ? internalError(expressionPath, problem)
        : invalid(expressionPath, expression, problem),
    ];
  });

const internalError = (field: string, detail: string): FieldError => ({
  type: "InternalError",
  field,
  message: `Internal error: ${detail}`,
});

export function checkConfiguration(path: string, { opaque }: DeviceConfiguration): FieldError[] {
  if (!opaque) return [required(child(path, "opaque"))];
  const where = child(path, "opaque");
  return [
    ...checkDriver(child(where, "driver"), opaque.driver),
    ...checkObject(child(where, "parameters"), opaque.parameters, parametersBytesMax),
  ];
}

/** Anything that is a JSON object. k8s: validateRawExtension */
export function checkObject(path: string, value: unknown, bytesMax: number): FieldError[] {
  if (value === undefined || value === null) return [required(path)];
  if (byteLength(JSON.stringify(value)) > bytesMax) return [tooLong(path, bytesMax)];
  if (typeof value === "object" && !Array.isArray(value)) return [];
  return [invalid(path, "<value omitted>", "must be a valid JSON object")];
}

const effects = ["NoExecute", "NoSchedule", "None"];

export function checkTaint({ key = "", value, effect }: DeviceTaint, path: string): FieldError[] {
  const errors = validateLabelName(key, child(path, "key"));
  if (value) errors.push(...invalidEach(child(path, "value"), value, labelValue(value)));
  if (!effect) errors.push(required(child(path, "effect")));
  else if (!effects.includes(effect))
    errors.push(notSupported(child(path, "effect"), effect, effects));
  return errors;
}

export function checkToleration(toleration: DeviceToleration, path: string): FieldError[] {
  const { key, operator, value = "", effect } = toleration;
  const errors = key ? validateLabelName(key, child(path, "key")) : [];
  const valuePath = child(path, "value");
  if (operator === "Exists") {
    if (value) errors.push(invalid(valuePath, value, "must be empty for operator `Exists`"));
  } else if (operator === "Equal") errors.push(...invalidEach(valuePath, value, labelValue(value)));
  else if (!operator) errors.push(required(child(path, "operator")));
  else errors.push(unsupported(child(path, "operator"), operator, ["Equal", "Exists"]));
  if (effect && !effects.includes(effect))
    errors.push(notSupported(child(path, "effect"), effect, effects));
  return errors;
}

/** `name` or `domain/name`. k8s: validateQualifiedName */
export function checkQualified(path: string, name: string): FieldError[] {
  const parts = name.split("/");
  if (parts.length > 2) return [];
  const [domain, id] = parts.length === 2 ? (parts as [string, string]) : [undefined, name];
  const errors: FieldError[] = [];
  if (domain === "") errors.push(invalid(path, "", "the domain must not be empty"));
  else if (domain !== undefined) errors.push(...checkDriver(path, domain));
  if (domain !== undefined && id === "")
    return [...errors, invalid(path, "", "the name must not be empty")];
  if (byteLength(id) > identifierBytesMax) errors.push(tooLong(path, identifierBytesMax));
  return [...errors, ...invalidEach(path, id, cIdentifier(id))];
}

export function checkFullyQualified(path: string, name: string): FieldError[] {
  const errors = checkQualified(path, name);
  if (name.includes("/")) return errors;
  const detail = "a fully qualified name must be a domain and a name separated by a slash";
  return [...errors, invalid(path, name, detail)];
}

/** k8s: validateDeviceBindingParameters */
export function checkBinding(
  path: string,
  conditions: readonly string[] = [],
  failures: readonly string[] = [],
): FieldError[] {
  const ok = child(path, "bindingConditions");
  const bad = child(path, "bindingFailureConditions");
  const errors = [
    ...checkSet(ok, conditions, bindingConditionsMax, validateLabelName, (one) => one),
    ...checkSet(bad, failures, bindingConditionsMax, validateLabelName, (one) => one),
  ];
  for (const [i, one] of failures.entries())
    if (conditions.includes(one)) {
      const detail = "bindingFailureConditions must not overlap with bindingConditions";
      errors.push(invalid(at(bad, i), one, detail));
    }
  const needs = (a: string, b: string): string => `${a} are required to use ${b}`;
  if (conditions.length === 0 && failures.length > 0)
    errors.push(invalid(ok, conditions, needs("bindingConditions", "bindingFailureConditions")));
  if (failures.length === 0 && conditions.length > 0)
    errors.push(invalid(bad, failures, needs("bindingFailureConditions", "bindingConditions")));
  return errors;
}
