/** What a status write changes besides the status. k8s: pkg/registry, each kind's StatusStrategy.PrepareForUpdate */
import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const template = {
  metadata: { labels: { app: "x" } },
  spec: { containers: [{ name: "c", image: "registry.k8s.io/pause:3.10" }] },
};
const selector = { matchLabels: { app: "x" } };
const cases: { kind: string; path: string; spec: object; labels?: false }[] = [
  {
    kind: "apps/v1 ReplicaSet",
    path: "apis/apps/v1/namespaces/default/replicasets",
    spec: { replicas: 0, selector, template },
  },
  {
    kind: "apps/v1 DaemonSet",
    path: "apis/apps/v1/namespaces/default/daemonsets",
    spec: { selector, template },
  },
  {
    kind: "apps/v1 Deployment",
    path: "apis/apps/v1/namespaces/default/deployments",
    spec: { replicas: 0, selector, template },
    labels: false,
  },
  {
    kind: "v1 ReplicationController",
    path: "api/v1/namespaces/default/replicationcontrollers",
    spec: { replicas: 0, selector: { app: "x" }, template },
  },
  {
    kind: "policy/v1 PodDisruptionBudget",
    path: "apis/policy/v1/namespaces/default/poddisruptionbudgets",
    spec: { minAvailable: 1, selector },
  },
  {
    kind: "v1 ResourceQuota",
    path: "api/v1/namespaces/default/resourcequotas",
    spec: { hard: { pods: "5" } },
  },
  {
    kind: "autoscaling/v2 HorizontalPodAutoscaler",
    path: "apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
    spec: {
      maxReplicas: 2,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" },
    },
  },
];

describe("a status write", () => {
  for (const { kind: named, path, spec, labels } of cases)
    test(`of ${named} leaves the spec, and takes metadata along`, () => {
      const w = new World({ nodes: 1 });
      const [apiVersion = "", kind = ""] = named.split(" ");
      expect(
        w.request("POST", `/${path}`, {
          apiVersion,
          kind,
          metadata: { name: "one", labels: { a: "b" } },
          spec,
        }).status,
      ).toBe(201);
      w.advance(5000);
      const before = w.get(`/${path}/one`);
      const { uid } = w.get("/api/v1/namespaces/default").metadata;
      const owner = { apiVersion: "v1", kind: "Namespace", name: "default", uid };
      const metadata = {
        ...before.metadata,
        labels: { a: "c" },
        annotations: { n: "x" },
        finalizers: ["example.com/keep"],
        ownerReferences: [owner],
      };
      const answer = w.request("PUT", `/${path}/one/status`, {
        ...before,
        metadata,
        spec: { ...before.spec, replicas: 3, maxReplicas: 9, minAvailable: 7, hard: {} },
      });
      expect(answer.status).toBe(200);
      const after = w.get(`/${path}/one`);
      expect(after.metadata).toMatchObject({
        labels: { a: labels === false ? "b" : "c" },
        annotations: { n: "x" },
        finalizers: ["example.com/keep"],
        ownerReferences: [owner],
      });
      expect(after.spec).toEqual(before.spec);
    });

  test("of a ResourceClaim takes nothing along", () => {
    const w = new World({ nodes: 1 });
    const path = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims";
    w.request("POST", path, {
      apiVersion: "resource.k8s.io/v1",
      kind: "ResourceClaim",
      metadata: { name: "one" },
      spec: { devices: {} },
    });
    const before = w.get(`${path}/one`);
    w.request("PUT", `${path}/one/status`, {
      ...before,
      metadata: { ...before.metadata, labels: { a: "c" } },
    });
    expect(w.get(`${path}/one`).metadata.labels).toBeUndefined();
  });
});
