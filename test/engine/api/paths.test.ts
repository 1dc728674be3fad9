import { beforeAll, describe, expect, test } from "vitest";
import type { Reply, WatchReply } from "../../../durable-objects/engine/ports/request.ts";
import { decodeProtobuf } from "../../../durable-objects/engine/schema/protobuf.ts";
import { World } from "../../helpers/world.ts";

/** Which paths and methods exist, and what is said of those that do not. */

const configMaps = "/api/v1/namespaces/default/configmaps";
const map = (name: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...more },
});

let world: World;
beforeAll(() => {
  world = new World();
  world.create(map("a"));
});

const noRoute = "the server could not find the requested resource";
const noMethod = "the server does not allow this method on the requested resource";

describe("routes", () => {
  test.each([
    ["GET", "/api/v2", 404, noRoute],
    ["GET", "/api/v1/foos", 404, noRoute],
    ["GET", "/api/v1/namespaces/default/foos", 404, noRoute],
    ["GET", "/apis/apps/v2/deployments", 404, noRoute],
    ["GET", "/apis/apps/v1/pods", 404, noRoute],
    ["GET", "/api/v1/namespaces/default/nodes", 404, noRoute],
    ["GET", "/api/v1/configmaps/a", 404, noRoute],
    ["GET", `${configMaps}/a/status`, 404, noRoute],
    ["GET", `${configMaps}/a/b/c`, 404, noRoute],
    ["GET", "/api/v1/namespaces/default/pods/a/foo", 404, noRoute],
    ["GET", "/api/v1/watch/namespaces/default/pods/a/status", 404, noRoute],
    ["POST", "/api", 405, noMethod],
    ["PUT", "/version", 405, noMethod],
    ["POST", "/apis/apps/v1", 405, noMethod],
    ["POST", "/api/v1/configmaps", 405, noMethod],
    ["DELETE", "/api/v1/configmaps", 405, noMethod],
    ["DELETE", "/api/v1/namespaces", 405, noMethod],
    ["PUT", configMaps, 405, noMethod],
    ["PATCH", configMaps, 405, noMethod],
    ["POST", `${configMaps}/a`, 405, noMethod],
    ["OPTIONS", configMaps, 405, noMethod],
    ["HEAD", `${configMaps}/a`, 405, noMethod],
    ["GET", "/api/v1/namespaces/default/bindings", 405, noMethod],
    ["GET", "/api/v1/namespaces/default/pods/a/eviction", 405, noMethod],
    ["POST", "/api/v1/namespaces/default/finalize", 405, noMethod],
    ["POST", "/apis/apps/v1/namespaces/default/deployments/a/scale", 405, noMethod],
  ])("%s %s: %i", (method, url, code, message) => {
    const { status, body } = world.request(method, url);
    expect({ status, body }).toEqual({
      status: code,
      body: {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message,
        reason: code === 404 ? "NotFound" : "MethodNotAllowed",
        details: {},
        code,
      },
    });
  });

  test.each(["/foo", "/apis/nope", "/apis/nope/v1/foos", "/livez/nope", "/openapi/v1", "/logs"])(
    "%s is no part of the API",
    (url) => {
      const { status, text, headers } = world.request("GET", url);
      expect([status, text]).toEqual([404, "404 page not found\n"]);
      expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    },
  );

  test.each(["/healthz", "/livez", "/readyz", "/livez/ping", "/readyz/etcd", "/healthz/ping"])(
    "%s is ok",
    (url) => expect(world.request("GET", url).text).toBe("ok"),
  );

  test("health tells its checks when asked to", () => {
    const lines = world.request("GET", "/readyz?verbose&exclude=etcd&exclude=x").text.split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "[+]ping ok",
        "[+]etcd excluded: ok",
        "[+]informer-sync ok",
        "[+]poststarthook/start-kube-aggregator-informers ok",
        'warn: some health checks cannot be excluded: no matches for "x"',
        "readyz check passed",
      ]),
    );
    expect(world.request("GET", "/metrics/slis").text).toContain(
      '\nkubernetes_healthcheck{name="etcd",type="readyz"} 1\n',
    );
    expect(world.request("GET", "/livez?verbose=1").text).not.toContain("]informer-sync");
  });

  test("what may not be done is refused before what is not there", () => {
    const as = { headers: { "impersonate-user": "ann" } };
    const { status, body } = world.request("GET", "/apis/apps/v1/foos", undefined, as);
    expect(status).toBe(403);
    expect(body.message).toBe(
      'foos.apps is forbidden: User "ann" cannot list resource "foos" in API group "apps" at the cluster scope',
    );
  });
});

