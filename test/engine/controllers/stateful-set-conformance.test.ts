/** What Kubernetes' conformance tests ask of StatefulSets beyond stateful-set.test.ts. k8s: test/e2e/apps/statefulset.go */
import { describe, expect, test } from "vitest";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";
import { World } from "../../helpers/world.ts";

const sets = "/apis/apps/v1/namespaces/default/statefulsets";
const labels = { foo: "bar", baz: "blah" };
const selector = "baz%3Dblah%2Cfoo%3Dbar";

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "test" },
  spec: { clusterIP: "None", selector: labels, ports: [{ port: 80, name: "http" }] },
};

const statefulSet = (spec: object, pod: object = {}, container: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "ss" },
  spec: {
    serviceName: "test",
    selector: { matchLabels: labels },
    ...spec,
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: "webserver",
            image: "registry.k8s.io/e2e-test-images/httpd:2.4.38-4",
            ...container,
          },
        ],
        ...pod,
      },
    },
  },
});

const probed = {
  readinessProbe: {
    httpGet: { path: "/index.html", port: 80 },
    periodSeconds: 1,
    successThreshold: 1,
    failureThreshold: 1,
  },
};
const page = "/usr/local/apache2/htdocs/index.html";

describe("an unhealthy Pod", () => {
  const scaled = (world: World, replicas: number): void =>
    void world.patch(`${sets}/ss/scale`, { spec: { replicas } });
  const untilReady = (world: World, count: number): void =>
    world.until(() => (world.get(`${sets}/ss`).status.readyReplicas ?? 0) === count);
  const inEach = (world: KubectlWorld, command: string): void => {
    for (const pod of world.pods("default", "foo=bar"))
      if (!pod.metadata.deletionTimestamp)
        world.out(`kubectl exec ${pod.metadata.name} -- sh -c '${command} || true'`);
  };
  const broken = (world: KubectlWorld): void => inEach(world, `mv -v ${page} /tmp/`);
  const mended = (world: KubectlWorld): void => inEach(world, `mv -v /tmp/index.html ${page}`);
  const count = (world: World): number => world.pods("default", "foo=bar").length;

  test.each([
    ["OrderedReady", 1, 3],
    ["Parallel", 3, 0],
  ])("%s: after scaling up there are %i, after scaling down %i", (policy, up, down) => {
    const world = new KubectlWorld().begin();
    const watch = world.watch(
      `/api/v1/namespaces/default/pods?watch=true&labelSelector=${selector}`,
    );
    world.create(service, statefulSet({ replicas: 1, podManagementPolicy: policy }, {}, probed));
    untilReady(world, 1);
    broken(world);
    untilReady(world, 0);
    scaled(world, 3);
    world.advance(10_000);
    expect(count(world)).toBe(up);
    mended(world);
    untilReady(world, 3);
    broken(world);
    untilReady(world, 0);
    scaled(world, 0);
    world.advance(10_000);
    expect(
      world.pods("default", "foo=bar").filter((p) => !p.metadata.deletionTimestamp),
    ).toHaveLength(down);
    mended(world);
    world.until(() => count(world) === 0);
    const story = watch.read().filter(({ type }) => type !== "MODIFIED");
    const of = (type: string): string[] =>
      story.filter((e) => e.type === type).map(({ object }) => object.metadata.name);
    expect(of("ADDED")).toEqual(["ss-0", "ss-1", "ss-2"]);
    if (policy === "OrderedReady") expect(of("DELETED")).toEqual(["ss-2", "ss-1", "ss-0"]);
  });
});

