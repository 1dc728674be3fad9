/** What /proc/sys and /sys/fs/cgroup say to one container: sysctls of its Pod, its control group. */
import { lookup } from "../../core/lookup.ts";
import { kernelRelease } from "../../core/machine-facts.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { Node } from "../../kinds/node.ts";
import { milliValue, value } from "../../machinery/quantity.ts";
import { qosClass } from "../../kinds/pod/resources.ts";
import { sysctlBytesMax } from "../../core/limits.ts";
import type { Container } from "../kernel/types.ts";
import { Errno } from "../errno.ts";

/** Kernel defaults of what learners and tests look at. */
const sysctlDefaults: Record<string, string> = lookup({
  "fs.aio-max-nr": "65536",
  "fs.file-max": "9223372036854775807",
  "fs.inotify.max_queued_events": "16384",
  "fs.inotify.max_user_instances": "128",
  "fs.inotify.max_user_watches": "65536",
  "fs.nr_open": "1073741816",
  "kernel.core_pattern": "core",
  "kernel.keys.root_maxbytes": "25000000",
  "kernel.keys.root_maxkeys": "1000000",
  "kernel.msgmax": "8192",
  "kernel.msgmnb": "16384",
  "kernel.msgmni": "32000",
  "kernel.osrelease": kernelRelease,
  "kernel.panic": "10",
  "kernel.panic_on_oops": "1",
  "kernel.pid_max": "4194304",
  "kernel.sem": "32000\t1024000000\t500\t32000",
  "kernel.shm_rmid_forced": "0",
  "kernel.shmall": "18446744073692774399",
  "kernel.shmmax": "18446744073692774399",
  "kernel.shmmni": "4096",
  "net.core.somaxconn": "4096",
  "net.ipv4.ip_forward": "1",
  "net.ipv4.ip_local_port_range": "32768\t60999",
  "net.ipv4.ip_local_reserved_ports": "",
  "net.ipv4.ip_unprivileged_port_start": "1024",
  "net.ipv4.ping_group_range": "0\t2147483647",
  "net.ipv4.tcp_fin_timeout": "60",
  "net.ipv4.tcp_keepalive_intvl": "75",
  "net.ipv4.tcp_keepalive_probes": "9",
  "net.ipv4.tcp_keepalive_time": "7200",
  "net.ipv4.tcp_rmem": "4096\t131072\t6291456",
  "net.ipv4.tcp_syncookies": "1",
  "net.ipv4.tcp_wmem": "4096\t16384\t4194304",
  "vm.max_map_count": "1048576",
  "vm.dirty_background_ratio": "10",
  "vm.dirty_ratio": "20",
  "vm.overcommit_memory": "1",
  "vm.panic_on_oom": "0",
  "vm.swappiness": "60",
});

/** Settings of a whole node, by its name. */
const nodeSysctlsTable = "node-sysctls";

/** What each Pod has of its own: its network and its shared memory. k8s: pkg/kubelet/sysctl/namespace.go */
const isNamespaced = (name: string): boolean =>
  name.startsWith("net.") || /^kernel\.(shm|msg|sem)/.test(name);

const readOnlySettings = new Set(["kernel.hostname", "kernel.osrelease"]);

/** A sysctl's value in the Pod of a container, if it exists. */
export function sysctlOf(container: Container, name: string): string | undefined {
  if (name === "kernel.hostname") return container.hostname;
  const { kernel } = container;
  const { node, hostNetwork, sysctls } = kernel.pod.pod;
  const own = sysctls?.[name];
  if (own !== undefined) return own;
  // containerd opens low ports to all in a Pod's own network (enable_unprivileged_ports, the default since 2.0).
  if (name === "net.ipv4.ip_unprivileged_port_start" && !hostNetwork) return "0";
  if (isNamespaced(name)) return sysctlDefaults[name];
  const set = kernel.records.get<Record<string, string>>(nodeSysctlsTable, node);
  return set?.[name] ?? sysctlDefaults[name];
}

const settingName = (path: string): string => path.slice("/proc/sys/".length).replaceAll("/", ".");

/** Whether a file is a setting that may be written. */
export const isSetting = (path: string): boolean =>
  path.startsWith("/proc/sys/") && !readOnlySettings.has(settingName(path));

/** Settings that are text. */
const texts = new Set(["kernel.core_pattern"]);

/** Writes a setting: of the Pod, or of its node and all that runs there. EINVAL for what is no list of numbers. */
export function setKernelFile(path: string, container: Container, given: string): void {
  const name = settingName(path);
  const text = given.trim();
  const numbers = text.split(/[ \t,]/).every((word) => /^-?\d*$/.test(word));
  if (!isSetting(path) || (!numbers && !texts.has(name)) || text.length > sysctlBytesMax)
    throw new Errno("EINVAL");
  const { kernel } = container;
  const { pod } = kernel.pod;
  const value = text.replaceAll(" ", "\t");
  if (isNamespaced(name)) {
    pod.sysctls = { ...pod.sysctls, [name]: value };
    kernel.touch();
    return;
  }
  const set = kernel.records.get<Record<string, string>>(nodeSysctlsTable, pod.node);
  kernel.records.put(nodeSysctlsTable, pod.node, { ...set, [name]: value });
}

