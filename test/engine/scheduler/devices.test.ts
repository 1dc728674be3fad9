import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";
import {
  claim,
  claimOf,
  deviceClass,
  devicesOf,
  driver,
  gpu,
  pod,
  request,
  scheduled,
  slice,
  template,
} from "./devices-world.ts";

const path = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims";

/** A node with four devices and a class for them. */
function world(nodes = 1): World {
  const w = new World({ nodes });
  w.advance(1000);
  w.create(deviceClass());
  for (const name of nodesOf(w))
    w.create(
      slice(
        name,
        [0, 1, 2, 3].map((i) => gpu(i)),
      ),
    );
  return w;
}
const nodesOf = (w: World): string[] =>
  w
    .get("/api/v1/nodes")
    .items.map((n: { metadata: { name: string } }) => n.metadata.name)
    .filter((name: string) => name !== "control-plane");
const nodeOf = (w: World): string => nodesOf(w)[0] ?? "";
const where = (w: World): string => `${nodeOf(w)}/`;

describe("what a claim gets", () => {
  const cases: { name: string; spec: Parameters<typeof claim>; gets: string[] }[] = [
    { name: "any one device", spec: ["c", [request("a")]], gets: ["a=gpu-0"] },
    {
      name: "several",
      spec: ["c", [request("a", { count: 3 })]],
      gets: ["a=gpu-0", "a=gpu-1", "a=gpu-2"],
    },
    {
      name: "all of them",
      spec: ["c", [request("a", { allocationMode: "All" })]],
      gets: ["a=gpu-0", "a=gpu-1", "a=gpu-2", "a=gpu-3"],
    },
    {
      name: "selected by an attribute, a version and a capacity",
      spec: [
        "c",
        [
          request("old", {
            selectors: [{ cel: { expression: `device.attributes["${driver}"].model == "OLD"` } }],
          }),
          request("new", {
            selectors: [
              {
                cel: {
                  expression: `device.attributes["${driver}"].driverVersion.isGreaterThan(semver("1.0.0"))`,
                },
              },
            ],
          }),
          request("big", {
            selectors: [
              {
                cel: {
                  expression: `device.capacity["${driver}"].memory.compareTo(quantity("40Gi")) >= 0`,
                },
              },
            ],
          }),
        ],
      ],
      gets: ["old=gpu-2", "new=gpu-1", "big=gpu-3"],
    },
    {
      name: "the first alternative that there is",
      spec: [
        "c",
        [
          {
            name: "a",
            firstAvailable: [
              { name: "five", deviceClassName: driver, count: 5 },
              { name: "two", deviceClassName: driver, count: 2 },
            ],
          },
        ],
      ],
      gets: ["a/two=gpu-0", "a/two=gpu-1"],
    },
    {
      name: "two of one place",
      spec: [
        "c",
        [
          request("a", {
            selectors: [{ cel: { expression: `device.attributes["${driver}"].index > 0` } }],
          }),
          request("b"),
        ],
        { constraints: [{ requests: ["a", "b"], matchAttribute: `${driver}/numa` }] },
      ],
      gets: ["a=gpu-1", "b=gpu-0"],
    },
    {
      name: "two of different models",
      spec: [
        "c",
        [request("a", { count: 2 })],
        { constraints: [{ distinctAttribute: `${driver}/model` }] },
      ],
      gets: ["a=gpu-0", "a=gpu-2"],
    },
  ];
  for (const { name, spec, gets } of cases)
    test(name, () => {
      const w = world();
      w.create(claim(...spec), pod("p", { resourceClaimName: "c" }));
      w.advance(2000);
      const on = where(w);
      expect(devicesOf(w, "c")).toEqual(gets.map((one) => one.replace("=", `=${on}`)));
      const { status, metadata } = claimOf(w, "c");
      expect(status.allocation.nodeSelector.nodeSelectorTerms).toEqual([
        { matchFields: [{ key: "metadata.name", operator: "In", values: [nodeOf(w)] }] },
      ]);
      expect(status.reservedFor).toEqual([
        { resource: "pods", name: "p", uid: w.pod("p").metadata.uid },
      ]);
      expect(metadata.finalizers).toEqual(["resource.kubernetes.io/delete-protection"]);
      expect(w.events("p")).toContain(
        `Normal Scheduled Successfully assigned default/p to ${nodeOf(w)}`,
      );
    });

  test("configuration of class and claim", () => {
    const w = world();
    const opaque = (x: number): object => ({ opaque: { driver, parameters: { x } } });
    w.patch(`/apis/resource.k8s.io/v1/deviceclasses/${driver}`, { spec: { config: [opaque(1)] } });
    const config = [{ requests: ["b"], ...opaque(2) }, opaque(3)];
    w.create(claim("c", [request("a"), request("b")], { config }));
    w.create(pod("p", { resourceClaimName: "c" }));
    w.advance(2000);
    expect(claimOf(w, "c").status.allocation.devices.config).toEqual([
      { source: "FromClass", requests: ["a", "b"], ...opaque(1) },
      { source: "FromClaim", requests: ["b"], ...opaque(2) },
      { source: "FromClaim", ...opaque(3) },
    ]);
  });
});

