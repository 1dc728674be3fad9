/** A cluster as one plain value, as bytes, and back in storage of its own. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { sha256 } from "@noble/hashes/sha2.js";
import { deflateSync, inflateSync } from "fflate";
import { describe, expect, test, vi } from "vitest";
import type { KubeObject } from "../../../durable-objects/engine/core/object.ts";
import type { Snapshot } from "../../../durable-objects/engine/core/snapshot.ts";
import {
  Engine,
  openArtefact,
  sealArtefact,
  thumbnail,
} from "../../../durable-objects/engine/index.ts";
import { ReadOnlyCluster } from "../../../durable-objects/engine/snapshots/read-only.ts";
import { Search } from "../../../durable-objects/engine/snapshots/search.ts";
import { root } from "../../../scripts/root.ts";
import { mulberry } from "../../helpers/dice.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { start, World } from "../../helpers/world.ts";

const pods = "/api/v1/namespaces/default/pods";
const clock = "/apis/podyard.dev/v1/clocks/cluster";

const shell = (name: string, script: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] },
});

const counting = "i=0; while true; do i=$((i+1)); echo $i; echo $i >/tmp/n; sleep 1; done";

const own = { id: "test", secret: "of this world's tokens" };

/** The rest of a test goes on in here. */
function restored(snapshot: Snapshot, nowMs: number, identity = own): World {
  const sql = new NodeSql();
  const plain = JSON.parse(JSON.stringify(snapshot)) as Snapshot;
  Engine.restore(sql, plain, { nowMs, identity });
  const world = new World({ seed: "unused", nodes: 0, name: "unused", identity, nowMs }, sql);
  world.now = nowMs;
  return world;
}

const bytesOf = (snapshot: Snapshot): Uint8Array => {
  const sealed = sealArtefact(snapshot);
  if ("reason" in sealed) throw new Error(sealed.reason);
  return sealed.bytes;
};

/** Behind the header (`body`) stands what made it, and then the content. */
const body = 52;
const contentOf = (artefact: Uint8Array): Uint8Array =>
  inflateSync(artefact.subarray(body + 1 + (artefact[body] ?? 0)));

const logOf = (world: World, name: string): string =>
  world.request("GET", `${pods}/${name}/log`).text;

describe("what is restored goes on", () => {
  test("a month later, at the very moment, in the middle of a loop", () => {
    const world = new World();
    world.create(shell("loop", counting));
    world.advance(30_500);
    const snapshot = world.engine.snapshot(world.now);
    const later = restored(snapshot, world.now + 30 * 86_400_000);
    expect(later.engine.birth).toEqual({ seed: "test", nodes: 3, name: "test", bornMs: start });
    expect(later.engine.virtualNow).toBe(world.engine.virtualNow);
    expect(logOf(later, "loop")).toBe(logOf(world, "loop"));
    for (const each of [world, later]) each.advance(20_000);
    expect(later.engine.virtualNow).toBe(world.engine.virtualNow);
    expect(logOf(later, "loop")).toBe(logOf(world, "loop"));
    expect(later.pod("loop")).toEqual(world.pod("loop"));
  });

  test("as slowly as it went, or not at all", () => {
    for (const spec of [{ speed: 0.3 }, { speed: 7 }, { speed: 0.1, paused: true }]) {
      const world = new World();
      world.create(shell("loop", counting));
      world.patch(clock, { spec });
      world.advance(10_007);
      const later = restored(world.engine.snapshot(world.now), world.now + 1_234);
      for (const each of [world, later]) each.advance(60_011);
      expect(later.engine.virtualNow).toBe(world.engine.virtualNow);
      expect(later.pod("loop")).toEqual(world.pod("loop"));
    }
  });

  test("with what it still owes", () => {
    const world = new World();
    world.create(shell("loop", "while true; do echo x; sleep 0.01; done"));
    world.patch(clock, { spec: { speed: 50 } });
    world.now += 300_000;
    world.engine.run(world.now);
    const snapshot = world.engine.snapshot(world.now);
    expect(snapshot.clock.baseMs).toBeGreaterThan(snapshot.clock.nowMs);
    const later = restored(snapshot, world.now);
    expect(later.engine.nextDueMs(later.now)).toBe(later.now);
    for (const each of [world, later]) for (let i = 0; i < 5; i++) each.engine.run(each.now);
    expect(later.engine.virtualNow).toBe(world.engine.virtualNow);
  });

  test("while a cluster that sleeps wakes", () => {
    const world = new World();
    world.advance(20 * 60_000);
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
    const snapshot = world.engine.snapshot(world.now);
    const later = restored(snapshot, world.now);
    later.advance(1_000);
    expect(later.engine.virtualNow).toBe(snapshot.clock.nowMs + 1_000);
  });

  test("what the base lost or changed stays lost and changed, and the rest follows from the birth", () => {
    const world = new World();
    world.delete("/apis/rbac.authorization.k8s.io/v1/clusterroles/view");
    const edit = "/apis/rbac.authorization.k8s.io/v1/clusterroles/edit";
    world.patch(edit, { metadata: { labels: { mine: "yes" } } });
    const snapshot = world.engine.snapshot(world.now);
    const roles = snapshot.objects.find(([id]) => id === "clusterroles.rbac.authorization.k8s.io");
    expect(roles?.[1].map(([key, o]) => [key, o?.metadata.labels?.["mine"]])).toEqual([
      // It is made of the other two.
      ["admin", undefined],
      ["edit", "yes"],
      ["view", undefined],
    ]);
    const later = restored(snapshot, world.now);
    const url = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    expect(later.get(url)).toEqual(world.get(url));
    expect(later.engine.store.objectCount).toBe(world.engine.store.objectCount);
  });
});

