import {
  createExecutionContext,
  listDurableObjectIds,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { app } from "../../worker/app.ts";
import { freeArtefact, putArtefact, sweepArtefacts } from "../../worker/snapshots/artefacts.ts";
import { insertSnapshot } from "../../worker/db/snapshots.ts";
import type { Env } from "../../worker/env.ts";
import { hashOf, newId } from "../../worker/secrets.ts";
import { configMap, edge, kube, post } from "./edge.ts";
import {
  byKey,
  json,
  memberOf,
  newcomer,
  sandboxOf,
  type Sandboxed,
  type Somebody,
} from "./people/people.ts";

afterEach(() => vi.restoreAllMocks());

interface Told {
  id: string;
  url: string;
  sha256: string;
  title: string;
  revision: number;
  bytes: number;
  pods: number;
  forks: number;
}

type Owner = Somebody & { made: Sandboxed };

const configMaps = "/api/v1/namespaces/default/configmaps";
const clock = "/apis/podyard.dev/v1/clocks/cluster";

/** Its time stands, so that two snapshots of it are equal. */
async function still(): Promise<Owner> {
  const owner = await newcomer({ seed: "still", nodes: 2 });
  const paused = await kube(owner.made, clock, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify({ spec: { paused: true } }),
  });
  expect(paused.status).toBe(200);
  return owner;
}

async function take(owner: Owner, options: unknown = {}): Promise<Told> {
  const response = await owner.ask(`/api/sandboxes/${owner.made.id}/snapshots`, json(options));
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as Told;
}

const statusOf = async (response: Promise<Response>): Promise<number> => {
  const got = await response;
  await got.arrayBuffer();
  return got.status;
};

test("whoever has a snapshot's id reads what it is and its moment, and no object is made or woken for it", async () => {
  const owner = await newcomer({ nodes: 2, title: "Lesson" });
  await kube(owner.made, configMaps, post(configMap("frozen")));
  const { id, ...told } = await take(owner, { title: "<script>1</script>" });
  expect(told).toMatchObject({
    url: `https://podyard.test/x/${id}`,
    title: "<script>1</script>",
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    nodes: 3,
    forks: 0,
    secretsLeftOut: false,
  });
  await kube(owner.made, `${configMaps}/frozen`, { method: "DELETE" });
  const before = await listDurableObjectIds(env.SANDBOX);

  expect(await (await edge(`/api/snapshots/${id}`)).json()).toEqual({ id, ...told });
  const read = async (path: string, accept = "application/json") =>
    (await edge(`/api/snapshots/${id}/kube${path}`, { headers: { accept } })).json();
  expect(await read(`${configMaps}/frozen`)).toMatchObject({ data: { name: "frozen" } });
  expect(await read("/api/v1/nodes", "application/json;as=Table;v=v1;g=meta.k8s.io")).toMatchObject(
    { kind: "Table", rows: { length: 3 } },
  );
  expect(await read("/apis")).toMatchObject({ kind: "APIGroupList" });
  const written = await edge(`/api/snapshots/${id}/kube${configMaps}`, post(configMap("new")));
  expect([written.status, await written.json()]).toMatchObject([405, { kind: "Status" }]);
  const timeline = (await (await edge(`/api/snapshots/${id}/timeline?limit=500`)).json()) as {
    items: { text: string }[];
  };
  expect(timeline.items.some(({ text }) => text.includes("frozen"))).toBe(true);

  const picture = await edge(`/api/snapshots/${id}/thumbnail.svg`);
  expect(picture.headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
  expect(picture.headers.get("content-security-policy")).toContain("sandbox; default-src 'none'");
  expect(picture.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await picture.text()).toMatch(/^<svg (?!.*<script)/s);
  expect(await listDurableObjectIds(env.SANDBOX)).toEqual(before);
});

test("its bytes may be kept, and are named by their hash", async () => {
  const owner = await newcomer();
  const { id, sha256, bytes } = await take(owner);
  const path = `/api/snapshots/${id}/artefact`;
  const whole = await edge(path);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    etag: `"${sha256}"`,
    "cache-control": "private, max-age=31536000, immutable",
    "content-type": "application/octet-stream",
    "content-disposition": expect.stringMatching(
      /^attachment; filename="podyard-[a-z2-7]{8}-\d+\.snapshot"$/,
    ),
    "x-content-type-options": "nosniff",
  });
  expect((await whole.arrayBuffer()).byteLength).toBe(bytes);
  const again = await edge(path, { headers: { "if-none-match": `W/"${sha256}"` } });
  expect(again.status).toBe(304);
});

