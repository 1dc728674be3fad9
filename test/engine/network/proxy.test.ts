/** N7 of `test/behaviours.md`: the API server's proxy; Ingress and the preview. */
import { beforeAll, describe, expect, test } from "vitest";
import { StatusError } from "../../../durable-objects/engine/machinery/status.ts";
import {
  proxyRequest,
  proxyResult,
  splitName,
  type ProxyRequest,
} from "../../../durable-objects/engine/network/proxy.ts";
import { previewIngress, previewService } from "../../../durable-objects/engine/network/request.ts";
import { rewriteUrl } from "../../../durable-objects/engine/network/html-links.ts";
import type { Reply, ProxyPending } from "../../../durable-objects/engine/ports/request.ts";
import { spawn } from "./network-programs.ts";
import { NetworkWorld, serviceOf, sleeper, told, whoami } from "./network-world.ts";

let world: NetworkWorld;

const ingress = (name: string, spec: object, annotations: object = {}): object => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name, annotations },
  spec: { ingressClassName: "nginx", ...spec },
});
const backend = (name: string, number = 80): object => ({ service: { name, port: { number } } });
const rule = (
  host: string | undefined,
  ...paths: [path: string, pathType: string, name: string][]
): object => ({
  ...(host ? { host } : {}),
  http: {
    paths: paths.map(([path, pathType, name]) => ({ path, pathType, backend: backend(name) })),
  },
});

beforeAll(() => {
  world = new NetworkWorld();
  world.create(
    sleeper("m", { container: { ports: [{ containerPort: 8000 }] } }),
    whoami("w"),
    whoami("v"),
    sleeper("pending", { spec: { nodeSelector: { no: "node" } } }),
    serviceOf("m", {
      selector: { app: "m" },
      ports: [
        { name: "http", port: 80, targetPort: 8000 },
        { name: "tls", port: 443, targetPort: 8443 },
      ],
    }),
    serviceOf("w", { selector: { app: "w" }, ports: [{ port: 80, targetPort: 8080 }] }),
    serviceOf("v", {
      type: "NodePort",
      selector: { app: "v" },
      ports: [{ name: "web", port: 80, targetPort: 8080 }],
    }),
    serviceOf("closed", { selector: { app: "w" }, ports: [{ port: 80, targetPort: 81 }] }),
    serviceOf("none", { selector: { app: "nobody" }, ports: [{ port: 80 }] }),
  );
  world.settle();
  spawn(world, "m", "mirror", 8000);
  spawn(world, "m", "mirror", 8443, "tls");
  spawn(world, "m", "late", 9000, 3_000);
});

function raw(path: string, more: Partial<ProxyRequest> = {}): Reply | ProxyPending {
  const [, resource = "", name = ""] = /(pods|services|nodes)\/([^/]+)\/proxy/.exec(path) ?? [];
  const [plain = "", query = ""] = path.split("?");
  const request: ProxyRequest = {
    resource: resource as "pods",
    namespace: "default",
    name: decodeURIComponent(name),
    method: "GET",
    path: plain,
    query,
    headers: { host: "sandbox.test" },
    ...more,
  };
  return world.with((context) => proxyRequest(context, request)) as Reply | ProxyPending;
}

const text = (reply: Reply): string =>
  typeof reply.body === "string" ? reply.body : new TextDecoder().decode(reply.body);
const root = "/api/v1/namespaces/default";

function said(path: string, more?: Partial<ProxyRequest>): string {
  try {
    const reply = raw(root + path, more) as Reply;
    return `${reply.status} ${reply.headers.location ?? text(reply)}`;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `${error.code} ${error.reason} ${error.message}`;
  }
}

