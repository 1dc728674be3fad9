import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { routes } from "../worker/app.ts";
import { isRepeatable, readerOf } from "../worker/handler.ts";
import { pageLimitMax } from "../worker/limits.ts";
import type { Answer, Row } from "../worker/route.ts";
import { headersOfFiles } from "../worker/routes/page.ts";
import { scopes, type Scope } from "../worker/scopes.ts";
import { actions } from "../worker/roles.ts";

/** The service's own API as an OpenAPI 3.1 document, made from the route table and its schemas. */

export { headersOfFiles };

type Json = Record<string, unknown>;

const meaning: Record<Scope, string> = {
  "account:read": "Read who you are",
  "sandboxes:read": "Read your sandboxes and what is in them",
  "sandboxes:write": "Make, change and delete sandboxes, and whatever is in them",
  "snapshots:read": "Read your snapshots",
  "snapshots:write": "Take and withdraw snapshots",
  "scenarios:read": "Read your scenarios",
  "scenarios:write": "Make, change and publish scenarios",
};

const problem: Json = {
  type: "object",
  description: "What went wrong, and what to do (RFC 9457)",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string" },
    title: { type: "string", description: "The status, in words" },
    status: { type: "integer" },
    detail: { type: "string", description: "What to do" },
    field: { type: "string", description: "The member, parameter or header that is at fault" },
  },
};

const securitySchemes: Json = {
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-podyard",
    description:
      "A person's session; over plain http it is called podyard. What changes something must come from a page of this origin.",
  },
  key: {
    type: "http",
    scheme: "bearer",
    description: "A sandbox's key (podyard_...), which opens that sandbox with its role",
  },
  token: {
    type: "http",
    scheme: "bearer",
    description: `A person's API token (podyard_api_...). Scopes: ${scopes.map((scope) => `${scope} (${meaning[scope]})`).join("; ")}.`,
  },
};

const statusWords: Record<number, string> = {
  400: "The request is not understood",
  401: "Nobody asks, or what was shown opens nothing",
  403: "Who asks may not do this",
  404: "It does not exist, or is none of theirs",
  409: "It does not fit what is there, or the same request is under way",
  410: "The sandbox has expired or was deleted",
  412: "It has changed since it was read",
  413: "The body is too large",
  422: "The Idempotency-Key was used for another request",
  429: "A limit is reached: which one, its value and when it resets stand in the detail",
};

export function apiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const row of routes) {
    const path = row.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[row.method.toLowerCase()] = operationOf(row);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Podyard",
      version,
      description:
        "Sandboxes, each a Kubernetes cluster, and the people who share them. The Kubernetes API of a sandbox lies below its apiServer.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Problem: problem },
      responses: Object.fromEntries(
        Object.entries(statusWords).map(([status, description]) => [
          `Problem${status}`,
          {
            description,
            content: {
              "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
            },
          },
        ]),
      ),
      securitySchemes,
    },
  };
}

function operationOf(row: Row): Json {
  const { title, who, scope } = row;
  return {
    operationId: operationId(row),
    summary: title,
    description: mayText(row),
    tags: [tagOf(row)],
    parameters: parametersOf(row),
    ...(row.body && {
      requestBody: {
        content: { "application/json": { schema: schemaOf(row.body, "input") } },
        required: requiresBody(row.body),
      },
    }),
    ...(row.raw && { requestBody: { content: { [row.raw.type]: {} }, required: true } }),
    responses: responsesOf(row),
    security: securityOf(row),
    "x-podyard-who": who,
    ...(scope && { "x-podyard-scope": scope }),
  };
}

/** A body may be left out where every member may. */
function requiresBody(schema: GenericSchema): boolean {
  const { required } = schemaOf(schema, "input") as { required?: string[] };
  return (required ?? []).length > 0;
}

/** By the method and the path's words: `postSandboxesKeys`. */
function operationId({ method, path }: Row): string {
  const parts = path.split("/").slice(2);
  const words = parts.map((part, i) =>
    part.startsWith(":") ? (i === parts.length - 1 ? "One" : "") : part,
  );
  const title = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const spoken = words.flatMap((word) => word.split(/[^A-Za-z0-9]+/)).map(title);
  return method.toLowerCase() + spoken.join("");
}

