/** Deployments and their rollouts: D1 to D8 of `test/behaviours.md`. */
import { describe, expect, test } from "vitest";
import {
  alive,
  cluster,
  condition,
  deployment,
  deploymentsUrl,
  everyMoment,
  namesOf,
  nginx,
  pass,
  podUrl,
  revisionOf,
  row,
  scale,
  setImage,
  setsOf,
  setsUrl,
  shell,
  statusOf,
  type Anything,
  type World,
} from "./behaviour-world.ts";

const url = `${deploymentsUrl}/web`;
const webPods = (world: World): Anything[] => world.pods("default", "app=web");
const imagesOf = (pods: Anything[]): string[] =>
  [...new Set(pods.map((p) => p.spec.containers[0].image as string))].sort();

function deployed(spec: object = {}, container: object = nginx()): World {
  const world = cluster();
  world.create(deployment("web", spec, container));
  world.settle();
  return world;
}

/** Copies an older ReplicaSet's template back, as `kubectl rollout undo` does. */
function undo(world: World, revision: number): void {
  const set = setsOf(world, "web").find((s) => revisionOf(s) === revision);
  const { "pod-template-hash": _, ...labels } = set.spec.template.metadata.labels;
  const template = { ...set.spec.template, metadata: { ...set.spec.template.metadata, labels } };
  world.patch(
    url,
    [{ op: "replace", path: "/spec/template", value: template }],
    "application/json-patch+json",
  );
}

describe("D1: Deployment, ReplicaSet, Pods", () => {
  test("names and owners tell the chain", () => {
    const world = deployed();
    expect(row(world, deploymentsUrl, "web")).toMatchObject({
      Ready: "3/3",
      "Up-to-date": 3,
      Available: 3,
    });
    const [set] = setsOf(world, "web");
    const hash = set.metadata.labels["pod-template-hash"];
    expect(set.metadata.name).toBe(`web-${hash}`);
    expect(set.metadata.ownerReferences).toMatchObject([
      { kind: "Deployment", name: "web", controller: true, blockOwnerDeletion: true },
    ]);
    for (const pod of webPods(world)) {
      expect(pod.metadata.name).toMatch(
        new RegExp(`^web-${hash}-[bcdfghjklmnpqrstvwxz2456789]{5}$`),
      );
      expect(pod.metadata.generateName).toBe(`web-${hash}-`);
      expect(pod.metadata.labels["pod-template-hash"]).toBe(hash);
      expect(pod.metadata.ownerReferences).toMatchObject([
        { kind: "ReplicaSet", name: `web-${hash}` },
      ]);
    }
    expect(world.events("web")).toEqual([
      `Normal ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 3`,
    ]);
    expect(world.events(set.metadata.name).sort()).toEqual(
      webPods(world).map((p) => `Normal SuccessfulCreate Created pod: ${p.metadata.name}`),
    );
    const { conditions } = world.get(url).status;
    expect(conditions.map((c: Anything) => [c.type, c.status, c.reason, c.message])).toEqual([
      ["Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."],
      [
        "Progressing",
        "True",
        "NewReplicaSetAvailable",
        `ReplicaSet "web-${hash}" has successfully progressed.`,
      ],
    ]);
  });
});

describe("D2: desired state", () => {
  test("a deleted Pod is replaced while it still terminates", () => {
    const world = deployed({}, shell("web", "sleep 3600"));
    const [victim] = webPods(world);
    world.delete(podUrl(victim.metadata.name));
    world.advance(5_000);
    expect(statusOf(world, victim.metadata.name)).toBe("Terminating");
    expect(alive(webPods(world))).toHaveLength(3);
    world.advance(30_000);
    expect(namesOf(webPods(world))).toHaveLength(3);
    expect(namesOf(webPods(world))).not.toContain(victim.metadata.name);
  });

  test("a Pod whose label is taken away is released and replaced; put back, there is one too many", () => {
    const world = deployed();
    const [freed] = webPods(world);
    const { name } = freed.metadata;
    world.patch(podUrl(name), { metadata: { labels: { app: "debug" } } });
    world.settle();
    expect(world.pod(name).metadata.ownerReferences).toBeUndefined();
    expect(world.pod(name).status.phase).toBe("Running");
    expect(webPods(world)).toHaveLength(3);
    world.patch(podUrl(name), { metadata: { labels: { app: "web" } } });
    world.settle();
    expect(webPods(world)).toHaveLength(3);
  });
});

