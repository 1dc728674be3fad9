import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/apps/v1/namespaces/default/statefulsets/web";
const revisionsUrl = "/apis/apps/v1/namespaces/default/controllerrevisions";
const claimsUrl = "/api/v1/namespaces/default/persistentvolumeclaims";

const statefulSet = (spec: object = {}, pod: object = {}, image = "nginx:1.27"): object => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "web", namespace: "default" },
  spec: {
    serviceName: "test",
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image }], terminationGracePeriodSeconds: 5, ...pod },
    },
    ...spec,
  },
});

const headless = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "test", namespace: "default" },
  spec: { clusterIP: "None", selector: { app: "web" }, ports: [{ port: 80 }] },
};

const claim = (name = "www"): object => ({
  metadata: { name },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
});

/** Ready when the condition says so. */
const gated = {
  readinessGates: [{ conditionType: "example.com/open" }],
};

const settled = (set: object = statefulSet()): World => {
  const world = new World();
  world.create(set);
  world.settle();
  return world;
};
const row = (world: World) => world.rows("/apis/apps/v1/namespaces/default/statefulsets")[0];
const names = (world: World): string[] => world.pods().map((p) => p.metadata.name);
const images = (world: World) =>
  Object.fromEntries(world.pods().map((p) => [p.metadata.name, p.spec.containers[0].image]));
const merge = (world: World, spec: object) => world.patch(url, { spec });
const setImage = (world: World, image: string) =>
  world.patch(
    url,
    { spec: { template: { spec: { containers: [{ name: "c", image }] } } } },
    "application/strategic-merge-patch+json",
  );
const revisions = (world: World) =>
  (world.get(revisionsUrl).items as { metadata: { name: string }; revision: number }[]).sort(
    (a, b) => a.revision - b.revision,
  );
const claims = (world: World): string[] =>
  world.get(claimsUrl).items.map((c: { metadata: { name: string } }) => c.metadata.name);
const events = (world: World): string[] =>
  world
    .get("/api/v1/namespaces/default/events")
    .items.filter(
      (e: { involvedObject: { kind: string } }) => e.involvedObject.kind === "StatefulSet",
    )
    .map((e: { reason: string; message: string }) => `${e.reason}: ${e.message}`);
const open = (world: World, pod: string, value: "True" | "False" = "True") =>
  world.patch(
    `/api/v1/namespaces/default/pods/${pod}/status`,
    { status: { conditions: [{ type: "example.com/open", status: value }] } },
    "application/strategic-merge-patch+json",
  );

/** The Pods that came and went while `act` has its effects, in order. */
function story(world: World, act: () => void, withinMs = 300_000): string[] {
  const seen: string[] = [];
  let before = new Map<string, string>();
  const look = (): void => {
    const now = new Map<string, string>(
      world
        .pods()
        .map((p) => [
          p.metadata.name,
          `${p.metadata.uid}${p.metadata.deletionTimestamp ? " going" : ""}`,
        ]),
    );
    for (const [name, state] of now) {
      const was = before.get(name);
      if (state === was) continue;
      seen.push(`${state.endsWith(" going") ? "-" : "+"}${name.split("-").pop()}`);
    }
    before = now;
  };
  look();
  seen.length = 0;
  act();
  look();
  const end = world.now + withinMs;
  for (;;) {
    const due = world.engine.nextDueMs(world.now);
    if (due === undefined || due > end) break;
    world.now = Math.max(world.now, due);
    world.engine.run(world.now);
    look();
  }
  world.check();
  return seen;
}

