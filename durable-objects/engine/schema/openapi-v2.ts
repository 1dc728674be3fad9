/**
 * `/openapi/v2`: the same facts as one Swagger document, for tools older than v3.
 * k8s: kube-openapi/pkg/builder, handler
 */
import { openApiPaths, type OpenApiGroupVersion } from "./openapi-paths.ts";
import { customSchema, Schemas, type Descriptions, type Json } from "./openapi-schemas.ts";

const sorted = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The document of all group versions together. */
export function swaggerDocument(
  groupVersions: readonly OpenApiGroupVersion[],
  descriptions: Descriptions,
  version: string,
): Json {
  const everywhere = groupVersions.map((gv) => ({ group: gv.group, version: gv.version }));
  const schemas = new Schemas(descriptions, everywhere);
  const paths: Json = {};
  for (const gv of groupVersions) {
    for (const [path, item] of Object.entries(openApiPaths(schemas, gv)))
      paths[path] = pathItem(item);
  }
  const definitions: Json = {};
  for (const [name, schema] of schemas.all) definitions[name] = schemaOf(schema);
  // Of custom resources the schema itself is told in another way.
  const { apiVersion, kind, metadata } = schemas.partsOf();
  const parts = {
    version: 2 as const,
    apiVersion: schemaOf(apiVersion),
    kind: schemaOf(kind),
    metadata: schemaOf(metadata),
  };
  for (const [name, type] of schemas.custom) definitions[name] = customSchema(type, parts);
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version },
    paths: sorted(paths),
    definitions: sorted(definitions),
    securityDefinitions: {
      BearerToken: {
        description: "Bearer Token authentication",
        in: "header",
        name: "authorization",
        type: "apiKey",
      },
    },
    security: [{ BearerToken: [] }],
  };
}

function pathItem(item: Json): Json {
  const out: Json = {};
  for (const [name, value] of Object.entries(item)) {
    out[name] = name === "parameters" ? (value as Json[]).map(parameter) : operation(value as Json);
  }
  return out;
}

interface Content {
  content?: Record<string, { schema: Json }>;
}

function operation(v3: Json): Json {
  const { parameters, requestBody, responses, ...rest } = v3;
  const body = requestBody as (Content & { required?: boolean }) | undefined;
  const answers = Object.entries(responses as Record<string, Content & { description: string }>);
  const given = ((parameters as Json[] | undefined) ?? []).map(parameter);
  const [taken] = Object.values(body?.content ?? {});
  if (taken) {
    const required = body?.required ? { required: true } : {};
    given.unshift({ in: "body", name: "body", ...required, schema: schemaOf(taken.schema) });
  }
  return {
    ...rest,
    consumes: Object.keys(body?.content ?? { "*/*": {} }),
    produces: [...new Set(answers.flatMap(([, { content }]) => Object.keys(content ?? {})))],
    schemes: ["https"],
    ...(given.length ? { parameters: given } : {}),
    responses: Object.fromEntries(
      answers.map(([code, { description, content }]) => {
        const [answer] = Object.values(content ?? {});
        return [code, answer ? { description, schema: schemaOf(answer.schema) } : { description }];
      }),
    ),
  };
}

/** Version 2 has a parameter's type beside its name. */
function parameter({ schema, ...rest }: Json): Json {
  return { ...rest, ...(schema as Json) };
}

/** A reference stands alone or beside a description; defaults and unions are version 3's. */
function schemaOf(v3: Json): Json {
  const out: Json = {};
  for (const [name, value] of Object.entries(v3)) {
    if (name === "default" || name === "oneOf") continue;
    if (name === "allOf") Object.assign(out, schemaOf((value as Json[])[0] as Json));
    else if (name === "$ref") {
      out[name] = (value as string).replace("#/components/schemas/", "#/definitions/");
    } else if (name === "properties") {
      const properties = Object.entries(value as Record<string, Json>);
      out[name] = Object.fromEntries(
        properties.map(([field, schema]) => [field, schemaOf(schema)]),
      );
    } else if (name === "items" || name === "additionalProperties") {
      out[name] = schemaOf(value as Json);
    } else out[name] = value;
  }
  // Quantities and ports: a number or a text, which version 2 calls a text.
  if (v3["oneOf"] !== undefined) out["type"] = "string";
  return out;
}
