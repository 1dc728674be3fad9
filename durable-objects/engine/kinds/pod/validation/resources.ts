/** Resource names, requests and limits. k8s: core/validation validateResourceRequirements */
import { integerResources } from "../../checks.ts";
import { repeatedErrorsMax } from "../../../core/limits.ts";
import type { ResourceRequirements } from "kubernetes-types/core/v1";
import {
  type Quantity,
  cmpQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  signQuantity,
} from "../../../machinery/quantity.ts";
import {
  type FieldError,
  duplicate,
  forbiddenField,
  invalid,
  notFoundField,
  notSupported,
  required,
} from "../../../machinery/field.ts";
import {
  dns1123Label,
  invalidEach,
  negativeText,
  notIntegerText,
  notPositiveText,
  qualifiedName,
} from "../../../machinery/names.ts";

const containerResources = new Set(["cpu", "memory", "ephemeral-storage"]);
const standardResources = new Set([
  ...containerResources,
  ...integerResources,
  "requests.cpu",
  "requests.memory",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "storage",
  "requests.storage",
]);

export const isHugePages = (name: string): boolean => name.startsWith("hugepages-");
export const isNativeResource = (name: string): boolean =>
  !name.includes("/") || name.includes("kubernetes.io/");
/** k8s: helper.IsExtendedResourceName */
export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) &&
  !name.startsWith("requests.") &&
  qualifiedName(`requests.${name}`).length === 0;
/** Requests may be below limits. k8s: helper.IsOvercommitAllowed */
export const isOvercommitAllowed = (name: string): boolean =>
  isNativeResource(name) && !isHugePages(name);

/** k8s: validateResourceName */
export function validateResourceName(name: string, path: string): FieldError[] {
  const errors = invalidEach(path, name, qualifiedName(name));
  if (errors.length > 0 || name.includes("/")) return errors;
  return standardResources.has(name) || isHugePages(name)
    ? []
    : [invalid(path, name, "must be a standard resource type or fully qualified")];
}

function validateContainerResourceName(name: string, path: string): FieldError[] {
  if (containerResources.has(name)) return [];
  const errors = validateResourceName(name, path);
  if (!name.includes("/")) {
    if (!isHugePages(name))
      errors.push(invalid(path, name, "must be a standard resource for containers"));
  } else if (!isNativeResource(name) && !isExtendedResource(name))
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  return errors;
}

function validatePodResourceName(name: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path);
  if (errors.length > 0 || name === "cpu" || name === "memory" || isHugePages(name)) return errors;
  return [notSupported(path, name, ["cpu", "memory"])];
}

const quantityOf = (value: unknown): Quantity | undefined => parseQuantity(String(value ?? "0"));

/** k8s: ValidateNonnegativeQuantity */
export function validateNonnegativeQuantity(value: unknown, path: string): FieldError[] {
  const quantity = quantityOf(value);
  return quantity && signQuantity(quantity) < 0 ? [invalid(path, quantity.text, negativeText)] : [];
}

/** k8s: ValidatePositiveQuantityValue */
export function validatePositiveQuantity(value: unknown, path: string): FieldError[] {
  const quantity = quantityOf(value);
  return quantity && signQuantity(quantity) <= 0
    ? [invalid(path, quantity.text, notPositiveText)]
    : [];
}

/** k8s: ValidateResourceQuantityValue */
export function validateResourceQuantity(name: string, value: unknown, path: string): FieldError[] {
  const errors = validateNonnegativeQuantity(value, path);
  if (containerResources.has(name)) return errors;
  const quantity = quantityOf(value);
  if (
    quantity &&
    (integerResources.has(name) || isExtendedResource(name)) &&
    quantityMilliValue(quantity) % 1000 !== 0
  )
    errors.push(invalid(path, quantity.text, notIntegerText));
  return errors;
}

function validateHugePages(name: string, quantity: Quantity, path: string): FieldError[] {
  const size = quantityOf(name.slice("hugepages-".length));
  const bytes = quantityValue(quantity);
  // None at all is a multiple, too. k8s: core/helper IsHugePageResourceValueDivisible
  const whole = size && quantityValue(size) > 0 && bytes % quantityValue(size) === 0;
  return whole
    ? []
    : [
        invalid(
          path,
          quantity.text,
          `${quantity.text} is not positive integer multiple of ${name}`,
        ),
      ];
}

