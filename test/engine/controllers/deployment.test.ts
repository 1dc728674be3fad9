import { describe, expect, test } from "vitest";
import { fnv32a, safeEncode } from "../../../durable-objects/engine/core/random.ts";
import { World } from "../../helpers/world.ts";

const deployment = (more: object = {}, spec: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "nginx", image: "nginx:1.27", ...more }] },
    },
    ...spec,
  },
});

const url = "/apis/apps/v1/namespaces/default/deployments/web";
const setImage = (world: World, image: string) =>
  world.patch(
    url,
    { spec: { template: { spec: { containers: [{ name: "nginx", image }] } } } },
    "application/strategic-merge-patch+json",
  );

describe("Deployment", () => {
  test("makes a ReplicaSet, which makes Pods, which run", () => {
    const world = new World();
    world.create(deployment());
    world.settle();
    expect(world.rows("/apis/apps/v1/namespaces/default/deployments")).toMatchObject([
      { Name: "web", Ready: "3/3", "Up-to-date": 3, Available: 3 },
    ]);
    const [set] = world.get("/apis/apps/v1/namespaces/default/replicasets").items;
    expect(set.metadata.name).toMatch(/^web-[a-z0-9]+$/);
    const pods = world.pods();
    expect(pods).toHaveLength(3);
    for (const pod of pods) {
      expect(pod.metadata.name.startsWith(`${set.metadata.name}-`)).toBe(true);
      expect(pod.status.phase).toBe("Running");
    }
    const { metadata, status } = world.get(url);
    expect(metadata.annotations["deployment.kubernetes.io/revision"]).toBe("1");
    // The controller's annotation comes with the status: only the user's own writes count.
    expect(metadata.generation).toBe(1);
    expect(status.observedGeneration).toBe(1);
    expect(world.events("web")).toEqual([
      `Normal ScalingReplicaSet Scaled up replica set ${set.metadata.name} from 0 to 3`,
    ]);
  });

  test("its ReplicaSets' names leave those free that Argo Rollouts gives to the same template", () => {
    const world = new World();
    world.create(deployment());
    world.settle();
    const { template } = world.get(url).spec;
    const [set] = world.get("/apis/apps/v1/namespaces/default/replicasets").items;
    const theirs = safeEncode(String(fnv32a(JSON.stringify(template))));
    expect(set.metadata.name).not.toBe(`web-${theirs}`);
  });

  test("heals a deleted Pod", () => {
    const world = new World();
    world.create(deployment());
    world.settle();
    const [victim] = world.pods();
    world.delete(`/api/v1/namespaces/default/pods/${victim.metadata.name}`);
    world.settle();
    const names = world.pods().map((p) => p.metadata.name);
    expect(names).toHaveLength(3);
    expect(names).not.toContain(victim.metadata.name);
  });

  test("rolls out without falling below its floor or over its ceiling, and back", () => {
    const world = new World();
    world.create(deployment({}, { replicas: 4 }));
    world.settle();
    const [first] = world.get("/apis/apps/v1/namespaces/default/replicasets").items;
    setImage(world, "nginx:1.28");
    let least = 4;
    let most = 4;
    const end = world.now + 120_000;
    while (world.now < end) {
      const due = world.engine.nextDueMs(world.now);
      if (due === undefined || due > end) break;
      world.now = Math.max(world.now, due);
      world.engine.run(world.now);
      const { status } = world.get(url);
      least = Math.min(least, status.availableReplicas ?? 0);
      const alive = world.pods().filter((p) => !p.metadata.deletionTimestamp);
      most = Math.max(most, alive.length);
    }
    world.settle();
    expect(least).toBe(3);
    expect(most).toBe(5);
    expect(world.pods().map((p) => p.spec.containers[0].image)).toEqual(
      Array(4).fill("nginx:1.28"),
    );
    setImage(world, "nginx:1.27");
    world.settle();
    const sets = world.get("/apis/apps/v1/namespaces/default/replicasets").items;
    expect(sets).toHaveLength(2);
    const back = sets.find((s: typeof first) => s.metadata.uid === first.metadata.uid);
    expect(back.metadata.annotations["deployment.kubernetes.io/revision"]).toBe("3");
    expect(back.status.readyReplicas).toBe(4);
  });

  test("counts revisions as Go's int64", () => {
    const world = new World();
    world.create(deployment());
    world.settle();
    const sets = "/apis/apps/v1/namespaces/default/replicasets";
    const [first] = world.get(sets).items;
    const revision = "deployment.kubernetes.io/revision";
    world.patch(`${sets}/${first.metadata.name}`, {
      metadata: { annotations: { [revision]: "3546343826724305832" } },
    });
    setImage(world, "nginx:1.28");
    world.settle();
    expect(world.get(url).metadata.annotations[revision]).toBe("3546343826724305833");
  });

  test("tells that its ReplicaSet could not be made, and makes it when it can", () => {
    const world = new World();
    world.create({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "q", namespace: "default" },
      spec: { hard: { "count/replicasets.apps": "0" } },
    });
    world.advance(1_000);
    world.create(deployment());
    world.advance(1_000);
    const { conditions } = world.get(url).status;
    const failed = conditions.find((c: { type: string }) => c.type === "Progressing");
    expect(failed).toMatchObject({ status: "False", reason: "ReplicaSetCreateError" });
    expect(failed.message).toMatch(
      /^Failed to create new replica set "web-\w+": replicasets.apps "web-\w+" is forbidden: exceeded quota: q, /,
    );
    expect(world.events("web")).toEqual([`Warning ReplicaSetCreateError ${failed.message}`]);
    world.delete("/api/v1/namespaces/default/resourcequotas/q");
    world.advance(60_000);
    expect(world.rows("/apis/apps/v1/namespaces/default/deployments")).toMatchObject([
      { Ready: "3/3" },
    ]);
  });

  test("creates Pods in batches, none after one that failed", () => {
    const world = new World();
    world.create({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "q", namespace: "default" },
      spec: { hard: { pods: "4" } },
    });
    world.advance(1_000);
    world.create(deployment({}, { replicas: 20 }));
    world.engine.run(world.now);
    const [set] = world.get("/apis/apps/v1/namespaces/default/replicasets").items;
    const told = world.events(set.metadata.name).map((e) => e.split(" ")[1]);
    expect(world.pods()).toHaveLength(4);
    // One, two, then four of which one still fits.
    expect(told.slice(0, 7).filter((reason) => reason === "FailedCreate")).toHaveLength(3);
  });
});
