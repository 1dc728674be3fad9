import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { kube, lineReader, stubOf } from "../edge.ts";
import { Provider, variables } from "./provider.ts";
import { Visitor } from "../visitor.ts";

let provider: Provider;
let freed: string[];
beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  provider = await Provider.start();
  freed = [];
});
afterEach(() => vi.restoreAllMocks());

const bucket = {
  delete: (keys: string | string[]): Promise<void> => {
    // What sandboxes were born with goes with them.
    freed.push(...[keys].flat().filter((key) => !key.startsWith("sandboxes/")));
    return Promise.resolve();
  },
  get: () => Promise.resolve(null),
};

const visitor = (): Visitor =>
  new Visitor({
    ...variables,
    SIGN_INS_PER_MINUTE_MAX: "",
    CREATES_PER_MINUTE_MAX: "",
    SNAPSHOTS: bucket,
  });

let people = 5000;
async function signedIn(name: string): Promise<{ who: Visitor; id: string }> {
  const who = visitor();
  provider.github = { id: people++, login: name };
  const begun = await who.ask("/api/sign-in/github/start");
  expect((await who.ask(provider.agree(begun.headers.get("location")!))).status).toBe(303);
  return { who, id: (await who.read<{ id: string }>("/api/me")).id };
}

interface Made {
  id: string;
  secret: string;
}

const make = async (who: Visitor): Promise<Made> => {
  const made = (await (await who.post("/api/sandboxes")).json()) as { id: string; url: string };
  return { id: made.id, secret: made.url.slice(made.url.indexOf("#k=") + 3) };
};

async function join(host: Visitor, { id }: Made, guest: Visitor, role = "editor"): Promise<void> {
  const made = await host.post(`/api/sandboxes/${id}/invitations`, { role });
  const { url } = (await made.json()) as { url: string };
  const accept = `/api/invitations/${url.slice(url.lastIndexOf("/") + 1)}/accept`;
  expect((await guest.post(accept)).status).toBe(200);
}

const run = (statement: string, ...values: unknown[]): Promise<D1Result> =>
  env.DB.prepare(statement)
    .bind(...values)
    .run();

const rowsNaming = async (text: string): Promise<string[]> => {
  const { results: tables } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>();
  const found: string[] = [];
  for (const { name } of tables) {
    const { results } = await env.DB.prepare(`SELECT * FROM ${name}`).all();
    if (JSON.stringify(results).includes(text)) found.push(name);
  }
  return found;
};

const addSnapshot = (id: string, sha256: string, owner: string | null): Promise<D1Result> =>
  run(
    `INSERT INTO snapshots (id, sha256, owner_id, title, revision, virtual_ms, bytes, nodes, pods, secrets_left_out, created_at)
     VALUES (?, ?, ?, 'mine', 1, 1, 1, 1, 1, 0, 1)`,
    id,
    sha256,
    owner,
  );

const addScenario = async (id: string, owner: string, snapshot: string | null): Promise<void> => {
  await run(
    "INSERT INTO scenarios (id, owner_id, title, visibility, created_at, updated_at) VALUES (?, ?, 't', 'private', 1, 1)",
    id,
    owner,
  );
  await run(
    "INSERT INTO scenario_versions (scenario_id, version, files, snapshot_id, created_at) VALUES (?, 1, '{}', ?, 1)",
    id,
    snapshot,
  );
};

