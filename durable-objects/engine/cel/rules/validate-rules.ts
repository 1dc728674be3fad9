/** Objects held to the rules of their schema. k8s: apiextensions-apiserver pkg/apiserver/schema/cel/validation.go */
import { equal } from "../../core/equal.ts";
import {
  at,
  child,
  duplicate,
  forbiddenField,
  invalid,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { byteLength } from "../../machinery/names.ts";
import { fromTyped, type JsonObject } from "../json.ts";
import type { Variables } from "../plan.ts";
import type { Outcome, Program } from "../program.ts";
import { additionalOf, hasObjectMeta, itemsOf, type Rule, type Schema } from "../schema.ts";
import { expressionCostMax } from "../../core/limits.ts";
import { CelError, Optional, type Value } from "../values.ts";
import { compiledRules, type CompiledRule } from "./compiled-rules.ts";

type Json = unknown;

const isObject = (json: Json): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** k8s: apiserver/pkg/apis/cel/config.go MaxEvaluatedMessageExpressionSizeBytes */
const messageBytesMax = 5 * 1024;

const outOfBudget =
  "validation failed due to running out of cost budget, no further validation rules will be run";
const exceeded = "operation cancelled: actual cost limit exceeded";

/** A value and what it was, where that can be told. */
interface Pair {
  now: Json;
  before: Json;
}

/** What decides whether a violation counts that was there before. k8s: ratchetingOptions */
interface Correlation {
  current: Pair | undefined;
  parent: Pair | undefined;
}

const unchanged = ({ current, parent }: Correlation): boolean => {
  const pair = current ?? parent;
  return pair !== undefined && equal(pair.now, pair.before);
};

function ofKey(correlation: Correlation, key: string): Correlation {
  const { current, parent } = correlation;
  if (!current) return correlation;
  if (!parent && (key === "apiVersion" || key === "kind")) {
    return { current: undefined, parent: undefined };
  }
  const both = isObject(current.now) && isObject(current.before);
  const [now, before] = both
    ? [(current.now as JsonObject)[key], (current.before as JsonObject)[key]]
    : [undefined, undefined];
  const known = both && (now !== undefined || before !== undefined);
  return { current: known ? { now, before } : undefined, parent: current };
}

const ofElement = (correlation: Correlation, now: Json, before: Json): Correlation =>
  correlation.current
    ? { current: before === undefined ? undefined : { now, before }, parent: correlation.current }
    : correlation;

const keyOf = (element: Json, keys: readonly string[]): string | undefined => {
  if (!isObject(element) || keys.some((key) => element[key] === undefined)) return undefined;
  return JSON.stringify(keys.map((key) => element[key]));
};

/** Elements of a list as it was, by their keys; only of a list that has keys. */
function oldElements(schema: Schema, old: Json): (element: Json) => Json {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (schema["x-kubernetes-list-type"] !== "map" || keys.length === 0 || !Array.isArray(old)) {
    return () => undefined;
  }
  const byKey = new Map<string, Json>();
  for (const element of old) {
    const key = keyOf(element, keys);
    if (key !== undefined && !byKey.has(key)) byKey.set(key, element);
  }
  return (element) => {
    const key = keyOf(element, keys);
    return key === undefined ? undefined : byKey.get(key);
  };
}

/** What stands for a rule where it is told of. */
const nameOf = (rule: Rule): string => (rule.message ? rule.message : rule.rule).trim();

/** Nothing more is run. */
class Spent extends Error {}

/** What a place's rules need to know of it. */
interface RuledValue {
  path: string;
  isRoot: boolean;
  schema: Schema;
  now: Json;
  before: Json;
  correlation: Correlation;
}

/** Whether a schema, or one within it, has rules; kept with it. */
const ruled = new WeakMap<Schema, boolean>();

function hasRules(schema: Schema): boolean {
  const known = ruled.get(schema);
  if (known !== undefined) return known;
  const parts = [itemsOf(schema), additionalOf(schema), ...Object.values(schema.properties ?? {})];
  const has =
    (schema["x-kubernetes-validations"]?.length ?? 0) > 0 ||
    parts.some((part) => part !== undefined && hasRules(part));
  ruled.set(schema, has);
  return has;
}

class Validation {
  readonly errors: FieldError[] = [];
  #left = expressionCostMax;
  readonly #warn: (text: string) => void;
  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /** What the rules have cost. */
  get cost(): number {
    return expressionCostMax - this.#left;
  }

  #stop(error: FieldError): never {
    this.errors.push(error);
    throw new Spent();
  }

  value(place: RuledValue): void {
    const { schema, now } = place;
    if (now === null || now === undefined || !hasRules(schema)) return;
    this.#rules(place);
    if (Array.isArray(now)) this.#list(place, now);
    else if (isObject(now)) this.#object(place, now);
  }

  #inner(of: Schema, path: string, now: Json, before: Json, correlation: Correlation): void {
    const isRoot = of["x-kubernetes-embedded-resource"] === true;
    this.value({ path, isRoot, schema: of, now, before, correlation });
  }
  #object({ schema, path, before, correlation }: RuledValue, now: JsonObject): void {
    const was = isObject(before) ? before : {};
    const more = additionalOf(schema);
    for (const [key, value] of Object.entries(now)) {
      const within = ofKey(correlation, key);
      const old = Object.hasOwn(was, key) ? was[key] : undefined;
      if (more) this.#inner(more, at(path, key), value, old, within);
      const { properties } = schema;
      if (properties && Object.hasOwn(properties, key)) {
        this.#inner(properties[key]!, child(path, key), value, old, within);
      }
    }
  }
  #list({ schema, path, before, correlation }: RuledValue, now: readonly Json[]): void {
    const items = itemsOf(schema);
    if (!items) return;
    const oldOf = oldElements(schema, before);
    now.forEach((element, i) => {
      const old = oldOf(element);
      this.#inner(items, at(path, i), element, old, ofElement(correlation, element, old));
    });
  }

  #rules(place: RuledValue): void {
    const { schema, isRoot, now, before } = place;
    if (!schema["x-kubernetes-validations"]?.length) return;
    const field = place.path || "<nil>";
    const type = schema.type ?? "";
    const compiled = compiledRules(schema, isRoot);
    if (!compiled) {
      const detail =
        "rule compiler initialization error: failed to convert to declType for CEL validation rules";
      this.errors.push(invalid(field, type, detail));
      return;
    }
    if (this.#left <= 0) this.#stop(invalid(field, type, outOfBudget));
    const typed = isRoot ? hasObjectMeta(schema) : schema;
    const self = fromTyped(now, typed);
    const hasOld = before !== null && before !== undefined;
    const old = hasOld ? fromTyped(before, typed) : undefined;
    const names = (oldSelf: Value | undefined): Variables => {
      return (name) => (name === "self" ? self : name === "oldSelf" ? oldSelf : undefined);
    };
    const optional = new Optional(old);
    // What messages see of the old value depends on all rules of the place. k8s: celActivationFactory
    const plain = names(compiled.rules.some((rule) => rule.usesOldSelf) ? old : undefined);
    for (const rule of compiled.rules) {
      if (rule.error !== undefined) {
        this.errors.push(invalid(field, type, `rule compile error: ${rule.error}`));
      }
      const transition = rule.usesOldSelf && !hasOld && !rule.rule.optionalOldSelf;
      if (!rule.program || transition) continue;
      const variables = names(rule.rule.optionalOldSelf ? optional : old);
      this.#rule(place, rule, variables, plain);
    }
  }

  #spend({ cost }: Outcome, error: FieldError): void {
    if (cost > this.#left) this.#stop(error);
    this.#left -= cost;
  }

  #rule(place: RuledValue, compiled: CompiledRule, variables: Variables, plain: Variables): void {
    const field = place.path || "<nil>";
    const type = place.schema.type ?? "";
    const outcome = compiled.program!.evaluate(variables);
    this.#spend(outcome, invalid(field, type, outOfBudget));
    const name = nameOf(compiled.rule);
    if (outcome.value instanceof CelError) {
      const { text } = outcome.value;
      if (text.startsWith(exceeded)) {
        const detail = `'${text}': no further validation rules will be run due to call cost exceeds limit for rule: ${name}`;
        this.#stop(invalid(field, type, detail));
      }
      const detail = text.startsWith("no such overload")
        ? `'${text}': call arguments did not match a supported operator, function or macro signature for rule: ${name}`
        : `${text} evaluating rule: ${name}`;
      this.errors.push(invalid(field, type, detail));
      return;
    }
    if (outcome.value === true) return;
    const { path } = compiled;
    const told = path === "" ? field : place.path === "" ? path : join(place.path, path);
    const detail = this.#message(compiled, plain, told, type);
    this.#violated(violation(told, place, detail, compiled.rule), compiled, place);
  }
  #violated(error: FieldError, compiled: CompiledRule, { correlation }: RuledValue): void {
    if (!compiled.usesOldSelf && unchanged(correlation)) {
      this.#warn(`${error.field}: ${error.message}`);
    } else this.errors.push(error);
  }

  /** k8s: evalMessageExpression, ruleMessageOrDefault */
  #message(
    { rule, message }: CompiledRule,
    variables: Variables,
    path: string,
    type: string,
  ): string {
    const made = message ? this.#worked(message, rule, variables, path, type) : undefined;
    if (made !== undefined) return made;
    return rule.message ? rule.message.trim() : `failed rule: ${nameOf(rule)}`;
  }
  #worked(
    message: Program,
    rule: Rule,
    variables: Variables,
    path: string,
    type: string,
  ): string | undefined {
    const outcome = message.evaluate(variables);
    this.#spend(
      outcome,
      invalid(
        path,
        type,
        "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run",
      ),
    );
    const { value } = outcome;
    if (value instanceof CelError && value.text.startsWith(exceeded)) {
      const detail = `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(rule.messageExpression)}`;
      this.#stop(invalid(path, type, detail));
    }
    const text = typeof value === "string" ? value.trim() : "";
    const good = text !== "" && !text.includes("\n") && byteLength(text) <= messageBytesMax;
    return good ? text : undefined;
  }
}

