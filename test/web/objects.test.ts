import { expect, test } from "vitest";

/** What the panels of objects work out without a browser. */

const load = async <T>(file: string): Promise<T> =>
  (await import(new URL(`../../web/${file}`, import.meta.url).href)) as T;
const { labelSelectorOf } = await load<{ labelSelectorOf(selector: unknown): string | undefined }>(
  "api/selector.ts",
);
const { relatedIn, namedBy } = await load<{
  relatedIn(object: object, others: Map<string, object[]>): { how: string; name: string }[];
  namedBy(object: object): { how: string; resource: string; namespace: string; name: string }[];
}>("objects/related.ts");
const { handActions } = await load<{
  handActions(ref: object, is: object): { title: string; command: string }[];
}>("objects/hand-actions.ts");
const { manifestsIn } = await load<{
  manifestsIn(
    files: { path: string; size: number; text: () => Promise<string> }[],
  ): Promise<string>;
}>("objects/files.ts");

test("a selector becomes a query; one of nothing selects nothing", () => {
  expect(labelSelectorOf({ app: "web", tier: "front" })).toBe("app=web,tier=front");
  expect(
    labelSelectorOf({
      matchLabels: { app: "web" },
      matchExpressions: [
        { key: "tier", operator: "In", values: ["a", "b"] },
        { key: "old", operator: "DoesNotExist" },
        { key: "new", operator: "Exists" },
        { key: "zone", operator: "NotIn", values: ["x"] },
      ],
    }),
  ).toBe("app=web,tier in (a,b),!old,new,zone notin (x)");
  expect(labelSelectorOf({})).toBeUndefined();
  expect(labelSelectorOf(undefined)).toBeUndefined();
});

const pod = {
  metadata: {
    name: "web-1",
    namespace: "shop",
    uid: "p1",
    labels: { app: "web", x: "y" },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "r1" }],
  },
  spec: {
    nodeName: "node-1",
    serviceAccountName: "default",
    containers: [
      {
        envFrom: [{ configMapRef: { name: "settings" } }, { secretRef: { name: "keys" } }],
        env: [{ valueFrom: { configMapKeyRef: { name: "settings", key: "a" } } }],
      },
    ],
    volumes: [
      { name: "a", secret: { secretName: "keys" } },
      { name: "b", persistentVolumeClaim: { claimName: "data" } },
    ],
  },
};

test("related are owners, owned, selected, and whatever an object names", () => {
  const things = new Map<string, object[]>([
    ["replicasets.apps", [{ metadata: { name: "web", namespace: "shop", uid: "r1" } }]],
    [
      "services",
      [
        {
          metadata: { name: "web", namespace: "shop", uid: "s1" },
          spec: { selector: { app: "web" } },
        },
        {
          metadata: { name: "other", namespace: "shop", uid: "s2" },
          spec: { selector: { app: "b" } },
        },
        { metadata: { name: "none", namespace: "shop", uid: "s3" }, spec: {} },
      ],
    ],
    ["pods", [pod]],
  ]);
  const told = (found: { how: string; name: string }[]): string[] =>
    found.map(({ how, name }) => `${how} ${name}`);
  expect(told(relatedIn(pod, things))).toEqual(["owned by web", "selected by web"]);
  const set = {
    metadata: { name: "web", namespace: "shop", uid: "r1" },
    spec: { selector: { matchLabels: {} } },
  };
  expect(told(relatedIn(set, things))).toEqual(["owns web-1"]);
  const service = things.get("services")![0]!;
  expect(told(relatedIn(service, things))).toEqual(["selects web-1"]);
  expect(
    namedBy(pod).map(({ resource, namespace, name }) => `${resource} ${namespace}/${name}`),
  ).toEqual([
    "nodes /node-1",
    "serviceaccounts shop/default",
    "configmaps shop/settings",
    "secrets shop/keys",
    "persistentvolumeclaims shop/data",
  ]);
});

test("what can be done by hand goes by the object's state", () => {
  const titles = (resource: string, is: object): string[] =>
    handActions({ resource, name: "a", namespace: "shop" }, { metadata: {}, ...is }).map(
      ({ title }) => title,
    );
  expect(titles("nodes", {})).toEqual(["Cordon", "Drain", "Stop the kubelet", "Switch it off"]);
  expect(
    titles("nodes", {
      spec: { unschedulable: true },
      metadata: { annotations: { "podyard.dev/power": "off" } },
    }),
  ).toEqual(["Uncordon", "Switch it on"]);
  expect(titles("pods", { spec: { nodeName: "n", containers: [{ name: "c" }] } })).toEqual([
    "Kill container c",
    "Cut it off the network",
  ]);
  expect(titles("pods", { spec: {} })).toEqual(["Cut it off the network"]);
  expect(titles("deployments.apps", { spec: { replicas: 3, paused: true } })).toContain(
    "Scale to 4",
  );
  expect(titles("deployments.apps", { spec: { paused: true } })).toContain("Resume the rollout");
  expect(titles("configmaps", {})).toEqual([]);
});

test("files become one text in the order of their names; what is none or too much is said", async () => {
  const file = (path: string, text: string, size = text.length) => ({
    path,
    size,
    text: () => Promise.resolve(text),
  });
  expect(
    await manifestsIn([
      file("b.yaml", "---\nb: 1\n"),
      file("README.md", "x"),
      file("a.yml", "a: 1"),
    ]),
  ).toBe("# a.yml\na: 1\n---\n# b.yaml\nb: 1\n");
  await expect(manifestsIn([file("a.txt", "")])).rejects.toThrow("no manifest among them");
  await expect(manifestsIn([file("a.yaml", "", 1e6)])).rejects.toThrow("larger than 256 KiB");
});
