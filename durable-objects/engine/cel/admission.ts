/**
 * Expressions of admission policies: what they may name, what they must give, and their errors.
 * k8s: apiserver/pkg/admission/plugin/cel/compile.go, composition.go
 */
import { expressionsKeptMax } from "../core/limits.ts";
import { keep } from "../core/memo.ts";
import { admissionField, namespaceType, requestType } from "./admission-types.ts";
import type { Environment } from "./checker.ts";
import { compile } from "./compile.ts";
import { authorizerType, resourceCheckType } from "./functions/authorizer.ts";
import { isPatchType, makePatchType, patchField } from "./patch-types.ts";
import { ConstantProblem } from "./plan.ts";
import { Program } from "./program.ts";
import {
  dynType,
  listOf,
  mapOf,
  sameType,
  structType,
  typeText,
  type Kind,
  type Type,
} from "./types.ts";

/** What an expression may name beside the request and its objects. */
export interface Declared {
  params: boolean;
  authorizer: boolean;
  /** It makes patches. */
  patches?: boolean;
  /** Types of the policy's variables so far; absent: it knows none. */
  variables?: ReadonlyMap<string, Type>;
}

export interface Expression {
  readonly text: string;
  readonly program: Program;
  readonly type: Type;
}

/** What is wrong with an expression, in the words that stand in a field's error. */
export interface ExpressionProblem {
  readonly problem: string;
  /** It is no fault of the text: upstream calls it internal. */
  readonly internal: boolean;
  /** What it would give, where the text alone is good. */
  readonly type?: Type;
}

const variablesType = structType("kubernetes.variables");

/** What is known of the objects themselves, where they are looked at before there are any. */
export interface KnownTypes {
  object: Type;
  params: Type;
  /** Fields of their messages; null: it is none of them. */
  field(message: string, field: string): Type | undefined | null;
}

const unknown: KnownTypes = { object: dynType, params: dynType, field: admissionField };

function environmentOf(
  { params, authorizer, patches, variables }: Declared,
  known = unknown,
): Environment {
  const names = new Map<string, Type>([
    ["object", known.object],
    ["oldObject", known.object],
    ["namespaceObject", namespaceType],
    ["request", requestType],
  ]);
  if (params) names.set("params", known.params);
  if (authorizer) {
    names.set("authorizer", authorizerType);
    names.set("authorizer.requestResource", resourceCheckType);
  }
  if (variables) names.set("variables", variablesType);
  return {
    variables: names,
    field: (message, field) =>
      message === variablesType.name
        ? variables?.get(field)
        : patches && isPatchType(message)
          ? patchField(message, field)
          : known.field(message, field),
    makes: (name) => patches === true && isPatchType(name),
    ...(patches ? { patches } : {}),
  };
}

const simple = new Set<Kind>(
  "bool bytes double duration int null string timestamp uint".split(" ") as Kind[],
);

/** The type of a variable as others see it: what is not of the language itself is dyn. */
export function variableType(type: Type | undefined): Type {
  if (!type) return dynType;
  if (type.kind === "list") return listOf(variableType(type.params[0]));
  if (type.kind === "map") return mapOf(variableType(type.params[0]), variableType(type.params[1]));
  return simple.has(type.kind) ? type : dynType;
}

/** The type that an expression has over objects of known types, or what is wrong with it. Nothing is run. */
export function typeCheck(
  text: string,
  declared: Declared,
  known: KnownTypes,
): { type: Type } | { error: string } {
  const field: KnownTypes["field"] = (message, name) => {
    const found = known.field(message, name);
    return found === null ? admissionField(message, name) : found;
  };
  return compile(text, environmentOf(declared, { ...known, field }));
}

const kept = new Map<string, Expression | ExpressionProblem>();

/** Compiles one; `returns`: what it may give, or anything. */
export function compileExpression(
  text: string,
  returns: readonly Type[] | undefined,
  declared: Declared,
): Expression | ExpressionProblem {
  const variables = [...(declared.variables ?? [])].map(([name, type]) => [name, typeText(type)]);
  const key = JSON.stringify([text, returns?.map(typeText), { ...declared, variables }]);
  const known = kept.get(key);
  return known ?? keep(kept, expressionsKeptMax, key, compiled(text, returns, declared));
}

function compiled(
  text: string,
  returns: readonly Type[] | undefined,
  declared: Declared,
): Expression | ExpressionProblem {
  const checked = compile(text, environmentOf(declared));
  if ("error" in checked) {
    return { problem: `compilation failed: ${checked.error}`, internal: false };
  }
  const { e, type } = checked;
  if (returns && !returns.some((one) => sameType(one, type))) {
    const wanted =
      returns.length === 1 ? typeText(returns[0]!) : `one of [${returns.map(typeText).join(" ")}]`;
    return {
      problem: `must evaluate to ${wanted} but got ${typeText(type)}`,
      internal: false,
    };
  }
  try {
    return { text, program: new Program(e, declared.patches ? makePatchType : undefined), type };
  } catch (error) {
    if (!(error instanceof ConstantProblem)) throw error;
    return { problem: `program instantiation failed: ${error.message}`, internal: true };
  }
}
