import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const service = (name = "web", spec: object = {}, metadata: object = {}): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default", ...metadata },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: "http" }], ...spec },
});

const deployment = (
  replicas: number,
  name = "web",
  container: object = {},
  spec: object = {},
): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "default" },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          {
            name: "c",
            image: "registry.k8s.io/pause:3.10",
            ports: [{ name: "http", containerPort: 8080 }],
            ...container,
          },
        ],
        ...spec,
      },
    },
  },
});

const slicesOf = (world: World, name = "web") =>
  world.get(
    `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=${name}`,
  ).items;
const endpointsOf = (world: World, name = "web") =>
  world.get(`/api/v1/namespaces/default/endpoints/${name}`);
const settled = (...objects: object[]): World => {
  const world = new World();
  world.create(...objects);
  world.settle();
  return world;
};

describe("EndpointSlices", () => {
  test("list the Pods behind a Service", () => {
    const world = settled(service(), deployment(2));
    const [slice, ...more] = slicesOf(world);
    expect(more).toEqual([]);
    expect(slice.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
    expect(slice.metadata.labels).toEqual({
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      "kubernetes.io/service-name": "web",
    });
    expect(slice.metadata.ownerReferences).toMatchObject([
      { kind: "Service", name: "web", controller: true },
    ]);
    expect(slice.ports).toEqual([{ name: "", port: 8080, protocol: "TCP" }]);
    const byName = new Map(world.pods().map((p) => [p.metadata.name, p]));
    expect(slice.endpoints).toHaveLength(2);
    for (const endpoint of slice.endpoints) {
      const pod = byName.get(endpoint.targetRef.name);
      expect(endpoint.addresses).toEqual([pod.status.podIP]);
      expect(endpoint.nodeName).toBe(pod.spec.nodeName);
      expect(endpoint.targetRef.uid).toBe(pod.metadata.uid);
      expect(endpoint.conditions).toEqual({ ready: true, serving: true, terminating: false });
    }
    const ready = world
      .pods()
      .map(
        (p) =>
          p.status.conditions.find((c: { type: string }) => c.type === "Ready").lastTransitionTime,
      );
    expect(ready).toContain(
      slice.metadata.annotations["endpoints.kubernetes.io/last-change-trigger-time"],
    );
  });

  test("an empty slice stands in where there is no Pod", () => {
    const world = settled(service("web", {}, { labels: { tier: "front" } }));
    const [slice] = slicesOf(world);
    expect(slice.endpoints ?? []).toEqual([]);
    expect(slice.ports ?? []).toEqual([]);
    expect(slice.metadata.labels["tier"]).toBe("front");
    world.create(deployment(1));
    world.settle();
    expect(slicesOf(world)).toHaveLength(1);
    expect(slicesOf(world)[0].metadata.uid).toBe(slice.metadata.uid);
    expect(slicesOf(world)[0].endpoints).toHaveLength(1);
  });

  test("tell unready and terminating Pods apart", () => {
    const world = settled(
      service(),
      deployment(1, "web", {
        readinessProbe: { exec: { command: ["false"] }, periodSeconds: 1000 },
      }),
    );
    expect(slicesOf(world)[0].endpoints[0].conditions).toEqual({
      ready: false,
      serving: false,
      terminating: false,
    });
    expect(endpointsOf(world).subsets[0].addresses).toBeUndefined();
    expect(endpointsOf(world).subsets[0].notReadyAddresses).toHaveLength(1);
    world.patch("/api/v1/namespaces/default/services/web", {
      spec: { publishNotReadyAddresses: true },
    });
    world.settle();
    expect(slicesOf(world)[0].endpoints[0].conditions).toEqual({
      ready: true,
      serving: false,
      terminating: false,
    });
    expect(endpointsOf(world).subsets[0].addresses).toHaveLength(1);
  });

  test("a terminating Pod is told as such until it is gone", () => {
    const world = settled(
      service(),
      deployment(2, "web", { lifecycle: { preStop: { sleep: { seconds: 10 } } } }),
    );
    const [victim] = world.pods();
    world.delete(`/api/v1/namespaces/default/pods/${victim.metadata.name}`);
    world.advance(1);
    const told = slicesOf(world)[0].endpoints.find(
      (e: { targetRef: { name: string } }) => e.targetRef.name === victim.metadata.name,
    );
    expect(told.conditions).toEqual({ ready: false, serving: true, terminating: true });
    const ips = (endpointsOf(world).subsets ?? [])
      .flatMap((s: { addresses?: { ip: string }[] }) => s.addresses ?? [])
      .map((a: { ip: string }) => a.ip);
    expect(ips).not.toContain(victim.status.podIP);
    world.settle();
    expect(
      slicesOf(world)[0].endpoints.map((e: { targetRef: { name: string } }) => e.targetRef.name),
    ).not.toContain(victim.metadata.name);
  });

  test("hold a hundred endpoints each", () => {
    const world = settled(service(), deployment(120));
    const sizes = slicesOf(world).map((s: { endpoints: unknown[] }) => s.endpoints.length);
    expect(sizes.reduce((a: number, b: number) => a + b, 0)).toBe(120);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(endpointsOf(world).subsets[0].addresses).toHaveLength(120);
  });

  test("of a headless Service carry hostnames", () => {
    const world = settled(service("db", { clusterIP: "None" }), {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "db-0", namespace: "default", labels: { app: "db" } },
      spec: {
        hostname: "db-0",
        subdomain: "db",
        containers: [
          {
            name: "c",
            image: "registry.k8s.io/pause:3.10",
            ports: [{ name: "http", containerPort: 5432 }],
          },
        ],
      },
    });
    const [slice] = slicesOf(world, "db");
    expect(slice.endpoints[0].hostname).toBe("db-0");
    expect(slice.metadata.labels["service.kubernetes.io/headless"]).toBe("");
    expect(endpointsOf(world, "db").metadata.labels).toEqual({
      "endpoints.kubernetes.io/managed-by": "endpoint-controller",
      "service.kubernetes.io/headless": "",
    });
    expect(endpointsOf(world, "db").subsets[0].addresses[0].hostname).toBe("db-0");
  });

  test("come back when deleted, and go with their Service", () => {
    const world = settled(service(), deployment(1));
    const [slice] = slicesOf(world);
    world.delete(
      `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/${slice.metadata.name}`,
    );
    world.delete("/api/v1/namespaces/default/endpoints/web");
    world.settle();
    expect(slicesOf(world)).toHaveLength(1);
    expect(slicesOf(world)[0].metadata.uid).not.toBe(slice.metadata.uid);
    expect(endpointsOf(world).subsets[0].addresses).toHaveLength(1);
    world.delete("/api/v1/namespaces/default/services/web");
    world.settle();
    expect(slicesOf(world)).toEqual([]);
    expect(world.request("GET", "/api/v1/namespaces/default/endpoints/web").status).toBe(404);
  });

  test("Endpoints that others write to stay so until a Pod moves, also without a Service", () => {
    const world = settled(service(), deployment(1));
    world.patch("/api/v1/namespaces/default/endpoints/web", { subsets: null });
    world.create({
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "alone" },
      subsets: [{ addresses: [{ ip: "10.0.0.24" }], ports: [{ port: 80 }] }],
    });
    world.settle();
    expect(endpointsOf(world).subsets).toBeUndefined();
    expect(endpointsOf(world, "alone").subsets).toHaveLength(1);
    world.patch("/apis/apps/v1/namespaces/default/deployments/web", { spec: { replicas: 2 } });
    world.settle();
    expect(endpointsOf(world).subsets[0].addresses).toHaveLength(2);
  });

  test("mirror Endpoints that somebody wrote by hand", () => {
    const world = settled(service("out", { selector: null, ports: [{ port: 5432 }] }), {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "out", namespace: "default" },
      subsets: [{ addresses: [{ ip: "192.0.2.7" }], ports: [{ port: 5432 }] }],
    });
    const [slice] = slicesOf(world, "out");
    expect(slice.metadata.labels["endpointslice.kubernetes.io/managed-by"]).toBe(
      "endpointslicemirroring-controller.k8s.io",
    );
    expect(slice.endpoints).toEqual([{ addresses: ["192.0.2.7"], conditions: { ready: true } }]);
    world.delete("/api/v1/namespaces/default/endpoints/out");
    world.settle();
    expect(slicesOf(world, "out")).toEqual([]);
  });

  const byHand = (more: object = {}, subsets: object[] = []): object => ({
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "out", namespace: "default", ...more },
    subsets,
  });
  const subset = (ip: string, ports: object[], more: object = {}): object => ({
    addresses: [{ ip }],
    ports,
    ...more,
  });
  const free = (): object => service("out", { selector: null, ports: [{ port: 5432 }] });

  test("mirrors follow: ports together, families apart, labels, what somebody changed", () => {
    const web = [{ name: "web", port: 80 }];
    const world = settled(
      free(),
      byHand({ labels: { a: "b" }, annotations: { note: "x" } }, [
        subset("192.0.2.1", web, { notReadyAddresses: [{ ip: "192.0.2.2" }] }),
        subset("192.0.2.3", web),
        subset("2001:db8::1", web),
        subset("192.0.2.4", [{ name: "other", port: 81 }]),
      ]),
    );
    const told = () =>
      slicesOf(world, "out")
        .map(
          (one: {
            addressType: string;
            ports: { name: string }[];
            endpoints: { addresses: string[]; conditions: { ready: boolean } }[];
          }) =>
            [
              one.addressType,
              one.ports[0]!.name,
              ...one.endpoints.map((e) => `${e.addresses[0]} ${e.conditions.ready}`),
            ].join(" "),
        )
        .sort();
    const all = [
      "IPv4 other 192.0.2.4 true",
      "IPv4 web 192.0.2.1 true 192.0.2.2 false 192.0.2.3 true",
      "IPv6 web 2001:db8::1 true",
    ];
    expect(told()).toEqual(all);
    expect(slicesOf(world, "out")[0].metadata).toMatchObject({
      labels: { a: "b" },
      annotations: { note: "x" },
    });
    world.patch("/api/v1/namespaces/default/endpoints/out", { metadata: { labels: { a: "c" } } });
    world.settle();
    for (const slice of slicesOf(world, "out")) expect(slice.metadata.labels.a).toBe("c");
    const path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
    const [first, second] = slicesOf(world, "out");
    world.delete(`${path}/${first.metadata.name}`);
    world.patch(`${path}/${second.metadata.name}`, { endpoints: [{ addresses: ["192.0.2.99"] }] });
    world.settle();
    expect(told()).toEqual(all);
  });

  test("no mirrors of what says so, of a leader's election, of a Service that selects", () => {
    const port = [{ port: 80 }];
    for (const more of [
      { labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
      { annotations: { "control-plane.alpha.kubernetes.io/leader": "{}" } },
    ]) {
      const world = settled(free(), byHand(more, [subset("192.0.2.1", port)]));
      expect(slicesOf(world, "out")).toEqual([]);
    }
    const world = settled(free(), byHand({}, [subset("192.0.2.1", port)]));
    expect(slicesOf(world, "out")).toHaveLength(1);
    world.patch("/api/v1/namespaces/default/services/out", { spec: { selector: { app: "x" } } });
    world.settle();
    const managers = slicesOf(world, "out").map(
      (one: { metadata: { labels: Record<string, string> } }) =>
        one.metadata.labels["endpointslice.kubernetes.io/managed-by"],
    );
    expect(managers).not.toContain("endpointslicemirroring-controller.k8s.io");
  });

  test("a subset that is too large is mirrored in part, and that is told", () => {
    const addresses = Array.from({ length: 1010 }, (_, i) => ({ ip: `10.1.${i >> 8}.${i & 255}` }));
    const world = settled(free(), byHand({}, [{ addresses, ports: [{ port: 80 }] }]));
    const [slice, ...others] = slicesOf(world, "out");
    expect([slice.endpoints.length, others.length]).toEqual([1000, 0]);
    expect(world.events("out")).toEqual([
      "Warning TooManyAddressesToMirror A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 10 addresses were skipped",
    ]);
  });

  test("nothing is written again once all is told", () => {
    const world = settled(service(), deployment(2));
    const before = [slicesOf(world)[0], endpointsOf(world)].map((o) => o.metadata.resourceVersion);
    world.patch("/api/v1/namespaces/default/services/web", {
      metadata: { annotations: { note: "x" } },
    });
    world.settle();
    expect([slicesOf(world)[0], endpointsOf(world)].map((o) => o.metadata.resourceVersion)).toEqual(
      before,
    );
  });
});

