/** What a policy is about, validated. k8s: pkg/apis/admissionregistration/validation validateMatchResources */
import {
  at,
  child,
  duplicate,
  forbiddenField,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { validateLabelSelector } from "../../machinery/metadata.ts";
import {
  dns1035Label,
  dns1123Subdomain,
  invalidEach,
  pathSegmentName,
} from "../../machinery/names.ts";
import type { BindingSpec, MatchResources, ParamKind, ParamRef, ResourceRule } from "./shape.ts";

const scopes = ["*", "Cluster", "Namespaced"];
const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

function checkWildcard(path: string, list: readonly string[], what: string): FieldError[] {
  return list.length > 1 && list.includes("*")
    ? [invalid(path, list, `if '*' is present, must not specify other ${what}`)]
    : [];
}

/** `pods`, `pods/log`, `*`/`*`. k8s: validateResources */
function checkResources(path: string, resources: readonly string[]): FieldError[] {
  if (resources.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const allSubresources = new Set<string>();
  const ofAllResources = new Set<string>();
  let plain = false;
  for (const [i, resource] of resources.entries()) {
    if (resource === "") {
      errors.push(required(at(path, i)));
      continue;
    }
    const slash = resource.indexOf("/");
    if (slash < 0) {
      plain = resource !== "*";
      continue;
    }
    const [of, sub] = [resource.slice(0, slash), resource.slice(slash + 1)];
    const clash = (wildcard: string): void => {
      const detail = `if '${wildcard}' is present, must not specify ${resource}`;
      errors.push(invalid(at(path, i), resource, detail));
    };
    if (allSubresources.has(of)) clash(`${of}/*`);
    if (ofAllResources.has(sub)) clash(`*/${sub}`);
    if (sub === "*") allSubresources.add(of);
    if (of === "*") ofAllResources.add(sub);
  }
  if (resources.length > 1 && resources.includes("*/*")) {
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes("*") && plain) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(path, resources, detail));
  }
  return errors;
}

function checkRule(path: string, rule: ResourceRule): FieldError[] {
  const { apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const errors: FieldError[] = [];
  if (apiGroups.length === 0) errors.push(required(child(path, "apiGroups")));
  errors.push(...checkWildcard(child(path, "apiGroups"), apiGroups, "API groups"));
  if (apiVersions.length === 0) errors.push(required(child(path, "apiVersions")));
  errors.push(...checkWildcard(child(path, "apiVersions"), apiVersions, "API versions"));
  apiVersions.forEach((version, i) => {
    if (version === "") errors.push(required(at(child(path, "apiVersions"), i)));
  });
  errors.push(...checkResources(child(path, "resources"), resources));
  if (scope !== undefined && !scopes.includes(scope)) {
    errors.push(notSupported(child(path, "scope"), scope, scopes));
  }
  return errors;
}

/** k8s: validateNamedRuleWithOperations; of a webhook's rules, which name no objects, validateRuleWithOperations */
export function checkNamedRule(path: string, rule: ResourceRule): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  (rule.resourceNames ?? []).forEach((name, i) => {
    const place = at(child(path, "resourceNames"), i);
    errors.push(...invalidEach(place, name, pathSegmentName(name)));
    if (seen.has(name)) errors.push(duplicate(place, name));
    seen.add(name);
  });
  const list = rule.operations ?? [];
  const place = child(path, "operations");
  if (list.length === 0) errors.push(required(place));
  errors.push(...checkWildcard(place, list, "operations"));
  list.forEach((operation, i) => {
    if (!operations.includes(operation)) {
      errors.push(notSupported(at(place, i), operation, operations));
    }
  });
  return [...errors, ...checkRule(path, rule)];
}

