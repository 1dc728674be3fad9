/** Services, and what other kinds do beyond refusing bad input: defaults, allocation, updates, views, Tables. */
import { describe, expect, test } from "vitest";
import {
  fromEventsV1,
  toEventsV1,
  type EventV1,
} from "../../../durable-objects/engine/kinds/event-v1.ts";
import type { Event } from "../../../durable-objects/engine/kinds/event.ts";
import {
  fromHpaV1,
  toHpaV1,
} from "../../../durable-objects/engine/kinds/horizontal-pod-autoscaler/v1.ts";
import type { Hpa } from "../../../durable-objects/engine/kinds/horizontal-pod-autoscaler/shape.ts";
import { collectionOf, World } from "../../helpers/world.ts";

const services = "/api/v1/namespaces/default/services";
const service = (name: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});

const clusterIp = /^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+$/;

describe("Service", () => {
  test("gets an address from the range, and keeps it when written again without", () => {
    const world = new World();
    world.create(service("web", { selector: { app: "web" } }));
    const made = world.get(`${services}/web`);
    expect(made.spec).toMatchObject({
      clusterIP: expect.stringMatching(clusterIp),
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
      sessionAffinity: "None",
      type: "ClusterIP",
      ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    });
    expect(made.spec.clusterIPs).toEqual([made.spec.clusterIP]);
    expect(made.status).toEqual({ loadBalancer: {} });
    world.request("PUT", `${services}/web`, service("web", { type: "NodePort" }));
    const updated = world.get(`${services}/web`);
    expect(updated.spec.clusterIP).toBe(made.spec.clusterIP);
    expect(updated.spec.ports[0].nodePort).toBeGreaterThanOrEqual(30_000);
    expect(updated.spec.externalTrafficPolicy).toBe("Cluster");
    world.request("PUT", `${services}/web`, service("web", { type: "NodePort" }));
    expect(world.get(`${services}/web`).spec).toEqual(updated.spec);
  });

  test("never shares an address or a port", () => {
    const world = new World();
    for (let i = 0; i < 200; i++) world.create(service(`s${i}`, { type: "NodePort" }));
    const specs = world.get(services).items.map((s: { spec: object }) => s.spec);
    const ips = specs.map((s: { clusterIP: string }) => s.clusterIP);
    const ports = specs.flatMap((s: { ports: { nodePort?: number }[] }) =>
      s.ports.flatMap((p) => p.nodePort ?? []),
    );
    expect(new Set(ips).size).toBe(201);
    expect(new Set(ports).size).toBe(200);
  });

  test("one node port serves both protocols of a port number", () => {
    const world = new World();
    const ports = [
      { name: "a", port: 53, protocol: "UDP" },
      { name: "b", port: 53, protocol: "TCP" },
    ];
    world.create(service("dns", { type: "NodePort", ports }));
    const [a, b] = world.get(`${services}/dns`).spec.ports;
    expect(a.nodePort).toBe(b.nodePort);
  });

  test("loses what a changed type leaves without meaning, and frees it", () => {
    const world = new World();
    const spec = { type: "LoadBalancer", externalTrafficPolicy: "Local", clusterIP: "10.96.0.77" };
    world.create(service("web", { ...spec, ports: [{ port: 80, nodePort: 30_100 }] }));
    expect(world.get(`${services}/web`).spec.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    world.patch(`${services}/web`, { spec: { type: "ExternalName", externalName: "example.com" } });
    expect(world.get(`${services}/web`).spec).toEqual({
      externalName: "example.com",
      ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
      sessionAffinity: "None",
      type: "ExternalName",
    });
    const ports = [{ port: 80, nodePort: 30_100 }];
    world.create(service("other", { type: "NodePort", clusterIP: "10.96.0.77", ports }));
  });

  test.each([
    [
      { clusterIP: "10.96.9.9" },
      'spec.clusterIPs[0]: Invalid value: ["10.96.9.9"]: may not change once set',
    ],
    [{ clusterIP: "None" }, 'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'],
    [
      { ipFamilyPolicy: "RequireDualStack" },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
  ])("refuses the update %j", (spec, message) => {
    const world = new World();
    world.create(service("web"));
    const answer = world.request(
      "PATCH",
      `${services}/web`,
      { spec },
      { type: "application/merge-patch+json" },
    );
    expect(answer.body.message).toBe(`Service "web" is invalid: ${message}`);
  });

  test("headless without a selector is dual-stack by word only", () => {
    const world = new World();
    world.create(
      service("a", { clusterIP: "None" }),
      service("b", { clusterIP: "None", selector: { a: "b" } }),
    );
    expect(world.get(`${services}/a`).spec.ipFamilies).toEqual(["IPv4", "IPv6"]);
    expect(world.get(`${services}/b`).spec).toMatchObject({
      clusterIPs: ["None"],
      ipFamilyPolicy: "SingleStack",
    });
  });

  test("is printed as kubectl prints it", () => {
    const world = new World();
    world.create(
      service("ext", { type: "ExternalName", externalName: "example.com" }),
      service("fixed", {
        clusterIP: "10.96.0.50",
        externalIPs: ["1.2.3.4"],
        selector: { b: "2", a: "1" },
      }),
      service("head", { clusterIP: "None", ports: [] }),
      service("np", {
        type: "NodePort",
        clusterIP: "10.96.0.51",
        ports: [{ port: 80, nodePort: 30_080 }],
      }),
    );
    world.advance(1000);
    expect(
      world
        .print(services, true)
        .split("\n")
        .map((line) => line.replace(/ {3,}/g, " | ")),
    ).toEqual([
      "NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE | SELECTOR",
      "ext | ExternalName | <none> | example.com | 80/TCP | 1s | <none>",
      "fixed | ClusterIP | 10.96.0.50 | 1.2.3.4 | 80/TCP | 1s | a=1,b=2",
      "head | ClusterIP | None | <none> | <none> | 1s | <none>",
      expect.stringMatching(/^kubernetes \| ClusterIP \| 10\.96\.0\.1 \| <none> \| 443\/TCP \| /),
      "np | NodePort | 10.96.0.51 | <none> | 80:30080/TCP | 1s | <none>",
    ]);
  });
});

describe("other kinds", () => {
  /** Creates, then updates; gives the refusal's text or "". */
  function updated(manifest: object, patch: object): string {
    const world = new World();
    const object = manifest as Parameters<typeof collectionOf>[0];
    world.create(object);
    const url = `${collectionOf(object)}/${object.metadata.name}`;
    const answer = world.request("PATCH", url, patch, { type: "application/merge-patch+json" });
    return answer.status === 200 ? "" : answer.body.message;
  }
  const manifest = (apiVersion: string, kind: string, body: object): object => ({
    apiVersion,
    kind,
    metadata: { name: "x" },
    ...body,
  });
  const frozen = { immutable: true, data: { a: "MQ==" } };
  const claim = manifest("v1", "PersistentVolumeClaim", {
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });

  test.each([
    [
      "a frozen ConfigMap",
      manifest("v1", "ConfigMap", frozen),
      { data: { a: "2" } },
      'ConfigMap "x" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    ],
    [
      "a frozen Secret thawed",
      manifest("v1", "Secret", frozen),
      { immutable: false },
      'Secret "x" is invalid: immutable: Forbidden: field is immutable when `immutable` is set',
    ],
    [
      "a Secret's type",
      manifest("v1", "Secret", {}),
      { type: "other" },
      'Secret "x" is invalid: type: Invalid value: "other": field is immutable',
    ],
    [
      "a priority",
      manifest("scheduling.k8s.io/v1", "PriorityClass", { value: 1 }),
      { value: 2 },
      'PriorityClass.scheduling.k8s.io "x" is invalid: value: Forbidden: may not be changed in an update.',
    ],
    [
      "a quota's scopes",
      manifest("v1", "ResourceQuota", { spec: { hard: { pods: "1" }, scopes: ["BestEffort"] } }),
      { spec: { scopes: ["NotBestEffort"] } },
      'ResourceQuota "x" is invalid: spec.scopes: Invalid value: ["NotBestEffort"]: field is immutable',
    ],
    [
      "a binding's role",
      manifest("rbac.authorization.k8s.io/v1", "RoleBinding", {
        roleRef: { kind: "Role", name: "a" },
      }),
      { roleRef: { name: "b" } },
      'RoleBinding.rbac.authorization.k8s.io "x" is invalid: roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: cannot change roleRef',
    ],
    [
      "a slice's family",
      manifest("discovery.k8s.io/v1", "EndpointSlice", { addressType: "IPv4", endpoints: [] }),
      { addressType: "IPv6" },
      'EndpointSlice.discovery.k8s.io "x" is invalid: addressType: Invalid value: "IPv6": field is immutable',
    ],
    [
      "a node's address range",
      manifest("v1", "Node", { spec: { podCIDR: "10.9.0.0/24", podCIDRs: ["10.9.0.0/24"] } }),
      { spec: { podCIDR: "10.8.0.0/24", podCIDRs: ["10.8.0.0/24"] } },
      'Node "x" is invalid: spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    ],
    [
      "a storage class to what is none",
      manifest("storage.k8s.io/v1", "StorageClass", { provisioner: "a.io/b" }),
      { reclaimPolicy: "Keep" },
      'StorageClass.storage.k8s.io "x" is invalid: [reclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Retain", reclaimPolicy: Invalid value: "Keep": field is immutable]',
    ],
    [
      "an ingress class",
      manifest("networking.k8s.io/v1", "IngressClass", { spec: { controller: "a.io/b" } }),
      { spec: { controller: null } },
      'IngressClass.networking.k8s.io "x" is invalid: [spec.controller: Invalid value: "": field is immutable, spec.controller: Required value]',
    ],
    [
      "a storage class",
      manifest("storage.k8s.io/v1", "StorageClass", { provisioner: "a.io/b" }),
      { provisioner: "a.io/c" },
      'StorageClass.storage.k8s.io "x" is invalid: provisioner: Invalid value: "a.io/c": field is immutable',
    ],
    [
      "a volume's source and place",
      manifest("v1", "PersistentVolume", {
        spec: {
          capacity: { storage: "1Gi" },
          accessModes: ["ReadWriteOnce"],
          hostPath: { path: "/x" },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] },
              ],
            },
          },
        },
      }),
      {
        spec: {
          hostPath: { path: "/y" },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }],
            },
          },
        },
      },
      `PersistentVolume "x" is invalid: [spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation
@@ -2,7 +2,7 @@
  "GCEPersistentDisk": null,
  "AWSElasticBlockStore": null,
  "HostPath": {
-  "Path": "/x",
+  "Path": "/y",
   "Type": ""
  },
  "Glusterfs": null,
, nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA]`,
    ],
    [
      "a claim",
      claim,
      { spec: { accessModes: ["ReadOnlyMany"] } },
      expect.stringContaining(
        'PersistentVolumeClaim "x" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@',
      ),
    ],
    [
      "labels, which may",
      manifest("v1", "ConfigMap", frozen),
      { metadata: { labels: { a: "b" } } },
      "",
    ],
  ])("updating %s", (_what, before, patch, message) => {
    expect(updated(before, patch)).toEqual(message);
  });

  test("budgets and leases are not updated blindly", () => {
    const world = new World();
    world.create(manifest("coordination.k8s.io/v1", "Lease", { spec: {} }));
    const url = "/apis/coordination.k8s.io/v1/namespaces/default/leases/x";
    const answer = world.request(
      "PUT",
      url,
      manifest("coordination.k8s.io/v1", "Lease", { spec: { holderIdentity: "me" } }),
    );
    expect(answer.body.message).toBe(
      'Lease.coordination.k8s.io "x" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
  });

  test("defaults that depend on other fields", () => {
    const world = new World();
    world.create(
      service("x"),
      manifest("v1", "Secret", { stringData: { a: "é" } }),
      manifest("v1", "LimitRange", {
        spec: { limits: [{ type: "Container", max: { cpu: "2" }, min: { memory: "1Mi" } }] },
      }),
      manifest("networking.k8s.io/v1", "NetworkPolicy", {
        spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] },
      }),
      manifest("v1", "Endpoints", {
        subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 1 }] }],
      }),
    );
    expect(world.get("/api/v1/namespaces/default/secrets/x")).toMatchObject({
      type: "Opaque",
      data: { a: "w6k=" },
    });
    expect(world.get("/api/v1/namespaces/default/secrets/x").stringData).toBeUndefined();
    expect(world.get("/api/v1/namespaces/default/limitranges/x").spec.limits).toEqual([
      {
        type: "Container",
        max: { cpu: "2" },
        min: { memory: "1Mi" },
        default: { cpu: "2" },
        defaultRequest: { cpu: "2", memory: "1Mi" },
      },
    ]);
    expect(
      world.get("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/x").spec,
    ).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
      egress: [{ ports: [{ port: 53, protocol: "TCP" }] }],
    });
    expect(world.get("/api/v1/namespaces/default/endpoints/x").subsets[0].ports).toEqual([
      { port: 1, protocol: "TCP" },
    ]);
  });

  test.each<[string, object, Record<string, unknown>]>([
    ["ConfigMap", { data: { a: "" }, binaryData: { b: "" } }, { Data: 2 }],
    ["Secret", { data: { a: "" } }, { Type: "Opaque", Data: 1 }],
    [
      "Endpoints",
      {
        subsets: [
          {
            addresses: ["1", "2", "3", "4"].map((n) => ({ ip: `10.0.0.${n}` })),
            ports: [{ port: 80 }],
          },
        ],
      },
      { Endpoints: "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more..." },
    ],
    [
      "PersistentVolume",
      {
        spec: {
          accessModes: ["ReadWriteMany", "ReadWriteOnce"],
          capacity: { storage: "1024Mi" },
          hostPath: { path: "/a" },
        },
      },
      {
        Capacity: "1Gi",
        "Access Modes": "RWO,RWX",
        "Reclaim Policy": "Retain",
        Status: "Available",
        VolumeAttributesClass: "<unset>",
      },
    ],
  ])("Table of %s", (kind, body, cells) => {
    const world = new World();
    const object = manifest("v1", kind, body) as Parameters<typeof collectionOf>[0];
    world.create(service("x"), object);
    const rows = world.rows(collectionOf(object));
    expect(rows.find((row) => row["Name"] === "x")).toMatchObject(cells);
  });
});

