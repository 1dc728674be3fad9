/** Defaults must be values of their schema. k8s: apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go */
import { aggregate, at, child, invalid, type FieldError } from "../../../machinery/field.ts";
import { jsonEqual } from "../../../schema/patch/go-value.ts";
import { validateEmbedded } from "../../../schema/structural/embedded.ts";
import {
  itemsOf,
  namesIn,
  propertyOf,
  type JsonSchema,
} from "../../../schema/structural/json-schema.ts";
import type { Patterns } from "../../../schema/structural/patterns.ts";
import { coerced, EmbeddedProblem, pruned } from "../../../schema/structural/prune.ts";
import { validateValue } from "../../../schema/structural/validate.ts";

/** Where a schema stands: the object that is a resource of its own, and what a value there makes of it. */
interface Place {
  resource: JsonSchema;
  /** Within that resource's kind, version or metadata. */
  inMeta: boolean;
  around(value: unknown): unknown;
}

const embedded = (resource: JsonSchema): Place => ({
  resource,
  inMeta: false,
  around: (value) => ({ apiVersion: "validation/v1", kind: "Validation", ...(value as object) }),
});

const metaFields = new Set(["apiVersion", "kind", "metadata"]);

export function validateDefaults(
  schema: JsonSchema,
  path: string,
  patterns: Patterns,
  within: Place = { resource: schema, inMeta: false, around: (value) => value },
): FieldError[] {
  const isResource = schema["x-kubernetes-embedded-resource"] === true;
  const place = isResource ? embedded(schema) : within;
  const errors = validateDefault(schema, path, patterns, place);
  const items = itemsOf(schema);
  const below = (inMeta: boolean, wrap: (value: unknown) => unknown): Place => ({
    ...place,
    inMeta,
    around: (value) => place.around(wrap(value)),
  });
  if (items) {
    const each = below(place.inMeta, (value) => [value]);
    errors.push(...validateDefaults(items, child(path, "items"), patterns, each));
  }
  for (const name of namesIn(schema.properties)) {
    const inMeta = place.inMeta || (isResource && metaFields.has(name));
    const of = below(inMeta, (value) => ({ [name]: value }));
    const where = at(child(path, "properties"), name);
    errors.push(...validateDefaults(propertyOf(schema, name) as JsonSchema, where, patterns, of));
  }
  return errors;
}

function validateDefault(
  schema: JsonSchema,
  path: string,
  patterns: Patterns,
  within: Place,
): FieldError[] {
  const preset = schema.default;
  if (preset === undefined || preset === null) return [];
  const place = child(path, "default");
  if (within.inMeta) {
    const problem = metaProblem(within, preset);
    return problem === undefined
      ? validateValue(schema, preset, place, patterns)
      : [invalid(place, preset, `must result in valid metadata: ${problem}`)];
  }
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  const errors: FieldError[] = [];
  const { value } = pruned(preset, { ...schema, nullable: true }, isEmbedded);
  if (!jsonEqual(value, preset))
    errors.push(invalid(place, preset, "must not have unknown fields"));
  const wrong = validateEmbedded(schema, preset, place);
  return [...errors, ...(wrong.length ? wrong : validateValue(schema, preset, place, patterns))];
}

function metaProblem({ resource, around }: Place, preset: unknown): string | undefined {
  try {
    const object = coerced(around(preset), resource, "", []);
    const errors = validateEmbedded(resource, object, "", true);
    return errors.length ? aggregate(errors) : undefined;
  } catch (error) {
    if (error instanceof EmbeddedProblem) return error.message;
    throw error;
  }
}
