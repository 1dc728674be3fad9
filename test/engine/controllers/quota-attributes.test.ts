/** Quotas of classes of a volume's attributes. k8s: test/e2e/apimachinery/resource_quota.go */
import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const quota = (value: string): object => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: value },
  spec: {
    hard: { persistentvolumeclaims: "2" },
    scopeSelector: {
      matchExpressions: [{ scopeName: "VolumeAttributesClass", operator: "In", values: [value] }],
    },
  },
});

test("a claim counts for the class that it wants and for the one that it has", () => {
  const world = new World({ nodes: 1 });
  const claims = "/api/v1/namespaces/default/persistentvolumeclaims";
  world.create(
    quota("gold"),
    quota("silver"),
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "volume" },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: "none",
        volumeAttributesClassName: "gold",
        csi: { driver: "fake.example.com", volumeHandle: "x" },
      },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "claim" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "none",
        volumeAttributesClassName: "gold",
        resources: { requests: { storage: "1Gi" } },
      },
    },
  );
  const used = (): string[] => {
    world.advance(30_000);
    return ["gold", "silver"].map(
      (name) =>
        world.get(`/api/v1/namespaces/default/resourcequotas/${name}`).status.used
          .persistentvolumeclaims,
    );
  };
  expect(used()).toEqual(["1", "0"]);
  expect(world.get(`${claims}/claim`).status).toMatchObject({
    phase: "Bound",
    currentVolumeAttributesClassName: "gold",
  });
  world.patch(`${claims}/claim`, { spec: { volumeAttributesClassName: "silver" } });
  expect(used()).toEqual(["1", "1"]);
  world.patch(`${claims}/claim/status`, { status: { currentVolumeAttributesClassName: "silver" } });
  expect(used()).toEqual(["0", "1"]);
});
