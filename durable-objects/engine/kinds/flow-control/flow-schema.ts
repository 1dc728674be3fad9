import type * as flowcontrol from "kubernetes-types/flowcontrol/v1";
import {
  at,
  child,
  duplicate,
  forbiddenField,
  goQuote,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { semanticEqual } from "../../machinery/metadata.ts";
import { dns1123Label, dns1123Subdomain, invalidEach } from "../../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import type { Stored } from "../stored.ts";
import { mandatorySchemas } from "./bootstrap.ts";
import { schemaNamed } from "../../schema/types.ts";

export type FlowSchema = Stored<flowcontrol.FlowSchema>;

/** k8s: pkg/apis/flowcontrol/types.go FlowSchemaMaxMatchingPrecedence, v1/defaults.go */
const precedenceMax = 10_000;
const precedenceDefault = 1000;
const distinguishers = ["ByNamespace", "ByUser"];
const verbs = "create delete deletecollection get list patch proxy update watch".split(" ");

/** k8s: pkg/apis/flowcontrol/validation ValidateFlowSchema */
function validate(schema: FlowSchema): FieldError[] {
  const { name } = schema.metadata;
  const errors = checkSpec(name, schema.spec ?? ({} as flowcontrol.FlowSchemaSpec));
  const fixed = mandatorySchemas[name]?.spec;
  if (fixed && !semanticEqual(schema.spec, fixed))
    errors.push(invalid("spec", schema.spec, `spec of '${name}' must equal the fixed value`));
  return [...errors, ...checkConditionTypes(schema.status?.conditions)];
}

function checkSpec(name: string, spec: flowcontrol.FlowSchemaSpec): FieldError[] {
  const errors: FieldError[] = [];
  const precedence = spec.matchingPrecedence ?? 0;
  const refuse = (detail: string): unknown =>
    errors.push(invalid("spec.matchingPrecedence", precedence, detail));
  if (precedence <= 0) refuse("must be a positive value");
  if (precedence > precedenceMax) refuse(`must not be greater than ${precedenceMax}`);
  if (precedence === 1 && name !== "exempt")
    refuse("only the schema named 'exempt' may have matchingPrecedence 1");
  const method = spec.distinguisherMethod;
  if (method && !distinguishers.includes(method.type))
    errors.push(notSupported("spec.distinguisherMethod.type", method, distinguishers));
  const levelPath = "spec.priorityLevelConfiguration.name";
  const level = spec.priorityLevelConfiguration?.name;
  errors.push(
    ...(level
      ? invalidEach(levelPath, level, dns1123Subdomain(level))
      : [required(levelPath, "must reference a priority level")]),
  );
  const rules = spec.rules ?? [];
  return [...errors, ...rules.flatMap((rule, i) => checkRule(at("spec.rules", i), rule))];
}

function checkRule(path: string, rule: flowcontrol.PolicyRulesWithSubjects): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  const errors = subjects.flatMap((subject, i) =>
    checkSubject(at(child(path, "subjects"), i), subject),
  );
  if (subjects.length === 0)
    errors.push(required(child(path, "subjects"), "subjects must contain at least one value"));
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    const detail = "at least one of resourceRules and nonResourceRules has to be non-empty";
    errors.push(required(path, detail));
  }
  return [
    ...errors,
    ...resourceRules.flatMap((one, i) => checkResources(at(child(path, "resourceRules"), i), one)),
    ...nonResourceRules.flatMap((one, i) => checkUrls(at(child(path, "nonResourceRules"), i), one)),
  ];
}

const subjectFields = [
  ["ServiceAccount", "serviceAccount"],
  ["User", "user"],
  ["Group", "group"],
] as const;

function checkSubject(path: string, subject: flowcontrol.Subject): FieldError[] {
  const own = subjectFields.find(([kind]) => kind === subject.kind);
  if (!own) {
    const kinds = subjectFields.map(([kind]) => kind);
    return [notSupported(child(path, "kind"), subject.kind ?? "", kinds)];
  }
  const [kind, field] = own;
  const ownPath = child(path, field);
  const given = subject[field];
  const errors: FieldError[] = [];
  if (!given) errors.push(required(ownPath, `${field} is required when subject kind is '${kind}'`));
  else if (kind === "ServiceAccount")
    errors.push(...checkAccount(ownPath, given as flowcontrol.ServiceAccountSubject));
  else if (!given.name) errors.push(required(child(ownPath, "name")));
  for (const [other, otherField] of subjectFields) {
    if (other === kind || subject[otherField] === undefined) continue;
    const detail = `${otherField} is forbidden when subject kind is not '${other}'`;
    errors.push(forbiddenField(child(path, otherField), detail));
  }
  return errors;
}

function checkAccount(path: string, account: flowcontrol.ServiceAccountSubject): FieldError[] {
  const { name, namespace } = account;
  const errors: FieldError[] = [];
  const namePath = child(path, "name");
  if (!name) errors.push(required(namePath));
  else if (name !== "*") errors.push(...invalidEach(namePath, name, dns1123Subdomain(name)));
  const namespacePath = child(path, "namespace");
  if (!namespace)
    errors.push(required(namespacePath, "must specify namespace for service account"));
  else errors.push(...invalidEach(namespacePath, namespace, dns1123Label(namespace)));
  return errors;
}