test("equal moments are stored once, and freed with the last that names them", async () => {
  const owner = await still();
  const [one, other] = [await take(owner), await take(owner)];
  expect(one.sha256).toBe(other.sha256);
  expect(one.id).not.toBe(other.id);
  const stored = async (): Promise<boolean> => (await env.SNAPSHOTS.head(one.sha256)) !== null;
  const withdraw = (id: string) =>
    statusOf(owner.ask(`/api/snapshots/${id}`, { method: "DELETE" }));
  expect(await withdraw(one.id)).toBe(204);
  expect(await stored()).toBe(true);
  expect(await statusOf(edge(`/api/snapshots/${other.id}/artefact`))).toBe(200);
  expect(await withdraw(other.id)).toBe(204);
  await expect.poll(stored).toBe(false);
});

test("a withdrawn snapshot is there for nobody, and forks of it live on", async () => {
  const owner = await newcomer();
  const { id } = await take(owner);
  const visitor = await newcomer({ from: { snapshot: id } });
  expect(visitor.made.source).toEqual({ kind: "snapshot", id });
  await expect
    .poll(async () => ((await (await edge(`/api/snapshots/${id}`)).json()) as Told).forks)
    .toBe(1);
  const listed = async () =>
    ((await (await owner.ask("/api/snapshots")).json()) as { snapshots: Told[] }).snapshots;
  expect((await listed()).map((one) => one.id)).toEqual([id]);
  expect(await statusOf(owner.ask(`/api/snapshots/${id}`, { method: "DELETE" }))).toBe(204);
  for (const below of ["", "/artefact", "/thumbnail.svg", "/timeline", "/kube/api/v1/nodes"]) {
    expect(await statusOf(owner.ask(`/api/snapshots/${id}${below}`)), below).toBe(404);
    expect(await statusOf(edge(`/api/snapshots/${id}${below}`)), below).toBe(404);
  }
  expect(await statusOf(edge("/api/sandboxes", json({ from: { snapshot: id } })))).toBe(404);
  expect(await listed()).toEqual([]);
  expect(await statusOf(kube(visitor.made, "/api/v1/nodes"))).toBe(200);
});

test("owners and editors take snapshots; who took one, or owns its sandbox, renames and withdraws it", async () => {
  const owner = await newcomer();
  const path = `/api/sandboxes/${owner.made.id}/snapshots`;
  const [editor, viewer, stranger] = [
    await memberOf(owner, "editor"),
    await memberOf(owner, "viewer"),
    await newcomer(),
  ];
  expect(await statusOf(viewer.ask(path, json({})))).toBe(403);
  expect(await statusOf(stranger.ask(path, json({})))).toBe(404);
  expect(await statusOf(edge(path, json({})))).toBe(401);
  const { id } = await take({ ...editor, made: owner.made });
  const at = `/api/snapshots/${id}`;
  for (const one of [viewer, stranger, byKey(stranger.made.secret)]) {
    expect(await statusOf(one.ask(at, json({ title: "mine" }, "PATCH")))).toBe(403);
    expect(await statusOf(one.ask(at, { method: "DELETE" }))).toBe(403);
  }
  expect(await statusOf(edge(at, { method: "DELETE" }))).toBe(401);
  const renamed = await editor.ask(at, json({ title: "Before the fault" }, "PATCH"));
  expect(await renamed.json()).toMatchObject({ id, title: "Before the fault" });
  expect(await (await edge(at)).json()).toMatchObject({ title: "Before the fault" });
  expect(await statusOf(owner.ask(at, json({ title: "two\nlines" }, "PATCH")))).toBe(400);
  expect(await statusOf(byKey(owner.made.secret).ask(at, { method: "DELETE" }))).toBe(204);
});

