/** Situations of workloads, Services, requests, nodes and the rest: each caused and explained. */
import { describe, expect, test } from "vitest";
import {
  cluster,
  deployment,
  nginx,
  pod,
  service,
  shell,
  type World,
} from "../behaviours/behaviour-world.ts";
import { expectSaid, review, why } from "./asking.ts";

type Row = [target: string, parts: string[], namespace?: string];

const namespace = (name: string): object => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name },
});
const within = (home: string, object: object): object => {
  const { metadata } = object as { metadata: object };
  return { ...object, metadata: { ...metadata, namespace: home } };
};
const ingress = (name: string, ingressClassName: string, backend: string, port = 80): object => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name },
  spec: {
    ingressClassName,
    rules: [
      {
        host: `${name}.test`,
        http: {
          paths: [
            {
              path: "/",
              pathType: "Prefix",
              backend: { service: { name: backend, port: { number: port } } },
            },
          ],
        },
      },
    ],
  },
});
const trace = (name: string, url: string): object => ({
  apiVersion: "podyard.dev/v1",
  kind: "Trace",
  metadata: { name },
  spec: { from: "client", url },
});
const image = (world: World, name: string, to: string): void =>
  void world.patch(`/apis/apps/v1/namespaces/default/deployments/${name}`, {
    spec: { template: { spec: { containers: [{ name: "web", image: to }] } } },
  });

