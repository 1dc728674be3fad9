import { expect, test } from "vitest";
import { World, type Answer } from "../../../helpers/world.ts";

/** What upstream's own tests ask of definitions and of requests for their kinds. */

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const all = "/apis/demo.example.com/v1/widgets";
const base = "/apis/demo.example.com/v1/namespaces/default/widgets";

const definition = (schema: object = {}, more: object = {}): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.demo.example.com" },
  spec: {
    group: "demo.example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", ...schema } },
      },
    ],
    ...more,
  },
});

function installed(schema?: object): World {
  const world = new World();
  const made = world.request("POST", crds, definition(schema));
  expect(made.text).not.toContain("Failure");
  world.advance(1000);
  return world;
}

const widget = { apiVersion: "demo.example.com/v1", kind: "Widget", metadata: { name: "a" } };

test("a body must say its kind", () => {
  const world = installed();
  const told = (method: string, path: string, body: object): Answer =>
    world.request(method, path, body);
  const refused = told("POST", base, { metadata: {} });
  expect([refused.status, refused.body.message]).toEqual([
    400,
    `Widget in version "v1" cannot be handled as a Widget: Object 'Kind' is missing in '{"metadata":{}}'`,
  ]);
  expect(told("POST", base, widget).status).toBe(201);
  expect(told("PUT", `${base}/a`, { metadata: { name: "a" } }).body.message).toBe(
    `Widget in version "v1" cannot be handled as a Widget: Object 'Kind' is missing in '{"metadata":{"name":"a"}}'`,
  );
  expect(told("POST", base, { ...widget, kind: "Other" }).body.message).toBe(
    'Other.demo.example.com "a" is invalid: kind: Invalid value: "Other": must be Widget',
  );
});

test("a namespaced kind has no path without a namespace, but for lists and watches", () => {
  const world = installed();
  const status = (method: string, body?: object): [number, string] => {
    const answer = world.request(method, all, body);
    return [answer.status, answer.body.message];
  };
  const unknown = [404, "the server could not find the requested resource"];
  expect(status("POST", widget)).toEqual(unknown);
  expect(status("DELETE")).toEqual(unknown);
  expect(world.request("GET", all).status).toBe(200);
  // Built-in kinds know the path.
  expect(world.request("POST", "/api/v1/configmaps", {}).status).toBe(405);
});

test("discovery and errors in YAML", () => {
  const world = installed();
  const headers = { accept: "application/yaml" };
  const yaml = (path: string): Answer => world.request("GET", path, undefined, { headers });
  const list = yaml("/apis/demo.example.com/v1");
  expect(list.headers["content-type"]).toBe("application/yaml");
  expect(list.text).toMatch(/^apiVersion: v1\ngroupVersion: demo.example.com\/v1\nkind: API/);
  for (const path of ["/api", "/apis", "/apis/apps", "/api/v1"])
    expect(yaml(path).headers["content-type"]).toBe("application/yaml");
  const missing = yaml(`${base}/none`);
  expect([missing.status, missing.headers["content-type"]]).toEqual([404, "application/yaml"]);
  expect(missing.text).toContain("reason: NotFound\n");
  const types = "application/json;stream=watch";
  const only = "only the following media types are accepted: ";
  expect(yaml(`${base}?watch=1`).text).toContain(`${only}${types}"\n`);
  const pods = yaml("/api/v1/pods?watch=1");
  expect([pods.status, pods.headers["content-type"]]).toEqual([406, "application/yaml"]);
  expect(pods.text).toContain(`${types}, application/vnd.kubernetes.protobuf;stream=watch"\n`);
});

test("a watch ends when the definition's spec changes, and not with its status", () => {
  const world = installed();
  world.request("POST", base, widget);
  let { subscription } = world.watch(`${base}?watch=1`);
  const next = (): { types: string[]; ended: boolean } => {
    const polled = world.engine.poll(subscription, world.now);
    ({ subscription } = polled);
    return { types: polled.lines.map((line) => JSON.parse(line).type), ended: polled.ended };
  };
  world.patch(`${base}/a`, { metadata: { labels: { a: "b" } } });
  expect(next()).toEqual({ types: ["MODIFIED"], ended: false });
  const one = `${crds}/widgets.demo.example.com`;
  world.patch(one, { metadata: { labels: { a: "b" } } });
  expect(next()).toEqual({ types: [], ended: false });
  world.patch(`${base}/a`, { metadata: { labels: { a: "c" } } });
  world.patch(one, { spec: { names: { plural: "widgets", kind: "Widget", shortNames: ["w"] } } });
  expect(next()).toEqual({ types: ["MODIFIED"], ended: true });
});

