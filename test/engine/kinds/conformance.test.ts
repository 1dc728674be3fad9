/** What upstream's conformance tests ask of kinds that are pure API, over HTTP. k8s: test/e2e, one table row per test */
import { beforeAll, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

let world: World;
beforeAll(() => {
  world = new World({ nodes: 2 });
});

interface Row {
  kind: string;
  apiVersion: string;
  plural: string;
  namespaced?: true;
  /** Everything but apiVersion, kind and metadata. */
  body: Record<string, unknown>;
  /** Names of the three that are made; default: a, b, c. */
  names?: [string, string, string];
  /** A merge patch, and what the object then has. */
  patch?: Record<string, unknown>;
  /** What a status write says. */
  status?: Record<string, unknown>;
}

const claim = {
  devices: { requests: [{ name: "req-0", exactly: { deviceClassName: "dra.example.com" } }] },
};
const rows: Row[] = [
  {
    kind: "RuntimeClass",
    apiVersion: "node.k8s.io/v1",
    plural: "runtimeclasses",
    body: { handler: "runtimeclass-handler" },
  },
  {
    kind: "CSIDriver",
    apiVersion: "storage.k8s.io/v1",
    plural: "csidrivers",
    body: { spec: { attachRequired: false, podInfoOnMount: false } },
    names: ["inline-driver-a.example.com", "inline-driver-b.example.com", "c.example.com"],
    patch: { spec: { requiresRepublish: true } },
  },
  {
    kind: "CSINode",
    apiVersion: "storage.k8s.io/v1",
    plural: "csinodes",
    body: { spec: { drivers: [] } },
    names: ["e2e-csinode-a", "e2e-csinode-b", "e2e-csinode-c"],
  },
  {
    kind: "CSIStorageCapacity",
    apiVersion: "storage.k8s.io/v1",
    plural: "csistoragecapacities",
    namespaced: true,
    body: { storageClassName: "example", capacity: "1Gi", maximumVolumeSize: "10Mi" },
    patch: { capacity: "2Gi" },
  },
  {
    kind: "VolumeAttachment",
    apiVersion: "storage.k8s.io/v1",
    plural: "volumeattachments",
    body: {
      spec: {
        attacher: "e2e-test.storage.k8s.io",
        source: { persistentVolumeName: "pv-e2e" },
        nodeName: "node-1",
      },
    },
    status: { attached: true, attachmentMetadata: { a: "b" } },
  },
  {
    kind: "VolumeAttributesClass",
    apiVersion: "storage.k8s.io/v1",
    plural: "volumeattributesclasses",
    body: { driverName: "e2e-fake-csi-driver", parameters: { foo: "bar" } },
  },
  {
    kind: "FlowSchema",
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    plural: "flowschemas",
    body: {
      spec: {
        matchingPrecedence: 10_000,
        priorityLevelConfiguration: { name: "global-default" },
        distinguisherMethod: { type: "ByUser" },
        rules: [
          {
            subjects: [{ kind: "User", user: { name: "example-e2e-non-existent-user" } }],
            nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
          },
        ],
      },
    },
    patch: { spec: { matchingPrecedence: 9999 } },
    status: {
      conditions: [
        { type: "PatchStatusFailed", status: "False", reason: "Patched", message: "by e2e" },
      ],
    },
  },
  {
    kind: "PriorityLevelConfiguration",
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    plural: "prioritylevelconfigurations",
    body: {
      spec: {
        type: "Limited",
        limited: { nominalConcurrencyShares: 2, limitResponse: { type: "Reject" } },
      },
    },
    patch: { spec: { limited: { nominalConcurrencyShares: 4 } } },
    status: {
      conditions: [
        { type: "PatchStatusFailed", status: "False", reason: "Patched", message: "by e2e" },
      ],
    },
  },
  {
    kind: "IPAddress",
    apiVersion: "networking.k8s.io/v1",
    plural: "ipaddresses",
    body: {
      spec: {
        parentRef: { group: "mygroup", resource: "myresources", namespace: "foo", name: "bar" },
      },
    },
    names: ["255.255.255.255", "fe80::42:1dff:fe84:f9e2", "192.0.2.7"],
  },
  {
    kind: "DeviceClass",
    apiVersion: "resource.k8s.io/v1",
    plural: "deviceclasses",
    body: { spec: { selectors: [{ cel: { expression: "false" } }] } },
    patch: { spec: { selectors: [{ cel: { expression: "1 == 0" } }] } },
  },
  {
    kind: "ResourceClaim",
    apiVersion: "resource.k8s.io/v1",
    plural: "resourceclaims",
    namespaced: true,
    body: { spec: claim },
    status: { allocation: {} },
  },
  {
    kind: "ResourceClaimTemplate",
    apiVersion: "resource.k8s.io/v1",
    plural: "resourceclaimtemplates",
    namespaced: true,
    body: { spec: { spec: claim } },
  },
  {
    kind: "ResourceSlice",
    apiVersion: "resource.k8s.io/v1",
    plural: "resourceslices",
    body: {
      spec: {
        driver: "dra.example.com",
        pool: { name: "cluster", generation: 1, resourceSliceCount: 1 },
        nodeName: "no-such-node",
      },
    },
    patch: { spec: { devices: [{ name: "device-0" }] } },
  },
];

test.each(rows)("$kind: discovery, create, watch, read, change, delete", (row) => {
  const { kind, apiVersion, plural, body, patch, status } = row;
  const group = apiVersion.split("/")[0] as string;
  const versions = world.get("/apis").groups.find((g: { name: string }) => g.name === group);
  expect(versions.versions.map((v: { groupVersion: string }) => v.groupVersion)).toContain(
    apiVersion,
  );
  const resources = world.get(`/apis/${apiVersion}`).resources as { name: string }[];
  expect(resources.map(({ name }) => name)).toContain(plural);
  if (status) expect(resources.map(({ name }) => name)).toContain(`${plural}/status`);

  const url = `/apis/${apiVersion}/${row.namespaced ? "namespaces/default/" : ""}${plural}`;
  const selected = `${url}?labelSelector=e2e%3D${plural}`;
  const named = (name: string): object => ({
    apiVersion,
    kind,
    metadata: { name, labels: { e2e: plural } },
    ...body,
  });
  const [a, b, c] = row.names ?? ["e2e-a", "e2e-b", "e2e-c"];
  const created = world.request("POST", url, named(a));
  expect([created.status, created.text]).toEqual([201, created.text]);
  expect(created.body).toMatchObject({ kind, apiVersion, ...body });
  expect(world.request("POST", url, named(a)).body.reason).toBe("AlreadyExists");
  expect(world.request("POST", url, named(b)).status).toBe(201);
  const watch = world.watch(
    `${selected}&watch=1&resourceVersion=${created.body.metadata.resourceVersion}`,
  );
  expect(world.request("POST", url, named(c)).status).toBe(201);

  const at = `${url}/${encodeURIComponent(a)}`;
  const read = world.get(at);
  expect(read.metadata.uid).toBe(created.body.metadata.uid);
  expect(world.get(selected).items).toHaveLength(3);
  const wanted = { metadata: { annotations: { patched: "true" } }, ...patch };
  const patched = world.patch(at, wanted).body;
  expect(patched).toMatchObject(wanted);
  expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(
    Number(read.metadata.resourceVersion),
  );
  patched.metadata.annotations["updated"] = "true";
  const updated = world.request("PUT", at, patched);
  expect([updated.status, updated.body.metadata.annotations]).toEqual([
    200,
    { patched: "true", updated: "true" },
  ]);
  const seen = watch.read().map(({ type, object }) => [type, object.metadata.name]);
  expect(seen).toContainEqual(["ADDED", c]);
  expect(seen).toContainEqual(["MODIFIED", a]);

  if (status) {
    expect(world.get(`${at}/status`)).toMatchObject({ kind, apiVersion });
    expect(world.patch(`${at}/status`, { status }).body.status).toMatchObject(status);
    const next = world.get(at);
    expect(world.request("PUT", `${at}/status`, next).status).toBe(200);
  }
  // Every kind has a Table, and applies.
  expect(world.rows(url).length).toBeGreaterThanOrEqual(3);
  const apply = world.request("PATCH", `${at}?fieldManager=e2e&force=true`, named(a), {
    type: "application/apply-patch+yaml",
  });
  expect([apply.status, apply.text]).toEqual([200, apply.text]);

  expect(world.delete(at).status).toBe(200);
  // A class of attributes goes when its protection is lifted.
  world.settle();
  expect(world.request("GET", at).status).toBe(404);
  expect(world.get(selected).items).toHaveLength(2);
  expect(world.delete(selected).status).toBe(200);
  world.settle();
  expect(world.get(selected).items).toEqual([]);
});

test("a class of volumes' attributes stays while a claim names it", () => {
  const classes = "/apis/storage.k8s.io/v1/volumeattributesclasses";
  world.create(
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttributesClass",
      metadata: { name: "gold" },
      driverName: "d.example.com",
      parameters: { iops: "1" },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "uses", namespace: "default" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        volumeAttributesClassName: "gold",
      },
    },
  );
  expect(world.get(`${classes}/gold`).metadata.finalizers).toEqual([
    "kubernetes.io/vac-protection",
  ]);
  world.delete(`${classes}/gold`);
  world.settle();
  expect(world.get(`${classes}/gold`).metadata.deletionTimestamp).toBeDefined();
  world.delete("/api/v1/namespaces/default/persistentvolumeclaims/uses");
  world.settle();
  expect(world.request("GET", `${classes}/gold`).status).toBe(404);
});