describe("componentstatuses", () => {
  const url = "/api/v1/componentstatuses";
  test("tell that the control plane is well, and that nobody should ask", () => {
    const fresh = new World();
    fresh.settle();
    const { body, headers } = fresh.request("GET", url);
    expect(headers["warning"]).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"');
    expect(
      body.items.map((item: { metadata: { name: string }; conditions: object[] }) => [
        item.metadata.name,
        item.conditions[0],
      ]),
    ).toEqual(
      ["controller-manager", "scheduler", "etcd-0"].map((name) => [
        name,
        { type: "Healthy", status: "True", message: "ok" },
      ]),
    );
    const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const shown = fresh.request("GET", `${url}/scheduler`, undefined, table).body;
    expect(shown.rows[0].cells).toEqual(["scheduler", "Healthy", "ok", ""]);
    expect(fresh.request("GET", `${url}/x`).body.message).toBe('componentstatus "x" not found');
    expect(fresh.request("DELETE", `${url}/scheduler`).status).toBe(405);
  });
});

describe("a request's time", () => {
  const refusal = "invalid timeout specified in the request URL - time: ";
  test.each([
    ["/version?timeout=invalid", 400, `${refusal}invalid duration "invalid"`],
    [`${configMaps}?timeout=5`, 400, `${refusal}missing unit in duration "5"`],
    [`${configMaps}?timeout=5d`, 400, `${refusal}unknown unit "d" in duration "5d"`],
    [`${configMaps}?timeout=1.5m30s`, 200, undefined],
    ["/apis?timeout=3m", 200, undefined],
    ["/version?timeout=0s", 200, undefined],
  ])("%s: %i", (url, code, message) => {
    const { status, body } = world.request("GET", url);
    expect([status, body.message]).toEqual([code, message]);
  });
});

