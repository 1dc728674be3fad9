/** Finds the type of each part of an expression and which functions are meant. cel-go: checker/checker.go */
import {
  qualifiedName,
  type Call,
  type Expr,
  type Fold,
  type Ident,
  type List,
  type MapExpr,
  type Select,
  type Struct,
} from "./ast.ts";
import { namedTypes, overloadsOf, patchFunctions, type Overload } from "./declarations.ts";
import type { Issue } from "./issues.ts";
import {
  allAssignableIn,
  assignableIn,
  boolType,
  dynType,
  errorType,
  formatType,
  intType,
  isOptional,
  listOf,
  mapOf,
  mostGeneral,
  optionalOf,
  paramType,
  sameType,
  structType,
  substitute,
  TriedMapping,
  typeOf,
  unwrapped,
  type Mapping,
  type Type,
} from "./types.ts";
import { typeOfValue } from "./values.ts";

/** What an expression may name. */
export interface Environment {
  variables: ReadonlyMap<string, Type>;
  /** The type of a field of a message; undefined: it has none of that name. Null: there is no such message. */
  field?(message: string, name: string): Type | undefined | null;
  /** Whether a message can be made by its name: `Object{}`. */
  makes?(message: string): boolean;
  /** Has the functions that make patches. */
  patches?: boolean;
  /** Has `cel.bind`. */
  binds?: boolean;
}

class Scope {
  readonly names = new Map<string, Type>();
  readonly outer: Scope | undefined;
  constructor(outer?: Scope) {
    this.outer = outer;
  }
  find(name: string): Type | undefined {
    return this.names.get(name) ?? this.outer?.find(name);
  }
}

const isDyn = (type: Type): boolean => type.kind === "dyn";

class Checker {
  readonly #environment: Environment;
  readonly #issues: Issue[];
  readonly #mapping: Mapping = new Map();
  #scope = new Scope();
  #variables = 0;

  constructor(environment: Environment, issues: Issue[]) {
    this.#environment = environment;
    this.#issues = issues;
  }