describe("workloads, Services and requests", () => {
  const world = cluster(2);
  world.create(
    ...["shop", "small", "tight"].map(namespace),
    {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few", namespace: "small" },
      spec: { hard: { pods: "1" } },
    },
    {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: { name: "range", namespace: "tight" },
      spec: { limits: [{ type: "Container", max: { cpu: "100m" }, default: { cpu: "100m" } }] },
    },
    within("small", deployment("api")),
    within("tight", deployment("api", {}, nginx({ resources: { limits: { cpu: "2" } } }))),
    within("shop", service("cart", { ports: [{ port: 80 }] })),
    deployment("web"),
    deployment("held", { replicas: 1, paused: true }),
    deployment("broken", {}, nginx({ image: "nginx:1.92" })),
    deployment("rolling", { replicas: 1 }),
    deployment("twin", { replicas: 1 }),
    within("default", {
      ...deployment("rival", {
        replicas: 1,
        selector: { matchLabels: { app: "twin" } },
        template: { metadata: { labels: { app: "twin" } }, spec: { containers: [nginx()] } },
      }),
    }),
    service("near", { selector: { app: "wev" }, ports: [{ port: 80 }] }),
    service("port", { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] }),
    service("named", { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }] }),
    service("good", { selector: { app: "web" }, ports: [{ port: 80 }] }),
    service("down", { selector: { app: "broken" }, ports: [{ port: 80 }] }),
    ingress("unserved", "traefik", "good"),
    ingress("lost", "nginx", "goood"),
    ingress("ported", "nginx", "good", 8080),
    ingress("empty", "nginx", "near"),
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
        maxReplicas: 4,
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web" },
      spec: { minAvailable: 3, selector: { matchLabels: { app: "web" } } },
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "agent" },
      spec: {
        selector: { matchLabels: { app: "agent" } },
        template: { metadata: { labels: { app: "agent" } }, spec: { containers: [nginx()] } },
      },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kept", namespace: "shop", finalizers: ["example.com/keep"] },
    },
    pod("client", { containers: [shell("c", "sleep 9999")] }),
  );
  world.advance(30_000);
  world.create(trace("misnamed", "http://cart"), trace("nobody", "http://near"));
  image(world, "rolling", "nginx:9.99");
  world.advance(10_000);

  test.for<Row>([
    [
      "deployment/held",
      ["Deployment default/held is paused", "0 Pods", "kubectl rollout resume deployment/held"],
    ],
    [
      "deployment/broken",
      ["3 of 3 Pods", "no tag 1.92", "kubectl set image deployment/broken web=nginx:1.29"],
    ],
    [
      "deployment/rolling",
      [
        "rollout of Deployment default/rolling waits",
        "0 of 1 new",
        "maxUnavailable 0",
        "maxSurge 1",
        "deadline in 9m",
        "no tag 9.99",
        "kubectl rollout undo deployment/rolling",
      ],
    ],
    ["deployment/twin", ["Deployment default/twin and Deployment default/rival", "app=twin"]],
    ["deployment/web", ["All is well with Deployment default/web", "3 of 3 Pods ready"]],
    [
      "deployment/api",
      [
        "1 of 3 Pods",
        "ResourceQuota small/few",
        "requested: pods=1, used: pods=1, limited: pods=1",
        "kubectl edit resourcequota few -n small",
      ],
      "small",
    ],
    [
      "deployment/api",
      [
        "0 of 3 Pods",
        "maximum cpu usage per Container is 100m",
        "limit is 2",
        "kubectl describe limitrange -n tight",
      ],
      "tight",
    ],
    [
      "daemonset/agent",
      ["2 of 3 nodes", "control-plane:NoSchedule is not tolerated", "kubectl edit daemonset agent"],
    ],
    [
      "service/near",
      [
        "0 endpoints",
        "app=wev matches 0 of the",
        "1 label apart: it has app=web",
        "kubectl set selector service near app=web",
      ],
    ],
    [
      "service/port",
      ["port 80 leads to port 8080", "nobody listens", "listens on 80", "targetPort"],
    ],
    ["service/named", ["port named http", "0 named ports", "kubectl patch service named"]],
    [
      "service/down",
      [
        "0 ready endpoints",
        "none of the 3 Pods",
        "no tag 1.92",
        "kubectl set image deployment/broken",
      ],
    ],
    ["service/good", ["All is well with Service default/good"]],
    ["ingress/unserved", ["404", "its class traefik", "kubectl patch ingress unserved"]],
    ["ingress/lost", ["lost.test/", "503", "Service goood, does not exist (there is good)"]],
    ["ingress/ported", ["no port 8080 (it has 80)", "kubectl edit ingress ported"]],
    ["ingress/empty", ["empty.test/", "0 ready endpoints", "app=wev"]],
    [
      "hpa/web",
      [
        "3 of 3 Pods of Deployment web have no cpu request",
        "kubectl set resources deployment/web --requests=cpu=100m",
      ],
    ],
    [
      "pdb/web",
      ["allows 0 disruptions", "3 of 3 Pods are healthy and 3 must stay", "--replicas=4"],
    ],
    [
      "trace/misnamed",
      [
        "NXDOMAIN",
        "cart.default.svc.cluster.local",
        "A Service cart is in shop",
        "http://cart.shop.svc.cluster.local",
      ],
    ],
    ["trace/nobody", ["(refused)", "service default/near", "0 endpoints"]],
  ])("%s", ([target, parts, home]) => expectSaid(world, target, parts, home));

  test("the same Pods' reasons are told once", () => {
    const { sentence, evidence, decidedBy } = why(world, "deployment/broken");
    expect(sentence.match(/no tag/g)).toHaveLength(1);
    expect(decidedBy).toBe("registry");
    expect(evidence.map(({ object }) => object?.kind)).toEqual(["Pod", "Pod"]);
  });

  test("a policy that drops, and a drain that waits", () => {
    world.create({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "shut" },
      spec: { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"] },
    });
    world.create(trace("dropped", "http://good"));
    world.patch("/api/v1/nodes/node-1", { spec: { unschedulable: true } });
    world.delete("/api/v1/namespaces/shop");
    world.advance(1_000);
    expectSaid(world, "trace/dropped", ["no answer so far"]);
    world.advance(180_000);
    expectSaid(world, "trace/dropped", [
      "times out",
      "NetworkPolicy default/shut",
      "Ingress, port 80",
      "Pods with app=client",
      "kubectl edit networkpolicy shut",
    ]);
    expectSaid(world, "networkpolicy/shut", ["no rule for Ingress", "3 Pods"]);
    expectSaid(world, "node/node-1", [
      "cordoned",
      "A drain waits",
      "PodDisruptionBudget default/web, which allows 0 disruptions (3 healthy of 3 desired)",
      "kubectl uncordon node-1",
    ]);
    expectSaid(world, "namespace/shop", [
      "still holds 1 object",
      "1 ConfigMap",
      "example.com/keep",
      "kubectl why configmap/kept -n shop",
    ]);
    expectSaid(
      world,
      "configmap/kept",
      ["1 finalizer, example.com/keep", "kubectl patch configmap/kept -n shop"],
      "shop",
    );
  });

  test("a request that is refused", () => {
    const spec = { resource: "pods", verb: "delete", name: "x", user: "jane", groups: ["dev"] };
    const { sentence, mend, decidedBy } = review(world, spec).body.status;
    expect(sentence).toContain(
      "User jane (groups dev) may not delete pods x in namespace default (403): 0 rules",
    );
    expect(sentence).toContain("ClusterRole edit, admin and cluster-admin would allow it");
    expect(mend[0].command).toBe(
      "kubectl create rolebinding jane-edit --clusterrole=edit --user=jane -n default",
    );
    expect(decidedBy).toBe("RBAC");
  });

  test("a paused Clock", () => {
    world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: true } });
    world.create(deployment("later"));
    expectSaid(world, "deployment/later", [
      "Nothing moves",
      "the Clock is paused at 2026",
      "kubectl patch clock cluster",
    ]);
    expectSaid(world, "deployment/broken", [
      "no tag 1.92",
      "Time stands still besides",
      "kubectl patch clock cluster",
    ]);
    expectSaid(world, "clock/cluster", ["Nothing moves", "due in"]);
  });
});
