/** The machines of a sandbox: one tainted control plane, workers of 4 CPU, 8 Gi and 110 Pods. */
import { kernelRelease, osImage } from "../core/machine-facts.ts";
import { rfc3339 } from "../core/clock.ts";
import { version } from "../api/discovery/discovery.ts";
import { machineAnnotation } from "../kinds/node-machine.ts";

export const controlPlaneName = "control-plane";
export const workerName = (index: number): string => `node-${index}`;

const controlPlaneLabels = {
  "node-role.kubernetes.io/control-plane": "",
  "node.kubernetes.io/exclude-from-external-load-balancers": "",
};

/** Index 0 is the control plane. */
export const nodeAddress = (index: number): string => {
  const host = index + 2;
  return `172.18.${host >> 8}.${host & 255}`;
};

export const podCidr = (index: number): string => `10.244.${index}.0/24`;

export interface KubeletCondition {
  type: string;
  status: string;
  lastHeartbeatTime: string;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

interface NodeOptions {
  name: string;
  index: number;
  at: number;
  /** 16 hex characters each, from the engine's chance. */
  hex(): string;
}

/** The conditions of a healthy node, all of one moment (virtual ms). */
export function kubeletConditions(at: number): KubeletCondition[] {
  const stamp = rfc3339(at);
  const row = (
    type: string,
    status: string,
    reason: string,
    message: string,
  ): KubeletCondition => ({
    type,
    status,
    lastHeartbeatTime: stamp,
    lastTransitionTime: stamp,
    reason,
    message,
  });
  return [
    row(
      "MemoryPressure",
      "False",
      "KubeletHasSufficientMemory",
      "kubelet has sufficient memory available",
    ),
    row("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    row("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    row("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
  ];
}

/** What every kubelet writes on the Node that it registers. */
export const kubeletLabels = (name: string): Record<string, string> => ({
  "beta.kubernetes.io/arch": "amd64",
  "beta.kubernetes.io/os": "linux",
  "kubernetes.io/arch": "amd64",
  "kubernetes.io/hostname": name,
  "kubernetes.io/os": "linux",
});

export const kubeletAnnotations: Readonly<Record<string, string>> = {
  "node.alpha.kubernetes.io/ttl": "0",
  "volumes.kubernetes.io/controller-managed-attach-detach": "true",
};

/** A Node as its kubelet registers it. */
export function nodeObject({ name, index, at, hex }: NodeOptions): unknown {
  const controlPlane = index === 0;
  return {
    metadata: {
      name,
      labels: { ...kubeletLabels(name), ...(controlPlane ? controlPlaneLabels : {}) },
      annotations: { ...kubeletAnnotations, [machineAnnotation]: "true" },
    },
    spec: {
      podCIDR: podCidr(index),
      podCIDRs: [podCidr(index)],
      providerID: `podyard://${name}`,
      ...(controlPlane
        ? { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] }
        : {}),
    },
    status: nodeStatus(name, index, at, hex),
  };
}

/** A machine has a new one each time it starts. */
export const bootId = (hex: () => string): string =>
  `${hex().slice(0, 8)}-${hex().slice(0, 4)}-4${hex().slice(0, 3)}-8${hex().slice(0, 3)}-${hex().slice(0, 12)}`;

/** What a kubelet reports of its machine. `index`: the third number of its Pod range. */
export function nodeStatus(
  name: string,
  index: number,
  at: number,
  hex: () => string,
): Record<string, unknown> & { conditions: KubeletCondition[]; nodeInfo: Record<string, string> } {
  const shared = {
    cpu: "4",
    "ephemeral-storage": "100Gi",
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    pods: "110",
  };
  return {
    capacity: { ...shared, memory: "8Gi" },
    allocatable: { ...shared, memory: "8092Mi" },
    conditions: kubeletConditions(at),
    addresses: [
      { type: "InternalIP", address: nodeAddress(index) },
      { type: "Hostname", address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: hex() + hex(),
      systemUUID: bootId(hex),
      bootID: bootId(hex),
      kernelVersion: kernelRelease,
      osImage,
      containerRuntimeVersion: "containerd://2.2.0",
      kubeletVersion: version.gitVersion,
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: "amd64",
    },
    runtimeHandlers: [
      { name: "", features: { recursiveReadOnlyMounts: true, userNamespaces: true } },
    ],
    features: { supplementalGroupsPolicy: true },
  };
}
