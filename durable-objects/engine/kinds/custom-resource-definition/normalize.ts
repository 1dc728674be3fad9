/** Schemas within `items` and the like are free JSON to the decoder; here they become what their type has. */
import { decodeObject, isObject } from "../../schema/decode.ts";
import { badRequest } from "../../machinery/status.ts";
import { structType } from "../../schema/types.ts";
import type { JsonSchema } from "../../schema/structural/json-schema.ts";
import type { DefinitionSpec } from "./types.ts";

/** Unions that say of themselves how they are read. k8s: apiextensions/v1 marshal.go */
const unions = ["items", "additionalProperties", "additionalItems"] as const;

export function normalized(spec: DefinitionSpec): DefinitionSpec {
  if (!spec.versions) return spec;
  const versions = spec.versions.map((version) => {
    const root = version.schema?.openAPIV3Schema;
    if (!root) return version;
    return { ...version, schema: { ...version.schema, openAPIV3Schema: schemaOf(root) } };
  });
  return { ...spec, versions };
}

function schemaOf(schema: JsonSchema): JsonSchema {
  const out: JsonSchema = { ...schema };
  for (const name of unions) {
    const value = schema[name];
    if (Array.isArray(value)) Object.assign(out, { [name]: value.map(readSchema) });
    else if (isObject(value)) Object.assign(out, { [name]: readSchema(value) });
  }
  for (const name of ["allOf", "anyOf", "oneOf"] as const)
    if (schema[name]) out[name] = schema[name].map(schemaOf);
  if (schema.not) out.not = schemaOf(schema.not);
  for (const name of ["properties", "definitions", "patternProperties"] as const) {
    const table = schema[name];
    if (table)
      out[name] = Object.fromEntries(
        Object.entries(table).map(([key, value]) => [key, schemaOf(value)]),
      );
  }
  return out;
}

const unreadable =
  'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition';

function readSchema(value: unknown): JsonSchema {
  const { object, error } = decodeObject(structType("apiextensions/v1.JSONSchemaProps"), value);
  if (error !== undefined) throw badRequest(`${unreadable}: ${error}`);
  return schemaOf(object as JsonSchema);
}
