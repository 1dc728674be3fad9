/**
 * The most that an expression can cost, from its types and the sizes that a schema allows. cel-go: checker/cost.go;
 * k8s: apiserver/pkg/cel/library/cost.go EstimateCallCost
 */
import { accumulator, type Call, type Expr, type Fold } from "./ast.ts";
import { callEstimate, type Estimate, type Estimator, type Range } from "./estimate-calls.ts";
import { add, between, exactly, times, union, unknownRange } from "./range.ts";
import { isOptional, type Kind, type Type } from "./types.ts";
import { lengthOf } from "./values.ts";

/** The size that a schema allows what lies at a path: a variable, fields, `@items`, `@values`, `@keys`. */
export type SizeOfPath = (path: readonly string[]) => Range | undefined;

type Path = readonly string[];

/** Sizes of what lists and maps hold. */
interface EntrySize {
  kind: "list" | "map";
  key: Range;
  value: Range;
}

interface Local {
  path: Path;
  size: Range | undefined;
  entries: EntrySize | undefined;
}

const scalarKinds = new Set<Kind>(["bool", "double", "duration", "int", "timestamp", "uint"]);

const isScalar = (type: Type): boolean =>
  scalarKinds.has(type.kind) || (isOptional(type) && isScalar(type.params[0]!));

function literalSize(e: Expr): Range | undefined {
  if (e.k === "list") return exactly(e.elements.length);
  if (e.k === "map") return exactly(e.entries.length);
  if (e.k !== "literal") return undefined;
  if (typeof e.value === "string") return exactly(lengthOf(e.value));
  return exactly(e.value instanceof Uint8Array ? e.value.length : 1);
}

const joined = (a: EntrySize | undefined, b: EntrySize | undefined): EntrySize | undefined =>
  a && b ? { kind: a.kind, key: union(a.key, b.key), value: union(a.value, b.value) } : undefined;

class Coster implements Estimator {
  readonly #paths = new Map<Expr, Path>();
  readonly #sizes = new Map<Expr, Range>();
  readonly #entries = new Map<Expr, EntrySize>();
  readonly #locals = new Map<string, Local[]>();
  readonly #sizeOfPath: SizeOfPath;

