import { evictDurableObject } from "cloudflare:test";
import { env, type DurableObject } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memberGrantId, type Grant } from "../../../durable-objects/grant.ts";
import type { SandboxObject } from "../../../durable-objects/object.ts";
import { bearer, configMap, edge, make, post, stubOf, type Made } from "../edge.ts";
import { asked, invitation, key, member, owner, type Headers_, type Person } from "./persons.ts";

/** What was withdrawn opens nothing, also where another Worker has not heard of it, and leaves nothing behind that does. */

let me: Person;
let made: Made & { secret: string };
const configMaps = "/api/v1/namespaces/default/configmaps";
const gone = { reason: "Unauthorized", code: 401 };

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 });
  ({ person: me, made } = await owner({ seed: 3 }));
});
afterEach(() => vi.useRealTimers());

const at = (path: string): string => `/api/sandboxes/${made.id}${path}`;
const as = (by: Headers_, body?: unknown, method = "POST"): RequestInit =>
  body === undefined
    ? { headers: by }
    : { ...post(body), method, headers: { ...by, "cf-connecting-ip": crypto.randomUUID() } };
const status = async (path: string, init: RequestInit): Promise<number> => {
  const response = await edge(path, init);
  await response.arrayBuffer();
  return response.status;
};
const remove = (id: string): Promise<void> =>
  asked(at(`/members/${id}`), { method: "DELETE", headers: me.headers }, 204);

/** As another Worker does it, of which this one hears nothing for a while. */
async function removeElsewhere(id: string): Promise<void> {
  await env.DB.prepare("DELETE FROM members WHERE user_id = ?").bind(id).run();
  await stubOf(made).cut(memberGrantId(id), { knewTokens: true });
}

// What the service does by itself. Of every other call the first word is what lets it in.
type Own = "create" | "cut" | "extend" | "destroy";
type Asked = Exclude<keyof SandboxObject, keyof DurableObject | Own>;
type Ungranted = {
  [Name in Asked]: Parameters<SandboxObject[Name]> extends [Grant, ...unknown[]] ? never : Name;
}[Asked];

test("no call of the object compiles without a grant", () => {
  const none: [Ungranted] extends [never] ? true : Ungranted = true;
  expect(none).toBe(true);
  const calls = (object: SandboxObject): unknown[] => [
    // @ts-expect-error -- no grant
    () => object.timeline(),
    // @ts-expect-error -- no grant
    () => object.undo({ to: 1, by: "jane" }),
    // @ts-expect-error -- no grant
    () => object.snapshotBytes({}),
    // @ts-expect-error -- no grant
    () => object.previewToken("0".repeat(12)),
    // @ts-expect-error -- no grant
    () => object.reset({ id: "", name: "", nodes: 1, seed: "", expiresAtMs: 0 }),
  ];
  expect(calls).toBeInstanceOf(Function);
});

test("each call of the object refuses a grant that ended, or is of another role, also after an eviction", async () => {
  const grant = {
    ids: ["session:s", memberGrantId("someone")],
    role: "editor",
    readAtMs: Date.now(),
    expiresAtMs: Date.now() + 600_000,
  };
  const birth = { id: made.id, name: "podyard", nodes: 3, seed: "3", expiresAtMs: 9e15 };
  const ask = async (by: Grant): Promise<unknown[]> => {
    const object = stubOf(made);
    return [
      await object.timeline(by),
      await object.undo(by, { to: 1, by: "jane" }),
      await object.snapshotBytes(by),
      await object.previewToken(by, "0".repeat(12)),
      await object.reset(by, birth),
    ];
  };
  const refused = [gone, gone, gone, gone, { born: false, ...gone }];
  expect(await ask({ ...grant, expiresAtMs: Date.now() })).toEqual(refused);
  await asked(at("/timeline"), as(me.headers), 200);
  await stubOf(made).cut(memberGrantId("someone"), { role: "viewer" });
  expect(await ask(grant)).toEqual(refused);
  await evictDurableObject(stubOf(made));
  expect(await ask(grant)).toEqual(refused);
  const { items } = (await stubOf(made).timeline({ ...grant, role: "viewer" })) as {
    items: unknown[];
  };
  expect(items.length).toBeGreaterThan(0);
});