describe("what does not fit", () => {
  const tainted = "1 node(s) had untolerated taint(s)";
  const unhelped = (n: number, why: string, first = "still not schedulable"): string =>
    `0/${n} nodes are available: ${why}. ${first}, preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`;
  const onNode = (...why: string[]): string =>
    unhelped(why.length + 1, [...why, tainted].sort().join(", "));

  test("no device is left until another Pod ends, with its claim", () => {
    const w = world();
    w.create(template("t", [request("a", { count: 3 })]));
    w.create(pod("one", { resourceClaimTemplateName: "t" }));
    w.advance(1000);
    w.create(pod("two", { resourceClaimTemplateName: "t" }));
    w.advance(1000);
    const says = onNode("1 cannot allocate all claims");
    expect(scheduled(w, "two")).toBe(says);
    expect(w.events("two")).toEqual([`Warning FailedScheduling ${says}`]);
    w.delete("/api/v1/namespaces/default/pods/one");
    w.advance(5000);
    expect(w.pod("two").spec.nodeName).toBe(nodeOf(w));
    expect(w.get(path).items).toHaveLength(1);
  });

  test("a class that does not exist", () => {
    const w = world();
    w.create(claim("c", [{ name: "a", exactly: { deviceClassName: "none" } }]));
    w.create(pod("p", { resourceClaimName: "c" }));
    w.advance(1000);
    const why = "request a: device class none does not exist";
    expect(scheduled(w, "p")).toBe(unhelped(2, why, "no new claims to deallocate"));
    w.create(deviceClass("none"));
    w.advance(1000);
    expect(w.pod("p").spec.nodeName).toBe(nodeOf(w));
  });

  test("a selector that fails ends the attempt", () => {
    const w = world();
    const expression = `device.attributes["${driver}"].missing == "x"`;
    w.create(claim("c", [request("a", { selectors: [{ cel: { expression } }] })]));
    w.create(pod("p", { resourceClaimName: "c" }));
    w.advance(500);
    expect(scheduled(w, "p")).toBe(
      'running "DynamicResources" filter plugin: claim default/c: selector #0: CEL runtime error: no such key: missing',
    );
    expect(w.pod("p").status.conditions[0].reason).toBe("SchedulerError");
  });

  test("a pool of which a slice is missing, and one that contradicts itself", () => {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    const node = nodeOf(w);
    const pool = { name: node, generation: 1, resourceSliceCount: 2 };
    w.create(deviceClass(), slice(node, [gpu(0)], { pool }));
    w.create(claim("c", [request("a")]), pod("p", { resourceClaimName: "c" }));
    w.advance(1000);
    expect(scheduled(w, "p")).toBe(onNode("1 cannot allocate all claims"));
    w.create({ ...slice(node, [gpu(0)], { pool }), metadata: { name: "same" } });
    w.advance(1000);
    expect(scheduled(w, "p")).toBe(onNode("1 invalid resource pools were encountered"));
    w.patch("/apis/resource.k8s.io/v1/resourceslices/same", { spec: { devices: [gpu(1)] } });
    w.advance(1000);
    expect(devicesOf(w, "c")).toEqual([`a=${node}/gpu-0`]);
  });

  test("a tainted device is for those who tolerate it", () => {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    const taints = [{ key: "broken", effect: "NoSchedule" }];
    w.create(deviceClass(), slice(nodeOf(w), [gpu(0, { taints })]));
    w.create(claim("c", [request("a")]), pod("p", { resourceClaimName: "c" }));
    w.advance(1000);
    expect(scheduled(w, "p")).toBe(onNode("1 cannot allocate all claims"));
    const tolerations = [{ key: "broken", operator: "Exists" }];
    w.create(claim("d", [request("a", { tolerations })]), pod("q", { resourceClaimName: "d" }));
    w.advance(1000);
    expect(devicesOf(w, "d")).toEqual([`a=${where(w)}gpu-0`]);
    expect(claimOf(w, "d").status.allocation.devices.results[0].tolerations).toEqual(tolerations);
  });

  test("a search without end is given up", () => {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    const devices = Array.from({ length: 100 }, (_, i) => gpu(i));
    w.create(deviceClass(), slice(nodeOf(w), devices));
    const constraints = [{ matchAttribute: `${driver}/model` }];
    const needs = [
      request("a", { count: 10 }),
      request("b", { count: 10 }),
      request("c", {
        selectors: [{ cel: { expression: `device.attributes["${driver}"].index == 0` } }],
      }),
    ];
    w.create(claim("c", needs, { constraints }), pod("p", { resourceClaimName: "c" }));
    w.advance(1000);
    expect(scheduled(w, "p")).toBe(onNode("1 timed out trying to allocate devices"));
  });

  test("a claim that is there already keeps its Pod on its node; one that nobody uses lets go", () => {
    const w = world(2);
    const [a, b] = nodesOf(w);
    w.create(claim("c", [request("a")]));
    w.create(
      pod("p", { resourceClaimName: "c" }, { nodeSelector: { "kubernetes.io/hostname": a } }),
    );
    w.advance(1000);
    expect(devicesOf(w, "c")).toEqual([`a=${a}/gpu-0`]);
    w.create(
      pod("q", { resourceClaimName: "c" }, { nodeSelector: { "kubernetes.io/hostname": b } }),
    );
    w.advance(1000);
    expect(scheduled(w, "q")).toBe(
      onNode(
        "1 node(s) didn't match Pod's node affinity/selector",
        "1 resourceclaim not available on the node",
      ),
    );
    w.delete("/api/v1/namespaces/default/pods/p");
    w.advance(5000);
    expect(devicesOf(w, "c")).toEqual([`a=${b}/gpu-0`]);
  });
});