/** Folders of a list of slash-separated names below a root. */
function foldersOf(root: string, names: readonly string[]): Record<string, string[]> {
  const folders: Record<string, Set<string>> = {};
  for (const name of names) {
    let at = root;
    for (const part of name.split("/")) {
      (folders[at] ??= new Set()).add(part);
      at = `${at}/${part}`;
    }
  }
  return Object.fromEntries(Object.entries(folders).map(([at, set]) => [at, [...set].sort()]));
}

export const kernelFolders: Record<string, string[]> = {
  ...foldersOf(
    "/proc/sys",
    ["kernel.hostname", ...Object.keys(sysctlDefaults)].map((name) => name.replaceAll(".", "/")),
  ),
  "/sys": ["fs"],
  "/sys/fs": ["cgroup"],
  "/sys/fs/cgroup": [
    "cgroup.controllers",
    "cpu.max",
    "cpu.weight",
    "memory.current",
    "memory.max",
    "pids.max",
  ],
};

/** k8s: pkg/kubelet/cm/helpers_linux.go MilliCPUToShares */
export const cpuShares = (milli: number): number =>
  Math.min(Math.max(Math.floor((milli * 1024) / 1000), 2), 262_144);

/** runc: ConvertCPUSharesToCgroupV2Value */
export function cpuWeight(milli: number): number {
  const shares = cpuShares(milli);
  if (shares <= 2) return 1;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

/** A quota is at least a millisecond of the period. k8s: MilliCPUToQuota */
export const cpuMax = (milli: number | undefined): string =>
  milli === undefined ? "max 100000\n" : `${Math.max(milli * 100, 1000)} 100000\n`;

/** The limit in bytes, as cgroup v2 writes it. */
export const memoryMax = (bytes: number | undefined): string => `${bytes ?? "max"}\n`;

const podOf = ({ kernel }: Container): Pod | undefined =>
  kernel.context.reader.get<Pod>("pods", kernel.pod.pod.namespace, kernel.pod.pod.name);

const containersOf = (pod: Pod): Pod["spec"]["containers"] => [
  ...pod.spec.containers,
  ...(pod.spec.initContainers ?? []),
];

function weightOf(container: Container): number {
  const { spec } = container.record;
  const own = podOf(container);
  const request = own && containersOf(own).find((c) => c.name === spec.name)?.resources?.requests;
  return cpuWeight(request?.["cpu"] ? milliValue(request["cpu"]) : (spec.cpuMilliLimit ?? 0));
}

const guaranteedScore = -997;
const nodeCritical = 2_000_001_000;

/** k8s: pkg/kubelet/qos/policy.go GetContainerOOMScoreAdjust */
export function oomScoreOf(container: Container): number {
  const pod = podOf(container);
  if (!pod) return 0;
  const quality = pod.status?.qosClass ?? qosClass(pod);
  if ((pod.spec.priority ?? 0) >= nodeCritical || quality === "Guaranteed") return guaranteedScore;
  if (quality === "BestEffort") return 1000;
  const node = container.kernel.context.reader.get<Node>("nodes", "", pod.spec.nodeName ?? "");
  const capacity = value(node?.status?.capacity?.["memory"]) || 1;
  const all = containersOf(pod);
  const asked = (c: (typeof all)[number]): number => value(c.resources?.requests?.["memory"]);
  const own = all.find((c) => c.name === container.record.spec.name);
  const podAsks = pod.spec.resources?.requests?.["memory"];
  const given = all.reduce((sum, c) => sum + asked(c), 0);
  const share = podAsks ? Math.max(0, Math.floor((value(podAsks) - given) / all.length)) : 0;
  const score = (bytes: number): number => 1000 - Math.floor((1000 * (bytes + share)) / capacity);
  let adjusted = score(own ? asked(own) : 0);
  if (own?.restartPolicy === "Always" && !pod.spec.containers.includes(own))
    adjusted = Math.min(adjusted, score(Math.min(...pod.spec.containers.map(asked))));
  if (adjusted < 1000 + guaranteedScore) return 1000 + guaranteedScore;
  return adjusted === 1000 ? 999 : adjusted;
}

/** Content of a file below /proc/sys or /sys; `memory` is what the container's processes hold. */
export function kernelFile(
  path: string,
  container: Container,
  memory: () => number,
): string | undefined {
  if (path.startsWith("/proc/sys/")) {
    const text = sysctlOf(container, settingName(path));
    return text === undefined ? undefined : `${text}\n`;
  }
  const { cpuMilliLimit, memoryBytesLimit } = container.record.spec;
  switch (path) {
    case "/sys/fs/cgroup/cgroup.controllers":
      return "cpuset cpu io memory hugetlb pids rdma misc\n";
    case "/sys/fs/cgroup/memory.max":
      return memoryMax(memoryBytesLimit);
    case "/sys/fs/cgroup/memory.current":
      return `${memory()}\n`;
    case "/sys/fs/cgroup/cpu.max":
      return cpuMax(cpuMilliLimit);
    case "/sys/fs/cgroup/cpu.weight":
      return `${weightOf(container)}\n`;
    case "/sys/fs/cgroup/pids.max":
      return "max\n";
    default:
      return undefined;
  }
}