describe("D3: scaling", () => {
  test("up, down and to nothing", () => {
    const world = deployed();
    for (const replicas of [5, 2, 0, 1]) {
      scale(world, "web", replicas);
      world.settle();
      expect(row(world, deploymentsUrl, "web")?.["Ready"]).toBe(`${replicas}/${replicas}`);
      expect(webPods(world)).toHaveLength(replicas);
    }
    const name = setsOf(world, "web")[0].metadata.name;
    expect(world.events("web").slice(1)).toEqual([
      `Normal ScalingReplicaSet Scaled up replica set ${name} from 3 to 5`,
      `Normal ScalingReplicaSet Scaled down replica set ${name} from 5 to 2`,
      `Normal ScalingReplicaSet Scaled down replica set ${name} from 2 to 0`,
      `Normal ScalingReplicaSet Scaled up replica set ${name} from 0 to 1`,
    ]);
  });

  test("victims: the unscheduled first, then the unready, then by deletion cost", () => {
    const world = deployed({ replicas: 3 });
    const [cheap, dear] = webPods(world);
    const cost = (value: string): object => ({
      metadata: { annotations: { "controller.kubernetes.io/pod-deletion-cost": value } },
    });
    world.patch(podUrl(cheap.metadata.name), cost("-5"));
    world.patch(podUrl(dear.metadata.name), cost("5"));
    for (const node of ["node-1", "node-2"])
      world.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: true } });
    scale(world, "web", 4);
    world.advance(5_000);
    const pending = webPods(world).find((p) => !p.spec.nodeName);
    expect(pending).toBeDefined();
    scale(world, "web", 3);
    world.settle();
    expect(namesOf(webPods(world))).not.toContain(pending.metadata.name);
    scale(world, "web", 2);
    world.settle();
    expect(namesOf(webPods(world))).not.toContain(cheap.metadata.name);
    scale(world, "web", 1);
    world.settle();
    expect(namesOf(webPods(world))).toEqual([dear.metadata.name]);
  });

  test("autoscale keeps the number within its bounds", () => {
    const world = deployed({ replicas: 1 });
    world.create({
      apiVersion: "autoscaling/v1",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web", namespace: "default" },
      spec: {
        minReplicas: 2,
        maxReplicas: 4,
        targetCPUUtilizationPercentage: 80,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      },
    });
    pass(world, 60_000);
    expect(row(world, deploymentsUrl, "web")?.["Ready"]).toBe("2/2");
    expect(world.events("web").join("\n")).toContain(
      "Normal SuccessfulRescale New size: 2; reason: Current number of replicas below Spec.MinReplicas",
    );
  });
});

describe("D4: rolling update", () => {
  test.each([
    [4, "25%", "25%", 3, 5],
    [3, "25%", "25%", 3, 4],
    [1, "25%", "25%", 1, 2],
    [4, 0, 2, 2, 4],
    [4, 2, 0, 4, 6],
    [10, "30%", "0%", 10, 13],
  ])(
    "%i replicas, surge %s, unavailable %s: from %i available to %i in all",
    (replicas, maxSurge, maxUnavailable, floor, ceiling) => {
      const world = deployed({
        replicas,
        strategy: { rollingUpdate: { maxSurge, maxUnavailable } },
      });
      const available: number[] = [];
      const all: number[] = [];
      setImage(world, "web", "nginx:1.28");
      everyMoment(world, 90_000, () => {
        const pods = webPods(world);
        available.push(
          pods.filter(
            (p) => condition(p, "Ready")?.status === "True" && !p.metadata.deletionTimestamp,
          ).length,
        );
        all.push(alive(pods).length);
      });
      expect(imagesOf(webPods(world))).toEqual(["nginx:1.28"]);
      expect(Math.min(...available)).toBe(floor);
      expect(Math.max(...all)).toBe(ceiling);
      expect(row(world, deploymentsUrl, "web")).toMatchObject({
        Ready: `${replicas}/${replicas}`,
        "Up-to-date": replicas,
      });
    },
  );

  test("a new Pod must be ready, and for minReadySeconds, before an old one goes", () => {
    const slow = nginx({
      readinessProbe: {
        httpGet: { path: "/", port: 80 },
        initialDelaySeconds: 10,
        periodSeconds: 5,
      },
    });
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    const world = deployed({ replicas: 2, minReadySeconds: 5, strategy }, slow);
    const old = namesOf(webPods(world));
    const begin = world.now;
    setImage(world, "web", "nginx:1.28");
    world.until(() => alive(webPods(world)).some((p) => !old.includes(p.metadata.name)));
    world.until(() =>
      webPods(world).some((p) => old.includes(p.metadata.name) && p.metadata.deletionTimestamp),
    );
    expect(world.now - begin).toBeGreaterThanOrEqual(15_000);
    expect(world.get(url).status.availableReplicas).toBeGreaterThanOrEqual(2);
  });
});

