import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";
import {
  claim,
  deviceClass,
  devicesOf,
  driver,
  driverRights,
  driverSet,
  gpu,
  request,
  scheduled,
  slice,
} from "./devices-world.ts";

type Fields = Record<string, unknown>;
type Status = { name: string; count: number };

const name = "example.com/gpu";
const implicit = `deviceclass.resource.kubernetes.io/${driver}`;
const claims = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims";

const classOf = (extendedResourceName: string | undefined, metadataName = driver): Fields => {
  const one = deviceClass(metadataName);
  return { ...one, spec: { ...(one["spec"] as Fields), extendedResourceName } };
};

function world(nodes = 1): World {
  const w = new World({ nodes });
  w.advance(1000);
  for (let i = 1; i <= nodes; i++)
    w.create(
      slice(
        `node-${i}`,
        [0, 1, 2, 3].map((index) => gpu(index)),
      ),
    );
  return w;
}

/** With the example driver. */
function driven(): World {
  const w = new World({ nodes: 1 });
  w.advance(1000);
  w.create(driverRights, driverSet());
  w.advance(60_000);
  return w;
}

const container = (containerName: string, wants: Fields, more: Fields = {}): Fields => ({
  name: containerName,
  image: "busybox:1.37",
  command: ["sh", "-c", "env; sleep 9999"],
  resources: { requests: wants, limits: wants },
  ...more,
});
const pod = (podName: string, wants: Fields, more: Fields = {}): Fields => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: podName },
  spec: { terminationGracePeriodSeconds: 1, containers: [container("c", wants)], ...more },
});
// oxlint-disable-next-line no-explicit-any
const all = (w: World): any[] => w.get(claims).items;
const requestsOf = (w: World): Status[] =>
  // oxlint-disable-next-line no-explicit-any
  all(w)[0].spec.devices.requests.map((one: any) => ({
    name: one.name,
    count: one.exactly.count,
  }));
const mappings = (w: World, podName: string): string[] =>
  w
    .pod(podName)
    .status.extendedResourceClaimStatus.requestMappings.map(
      (one: Record<string, string>) =>
        `${one["containerName"]} ${one["resourceName"]} ${one["requestName"]}`,
    );

