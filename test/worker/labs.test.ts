import {
  createExecutionContext,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { app } from "../../worker/app.ts";
import type { Env } from "../../worker/env.ts";
import { turnstile } from "../../worker/human.ts";
import { newcomer, json } from "./people/people.ts";

/** Many who start labs at one moment: one person more than once, and a class behind one address. */

afterEach(() => vi.restoreAllMocks());

interface Started {
  id: string;
  again: boolean;
  sandbox: { id: string };
}

const start = async (
  address: string,
  { more = {}, headers = {} }: { more?: Partial<Env>; headers?: Record<string, string> } = {},
): Promise<Response> => {
  const request = new Request("https://podyard.test/api/scenarios/first-pods/start", {
    method: "POST",
    headers: { "cf-connecting-ip": address, origin: "https://podyard.test", ...headers },
    body: "{}",
  });
  const context = createExecutionContext();
  const response = await app.fetch(request, { ...env, ...more } as unknown as Env, context);
  await waitOnExecutionContext(context);
  return response;
};

test("starts of one person at the same instant make one lab", async () => {
  const who = await newcomer({ nodes: 1 });
  const made: string[] = [];
  const getByName = env.SANDBOX.getByName.bind(env.SANDBOX);
  vi.spyOn(env.SANDBOX, "getByName").mockImplementation((name) => {
    made.push(name);
    return getByName(name);
  });
  const path = "/api/scenarios/first-pods/start";
  const answers = await Promise.all(Array.from({ length: 6 }, () => who.ask(path, json({}))));
  vi.restoreAllMocks();
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
  const told = await Promise.all(answers.map((answer) => answer.json<Started>()));
  const [{ id, sandbox }] = told as [Started];
  for (const one of told) expect([one.id, one.sandbox.id]).toEqual([id, sandbox.id]);
  expect(told.filter(({ again }) => !again)).toHaveLength(1);

  const list = await (await who.ask("/api/sandboxes")).json<{ sandboxes: { id: string }[] }>();
  expect(list.sandboxes.map((one) => one.id).sort()).toEqual([who.made.id, sandbox.id].sort());
  const others = [...new Set(made)].filter((name) => name !== sandbox.id);
  // They were under way at once indeed.
  expect(others.length).toBeGreaterThan(0);
  for (const name of others) {
    const rows = await env.DB.prepare("SELECT 1 FROM sandboxes WHERE id = ?").bind(name).all();
    expect(rows.results).toEqual([]);
    await runInDurableObject(env.SANDBOX.getByName(name), (_object, { storage }) => {
      expect([...storage.kv.list()]).toEqual([]);
    });
  }
  const again = await who.ask(path, json({}));
  expect([again.status, (await again.json<Started>()).id]).toEqual([200, id]);
  const anew = await Promise.all([who.ask(path, json({ new: true })), who.ask(path, json({}))]);
  expect(anew.map(({ status }) => status)).toEqual([201, 200]);
});

test("a class of thirty behind one address gets thirty", { timeout: 120_000 }, async () => {
  const address = "198.51.100.30";
  const answers = await Promise.all(Array.from({ length: 30 }, () => start(address)));
  for (const { status } of answers) expect(status).toBe(201);
  const ids = await Promise.all(answers.map(async (one) => (await one.json<Started>()).sandbox.id));
  expect(new Set(ids).size).toBe(30);
  // What is no lab still has the small window, and that none of theirs.
  const create = () =>
    app.fetch(
      new Request("https://podyard.test/api/sandboxes", {
        method: "POST",
        headers: { "cf-connecting-ip": address },
        body: JSON.stringify({ nodes: 1 }),
      }),
      { ...env, CREATES_PER_MINUTE_MAX: "2" } as unknown as Env,
      createExecutionContext(),
    );
  expect([(await create()).status, (await create()).status, (await create()).status]).toEqual([
    201, 201, 429,
  ]);
});

test("labs have a limit too, by network, and count for the ceiling of all", async () => {
  const more = { LABS_PER_MINUTE_MAX: "2" };
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => start("198.51.100.31", { more })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 429, 429]);
  const refused = answers.find(({ status }) => status === 429)!;
  expect(await refused.json()).toMatchObject({
    detail: expect.stringMatching(
      /^too many labs: the limit is LABS_PER_MINUTE_MAX, 2 a minute from 198\.51\.100\.31; it resets at /,
    ),
  });
  await env.DB.prepare("DELETE FROM creations WHERE scope = 'all'").run();
  const scarce = { CREATES_PER_HOUR_MAX: "3" };
  const all = await Promise.all(
    Array.from({ length: 6 }, () => start("198.51.100.32", { more: scarce })),
  );
  expect(all.map(({ status }) => status).sort()).toEqual([201, 201, 201, 429, 429, 429]);
  const last = all.find(({ status }) => status === 429)!;
  expect(await last.text()).toContain("CREATES_PER_HOUR_MAX, 3 an hour from everybody");
});

test("who is anonymous shows that they are human before a lab and before a fork", async () => {
  const ask = vi
    .spyOn(turnstile, "ask")
    .mockImplementation(async (_url, init) =>
      Response.json({ success: (init.body as URLSearchParams).get("response") === "good" }),
    );
  const more = { TURNSTILE_SECRET: "s", TURNSTILE_SITE_KEY: "site" };
  const refused = await start("198.51.100.33", { more });
  expect([refused.status, await refused.json()]).toMatchObject([403, { turnstileSiteKey: "site" }]);
  const token = { "cf-turnstile-response": "good" };
  const made = await start("198.51.100.33", { more, headers: token });
  expect(made.status).toBe(201);
  const cookie = made.headers.get("set-cookie")!.split(";")[0]!;
  // Nothing is made: nothing is asked.
  const calls = ask.mock.calls.length;
  expect((await start("198.51.100.33", { more, headers: { cookie } })).status).toBe(200);
  expect(ask.mock.calls.length).toBe(calls);

  const { sandbox } = await made.json<Started>();
  const fork = (headers: Record<string, string>) =>
    app.fetch(
      new Request(`https://podyard.test/api/sandboxes/${sandbox.id}/fork`, {
        method: "POST",
        headers: {
          cookie,
          origin: "https://podyard.test",
          "cf-connecting-ip": "198.51.100.34",
          ...headers,
        },
        body: "{}",
      }),
      { ...env, ...more } as unknown as Env,
      createExecutionContext(),
    );
  expect((await fork({})).status).toBe(403);
  expect((await fork(token)).status).toBe(201);
});