test("a watch of a kind that goes tells of its objects' end first", () => {
  const world = installed();
  world.request("POST", base, widget);
  let { subscription } = world.watch(`${base}?watch=1`);
  world.delete(`${crds}/widgets.demo.example.com`);
  const types: string[] = [];
  for (let i = 0; i < 20; i++) {
    const polled = world.engine.poll(subscription, world.now);
    ({ subscription } = polled);
    types.push(...polled.lines.map((line) => JSON.parse(line).type));
    if (polled.ended) types.push("ended");
    if (polled.ended) break;
    world.advance(100);
  }
  expect(types).toEqual(["DELETED", "ended"]);
});

test("a default within an embedded object's metadata is that of an object", () => {
  const metadata = { type: "object", default: { name: "Bar", unknown: "unknown" } };
  const type = (value: string): object => ({ type: "string", default: value });
  const world = installed({
    properties: {
      part: {
        type: "object",
        "x-kubernetes-embedded-resource": true,
        properties: { apiVersion: type("foos/v1"), kind: type("Foo"), metadata },
      },
      whole: {
        type: "object",
        "x-kubernetes-embedded-resource": true,
        "x-kubernetes-preserve-unknown-fields": true,
        default: { apiVersion: "foos/v1", kind: "Foo", metadata: metadata.default },
      },
    },
  });
  const made = world.request("POST", base, { ...widget, part: {} });
  const expected = { apiVersion: "foos/v1", kind: "Foo", metadata: { name: "Bar" } };
  expect(made.body).toMatchObject({ part: expected, whole: expected });
  expect(made.body.part).toEqual(expected);
  expect(made.body.whole).toEqual(expected);
  const bad = definition({
    properties: {
      part: {
        type: "object",
        "x-kubernetes-embedded-resource": true,
        properties: { metadata: { type: "object", default: { labels: { "-": "x" } } } },
      },
    },
  });
  const other = new World();
  expect(other.request("POST", crds, bad).text).toContain(
    "must result in valid metadata: metadata.labels",
  );
});

test("a definition with a bundle that holds no certificate is not established", () => {
  const world = new World();
  const service = { namespace: "default", name: "converter" };
  const conversion = (caBundle?: string): object => ({
    strategy: "Webhook",
    webhook: {
      conversionReviewVersions: ["v1"],
      clientConfig: { service, ...(caBundle === undefined ? {} : { caBundle }) },
    },
  });
  const made = world.request("POST", crds, definition({}, { conversion: conversion("Cg==") }));
  expect(made.status).toBe(201);
  world.advance(1000);
  const one = `${crds}/widgets.demo.example.com`;
  const established = (): object =>
    world
      .get(one)
      .status.conditions.find((condition: { type: string }) => condition.type === "Established");
  expect(established()).toMatchObject({
    status: "False",
    reason: "InvalidCABundle",
    message: "The conversion webhook CABundle is invalid",
  });
  world.patch(one, { spec: { conversion: { webhook: { clientConfig: { caBundle: null } } } } });
  world.advance(1000);
  expect(established()).toMatchObject({ status: "True", reason: "InitialNamesAccepted" });
  const change = { spec: { conversion: conversion("Cg==") } };
  const again = world.request("PATCH", one, change, { type: "application/merge-patch+json" });
  expect([again.status, again.body.message]).toEqual([
    422,
    'CustomResourceDefinition.apiextensions.k8s.io "widgets.demo.example.com" is invalid: spec.conversion.webhookClientConfig.caBundle: Invalid value: "Cg==": unable to load root certificates: unable to parse bytes as PEM block',
  ]);
});