type NameCheck = (name: string, path: string) => FieldError[];

function validateList(
  list: Record<string, unknown> | undefined,
  path: string,
  checkName: NameCheck,
  more?: (name: string, quantity: Quantity, path: string) => FieldError[],
): FieldError[] {
  const errors: FieldError[] = [];
  for (const name in list) {
    const at = `${path}[${name}]`;
    errors.push(...checkName(name, at), ...validateResourceQuantity(name, list[name], at));
    const quantity = quantityOf(list[name]);
    if (!quantity) continue;
    if (more) errors.push(...more(name, quantity, at));
    if (isHugePages(name)) errors.push(...validateHugePages(name, quantity, at));
  }
  return errors;
}

/** A request against its limit. */
function validateAgainstLimit(
  name: string,
  request: Quantity,
  limit: Quantity | undefined,
  path: string,
): FieldError[] {
  if (!limit)
    return isOvercommitAllowed(name)
      ? []
      : [required(`${path}.limits`, "Limit must be set for non overcommitable resources")];
  const order = cmpQuantity(request, limit);
  const at = `${path}.requests`;
  if (order !== 0 && !isOvercommitAllowed(name))
    return [invalid(at, request.text, `must be equal to ${name} limit of ${limit.text}`)];
  return order > 0
    ? [invalid(at, request.text, `must be less than or equal to ${name} limit of ${limit.text}`)]
    : [];
}

function validateRequirements(
  resources: ResourceRequirements,
  checkName: NameCheck,
  claimNames: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const limits = resources.limits as Record<string, unknown> | undefined;
  const requests = resources.requests as Record<string, unknown> | undefined;
  const errors = validateList(limits, `${path}.limits`, checkName);
  errors.push(
    ...validateList(requests, `${path}.requests`, checkName, (name, quantity) =>
      validateAgainstLimit(
        name,
        quantity,
        limits?.[name] === undefined ? undefined : quantityOf(limits[name]),
        path,
      ),
    ),
  );
  const names = [...Object.keys(limits ?? {}), ...Object.keys(requests ?? {})];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory"))
    errors.push(forbiddenField(path, "HugePages require cpu or memory"));
  if (resources.claims)
    errors.push(...validateClaims(resources.claims, claimNames, `${path}.claims`));
  return errors;
}

function validateClaims(
  claims: readonly { name: string; request?: string }[],
  claimNames: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  /** Claims of which single requests were named. */
  const divided = new Set<string>();
  const known =
    claimNames.size === 0 ? " which is empty" : `: ${[...claimNames].sort().join(", ")}`;
  let strangers = 0;
  claims.forEach(({ name, request }, i) => {
    const at = `${path}[${i}]`;
    if (!name) {
      errors.push(required(at));
      return;
    }
    const key = request ? `${name}/${request}` : name;
    if (request) errors.push(...invalidEach(`${at}.request`, request, dns1123Label(request)));
    if (seen.has(name) || seen.has(key)) errors.push(duplicate(at, seen.has(name) ? name : key));
    else if (!request && divided.has(name)) errors.push(duplicate(at, name));
    seen.add(key);
    if (request) divided.add(name);
    if (claimNames.has(name) || ++strangers > repeatedErrorsMax) return;
    const error = notFoundField(at, name);
    errors.push({
      ...error,
      message: `${error.message}: must be one of the names in pod.spec.resourceClaims${known}`,
    });
  });
  return errors;
}

/** k8s: ValidateContainerResourceRequirements */
export const validateContainerResources = (
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
  path: string,
): FieldError[] => validateRequirements(resources, validateContainerResourceName, claimNames, path);

/** spec.resources of a Pod. k8s: validatePodResourceRequirements */
export const validatePodLevelResources = (
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
  path: string,
): FieldError[] => validateRequirements(resources, validatePodResourceName, claimNames, path);
