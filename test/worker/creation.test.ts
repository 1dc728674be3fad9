import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { newKey } from "../../worker/keys.ts";
import { creationAllowances, networkOf, refusalOf } from "../../worker/creation-limits.ts";
import {
  countCreation,
  recordCreation,
  type Allowance,
  type NewRecord,
} from "../../worker/db/creations.ts";
import { insertPerson } from "../../worker/db/people.ts";
import type { Env } from "../../worker/env.ts";
import { limitsOf } from "../../worker/limits.ts";
import { refuseForeignHosts } from "../../worker/foreign-pages.ts";
import { newId } from "../../worker/secrets.ts";
import { newcomer } from "../../worker/cookie-sessions.ts";
import { bearer, edge, make } from "./edge.ts";

/** Who may make how many sandboxes and keys, and what a sandbox leaves that could not be made. */

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const from = (address: string, body = "{}"): Promise<Response> =>
  edge("/api/sandboxes", { method: "POST", headers: { "cf-connecting-ip": address }, body });

/** Of a sandbox that has no object. */
async function recordOf(
  ownerId: string | null,
  allowances: readonly Allowance[],
): Promise<NewRecord> {
  const id = newId();
  const now = Date.now();
  const expiresAt = now + 60_000;
  const { key } = await newKey(id, now, { role: "owner", expiresAt });
  const sandbox = {
    id,
    name: "podyard",
    nodes: 1,
    seed: id,
    createdAt: now,
    expiresAt,
    deletedAt: null,
    ownerId,
    title: "",
    source: null,
    usedAt: now,
    ownKinds: false,
  };
  return { sandbox, key, allowances, ownedMax: 50 };
}

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:c000:207", "192.0.2.7"],
  ["0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["2001:db8::1::2", "unknown"],
  ["1:2:3:4:5:6:7:8:9", "unknown"],
  ["1:2:3:4:5:6::8", "1:2:3:4::/64"],
  ["::ffff:192.0.2.256", "unknown"],
  ["", "unknown"],
])("the network of %s is %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("a network of IPv6 makes as many as one address of IPv4, also at once", async () => {
  const max = limitsOf(env as unknown as Env).createsPerMinuteMax!;
  const made = await Promise.all(
    Array.from({ length: max + 5 }, (_, i) => from(`2001:db8:7:7:${i}::${i}`)),
  );
  const statuses = made.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(max).fill(201), ...Array(5).fill(429)]);
  const refused = made.find(({ status }) => status === 429)!;
  const { detail } = (await refused.json()) as { detail: string };
  expect(detail).toMatch(
    /CREATES_PER_MINUTE_MAX, 10 a minute from 2001:db8:7:7::\/64; it resets at 20\S+Z, in \d+ s$/,
  );
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
  expect((await from("2001:db8:7:8::1")).status).toBe(201);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  expect((await from("2001:db8:7:7::1")).status).toBe(201);
});

test("all together make no more than a ceiling, and whom it refuses takes nothing of it", async () => {
  const limits = {
    ...limitsOf(env as unknown as Env),
    createsPerHourMax: 3,
    createsPerMinuteMax: 2,
  };
  await env.DB.prepare("DELETE FROM creations").run();
  const spend = async (address: string): Promise<string> => {
    const now = Date.now();
    const record = await recordOf(null, creationAllowances(limits, address));
    const refused = await recordCreation(env.DB, record, now);
    return refused ? /CREATES_\w+/.exec(refusalOf(refused, limits, now).message)![0] : "made";
  };
  const told: string[] = [];
  for (const address of ["1.1.1.1", "1.1.1.1", "1.1.1.1", "2.2.2.2", "3.3.3.3"])
    told.push(await spend(address));
  expect(told).toEqual(["made", "made", "CREATES_PER_MINUTE_MAX", "made", "CREATES_PER_HOUR_MAX"]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_601_000 });
  expect(await spend("3.3.3.3")).toBe("made");
});

test("what takes work is counted before the work, and recorded after it", async () => {
  const now = Date.now();
  const allowances = [{ scope: "test", max: 2, windowMs: 60_000 }];
  const count = (ownerId: string | null, ownedMax = 50) =>
    countCreation(env.DB, { ownerId, allowances, ownedMax }, now);
  const { person, session } = await newcomer(new Request("https://podyard.test"), now);
  await insertPerson(env.DB, person, session);
  const record = { ...(await recordOf(person.id, [])), ownedMax: 1 };
  expect(await count(person.id, 1)).toBeUndefined();
  expect(await recordCreation(env.DB, record, now)).toBeUndefined();
  expect(await count(person.id, 1)).toBe("owner has all");
  expect(await count(null)).toMatchObject({ usedUp: { scope: "test" }, endsAt: now + 60_000 });
});

test("one person has no more sandboxes than they may, also when they are made at once", async () => {
  const { person, session } = await newcomer(new Request("https://podyard.test"), Date.now());
  await insertPerson(env.DB, person, session);
  const records = await Promise.all(Array.from({ length: 9 }, () => recordOf(person.id, [])));
  const done = await Promise.all(
    records.map((record) => recordCreation(env.DB, { ...record, ownedMax: 4 }, Date.now())),
  );
  expect(done.filter((refused) => refused === "owner has all")).toHaveLength(5);
  const kept = await env.DB.prepare("SELECT id FROM sandboxes WHERE owner_id = ?")
    .bind(person.id)
    .all();
  expect(kept.results).toHaveLength(4);
});

