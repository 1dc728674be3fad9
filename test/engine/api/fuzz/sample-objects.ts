/** One good object of every kind that can be created: what fuzzers bend. */

type Json = Record<string, unknown>;

const labels = { app: "f" };
const container = {
  name: "c",
  image: "nginx:1.27",
  command: ["sleep", "1000"],
  ports: [{ name: "http", containerPort: 80 }],
  env: [{ name: "A", value: "b" }],
  resources: { requests: { cpu: "10m", memory: "10Mi" } },
  volumeMounts: [{ name: "v", mountPath: "/v" }],
  readinessProbe: { exec: { command: ["true"] } },
};
const podSpec = { containers: [container], volumes: [{ name: "v", emptyDir: {} }] };
const template = { metadata: { labels }, spec: podSpec };
const workload = { selector: { matchLabels: labels }, template };
const reference = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" };
const subjects = [{ kind: "ServiceAccount", name: "default", namespace: "default" }];
const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];

const bodies: Record<string, Json> = {
  ConfigMap: { data: { a: "b" } },
  Endpoints: { subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }] },
  Event: {
    involvedObject: { kind: "Pod", name: "f-1", namespace: "default" },
    reason: "Seen",
    message: "m",
    type: "Normal",
  },
  LimitRange: { spec: { limits: [{ type: "Container", max: { cpu: "1" } }] } },
  Namespace: {},
  Node: {},
  PersistentVolumeClaim: {
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  },
  PersistentVolume: {
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      hostPath: { path: "/data" },
    },
  },
  Pod: { metadata: { labels }, spec: podSpec },
  PodTemplate: { template },
  ReplicationController: { spec: { replicas: 1, selector: labels, template } },
  ResourceQuota: { spec: { hard: { pods: "100" } } },
  Secret: { data: { a: "Yg==" } },
  ServiceAccount: {},
  Service: { spec: { selector: labels, ports: [{ name: "http", port: 80 }] } },
  ControllerRevision: { revision: 1, data: {} },
  DaemonSet: { spec: workload },
  StatefulSet: { spec: workload },
  Deployment: { spec: { replicas: 1, ...workload } },
  ReplicaSet: { spec: { replicas: 1, ...workload } },
  HorizontalPodAutoscaler: {
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "f-1" },
      maxReplicas: 3,
    },
  },
  IngressClass: { spec: { controller: "example.com/c" } },
  Ingress: { spec: { defaultBackend: { service: { name: "f-1", port: { number: 80 } } } } },
  NetworkPolicy: { spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] } },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector: { matchLabels: labels } } },
  ClusterRoleBinding: { roleRef: reference, subjects },
  ClusterRole: { rules },
  RoleBinding: { roleRef: reference, subjects },
  Role: { rules },
  StorageClass: { provisioner: "example.com/p" },
  PriorityClass: { value: 1 },
  Lease: { spec: { holderIdentity: "h", leaseDurationSeconds: 10 } },
  EndpointSlice: {
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"] }],
    ports: [{ name: "", port: 80 }],
  },
  Clock: { spec: {} },
  Trace: { spec: { url: "http://f-1.default.svc/" } },
  Image: { spec: { repository: "example.com/f", tags: ["1"] } },
};

/** Bodies of subresources and reviews, by kind. */
export const samples: Readonly<Record<string, Json>> = {
  ...bodies,
  Scale: { spec: { replicas: 2 } },
  Eviction: {},
  Binding: { target: { kind: "Node", name: "node-1" } },
  TokenRequest: { spec: { audiences: ["a"] } },
  SubjectAccessReview: {
    spec: { user: "u", resourceAttributes: { verb: "get", resource: "pods" } },
  },
  SelfSubjectAccessReview: { spec: { resourceAttributes: { verb: "get", resource: "pods" } } },
  LocalSubjectAccessReview: {
    spec: {
      user: "u",
      resourceAttributes: { verb: "get", resource: "pods", namespace: "default" },
    },
  },
  SelfSubjectRulesReview: { spec: { namespace: "default" } },
  SelfSubjectReview: {},
  TokenReview: { spec: { token: "t" } },
};

/** A good object; metadata.name is the caller's. */
export function sampleOf(apiVersion: string, kind: string, name: string): Json {
  const { metadata, ...rest } = structuredClone(samples[kind] ?? {});
  return { apiVersion, kind, metadata: { ...(metadata as Json | undefined), name }, ...rest };
}
