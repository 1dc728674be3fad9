/** Manifests of the control plane's static Pods. k8s: cmd/kubeadm/app/phases/controlplane/manifests.go, phases/etcd/local.go */
import { version } from "../api/discovery/discovery.ts";
import { nodeAddress } from "./nodes.ts";
import { serviceCidr } from "../kinds/service/ranges.ts";

/** Every node's Pod range lies in it. */
export const podCidrs = "10.244.0.0/16";
const address = nodeAddress(0);
const pki = "/etc/kubernetes/pki";
export const etcdVersion = "3.6.8-0";
export const kubeImage = (name: string): string => `registry.k8s.io/${name}:${version.gitVersion}`;

interface Probe {
  host: string;
  scheme: string;
  port: number;
  live: string;
  ready?: string;
  /** The API server alone has one more, for its start. */
  startPath: string;
}

interface Component {
  name: string;
  image: string;
  annotations?: Record<string, string>;
  flags: string[];
  probe: Probe;
  cpu: string;
  memory?: string;
  volumes: [name: string, path: string, type: string, readOnly: boolean][];
}

const certificates: Component["volumes"] = [
  ["ca-certs", "/etc/ssl/certs", "DirectoryOrCreate", true],
  ["k8s-certs", pki, "DirectoryOrCreate", true],
];

const etcd: Component = {
  name: "etcd",
  image: `registry.k8s.io/etcd:${etcdVersion}`,
  annotations: { "kubeadm.kubernetes.io/etcd.advertise-client-urls": `https://${address}:2379` },
  flags: [
    `--advertise-client-urls=https://${address}:2379`,
    `--cert-file=${pki}/etcd/server.crt`,
    "--client-cert-auth=true",
    "--data-dir=/var/lib/etcd",
    "--feature-gates=InitialCorruptCheck=true",
    `--initial-advertise-peer-urls=https://${address}:2380`,
    `--initial-cluster=control-plane=https://${address}:2380`,
    `--key-file=${pki}/etcd/server.key`,
    `--listen-client-urls=https://127.0.0.1:2379,https://${address}:2379`,
    "--listen-metrics-urls=http://127.0.0.1:2381",
    `--listen-peer-urls=https://${address}:2380`,
    "--name=control-plane",
    `--peer-cert-file=${pki}/etcd/peer.crt`,
    "--peer-client-cert-auth=true",
    `--peer-key-file=${pki}/etcd/peer.key`,
    `--peer-trusted-ca-file=${pki}/etcd/ca.crt`,
    "--snapshot-count=10000",
    `--trusted-ca-file=${pki}/etcd/ca.crt`,
    "--watch-progress-notify-interval=5s",
  ],
  probe: {
    host: "127.0.0.1",
    scheme: "HTTP",
    port: 2381,
    live: "/livez",
    ready: "/readyz",
    startPath: "/readyz",
  },
  cpu: "100m",
  memory: "100Mi",
  volumes: [
    ["etcd-certs", `${pki}/etcd`, "DirectoryOrCreate", false],
    ["etcd-data", "/var/lib/etcd", "DirectoryOrCreate", false],
  ],
};

const apiServer: Component = {
  name: "kube-apiserver",
  image: kubeImage("kube-apiserver"),
  annotations: {
    "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": `${address}:6443`,
  },
  flags: [
    `--advertise-address=${address}`,
    "--allow-privileged=true",
    "--authorization-mode=Node,RBAC",
    `--client-ca-file=${pki}/ca.crt`,
    "--enable-admission-plugins=NodeRestriction",
    "--enable-bootstrap-token-auth=true",
    `--etcd-cafile=${pki}/etcd/ca.crt`,
    `--etcd-certfile=${pki}/apiserver-etcd-client.crt`,
    `--etcd-keyfile=${pki}/apiserver-etcd-client.key`,
    "--etcd-servers=https://127.0.0.1:2379",
    `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
    `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
    "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
    `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
    `--proxy-client-key-file=${pki}/front-proxy-client.key`,
    "--requestheader-allowed-names=front-proxy-client",
    `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-username-headers=X-Remote-User",
    "--secure-port=6443",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${pki}/sa.pub`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    `--service-cluster-ip-range=${serviceCidr}`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
  ],
  probe: {
    host: address,
    scheme: "HTTPS",
    port: 6443,
    live: "/livez",
    ready: "/readyz",
    startPath: "/livez",
  },
  cpu: "250m",
  volumes: certificates,
};

const controllerManager: Component = {
  name: "kube-controller-manager",
  image: kubeImage("kube-controller-manager"),
  flags: [
    "--allocate-node-cidrs=true",
    "--authentication-kubeconfig=/etc/kubernetes/controller-manager.conf",
    "--authorization-kubeconfig=/etc/kubernetes/controller-manager.conf",
    "--bind-address=127.0.0.1",
    `--client-ca-file=${pki}/ca.crt`,
    `--cluster-cidr=${podCidrs}`,
    "--cluster-name=kubernetes",
    `--cluster-signing-cert-file=${pki}/ca.crt`,
    `--cluster-signing-key-file=${pki}/ca.key`,
    "--controllers=*,bootstrapsigner,tokencleaner",
    "--kubeconfig=/etc/kubernetes/controller-manager.conf",
    "--leader-elect=true",
    `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
    `--root-ca-file=${pki}/ca.crt`,
    `--service-account-private-key-file=${pki}/sa.key`,
    `--service-cluster-ip-range=${serviceCidr}`,
    "--use-service-account-credentials=true",
  ],
  probe: {
    host: "127.0.0.1",
    scheme: "HTTPS",
    port: 10257,
    live: "/healthz",
    startPath: "/healthz",
  },
  cpu: "200m",
  volumes: [
    ...certificates,
    ["kubeconfig", "/etc/kubernetes/controller-manager.conf", "FileOrCreate", true],
  ],
};

