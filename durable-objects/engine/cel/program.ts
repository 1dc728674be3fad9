/**
 * Runs a checked expression, counting its cost as upstream does: the expression becomes functions once, which are then
 * called. cel-go: interpreter/planner.go, interpretable.go, attributes.go, runtimecost.go
 */
import type { Call, Expr, Fold, List, MapExpr, Select, Struct } from "./ast.ts";
import { callCost } from "./call-cost.ts";
import { functions } from "./functions/functions.ts";
import {
  each,
  goTypeOf,
  growing,
  noSuchOverload,
  settled,
  taken,
  traits,
  withoutTrait,
} from "./members.ts";
import { CostExceeded, Meter } from "./meter.ts";
import {
  checkPattern,
  constant,
  ConstantProblem,
  constants,
  Scope,
  type MakeStruct,
  type Step,
  type Variables,
} from "./plan.ts";
import { valueText } from "./value-text.ts";
import {
  CelError,
  Entries,
  isError,
  Items,
  MapValue,
  noOverload,
  Optional,
  TypeValue,
  type Value,
} from "./values.ts";

/** cel-go: common/cost.go */
const listCost = 10;
const mapCost = 30;
const structCost = 40;

const conversions = new Set(
  "bool bytes double duration dyn int string timestamp type uint".split(" "),
);

function planned(e: Expr, scope: Scope): Step {
  switch (e.k) {
    case "literal":
      return constant(e.value);
    case "list":
      return list(e, scope);
    case "map":
      return map(e, scope);
    case "struct":
      return struct(e, scope);
    case "fold":
      return fold(e, scope);
    default:
      return isChain(e) ? evaluated(e, scope) : call(e as Call, scope);
  }
}

/** A variable, or what is selected of something. */
function isChain(e: Expr): boolean {
  return e.k === "ident" || e.k === "select" || (e.k === "call" && Object.hasOwn(selectors, e.fn));
}

/** A chain costs one more than its selections, but where a conditional chooses it. */
function evaluated(e: Expr, scope: Scope): Step {
  const run = chain(e, scope);
  let base = e;
  while (base.k === "select" || (base.k === "call" && Object.hasOwn(selectors, base.fn))) {
    base = base.k === "select" ? base.operand : base.args[0]!;
  }
  const tests = e.k === "select" && e.test;
  if (tests || constants.has(run) || (base.k === "call" && base.fn === "_?_:_")) return run;
  return (frame) => {
    const value = run(frame);
    frame.meter.add(1);
    return value;
  };
}

function chain(e: Expr, scope: Scope): Step {
  if (e.k === "ident" || e.k === "select") {
    if (e.names) return constant(new TypeValue(e.names));
    if (e.k === "ident") return variable(e.name, scope);
    return e.variable === undefined ? selection(e, scope) : variable(e.variable, scope);
  }
  if (e.k !== "call" || !Object.hasOwn(selectors, e.fn)) return planned(e, scope);
  return index(e, scope, selectors[e.fn]!);
}

/** Whether what is not there is none at all rather than an error. */
const selectors: Readonly<Record<string, boolean>> = {
  "_[_]": false,
  "_[?_]": true,
  "_?._": true,
};

function variable(name: string, scope: Scope): Step {
  const plain = name.startsWith(".") ? name.slice(1) : name;
  const unknown = new CelError(`no such attribute(s): ${plain}`);
  const local = scope.find(name);
  if (!local) {
    return (frame) => {
      const value = frame.variables(plain);
      return value === undefined ? unknown : value;
    };
  }
  const { place, init } = local;
  return (frame) => {
    const value = frame.locals[place];
    if (value !== undefined || !init) return value === undefined ? unknown : value;
    // What a macro begins with is worked out when it is first asked for.
    return (frame.locals[place] = init(frame));
  };
}

function selection({ operand, field, test }: Select, scope: Scope): Step {
  if (test) {
    const of = chain(operand, scope);
    return (frame) => {
      const value = of(frame);
      frame.meter.add(1);
      if (isError(value)) return value;
      const from = value instanceof Optional ? value.value : value;
      if (from === undefined) return false;
      return from instanceof MapValue && from.find(field) !== undefined;
    };
  }
  const of = chain(operand, scope);
  return (frame) => taken(of(frame), field, false, frame.meter);
}