describe("claims of Pods", () => {
  test("are made of templates, named in the status, and gone with the Pod", () => {
    const w = world();
    const labels = { team: "blue" };
    w.create({
      ...template("t", [request("a")]),
      spec: { metadata: { labels }, spec: { devices: { requests: [request("a")] } } },
    });
    w.create(pod("p", { resourceClaimTemplateName: "t" }));
    w.advance(1000);
    const [made] = w.get(path).items;
    const { name, uid } = w.pod("p").metadata;
    expect(made.metadata.name).toMatch(/^p-gpu-[a-z0-9]{5}$/);
    expect(made.metadata).toMatchObject({
      generateName: "p-gpu-",
      labels,
      annotations: { "resource.kubernetes.io/pod-claim-name": "gpu" },
      ownerReferences: [
        { apiVersion: "v1", kind: "Pod", name, uid, controller: true, blockOwnerDeletion: true },
      ],
    });
    expect(w.pod("p").status.resourceClaimStatuses).toEqual([
      { name: "gpu", resourceClaimName: made.metadata.name },
    ]);
    expect(w.rows(path)).toMatchObject([{ State: "allocated,reserved" }]);
    w.delete("/api/v1/namespaces/default/pods/p");
    w.advance(10_000);
    expect(w.get(path).items).toEqual([]);
  });

  test("a template that does not exist is told, and waited for", () => {
    const w = world();
    w.create(pod("p", { resourceClaimTemplateName: "none" }));
    w.advance(1000);
    const [first] = w.events("p");
    expect(first).toBe(
      'Warning FailedResourceClaimCreation PodResourceClaim gpu: resource claim template "none": resourceclaimtemplate.resource.k8s.io "none" not found',
    );
    expect(w.events("p").some((e) => e.includes("FailedScheduling"))).toBe(false);
    w.create(template("none", [request("a")]));
    w.advance(60_000);
    expect(w.pod("p").spec.nodeName).toBe(nodeOf(w));
  });

  test("a Pod's other claims are made, whichever it waits for", () => {
    const w = world();
    w.create(template("t", [request("a")]));
    const resourceClaims = [
      { name: "gpu", resourceClaimName: "later" },
      { name: "more", resourceClaimTemplateName: "t" },
    ];
    w.create(pod("p", {}, { resourceClaims }));
    w.advance(1000);
    expect(w.get(path).items).toHaveLength(1);
    w.delete(`${path}/${w.get(path).items[0].metadata.name}`);
    w.advance(1000);
    expect(w.get(path).items).toHaveLength(1);
    w.create(claim("later", [request("a")]));
    w.advance(1000);
    expect(w.pod("p").spec.nodeName).toBe(nodeOf(w));
  });

  test("a Pod waits for a claim that its user has still to make", () => {
    const w = world();
    w.create(pod("p", { resourceClaimName: "later" }));
    w.advance(1000);
    expect(w.events("p")).toEqual([]);
    w.create(claim("later", [request("a")]));
    w.advance(1000);
    expect(w.pod("p").spec.nodeName).toBe(nodeOf(w));
  });

  test("two Pods share one; it is deleted when both are gone", () => {
    const w = world();
    w.create(claim("c", [request("a")]));
    for (const name of ["p", "q"]) w.create(pod(name, { resourceClaimName: "c" }));
    w.advance(1000);
    expect(claimOf(w, "c").status.reservedFor.map((one: { name: string }) => one.name)).toEqual([
      "p",
      "q",
    ]);
    w.delete(`${path}/c`);
    w.advance(1000);
    expect(w.rows(path)).toMatchObject([{ State: "deleted,allocated,reserved" }]);
    w.delete("/api/v1/namespaces/default/pods/p");
    w.advance(5000);
    expect(claimOf(w, "c").status.reservedFor).toHaveLength(1);
    w.delete("/api/v1/namespaces/default/pods/q");
    w.advance(5000);
    expect(w.request("GET", `${path}/c`).status).toBe(404);
  });

  test("a Pod that was put on its node asks in vain for a claim that goes, and once", () => {
    const w = world();
    w.create(claim("c", [request("a")]), pod("p", { resourceClaimName: "c" }));
    w.advance(10_000);
    expect(w.request("DELETE", `${path}/c`).status).toBe(200);
    w.create(pod("late", { resourceClaimName: "c" }, { nodeName: nodeOf(w) }));
    w.advance(600_000);
    expect(claimOf(w, "c").status.reservedFor).toMatchObject([{ name: "p" }]);
    expect([...w.engine.store.recordKeys("attempts")]).toEqual([]);
    expect(w.pod("late").status.phase).toBe("Pending");
  });

  test("who looks after devices gets those that others use", () => {
    const w = world();
    w.patch("/api/v1/namespaces/default", {
      metadata: { labels: { "resource.kubernetes.io/admin-access": "true" } },
    });
    w.create(claim("c", [request("a", { allocationMode: "All" })]));
    w.create(pod("p", { resourceClaimName: "c" }));
    w.advance(1000);
    w.create(
      claim("d", [request("a", { adminAccess: true })]),
      pod("q", { resourceClaimName: "d" }),
    );
    w.advance(1000);
    expect(claimOf(w, "d").status.allocation.devices.results).toEqual([
      { request: "a", driver, pool: nodeOf(w), device: "gpu-0", adminAccess: true },
    ]);
  });

  test("devices that share counters", () => {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    const node = nodeOf(w);
    const pool = { name: node, generation: 1, resourceSliceCount: 2 };
    const counters = { memory: { value: "80Gi" } };
    const part = (name: string, value: string): Record<string, unknown> => ({
      name,
      consumesCounters: [{ counterSet: "gpu", counters: { memory: { value } } }],
    });
    w.create(deviceClass());
    w.create({
      apiVersion: "resource.k8s.io/v1",
      kind: "ResourceSlice",
      metadata: { name: "counters" },
      spec: { driver, nodeName: node, pool, sharedCounters: [{ name: "gpu", counters }] },
    });
    w.create(
      slice(node, [part("half-0", "40Gi"), part("half-1", "40Gi"), part("full", "80Gi")], { pool }),
    );
    for (const name of ["c", "d", "e"]) {
      w.create(claim(name, [request("a")]), pod(name, { resourceClaimName: name }));
      w.advance(1000);
    }
    expect([..."cde"].map((name) => devicesOf(w, name))).toEqual([
      [`a=${node}/half-0`],
      [`a=${node}/half-1`],
      [],
    ]);
  });

  test("after a loss of memory the same devices are taken", () => {
    const w = world();
    w.create(claim("c", [request("a", { count: 2 })]), pod("p", { resourceClaimName: "c" }));
    w.advance(1000);
    w.evict();
    w.create(claim("d", [request("a", { count: 2 })]), pod("q", { resourceClaimName: "d" }));
    w.advance(1000);
    expect(devicesOf(w, "d")).toEqual([`a=${where(w)}gpu-2`, `a=${where(w)}gpu-3`]);
  });
});

