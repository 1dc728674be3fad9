/** Field checks that several kinds share, on top of the name rules. */
import {
  at,
  child,
  duplicate,
  goQuote,
  invalid,
  notSupported,
  renderValue,
  required,
  tooLong,
  type FieldError,
} from "../machinery/field.ts";
import { validateLabelName, validateNonnegative } from "../machinery/metadata.ts";
import {
  byteLength,
  invalidEach,
  negativeText,
  percent,
  portName,
  portNumber,
  qualifiedName,
  regexText,
} from "../machinery/names.ts";
import { parseQuantity, quantityMilliValue, signQuantity } from "../machinery/quantity.ts";

export const protocols = ["SCTP", "TCP", "UDP"] as const;

/** Supported values in the order given, as upstream prints lists that it does not sort. */
export const unsupported = (
  path: string,
  value: unknown,
  supported: readonly string[],
): FieldError => ({
  type: "FieldValueNotSupported",
  field: path,
  message: `Unsupported value: ${renderValue(value)}: supported values: ${supported.map(goQuote).join(", ")}`,
});

/** Required, then one of a fixed set. */
export function checkOneOf(
  path: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  if (!value) return [required(path)];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

/** k8s: core validation ValidatePortNumOrName */
export function checkPortOrName(path: string, port: number | string | undefined): FieldError[] {
  if (typeof port === "string") return invalidEach(path, port, portName(port));
  return invalidEach(path, port ?? 0, portNumber(port ?? 0));
}

/** k8s: apps validation ValidatePositiveIntOrPercent, IsNotMoreThan100Percent */
export function checkCountOrPercent(path: string, value: number | string): FieldError[] {
  if (typeof value === "number") return validateNonnegative(value, path);
  const errors = invalidEach(path, value, percent(value));
  if (errors.length === 0 && Number.parseInt(value, 10) > 100) {
    errors.push(invalid(path, value, "must not be greater than 100%"));
  }
  return errors;
}

/** A quantity that may be zero but not less. k8s: ValidateNonnegativeQuantity */
export function checkNonnegativeQuantity(path: string, text: string): FieldError[] {
  const quantity = parseQuantity(text);
  if (!quantity || signQuantity(quantity) >= 0) return [];
  return [invalid(path, quantity.text, negativeText)];
}

/** True for a quantity without thousandths. */
export function isWholeQuantity(text: string): boolean {
  const quantity = parseQuantity(text);
  return quantity === undefined || quantityMilliValue(quantity) % 1000 === 0;
}

interface ConditionLike {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
  observedGeneration?: number;
  lastTransitionTime?: string;
}

/** Lists of metav1.Condition. k8s: apimachinery/pkg/apis/meta/v1/validation ValidateConditions */
export function checkConditions(
  path: string,
  conditions: readonly ConditionLike[] = [],
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, condition] of conditions.entries()) {
    const type = condition.type ?? "";
    if (seen.has(type)) errors.push(duplicate(child(at(path, i), "type"), type));
    seen.add(type);
    errors.push(...checkCondition(at(path, i), condition));
  }
  return errors;
}

const statuses = ["False", "True", "Unknown"];
const reasonFormat = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const reasonRegex = new RegExp(`^${reasonFormat}$`);
const reasonText = regexText(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  reasonFormat,
  "my_name",
  "MY_NAME",
  "MyName",
  "ReasonA,ReasonB",
  "ReasonA:ReasonB",
);
/** k8s: apimachinery/pkg/apis/meta/v1/validation maxReasonLen, maxMessageLen */
const reasonBytesMax = 1024;
const messageBytesMax = 32 * 1024;

