import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChangesMessage } from "../../durable-objects/changes.ts";
import { changeFollowersMax, changesSentCharsMax } from "../../durable-objects/limits.ts";
import { bearer, configMap, edge, inside, kube, type Made, make, post, stubOf } from "./edge.ts";
import { asked, key, member, owner, type Headers_ } from "./people/persons.ts";

/** What a page is told of what changes, on a socket that lets the sandbox sleep. */

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 }));
afterEach(() => vi.useRealTimers());

type Owned = Made & { secret: string };
const maps = "/api/v1/namespaces/default/configmaps";
const secrets = "/api/v1/namespaces/default/secrets";

const ask = (made: Made, headers: Headers_): Promise<Response> =>
  edge(`/api/sandboxes/${made.id}/changes`, { headers: { ...headers, upgrade: "websocket" } });

/** What is told to who follows, a message at a time; undefined: it has ended. */
async function follow(made: Made, headers: Headers_) {
  const response = await ask(made, headers);
  if (response.status !== 101) throw new Error(`${response.status} ${await response.text()}`);
  const socket = response.webSocket!;
  const heard: ChangesMessage[] = [];
  const closed: { code?: number; reason?: string } = {};
  let wake = (): void => {};
  socket.addEventListener("message", ({ data }) => {
    heard.push(JSON.parse(data as string) as ChangesMessage);
    wake();
  });
  socket.addEventListener("close", ({ code, reason }) => {
    Object.assign(closed, { code, reason });
    wake();
  });
  socket.accept();
  const next = async (): Promise<ChangesMessage | undefined> => {
    while (heard.length === 0 && closed.code === undefined)
      await new Promise<void>((resolve) => (wake = resolve));
    return heard.shift();
  };
  return {
    socket,
    closed,
    next,
    /** Names of what has changed, up to one of a resource. */
    async names(upTo: string): Promise<string[]> {
      const names: string[] = [];
      for (;;) {
        const message = await next();
        if (!message) throw new Error("the socket has closed");
        for (const { resource, name } of message.changes ?? []) names.push(`${resource} ${name}`);
        if (names.includes(upTo)) return names;
      }
    },
  };
}

const plantedSecret = {
  ...(configMap("db") as object),
  kind: "Secret",
  data: { p: "aHVudGVyMg==" },
};

test("at first it says how things stand, then what has changed, by name", async () => {
  const made = await make();
  const mine = await follow(made, bearer(made.secret));
  const first = await mine.next();
  expect(first).toMatchObject({ revision: expect.any(Number), time: { speed: 1 } });
  expect(Date.parse(first!.time!.now)).toBeGreaterThan(0);
  expect(first).not.toHaveProperty("changes");
  expect((await kube(made, maps, post(configMap("a")))).status).toBe(201);
  expect(await mine.next()).toEqual({
    revision: first!.revision + 1,
    changes: [
      { resource: "configmaps", namespace: "default", name: "a", revision: first!.revision + 1 },
    ],
  });
  await kube(made, `${maps}/a`, { method: "DELETE" });
  expect((await mine.next())!.changes).toMatchObject([{ name: "a", deleted: true }]);
  const clock = "/apis/podyard.dev/v1/clocks/cluster";
  const type = { "content-type": "application/merge-patch+json" };
  const body = JSON.stringify({ spec: { paused: true } });
  await kube(made, clock, { method: "PATCH", headers: type, body });
  expect(await mine.next()).toMatchObject({
    time: { speed: 0 },
    changes: [{ resource: "clocks.podyard.dev", name: "cluster" }],
  });
});

test("a viewer is told no name of a Secret, an editor is", async () => {
  const { person, made } = await owner();
  const viewer = await follow(made, (await member(person.headers, made.id, "viewer")).headers);
  const editor = await follow(made, (await member(person.headers, made.id, "editor")).headers);
  await kube(made, secrets, post(plantedSecret));
  await kube(made, maps, post(configMap("after")));
  expect(await viewer.names("configmaps after")).toEqual(["configmaps after"]);
  expect(await editor.names("configmaps after")).toEqual(["secrets db", "configmaps after"]);
});

test("it goes on where it stood when the object has slept and lost its memory", async () => {
  const made = await make();
  const mine = await follow(made, bearer(made.secret));
  const first = await mine.next();
  await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  await kube(made, maps, post(configMap("a")));
  const second = await mine.next();
  expect(second!.changes).toMatchObject([{ name: "a" }]);
  expect(second).not.toHaveProperty("time");
  expect(second!.revision).toBeGreaterThan(first!.revision);
});

