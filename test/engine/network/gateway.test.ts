import { expect, test } from "vitest";
import {
  api,
  gatewayOf,
  GatewayWorld,
  grant,
  http,
  routeOf,
} from "../controllers/gateway/gateway-world.ts";
import { certificate } from "../controllers/gateway/certificate.ts";
import { podOf, serviceOf, sleeper, told } from "./network-world.ts";

/** The way of requests through Gateways: matching, weights, filters, time. */

const path = (value: string, type = "PathPrefix"): object => ({ path: { type, value } });
const rule = (backend: string, ...matches: object[]): object => ({
  ...(matches.length > 0 ? { matches } : {}),
  backendRefs: [{ name: backend, port: 80 }],
});

/** A Pod of image echo-basic behind a Service. */
const echo = (name: string): object[] => [
  podOf(name, "registry.k8s.io/gateway-api/echo-basic:v1.5.1", {
    container: {
      env: [
        { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
      ],
    },
  }),
  serviceOf(name, { selector: { app: name }, ports: [{ port: 80, targetPort: 3000 }] }),
];

function worldWith(spec: object, listeners: object[] = [http()]): GatewayWorld {
  const world = new GatewayWorld();
  world.create(gatewayOf("web", listeners), routeOf("r", spec));
  return world;
}

interface Asked {
  host?: string;
  method?: string;
  headers?: Record<string, string>;
  port?: number;
  https?: boolean;
  serverName?: string;
  trust?: { host: string; roots: string };
}

const asked = (world: GatewayWorld, target: string, { host = "x.test", ...more }: Asked = {}) =>
  world.ask("outside", {
    host: world.address(),
    path: target,
    ...more,
    headers: { host, ...more.headers },
  });

/** What an echo server was asked. */
function heard(
  world: GatewayWorld,
  target: string,
  more?: Asked,
): { path: string; host: string; pod: string; headers: Record<string, string[]> } {
  const answer = asked(world, target, more);
  if (!("response" in answer)) throw new Error(answer.error);
  return JSON.parse(answer.response.body) as ReturnType<typeof heard>;
}

test("N9 the order of rules: exact, longer prefix, method, headers, query, then age and name", () => {
  const world = worldWith({
    rules: [
      rule("a", path("/")),
      rule("b", path("/deep")),
      rule("c", path("/deep/er")),
      rule("d", path("/deep", "Exact")),
      rule("e", { ...path("/deep"), method: "POST" }),
      rule("f", { ...path("/deep"), headers: [{ name: "Version", value: "2" }] }),
      rule(
        "g",
        {
          ...path("/deep"),
          headers: [
            { name: "version", value: "2" },
            { name: "color", value: "red" },
          ],
        },
        { ...path("/deep"), queryParams: [{ name: "animal", value: "whale" }] },
      ),
      rule("h", { path: { type: "RegularExpression", value: "/v[0-9]+/.*" } }),
    ],
  });
  world.serve("a", "b", "c", "d", "e", "f", "g", "h");
  const who = (target: string, more?: Asked): string => told(asked(world, target, more));
  expect(who("/")).toBe("200 a");
  expect(who("/deeper")).toBe("200 a");
  expect(who("/deep/")).toBe("200 b");
  expect(who("/deep/x?y=1")).toBe("200 b");
  expect(who("/deep/er/x")).toBe("200 c");
  expect(who("/deep?x=1")).toBe("200 d");
  expect(who("/deep/x", { method: "POST" })).toBe("200 e");
  expect(who("/deep/x", { headers: { version: "2" } })).toBe("200 f");
  expect(who("/deep/x", { method: "POST", headers: { version: "2" } })).toBe("200 e");
  expect(who("/deep/x", { headers: { version: "2", color: "red" } })).toBe("200 g");
  expect(who("/deep/x?animal=whale&animal=dog")).toBe("200 g");
  expect(who("/deep/x?animal=whale", { headers: { version: "2" } })).toBe("200 f");
  expect(who("/v12/x")).toBe("200 h");
  expect(who("/v/x")).toBe("200 a");
});

test("hostnames: narrower listeners and routes come first, ties go to the older route", () => {
  const world = new GatewayWorld();
  world.create(
    gatewayOf("web", [
      http(),
      { name: "wild", port: 80, protocol: "HTTP", hostname: "*.example.com" },
      { name: "exact", port: 80, protocol: "HTTP", hostname: "a.example.com" },
    ]),
    routeOf("b-old", {
      ...{ rules: [rule("a")] },
      parentRefs: [{ name: "web", sectionName: "http" }],
    }),
  );
  world.advance(2_000);
  world.create(
    routeOf("a-new", { rules: [rule("b")], parentRefs: [{ name: "web", sectionName: "http" }] }),
    routeOf("wild", {
      rules: [rule("c", path("/c"))],
      parentRefs: [{ name: "web", sectionName: "wild" }],
    }),
    routeOf("named", { rules: [rule("d")], hostnames: ["b.test", "*.b.test"] }),
  );
  world.serve("a", "b", "c", "d");
  const who = (host: string, target = "/"): string => told(asked(world, target, { host }));
  expect(who("x.test")).toBe("200 a");
  expect(who("B.test:8080")).toBe("200 d");
  expect(who("x.y.b.test")).toBe("200 d");
  expect(who("x.example.com", "/c")).toBe("200 c");
  // The listener of a name is its narrowest alone.
  expect(who("x.example.com")).toMatch(/^404 /);
  expect(who("a.example.com", "/c")).toMatch(/^404 /);
});

test("answers of the Gateway's own: 404, 500, 503, and nobody where no listener is", () => {
  const world = worldWith({
    hostnames: ["x.test"],
    rules: [
      rule("missing", path("/missing")),
      rule("empty", path("/empty")),
      { matches: [path("/none")] },
      { matches: [path("/zero")], backendRefs: [{ name: "a", port: 80, weight: 0 }] },
      rule("a", path("/a")),
      rule("shut", path("/shut")),
    ],
  });
  world.create(
    serviceOf("empty", { selector: { app: "nobody" }, ports: [{ port: 80 }] }),
    serviceOf("shut", { selector: { app: "a" }, ports: [{ port: 80, targetPort: 81 }] }),
  );
  world.serve("a");
  const codes = ["/missing", "/empty", "/none", "/zero", "/a", "/shut", "/else"].map(
    (target) => told(asked(world, target)).split(" ")[0],
  );
  expect(codes).toEqual(["500", "503", "500", "500", "200", "502", "404"]);
  expect(told(asked(world, "/a", { host: "y.test" }))).toMatch(/^404 /);
  expect(told(asked(world, "/a", { port: 81 }))).toBe("refused");
  world.delete(`${api}/namespaces/default/gateways/web`);
  world.settle();
  expect(told(world.ask("outside", "172.18.255.200"))).toBe("unreachable");
});

test("N9 weights, with an invalid backend's share answered 500; the same seed draws the same", () => {
  const counts = (): Record<string, number> => {
    const world = worldWith({
      rules: [
        {
          backendRefs: [
            { name: "a", port: 80, weight: 6 },
            { name: "b", port: 80, weight: 2 },
            { name: "zero", port: 80, weight: 0 },
            { name: "gone", port: 80, weight: 2 },
          ],
        },
      ],
    });
    world.serve("a", "b", "zero");
    const seen: Record<string, number> = {};
    for (let i = 0; i < 200; i++) {
      const word = told(asked(world, "/")).split(" ").slice(0, 2).join(" ");
      seen[word] = (seen[word] ?? 0) + 1;
    }
    return seen;
  };
  const first = counts();
  expect(Object.keys(first).sort()).toEqual(["200 a", "200 b", "500 Service"]);
  expect(first["200 a"]).toBeGreaterThan(90);
  expect(first["200 b"]).toBeGreaterThan(20);
  expect(first["500 Service"]).toBeGreaterThan(20);
  expect(counts()).toEqual(first);
});

test("headers of requests and answers, for all backends and for one", () => {
  const world = worldWith({
    rules: [
      {
        filters: [
          {
            type: "RequestHeaderModifier",
            requestHeaderModifier: {
              set: [{ name: "X-Set", value: "set" }],
              add: [{ name: "X-Add", value: "more" }],
              remove: ["X-Remove"],
            },
          },
          {
            type: "ResponseHeaderModifier",
            responseHeaderModifier: {
              set: [{ name: "X-Answer", value: "yes" }],
              remove: ["X-Content-Type-Options"],
            },
          },
        ],
        backendRefs: [
          {
            name: "echo",
            port: 80,
            filters: [
              {
                type: "RequestHeaderModifier",
                requestHeaderModifier: { add: [{ name: "x-add", value: "one" }] },
              },
            ],
          },
        ],
      },
    ],
  });
  world.create(...echo("echo"));
  world.settle();
  const headers = { "X-Set": "mine", "X-Add": "first", "x-remove": "x", "x-kept": "k" };
  const answer = asked(world, "/a?b=c", { headers });
  if (!("response" in answer)) throw new Error(answer.error);
  expect(answer.response.headers).toMatchObject({ "x-answer": "yes" });
  expect(answer.response.headers).not.toHaveProperty("x-content-type-options");
  const { headers: seen, ...told_ } = JSON.parse(answer.response.body);
  expect(told_).toMatchObject({
    path: "/a?b=c",
    host: "x.test",
    method: "GET",
    proto: "HTTP/1.1",
    httpPort: "3000",
    namespace: "default",
    ingress: "",
    service: "",
    pod: "echo",
  });
  expect(seen).toMatchObject({
    "X-Set": ["set"],
    "X-Add": ["first,more,one"],
    "X-Kept": ["k"],
    "X-Forwarded-For": ["172.18.0.1"],
    "X-Forwarded-Proto": ["http"],
  });
  expect(seen).not.toHaveProperty("X-Remove");
});

test.each([
  [{ hostname: "new.test" }, "/old/a?x=1", ["new.test", "/old/a?x=1"]],
  [
    { path: { type: "ReplaceFullPath", replaceFullPath: "/all" } },
    "/old/a?x=1",
    ["x.test", "/all?x=1"],
  ],
  [
    { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/new" } },
    "/old/a?x=1",
    ["x.test", "/new/a?x=1"],
  ],
  [
    { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/new/" } },
    "/old",
    ["x.test", "/new"],
  ],
  [{ path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } }, "/old/a", ["x.test", "/a"]],
  [{ path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } }, "/old", ["x.test", "/"]],
])("a URL is rewritten %#", (urlRewrite, target, expected) => {
  const world = worldWith({
    rules: [
      {
        matches: [path("/old")],
        filters: [{ type: "URLRewrite", urlRewrite }],
        backendRefs: [{ name: "echo", port: 80 }],
      },
    ],
  });
  world.create(...echo("echo"));
  world.settle();
  const { host, path: seen } = heard(world, target);
  expect([host, seen]).toEqual(expected);
});

test.each([
  [{ hostname: "new.test" }, "302 http://new.test:8080/old/a?x=1"],
  [{ scheme: "https", statusCode: 301 }, "301 https://x.test/old/a?x=1"],
  [{ scheme: "http" }, "302 http://x.test/old/a?x=1"],
  [{ port: 80 }, "302 http://x.test/old/a?x=1"],
  [{ port: 444, scheme: "https" }, "302 https://x.test:444/old/a?x=1"],
  [
    { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/new" } },
    "302 http://x.test:8080/new/a?x=1",
  ],
])("a redirect %#", (requestRedirect, expected) => {
  const filters = [{ type: "RequestRedirect", requestRedirect }];
  const world = worldWith({ rules: [{ matches: [path("/old")], filters }] }, [
    http({ port: 8080 }),
  ]);
  world.settle();
  const answer = asked(world, "/old/a?x=1", { port: 8080 });
  if (!("response" in answer)) throw new Error(answer.error);
  expect(`${answer.response.status} ${answer.response.headers["location"]}`).toBe(expected);
});

test("browsers of other origins: what may be asked is said beforehand and with the answer", () => {
  const cors = {
    allowOrigins: ["https://www.foo.test", "https://*.bar.test"],
    allowMethods: ["GET", "PUT"],
    allowHeaders: ["x-one", "x-two"],
    exposeHeaders: ["x-three"],
    allowCredentials: true,
    maxAge: 60,
  };
  const open = { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"] };
  const ruleWith = (target: string, filter: object): object => ({
    matches: [path(target)],
    filters: [{ type: "CORS", cors: filter }],
    backendRefs: [{ name: "echo", port: 80 }],
  });
  const world = worldWith({
    rules: [
      ruleWith("/a", cors),
      ruleWith("/open", open),
      ruleWith("/trusting", { ...open, allowCredentials: true }),
    ],
  });
  world.create(...echo("echo"));
  world.settle();
  const said = (target: string, origin: string, more: Record<string, string> = {}): string[] => {
    const beforehand = { "access-control-request-method": "PUT", ...more };
    const preflight = Object.keys(more).length > 0;
    const answer = asked(world, target, {
      method: preflight ? "OPTIONS" : "GET",
      headers: { origin, ...(preflight ? beforehand : {}) },
    });
    if (!("response" in answer)) throw new Error(answer.error);
    const { status, headers } = answer.response;
    return [
      String(status),
      ...Object.entries(headers)
        .filter(([name]) => name.startsWith("access-control-"))
        .map(([name, value]) => `${name.slice("access-control-".length)} ${value}`),
    ];
  };
  const headers = { "access-control-request-headers": "x-one" };
  const from = (origin: string): string[] => [
    `allow-origin ${origin}`,
    "allow-credentials true",
    "expose-headers x-three",
  ];
  expect(said("/a", "https://www.foo.test", headers)).toEqual([
    "204",
    ...from("https://www.foo.test"),
    "allow-methods GET, PUT",
    "allow-headers x-one, x-two",
    "max-age 60",
  ]);
  expect(said("/a", "https://a.b.bar.test:443")).toEqual([
    "200",
    ...from("https://a.b.bar.test:443"),
  ]);
  expect(said("/a", "https://bar.test", headers)).toEqual(["204"]);
  expect(said("/a", "http://www.foo.test")).toEqual(["200"]);
  expect(said("/open", "http://x", headers)).toEqual([
    "204",
    "allow-origin http://x",
    "allow-methods *",
    "allow-headers *",
    "max-age 5",
  ]);
  expect(said("/trusting", "http://x", headers)).toEqual([
    "204",
    "allow-origin http://x",
    "allow-credentials true",
    "allow-methods PUT",
    "allow-headers x-one",
    "max-age 5",
  ]);
  // A method that nobody asks beforehand is the backend's.
  expect(told(asked(world, "/a", { method: "OPTIONS" }))).toMatch(/^200 /);
});

test("copies go to mirrors, whose answers nobody waits for", () => {
  const world = worldWith({
    rules: [
      {
        filters: [
          {
            type: "RequestMirror",
            requestMirror: { backendRef: { name: "copy", port: 80 } },
          },
          {
            type: "RequestMirror",
            requestMirror: { backendRef: { name: "never", port: 80 }, percent: 0 },
          },
        ],
        backendRefs: [{ name: "echo", port: 80 }],
      },
    ],
  });
  world.create(...echo("echo"), ...echo("copy"), ...echo("never"));
  world.settle();
  expect(heard(world, "/mirrored").pod).toBe("echo");
  world.advance(1_000);
  const log = (pod: string): string =>
    world.request("GET", `/api/v1/namespaces/default/pods/${pod}/log`).text;
  expect(log("echo")).toContain("request made to /mirrored to client");
  expect(log("copy")).toContain("request made to /mirrored to client");
  expect(log("never")).not.toContain("mirrored");
  world.advance(120_000);
  expect([...world.engine.store.recordKeys("network")]).toEqual([]);
});

test.each([
  [{ request: "500ms" }, "/?delay=1s", "504", 500],
  [{ request: "2s", backendRequest: "1s500ms" }, "/?delay=10s", "504", 1_500],
  [{ request: "2s" }, "/?delay=1s", "200", 1_000],
  [{ request: "0s" }, "/?delay=3s", "200", 3_000],
])("timeouts %#", (timeouts, target, status, tookMs) => {
  const world = worldWith({
    rules: [{ timeouts, backendRefs: [{ name: "echo", port: 80 }] }],
  });
  world.create(...echo("echo"));
  world.settle();
  const answer = asked(world, target);
  expect([told(answer).slice(0, 3), answer.tookMs]).toEqual([status, tookMs]);
});

test("HTTPS ends at the Gateway, by the name that is asked for", () => {
  const world = new GatewayWorld();
  const secure = (name: string, hostname: string): object => ({
    name,
    port: 443,
    protocol: "HTTPS",
    hostname,
    tls: { certificateRefs: [{ name: "cert" }] },
  });
  world.create(
    {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      metadata: { name: "cert", namespace: "default" },
      data: certificate,
    },
    gatewayOf("web", [http(), secure("a", "a.test"), secure("b", "*.b.test")]),
    routeOf("r", {
      parentRefs: [{ name: "web", sectionName: "b" }],
      rules: [{ backendRefs: [{ name: "echo", port: 80 }] }],
    }),
    ...echo("echo"),
  );
  world.settle();
  const said = heard(world, "/", { https: true, host: "x.b.test" });
  expect(said.headers["X-Forwarded-Proto"]).toEqual(["https"]);
  expect(told(asked(world, "/", { https: true, host: "a.test" }))).toMatch(/^404 /);
  expect(told(asked(world, "/", { https: true, host: "c.test" }))).toBe("tls");
  // The name said as TLS begins chooses the listener, and the request is for no other's.
  const named = (serverName: string, host: string): string =>
    told(asked(world, "/", { https: true, serverName, host }));
  expect(named("x.b.test", "y.b.test")).toMatch(/^200 /);
  expect(named("a.test", "x.b.test")).toBe("421 the connection is for another host");
  expect(named("x.b.test", "c.test")).toBe("421 the connection is for another host");
  expect(named("c.test", "x.b.test")).toBe("tls");
  // Whoever looks at its certificate takes it by its authority and its names: it is of *.example.com alone.
  const roots = atob(certificate["tls.crt"]!);
  const trusting = (trust: object): string =>
    told(asked(world, "/", { https: true, host: "x.b.test", trust: { roots, ...trust } as never }));
  expect(trusting({ host: "a.example.com" })).toMatch(/^200 /);
  expect(trusting({ host: "x.b.test" })).toMatch(/^x509: certificate is valid for /);
  expect(trusting({ host: "a.example.com", roots: "" })).toMatch(/^x509: .* unknown authority/);
  expect(told(asked(world, "/", { port: 443 }))).toMatch(/^400 Client sent an HTTP request/);
  expect(told(asked(world, "/", { port: 80, https: true }))).toBe("tls");
});

test("backends of other namespaces are reached with a grant alone, headless ones too", () => {
  const world = worldWith({
    rules: [{ backendRefs: [{ name: "far", port: 80, namespace: "far" }] }],
  });
  world.create(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "far" } },
    podOf("far", "registry.k8s.io/gateway-api/echo-basic:v1.5.1", { namespace: "far" }),
    serviceOf(
      "far",
      { clusterIP: "None", selector: { app: "far" }, ports: [{ port: 80, targetPort: 3000 }] },
      "far",
    ),
  );
  world.settle();
  expect(told(asked(world, "/"))).toMatch(/^500 no ReferenceGrant in namespace far/);
  world.create(grant("far", "HTTPRoute", "Service"));
  world.settle();
  expect(told(asked(world, "/"))).toMatch(/^200 /);
});

test("a Trace and curl of a Pod go through, also after everything was forgotten", () => {
  const world = worldWith({ rules: [rule("a")], hostnames: ["x.test"] });
  world.create(sleeper("client"));
  world.serve("a");
  world.evict();
  const ip = world.address();
  const ran = world.exec("client", `wget -qO- --header 'Host: x.test' http://${ip}/`);
  expect(ran).toMatchObject({ exitCode: 0, stdout: "a" });
  const url = "/apis/podyard.dev/v1/namespaces/default/traces";
  world.create({
    apiVersion: "podyard.dev/v1",
    kind: "Trace",
    metadata: { name: "t", namespace: "default" },
    spec: { from: "client", url: `http://${ip}/` },
  });
  world.settle();
  const { code, hops } = world.get(`${url}/t`).status;
  expect(code).toBe(404);
  expect(hops.at(-1)).toMatchObject({
    kind: "gateway",
    name: "default/web",
    detail: `no route for ${ip}/`,
    failed: true,
  });
  world.patch(`${api}/namespaces/default/httproutes/r`, { spec: { hostnames: null } });
  const through = world.ask({ pod: "default/client" }, ip);
  expect(through.hops.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "source default/client",
    "gateway default/web",
    "gateway default/web",
    "service default/a",
    "endpoint default/a",
    expect.stringMatching(/^node node-/),
    "pod default/a",
    "container main",
  ]);
});

test("the preview opens a host of a Gateway, and says why there is none", () => {
  const world = worldWith({ rules: [rule("a")], hostnames: ["x.test"] });
  world.serve("a");
  const visit = (name: string, host: string, port?: number): [number, string] => {
    const gateway = { namespace: "default", name, host, ...(port ? { port } : {}) };
    const edge = { publicPath: `/p/${name}/${host}/`, preview: { gateway } };
    let answer = world.raw("GET", "/", undefined, { edge });
    if (answer.type === "pending") {
      const pending = answer;
      world.advance(1_000);
      answer = world.engine.pollProxy(pending)!;
    }
    if (answer.type !== "reply") throw new Error(answer.type);
    const { body } = answer;
    const text = typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
    return [answer.status, text];
  };
  expect(visit("web", "x.test")).toEqual([200, "a"]);
  expect(visit("web", "x.test", 80)).toEqual([200, "a"]);
  expect(visit("web", "y.test")[0]).toBe(404);
  expect(visit("web", "x.test", 81)).toEqual([503, expect.stringContaining("no listener")]);
  expect(visit("none", "x.test")).toEqual([
    404,
    expect.stringContaining('gateways.gateway.networking.k8s.io \\"none\\" not found'),
  ]);
});
