/**
 * Runs a policy's expressions over one write: its variables are worked out once, when they are first asked for, and all
 * share a budget. k8s: apiserver/pkg/admission/plugin/cel/activation.go, composition.go
 */
import type { Expression, ExpressionProblem } from "../../../cel/admission.ts";
import { Authorizer, requestCheck } from "../../../cel/functions/authorizer.ts";
import { fromJson } from "../../../cel/json.ts";
import { CelError, MapValue, type Value } from "../../../cel/values.ts";
import type { KubeObject } from "../../../core/object.ts";
import { expressionCostMax } from "../../../core/limits.ts";
import { authorize } from "../../auth/authorization.ts";
import type { ExpressionCost } from "../define.ts";
import { exposedNamespace, namespaceOf, requestOf, type Attributes } from "./attributes.ts";

/** k8s: apiserver/pkg/apis/cel/config.go RuntimeCELCostBudget, RuntimeCELCostBudgetMatchConditions */
export const policyBudget = 10_000_000;
export const conditionsBudget = 2_500_000;

const outOfBudget =
  "validation failed due to running out of cost budget, no further validation rules will be run";

/** No more may be run for this write. */
export class OutOfBudget extends Error {
  override name = "OutOfBudget";
  constructor() {
    super(outOfBudget);
  }
}

/** What expressions may use; all of the request's together no more than Podyard gives. */
export class Budget {
  #left: number;
  readonly #spent: ExpressionCost;
  constructor(units: number, spent: ExpressionCost) {
    this.#left = units;
    this.#spent = spent;
  }
  take(cost: number): void {
    this.#spent.used += cost;
    this.#left -= cost;
    this.check();
  }
  /** Before anything is run: of hundreds of policies each would find out by running. */
  check(): void {
    if (this.#left < 0 || this.#spent.used > expressionCostMax) throw new OutOfBudget();
  }
}

export type NamedExpression = readonly [name: string, found: Expression | ExpressionProblem];

/** `variables`: each is run when it is first asked for. */
class Composed extends MapValue {
  readonly #expressions: ReadonlyMap<string, Expression | ExpressionProblem>;
  readonly #values = new Map<string, Value>();
  readonly #run: (found: Expression) => { value: Value; cost: number };
  /** Since it was last taken. */
  cost = 0;

  constructor(
    expressions: readonly NamedExpression[],
    run: (found: Expression) => { value: Value; cost: number },
  ) {
    super();
    this.#expressions = new Map(expressions);
    this.#run = run;
  }
  get size(): number {
    return this.#expressions.size;
  }
  keys(): Iterable<Value> {
    return this.#expressions.keys();
  }
  find(key: Value): Value | undefined {
    if (typeof key !== "string") return undefined;
    const found = this.#expressions.get(key);
    if (!found) return undefined;
    let value = this.#values.get(key);
    if (value === undefined) this.#values.set(key, (value = this.#made(key, found)));
    return value;
  }
  #made(name: string, found: Expression | ExpressionProblem): Value {
    if ("problem" in found) {
      return new CelError(`composited variable "${name}" fails to compile: ${found.problem}`);
    }
    const { value, cost } = this.#run(found);
    this.cost += cost;
    if (!(value instanceof CelError)) return value;
    return new CelError(`composited variable "${name}" fails to evaluate: ${value.text}`);
  }
}

/** Values of a write that do not depend on the policy. */
export class Subject {
  readonly of: Attributes;
  readonly #values = new Map<string, Value>();
  constructor(of: Attributes) {
    this.of = of;
  }

  value(name: string): Value | undefined {
    let known = this.#values.get(name);
    if (known === undefined) {
      const made = this.#made(name);
      if (made === undefined) return undefined;
      this.#values.set(name, (known = made));
    }
    return known;
  }
  #made(name: string): Value | undefined {
    const { of } = this;
    switch (name) {
      case "object":
        return fromJson(of.object ?? null);
      case "oldObject":
        return fromJson(of.old ?? null);
      case "request":
        return fromJson(requestOf(of, { ...of.kind, plural: of.resource }));
      case "namespaceObject":
        return fromJson(exposedNamespace(namespaceOf(of)));
      case "authorizer":
        return authorizerOf(of);
      case "authorizer.requestResource":
        return requestCheck(authorizerOf(of), {
          group: of.group,
          resource: of.resource,
          subresource: of.admission.subresource,
          namespace: of.namespace,
          name: of.name,
        });
      default:
        return undefined;
    }
  }
}

/** Asks RBAC, for whoever made the request or a service account. */
function authorizerOf({ admission: { user }, context: { reader } }: Attributes): Authorizer {
  return new Authorizer((question, as) => {
    const who = as
      ? {
          name: `system:serviceaccount:${as.namespace}:${as.name}`,
          groups: [
            "system:serviceaccounts",
            `system:serviceaccounts:${as.namespace}`,
            "system:authenticated",
          ],
        }
      : user;
    const { path = "", group = "", resource = "", subresource = "" } = question;
    const { verb, name = "", namespace = "" } = question;
    const attributes = { verb, group, resource, subresource, name, namespace, path };
    return authorize(who, attributes, reader);
  });
}

/** The result of an expression: a value, or an error's text. */
export type Evaluated = { value: Exclude<Value, CelError> } | { problem: string };

export interface Inputs {
  params: KubeObject | undefined;
  hasParams: boolean;
  authorizer: boolean;
  /** Without it `namespaceObject` is null. */
  namespace: boolean;
}

/** One set of variables over one write. */
export class Activation {
  readonly #subject: Subject;
  readonly #inputs: Inputs;
  readonly #composed: Composed;
  #params: Value | undefined;

  constructor(subject: Subject, inputs: Inputs, variables: readonly NamedExpression[]) {
    this.#subject = subject;
    this.#inputs = inputs;
    this.#composed = new Composed(variables, ({ program }) => program.evaluate(this.#resolve));
  }

  readonly #resolve = (name: string): Value | undefined => {
    const { hasParams, params, authorizer, namespace } = this.#inputs;
    if (name === "variables") return this.#composed;
    if (name === "params") {
      if (!hasParams) return undefined;
      return (this.#params ??= fromJson(params ?? null));
    }
    if (name === "namespaceObject" && !namespace) return null;
    if (name.startsWith("authorizer") && !authorizer) return undefined;
    return this.#subject.value(name);
  };

  /** Runs one. OutOfBudget: nothing more may be run. */
  evaluate(found: Expression | ExpressionProblem, budget: Budget): Evaluated {
    if ("problem" in found) return { problem: `compilation error: ${found.problem}` };
    budget.check();
    const { value, cost } = found.program.evaluate(this.#resolve);
    const composed = this.#composed.cost;
    this.#composed.cost = 0;
    budget.take(composed);
    budget.take(cost);
    if (!(value instanceof CelError)) return { value };
    return { problem: `expression '${found.text}' resulted in error: ${value.text}` };
  }
}
