/** What the Worker asks an object of its past: timeline, undo, the API as of a revision, artefacts of then and now. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { writeEdge, type EdgeRequest } from "../../durable-objects/edge-request.ts";
import { openArtefact } from "../../durable-objects/engine/index.ts";
import type { Snapshot } from "../../durable-objects/engine/core/snapshot.ts";
import { readHead } from "../../durable-objects/stream-head.ts";
import { configMap, kube, make, post, stubOf } from "./edge.ts";

const maps = "/api/v1/namespaces/default/configmaps";

type Made = Awaited<ReturnType<typeof make>>;

const granted = () => ({
  ids: ["key:test"],
  role: "owner",
  readAtMs: Date.now(),
  expiresAtMs: Number.MAX_SAFE_INTEGER,
});

/** As the Worker asks the object. */
function asks(
  made: Made,
  path: string,
  more: Partial<EdgeRequest>,
  method = "GET",
): Promise<Response> {
  const user = { name: "jane", groups: ["system:masters"] };
  const edge = { grant: granted(), user, publicPath: path, ...more };
  const headers = writeEdge(new Headers({ accept: "application/json" }), edge as EdgeRequest);
  if (more.bridge) headers.set("upgrade", "websocket");
  return stubOf(made).fetch(`https://podyard.test${path}`, { method, headers });
}

function must<T extends object>(answer: T): Exclude<T, { reason: unknown }> {
  if ("reason" in answer) throw new Error(String(answer.reason));
  return answer as Exclude<T, { reason: unknown }>;
}

async function revisionOf(made: Made): Promise<number> {
  const list = (await (await kube(made, maps)).json()) as { metadata: { resourceVersion: string } };
  return Number(list.metadata.resourceVersion);
}

test("timeline and undo, by who asks, through an eviction", async () => {
  const made = await make({ seed: 3 });
  const stub = stubOf(made);
  await kube(made, maps, post(configMap("a")));
  const to = await revisionOf(made);
  await kube(made, `${maps}/a`, { method: "DELETE" });
  await evictDurableObject(stub);
  const done = must(await stub.undo(granted(), { to, by: "jane" }));
  expect(done).toMatchObject({ to, created: 1, updated: 0, deleted: 0, left: [] });
  expect((await kube(made, `${maps}/a`)).status).toBe(200);
  await evictDurableObject(stub);
  const { items, revision } = must(await stub.timeline(granted(), { after: to }));
  const told = items.filter(({ resource }) => resource === "configmaps").map(({ text }) => text);
  expect(told).toEqual([
    expect.stringMatching(/ deleted ConfigMap a$/),
    `jane, going back to revision ${to}, created ConfigMap a`,
  ]);
  expect(revision).toBeGreaterThanOrEqual(done.revision);
  expect(await stub.undo(granted(), { to: revision + 1_000, by: "jane" })).toMatchObject({
    code: 504,
  });
});

test("the API as of a revision, which can only be read", async () => {
  const made = await make({ seed: 4 });
  await kube(made, maps, post(configMap("a")));
  const at = await revisionOf(made);
  await kube(made, `${maps}/a`, { method: "DELETE" });
  expect((await kube(made, `${maps}/a`)).status).toBe(404);
  const found = await asks(made, `${maps}/a`, { at });
  expect(found.status).toBe(200);
  expect(await found.json()).toMatchObject({ data: { name: "a" } });
  const refused = await asks(made, `${maps}/a`, { at }, "DELETE");
  expect(refused.status).toBe(405);
  expect(await refused.json()).toMatchObject({ kind: "Status", reason: "MethodNotAllowed" });
  expect((await asks(made, maps, { at: 1 })).status).toBe(410);
});

test("the timeline as a stream: what is there, then what comes", async () => {
  const made = await make({ seed: 5 });
  await kube(made, maps, post(configMap("a")));
  const after = (await revisionOf(made)) - 1;
  const answer = await asks(made, "/", { timeline: { after }, bridge: "http" });
  expect(answer.status).toBe(101);
  expect(readHead(answer.headers)).toMatchObject({ kind: "watch" });
  const socket = answer.webSocket!;
  const texts: string[] = [];
  const said = new Promise<void>((go) => {
    socket.addEventListener("message", ({ data }) => {
      for (const line of String(data).split("\n").slice(1)) {
        if (line !== "") texts.push((JSON.parse(line) as { text: string }).text);
      }
      if (texts.some((text) => text.endsWith("ConfigMap b"))) go();
    });
  });
  socket.accept();
  await kube(made, maps, post(configMap("b")));
  await said;
  expect(texts.filter((text) => text.includes("ConfigMap"))).toEqual([
    expect.stringMatching(/ created ConfigMap a$/),
    expect.stringMatching(/ created ConfigMap b$/),
  ]);
  socket.close();
});

test("artefacts, of now and of then", async () => {
  const made = await make({ seed: 6 });
  const stub = stubOf(made);
  await kube(made, maps, post(configMap("a")));
  const at = await revisionOf(made);
  await kube(made, `${maps}/a`, { method: "DELETE" });
  const namesIn = ({ objects }: Snapshot): string[] =>
    (objects.find(([resource]) => resource === "configmaps")?.[1] ?? []).map(([key]) => key);
  const [now, then] = [
    must(await stub.snapshotBytes(granted())),
    must(await stub.snapshotBytes(granted(), { at })),
  ];
  const [opened, before] = [now, then].map(({ bytes }) => must(openArtefact(bytes)).snapshot);
  expect(namesIn(opened!)).not.toContain("default/a");
  expect(namesIn(before!)).toContain("default/a");
  expect(then.revision).toBe(at);
  expect(then.virtualMs).toBe(before!.clock.nowMs);
  expect(then.counts.nodes).toBe(4);
  expect(then.counts.pods).toBeGreaterThan(4);
  expect(then.counts.objects).toBe(now.counts.objects + 1);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", then.bytes as BufferSource));
  expect(then.sha256).toBe([...hash].map((b) => b.toString(16).padStart(2, "0")).join(""));
  expect(await stub.snapshotBytes(granted(), { at: 1 })).toEqual({
    reason: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/),
    code: 410,
  });
});

test("a sandbox that is gone says so", async () => {
  const made = await make({ seed: 7 });
  const stub = stubOf(made);
  await stub.destroy();
  expect(await stub.timeline(granted())).toMatchObject({
    code: 410,
    reason: expect.stringContaining("expired or was deleted"),
  });
});