describe("the API server's proxy", () => {
  const ip = (pod: string): string => world.ip(pod);
  const cases: [path: string, expected: () => string][] = [
    ["/pods/w:8080/proxy/", () => "200 w"],
    ["/pods/http:w:8080/proxy/", () => "200 w"],
    [
      "/pods/w/proxy/",
      () =>
        `503 ServiceUnavailable error trying to reach service: dial tcp ${ip("w")}:80: connect: connection refused`,
    ],
    [
      "/pods/w:81/proxy/",
      () =>
        `503 ServiceUnavailable error trying to reach service: dial tcp ${ip("w")}:81: connect: connection refused`,
    ],
    [
      "/pods/https:w:8080/proxy/",
      () =>
        "503 ServiceUnavailable error trying to reach service: http: server gave HTTP response to HTTPS client",
    ],
    ["/pods/nope/proxy/", () => '404 NotFound pods "nope" not found'],
    ["/pods/pending/proxy/", () => "400 BadRequest address not allowed"],
    ["/pods/ftp:w:80/proxy/", () => '400 BadRequest invalid pod request "ftp:w:80"'],
    ["/services/w/proxy/", () => "200 w"],
    ["/services/w:80/proxy/", () => "200 w"],
    ["/services/v:web/proxy/", () => "200 v"],
    ["/services/v:80/proxy/", () => "200 v"],
    ["/services/v/proxy/", () => '503 ServiceUnavailable no endpoints available for service "v"'],
    [
      "/services/w:81/proxy/",
      () => '503 ServiceUnavailable no service port 81 found for service "w"',
    ],
    [
      "/services/none/proxy/",
      () => '503 ServiceUnavailable no endpoints available for service "none"',
    ],
    [
      "/services/closed/proxy/",
      () =>
        `503 ServiceUnavailable error trying to reach service: dial tcp ${ip("w")}:81: connect: connection refused`,
    ],
    ["/services/nope/proxy/", () => '404 NotFound endpoints "nope" not found'],
    ["/services/nope:80/proxy/", () => '404 NotFound services "nope" not found'],
    ["/services/a:b:c:d/proxy/", () => '400 BadRequest invalid service request "a:b:c:d"'],
    ["/services/w/proxy", () => `301 ${root}/services/w/proxy/`],
    ["/services/w/proxy?a=1", () => `301 ${root}/services/w/proxy/?a=1`],
    ["/pods/m:8000/proxy/moved", () => `302 ${root}/pods/m:8000/proxy/there?x=1`],
  ];
  test.each(cases)("%s", (path, expected) => {
    expect(said(path)).toBe(expected());
  });

  test("every method, also one that no resource knows", () => {
    for (const method of ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]) {
      const path = "/api/v1/namespaces/default/pods/m:8000/proxy/some/where";
      expect([method, Math.floor(world.request(method, path).status / 100)]).toEqual([method, 2]);
    }
    expect(world.request("OPTIONS", "/api/v1/namespaces/default/pods/m").status).toBe(405);
  });
  test("nodes", () => {
    const nodes = "/api/v1/nodes/node-1/proxy";
    expect(text(raw(`${nodes}/healthz`) as Reply)).toBe("ok");
    expect(JSON.parse(text(raw(`${nodes}/pods`) as Reply)).kind).toBe("PodList");
    expect((raw(`${nodes}/nope`) as Reply).status).toBe(404);
    expect(() => raw("/api/v1/nodes/nope/proxy/healthz")).toThrow('nodes "nope" not found');
  });

  test.each(["GET", "POST", "PUT", "PATCH", "DELETE"])(
    "%s with path, query, body and headers",
    (method) => {
      const body = new TextEncoder().encode("grüße");
      const reply = raw(`${root}/services/m:http/proxy/x/%C3%BC/?a=b&c=%20`, {
        method,
        ...(method === "GET" ? {} : { body }),
        headers: {
          host: "sandbox.test",
          "x-own": "1",
          authorization: "Bearer t",
          connection: "keep-alive",
          "impersonate-user": "x",
        },
      }) as Reply;
      expect(reply.status).toBe(method === "DELETE" ? 202 : 200);
      const seen = JSON.parse(text(reply));
      expect(seen).toMatchObject({
        method,
        path: "/x/%C3%BC/?a=b&c=%20",
        clientIp: "172.18.0.2",
        headers: {
          host: "sandbox.test",
          "x-own": "1",
          "x-forwarded-uri": `${root}/services/m:http/proxy/x/%C3%BC/`,
          "x-forwarded-host": "sandbox.test",
        },
      });
      expect(Object.keys(seen.headers)).not.toEqual(expect.arrayContaining(["authorization"]));
      expect(seen.headers).not.toHaveProperty("connection");
      expect(seen.headers).not.toHaveProperty("impersonate-user");
      if (method !== "GET") expect(seen.body).toBe("grüße");
    },
  );

  test("HEAD has no body, TLS by scheme", () => {
    const head = raw(`${root}/services/m:http/proxy/x`, { method: "HEAD" }) as Reply;
    expect([head.status, text(head)]).toEqual([200, ""]);
    expect(said("/services/https:m:tls/proxy/x")).toMatch(/^200 /);
    expect(said("/services/m:tls/proxy/x")).toBe(
      "400 Client sent an HTTP request to an HTTPS server.\n",
    );
  });

  test("links of pages lead through the proxy", () => {
    const prefix = `${root}/services/m:80/proxy`;
    expect(said("/services/m:80/proxy/page")).toBe(
      `200 <a href="${prefix}/a?b=1&amp;c=2">x</a><img src='${prefix}/i.png'><a href="rel">y</a><a href="http://else/z">z</a><!-- <a href="/no"> -->`,
    );
    const rewrite = { prefix, hosts: ["sandbox.test", "10.244.1.2:80"] };
    expect(rewriteUrl("http://sandbox.test/x#y", rewrite)).toBe(`${prefix}/x#y`);
    expect(rewriteUrl(`${prefix}/x`, rewrite)).toBe(`${prefix}/x`);
    expect(rewriteUrl("mailto:x@y", rewrite)).toBe("mailto:x@y");
    expect(rewriteUrl("", rewrite)).toBe("");
  });

  test("behind a longer public path the links carry all of it", () => {
    const at = "/sandboxes/s/preview/t/default/services/m:80/proxy";
    const more = { resource: "services" as const, name: "m:80" };
    expect(text(raw(`${at}/page`, more) as Reply)).toContain(`<a href="${at}/a?`);
    expect((raw(`${at}/moved`, more) as Reply).headers.location).toBe(`${at}/there?x=1`);
  });

  test("kubectl get --raw, through the API itself", () => {
    expect(world.request("GET", `${root}/services/w/proxy/`)).toMatchObject({
      status: 200,
      text: "w",
    });
    expect(world.request("GET", `${root}/services/none/proxy/`).body).toMatchObject({
      kind: "Status",
      reason: "ServiceUnavailable",
      code: 503,
    });
  });

  test("an answer that takes its time is asked for again", () => {
    const pending = raw(`${root}/pods/m:9000/proxy/`) as ProxyPending;
    expect(pending.type).toBe("pending");
    const ask = (): Reply | undefined => world.with((context) => proxyResult(context, pending));
    expect(ask()).toBeUndefined();
    world.advance(2_999);
    expect(ask()).toBeUndefined();
    world.advance(1);
    expect(text(ask() as Reply)).toBe("at last");
  });

  test("names", () => {
    expect(
      ["a", "a:1", "https:a:1", ":a:", "https:a:", "x:a:1", "", ":1"].map((id) =>
        JSON.stringify(splitName(id) ?? null),
      ),
    ).toEqual([
      '{"scheme":"","name":"a","port":""}',
      '{"scheme":"","name":"a","port":"1"}',
      '{"scheme":"https","name":"a","port":"1"}',
      '{"scheme":"","name":"a","port":""}',
      '{"scheme":"https","name":"a","port":""}',
      "null",
      "null",
      "null",
    ]);
  });
});

