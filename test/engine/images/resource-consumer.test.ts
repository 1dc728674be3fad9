import { expect, test } from "vitest";
import { NetworkWorld } from "../network/network-world.ts";

/** The autoscaling tests' load: one that is told, and those who bear it. */

const labels = (name: string): object => ({ matchLabels: { name } });
const consumers = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "consumer" },
  spec: {
    replicas: 1,
    selector: labels("consumer"),
    template: {
      metadata: { labels: { name: "consumer" } },
      spec: {
        containers: [
          {
            name: "consumer",
            image: "registry.k8s.io/e2e-test-images/resource-consumer:1.15.0",
            ports: [{ containerPort: 8080 }],
            resources: { requests: { cpu: "200m" }, limits: { cpu: "500m" } },
          },
        ],
      },
    },
  },
};
const controller = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "controller" },
  spec: {
    containers: [
      {
        name: "controller",
        image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
        command: [
          "/agnhost",
          "resource-consumer-controller",
          "--consumer-service-name=consumer",
          "--consumer-service-namespace=default",
          "--consumer-port=80",
        ],
      },
    ],
  },
};
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "consumer" },
  spec: { selector: { name: "consumer" }, ports: [{ port: 80, targetPort: 8080 }] },
};

function up(): NetworkWorld {
  const world = new NetworkWorld();
  world.create(consumers, controller, service);
  world.advance(30_000);
  return world;
}
const post = (world: NetworkWorld, path: string, method = "POST"): string => {
  const asked = { host: world.ip("controller"), port: 8080, path, method };
  const result = world.ask({ node: "node-1" }, asked);
  return "response" in result ? result.response.body : `error ${result.error}`;
};
/** Milli cores, as a share of what is expected: what is measured wavers. */
const cpuOf = (world: NetworkWorld, expected: number): number => {
  const { items } = world.get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods");
  const found = items.find((p: { metadata: { name: string } }) => p.metadata.name !== "controller");
  return parseInt(found.containers[0].usage.cpu, 10) / 1e6 / expected;
};

test("is borne in parts, for as long as it was asked for", () => {
  const world = up();
  const load = "/ConsumeCPU?millicores=250&durationSec=30&requestSizeMillicores=100";
  expect(post(world, load)).toBe(
    "RC manager: sending 2 requests to consume 100 millicores each and 1 request to consume 50 millicores\nConsumed 100 millicores\nConsumed 100 millicores\nConsumed 50 millicores\n",
  );
  expect(cpuOf(world, 250)).toBeCloseTo(1, 0);
  post(world, load.replace("250", "600"));
  expect(cpuOf(world, 500)).toBeCloseTo(1, 0);
  world.advance(31_000);
  expect(cpuOf(world, 250)).toBe(0);
});

test("says what it does not understand", () => {
  const world = up();
  expect(post(world, "/ConsumeCPU", "GET")).toBe("Bad request. Not a POST request\n");
  expect(post(world, "/Else")).toBe("unknown function\n");
  expect(post(world, "/ConsumeMem?megabytes=1")).toBe("not given function argument\n");
  expect(post(world, "/ConsumeMem?megabytes=x&durationSec=1&requestSizeMegabytes=1")).toBe(
    "incorrect function argument\n",
  );
});

test("makes an autoscaler act", () => {
  const world = up();
  world.create({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "consumer" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "consumer" },
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
        },
      ],
    },
  });
  const replicas = (): number =>
    world.get("/apis/apps/v1/namespaces/default/deployments/consumer").spec.replicas;
  // It has long converged when the load comes, and looks again as soon as anybody does.
  world.advance(120_000);
  expect(replicas()).toBe(1);
  post(world, "/ConsumeCPU?millicores=250&durationSec=300&requestSizeMillicores=20");
  world.advance(20_000);
  expect(replicas()).toBe(3);
});
