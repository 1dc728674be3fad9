/** Fields that selectors may name. k8s: ValidateCustomResourceSelectableFields, apiserver/schema/cel ValidFieldPath */
import {
  at,
  child,
  duplicate,
  invalid,
  required,
  type FieldError,
} from "../../../machinery/field.ts";
import {
  propertyOf,
  additionalOf,
  type JsonSchema,
} from "../../../schema/structural/json-schema.ts";
import type { DefinitionVersion } from "../types.ts";

/** k8s: MaxSelectableFields */
const selectableFieldsMax = 8;

const allowed = new Set(["string", "boolean", "integer"]);

/** `path`: of the version, or `spec` where all are alike. */
export function validateSelectableFields(
  fields: DefinitionVersion["selectableFields"],
  schema: JsonSchema | undefined,
  path: string,
): FieldError[] {
  if (!fields?.length) return [];
  const place = child(path, "selectableFields");
  if (!schema)
    return [
      invalid(place, "", "may only be set when `version.schema.openAPIV3Schema` is not included"),
    ];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, i) => {
    const here = child(at(place, i), "jsonPath");
    if (!jsonPath) {
      errors.push(required(here));
      return;
    }
    const found = fieldAt(jsonPath, schema);
    if (typeof found === "string") {
      errors.push(invalid(here, jsonPath, `is an invalid path: ${found}`));
      return;
    }
    if (jsonPath.split(".")[1] === "metadata")
      errors.push(invalid(here, jsonPath, "must not point to fields in metadata"));
    if (!allowed.has(found.type ?? ""))
      errors.push(
        invalid(
          here,
          jsonPath,
          "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
        ),
      );
    if (seen.has(jsonPath)) errors.push(duplicate(here, jsonPath));
    seen.add(jsonPath);
  });
  if (seen.size > selectableFieldsMax)
    errors.push({
      type: "FieldValueTooMany",
      field: place,
      message: `Too many: ${seen.size}: must have at most ${selectableFieldsMax} items`,
    });
  return errors;
}

/** The schema that a path of dots leads to, or why it leads nowhere. */
function fieldAt(path: string, root: JsonSchema): JsonSchema | string {
  let schema = root;
  const tokens = path.match(/[.[\]]|[^.[\]]+/g) ?? [];
  for (let i = 0; i < tokens.length; i += 2) {
    const token = tokens[i] as string;
    if (token === "[") return "array notation is not allowed";
    if (token !== ".") return `expected [ or . but got: ${token}`;
    const name = tokens[i + 1];
    if (name === undefined) return "unexpected end of JSON path";
    const below = schema.properties ? propertyOf(schema, name) : additionalOf(schema);
    if (!below) return "does not refer to a valid field";
    schema = below;
  }
  return schema;
}