describe("birth", () => {
  test("is handed in once and kept with the cluster", () => {
    const world = new World({ seed: "mine", nodes: 1, name: "lab" });
    const again = new World({ seed: "other", nodes: 9, name: "no" }, world.sql.copy());
    expect(again.engine.birth).toEqual({ seed: "mine", nodes: 1, name: "lab", bornMs: start });
    expect(() => new Engine(new NodeSql(), { nowMs: start, identity: own })).toThrow(/no cluster/);
  });

  test("of a cluster from before is as its caller kept it", () => {
    const world = new World({ seed: "mine", nodes: 1, name: "lab" });
    const uids = world.get("/api/v1/namespaces").items.map((o: KubeObject) => o.metadata.uid);
    world.sql.exec("DELETE FROM meta WHERE key = 'birth'");
    world.sql.exec("INSERT INTO meta (key, value) VALUES ('born', ?)", String(start));
    world.now = start + 86_400_000;
    world.evict();
    expect(world.engine.birth).toEqual({ seed: "mine", nodes: 1, name: "lab", bornMs: start });
    expect(world.get("/api/v1/namespaces").items.map((o: KubeObject) => o.metadata.uid)).toEqual(
      uids,
    );
    const later = new Engine(world.sql.copy(), { nowMs: world.now, identity: own });
    expect(later.birth).toEqual(world.engine.birth);
  });
});

describe("the past", () => {
  const told = (world: World, rv: string): string[] => {
    const opened = world.raw("GET", `${pods}?watch=true&resourceVersion=${rv}`);
    if (opened.type !== "watch") return [JSON.stringify(opened)];
    return opened.lines
      .map((l) => JSON.parse(l))
      .map((e) => `${e.type} ${e.object.reason ?? e.object.metadata?.resourceVersion}`);
  };

  test("goes along as far as it is asked for", () => {
    const world = new World();
    const before = world.get(pods).metadata.resourceVersion as string;
    world.create(shell("p", "sleep 1000"));
    world.advance(5_000);
    const middle = world.get(pods).metadata.resourceVersion as string;
    world.delete(`${pods}/p`);
    world.advance(60_000);
    const all = restored(world.engine.snapshot(world.now, { pastAfter: 0 }), world.now);
    const some = restored(
      world.engine.snapshot(world.now, { pastAfter: Number(middle) }),
      world.now,
    );
    const none = restored(world.engine.snapshot(world.now), world.now);
    expect(told(world, before).length).toBeGreaterThan(3);
    expect(told(all, before)).toEqual(told(world, before));
    expect(told(some, middle)).toEqual(told(world, middle));
    expect(told(some, before)).toEqual(["ERROR Expired"]);
    expect(told(none, middle)).toEqual(["ERROR Expired"]);
    expect([...all.engine.log.history(0)]).toEqual([...world.engine.log.history(0)]);
  });
});

