/** Claims, volumes and classes: who is bound to what, what is said about it, and what becomes of the data. */
import { beforeEach, describe, expect, it } from "vitest";
import { World } from "../../helpers/world.ts";
import { boxPod, sh } from "./storage-world.ts";

const api = "/api/v1/namespaces/default";
const claimUrl = `${api}/persistentvolumeclaims`;
const volumeUrl = "/api/v1/persistentvolumes";
let w: World;
beforeEach(() => {
  w = new World({ nodes: 2 });
  w.advance(5_000);
});

interface ClaimOptions {
  size?: string;
  modes?: string[];
  [field: string]: unknown;
}

function claim(
  name: string,
  { size = "1Gi", modes = ["ReadWriteOnce"], ...spec }: ClaimOptions = {},
): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: { accessModes: modes, resources: { requests: { storage: size } }, ...spec },
  };
}

interface VolumeOptions {
  size?: string;
  modes?: string[];
  labels?: Record<string, string>;
  [field: string]: unknown;
}

function volume(
  name: string,
  { size = "1Gi", modes = ["ReadWriteOnce"], labels = {}, ...spec }: VolumeOptions = {},
): object {
  const csi = { driver: "disks.example.com", volumeHandle: name };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, labels },
    spec: {
      accessModes: modes,
      capacity: { storage: size },
      storageClassName: "manual",
      csi,
      ...spec,
    },
  };
}

const manual = { storageClassName: "manual" };

const user = (name: string, claimName = "data", script = "true"): object =>
  boxPod(
    name,
    [{ name: "d", persistentVolumeClaim: { claimName } }],
    [{ name: "d", mountPath: "/d" }],
    { script },
  );

/** `claim phase volume` and `volume phase claim`. */
const claimsNow = (): string[] =>
  w.rows(claimUrl).map((r) => `${r["Name"]} ${r["Status"]} ${r["Volume"]}`.trim());
const volumesNow = (): string[] =>
  w.rows(volumeUrl).map((r) => `${r["Name"]} ${r["Status"]} ${r["Claim"]}`.trim());

