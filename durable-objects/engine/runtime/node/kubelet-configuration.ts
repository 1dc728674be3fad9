import { trimEndOf } from "../../core/trim.ts";
import { dnsServiceIp } from "../../kinds/service/allocation.ts";

/** Table of what was changed in a node's files: by node, text by path. */
export const nodeFilesTable = "node-files";
export const kubeletConfigPath = "/var/lib/kubelet/config.yaml";
export const staticPodPath = "/etc/kubernetes/manifests";

/** The folder of static Pods that a configuration names, without a slash at its end. */
export function staticPodFolder(configuration: string | undefined): string {
  const told = /^[ \t]*staticPodPath:[ \t]*["']?([^\s"']+)/m.exec(configuration ?? "")?.[1];
  return trimEndOf(told ?? staticPodPath, "/");
}

/**
 * How kubeadm has kubelets configured: the ConfigMap kubelet-config, and /var/lib/kubelet/config.yaml of every node.
 * k8s: cmd/kubeadm/app/componentconfigs/kubelet.go
 */
export const kubeletConfiguration = `apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    cacheTTL: 0s
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
  webhook:
    cacheAuthorizedTTL: 0s
    cacheUnauthorizedTTL: 0s
cgroupDriver: systemd
clusterDNS:
- ${dnsServiceIp}
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///var/run/containerd/containerd.sock
cpuManagerReconcilePeriod: 0s
crashLoopBackOff: {}
evictionPressureTransitionPeriod: 0s
fileCheckFrequency: 0s
healthzBindAddress: 127.0.0.1
healthzPort: 10248
httpCheckFrequency: 0s
imageMaximumGCAge: 0s
imageMinimumGCAge: 0s
kind: KubeletConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
memorySwap: {}
nodeStatusReportFrequency: 0s
nodeStatusUpdateFrequency: 0s
rotateCertificates: true
runtimeRequestTimeout: 0s
shutdownGracePeriod: 0s
shutdownGracePeriodCriticalPods: 0s
staticPodPath: ${staticPodPath}
streamingConnectionIdleTimeout: 0s
syncFrequency: 0s
volumeStatsAggPeriod: 0s
`;
