/** OpenAPI v3 paths of a group version from its discovery. k8s: apiserver/pkg/endpoints/installer.go */
import type { Json, Schemas } from "./openapi-schemas.ts";
import { verbs, type Verb } from "./openapi-verbs.ts";
import { isBuiltIn, typeForKind, type StructRef } from "./types.ts";

/** What a document needs to know of a group version: discovery's facts. */
export interface OpenApiSubresource {
  name: string;
  verbs: readonly string[];
  /** "" where it is the group of the document. */
  group: string;
  version: string;
  kind: string;
}
export interface OpenApiResource {
  plural: string;
  kind: string;
  namespaced: boolean;
  verbs: readonly string[];
  subresources: readonly OpenApiSubresource[];
  /** Absent where it is the built-in type of its name. */
  schema?: StructRef;
}
export interface OpenApiGroupVersion {
  /** "" for the core group. */
  group: string;
  version: string;
  resources: readonly OpenApiResource[];
}

/** `api/v1`, `apis/apps/v1`. */
export const pathOf = (gv: OpenApiGroupVersion): string =>
  gv.group ? `apis/${gv.group}/${gv.version}` : `api/${gv.version}`;

const parameter = (name: string, type: string, where = "query"): Json => ({
  name,
  in: where,
  ...(where === "path" ? { required: true } : {}),
  schema: { type, uniqueItems: true },
});
const query = (...names: string[]): Json[] =>
  names.map((name) => parameter(name, parameterTypes[name] ?? "string"));
const parameterTypes: Record<string, string> = {
  allowWatchBookmarks: "boolean",
  force: "boolean",
  gracePeriodSeconds: "integer",
  ignoreStoreReadErrorWithClusterBreakingPotential: "boolean",
  limit: "integer",
  orphanDependents: "boolean",
  sendInitialEvents: "boolean",
  timeoutSeconds: "integer",
  watch: "boolean",
};

const objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const watchTypes = [
  ...objectTypes,
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
];
const patchTypes = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];

/** Custom resources are written in fewer ways. k8s: apiextensions-apiserver builder.go buildRoute */
const customTypes = {
  object: ["application/json", "application/yaml"],
  watch: ["application/json", "application/yaml"],
  patch: [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
  ],
};
const builtInTypes = { object: objectTypes, watch: watchTypes, patch: patchTypes };

const contentOf = (types: readonly string[], schema: Json): Json =>
  Object.fromEntries(types.map((type) => [type, { schema }]));

