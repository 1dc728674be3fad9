/** A Pod's status that somebody else wrote. k8s: pkg/kubelet/status/status_manager.go needsReconcile */
import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const podOf = (name: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "nginx" }], ...spec },
});

function running(): World {
  const world = new World({ nodes: 1 });
  world.create(podOf("p"));
  world.until(() => world.pod("p").status.phase === "Running");
  world.advance(60_000);
  return world;
}

const write = (world: World, status: object): void =>
  void world.patch(
    "/api/v1/namespaces/default/pods/p/status",
    { status },
    "application/strategic-merge-patch+json",
  );

describe("the kubelet puts right what somebody else wrote into a Pod's status, within ten seconds", () => {
  test("a condition of its own, while one of another's stays", () => {
    const world = running();
    const before = world.pod("p").status;
    write(world, {
      conditions: [
        { type: "Ready", status: "False", reason: "Because" },
        { type: "example.com/gate", status: "True" },
      ],
    });
    const of = (type: string) =>
      world.pod("p").status.conditions.find((one: { type: string }) => one.type === type);
    expect(of("Ready")).toMatchObject({ status: "False", reason: "Because" });
    world.advance(10_000);
    expect(of("Ready").status).toBe("True");
    expect(of("Ready").reason).toBe(undefined);
    expect(of("example.com/gate").status).toBe("True");
    expect(world.pod("p").status.containerStatuses).toEqual(before.containerStatuses);
  });

  test("the phase and its reason, though nothing comes after an end", () => {
    const world = running();
    const before = world.pod("p").status;
    write(world, { phase: "Failed", reason: "Evicted", message: "said by hand" });
    expect(world.pod("p").status.phase).toBe("Failed");
    world.advance(10_000);
    expect(world.pod("p").status).toEqual(before);
  });

  test("addresses and the states of containers", () => {
    const world = running();
    const before = world.pod("p").status;
    const [container] = before.containerStatuses;
    write(world, {
      podIP: "10.9.9.9",
      podIPs: null,
      containerStatuses: [{ ...container, restartCount: 7 }],
    });
    expect(world.pod("p").status.containerStatuses[0].restartCount).toBe(7);
    world.advance(10_000);
    expect(world.pod("p").status).toEqual(before);
  });

  test("also of a Pod that is over", () => {
    const world = new World({ nodes: 1 });
    const containers = [{ name: "c", image: "busybox", command: ["true"] }];
    world.create(podOf("p", { containers, restartPolicy: "Never" }));
    world.until(() => world.pod("p").status.phase === "Succeeded");
    world.advance(60_000);
    const before = world.pod("p").status;
    write(world, { phase: "Running" });
    world.advance(10_000);
    expect(world.pod("p").status).toEqual(before);
  });
});

test("nothing is written for a condition that is another's alone", () => {
  const world = running();
  write(world, { conditions: [{ type: "example.com/gate", status: "True" }] });
  const { resourceVersion } = world.pod("p").metadata;
  world.advance(60_000);
  expect(world.pod("p").metadata.resourceVersion).toBe(resourceVersion);
});

test("claims that were made for a Pod stay noted in its status", () => {
  const world = new World({ nodes: 1 });
  const resourceClaims = [{ name: "gpu", resourceClaimTemplateName: "gpu" }];
  world.create(podOf("p", { nodeName: "node-1", resourceClaims }));
  world.advance(5000);
  const resourceClaimStatuses = [{ name: "gpu", resourceClaimName: "p-gpu-abcde" }];
  write(world, { resourceClaimStatuses, startTime: "2020-01-01T00:00:00Z", phase: "Running" });
  world.advance(10_000);
  expect(world.pod("p").status).toMatchObject({ resourceClaimStatuses });
  expect(world.pod("p").status.phase).toBe("Pending");
});
