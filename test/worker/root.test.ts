import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { app } from "../../worker/app.ts";
import { bearer, configMap, edge, inside, kube, make, post, stubOf } from "./edge.ts";

/** The Kubernetes API at the root, where the token alone says whose cluster it is. */

afterEach(() => vi.restoreAllMocks());

const configMaps = "/api/v1/namespaces/default/configmaps";
const unauthorized = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: "Unauthorized",
  reason: "Unauthorized",
  code: 401,
};
const kubernetesPaths = [
  "/api",
  "/api/v1",
  configMaps,
  "/apis",
  "/apis/apps/v1/deployments",
  "/version",
  "/openapi/v2",
  "/openapi/v3",
  "/healthz/ping",
  "/livez/ping",
  "/readyz/ping",
  "/metrics",
  "/logs/",
  "/.well-known/openid-configuration",
  "/openid/v1/jwks",
];

test.each(kubernetesPaths)(
  "%s without a token, or with none of ours, is a 401 Status",
  async (path) => {
    const woken = vi.spyOn(env.SANDBOX, "getByName");
    for (const headers of [{}, bearer("nonsense"), bearer(`podyard_${"A".repeat(43)}`)]) {
      for (const method of ["GET", "POST"]) {
        const response = await edge(path, { method, headers });
        expect([response.status, await response.json()]).toEqual([401, unauthorized]);
      }
    }
    expect(woken).not.toHaveBeenCalled();
  },
);

test("a key opens its own sandbox", async () => {
  const [one, two] = [await make(), await make()];
  for (const [made, name] of [
    [one, "one"],
    [two, "two"],
  ] as const) {
    const init = post(configMap(name));
    const headers = { ...init.headers, ...bearer(made.secret) };
    expect((await edge(configMaps, { ...init, headers })).status).toBe(201);
  }
  const read = async (secret: string, name: string): Promise<number> => {
    const response = await edge(`${configMaps}/${name}`, { headers: bearer(secret) });
    await response.arrayBuffer();
    return response.status;
  };
  expect(await read(one.secret, "one")).toBe(200);
  expect(await read(one.secret, "two")).toBe(404);
  expect(await read(two.secret, "two")).toBe(200);
  expect((await kube(one, `${configMaps}/one`)).status).toBe(200);
});

test("whatever a client of the cluster asks at the root is the cluster's to answer", async () => {
  const made = await make();
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await edge(path, { ...init, headers: bearer(made.secret) });
    return [response.status, await response.text()] as const;
  };
  expect((await ask("/"))[1]).toContain('"/apis/apps/v1"');
  expect(await ask("/healthz")).toEqual([200, "ok"]);
  expect((await ask("/livez?verbose"))[1]).toContain("livez check passed");
  expect((await ask("/version"))[1]).toContain('"gitVersion": "v1.36.1"');
  expect((await ask("/openid/v1/jwks"))[1]).toContain('"kty":"EC"');
  expect(await ask("/nope")).toEqual([404, "404 page not found\n"]);
  expect(await ask("/api/nope")).toEqual([404, expect.stringContaining('"kind":"Status"')]);
  expect(JSON.parse((await ask("/version", { method: "DELETE" }))[1])).toMatchObject({ code: 405 });
});

test("the service's own routes stay its own, with a key and without", async () => {
  const made = await make();
  expect((await edge(`/api/sandboxes/${made.id}`, { headers: bearer(made.secret) })).status).toBe(
    200,
  );
  for (const headers of [{}, bearer(made.secret)]) {
    const response = await edge(`/api/sandboxes/${made.id}/nothing`, { headers });
    expect(await response.json()).toMatchObject({ detail: /no such path/ });
  }
  for (const path of ["/healthz", "/livez", "/readyz"]) {
    const response = await edge(path);
    expect([response.status, await response.text()]).toEqual([200, "ok"]);
  }
  expect((await edge("/api/nothing")).status).toBe(404);
});

test("a deleted sandbox's key says so", async () => {
  const made = await make();
  await edge(`/api/sandboxes/${made.id}`, { method: "DELETE", headers: bearer(made.secret) });
  const response = await edge("/version", { headers: bearer(made.secret) });
  expect([response.status, await response.json()]).toEqual([
    410,
    expect.objectContaining({ message: expect.stringMatching(/expired or was deleted/) }),
  ]);
});

async function tokenOf(made: { id: string; secret: string }): Promise<string> {
  await edge("/api/v1/namespaces/default/serviceaccounts", {
    method: "POST",
    headers: { ...bearer(made.secret), "content-type": "application/json" },
    body: JSON.stringify({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "robot" },
    }),
  });
  const path = "/api/v1/namespaces/default/serviceaccounts/robot/token";
  const response = await kube(made, path, post({ spec: {} }));
  const { status } = (await response.json()) as { status: { token: string } };
  return status.token;
}

const part = (text: string): Record<string, unknown> =>
  JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
const written = (value: unknown): string =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