const scheduler: Component = {
  name: "kube-scheduler",
  image: kubeImage("kube-scheduler"),
  flags: [
    "--authentication-kubeconfig=/etc/kubernetes/scheduler.conf",
    "--authorization-kubeconfig=/etc/kubernetes/scheduler.conf",
    "--bind-address=127.0.0.1",
    "--kubeconfig=/etc/kubernetes/scheduler.conf",
    "--leader-elect=true",
  ],
  probe: {
    host: "127.0.0.1",
    scheme: "HTTPS",
    port: 10259,
    live: "/livez",
    ready: "/readyz",
    startPath: "/livez",
  },
  cpu: "100m",
  volumes: [["kubeconfig", "/etc/kubernetes/scheduler.conf", "FileOrCreate", true]],
};

const lines = (indent: number, items: readonly string[]): string =>
  items.map((item) => `${" ".repeat(indent)}${item}\n`).join("");

function probeText(kind: string, path: string, probe: Probe, timing: readonly string[]): string {
  return lines(4, [
    `${kind}:`,
    ...timing.slice(0, 1).map((t) => `  ${t}`),
    "  httpGet:",
    `    host: ${probe.host}`,
    `    path: ${path}`,
    "    port: probe-port",
    `    scheme: ${probe.scheme}`,
    ...timing.slice(1).map((t) => `  ${t}`),
  ]);
}

function probesText(probe: Probe): string {
  const live = [
    "failureThreshold: 8",
    "initialDelaySeconds: 10",
    "periodSeconds: 10",
    "timeoutSeconds: 15",
  ];
  const ready = ["failureThreshold: 3", "periodSeconds: 1", "timeoutSeconds: 15"];
  const start = [
    "failureThreshold: 24",
    "initialDelaySeconds: 10",
    "periodSeconds: 10",
    "timeoutSeconds: 15",
  ];
  return (
    probeText("livenessProbe", probe.live, probe, live) +
    (probe.ready ? probeText("readinessProbe", probe.ready, probe, ready) : "") +
    probeText("startupProbe", probe.startPath, probe, start)
  );
}

function manifest(c: Component): string {
  const annotations = Object.entries(c.annotations ?? {}).map(([k, v]) => `${k}: ${v}`);
  return `apiVersion: v1
kind: Pod
metadata:
${annotations.length ? `  annotations:\n${lines(4, annotations)}` : ""}  labels:
    component: ${c.name}
    tier: control-plane
  name: ${c.name}
  namespace: kube-system
spec:
  containers:
  - command:
    - ${c.name}
${lines(
  4,
  c.flags.map((flag) => `- ${flag}`),
)}    image: ${c.image}
    imagePullPolicy: IfNotPresent
    name: ${c.name}
    ports:
    - containerPort: ${c.probe.port}
      name: probe-port
      protocol: TCP
${probesText(c.probe)}    resources:
      requests:
        cpu: ${c.cpu}
${c.memory ? `        memory: ${c.memory}\n` : ""}    volumeMounts:
${c.volumes.map(([name, path, , readOnly]) => lines(4, [`- mountPath: ${path}`, `  name: ${name}`, ...(readOnly ? ["  readOnly: true"] : [])])).join("")}  hostNetwork: true
  priority: 2000001000
  priorityClassName: system-node-critical
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  volumes:
${c.volumes.map(([name, path, type]) => lines(2, ["- hostPath:", `    path: ${path}`, `    type: ${type}`, `  name: ${name}`])).join("")}status: {}
`;
}

/** Files of the control plane's manifest folder, by path. */
export function controlPlaneManifests(): Record<string, string> {
  const components = [etcd, apiServer, controllerManager, scheduler];
  return Object.fromEntries(
    components.map((c) => [`/etc/kubernetes/manifests/${c.name}.yaml`, manifest(c)]),
  );
}