test("what Secrets hold can be left out", async () => {
  const owner = await newcomer();
  await plantSecret(owner.made);
  const [whole, without] = [await take(owner), await take(owner, { secrets: false })];
  const secret = "/kube/api/v1/namespaces/default/secrets/planted";
  const read = async (id: string) => (await edge(`/api/snapshots/${id}${secret}`)).text();
  expect(await read(whole.id)).toContain(btoa("planted-value"));
  expect(await read(without.id)).not.toContain(btoa("planted-value"));
  expect(without).toMatchObject({ secretsLeftOut: true });
});

const plantSecret = (made: Sandboxed): Promise<Response> =>
  kube(
    made,
    "/api/v1/namespaces/default/secrets",
    post({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "planted" },
      stringData: { key: "planted-value" },
    }),
  );

test("a snapshot is of an earlier moment where one is named", async () => {
  const owner = await newcomer();
  const made = await kube(owner.made, configMaps, post(configMap("early")));
  const { metadata } = (await made.json()) as { metadata: { resourceVersion: string } };
  await kube(owner.made, configMaps, post(configMap("late")));
  const { id } = await take(owner, { at: Number(metadata.resourceVersion) });
  const read = (name: string) => statusOf(edge(`/api/snapshots/${id}/kube${configMaps}/${name}`));
  expect([await read("early"), await read("late")]).toEqual([200, 404]);
  const path = `/api/sandboxes/${owner.made.id}/snapshots`;
  const future = await owner.ask(path, json({ at: 1e9 }));
  expect([future.status, await future.json()]).toMatchObject([400, { field: "at" }]);
  expect(await statusOf(owner.ask(path, json({ at: 0.5 })))).toBe(400);
});

// Uploads

const upload = (who: Somebody, bytes: Uint8Array): Promise<Response> =>
  who.ask("/api/snapshots?title=Moved", { method: "POST", body: bytes });

test("an artefact comes back by upload, for whoever has signed in", async () => {
  const owner = await newcomer({ name: "moved", nodes: 2 });
  const { id, sha256 } = await take(owner);
  const bytes = new Uint8Array(await (await edge(`/api/snapshots/${id}/artefact`)).arrayBuffer());
  const other = await newcomer();
  const uploaded = await upload(other, bytes);
  expect(uploaded.status).toBe(201);
  const told = (await uploaded.json()) as Told;
  expect(told).toMatchObject({ sha256, title: "Moved", nodes: 3 });
  expect(told.id).not.toBe(id);
  const forked = await newcomer({ from: { snapshot: told.id } });
  expect(forked.made).toMatchObject({ name: "moved", nodes: 2, title: "Moved" });
  expect(await statusOf(edge("/api/snapshots", { method: "POST", body: bytes }))).toBe(401);
});

test("hostile bytes are refused with a reason, and nothing of them is kept", async () => {
  const owner = await newcomer();
  const { id } = await take(owner);
  const good = new Uint8Array(await (await edge(`/api/snapshots/${id}/artefact`)).arrayBuffer());
  const changed = good.with(good.length - 9, good[good.length - 9]! ^ 1);
  const newer = good.with(good.indexOf(0) + 2, 200);
  const keys = async () => (await env.SNAPSHOTS.list()).objects.length;
  const before = await keys();
  for (const [bytes, reason] of [
    [new Uint8Array(), /no snapshot/],
    [new TextEncoder().encode("#!/bin/sh\n".repeat(100)), /no snapshot/],
    [good.slice(0, good.length / 2), /damaged or incomplete/],
    [changed, /checksum/],
    [newer, /newer version/],
  ] as const) {
    const refused = await upload(owner, bytes);
    expect([refused.status, await refused.json()]).toMatchObject([
      422,
      { detail: expect.stringMatching(reason) },
    ]);
  }
  expect(await keys()).toBe(before);
  const announced = await owner.ask("/api/snapshots", {
    method: "POST",
    body: new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1 << 22)) }),
  });
  expect(announced.status).toBe(413);
});

