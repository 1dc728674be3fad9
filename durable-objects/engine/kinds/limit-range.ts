import type * as core from "kubernetes-types/core/v1";
import {
  at,
  child,
  duplicate,
  forbiddenField,
  invalid,
  required,
  type FieldError,
} from "../machinery/field.ts";
import { invalidEach, qualifiedName } from "../machinery/names.ts";
import {
  cmpQuantity,
  milliValue,
  newQuantity,
  parseQuantity,
  type Quantity,
} from "../machinery/quantity.ts";
import {
  checkContainerResourceName,
  checkResourceName,
  isHugePages,
  isNativeResource,
  keysOf,
} from "./checks.ts";
import type { Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type LimitRange = Stored<core.LimitRange>;
type Amounts = Record<string, string>;
type Item = core.LimitRangeItem;

const types = ["Container", "PersistentVolumeClaim", "Pod"];

/** k8s: core validation ValidateLimitRange */
function validate(range: LimitRange): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, item] of (range.spec?.limits ?? []).entries()) {
    const path = at("spec.limits", i);
    const type = item.type ?? "";
    errors.push(...checkType(child(path, "type"), type));
    if (seen.has(type)) errors.push(duplicate(child(path, "type"), type));
    seen.add(type);
    errors.push(...checkNames(path, item));
    const names = new Set(amountFields.flatMap((field) => keysOf(given(item, field))));
    for (const name of [...names].sort()) errors.push(...checkAmounts(path, item, name));
  }
  return errors;
}

function checkType(path: string, type: string): FieldError[] {
  const errors = invalidEach(path, type, qualifiedName(type));
  if (errors.length > 0 || type.includes("/") || types.includes(type)) return errors;
  return [invalid(path, type, "must be a standard limit type or fully qualified")];
}

const amountFields = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;
type AmountField = (typeof amountFields)[number];

/** Defaults make no sense for whole Pods, so they count as absent there. */
function given(item: Item, field: AmountField): Amounts {
  const forPods = item.type === "Pod" && (field === "default" || field === "defaultRequest");
  return forPods ? {} : (item[field] ?? {});
}

/** A name may be one that every JavaScript object has. */
const amountOf = (amounts: Amounts | undefined, name: string): string | undefined =>
  amounts && Object.hasOwn(amounts, name) ? amounts[name] : undefined;

function checkNames(path: string, item: Item): FieldError[] {
  const errors: FieldError[] = [];
  const rule = ["Pod", "Container"].includes(item.type)
    ? checkContainerResourceName
    : checkResourceName;
  const check = (field: AmountField): void => {
    for (const name of keysOf(item[field])) {
      errors.push(...rule(at(child(path, field), name), name));
    }
  };
  check("max");
  check("min");
  for (const field of ["default", "defaultRequest"] as const) {
    if (item.type !== "Pod") check(field);
    else if (keysOf(item[field]).length > 0) {
      errors.push(forbiddenField(child(path, field), "may not be specified when `type` is 'Pod'"));
    }
  }
  const bounded = item.min?.["storage"] !== undefined || item.max?.["storage"] !== undefined;
  if (item.type === "PersistentVolumeClaim" && !bounded) {
    const detail = "either minimum or maximum storage value is required, but neither was provided";
    errors.push(required(child(path, "limits"), detail));
  }
  check("maxLimitRequestRatio");
  return errors;
}

type Words = readonly [AmountField, string];
interface Order {
  /** Must not be greater than `high`. */
  low: Words;
  high: Words;
  /** Whose field and value the error names. */
  at: AmountField;
  value: AmountField;
}

const min: Words = ["min", "min value"];
const max: Words = ["max", "max value"];
const request: Words = ["defaultRequest", "default request value"];
const limit: Words = ["default", "default value"];

const orders: readonly Order[] = [
  { low: min, high: max, at: "min", value: "min" },
  { low: min, high: request, at: "defaultRequest", value: "defaultRequest" },
  { low: request, high: max, at: "defaultRequest", value: "defaultRequest" },
  {
    low: request,
    high: ["default", "default limit value"],
    at: "defaultRequest",
    value: "defaultRequest",
  },
  { low: min, high: limit, at: "default", value: "min" },
  { low: limit, high: max, at: "default", value: "max" },
];

function checkAmounts(path: string, item: Item, name: string): FieldError[] {
  const errors: FieldError[] = [];
  const amount = (field: AmountField): Quantity | undefined => {
    const text = amountOf(given(item, field), name);
    return text === undefined ? undefined : parseQuantity(text);
  };
  const keyed = (field: AmountField): string => at(child(path, field), name);
  for (const order of orders) {
    const low = amount(order.low[0]);
    const high = amount(order.high[0]);
    if (!low || !high || cmpQuantity(low, high) <= 0) continue;
    const detail = `${order.low[1]} ${low.text} is greater than ${order.high[1]} ${high.text}`;
    errors.push(invalid(keyed(order.at), amount(order.value)?.text, detail));
  }
  errors.push(...checkRatio(keyed("maxLimitRequestRatio"), item, name));
  const defaults = amount("default");
  const requests = amount("defaultRequest");
  const overcommit = isNativeResource(name) && !isHugePages(name);
  if (!overcommit && defaults && requests && cmpQuantity(defaults, requests) !== 0) {
    const detail = `default value ${defaults.text} must equal to defaultRequest value ${requests.text} in ${name}`;
    errors.push(invalid(keyed("defaultRequest"), requests.text, detail));
  }
  return errors;
}

const one = newQuantity(1);

function checkRatio(path: string, item: Item, name: string): FieldError[] {
  const ratio = parseQuantity(amountOf(item.maxLimitRequestRatio, name) ?? "");
  if (!ratio) return [];
  const errors: FieldError[] = [];
  if (cmpQuantity(ratio, one) < 0) {
    errors.push(invalid(path, ratio.text, `ratio ${ratio.text} is less than 1`));
  }
  const low = amountOf(item.min, name);
  const high = amountOf(item.max, name);
  if (low === undefined || high === undefined) return errors;
  const most = milliValue(high) / milliValue(low);
  if (milliValue(ratio.text) / 1000 > most) {
    const detail = `ratio ${ratio.text} is greater than max/min = ${most.toFixed(6)}`;
    errors.push(invalid(path, ratio.text, detail));
  }
  return errors;
}

/** k8s: pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem */
function fillItem(item: Item): Item {
  if (item.type !== "Container") return item;
  const defaults = { ...item.max, ...item.default };
  const requests = { ...item.min, ...defaults, ...item.defaultRequest };
  const some = (amounts: Amounts): Amounts | undefined =>
    keysOf(amounts).length > 0 ? amounts : undefined;
  return { ...item, default: some(defaults), defaultRequest: some(requests) };
}

export const LimitRange: Kind<LimitRange> = {
  resource: "limitranges",
  apiVersion: "v1",
  kind: "LimitRange",
  schema: schemaNamed("core/v1.LimitRange"),
  namespaced: true,
  hasGeneration: false,
  allowCreateOnUpdate: true,
  applyDefaults(range) {
    if (!range.spec?.limits?.some((item) => item.type === "Container")) return range;
    return { ...range, spec: { ...range.spec, limits: range.spec.limits.map(fillItem) } };
  },
  validateCreate: validate,
  validateUpdate: validate,
};
