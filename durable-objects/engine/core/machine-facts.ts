/** What the simulated machines are: one answer for `kubectl get nodes -o wide`, `uname`, /etc/os-release and /proc. */

/** `uname -r`. */
export const kernelRelease = "6.12.48+deb13-cloud-amd64";
/** `uname -v`. */
export const kernelBuild = "#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)";
export const osCodename = "trixie";
export const osImage = "Debian GNU/Linux 13 (trixie)";

/** What a node gives a container that has no limits of its own. */
export const defaultCapacity = { memoryBytes: 8 * 1024 * 1024 * 1024, cpus: 4 };

/** What kubelet, container runtime and the operating system itself use. */
export const systemOverhead = { cpuMilli: 38, memoryBytes: 420 * 1024 * 1024 };

/** Where the simulated Ingress controller answers. */
export const ingressAddress = "172.18.255.100";

/** The container runtime's own AppArmor profile, loaded on each node. containerd: internal/cri/server appArmorDefaultProfileName */
export const defaultAppArmor = "cri-containerd.apparmor.d";
