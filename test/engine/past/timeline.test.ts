/** The log in words: who did what, when, to what. */
import { beforeEach, describe, expect, test } from "vitest";
import type { TimelineRow } from "../../../durable-objects/engine/past/timeline.ts";
import { start, World } from "../../helpers/world.ts";
import { deployment } from "../behaviours/behaviour-world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const web = "/apis/apps/v1/namespaces/default/deployments/web";

let world: World;
let rv: number;

beforeEach(() => {
  world = new World();
  ({ rv } = world.engine.store);
});

const map = (name: string, data: Record<string, string> = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

/** All rows after a revision, page by page. */
function rows(after = rv, limit = 500): TimelineRow[] {
  const all: TimelineRow[] = [];
  for (let from = after; ;) {
    const page = world.engine.timeline({ after: from, limit });
    all.push(...page.items);
    if (page.items.length < limit) return all;
    from = page.revision;
  }
}

const texts = (of: RegExp, after = rv): string[] =>
  rows(after)
    .filter(({ resource }) => of.test(resource))
    .map(({ text }) => text);

describe("a row", () => {
  test("says who did what, when, to what", () => {
    world.advance(1_234);
    world.create(map("a"));
    expect(rows()).toEqual([
      {
        revision: rv + 1,
        at: new Date(start + 1_234).toISOString(),
        by: { kind: "person", name: "kubernetes-admin" },
        verb: "create",
        resource: "configmaps",
        namespace: "default",
        name: "a",
        text: "kubernetes-admin created ConfigMap a",
      },
    ]);
  });

  test("tells persons, service accounts and the parts of the cluster apart", () => {
    world.create(deployment("web", { replicas: 1 }));
    world.request("POST", maps, map("b"), {
      edge: { user: { name: "system:serviceaccount:team:bot", groups: ["system:masters"] } },
    });
    world.advance(10_000);
    const kinds = new Set(rows().map(({ by }) => `${by.kind} ${by.name}`));
    for (const one of [
      "person kubernetes-admin",
      "service system:serviceaccount:team:bot",
      "controller deployment-controller",
      "controller replicaset-controller",
      "scheduler scheduler",
      "kubelet kubelet",
    ]) {
      expect(kinds).toContain(one);
    }
    expect(texts(/^configmaps$/)).toEqual(["service account team/bot created ConfigMap b"]);
  });

  test("puts the life of a Pod in sentences", () => {
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": "node-2" },
        containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "sleep 5; exit 3"] }],
      },
    });
    world.advance(20_000);
    world.delete("/api/v1/namespaces/default/pods/p");
    world.advance(40_000);
    const told = texts(/^pods$/);
    for (const text of [
      "kubernetes-admin created Pod p",
      "the scheduler put Pod p onto node-2",
      "the kubelet of node-2: container c of Pod p waits (ContainerCreating)",
      "the kubelet of node-2: container c of Pod p started",
      "the kubelet of node-2: container c of Pod p ended with exit code 3 (Error)",
      "the kubelet of node-2: container c of Pod p restarted (1)",
      "the kubelet of node-2: container c of Pod p waits (CrashLoopBackOff)",
      "kubernetes-admin began to delete Pod p, which has 30 s to end",
      "the kubelet of node-2 deleted Pod p",
    ]) {
      expect(told).toContain(text);
    }
    expect(texts(/^events$/)).toContain(
      "Event: Scheduled of Pod p: Successfully assigned default/p to node-2",
    );
    expect(texts(/^events$/)).toContain("Event: Started of Pod p: Container started (2 times)");
  });

  test("puts what is done to a Deployment in sentences", () => {
    world.create(deployment("web", { replicas: 2 }, { name: "c", image: "nginx" }));
    world.advance(20_000);
    world.patch(web, { spec: { replicas: 5 } });
    const image = { name: "c", image: "nginx:1.27" };
    world.patch(web, { spec: { template: { spec: { containers: [image] } } } });
    const annotations = { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" };
    world.patch(web, { spec: { template: { metadata: { annotations } } } });
    world.patch(web, { spec: { paused: true } });
    world.patch(web, { metadata: { labels: { team: "red" } } });
    world.delete(web);
    expect(
      rows()
        .filter(({ by, name }) => by.kind === "person" && name === "web")
        .map(({ text }) => text),
    ).toEqual([
      "kubernetes-admin created Deployment web",
      "kubernetes-admin scaled Deployment web from 2 to 5",
      "kubernetes-admin changed the image of container c of Deployment web from nginx to nginx:1.27",
      "kubernetes-admin restarted Deployment web",
      "kubernetes-admin paused the rollout of Deployment web",
      "kubernetes-admin changed the label team of Deployment web",
      "kubernetes-admin deleted Deployment web",
    ]);
    expect(texts(/^deployments/)).toContain(
      "the deployment-controller: Deployment web has 2 of 2 Pods ready",
    );
  });

  test("names fields where no rule has words, and never what a Secret holds", () => {
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
    world.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "team" },
      stringData: { password: "hunter2" },
    });
    world.patch("/api/v1/namespaces/team/secrets/s", { stringData: { password: "swordfish" } });
    world.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { ports: [{ port: 80 }], selector: { app: "web" } },
    });
    world.patch("/api/v1/namespaces/default/services/web", {
      spec: { sessionAffinity: "ClientIP", selector: { app: "other" } },
    });
    const [text] = texts(/^services$/).slice(-1);
    expect(text).toMatch(/^kubernetes-admin updated spec\..* of Service web$/);
    expect(text).toContain("spec.selector");
    expect(texts(/^secrets$/)).toEqual([
      "kubernetes-admin created Secret team/s",
      "kubernetes-admin changed the key password of Secret team/s",
    ]);
    expect(JSON.stringify(rows())).not.toMatch(/hunter2|swordfish|aHVudGVy|c3dvcmRma/);
  });

  test("knows what every cluster is born with", () => {
    world.patch("/api/v1/nodes/node-1", { spec: { unschedulable: true } });
    expect(texts(/^nodes$/)[0]).toBe("kubernetes-admin cordoned Node node-1");
    world.patch("/api/v1/namespaces/kube-public", { metadata: { labels: { seen: "yes" } } });
    expect(texts(/^namespaces$/)).toEqual([
      "kubernetes-admin changed the label seen of Namespace kube-public",
    ]);
  });
});