test("what this Worker knew a moment ago reads nothing, and makes nothing", async () => {
  const one = await member(me.headers, made.id, "editor");
  const own = await key(one.headers, made.id);
  for (const by of [one.headers, bearer(own.secret)]) {
    expect(await status(at("/timeline"), as(by))).toBe(200);
    expect(await status(at("/preview"), as(by))).toBe(200);
  }
  await removeElsewhere(one.id);
  for (const by of [one.headers, bearer(own.secret)]) {
    expect(await status(at("/timeline"), as(by))).toBe(401);
    expect(await status(at("/preview"), as(by))).toBe(401);
    expect(await status(at("/at/5/api/v1/pods"), as(by))).toBe(401);
  }
  for (const [path, body] of [
    ["/undo", { to: 1 }],
    ["/fork", {}],
    ["/snapshots", {}],
    ["/keys", {}],
    ["/invitations", {}],
  ] as const) {
    expect([path, await status(at(path), as(one.headers, body))]).toEqual([path, 404]);
    expect([path, await status(at(path), as(bearer(own.secret), body))]).toEqual([path, 401]);
  }
});

test("an undo, a fork and a snapshot that were let in before are refused by the object", async () => {
  const one = await member(me.headers, made.id, "editor");
  for (const [path, body] of [
    ["/undo", { to: 1 }],
    ["/fork", {}],
    ["/snapshots", {}],
  ] as const) {
    // The database still says yes when it is asked, and the object has heard of it already.
    await stubOf(made).cut(memberGrantId(one.id));
    expect([path, await status(at(path), as(one.headers, body))]).toEqual([path, 401]);
  }
});

test("a key that a member made as they were removed opens nothing", async () => {
  const one = await member(me.headers, made.id, "editor");
  const [editors, viewers] = [
    await key(one.headers, made.id),
    await key(one.headers, made.id, "viewer"),
  ];
  const opens = (secret: string): Promise<number> =>
    status(`/sandboxes/${made.id}${configMaps}`, as(bearer(secret)));
  await env.DB.prepare("UPDATE members SET role = 'viewer' WHERE user_id = ?").bind(one.id).run();
  vi.setSystemTime(Date.now() + 10_000);
  expect([await opens(editors.secret), await opens(viewers.secret)]).toEqual([401, 200]);
  await env.DB.prepare("DELETE FROM members WHERE user_id = ?").bind(one.id).run();
  vi.setSystemTime(Date.now() + 10_000);
  expect([await opens(editors.secret), await opens(viewers.secret)]).toEqual([401, 401]);
});

test("with a key of no member go the keys and invitations that it made; an owner's keys stay", async () => {
  const editor = await key(bearer(made.secret), made.id, "editor");
  const child = await key(bearer(editor.secret), made.id);
  const grandchild = await key(bearer(child.secret), made.id, "viewer");
  const second = await key(bearer(made.secret), made.id, "owner");
  const invited = await invitation(bearer(child.secret), made.id, "editor");
  const ours = await invitation(me.headers, made.id, "viewer");
  await asked(at(`/keys/${editor.id}`), { method: "DELETE", headers: me.headers }, 204);
  const opens = (secret: string): Promise<number> => status(at(""), as(bearer(secret)));
  expect(await Promise.all([editor, child, grandchild].map((one) => opens(one.secret)))).toEqual([
    401, 401, 401,
  ]);
  expect(await status(`/api/invitations/${invited.secret}`, {})).toBe(404);
  expect(await status(`/api/invitations/${ours.secret}`, {})).toBe(200);
  const third = await key(bearer(second.secret), made.id, "owner");
  await asked(at(`/keys/${second.id}`), { method: "DELETE", headers: me.headers }, 204);
  expect([await opens(second.secret), await opens(third.secret)]).toEqual([401, 200]);
});

