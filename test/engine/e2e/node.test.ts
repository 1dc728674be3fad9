/** What upstream's end-to-end tests of SIG Node ask, beside what stands in test/engine/kubelet. k8s: test/e2e/node, test/e2e/common/node */
import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";

const busybox = "registry.k8s.io/e2e-test-images/busybox:1.37.0-1";

const podOf = (name: string, spec: object, container: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    ...spec,
    containers: [{ name: "c", image: busybox, command: ["sh", "-c", "sleep 1d"], ...container }],
  },
});

test("a registry that nobody can look up", () => {
  const world = new World({ nodes: 1 });
  const image = "invalid.registry.k8s.io/invalid/alpine:3.1";
  world.create(podOf("p", {}, { image, imagePullPolicy: "Always" }));
  world.advance(30_000);
  expect(world.pod("p").status.phase).toBe("Pending");
  expect(world.events("p").join("\n")).toContain(
    `Failed to pull image "${image}": failed to pull and unpack image "${image}"`,
  );
});

test("a whole name that is too long for the kernel keeps the Pod Pending", () => {
  const world = new World({ nodes: 1 });
  const subdomain = "t".repeat(40);
  world.create(podOf("hostfqdn", { setHostnameAsFQDN: true, subdomain }));
  world.advance(20_000);
  expect(world.pod("hostfqdn").status.phase).toBe("Pending");
  const name = `hostfqdn.${subdomain}.default.svc.cluster.local`;
  expect(world.events("hostfqdn").at(-1)).toBe(
    `Warning FailedCreatePodSandBox Failed to create pod sandbox: failed to construct FQDN from pod hostname and cluster domain, FQDN ${name} is too long (64 characters is the max, ${name.length} characters requested)`,
  );
});

test("the node shows the control groups of its Pods, with the Pod's own limits", () => {
  const world = new KubectlWorld({ nodes: 1 }).begin();
  const volumes = [{ name: "groups", hostPath: { path: "/sys/fs/cgroup", type: "Directory" } }];
  const volumeMounts = [{ name: "groups", mountPath: "/sysfscgroup" }];
  const of = (cpu: string, memory: string): object => ({ cpu, memory });
  const limits = of("100m", "100Mi");
  const half = { requests: of("50m", "50Mi"), limits };
  world.create(
    podOf("whole", { volumes, resources: { requests: limits, limits } }, { volumeMounts }),
    podOf("half", { volumes }, { volumeMounts, resources: half }),
    podOf("none", { volumes }, { volumeMounts }),
  );
  const read = (name: string): string => {
    world.until(() => world.pod(name).status.phase === "Running");
    const uid = world.pod(name).metadata.uid.replaceAll("-", "_");
    world.in = name;
    const found = world.out(`find /sysfscgroup -name '*${uid}*'`).trim();
    const files = world.out(`cd ${found}; head -n 1 memory.max cpu.max cpu.weight | grep -v '^$'`);
    return `${found.replace(uid, "UID")} ${files.replaceAll(/==>.*<==\n/g, "").replaceAll("\n", ";")}`;
  };
  const slices = "/sysfscgroup/kubepods.slice";
  expect(read("whole")).toBe(`${slices}/kubepods-podUID.slice 104857600;10000 100000;17;`);
  expect(read("half")).toBe(
    `${slices}/kubepods-burstable.slice/kubepods-burstable-podUID.slice 104857600;10000 100000;11;`,
  );
  expect(read("none")).toBe(
    `${slices}/kubepods-besteffort.slice/kubepods-besteffort-podUID.slice max;max 100000;1;`,
  );
});

test("an extended resource told as capacity is allocatable with the kubelet's next status", () => {
  const world = new World({ nodes: 1 });
  const path = "/api/v1/nodes/node-1/status";
  const change = (op: object): void =>
    void world.patch(
      path,
      [{ path: "/status/capacity/example.com~1dongle", ...op }],
      "application/json-patch+json",
    );
  const told = (): unknown => world.get(path).status.allocatable["example.com/dongle"];
  change({ op: "add", value: "4" });
  expect(told()).toBe(undefined);
  world.advance(10_000);
  expect(told()).toBe("4");
  const resources = { limits: { "example.com/dongle": "3" } };
  world.create(podOf("p", {}, { resources }));
  world.until(() => world.pod("p").status.phase === "Running");
  change({ op: "remove" });
  world.advance(10_000);
  expect(told()).toBe(undefined);
});