test("a service account's token opens its sandbox, as that account", async () => {
  const made = await make({ seed: 1 });
  const token = await tokenOf(made);
  const denied = await edge("/api/v1/secrets", { headers: bearer(token) });
  expect([denied.status, await denied.json()]).toEqual([
    403,
    expect.objectContaining({
      message: expect.stringContaining('User "system:serviceaccount:default:robot"'),
    }),
  ]);
  const allowed = await edge("/api", { headers: bearer(token) });
  expect(allowed.status).toBe(200);
  await allowed.arrayBuffer();
});

test("no token opens another sandbox, though both have one seed", async () => {
  const [mine, theirs] = [await make({ seed: 1 }), await make({ seed: 1 })];
  const token = await tokenOf(mine);
  await tokenOf(theirs);
  const [head = "", body = "", signature = ""] = token.split(".");
  const kid = String(part(head)["kid"]);
  expect(kid.split(".")[0]).toBe(mine.id);
  const renamed = (name: string): string =>
    [written({ ...part(head), kid: name }), body, signature].join(".");
  for (const forged of [
    renamed(kid.replace(mine.id, theirs.id)),
    renamed(`${theirs.id}.`),
    renamed(theirs.id),
    renamed(`${"a".repeat(26)}.${kid.split(".")[1]}`),
    renamed(""),
    `${written({ alg: "none", kid: `${theirs.id}.x` })}.${body}.${signature}`,
    `${head}.${body}.`,
    `${head}.${body}`,
  ]) {
    const response = await edge(configMaps, { headers: bearer(forged) });
    expect([forged, response.status, await response.json()]).toEqual([forged, 401, unauthorized]);
  }
});

test("a sandbox from before its tokens had a secret gets one when it opens, and lets none in by what was before", async () => {
  const made = await make({ seed: 1 });
  const token = await tokenOf(made);
  await runInDurableObject(stubOf(made), (instance, state) => {
    state.storage.kv.delete("token-secret");
    // Its key was a record.
    for (const query of [
      "DELETE FROM schema_version WHERE version > 1",
      `UPDATE log SET body = json_insert(body, '$.r[#]', json('["cluster","signing-key","KEY"]'))`,
      `INSERT INTO state (id, body) VALUES (1000, '{"r\\u0000cluster\\u0000signing-key":"KEY"}')`,
    ])
      state.storage.sql.exec(query);
    inside<{ loaded: undefined }>(instance).loaded = undefined;
  });
  const asked = async (token: string): Promise<number> => {
    const response = await edge(configMaps, { headers: bearer(token) });
    await response.arrayBuffer();
    return response.status;
  };
  expect(await asked(token)).toBe(401);
  const path = "/api/v1/namespaces/default/serviceaccounts/robot/token";
  const answer = await kube(made, path, post({ spec: {} }));
  const { status } = (await answer.json()) as { status: { token: string } };
  expect(await asked(status.token)).toBe(403);
  expect(await asked(token)).toBe(401);
  const stored = await runInDurableObject(stubOf(made), (_object, { storage }) =>
    ["log", "state"].flatMap((table) =>
      storage.sql.exec<{ body: string }>(`SELECT body FROM ${table}`).toArray(),
    ),
  );
  expect(stored.filter(({ body }) => body.includes('"KEY"'))).toEqual([]);
  expect(stored.some(({ body }) => body.includes('"r":[["'))).toBe(true);
});

test("on one's own machine a kubeconfig names the socket that speaks TLS, and trusts it", async () => {
  const local = {
    ...env,
    MODE: "local",
    TLS_PORT: "6443",
    TLS_AUTHORITY: "PEM",
    TLS_NAMES: "localhost,::1",
  };
  const clusterFor = async (origin: string): Promise<Record<string, string>> => {
    const response = await app.fetch(
      new Request(`${origin}/api/sandboxes`, {
        method: "POST",
        headers: { accept: "application/yaml", "cf-connecting-ip": crypto.randomUUID() },
      }),
      local,
      createExecutionContext(),
    );
    const config = parse(await response.text());
    expect(config.users[0].user.token).toMatch(/^podyard_/);
    return config.clusters[0].cluster;
  };
  const trust = { "certificate-authority-data": btoa("PEM") };
  expect(await clusterFor("http://localhost:8787")).toEqual({
    server: "https://localhost:6443",
    ...trust,
  });
  expect(await clusterFor("http://[::1]:8787")).toEqual({ server: "https://[::1]:6443", ...trust });
  expect(await clusterFor("https://localhost:6443")).toEqual({
    server: "https://localhost:6443",
    ...trust,
  });
});

test("version 2 of OpenAPI is served as protobuf, compressed for who asks, and known again", async () => {
  const made = await make();
  const ask = (headers: Record<string, string>): Promise<Response> =>
    edge("/openapi/v2", { headers: { ...bearer(made.secret), ...headers } });
  const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  const response = await ask({ accept });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
  );
  // Field 1, three bytes: the version.
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect([...bytes.slice(0, 5)]).toEqual([0x0a, 3, 0x32, 0x2e, 0x30]);
  const etag = response.headers.get("etag") ?? "";
  expect((await ask({ accept, "if-none-match": etag })).status).toBe(304);
  const zipped = await ask({ accept, "accept-encoding": "gzip" });
  expect(zipped.headers.get("content-encoding")).toBe("gzip");
  await zipped.arrayBuffer();
  expect((await ask({ accept: "text/html" })).status).toBe(406);
});
