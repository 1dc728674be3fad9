import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { presenceFollowersMax } from "../../durable-objects/limits.ts";
import type { Present } from "../../durable-objects/presence.ts";
import { bearer, edge, inside, kube, lineReader, type Made, stubOf } from "./edge.ts";
import { asked, invitation, owner, own, type Headers_, type Person } from "./people/persons.ts";

/** Who is here: several people and programs in one sandbox. */

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 }));
afterEach(() => vi.useRealTimers());

type Owned = Made & { secret: string };
interface World {
  person: Person;
  made: Owned;
  /** A viewer, by a cookie. */
  guest: Person;
}

const page = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" };
const kubectl = { "user-agent": "kubectl/v1.36.0 (linux/amd64) kubernetes/0000000" };
const maps = "/api/v1/namespaces/default/configmaps";

async function world(name = "Robin"): Promise<World> {
  const { person, made } = await owner();
  const { secret } = await invitation(person.headers, made.id, "viewer");
  const joined = await edge(`/api/invitations/${secret}/accept`, {
    method: "POST",
    headers: { origin: own, "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  const headers = { cookie: joined.headers.get("set-cookie")!.split(";")[0]!, origin: own };
  const { id } = await asked<{ id: string }>("/api/me", { headers }, 200);
  return { person, made, guest: { id, headers } };
}

const presenceFor = async ({ id }: Made, headers: Headers_): Promise<Present[]> =>
  (await asked<{ present: Present[] }>(`/api/sandboxes/${id}/presence`, { headers }, 200)).present;

/** What is told to who follows, a list at a time. */
async function follow({ id }: Made, headers: Headers_) {
  const response = await edge(`/api/sandboxes/${id}/presence?follow=true`, { headers });
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = lineReader(response);
  return {
    stop: lines.stop,
    next: async (): Promise<Present[] | undefined> => {
      const line = await lines.next();
      return line === undefined ? undefined : (JSON.parse(line) as { present: Present[] }).present;
    },
    /** The first list of which that is so. */
    async until(holds: (present: Present[]) => boolean): Promise<Present[]> {
      for (;;) {
        const present = await this.next();
        if (!present) throw new Error("the stream has ended");
        if (holds(present)) return present;
      }
    },
  };
}

const named = (present: Present[], name: string): Present | undefined =>
  present.find((one) => one.name === name);

test("each sees who is here, as what, by what and since when", async () => {
  const { person, made, guest } = await world();
  const since = new Date().toISOString();
  const mine = await follow(made, { ...person.headers, ...page });
  expect(await mine.next()).toEqual([
    {
      name: "kubernetes-admin",
      role: "owner",
      clients: ["page"],
      since,
      open: true,
      pages: 1,
      you: true,
    },
  ]);
  vi.setSystemTime(Date.now() + 90_000);
  const theirs = await follow(made, { ...guest.headers, ...page });
  const both = await mine.until((present) => present.length === 2);
  expect(both.map(({ name, role, you }) => [name, role, you])).toEqual([
    ["kubernetes-admin", "owner", true],
    ["Robin", "viewer", false],
  ]);
  expect(both[1]).toMatchObject({ since: new Date().toISOString(), open: true, pages: 1 });
  const seenByGuest = await theirs.next();
  expect(named(seenByGuest!, "Robin")!.you).toBe(true);
  // The owner's kubectl is the same user for the cluster, and so here.
  expect((await kube(made, maps, { headers: kubectl })).status).toBe(200);
  const more = await theirs.until((present) => present[0]!.clients.includes("kubectl"));
  expect(more[0]).toMatchObject({ clients: ["kubectl", "page"], since, pages: 1 });
  await theirs.stop();
  const left = await mine.until((present) => named(present, "Robin")?.open === false);
  expect(named(left, "Robin")).toMatchObject({ pages: 0, seenAt: new Date().toISOString() });
  vi.setSystemTime(Date.now() + 5 * 60_000);
  expect((await presenceFor(made, person.headers)).map(({ name }) => name)).toEqual([
    "kubernetes-admin",
  ]);
  await mine.stop();
});

test("what is open keeps its client here, a single request for five minutes", async () => {
  const { person, made, guest } = await world();
  const watch = lineReader(
    await edge(`/sandboxes/${made.id}${maps}?watch=true`, {
      headers: { ...guest.headers, ...kubectl },
    }),
  );
  expect(await watch.next()).toContain("kube-root-ca.crt");
  const began = new Date().toISOString();
  vi.setSystemTime(Date.now() + 20 * 60_000);
  await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  const robin = named(await presenceFor(made, person.headers), "Robin");
  expect(robin).toMatchObject({ clients: ["kubectl"], since: began, open: true, pages: 0 });
  expect(robin).not.toHaveProperty("seenAt");
  await watch.stop();
});

test("a terminal's screen is a way to be here, too", async () => {
  const { person, made } = await owner();
  const shown = await edge(`/api/sandboxes/${made.id}/terminals/main`, {
    headers: { ...person.headers, ...page, upgrade: "websocket" },
  });
  const socket = shown.webSocket!;
  socket.accept();
  await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  const mine = await follow(made, { ...bearer(made.secret), ...kubectl });
  expect(await mine.next()).toMatchObject([{ clients: ["kubectl", "terminal"], open: true }]);
  vi.setSystemTime(Date.now() + 10 * 60_000);
  socket.close(1000);
  await mine.until(([only]) => only!.clients.length === 1);
  await mine.stop();
});

test("a client is called by the first product of its User-Agent, and nothing else of it is told", async () => {
  const { made } = await owner();
  const at = `/api/sandboxes/${made.id}/presence`;
  for (const agent of ["curl/8.9.1", "Go-http-client", "a<b>/1", "x".repeat(31), " "]) {
    await asked(at, { headers: { ...bearer(made.secret), "user-agent": agent } }, 200);
  }
  const [only] = await presenceFor(made, { ...bearer(made.secret), ...kubectl });
  expect(only!.clients).toEqual(["Go-http-client", "curl", "kubectl", "unknown"]);
});

test("whose access is withdrawn hears nothing more, and is not told of", async () => {
  const { person, made, guest } = await world();
  const mine = await follow(made, { ...person.headers, ...page });
  const theirs = await follow(made, { ...guest.headers, ...page });
  await mine.until((present) => present.length === 2);
  await theirs.next();
  await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  await asked(
    `/api/sandboxes/${made.id}/members/${guest.id}`,
    { method: "DELETE", headers: person.headers },
    204,
  );
  while (await theirs.next());
  await mine.until((present) => !named(present, "Robin"));
  await mine.stop();
});

test("it ends with the sandbox", async () => {
  const { person, made } = await owner();
  const mine = await follow(made, { ...person.headers, ...page });
  await mine.next();
  await asked(`/api/sandboxes/${made.id}`, { method: "DELETE", headers: person.headers }, 204);
  while (await mine.next());
});

/** Time stands, and nothing is due before the sandbox's end. */
async function still(made: Owned): Promise<void> {
  const paused = await kube(made, "/apis/podyard.dev/v1/clocks/cluster", {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify({ spec: { paused: true } }),
  });
  expect(paused.status).toBe(200);
  const alarm = () => runInDurableObject(stubOf(made), (_, { storage }) => storage.getAlarm());
  for (let i = 0; (await alarm())! < Date.now() + 3_600_000 && i < 20; i++)
    await runDurableObjectAlarm(stubOf(made));
  expect(await alarm()).toBeGreaterThan(Date.now() + 3_600_000);
}

test("it costs no row and no alarm, starts no cluster, and outlives the object's sleep", async () => {
  const { person, made, guest } = await world();
  const stub = stubOf(made);
  const stored = () =>
    runInDurableObject(stub, async (object, { storage }) => ({
      rows: storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        )
        .toArray()
        .map(({ name }) => [
          name,
          storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`).one().n,
        ]),
      kept: [...storage.kv.list()].length,
      alarm: await storage.getAlarm(),
      started: inside<{ loaded: unknown }>(object).loaded !== undefined,
    }));
  await still(made);
  await evictDurableObject(stub);
  const before = await stored();
  expect(before.started).toBe(false);
  const mine = await follow(made, { ...person.headers, ...page });
  await mine.next();
  await presenceFor(made, { ...guest.headers, ...kubectl });
  await mine.until((present) => present.length === 2);
  await evictDurableObject(stub, { webSockets: "hibernate" });
  // What was known of a program that has nothing open lay in the page's socket.
  const theirs = await follow(made, { ...guest.headers, ...page });
  expect(named((await theirs.next())!, "Robin")!.clients).toEqual(["kubectl", "page"]);
  await mine.until((present) => named(present, "Robin")?.pages === 1);
  await theirs.stop();
  await mine.until((present) => named(present, "Robin")?.pages === 0);
  await mine.stop();
  expect(await stored()).toEqual(before);
});

test("a sandbox has as many followers as it may", async () => {
  const { person, made } = await owner();
  const ask = () =>
    edge(`/api/sandboxes/${made.id}/presence?follow=true`, { headers: person.headers });
  const all: Response[] = [];
  for (let i = 0; i < presenceFollowersMax; i++) all.push(await ask());
  expect(all.map(({ status }) => status)).toEqual(Array(presenceFollowersMax).fill(200));
  const refused = await ask();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
  const [only] = await presenceFor(made, person.headers);
  expect(only).toMatchObject({ pages: presenceFollowersMax });
  await Promise.all(all.map(({ body }) => body!.cancel()));
});
