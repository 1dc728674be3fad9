/** A policy's expressions, compiled once for each of its specs. k8s: plugin/policy/validating/plugin.go compilePolicy */
import {
  compileExpression,
  type Declared,
  type Expression,
  type ExpressionProblem,
} from "../../../cel/admission.ts";
import { boolType, nullType, stringType } from "../../../cel/types.ts";
import { patchTypes, Variables } from "../../../kinds/admission/expressions.ts";
import type { MutatingSpec, PolicySpec, ValidatingSpec } from "../../../kinds/admission/shape.ts";
import type { NamedExpression } from "./evaluation.ts";

type Found = Expression | ExpressionProblem;

/** What both sorts of policies have. */
export interface CompiledPolicy {
  readonly declared: Declared;
  readonly variables: readonly NamedExpression[];
  readonly conditions: readonly Found[];
}

export interface CompiledValidations extends CompiledPolicy {
  readonly validations: readonly Found[];
  /** By the validation's place; undefined: it has none. */
  readonly messages: readonly (Found | undefined)[];
  readonly annotations: readonly { key: string; text: string; value: Found }[];
}

export function compilePolicy(spec: PolicySpec): CompiledPolicy {
  const known = new Variables(spec.paramKind !== undefined, true);
  const variables = (spec.variables ?? []).map((variable): NamedExpression => [
    variable.name,
    known.add(variable),
  ]);
  const { declared } = known;
  const conditions = (spec.matchConditions ?? []).map(({ expression }) =>
    compileExpression(expression, [boolType], declared),
  );
  return { declared, variables, conditions };
}

const kept = new WeakMap<ValidatingSpec, CompiledValidations>();

export function compiledValidations(spec: ValidatingSpec): CompiledValidations {
  const known = kept.get(spec);
  if (known) return known;
  const policy = compilePolicy(spec as PolicySpec);
  const { declared } = policy;
  const made: CompiledValidations = {
    ...policy,
    validations: (spec.validations ?? []).map(({ expression }) =>
      compileExpression(expression, [boolType], declared),
    ),
    messages: (spec.validations ?? []).map(({ messageExpression }) =>
      messageExpression
        ? compileExpression(messageExpression, [stringType], { ...declared, authorizer: false })
        : undefined,
    ),
    annotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      text: valueExpression,
      value: compileExpression(valueExpression, [stringType, nullType], declared),
    })),
  };
  kept.set(spec, made);
  return made;
}

export interface CompiledMutations extends CompiledPolicy {
  readonly mutations: readonly Found[];
}

const mutating = new WeakMap<MutatingSpec, CompiledMutations>();

export function compiledMutations(spec: MutatingSpec): CompiledMutations {
  const known = mutating.get(spec);
  if (known) return known;
  const policy = compilePolicy(spec);
  const declared = { ...policy.declared, patches: true };
  const made: CompiledMutations = {
    ...policy,
    mutations: (spec.mutations ?? []).map(({ patchType, jsonPatch, applyConfiguration }) =>
      patchType === "JSONPatch"
        ? compileExpression(jsonPatch?.expression ?? "", [patchTypes.JSONPatch], declared)
        : compileExpression(
            applyConfiguration?.expression ?? "",
            [patchTypes.ApplyConfiguration],
            declared,
          ),
    ),
  };
  mutating.set(spec, made);
  return made;
}
