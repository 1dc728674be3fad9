import { expect, test } from "vitest";
import { serviceOf } from "../../network/network-world.ts";
import { api, gatewayOf, GatewayWorld, grant, http, routeOf } from "./gateway-world.ts";

/** What the controller of class `podyard` tells of HTTPRoutes. */

const to = (name: string, more: object = {}): object => ({
  rules: [{ backendRefs: [{ name, port: 80, ...more }] }],
});
const parentRefs = (more: object): object => ({ parentRefs: [{ name: "web", ...more }] });
const accepted = "Accepted True Accepted";
const resolved = "ResolvedRefs True ResolvedRefs";
const service = (name: string, namespace = "default"): object =>
  serviceOf(name, { ports: [{ port: 80 }] }, namespace);
const namespaceOf = (name: string, labels: Record<string, string> = {}): object => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});

test.each([
  ["as it is", {}, accepted],
  ["a listener by its name", parentRefs({ sectionName: "http" }), accepted],
  ["a listener by its port", parentRefs({ port: 8080 }), accepted],
  [
    "a name that no listener has",
    parentRefs({ sectionName: "https" }),
    "Accepted False NoMatchingParent",
  ],
  ["a port that no listener has", parentRefs({ port: 81 }), "Accepted False NoMatchingParent"],
  [
    "a name and the port of another listener",
    parentRefs({ sectionName: "http", port: 8080 }),
    "Accepted False NoMatchingParent",
  ],
  ["hostnames within the listener's", { hostnames: ["a.example.com", "other.net"] }, accepted],
  [
    "hostnames beside the listener's",
    { hostnames: ["example.com", "a.b.net"], ...parentRefs({ sectionName: "http" }) },
    "Accepted False NoMatchingListenerHostname",
  ],
  [
    "a pattern that is none",
    { rules: [{ matches: [{ path: { type: "RegularExpression", value: "/a(" } }] }] },
    "Accepted False UnsupportedValue",
  ],
])("accepted or not: %s", (_, spec, told) => {
  const world = new GatewayWorld();
  world.create(
    service("a"),
    gatewayOf("web", [
      http({ hostname: "*.example.com" }),
      { name: "more", port: 8080, protocol: "HTTP" },
    ]),
    routeOf("r", { ...to("a"), ...spec }),
  );
  world.settle();
  expect(world.parent("r")).toEqual([told, resolved]);
  const attached = world.listener("web").attached + world.listener("web", "more").attached;
  expect(attached > 0).toBe(told === accepted);
});