describe("equal states give equal values", () => {
  test("whatever was evicted, slept or lay about on the way", () => {
    const tell = (between: (world: World) => World): string => {
      let world = new World();
      world.create(shell("loop", counting));
      for (let i = 0; i < 5; i++) {
        world.advance(7_000);
        world = between(world);
      }
      return Buffer.from(bytesOf(world.engine.snapshot(world.now, { pastAfter: 0 }))).toString(
        "hex",
      );
    };
    const plain = tell((world) => world);
    const evicted = tell((world) => {
      world.evict();
      return world;
    });
    const kept = tell((world) =>
      restored(world.engine.snapshot(world.now, { pastAfter: 0 }), world.now + 3_600_000),
    );
    expect(evicted === plain).toBe(true);
    expect(kept === plain).toBe(true);
  });
});

describe("what belongs to one sandbox", () => {
  const one = { id: "one", secret: "hush-hush-of-the-first" };
  const two = { id: "two", secret: "hush-hush-of-the-second" };

  function tokenOf(world: World): string {
    const { body } = world.request(
      "POST",
      "/api/v1/namespaces/default/serviceaccounts/default/token",
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {},
      },
    );
    return body.status.token;
  }
  const status = (world: World, token: string): number =>
    world.request("GET", pods, undefined, { headers: { authorization: `Bearer ${token}` } }).status;

  test("neither its secret nor what it signs with travels, and its tokens open nothing elsewhere", () => {
    const world = new World({ identity: one });
    world.advance(1_000);
    const token = tokenOf(world);
    // It is known, and may do nothing.
    expect(status(world, token)).toBe(403);
    const snapshot = world.engine.snapshot(world.now, { pastAfter: 0 });
    const text = JSON.stringify(snapshot);
    expect(text).not.toContain(one.secret);
    expect(text).not.toContain('["signing-key"');
    const fork = restored(snapshot, world.now, two);
    expect(status(fork, token)).toBe(401);
    expect(status(fork, tokenOf(fork))).toBe(403);
    expect(status(world, tokenOf(fork))).toBe(401);
  });

  test("tokens that lie about open nothing, and are signed anew where they come to life", () => {
    const world = new World({ identity: one });
    world.advance(1_000);
    const token = tokenOf(world);
    const forged = `${token.slice(0, token.lastIndexOf("."))}.${"B".repeat(86)}`;
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "sa", annotations: { "kubernetes.io/service-account.name": "default" } },
      type: "kubernetes.io/service-account-token",
    };
    const file = Buffer.from(`x: ${token}\n`).toString("base64");
    const kept = { apiVersion: "v1", kind: "Secret", metadata: { name: "kept" }, data: { file } };
    const told = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "told" },
      data: { a: `<${token}>`, b: forged },
    };
    const read =
      "T=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token); echo $T; echo $T >/t; sleep 1000";
    world.create(secret, kept, told, shell("reads", read));
    world.advance(10_000);
    const tokensOf = (w: World): string[] => [
      Buffer.from(w.get("/api/v1/namespaces/default/secrets/sa").data.token, "base64").toString(),
      Buffer.from(w.get("/api/v1/namespaces/default/secrets/kept").data.file, "base64")
        .toString()
        .slice(3, -1),
      w.get("/api/v1/namespaces/default/configmaps/told").data.a.slice(1, -1),
      logOf(w, "reads").trim(),
    ];
    const signatures = tokensOf(world).map((t) => t.split(".")[2]!);
    expect(tokensOf(world).map((t) => status(world, t))).toEqual([403, 403, 403, 403]);

    const snapshot = world.engine.snapshot(world.now, { pastAfter: 0 });
    const text = JSON.stringify(snapshot);
    for (const signature of signatures) {
      expect(text).not.toContain(signature);
      expect(text).not.toContain(Buffer.from(signature).toString("base64").slice(3, -6));
    }
    expect(snapshot.tokens).toHaveLength(3);

    const fork = restored(snapshot, world.now, two);
    expect(tokensOf(fork).map((t) => status(fork, t))).toEqual([403, 403, 403, 403]);
    expect(tokensOf(fork).map((t) => status(world, t))).toEqual([401, 401, 401, 401]);
    expect(tokensOf(world).map((t) => status(fork, t))).toEqual([401, 401, 401, 401]);
    // What only looked like one is not made one.
    const { b } = fork.get("/api/v1/namespaces/default/configmaps/told").data;
    expect(b).toBe(forged);
    expect(JSON.stringify(fork.engine.snapshot(world.now, { pastAfter: 0 })) === text).toBe(true);
  });

  test("storage that holds a cluster is left alone", () => {
    const world = new World();
    const snapshot = world.engine.snapshot(world.now);
    expect(() => Engine.restore(world.sql, snapshot, { nowMs: world.now, identity: own })).toThrow(
      /already/,
    );
    world.evict();
    expect(world.get("/api/v1/nodes").items).toHaveLength(4);
  });
});