describe("a device that turns bad", () => {
  const taint = (w: World, timeAdded?: string): void => {
    const taints = [{ key: "broken", effect: "NoExecute", ...(timeAdded ? { timeAdded } : {}) }];
    const devices = [gpu(0, { taints }), gpu(1)];
    w.patch(`/apis/resource.k8s.io/v1/resourceslices/${nodeOf(w)}-gpus`, { spec: { devices } });
  };
  const tolerations = (tolerationSeconds?: number): object[] => [
    {
      key: "broken",
      operator: "Exists",
      effect: "NoExecute",
      ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
    },
  ];
  const running = (...requests: Record<string, unknown>[]): World => {
    const w = world();
    w.create(claim("c", requests), pod("p", { resourceClaimName: "c" }));
    w.advance(1000);
    return w;
  };

  test("drives its Pod off", () => {
    const w = running(request("a"));
    const before = w.watch("/api/v1/namespaces/default/pods?watch=1");
    before.read();
    taint(w);
    w.advance(5000);
    expect(w.events("p")).toContain("Normal DeviceTaintManagerEviction Marking for deletion");
    const conditions = before.read().flatMap(({ object }) => object.status.conditions ?? []);
    expect(conditions).toContainEqual(
      expect.objectContaining({
        type: "DisruptionTarget",
        reason: "DeletionByDeviceTaintManager",
        message: "Device Taint manager: deleting due to NoExecute taint",
      }),
    );
    expect(w.request("GET", "/api/v1/namespaces/default/pods/p").status).toBe(404);
  });

  test("later where that is tolerated for a time, and not if it turns good again", () => {
    const w = running(request("a", { tolerations: tolerations(60) }));
    taint(w);
    w.advance(50_000);
    expect(w.pod("p").metadata.deletionTimestamp).toBeUndefined();
    w.patch(`/apis/resource.k8s.io/v1/resourceslices/${nodeOf(w)}-gpus`, {
      spec: { devices: [gpu(0)] },
    });
    w.advance(60_000);
    expect(w.pod("p").metadata.deletionTimestamp).toBeUndefined();
    expect(w.events("p")).toContain("Normal DeviceTaintManagerEviction Cancelling deletion");
    taint(w);
    w.advance(70_000);
    expect(w.request("GET", "/api/v1/namespaces/default/pods/p").status).toBe(404);
  });

  test("never where it is tolerated for ever", () => {
    const w = running(request("a", { tolerations: tolerations() }));
    taint(w);
    w.advance(600_000);
    expect(w.pod("p").metadata.deletionTimestamp).toBeUndefined();
  });
});