describe("Ingress and preview", () => {
  beforeAll(() => {
    world.create(
      ingress("paths", {
        rules: [
          rule(
            "shop.test",
            ["/", "Prefix", "w"],
            ["/api", "Prefix", "v"],
            ["/exact", "Exact", "m"],
            ["/void", "Prefix", "none"],
            ["/closed", "Prefix", "closed"],
          ),
          rule("*.wild.test", ["/", "Prefix", "v"]),
        ],
      }),
      ingress(
        "rewritten",
        { rules: [rule("re.test", ["/app(/|$)(.*)", "ImplementationSpecific", "m"])] },
        {
          "nginx.ingress.kubernetes.io/rewrite-target": "/$2",
        },
      ),
      ingress(
        "patterns",
        {
          rules: [
            rule(
              "regex.test",
              ["/(a|a)*$", "ImplementationSpecific", "v"],
              ["/x(x+x+)+y", "ImplementationSpecific", "v"],
              ["/((?!admin).)+/page$", "ImplementationSpecific", "v"],
              ["/(\\w+)/\\1/twice", "ImplementationSpecific", "v"],
              ["/(b*)(b*)(b*)\\1\\2\\3c", "ImplementationSpecific", "v"],
              ["/broken(", "ImplementationSpecific", "v"],
              ["/(?<=/)behind", "ImplementationSpecific", "v"],
              ["/plain/.{2,3}/[0-9]+?$", "Prefix", "v"],
            ),
          ],
        },
        { "nginx.ingress.kubernetes.io/use-regex": "true" },
      ),
      ingress("secured", {
        tls: [{ hosts: ["safe.test"], secretName: "x" }],
        rules: [rule("safe.test", ["/", "Prefix", "w"])],
      }),
      ingress("foreign", {
        ingressClassName: "traefik",
        rules: [rule("foreign.test", ["/", "Prefix", "w"])],
      }),
    );
    world.settle();
  });

  const get = (host: string, path = "/", https = false): string => {
    const result = world.with((context) => previewIngress(context, { host, path, https }));
    if (!result.done) throw new Error("under way");
    return told(result.result).split("\r\n")[0] as string;
  };
  test.each([
    ["shop.test", "/", "200 w"],
    ["shop.test", "/api", "200 v"],
    ["shop.test", "/api/x?y=1", "200 v"],
    ["shop.test", "/apix", "200 w"],
    ["SHOP.test:80", "/", "200 w"],
    ["a.wild.test", "/", "200 v"],
    ["a.b.wild.test", "/", "404 <html>"],
    ["wild.test", "/", "404 <html>"],
    ["nobody.test", "/", "404 <html>"],
    ["foreign.test", "/", "404 <html>"],
    ["shop.test", "/void", "503 <html>"],
    ["shop.test", "/closed", "502 <html>"],
    ["safe.test", "/", "308 <html>"],
  ])("%s%s", (host, path, expected) => {
    expect(get(host, path)).toBe(expected);
  });
  test.each([
    [`/${"a".repeat(27)}`, "200 v"],
    [`/${"a".repeat(5_000)}!`, "404 <html>"],
    [`/x${"x".repeat(5_000)}`, "404 <html>"],
    [`/xxx${"x".repeat(300)}Y`, "200 v"],
    ["/some/page", "200 v"],
    ["/my/admin/page", "404 <html>"],
    [`/${"s".repeat(2_000)}/pages`, "404 <html>"],
    ["/one/one/twice", "200 v"],
    ["/one/two/twice", "404 <html>"],
    ["/broken(", "404 <html>"],
    ["/behind", "404 <html>"],
    ["/plain/abc/42", "200 v"],
    ["/plain/abc/42x", "404 <html>"],
  ])("a path with use-regex: %#", (path, expected) => {
    expect(get("regex.test", path)).toBe(expected);
  });
  test("a pattern that takes more than nginx lets it", () => {
    expect(get("regex.test", `/${"b".repeat(601)}c`)).toBe("500 <html>");
  });
  test("an exact path, its headers, and a rewritten one", () => {
    expect(JSON.parse(get("shop.test", "/exact").slice(4))).toMatchObject({
      path: "/exact",
      clientIp: "172.18.255.100",
      headers: {
        host: "shop.test",
        "x-forwarded-for": "172.18.0.1",
        "x-forwarded-host": "shop.test",
      },
    });
    expect(JSON.parse(get("re.test", "/app/a/b?c").slice(4)).path).toBe("/a/b?c");
    expect(get("safe.test", "/", true)).toBe("200 w");
  });
  test("its address and event; another class' Ingress gets none", () => {
    expect(
      world
        .rows("/apis/networking.k8s.io/v1/namespaces/default/ingresses")
        .map((r) => [r.Name, r.Address]),
    ).toEqual([
      ["foreign", ""],
      ["paths", "172.18.255.100"],
      ["patterns", "172.18.255.100"],
      ["rewritten", "172.18.255.100"],
      ["secured", "172.18.255.100"],
      ["unserved", ""],
    ]);
    expect(world.events("paths")).toEqual(["Normal Sync Scheduled for sync"]);
  });
  test("a Pod reaches it too, and a catch-all takes what is left", () => {
    const host = "172.18.255.100";
    expect(told(world.ask({ pod: "default/w" }, { host, headers: { host: "shop.test" } }))).toBe(
      "200 w",
    );
    world.create(ingress("all", { defaultBackend: backend("v") }));
    expect(get("nobody.test")).toBe("200 v");
  });
  test("the preview of Services", () => {
    const preview = (name: string, port?: number): string | undefined =>
      world.with((context) => {
        const result = previewService(context, "default", name, {
          path: "/",
          ...(port ? { port } : {}),
        });
        return result?.done ? told(result.result) : undefined;
      });
    expect(preview("w")).toBe("200 w");
    expect(preview("v", 80)).toBe("200 v");
    expect(preview("none")).toBe("refused");
    expect(preview("nope")).toBeUndefined();
  });
});

describe("a dead node", () => {
  test("an address that never answers", () => {
    const { nodeName } = world.pod("v").spec;
    const power = (state: string | null): void =>
      void world.patch(`/api/v1/nodes/${nodeName}`, {
        metadata: { annotations: { "podyard.dev/power": state } },
      });
    power("off");
    const pending = raw(`${root}/pods/v:8080/proxy/`) as ProxyPending;
    world.advance(60_000);
    const reply = world.with((context) => proxyResult(context, pending)) as Reply;
    expect([reply.status, JSON.parse(text(reply)).message]).toEqual([
      503,
      `error trying to reach service: dial tcp ${world.ip("v")}:8080: i/o timeout`,
    ]);
    power(null);
    world.settle();
  });
});
