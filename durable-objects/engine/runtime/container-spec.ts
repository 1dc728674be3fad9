/** What the kubelet asks for: a Pod's sandbox and the containers in it (what CRI's configs are upstream). Plain data. */

export interface PodSandbox {
  /** `namespace/name`. */
  key: string;
  namespace: string;
  name: string;
  uid: string;
  ip: string;
  hostIP: string;
  node: string;
  hostname: string;
  subdomain?: string;
  hostNetwork: boolean;
  hostPID: boolean;
  shareProcessNamespace: boolean;
  dnsPolicy: string;
  labels: Record<string, string>;
  /** The kernel's name for it is the hostname with its domain. */
  fqdn?: boolean;
  sysctls?: Record<string, string>;
  /** First of the host's ids that its own user namespace maps to; absent: it shares the host's. */
  userBase?: number;
  /** /etc/hosts additions. */
  hostAliases?: { ip: string; hostnames: string[] }[];
}

/** A PersistentVolume that may be a device with a file system: its name, and which. */
export interface VolumeDevice {
  name: string;
  fsType?: string;
}

export interface Mount {
  /** Name of the volume in the Pod, its plugin's folder, for messages, and what it is; not kept. */
  volume?: string;
  plugin?: string;
  device?: VolumeDevice;
  mountPath: string;
  /** Volume of the Pod, as runtime/volumes/volumes.ts files it: `podUid/volumeName`, `host/NODE/path`, `pv/NAME`. */
  source: string;
  subPath?: string;
  readOnly: boolean;
  /** A volume held in memory: how many bytes it may take. */
  memoryBytes?: number;
  /** A volume that is a block device: `mountPath` is the device's. */
  block?: true;
  /** Later mounts of the node below it are seen; `shared`: and the container's are the node's. */
  propagation?: "slave" | "shared";
}

export interface ContainerSpec {
  /** 64 hex characters. */
  id: string;
  pod: PodSandbox;
  name: string;
  kind: "app" | "init" | "ephemeral";
  /** An ephemeral container's: the one whose processes it lives among. */
  targetContainer?: string;
  /** Attempt, 0 for the first. */
  restartCount: number;
  image: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  env: { name: string; value: string }[];
  tty: boolean;
  stdin: boolean;
  stdinOnce: boolean;
  /** UserSettings.nonRoot. */
  nonRoot?: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  fsGroup?: number;
  supplementalGroups?: number[];
  strictGroups?: boolean;
  readOnlyRootFilesystem: boolean;
  privileged: boolean;
  /** Setuid files give nothing. */
  noNewPrivileges: boolean;
  /** The runtime's filter of system calls is on. */
  seccomp: boolean;
  /** Profiles of the node's own by name: AppArmor's, and the file of seccomp's; not kept. */
  profiles?: { appArmor?: string | undefined; seccomp?: string | undefined };
  /** AppArmor confines it in no way. */
  unconfined?: boolean;
  capabilities: { add: string[]; drop: string[] };
  mounts: Mount[];
  /** Limits; absent: the node's. */
  cpuMilliLimit?: number;
  memoryBytesLimit?: number;
  terminationMessagePath: string;
  /**
   * Container ports declared in the Pod spec and those its probes and hooks ask (`tls`: by HTTPS or not), for images
   * that are stood in for, which listen on them.
   */
  ports: { containerPort: number; protocol: string; name?: string; tls?: boolean }[];
  /** No container but a node itself: its root folder is the node's (machine.ts). */
  machine?: true;
}