test("a page that is open and told nothing costs nothing: no alarm, no row, no timer", async () => {
  const made = await make();
  const stub = stubOf(made);
  // What follows a birth is over by then.
  vi.setSystemTime(Date.now() + 60_000);
  const mine = await follow(made, bearer(made.secret));
  await mine.next();
  const state = () =>
    runInDurableObject(stub, async (instance, { storage }) => {
      const { clients, clockAlarm } = inside<{
        clients: { sessions: { size: number } };
        clockAlarm: { timer: unknown };
      }>(instance);
      const [{ n }] = storage.sql
        .exec<{ n: number }>("SELECT count(*) AS n FROM log")
        .toArray() as [{ n: number }];
      const pinned = clients.sessions.size > 0 || clockAlarm.timer !== undefined;
      return { rows: n, alarm: await storage.getAlarm(), pinned };
    });
  const before = await state();
  expect(before.pinned).toBe(false);
  // The sandbox's own end, and nothing before it.
  expect(before.alarm).toBe(Date.parse(made.expiresAt));
  await evictDurableObject(stub, { webSockets: "hibernate" });
  vi.setSystemTime(Date.now() + 8 * 3_600_000);
  expect(await state()).toEqual(before);
  expect(mine.closed).toEqual({});
});

test("it ends with what let it in, at once or at the next thing to tell", async () => {
  const { person, made } = await owner();
  const guest = await member(person.headers, made.id, "viewer");
  const theirs = await follow(made, guest.headers);
  await theirs.next();
  await asked(
    `/api/sandboxes/${made.id}/members/${guest.id}`,
    { method: "DELETE", headers: person.headers },
    204,
  );
  expect(await theirs.next()).toBeUndefined();
  expect(theirs.closed).toEqual({ code: 1008, reason: "this access has ended" });
  expect((await ask(made, guest.headers)).status).toBe(404);
  // A session's grant is good for twelve hours, and no alarm comes for its end.
  const mine = await follow(made, person.headers);
  await mine.next();
  vi.setSystemTime(Date.now() + 12 * 3_600_000 + 60_000);
  await kube(made, maps, post(configMap("a")));
  expect(await mine.next()).toBeUndefined();
  expect(mine.closed.code).toBe(1008);
});

test("keys of every role follow, strangers do not, and sockets of other sites are refused", async () => {
  const { person, made } = await owner();
  const { secret } = await key(person.headers, made.id, "viewer");
  const { secret: strange } = await make();
  expect((await ask(made, bearer(secret))).status).toBe(101);
  expect((await ask(made, bearer(strange))).status).toBe(401);
  expect((await ask(made, {})).status).toBe(401);
  const elsewhere = { origin: "https://elsewhere.test", "user-agent": "Mozilla/5.0" };
  expect((await ask(made, { ...bearer(secret), ...elsewhere })).status).toBe(403);
  // As browsers show a key.
  const bytes = new TextEncoder().encode(secret);
  const shown = btoa(String.fromCharCode(...bytes)).replaceAll("=", "");
  const protocols = `changes.podyard.dev, base64url.bearer.authorization.k8s.io.${shown}`;
  const response = await ask(made, { "sec-websocket-protocol": protocols });
  expect(response.status).toBe(101);
  expect(response.headers.get("sec-websocket-protocol")).toBe("changes.podyard.dev");
});

/** What the object holds of those who follow. */
const followersOf = (made: Owned, change: (followers: Map<WebSocket, { sent: number }>) => void) =>
  runInDurableObject(stubOf(made), (instance) => {
    const { clients } = inside<{
      clients: { changes: { followers: Map<WebSocket, { sent: number }> } };
    }>(instance);
    change(clients.changes.followers);
  });

test("as many follow as may, and none is sent more than it may", async () => {
  const made = await make();
  const mine = await follow(made, bearer(made.secret));
  await mine.next();
  await followersOf(made, (followers) => {
    for (const follower of followers.values()) follower.sent = changesSentCharsMax;
  });
  await kube(made, maps, post(configMap("a")));
  expect(await mine.next()).toBeUndefined();
  expect(mine.closed.code).toBe(1013);
  const all = await Promise.all(
    Array.from({ length: changeFollowersMax }, () => ask(made, bearer(made.secret))),
  );
  expect(all.every(({ status }) => status === 101)).toBe(true);
  const over = await ask(made, bearer(made.secret));
  expect([over.status, over.headers.get("retry-after")]).toEqual([429, "60"]);
  for (const { webSocket } of all) {
    webSocket!.accept();
    webSocket!.close();
  }
});
