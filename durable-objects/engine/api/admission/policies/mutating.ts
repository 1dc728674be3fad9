/**
 * Mutating admission by policies, after all built-in rules; where they changed something those run once more, and so do the
 * policies that ask for it. k8s: apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go, reinvocationcontext.go
 */
import { mutationUnitsPerValue } from "../../../core/limits.ts";
import type { KubeObject } from "../../../core/object.ts";
import type { WriteContext } from "../../../kinds/define.ts";
import type { MutatingAdmissionPolicy, Mutation, Policy } from "../../../kinds/admission/shape.ts";
import { StatusError } from "../../../machinery/status.ts";
import { refused, type Admission, type Mutable } from "../define.ts";
import { attributesOf } from "./attributes.ts";
import { compiledMutations, type CompiledMutations } from "./compiled.ts";
import { Activation, Budget, OutOfBudget, policyBudget, Subject } from "./evaluation.ts";
import {
  conditionsHold,
  hasBindings,
  invocations,
  isExcluded,
  type Invocation,
} from "./bindings.ts";
import { decodedPatch, PatchProblem, withConfiguration, withJsonPatch } from "./object-patches.ts";

type Run = Invocation<MutatingAdmissionPolicy>;

const keyOf = ({ policy, binding, params }: Run): string =>
  [policy, binding, params]
    .map((one) => (one ? `${one.metadata.namespace ?? ""}/${one.metadata.name}` : ""))
    .join(" ");

/** Keys and elements of a value. */
function valuesIn(value: object): number {
  let count = 0;
  for (const one of Object.values(value) as unknown[])
    count += typeof one === "object" && one !== null ? 1 + valuesIn(one) : 1;
  return count;
}

interface Refusal {
  message: string;
  /** It is how it is configured that is wrong. */
  configured?: boolean;
}

/** One time around. */
export class Pass {
  object: KubeObject;
  /** Some mutation was applied, though it may have changed nothing. */
  applied = false;
  readonly again = new Set<string>();
  readonly #refusals: Refusal[] = [];
  readonly #admission: Admission;
  readonly #old: KubeObject | undefined;
  readonly #context: WriteContext;
  readonly #mutable: Mutable;

  constructor(
    admission: Admission,
    object: KubeObject,
    old: KubeObject | undefined,
    context: WriteContext,
    mutable: Mutable,
  ) {
    this.object = object;
    this.#admission = admission;
    this.#old = old;
    this.#context = context;
    this.#mutable = mutable;
  }

  /** `only`: those that ran before and want to run again. */
  run(only?: ReadonlySet<string>): void {
    const of = this.#subject()?.of;
    if (!of) return;
    for (const run of invocations<MutatingAdmissionPolicy>("mutating", of)) {
      if (run.problem === undefined) this.#invoke(run, only);
      else this.#refuse(run, run.problem, true);
    }
    const [first] = this.#refusals;
    if (!first) return;
    const causes = this.#refusals.map(({ message }) => ({ message }));
    const { details } = refused(this.#admission, this.object, "", causes);
    const reason = first.configured ? "Forbidden" : "Invalid";
    throw new StatusError(403, reason, first.message, details);
  }

  #subject(): Subject | undefined {
    const of = attributesOf(this.#admission, this.object, this.#old, this.#context);
    return of && new Subject(of);
  }

  #refuse({ policy, binding }: Run, problem: string, configured = false): void {
    if (policy.spec?.failurePolicy === "Ignore") return;
    const { name } = policy.metadata;
    const by = binding
      ? `policy '${name}' with binding '${binding.metadata.name}'`
      : `policy ${JSON.stringify(name)}`;
    this.#refusals.push({ message: `${by} denied request: ${problem}`, configured });
  }

  #invoke(run: Run, only: ReadonlySet<string> | undefined): void {
    const { spec = {} } = run.policy;
    const compiled = compiledMutations(spec);
    const subject = this.#subject();
    if (!subject) return;
    const holds = conditionsHold(subject, run as Invocation<Policy>, compiled);
    if (typeof holds === "string") this.#refuse(run, holds);
    if (holds !== true) return;
    const key = keyOf(run);
    if (only && !only.has(key)) return;
    (spec.mutations ?? []).forEach((mutation, i) => this.#mutate(run, compiled, mutation, i));
    if (spec.reinvocationPolicy === "IfNeeded") this.again.add(key);
  }

  #mutate(run: Run, compiled: CompiledMutations, mutation: Mutation, i: number): void {
    const { schema, settled } = this.#mutable;
    const inputs = {
      params: run.params,
      hasParams: compiled.declared.params,
      authorizer: true,
      namespace: true,
    };
    try {
      const activation = new Activation(this.#subject()!, inputs, compiled.variables);
      const budget = new Budget(policyBudget, this.#admission.cost);
      const found = activation.evaluate(compiled.mutations[i]!, budget);
      if ("problem" in found) {
        this.#refuse(run, found.problem);
        return;
      }
      const { object } = this;
      budget.take(mutationUnitsPerValue * valuesIn(object));
      const patched =
        mutation.patchType === "JSONPatch"
          ? withJsonPatch(object, found.value)
          : withConfiguration(object, found.value, schema);
      this.object = settled(decodedPatch(object, patched, schema));
      this.applied = true;
    } catch (error) {
      if (!(error instanceof OutOfBudget || error instanceof PatchProblem)) throw error;
      this.#refuse(run, error.message);
    }
  }
}

/** Policies, once; `only`: as in `Pass.run`. Undefined: there are none for this write. */
export function runPolicies(
  admission: Admission,
  object: KubeObject,
  old: KubeObject | undefined,
  context: WriteContext,
  mutable: Mutable,
  only?: ReadonlySet<string>,
): Pass | undefined {
  // A Scale is no object of its own, so policies only see it in validating admission.
  if (admission.subresource === "scale" || isExcluded(admission.resource)) return undefined;
  if (!hasBindings("mutating", context.reader)) return undefined;
  const pass = new Pass(admission, object, old, context, mutable);
  pass.run(only);
  return pass;
}