describe("StatefulSet", () => {
  test("makes Pods with names of their own, one after the other", () => {
    const world = new World();
    const seen = story(world, () => world.create(headless, statefulSet()));
    expect(seen).toEqual(["+0", "+1", "+2"]);
    const [pod] = world.pods();
    const { status } = world.get(url);
    expect(pod.metadata).toMatchObject({
      name: "web-0",
      generateName: "web-",
      labels: {
        app: "web",
        "statefulset.kubernetes.io/pod-name": "web-0",
        "apps.kubernetes.io/pod-index": "0",
        "controller-revision-hash": status.updateRevision,
      },
    });
    expect(pod.spec).toMatchObject({ hostname: "web-0", subdomain: "test" });
    expect(status).toEqual({
      observedGeneration: 1,
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      currentRevision: status.updateRevision,
      updateRevision: expect.stringMatching(/^web-[a-z0-9]+$/),
      collisionCount: 0,
    });
    expect(row(world)).toMatchObject({ Name: "web", Ready: "3/3", Images: "nginx:1.27" });
    expect(events(world)).toEqual(
      [0, 1, 2].map((i) => `SuccessfulCreate: create Pod web-${i} in StatefulSet web successful`),
    );
    const slices = world.get(
      "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=test",
    ).items;
    expect(slices[0].endpoints.map((e: { hostname: string }) => e.hostname).sort()).toEqual([
      "web-0",
      "web-1",
      "web-2",
    ]);
  });

  test("rolls an update out from the highest ordinal down, and back", () => {
    const world = settled();
    const [first] = revisions(world);
    const seen = story(world, () => setImage(world, "nginx:1.28"));
    expect(seen).toEqual(["-2", "+2", "-1", "+1", "-0", "+0"]);
    const { status } = world.get(url);
    expect(revisions(world).map((r) => r.revision)).toEqual([1, 2]);
    expect(status.currentRevision).toBe(revisions(world)[1]?.metadata.name);
    story(world, () => setImage(world, "nginx:1.27"));
    expect(revisions(world).map((r) => r.revision)).toEqual([2, 3]);
    expect(world.get(url).status.currentRevision).toBe(first?.metadata.name);
    expect(Object.values(images(world))).toEqual(Array(3).fill("nginx:1.27"));
  });

  test("a partition holds Pods below it back, for canaries and phases", () => {
    const rollingUpdate = (partition: number) => ({
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } },
    });
    const world = settled(statefulSet(rollingUpdate(3)));
    expect(story(world, () => setImage(world, "nginx:1.28"))).toEqual([]);
    let { status } = world.get(url);
    expect(status.currentRevision).not.toBe(status.updateRevision);
    expect(story(world, () => merge(world, rollingUpdate(2)))).toEqual(["-2", "+2"]);
    ({ status } = world.get(url));
    expect(status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1, readyReplicas: 3 });
    // A Pod that is lost comes back as it was.
    for (const i of [0, 2]) world.delete(`/api/v1/namespaces/default/pods/web-${i}`);
    world.settle();
    expect(images(world)).toEqual({
      "web-0": "nginx:1.27",
      "web-1": "nginx:1.27",
      "web-2": "nginx:1.28",
    });
    expect(story(world, () => merge(world, rollingUpdate(0)))).toEqual(["-1", "+1", "-0", "+0"]);
    ({ status } = world.get(url));
    expect(status.currentRevision).toBe(status.updateRevision);
  });

  test("OnDelete waits for the Pods to be deleted", () => {
    const world = settled(statefulSet({ updateStrategy: { type: "OnDelete" } }));
    expect(story(world, () => setImage(world, "nginx:1.28"))).toEqual([]);
    world.delete("/api/v1/namespaces/default/pods/web-1");
    world.settle();
    expect(images(world)).toEqual({
      "web-0": "nginx:1.27",
      "web-1": "nginx:1.28",
      "web-2": "nginx:1.27",
    });
  });

  test("scales in order, and halts while a Pod is unhealthy", () => {
    const world = new World();
    expect(story(world, () => world.create(statefulSet({}, gated)))).toEqual(["+0"]);
    expect(story(world, () => open(world, "web-0"))).toEqual(["+1"]);
    expect(story(world, () => open(world, "web-0", "False"))).toEqual([]);
    expect(story(world, () => open(world, "web-1"))).toEqual([]);
    expect(story(world, () => open(world, "web-0"))).toEqual(["+2"]);
    story(world, () => open(world, "web-2"));
    expect(row(world)).toMatchObject({ Ready: "3/3" });
    // And down: not while one of those that stay is not ready.
    story(world, () => open(world, "web-0", "False"));
    expect(story(world, () => merge(world, { replicas: 1 }))).toEqual([]);
    expect(story(world, () => open(world, "web-0"))).toEqual(["-2", "-1"]);
    expect(names(world)).toEqual(["web-0"]);
  });

  test("Parallel waits for nobody", () => {
    const world = new World();
    const parallel = statefulSet({ podManagementPolicy: "Parallel" }, gated);
    expect(story(world, () => world.create(parallel))).toEqual(["+0", "+1", "+2"]);
    expect(story(world, () => merge(world, { replicas: 5 }))).toEqual(["+3", "+4"]);
    const seen = story(world, () => merge(world, { replicas: 1 }));
    expect(seen.sort()).toEqual(["-1", "-2", "-3", "-4"]);
    expect(names(world)).toEqual(["web-0"]);
  });

  test("maxUnavailable takes several at once", () => {
    const world = settled(
      statefulSet({
        replicas: 4,
        podManagementPolicy: "Parallel",
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "50%" } },
      }),
    );
    const seen = story(world, () => setImage(world, "nginx:1.28"));
    expect(seen.slice(0, 2).sort()).toEqual(["-2", "-3"]);
    expect(Object.values(images(world))).toEqual(Array(4).fill("nginx:1.28"));
  });

  test("minReadySeconds: the next Pod comes when the one before is available", () => {
    const world = new World();
    world.create(statefulSet({ replicas: 2, minReadySeconds: 30 }));
    world.until(() => world.get(url).status.readyReplicas === 1);
    expect(world.get(url).status.availableReplicas).toBe(0);
    const since = world.now;
    world.until(() => world.pods().length === 2);
    expect(world.now - since).toBeGreaterThan(28_000);
    world.settle();
    expect(world.get(url).status.availableReplicas).toBe(2);
  });

  test("ordinals begin where .spec.ordinals says, and move", () => {
    const world = settled(statefulSet({ replicas: 2, ordinals: { start: 5 } }));
    expect(names(world)).toEqual(["web-5", "web-6"]);
    const seen = story(world, () => merge(world, { ordinals: { start: 6 } }));
    expect(seen).toEqual(["+7", "-5"]);
    merge(world, { ordinals: null });
    world.settle();
    expect(names(world)).toEqual(["web-0", "web-1"]);
  });

  test("a failed Pod is made anew, by the same name", () => {
    const world = settled();
    const { uid } = world.pod("web-1").metadata;
    world.patch("/api/v1/namespaces/default/pods/web-1/status", {
      status: { phase: "Failed", reason: "Evicted" },
    });
    world.settle();
    expect(world.pod("web-1").metadata.uid).not.toBe(uid);
    expect(world.pod("web-1").status.phase).toBe("Running");
    expect(events(world)).toContain(
      "SuccessfulDelete: delete Pod web-1 in StatefulSet web successful",
    );
  });

  test("a Pod of another that has the name keeps it", () => {
    const world = new World();
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web-0", namespace: "default" },
      spec: { containers: [{ name: "c", image: "nginx:1.27" }], terminationGracePeriodSeconds: 1 },
    });
    world.create(statefulSet());
    world.advance(20_000);
    expect(names(world)).toEqual(["web-0"]);
    expect(world.get(url).status.replicas).toBe(0);
    world.delete("/api/v1/namespaces/default/pods/web-0");
    world.advance(600_000);
    expect(names(world)).toEqual(["web-0", "web-1", "web-2"]);
  });

  test("deleted with --cascade=orphan it leaves Pods, which the next one adopts", () => {
    const world = settled();
    const uids = world.pods().map((p) => p.metadata.uid);
    world.delete(url, { propagationPolicy: "Orphan" });
    world.settle();
    expect(world.pods().map((p) => p.metadata.ownerReferences)).toEqual(Array(3).fill(undefined));
    world.create(statefulSet());
    world.settle();
    expect(world.pods().map((p) => p.metadata.uid)).toEqual(uids);
    expect(row(world)).toMatchObject({ Ready: "3/3" });
    world.delete(url);
    world.settle();
    expect(names(world)).toEqual([]);
    expect(revisions(world)).toEqual([]);
  });

  test("keeps as many old revisions as it may", () => {
    const world = settled(statefulSet({ replicas: 1, revisionHistoryLimit: 1 }));
    for (const minor of [28, 29]) {
      setImage(world, `nginx:1.${minor}`);
      world.settle();
    }
    expect(revisions(world).map((r) => r.revision)).toEqual([2, 3]);
  });
});

