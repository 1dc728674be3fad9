import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { configMap, edge, kube, lineReader, post } from "./edge.ts";
import { byKey, json, memberOf, newcomer, sandboxOf, type Sandboxed } from "./people/people.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const planted = "planted-value-5f2c";

const statusOf = async (response: Promise<Response>): Promise<number> => {
  const got = await response;
  await got.arrayBuffer();
  return got.status;
};

/** Revision of a ConfigMap that is made. */
async function write(made: Sandboxed, name: string): Promise<number> {
  const response = await kube(made, configMaps, post(configMap(name)));
  const { metadata } = (await response.json()) as { metadata: { resourceVersion: string } };
  return Number(metadata.resourceVersion);
}

const has = async (made: Sandboxed, name: string): Promise<boolean> =>
  (await kube(made, `${configMaps}/${name}`)).status === 200;

const pods = "/api/v1/namespaces/default/pods";
const clock = "/apis/podyard.dev/v1/clocks/cluster";

/** Virtual time passes at once. */
async function advance(made: Sandboxed, ms: number): Promise<void> {
  const read = async (): Promise<{ status: { now: string; advancingTo?: string } }> =>
    (await kube(made, clock)).json();
  const { status } = await read();
  const advanceTo = new Date(Date.parse(status.now) + ms).toISOString();
  const headers = { "content-type": "application/merge-patch+json" };
  const body = JSON.stringify({ spec: { advanceTo } });
  expect((await kube(made, clock, { method: "PATCH", headers, body })).status).toBe(200);
  await expect
    .poll(async () => (await read()).status.advancingTo, { timeout: 120_000 })
    .toBeUndefined();
}

/** A Secret, and a Pod that has it in its environment and in `last-applied-configuration`. */
async function plant(made: Sandboxed): Promise<void> {
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "planted" },
    stringData: { key: planted },
  };
  const applied = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(secret) };
  const namespace = "/api/v1/namespaces/default";
  await kube(
    made,
    `${namespace}/secrets`,
    post({ ...secret, metadata: { name: "planted", annotations: applied } }),
  );
  const script = "while true; do echo $key; sleep 1; done";
  const envFrom = [{ secretRef: { name: "planted" } }];
  const container = { name: "c", image: "busybox", command: ["sh", "-c", script], envFrom };
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [container] },
  };
  expect((await kube(made, pods, post(pod))).status).toBe(201);
  await advance(made, 30_000);
  expect(await (await kube(made, `${pods}/p/log`)).text()).toContain(planted);
}

/** Everything that the owner of a sandbox may list, and its logs, in one text. */
async function everything(made: Sandboxed): Promise<string> {
  const texts: string[] = [];
  for (const path of ["secrets", "configmaps", "pods", "events", "pods/p/log"]) {
    texts.push(await (await kube(made, `/api/v1/namespaces/default/${path}`)).text());
  }
  const timeline = `/api/sandboxes/${made.id}/timeline?limit=500`;
  texts.push(await (await byKey(made.secret).ask(timeline)).text());
  const taken = await byKey(made.secret).ask(`/api/sandboxes/${made.id}/snapshots`, json({}));
  const { id, revision } = (await taken.json()) as { id: string; revision: number };
  texts.push(await (await edge(`/api/snapshots/${id}/kube/api/v1/secrets`)).text());
  for (let at = revision - 3; at <= revision; at++) {
    const path = `/api/sandboxes/${made.id}/at/${at}/api/v1/secrets`;
    texts.push(await (await byKey(made.secret).ask(path)).text());
  }
  return texts.join("\n");
}