describe("without Secrets", () => {
  const planted = "Pl4nted-S3cret!";
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "db",
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": `{"stringData":{"pass":"${planted}","user":"admin"}}`,
      },
    },
    stringData: { pass: planted, user: "admin", file: `[client]\npassword=${planted}\n` },
  };
  const registry = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "registry" },
    type: "kubernetes.io/dockerconfigjson",
    stringData: { ".dockerconfigjson": `{"auths":{"r.test":{"auth":"${planted}"}}}` },
  };
  const script = [
    "X=$PASS",
    'echo "told $PASS by $LOGIN"',
    "cp /v/file /copy",
    "cp /v/user /u",
    "echo $PASS | base64 >/encoded",
    'while true; do sleep 5; echo "${#X}"; done',
  ].join("; ");
  const user = {
    ...shell("user", script),
    spec: {
      volumes: [{ name: "v", secret: { secretName: "db" } }],
      containers: [
        {
          name: "c",
          image: "busybox",
          command: ["sh", "-c", script],
          env: [
            { name: "PASS", valueFrom: { secretKeyRef: { name: "db", key: "pass" } } },
            { name: "LOGIN", valueFrom: { secretKeyRef: { name: "db", key: "user" } } },
          ],
          envFrom: [{ prefix: "DB_", secretRef: { name: "db" } }],
          volumeMounts: [{ name: "v", mountPath: "/v" }],
        },
      ],
    },
  };
  const world = new World({ nodes: 1 });
  world.create(secret, registry, user);
  world.advance(20_000);
  // What it held before is in the past.
  world.patch("/api/v1/namespaces/default/secrets/db", { stringData: { pass: `${planted}-2` } });
  world.advance(20_000);

  test("a planted value stands nowhere, in no form", () => {
    const snapshot = world.engine.snapshot(world.now, { pastAfter: 0, secrets: false });
    const text = new TextDecoder("latin1").decode(contentOf(bytesOf(snapshot)));
    const whole = JSON.stringify(world.engine.snapshot(world.now, { pastAfter: 0 }));
    const forms = [
      planted,
      ...["", "1", "12"].map((before) => {
        const all = Buffer.from(before + planted).toString("base64");
        return all.slice(before.length && before.length + 1, -4);
      }),
    ];
    for (const form of forms.slice(0, 2)) expect(whole).toContain(form);
    for (const form of forms) expect(text).not.toContain(form);
    // A short one is no word to look for, but came from a Secret here: a variable, files.
    expect(whole).toContain('"LOGIN","value":"admin"');
    expect(text).not.toContain('"LOGIN","value":"admin"');
    expect(whole).toContain('"d":"admin"');
    expect(text).not.toContain('"d":"admin"');
    expect(text).toContain("by admin");
  });

  test("what had it goes on, and Secrets can be changed", () => {
    const snapshot = world.engine.snapshot(world.now, { secrets: false });
    // The value of before was in no Secret any more.
    expect(JSON.stringify(snapshot)).not.toContain(planted);
    const fork = restored(snapshot, world.now);
    fork.advance(60_000);
    expect(fork.pod("user").status).toMatchObject({ phase: "Running" });
    expect(fork.pod("user").status.containerStatuses[0].restartCount).toBe(0);
    expect(logOf(fork, "user")).toMatch(/^told \*{15} by admin\n15\n/);
    expect(openArtefact(bytesOf(fork.engine.snapshot(fork.now)))).toHaveProperty("snapshot");
    fork.patch("/api/v1/namespaces/default/secrets/registry", { metadata: { labels: { a: "b" } } });
    fork.patch("/api/v1/namespaces/default/secrets/db", { stringData: { pass: "mine" } });
  });
});

