/** A fork: a snapshot restored as another sandbox. It goes on as its original does, and is somebody else. */
import { describe, expect, test } from "vitest";
import type { Snapshot } from "../../../durable-objects/engine/core/snapshot.ts";
import { Engine, openArtefact, sealed } from "../../../durable-objects/engine/index.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { World } from "../../helpers/world.ts";
import { deployment } from "../behaviours/behaviour-world.ts";

const pods = "/api/v1/namespaces/default/pods";
const accounts = "/api/v1/namespaces/default/serviceaccounts";
const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const shell = (name: string, script: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] },
});

const ofOriginal = { id: "original", secret: "of the original's tokens" };
const ofFork = { id: "thefork1", secret: "of the fork's tokens" };

/** Through its artefact, so much later by the wall. */
function forkOf(world: World, laterMs: number): World {
  const made = sealed(() => world.engine.snapshot(world.now, { pastAfter: 0 }));
  if ("reason" in made) throw new Error(made.reason);
  const opened = openArtefact(made.bytes);
  if ("reason" in opened) throw new Error(opened.reason);
  const sql = new NodeSql();
  const nowMs = world.now + laterMs;
  Engine.restore(sql, opened.snapshot, { nowMs, identity: ofFork });
  const fork = new World({ identity: ofFork, nowMs }, sql);
  fork.now = nowMs;
  return fork;
}

/** A morning in a classroom: everything by requests, at moments counted from the fork. */
function work(world: World): void {
  world.create(deployment("shop", { replicas: 4 }));
  world.advance(20_000);
  world.patch("/apis/apps/v1/namespaces/default/deployments/web", {
    spec: { template: { spec: { containers: [{ name: "nginx", image: "nginx:1.161" }] } } },
  });
  world.create(shell("prints", `while true; do cat ${tokenFile}; echo; sleep 3; done`));
  world.advance(45_000);
  world.delete(`${pods}/loop`);
  world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { speed: 10 } });
  world.advance(30_000);
  world.patch("/api/v1/nodes/node-1", { spec: { unschedulable: true } });
  world.advance(1_234);
}

function original(): World {
  const world = new World({ nodes: 2, identity: ofOriginal });
  world.create(
    deployment("web", { replicas: 3 }),
    shell("loop", "i=0; while true; do i=$((i+1)); echo $i; sleep 1; done"),
    shell("token", `cat ${tokenFile}; sleep 100000`),
  );
  world.advance(33_333);
  return world;
}

const tokenOf = (world: World): string =>
  world.request("POST", `${accounts}/default/token`, { spec: {} }).body.status.token;
/** 403: it is known who asks. */
const asked = (world: World, token: string): number =>
  world.request("GET", accounts, undefined, { headers: { authorization: `Bearer ${token}` } })
    .status;

describe("a fork", () => {
  test("beside its original, under the same inputs, has the same log, but for tokens", () => {
    const world = original();
    const fork = forkOf(world, 40 * 86_400_000);
    const { rv } = world.engine.store;
    for (const each of [world, fork]) work(each);
    const revisions = (of: World): unknown[] =>
      [...of.engine.log.history(rv)].map(({ rv: at, by, op, resource, namespace, name }) =>
        [at, by, op, resource, namespace, name].join(" "),
      );
    expect(revisions(fork)).toEqual(revisions(world));
    expect(revisions(world).length).toBeGreaterThan(100);
    // A snapshot holds every object, record, waiting key and revision, and no signature.
    const whole = (of: World): Snapshot => of.engine.snapshot(of.now, { pastAfter: 0 });
    expect(whole(fork)).toEqual(whole(world));
    const logs = (of: World): string => of.request("GET", `${pods}/prints/log`).text;
    expect(logs(fork).split("\n").length).toBe(logs(world).split("\n").length);
    expect(logs(fork)).not.toBe(logs(world));
  });

  test("and its original each refuse what the other signed", () => {
    const world = original();
    const fork = forkOf(world, 0);
    const [ones, twos] = [tokenOf(world), tokenOf(fork)];
    expect([asked(world, ones), asked(fork, twos)]).toEqual([403, 403]);
    expect([asked(world, twos), asked(fork, ones)]).toEqual([401, 401]);
    // So it is with the one that lay in a log when the fork was made.
    const printed = (of: World): string => of.request("GET", `${pods}/token/log`).text.trim();
    expect(printed(fork)).not.toBe(printed(world));
    expect([asked(fork, printed(fork)), asked(fork, printed(world))]).toEqual([403, 401]);
    expect(asked(world, printed(fork))).toBe(401);
  });

  test("lives its own life", () => {
    const world = original();
    const fork = forkOf(world, 0);
    fork.delete(`${pods}/loop`);
    fork.advance(40_000);
    world.advance(40_000);
    expect(world.pod("loop").status.phase).toBe("Running");
    expect(fork.request("GET", `${pods}/loop`).status).toBe(404);
  });
});

test("Secrets that take too long to be left out are a reason, and the cluster goes on", () => {
  const world = new World({ nodes: 0 });
  const alike = Array.from({ length: 2_000 }, (_, i) => {
    const digits = String(i).padStart(4, "0");
    return [`k${digits}`, btoa(`${digits}SAMEWN${digits}`)];
  });
  const map = (name: string, data: object, kind = "ConfigMap"): object => ({
    apiVersion: "v1",
    kind,
    metadata: { name },
    data,
  });
  world.create(
    map("s", Object.fromEntries(alike), "Secret"),
    map("m", { text: "SAMEWN".repeat(3_000) }),
  );
  expect(sealed(() => world.engine.snapshot(world.now, { secrets: false }))).toEqual({
    reason: "there are too many values like one another in Secrets to leave them out",
  });
  expect(sealed(() => world.engine.snapshot(world.now))).toHaveProperty("bytes");
  world.advance(10_000);
  expect(world.get("/api/v1/nodes").items).toHaveLength(1);
});
