/** kubectl describe, events and top where the cluster moves, or the account may not read all. */
import { beforeEach, expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

let world: KubectlWorld;
beforeEach(() => {
  world = new KubectlWorld({ nodes: 1 }).begin();
});

const rbac = "rbac.authorization.k8s.io";

test("of a node whose Pods may not be listed, the rest is told", () => {
  world.create(
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "guest" } },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name: "sees-nodes" },
      rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list"] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "guest" },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "sees-nodes" },
      subjects: [{ kind: "ServiceAccount", name: "guest", namespace: "default" }],
    },
  );
  const said = world.out("kubectl describe node node-1 --as=system:serviceaccount:default:guest");
  expect(said).toMatch(/^Pods: +not authorized$/m);
  expect(said).toMatch(
    /^Lease: +Failed to get lease: leases\.coordination\.k8s\.io "node-1" is forbidden/m,
  );
  expect(said).toMatch(/^Events: +<none>$/m);
});

test("a watch of events prints them as they come, one head above all, in columns that hold", () => {
  const watch = world.start("kubectl events -w --for pod/late");
  watch.read();
  expect(watch.stdout).toBe("");
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "late" },
    spec: { containers: [{ name: "c", image: "busybox:1.37", command: ["sleep", "infinity"] }] },
  });
  world.until(() => world.pod("late").status.phase === "Running");
  watch.read();
  const lines = watch.stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$/);
  expect(lines.map((line) => line.split(/ {2,}/)[2])).toEqual([
    "REASON",
    "Scheduled",
    "Pulling",
    "Pulled",
    "Created",
    "Started",
  ]);
  expect(watch.code).toBeUndefined();
});