describe("a search", () => {
  test("finds all of many values, also those that overlap, touch and repeat", () => {
    const chance = mulberry(3);
    const below = (n: number): number => Math.floor(chance() * n);
    const word = (n: number): string => Array.from({ length: n }, () => "aB3-"[below(4)]).join("");
    for (let round = 0; round < 200; round++) {
      const values = Array.from({ length: 1 + below(20) }, () => word(6 + below(5)));
      const text = Array.from({ length: 30 }, () =>
        below(3) === 0 ? values[below(values.length)] : word(below(4)),
      ).join("");
      const covered = text.split("");
      for (const value of values) {
        for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1))
          covered.fill("*", at, at + value.length);
      }
      const search = new Search(values.map((value) => [value, "*".repeat(value.length)]));
      expect(search.replaced(text)).toBe(covered.join(""));
    }
  });

  test("goes once through a text for ten thousand values", () => {
    const values = Array.from({ length: 10_000 }, (_, i) => `-----BEGIN ${i}-secret-${i} END-----`);
    const search = new Search(values.map((value) => [value, "*".repeat(value.length)]));
    const spy = vi.spyOn(String.prototype, "startsWith");
    const text = `${"-----BEGIN nothing".repeat(10_000)}${values[77]}`;
    expect(search.replaced(text).endsWith("*".repeat(20))).toBe(true);
    // One by one they would be a hundred million.
    expect(spy.mock.calls.length).toBeLessThan(20_000);
    spy.mockRestore();
  });
});

describe("an artefact", () => {
  const world = new World({ nodes: 0 });
  world.create(shell("loop", counting));
  world.advance(20_000);
  const snapshot = world.engine.snapshot(world.now, { pastAfter: world.engine.store.rv - 20 });
  const whole = bytesOf(snapshot);

  const reasonOf = (bytes: Uint8Array): string => {
    const opened = openArtefact(bytes);
    return "reason" in opened ? opened.reason : "none";
  };
  const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = whole.slice();
    change(bytes);
    return bytes;
  };
  /** A content of one's own, with all that makes it an artefact. */
  const forged = (content: Uint8Array, length = content.length): Uint8Array => {
    const packed = deflateSync(content, { level: 1 });
    const bytes = new Uint8Array(body + 1 + packed.length);
    bytes.set(whole.subarray(0, body));
    bytes.set(packed, body + 1);
    new DataView(bytes.buffer).setUint32(16, length);
    bytes.set(sha256(bytes.subarray(body)), 20);
    return bytes;
  };
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const resealed = (bytes: Uint8Array): Uint8Array => {
    bytes.set(sha256(bytes.subarray(body)), 20);
    return bytes;
  };

  test("opens to what was put in", () => {
    const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    expect(openArtefact(whole)).toEqual({
      snapshot: JSON.parse(JSON.stringify(snapshot)),
      createdBy: `podyard ${version}`,
      contentBytes: JSON.stringify(snapshot).length,
    });
  });

  test("is refused with a reason", () => {
    expect(reasonOf(new Uint8Array())).toBe("this is no snapshot");
    expect(reasonOf(text("PK\u0003\u0004, a whole other kind of file with a length"))).toBe(
      "this is no snapshot",
    );
    expect(reasonOf(whole.slice(0, 30))).toBe("the snapshot is incomplete");
    expect(reasonOf(whole.slice(0, -1))).toMatch(/damaged or incomplete/);
    expect(reasonOf(changed((b) => (b[body + 9]! ^= 1)))).toMatch(/checksum/);
    expect(reasonOf(changed((b) => (b[13] = 3)))).toBe(
      "the snapshot was made by a newer version (format 3, state 1)",
    );
    expect(reasonOf(changed((b) => (b[15] = 9)))).toMatch(/newer version \(format 2, state 9\)/);
    expect(reasonOf(changed((b) => (b[13] = 1)))).toMatch(/does not unpack/);
    expect(reasonOf(resealed(changed((b) => (b[body] = 255))))).toMatch(/does not unpack/);
    expect(reasonOf(changed((b) => (b[13] = 0)))).toMatch(/no format that ever was/);
    expect(reasonOf(changed((b) => (b[16] = 255)))).toMatch(/the limit is 33554432/);
    expect(reasonOf(changed((b) => (b[16] = 1)))).toMatch(/more than it can|does not unpack/);
    expect(reasonOf(forged(text("{")))).toMatch(/no JSON/);
    expect(reasonOf(forged(text("[]")))).toMatch(/not sound: its content is missing/);
  });

  test("that unpacks to more than it says costs no more than it says", () => {
    const bomb = forged(new Uint8Array(200 * 1024 * 1024), 200_000);
    expect(bomb.length).toBeLessThan(300_000);
    const pieces = vi.spyOn(Uint8Array.prototype, "set");
    expect(reasonOf(bomb)).toMatch(/does not unpack to what it says/);
    // It was noticed in the first pieces.
    expect(pieces.mock.calls.length).toBeLessThan(20);
    pieces.mockRestore();
  });

  test("of hostile depth or number of values is refused before it is parsed", () => {
    expect(reasonOf(forged(text("[".repeat(2_000) + "]".repeat(2_000))))).toMatch(
      /nested 2000 deep/,
    );
    expect(reasonOf(forged(text(`[${"0,".repeat(3_000_001)}0]`)))).toMatch(
      /values, the limit is 3000000/,
    );
  });

  test("a thousand bytes changed or cut are each refused", () => {
    const chance = mulberry(7);
    const below = (n: number): number => Math.floor(chance() * n);
    const reasons = new Set<string>();
    for (let i = 0; i < 1_000; i++) {
      const cut = i % 3 === 0 ? whole.slice(0, below(whole.length)) : whole.slice();
      const at = i % 3 === 1 ? below(body) : below(cut.length);
      const bit = 1 << below(8);
      if (cut.length === whole.length) cut[at]! ^= bit;
      const reason = reasonOf(cut);
      expect(reason, `mutation ${i}`).not.toBe("none");
      reasons.add(reason.replace(/\d+/g, "N"));
    }
    expect(reasons.size).toBeGreaterThan(4);
  });

  test(
    "values changed within are refused, or open to a cluster that runs",
    { timeout: 60_000 },
    () => {
      const chance = mulberry(11);
      const below = (n: number): number => Math.floor(chance() * n);
      const content = contentOf(whole);
      const json = new TextDecoder().decode(content);
      let opened = 0;
      for (let i = 0; i < 400; i++) {
        const value = JSON.parse(json) as Snapshot;
        spoil(value, below);
        const bytes = forged(text(JSON.stringify(value)));
        const result = openArtefact(bytes);
        if ("reason" in result) continue;
        opened += 1;
        expect(thumbnail(result.snapshot).length).toBeLessThan(20_000);
        if (opened % 3 === 0) look(new ReadOnlyCluster(result.snapshot));
        if (opened % 10 !== 0) continue;
        const engine = Engine.restore(new NodeSql(), result.snapshot, {
          nowMs: start,
          identity: own,
        });
        engine.run(start + 5_000);
        expect(engine.store.list("nodes").length).toBeLessThan(4);
      }
      expect(opened).toBeGreaterThan(50);
      expect(opened).toBeLessThan(400);
    },
  );
});

