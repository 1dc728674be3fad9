/**
 * Objects of kube-system, kube-public and the Service `kubernetes` that are the same in every cluster: part of the
 * built-in base, so nobody pays rows for them. They are complete as they stand; nothing defaults them.
 */
import { dnsServiceIp, kubernetesServiceIp } from "../kinds/service/allocation.ts";
import { nodeAddress } from "./nodes.ts";
import { configMaps } from "./system-config.ts";

/** Controllers that act under an account of their own, and the two addons. k8s: --use-service-account-credentials */
const accounts =
  "attachdetach-controller bootstrap-signer certificate-controller clusterrole-aggregation-controller coredns cronjob-controller daemon-set-controller deployment-controller disruption-controller endpoint-controller endpointslice-controller endpointslicemirroring-controller ephemeral-volume-controller expand-controller generic-garbage-collector horizontal-pod-autoscaler job-controller kube-proxy legacy-service-account-token-cleaner namespace-controller node-controller persistent-volume-binder pod-garbage-collector pv-protection-controller pvc-protection-controller replicaset-controller replication-controller resource-claim-controller resourcequota-controller root-ca-cert-publisher service-account-controller service-cidrs-controller statefulset-controller token-cleaner ttl-after-finished-controller ttl-controller validatingadmissionpolicy-status-controller volumeattributesclass-protection-controller".split(
    " ",
  );

interface ServiceRow {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  clusterIP: string;
  selector?: Record<string, string>;
  ports: { name: string; port: number; protocol: string; targetPort: number }[];
}

const services: ServiceRow[] = [
  {
    name: "kubernetes",
    namespace: "default",
    labels: { component: "apiserver", provider: "kubernetes" },
    clusterIP: kubernetesServiceIp,
    ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 6443 }],
  },
  {
    name: "kube-dns",
    namespace: "kube-system",
    labels: {
      "k8s-app": "kube-dns",
      "kubernetes.io/cluster-service": "true",
      "kubernetes.io/name": "CoreDNS",
    },
    annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
    clusterIP: dnsServiceIp,
    selector: { "k8s-app": "kube-dns" },
    ports: [
      { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
      { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
      { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
    ],
  },
];

const serviceObject = ({
  name,
  namespace,
  labels,
  annotations,
  ...spec
}: ServiceRow): BaseShape => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, labels, ...(annotations ? { annotations } : {}) },
  spec: {
    ...spec,
    clusterIPs: [spec.clusterIP],
    internalTrafficPolicy: "Cluster",
    ipFamilies: ["IPv4"],
    ipFamilyPolicy: "SingleStack",
    sessionAffinity: "None",
    type: "ClusterIP",
  },
  status: { loadBalancer: {} },
});

/** The API server fills in its own endpoints. k8s: pkg/controlplane/reconcilers */
const apiEndpoints: BaseShape[] = [
  {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
    },
    subsets: [
      {
        addresses: [{ ip: nodeAddress(0) }],
        ports: [{ name: "https", port: 6443, protocol: "TCP" }],
      },
    ],
  },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      generation: 1,
      labels: { "kubernetes.io/service-name": "kubernetes" },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: [nodeAddress(0)], conditions: { ready: true } }],
    ports: [{ name: "https", port: 6443, protocol: "TCP" }],
  },
];

/** Who may read what kubeadm left behind: `[role, namespace, resourceNames, subjects]`. */
const readers: [string, string, string, object[]][] = [
  [
    "kubeadm:bootstrap-signer-clusterinfo",
    "kube-public",
    "cluster-info",
    [user("system:anonymous")],
  ],
  [
    "kube-proxy",
    "kube-system",
    "kube-proxy",
    [group("system:bootstrappers:kubeadm:default-node-token")],
  ],
  [
    "kubeadm:kubelet-config",
    "kube-system",
    "kubelet-config",
    [group("system:nodes"), group("system:bootstrappers:kubeadm:default-node-token")],
  ],
  [
    "kubeadm:nodes-kubeadm-config",
    "kube-system",
    "kubeadm-config",
    [group("system:bootstrappers:kubeadm:default-node-token"), group("system:nodes")],
  ],
];

const apiGroup = "rbac.authorization.k8s.io";
function user(name: string): object {
  return { apiGroup: "rbac.authorization.k8s.io", kind: "User", name };
}
function group(name: string): object {
  return { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name };
}

const readerObjects = readers.flatMap(([name, namespace, resource, subjects]): BaseShape[] => [
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "Role",
    metadata: { name, namespace },
    rules: [
      { apiGroups: [""], resourceNames: [resource], resources: ["configmaps"], verbs: ["get"] },
    ],
  },
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "RoleBinding",
    metadata: { name, namespace },
    roleRef: { apiGroup, kind: "Role", name },
    subjects,
  },
]);

interface BaseShape {
  apiVersion: string;
  kind: string;
  metadata: { name: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** The class of claims that name none; its volumes are made by controllers/persistent-volume/provisioner.ts. */
const storageClass: BaseShape = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name: "standard",
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  },
  provisioner: "podyard.dev/simulated",
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
};

export const systemBase: BaseShape[] = [
  ...configMaps.map(({ data, ...metadata }) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    data,
  })),
  ...accounts.map((name) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace: "kube-system" },
  })),
  ...services.map(serviceObject),
  ...apiEndpoints,
  ...readerObjects,
  storageClass,
];
