import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { bearer, edge, kube, make, stubOf } from "./edge.ts";

afterEach(() => vi.useRealTimers());

const create = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
  edge("/api/sandboxes", {
    method: "POST",
    headers: { "cf-connecting-ip": crypto.randomUUID(), ...headers },
    body,
  });

test("healthz answers", async () => {
  const response = await edge("/healthz");
  expect([response.status, await response.text()]).toEqual([200, "ok"]);
});

test("over https a kubeconfig carries a token", async () => {
  const response = await create("", { accept: "application/yaml" });
  expect(response.status).toBe(201);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const config = parse(await response.text());
  const name = config["current-context"];
  expect(name).toMatch(/^podyard-[a-z2-7]{8}$/);
  expect(config).toEqual({
    apiVersion: "v1",
    kind: "Config",
    preferences: {},
    "current-context": name,
    clusters: [
      {
        name,
        cluster: { server: "https://podyard.test" },
      },
    ],
    contexts: [{ name, context: { cluster: name, namespace: "default", user: name } }],
    users: [{ name, user: { token: expect.stringMatching(/^podyard_[\w-]{43}$/) } }],
  });
});

test("JSON answers everything about the sandbox", async () => {
  const made = await make({ name: "lesson-1", nodes: 2, seed: 7 });
  expect(made).toMatchObject({
    id: expect.stringMatching(/^[a-z2-7]{26}$/),
    apiServer: `https://podyard.test/sandboxes/${made.id}`,
    url: `https://podyard.test/s/${made.id}#k=${made.secret}`,
    kubeconfig: expect.stringContaining(made.secret),
  });
  expect(Date.parse(made.expiresAt)).toBeGreaterThan(Date.now());
  const again = await edge(`/api/sandboxes/${made.id}`, { headers: bearer(made.secret) });
  const { secret: _secret, ...answered } = made;
  expect(await again.json()).toEqual(answered);
});

test.each([
  ["no JSON", "{", undefined, /^the body is no JSON/],
  ["no object", "[]", undefined, /must be a JSON object/],
  ["unknown field", '{"size": 1}', "size", /unknown field "size"; known are name, nodes, seed/],
  ["no nodes", '{"nodes": 0}', "nodes", /whole number from 1 to 20/],
  ["too many nodes", '{"nodes": 21}', "nodes", /whole number from 1 to 20/],
  ["half a node", '{"nodes": 1.5}', "nodes", /whole number/],
  ["nodes as text", '{"nodes": "3"}', "nodes", /whole number/],
  ["bad name", '{"name": "-a"}', "name", /with a letter or digit at both ends/],
  ["long name", `{"name": "${"a".repeat(41)}"}`, "name", /at most 40/],
  ["empty seed", '{"seed": ""}', "seed", /seed must be/],
  ["long seed", `{"seed": "${"s".repeat(65)}"}`, "seed", /1 to 64/],
  ["seed of another type", '{"seed": {}}', "seed", /seed must be/],
])("refuses a request: %s", async (_case, body, field, message) => {
  const response = await create(body);
  expect(response.status).toBe(400);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = (await response.json()) as { detail: string; field?: string };
  expect(problem.field).toBe(field);
  expect(problem.detail).toMatch(message);
});

test("refuses a large body", async () => {
  expect((await create(`{"name": "${"a".repeat(7_000_000)}"}`)).status).toBe(413);
});

test("refuses pages of other origins", async () => {
  expect((await create("{}", { origin: "https://elsewhere.test" })).status).toBe(403);
  expect((await create("{}", { origin: "https://podyard.test" })).status).toBe(201);
});

test("limits how many sandboxes one address makes", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const statuses = new Set<number>();
  for (let i = 0; i < 11 && !statuses.has(429); i++) {
    statuses.add((await create("{", { "cf-connecting-ip": "192.0.2.1" })).status);
    const made = await create("{}", { "cf-connecting-ip": "192.0.2.1" });
    statuses.add(made.status);
    if (made.status === 429) expect(made.headers.get("retry-after")).toBe("60");
  }
  expect(statuses).toEqual(new Set([400, 201, 429]));
});

