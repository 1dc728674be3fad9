/** RuntimeClasses: what they make of Pods, and Pods whose class or runtime is not there. k8s: test/e2e/common/node/runtimeclass.go */
import { beforeAll, expect, test } from "vitest";
import { World, type Answer } from "../../helpers/world.ts";

let world: World;
const classes = "/apis/node.k8s.io/v1/runtimeclasses";
beforeAll(() => {
  world = new World({ nodes: 2 });
});

const runtimeClass = (name: string, more: object): object => ({
  apiVersion: "node.k8s.io/v1",
  kind: "RuntimeClass",
  metadata: { name },
  ...more,
});
const pod = (name: string, spec: object): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: {
    containers: [{ name: "test", image: "busybox", command: ["true"] }],
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    ...spec,
  },
});
const post = (object: object): Answer =>
  world.request("POST", "/api/v1/namespaces/default/pods", object);

test("a Pod of a class that is not there, or no longer, is refused", () => {
  const refused = (runtimeClassName: string): void => {
    const answer = world.request(
      "POST",
      "/api/v1/namespaces/default/pods?dryRun=All",
      pod("p", { runtimeClassName }),
    );
    expect([answer.status, answer.body.reason, answer.body.message]).toEqual([
      403,
      "Forbidden",
      `pods "p" is forbidden: pod rejected: RuntimeClass "${runtimeClassName}" not found`,
    ]);
  };
  refused("nonexistent");
  world.create(runtimeClass("delete-me", { handler: "runc" }));
  world.delete(`${classes}/delete-me`);
  refused("delete-me");
});

test("a Pod gets the overhead, the node selector and the tolerations of its class", () => {
  world.create(
    runtimeClass("plain", { handler: "test-handler" }),
    runtimeClass("heavy", {
      handler: "test-handler",
      overhead: { podFixed: { cpu: "10m", memory: "1Mi" } },
      scheduling: {
        nodeSelector: { "kubernetes.io/os": "linux" },
        tolerations: [{ key: "a", operator: "Exists" }],
      },
    }),
  );
  expect(post(pod("light", { runtimeClassName: "plain" })).body.spec.overhead).toBeUndefined();
  const tolerations = [{ key: "a", operator: "Equal", value: "b", effect: "NoSchedule" }];
  const { body } = post(pod("loaded", { runtimeClassName: "heavy", tolerations }));
  expect(body.spec.overhead).toEqual({ cpu: "10m", memory: "1Mi" });
  expect(body.spec.nodeSelector).toEqual({ "kubernetes.io/os": "linux" });
  // The wider one stands for the other.
  expect(
    body.spec.tolerations.map(({ key, operator }: Record<string, string>) => [key, operator]),
  ).toEqual([
    ["node.kubernetes.io/not-ready", "Exists"],
    ["node.kubernetes.io/unreachable", "Exists"],
    ["a", "Exists"],
  ]);
  world.settle();
  for (const name of ["light", "loaded"]) expect(world.pod(name).status.phase).toBe("Succeeded");
});

test.each<[string, object, string]>([
  [
    "another overhead",
    { runtimeClassName: "heavy", overhead: { cpu: "20m" } },
    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  ],
  [
    "an overhead without a class",
    { overhead: { cpu: "20m" } },
    "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
  ],
  [
    "a node selector that contradicts",
    { runtimeClassName: "heavy", nodeSelector: { "kubernetes.io/os": "windows" } },
    "conflict: runtimeClass.scheduling.nodeSelector[kubernetes.io/os] = linux; pod.spec.nodeSelector[kubernetes.io/os] = windows",
  ],
])("refused: %s", (_name, spec, problem) => {
  expect(post(pod("bad", spec)).body.message).toBe(`pods "bad" is forbidden: ${problem}`);
});

test("a runtime that the node does not have keeps the Pod waiting, and is told of", () => {
  world.create(runtimeClass("gvisor", { handler: "runsc" }));
  post(pod("sandboxed", { runtimeClassName: "gvisor" }));
  world.advance(60_000);
  expect(world.pod("sandboxed").status.phase).toBe("Pending");
  expect(world.events("sandboxed").at(-1)).toMatch(
    /^Warning FailedCreatePodSandBox Failed to create pod sandbox: rpc error: code = Unknown desc = unable to get OCI runtime for sandbox "[0-9a-f]{64}": no runtime for "runsc" is configured$/,
  );
});

test("bad classes, and what may not change", () => {
  const causes = (more: object): string[] =>
    world
      .request("POST", classes, runtimeClass("bad", more))
      .body.details.causes.map(
        (c: { field: string; message: string }) => `${c.field}: ${c.message}`,
      );
  expect(causes({})).toEqual(["handler: Required value"]);
  expect(causes({ handler: "A.b" })[0]).toMatch(/^handler: Invalid value: "A.b": /);
  const twice = [{ operator: "Exists" }, { operator: "Exists" }];
  expect(causes({ handler: "a", scheduling: { tolerations: twice } })).toEqual([
    'scheduling.tolerations[1]: Duplicate value: {"operator":"Exists"}',
  ]);
  const update = world.request(
    "PATCH",
    `${classes}/plain`,
    { handler: "other" },
    {
      type: "application/merge-patch+json",
    },
  );
  expect(update.body.message).toBe(
    'RuntimeClass.node.k8s.io "plain" is invalid: handler: Invalid value: "other": field is immutable',
  );
});