interface Target {
  gv: OpenApiGroupVersion;
  kind: string;
  /** apiVersion of what the operation reads and writes. */
  apiVersion: string;
  group: string;
  version: string;
  namespaced: boolean;
  /** Its shape where that is no built-in type. */
  schema: StructRef | undefined;
  /** Of a definition: so are its subresources, whatever their shape. */
  custom: boolean;
  /** `Scale`, `Status` for a subresource, else "". */
  suffix: string;
  /** The kind of the resource, as operation ids name it. */
  idKind: string;
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `appsV1`, `rbacAuthorizationV1`, `coreV1`. */
function tagOf(gv: OpenApiGroupVersion): { id: string; tag: string } {
  const short = gv.group.replace(/\.k8s\.io$/, "") || "core";
  const words = short.split(".");
  return {
    id: `${words.map(upper).join("")}${upper(gv.version)}`,
    tag: `${words.map((w, i) => (i ? upper(w) : w)).join("")}_${gv.version}`,
  };
}

function operation(schemas: Schemas, target: Target, verb: Verb): Json | undefined {
  const type = target.schema ?? typeForKind(target.apiVersion, target.kind)?.name;
  if (!type) return undefined;
  const { id, tag } = tagOf(target.gv);
  const types = target.custom ? customTypes : builtInTypes;
  const answer = contentOf(
    verb.answer === "list" ? types.watch : types.object,
    answerOf(schemas, target, type, verb),
  );
  const many = verb.action === "deletecollection" ? "Collection" : "";
  const scope = many + (target.namespaced ? "Namespaced" : "");
  return {
    tags: [tag],
    description: verb.describe.replace(
      "%",
      target.suffix ? `${upper(target.suffix)} of ${target.idKind}` : target.kind,
    ),
    operationId: `${verb.id}${id}${scope}${target.idKind}${upper(target.suffix)}`,
    ...(verb.parameters.length > 0 ? { parameters: query(...verb.parameters) } : {}),
    ...requestBody(schemas, type, verb, types),
    responses: {
      ...Object.fromEntries(
        codesOf(verb, target).map((code) => [
          code,
          { description: reasons[code], content: answer },
        ]),
      ),
      "401": { description: "Unauthorized" },
    },
    "x-kubernetes-action": verb.action,
    "x-kubernetes-group-version-kind": {
      group: target.group,
      kind: target.kind,
      version: target.version,
    },
  };
}

function answerOf(
  schemas: Schemas,
  { apiVersion, kind }: Target,
  type: string | StructRef,
  verb: Verb,
): Json {
  if (verb.answer === "status") return schemas.ref("meta/v1.Status");
  if (verb.answer === "object") return schemas.ref(type);
  if (typeof type !== "string") return schemas.refToList(type);
  return schemas.ref(typeForKind(apiVersion, `${kind}List`)?.name ?? type);
}

const reasons: Record<number, string> = { 200: "OK", 201: "Created", 202: "Accepted" };

/** A patch makes a custom resource only when it is applied, which its document keeps to itself. */
const codesOf = (verb: Verb, target: Target): readonly number[] =>
  verb.body === "patch" && target.custom ? [200] : verb.codes;

function requestBody(
  schemas: Schemas,
  type: string | StructRef,
  verb: Verb,
  types: typeof builtInTypes,
): Json {
  if (verb.body === "none") return {};
  if (verb.body === "patch") {
    return { requestBody: { content: contentOf(types.patch, schemas.patch()), required: true } };
  }
  if (verb.body === "deleteOptions") {
    return {
      requestBody: { content: contentOf(types.object, schemas.ref("meta/v1.DeleteOptions")) },
    };
  }
  return {
    requestBody: { content: contentOf(types.object, schemas.ref(type)), required: true },
  };
}

/** The shape of a kind that brings its own. */
export const ownSchemaOf = ({ schema }: OpenApiResource): StructRef | undefined =>
  schema && !isBuiltIn(schema.name) ? schema : undefined;

function addOperations(
  paths: Record<string, Json>,
  schemas: Schemas,
  target: Target,
  names: readonly string[],
  item: { path: string; collection: boolean },
): void {
  for (const name of names) {
    const verb = verbs[name];
    if (!verb || verb.collection !== item.collection) continue;
    const made = operation(schemas, target, verb);
    if (!made) continue;
    const entry = (paths[item.path] ??= { parameters: pathParameters(item.path) });
    entry[verb.method] = made;
  }
}

const connectMethods: Record<string, string> = {
  get: "get",
  create: "post",
  update: "put",
  patch: "patch",
  delete: "delete",
};

/** exec, attach, port-forward, proxy: the body is a stream, the kind only its options. */
function connectOperations(target: Target, names: readonly string[]): Json {
  const { id, tag } = tagOf(target.gv);
  const scope = target.namespaced ? "Namespaced" : "";
  const out: Json = {};
  for (const name of names) {
    const method = connectMethods[name];
    if (!method) continue;
    out[method] = {
      tags: [tag],
      description: `connect ${method.toUpperCase()} requests to ${target.suffix} of ${target.idKind}`,
      operationId: `connect${id}${upper(method)}${scope}${target.idKind}${upper(target.suffix)}`,
      responses: {
        "200": { description: "OK", content: contentOf(["*/*"], { type: "string" }) },
        "401": { description: "Unauthorized" },
      },
      "x-kubernetes-action": "connect",
      "x-kubernetes-group-version-kind": {
        group: target.group,
        kind: target.kind,
        version: target.version,
      },
    };
  }
  return out;
}

const pathParameters = (path: string): Json[] => [
  ...[...path.matchAll(/\{(\w+)\}/g)].map((m) => parameter(m[1] ?? "", "string", "path")),
  parameter("pretty", "string"),
];

function resourcePaths(
  paths: Record<string, Json>,
  schemas: Schemas,
  gv: OpenApiGroupVersion,
  resource: OpenApiResource,
): void {
  const root = `/${pathOf(gv)}`;
  const apiVersion = gv.group ? `${gv.group}/${gv.version}` : gv.version;
  const target: Target = {
    gv,
    kind: resource.kind,
    apiVersion,
    group: gv.group,
    version: gv.version,
    namespaced: resource.namespaced,
    schema: ownSchemaOf(resource),
    custom: resource.schema?.struct.structural !== undefined,
    suffix: "",
    idKind: resource.kind,
  };
  const base = resource.namespaced
    ? `${root}/namespaces/{namespace}/${resource.plural}`
    : `${root}/${resource.plural}`;
  const { verbs: all } = resource;
  addOperations(paths, schemas, target, all, { path: base, collection: true });
  addOperations(paths, schemas, target, all, { path: `${base}/{name}`, collection: false });
  if (resource.namespaced && all.includes("list")) {
    const list = operation(schemas, { ...target, namespaced: false }, verbs["list"] as Verb);
    const path = `${root}/${resource.plural}`;
    if (list) {
      list["operationId"] = `${list["operationId"]}ForAllNamespaces`;
      paths[path] = { parameters: pathParameters(path), get: list };
    }
  }
  subresourcePaths(paths, schemas, target, resource, `${base}/{name}`);
}

function subresourcePaths(
  paths: Record<string, Json>,
  schemas: Schemas,
  target: Target,
  { subresources }: OpenApiResource,
  item: string,
): void {
  for (const sub of subresources) {
    const group = sub.version ? sub.group : target.gv.group;
    const version = sub.version || target.gv.version;
    const path = `${item}/${sub.name}`;
    const subTarget: Target = {
      ...target,
      kind: sub.kind,
      schema: sub.version ? undefined : target.schema,
      group,
      version,
      apiVersion: group ? `${group}/${version}` : version,
      suffix: sub.name,
    };
    if (sub.kind.endsWith("Options")) {
      paths[path] = {
        parameters: pathParameters(path),
        ...connectOperations(subTarget, sub.verbs),
      };
      continue;
    }
    // Subresources live on the item's path, created ones (eviction, binding) too.
    addOperations(paths, schemas, subTarget, sub.verbs, { path, collection: false });
    if (sub.verbs.includes("create")) {
      addOperations(paths, schemas, subTarget, ["create"], { path, collection: true });
    }
  }
}

/** Every path of a group version; fills `schemas` with what they need. */
export function openApiPaths(schemas: Schemas, gv: OpenApiGroupVersion): Record<string, Json> {
  const root = `/${pathOf(gv)}/`;
  const paths: Record<string, Json> = {};
  paths[root] = {
    get: {
      tags: [tagOf(gv).tag],
      description: "get available resources",
      operationId: `get${tagOf(gv).id}APIResources`,
      responses: {
        "200": {
          description: "OK",
          content: contentOf(objectTypes, schemas.ref("meta/v1.APIResourceList")),
        },
        "401": { description: "Unauthorized" },
      },
    },
  };
  for (const resource of gv.resources) resourcePaths(paths, schemas, gv, resource);
  return paths;
}