describe("selectors", () => {
  const refused = (expression: string): string[] => {
    const answer = world().request(
      "POST",
      path,
      claim("c", [request("a", { selectors: [{ cel: { expression } }] })]),
    );
    return answer.body.details?.causes.map(
      (c: { message: string; field: string }) => `${c.field}: ${c.message}`,
    );
  };
  const where = "spec.devices.requests[0].exactly.selectors[0].cel.expression";
  test("must be booleans over a device", () => {
    expect(refused("device.driver")).toEqual([
      `${where}: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string`,
    ]);
    expect(refused("device.color == 'red'")[0]).toContain(
      "compilation failed: ERROR: <input>:1:7: undefined field 'color'",
    );
    expect(refused("true &&")[0]).toContain("Syntax error");
  });
  test("must not cost too much", () => {
    const all = (of: string, inner: string): string => `device.attributes.all(${of}, ${inner})`;
    const costly = all("a", all("b", all("c", all("d", "device.attributes[a].all(x, x == d)"))));
    expect(refused(costly)).toEqual([`${where}: Forbidden: too complex, exceeds cost limit`]);
  });
  test("see empty maps where a domain is unknown", () => {
    const w = world();
    const expression = `!("x.org" in device.attributes) && !has(device.attributes["x.org"].y) && device.allowMultipleAllocations == false && cel.bind(d, device.attributes["${driver}"], d.index == 2 && d.numa == 1)`;
    w.create(claim("c", [request("a", { selectors: [{ cel: { expression } }] })]));
    w.create(pod("p", { resourceClaimName: "c" }));
    w.advance(1000);
    expect(devicesOf(w, "c")).toEqual([`a=${nodeOf(w)}/gpu-2`]);
  });
});

