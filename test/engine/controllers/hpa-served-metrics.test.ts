/** HorizontalPodAutoscalers on metrics that API servers behind Services know: custom.metrics.k8s.io, external.metrics.k8s.io. */
import { beforeEach, describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web";
const deploymentUrl = "/apis/apps/v1/namespaces/default/deployments/web";

let world: World;

const deployment = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image: "nginx:1.29" }] },
    },
  },
});
const hpa = (...metrics: object[]): object => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "web", namespace: "default" },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    maxReplicas: 10,
    metrics,
  },
});
const external = (target: object, selector?: object): object => ({
  type: "External",
  external: { metric: { name: "queue_length", ...(selector && { selector }) }, target },
});
const pods = {
  type: "Pods",
  pods: { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "10" } },
};
const object = (target: object): object => ({
  type: "Object",
  object: {
    metric: { name: "hits" },
    describedObject: { apiVersion: "networking.k8s.io/v1", kind: "Ingress", name: "main" },
    target,
  },
});
const value = { type: "Value", value: "30" };
const average = { type: "AverageValue", averageValue: "30" };

interface Route {
  path: string;
  status?: number;
  body: string;
}

/** An API server that answers this, behind an APIService of each group version. */
function serving(groups: string[], routes: Route[]): void {
  const list = (group: string): Route => ({
    path: `/apis/${group}`,
    body: JSON.stringify({ kind: "APIResourceList", groupVersion: group, resources: [] }),
  });
  world.create(
    {
      apiVersion: "podyard.dev/v1",
      kind: "Image",
      metadata: { name: "adapter" },
      spec: {
        repository: "example.com/adapter",
        ports: [{ port: 6443, tls: true }],
        routes: [...routes, ...groups.map(list)].map((route) => ({
          ...route,
          headers: { "content-type": "application/json" },
        })),
      },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "adapter", labels: { app: "adapter" } },
      spec: { containers: [{ name: "c", image: "example.com/adapter:1" }] },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "adapter" },
      spec: { selector: { app: "adapter" }, ports: [{ port: 443, targetPort: 6443 }] },
    },
    ...groups.map((gv) => {
      const [group, version] = gv.split("/");
      return {
        apiVersion: "apiregistration.k8s.io/v1",
        kind: "APIService",
        metadata: { name: `${version}.${group}` },
        spec: {
          group,
          version,
          groupPriorityMinimum: 100,
          versionPriority: 100,
          insecureSkipTLSVerify: true,
          service: { namespace: "default", name: "adapter" },
        },
      };
    }),
  );
  world.advance(30_000);
}

const replicas = (): number => world.get(deploymentUrl).spec.replicas;
const active = () =>
  world.get(url).status.conditions.find((c: { type: string }) => c.type === "ScalingActive");
const items = (...values: string[]): string =>
  JSON.stringify({ items: values.map((one) => ({ metricName: "queue_length", value: one })) });
const valuesOf = (values: Record<string, string>): string =>
  JSON.stringify({
    kind: "MetricValueList",
    items: Object.entries(values).map(([name, one]) => ({
      describedObject: { name },
      value: one,
    })),
  });

beforeEach(() => {
  world = new World();
  world.create(deployment(2));
  world.advance(20_000);
});

describe("without such a server", () => {
  const unable = "the HPA was unable to compute the replica count: ";

  test.each([
    [
      external(value, { matchLabels: { b: "2", a: "1" } }),
      "FailedGetExternalMetric",
      "unable to get external metric default/queue_length/&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue_length.external.metrics.k8s.io)",
      "failed to get queue_length external metric value: failed to get external metric queue_length: ",
    ],
    [
      external(average),
      "FailedGetExternalMetric",
      "unable to get external metric default/queue_length/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue_length.external.metrics.k8s.io)",
      "failed to get queue_length external metric value: failed to get queue_length external metric: ",
    ],
    [
      pods,
      "FailedGetPodsMetric",
      "unable to get metric rps: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
      "failed to get pods metric value: ",
    ],
    [
      object(value),
      "FailedGetObjectMetric",
      "unable to get metric hits: Ingress on default main/unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
      "failed to get object metric value: ",
    ],
    [
      object(average),
      "FailedGetObjectMetric",
      "unable to get metric hits: Ingress on default main/unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
      "failed to get object metric value: failed to get hits object metric: ",
    ],
  ])("it says which: %#", (metric, reason, message, before) => {
    world.create(hpa(metric));
    world.advance(16_000);
    expect(active()).toMatchObject({ status: "False", reason, message: `${unable}${message}` });
    expect(world.events("web").slice(-2)).toEqual([
      `Warning ${reason} ${message}`,
      `Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: ${before}${message}`,
    ]);
    expect(replicas()).toBe(2);
  });
});