test("a route is told of for each of its parents, and keeps what other controllers say", () => {
  const world = new GatewayWorld();
  const url = `${api}/namespaces/default/httproutes/r`;
  world.create(
    service("a"),
    gatewayOf("web", [http()]),
    gatewayOf("two", [http({ hostname: "two.test" })]),
    routeOf("r", {
      ...to("a"),
      hostnames: ["one.test"],
      parentRefs: [{ name: "web" }, { name: "two" }, { name: "none" }],
    }),
  );
  world.settle();
  const other = {
    parentRef: { group: "example.net", kind: "Mesh", name: "m" },
    controllerName: "example.net/mesh",
    conditions: [
      {
        type: "Accepted",
        status: "True",
        reason: "Accepted",
        message: "",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
    ],
  };
  const told = (): [string, string][] =>
    world
      .route("r")
      .status.parents.map((one: { parentRef: { name: string }; controllerName: string }) => [
        one.parentRef.name,
        one.controllerName,
      ]);
  const ours = "podyard.dev/gateway-controller";
  expect(told()).toEqual([
    ["web", ours],
    ["two", ours],
  ]);
  const { status } = world.route("r");
  expect(status.parents[1].conditions[0].reason).toBe("NoMatchingListenerHostname");
  world.patch(`${url}/status`, { status: { parents: [...status.parents, other] } });
  world.patch(url, { spec: { parentRefs: [{ name: "two" }] } });
  world.settle();
  expect(told()).toEqual([
    ["m", "example.net/mesh"],
    ["two", ours],
  ]);
  expect(world.route("r").status.parents[1].conditions[0].observedGeneration).toBe(2);
  expect(world.listener("web").attached).toBe(0);
  world.delete(`${api}/namespaces/default/gateways/two`);
  world.settle();
  expect(told()).toEqual([["m", "example.net/mesh"]]);
});

test("a listener takes routes of its namespace, of all, or of those with a label", () => {
  const world = new GatewayWorld();
  const from = (name: string, namespaces: object): object => ({
    name,
    port: name.length,
    protocol: "HTTP",
    allowedRoutes: { namespaces },
  });
  world.create(
    namespaceOf("shop"),
    service("a", "shop"),
    gatewayOf("web", [
      from("s", { from: "Same" }),
      from("all", { from: "All" }),
      from("chosen", {
        from: "Selector",
        selector: { matchExpressions: [{ key: "team", operator: "In", values: ["red"] }] },
      }),
      from("none", { from: "Selector", selector: { matchLabels: { no: "one" } } }),
    ]),
    routeOf("r", to("a"), "shop"),
    routeOf(
      "strict",
      { ...to("a"), parentRefs: [{ name: "web", namespace: "default", sectionName: "chosen" }] },
      "shop",
    ),
  );
  world.settle();
  const counts = (): number[] =>
    ["s", "all", "chosen", "none"].map((name) => world.listener("web", name).attached);
  expect(counts()).toEqual([0, 1, 0, 0]);
  expect(world.parent("strict", "shop")[0]).toBe("Accepted False NotAllowedByListeners");
  world.patch("/api/v1/namespaces/shop", { metadata: { labels: { team: "red" } } });
  world.settle();
  expect(counts()).toEqual([0, 1, 2, 0]);
  expect(world.parent("strict", "shop")[0]).toBe(accepted);
  world.patch("/api/v1/namespaces/shop", { metadata: { labels: { team: null } } });
  world.settle();
  expect(counts()).toEqual([0, 1, 0, 0]);
});

test("a listener for other kinds takes no route", () => {
  const world = new GatewayWorld();
  world.create(
    gatewayOf("web", [http({ allowedRoutes: { kinds: [{ kind: "TCPRoute" }] } })]),
    routeOf("r", to("a")),
  );
  world.settle();
  expect(world.parent("r")[0]).toBe("Accepted False NotAllowedByListeners");
});

test("backends: what is missing, may not be named or is of another kind is told, and as it comes", () => {
  const world = new GatewayWorld();
  world.create(
    namespaceOf("far"),
    service("there", "far"),
    gatewayOf("web", [http()]),
    routeOf("missing", to("a")),
    routeOf("port", to("b", { port: 81 })),
    routeOf("kind", to("a", { kind: "ConfigMap" })),
    routeOf("far", to("there", { namespace: "far" })),
    routeOf("custom", {
      rules: [
        {
          filters: [
            { type: "ExtensionRef", extensionRef: { group: "x.io", kind: "Y", name: "z" } },
          ],
          backendRefs: [{ name: "b", port: 80 }],
        },
      ],
    }),
    routeOf("mirror", {
      rules: [
        {
          filters: [
            { type: "RequestMirror", requestMirror: { backendRef: { name: "a", port: 80 } } },
          ],
          backendRefs: [{ name: "b", port: 80 }],
        },
      ],
    }),
    service("b"),
  );
  world.settle();
  const refs = (name: string): string | undefined => {
    const [first, second] = world.parent(name);
    expect(first).toBe(accepted);
    return second;
  };
  expect(refs("missing")).toBe("ResolvedRefs False BackendNotFound");
  expect(refs("port")).toBe("ResolvedRefs False BackendNotFound");
  expect(refs("kind")).toBe("ResolvedRefs False InvalidKind");
  expect(refs("far")).toBe("ResolvedRefs False RefNotPermitted");
  expect(refs("custom")).toBe("ResolvedRefs False InvalidKind");
  expect(refs("mirror")).toBe("ResolvedRefs False BackendNotFound");
  world.create(service("a"), grant("far", "HTTPRoute", "Service"));
  world.patch("/api/v1/namespaces/default/services/b", {
    spec: { ports: [{ port: 81 }] },
  });
  world.settle();
  expect(["missing", "port", "far"].map(refs)).toEqual([resolved, resolved, resolved]);
  expect(refs("mirror")).toBe("ResolvedRefs False BackendNotFound");
  world.delete("/api/v1/namespaces/default/services/a");
  world.delete(
    "/apis/gateway.networking.k8s.io/v1/namespaces/far/referencegrants/from-default-service",
  );
  world.settle();
  expect(["missing", "far"].map(refs)).toEqual([
    "ResolvedRefs False BackendNotFound",
    "ResolvedRefs False RefNotPermitted",
  ]);
});

test("a class that comes late, or goes, is told of to routes as well", () => {
  const world = new GatewayWorld();
  const classes = `${api}/gatewayclasses`;
  world.create(
    service("a"),
    gatewayOf("web", [http()], { gatewayClassName: "late" }),
    routeOf("r", to("a")),
  );
  world.settle();
  expect(world.parent("r")).toEqual([]);
  world.request("POST", classes, {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: "late" },
    spec: { controllerName: "podyard.dev/gateway-controller" },
  });
  world.settle();
  expect(world.parent("r")).toEqual([accepted, resolved]);
  expect(world.listener("web").attached).toBe(1);
  world.patch(`${classes}/late`, { metadata: { finalizers: null } });
  world.delete(`${classes}/late`);
  world.patch(`${classes}/late`, { metadata: { finalizers: null } });
  world.settle();
  expect(world.route("r").status.parents).toEqual([]);
});