test("how many a person may have, and how much, is limited and said", async () => {
  const owner = await newcomer();
  const { id } = await take(owner);
  const path = `/api/sandboxes/${owner.made.id}/snapshots`;
  await env.DB.prepare("UPDATE snapshots SET bytes = 199999999 WHERE id = ?").bind(id).run();
  const large = await owner.ask(path, json({}));
  expect([large.status, await large.json()]).toMatchObject([
    409,
    { detail: expect.stringMatching(/200000000 bytes .*SNAPSHOT_BYTES_PER_PERSON_MAX.*withdraw/) },
  ]);
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
     INSERT INTO snapshots (id, sha256, owner_id, title, revision, virtual_ms, bytes, nodes, pods, secrets_left_out, created_at)
     SELECT id || i, sha256, owner_id, title, revision, virtual_ms, 1, nodes, pods, 0, created_at - i FROM snapshots, n WHERE id = ?`,
  )
    .bind(id)
    .run();
  const many = await owner.ask(path, json({}));
  expect([many.status, await many.json()]).toMatchObject([
    409,
    { detail: expect.stringMatching(/200 snapshots \(SNAPSHOTS_PER_PERSON_MAX\)/) },
  ]);
  const first = (await (await owner.ask("/api/snapshots?limit=150")).json()) as {
    snapshots: Told[];
    nextCursor: string;
  };
  const rest = (await (
    await owner.ask(`/api/snapshots?limit=150&cursor=${first.nextCursor}`)
  ).json()) as { snapshots: Told[]; nextCursor?: string };
  expect([first.snapshots.length, rest.snapshots.length, rest.nextCursor]).toEqual([
    150,
    51,
    undefined,
  ]);
});

// Freed bytes

const birth = { name: "podyard", nodes: 1, seed: "ä" };
const rowOf = (sha256: string) => ({
  id: newId(),
  sha256,
  ownerId: null,
  sandboxId: null,
  title: "",
  revision: 1,
  virtualMs: 0,
  bytes: 1,
  nodes: 1,
  pods: 0,
  secretsLeftOut: false,
  forks: 0,
  createdAt: 0,
  withdrawnAt: null,
});

test("bytes that a new row names while they are freed are there afterwards", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(64));
  const sha256 = await hashOf(bytes);
  await putArtefact(env, sha256, { bytes, birth });
  const late = new Proxy(env.SNAPSHOTS, {
    get(bucket, name) {
      if (name !== "delete") return (bucket as never)[name as never] as unknown;
      return async (key: string) => {
        // Another request's: its row, and bytes that are in place as it looks.
        await insertSnapshot(env.DB, rowOf(sha256), { count: 1e6, bytes: 1e12 });
        await putArtefact(env, sha256, { bytes, birth });
        await bucket.delete(key);
      };
    },
  });
  const bound: Env = { ...env, SNAPSHOTS: bindMethods(late) };
  expect(await freeArtefact(bound, sha256)).toBe(false);
  const kept = await env.SNAPSHOTS.get(sha256);
  expect(new Uint8Array(await kept!.arrayBuffer())).toEqual(bytes);
  expect(kept!.customMetadata).toHaveProperty("birth");
});

/** The runtime's own objects answer to none but themselves. */
function bindMethods(bucket: R2Bucket): R2Bucket {
  return new Proxy(env.SNAPSHOTS, {
    get: (real, name) => {
      const value = (bucket as never)[name as never] as unknown;
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
}

test("a pass over what is stored frees what nothing names, once it is old enough", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(64));
  const sha256 = await hashOf(bytes);
  const owner = await newcomer();
  const { sha256: named } = await take(owner);
  const [homeless, living] = [newId(), owner.made.id];
  await putArtefact(env, sha256, { bytes, birth });
  for (const id of [homeless, living]) await env.SNAPSHOTS.put(`sandboxes/${id}`, "kind: List");
  const has = async (key: string): Promise<boolean> => (await env.SNAPSHOTS.head(key)) !== null;
  const day = async (from: number): Promise<void> => {
    for (let hour = 0; hour < 32; hour++) await sweepArtefacts(env, from + hour * 3_600_000);
  };
  const hour = Math.floor(Date.now() / 3_600_000);
  const shard = parseInt(sha256[0]!, 16);
  // At this very hour it is too young, whichever part is looked at.
  if (hour % 16 === shard) await sweepArtefacts(env, Date.now());
  expect(await has(sha256)).toBe(true);
  await day(Date.now() + 2 * 3_600_000);
  expect(await has(sha256)).toBe(false);
  expect(await has(`sandboxes/${homeless}`)).toBe(false);
  expect([await has(named), await has(`sandboxes/${living}`)]).toEqual([true, true]);
  await day(Date.now() + 2 * 3_600_000);
  expect(await statusOf(edge("/api/sandboxes", json({})))).toBe(201);
});

test("bytes whose deletion fails are gone for everybody, and wait for the cron trigger", async () => {
  const owner = await newcomer({ nodes: 1 });
  const { id, sha256 } = await take(owner);
  const born = await newcomer({ nodes: 1 });
  await env.SNAPSHOTS.put(`sandboxes/${born.made.id}`, "kind: List");
  const { SNAPSHOTS } = env;
  const failing = bindMethods(
    new Proxy(SNAPSHOTS, {
      get: (bucket, name) =>
        name === "delete"
          ? () => Promise.reject(new Error("planned"))
          : (bucket as never)[name as never],
    }),
  );
  vi.spyOn(console, "error").mockImplementation(() => {});
  const withFailure = async (path: string, cookie: string): Promise<number> => {
    const headers = { cookie, origin: "https://podyard.test" };
    const request = new Request(`https://podyard.test${path}`, { method: "DELETE", headers });
    const context = createExecutionContext();
    const bound = { ...env, SNAPSHOTS: failing } as unknown as Env;
    const { status } = await app.fetch(request, bound, context);
    await waitOnExecutionContext(context);
    return status;
  };
  expect(await withFailure(`/api/snapshots/${id}`, owner.cookie)).toBe(204);
  expect(await statusOf(edge(`/api/snapshots/${id}`))).toBe(404);
  expect(await withFailure(`/api/sandboxes/${born.made.id}`, born.cookie)).toBe(204);
  expect(await statusOf(born.ask(`/api/sandboxes/${born.made.id}`))).toBe(410);
  const has = async (key: string): Promise<boolean> => (await SNAPSHOTS.head(key)) !== null;
  expect([await has(sha256), await has(`sandboxes/${born.made.id}`)]).toEqual([true, true]);
  const later = Date.now() + 2 * 3_600_000;
  for (let hour = 0; hour < 32; hour++) await sweepArtefacts(env, later + hour * 3_600_000);
  expect([await has(sha256), await has(`sandboxes/${born.made.id}`)]).toEqual([false, false]);
});

test("a body for a sandbox says what is wrong with what it is to be made from", async () => {
  for (const [from, detail] of [
    [{}, /from must be/],
    [{ snapshot: "short" }, /from/],
    [{ snapshot: newId() }, /no such snapshot/],
    [{ snapshot: newId(), manifests: "a: b" }, /from must be/],
    [{ manifests: "" }, /from/],
  ] as const) {
    const refused = await edge("/api/sandboxes", json({ from }));
    expect([400, 404]).toContain(refused.status);
    expect(await refused.json()).toMatchObject({ detail: expect.stringMatching(detail) });
  }
  const owner = await newcomer();
  const { id } = await take(owner);
  const named = await edge("/api/sandboxes", json({ name: "other", from: { snapshot: id } }));
  expect([named.status, await named.json()]).toMatchObject([400, { field: "name" }]);
  await sandboxOf(await edge("/api/sandboxes", json({ title: "Mine", from: { snapshot: id } })));
});