describe("external metrics", () => {
  const group = "external.metrics.k8s.io/v1beta1";
  const path = `/apis/${group}/namespaces/default/queue_length`;

  test("their sum, for all Pods together", () => {
    serving([group], [{ path, body: items("20", "25500m") }]);
    world.create(hpa(external(value)));
    world.advance(20_000);
    // 45.5 / 30 x 2, rounded up
    expect(replicas()).toBe(4);
    expect(world.events("web")).toContain(
      "Normal SuccessfulRescale New size: 4; reason: external metric queue_length(nil) above target",
    );
    expect(active().message).toBe(
      "the HPA was able to successfully calculate a replica count from external metric queue_length(nil)",
    );
    expect(world.get(url).status.currentMetrics).toEqual([
      {
        type: "External",
        external: { metric: { name: "queue_length" }, current: { value: "45500m" } },
      },
    ]);
  });

  test("or for each", () => {
    serving([group], [{ path, body: items("100") }]);
    world.create(hpa(external(average, { matchLabels: { queue: "mail" } })));
    world.advance(20_000);
    expect(replicas()).toBe(4);
    expect(world.get(url).status.currentMetrics).toEqual([
      {
        type: "External",
        external: {
          metric: { name: "queue_length", selector: { matchLabels: { queue: "mail" } } },
          current: { averageValue: "50" },
        },
      },
    ]);
  });

  test.each([
    ["none", { body: items() }, "no metrics returned from external metrics API"],
    [
      "a refusal in the server's own words",
      { status: 404, body: JSON.stringify({ kind: "Status", message: "no such queue" }) },
      "unable to fetch metrics from external metrics API: no such queue",
    ],
    [
      "another's words",
      { status: 500, body: "broken" },
      'unable to fetch metrics from external metrics API: an error on the server ("broken") has prevented the request from succeeding (get queue_length.external.metrics.k8s.io)',
    ],
  ])("%s", (_what, route, why) => {
    serving([group], [{ path, ...route }]);
    world.create(hpa(external(value)));
    world.advance(20_000);
    expect(active().message).toBe(
      `the HPA was unable to compute the replica count: unable to get external metric default/queue_length/nil: ${why}`,
    );
  });

  test("a server that is gone is unable to handle the request", () => {
    serving([group], [{ path, body: items("100") }]);
    world.request("DELETE", "/api/v1/namespaces/default/services/adapter");
    world.create(hpa(external(value)));
    world.advance(20_000);
    expect(active().message).toMatch(
      /: the server is currently unable to handle the request \(get queue_length.external.metrics.k8s.io\)$/,
    );
  });
});

describe("custom metrics", () => {
  const group = "custom.metrics.k8s.io/v1beta2";
  const base = `/apis/${group}/namespaces/default`;

  test("of Pods, on average", () => {
    const [a, b] = world.pods().map((pod) => pod.metadata.name as string);
    serving([group], [{ path: `${base}/pods/*/rps`, body: valuesOf({ [a!]: "15", [b!]: "16" }) }]);
    world.create(hpa(pods));
    world.advance(20_000);
    expect(replicas()).toBe(4);
    expect(world.events("web")).toContain(
      "Normal SuccessfulRescale New size: 4; reason: pods metric rps above target",
    );
    expect(world.get(url).status.currentMetrics).toEqual([
      { type: "Pods", pods: { metric: { name: "rps" }, current: { averageValue: "15500m" } } },
    ]);
  });

  test("of an object", () => {
    const path = `${base}/ingresses.networking.k8s.io/main/hits`;
    serving([group], [{ path, body: valuesOf({ main: "40" }) }]);
    world.create(hpa(object(value)));
    world.advance(20_000);
    expect(replicas()).toBe(3);
    expect(world.events("web")).toContain(
      "Normal SuccessfulRescale New size: 3; reason: Ingress metric hits above target",
    );
    expect(world.get(url).status.currentMetrics[0].object.current).toEqual({ value: "40" });
  });

  test("a value is looked at anew every 15 seconds", () => {
    const path = `${base}/ingresses.networking.k8s.io/main/hits`;
    serving([group], [{ path, body: valuesOf({ main: "30" }) }]);
    world.create(hpa(object(value)));
    world.advance(20_000);
    expect(replicas()).toBe(2);
    const image = world.get("/apis/podyard.dev/v1/images/adapter");
    image.spec.routes[0].body = valuesOf({ main: "120" });
    world.request("PUT", "/apis/podyard.dev/v1/images/adapter", image);
    world.request("DELETE", "/api/v1/namespaces/default/pods/adapter");
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "again", labels: { app: "adapter" } },
      spec: { containers: [{ name: "c", image: "example.com/adapter:1" }] },
    });
    world.advance(90_000);
    expect(replicas()).toBeGreaterThan(2);
  });
});
