/**
 * Rules as a definition brings them: what is wrong with each, and what they can cost.
 * k8s: apiextensions-apiserver pkg/apis/apiextensions/validation ValidateCustomResourceDefinitionOpenAPISchema, cel_validation.go
 */
import {
  append,
  at,
  child,
  forbiddenField,
  invalid,
  type FieldError,
} from "../../machinery/field.ts";
import { multiply, exactly, most } from "../range.ts";
import { additionalOf, itemsOf, type Rule, type Schema } from "../schema.ts";
import { compiledRules, type CompiledRule } from "./compiled-rules.ts";
import { fieldPathOf } from "./field-path.ts";
import { checkRuleTexts } from "./rule-texts.ts";

/** k8s: StaticEstimatedCostLimit, StaticEstimatedCRDCostLimit */
const ruleCostLimit = 10_000_000;
const definitionCostLimit = 100_000_000;
/** k8s: TotalCost.ObserveExpressionCost */
const expensiveTold = 4;

/** A rule as Go writes the struct that it is. */
const shown = (rule: Rule): object => ({
  Rule: rule.rule ?? "",
  Message: rule.message ?? "",
  MessageExpression: rule.messageExpression ?? "",
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? "",
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

/** Its texts, and where it points to. */
function checkTexts(path: string, rule: Rule, schema: Schema): FieldError[] {
  const errors = checkRuleTexts(rule, path);
  const { fieldPath } = rule;
  if (fieldPath && fieldPathOf(fieldPath, schema) === undefined)
    errors.push(invalid(child(path, "fieldPath"), fieldPath, "must be a valid path"));
  return errors;
}

/** k8s: getCostErrorMessage */
function costProblem(what: string, cost: number, limit: number): string {
  const by = cost / limit;
  const factor = by > 100 ? "more than 100x" : by < 1.5 ? `${by.toFixed(6)}x` : `${by.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

interface SchemaPosition {
  path: string;
  isRoot: boolean;
  /** How often it can lie in an object; undefined: without end. */
  cardinality: number | undefined;
  /** The list within which there is no old value for each new one. */
  uncorrelated: string | undefined;
}

class Checking {
  readonly errors: FieldError[] = [];
  #total = 0;
  readonly #expensive: { path: string; cost: number }[] = [];

  #observe(path: string, cost: number): void {
    this.#total = Math.min(most, this.#total + cost);
    if (cost >= definitionCostLimit / 100) this.#expensive.push({ path, cost });
  }

  /** A schema and what lies within it; what lies within is told first. */
  schema(schema: Schema, place: SchemaPosition): void {
    this.#inner(schema, place);
    const rules = schema["x-kubernetes-validations"] ?? [];
    if (rules.length === 0) return;
    const path = child(place.path, "x-kubernetes-validations");
    const before = this.errors.length;
    rules.forEach((rule, i) => append(this.errors, checkTexts(at(path, i), rule, schema)));
    if (this.errors.length > before) return;
    const compiled = compiledRules(schema, place.isRoot);
    if (!compiled) {
      const detail =
        "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations";
      const message = `Internal error: ${detail}`;
      this.errors.push({ type: "InternalError", field: path, message });
      return;
    }
    compiled.rules.forEach((rule, i) => {
      const times = place.cardinality ?? compiled.cardinality;
      this.#rule(at(path, i), rule, times, place.uncorrelated);
    });
  }

  #inner(schema: Schema, place: SchemaPosition): void {
    const factor = factorOf(schema);
    const { cardinality } = place;
    const within =
      cardinality === undefined || factor === undefined ? undefined : cardinality * factor;
    const inner = (of: Schema, path: string, uncorrelated = place.uncorrelated): void =>
      this.schema(of, {
        path,
        isRoot: of["x-kubernetes-embedded-resource"] === true,
        cardinality: within,
        uncorrelated,
      });
    const more = additionalOf(schema);
    if (more) inner(more, child(place.path, "additionalProperties"));
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      inner(property, at(child(place.path, "properties"), name));
    }
    const items = itemsOf(schema);
    if (!items) return;
    const keyed = schema["x-kubernetes-list-type"] === "map";
    inner(items, child(place.path, "items"), keyed ? place.uncorrelated : place.path);
  }

  #rule(
    path: string,
    compiled: CompiledRule,
    times: number,
    uncorrelated: string | undefined,
  ): void {
    const { rule, error, messageError } = compiled;
    const place = child(path, "rule");
    const cost = multiply(exactly(compiled.costMax), exactly(times)).max;
    if (cost > ruleCostLimit) {
      const detail = costProblem("estimated rule cost", cost, ruleCostLimit);
      this.errors.push(forbiddenField(place, detail));
    }
    this.#observe(place, cost);
    if (error !== undefined) this.errors.push(invalid(place, shown(rule), error));
    const words = child(path, "messageExpression");
    if (messageError !== undefined) this.errors.push(invalid(words, shown(rule), messageError));
    else if (compiled.message) this.#messageCost(words, compiled.messageCostMax);
    if (compiled.usesOldSelf && uncorrelated !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
      this.errors.push(invalid(place, rule.rule, detail));
    }
    if (!compiled.usesOldSelf && rule.optionalOldSelf !== undefined) {
      const detail = "may not be set if oldSelf is not used in rule";
      this.errors.push(invalid(child(path, "optionalOldSelf"), rule.optionalOldSelf, detail));
    }
  }
  #messageCost(path: string, cost: number): void {
    if (cost > ruleCostLimit) {
      const detail = costProblem("estimated messageExpression cost", cost, ruleCostLimit);
      this.errors.push(forbiddenField(path, detail));
    }
    this.#observe(path, cost);
  }

  /** What all of them together can cost. */
  total(path: string): void {
    if (this.#total <= definitionCostLimit) return;
    const detail =
      "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    this.#expensive.sort((a, b) => b.cost - a.cost);
    for (const one of this.#expensive.slice(0, expensiveTold)) {
      this.errors.push(forbiddenField(one.path, detail));
    }
    const what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    this.errors.push(forbiddenField(path, costProblem(what, this.#total, definitionCostLimit)));
  }
}

/** How many of each part a value can have; undefined: any number. */
function factorOf(schema: Schema): number | undefined {
  if (schema.type === "array") {
    return schema.maxItems === undefined ? undefined : Math.max(0, schema.maxItems);
  }
  if (schema.type !== "object" || !schema.additionalProperties) return 1;
  return schema.maxProperties === undefined ? undefined : Math.max(0, schema.maxProperties);
}

/**
 * What is wrong with the rules of a version's schema. Asked once the schema is structural and good otherwise; `path` is that
 * of its `openAPIV3Schema`.
 */
export function checkRules(schema: Schema, path: string): FieldError[] {
  const checking = new Checking();
  checking.schema(schema, { path, isRoot: true, cardinality: 1, uncorrelated: undefined });
  checking.total(path);
  return checking.errors;
}