/** k8s: dynamic-resource-allocation/structured/internal/incubating/consumable_capacity.go */
describe("a device that several claims share", () => {
  type Policy = Record<string, unknown>;
  function shared(requestPolicy?: Policy, more: object = {}): World {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    const memory = { value: "10Gi", ...(requestPolicy ? { requestPolicy } : {}) };
    const device = { capacity: { memory }, allowMultipleAllocations: true, ...more };
    w.create(deviceClass(), slice(nodeOf(w), [gpu(0, device)]));
    return w;
  }
  const asks = (memory?: string, more: object = {}) =>
    request("a", { ...(memory ? { capacity: { requests: { memory } } } : {}), ...more });
  function give(w: World, name: string, ...requests: Parameters<typeof claim>[1]): string[] {
    w.create(claim(name, requests), pod(name, { resourceClaimName: name }));
    w.advance(2000);
    const { status } = w.get(`${path}/${name}`);
    return (status?.allocation?.devices.results ?? []).map(
      (one: { device: string; consumedCapacity: { memory: string } }) =>
        `${one.device} ${one.consumedCapacity.memory}`,
    );
  }

  test("as long as there is enough of it, each by a name of its own", () => {
    const w = shared();
    expect(give(w, "one", asks("6Gi"))).toEqual(["gpu-0 6Gi"]);
    expect(give(w, "two", asks("4Gi"))).toEqual(["gpu-0 4Gi"]);
    expect(give(w, "three", asks("1Gi"))).toEqual([]);
    const ids = ["one", "two"].map(
      (name) => w.get(`${path}/${name}`).status.allocation.devices.results[0].shareID,
    );
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[0]).not.toBe(ids[1]);
    w.delete("/api/v1/namespaces/default/pods/two");
    w.advance(30_000);
    w.delete(`${path}/two`);
    w.advance(60_000);
    expect(give(w, "four", asks("2Gi"))).toEqual(["gpu-0 2Gi"]);
  });

  test("whole, where nothing is said of how much", () => {
    const w = shared();
    expect(give(w, "one", asks())).toEqual(["gpu-0 10Gi"]);
    expect(give(w, "two", asks("1Gi"))).toEqual([]);
  });

  test.each([
    ["a default", { default: "3Gi" }, undefined, ["gpu-0 3Gi"]],
    ["the next valid value", { default: "2Gi", validValues: ["2Gi", "4Gi"] }, "3Gi", ["gpu-0 4Gi"]],
    ["none beyond the valid values", { default: "2Gi", validValues: ["2Gi", "4Gi"] }, "5Gi", []],
    ["at least the least", { default: "2Gi", validRange: { min: "2Gi" } }, "1Gi", ["gpu-0 2Gi"]],
    [
      "whole steps",
      { default: "2Gi", validRange: { min: "2Gi", step: "3Gi" } },
      "6Gi",
      ["gpu-0 8Gi"],
    ],
    [
      "no more than the most",
      { default: "2Gi", validRange: { min: "2Gi", max: "4Gi" } },
      "5Gi",
      [],
    ],
  ])("in parts that its policy allows: %s", (_name, policy, asked, gets) => {
    expect(give(shared(policy), "one", asks(asked))).toEqual(gets);
  });

  test("several times by one claim, and not where it lacks such a capacity", () => {
    expect(give(shared(), "one", asks("5Gi", { count: 2 }))).toEqual(["gpu-0 5Gi", "gpu-0 5Gi"]);
    const cores = { capacity: { requests: { cores: "1" } } };
    expect(give(shared(), "one", request("a", cores))).toEqual([]);
  });

  test("a device of one claim alone must have what is asked for, and is used whole", () => {
    const w = shared(undefined, { allowMultipleAllocations: false });
    w.create(claim("much", [asks("11Gi")]), pod("much", { resourceClaimName: "much" }));
    w.advance(2000);
    expect(w.get(`${path}/much`).status?.allocation).toBe(undefined);
    w.create(claim("some", [asks("1Gi")]), pod("some", { resourceClaimName: "some" }));
    w.advance(2000);
    const [result] = w.get(`${path}/some`).status.allocation.devices.results;
    expect(result.device).toBe("gpu-0");
    expect(result.consumedCapacity).toBe(undefined);
  });
});

