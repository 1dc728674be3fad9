/** Situations of rollouts that are blocked, of autoscalers and of Ingresses without a rule: each caused and explained. */
import { describe, expect, test } from "vitest";
import { cluster, deployment, nginx, pod, shell } from "../behaviours/behaviour-world.ts";
import { expectSaid, restsOn } from "./asking.ts";

type Row = [target: string, parts: string[], namespace?: string];

const within = (namespace: string, object: object): object => {
  const { metadata } = object as { metadata: object };
  return { ...object, metadata: { ...metadata, namespace } };
};
/** An idle redis uses 2m of CPU. */
const redis = (name: string, replicas: number): object =>
  deployment(
    name,
    { replicas },
    { name: "c", image: "redis:7", resources: { requests: { cpu: "2m" } } },
  );
const hpa = (name: string, utilization: number, maxReplicas: number): object => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
    maxReplicas,
    metrics: [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: utilization } },
      },
    ],
  },
});
const image = (to: string): object => ({
  spec: { template: { spec: { containers: [{ name: "web", image: to }] } } },
});

describe("rollouts, autoscalers and Ingresses", () => {
  const world = cluster(2);
  world.create(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "small" } },
    {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few", namespace: "small" },
      spec: { hard: { pods: "1" } },
    },
    within("small", deployment("api", { replicas: 1 })),
    deployment("late", { replicas: 2, progressDeadlineSeconds: 20 }),
    redis("full", 2),
    redis("calm", 3),
    deployment(
      "dark",
      { replicas: 1 },
      { name: "web", image: "nginx:1.92", resources: { requests: { cpu: "1m" } } },
    ),
    hpa("dark", 50, 3),
    hpa("full", 50, 3),
    hpa("calm", 400, 5),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "shop" },
      spec: {
        ingressClassName: "nginx",
        rules: [
          {
            host: "shop.test",
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name: "shop", port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    },
    pod("client", { containers: [shell("c", "sleep 9999")] }),
  );
  world.advance(30_000);
  world.patch("/apis/apps/v1/namespaces/small/deployments/api", image("nginx:1.28"));
  world.patch("/apis/apps/v1/namespaces/default/deployments/late", image("nginx:9.99"));
  world.create(
    deployment("refused", {
      replicas: 1,
      template: {
        metadata: { labels: { app: "refused" } },
        spec: { priorityClassName: "urgent", containers: [nginx()] },
      },
    }),
    {
      apiVersion: "podyard.dev/v1",
      kind: "Trace",
      metadata: { name: "hostless" },
      spec: { from: "client", url: "http://172.18.255.100/" },
    },
  );
  world.advance(90_000);

  test.for<Row>([
    [
      "deployment/api",
      [
        "The rollout of Deployment small/api is blocked",
        "maxUnavailable 0",
        "maxSurge 1 needs room for 1 Pod more",
        "ResourceQuota small/few",
        '"maxSurge":0,"maxUnavailable":1',
      ],
      "small",
    ],
    [
      "deployment/late",
      [
        "The rollout of Deployment default/late has stopped",
        "0 of 2 new Pods",
        "its deadline of 20s has passed",
        "no tag 9.99",
        "kubectl rollout undo deployment/late",
      ],
    ],
    [
      "deployment/refused",
      [
        "0 of 1 Pod",
        "no PriorityClass with name urgent was found",
        "kubectl edit deployment/refused",
      ],
    ],
    [
      "hpa/full",
      [
        "is at its maximum of 3 replicas",
        "cpu is at 100%, wanted 50%",
        "kubectl patch hpa full",
        '"maxReplicas":6',
      ],
    ],
    [
      "hpa/dark",
      [
        "HorizontalPodAutoscaler default/dark does not scale: FailedGetResourceMetric",
        "no metrics returned",
        "1 of 1 Pod: Pod default/dark-",
        "no tag 1.92",
        "kubectl set image deployment/dark web=nginx:1.29",
      ],
    ],
    [
      "hpa/calm",
      [
        "stays at 3 replicas",
        "wanted 400%",
        "stabilisation window",
        "for another",
        "kubectl explain hpa",
      ],
    ],
    [
      "trace/hostless",
      [
        "answered 404 by the Ingress controller",
        "no rule for 172.18.255.100/",
        "1 rule of 1 Ingress is for shop.test",
        "kubectl edit ingress shop",
        "--header 'Host: shop.test'",
      ],
    ],
  ])("%s", ([target, parts, home]) => expectSaid(world, target, parts, home));

  test("what it rests on", () => {
    expect(restsOn(world, "trace/hostless")).toContain("Ingress/shop spec.rules[0].host");
    expect(restsOn(world, "hpa/full")[0]).toBe(
      "HorizontalPodAutoscaler/full status.currentMetrics",
    );
  });
});