test("who is removed does not come back by the link that they came by, nor by one they made", async () => {
  const link = await invitation(me.headers, made.id, "editor");
  const accept = (secret: string): Promise<number> =>
    status(`/api/invitations/${secret}/accept`, post({}));
  const one = await member(me.headers, made.id, "editor");
  const theirs = await invitation(one.headers, made.id, "viewer");
  expect(await accept(theirs.secret)).toBe(200);
  await remove(one.id);
  expect([await accept(link.secret), await accept(theirs.secret)]).toEqual([404, 404]);
});

test("a smaller role ends invitations to the greater one, and those that its holder made", async () => {
  const [editors, viewers] = [
    await invitation(me.headers, made.id, "editor"),
    await invitation(me.headers, made.id, "viewer"),
  ];
  const one = await member(me.headers, made.id, "editor");
  const theirs = await invitation(one.headers, made.id, "viewer");
  await asked(at(`/members/${one.id}`), as(me.headers, { role: "viewer" }, "PATCH"), 204);
  const open = await Promise.all(
    [editors, viewers, theirs].map(({ secret }) => status(`/api/invitations/${secret}`, {})),
  );
  expect(open).toEqual([404, 200, 404]);
});

test("who leaves takes only their own invitations along", async () => {
  const link = await invitation(me.headers, made.id, "viewer");
  const one = await member(me.headers, made.id, "editor");
  const theirs = await invitation(one.headers, made.id, "viewer");
  await asked(at("/members/me"), { method: "DELETE", headers: one.headers }, 204);
  expect(await status(`/api/invitations/${link.secret}`, {})).toBe(200);
  expect(await status(`/api/invitations/${theirs.secret}`, {})).toBe(404);
});

test("a member's key writes under the member's name, whatever it is called", async () => {
  const one = await member(me.headers, made.id, "editor");
  const { members } = await asked<{ members: { id: string; name: string }[] }>(
    at("/members"),
    as(me.headers),
    200,
  );
  const called = members.find(({ id }) => id === one.id)!.name;
  const { kubeconfig } = await asked<{ kubeconfig: string }>(
    at("/keys"),
    as(one.headers, { name: "somebody else" }),
    201,
  );
  const secret = /token: (\S+)/.exec(kubeconfig)![1]!;
  await status(`/sandboxes/${made.id}${configMaps}`, {
    ...post(configMap("a")),
    headers: { ...bearer(secret), "content-type": "application/json" },
  });
  const { items } = await asked<{ items: { name: string; by: { name: string } }[] }>(
    at("/timeline"),
    as(me.headers),
    200,
  );
  expect(items.find(({ name }) => name === "a")!.by.name).toBe(called);
  // The owner names keys for those who have no account.
  const given = await asked<{ kubeconfig: string }>(
    at("/keys"),
    as(me.headers, { name: "jane", role: "editor" }),
    201,
  );
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const who = await asked<{ status: { userInfo: { username: string } } }>(
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    {
      ...post(review),
      headers: {
        ...bearer(/token: (\S+)/.exec(given.kubeconfig)![1]!),
        "content-type": "application/json",
      },
    },
    201,
  );
  expect(who.status.userInfo.username).toBe("jane");
});

test("another sandbox's key ends nothing here", async () => {
  const other = await make();
  const mine = await key(me.headers, made.id);
  const taken = await status(`/api/sandboxes/${other.id}/keys/${mine.id}`, {
    method: "DELETE",
    headers: bearer(other.secret),
  });
  expect([taken, await status(at(""), as(bearer(mine.secret)))]).toEqual([404, 200]);
});