/** k8s: pkg/scheduler/framework/plugins/dynamicresources PreBind, isPodReadyForBinding */
describe("devices that have to be made ready", () => {
  const binding = { bindingConditions: ["Attached"], bindingFailureConditions: ["AttachFailed"] };
  function waiting(more: object = {}): World {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    w.create(deviceClass(), slice(nodeOf(w), [gpu(0, { ...binding, ...more })]));
    w.create(claim("c", [request("a")]), pod("p", { resourceClaimName: "c" }));
    w.advance(2000);
    return w;
  }
  const say = (w: World, type: string, more: object = {}): void => {
    const { driver: of, pool, device } = w.get(`${path}/c`).status.allocation.devices.results[0];
    const since = "2026-01-01T00:00:00Z";
    const one = {
      type,
      status: "True",
      reason: "Done",
      message: "said",
      lastTransitionTime: since,
    };
    const conditions = [{ ...one, ...more }];
    w.patch(`${path}/c/status`, {
      status: { devices: [{ driver: of, pool, device, conditions }] },
    });
    w.advance(1);
  };
  const told = (w: World): string[] =>
    w.events("p").filter((text) => text.startsWith("Warning FailedScheduling"));

  test("keep a Pod from its node until their conditions hold", () => {
    const w = waiting();
    const { allocation } = w.get(`${path}/c`).status;
    expect(allocation.devices.results[0]).toMatchObject(binding);
    expect(allocation.allocationTimestamp).toMatch(/Z$/);
    expect(w.pod("p").spec.nodeName).toBe(undefined);
    expect(w.pod("p").status.nominatedNodeName).toBe(nodeOf(w));
    say(w, "Attached", { status: "False" });
    expect(w.pod("p").spec.nodeName).toBe(undefined);
    say(w, "Attached");
    expect(w.pod("p").spec.nodeName).toBe(nodeOf(w));
  });

  test("are given up when one fails", () => {
    const w = waiting();
    say(w, "AttachFailed", { reason: "NoCable", message: "not there" });
    expect(told(w)[0]).toBe(
      'Warning FailedScheduling running PreBind plugin "DynamicResources": claim c binding failed: reason=NoCable, message="not there"',
    );
    expect(told(w)[1]).toContain("deallocation of ResourceClaim completed");
    w.advance(2000);
    const { status } = w.get(`${path}/c`);
    expect(status.allocation?.allocationTimestamp).not.toBe("2026-01-01T00:00:01Z");
    expect(status.devices).toBe(undefined);
    expect(w.pod("p").spec.nodeName).toBe(undefined);
  });

  test("are given up after ten minutes", () => {
    const w = waiting();
    w.advance(590_000);
    expect(told(w)).toEqual([]);
    w.until(() => told(w).length > 1, 20_000);
    expect(told(w)[0]).toBe(
      'Warning FailedScheduling running PreBind plugin "DynamicResources": device binding timeout',
    );
  });

  test("are taken last, and bind their claim to the node where they say so", () => {
    const w = waiting({ bindsToNode: true });
    expect(w.get(`${path}/c`).status.allocation.nodeSelector).toEqual({
      nodeSelectorTerms: [
        { matchFields: [{ key: "metadata.name", operator: "In", values: [nodeOf(w)] }] },
      ],
    });
    const spec = { pool: { name: "zz", generation: 1, resourceSliceCount: 1 } };
    const second = slice(nodeOf(w), [gpu(1)], spec) as { metadata: { name: string } };
    w.create({ ...second, metadata: { name: "second" } });
    w.create(claim("d", [request("a")]), pod("q", { resourceClaimName: "d" }));
    w.advance(2000);
    expect(w.get(`${path}/d`).status.allocation.devices.results[0].device).toBe("gpu-1");
  });
});