describe("D5: a rollout that cannot go on stops by itself", () => {
  test.each([
    ["a bad image", nginx({ image: "nginx:1.161" })],
    ["a crash", shell("web", "exit 1")],
  ])("%s: the old Pods stay, the deadline says so", (_, container) => {
    const world = deployed({ replicas: 4, progressDeadlineSeconds: 30 });
    const old = namesOf(webPods(world));
    world.patch(url, { spec: { template: { spec: { containers: [container] } } } });
    world.advance(29_000);
    expect(condition(world.get(url), "Progressing")).toMatchObject({
      status: "True",
      reason: "ReplicaSetUpdated",
    });
    world.advance(10_000);
    const [set] = setsOf(world, "web");
    expect(condition(world.get(url), "Progressing")).toMatchObject({
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: `ReplicaSet "${set.metadata.name}" has timed out progressing.`,
    });
    expect(condition(world.get(url), "Available").status).toBe("True");
    pass(world, 600_000);
    const left = webPods(world).filter((p) => old.includes(p.metadata.name));
    expect(left).toHaveLength(3);
    expect(left.every((p) => condition(p, "Ready").status === "True")).toBe(true);
    expect(row(world, deploymentsUrl, "web")).toMatchObject({ Ready: "3/4", "Up-to-date": 2 });
  });
});

describe("D6: history, undo, pause, resume, restart", () => {
  test("undo brings the old ReplicaSet back, under a new revision", () => {
    const world = deployed();
    const [first] = setsOf(world, "web");
    setImage(world, "web", "nginx:1.28");
    world.settle();
    setImage(world, "web", "nginx:1.27");
    world.settle();
    expect(setsOf(world, "web").map(revisionOf)).toEqual([3, 2, 1]);
    undo(world, 1);
    world.settle();
    expect(setsOf(world, "web").map(revisionOf)).toEqual([4, 3, 2]);
    expect(setsOf(world, "web")[0].metadata.uid).toBe(first.metadata.uid);
    expect(
      setsOf(world, "web")[0].metadata.annotations["deployment.kubernetes.io/revision-history"],
    ).toBe("1");
    expect(revisionOf(world.get(url))).toBe(4);
    expect(imagesOf(webPods(world))).toEqual(["nginx:1.29"]);
  });

  test("paused, it collects changes and still scales; resumed, it makes one rollout of them", () => {
    const world = deployed();
    world.patch(url, { spec: { paused: true } });
    setImage(world, "web", "nginx:1.28");
    setImage(world, "web", "nginx:1.27");
    scale(world, "web", 4);
    world.settle();
    expect(imagesOf(webPods(world))).toEqual(["nginx:1.29"]);
    expect(webPods(world)).toHaveLength(4);
    expect(setsOf(world, "web")).toHaveLength(1);
    expect(condition(world.get(url), "Progressing")).toMatchObject({
      status: "Unknown",
      reason: "DeploymentPaused",
      message: "Deployment is paused",
    });
    world.patch(url, { spec: { paused: null } });
    world.settle();
    expect(setsOf(world, "web").map(revisionOf)).toEqual([2, 1]);
    expect(imagesOf(webPods(world))).toEqual(["nginx:1.27"]);
  });

  test("restart changes the template by a note, so all Pods are new", () => {
    const world = deployed();
    const old = namesOf(webPods(world));
    world.patch(
      url,
      {
        spec: {
          template: {
            metadata: {
              annotations: { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:10Z" },
            },
          },
        },
      },
      "application/strategic-merge-patch+json",
    );
    world.settle();
    expect(namesOf(webPods(world)).filter((name) => old.includes(name))).toEqual([]);
    expect(imagesOf(webPods(world))).toEqual(["nginx:1.29"]);
  });
});

describe("D7: Recreate", () => {
  test("all old Pods are gone before any new one comes", () => {
    const world = deployed({ strategy: { type: "Recreate" } }, shell("web", "sleep 3600"));
    const old = namesOf(webPods(world));
    world.patch(url, {
      spec: { template: { spec: { containers: [shell("web", "sleep 7200")] } } },
    });
    const together: boolean[] = [];
    everyMoment(world, 90_000, () => {
      const names = namesOf(webPods(world));
      together.push(names.some((n) => old.includes(n)) && names.some((n) => !old.includes(n)));
    });
    expect(together).not.toContain(true);
    expect(row(world, deploymentsUrl, "web")?.["Ready"]).toBe("3/3");
    expect(namesOf(webPods(world)).some((n) => old.includes(n))).toBe(false);
  });
});

describe("D8: old ReplicaSets stay for rollback", () => {
  test("as many as revisionHistoryLimit", () => {
    const world = deployed({ replicas: 1, revisionHistoryLimit: 2 });
    for (const image of ["nginx:1.24", "nginx:1.25", "nginx:1.26", "nginx:1.27"]) {
      setImage(world, "web", image);
      world.settle();
    }
    expect(setsOf(world, "web").map(revisionOf)).toEqual([5, 4, 3]);
    expect(
      world
        .rows(setsUrl)
        .map((r) => r["Desired"])
        .sort(),
    ).toEqual([0, 0, 1]);
  });
});
