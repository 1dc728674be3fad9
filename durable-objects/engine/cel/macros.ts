/**
 * Calls that are something else once they are parsed. cel-go: parser/macro.go, cel/library.go (optMap), ext/comprehensions.go,
 * ext/lists.go (sortBy)
 */
import { accumulator, type Call, type Expr, type Fold } from "./ast.ts";

/** What is wrong with a macro's arguments, and where. */
export class MacroProblem {
  readonly at: number;
  readonly text: string;
  constructor(at: number, text: string) {
    this.at = at;
    this.text = text;
  }
}

/** Makes the parts of an expansion, all of them at the place of the call. */
class Maker {
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  literal = (value: boolean | bigint): Expr => ({ k: "literal", at: this.at, value });
  ident = (name: string): Expr => ({ k: "ident", at: this.at, name });
  accu = (): Expr => this.ident(accumulator);
  list = (...elements: Expr[]): Expr => ({ k: "list", at: this.at, elements, optional: new Set() });
  map = (): Expr => ({ k: "map", at: this.at, entries: [] });
  call = (fn: string, ...args: Expr[]): Call => ({
    k: "call",
    at: this.at,
    fn,
    target: undefined,
    args,
  });
  member = (fn: string, target: Expr, ...args: Expr[]): Call => ({
    k: "call",
    at: this.at,
    fn,
    target,
    args,
  });
  fold = (of: Omit<Fold, "k" | "at">): Fold => ({ k: "fold", at: this.at, ...of });
  /** A value that is computed once and then has a name. */
  bound = (name: string, value: Expr, within: Expr): Expr =>
    this.fold({
      range: this.list(),
      iter: "#unused",
      iter2: undefined,
      accu: name,
      init: value,
      condition: this.literal(false),
      step: this.ident(name),
      result: within,
    });
}

export type Macro = (
  make: Maker,
  target: Expr | undefined,
  args: readonly Expr[],
) => Expr | MacroProblem;

/** The expression again, with nodes of its own: a type is kept in each. */
function copied(e: Expr): Expr {
  switch (e.k) {
    case "select":
      return { ...e, operand: copied(e.operand) };
    case "call":
      return { ...e, target: e.target && copied(e.target), args: e.args.map(copied) };
    case "list":
      return { ...e, elements: e.elements.map(copied) };
    case "map":
      return {
        ...e,
        entries: e.entries.map((one) => ({
          ...one,
          key: copied(one.key),
          value: copied(one.value),
        })),
      };
    case "struct":
      return { ...e, fields: e.fields.map((one) => ({ ...one, value: copied(one.value) })) };
    case "fold":
      return {
        ...e,
        range: copied(e.range),
        init: copied(e.init),
        condition: copied(e.condition),
        step: copied(e.step),
        result: copied(e.result),
      };
    default:
      return { ...e };
  }
}

const overwrites = "iteration variable overwrites accumulator variable";

function iterOf(arg: Expr, problem: string): string | MacroProblem {
  if (arg.k !== "ident") return new MacroProblem(arg.at, problem);
  return arg.name === accumulator ? new MacroProblem(arg.at, overwrites) : arg.name;
}

function twoIters(args: readonly Expr[]): [string, string] | MacroProblem {
  const [a, b] = args as [Expr, Expr];
  for (const arg of [a, b]) {
    if (arg.k !== "ident") return new MacroProblem(arg.at, "argument must be a simple name");
  }
  const [first, second] = [(a as { name: string }).name, (b as { name: string }).name];
  if (first === second) return new MacroProblem(b.at, `duplicate variable name: ${first}`);
  if (first === accumulator) return new MacroProblem(a.at, overwrites);
  if (second === accumulator) return new MacroProblem(b.at, overwrites);
  return [first, second];
}

type Shape = Pick<Fold, "init" | "condition" | "step" | "result">;

const shapes: Record<"all" | "exists" | "one", (make: Maker, predicate: Expr) => Shape> = {
  all: (make, predicate) => ({
    init: make.literal(true),
    condition: make.call("@not_strictly_false", make.accu()),
    step: make.call("_&&_", make.accu(), predicate),
    result: make.accu(),
  }),
  exists: (make, predicate) => ({
    init: make.literal(false),
    condition: make.call("@not_strictly_false", make.call("!_", make.accu())),
    step: make.call("_||_", make.accu(), predicate),
    result: make.accu(),
  }),
  one: (make, predicate) => ({
    init: make.literal(0n),
    condition: make.literal(true),
    step: make.call(
      "_?_:_",
      predicate,
      make.call("_+_", make.accu(), make.literal(1n)),
      make.accu(),
    ),
    result: make.call("_==_", make.accu(), make.literal(1n)),
  }),
};

const quantifier =
  (shape: keyof typeof shapes): Macro =>
  (make, target, args) => {
    const iter = iterOf(args[0]!, "argument must be a simple name");
    if (iter instanceof MacroProblem) return iter;
    const parts = shapes[shape](make, args[1]!);
    return make.fold({ range: target!, iter, iter2: undefined, accu: accumulator, ...parts });
  };

const quantifier2 =
  (shape: keyof typeof shapes): Macro =>
  (make, target, args) => {
    const iters = twoIters(args);
    if (iters instanceof MacroProblem) return iters;
    const [iter, iter2] = iters;
    const parts = shapes[shape](make, args[2]!);
    return make.fold({ range: target!, iter, iter2, accu: accumulator, ...parts });
  };

