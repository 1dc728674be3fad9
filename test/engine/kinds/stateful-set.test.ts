import { beforeAll, describe, expect, test } from "vitest";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";

const sets = "/apis/apps/v1/namespaces/default/statefulsets";

const manifest = (name: string, spec: object = {}, pod: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name, labels: { team: name } },
  spec: {
    serviceName: "db",
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "c", image: "nginx:1.27" }], ...pod },
    },
    ...spec,
  },
});

describe("StatefulSet in the API", () => {
  let world: KubectlWorld;
  beforeAll(() => {
    world = new KubectlWorld({ seed: "sets", nodes: 2 }).begin();
  });

  const refusal = (spec: object, pod: object = {}, name = "bad"): string =>
    world.request("POST", sets, manifest(name, spec, pod)).body.message;

  test.each<[says: string, spec: object, pod?: object]>([
    [
      `spec.podManagementPolicy: Invalid value: "Any": must be 'OrderedReady' or 'Parallel'`,
      { podManagementPolicy: "Any" },
    ],
    [
      `spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'`,
      { updateStrategy: { type: "OnDelete", rollingUpdate: { partition: 1 } } },
    ],
    [
      `spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete"`,
      { persistentVolumeClaimRetentionPolicy: { whenScaled: "Keep" } },
    ],
    ["spec.replicas: Invalid value: -1: must be greater than or equal to 0", { replicas: -1 }],
    [
      "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0",
      { ordinals: { start: -1 } },
    ],
    [
      'spec.template.metadata.labels: Invalid value: {"app":"bad"}: `selector` does not match template `labels`',
      { selector: { matchLabels: { app: "other" } } },
    ],
    [
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      {},
      { restartPolicy: "Never" },
    ],
    [
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
      {},
      {
        containers: [
          { name: "c", image: "nginx", volumeMounts: [{ name: "data", mountPath: "/data" }] },
        ],
      },
    ],
    [
      "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required",
      {
        volumeClaimTemplates: [
          { metadata: { name: "data" }, spec: { resources: { requests: { storage: "1Gi" } } } },
        ],
      },
    ],
  ])("refuses: %s", (says, spec, pod) => {
    expect(refusal(spec, pod)).toContain(says);
  });

  test("its name becomes a host's, so it is a label", () => {
    expect(refusal({}, {}, "a.b")).toContain('metadata.name: Invalid value: "a.b"');
  });

  test("a given strategy without numbers stays so", () => {
    const { spec } = world.request("POST", `${sets}?dryRun=All`, {
      ...manifest("given", { updateStrategy: { type: "RollingUpdate" } }),
    }).body;
    expect(spec.updateStrategy).toEqual({ type: "RollingUpdate" });
    expect(spec).toMatchObject({ podManagementPolicy: "OrderedReady", revisionHistoryLimit: 10 });
  });

  test("scale, status and whole collections", () => {
    world.create(manifest("web", { replicas: 1 }));
    world.settle(60_000);
    const scale = world.get(`${sets}/web/scale`);
    expect(scale).toMatchObject({
      kind: "Scale",
      spec: { replicas: 1 },
      status: { replicas: 1, selector: "app=web" },
    });
    world.patch(`${sets}/web/scale`, { spec: { replicas: 2 } });
    expect(world.get(`${sets}/web`).spec.replicas).toBe(2);
    world.settle(60_000);
    const conditions = [{ type: "StatusUpdate", status: "True", reason: "E2E" }];
    world.patch(`${sets}/web/status`, { status: { conditions } });
    world.settle(60_000);
    expect(world.get(`${sets}/web`).status.conditions).toMatchObject(conditions);
    const refused = world.request(
      "PATCH",
      `${sets}/web/status`,
      { status: { readyReplicas: 9, collisionCount: -1 } },
      { type: "application/merge-patch+json" },
    );
    expect(refused.body.message).toContain(
      "status.readyReplicas: Invalid value: 9: cannot be greater than status.replicas",
    );
    world.patch(`${sets}/web`, { metadata: { labels: { team: "new" } } });
    expect(world.get(`${sets}?labelSelector=team%3Dnew`).items).toHaveLength(1);
    expect(world.delete(`${sets}?labelSelector=team%3Dnew`).status).toBe(200);
    expect(world.get(sets).items).toEqual([]);
    world.settle(60_000);
  });

  test("kubectl rolls it out, shows its history and takes it back", () => {
    world.create(manifest("db"));
    expect(world.out("kubectl rollout status sts/db")).toContain(
      "Waiting for 2 pods to be ready...",
    );
    world.out("kubectl set image sts/db c=nginx:1.28");
    // k8s: StatefulSetStatusViewer says so of a partition of 0 too.
    expect(world.out("kubectl rollout status sts/db").trim().split("\n").at(-1)).toBe(
      "partitioned roll out complete: 2 new pods have been updated...",
    );
    expect(world.out("kubectl rollout history sts/db")).toBe(
      "statefulset.apps/db \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n",
    );
    expect(world.out("kubectl rollout history sts/db --revision=1")).toContain("nginx:1.27");
    expect(world.out("kubectl rollout undo sts/db")).toBe("statefulset.apps/db rolled back\n");
    world.settle(120_000);
    expect(world.out("kubectl get sts -o wide")).toMatch(/db +2\/2 +\S+ +c +nginx:1\.27/);
    expect(world.out("kubectl rollout history sts/db")).toContain("\n2         <none>\n3 ");
    const described = world.out("kubectl describe sts db");
    expect(described).toContain(
      "Pods Status:        2 Running / 0 Waiting / 0 Succeeded / 0 Failed",
    );
    expect(described).toMatch(
      /Normal +SuccessfulCreate +\S+ .*statefulset-controller +create Pod db-1 in StatefulSet db successful/,
    );
  });

  test("name-0.service resolves through the headless Service", () => {
    world.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "db" },
      spec: { clusterIP: "None", selector: { app: "db" }, ports: [{ port: 80 }] },
    });
    world.settle(60_000);
    expect(world.out("getent hosts db-0.db.default.svc.cluster.local")).toContain(
      world.pod("db-0").status.podIP,
    );
  });

  test("an autoscaler and a budget know its size", () => {
    world.create({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "db" },
      spec: { maxUnavailable: "50%", selector: { matchLabels: { app: "db" } } },
    });
    world.out("kubectl autoscale sts db --min=3 --max=4");
    world.advance(120_000);
    expect(world.get(`${sets}/db`).spec.replicas).toBe(3);
    const budget = world.get("/apis/policy/v1/namespaces/default/poddisruptionbudgets/db");
    expect(budget.status).toMatchObject({ expectedPods: 3, disruptionsAllowed: 2 });
  });
});