describe("a Service of type LoadBalancer", () => {
  const url = "/api/v1/namespaces/default/services/web";
  const external = (world: World) =>
    world.rows("/api/v1/namespaces/default/services").find((r) => r["Name"] === "web")?.[
      "External-IP"
    ];

  test("waits for its address, gets it, keeps it", () => {
    const world = new World();
    world.create(service("web", { type: "LoadBalancer" }));
    world.advance(0);
    expect(external(world)).toBe("<pending>");
    expect(world.get(url).metadata.finalizers).toEqual([
      "service.kubernetes.io/load-balancer-cleanup",
    ]);
    world.settle();
    expect(external(world)).toBe("172.18.255.200");
    expect(world.events("web")).toEqual([
      "Normal EnsuringLoadBalancer Ensuring load balancer",
      "Normal EnsuredLoadBalancer Ensured load balancer",
    ]);
    world.create(service("other", { type: "LoadBalancer" }));
    world.settle();
    expect(
      world.get("/api/v1/namespaces/default/services/other").status.loadBalancer.ingress,
    ).toEqual([{ ip: "172.18.255.201", ipMode: "VIP" }]);
  });

  test("gives its address back when it changes its type or goes", () => {
    const world = new World();
    world.create(service("web", { type: "LoadBalancer" }));
    world.settle();
    world.patch(url, { spec: { type: "ClusterIP" } });
    world.settle();
    expect(world.get(url).status.loadBalancer).toEqual({});
    expect(world.get(url).metadata.finalizers).toBeUndefined();
    world.patch(url, { spec: { type: "LoadBalancer" } });
    world.settle();
    world.delete(url);
    world.settle();
    expect(world.request("GET", url).status).toBe(404);
  });

  test("with a class of another controller stays pending", () => {
    const world = new World();
    world.create(service("web", { type: "LoadBalancer", loadBalancerClass: "example.com/lb" }));
    world.settle();
    expect(external(world)).toBe("<pending>");
  });
});