test("what nothing concerns wakes nobody", () => {
  const world = new GatewayWorld();
  world.create(service("a"), service("b"), gatewayOf("web", [http()]), routeOf("r", to("a")));
  world.settle();
  const versions = (): string[] =>
    [world.gateway("web"), world.route("r")].map((one) => one.metadata.resourceVersion);
  const before = versions();
  world.patch("/api/v1/namespaces/default/services/a", { metadata: { labels: { x: "y" } } });
  world.delete("/api/v1/namespaces/default/services/b");
  world.patch("/api/v1/namespaces/default", { metadata: { annotations: { x: "y" } } });
  world.settle();
  expect(versions()).toEqual(before);
});

test.each([
  [
    { rules: [{ matches: [{ path: { type: "PathPrefix", value: "a" } }] }] },
    "spec.rules[0].matches[0].path: Invalid value: value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']",
  ],
  [
    {
      rules: [
        {
          filters: [
            { type: "RequestRedirect", requestRedirect: { statusCode: 301 } },
            { type: "URLRewrite", urlRewrite: { hostname: "a.b" } },
          ],
        },
      ],
    },
    "spec.rules[0].filters: Invalid value: May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both",
  ],
  [
    { rules: [{ backendRefs: [{ name: "a" }] }] },
    "spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference",
  ],
  [
    { rules: [{ timeouts: { request: "1s", backendRequest: "2s" } }] },
    "spec.rules[0].timeouts: Invalid value: backendRequest timeout cannot be longer than request timeout",
  ],
])("refused in the definition's words %#", (spec, message) => {
  const world = new GatewayWorld();
  const url = `${api}/namespaces/default/httproutes`;
  const answer = world.request("POST", url, routeOf("bad", spec));
  expect(answer.status).toBe(422);
  expect(answer.body.message).toContain(message);
  expect(world.get(url).items).toEqual([]);
});