function checkCondition(path: string, c: ConditionLike): FieldError[] {
  const errors = validateLabelName(c.type ?? "", child(path, "type"));
  if (!statuses.includes(c.status ?? "")) {
    errors.push(notSupported(child(path, "status"), c.status ?? "", statuses));
  }
  if ((c.observedGeneration ?? 0) < 0) {
    const detail = "must be greater than or equal to zero";
    errors.push(invalid(child(path, "observedGeneration"), c.observedGeneration, detail));
  }
  if (!c.lastTransitionTime) errors.push(required(child(path, "lastTransitionTime")));
  const reasonPath = child(path, "reason");
  if (!c.reason) errors.push(required(reasonPath));
  else {
    if (!reasonRegex.test(c.reason)) errors.push(invalid(reasonPath, c.reason, reasonText));
    if (byteLength(c.reason) > reasonBytesMax) errors.push(tooLong(reasonPath, reasonBytesMax));
  }
  if (byteLength(c.message ?? "") > messageBytesMax) {
    errors.push(tooLong(child(path, "message"), messageBytesMax));
  }
  return errors;
}

const standardResources = new Set([
  "cpu",
  "memory",
  "ephemeral-storage",
  "requests.cpu",
  "requests.memory",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "storage",
  "requests.storage",
  "services.nodeports",
  "services.loadbalancers",
]);

export const isHugePages = (name: string): boolean => name.startsWith("hugepages-");

const isQuotaHugePages = (name: string): boolean =>
  isHugePages(name) || name.startsWith("requests.hugepages-");

const notQuotaResources = new Set(["storage"]);

/** k8s: core helper IsStandardQuotaResourceName */
export const isQuotaResource = (name: string): boolean =>
  (standardResources.has(name) && !notQuotaResources.has(name)) || isQuotaHugePages(name);

/** Counted in whole objects. k8s: core helper integerResources */
export const integerResources: ReadonlySet<string> = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);

/** k8s: core helper IsNativeResource */
export const isNativeResource = (name: string): boolean =>
  !name.includes("/") || name.includes("kubernetes.io/");

/** k8s: core helper IsExtendedResourceName */
export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) &&
  !name.startsWith("requests.") &&
  qualifiedName(`requests.${name}`).length === 0;

/** k8s: core validation validateResourceName */
export function checkResourceName(path: string, name: string): FieldError[] {
  const errors = invalidEach(path, name, qualifiedName(name));
  if (errors.length > 0 || name.includes("/")) return errors;
  if (standardResources.has(name) || isQuotaHugePages(name)) return errors;
  return [invalid(path, name, "must be a standard resource type or fully qualified")];
}

const containerResources = new Set(["cpu", "memory", "ephemeral-storage"]);

/** k8s: core validation validateContainerResourceName */
export function checkContainerResourceName(path: string, name: string): FieldError[] {
  const errors = checkResourceName(path, name);
  if (!name.includes("/")) {
    if (!containerResources.has(name) && !isHugePages(name)) {
      errors.push(invalid(path, name, "must be a standard resource for containers"));
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

/** k8s: core validation ValidateResourceQuotaResourceName */
export function checkQuotaResourceName(path: string, name: string): FieldError[] {
  const errors = checkResourceName(path, name);
  if (!name.includes("/") && !isQuotaResource(name)) {
    errors.push(invalid(path, name, "must be a standard resource for quota"));
  }
  return errors;
}

/** k8s: core validation ValidateResourceQuantityValue */
export function checkResourceQuantity(path: string, name: string, text: string): FieldError[] {
  const errors = checkNonnegativeQuantity(path, text);
  const whole = integerResources.has(name) || isExtendedResource(name);
  if (whole && !isWholeQuantity(text)) errors.push(invalid(path, text, "must be an integer"));
  return errors;
}

/** Keys of a map in the order upstream's messages come out sorted. */
export const keysOf = (map: Record<string, unknown> | undefined): string[] =>
  Object.keys(map ?? {}).sort();

/** How many bytes a base64 text stands for. */
export function base64Length(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.floor((text.length * 3) / 4) - padding;
}

/** k8s: core validation ValidatePreemptionPolicy */
export function checkPreemptionPolicy(path: string, policy: string | undefined): FieldError[] {
  if (policy === undefined || ["PreemptLowerPriority", "Never"].includes(policy)) return [];
  if (policy === "") return [required(path)];
  return [unsupported(path, policy, ["PreemptLowerPriority", "Never"])];
}
