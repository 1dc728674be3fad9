/** The control plane: C1 to C5 of `test/behaviours.md`. */
import { describe, expect, test } from "vitest";
import {
  alive,
  cluster,
  condition,
  deployment,
  deploymentsUrl,
  namesOf,
  nodeUrl,
  pass,
  pod,
  podsUrl,
  power,
  row,
  nginx,
  type Anything,
  type World,
} from "./behaviour-world.ts";

const url = `${deploymentsUrl}/web`;

describe("C1: who did what", () => {
  test("each Event names the component that wrote it", () => {
    const world = cluster();
    world.create(deployment("web", { replicas: 1 }));
    world.settle();
    const { items } = world.get("/api/v1/namespaces/default/events");
    const wrote = (reason: string): string[] => [
      ...new Set<string>(
        items
          .filter((e: Anything) => e.reason === reason)
          .map((e: Anything) => e.reportingComponent),
      ),
    ];
    expect(wrote("ScalingReplicaSet")).toEqual(["deployment-controller"]);
    expect(wrote("SuccessfulCreate")).toEqual(["replicaset-controller"]);
    expect(wrote("Scheduled")).toEqual(["default-scheduler"]);
    for (const reason of ["Pulling", "Pulled", "Created", "Started"])
      expect(wrote(reason)).toEqual(["kubelet"]);
    expect(wrote("RegisteredNode")).toEqual(["node-controller"]);
    const started = items.find((e: Anything) => e.reason === "Started");
    expect(started.involvedObject.fieldPath).toBe("spec.containers{web}");
    expect(started.source.host).toBe(world.pods()[0].spec.nodeName);
  });

  test("Events of one second are listed in the order in which things happened", () => {
    const world = cluster();
    world.create(pod("web", { containers: [nginx()] }));
    world.settle();
    const { items } = world.get(
      "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dweb",
    );
    expect(items.map((e: Anything) => e.reason)).toEqual([
      "Scheduled",
      "Pulling",
      "Pulled",
      "Created",
      "Started",
    ]);
  });

  test("controllers stand still, the API does not: a Pod nobody schedules stays Pending", () => {
    const world = cluster();
    world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: true } });
    world.create(deployment("web"));
    world.advance(60_000);
    expect(row(world, deploymentsUrl, "web")).toMatchObject({ Ready: "0/3", "Up-to-date": 0 });
    expect(world.pods()).toEqual([]);
  });
});

describe("C2: all is declared", () => {
  test("the same twice changes nothing; a difference changes only that", () => {
    const world = cluster();
    world.apply(deployment("web"));
    world.settle();
    const before = world.get(url);
    const pods = namesOf(world.pods());
    world.apply(deployment("web"));
    world.settle();
    expect(world.get(url).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    world.apply(deployment("web", { replicas: 4 }));
    world.settle();
    expect(namesOf(world.pods())).toEqual(expect.arrayContaining(pods));
    expect(world.pods()).toHaveLength(4);
    expect(world.get("/apis/apps/v1/namespaces/default/replicasets").items).toHaveLength(1);
  });

  test("what would change can be asked for without changing it", () => {
    const world = cluster();
    world.create(deployment("web"));
    world.settle();
    const dry = world.patch(`${url}?dryRun=All`, { spec: { replicas: 9 } });
    expect(dry.body.spec.replicas).toBe(9);
    expect(world.get(url).spec.replicas).toBe(3);
  });

  test("two who set one field: the second apply is a conflict that names the first", () => {
    const world = cluster();
    world.apply(deployment("web"));
    const refused = world.request(
      "PATCH",
      `${url}?fieldManager=other`,
      deployment("web", { replicas: 5 }),
      { type: "application/apply-patch+yaml" },
    );
    expect(refused.status).toBe(409);
    expect(refused.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas',
    );
  });

  test("an update of an old version is refused", () => {
    const world = cluster();
    world.create(deployment("web"));
    const old = world.get(url);
    world.settle();
    const refused = world.request("PUT", url, { ...old, spec: { ...old.spec, replicas: 7 } });
    expect(refused.status).toBe(409);
    expect(refused.body.message).toBe(
      'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; ' +
        "please apply your changes to the latest version and try again",
    );
  });
});

describe("C3: who may", () => {
  const as = (world: World, user: string, method: string, path: string, body?: unknown): Anything =>
    world.request(method, path, body, { headers: { "impersonate-user": user } });

  test("nothing is allowed until somebody allows it", () => {
    const world = cluster();
    const refused = as(world, "jane", "GET", podsUrl);
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    world.create(
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name: "reader", namespace: "default" },
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
      },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "jane-reads", namespace: "default" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "jane" }],
      },
    );
    expect(as(world, "jane", "GET", podsUrl).status).toBe(200);
    expect(as(world, "jane", "GET", "/api/v1/namespaces/kube-system/pods").status).toBe(403);
    expect(as(world, "jane", "DELETE", `${podsUrl}/x`).body.message).toBe(
      'pods "x" is forbidden: User "jane" cannot delete resource "pods" in API group "" in the namespace "default"',
    );
  });

  test.each([
    ["list", "pods", false],
    ["get", "secrets", false],
  ])("auth can-i %s %s as a service account: %s", (verb, resource, allowed) => {
    const world = cluster();
    const review = as(
      world,
      "system:serviceaccount:default:default",
      "POST",
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { namespace: "default", verb, resource } },
      },
    );
    expect(review.status).toBe(201);
    expect(review.body.status.allowed).toBe(allowed);
  });
});

