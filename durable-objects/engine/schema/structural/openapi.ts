/**
 * The schema of a custom resource in the OpenAPI documents. Version 2 cannot say all that a schema says.
 * k8s: apiextensions-apiserver pkg/controller/openapi/{builder/builder.go,v2/conversion.go}, schema/unfold.go
 */
import { jsonEqual } from "../patch/go-value.ts";
import { additionalOf, itemsOf, namesIn, propertyOf, type JsonSchema } from "./json-schema.ts";

type Json = Record<string, unknown>;

/** How the document names what is not the schema's own. */
export interface DocumentParts {
  version: 2 | 3;
  /** `apiVersion` and `kind`, as every object has them. */
  apiVersion: Json;
  kind: Json;
  metadata: Json;
}

/** Of a whole object. Undefined schema: an object of any kind. */
export function publishedSchema(schema: JsonSchema | undefined, parts: DocumentParts): Json {
  const isFree = schema?.["x-kubernetes-preserve-unknown-fields"] === true;
  if (!schema || (parts.version === 2 && isFree)) return { type: "object" };
  const published = publish(schema, parts);
  const { apiVersion, kind, metadata } = parts;
  const properties = { ...(published["properties"] as Json), apiVersion, kind, metadata };
  return { ...published, properties: inOrder(properties) };
}

const inOrder = (table: Json): Json =>
  Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));

const intOrString: JsonSchema[] = [{ type: "integer" }, { type: "string" }];

/** Integers and texts are told in OpenAPI's own words too. */
function unfolded(schema: JsonSchema): JsonSchema {
  if (!schema["x-kubernetes-int-or-string"]) return schema;
  const { anyOf, allOf = [] } = schema;
  if (jsonEqual(anyOf, intOrString) || jsonEqual(allOf[0]?.anyOf, intOrString)) return schema;
  if (!anyOf) return { ...schema, anyOf: intOrString };
  return { ...schema, allOf: [{ anyOf: intOrString }, ...allOf] };
}

function publish(given: JsonSchema, parts: DocumentParts): Json {
  const schema = parts.version === 2 ? reduced(given) : unfolded(given);
  const out: Json = {};
  for (const [name, value] of Object.entries(schema)) if (value !== undefined) out[name] = value;
  const items = itemsOf(schema);
  if (items) out["items"] = publish(items, parts);
  const more = additionalOf(schema);
  if (more) out["additionalProperties"] = publish(more, parts);
  if (schema.properties) {
    const properties: Json = {};
    for (const name of namesIn(schema.properties))
      properties[name] = publish(propertyOf(schema, name) as JsonSchema, parts);
    out["properties"] = properties;
  }
  const isFree = schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema["x-kubernetes-embedded-resource"] && !(parts.version === 2 && isFree)) {
    const { apiVersion, kind, metadata } = parts;
    out["properties"] = inOrder({ ...(out["properties"] as Json), apiVersion, kind, metadata });
    out["required"] = [...new Set([...(schema.required ?? []), "kind", "apiVersion"])];
  }
  return out;
}

/** What version 2 has no words for is left out. */
function reduced(given: JsonSchema): JsonSchema {
  const { allOf: _a, anyOf: _b, oneOf: _c, not: _d, ...schema } = given;
  if (schema.nullable) {
    delete schema.nullable;
    for (const name of ["type", "items", "properties"] as const) delete schema[name];
  }
  if (schema["x-kubernetes-preserve-unknown-fields"]) {
    for (const name of ["items", "properties"] as const) delete schema[name];
    if (schema.type === "object") delete schema.type;
  }
  if (schema.type === "array" && schema.items === undefined) delete schema.type;
  const nullable = (name: string): boolean => propertyOf(schema, name)?.nullable ?? false;
  const required = schema.required?.filter((name) => !nullable(name));
  if (additionalOf(schema)?.nullable || !required?.length) delete schema.required;
  else schema.required = required;
  return schema;
}
