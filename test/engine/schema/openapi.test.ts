import { describe, expect, test } from "vitest";
import {
  openApiAsset,
  openApiDocument,
  openApiHash,
  openApiIndex,
  openApiResponse,
  type OpenApiGroupVersion,
} from "../../../durable-objects/engine/schema/openapi.ts";
import { readMessage } from "./gnostic-reader.ts";

const all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const core: OpenApiGroupVersion = {
  group: "",
  version: "v1",
  resources: [
    {
      plural: "pods",
      kind: "Pod",
      namespaced: true,
      verbs: all,
      subresources: [
        { name: "exec", verbs: ["create", "get"], group: "", version: "", kind: "PodExecOptions" },
        { name: "eviction", verbs: ["create"], group: "policy", version: "v1", kind: "Eviction" },
        { name: "status", verbs: ["get", "patch", "update"], group: "", version: "", kind: "Pod" },
      ],
    },
    { plural: "nodes", kind: "Node", namespaced: false, verbs: all, subresources: [] },
  ],
};
const apps: OpenApiGroupVersion = {
  group: "apps",
  version: "v1",
  resources: [
    {
      plural: "deployments",
      kind: "Deployment",
      namespaced: true,
      verbs: all,
      subresources: [
        {
          name: "scale",
          verbs: ["get", "patch", "update"],
          group: "autoscaling",
          version: "v1",
          kind: "Scale",
        },
      ],
    },
  ],
};
const groupVersions = [core, apps];

interface Operation {
  operationId: string;
  parameters: { name: string }[];
  "x-kubernetes-action": string;
  "x-kubernetes-group-version-kind": unknown;
}
interface Schema {
  properties: Record<string, Record<string, unknown>>;
  required?: string[];
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema & Record<string, unknown>> };
}
const appsDocument = openApiDocument(apps, {}, groupVersions) as unknown as Document;
const coreDocument = openApiDocument(core, {}, groupVersions) as unknown as Document;

describe("OpenAPI documents", () => {
  test("every reference leads somewhere", () => {
    for (const document of [appsDocument, coreDocument]) {
      const known = Object.keys(document.components.schemas);
      const refs = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
      expect([...refs].map((m) => m[1]).filter((name) => !known.includes(name!))).toEqual([]);
    }
  });

  test("no list is empty: upstream's types leave such a one out when they write the document again", () => {
    const empty: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (Array.isArray(value) && value.length === 0) empty.push(path);
      if (typeof value !== "object" || value === null) return;
      for (const [key, item] of Object.entries(value)) walk(item, `${path}.${key}`);
    };
    for (const { paths } of [appsDocument, coreDocument]) walk(paths, "");
    expect(empty).toEqual([]);
  });

  test("paths and operations are upstream's", () => {
    const item = appsDocument.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]!;
    const patch = item["patch"]!;
    expect(Object.keys(item).sort()).toEqual(["delete", "get", "parameters", "patch", "put"]);
    expect(patch).toMatchObject({
      operationId: "patchAppsV1NamespacedDeployment",
      "x-kubernetes-action": "patch",
      "x-kubernetes-group-version-kind": { group: "apps", kind: "Deployment", version: "v1" },
    });
    expect(patch.parameters.map((p) => p.name)).toEqual([
      "dryRun",
      "fieldManager",
      "fieldValidation",
      "force",
    ]);
    expect(Object.keys(coreDocument.paths).sort()).toEqual([
      "/api/v1/",
      "/api/v1/namespaces/{namespace}/pods",
      "/api/v1/namespaces/{namespace}/pods/{name}",
      "/api/v1/namespaces/{namespace}/pods/{name}/eviction",
      "/api/v1/namespaces/{namespace}/pods/{name}/exec",
      "/api/v1/namespaces/{namespace}/pods/{name}/status",
      "/api/v1/nodes",
      "/api/v1/nodes/{name}",
      "/api/v1/pods",
    ]);
    const ids = Object.values(coreDocument.paths).flatMap((p) =>
      Object.values(p).flatMap((o) => o.operationId ?? []),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain("listCoreV1PodForAllNamespaces");
    expect(ids).toContain("deleteCoreV1CollectionNamespacedPod");
    expect(ids).toContain("createCoreV1NamespacedPodEviction");
    expect(ids).toContain("connectCoreV1GetNamespacedPodExec");
    expect(ids).toContain("readCoreV1Node");
  });

  test("schemas carry types, requirements, defaults and merge facts", () => {
    const { schemas } = appsDocument.components;
    expect(schemas["io.k8s.api.apps.v1.Deployment"]).toMatchObject({
      type: "object",
      "x-kubernetes-group-version-kind": [{ group: "apps", kind: "Deployment", version: "v1" }],
    });
    const spec = schemas["io.k8s.api.apps.v1.DeploymentSpec"]!;
    expect(spec.required).toEqual(["selector", "template"]);
    expect(spec.properties["replicas"]).toEqual({ format: "int32", type: "integer" });
    expect(spec.properties["strategy"]).toEqual({
      allOf: [{ $ref: "#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy" }],
      default: {},
      "x-kubernetes-patch-strategy": "retainKeys",
    });
    const container = schemas["io.k8s.api.core.v1.Container"]!;
    expect(container.properties["name"]).toEqual({ default: "", type: "string" });
    expect(container.properties["ports"]).toEqual({
      items: {
        allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.ContainerPort" }],
        default: {},
      },
      type: "array",
      "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
      "x-kubernetes-list-type": "map",
      "x-kubernetes-patch-merge-key": "containerPort",
      "x-kubernetes-patch-strategy": "merge",
    });
    expect(schemas["io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"]).toMatchObject({
      "x-kubernetes-map-type": "atomic",
    });
    expect(schemas["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]).toEqual({
      format: "int-or-string",
      oneOf: [{ type: "integer" }, { type: "string" }],
    });
    expect(schemas["io.k8s.api.autoscaling.v1.Scale"]).toBeDefined();
  });

  test("descriptions are merged in", () => {
    const descriptions = { "apps/v1.DeploymentSpec": { "": "A spec.", selector: "Which." } };
    const document = openApiDocument(apps, descriptions) as unknown as Document;
    const spec = document.components.schemas["io.k8s.api.apps.v1.DeploymentSpec"]!;
    expect(spec["description"]).toBe("A spec.");
    expect(spec.properties["selector"]).toMatchObject({ description: "Which." });
  });
});

