/** Who a cluster is follows from no seed: its tokens are signed with a secret that is handed in, and that no table holds. */
import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { signingKey } from "../../../durable-objects/engine/api/auth/tokens.ts";
import type { Change } from "../../../durable-objects/engine/core/object.ts";
import type { NodeSql } from "../../helpers/node-sql.ts";
import { World } from "../../helpers/world.ts";
import { SessionWorld } from "../streams/streams-world.ts";

const identities = [
  { id: "one", secret: "0f0c8a4e-the-first" },
  { id: "two", secret: "7d52b6c1-the-second" },
] as const;

const accounts = "/api/v1/namespaces/default/serviceaccounts";
const readsToken = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: { containers: [{ name: "c", image: "busybox", command: ["sleep", "100000"] }] },
};
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount/token";

function live(identity: { id: string; secret: string }): SessionWorld {
  const world = new SessionWorld({ identity });
  world.create(readsToken);
  world.patch(`${accounts}/default`, { metadata: { labels: { a: "b" } } });
  world.advance(60_000);
  return world;
}

const tokenOf = (world: World): string =>
  world.request("POST", `${accounts}/default/token`, { spec: {} }).body.status.token;

/** 403: it is known who asks. */
const asked = (world: World, token: string): number =>
  world.request("GET", accounts, undefined, { headers: { authorization: `Bearer ${token}` } })
    .status;

/** Everything on disk. */
const dump = (sql: NodeSql): string =>
  ["log", "state", "meta", "schema_version"]
    .flatMap((table) => sql.exec(`SELECT * FROM ${table}`))
    .map((row) => JSON.stringify(row))
    .join("\n");

test("two clusters of one seed and the same inputs have one log, and refuse each other's tokens", () => {
  const [one, two] = identities.map(live) as [SessionWorld, SessionWorld];
  expect(dump(one.sql) === dump(two.sql)).toBe(true);
  const [ones, twos] = [tokenOf(one), tokenOf(two)];
  expect([asked(one, ones), asked(two, twos)]).toEqual([403, 403]);
  expect([asked(one, twos), asked(two, ones)]).toEqual([401, 401]);
  one.evict();
  expect([asked(one, ones), asked(one, twos)]).toEqual([403, 401]);
});

test("so it is with the token that lies in a volume", () => {
  const [one, two] = identities.map(live) as [SessionWorld, SessionWorld];
  const [ones, twos] = [one, two].map((world) => world.exec("p", `cat ${tokenPath}`).read()) as [
    string,
    string,
  ];
  expect(ones).not.toBe(twos);
  expect([asked(one, ones), asked(two, twos)]).toEqual([403, 403]);
  expect([asked(one, twos), asked(two, ones)]).toEqual([401, 401]);
});

test("a secret that equals the seed makes no other cluster's key", () => {
  const seeded = { id: "one", secret: "test" };
  const world = new World({ seed: "test", identity: identities[0] });
  expect(asked(world, tokenOf(new World({ seed: "test", identity: seeded })))).toBe(401);
});

test("no table holds the secret, or what is made of it", () => {
  const [identity] = identities;
  const world = live(identity);
  Object.assign(world.engine.log.sizes, { checkpoint: 1 });
  world.patch(`${accounts}/default`, { metadata: { labels: { a: "c" } } });
  expect(world.engine.log.meta("checkpoint")).toBeDefined();
  const stored = dump(world.sql);
  const { secret, id } = signingKey(identity);
  for (const bytes of [secret, sha256(secret)]) {
    for (const encoding of ["base64url", "base64", "hex"] as const)
      expect(stored).not.toContain(Buffer.from(bytes).toString(encoding));
  }
  expect(stored).not.toContain(identity.secret);
  expect(stored).not.toContain(id);
});

test("a cluster from when the key was a record loses it, and nothing else", () => {
  const world = live(identities[0]);
  const rows = dump(world.sql);
  const { store } = world.engine;
  const key = "WmFsbCBkaXMgYmUgYSBrZXkgdGhhdCBzaWducw.one.x";
  store.putRecord("cluster", "signing-key", key);
  store.putRecord("other", "kept", { text: 'it says ["cluster","signing-key"', n: 1 });
  store.loadRecord("cluster", "signing-key", key);
  const persisted = (checkpoint: number): readonly Change[] => {
    Object.assign(world.engine.log.sizes, { checkpoint });
    return world.engine.log.persist(world.engine.virtualNow, []);
  };
  persisted(1e9);
  expect(dump(world.sql)).toContain(key);
  store.putRecord("other", "kept", { text: 'it says ["cluster","signing-key",', n: 2 });
  persisted(1);
  expect(dump(world.sql).split(key)).toHaveLength(3);
  world.sql.exec("DELETE FROM schema_version WHERE version > 1");
  world.evict();
  expect(dump(world.sql)).not.toContain(key);
  expect(dump(world.sql).length).toBeGreaterThan(rows.length / 2);
  expect(world.engine.store.record("cluster", "signing-key")).toBeUndefined();
  expect(world.engine.store.record("other", "kept")).toEqual({
    text: 'it says ["cluster","signing-key",',
    n: 2,
  });
  expect(world.get(`${accounts}/default`).metadata.labels).toEqual({ a: "b" });
});

test("an identity that is replaced: nothing that was signed before is good, Pods and Secrets have new tokens", () => {
  const world = live(identities[0]);
  const secrets = "/api/v1/namespaces/default/secrets";
  const secret = (name: string, more: object = {}): object => ({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    metadata: { name, annotations: { "kubernetes.io/service-account.name": "default" } },
    ...more,
  });
  world.create(secret("robot"), secret("own", { data: { token: btoa("no token of ours") } }));
  world.advance(1_000);
  const held = (name: string): string => atob(world.get(`${secrets}/${name}`).data.token);
  const inPod = (): string => world.exec("p", `cat ${tokenPath}`).read();
  const before = [tokenOf(world), held("robot"), inPod()];
  expect(before.map((token) => asked(world, token))).toEqual([403, 403, 403]);
  const { rv } = world.engine.store;
  // Also while time stands still.
  world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: true } });
  world.engine.renewTokens(identities[1], world.now);
  expect(before.map((token) => asked(world, token))).toEqual([401, 401, 401]);
  expect(world.engine.store.rv).toBe(rv + 2);
  const after = [tokenOf(world), held("robot"), inPod()];
  expect(after.map((token) => asked(world, token))).toEqual([403, 403, 403]);
  expect(held("own")).toBe("no token of ours");
  world.options.identity = identities[1];
  world.evict();
  expect([...before, ...after].map((token) => asked(world, token))).toEqual([
    401, 401, 401, 403, 403, 403,
  ]);
  // An old one that comes back is replaced, and the past is read with the key of now.
  world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: false } });
  world.patch(`${secrets}/robot`, { data: { token: btoa(before[1]!) } });
  world.advance(1_000);
  expect(asked(world, held("robot"))).toBe(403);
  const snapshot = JSON.stringify(world.engine.snapshot(world.now, { at: world.engine.store.rv }));
  expect(snapshot).not.toContain(btoa(after[1]!).slice(-80));
});
