/**
 * Which policies and bindings are about a write, with what parameters. What both sorts of policies share.
 * k8s: apiserver/pkg/admission/plugin/policy/generic
 */
import type { KubeObject, ResourceId } from "../../../core/object.ts";
import {
  resourceOf,
  type MatchCondition,
  type Policy,
  type PolicyBinding,
} from "../../../kinds/admission/shape.ts";
import type { Reader } from "../../../ports/controller.ts";
import type { Attributes } from "./attributes.ts";
import type { CompiledPolicy } from "./compiled.ts";
import { Activation, Budget, conditionsBudget, OutOfBudget, type Subject } from "./evaluation.ts";
import { matches } from "./matching.ts";
import { collectParams, paramResource } from "./params.ts";

/** Those that decide about writes are not decided about, so that nobody locks himself out. k8s: isExcludedFromAPIHooks */
const excluded: ReadonlySet<ResourceId> = new Set(
  ["validatingadmissionpolicies", "validatingadmissionpolicybindings"]
    .flatMap((plural) => [plural, plural.replace("validating", "mutating")])
    .map(resourceOf),
);

export const isExcluded = (resource: ResourceId): boolean => excluded.has(resource);

const bindingsOf: Readonly<Record<"validating" | "mutating", ResourceId>> = {
  validating: resourceOf("validatingadmissionpolicybindings"),
  mutating: resourceOf("mutatingadmissionpolicybindings"),
};

const byPolicy = new WeakMap<readonly PolicyBinding[], ReadonlyMap<string, PolicyBinding[]>>();

/** Bindings by the policy that they name; the list lives until one changes. */
function bindingsByPolicy(
  bindings: readonly PolicyBinding[],
): ReadonlyMap<string, PolicyBinding[]> {
  const known = byPolicy.get(bindings);
  if (known) return known;
  const made = new Map<string, PolicyBinding[]>();
  for (const binding of bindings) {
    const name = binding.spec?.policyName ?? "";
    const list = made.get(name);
    if (list) list.push(binding);
    else made.set(name, [binding]);
  }
  byPolicy.set(bindings, made);
  return made;
}

/** A run of a policy's expressions, or why there can be none. */
export interface Invocation<P extends Policy> {
  policy: P;
  /** Absent: the policy itself is at fault. */
  binding?: PolicyBinding;
  params?: KubeObject;
  /** What is wrong with how it is configured. */
  problem?: string;
}

function* ofPolicy<P extends Policy>(
  policy: P,
  bindings: readonly PolicyBinding[],
  of: Attributes,
): Generator<Invocation<P>> {
  const { paramKind, matchConstraints } = policy.spec ?? {};
  if (!matches(matchConstraints, of)) return;
  const resource = paramKind && paramResource(paramKind, of.context.reader);
  if (typeof resource === "string") {
    yield { policy, problem: `failed to configure policy: ${resource}` };
    return;
  }
  for (const binding of bindings) {
    if (!matches(binding.spec?.matchResources, of)) continue;
    const params = collectParams(resource, binding.spec?.paramRef, of);
    if (typeof params === "string") {
      yield { policy, binding, problem: `failed to configure binding: ${params}` };
      continue;
    }
    for (const one of params) yield { policy, binding, ...(one ? { params: one } : {}) };
  }
}

/** All of one sort that are about a write, in the order of their names. */
export function* invocations<P extends Policy>(
  sort: "validating" | "mutating",
  of: Attributes,
): Generator<Invocation<P>> {
  const { reader } = of.context;
  const bindings = reader.list<PolicyBinding>(bindingsOf[sort]);
  const found = [...bindingsByPolicy(bindings)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, list] of found) {
    const policy = reader.get<P>(resourceOf(`${sort}admissionpolicies`), "", name);
    if (policy) yield* ofPolicy(policy, list, of);
  }
}

export const hasBindings = (sort: "validating" | "mutating", reader: Reader): boolean =>
  reader.count(bindingsOf[sort]) > 0;

/**
 * Whether a policy's conditions hold; a text: that could not be found out.
 * k8s: apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go
 */
export function conditionsHold(
  subject: Subject,
  { params, policy }: Invocation<Policy>,
  compiled: CompiledPolicy,
): boolean | string {
  const { matchConditions = [], failurePolicy } = policy.spec ?? {};
  if (compiled.conditions.length === 0) return true;
  const hasParams = compiled.declared.params;
  const inputs = { params, hasParams, authorizer: true, namespace: false };
  const activation = new Activation(subject, inputs, compiled.variables);
  const problems: string[] = [];
  try {
    const budget = new Budget(conditionsBudget, subject.of.admission.cost);
    const results = (matchConditions as MatchCondition[]).map((_, i) =>
      activation.evaluate(compiled.conditions[i]!, budget),
    );
    for (const result of results) {
      if ("problem" in result) problems.push(result.problem);
      else if (result.value === false) return false;
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return failurePolicy === "Ignore" ? false : error.message;
  }
  if (problems.length === 0) return true;
  if (failurePolicy === "Ignore") return false;
  const distinct = [...new Set(problems)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(", ")}]`;
}