/** A watch that the cookie opened. */
async function watchBy(who: Visitor, { id }: Made): Promise<ReturnType<typeof lineReader>> {
  const path = `/sandboxes/${id}/api/v1/namespaces/default/configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
  const response = await who.ask(path);
  expect(response.status).toBe(200);
  const reader = lineReader(response);
  expect(await reader.next()).toBeDefined();
  return reader;
}

async function ends(reader: ReturnType<typeof lineReader>): Promise<void> {
  while ((await reader.next()) !== undefined);
}

test("an export tells everything that is stored of a person, and no secret", async () => {
  const [{ who, id }, { who: friend }] = [await signedIn("exporter"), await signedIn("friend")];
  const [mine, theirs] = [await make(who), await make(friend)];
  await join(friend, theirs, who, "viewer");
  await join(who, mine, friend);
  await addSnapshot("snap-export", "aa".repeat(32), id);
  await addScenario("scenario-export", id, "snap-export");
  const response = await who.ask("/api/me/export");
  expect(response.headers.get("content-disposition")).toBe('attachment; filename="podyard.json"');
  const text = await response.text();
  const told = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
  expect(told).toMatchObject({
    person: [{ id, name: "exporter" }],
    identities: [{ provider: "github" }],
    passkeys: [],
    sessions: [{ provider: "github" }],
    apiTokens: [],
    sandboxes: [{ id: mine.id, seed: mine.id }],
    membersOfMine: [{ sandboxId: mine.id, role: "editor", name: "friend" }],
    keysOfMine: [{ sandboxId: mine.id, role: "owner" }],
    invitationsToMine: [{ sandboxId: mine.id, role: "editor", uses: 1 }],
    memberships: [{ sandboxId: theirs.id, role: "viewer" }],
    keys: [],
    snapshots: [{ id: "snap-export" }],
    scenarios: [{ id: "scenario-export" }],
    scenarioVersions: [{ scenarioId: "scenario-export", files: "{}" }],
    labs: [],
    cutShort: [],
  });
  expect(told["audit"]!.map(({ action }) => action)).toContain("signed in");
  expect(text).not.toContain(mine.secret);
  expect(text).not.toContain('"hash"');
  for (const table of ["keys", "sessions", "invitations"]) {
    const { results } = await env.DB.prepare(`SELECT hash FROM ${table}`).all<{ hash: string }>();
    for (const { hash } of results) expect(text).not.toContain(hash);
  }
});

test("an account is deleted with everything of it, and nothing of others", async () => {
  const [{ who, id }, { who: friend, id: friendId }] = [
    await signedIn("leaver"),
    await signedIn("stayer"),
  ];
  const [mine, theirs] = [await make(who), await make(friend)];
  await join(friend, theirs, who);
  await join(who, mine, friend);
  const key = await who.post(`/api/sandboxes/${theirs.id}/keys`, { role: "viewer" });
  expect(key.status).toBe(201);
  await addSnapshot("snap-own", "11".repeat(32), id);
  await addSnapshot("snap-twice", "22".repeat(32), id);
  await addSnapshot("snap-theirs", "22".repeat(32), friendId);
  await addSnapshot("snap-used", "33".repeat(32), id);
  await addScenario("scenario-own", id, "snap-own");
  await addScenario("scenario-theirs", friendId, "snap-used");
  const reader = await watchBy(who, theirs);

  const refused = await who.post("/api/me", { confirm: "somebody" }, "DELETE");
  expect([refused.status, await refused.json()]).toEqual([
    400,
    expect.objectContaining({ field: "confirm", detail: expect.stringContaining("leaver") }),
  ]);
  const done = await who.post("/api/me", { confirm: "leaver" }, "DELETE");
  expect(done.status).toBe(204);
  expect(who.session).toBeUndefined();
  await ends(reader);
  expect(await rowsNaming(id)).toEqual([]);
  expect(await rowsNaming(mine.id)).toEqual([]);
  // Withdrawn for scenarios of others too, which say so; what another person took stays.
  expect(freed.toSorted()).toEqual(["11".repeat(32), "33".repeat(32)]);
  const { results } = await env.DB.prepare(
    "SELECT id, owner_id, title, withdrawn_at IS NULL AS shared FROM snapshots WHERE id LIKE 'snap-%' AND id <> 'snap-export' ORDER BY id",
  ).all();
  expect(results).toEqual([
    { id: "snap-theirs", owner_id: friendId, title: "mine", shared: 1 },
    { id: "snap-used", owner_id: null, title: "", shared: 0 },
  ]);
  await runInDurableObject(stubOf(mine), (_object, { storage }) => {
    expect(storage.kv.get("birth")).toBeUndefined();
  });
  expect((await kube(theirs, "/version")).status).toBe(200);
  const members = await friend.read(`/api/sandboxes/${theirs.id}/members`);
  expect(members).toEqual({ members: [] });
});

test("who is anonymous confirms with their id", async () => {
  const who = visitor();
  await make(who);
  const { id } = await who.read<{ id: string }>("/api/me");
  expect((await who.post("/api/me", { confirm: "" }, "DELETE")).status).toBe(400);
  expect((await who.post("/api/me", { confirm: id }, "DELETE")).status).toBe(204);
  expect(await rowsNaming(id)).toEqual([]);
});

test.each([
  ["of births", /^sandboxes\//, "44"],
  ["of snapshots", /^(?!sandboxes)/, "55"],
])("a deletion %s that failed leaves the person, who asks again", async (_of, away, byte) => {
  const { who, id } = await signedIn(`again${byte}`);
  const made = await make(who);
  await addSnapshot(`snap-again${byte}`, byte.repeat(32), id);
  const remove = bucket.delete;
  const failing = vi
    .spyOn(bucket, "delete")
    .mockImplementation((keys) =>
      [keys].flat().some((key) => away.test(key))
        ? Promise.reject(new Error("R2 is away"))
        : remove(keys),
    );
  vi.spyOn(console, "error").mockImplementation(() => {});
  expect((await who.post("/api/me", { confirm: id }, "DELETE")).status).toBe(500);
  expect((await who.ask("/api/me")).status).toBe(200);
  failing.mockRestore();
  expect((await who.post("/api/me", { confirm: id }, "DELETE")).status).toBe(204);
  expect(freed).toEqual([byte.repeat(32)]);
  expect(await rowsNaming(id)).toEqual([]);
  expect((await kube(made, "/version")).status).toBe(401);
});

test("signing out of one session, and of all, ends what they have open", async () => {
  const { who, id } = await signedIn("sessions");
  const made = await make(who);
  const other = visitor();
  provider.github = { ...provider.github, id: people - 1 };
  const begun = await other.ask("/api/sign-in/github/start");
  await other.ask(provider.agree(begun.headers.get("location")!));
  expect((await other.read<{ id: string }>("/api/me")).id).toBe(id);
  const [mine, others] = [await watchBy(who, made), await watchBy(other, made)];
  const { sessions } = await who.read<{ sessions: { id: string; current: boolean }[] }>(
    "/api/me/sessions",
  );
  const away = sessions.find(({ current }) => !current)!;
  expect((await who.post(`/api/me/sessions/${away.id}`, {}, "DELETE")).status).toBe(204);
  await ends(others);
  expect((await other.ask("/api/me")).status).toBe(401);
  // The one that stays still hears.
  const path = "/api/v1/namespaces/default/configmaps";
  const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "here" } });
  const headers = { "content-type": "application/json" };
  expect((await kube(made, path, { method: "POST", headers, body })).status).toBe(201);
  for (let line = await mine.next(); !line?.includes('"here"'); line = await mine.next()) {
    expect(line).toBeDefined();
  }
  expect((await who.post("/api/me/sessions/all", {}, "DELETE")).status).toBe(204);
  await ends(mine);
  expect(who.session).toBeUndefined();
});

test("a sign-in ends what the session before it had open", async () => {
  const who = visitor();
  const made = await make(who);
  const reader = await watchBy(who, made);
  provider.github = { id: people++, login: "renewed" };
  const begun = await who.ask("/api/sign-in/github/start");
  await who.ask(provider.agree(begun.headers.get("location")!));
  await ends(reader);
  await (await watchBy(who, made)).stop();
});

test("a key is no person: it exports, lists and deletes nothing of one", async () => {
  const who = visitor();
  const { secret } = await make(who);
  const stranger = visitor();
  const headers = { authorization: `Bearer ${secret}` };
  for (const path of ["/api/me/export", "/api/me/identities", "/api/me/passkeys"]) {
    expect((await stranger.ask(path, { headers })).status).toBe(401);
    expect((await stranger.ask(path)).status).toBe(401);
  }
  expect((await stranger.post("/api/me", { confirm: "x" }, "DELETE")).status).toBe(401);
});