test("whom a limit refuses is nobody: no person is written down", async () => {
  const people = async (): Promise<number> =>
    (await env.DB.prepare("SELECT id FROM users").all()).results.length;
  const max = limitsOf(env as unknown as Env).createsPerMinuteMax!;
  const now = Date.now();
  await env.DB.prepare("INSERT INTO creations VALUES (?, ?, ?)")
    .bind("network 203.0.113.9", now + 60_000, max)
    .run();
  const before = await people();
  const refused = await from("203.0.113.9");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("set-cookie")).toBeNull();
  expect(await people()).toBe(before);
});

test("making a sandbox asks the database once, and its object writes what it is born with", async () => {
  // The first of a minute has it forget what has run out, too.
  await make();
  const batch = vi.spyOn(env.DB, "batch");
  const prepare = vi.spyOn(env.DB, "prepare");
  const { id } = await make();
  expect(batch).toHaveBeenCalledTimes(1);
  // Two counts, a person, their session, the sandbox, its key.
  expect(prepare).toHaveBeenCalledTimes(6);
  await runInDurableObject(env.SANDBOX.getByName(id), (_instance, { storage }) => {
    const tables = storage.sql.exec(
      "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    expect(tables.toArray()).toEqual([]);
    expect([...storage.kv.list()].map(([key]) => key).sort()).toEqual(["birth", "token-secret"]);
  });
});

test("a sandbox has at most 50 keys, also when they are asked for at once", async () => {
  const made = await make();
  const path = `/api/sandboxes/${made.id}/keys`;
  const answers = await Promise.all(
    Array.from({ length: 80 }, () => edge(path, { method: "POST", headers: bearer(made.secret) })),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(49);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(31);
  const { keys } = (await (await edge(path, { headers: bearer(made.secret) })).json()) as {
    keys: { id: string }[];
  };
  expect(keys).toHaveLength(50);
  await edge(`${path}/${keys[3]!.id}`, { method: "DELETE", headers: bearer(made.secret) });
});

const counts = async (): Promise<number[]> => {
  const rows = await env.DB.batch([
    env.DB.prepare("SELECT id FROM sandboxes"),
    env.DB.prepare("SELECT id FROM keys"),
  ]);
  return rows.map(({ results }) => results.length);
};

test("a sandbox that cannot be made leaves neither record nor object", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const before = await counts();
  let id = "";
  const getByName = env.SANDBOX.getByName.bind(env.SANDBOX);
  vi.spyOn(env.SANDBOX, "getByName").mockImplementation((name) => {
    id = name;
    const stub = getByName(name);
    return {
      // As many nodes as there are no ranges for: the first turn throws.
      create: (birth: Parameters<typeof stub.create>[0]) => stub.create({ ...birth, nodes: 300 }),
      destroy: () => stub.destroy(),
    } as never;
  });
  expect((await from("198.51.100.1")).status).toBe(500);
  vi.restoreAllMocks();
  expect(await counts()).toEqual(before);
  await runInDurableObject(env.SANDBOX.getByName(id), async (_instance, state) => {
    expect([...state.storage.kv.list()]).toEqual([]);
    expect(await state.storage.getAlarm()).toBeNull();
  });
});

test("when the record cannot be written no object is woken", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const woken = vi.spyOn(env.SANDBOX, "getByName");
  vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("planned"));
  expect((await from("198.51.100.2")).status).toBe(500);
  expect(woken).not.toHaveBeenCalled();
});

test("a failed query tells the log no parameter", async () => {
  const made = await make();
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
  vi.spyOn(env.DB, "prepare").mockImplementation(() => {
    throw new Error("planned");
  });
  const asked = await edge(`/sandboxes/${made.id}/api/v1/pods`, { headers: bearer(made.secret) });
  expect(asked.status).toBe(503);
  const text = JSON.stringify(logged.mock.calls);
  expect(text).toContain("planned");
  expect(text).not.toMatch(/[0-9a-f]{64}|params/);
});

test.each([
  ["http://localhost:8787/", true],
  ["http://podyard.localhost/", true],
  ["http://127.0.0.1:8787/", true],
  ["http://192.168.1.20:8787/", true],
  ["http://[::1]:8787/", true],
  ["http://[fd00::17]/", true],
  ["http://box.lan:8787/", true],
  ["http://BOX.LAN./", true],
  ["http://evil.test:8787/", false],
  ["http://localhost.evil.test/", false],
  ["http://127.0.0.1.evil.test/", false],
  ["http://1.2.3.4.nip.io/", false],
])("on one's own machine %s may make sandboxes: %s", (url, allowed) => {
  const local = { MODE: "local", HOSTS: "box.lan, other.lan" } as Env;
  const ask = (): void => refuseForeignHosts(new Request(url), local);
  if (allowed) expect(ask).not.toThrow();
  else expect(ask).toThrow(/no sandboxes are made by the name/);
});