function tagOf({ path }: Row): string {
  const [, , first = "", , below] = path.split("/");
  return first === "sandboxes" && below !== undefined ? below : first;
}

function mayText({ who, scope }: Row): string {
  const person =
    who === "anyone"
      ? "Anyone may."
      : who === "person"
        ? "Whoever is signed in may, an anonymous person too."
        : `Whoever may ${who} the sandbox (of ${actions.join(", ")}).`;
  const token =
    scope === undefined ? "An API token may not." : `An API token needs the scope ${scope}.`;
  return who === "anyone" && scope === undefined ? person : `${person} ${token}`;
}

function securityOf({ who, scope }: Row): Json[] {
  const schemes: Json[] = [{ cookie: [] }];
  if (scope !== undefined) schemes.push({ token: [scope] });
  if (who !== "person") schemes.push({ key: [] });
  return who === "anyone" ? [{}, ...schemes] : schemes;
}

function parametersOf(row: Row): Json[] {
  const inPath = [...row.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(row.query ?? {}).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema:
      name === "limit"
        ? { type: "integer", minimum: 1, maximum: pageLimitMax }
        : { type: "string" },
  }));
  const header = (name: string, description: string): Json => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  });
  return [
    ...inPath,
    ...inQuery,
    ...(isRepeatable(row)
      ? [
          header(
            "Idempotency-Key",
            "The same request by the same person or key within a day is done once. The repeated answer has status and Location of the first, the header Idempotency-Replayed, and what can be read of the thing now: never a secret, which is told once.",
          ),
        ]
      : []),
    ...(readerOf(row, routes)
      ? [
          header(
            "If-Match",
            "Entity tag of what a GET of this path answered: refused with 412 when it has changed",
          ),
        ]
      : []),
    ...(row.method === "GET" && hasJson(row)
      ? [header("If-None-Match", "Entity tag that you have: answered with 304 when it is still so")]
      : []),
  ];
}

const hasJson = (row: Row): boolean => row.answers[200]?.schema !== undefined;

function responsesOf(row: Row): Json {
  const responses: Json = {};
  for (const [status, answer] of Object.entries(row.answers)) {
    const header =
      row.method === "GET" && status === "200"
        ? etag
        : isRepeatable(row) && status === "201"
          ? location
          : undefined;
    responses[status] = answerOf(answer, header);
  }
  if (row.method === "GET" && hasJson(row)) {
    responses["304"] = { description: "It is as the entity tag says" };
  }
  for (const status of problemsOf(row)) {
    responses[status] ??= { $ref: `#/components/responses/Problem${status}` };
  }
  return responses;
}

const etag: Json = { ETag: { description: "Entity tag", schema: { type: "string" } } };
const location: Json = {
  Location: { description: "Path of what was made", schema: { type: "string" } },
};

function answerOf(
  { text, schema, type = "application/json" }: Answer,
  headers: Json | undefined,
): Json {
  return {
    description: text,
    ...(schema
      ? { content: { [type]: { schema: schemaOf(schema, "output") } } }
      : type === "application/json"
        ? {}
        : { content: { [type]: {} } }),
    ...(schema && headers && { headers }),
  };
}

function problemsOf(row: Row): number[] {
  const ofSandbox = row.who !== "anyone" && row.who !== "person";
  return [
    ...(row.body || row.raw || row.query || isRepeatable(row) ? [400] : []),
    401,
    403,
    ...(row.path.includes(":") ? [404] : []),
    ...(isRepeatable(row) ? [409, 422] : []),
    ...(ofSandbox ? [410] : []),
    ...(readerOf(row, routes) ? [412] : []),
    ...(row.body || row.raw ? [413] : []),
    429,
  ];
}

function schemaOf(schema: GenericSchema, typeMode: "input" | "output"): Json {
  const { $schema: _dialect, ...rest } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode,
    errorMode: "ignore",
    // Trimming and the like does not change what may be sent; `\p` needs a flag that JSON Schema's patterns have anyway.
    ignoreActions: ["trim"],
  }) as Json;
  return rest;
}
