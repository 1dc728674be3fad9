import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";
import {
  claim,
  claimOf,
  deviceClass,
  devicesOf,
  driver,
  driverRights,
  driverSet,
  pod,
  request,
  template,
} from "../scheduler/devices-world.ts";

const slices = "/apis/resource.k8s.io/v1/resourceslices";

function world(env = "", nodes = 1): World {
  const w = new World({ nodes });
  w.advance(1000);
  w.create(deviceClass(), driverRights, driverSet(env));
  w.advance(60_000);
  return w;
}
const log = (w: World, name: string): string => {
  const answer = w.request("GET", `/api/v1/namespaces/default/pods/${name}/log`, undefined, {
    accept: "*/*",
  });
  return answer.text;
};
const variables = (w: World, name: string): string[] =>
  log(w, name)
    .split("\n")
    .filter((line) => /^(GPU_|DRA_|KUBERNETES_NODE_NAME)/.test(line));

describe("the example driver of dynamic resource allocation", () => {
  test("the status of a container tells of the devices of its claims", () => {
    const w = world();
    w.create(
      claim("c", [request("a"), request("b")]),
      pod("p", { resourceClaimName: "c" }),
      pod(
        "part",
        { resourceClaimName: "c" },
        {
          containers: [
            {
              name: "c",
              image: "busybox:1.37",
              command: ["sleep", "9999"],
              resources: { claims: [{ name: "gpu", request: "b" }] },
            },
          ],
        },
      ),
    );
    w.advance(20_000);
    const of = (name: string) => w.pod(name).status.containerStatuses[0].allocatedResourcesStatus;
    // The driver's first CDI device is that of all its claims, by which they are called.
    const resources = [{ resourceID: "k8s.gpu.example.com/gpu=common", health: "Unknown" }];
    expect(of("p")).toEqual([{ name: "claim:gpu", resources }]);
    expect(of("part")).toEqual([{ name: "claim:gpu/b", resources }]);
  });

  test("its log tells of each claim that it prepares and lets go of", () => {
    const w = world();
    w.create(claim("c", [request("a")]), pod("p", { resourceClaimName: "c" }));
    w.advance(20_000);
    const { uid } = w.get("/apis/resource.k8s.io/v1/namespaces/default/resourceclaims/c").metadata;
    w.request("DELETE", "/api/v1/namespaces/default/pods/p");
    w.advance(60_000);
    const driverPod = w
      .get("/api/v1/pods")
      .items.find((one: { spec: { containers: { image: string }[] } }) =>
        one.spec.containers[0]?.image.includes("dra-example-driver"),
      );
    const { namespace, name } = driverPod.metadata;
    const { text } = w.request("GET", `/api/v1/namespaces/${namespace}/pods/${name}/log`);
    const lines = text.split("\n").filter((line: string) => line.includes("driver.go"));
    const device = `[k8s.gpu.example.com/gpu=common k8s.gpu.example.com/gpu=${uid}-gpu-0]`;
    expect(
      lines.map((line: string) => line.replace(/^I\d{4} [\d:.]+ +1 driver\.go:\d+\] /, "")),
    ).toEqual([
      "PrepareResourceClaims is called: number of claims: 1",
      `Returning newly prepared devices for claim '${uid}': [{[a] node-1 gpu-0 ${device}}]`,
      "UnprepareResourceClaims is called: number of claims: 1",
    ]);
  });

  test("tells of its node's devices, and again when they are taken away", () => {
    const w = world("", 2);
    const list = w.get(slices).items;
    expect(list.map((one: { spec: { nodeName: string } }) => one.spec.nodeName).sort()).toEqual([
      "node-1",
      "node-2",
    ]);
    const [first] = list;
    const node = w.get(`/api/v1/nodes/${first.spec.nodeName}`);
    expect(first.metadata.name).toMatch(
      new RegExp(`^${node.metadata.name}-gpu\\.example\\.com-[a-z0-9]{5}$`),
    );
    expect(first.metadata.ownerReferences).toEqual([
      {
        apiVersion: "v1",
        kind: "Node",
        name: node.metadata.name,
        uid: node.metadata.uid,
        controller: true,
      },
    ]);
    expect(first.spec.devices.map((one: { name: string }) => one.name)).toEqual([
      "gpu-0",
      "gpu-1",
      "gpu-2",
      "gpu-3",
    ]);
    expect(first.spec.devices[1]).toMatchObject({
      attributes: {
        index: { int: 1 },
        model: { string: "LATEST-GPU-MODEL" },
        driverVersion: { version: "1.0.0" },
      },
      capacity: { memory: { value: "80Gi" } },
    });
    w.delete(`${slices}/${first.metadata.name}`);
    w.advance(5000);
    expect(w.get(slices).items).toHaveLength(2);
    expect(
      w
        .get(slices)
        .items.some(
          (one: { metadata: { name: string } }) => one.metadata.name === first.metadata.name,
        ),
    ).toBe(false);
  });

  test("gives containers their devices in variables", () => {
    const w = world();
    w.create(template("single", [request("gpu")]));
    for (const name of ["pod0", "pod1"])
      w.create(pod(name, { resourceClaimTemplateName: "single" }));
    w.advance(20_000);
    const of = (name: string): string =>
      w.pod(name).status.resourceClaimStatuses[0].resourceClaimName;
    const uid = claimOf(w, of("pod0")).metadata.uid;
    expect(variables(w, "pod0").sort()).toEqual([
      "DRA_ADMIN_ACCESS=false",
      "DRA_RESOURCE_DRIVER_NAME=gpu.example.com",
      "GPU_DEVICE_0=gpu-0",
      "GPU_DEVICE_0_SHARING_STRATEGY=TimeSlicing",
      "GPU_DEVICE_0_TIMESLICE_INTERVAL=Default",
      `GPU_DEVICE_GPU_0_RESOURCE_CLAIM=${uid}`,
      "KUBERNETES_NODE_NAME=node-1",
    ]);
    expect(variables(w, "pod1")).toContain("GPU_DEVICE_1=gpu-1");
  });

  test("a Pod's status keeps the names of its claims to its end, and then they go", () => {
    const w = world();
    const containers = [
      {
        name: "c",
        image: "busybox:1.37",
        command: ["sh", "-c", "sleep 5"],
        resources: { claims: [{ name: "gpu" }] },
      },
    ];
    const source = { resourceClaimTemplateName: "single" };
    const watch = w.watch("/api/v1/namespaces/default/pods?watch=1&fieldSelector=metadata.name=p");
    w.create(
      template("single", [request("gpu")]),
      pod("p", source, { restartPolicy: "Never", containers }),
    );
    w.advance(20_000);
    const told = watch.read().map(({ object: { status } }) => status);
    const [first, ...names] = told.map((status) =>
      String(status.resourceClaimStatuses?.[0].resourceClaimName),
    );
    const [name] = names;
    expect(first).toBe("undefined");
    expect(name).toMatch(/^p-gpu-/);
    expect(new Set(names).size).toBe(1);
    expect(told.at(-1).phase).toBe("Succeeded");
    expect(
      w.request("GET", `/apis/resource.k8s.io/v1/namespaces/default/resourceclaims/${name}`).status,
    ).toBe(404);
  });

  test("by the parameters of a claim, request by request", () => {
    const w = world();
    const opaque = (sharing: object): object => ({
      opaque: {
        driver,
        parameters: { apiVersion: "gpu.resource.example.com/v1alpha1", kind: "GpuConfig", sharing },
      },
    });
    const config = [
      {
        requests: ["ts"],
        ...opaque({ strategy: "TimeSlicing", timeSlicingConfig: { interval: "Long" } }),
      },
      {
        requests: ["sp"],
        ...opaque({
          strategy: "SpacePartitioning",
          spacePartitioningConfig: { partitionCount: 10 },
        }),
      },
    ];
    w.create(claim("both", [request("ts"), request("sp")], { config }));
    const container = (name: string): object => ({
      name,
      image: "busybox:1.37",
      command: ["sh", "-c", "env; sleep 9999"],
      resources: { claims: [{ name: "gpu", request: name }] },
    });
    w.create(pod("p", { resourceClaimName: "both" }, { containers: ["ts", "sp"].map(container) }));
    w.advance(20_000);
    const of = (name: string): string[] =>
      w
        .request("GET", `/api/v1/namespaces/default/pods/p/log?container=${name}`, undefined, {
          accept: "*/*",
        })
        .text.split("\n")
        .filter((line) => /^GPU_DEVICE_\d/.test(line));
    expect(of("ts")).toEqual([
      "GPU_DEVICE_0=gpu-0",
      "GPU_DEVICE_0_SHARING_STRATEGY=TimeSlicing",
      "GPU_DEVICE_0_TIMESLICE_INTERVAL=Long",
    ]);
    expect(of("sp")).toEqual([
      "GPU_DEVICE_1=gpu-1",
      "GPU_DEVICE_1_SHARING_STRATEGY=SpacePartitioning",
      "GPU_DEVICE_1_PARTITION_COUNT=10",
    ]);
  });

  test("parameters that it does not know keep a Pod from starting", () => {
    const w = world();
    const parameters = {
      apiVersion: "gpu.resource.example.com/v1alpha1",
      kind: "GpuConfig",
      sharing: { strategy: "Luck" },
    };
    w.create(claim("c", [request("a")], { config: [{ opaque: { driver, parameters } }] }));
    w.create(pod("p", { resourceClaimName: "c" }));
    w.advance(5000);
    const { uid } = claimOf(w, "c").metadata;
    expect(w.events("p")).toContain(
      `Warning FailedPrepareDynamicResources Failed to prepare dynamic resources: prepare dynamic resources: NodePrepareResources failed for ResourceClaim c: error preparing devices for claim ${uid}: prepare failed: error applying config: error validating GPU config: unknown GPU sharing strategy: Luck`,
    );
    expect(w.rows("/api/v1/namespaces/default/pods/p")).toMatchObject([
      { Status: "ContainerCreating" },
    ]);
  });

  test("a Pod waits for a driver that is not there, and leaves nothing behind", () => {
    const w = world();
    const [{ metadata }] = w.pods("default", "app=dra");
    w.delete("/apis/apps/v1/namespaces/default/daemonsets/dra-example-driver-kubeletplugin");
    w.advance(10_000);
    expect(w.request("GET", `/api/v1/namespaces/default/pods/${metadata.name}`).status).toBe(404);
    w.create(claim("c", [request("a")]), pod("p", { resourceClaimName: "c" }));
    w.advance(5000);
    expect(w.events("p").at(-1)).toBe(
      "Warning FailedPrepareDynamicResources Failed to prepare dynamic resources: prepare dynamic resources: DRA driver gpu.example.com is not registered",
    );
    w.create(driverSet());
    w.advance(30_000);
    expect(variables(w, "p")).toContain("GPU_DEVICE_0=gpu-0");
    const cdi = (): string[] => {
      const files = w.request("GET", "/api/v1/namespaces/default/pods/look/log", undefined, {
        accept: "*/*",
      });
      return files.text.split("\n").filter(Boolean);
    };
    w.delete("/api/v1/namespaces/default/pods/p");
    w.advance(10_000);
    expect(devicesOf(w, "c")).toEqual([]);
    w.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "look" },
      spec: {
        containers: [
          {
            name: "c",
            image: "busybox:1.37",
            command: ["ls", "/cdi"],
            volumeMounts: [{ name: "cdi", mountPath: "/cdi" }],
          },
        ],
        volumes: [{ name: "cdi", hostPath: { path: "/var/run/cdi" } }],
      },
    });
    w.advance(10_000);
    expect(cdi()).toEqual(["k8s.gpu.example.com-gpu_common.json"]);
  });

  test("partitions of a GPU, or all of it", () => {
    const w = world('        - {name: GPU_PARTITIONS, value: "2"}');
    expect(w.get(slices).items).toHaveLength(2);
    const whole = {
      selectors: [{ cel: { expression: `has(device.attributes["${driver}"].full)` } }],
    };
    w.create(claim("part", [request("a")]), pod("p", { resourceClaimName: "part" }));
    w.advance(2000);
    w.create(
      claim("all", [request("a", { ...whole, count: 3 })]),
      pod("q", { resourceClaimName: "all" }),
    );
    w.advance(2000);
    expect(devicesOf(w, "part")).toEqual(["a=node-1/gpu-0-partition-0"]);
    expect(devicesOf(w, "all")).toEqual([1, 2, 3].map((i) => `a=node-1/gpu-${i}-full`));
  });

  test("without the right to, it says so and tries again", () => {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    w.create(
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: dra-example-driver-service-account}",
      driverSet(),
    );
    w.advance(20_000);
    const [{ metadata }] = w.pods("default", "app=dra");
    expect(log(w, metadata.name)).toContain(
      'nodes "node-1" is forbidden: User "system:serviceaccount:default:dra-example-driver-service-account" cannot get resource "nodes"',
    );
    expect(w.get(slices).items).toEqual([]);
  });
});