  #report(at: number, text: string): void {
    this.#issues.push({ at, text });
  }
  #undeclared(at: number, name: string): Type {
    this.#report(at, `undeclared reference to '${name}' (in container '')`);
    return errorType;
  }
  #mismatch(at: number, expected: Type, found: Type): void {
    this.#report(at, `expected type '${formatType(expected)}' but found '${formatType(found)}'`);
  }

  #assignable(a: Type, b: Type): boolean {
    const tried = new TriedMapping(this.#mapping);
    if (!assignableIn(tried, a, b)) return false;
    tried.keep();
    return true;
  }
  #free(): Type {
    return paramType(`_var${this.#variables++}`);
  }
  #known(type: Type): Type {
    return substitute(this.#mapping, type, false);
  }

  check(e: Expr): Type {
    e.type = this.#typed(e);
    return e.type;
  }

  #typed(e: Expr): Type {
    switch (e.k) {
      case "literal":
        return typeOfValue(e.value);
      case "ident":
        return this.#ident(e);
      case "select":
        return this.#select(e);
      case "call":
        return this.#call(e);
      case "list":
        return this.#list(e);
      case "map":
        return this.#map(e);
      case "struct":
        return this.#struct(e);
      default:
        return this.#fold(e);
    }
  }

  #ident(e: Ident): Type {
    const variable = this.#variable(e.name);
    if (variable) return variable;
    const type = this.#named(e.name);
    if (!type) return this.#undeclared(e.at, e.name);
    e.names = type.params[0]!;
    return type;
  }
  #variable(name: string): Type | undefined {
    const plain = name.startsWith(".") ? name.slice(1) : name;
    return this.#scope.find(plain) ?? this.#environment.variables.get(plain);
  }
  /** A variable, or a type as a value. */
  #named(name: string): Type | undefined {
    const plain = name.startsWith(".") ? name.slice(1) : name;
    const known = this.#variable(name);
    if (known) return known;
    if (Object.hasOwn(namedTypes, plain)) return typeOf(namedTypes[plain]!);
    return this.#environment.makes?.(plain) ? typeOf(structType(plain)) : undefined;
  }

  #select(e: Select): Type {
    const name = e.test ? undefined : qualifiedName(e);
    const variable = name === undefined ? undefined : this.#named(name);
    if (variable && this.#variable(name!) === undefined) e.names = variable.params[0]!;
    if (variable) {
      e.variable = name!;
      return variable;
    }
    const found = this.#fieldOf(e, e.operand, e.field, false);
    return e.test ? boolType : this.#known(found);
  }

  #fieldOf(e: Expr, operand: Expr, field: string, optional: boolean): Type {
    const of = this.#known(this.check(operand));
    const target = unwrapped(of);
    const found = this.#memberType(e, target, field);
    return optional || isOptional(of) ? optionalOf(found) : found;
  }
  #memberType(e: Expr, target: Type, field: string): Type {
    switch (target.kind) {
      case "map":
        return target.params[1]!;
      case "struct":
        return this.#declaredField(e.at, target.name, field) ?? errorType;
      case "param":
        this.#assignable(dynType, target);
        return dynType;
      case "dyn":
      case "error":
        return dynType;
      default:
        this.#report(e.at, `type '${formatType(target)}' does not support field selection`);
        return dynType;
    }
  }
  #declaredField(at: number, message: string, field: string): Type | undefined {
    const found = this.#environment.field?.(message, field);
    if (found) return found;
    this.#report(
      at,
      found === null || !this.#environment.field
        ? `unexpected failed resolution of '${message}'`
        : `undefined field '${field}'`,
    );
    return undefined;
  }

  #call(e: Call): Type {
    if (e.fn === "_?._") {
      const [operand, field] = e.args as [Expr, Expr];
      e.overloads = ["select_optional_field"];
      return this.#known(this.#fieldOf(e, operand, (field as { value: string }).value, true));
    }
    for (const arg of e.args) this.check(arg);
    if (!e.target) {
      const overloads = this.#function(e.fn);
      return overloads ? this.#resolved(e, overloads, e.args) : this.#undeclared(e.at, e.fn);
    }
    const prefix = qualifiedName(e.target);
    const full = prefix === undefined ? undefined : this.#function(`${prefix}.${e.fn}`);
    if (full) {
      e.fn = `${prefix!.replace(/^\./, "")}.${e.fn}`;
      e.target = undefined;
      return this.#resolved(e, full, e.args);
    }
    this.check(e.target);
    const overloads = this.#function(e.fn);
    if (!overloads) return this.#undeclared(e.at, e.fn);
    return this.#resolved(e, overloads, [e.target, ...e.args]);
  }
  #function(name: string): readonly Overload[] | undefined {
    const plain = name.startsWith(".") ? name.slice(1) : name;
    if (patchFunctions.has(plain) && !this.#environment.patches) return undefined;
    return overloadsOf(plain);
  }

  #resolved(e: Call, overloads: readonly Overload[], args: readonly Expr[]): Type {
    const types = args.map(({ type }) => type!);
    if (e.fn === "_&&_" || e.fn === "_||_") return this.#logical(e, args, types);
    const meant: string[] = [];
    let result: Type | undefined;
    for (const { id, member, args: wanted, result: gives, variables } of overloads) {
      if (member !== (e.target !== undefined) || wanted.length !== types.length) continue;
      const fresh: Mapping = new Map(variables.map((name) => [name, this.#free()]));
      const tried = new TriedMapping(this.#mapping);
      const candidates = wanted.map((type) => substitute(fresh, type, false));
      if (!allAssignableIn(tried, types, candidates)) continue;
      tried.keep();
      meant.push(id);
      const made = this.#known(substitute(fresh, gives, false));
      if (result === undefined) result = made;
      else if (!isDyn(result) && !sameType(made, result)) result = dynType;
    }
    if (result) {
      e.overloads = meant;
      return result;
    }
    const shown = types.map((type) => formatType(substitute(this.#mapping, type, true)));
    const call = e.target ? `${shown[0]}.(${shown.slice(1).join(", ")})` : `(${shown.join(", ")})`;
    this.#report(e.at, `found no matching overload for '${e.fn}' applied to '${call}'`);
    return errorType;
  }
  #logical(e: Call, args: readonly Expr[], types: readonly Type[]): Type {
    let good = true;
    for (const [i, type] of types.entries()) {
      if (this.#assignable(type, boolType)) continue;
      this.#mismatch(args[i]!.at, boolType, type);
      good = false;
    }
    e.overloads = [e.fn === "_&&_" ? "logical_and" : "logical_or"];
    return good ? boolType : errorType;
  }

  /** The type of an element that may be left out. */
  #optional(e: Expr, type: Type): Type {
    if (!isOptional(type) && !isDyn(type)) this.#mismatch(e.at, optionalOf(type), type);
    return unwrapped(type);
  }
  #joined(before: Type | undefined, type: Type): Type {
    if (before === undefined) return type;
    return this.#assignable(before, type) ? mostGeneral(before, type) : dynType;
  }
  #list(e: List): Type {
    let of: Type | undefined;
    for (const [i, element] of e.elements.entries()) {
      const type = this.check(element);
      of = this.#joined(of, e.optional.has(i) ? this.#optional(element, type) : type);
    }
    return listOf(of ?? this.#free());
  }
  #map(e: MapExpr): Type {
    let keys: Type | undefined;
    let values: Type | undefined;
    for (const { key, value, optional } of e.entries) {
      keys = this.#joined(keys, this.check(key));
      const type = this.check(value);
      values = this.#joined(values, optional ? this.#optional(value, type) : type);
    }
    return mapOf(keys ?? this.#free(), values ?? this.#free());
  }

  #struct(e: Struct): Type {
    const name = e.name.startsWith(".") ? e.name.slice(1) : e.name;
    const type = this.#named(name);
    if (!type) return this.#undeclared(e.at, e.name);
    const makes = type.kind === "type" && type.params[0]?.kind === "struct";
    if (!makes) {
      this.#report(
        e.at,
        type.kind === "type"
          ? `'${type.params[0]?.name ?? name}' is not a message type`
          : `'${formatType(type)}' is not a type`,
      );
    }
    for (const { at, name: field, value, optional } of e.fields) {
      const found = this.check(value);
      const given = optional ? this.#optional(value, found) : found;
      const wanted = makes ? (this.#declaredField(at, name, field) ?? errorType) : errorType;
      if (this.#assignable(wanted, given)) continue;
      this.#report(
        at,
        `expected type of field '${field}' is '${formatType(wanted)}' but provided type is '${formatType(given)}'`,
      );
    }
    return makes ? type.params[0]! : errorType;
  }

  /** Types of a macro's one or two variables. */
  #iterated(e: Fold, range: Type): [Type, Type] {
    switch (range.kind) {
      case "list":
        return e.iter2 === undefined ? [range.params[0]!, dynType] : [intType, range.params[0]!];
      case "map":
        return [range.params[0]!, range.params[1]!];
      case "dyn":
      case "error":
      case "param":
        this.#assignable(dynType, range);
        return [dynType, dynType];
      default:
        this.#report(
          e.range.at,
          `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [errorType, errorType];
    }
  }
  #fold(e: Fold): Type {
    const range = this.#known(this.check(e.range));
    const accu = this.check(e.init);
    const outer = this.#scope;
    const result = new Scope(outer);
    result.names.set(e.accu, accu);
    const [first, second] = this.#iterated(e, range);
    const inner = new Scope(result);
    inner.names.set(e.iter, first);
    if (e.iter2 !== undefined) inner.names.set(e.iter2, second);
    this.#scope = inner;
    this.#mustBe(e.condition, boolType);
    this.#mustBe(e.step, accu);
    this.#scope = result;
    const type = this.#known(this.check(e.result));
    this.#scope = outer;
    return type;
  }
  #mustBe(e: Expr, wanted: Type): void {
    const type = this.check(e);
    if (!this.#assignable(wanted, type)) this.#mismatch(e.at, wanted, type);
  }

  /** Variables of types that nothing bound become dyn. */
  settle(e: Expr, children: (e: Expr) => readonly Expr[]): void {
    if (e.type) e.type = substitute(this.#mapping, e.type, true);
    for (const child of children(e)) this.settle(child, children);
  }
}

/** Sets the type of every part; what is wrong is added to the issues. */
export function check(
  e: Expr,
  environment: Environment,
  issues: Issue[],
  children: (e: Expr) => readonly Expr[],
): void {
  const checker = new Checker(environment, issues);
  checker.check(e);
  checker.settle(e, children);
}