test("a fork goes on by itself, is its maker's own, and says what it is of", async () => {
  const owner = await newcomer({ name: "course", nodes: 2, title: "Lesson" });
  const revision = await write(owner.made, "before");
  const other = await memberOf(owner, "editor");
  const forked = await sandboxOf(await other.ask(`/api/sandboxes/${owner.made.id}/fork`, json({})));
  expect(forked).toMatchObject({
    name: "course",
    nodes: 2,
    role: "owner",
    title: "Lesson (fork)",
    source: { kind: "fork", id: owner.made.id, revision: expect.any(Number) },
  });
  expect((forked.source as { revision: number }).revision).toBeGreaterThanOrEqual(revision);
  expect(await has(forked, "before")).toBe(true);
  await write(forked, "after");
  expect([await has(forked, "after"), await has(owner.made, "after")]).toEqual([true, false]);
  const mine = (await (await other.ask("/api/sandboxes")).json()) as { sandboxes: Sandboxed[] };
  expect(mine.sandboxes.map(({ id }) => id)).toContain(forked.id);
  // Neither opens the other.
  expect(await statusOf(kube({ ...forked, secret: owner.made.secret }, "/version"))).toBe(401);
  expect(await statusOf(kube({ ...owner.made, secret: forked.secret }, "/version"))).toBe(401);
  expect(await statusOf(owner.ask(`/api/sandboxes/${forked.id}`))).toBe(404);
});

test("a fork is of an earlier moment where one is named", async () => {
  const owner = await newcomer();
  const at = await write(owner.made, "early");
  await write(owner.made, "late");
  const path = `/api/sandboxes/${owner.made.id}/fork`;
  const forked = await sandboxOf(await owner.ask(path, json({ at, title: "Then" })));
  expect(forked).toMatchObject({ title: "Then" });
  expect([await has(forked, "early"), await has(forked, "late")]).toEqual([true, false]);
  const future = await owner.ask(path, json({ at: 1e9 }));
  expect([future.status, await future.json()]).toMatchObject([400, { field: "at" }]);
});

test("who may fork: all who belong to it, and nobody else", async () => {
  const owner = await newcomer();
  const path = `/api/sandboxes/${owner.made.id}/fork`;
  const stranger = await newcomer();
  expect(await statusOf(stranger.ask(path, json({})))).toBe(404);
  expect(await statusOf(byKey(stranger.made.secret).ask(path, json({})))).toBe(401);
  expect(await statusOf(edge(path, json({})))).toBe(401);
  expect(await statusOf(byKey(owner.made.secret).ask(path, json({})))).toBe(201);
});

test("a viewer's fork holds nothing of Secrets, an editor's does", async () => {
  const owner = await newcomer({ nodes: 1 });
  await plant(owner.made);
  const before = await write(owner.made, "before");
  const [viewer, editor] = [await memberOf(owner, "viewer"), await memberOf(owner, "editor")];
  const path = `/api/sandboxes/${owner.made.id}/fork`;
  const encoded = btoa(planted);
  for (const options of [{}, { at: before }]) {
    const theirs = await everything(await sandboxOf(await viewer.ask(path, json(options))));
    expect(theirs).toContain('"planted"');
    expect(theirs).not.toContain(planted);
    expect(theirs).not.toContain(encoded);
    const own = await everything(await sandboxOf(await editor.ask(path, json(options))));
    expect(own).toContain(encoded);
  }
});

test("the past is read with the rights that its reader has now", async () => {
  const owner = await newcomer({ nodes: 1 });
  await plant(owner.made);
  const at = await write(owner.made, "early");
  await kube(owner.made, `${configMaps}/early`, { method: "DELETE" });
  const viewer = await memberOf(owner, "viewer");
  const past = `/api/sandboxes/${owner.made.id}/at/${at}`;
  expect(await statusOf(viewer.ask(`${past}${configMaps}/early`))).toBe(200);
  expect(await statusOf(viewer.ask(`/sandboxes/${owner.made.id}${configMaps}/early`))).toBe(404);
  const secret = `${past}/api/v1/namespaces/default/secrets/planted`;
  const refused = await viewer.ask(secret);
  expect([refused.status, await refused.json()]).toMatchObject([403, { kind: "Status" }]);
  expect(await (await owner.ask(secret)).text()).toContain(btoa(planted));
  const table = await viewer.ask(`${past}${configMaps}`, {
    headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
  });
  expect(await table.json()).toMatchObject({ kind: "Table" });
  const written = await owner.ask(`${past}${configMaps}`, json(configMap("new")));
  expect([written.status, await written.json()]).toMatchObject([405, { kind: "Status" }]);
  const watched = await owner.ask(`${past}${configMaps}?watch=true`);
  expect([watched.status, await watched.json()]).toMatchObject([405, { kind: "Status" }]);
  const stranger = await newcomer();
  const foreign = await stranger.ask(`${past}${configMaps}`);
  expect([foreign.status, await foreign.json()]).toMatchObject([404, { kind: "Status" }]);
  const nobody = await edge(`${past}${configMaps}`);
  expect([nobody.status, await nobody.json()]).toMatchObject([401, { kind: "Status" }]);
  expect(await statusOf(owner.ask(`/api/sandboxes/${owner.made.id}/at/x/api/v1/pods`))).toBe(400);
});

