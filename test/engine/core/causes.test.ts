/** Every revision says who caused it, as the log on disk tells it too. */
import { describe, expect, test } from "vitest";
import { causesOf, causesText, turnOf } from "../../../durable-objects/engine/core/log-rows.ts";
import type { Change } from "../../../durable-objects/engine/core/object.ts";
import { World } from "../../helpers/world.ts";
import { deployment } from "../behaviours/behaviour-world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const map = (name: string): object => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });

/** `resource name: who`, of each revision after `rv`. */
const told = (world: World, rv: number): string[] =>
  [...world.engine.log.history(rv)].map(({ resource, name, by }) => `${resource} ${name}: ${by}`);

const causes = (world: World, rv: number, resource: string): string[] => [
  ...new Set(
    [...world.engine.log.history(rv)].filter((e) => e.resource === resource).map((e) => `${e.by}`),
  ),
];

describe("who caused a revision", () => {
  test("is the user who wrote, or whom the writer stands in for", () => {
    const world = new World();
    const { rv } = world.engine.store;
    world.create(map("a"));
    world.request("POST", maps, map("b"), { headers: { "impersonate-user": "jane" } });
    world.request("POST", maps, map("b"), { edge: { user: { name: "bob", groups: [] } } });
    world.request("POST", maps, map("b"), {
      edge: { user: { name: "alice", groups: ["system:masters"] } },
    });
    world.delete(`${maps}/a`);
    expect(told(world, rv)).toEqual([
      "configmaps a: kubernetes-admin",
      "configmaps b: alice",
      "configmaps a: kubernetes-admin",
    ]);
  });

  test("is the controller that reconciled", () => {
    const world = new World();
    const { rv } = world.engine.store;
    world.create(deployment("web", { replicas: 2 }));
    world.advance(30_000);
    expect(causes(world, rv, "deployments.apps")).toEqual([
      "kubernetes-admin",
      "deployment-controller",
    ]);
    expect(causes(world, rv, "replicasets.apps")).toEqual([
      "deployment-controller",
      "replicaset-controller",
    ]);
    expect(causes(world, rv, "pods")).toEqual(["replicaset-controller", "scheduler", "kubelet"]);
    expect(causes(world, rv, "events")).toEqual([
      "deployment-controller",
      "replicaset-controller",
      "scheduler",
      "kubelet",
    ]);
  });

  test("is the account of a Pod that asks the API, and its kubelet's afterwards", () => {
    const world = new World();
    world.create({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "all" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "cluster-admin",
      },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
    });
    const { rv } = world.engine.store;
    const body = JSON.stringify(map("made"));
    const script = `t=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token); curl -sk -H "Authorization: Bearer $t" -H 'Content-Type: application/json' -d '${body}' https://kubernetes.default${maps}`;
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "c", image: "curlimages/curl", command: ["sh", "-c", script] }],
      },
    });
    world.advance(60_000);
    expect(causes(world, rv, "configmaps")).toEqual(["system:serviceaccount:default:default"]);
    expect(world.pod("p").status.phase).toBe("Succeeded");
    expect(causes(world, rv, "pods")).toEqual(["kubernetes-admin", "scheduler", "kubelet"]);
  });

  test("is cut where the name is long", () => {
    const world = new World();
    const { rv } = world.engine.store;
    const name = "n".repeat(10_000);
    world.request("POST", maps, map("a"), { edge: { user: { name, groups: ["system:masters"] } } });
    expect(told(world, rv)).toEqual([`configmaps a: ${"n".repeat(256)}`]);
  });
});

describe("in the log", () => {
  test("it outlives a loss of memory, and rows that let go of their records", () => {
    const world = new World();
    const { rv } = world.engine.store;
    world.create(deployment("web", { replicas: 3 }));
    world.advance(30_000);
    const before = told(world, rv);
    world.evict();
    expect(told(world, rv)).toEqual(before);
    const rows = (): number =>
      world.sql.exec("SELECT id FROM log WHERE body LIKE '%\"r\":[[%'").length;
    const held = rows();
    const { log, store, virtualNow } = world.engine;
    Object.assign(log.sizes, { checkpoint: 1, log: 1 });
    store.putRecord("any", "key", 1);
    log.persist(virtualNow, []);
    expect(rows()).toBeLessThan(held);
    expect(told(world, rv)).toEqual(before);
  });

  test("rows from before there was any still open", () => {
    const world = new World();
    const { rv } = world.engine.store;
    world.create(deployment("web", { replicas: 3 }));
    world.advance(30_000);
    const before = [...world.engine.log.history(rv)].map((entry) => entry.rv);
    world.sql.exec("UPDATE log SET body = json_remove(body, '$.b')");
    world.evict();
    const entries = [...world.engine.log.history(rv)];
    expect(entries.map((entry) => entry.rv)).toEqual(before);
    expect(entries.every(({ by }) => by === undefined)).toBe(true);
    world.create(map("new"));
    expect(told(world, before.at(-1)!)).toEqual(["configmaps new: kubernetes-admin"]);
  });

  /** A Deployment of 100 Pods, made and rolled out anew: what was persisted, turn by turn, and what lies in the log. */
  function rollout(annotations: Record<string, string>) {
    const world = new World({ nodes: 8 });
    const { log, store } = world.engine;
    const { rv } = store;
    const written: (string | undefined)[] = [];
    let turns = 0;
    const persist = log.persist.bind(log);
    log.persist = (...turn) => {
      const changes = persist(...turn);
      written.push(...changes.map(({ by }) => by));
      if (changes.length > 0) turns += 1;
      return changes;
    };
    world.create(deployment("web", { replicas: 100 }));
    world.advance(60_000);
    const template = { metadata: { annotations: { v: "2", ...annotations } } };
    world.patch("/apis/apps/v1/namespaces/default/deployments/web", { spec: { template } });
    world.advance(300_000);
    const bodies = world.sql
      .exec("SELECT body FROM log WHERE rv > ?", rv)
      .map(({ body }) => String(body));
    const rows = bodies.map(turnOf).filter(({ changes }) => changes.length > 0);
    return { turns, bodies, rows, written, told: [...log.history(rv)].map(({ by }) => by) };
  }

  test("it takes less than three bytes of a hundred in a rollout of 100 Pods", () => {
    const { bodies, rows, written, told } = rollout({});
    expect(told).toEqual(written);
    const causesBytes = rows.reduce((sum, { causes }) => sum + JSON.stringify(causes).length, 0);
    const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
    expect(causesBytes / bytes).toBeLessThan(0.03);
  });

  test("a turn that is too large for one row tells it as well", () => {
    const { turns, rows, written, told } = rollout({ notes: "x".repeat(6_000) });
    expect(rows.length).toBeGreaterThan(turns);
    // The log reaches back so far and no further.
    expect(told).toEqual(written.slice(-told.length));
  });

  test("runs are read as they were written", () => {
    const cases = [
      [],
      ["a"],
      [undefined],
      ["a", "a", "a"],
      ["a", "b", "b", undefined, undefined, "a"],
      [undefined, "a"],
      ["a", undefined],
      ["0", "1", '"'],
    ];
    for (const names of cases) {
      const text = causesText(names.map((by) => ({ by }) as Change));
      const row = turnOf(`{"n":0,"c":[${names.map(() => "[]").join(",")}],"r":[]${text}}`);
      const read = causesOf(row);
      expect(names.map((_, i) => read[i])).toEqual(names);
    }
    expect(causesText([])).toBe("");
    expect(causesText([{ by: "a" }, { by: "a" }] as Change[])).toBe(',"b":["a"]');
  });
});
