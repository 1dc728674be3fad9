/** Expressions of policies, validated as they are written. k8s: pkg/apis/admissionregistration/validation validateValidation ... */
import {
  compileExpression,
  variableType,
  type Declared,
  type Expression,
  type ExpressionProblem,
} from "../../cel/admission.ts";
import { boolType, listOf, nullType, stringType, structType, type Type } from "../../cel/types.ts";
import {
  at,
  child,
  duplicate,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from "../../machinery/field.ts";
import { invalidEach, qualifiedName } from "../../machinery/names.ts";
import type { AuditAnnotation, MatchCondition, Mutation, Validation, Variable } from "./shape.ts";

/** k8s: validateMatchConditions */
const conditionsMax = 64;
/** k8s: maxAuditAnnotationValueExpressionLength */
const valueExpressionBytesMax = 5 * 1024;

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** k8s: convertCELErrorToValidationError */
export function expressionError(
  path: string,
  text: string,
  found: Expression | ExpressionProblem,
): FieldError[] {
  if (!("problem" in found)) return [];
  if (!found.internal) return [invalid(path, text, found.problem)];
  return [{ type: "InternalError", field: path, message: `Internal error: ${found.problem}` }];
}

/** Names and types of the variables before each: they may use those that stand above them. */
export class Variables {
  readonly types = new Map<string, Type>();
  readonly declared: Declared;
  constructor(params: boolean, composed: boolean) {
    this.declared = {
      params,
      authorizer: true,
      ...(composed ? { variables: this.types } : {}),
    };
  }

  /** Compiles a variable, which is known from then on. */
  add({ name, expression }: Variable): Expression | ExpressionProblem {
    const found = compileExpression(expression, undefined, this.declared);
    this.types.set(name, variableType("problem" in found ? undefined : found.type));
    return found;
  }
}

export function checkVariables(
  path: string,
  variables: readonly Variable[],
  known: Variables,
): FieldError[] {
  return variables.flatMap(({ name = "", expression = "" }, i) => {
    const errors: FieldError[] = [];
    const place = at(path, i);
    if (name.trim() === "") errors.push(required(child(place, "name"), "name is not specified"));
    else if (!identifier.test(name) || reserved.has(name)) {
      errors.push(invalid(child(place, "name"), name, "must be a valid CEL identifier"));
    }
    const text = child(place, "expression");
    if (expression.trim() === "") errors.push(required(text, "expression is not specified"));
    else errors.push(...expressionError(text, expression, known.add({ name, expression })));
    return errors;
  });
}

export function checkMatchConditions(
  path: string,
  conditions: readonly MatchCondition[],
  params: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.length > conditionsMax) {
    errors.push(tooMany(path, conditions.length, conditionsMax));
  }
  const seen = new Set<string>();
  conditions.forEach(({ name = "", expression = "" }, i) => {
    const place = at(path, i);
    const text = expression.trim();
    if (text === "") errors.push(required(child(place, "expression")));
    else {
      const found = compileExpression(text, [boolType], { params, authorizer: true });
      errors.push(...expressionError(child(place, "expression"), text, found));
    }
    if (name === "") errors.push(required(child(place, "name")));
    else errors.push(...invalidEach(child(place, "name"), name, qualifiedName(name)));
    if (seen.has(name)) errors.push(duplicate(child(place, "name"), name));
    if (name !== "") seen.add(name);
  });
  return errors;
}

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];

export function checkValidation(
  path: string,
  { expression = "", message = "", messageExpression = "", reason }: Validation,
  declared: Declared,
): FieldError[] {
  const errors: FieldError[] = [];
  const text = child(path, "expression");
  if (expression.trim() === "") errors.push(required(text, "expression is not specified"));
  else
    errors.push(
      ...expressionError(text, expression, compileExpression(expression, [boolType], declared)),
    );
  const inWords = child(path, "messageExpression");
  if (messageExpression && messageExpression.trim() === "") {
    errors.push(invalid(inWords, messageExpression, "must be non-empty if specified"));
  } else if (messageExpression) {
    const found = compileExpression(messageExpression, [stringType], {
      ...declared,
      authorizer: false,
    });
    errors.push(...expressionError(inWords, messageExpression, found));
  }
  const place = child(path, "message");
  if (message && message.trim() === "") {
    errors.push(invalid(place, message, "must be non-empty if specified"));
  } else if (/[\n\r]/.test(message.trim())) {
    errors.push(invalid(place, message, "must not contain line breaks"));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(child(path, "reason"), reason, reasons));
  }
  return errors;
}

export function checkAuditAnnotation(
  path: string,
  policy: string,
  { key = "", valueExpression = "" }: AuditAnnotation,
  declared: Declared,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = `${policy}/${key}`;
  if (policy === "") {
    errors.push(invalid(child(path, "key"), key, "requires metadata.name be non-empty"));
  } else errors.push(...invalidEach(child(path, "key"), name, qualifiedName(name)));
  const place = child(path, "valueExpression");
  const text = valueExpression.trim();
  if (text === "") errors.push(required(place, "valueExpression is not specified"));
  else if (text.length > valueExpressionBytesMax) {
    errors.push(required(place, `must not exceed ${valueExpressionBytesMax} bytes in length`));
  } else {
    const found = compileExpression(text, [stringType, nullType], declared);
    errors.push(...expressionError(place, valueExpression, found));
  }
  return errors;
}

/** What the expression of each sort of patch gives. */
export const patchTypes = {
  ApplyConfiguration: structType("Object"),
  JSONPatch: listOf(structType("JSONPatch")),
};

const patches = {
  ApplyConfiguration: ["applyConfiguration", "jsonPatch"],
  JSONPatch: ["jsonPatch", "applyConfiguration"],
} as const;

/** k8s: validateMutation */
export function checkMutation(path: string, mutation: Mutation, declared: Declared): FieldError[] {
  const { patchType = "" } = mutation;
  const place = child(path, "patchType");
  if (patchType === "") return [required(place)];
  if (patchType !== "ApplyConfiguration" && patchType !== "JSONPatch") {
    return [notSupported(place, patchType, Object.keys(patches))];
  }
  const errors: FieldError[] = [];
  const [own, other] = patches[patchType];
  const given = mutation[own];
  if (!given) {
    errors.push(required(child(path, own), `must be specified when patchType is ${patchType}`));
  } else {
    const text = (given.expression ?? "").trim();
    const at = child(child(path, own), "expression");
    if (text === "") errors.push(required(at));
    else {
      const makes = { ...declared, patches: true };
      const found = compileExpression(text, [patchTypes[patchType]], makes);
      errors.push(...expressionError(at, text, found));
    }
  }
  if (mutation[other]) {
    const detail = `must not be specified when patchType is ${patchType}`;
    errors.push(invalid(child(path, other), `{${other}}`, detail));
  }
  return errors;
}