test("the timeline tells who did what, in pages and as it happens", async () => {
  const owner = await newcomer({ nodes: 1 });
  const path = `/api/sandboxes/${owner.made.id}/timeline`;
  const viewer = await memberOf(owner, "viewer");
  const after = await write(owner.made, "first");
  const { items } = (await (await viewer.ask(`${path}?limit=5`)).json()) as {
    items: { revision: number; by: { kind: string }; name: string }[];
  };
  expect(items.length).toBe(5);
  expect(items.find(({ name }) => name === "first")).toMatchObject({
    revision: after,
    by: { kind: "person", name: "kubernetes-admin" },
    verb: "create",
    resource: "configmaps",
    namespace: "default",
  });
  const response = await viewer.ask(`${path}?after=${after}&follow=true`);
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = lineReader(response);
  await write(owner.made, "second");
  for (;;) {
    const row = JSON.parse((await lines.next())!) as { name: string; revision: number };
    expect(row.revision).toBeGreaterThan(after);
    if (row.name === "second") break;
  }
  await lines.stop();
  expect(await statusOf(viewer.ask(`${path}?limit=0`))).toBe(400);
  expect(await statusOf((await newcomer()).ask(path))).toBe(404);
});

test("undo is for owners and editors, and is itself undone", async () => {
  const owner = await newcomer({ nodes: 1 });
  const path = `/api/sandboxes/${owner.made.id}/undo`;
  const [editor, viewer] = [await memberOf(owner, "editor"), await memberOf(owner, "viewer")];
  const to = await write(owner.made, "kept");
  const then = await write(owner.made, "mistake");
  expect(await statusOf(viewer.ask(path, json({ to })))).toBe(403);
  const undone = await editor.ask(path, json({ to }));
  expect([undone.status, await undone.json()]).toMatchObject([200, { to, deleted: 1 }]);
  expect([await has(owner.made, "kept"), await has(owner.made, "mistake")]).toEqual([true, false]);
  expect(await statusOf(owner.ask(path, json({ to: then })))).toBe(200);
  expect(await has(owner.made, "mistake")).toBe(true);
  const future = await owner.ask(path, json({ to: 1e9 }));
  expect([future.status, await future.json()]).toMatchObject([400, { field: "to" }]);
  expect(await statusOf(owner.ask(path, json({})))).toBe(400);
});

// What a sandbox is made from

const manifests = `
apiVersion: v1
kind: ConfigMap
metadata: {name: given}
data: {a: b}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
`;

test("a sandbox is made from manifests, or not at all", async () => {
  const owner = await newcomer({ name: "shop", nodes: 1, from: { manifests } });
  expect(owner.made.source).toEqual({ kind: "manifests" });
  expect(await has(owner.made, "given")).toBe(true);
  expect(await statusOf(kube(owner.made, "/api/v1/namespaces/shop"))).toBe(200);
  const count = async (): Promise<unknown> =>
    env.DB.prepare("SELECT count(*) AS n FROM sandboxes").first("n");
  const before = [await count(), (await env.SNAPSHOTS.list()).objects.length];
  const refused = await edge(
    "/api/sandboxes",
    json({
      from: { manifests: `${manifests}---\napiVersion: v1\nkind: Nothing\nmetadata: {name: x}\n` },
    }),
  );
  expect([refused.status, await refused.json()]).toMatchObject([
    422,
    {
      detail: "1 of the manifests was refused",
      field: "from",
      failures: [
        {
          index: 2,
          kind: "Nothing",
          name: "x",
          message: expect.stringContaining("no matches for kind"),
        },
      ],
    },
  ]);
  expect([await count(), (await env.SNAPSHOTS.list()).objects.length]).toEqual(before);
  const large = { from: { manifests: "#".repeat(6 * 1024 * 1024) } };
  expect(await statusOf(edge("/api/sandboxes", json(large)))).toBe(413);
});

