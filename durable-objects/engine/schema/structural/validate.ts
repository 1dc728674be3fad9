/**
 * Values against a schema, in the order and with the words of upstream's validator.
 * k8s: kube-openapi pkg/validation/validate, apiextensions-apiserver pkg/apiserver/validation
 */
import type { FieldError } from "../../machinery/field.ts";
import { isObject } from "../decode.ts";
import { goJson, jsonEqual } from "../patch/go-value.ts";
import type { Correlated } from "./correlated.ts";
import { additionalOf, itemsOf, namesIn, propertyOf, type JsonSchema } from "./json-schema.ts";
import type { Patterns } from "./patterns.ts";
import { fieldErrorsOf, other, plain, required, Result } from "./result.ts";
import { checkFormat, checkNumber, checkString, checkType, formatOf, typesOf } from "./scalars.ts";
import { goQuote } from "../../machinery/field.ts";

/** Where a value stands: its path, what stood there before, and what matches patterns. */
interface Position {
  path: string;
  before: Correlated | undefined;
  patterns: Patterns;
}

/**
 * What is wrong with a value. `path`: that of the whole, "" for an object. `before`: on an update, the value beside the one
 * it replaces; parts that stayed as they were are let pass.
 */
export function validateValue(
  schema: JsonSchema,
  value: unknown,
  path: string,
  patterns: Patterns,
  before?: Correlated,
): FieldError[] {
  return fieldErrorsOf(ratcheted(schema, value, { path: "", before, patterns }), path);
}

/** k8s: ratcheting.go ratchetingValueValidator.Validate */
function ratcheted(schema: JsonSchema, value: unknown, place: Position): Result {
  const result = check(schema, value, place);
  if (result.isValid || !place.before?.isUnchanged) return result;
  const passed = new Result();
  passed.matches = result.matches;
  return passed;
}

function check(schema: JsonSchema, value: unknown, place: Position): Result {
  const { path, patterns } = place;
  patterns.checked();
  const result = new Result();
  if (value === null || value === undefined) {
    result.merge(checkType(schema, null, path));
    result.merge(checkEnum(schema, null, path));
    return result;
  }
  const ran = (found: Result | undefined): void => {
    result.merge(found);
    result.matches++;
  };
  if (typesOf(schema).length > 0 || formatOf(schema)) ran(checkType(schema, value, path));
  ran(checkJunctors(schema, value, place));
  if (typeof value === "string") {
    ran(checkString(schema, value, path, patterns));
    if (formatOf(schema)) ran(checkFormat(schema, value, path));
  }
  if (typeof value === "number") ran(checkNumber(schema, value, path));
  if (Array.isArray(value)) ran(checkList(schema, value, place));
  ran(checkEnum(schema, value, path));
  if (isObject(value)) ran(checkObject(schema, value, place));
  result.matches++;
  return result;
}

interface Choices {
  scalars: ReadonlySet<unknown>;
  others: readonly unknown[];
  id: number;
  json: string;
  /** As a message lists them. */
  told: string;
}

const choices = new WeakMap<readonly unknown[], Choices>();
let enums = 0;

/** An enum as it is looked up: thousands of values may be compared with thousands. */
function choicesOf(allowed: readonly unknown[]): Choices {
  const known = choices.get(allowed);
  if (known) return known;
  const made: Choices = {
    scalars: new Set(allowed.filter((one) => typeof one !== "object")),
    others: allowed.filter((one) => typeof one === "object"),
    id: enums++,
    json: JSON.stringify(allowed),
    told: allowed.map((one) => goQuote(typeof one === "string" ? one : goJson(one))).join(", "),
  };
  choices.set(allowed, made);
  return made;
}

function checkEnum(
  { enum: allowed }: JsonSchema,
  value: unknown,
  path: string,
): Result | undefined {
  if (!allowed?.length) return undefined;
  const { scalars, others, id, json, told } = choicesOf(allowed);
  const isAmong =
    typeof value === "object" ? others.some((one) => jsonEqual(one, value)) : scalars.has(value);
  if (value !== null && isAmong) return undefined;
  const result = new Result();
  const text = `${path} in body should be one of ${json}`;
  result.add({ name: path, code: "enum", text, key: `${path}#${id}`, value, choices: told });
  return result;
}

/** Which of several failures is told: that of the schema that came furthest. */
function furthest(results: readonly Result[]): Result | undefined {
  let best: Result | undefined;
  for (const result of results) if (!best || result.matches > best.matches) best = result;
  return best;
}