describe("views", () => {
  test("events.k8s.io/v1 and back is the same event", () => {
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: "a",
        namespace: "default",
        uid: "1",
        resourceVersion: "2",
        creationTimestamp: "2026-01-01T00:00:00Z",
      },
      involvedObject: { kind: "Pod", name: "web" },
      reason: "Started",
      message: "Container started",
      source: { component: "kubelet" },
      firstTimestamp: "2026-01-01T00:00:00Z",
      lastTimestamp: "2026-01-01T00:00:01Z",
      count: 2,
      type: "Normal",
      reportingComponent: "kubelet",
      reportingInstance: "node-1",
    } as Event;
    const v1: EventV1 = toEventsV1(event);
    expect(v1).toMatchObject({
      apiVersion: "events.k8s.io/v1",
      note: "Container started",
      regarding: { name: "web" },
      deprecatedCount: 2,
      reportingController: "kubelet",
    });
    expect(fromEventsV1(v1)).toEqual(event);
  });

  const hpa = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: {
      name: "web",
      namespace: "default",
      uid: "1",
      resourceVersion: "2",
      creationTimestamp: "2026-01-01T00:00:00Z",
      annotations: { mine: "kept" },
    },
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "web", apiVersion: "apps/v1" },
      minReplicas: 1,
      maxReplicas: 4,
      metrics: [
        {
          type: "Pods",
          pods: { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "10" } },
        },
        {
          type: "Object",
          object: {
            metric: { name: "q" },
            describedObject: { kind: "Ingress", name: "i" },
            target: { type: "Value", value: "2k" },
          },
        },
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
        },
      ],
      behavior: {
        scaleDown: {
          selectPolicy: "Max",
          stabilizationWindowSeconds: 60,
          policies: [{ type: "Percent", value: 10, periodSeconds: 15 }],
        },
      },
    },
    status: {
      currentReplicas: 2,
      desiredReplicas: 2,
      currentMetrics: [
        {
          type: "Resource",
          resource: { name: "cpu", current: { averageUtilization: 40, averageValue: "40m" } },
        },
      ],
      conditions: [{ type: "AbleToScale", status: "True" }],
    },
  } as unknown as Hpa;

  test("autoscaling/v1 and back loses nothing", () => {
    const v1 = toHpaV1(hpa);
    expect(v1.spec?.targetCPUUtilizationPercentage).toBe(50);
    expect(v1.status?.currentCPUUtilizationPercentage).toBe(40);
    expect(v1.metadata.annotations?.["autoscaling.alpha.kubernetes.io/behavior"]).toBe(
      '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":60,"SelectPolicy":"Max","Policies":[{"Type":"Percent","Value":10,"PeriodSeconds":15}],"Tolerance":null}}',
    );
    expect(fromHpaV1(v1)).toEqual(hpa);
  });

  test("what was written in v1 is read in v2", () => {
    const world = new World();
    const v1 = {
      apiVersion: "autoscaling/v1",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web" },
      spec: {
        scaleTargetRef: { kind: "Deployment", name: "web", apiVersion: "apps/v1" },
        maxReplicas: 3,
        targetCPUUtilizationPercentage: 60,
      },
    };
    world.create(v1);
    const url = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    expect(world.get(`${url}/web`).spec.metrics).toEqual([
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } },
      },
    ]);
    expect(world.rows(url)[0]).toMatchObject({
      Reference: "Deployment/web",
      Targets: "cpu: <unknown>/60%",
      MinPods: "1",
      MaxPods: 3,
      Replicas: 0,
    });
  });
});
