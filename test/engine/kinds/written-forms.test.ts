/** What the cluster itself writes has the form that Go would give it: nothing missing that is always there, nothing else. */
import { structType } from "../../../durable-objects/engine/schema/types.ts";
import { expect, test } from "vitest";
import { decodeObject } from "../../../durable-objects/engine/schema/decode.ts";
import { World } from "../../helpers/world.ts";

const container = { name: "c", image: "nginx", ports: [{ containerPort: 80 }] };
const template = { metadata: { labels: { app: "web" } }, spec: { containers: [container] } };
const selector = { matchLabels: { app: "web" } };

const manifests = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: { replicas: 3, selector, template },
  },
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "each" },
    spec: { selector, template },
  },
  {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { name: "old" },
    spec: { replicas: 1, template },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { type: "LoadBalancer", selector: { app: "web" }, ports: [{ port: 80 }] },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "full" },
    spec: {
      initContainers: [
        { name: "first", image: "busybox", command: ["true"] },
        { name: "beside", image: "busybox", restartPolicy: "Always", command: ["sleep", "1d"] },
      ],
      containers: [
        {
          name: "c",
          image: "busybox",
          command: ["sh", "-c", "sleep 5; exit 3"],
          resources: { requests: { cpu: "100m" }, limits: { memory: "64Mi" } },
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
    },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stuck" },
    spec: { containers: [{ name: "c", image: "nginx:1.161" }] },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "unfit" },
    spec: { containers: [container], nodeSelector: { a: "b" } },
  },
  {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  },
  {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "few" },
    spec: { hard: { pods: "50" } },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web" },
    spec: { minAvailable: 1, selector },
  },
  {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web" },
    spec: {
      maxReplicas: 5,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
        },
      ],
    },
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "web" },
    spec: {
      ingressClassName: "nginx",
      defaultBackend: { service: { name: "web", port: { number: 80 } } },
    },
  },
];

const kinds: [path: string, type: string][] = [
  ["/api/v1/namespaces", "core/v1.Namespace"],
  ["/api/v1/nodes", "core/v1.Node"],
  ["/api/v1/pods", "core/v1.Pod"],
  ["/api/v1/services", "core/v1.Service"],
  ["/api/v1/endpoints", "core/v1.Endpoints"],
  ["/api/v1/configmaps", "core/v1.ConfigMap"],
  ["/api/v1/serviceaccounts", "core/v1.ServiceAccount"],
  ["/api/v1/events", "core/v1.Event"],
  ["/api/v1/replicationcontrollers", "core/v1.ReplicationController"],
  ["/api/v1/resourcequotas", "core/v1.ResourceQuota"],
  ["/api/v1/persistentvolumes", "core/v1.PersistentVolume"],
  ["/api/v1/persistentvolumeclaims", "core/v1.PersistentVolumeClaim"],
  ["/apis/apps/v1/deployments", "apps/v1.Deployment"],
  ["/apis/apps/v1/replicasets", "apps/v1.ReplicaSet"],
  ["/apis/apps/v1/daemonsets", "apps/v1.DaemonSet"],
  ["/apis/apps/v1/controllerrevisions", "apps/v1.ControllerRevision"],
  ["/apis/autoscaling/v1/horizontalpodautoscalers", "autoscaling/v1.HorizontalPodAutoscaler"],
  ["/apis/coordination.k8s.io/v1/leases", "coordination/v1.Lease"],
  ["/apis/discovery.k8s.io/v1/endpointslices", "discovery/v1.EndpointSlice"],
  ["/apis/events.k8s.io/v1/events", "events/v1.Event"],
  ["/apis/networking.k8s.io/v1/ingresses", "networking/v1.Ingress"],
  ["/apis/policy/v1/poddisruptionbudgets", "policy/v1.PodDisruptionBudget"],
  ["/apis/rbac.authorization.k8s.io/v1/clusterroles", "rbac/v1.ClusterRole"],
  ["/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "rbac/v1.ClusterRoleBinding"],
  ["/apis/rbac.authorization.k8s.io/v1/roles", "rbac/v1.Role"],
  ["/apis/rbac.authorization.k8s.io/v1/rolebindings", "rbac/v1.RoleBinding"],
  ["/apis/scheduling.k8s.io/v1/priorityclasses", "scheduling/v1.PriorityClass"],
  ["/apis/storage.k8s.io/v1/storageclasses", "storage/v1.StorageClass"],
];

const world = new World();
world.create(...manifests);
world.advance(60_000);
world.delete("/api/v1/namespaces/default/pods/stuck");
world.advance(1_000);

test.each(kinds)("%s", (path, type) => {
  const { items } = world.get(path) as { items: Record<string, unknown>[] };
  expect(items).not.toEqual([]);
  for (const item of items) {
    const { object, problems, error } = decodeObject(structType(type), item);
    expect({ error, problems }).toEqual({ error: undefined, problems: [] });
    expect(item).toEqual(object);
  }
});