/** What a failure costs beside a check: its texts are made, and kept until the furthest is known. */
const misfitUnits = 4;

/** allOf, anyOf, oneOf and not. k8s: schema_props.go */
function checkJunctors(schema: JsonSchema, value: unknown, place: Position): Result {
  const result = new Result();
  const { anyOf = [], oneOf = [], allOf = [], not } = schema;
  const quoted = (): string => goQuote(place.path);
  if (anyOf.length > 0) {
    const failed: Result[] = [];
    let first: Result | undefined;
    for (const one of anyOf) {
      const found = check(one, value, place);
      if (found.isValid) {
        first = found;
        break;
      }
      place.patterns.checked(misfitUnits);
      failed.push(found);
    }
    if (!first) result.add(plain(`${quoted()} must validate at least one schema (anyOf)`));
    result.merge(first ?? furthest(failed));
  }
  if (oneOf.length > 0) {
    const found = oneOf.map((one) => check(one, value, place));
    place.patterns.checked(found.length * misfitUnits);
    const valid = found.filter(({ isValid }) => isValid);
    if (valid.length === 1) result.merge(valid[0]);
    else {
      const why = valid.length ? `Found ${valid.length} valid alternatives` : "Found none valid";
      result.add(plain(`${quoted()} must validate one and only one schema (oneOf). ${why}`));
      if (valid.length === 0) result.merge(furthest(found));
    }
  }
  if (allOf.length > 0) {
    const found = allOf.map((one) => check(one, value, place));
    for (const one of found) result.merge(one);
    const valid = found.filter(({ isValid }) => isValid).length;
    if (valid !== allOf.length)
      result.add(
        plain(
          `${quoted()} must validate all the schemas (allOf)${valid ? "" : ". None validated"}`,
        ),
      );
  }
  if (not && check(not, value, place).isValid)
    result.add(plain(`${quoted()} must not validate the schema (not)`));
  result.matches++;
  return result;
}

function checkList(schema: JsonSchema, list: readonly unknown[], place: Position): Result {
  const { path, patterns } = place;
  const result = new Result();
  const of = itemsOf(schema);
  if (of)
    for (let i = 0; i < list.length; i++) {
      const before = place.before?.index(i);
      result.merge(ratcheted(of, list[i], { path: `${path}[${i}]`, before, patterns }));
    }
  const { minItems, maxItems, uniqueItems } = schema;
  const { length } = list;
  if (minItems !== undefined && length < minItems)
    result.add(other(path, length, `should have at least ${minItems} items`));
  if (maxItems !== undefined && length > maxItems) {
    const text = `${path} in body should have at most ${maxItems} items`;
    result.add({ name: path, code: "too-many", text, value: length, allowed: maxItems });
  }
  if (uniqueItems && new Set(list.map((item) => JSON.stringify(item))).size < length)
    result.add({ ...other(path, "", "shouldn't contain duplicates") });
  result.matches++;
  return result;
}

const typeMeta = new Set(["kind", "apiVersion"]);

function checkObject(schema: JsonSchema, object: Record<string, unknown>, place: Position): Result {
  const { path, patterns } = place;
  const result = new Result();
  const names = Object.keys(object);
  const { minProperties, maxProperties, additionalProperties: more } = schema;
  if (minProperties !== undefined && names.length < minProperties)
    result.add(other(path, names.length, `should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && names.length > maxProperties) {
    const text = `${path} in body should have at most ${maxProperties} properties`;
    result.add({ name: path, code: "too-many", text, value: names.length, allowed: maxProperties });
  }
  const field = (name: string, below: JsonSchema, at: string): void => {
    const before = path === "" && typeMeta.has(name) ? undefined : place.before?.key(name);
    result.merge(ratcheted(below, object[name], { path: at, before, patterns }));
  };
  const additional = additionalOf(schema);
  for (const name of names) {
    if (propertyOf(schema, name)) continue;
    if (more === false) {
      const text = `${path}.${name} in body is a forbidden property`;
      result.add({ name: path, code: "other", text, value: name });
    } else if (additional) field(name, additional, `${path}.${name}`);
  }
  for (const name of namesIn(schema.properties)) {
    if (!Object.hasOwn(object, name)) continue;
    field(name, propertyOf(schema, name) as JsonSchema, path ? `${path}.${name}` : name);
  }
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(object, name)) result.add(required(`${path}.${name}`));
  return result;
}