/** Whatever it holds, it answers. */
function look(cluster: ReadOnlyCluster): void {
  for (const [path, accept] of [
    ["/api/v1/pods", "application/json;as=Table;v=v1;g=meta.k8s.io"],
    ["/api/v1/pods", "application/vnd.kubernetes.protobuf"],
    [`${pods}/loop/log`, "*/*"],
    ["/api/v1/nodes", "application/json"],
    [clock, "application/json"],
    ["/apis/metrics.k8s.io/v1beta1/pods", "application/json"],
  ] as const) {
    const { status } = cluster.answer({ method: "GET", path, query: "", headers: { accept } });
    expect([200, 204, 400, 404, 406, 500]).toContain(status);
  }
}

const spoilt: unknown[] = [null, "", "x", -1, 1.5, 1e300, true, [], {}, [[]], { metadata: {} }];

/** One value somewhere becomes another one, or goes. */
function spoil(value: unknown, below: (n: number) => number): void {
  let at = value as Record<string, unknown> | unknown[];
  for (let depth = 0; ; depth++) {
    const keys = Object.keys(at);
    const key = keys[below(keys.length)];
    if (key === undefined) return;
    const inner = (at as Record<string, unknown>)[key];
    const leaf = typeof inner !== "object" || inner === null;
    if (!leaf && (depth < 1 || below(8) > 0)) at = inner as typeof at;
    else if (below(4) === 0 && !Array.isArray(at)) return void delete at[key];
    else return void ((at as Record<string, unknown>)[key] = spoilt[below(spoilt.length)]);
  }
}