test("stores secrets as hashes only", async () => {
  const made = await make();
  const rows = await env.DB.prepare("SELECT * FROM keys WHERE sandbox_id = ?").bind(made.id).all();
  expect(rows.results).toHaveLength(1);
  expect(JSON.stringify(rows.results)).not.toContain(made.secret.slice(8));
  expect(rows.results[0]).toMatchObject({ hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test("the management API wants the sandbox's own key", async () => {
  const [mine, other] = [await make(), await make()];
  const read = (headers: Record<string, string>): Promise<Response> =>
    edge(`/api/sandboxes/${mine.id}`, { headers });
  expect((await read({})).status).toBe(401);
  expect((await read(bearer(other.secret))).status).toBe(401);
  expect((await read(bearer("podyard_x"))).status).toBe(401);
  expect((await read(bearer(mine.secret))).status).toBe(200);
  expect((await edge("/api/sandboxes/short", { headers: bearer(mine.secret) })).status).toBe(404);
  expect((await edge("/api/nothing")).status).toBe(404);
});

test("a key can be added and revoked, and revocation bites at once", async () => {
  const made = await make();
  const path = `/api/sandboxes/${made.id}/keys`;
  const added = (await (
    await edge(path, { method: "POST", headers: bearer(made.secret) })
  ).json()) as { id: string; kubeconfig: string };
  const secret = parse(added.kubeconfig).users[0].user.token as string;
  expect((await kube({ id: made.id, secret }, "/version")).status).toBe(200);

  const listed = await (await edge(path, { headers: bearer(made.secret) })).json();
  expect(listed).toMatchObject({ keys: [{ role: "owner" }, { role: "owner" }] });
  expect(JSON.stringify(listed)).not.toContain(secret);

  const gone = await edge(`${path}/${added.id}`, {
    method: "DELETE",
    headers: bearer(made.secret),
  });
  expect(gone.status).toBe(204);
  expect((await kube({ id: made.id, secret }, "/version")).status).toBe(401);
  expect((await kube(made, "/version")).status).toBe(200);
  const twice = await edge(`${path}/${added.id}`, {
    method: "DELETE",
    headers: bearer(made.secret),
  });
  expect(twice.status).toBe(404);
});

test("what a cluster is born with lies in its own tables too, beside nothing of who owns it", async () => {
  const made = await make({ name: "lab", nodes: 2, seed: "s" });
  await kube(made, "/api/v1/nodes");
  await runInDurableObject(stubOf(made), (_instance, { storage }) => {
    const birth = { name: "lab", nodes: 2, seed: "s", bornMs: expect.any(Number) };
    const { id } = made;
    expect(storage.kv.get("birth")).toEqual({ ...birth, id, expiresAtMs: expect.any(Number) });
    const [row] = storage.sql.exec("SELECT value FROM meta WHERE key = 'birth'").toArray();
    expect(JSON.parse(String(row?.["value"]))).toEqual(birth);
  });
});

test("a deleted sandbox is gone for its owner, and its object holds nothing any more", async () => {
  const made = await make();
  const done = await edge(`/api/sandboxes/${made.id}`, {
    method: "DELETE",
    headers: bearer(made.secret),
  });
  expect(done.status).toBe(204);
  const response = await kube(made, "/api/v1/nodes");
  expect(response.status).toBe(410);
  expect(await response.json()).toMatchObject({ kind: "Status", reason: "Gone", code: 410 });
  await runInDurableObject(stubOf(made), async (_instance, state) => {
    expect(state.storage.kv.get("birth")).toBeUndefined();
    expect(await state.storage.getAlarm()).toBeNull();
  });
});

test("an expired sandbox is gone, and says so", async () => {
  const made = await make();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 25 * 3_600_000 });
  const response = await kube(made, "/version");
  expect(response.status).toBe(410);
  expect((await edge(`/api/sandboxes/${made.id}`, { headers: bearer(made.secret) })).status).toBe(
    410,
  );
});

test("long expired sandboxes are forgotten, with their keys", async () => {
  const old = await make();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 9 * 24 * 3_600_000 });
  await make();
  const rows = async (): Promise<unknown[]> => {
    const sandboxes = env.DB.prepare("SELECT id FROM sandboxes WHERE id = ?").bind(old.id);
    const keys = env.DB.prepare("SELECT id FROM keys WHERE sandbox_id = ?").bind(old.id);
    return (await env.DB.batch([sandboxes, keys])).flatMap(({ results }) => results);
  };
  await expect.poll(rows).toEqual([]);
});