const mapMacro: Macro = (make, target, args) => {
  const iter = iterOf(args[0]!, "argument is not an identifier");
  if (iter instanceof MacroProblem) return iter;
  const filter = args.length === 3 ? args[1]! : undefined;
  return collecting(make, target!, [iter, undefined], filter, (step) =>
    make.call("_+_", step, make.list(args.at(-1)!)),
  );
};

/** A list or map that grows by each element that passes. */
function collecting(
  make: Maker,
  range: Expr,
  [iter, iter2]: [string, string | undefined],
  filter: Expr | undefined,
  grown: (accu: Expr) => Expr,
  init = make.list(),
): Expr {
  let step = grown(make.accu());
  if (filter) step = make.call("_?_:_", filter, step, make.accu());
  return make.fold({
    range,
    iter,
    iter2,
    accu: accumulator,
    init,
    condition: make.literal(true),
    step,
    result: make.accu(),
  });
}

const filterMacro: Macro = (make, target, args) => {
  const iter = iterOf(args[0]!, "argument is not an identifier");
  if (iter instanceof MacroProblem) return iter;
  return collecting(make, target!, [iter, undefined], args[1], (accu) =>
    make.call("_+_", accu, make.list(args[0]!)),
  );
};

const has: Macro = (_make, _target, [arg]) =>
  arg!.k === "select"
    ? { k: "select", at: _make.at, operand: arg!.operand, field: arg!.field, test: true }
    : new MacroProblem(arg!.at, "invalid argument to has() macro");

const transform =
  (what: "list" | "map" | "entry"): Macro =>
  (make, target, args) => {
    const iters = twoIters(args);
    if (iters instanceof MacroProblem) return iters;
    const filter = args.length === 4 ? args[2] : undefined;
    const made = args.at(-1)!;
    const grown = (accu: Expr): Expr => {
      if (what === "list") return make.call("_+_", accu, make.list(made));
      if (what === "entry") return make.call("cel.@mapInsert", accu, made);
      return make.call("cel.@mapInsert", accu, make.ident(iters[0]), made);
    };
    const init = what === "list" ? make.list() : make.map();
    return collecting(make, target!, iters, filter, grown, init);
  };

const optMap =
  (name: string, wraps: boolean): Macro =>
  (make, target, [variable, mapped]) => {
    if (variable!.k !== "ident") {
      return new MacroProblem(variable!.at, `${name}() variable name must be a simple identifier`);
    }
    const value = make.member("value", copied(target!));
    const bound = make.bound(variable!.name, value, mapped!);
    return make.call(
      "_?_:_",
      make.member("hasValue", target!),
      wraps ? make.call("optional.of", bound) : bound,
      make.call("optional.none"),
    );
  };

const sortBy: Macro = (make, target, args) => {
  if (!["list", "select", "ident", "fold", "call"].includes(target!.k)) {
    return new MacroProblem(
      target!.at,
      "sortBy can only be applied to a list, identifier, comprehension, call or select expression",
    );
  }
  const name = "@__sortBy_input__";
  const keys = mapMacro(make, make.ident(name), args);
  if (keys instanceof MacroProblem) return keys;
  return make.bound(name, target!, make.member("@sortByAssociatedKeys", make.ident(name), keys));
};

/** By name, number of arguments and whether they are called of something. */
const receiver: Readonly<Record<string, Macro>> = {
  "all/2": quantifier("all"),
  "exists/2": quantifier("exists"),
  "exists_one/2": quantifier("one"),
  "existsOne/2": quantifier("one"),
  "all/3": quantifier2("all"),
  "exists/3": quantifier2("exists"),
  "exists_one/3": quantifier2("one"),
  "existsOne/3": quantifier2("one"),
  "map/2": mapMacro,
  "map/3": mapMacro,
  "filter/2": filterMacro,
  "transformList/3": transform("list"),
  "transformList/4": transform("list"),
  "transformMap/3": transform("map"),
  "transformMap/4": transform("map"),
  "transformMapEntry/3": transform("entry"),
  "transformMapEntry/4": transform("entry"),
  "optMap/2": optMap("optMap", true),
  "optFlatMap/2": optMap("optFlatMap", false),
  "sortBy/2": sortBy,
};

/** cel-go: ext/bindings.go */
const bind: Macro = (make, _target, [name, value, within]) =>
  name!.k === "ident"
    ? make.bound(name!.name, value!, within!)
    : new MacroProblem(name!.at, "cel.bind() variable names must be simple identifiers");

/** What a call is instead; undefined: a call. `binds`: `cel.bind` is one. */
export function expanded(
  at: number,
  fn: string,
  target: Expr | undefined,
  args: readonly Expr[],
  binds: boolean,
): Expr | MacroProblem | undefined {
  const key = `${fn}/${args.length}`;
  if (binds && key === "bind/3" && target?.k === "ident" && target.name === "cel")
    return bind(new Maker(at), target, args);
  const macro = target ? receiver[key] : key === "has/1" ? has : undefined;
  return (target && !Object.hasOwn(receiver, key) ? undefined : macro)?.(
    new Maker(at),
    target,
    args,
  );
}