export function checkMatchResources(
  path: string,
  resources: MatchResources | undefined,
): FieldError[] {
  if (!resources) return [];
  const { matchPolicy, namespaceSelector, objectSelector } = resources;
  const errors: FieldError[] = [];
  if (matchPolicy !== "Exact" && matchPolicy !== "Equivalent") {
    errors.push(notSupported(child(path, "matchPolicy"), matchPolicy, ["Equivalent", "Exact"]));
  }
  errors.push(...validateLabelSelector(namespaceSelector, child(path, "namespaceSelector")));
  errors.push(...validateLabelSelector(objectSelector, child(path, "objectSelector")));
  for (const field of ["resourceRules", "excludeResourceRules"] as const) {
    (resources[field] ?? []).forEach((rule, i) => {
      errors.push(...checkNamedRule(at(child(path, field), i), rule));
    });
  }
  return errors;
}

/** k8s: validateParamKind */
export function checkParamKind(
  path: string,
  { apiVersion = "", kind = "" }: ParamKind,
): FieldError[] {
  const errors: FieldError[] = [];
  const place = child(path, "apiVersion");
  const parts = apiVersion === "/" ? ["", ""] : apiVersion.split("/");
  if (apiVersion === "") errors.push(required(place));
  else if (parts.length > 2) {
    errors.push(invalid(place, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  } else {
    const [group, version] = parts.length === 2 ? (parts as [string, string]) : ["", parts[0]!];
    const wrong = group ? dns1123Subdomain(group) : [];
    if (wrong.length) errors.push(invalid(place, group, wrong.join(",")));
    const odd = version ? dns1035Label(version) : [];
    if (!version) errors.push(invalid(place, apiVersion, "version must be specified"));
    else if (odd.length) errors.push(invalid(place, version, odd.join(",")));
  }
  if (kind === "") return [...errors, required(child(path, "kind"))];
  const wrong = dns1035Label(kind.toLowerCase());
  if (wrong.length) {
    const detail = `may have mixed case, but should otherwise match: ${wrong.join(",")}`;
    errors.push(invalid(child(path, "kind"), kind, detail));
  }
  return errors;
}

/** k8s: validateParamRef */
function checkParamRef(path: string, ref: ParamRef | undefined): FieldError[] {
  if (!ref) return [];
  const { name = "", selector, parameterNotFoundAction: action } = ref;
  const both = "name and selector are mutually exclusive";
  const errors: FieldError[] = [];
  if (name) errors.push(...invalidEach(child(path, "name"), name, pathSegmentName(name)));
  if (name && selector) errors.push(forbiddenField(child(path, "name"), both));
  if (selector) errors.push(...validateLabelSelector(selector, child(path, "selector")));
  if (name && selector) errors.push(forbiddenField(child(path, "selector"), both));
  if (!name && !selector) errors.push(required(path, "one of name or selector must be specified"));
  const place = child(path, "parameterNotFoundAction");
  if (!action) errors.push(required(place));
  else if (action !== "Deny" && action !== "Allow") {
    errors.push(notSupported(place, action, ["Deny", "Allow"]));
  }
  return errors;
}

/** What bindings of both sorts have. */
export function checkBindingSpec(spec: BindingSpec = {}): FieldError[] {
  const { policyName = "", paramRef, matchResources } = spec;
  const errors: FieldError[] = [];
  if (policyName === "") errors.push(required("spec.policyName"));
  else errors.push(...invalidEach("spec.policyName", policyName, dns1123Subdomain(policyName)));
  errors.push(...checkParamRef("spec.paramRef", paramRef));
  errors.push(...checkMatchResources("spec.matchResources", matchResources));
  return errors;
}

const mutatable = ["CREATE", "UPDATE"];

/** Nothing but what is created or updated can be changed. k8s: supportedMutatingOperations */
export const checkMutatable = (path: string, resources: MatchResources | undefined): FieldError[] =>
  (resources?.resourceRules ?? [])
    .flatMap((rule) => rule.operations ?? [])
    .filter((operation) => !mutatable.includes(operation))
    .map((operation) => notSupported(`${path}.resourceRules.operations`, operation, mutatable));