function index(e: Call, scope: Scope, optional: boolean): Step {
  const operand = chain(e.args[0]!, scope);
  const key = chain(e.args[1]!, scope);
  return (frame) => {
    const of = operand(frame);
    return isError(of) ? of : taken(of, key(frame), optional, frame.meter);
  };
}

/** Either side may be an error where the other one decides. */
function logical(e: Call, scope: Scope, decides: boolean): Step {
  const sides = e.args.map((arg) => planned(arg, scope));
  return (frame) => {
    let problem: CelError | undefined;
    for (const side of sides) {
      const value = side(frame);
      if (value === decides) return decides;
      if (typeof value !== "boolean") problem ??= isError(value) ? value : noOverload;
    }
    return problem ?? !decides;
  };
}

function conditional(e: Call, scope: Scope): Step {
  const condition = planned(e.args[0]!, scope);
  const yes = chain(e.args[1]!, scope);
  const no = chain(e.args[2]!, scope);
  return (frame) => {
    const value = condition(frame);
    if (typeof value !== "boolean") return isError(value) ? value : noOverload;
    return value ? yes(frame) : no(frame);
  };
}

/** The value of an optional or, only then worked out, another one. */
function orElse(e: Call, scope: Scope): Step {
  const target = planned(e.target!, scope);
  const other = planned(e.args[0]!, scope);
  return (frame) => {
    const value = target(frame);
    if (!(value instanceof Optional)) return value;
    if (value.value === undefined) return other(frame);
    return e.fn === "or" ? value : value.value;
  };
}

const special: Readonly<Record<string, (e: Call, scope: Scope) => Step>> = {
  "_&&_": (e, scope) => logical(e, scope, false),
  "_||_": (e, scope) => logical(e, scope, true),
  "_?_:_": conditional,
};

function call(e: Call, scope: Scope): Step {
  if (Object.hasOwn(special, e.fn)) return special[e.fn]!(e, scope);
  const overload = e.overloads?.length === 1 ? e.overloads[0]! : "";
  if (e.target && overload.startsWith("optional_or")) return orElse(e, scope);
  if (e.fn === "@not_strictly_false") return notStrictlyFalse(e, scope);
  const args = (e.target ? [e.target, ...e.args] : e.args).map((arg) => planned(arg, scope));
  checkPattern(e);
  const inConstants = e.fn === "@in" && overload === "in_list" && constants.has(args[1]!);
  const run = functions[e.fn];
  const step: Step = (frame) => {
    const values: Value[] = [];
    for (const arg of args) {
      const value = arg(frame);
      values.push(value);
      // A call of three or more stops at the first; of one or two all are worked out.
      if (args.length > 2 && isError(value)) break;
    }
    const failed = values.find(isError);
    if (!inConstants) frame.meter.add(callCost(e.fn, overload, values, frame.meter));
    if (failed) return failed;
    return (
      run?.(values, frame.meter, overload) ??
      (traits.has(e.fn) ? withoutTrait(e.fn, values[0]!) : noSuchOverload(e.fn, values))
    );
  };
  const [only] = args;
  if (args.length !== 1 || !conversions.has(e.fn) || !constants.has(only!)) return step;
  return converted(step);
}

/** A conversion of a constant is worked out beforehand, and then costs nothing. */
function converted(step: Step): Step {
  const value = step({
    variables: () => undefined,
    meter: new Meter(),
    make: undefined,
    locals: [],
  });
  if (isError(value)) throw new ConstantProblem(value.text);
  return constant(value);
}

function notStrictlyFalse(e: Call, scope: Scope): Step {
  const of = planned(e.args[0]!, scope);
  return (frame) => {
    const value = of(frame);
    frame.meter.add(1);
    return typeof value === "boolean" ? value : true;
  };
}

function list({ elements, optional }: List, scope: Scope): Step {
  const steps = elements.map((one) => planned(one, scope));
  const run: Step = (frame) => {
    const items: Value[] = [];
    for (const [i, step] of steps.entries()) {
      const value = step(frame);
      if (isError(value)) return value;
      if (!optional.has(i)) items.push(value);
      else if (!(value instanceof Optional)) {
        return new CelError(
          `cannot initialize optional list element from non-optional value ${valueText(value)}`,
        );
      } else if (value.value !== undefined) items.push(value.value);
    }
    return new Items(items);
  };
  return aggregate(
    run,
    optional.size === 0 && steps.every((step) => constants.has(step)),
    listCost,
  );
}

