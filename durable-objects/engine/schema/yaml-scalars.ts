/**
 * What plain scalars are read as: YAML 1.1's words for booleans, octal numbers, merge keys; no times, no sexagesimals.
 * yaml: go.yaml.in/yaml/v2 resolve.go
 */
import { FAILSAFE_SCHEMA, NOT_RESOLVED, defineScalarTag, mergeTag } from "js-yaml";

const tag = (name: string): string => `tag:yaml.org,2002:${name}`;
const never = (): boolean => false;

const nulls = new Set(["", "~", "null", "Null", "NULL"]);
const trues = new Set("y Y yes Yes YES true True TRUE on On ON".split(" "));
const falses = new Set("n N no No NO false False FALSE off Off OFF".split(" "));

const goNull = defineScalarTag<null>(tag("null"), {
  implicit: true,
  implicitFirstChars: ["", "~", "n", "N"],
  resolve: (text) => (nulls.has(text) ? null : NOT_RESOLVED),
  identify: never,
});

const goBool = defineScalarTag<boolean>(tag("bool"), {
  implicit: true,
  implicitFirstChars: [..."yYnNtTfFoO"],
  resolve: (text) => (trues.has(text) ? true : falses.has(text) ? false : NOT_RESOLVED),
  identify: never,
});

const numeric = [..."+-0123456789."];
const integer = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9]\d*|0)$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

/** strconv.ParseInt with base 0, underscores left out. */
function integerOf(text: string): number | typeof NOT_RESOLVED {
  const shaped = integer.exec(text.replaceAll("_", ""));
  if (!shaped || !/^[-+\d]/.test(text)) return NOT_RESOLVED;
  const digits = shaped[2] as string;
  const octal = /^0[0-7]+$/.test(digits);
  const size = Number(octal ? `0o${digits.slice(1)}` : digits.toLowerCase());
  return shaped[1] === "-" ? -size : size;
}

const goInt = defineScalarTag<number>(tag("int"), {
  implicit: true,
  implicitFirstChars: numeric,
  resolve: integerOf,
  identify: never,
});

const goFloat = defineScalarTag<number>(tag("float"), {
  implicit: true,
  implicitFirstChars: numeric,
  resolve: (text) =>
    float.test(text.replaceAll("_", "")) ? Number(text.replaceAll("_", "")) : NOT_RESOLVED,
  identify: never,
});

export const goSchema = FAILSAFE_SCHEMA.withTags(goNull, goBool, goInt, goFloat, mergeTag);
