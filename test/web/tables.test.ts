import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** How often an open page asks: as long as nothing changes, never again. */

interface Listener {
  opened(): void;
  changed(resource?: string): void;
  lost(): void;
}
interface Shown {
  show(table: unknown): void;
  trouble(message: string | undefined): void;
}
interface Tables {
  FollowedTable: new (
    cluster: { base: string; changes: { listen(listener: Listener): () => void } },
    path: string,
    shown: Shown,
  ) => { end(): void };
}
interface ChangesModule {
  Changes: new (of: { id: string; key?: string }) => {
    time: { nowMs: number | undefined };
    listen(listener: Listener): () => void;
  };
}
// The page's types are another project's.
const load = (file: string): Promise<unknown> =>
  import(new URL(`../../web/api/${file}`, import.meta.url).href);
const { FollowedTable } = (await load("tables.ts")) as Tables;
const { followObjects } = (await load("picture-objects.ts")) as {
  followObjects(cluster: object, shown: Shown): () => void;
};
const { Changes } = (await load("changes.ts")) as ChangesModule;

const table = (name: string) => ({
  columnDefinitions: [],
  rows: [{ cells: [name], object: { metadata: { uid: name, name, namespace: "default" } } }],
});

let lists: number[];
let answer: () => Response;
let sockets: FakeSocket[];