describe("serving OpenAPI", () => {
  const hash = openApiHash(apps);
  const path = "/openapi/v3/apis/apps/v1";
  const get = (
    at: string,
    query = "",
    headers: Record<string, string> = {},
  ): ReturnType<typeof openApiResponse> => openApiResponse(at, query, headers, groupVersions);

  test("the index names every document by its hash", () => {
    expect(hash).toMatch(/^[0-9A-F]{128}$/);
    expect(openApiHash(core)).not.toBe(hash);
    expect(openApiIndex(groupVersions)).toEqual({
      paths: {
        "api/v1": { serverRelativeURL: `/openapi/v3/api/v1?hash=${openApiHash(core)}` },
        "apis/apps/v1": { serverRelativeURL: `${path}?hash=${hash}` },
      },
    });
    const index = get("/openapi/v3")!;
    expect(JSON.parse(index.body as string)).toEqual(openApiIndex(groupVersions));
    expect(get("/openapi/v3", "", { "if-none-match": index.headers["etag"]! })!.status).toBe(304);
  });

  test("a document by its hash may be kept, by another it redirects", () => {
    const reply = get(path, `hash=${hash}`)!;
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({ etag: `"${hash}"`, vary: "Accept" });
    expect(reply.headers["cache-control"]).toMatch(/^public, immutable/);
    expect(JSON.parse(reply.body as string)).toEqual(appsDocument);
    expect(get(path)!.headers["cache-control"]).toBeUndefined();
    expect(get(path, "hash=ABC")).toMatchObject({
      status: 301,
      headers: { location: `${path}?hash=${hash}` },
    });
    expect(get(path, `hash=${hash}`, { "if-none-match": `"${hash}"` })).toMatchObject({
      status: 304,
      body: "",
    });
    const expires = "Sat, 20 Nov 2027 00:00:00 GMT";
    expect(
      openApiResponse(path, `hash=${hash}`, {}, groupVersions, expires)!.headers,
    ).toMatchObject({
      "cache-control": "public, immutable",
      expires,
    });
  });

  test.each([
    ["application/json", 200],
    ["*/*", 200],
    ["application/com.github.proto-openapi.spec.v3.v1.0+protobuf,application/json;q=0.9", 200],
    ["application/com.github.proto-openapi.spec.v3.v1.0+protobuf", 406],
    ["text/html", 406],
  ])("Accept: %s answers %d", (accept, status) => {
    expect(get(path, "", { accept })!.status).toBe(status);
  });

  test("other paths are not its own", () => {
    expect(get("/openapi/v3/apis/none/v1")).toBeUndefined();
    expect(get("/openapi/v1")).toBeUndefined();
  });

  test("the edge may serve a built document in its place", () => {
    const asset = (query: string, headers: Record<string, string> = {}): string | undefined =>
      openApiAsset(path, query, headers, groupVersions);
    expect(asset(`hash=${hash}`)).toBe(`/openapi/v3/${hash}.json`);
    expect(asset("hash=ABC")).toBeUndefined();
    expect(asset("", { "if-none-match": `"${hash}"` })).toBeUndefined();
    expect(asset("", { accept: "text/html" })).toBeUndefined();
  });
});

const protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
const newerProtobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

describe("version 2", () => {
  const get = (headers: Record<string, string> = {}) =>
    openApiResponse("/openapi/v2", "", headers, groupVersions)!;
  const document = JSON.parse(get().body as string);

  test("is one document of all group versions, which refers to itself alone", () => {
    expect(document).toMatchObject({ swagger: "2.0", info: { version: "v1.36.1" } });
    const text = JSON.stringify(document);
    expect(text).not.toMatch(/components\/schemas|"oneOf"|"allOf"|"requestBody"/);
    for (const [, name = ""] of text.matchAll(/"#\/definitions\/([^"]+)"/g))
      expect(document.definitions).toHaveProperty([name]);
    expect(document.definitions).toHaveProperty(["io.k8s.api.core.v1.PodSpec"]);
    expect(document.definitions).toHaveProperty(["io.k8s.api.apps.v1.Deployment"]);
  });

  test("says an operation in version 2's words", () => {
    const { post } = document.paths["/apis/apps/v1/namespaces/{namespace}/deployments"];
    expect(post).toMatchObject({
      operationId: "createAppsV1NamespacedDeployment",
      consumes: ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"],
      responses: { 201: { schema: { $ref: "#/definitions/io.k8s.api.apps.v1.Deployment" } } },
    });
    expect(post.parameters[0]).toEqual({
      in: "body",
      name: "body",
      required: true,
      schema: { $ref: "#/definitions/io.k8s.api.apps.v1.Deployment" },
    });
    expect(post.parameters).toContainEqual({
      in: "query",
      name: "dryRun",
      type: "string",
      uniqueItems: true,
    });
    const { definitions } = document;
    expect(definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]).toMatchObject({
      format: "int-or-string",
      type: "string",
    });
  });

  test("is known again by its tag", () => {
    const { etag = "" } = get().headers;
    expect(get({ "if-none-match": etag }).status).toBe(304);
    expect(get({ "if-none-match": etag, accept: protobuf }).status).toBe(304);
    expect(openApiAsset("/openapi/v2", "", {}, groupVersions)).toMatch(
      /^\/openapi\/v2\/[0-9A-F]{128}\.json$/,
    );
    expect(openApiAsset("/openapi/v2", "", { accept: protobuf }, groupVersions)).toMatch(
      /^\/openapi\/v2\/[0-9A-F]{128}\.pb$/,
    );
  });

  test.each([
    [undefined, "application/json"],
    ["*/*", "application/json"],
    ["application/*", "application/json"],
    [protobuf, newerProtobuf],
    [newerProtobuf, newerProtobuf],
    [`application/json;q=0.5,${protobuf}`, newerProtobuf],
    [`${protobuf};q=0.5,application/json`, "application/json"],
    [`text/html, ${protobuf};q=0.1`, newerProtobuf],
    ["text/html", undefined],
    ["application/vnd.kubernetes.protobuf", undefined],
  ])("Accept: %s answers with %s", (accept, type) => {
    const { status, headers } = get(accept === undefined ? {} : { accept });
    expect(status).toBe(type === undefined ? 406 : 200);
    expect(headers["content-type"]).toBe(type);
    expect(headers["vary"]).toBe("Accept-Encoding, Accept");
  });

  test("says the same as protobuf, read by its field numbers alone", () => {
    const { definitions, paths, ...rest } = readMessage(
      "Document",
      get({ accept: protobuf }).body as Uint8Array,
    );
    const expected = JSON.parse(get().body as string);
    expect(rest).toEqual({
      swagger: expected.swagger,
      info: expected.info,
      security: expected.security,
      securityDefinitions: expected.securityDefinitions,
    });
    expect(definitions).toEqual(expected.definitions);
    expect(Object.keys(definitions as object)).toEqual(Object.keys(expected.definitions));
    expect(paths).toEqual(expected.paths);
  });
});
