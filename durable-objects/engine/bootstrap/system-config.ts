/** Configuration that kubeadm leaves in ConfigMaps. k8s: cmd/kubeadm/app/phases/{addons,uploadconfig,bootstraptoken} */
import { version } from "../api/discovery/discovery.ts";
import { kubeletConfiguration } from "../runtime/node/kubelet-configuration.ts";
import { serviceCidr } from "../kinds/service/ranges.ts";
import { toBase64 } from "../machinery/base64.ts";
import { encodeUtf8 } from "../core/utf8.ts";
import { rootCertificate } from "./root-certificate.ts";
import { podCidrs } from "./system-manifests.ts";

export const coreDnsVersion = "v1.14.2";
const server = "https://control-plane:6443";

export const corefile = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

const proxyConfig = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: ${podCidrs}
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: ""
mode: ""
nftables:
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""`;

const proxyKubeconfig = `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
    server: ${server}
  name: default
contexts:
- context:
    cluster: default
    namespace: default
    user: default
  name: default
current-context: default
users:
- name: default
  user:
    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token`;

const clusterConfiguration = `apiServer: {}
apiVersion: kubeadm.k8s.io/v1beta4
caCertificateValidityPeriod: 87600h0m0s
certificateValidityPeriod: 8760h0m0s
certificatesDir: /etc/kubernetes/pki
clusterName: kubernetes
controllerManager: {}
dns: {}
encryptionAlgorithm: RSA-2048
etcd:
  local:
    dataDir: /var/lib/etcd
imageRepository: registry.k8s.io
kind: ClusterConfiguration
kubernetesVersion: ${version.gitVersion}
networking:
  dnsDomain: cluster.local
  podSubnet: ${podCidrs}
  serviceSubnet: ${serviceCidr}
proxy: {}
scheduler: {}
`;

const clusterInfo = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${toBase64(encodeUtf8(rootCertificate))}
    server: ${server}
  name: ""
contexts: null
current-context: ""
kind: Config
preferences: {}
users: null
`;

interface ConfigMapRow {
  name: string;
  namespace: string;
  labels?: Record<string, string>;
  data: Record<string, string>;
}

export const configMaps: ConfigMapRow[] = [
  { name: "cluster-info", namespace: "kube-public", data: { kubeconfig: clusterInfo } },
  { name: "coredns", namespace: "kube-system", data: { Corefile: corefile } },
  {
    name: "extension-apiserver-authentication",
    namespace: "kube-system",
    data: {
      "client-ca-file": rootCertificate,
      "requestheader-allowed-names": '["front-proxy-client"]',
      "requestheader-client-ca-file": rootCertificate,
      "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
      "requestheader-group-headers": '["X-Remote-Group"]',
      "requestheader-uid-headers": "[]",
      "requestheader-username-headers": '["X-Remote-User"]',
    },
  },
  {
    name: "kube-proxy",
    namespace: "kube-system",
    labels: { app: "kube-proxy" },
    data: { "config.conf": proxyConfig, "kubeconfig.conf": proxyKubeconfig },
  },
  {
    name: "kubeadm-config",
    namespace: "kube-system",
    data: { ClusterConfiguration: clusterConfiguration },
  },
  { name: "kubelet-config", namespace: "kube-system", data: { kubelet: kubeletConfiguration } },
];