describe("claims of a StatefulSet", () => {
  const withClaims = (retention?: object): object =>
    statefulSet(
      {
        replicas: 2,
        volumeClaimTemplates: [claim()],
        ...(retention ? { persistentVolumeClaimRetentionPolicy: retention } : {}),
      },
      {
        containers: [
          { name: "c", image: "nginx:1.27", volumeMounts: [{ name: "www", mountPath: "/data" }] },
        ],
      },
    );

  test("each Pod has its own, which outlives it", () => {
    const world = settled(withClaims());
    expect(claims(world)).toEqual(["www-web-0", "www-web-1"]);
    expect(world.pod("web-1").spec.volumes[0]).toEqual({
      name: "www",
      persistentVolumeClaim: { claimName: "www-web-1" },
    });
    expect(events(world).slice(0, 2)).toEqual([
      "SuccessfulCreate: create Claim www-web-0 Pod web-0 in StatefulSet web success",
      "SuccessfulCreate: create Pod web-0 in StatefulSet web successful",
    ]);
    expect(world.get(`${claimsUrl}/www-web-0`).metadata.labels).toEqual({ app: "web" });
    merge(world, { replicas: 1 });
    world.settle();
    world.delete(url);
    world.settle();
    expect(claims(world)).toEqual(["www-web-0", "www-web-1"]);
  });

  test("whenScaled: Delete takes the claims of Pods that are scaled away", () => {
    const world = settled(withClaims({ whenScaled: "Delete" }));
    merge(world, { replicas: 1 });
    world.settle();
    expect(claims(world)).toEqual(["www-web-0"]);
    merge(world, { replicas: 2 });
    world.settle();
    expect(row(world)).toMatchObject({ Ready: "2/2" });
    world.delete(url);
    world.settle();
    expect(claims(world)).toEqual(["www-web-0", "www-web-1"]);
  });

  test("whenDeleted: Delete takes all with the set, also when it is said later", () => {
    const world = settled(withClaims());
    merge(world, { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } });
    world.settle();
    expect(world.get(`${claimsUrl}/www-web-1`).metadata.ownerReferences).toMatchObject([
      { kind: "StatefulSet", name: "web", controller: true },
    ]);
    merge(world, { replicas: 1 });
    world.settle();
    expect(claims(world)).toEqual(["www-web-0", "www-web-1"]);
    world.delete(url);
    world.settle();
    expect(claims(world)).toEqual([]);
  });
});