  constructor(sizeOfPath: SizeOfPath) {
    this.#sizeOfPath = sizeOfPath;
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }
  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name);
    if (stack) stack.push(local);
    else this.#locals.set(name, [local]);
  }
  #pop(name: string): void {
    this.#locals.get(name)!.pop();
  }

  #pathOf(e: Expr): Path {
    const local = e.k === "ident" ? this.#local(e.name) : undefined;
    return local?.path ?? this.#paths.get(e) ?? [];
  }
  #entriesOf(e: Expr): EntrySize | undefined {
    return this.#entries.get(e) ?? (e.k === "ident" ? this.#local(e.name)?.entries : undefined);
  }

  size(e: Expr): Range | undefined {
    const known = this.#sizes.get(e) ?? literalSize(e);
    if (known) return known;
    const declared = this.sizeAt(this.#shownPath(e));
    if (declared) {
      this.#sizes.set(e, declared);
      return declared;
    }
    if (isScalar(e.type!)) return exactly(1);
    return e.k === "ident" ? this.#local(e.name)?.size : undefined;
  }
  #shownPath(e: Expr): Path {
    return this.#pathOf(e);
  }
  sizeAt(path: Path): Range | undefined {
    return path.length === 0 ? undefined : this.#sizeOfPath(path);
  }
  /** What `size` knows, or anything. */
  sizeOrAny(e: Expr): Range {
    return this.size(e) ?? unknownRange;
  }
  /** For the size of a list's elements; what a macro collects has no path. */
  pathFor(e: Expr): Path {
    const path = this.#pathOf(e);
    return path[0] === accumulator ? [] : path;
  }

  cost(e: Expr): Range {
    switch (e.k) {
      case "literal":
        return exactly(0);
      case "ident":
        this.#paths.set(e, this.#local(e.name)?.path ?? [e.name]);
        return exactly(1);
      case "select":
        return this.#select(e);
      case "call":
        return this.#call(e);
      case "list":
        return this.#list(e);
      case "map":
        return this.#map(e);
      case "struct":
        return e.fields.reduce((sum, { value }) => add(sum, this.cost(value)), exactly(40));
      default:
        return this.#isBind(e) ? this.#bind(e) : this.#fold(e);
    }
  }

  #select(e: Expr & { k: "select" }): Range {
    if (e.variable !== undefined || e.names) {
      this.#paths.set(e, [e.variable ?? ""]);
      return exactly(1);
    }
    const operand = this.cost(e.operand);
    if (e.test) return operand;
    this.#paths.set(e, [...this.#pathOf(e.operand), e.field]);
    const { kind } = e.operand.type!;
    return kind === "map" || kind === "struct" || kind === "param"
      ? add(operand, exactly(1))
      : operand;
  }

  #call(e: Call): Range {
    if (e.fn === "dyn") {
      const cost = this.cost(e.args[0]!);
      this.#copySizes(e, e.args[0]!);
      return add(exactly(1), cost);
    }
    const costs = e.args.map((arg) => this.cost(arg));
    const overloads = e.overloads ?? [];
    if (overloads.length === 0) return exactly(0);
    const target = e.target ? this.cost(e.target) : exactly(0);
    let cost: Range = { min: Infinity, max: 0 };
    let size: Range | undefined;
    for (const overload of overloads) {
      const estimate = this.#overload(e, overload, costs);
      cost = union(cost, estimate.cost);
      if (estimate.size) size = size ? union(size, estimate.size) : estimate.size;
      if (overload === "index_list" || overload === "index_map") {
        const [of] = e.args as [Expr];
        size = this.#entriesOf(of)?.value;
        const step = overload === "index_list" ? "@items" : "@values";
        this.#paths.set(e, [...this.#pathOf(of), step]);
      }
      size ??= this.size(e);
    }
    if (size) this.#sizes.set(e, size);
    return add(target, cost);
  }

  #overload(e: Call, overload: string, costs: readonly Range[]): Estimate {
    const args = costs.reduce(add, exactly(0));
    const known = callEstimate(this, e, overload);
    if (known) return { cost: add(known.cost, args), ...(known.size ? { size: known.size } : {}) };
    switch (overload) {
      case "logical_or":
      case "logical_and":
        return { cost: between(costs[0]!.min, add(costs[0]!, costs[1]!).max) };
      case "conditional":
        return this.#conditional(e, costs);
      case "add_string":
      case "add_bytes":
      case "add_list":
        return this.#sum(e, overload, args);
      default:
        return { cost: add(exactly(1), args) };
    }
  }
  #conditional(e: Call, costs: readonly Range[]): Estimate {
    const [, yes, no] = e.args as [Expr, Expr, Expr];
    const entries = joined(this.#entriesOf(yes), this.#entriesOf(no));
    if (entries) this.#entries.set(e, entries);
    return {
      cost: add(costs[0]!, union(costs[1]!, costs[2]!)),
      size: union(this.sizeOrAny(yes), this.sizeOrAny(no)),
    };
  }
  #sum(e: Call, overload: string, args: Range): Estimate {
    const [a, b] = e.args as [Expr, Expr];
    const size = add(this.sizeOrAny(a), this.sizeOrAny(b));
    const entries = joined(this.#entriesOf(a), this.#entriesOf(b));
    if (entries) this.#entries.set(e, entries);
    const own = overload === "add_list" ? exactly(1) : times(size, 0.1);
    return { cost: add(own, args), size };
  }

  #list(e: Expr & { k: "list" }): Range {
    let cost = exactly(10);
    let value: Range = e.elements.length === 0 ? exactly(0) : { min: Infinity, max: 0 };
    for (const element of e.elements) {
      cost = add(cost, this.cost(element));
      value = union(value, this.sizeOrAny(element));
    }
    this.#entries.set(e, { kind: "list", key: exactly(1), value });
    return cost;
  }
  #map(e: Expr & { k: "map" }): Range {
    let cost = exactly(30);
    const none: Range = e.entries.length === 0 ? exactly(0) : { min: Infinity, max: 0 };
    let [key, value] = [none, none];
    for (const entry of e.entries) {
      cost = add(cost, add(this.cost(entry.key), this.cost(entry.value)));
      key = union(key, this.sizeOrAny(entry.key));
      value = union(value, this.sizeOrAny(entry.value));
    }
    this.#entries.set(e, { kind: "map", key, value });
    return cost;
  }

  #isBind(e: Fold): boolean {
    return (
      e.range.k === "list" &&
      e.range.elements.length === 0 &&
      e.condition.k === "literal" &&
      e.condition.value === false &&
      e.accu !== accumulator
    );
  }
  #copySizes(to: Expr, from: Expr): void {
    const size = this.size(from);
    if (size) this.#sizes.set(to, size);
    const entries = this.#entriesOf(from);
    if (entries) this.#entries.set(to, entries);
  }
  #localOf(e: Expr): Local {
    return { path: this.#pathOf(e), size: this.size(e), entries: this.#entriesOf(e) };
  }
  #bind(e: Fold): Range {
    const cost = add(this.cost(e.range), this.cost(e.init));
    this.#push(e.accu, this.#localOf(e.init));
    const result = this.cost(e.result);
    this.#pop(e.accu);
    this.#copySizes(e, e.result);
    return add(cost, result);
  }

  /** What a macro's variables stand for. */
  #iterations(e: Fold): [string, Local][] {
    const entries = this.#entriesOf(e.range);
    const path = this.#pathOf(e.range);
    const list = (entries?.kind ?? e.range.type!.kind) === "list";
    const local = (step: string, size: Range | undefined): Local => ({
      path: [...path, step],
      size,
      entries: undefined,
    });
    const value = local(list ? "@items" : "@values", entries?.value);
    const key = local(list ? "@indices" : "@keys", entries?.key);
    if (e.iter2 === undefined) return [[e.iter, list ? value : key]];
    return [
      [e.iter, key],
      [e.iter2, value],
    ];
  }
  #fold(e: Fold): Range {
    const cost = add(this.cost(e.range), this.cost(e.init));
    this.#push(e.accu, this.#localOf(e.init));
    const iterations = this.#iterations(e);
    for (const [name, local] of iterations) this.#push(name, local);
    const turn = add(this.cost(e.step), this.cost(e.condition));
    for (const [name] of iterations) this.#pop(name);
    const result = this.cost(e.result);
    this.#pop(e.accu);
    const count = this.sizeOrAny(e.range);
    const turns = between(count.min * turn.min, count.max * turn.max);
    if (e.init.k === "literal") {
      const size = this.size(e.init);
      if (size) this.#sizes.set(e, size);
    } else if (e.init.k === "list" || e.init.k === "map") {
      this.#sizes.set(e, count);
      const entries = this.#entriesOf(e.step);
      if (entries) this.#entries.set(e, entries);
    }
    return add(add(cost, result), turns);
  }
}

/** Least and most; beyond 64 bits it is the largest number of these. */
export const estimateCost = (e: Expr, sizeOfPath: SizeOfPath = () => undefined): Range =>
  new Coster(sizeOfPath).cost(e);
