import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { routes } from "../../worker/app.ts";
import { isRepeatable, readersOf } from "../../worker/handler.ts";
import { bearer, edge, kube, post } from "./edge.ts";
import { key, owner, token, type Headers_ } from "./people/persons.ts";

/** `Idempotency-Key`, entity tags. */

afterEach(() => vi.useRealTimers());

const create = (path: string, body: unknown, headers: Headers_): Promise<Response> => {
  const init = post(body);
  return edge(path, {
    ...init,
    headers: { "cf-connecting-ip": crypto.randomUUID(), ...init.headers, ...headers },
  });
};

test("the same request under one key is done once, and no secret is told again or stored", async () => {
  const { person, made } = await owner();
  const headers = { ...person.headers, "idempotency-key": "one" };
  for (const [path, body] of [
    ["/api/sandboxes", { name: "twice" }],
    [`/api/sandboxes/${made.id}/keys`, { role: "viewer" }],
    ["/api/me/tokens", { name: "t", scopes: ["account:read"] }],
    [`/api/sandboxes/${made.id}/invitations`, {}],
  ] as const) {
    const named = { ...headers, "idempotency-key": path };
    const first = await create(path, body, named);
    const told = await first.json<{ id: string }>();
    const again = await create(path, body, named);
    expect([path, again.status, again.headers.get("idempotency-replayed")]).toEqual([
      path,
      201,
      "true",
    ]);
    expect(again.headers.get("location")).toBe(`${path}/${told.id}`);
    const read = await again.json<Record<string, unknown>>();
    expect(read["id"]).toBe(told.id);
    expect(Object.keys(read).length).toBeGreaterThan(4);
    expect(JSON.stringify(read)).not.toMatch(/podyard_|\/i\//);
  }
  const rows = await env.DB.prepare("SELECT * FROM replies").all();
  expect(JSON.stringify(rows.results)).not.toMatch(/podyard_|\/i\//);
  const list = await edge("/api/sandboxes", { headers: person.headers });
  expect((await list.json<{ sandboxes: unknown[] }>()).sandboxes).toHaveLength(2);
});

test("what was made elsewhere than below its route is read again where it lies", async () => {
  const { person, made } = await owner({ nodes: 1 });
  const at = `/api/sandboxes/${made.id}`;
  for (const [path, place] of [
    [`${at}/fork`, "/api/sandboxes"],
    [`${at}/snapshots`, "/api/snapshots"],
    ["/api/scenarios/first-pods/start", "/api/me/labs"],
    ["/api/sandboxes", "/api/sandboxes"],
  ] as const) {
    const named = { ...person.headers, "idempotency-key": `made ${path}`.replace(" ", "-") };
    const first = await create(path, {}, named);
    const { id } = await first.json<{ id: string }>();
    const again = await create(path, {}, named);
    for (const one of [first, again]) {
      expect([path, one.status, one.headers.get("location")]).toEqual([
        path,
        201,
        `${place}/${id}`,
      ]);
    }
    const read = await edge(`${place}/${id}`, { headers: person.headers });
    expect(await again.json()).toEqual(await read.json());
  }
});

test("whatever is made can be read again, and by no more than two rows", () => {
  const makers = routes.filter(isRepeatable);
  expect(makers.length).toBeGreaterThan(8);
  for (const row of makers) {
    const { item, list } = readersOf(row, routes);
    const readers = [item, list].filter((one) => one !== undefined);
    expect([row.path, readers.length > 0]).toEqual([row.path, true]);
    for (const reader of readers) expect(reader.answers[200]?.schema).toBeDefined();
  }
});

test("another request under the key is refused, another person's is their own, a day later it is new", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const { person, made } = await owner();
  const other = await owner();
  const path = "/api/me/tokens";
  const body = { name: "a", scopes: ["account:read"] };
  const ask = async (who: Headers_, what: unknown = body): Promise<unknown[]> => {
    const response = await create(path, what, { ...who, "idempotency-key": "k" });
    return [response.status, (await response.json<{ id?: string }>()).id];
  };
  const [, id] = await ask(person.headers);
  expect(await ask(person.headers, { ...body, name: "b" })).toEqual([422, undefined]);
  expect(await ask(person.headers)).toEqual([201, id]);
  expect((await ask(other.person.headers))[1]).not.toBe(id);
  vi.setSystemTime(Date.now() + 24 * 3_600_000 + 1);
  const [status, next] = await ask(person.headers);
  expect([status, next === id]).toEqual([201, false]);
  const nobody = await create("/api/sandboxes", {}, { "idempotency-key": "k" });
  expect(nobody.status).toBe(401);
  const long = await create(path, body, { ...person.headers, "idempotency-key": "k".repeat(129) });
  expect(long.status).toBe(400);
  expect(made.id).not.toBe(other.made.id);
});

test("of two at once one is done; what failed may be asked again", async () => {
  const { person } = await owner();
  const ask = (body: unknown) =>
    create("/api/sandboxes", body, { ...person.headers, "idempotency-key": "k" });
  const refused = await ask({ nodes: 0 });
  expect(refused.status).toBe(400);
  const both = await Promise.all([ask({}), ask({})]);
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  const list = await edge("/api/sandboxes", { headers: person.headers });
  expect((await list.json<{ sandboxes: unknown[] }>()).sandboxes).toHaveLength(2);
});

test("a GET says its entity tag, and answers 304 to who has it", async () => {
  const { person, made } = await owner();
  const path = `/api/sandboxes/${made.id}`;
  const get = (headers: Headers_) => edge(path, { headers: { ...person.headers, ...headers } });
  const first = await get({});
  const tag = first.headers.get("etag")!;
  expect(tag).toMatch(/^"[0-9a-f]{32}"$/);
  for (const has of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
    const again = await get({ "if-none-match": has });
    expect([again.status, again.headers.get("etag"), await again.text()]).toEqual([304, tag, ""]);
  }
  expect((await get({ "if-none-match": '"x"' })).status).toBe(200);
});

test("a change may ask that nobody came before it", async () => {
  const { person, made } = await owner();
  const path = `/api/sandboxes/${made.id}`;
  const tag = (await edge(path, { headers: person.headers })).headers.get("etag")!;
  const rename = (title: string, headers: Headers_) =>
    edge(path, { ...post({ title }), method: "PATCH", headers: { ...person.headers, ...headers } });
  expect((await rename("one", { "if-match": tag })).status).toBe(200);
  expect((await rename("two", { "if-match": tag })).status).toBe(412);
  expect((await rename("three", { "if-match": "*" })).status).toBe(200);
  const read = await edge(path, { headers: person.headers });
  expect(await read.json()).toMatchObject({ title: "three" });
});

test("an API token has an end, and asks no more than its scopes", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const { person, made } = await owner();
  const program = await token(person.headers, ["sandboxes:read"]);
  expect((await kube({ id: made.id, secret: program.token }, "/api/v1/pods")).status).toBe(200);
  const list = await edge("/api/me/tokens", { headers: person.headers });
  const text = await list.text();
  expect(JSON.parse(text)).toMatchObject({
    tokens: [{ id: program.id, scopes: ["sandboxes:read"] }],
  });
  expect(text).not.toContain(program.token);
  for (const body of [
    { name: "t", scopes: [] },
    { name: "t", scopes: ["all"] },
    { name: "t", scopes: ["account:read"], days: 366 },
    { name: "t", scopes: ["account:read"], days: 0.5 },
    { scopes: ["account:read"] },
  ]) {
    expect((await create("/api/me/tokens", body, person.headers)).status).toBe(400);
  }
  vi.setSystemTime(Date.now() + 91 * 24 * 3_600_000);
  expect((await edge("/api/sandboxes", { headers: bearer(program.token) })).status).toBe(401);
  expect(await key(bearer(made.secret), made.id).catch(() => "over")).toBe("over");
});