describe("what is accepted and given", () => {
  const accept = (url: string, type: string): [number, string] => {
    const { status, body, text } = world.request("GET", url, undefined, { accept: type });
    return [status, body?.message ?? text];
  };
  const given = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
  const meta = ";v=v1;g=meta.k8s.io";

  test.each([
    [`${configMaps}/a`, "text/html", `406: Not Acceptable\n\nAvailable representations: ${given}`],
    [
      configMaps,
      "text/html",
      `406: Not Acceptable\n\nAvailable representations: ${given}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`,
    ],
    [
      configMaps,
      `application/json;as=Foo${meta}`,
      `only the following media types are accepted: ${given}`,
    ],
    [
      configMaps,
      `application/json;as=PartialObjectMetadata${meta}`,
      "you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)",
    ],
    [
      `${configMaps}/a`,
      `application/json;as=PartialObjectMetadataList${meta}`,
      "you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)",
    ],
  ])("%s as %s is not acceptable", (url, type, message) => {
    expect(accept(url, type)).toEqual([406, message]);
  });

  test("the first clause that can be served counts", () => {
    const type = `application/vnd.kubernetes.protobuf;as=Table${meta}, application/json;as=Table;v=v1beta1;g=meta.k8s.io`;
    const { body } = world.request("GET", configMaps, undefined, { accept: type });
    expect([body.kind, body.apiVersion]).toEqual(["Table", "meta.k8s.io/v1beta1"]);
  });

  test("who would rather have protobuf is answered so: objects, lists, writes, refusals and the head of a watch", () => {
    const accept = "application/vnd.kubernetes.protobuf,application/json";
    const read = (method: string, url: string, body?: unknown): unknown => {
      const { headers, body: bytes } = world.raw(method, url, body, { accept }) as Reply;
      expect(headers["content-type"]).toBe("application/vnd.kubernetes.protobuf");
      return decodeProtobuf(bytes as Uint8Array).value;
    };
    expect(read("GET", `${configMaps}/a`)).toMatchObject({
      kind: "ConfigMap",
      metadata: { name: "a" },
    });
    expect(read("GET", configMaps)).toMatchObject({ kind: "ConfigMapList" });
    const made = { metadata: { name: "proto" }, data: { text: "ü€😀" } };
    expect(read("POST", configMaps, made)).toMatchObject({ kind: "ConfigMap", data: made.data });
    expect(read("GET", `${configMaps}/proto`)).toMatchObject({ data: made.data });
    expect(read("DELETE", `${configMaps}/proto`)).toMatchObject({ kind: "Status" });
    expect(read("GET", `${configMaps}/proto`)).toMatchObject({ code: 404, reason: "NotFound" });
    const watch = world.raw("GET", `${configMaps}?watch=true`, undefined, { accept });
    expect((watch as WatchReply).headers["content-type"]).toBe(
      "application/vnd.kubernetes.protobuf;stream=watch",
    );
    const partials = world.raw("GET", configMaps, undefined, {
      accept: `application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList${meta}`,
    }) as Reply;
    expect(decodeProtobuf(partials.body as Uint8Array).kind).toBe("PartialObjectMetadataList");
    // What upstream has no protobuf form of is the next clause's.
    const clock = world.raw("GET", "/apis/podyard.dev/v1/clocks/cluster", undefined, { accept });
    expect((clock as Reply).headers["content-type"]).toBe("application/json");
  });

  test("includeObject", () => {
    const table = { accept: `application/json;as=Table${meta}` };
    const object = (value: string): unknown =>
      world.request("GET", `${configMaps}/a?includeObject=${value}`, undefined, table).body.rows[0]
        .object;
    expect(object("None")).toBeUndefined();
    expect(object("Metadata")).toMatchObject({
      kind: "PartialObjectMetadata",
      metadata: { name: "a" },
    });
    expect(object("Object")).toMatchObject({ kind: "ConfigMap", metadata: { name: "a" } });
    const { status, body } = world.request(
      "GET",
      `${configMaps}?includeObject=All`,
      undefined,
      table,
    );
    expect(status).toBe(400);
    expect(body.message).toBe(
      "Unable to convert to Table as requested: includeObject: Invalid value: \"All\": must be 'Metadata', 'Object', 'None', or empty",
    );
  });

  test("people get indented JSON, programs one line", () => {
    const of = (query: string, agent: string): string =>
      world.request("GET", `${configMaps}/a${query}`, undefined, {
        headers: { "user-agent": agent },
      }).text;
    expect(of("", "curl/8.5.0")).toMatch(/^\{\n {2}"/);
    expect(of("?pretty=1", "kubectl/v1.33.1")).toMatch(/^\{\n {2}"/);
    expect(of("?pretty=false", "curl/8.5.0")).toMatch(/^\{"[^\n]*\}\n$/);
    expect(of("", "kubectl/v1.33.1")).toMatch(/^\{"[^\n]*\}\n$/);
    expect(world.request("GET", "/version").text).toMatch(/^\{\n {2}"major": "1"/);
  });
});

describe("the same objects through other versions", () => {
  test("an autoscaler is one object in v1 and v2", () => {
    const v1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
    const v2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    const hpa = {
      apiVersion: "autoscaling/v1",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
        maxReplicas: 5,
        targetCPUUtilizationPercentage: 60,
      },
    };
    expect(world.request("POST", v1, hpa).status).toBe(201);
    expect(world.get(`${v2}/web`).spec.metrics).toEqual([
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } },
      },
    ]);
    expect(world.get(`${v1}/web`).spec.targetCPUUtilizationPercentage).toBe(60);
    const { status, body } = world.request("POST", v2, hpa);
    expect([status, body.message]).toEqual([
      400,
      "the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)",
    ]);
  });

  test("an Event of one group is seen in the other", () => {
    const core = "/api/v1/namespaces/default/events";
    const newer = "/apis/events.k8s.io/v1/namespaces/default/events";
    const regarding = { kind: "Pod", namespace: "default", name: "p", apiVersion: "v1" };
    const event = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: "p.1" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "example.com/c",
      reportingInstance: "c-1",
      action: "Doing",
      reason: "Done",
      type: "Normal",
      note: "it is done",
      regarding,
    };
    expect(world.request("POST", newer, event)).toMatchObject({ status: 201 });
    expect(world.get(`${core}/p.1`)).toMatchObject({
      apiVersion: "v1",
      involvedObject: regarding,
      message: "it is done",
      reportingComponent: "example.com/c",
    });
    expect(world.get(`${newer}?fieldSelector=regarding.name%3Dp`).items).toHaveLength(1);
    expect(world.get(`${core}?fieldSelector=involvedObject.name%3Dp`).items).toHaveLength(1);
    expect(
      world.request("GET", `${newer}?fieldSelector=involvedObject.name%3Dp`).body.message,
    ).toBe("field label not supported: involvedObject.name");
  });
});

describe("binding", () => {
  const pods = "/api/v1/namespaces/default/pods";
  const pod = (name: string): object => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { schedulerName: "nobody", containers: [{ name: "c", image: "nginx" }] },
  });
  const binding = (name: string, target: object): object => ({
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name },
    target,
  });

  test("by the old collection, once", () => {
    world.create(pod("old"));
    const bind = (): { status: number; body: { message: string } } =>
      world.request(
        "POST",
        "/api/v1/namespaces/default/bindings",
        binding("old", { kind: "Node", name: "node-1" }),
      );
    expect(bind()).toMatchObject({ status: 201, body: { status: "Success", code: 201 } });
    expect(world.pod("old").spec.nodeName).toBe("node-1");
    expect(bind()).toMatchObject({
      status: 409,
      body: {
        message:
          'Operation cannot be fulfilled on pods/binding "old": pod old is already assigned to node "node-1"',
      },
    });
  });

  test.each([
    [
      "another kind",
      binding("p", { kind: "Host", name: "x" }),
      500,
      'target.kind: Unsupported value: "Host": supported values: "Node", "<empty>"',
    ],
    ["no name", binding("p", { kind: "Node" }), 500, "target.name: Required value"],
    [
      "another Pod",
      binding("q", { name: "node-1" }),
      400,
      "name in URL does not match name in Binding object",
    ],
  ])("%s", (_what, body, code, message) => {
    world.request("POST", pods, pod("p"));
    const answer = world.request("POST", `${pods}/p/binding`, body);
    expect([answer.status, answer.body.message]).toEqual([code, message]);
    expect(world.pod("p").spec.nodeName).toBeUndefined();
  });
});

test("no kind is defined at first, and kubectl may ask", () => {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  expect(world.get(path)).toMatchObject({ kind: "CustomResourceDefinitionList", items: [] });
  expect(world.request("GET", `${path}/x`).status).toBe(404);
});

test("YAML is written as upstream writes it: keys sorted, no anchors for what is the same", () => {
  const world = new World();
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "two" },
    spec: {
      containers: [
        { name: "b", image: "nginx", resources: {} },
        { name: "a", image: "nginx", resources: {} },
      ],
    },
  });
  const accept = { accept: "application/yaml" };
  const path = "/api/v1/namespaces/default/pods/two";
  const body = String(world.request("GET", path, undefined, { headers: accept }).text);
  expect(body).not.toMatch(/[&*]a\d/);
  expect(body).toMatch(/^apiVersion: v1\nkind: Pod\nmetadata:\n/);
  expect(body).toContain("\n  containers:\n  - image: nginx\n");
});
