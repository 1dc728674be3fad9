/** ServiceCIDRs and IPAddresses. k8s: test/e2e/network/service_cidrs.go, pkg/controller/servicecidrs */
import { beforeAll, expect, test } from "vitest";
import { World, type Answer } from "../../helpers/world.ts";

const ranges = "/apis/networking.k8s.io/v1/servicecidrs";
const addresses = "/apis/networking.k8s.io/v1/ipaddresses";
let world: World;
beforeAll(() => {
  world = new World({ nodes: 1 });
});

const service = (name: string, spec: object = {}): Answer =>
  world.request("POST", "/api/v1/namespaces/default/services", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { ports: [{ port: 80 }], ...spec },
  });
const range = (name: string, ...cidrs: string[]): Answer =>
  world.request("POST", ranges, {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name },
    spec: { cidrs },
  });

test("a cluster is born with its range, ready, and the addresses of its Services", () => {
  expect(world.print(ranges).replace(/\S+$/, "AGE")).toBe(
    "NAME         CIDRS          AGE\nkubernetes   10.96.0.0/12   AGE",
  );
  const { metadata, status } = world.get(`${ranges}/kubernetes`);
  expect(metadata.finalizers).toEqual(["networking.k8s.io/service-cidr-finalizer"]);
  expect(status.conditions).toEqual([
    {
      type: "Ready",
      status: "True",
      reason: "",
      message: "Kubernetes Service CIDR is ready",
      lastTransitionTime: metadata.creationTimestamp,
    },
  ]);
  expect(world.get(`${ranges}/kubernetes/status`).metadata.uid).toBe(metadata.uid);
  expect(world.print(addresses)).toBe(
    "NAME         PARENTREF\n10.96.0.1    services/default/kubernetes\n10.96.0.10   services/kube-system/kube-dns",
  );
});

test("a Service's address has an object as long as the Service is there", () => {
  const { clusterIP } = service("web").body.spec;
  world.settle();
  expect(world.get(`${addresses}/${clusterIP}`)).toMatchObject({
    metadata: {
      labels: {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
      },
    },
    spec: { parentRef: { resource: "services", namespace: "default", name: "web" } },
  });
  world.delete(`${addresses}/${clusterIP}`);
  world.settle();
  expect(world.get(`${addresses}/${clusterIP}`).spec.parentRef.name).toBe("web");
  expect(world.events("web")).toContain(
    `Warning ClusterIPNotAllocated Cluster IP [IPv4]: ${clusterIP} is not allocated; repairing`,
  );
  world.delete("/api/v1/namespaces/default/services/web");
  world.settle();
  expect(world.request("GET", `${addresses}/${clusterIP}`).status).toBe(404);
});

test("an address that somebody took is not given out, and a leaked one is cleaned up", () => {
  const taken = (name: string, labels: Record<string, string>): object => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    metadata: { name, labels },
    spec: { parentRef: { resource: "services", namespace: "default", name: "ghost" } },
  });
  world.request("POST", addresses, taken("10.96.7.7", {}));
  expect(service("wants", { clusterIP: "10.96.7.7" }).body.message).toBe(
    'Service "wants" is invalid: spec.clusterIPs: Invalid value: ["10.96.7.7"]: failed to allocate IP 10.96.7.7: provided IP is already allocated',
  );
  const managed = { "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" };
  world.request("POST", addresses, taken("10.96.7.8", managed));
  world.advance(30_000);
  expect(world.request("GET", `${addresses}/10.96.7.8`).status).toBe(200);
  world.advance(35_000);
  expect(world.request("GET", `${addresses}/10.96.7.8`).status).toBe(404);
  // Nobody's business but the one's who made it.
  expect(world.request("GET", `${addresses}/10.96.7.7`).status).toBe(200);
});

test("another range is ready at once, gives addresses, and goes with the last of them", () => {
  expect(service("early", { clusterIP: "203.0.113.10" }).body.message).toMatch(
    "failed to allocate IP 203.0.113.10: the provided network does not match the current range",
  );
  expect(range("test-svc-cidr", "203.0.113.0/24").status).toBe(201);
  world.settle();
  const ready = (): object => world.get(`${ranges}/test-svc-cidr`).status.conditions[0];
  expect(ready()).toMatchObject({ type: "Ready", status: "True" });
  expect(service("inside", { clusterIP: "203.0.113.10" }).status).toBe(201);
  world.delete(`${ranges}/test-svc-cidr`);
  world.advance(30_000);
  expect(ready()).toMatchObject({
    status: "False",
    reason: "Terminating",
    message:
      "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
  });
  expect(service("late", { clusterIP: "203.0.113.11" }).status).toBe(422);
  world.delete("/api/v1/namespaces/default/services/inside");
  world.advance(15_000);
  expect(world.request("GET", `${ranges}/test-svc-cidr`).status).toBe(404);
});

test.each<[string, string[], string]>([
  ["none", [], "spec.cidrs: Required value: at least one CIDR required"],
  [
    "two of a family",
    ["10.0.0.0/24", "10.1.0.0/24"],
    'spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
  ],
  [
    "three",
    ["10.0.0.0/24", "2001:db8::/64", "10.1.0.0/24"],
    'spec.cidrs: Invalid value: {"cidrs":["10.0.0.0/24","2001:db8::/64","10.1.0.0/24"]}: may only hold up to 2 values',
  ],
])("bad ranges: %s", (_name, cidrs, problem) => {
  expect(range("bad", ...cidrs).body.message).toBe(
    `ServiceCIDR.networking.k8s.io "bad" is invalid: ${problem}`,
  );
});

test("ranges do not change, and addresses are named by themselves", () => {
  const patch = (cidrs: string[]): Answer =>
    world.request(
      "PATCH",
      `${ranges}/kubernetes`,
      { spec: { cidrs } },
      {
        type: "application/merge-patch+json",
      },
    );
  expect(patch(["10.0.0.0/12"]).body.message).toBe(
    'ServiceCIDR.networking.k8s.io "kubernetes" is invalid: spec.cidrs[0]: Invalid value: "10.0.0.0/12": field is immutable',
  );
  const named = world.request("POST", addresses, {
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    metadata: { name: "ten.zero" },
  });
  expect(named.body.details.causes.map((c: { message: string }) => c.message)).toEqual([
    'Invalid value: "ten.zero": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    "Required value",
  ]);
});

test("an address is free as soon as its Service is gone, for one of another name too", () => {
  const world = new World({ nodes: 1 });
  world.advance(1_000);
  const service = (name: string): object => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { clusterIP: "10.96.200.7", ports: [{ port: 80 }] },
  });
  world.create(service("one"));
  world.advance(1_000);
  world.delete("/api/v1/namespaces/default/services/one");
  world.create(service("two"));
  world.advance(1_000);
  const { spec } = world.get("/apis/networking.k8s.io/v1/ipaddresses/10.96.200.7");
  expect(spec.parentRef.name).toBe("two");
  expect(
    world.request("POST", "/api/v1/namespaces/default/services", service("three")).text,
  ).toContain("provided IP is already allocated");
});
