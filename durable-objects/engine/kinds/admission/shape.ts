/** The parts of admission policies and their bindings. k8s: api/admissionregistration/v1/types.go */
import type * as v1 from "kubernetes-types/admissionregistration/v1";
import type { LabelSelector } from "../../machinery/selectors.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Stored } from "../stored.ts";

export interface ResourceRule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  resourceNames?: string[];
  scope?: string;
}

export interface MatchResources {
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  resourceRules?: ResourceRule[];
  excludeResourceRules?: ResourceRule[];
  matchPolicy?: string;
}

export type ParamKind = v1.ParamKind;
export interface ParamRef {
  name?: string;
  namespace?: string;
  selector?: LabelSelector;
  parameterNotFoundAction?: string;
}
export type MatchCondition = v1.MatchCondition;
export type Variable = v1.Variable;
export type Validation = v1.Validation;
export type AuditAnnotation = v1.AuditAnnotation;

export type ValidatingAdmissionPolicy = Stored<v1.ValidatingAdmissionPolicy>;
export type ValidatingSpec = NonNullable<ValidatingAdmissionPolicy["spec"]>;

export interface BindingSpec {
  policyName?: string;
  paramRef?: ParamRef;
  matchResources?: MatchResources;
  /** Of validating ones only. */
  validationActions?: string[];
}

export interface PolicyBinding extends KubeObject {
  spec?: BindingSpec;
}

export interface Mutation {
  patchType?: string;
  applyConfiguration?: { expression?: string };
  jsonPatch?: { expression?: string };
}

export interface MutatingSpec {
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  variables?: Variable[];
  mutations?: Mutation[];
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
  reinvocationPolicy?: string;
}

export interface MutatingAdmissionPolicy extends KubeObject {
  spec?: MutatingSpec;
}

/** What both sorts of policies have. */
export interface PolicySpec {
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  variables?: Variable[];
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
}

export interface Policy extends KubeObject {
  spec?: PolicySpec;
}

export const groupVersion = "admissionregistration.k8s.io/v1";
export const resourceOf = (plural: string): string => `${plural}.admissionregistration.k8s.io`;

/** What upstream fills in. k8s: pkg/apis/admissionregistration/v1/defaults.go SetDefaults_MatchResources, SetDefaults_Rule */
export function defaultMatchResources<T extends MatchResources>(resources: T): T {
  const rules = (list: ResourceRule[] | undefined): ResourceRule[] | undefined =>
    list?.map((rule) => (rule.scope === undefined ? { ...rule, scope: "*" } : rule));
  const made: T = {
    ...resources,
    matchPolicy: resources.matchPolicy ?? "Equivalent",
    namespaceSelector: resources.namespaceSelector ?? {},
    objectSelector: resources.objectSelector ?? {},
  };
  if (made.resourceRules) made.resourceRules = rules(made.resourceRules)!;
  if (made.excludeResourceRules) made.excludeResourceRules = rules(made.excludeResourceRules)!;
  return made;
}

export function defaultPolicySpec<T extends PolicySpec>(spec: T): T {
  const made: T = { ...spec, failurePolicy: spec.failurePolicy ?? "Fail" };
  if (spec.matchConstraints) made.matchConstraints = defaultMatchResources(spec.matchConstraints);
  return made;
}

export function defaultBinding<T extends PolicyBinding>(binding: T): T {
  const resources = binding.spec?.matchResources;
  if (!resources) return binding;
  return {
    ...binding,
    spec: { ...binding.spec, matchResources: defaultMatchResources(resources) },
  };
}
