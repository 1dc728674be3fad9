import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { app } from "../../worker/app.ts";
import { sweep } from "../../worker/cron.ts";
import { forgetAnonymous } from "../../worker/db/people.ts";
import type { Env } from "../../worker/env.ts";
import { turnstile } from "../../worker/human.ts";
import worker from "../../worker/index.ts";
import { newId } from "../../worker/secrets.ts";
import { bearer, make, post, stubOf } from "./edge.ts";
import { invitation, owner, own, token } from "./people/persons.ts";

/** What an operator sees and sets: the log, the cron trigger, Turnstile, the limit at the edge. */

afterEach(() => vi.restoreAllMocks());

const fetched = (path: string, init: RequestInit, more: Partial<Env> = {}): Promise<Response> => {
  const request = new Request(new URL(path, own), init);
  return Promise.resolve(app.fetch(request, { ...env, ...more } as Env, createExecutionContext()));
};

test("each request is one event, and no secret is in any", async () => {
  const { person, made } = await owner();
  const invited = await invitation(person.headers, made.id, "viewer");
  const program = await token(person.headers, ["sandboxes:read"]);
  const lines: string[] = [];
  for (const level of ["log", "error", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation(
      (...said: unknown[]) => void lines.push(JSON.stringify(said)),
    );
  }
  const planted = "planted-secret";
  const asks: [string, RequestInit][] = [
    [
      `/api/sandboxes/${made.id}?q=${planted}`,
      { headers: { ...bearer(made.secret), "cf-ray": "8f0-TXL" } },
    ],
    [`/api/sandboxes/${made.id}`, { headers: bearer(program.token) }],
    [`/api/me`, { headers: person.headers }],
    [`/api/invitations/${invited.secret}`, {}],
    [`/api/sandboxes/${planted}`, { headers: bearer(`podyard_${planted}`) }],
    [`/sandboxes/${made.id}/k/${made.secret}/api/v1/pods?token=${planted}`, {}],
    [`/sandboxes/${made.id}/api/v1/namespaces/${planted}/pods`, { headers: bearer(made.secret) }],
    [`/sandboxes/${made.id}/preview/${planted}/default/services/a:80/proxy/`, {}],
    [
      "/api/sandboxes",
      { ...post({ [planted]: 1 }), headers: { authorization: `Basic ${planted}` } },
    ],
    [`/${planted}`, {}],
  ];
  for (const [path, init] of asks)
    await (await fetched(path, init, { LOG_REQUESTS: "all" })).arrayBuffer();
  expect(lines).toHaveLength(asks.length);
  const secrets = [
    planted,
    made.secret,
    program.token,
    invited.secret,
    person.headers["cookie"]!.slice(17),
  ];
  for (const secret of secrets) expect(lines.join("\n")).not.toContain(secret);
  const [first, second, third] = lines.map((line) => (JSON.parse(line) as unknown[])[0]);
  expect(first).toMatchObject({
    event: "request",
    method: "GET",
    route: "/api/sandboxes/:id",
    by: "key",
    sandbox: made.id,
    status: 200,
    ms: expect.any(Number),
    ray: "8f0-TXL",
  });
  expect(second).toMatchObject({ by: "token", person: person.id, sandbox: made.id });
  expect(third).toMatchObject({ route: "/api/me", by: "session", person: person.id });
});

test("LOG_REQUESTS says which", async () => {
  const said = vi.spyOn(console, "log").mockImplementation(() => {});
  for (const LOG_REQUESTS of ["none", "errors"]) await fetched("/api/me", {}, { LOG_REQUESTS });
  expect(said).not.toHaveBeenCalled();
  const EDGE_LIMIT = { limit: async () => ({ success: false }) };
  const init = { headers: { "cf-connecting-ip": "192.0.2.7" } };
  const refused = await fetched("/api/me", init, { LOG_REQUESTS: "errors", EDGE_LIMIT });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
  expect(await refused.text()).toContain("192.0.2.7 (EDGE_LIMIT)");
  expect(said).toHaveBeenCalledTimes(1);
});

test("the cron trigger frees what has expired, may be repeated, and leaves what fails for later", async () => {
  const [dead, stuck, alive] = [await make(), await make(), await make()];
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  await env.DB.prepare("UPDATE sandboxes SET expires_at = 5 WHERE id IN (?, ?)")
    .bind(dead.id, stuck.id)
    .run();
  const getByName = env.SANDBOX.getByName.bind(env.SANDBOX);
  const names = vi.spyOn(env.SANDBOX, "getByName").mockImplementation((name) => {
    if (name === stuck.id) throw new Error("unreachable");
    return getByName(name);
  });
  // Within the grave's time, so that they are remembered.
  expect(await sweep(env, 10)).toEqual({ ended: 1, failed: 1 });
  expect(await sweep(env, 10)).toEqual({ ended: 0, failed: 1 });
  names.mockRestore();
  expect(await sweep(env, 10)).toEqual({ ended: 1, failed: 0 });
  expect(await sweep(env, 10)).toEqual({ ended: 0, failed: 0 });
  for (const one of [dead, stuck]) {
    const left = await runInDurableObject(stubOf(one), (_object, state) =>
      state.storage.getAlarm(),
    );
    expect(left).toBeNull();
  }
  await worker.scheduled({ cron: "*/10 * * * *", scheduledTime: 0, noRetry() {} }, env as Env);
  const rows = await env.DB.prepare("SELECT id FROM sandboxes").all<{ id: string }>();
  const ids = rows.results.map(({ id }) => id);
  expect(ids).toContain(alive.id);
  expect(ids).not.toContain(dead.id);
});

test("anonymous persons with nothing left are forgotten, some at each run, and nobody else", async () => {
  const day = 24 * 3_600_000;
  const run = (statement: string, ...values: unknown[]): Promise<D1Result> =>
    env.DB.prepare(statement)
      .bind(...values)
      .run();
  const persons = new Map<string, string>();
  const person = async (why: string, { name = null as string | null, at = 0 } = {}) => {
    // All of one letter, and so of one run.
    const id = `a${newId().slice(1)}`;
    persons.set(id, why);
    await run("INSERT INTO users (id, name, created_at) VALUES (?, ?, ?)", id, name, at);
    return id;
  };
  const sessionOf = (id: string, expiresAt: number) =>
    run(
      "INSERT INTO sessions VALUES (?, ?, ?, 0, ?, 0, 'anonymous', '')",
      crypto.randomUUID(),
      crypto.randomUUID(),
      id,
      expiresAt,
    );
  const now = 400 * 32 * day;
  const { made, person: host } = await owner();
  const lost = await person("nothing left");
  await sessionOf(lost, now - 1);
  await run("INSERT INTO audit (at, user_id, action, subject) VALUES (?, ?, 'x', 'x')", now, lost);
  const withdrawn = await person("a withdrawn snapshot");
  const snapshot = (id: string, withdrawnAt: number | null) =>
    run(
      `INSERT INTO snapshots (id, sha256, owner_id, title, revision, virtual_ms, bytes, nodes, pods, secrets_left_out, created_at, withdrawn_at)
       VALUES (?, ?, ?, '', 1, 1, 1, 1, 1, 0, 1, ?)`,
      newId(),
      crypto.randomUUID(),
      id,
      withdrawnAt,
    );
  await snapshot(withdrawn, 5);
  await run("UPDATE sandboxes SET expires_at = ? WHERE id = ?", now + day, made.id);
  await sessionOf(host.id, now + day);
  await sessionOf(await person("a session"), now + day);
  await person("a name", { name: "somebody" });
  await person("made a moment ago", { at: now - 60_000 });
  await run("UPDATE sandboxes SET owner_id = ? WHERE id = ?", await person("a sandbox"), made.id);
  await run(
    "INSERT INTO members VALUES (?, ?, 'viewer', 'm', 0)",
    made.id,
    await person("a membership"),
  );
  await run(
    "UPDATE keys SET user_id = ? WHERE sandbox_id = ?",
    await person("a key of another's sandbox"),
    made.id,
  );
  await snapshot(await person("a snapshot"), null);
  await run(
    "INSERT INTO scenarios VALUES (?, ?, 't', 'private', 0, 0, NULL)",
    newId(),
    await person("a scenario"),
  );
  await run("INSERT INTO identities VALUES ('p', 's', ?, 'n', 0)", await person("an identity"));
  await run(
    "INSERT INTO passkeys VALUES ('k', ?, '', 0, '', 'n', 0, 0)",
    await person("a passkey"),
  );
  await run(
    "INSERT INTO api_tokens VALUES ('h', 'i', ?, 't', '', 0, ?, NULL)",
    await person("a token"),
    now + 1,
  );
  const left = async () => {
    const rows = await env.DB.prepare("SELECT id FROM users").all<{ id: string }>();
    return rows.results.flatMap(({ id }) => persons.get(id) ?? []);
  };
  vi.spyOn(console, "log").mockImplementation(() => {});
  // Another letter's hour.
  await sweep(env, now + 3_600_000);
  expect(await left()).toHaveLength(persons.size);
  const some = { prefix: "a", madeBefore: now - 3_600_000, max: 1 };
  expect(await forgetAnonymous(env.DB, some, now)).toBe(1);
  expect(await left()).toHaveLength(persons.size - 1);
  for (let i = 0; i < 2; i++) {
    await sweep(env, now);
    expect((await left()).sort()).toEqual(
      [...persons.values()].filter((why) => !/^nothing left|^a withdrawn/.test(why)).sort(),
    );
  }
  const noted = await env.DB.prepare("SELECT user_id FROM audit WHERE action = 'x'").first();
  expect(noted).toEqual({ user_id: null });
  const orphan = await env.DB.prepare(
    "SELECT count(*) AS n FROM snapshots WHERE owner_id IS NULL AND withdrawn_at = 5",
  ).first();
  expect(orphan).toEqual({ n: 1 });
});

test("with Turnstile's secret set, who is anonymous shows that they are human", async () => {
  const asked: string[] = [];
  vi.spyOn(turnstile, "ask").mockImplementation(async (_url, init) => {
    const body = init.body as URLSearchParams;
    asked.push(body.toString());
    return Response.json({ success: body.get("response") === "good" });
  });
  const more = { TURNSTILE_SECRET: "s", TURNSTILE_SITE_KEY: "site" };
  const create = (headers: Record<string, string>): Promise<Response> =>
    fetched(
      "/api/sandboxes",
      { ...post({}), headers: { "cf-connecting-ip": "192.0.2.8", ...headers } },
      more,
    );
  const none = await create({});
  expect([none.status, await none.json()]).toEqual([
    403,
    expect.objectContaining({ turnstileSiteKey: "site" }),
  ]);
  expect((await create(bearer("podyard_x"))).status).toBe(403);
  expect((await create({ "cf-turnstile-response": "x".repeat(2049) })).status).toBe(403);
  expect(asked).toEqual([]);
  expect((await create({ "cf-turnstile-response": "bad" })).status).toBe(403);
  const made = await create({ "cf-turnstile-response": "good" });
  expect(made.status).toBe(201);
  expect(asked.at(-1)).toBe("secret=s&response=good&remoteip=192.0.2.8");
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(turnstile, "ask").mockRejectedValue(new Error("down"));
  expect((await create({ "cf-turnstile-response": "good" })).status).toBe(503);
});