class FakeSocket {
  onmessage: ((event: { data: string }) => void) | undefined;
  onclose: (() => void) | undefined;
  readonly url: string;
  readonly protocols: string[];
  isClosed = false;
  constructor(url: URL, protocols: string[]) {
    this.url = url.href;
    this.protocols = protocols;
    sockets.push(this);
  }
  close(): void {
    this.isClosed = true;
    this.onclose?.();
  }
  tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  lists = [];
  sockets = [];
  answer = () => Response.json(table("a"));
  vi.stubGlobal("fetch", async () => {
    lists.push(Date.now() / 1000);
    return answer();
  });
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("location", { href: "https://podyard.test/s/abc" });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("removeEventListener", () => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const opening = { revision: 7, time: { now: "2026-01-01T00:00:00.000Z", speed: 60 } };
const change = (resource: string, name: string) => ({
  revision: 8,
  changes: [{ resource, namespace: "default", name, revision: 8 }],
});

function followed(changes = new Changes({ id: "abc", key: "k" }), path = "/api/v1/pods") {
  const shown: { rows: { name: string }[] }[] = [];
  const troubles: (string | undefined)[] = [];
  const table = new FollowedTable({ base: "/sandboxes/abc", changes }, path, {
    show: (next) => void shown.push(next as (typeof shown)[number]),
    trouble: (message) => void troubles.push(message),
  });
  return { shown, troubles, end: () => table.end() };
}

test("a table is listed once, and again when its kind changes: several changes at once are one list", async () => {
  const { shown, troubles, end } = followed();
  expect(sockets.map(({ url, protocols }) => [url, protocols])).toEqual([
    [
      "wss://podyard.test/api/sandboxes/abc/changes",
      ["changes.podyard.dev", "base64url.bearer.authorization.k8s.io.aw"],
    ],
  ]);
  expect(lists).toEqual([]);
  sockets[0]!.tell(opening);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(lists).toEqual([0]);
  answer = () => Response.json(table("b"));
  sockets[0]!.tell(change("configmaps", "x"));
  sockets[0]!.tell(change("pods.metrics.k8s.io", "x"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lists).toEqual([0]);
  for (let i = 0; i < 5; i++) sockets[0]!.tell(change("pods", `p${i}`));
  await vi.advanceTimersByTimeAsync(60_000);
  // The first at once, what came meanwhile a second later.
  expect(lists.slice(1)).toEqual([3660, 3661]);
  expect(shown.at(-1)!.rows).toMatchObject([{ name: "b" }]);
  expect(new Set(troubles)).toEqual(new Set([undefined]));
  end();
  expect(sockets[0]!.isClosed).toBe(true);
});

test("what moves on and on is listed each second for half a minute, and then every ten", async () => {
  const { end } = followed();
  sockets[0]!.tell(opening);
  const moving = setInterval(() => sockets[0]!.tell(change("pods", "p")), 500);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(lists.length).toBeGreaterThan(24);
  const before = lists.length;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(lists.length - before).toBeLessThan(80);
  clearInterval(moving);
  end();
});

test("a lost connection is told, tried again ever more seldom, and misses nothing", async () => {
  const { troubles, shown, end } = followed();
  sockets[0]!.tell(opening);
  await vi.advanceTimersByTimeAsync(10_000);
  answer = () => Response.json(table("missed"));
  sockets[0]!.onclose!();
  await vi.advanceTimersByTimeAsync(400);
  expect(troubles.at(-1)).toBe("the connection was lost");
  await vi.advanceTimersByTimeAsync(200);
  expect(sockets).toHaveLength(2);
  sockets[1]!.onclose!();
  await vi.advanceTimersByTimeAsync(900);
  expect(sockets).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(200);
  expect(sockets).toHaveLength(3);
  sockets[2]!.tell(opening);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(troubles.at(-1)).toBeUndefined();
  expect(shown.at(-1)!.rows).toMatchObject([{ name: "missed" }]);
  end();
});

test("when the sandbox opens to nobody any more the page says so and asks no more", async () => {
  const { troubles } = followed();
  sockets[0]!.tell(opening);
  await vi.advanceTimersByTimeAsync(5_000);
  answer = () => Response.json({ message: "it has expired" }, { status: 410 });
  sockets[0]!.onclose!();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(troubles.at(-1)).toBe("it has expired");
  expect(sockets).toHaveLength(1);
  expect(lists).toEqual([0, 5]);
});

test("panels share one socket, and ages follow the cluster's own time", async () => {
  const changes = new Changes({ id: "abc" });
  const first = followed(changes);
  sockets[0]!.tell(opening);
  const second = followed(changes, "/apis/apps/v1/deployments");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sockets).toHaveLength(1);
  expect(lists).toHaveLength(2);
  expect(changes.time.nowMs! - Date.parse(opening.time.now)).toBe(120_000);
  sockets[0]!.tell(change("deployments.apps", "web"));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(lists).toHaveLength(3);
  first.end();
  expect(sockets[0]!.isClosed).toBe(false);
  second.end();
  expect(sockets[0]!.isClosed).toBe(true);
});

test("of the picture's kinds only what has changed is listed again, and all of them are shown as one", async () => {
  const shown: unknown[] = [];
  const paths: string[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    paths.push(path.split("/").at(-1)!);
    if (path.includes("podyard.dev")) return Response.json({ message: "no" }, { status: 403 });
    return Response.json({ items: [{ metadata: { name: path } }] });
  });
  const troubles: unknown[] = [];
  const changes = new Changes({ id: "abc" });
  const end = followObjects(
    { base: "/sandboxes/abc", changes },
    { show: (objects) => void shown.push(objects), trouble: (text) => void troubles.push(text) },
  );
  sockets[0]!.tell(opening);
  await vi.advanceTimersByTimeAsync(10_000);
  const all = [
    "deployments",
    "endpointslices",
    "nodes",
    "pods",
    "replicasets",
    "services",
    "traces",
  ];
  expect(paths.sort()).toEqual(all);
  // Who may not see requests sees all else.
  expect(shown).toMatchObject([{ pods: [{}], nodes: [{}], slices: [{}], traces: [] }]);
  expect(new Set(troubles)).toEqual(new Set([undefined]));
  sockets[0]!.tell(change("pods", "a"));
  sockets[0]!.tell(change("endpointslices.discovery.k8s.io", "a"));
  sockets[0]!.tell(change("configmaps", "a"));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(paths.slice(all.length).sort()).toEqual(["endpointslices", "pods"]);
  end();
  expect(sockets[0]!.isClosed).toBe(true);
});