describe("a page", () => {
  test("is of the newest rows, and leads back and on without gaps", () => {
    world.create(...Array.from({ length: 25 }, (_, i) => map(`m${i}`)));
    const all = rows(0);
    const newest = world.engine.timeline({ limit: 10 });
    expect(newest.items).toEqual(all.slice(-10));
    const back: TimelineRow[] = [...newest.items];
    for (let { before } = newest; before !== undefined;) {
      const page = world.engine.timeline({ before, limit: 7 });
      back.unshift(...page.items);
      ({ before } = page);
    }
    expect(back.map(({ revision }) => revision)).toEqual(all.map(({ revision }) => revision));
    expect(rows(0, 7).map(({ text }) => text)).toEqual(all.map(({ text }) => text));
    const { revision } = newest;
    expect(world.engine.timeline({ after: revision })).toMatchObject({ items: [], revision });
    world.create(map("late"));
    expect(world.engine.timeline({ after: revision }).items.map(({ name }) => name)).toEqual([
      "late",
    ]);
  });

  test("has no more rows than a page may have, whatever is asked", () => {
    world.create(...Array.from({ length: 510 }, (_, i) => map(`m${i}`)));
    for (const limit of [1_000, Number.POSITIVE_INFINITY]) {
      expect(world.engine.timeline({ limit }).items.length).toBe(500);
    }
    expect(world.engine.timeline({ limit: Number.NaN }).items.length).toBe(100);
    expect(world.engine.timeline({ limit: -5 }).items.length).toBe(1);
  });

  test("is the same after a loss of memory, from disk", () => {
    world.create(deployment("web", { replicas: 3 }));
    world.advance(30_000);
    world.patch(web, { spec: { replicas: 1 } });
    world.advance(40_000);
    const before = rows(0);
    world.evict();
    expect(rows(0)).toEqual(before);
    expect(world.engine.timeline({ limit: 40 }).items).toEqual(before.slice(-40));
  });

  test("says since when it knows, and costs no more the longer a log is", () => {
    Object.assign(world.engine.log.sizes, { checkpoint: 20_000, log: 200_000, ring: 30_000 });
    world.create(map("busy"), map("still", { a: "1" }));
    const filling = "x".repeat(2_000);
    for (let i = 0; i < 150; i++) world.patch(`${maps}/busy`, { data: { v: `${i} ${filling}` } });
    const { since, items } = world.engine.timeline({ after: 0, limit: 5 });
    expect(since).toBe(world.engine.log.floor);
    expect(since).toBeGreaterThan(rv);
    expect(items[0]?.revision).toBe(since + 1);
    // What was there before is forgotten: it only says that something was done.
    world.patch(`${maps}/still`, { data: { a: "2" } });
    expect(rows().at(-1)?.text).toBe("kubernetes-admin updated ConfigMap still");
  });
});