test("a Pod that its node turns down is made again and again, until there is room", () => {
  const world = new World();
  const ports = [{ name: "conflict", hostPort: 21017, containerPort: 21017 }];
  const nodeName = "node-2";
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "test-pod" },
    spec: { nodeName, containers: [{ name: "webserver", image: "nginx:1.27", ports }] },
  });
  world.until(() => world.pod("test-pod").status.phase === "Running");
  const watch = world.watch(
    "/api/v1/namespaces/default/pods?watch=true&fieldSelector=metadata.name%3Dss-0",
  );
  world.create(service, statefulSet({ replicas: 1 }, { nodeName }, { ports }));
  world.advance(10_000);
  const uids = [...new Set(watch.read().map(({ object }) => object.metadata.uid))];
  expect(uids.length).toBeGreaterThan(3);
  // Not without end at one moment.
  expect(uids.length).toBeLessThan(12);
  world.delete("/api/v1/namespaces/default/pods/test-pod", { gracePeriodSeconds: 0 });
  world.until(() => world.pods("default", "foo=bar")[0]?.status.phase === "Running", 600_000);
  expect(uids.slice(0, -1)).not.toContain(world.pod("ss-0").metadata.uid);
});

test("listed by label, patched, scaled, its status written, deleted as a collection", () => {
  const world = new World();
  world.create(service, statefulSet({ replicas: 1 }));
  const ready = (count: number): void =>
    world.until(() => (world.get(`${sets}/ss`).status.readyReplicas ?? 0) === count);
  ready(1);
  const scale = world.get(`${sets}/ss/scale`);
  const { resourceVersion: _, ...metadata } = scale.metadata;
  const put = world.request("PUT", `${sets}/ss/scale`, {
    ...scale,
    metadata,
    spec: { replicas: 2 },
  });
  expect(put.body.spec.replicas).toBe(2);
  const strategic = "application/strategic-merge-patch+json";
  world.patch(
    `${sets}/ss/scale`,
    { metadata: {}, spec: { replicas: 4 }, status: { replicas: 0 } },
    strategic,
  );
  expect(world.get(`${sets}/ss`).spec.replicas).toBe(4);
  world.patch(
    `${sets}/ss`,
    {
      metadata: { labels: { "test-ss": "patched" } },
      spec: {
        replicas: 2,
        // As the test sends it: a field of that spelling there is not.
        template: {
          spec: {
            TerminationGracePeriodSeconds: 1,
            containers: [{ name: "webserver", image: "registry.k8s.io/pause:3.10" }],
          },
        },
      },
    },
    strategic,
  );
  const patched = world.get(`${sets}/ss`);
  expect(patched.spec).toMatchObject({ replicas: 2 });
  expect(patched.spec.template.spec.containers[0].image).toBe("registry.k8s.io/pause:3.10");
  world.until(() => {
    const { readyReplicas, updatedReplicas, replicas } = world.get(`${sets}/ss`).status;
    return [readyReplicas, updatedReplicas, replicas].every((n) => n === 2);
  }, 300_000);
  const told = {
    type: "StatusUpdate",
    status: "True",
    reason: "E2E",
    message: "Set from e2e test",
  };
  const read = world.get(`${sets}/ss/status`);
  const status = { ...read.status, conditions: [...(read.status.conditions ?? []), told] };
  expect(
    world.request("PUT", `${sets}/ss/status`, { ...read, status }).body.status.conditions,
  ).toMatchObject([told]);
  const patch = world.patch(`${sets}/ss/status`, {
    status: { conditions: [{ type: "StatusPatched", status: "True" }] },
  });
  expect(patch.body.status.conditions).toMatchObject([{ type: "StatusPatched", status: "True" }]);
  world.advance(5000);
  expect(world.get(`${sets}/ss`).status.conditions).toHaveLength(1);
  const selected = "labelSelector=test-ss%3Dpatched";
  expect(world.get(`/apis/apps/v1/statefulsets?${selected}`).items).toHaveLength(1);
  expect(world.delete(`${sets}?${selected}`, { gracePeriodSeconds: 1 }).status).toBe(200);
  expect(world.get(`/apis/apps/v1/statefulsets?${selected}`).items).toEqual([]);
});
