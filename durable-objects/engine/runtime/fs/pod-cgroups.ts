/**
 * The control groups of Pods as their node shows them, below /sys/fs/cgroup/kubepods.slice; those of containers are
 * seen from within alone. k8s: pkg/kubelet/cm/pod_container_manager_linux.go, cgroup_manager_linux.go (systemd)
 */
import type { Pod } from "../../kinds/pod/types.ts";
import { podLimits, podRequests, qosClass, type QosClass } from "../../kinds/pod/resources.ts";
import type { Container } from "../kernel/types.ts";
import { cpuMax, cpuWeight, memoryMax } from "./kernel-files.ts";

const root = "/sys/fs/cgroup/kubepods.slice";
const classes: Record<QosClass, string> = {
  Guaranteed: "kubepods",
  Burstable: "kubepods-burstable",
  BestEffort: "kubepods-besteffort",
};
const files = ["cgroup.controllers", "cpu.max", "cpu.weight", "memory.max", "pids.max"];

const classOf = (pod: Pod): QosClass => (pod.status?.qosClass as QosClass) ?? qosClass(pod);

const sliceOf = (pod: Pod): string =>
  `${classes[classOf(pod)]}-pod${(pod.metadata.uid ?? "").replaceAll("-", "_")}.slice`;

/** Pods that have a group: they are on the node and not over. */
function podsAt(container: Container): Pod[] {
  const { kernel } = container;
  return kernel.context.reader
    .byIndex<Pod>("pod.node", kernel.pod.pod.node)
    .filter(({ status }) => status?.startTime && !/^(Succeeded|Failed)$/.test(status.phase ?? ""));
}

/** A limit holds for the Pod where it, or each of its containers, has one. k8s: helpers_linux.go ResourceConfigForPod */
function declares({ spec }: Pod, name: "cpu" | "memory"): boolean {
  if (spec.resources?.limits?.[name] !== undefined) return true;
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  return all.every((container) => container.resources?.limits?.[name] !== undefined);
}

function podFile(pod: Pod, file: string): string | undefined {
  const limits = podLimits(pod);
  switch (file) {
    case "cpu.max":
      return cpuMax(declares(pod, "cpu") ? limits.cpu : undefined);
    case "memory.max":
      return memoryMax(declares(pod, "memory") ? limits.memory : undefined);
    case "cpu.weight":
      return `${cpuWeight(podRequests(pod).cpu)}\n`;
    case "pids.max":
      return "max\n";
    default:
      return file === "cgroup.controllers"
        ? "cpuset cpu io memory hugetlb pids rdma misc\n"
        : undefined;
  }
}

/** Names in a folder of these groups. */
export function groupFolder(container: Container, path: string): string[] | undefined {
  if (path !== root && !path.startsWith(`${root}/`)) return undefined;
  const slices = (...of: QosClass[]): string[] =>
    podsAt(container)
      .filter((pod) => of.includes(classOf(pod)))
      .map(sliceOf)
      .sort();
  const rest = path.slice(root.length + 1);
  if (rest === "") {
    const inner = [`${classes.BestEffort}.slice`, `${classes.Burstable}.slice`];
    return [...inner, ...slices("Guaranteed")];
  }
  if (rest === `${classes.BestEffort}.slice`) return slices("BestEffort");
  if (rest === `${classes.Burstable}.slice`) return slices("Burstable");
  return podsAt(container).some((pod) => folderOf(pod) === path) ? files : undefined;
}

const folderOf = (pod: Pod): string => {
  const quality = classOf(pod);
  const between = quality === "Guaranteed" ? "" : `/${classes[quality]}.slice`;
  return `${root}${between}/${sliceOf(pod)}`;
};

/** The group of a Pod, from the root of all groups: `/kubepods.slice/...`. */
export const podGroup = (pod: Pod): string => folderOf(pod).slice("/sys/fs/cgroup".length);

/** Content of a file of a Pod's group. */
export function groupFile(container: Container, path: string): string | undefined {
  if (!path.startsWith(`${root}/`)) return undefined;
  const cut = path.lastIndexOf("/");
  const pod = podsAt(container).find((one) => folderOf(one) === path.slice(0, cut));
  return pod && podFile(pod, path.slice(cut + 1));
}