test("a sandbox is made anew from what it was made from, by its owner", async () => {
  const owner = await newcomer({ nodes: 1, from: { manifests } });
  await write(owner.made, "first");
  const fork = `/api/sandboxes/${owner.made.id}/fork`;
  const forked = await sandboxOf(await owner.ask(fork, json({})));
  const reset = (id: string) => owner.ask(`/api/sandboxes/${id}/reset`, json({}));

  await write(owner.made, "mine");
  const editor = await memberOf(owner, "editor");
  const path = `/api/sandboxes/${owner.made.id}/reset`;
  expect(await statusOf(editor.ask(path, json({})))).toBe(403);
  const anew = await reset(owner.made.id);
  expect([anew.status, await anew.json()]).toMatchObject([
    200,
    { id: owner.made.id, source: { kind: "manifests" } },
  ]);
  expect([await has(owner.made, "given"), await has(owner.made, "mine")]).toEqual([true, false]);

  // Whatever has become of the original.
  await write(forked, "mine");
  expect(await statusOf(owner.ask(`/api/sandboxes/${owner.made.id}`, { method: "DELETE" }))).toBe(
    204,
  );
  expect((await reset(forked.id)).status).toBe(200);
  expect([await has(forked, "first"), await has(forked, "mine")]).toEqual([true, false]);
  const births = async () =>
    (await env.SNAPSHOTS.list({ prefix: "sandboxes/" })).objects.map(({ key }) => key);
  expect(await births()).not.toContain(`sandboxes/${owner.made.id}`);
  expect(await births()).toContain(`sandboxes/${forked.id}`);
});

test("a sandbox whose snapshot was withdrawn stays as it is when it cannot be made anew", async () => {
  const owner = await newcomer({ nodes: 1 });
  const taken = await owner.ask(`/api/sandboxes/${owner.made.id}/snapshots`, json({}));
  const { id } = (await taken.json()) as { id: string };
  const visitor = await newcomer({ from: { snapshot: id } });
  await write(visitor.made, "mine");
  const reset = () => visitor.ask(`/api/sandboxes/${visitor.made.id}/reset`, json({}));
  expect((await reset()).status).toBe(200);
  expect(await has(visitor.made, "mine")).toBe(false);
  await write(visitor.made, "again");
  await owner.ask(`/api/snapshots/${id}`, { method: "DELETE" });
  const refused = await reset();
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    { detail: "the snapshot that this sandbox was made from is gone" },
  ]);
  expect(await has(visitor.made, "again")).toBe(true);
});

test("the shells of a hundred Pods go on in a fork, where they were", async () => {
  const owner = await newcomer({ nodes: 3 });
  const container = {
    name: "c",
    image: "busybox",
    command: ["sh", "-c", "n=0; while true; do n=$((n+1)); echo $n; sleep 1; done"],
  };
  const labels = { app: "count" };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "count" },
    spec: {
      replicas: 100,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
  await kube(owner.made, "/apis/apps/v1/namespaces/default/deployments", post(deployment));
  await advance(owner.made, 60_000);
  const count = async (made: Sandboxed, pod: string): Promise<number> =>
    Number((await (await kube(made, `${pods}/${pod}/log?tailLines=1`)).text()).trim());
  const listed = await (await kube(owner.made, `${pods}?labelSelector=app%3Dcount`)).json();
  const [{ metadata }] = (listed as { items: [{ metadata: { name: string } }] }).items;
  const then = await count(owner.made, metadata.name);
  expect(then).toBeGreaterThan(20);
  const forked = await sandboxOf(await owner.ask(`/api/sandboxes/${owner.made.id}/fork`, json({})));
  const there = await (await kube(forked, `${pods}?labelSelector=app%3Dcount`)).json();
  const phases = (there as { items: { status: { phase: string } }[] }).items;
  expect(phases.map(({ status }) => status.phase)).toEqual(Array(100).fill("Running"));
  await advance(forked, 10_000);
  expect(await count(forked, metadata.name)).toBeGreaterThanOrEqual(then + 9);
});