/** What is made of constants is made once, and costs nothing. */
function aggregate(run: Step, fixed: boolean, cost: number): Step {
  if (fixed) {
    const value = run({
      variables: () => undefined,
      meter: new Meter(),
      make: undefined,
      locals: [],
    });
    return constant(value);
  }
  return (frame) => {
    const value = run(frame);
    frame.meter.add(cost);
    return value;
  };
}

function map({ entries }: MapExpr, scope: Scope): Step {
  const steps = entries.map(({ key, value, optional }) => ({
    key: planned(key, scope),
    value: planned(value, scope),
    optional,
  }));
  const run: Step = (frame) => {
    const made = new Entries();
    for (const { key, value, optional } of steps) {
      const name = key(frame);
      if (isError(name)) return name;
      let of = value(frame);
      if (isError(of)) return of;
      if (optional) {
        if (!(of instanceof Optional)) {
          return new CelError(
            `cannot initialize optional entry '${valueText(name)}' from non-optional value ${valueText(of)}`,
          );
        }
        if (of.value === undefined) continue;
        of = of.value;
      }
      made.set(name, of);
    }
    return made;
  };
  const fixed = steps.every(
    (one) => !one.optional && constants.has(one.key) && constants.has(one.value),
  );
  return aggregate(run, fixed, mapCost);
}

function struct({ name, fields }: Struct, scope: Scope): Step {
  const steps = fields.map(({ name: field, value, optional }) => ({
    field,
    value: planned(value, scope),
    optional,
  }));
  const run: Step = (frame) => {
    const made = new Map<string, Value>();
    for (const { field, value, optional } of steps) {
      let of = value(frame);
      if (isError(of)) return of;
      if (optional && of instanceof Optional) {
        if (of.value === undefined) continue;
        of = of.value;
      }
      made.set(field, of);
    }
    return frame.make?.(name, made) ?? new CelError(`unknown type '${name}'`);
  };
  return aggregate(run, false, structCost);
}

function fold(e: Fold, scope: Scope): Step {
  const range = planned(e.range, scope);
  const first = planned(e.init, scope);
  const binds = e.range.k === "list" && e.range.elements.length === 0;
  const init: Step = binds ? first : (frame) => growing(first(frame));
  const outer = new Scope(scope);
  const accu = outer.add(e.accu, init);
  const inner = new Scope(outer);
  const iter = inner.add(e.iter);
  const iter2 = e.iter2 === undefined ? undefined : inner.add(e.iter2);
  const condition = planned(e.condition, inner);
  const step = planned(e.step, inner);
  const result = planned(e.result, outer);
  return (frame) => {
    const over = range(frame);
    if (isError(over)) return over;
    const { locals } = frame;
    locals[accu] = undefined;
    const turn = (one: Value, second: Value | undefined): boolean => {
      locals[iter] = one;
      if (iter2 !== undefined) locals[iter2] = second;
      if (condition(frame) === false) return false;
      locals[accu] = step(frame);
      return true;
    };
    if (!each(over, iter2 !== undefined, frame.meter, turn)) {
      return new CelError(`got '${goTypeOf(over)}', expected iterable type`);
    }
    return settled(result(frame));
  };
}

/** What came of it, and what it cost. */
export interface Outcome {
  value: Value;
  cost: number;
  /** It was ended: `value` says so. */
  exceeded: boolean;
}

export class Program {
  readonly #run: Step;
  readonly #make: MakeStruct | undefined;

  constructor(e: Expr, make?: MakeStruct) {
    this.#run = planned(e, new Scope());
    this.#make = make;
  }

  evaluate(variables: Variables, limit?: number): Outcome {
    const meter = new Meter(limit);
    try {
      const value = this.#run({ variables, meter, make: this.#make, locals: [] });
      return { value, cost: meter.cost, exceeded: false };
    } catch (error) {
      if (!(error instanceof CostExceeded)) throw error;
      return { value: new CelError(error.message), cost: meter.cost, exceeded: true };
    }
  }
}
