/** Keywords of strings and numbers. k8s: kube-openapi pkg/validation/validate/{validator,values,type}.go */
import { goFormat } from "../patch/go-value.ts";
import { formatKnown, matchesFormat } from "./formats.ts";
import type { JsonSchema } from "./json-schema.ts";
import type { Patterns } from "./patterns.ts";
import { other, plain, Result, wrongType, type Violation } from "./result.ts";

/** Wanted types; of int-or-string two. */
export const typesOf = (schema: JsonSchema): readonly string[] =>
  schema["x-kubernetes-int-or-string"] ? ["integer", "string"] : schema.type ? [schema.type] : [];

/** k8s: validation/formats.go StripUnsupportedFormatsPostProcessorForVersion */
export function formatOf(schema: JsonSchema): string {
  const { format, type } = schema;
  if (!format) return "";
  const single = schema["x-kubernetes-int-or-string"] ? "" : (type ?? "");
  if (single === "" || single === "string") return formatKnown(format) ? format : "";
  if (single === "integer") return /^int(32|64)$/.test(format) ? format : "";
  if (single === "number") return /^(float|double)$/.test(format) ? format : "";
  return "";
}

/** Whether a format is checked, or none is named. */
export const formatRecognized = (schema: JsonSchema): boolean =>
  !schema.format ||
  formatOf({ format: schema.format, ...(schema.type ? { type: schema.type } : {}) }) !== "";

/** 2^63: a larger number is no int64 of Go's. */
const int64Limit = 9_223_372_036_854_775_808;

export const isInt64 = (value: unknown): value is number =>
  typeof value === "number" &&
  Number.isInteger(value) &&
  value >= -int64Limit &&
  value < int64Limit;

/** The JSON type of a value, and the format that upstream infers. */
function inferred(value: unknown): [type: string, format: string] {
  if (typeof value === "boolean") return ["boolean", ""];
  if (typeof value === "string") return ["string", ""];
  if (typeof value === "number")
    return isInt64(value) ? ["integer", "int64"] : ["number", "float64"];
  return Array.isArray(value) ? ["array", ""] : ["object", ""];
}

export function checkType(schema: JsonSchema, value: unknown, path: string): Result {
  const result = new Result();
  const types = typesOf(schema);
  const fail = (wanted: string, given: string): Result => {
    const failed = new Result();
    failed.add(wrongType(path, wanted, given));
    return failed;
  };
  result.matches++;
  if (value === null) {
    if (types.length === 0 || schema.nullable) return result;
    return fail(types.join(), "null");
  }
  const format = formatOf(schema);
  const [type, given] = inferred(value);
  const isList = typeof value === "string" || Array.isArray(value);
  const fits = types.includes(type) || (type === "integer" && types.includes("number"));
  if (!isList && format && !fits && given !== format) return fail(format, given);
  const isNumeric = types.includes("number") || types.includes("integer");
  if (!isNumeric && format && isList) return result;
  return fits ? result : fail(types.join(), type);
}

const failing = (...errors: Violation[]): Result => {
  const result = new Result();
  result.add(...errors);
  return result;
};

const runesIn = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

export function checkString(
  { maxLength, minLength, pattern }: JsonSchema,
  text: string,
  path: string,
  patterns: Patterns,
): Result | undefined {
  const length = maxLength === undefined && minLength === undefined ? 0 : runesIn(text);
  if (maxLength !== undefined && length > maxLength) {
    const words = `${path} in body should be at most ${maxLength} chars long`;
    return failing({ name: path, code: "too-long", text: words, allowed: maxLength, value: text });
  }
  if (minLength !== undefined && length < minLength)
    return failing(other(path, text, `should be at least ${minLength} chars long`));
  if (!pattern || patterns.matches(pattern, text)) return undefined;
  const problem = patterns.problem(pattern);
  const shown = problem === undefined ? pattern : `${pattern}, but pattern is invalid: ${problem}`;
  return failing(other(path, text, `should match '${shown}'`));
}

/** Only of a text, and of a format that is known for its type. */
export function checkFormat(schema: JsonSchema, text: string, path: string): Result | undefined {
  const format = formatOf(schema);
  if (!formatKnown(format) || matchesFormat(format, text)) return undefined;
  return failing(wrongType(path, format, text));
}

/** Whether a number may be converted to the type without loss. k8s: IsValueValidAgainstRange */
function rangeProblem(
  value: number,
  { type, ...rest }: JsonSchema,
  format: string,
  what: string,
  path: string,
): Violation[] {
  const single = rest["x-kubernetes-int-or-string"] ? "" : type;
  const shown = single === "integer" || single === "number" ? single : "";
  const known = shown ? format : "";
  const limit = known === "int32" ? 2 ** 31 : int64Limit;
  const fits =
    shown === "integer"
      ? Number.isInteger(value) && value >= -limit && value < limit
      : known !== "float" || Number.isFinite(Math.fround(value));
  if (fits) return [];
  const words = known
    ? `${what} value must be of type ${shown} with format ${known} in ${path}`
    : `${what} value must be of type ${shown} (default format) in ${path}`;
  return [plain(words)];
}

/** Toward zero, as Go converts a constraint for an integer. */
const truncated = Math.trunc;

export function checkNumber(schema: JsonSchema, value: number, path: string): Result {
  const result = new Result();
  const format = formatOf(schema);
  const problemsOf = (bound: number, what: string): Violation[] =>
    rangeProblem(bound, schema, format, what, path);
  result.add(...problemsOf(value, "Checked"));
  const { multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = schema;
  const isInteger = isInt64(value);
  /** A bound as it is compared: whole for a whole number, where it fits the type. */
  const bound = (limit: number, what: string): number => {
    const problems = problemsOf(limit, what);
    result.add(...problems);
    return isInteger && problems.length === 0 ? truncated(limit) : limit;
  };
  if (multipleOf !== undefined) {
    const factor = bound(multipleOf, "MultipleOf");
    result.add(...multipleProblem(value, factor, isInteger && factor === truncated(factor), path));
  }
  if (minimum !== undefined) {
    const least = bound(minimum, "Minimum boundary");
    if (exclusiveMinimum ? value <= least : value < least) {
      const words = exclusiveMinimum ? "greater than" : "greater than or equal to";
      result.add(other(path, value, `should be ${words} ${goFormat(least)}`));
    }
  }
  if (maximum !== undefined) {
    const most = bound(maximum, "Maximum boundary");
    if (exclusiveMaximum ? value >= most : value > most) {
      const words = exclusiveMaximum ? "less than" : "less than or equal to";
      result.add(other(path, value, `should be ${words} ${goFormat(most)}`));
    }
  }
  result.matches++;
  return result;
}

function multipleProblem(value: number, factor: number, whole: boolean, path: string): Violation[] {
  if (whole ? factor < 1 : factor <= 0) {
    const text = `factor MultipleOf declared for ${path} must be positive: ${goFormat(factor)}`;
    return [{ name: path, code: "other", text, value: factor }];
  }
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  const isMultiple = whole ? value % factor === 0 : isNearlyWhole(times);
  return isMultiple ? [] : [other(path, value, `should be a multiple of ${goFormat(factor)}`)];
}

/** k8s: github.com/go-openapi/swag IsFloat64AJSONInteger */
function isNearlyWhole(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  const rounded = truncated(value);
  const difference = Math.abs(value - rounded);
  if (value === rounded) return true;
  if (value === 0 || rounded === 0 || difference < 2 ** -1022)
    return difference < 1e-9 * 2 ** -1022;
  return difference / Math.min(Math.abs(value) + Math.abs(rounded), Number.MAX_VALUE) < 1e-9;
}