describe("extended resources that a DeviceClass stands behind", () => {
  test("the scheduler makes a claim, gives it devices and tells the Pod", () => {
    const w = world();
    w.create(classOf(name), pod("p", { [name]: "2" }));
    w.advance(10_000);
    expect(scheduled(w, "p")).toBeUndefined();
    const [made, ...others] = all(w);
    expect(others).toEqual([]);
    expect(made.metadata).toMatchObject({
      generateName: "p-extended-resources-",
      annotations: { "resource.kubernetes.io/extended-resource-claim": "true" },
      finalizers: ["resource.kubernetes.io/delete-protection"],
      ownerReferences: [
        {
          apiVersion: "v1",
          kind: "Pod",
          name: "p",
          uid: w.pod("p").metadata.uid,
          controller: true,
        },
      ],
    });
    expect(made.metadata.name).toMatch(/^p-extended-resources-[a-z0-9]{5}$/);
    expect(made.spec.devices.requests).toEqual([
      {
        name: "container-0-request-0",
        exactly: { deviceClassName: driver, allocationMode: "ExactCount", count: 2 },
      },
    ]);
    expect(devicesOf(w, made.metadata.name)).toEqual([
      "container-0-request-0=node-1/gpu-0",
      "container-0-request-0=node-1/gpu-1",
    ]);
    expect(made.status.reservedFor).toMatchObject([{ resource: "pods", name: "p" }]);
    expect(w.pod("p").status.extendedResourceClaimStatus).toEqual({
      resourceClaimName: made.metadata.name,
      requestMappings: [
        { containerName: "c", resourceName: name, requestName: "container-0-request-0" },
      ],
    });
  });

  test("every class answers to its own name, too; a request's number counts all names of the container", () => {
    const w = world();
    w.create(
      classOf(name),
      pod("p", { cpu: "100m", memory: "20Mi", [implicit]: "1", [name]: "2" }),
    );
    w.advance(10_000);
    expect(requestsOf(w)).toEqual([
      { name: "container-0-request-1", count: 1 },
      { name: "container-0-request-2", count: 2 },
    ]);
    expect(mappings(w, "p")).toEqual([
      `c ${implicit} container-0-request-1`,
      `c ${name} container-0-request-2`,
    ]);
  });

  test("init containers use what those after them get, and share what goes beyond it", () => {
    const w = world();
    const init = (one: string, count: string, more: Fields = {}) =>
      container(one, { [name]: count }, { command: ["true"], ...more });
    w.create(
      classOf(name),
      pod(
        "p",
        {},
        {
          initContainers: [
            init("i0", "2"),
            init("i1", "3"),
            init("side", "1", { restartPolicy: "Always", command: ["sleep", "9999"] }),
          ],
          containers: [container("c", { [name]: "1" })],
        },
      ),
    );
    w.advance(10_000);
    expect(requestsOf(w)).toEqual([
      { name: "container-1-request-0", count: 1 },
      { name: "container-2-request-0", count: 1 },
      { name: "container-3-request-0", count: 1 },
    ]);
    expect(mappings(w, "p")).toEqual([
      `side ${name} container-2-request-0`,
      `c ${name} container-3-request-0`,
      `i0 ${name} container-2-request-0`,
      `i0 ${name} container-3-request-0`,
      `i1 ${name} container-2-request-0`,
      `i1 ${name} container-3-request-0`,
      `i1 ${name} container-1-request-0`,
    ]);
  });

  test("a Pod waits for devices, for the class, and gets them when others let go", () => {
    const w = world();
    w.create(pod("first", { [name]: "3" }, { restartPolicy: "Never" }));
    w.advance(2000);
    expect(scheduled(w, "first")).toContain(`Insufficient ${name}`);
    w.create(classOf(name));
    w.advance(2000);
    expect(w.pod("first").spec.nodeName).toBe("node-1");
    w.create(pod("second", { [name]: "2" }));
    w.advance(2000);
    expect(scheduled(w, "second")).toBe(
      "0/2 nodes are available: 1 cannot allocate all claims, 1 node(s) had untolerated taint(s). still not schedulable, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    );
    w.request("DELETE", "/api/v1/namespaces/default/pods/first");
    w.advance(20_000);
    expect(w.pod("second").spec.nodeName).toBe("node-1");
    expect(all(w).map((one) => one.metadata.ownerReferences[0].name)).toEqual(["second"]);
  });

  test("the claim goes with a Pod that has ended", () => {
    const w = driven();
    const ends = container("c", { [name]: "1" }, { command: ["true"] });
    w.create(classOf(name), pod("p", {}, { restartPolicy: "Never", containers: [ends] }));
    w.advance(20_000);
    expect(w.pod("p").status.phase).toBe("Succeeded");
    expect(all(w)).toEqual([]);
  });

  test("what the node has itself is taken from there; nothing asked is nothing made", () => {
    const w = world();
    w.create(classOf(name));
    const status = { capacity: { [name]: "4" }, allocatable: { [name]: "4" } };
    w.patch("/api/v1/nodes/node-1/status", { status });
    w.create(pod("own", { [name]: "2" }), pod("none", { [implicit]: "0" }));
    w.advance(5000);
    expect(w.pod("own").spec.nodeName).toBe("node-1");
    expect(w.pod("none").spec.nodeName).toBe("node-1");
    expect(all(w)).toEqual([]);
  });

  test("of two classes that want a name the older has it", () => {
    const w = world();
    w.create(classOf(name, "younger.example.com"));
    w.request("DELETE", "/apis/resource.k8s.io/v1/deviceclasses/younger.example.com");
    w.create(classOf(name));
    w.advance(2000);
    w.create(classOf(name, "aaa.example.com"), pod("p", { [name]: "1" }));
    w.advance(2000);
    expect(all(w)[0].spec.devices.requests[0].exactly.deviceClassName).toBe(driver);
  });

  test("beside claims of the Pod's own", () => {
    const w = world();
    w.create(
      classOf(name),
      claim("own", [request("a", { count: 2 })]),
      pod(
        "p",
        {},
        {
          resourceClaims: [{ name: "own", resourceClaimName: "own" }],
          containers: [
            container(
              "c",
              {},
              {
                resources: {
                  claims: [{ name: "own" }],
                  requests: { [name]: "2" },
                  limits: { [name]: "2" },
                },
              },
            ),
          ],
        },
      ),
    );
    w.advance(5000);
    expect(devicesOf(w, "own")).toEqual(["a=node-1/gpu-0", "a=node-1/gpu-1"]);
    const made = all(w).find((one) => one.metadata.name !== "own");
    expect(devicesOf(w, made.metadata.name)).toEqual([
      "container-0-request-0=node-1/gpu-2",
      "container-0-request-0=node-1/gpu-3",
    ]);
  });

  test("containers get the devices of their requests from the driver", () => {
    const w = driven();
    w.create(
      classOf(name),
      pod(
        "p",
        {},
        { containers: [container("a", { [name]: "1" }), container("b", { [implicit]: "2" })] },
      ),
    );
    w.advance(20_000);
    const devices = (of: string): string[] =>
      w
        .request("GET", `/api/v1/namespaces/default/pods/p/log?container=${of}`, undefined, {
          accept: "*/*",
        })
        .text.split("\n")
        .filter((line) => /^GPU_DEVICE_\d+=/.test(line));
    expect(devices("a")).toHaveLength(1);
    expect(devices("b")).toHaveLength(2);
  });
});

describe("what is said of it in a Pod's status", () => {
  const set = (w: World, extendedResourceClaimStatus: Fields) =>
    w.request(
      "PATCH",
      "/api/v1/namespaces/default/pods/p/status",
      { status: { extendedResourceClaimStatus } },
      { type: "application/merge-patch+json" },
    );

  test("names containers, resources and requests that there are", () => {
    const w = world();
    w.create(pod("p", { [name]: "1" }));
    const mapping = {
      containerName: "c",
      resourceName: name,
      requestName: "container-0-request-0",
    };
    const answer = set(w, {
      resourceClaimName: "Bad_",
      requestMappings: [
        { ...mapping, containerName: "other" },
        { ...mapping, resourceName: "example.com/other" },
        mapping,
        mapping,
      ],
    });
    expect(answer.status).toBe(422);
    const causes = answer.body.details.causes.map((one: { field: string }) => one.field);
    const path = "status.extendedResourceClaimStatus";
    expect(causes).toEqual([
      `${path}.requestMappings[0].containerName`,
      `${path}.requestMappings[1].resourceName`,
      `${path}.requestMappings[3].containerName`,
      `${path}.requestMappings[3].resourceName`,
      `${path}.requestMappings[3].requestName`,
      `${path}.resourceClaimName`,
    ]);
    expect(set(w, { resourceClaimName: "x", requestMappings: [mapping] }).status).toBe(200);
    const none = set(w, { requestMappings: [] });
    expect(none.body.message).toContain(`${path}.requestMappings: Required value: at least one`);
  });
});
