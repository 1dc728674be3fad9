import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { readOnly } from "../../durable-objects/disk.ts";
import { readEdge } from "../../durable-objects/edge-request.ts";
import { refuseWhenFull } from "../../worker/disk.ts";
import type { Env } from "../../worker/env.ts";
import { configMap, edge, inside, kube, make, post, stubOf } from "./edge.ts";

/** A full disk says so, and what is stored is read on. */

const configMaps = "/api/v1/namespaces/default/configmaps";
const full = "database or disk is full: SQLITE_FULL";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

interface Inside {
  loaded: unknown;
}

/** The next turn finds no room. */
const fill = (made: { id: string }): Promise<void> =>
  runInDurableObject(stubOf(made), (instance) => {
    const fail = (): never => {
      throw new Error(full);
    };
    inside<Inside>(instance).loaded = { look: fail, run: fail, handle: fail };
  });

const isFull = {
  kind: "Status",
  status: "Failure",
  reason: "InsufficientStorage",
  code: 507,
  message: expect.stringMatching(/^the disk is full: nothing can be written/),
};

test("a turn that finds no room: writes say why, reads are answered from what is stored", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const made = await make();
  await kube(made, configMaps, post(configMap("a")));
  await fill(made);
  const written = await kube(made, configMaps, post(configMap("b")));
  expect([written.status, await written.json()]).toEqual([507, expect.objectContaining(isFull)]);
  await fill(made);
  const read = await kube(made, `${configMaps}/a`);
  expect([read.status, ((await read.json()) as { data: unknown }).data]).toEqual([
    200,
    { name: "a" },
  ]);
  await fill(made);
  expect((await kube(made, `${configMaps}?watch=true`)).status).toBe(507);
  // There is room again.
  expect((await kube(made, configMaps, post(configMap("b")))).status).toBe(201);
});

test("an object whose storage fails after its answer is read once more, without writing", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const made = await make();
  await kube(made, configMaps, post(configMap("a")));
  const getByName = env.SANDBOX.getByName.bind(env.SANDBOX);
  vi.spyOn(env.SANDBOX, "getByName").mockImplementation((name) => {
    const stub = getByName(name);
    const fetch = (address: string, init: RequestInit): Promise<Response> =>
      readEdge(new Headers(init.headers))?.readOnly
        ? stub.fetch(address, init)
        : Promise.reject(new Error(full));
    return { fetch } as never;
  });
  const read = await kube(made, `${configMaps}/a`);
  expect([read.status, ((await read.json()) as { data: unknown }).data]).toEqual([
    200,
    { name: "a" },
  ]);
  const written = await kube(made, configMaps, post(configMap("b")));
  expect([written.status, await written.json()]).toEqual([507, expect.objectContaining(isFull)]);
  expect((await kube(made, `${configMaps}?watch=true`)).status).toBe(507);
});

test("of a sandbox that nobody has asked anything yet its cluster is read too, and not kept", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  // So that there was one like it before.
  await make();
  const made = await make();
  const tables = (): Promise<unknown> =>
    runInDurableObject(stubOf(made), (_instance, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray(),
    );
  expect(await tables()).toEqual([]);
  await fill(made);
  const read = await kube(made, "/api/v1/nodes");
  const { items } = await read.json<{ items: { metadata: { name: string; uid: string } }[] }>();
  expect([read.status, items.length]).toEqual([200, 4]);
  expect(await tables()).toEqual([]);
  const later = await kube(made, "/api/v1/nodes");
  const { items: born } = await later.json<{ items: typeof items }>();
  expect(born.map(({ metadata }) => metadata.uid)).toEqual(
    items.map(({ metadata }) => metadata.uid),
  );
  expect(await tables()).toHaveLength(1);
});

test("what is read so moves on in time, and writes nothing", async () => {
  const made = await make({ seed: 3 });
  await kube(made, "/api/v1/nodes");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 300_000 });
  const rows = (): Promise<unknown> =>
    runInDurableObject(stubOf(made), (_instance, { storage }) =>
      ["log", "state", "meta"].map((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
    );
  const before = await rows();
  await fill(made);
  vi.spyOn(console, "error").mockImplementation(() => {});
  expect((await kube(made, "/api/v1/events")).status).toBe(200);
  expect(await rows()).toEqual(before);
});

test("of SQL only questions pass", () => {
  const passed: string[] = [];
  const sql = readOnly({
    exec: (query) => (passed.push(query), [{ n: 1 }]),
    transaction: (body) => body(),
  });
  for (const query of ["SELECT 1", " select 1", "INSERT INTO a", "DELETE FROM a", "CREATE TABLE a"])
    sql.exec(query);
  expect(passed).toEqual(["SELECT 1", " select 1"]);
});

test("a sandbox that finds no room is not made, and says why", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(env.DB, "batch").mockRejectedValue(new Error(full));
  const answer = await edge("/api/sandboxes", {
    method: "POST",
    headers: { "cf-connecting-ip": crypto.randomUUID() },
  });
  expect(answer.status).toBe(507);
  expect(await answer.json()).toMatchObject({ status: 507, detail: isFull.message });
});

test("while the starter says that the disk is full, writes do not even begin", async () => {
  const DISK = { fetch: () => Promise.resolve(new Response("full")) };
  const ask = async (method: string, path: string): Promise<number | undefined> => {
    const request = new Request(`http://localhost${path}`, { method });
    return (await refuseWhenFull(request, { DISK } as unknown as Env))?.status;
  };
  expect(await ask("POST", "/api/sandboxes")).toBe(507);
  expect(await ask("PATCH", "/sandboxes/a/k/b/api/v1/pods/x")).toBe(507);
  expect(await ask("DELETE", "/sandboxes/a/k/b/api/v1/pods/x")).toBe(507);
  expect(await ask("GET", "/sandboxes/a/k/b/api/v1/pods/x")).toBeUndefined();
  expect(await ask("DELETE", "/api/sandboxes/a")).toBeUndefined();
});