function checkVerbs(path: string, given: readonly string[]): FieldError[] {
  if (given.length === 0) return [required(path, "verbs must contain at least one value")];
  if (given.includes("*")) return checkWildcard(path, given, "verbs");
  return given.every((verb) => verbs.includes(verb)) ? [] : [notSupported(path, given, verbs)];
}

/** `*` stands alone. */
function checkWildcard(path: string, given: readonly string[], what: string): FieldError[] {
  if (given.length < 2 || !given.includes("*")) return [];
  return [invalid(path, given, `if '*' is present, must not specify other ${what}`)];
}

const needed = (what: string): string => `resource rules must supply at least one ${what}`;

function checkResources(path: string, rule: flowcontrol.ResourcePolicyRule): FieldError[] {
  const { apiGroups = [], resources = [], namespaces = [] } = rule;
  const errors = checkVerbs(child(path, "verbs"), rule.verbs ?? []);
  const groupsPath = child(path, "apiGroups");
  if (apiGroups.length === 0) errors.push(required(groupsPath, needed("api group")));
  errors.push(...checkWildcard(groupsPath, apiGroups, "api groups"));
  const resourcesPath = child(path, "resources");
  if (resources.length === 0) errors.push(required(resourcesPath, needed("resource")));
  errors.push(...checkWildcard(resourcesPath, resources, "resources"));
  const namespacesPath = child(path, "namespaces");
  if (namespaces.length === 0 && !rule.clusterScope) {
    const detail = "resource rules that are not cluster scoped must supply at least one namespace";
    errors.push(required(namespacesPath, detail));
  }
  if (namespaces.includes("*"))
    return [...errors, ...checkWildcard(namespacesPath, namespaces, "namespaces")];
  for (const [i, namespace] of namespaces.entries())
    for (const message of dns1123Label(namespace)) {
      const detail = `each member of this list must be '*' or a DNS-1123 label; ${message}`;
      errors.push(invalid(at(namespacesPath, i), namespace, detail));
    }
  return errors;
}

function checkUrls(path: string, rule: flowcontrol.NonResourcePolicyRule): FieldError[] {
  const errors = checkVerbs(child(path, "verbs"), rule.verbs ?? []);
  const urls = rule.nonResourceURLs ?? [];
  const urlsPath = child(path, "nonResourceURLs");
  if (urls.length === 0)
    return [...errors, required(urlsPath, "nonResourceURLs must contain at least one value")];
  if (urls.includes("*")) return [...errors, ...checkWildcard(urlsPath, urls, "non-resource URLs")];
  for (const [i, url] of urls.entries()) {
    const problem = urlProblem(url);
    if (problem) errors.push(invalid(at(urlsPath, i), url, problem));
  }
  return errors;
}

/** k8s: ValidateNonResourceURLPath */
function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (url === "/") return undefined;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const wildcards = url.split("*").length - 1;
  return wildcards > 1 || (wildcards === 1 && !url.endsWith("/*"))
    ? "wildcard can only do suffix matching"
    : undefined;
}

/** Of FlowSchemas and of priority levels. k8s: ValidateFlowSchemaStatus */
export function checkConditionTypes(
  conditions: readonly { type?: string }[] | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { type = "" }] of (conditions ?? []).entries()) {
    const path = child(at("status.conditions", i), "type");
    if (seen.has(type)) errors.push(duplicate(path, type));
    seen.add(type);
    if (!type) errors.push(required(path));
  }
  return errors;
}

/** Whether a FlowSchema's priority level is there. k8s: presyncFlowSchemaStatus */
export function danglingCondition(
  level: string,
  there: boolean,
): { type: string; status: string; reason: string; message: string } {
  const named = `This FlowSchema references the PriorityLevelConfiguration object named ${goQuote(level)}`;
  return {
    type: "Dangling",
    status: there ? "False" : "True",
    reason: there ? "Found" : "NotFound",
    message: there ? `${named} and it exists` : `${named} but there is no such object`,
  };
}

export const FlowSchema: Kind<FlowSchema> = {
  resource: "flowschemas.flowcontrol.apiserver.k8s.io",
  apiVersion: "flowcontrol.apiserver.k8s.io/v1",
  kind: "FlowSchema",
  schema: schemaNamed("flowcontrol/v1.FlowSchema"),
  namespaced: false,
  applyDefaults: (schema) =>
    schema.spec?.matchingPrecedence
      ? schema
      : ({
          ...schema,
          spec: { ...schema.spec, matchingPrecedence: precedenceDefault },
        } as FlowSchema),
  prepareForCreate: (schema) => ({ ...schema, status: {} }),
  validateCreate: validate,
  validateUpdate: validate,
  validateStatusUpdate: ({ status }) => checkConditionTypes(status?.conditions),
  table: {
    columns: [
      nameColumn,
      column("PriorityLevel", "Where its requests go."),
      column("MatchingPrecedence", "The lowest that matches counts."),
      column("DistinguisherMethod", "What makes one flow of several requests."),
      ageColumn,
      column("MissingPL", "Whether its priority level is not there."),
    ],
    cells: ({ metadata, spec, status, ...rest }, now) => [
      metadata.name,
      spec?.priorityLevelConfiguration?.name ?? "",
      spec?.matchingPrecedence ?? 0,
      spec?.distinguisherMethod?.type ?? "<none>",
      age({ ...rest, metadata }, now),
      status?.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
    ],
  },
};