/** `spec` and `[a]` or `b.c`: a path below another one. */
const join = (path: string, below: string): string => child(path, below);

/** k8s: fieldErrorForReason */
function violation(
  path: string,
  { schema, now }: RuledValue,
  detail: string,
  { reason }: Rule,
): FieldError {
  const shown = schema.type !== "object" && schema.type !== "array";
  switch (reason) {
    case "FieldValueForbidden":
      return forbiddenField(path, detail);
    case "FieldValueRequired":
      return required(path, detail);
    case "FieldValueDuplicate":
      return shown
        ? duplicate(path, now)
        : { type: "FieldValueDuplicate", field: path, message: "Duplicate value" };
    default:
      return shown
        ? invalid(path, now, detail)
        : { type: "FieldValueInvalid", field: path, message: `Invalid value: ${detail}` };
  }
}

export interface RuleOutcome {
  errors: FieldError[];
  /** In units of CEL, for whoever counts what requests cost. */
  cost: number;
}

/**
 * What of an object violates the rules of its schema. `old`: as it was, undefined on a creation; violations of what did not
 * change are warned of only. Asked once everything else about the object holds.
 */
export function validateRules(
  schema: Schema,
  object: JsonObject,
  old: JsonObject | undefined,
  warn: (text: string) => void = () => undefined,
): RuleOutcome {
  const validation = new Validation(warn);
  const pair = old ? { now: object, before: old } : undefined;
  try {
    validation.value({
      path: "",
      isRoot: true,
      schema,
      now: object,
      before: old,
      correlation: { current: pair, parent: undefined },
    });
  } catch (error) {
    if (!(error instanceof Spent)) throw error;
  }
  return { errors: validation.errors, cost: validation.cost };
}