describe("class standard", () => {
  it("is the default, and waits for a Pod", () => {
    expect(w.rows("/apis/storage.k8s.io/v1/storageclasses")).toMatchObject([
      {
        Name: "standard (default)",
        Provisioner: "podyard.dev/simulated",
        ReclaimPolicy: "Delete",
        VolumeBindingMode: "WaitForFirstConsumer",
        AllowVolumeExpansion: true,
      },
    ]);
    w.create(claim("data"));
    w.advance(5_000);
    expect(claimsNow()).toEqual(["data Pending"]);
    expect(w.events("data")).toEqual([
      "Normal WaitForFirstConsumer waiting for first consumer to be created before binding",
    ]);
  });

  it("makes a volume once a Pod is placed, and says so step by step", () => {
    w.create(claim("data"));
    w.create(user("p"));
    w.advance(20_000);
    const bound = w.get(`${claimUrl}/data`);
    const name = `pvc-${bound.metadata.uid}`;
    expect(w.pod("p").status.phase).toBe("Running");
    expect(claimsNow()).toEqual([`data Bound ${name}`]);
    expect(volumesNow()).toEqual([`${name} Bound default/data`]);
    expect(w.events("data").sort()).toEqual([
      "Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'podyard.dev/simulated' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
      'Normal Provisioning External provisioner is provisioning volume for claim "default/data"',
      `Normal ProvisioningSucceeded Successfully provisioned volume ${name}`,
      "Normal WaitForFirstConsumer waiting for first consumer to be created before binding",
    ]);
    expect(bound.metadata.annotations).toMatchObject({
      "pv.kubernetes.io/bind-completed": "yes",
      "pv.kubernetes.io/bound-by-controller": "yes",
      "volume.beta.kubernetes.io/storage-provisioner": "podyard.dev/simulated",
      "volume.kubernetes.io/storage-provisioner": "podyard.dev/simulated",
      "volume.kubernetes.io/selected-node": w.pod("p").spec.nodeName,
    });
    expect(bound.status).toMatchObject({
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
    });
    expect(w.get(`${volumeUrl}/${name}`).metadata.annotations).toEqual({
      "pv.kubernetes.io/provisioned-by": "podyard.dev/simulated",
    });
  });

  it("keeps the data from Pod to Pod and through an eviction, and takes it away with the claim", () => {
    w.create(claim("data"), user("first", "data", "echo kept > /d/f"));
    w.advance(20_000);
    w.delete(`${api}/pods/first?gracePeriodSeconds=0`);
    w.evict();
    w.create(user("second"));
    w.advance(20_000);
    expect(sh(w, "second", "cat /d/f").out).toBe("kept\n");
    w.delete(`${api}/pods/second?gracePeriodSeconds=0`);
    w.delete(`${claimUrl}/data`);
    w.advance(10_000);
    expect([...claimsNow(), ...volumesNow()]).toEqual([]);
    expect(
      [...w.engine.store.recordKeys("trees")].filter((key) => key.startsWith("v/pv/")),
    ).toEqual([]);
  });

  const nodeOf = (pod: string): string => w.pod(pod).spec.nodeName as string;
  const affinityOf = (name: string): unknown => {
    const { volumeName } = w.get(`${claimUrl}/${name}`).spec;
    return w.get(`${volumeUrl}/${volumeName}`).spec.nodeAffinity;
  };
  const hostname = (node: string): object => {
    const here = { key: "kubernetes.io/hostname", operator: "In", values: [node] };
    return { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } };
  };
  const cordon = (node: string, unschedulable = true): unknown =>
    w.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable } });

  it("holds a volume of one node to the node of its first Pod", () => {
    w.create(claim("data"), user("first"));
    w.advance(20_000);
    expect(affinityOf("data")).toEqual(hostname(nodeOf("first")));
    // Alone it would go to the emptier node.
    w.create(user("second"));
    w.advance(20_000);
    expect(nodeOf("second")).toBe(nodeOf("first"));
    cordon(nodeOf("first"));
    w.create(user("third"));
    w.advance(20_000);
    expect(w.events("third").join("\n")).toContain(
      "Warning FailedScheduling 0/3 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    );
    cordon(nodeOf("first"), false);
    w.advance(20_000);
    expect(nodeOf("third")).toBe(nodeOf("first"));
  });

  it("lets a volume of many nodes go anywhere", () => {
    w.create(claim("data", { modes: ["ReadWriteMany"] }), user("first"));
    w.advance(20_000);
    expect(affinityOf("data")).toBeUndefined();
    cordon(nodeOf("first"));
    w.create(user("second"));
    w.advance(20_000);
    expect(w.pod("second").status.phase).toBe("Running");
    expect(nodeOf("second")).not.toBe(nodeOf("first"));
  });

  it("is not mounted on another node when the scheduler was passed over", () => {
    w.create(claim("data"), user("first"));
    w.advance(20_000);
    const elsewhere = nodeOf("first") === "node-1" ? "node-2" : "node-1";
    const astray = user("astray") as { spec: object };
    w.create({ ...astray, spec: { ...astray.spec, nodeName: elsewhere } });
    w.advance(20_000);
    const { volumeName } = w.get(`${claimUrl}/data`).spec;
    expect(w.pod("astray").status.phase).toBe("Pending");
    expect(w.events("astray")).toContain(
      `Warning FailedMount MountVolume.NodeAffinity check failed for volume "${volumeName}" : no matching NodeSelectorTerms`,
    );
  });

  it("of mode ReadWriteOncePod serves one Pod of the cluster at a time", () => {
    w.create(claim("data", { modes: ["ReadWriteOncePod"] }), user("first"), user("second"));
    w.advance(20_000);
    expect([w.pod("first").status.phase, w.pod("second").status.phase].sort()).toEqual([
      "Pending",
      "Running",
    ]);
    const waiting = w.pod("first").status.phase === "Pending" ? "first" : "second";
    const reason =
      "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
    expect(w.events(waiting).join("\n")).toContain(` ${reason}`);
    w.delete(`${api}/pods/${waiting === "first" ? "second" : "first"}?gracePeriodSeconds=0`);
    w.advance(20_000);
    expect(w.pod(waiting).status.phase).toBe("Running");
  });

  it("serves a Pod's own ephemeral volume", () => {
    const template = {
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    const scratch = { name: "scratch", ephemeral: { volumeClaimTemplate: template } };
    w.create(boxPod("p", [scratch], [{ name: "scratch", mountPath: "/s" }]));
    w.advance(20_000);
    expect(w.pod("p").status.phase).toBe("Running");
    expect(claimsNow()[0]).toMatch(/^p-scratch Bound pvc-/);
    w.delete(`${api}/pods/p?gracePeriodSeconds=0`);
    w.advance(20_000);
    expect([...claimsNow(), ...volumesNow()]).toEqual([]);
  });

  it("lets a bound claim grow, and no other", () => {
    w.create(claim("data"));
    const grow = (): { status: number; body: { message: string } } =>
      w.request(
        "PATCH",
        `${claimUrl}/data`,
        { spec: { resources: { requests: { storage: "3Gi" } } } },
        { type: "application/merge-patch+json" },
      );
    expect(grow().status).toBeGreaterThanOrEqual(400);
    w.create(user("p"));
    w.advance(20_000);
    expect(grow().status).toBe(200);
    w.advance(10_000);
    expect(w.rows(claimUrl)[0]?.["Capacity"]).toBe("3Gi");
    expect(w.rows(volumeUrl)[0]?.["Capacity"]).toBe("3Gi");
    expect(w.events("data")).toContain("Normal VolumeResizeSuccessful Resize volume succeeded");
    w.create(volume("v"), claim("fixed", { ...manual, volumeName: "v" }));
    w.advance(2_000);
    const refused = w.request(
      "PATCH",
      `${claimUrl}/fixed`,
      { spec: { resources: { requests: { storage: "3Gi" } } } },
      { type: "application/merge-patch+json" },
    );
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'persistentvolumeclaims "fixed" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  });
});

describe("binding", () => {
  const rows: [string, object[], ClaimOptions, string][] = [
    [
      "the smallest that is large enough",
      [volume("s", { size: "500Mi" }), volume("l", { size: "9Gi" }), volume("m", { size: "2Gi" })],
      {},
      "m",
    ],
    [
      "the fewest access modes",
      [volume("a", { modes: ["ReadWriteOnce", "ReadWriteMany"] }), volume("b", { size: "5Gi" })],
      {},
      "b",
    ],
    [
      "all access modes asked for",
      [volume("a"), volume("b", { modes: ["ReadWriteOnce", "ReadWriteMany"] })],
      { modes: ["ReadWriteMany"] },
      "b",
    ],
    [
      "the class",
      [volume("a", { storageClassName: "other" }), volume("b", { size: "5Gi" })],
      {},
      "b",
    ],
    [
      "the selector",
      [volume("a"), volume("b", { labels: { tier: "fast" } })],
      { selector: { matchLabels: { tier: "fast" } } },
      "b",
    ],
    [
      "the volume's own wish",
      [volume("a"), volume("b", { size: "9Gi", claimRef: { namespace: "default", name: "data" } })],
      {},
      "b",
    ],
    ["the claim's wish", [volume("a"), volume("b", { size: "9Gi" })], { volumeName: "b" }, "b"],
    [
      "the volume mode",
      [volume("a", { volumeMode: "Block" }), volume("b", { size: "9Gi" })],
      {},
      "b",
    ],
  ];
  it.each(rows)("goes by %s", (_what, given, wanted, expected) => {
    w.create(...given);
    w.advance(1_000);
    w.create(claim("data", { ...manual, ...wanted }));
    w.advance(2_000);
    expect(claimsNow()).toEqual([`data Bound ${expected}`]);
    expect(volumesNow()).toContain(`${expected} Bound default/data`);
  });

  it("happens when a fitting volume comes later", () => {
    w.create({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "manual" },
      provisioner: "kubernetes.io/no-provisioner",
    });
    w.create(claim("data", manual));
    w.advance(2_000);
    expect(claimsNow()).toEqual(["data Pending"]);
    w.create(volume("late"));
    w.advance(2_000);
    expect(claimsNow()).toEqual(["data Bound late"]);
  });

  it.each([
    [
      { storageClassName: "" },
      "Normal FailedBinding no persistent volumes available for this claim and no storage class is set",
    ],
    [
      { storageClassName: "fast" },
      'Warning ProvisioningFailed storageclass.storage.k8s.io "fast" not found',
    ],
    [
      { ...manual, volumeName: "small" },
      'Warning VolumeMismatch Cannot bind to requested volume "small": requested PV is too small',
    ],
    [
      { storageClassName: "other", volumeName: "large" },
      'Warning VolumeMismatch Cannot bind to requested volume "large": storageClassName does not match',
    ],
    [
      { ...manual, volumeName: "taken" },
      'Warning FailedBinding volume "taken" already bound to a different claim.',
    ],
  ])("does not happen for %j", (wanted, event) => {
    const claimRef = { namespace: "default", name: "someone" };
    w.create(
      volume("small", { size: "1Mi" }),
      volume("large", { size: "9Gi" }),
      volume("taken", { claimRef }),
    );
    w.create(claim("data", wanted));
    w.advance(2_000);
    expect(claimsNow()).toEqual([
      `data Pending ${wanted["volumeName" as keyof typeof wanted] ?? ""}`.trim(),
    ]);
    expect(w.events("data")).toContain(event);
  });

  it("of a claim without class follows a default that comes later", () => {
    w.delete("/apis/storage.k8s.io/v1/storageclasses/standard");
    w.create(claim("data"));
    w.advance(2_000);
    expect(w.get(`${claimUrl}/data`).spec.storageClassName).toBeUndefined();
    w.create({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: "quick",
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner: "podyard.dev/simulated",
    });
    w.advance(10_000);
    expect(w.get(`${claimUrl}/data`).spec.storageClassName).toBe("quick");
    expect(claimsNow()[0]).toMatch(/^data Bound pvc-/);
  });
});

describe("what is left", () => {
  it("of a Retain volume is Released, with its data, until an administrator frees it", () => {
    w.create(volume("v"), claim("data", manual), user("p", "data", "echo old > /d/f"));
    w.advance(20_000);
    w.delete(`${api}/pods/p?gracePeriodSeconds=0`);
    w.delete(`${claimUrl}/data`);
    w.advance(5_000);
    expect(volumesNow()).toEqual(["v Released default/data"]);
    w.create(claim("data", manual));
    w.advance(5_000);
    expect(claimsNow()).toEqual(["data Pending"]);
    w.patch(`${volumeUrl}/v`, { spec: { claimRef: null } });
    w.advance(5_000);
    expect(claimsNow()).toEqual(["data Bound v"]);
    w.create(user("p"));
    w.advance(20_000);
    expect(sh(w, "p", "cat /d/f").out).toBe("old\n");
  });

  it("of a claim in use stays until its last Pod is gone", () => {
    w.create(claim("data"), user("p"));
    w.advance(20_000);
    expect(w.get(`${claimUrl}/data`).metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"]);
    w.delete(`${claimUrl}/data`);
    w.advance(5_000);
    expect(claimsNow()[0]).toMatch(/^data Terminating/);
    w.delete(`${api}/pods/p?gracePeriodSeconds=0`);
    w.advance(5_000);
    expect(claimsNow()).toEqual([]);
  });

  it("of a bound volume stays until its claim is gone", () => {
    w.create(volume("v"), claim("data", manual));
    w.advance(5_000);
    w.delete(`${volumeUrl}/v`);
    w.advance(5_000);
    expect(volumesNow()).toEqual(["v Terminating default/data"]);
    w.delete(`${claimUrl}/data`);
    w.advance(5_000);
    expect(volumesNow()).toEqual([]);
  });

  it("of a claim whose volume was torn away is Lost", () => {
    w.create(volume("v"), claim("data", manual));
    w.advance(5_000);
    w.delete(`${volumeUrl}/v`);
    w.patch(`${volumeUrl}/v`, { metadata: { finalizers: null } });
    w.advance(5_000);
    expect(claimsNow()).toEqual(["data Lost v"]);
    expect(w.events("data")).toContain(
      "Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!",
    );
  });

  it("of a static volume that nobody can delete has failed", () => {
    w.create(volume("v", { persistentVolumeReclaimPolicy: "Delete" }), claim("data", manual));
    w.advance(5_000);
    w.delete(`${claimUrl}/data`);
    w.advance(5_000);
    expect(volumesNow()).toEqual(["v Failed default/data"]);
    const { items } = w.get(
      `/api/v1/namespaces/default/events?fieldSelector=reason%3DVolumeFailedDelete`,
    );
    expect(items.map((e: { message: string }) => e.message)).toEqual([
      'error getting deleter volume plugin for volume "v": no deletable volume plugin matched',
    ]);
  });
});
