/** Defaults must be values of their schema. k8s: apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go */
import { at, child, invalid, type FieldError } from "../../machinery/field.ts";
import { jsonEqual } from "../../schema/patch/go-value.ts";
import { validateEmbedded } from "../../schema/structural/embedded.ts";
import {
  itemsOf,
  namesIn,
  propertyOf,
  type JsonSchema,
} from "../../schema/structural/json-schema.ts";
import type { Patterns } from "../../schema/structural/patterns.ts";
import { pruned } from "../../schema/structural/prune.ts";
import { validateValue } from "../../schema/structural/validate.ts";

export function validateDefaults(
  schema: JsonSchema,
  path: string,
  patterns: Patterns,
): FieldError[] {
  const errors = validateDefault(schema, path, patterns);
  const items = itemsOf(schema);
  if (items) errors.push(...validateDefaults(items, child(path, "items"), patterns));
  for (const name of namesIn(schema.properties)) {
    const place = at(child(path, "properties"), name);
    errors.push(...validateDefaults(propertyOf(schema, name) as JsonSchema, place, patterns));
  }
  return errors;
}

function validateDefault(schema: JsonSchema, path: string, patterns: Patterns): FieldError[] {
  const preset = schema.default;
  if (preset === undefined || preset === null) return [];
  const place = child(path, "default");
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  const errors: FieldError[] = [];
  const { value } = pruned(preset, { ...schema, nullable: true }, isEmbedded);
  if (!jsonEqual(value, preset))
    errors.push(invalid(place, preset, "must not have unknown fields"));
  const embedded = validateEmbedded(schema, preset, place);
  return [
    ...errors,
    ...(embedded.length ? embedded : validateValue(schema, preset, place, patterns)),
  ];
}
