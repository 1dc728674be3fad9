/** Situations of nodes under pressure, of storage, volumes and pull secrets: each caused and explained. */
import { describe, expect, test } from "vitest";
import { cluster, deployment, nginx, pod, shell } from "../behaviours/behaviour-world.ts";
import { expectSaid, restsOn } from "./asking.ts";

type Row = [target: string, parts: string[]];

const storageClass = (name: string, provisioner: string, volumeBindingMode: string): object => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name },
  provisioner,
  volumeBindingMode,
});
const claim = (name: string, storageClassName: string): object => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name },
  spec: {
    accessModes: ["ReadWriteOnce"],
    storageClassName,
    resources: { requests: { storage: "1Gi" } },
  },
});
const mounting = (name: string, claimName: string): object =>
  pod(name, {
    volumes: [{ name: "d", persistentVolumeClaim: { claimName } }],
    containers: [nginx()],
  });
const disk = "head -c 2097152 /dev/zero > /cache/big; sleep 9999";
const mounted = { volumeMounts: [{ name: "cache", mountPath: "/cache" }] };
const locked = { name: "web", image: "registry.corp.io/shop:1" };
const dockerConfig = (password: string): object => ({
  ".dockerconfigjson": JSON.stringify({
    auths: { "registry.corp.io": { username: "me", password } },
  }),
});
const pullSecret = (name: string, password: string): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name },
  type: "kubernetes.io/dockerconfigjson",
  stringData: dockerConfig(password),
});

describe("nodes, storage and pull secrets", () => {
  const world = cluster(2);
  world.create(
    storageClass("slow", "example.com/disk", "Immediate"),
    storageClass("late", "example.com/disk", "WaitForFirstConsumer"),
    storageClass("manual", "kubernetes.io/no-provisioner", "Immediate"),
    claim("foreign", "slow"),
    claim("placed", "late"),
    claim("by-hand", "manual"),
    claim("local", "standard"),
    mounting("foreign", "foreign"),
    mounting("placed", "placed"),
    mounting("local", "local"),
    pod("cache", {
      volumes: [{ name: "cache", emptyDir: { sizeLimit: "1Mi" } }],
      containers: [shell("c", disk, mounted)],
    }),
    pod("disk", {
      volumes: [{ name: "cache", emptyDir: {} }],
      containers: [
        shell("c", disk, { ...mounted, resources: { limits: { "ephemeral-storage": "1Mi" } } }),
      ],
    }),
    {
      apiVersion: "podyard.dev/v1",
      kind: "Image",
      metadata: { name: "shop" },
      spec: {
        repository: "registry.corp.io/shop",
        credentials: { username: "me", password: "right" },
      },
    },
    pullSecret("wrong", "left"),
    pod("wrong", { imagePullSecrets: [{ name: "wrong" }], containers: [locked] }),
    pod("absent", { imagePullSecrets: [{ name: "regcred" }], containers: [locked] }),
    deployment(
      "eater",
      { replicas: 1 },
      { name: "c", image: "polinux/stress", command: ["stress", "--vm", "1", "--vm-bytes", "9G"] },
    ),
    pod("modest", { nodeName: "node-1", containers: [nginx()] }),
  );
  world.advance(60_000);

  test.for<Row>([
    [
      "pvc/foreign",
      [
        "waits for the provisioner example.com/disk of StorageClass slow",
        "1Gi",
        "none of that name runs in this cluster",
        '.spec.storageClassName="standard"',
      ],
    ],
    ["pod/foreign", ["Pod default/foreign waits for its claim foreign", "example.com/disk", "1Gi"]],
    [
      "pod/placed",
      ["waits for its claim placed", "example.com/disk", "1Gi for node-", "kubectl get pvc placed"],
    ],
    [
      "pvc/by-hand",
      ["needs a volume of 1Gi", "manual provisions none", "0 are free", "kubectl get pv"],
    ],
    [
      "pod/cache",
      [
        "its emptyDir cache",
        "sizeLimit of 1Mi",
        'emptyDir.sizeLimit="2Mi"',
        "kubectl replace --force",
      ],
    ],
    [
      "pod/disk",
      ["together hold more than the ephemeral-storage limit of 1Mi", '["ephemeral-storage"]="2Mi"'],
    ],
    [
      "pod/wrong",
      [
        "private at registry.corp.io",
        "pull secret wrong says is not accepted",
        "next try is in",
        "kubectl delete secret wrong; kubectl create secret docker-registry wrong",
      ],
    ],
    [
      "pod/absent",
      ["its pull secret regcred does not exist", "kubectl create secret docker-registry regcred"],
    ],
  ])("%s", ([target, parts]) => expectSaid(world, target, parts));

  test("a node short of memory, whom it put out and whom it turns away", () => {
    const evicted: { metadata: { name: string }; spec: { nodeName: string } }[] = world
      .get("/api/v1/namespaces/default/pods?labelSelector=app%3Deater")
      .items.filter((one: { status: { reason?: string } }) => one.status.reason === "Evicted");
    const out = evicted[0]!;
    const there = evicted.filter(({ spec }) => spec.nodeName === out.spec.nodeName);
    expectSaid(world, `pod/${out.metadata.name}`, [
      `Pod default/${out.metadata.name} was evicted by the kubelet of node-`,
      "below the threshold of 100Mi",
      "c used",
      "requests 0",
      "kubectl set resources deployment/eater --requests=memory=",
    ]);
    expect(restsOn(world, `pod/${out.metadata.name}`)).toContain(
      `Node/${out.spec.nodeName} status.conditions`,
    );
    expectSaid(world, `node/${out.spec.nodeName}`, [
      "is short of memory (MemoryPressure for",
      `(${there.length} so far)`,
      "kubectl top pods",
    ]);
    world.create(pod("late", { nodeName: out.spec.nodeName, containers: [nginx()] }));
    world.advance(2_000);
    expectSaid(world, "pod/late", [
      `was turned away by the kubelet of ${out.spec.nodeName}, which has MemoryPressure`,
      "kubectl replace --force",
    ]);
  });

  test("a volume of a node that takes no Pods", () => {
    const node = world.pod("local").spec.nodeName;
    world.delete("/api/v1/namespaces/default/pods/local");
    world.advance(5_000);
    world.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: true } });
    world.create(mounting("local", "local"));
    world.advance(2_000);
    expectSaid(world, "pod/local", [
      "claim local",
      "can be reached from 1 of 3 nodes",
      `kubectl uncordon ${node}`,
    ]);
  });
});