describe("C4: nodes", () => {
  test("say what they have and how they are", () => {
    const world = cluster(3);
    expect(world.rows("/api/v1/nodes").map((r) => [r["Name"], r["Status"], r["Roles"]])).toEqual([
      ["control-plane", "Ready", "control-plane"],
      ["node-1", "Ready", "<none>"],
      ["node-2", "Ready", "<none>"],
      ["node-3", "Ready", "<none>"],
    ]);
    const node = world.get(nodeUrl("node-1"));
    expect(node.status.capacity).toMatchObject({ cpu: "4", memory: "8Gi", pods: "110" });
    expect(condition(node, "Ready")).toMatchObject({
      status: "True",
      reason: "KubeletReady",
      message: "kubelet is posting ready status",
    });
    expect(world.get(nodeUrl("control-plane")).spec.taints).toEqual([
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
    ]);
  });

  test("cordon: nothing new lands, what runs stays", () => {
    const world = cluster();
    world.create(deployment("web", { replicas: 4 }));
    world.settle();
    const before = namesOf(world.pods());
    world.patch(nodeUrl("node-1"), { spec: { unschedulable: true } });
    expect(row(world, "/api/v1/nodes", "node-1")?.["Status"]).toBe("Ready,SchedulingDisabled");
    world.patch(`${url}/scale`, { spec: { replicas: 8 } });
    world.settle();
    const added = world.pods().filter((p) => !before.includes(p.metadata.name));
    expect(added.map((p) => p.spec.nodeName)).toEqual(Array(4).fill("node-2"));
    expect(namesOf(world.pods())).toEqual(expect.arrayContaining(before));
  });

  test("drain evicts, as far as the disruption budget allows", () => {
    const world = cluster();
    world.create(deployment("web", { replicas: 2 }), {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web", namespace: "default" },
      spec: { minAvailable: 2, selector: { matchLabels: { app: "web" } } },
    });
    world.settle();
    const evict = (name: string): Anything =>
      world.request("POST", `${podsUrl}/${name}/eviction`, {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { name, namespace: "default" },
      });
    const [victim] = namesOf(world.pods());
    const refused = evict(victim as string);
    expect(refused.status).toBe(429);
    expect(refused.body.message).toBe(
      "Cannot evict pod as it would violate the pod's disruption budget.",
    );
    expect(refused.body.details.causes).toEqual([
      {
        reason: "DisruptionBudget",
        message: "The disruption budget web needs 2 healthy pods and has 2 currently",
      },
    ]);
    world.patch(`${url}/scale`, { spec: { replicas: 3 } });
    world.settle();
    expect(evict(victim as string).status).toBe(201);
    world.settle();
    expect(namesOf(world.pods())).not.toContain(victim);
    expect(world.pods()).toHaveLength(3);
  });

  test("a node fails and returns", () => {
    const world = cluster();
    power(world, "node-1", false);
    pass(world, 60_000);
    expect(row(world, "/api/v1/nodes", "node-1")?.["Status"]).toBe("NotReady");
    expect(world.events("node-1")).toContain(
      "Normal NodeNotReady Node node-1 status is now: NodeNotReady",
    );
    power(world, "node-1", true);
    pass(world, 60_000);
    expect(row(world, "/api/v1/nodes", "node-1")?.["Status"]).toBe("Ready");
    expect(world.get(nodeUrl("node-1")).spec.taints).toBeUndefined();
  });
});

describe("C5: namespaces", () => {
  test("keep names apart and take their content with them", () => {
    const world = cluster();
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
    world.settle();
    expect(namesOf(world.get("/api/v1/namespaces/team/serviceaccounts").items)).toEqual([
      "default",
    ]);
    expect(namesOf(world.get("/api/v1/namespaces/team/configmaps").items)).toEqual([
      "kube-root-ca.crt",
    ]);
    const inside = deployment("web") as Anything;
    world.create(deployment("web"), {
      ...inside,
      metadata: { ...inside.metadata, namespace: "team" },
    });
    world.settle();
    expect(world.pods("team")).toHaveLength(3);
    world.delete("/api/v1/namespaces/team");
    expect(row(world, "/api/v1/namespaces", "team")?.["Status"]).toBe("Terminating");
    const refused = world.request("POST", "/api/v1/namespaces/team/pods", {
      ...(pod("late", { containers: [nginx()] }) as Anything),
      metadata: { name: "late", namespace: "team" },
    });
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'pods "late" is forbidden: unable to create new content in namespace team because it is being terminated',
    );
    world.settle();
    expect(world.request("GET", "/api/v1/namespaces/team").status).toBe(404);
    expect(world.pods("team")).toEqual([]);
    expect(alive(world.pods("default"))).toHaveLength(3);
  });

  test("default can not go", () => {
    const refused = cluster().delete("/api/v1/namespaces/default");
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });
});
