/** What /proc/PID says of a process that follows from its container alone: limits, control group, mounts, namespaces. */
import { defaultAppArmor } from "../../core/machine-facts.ts";
import { fnv32a } from "../../core/random.ts";
import { lookup } from "../../core/lookup.ts";
import type { Container } from "../kernel/types.ts";
import type { Process } from "../kernel/state.ts";
import { mountOptions, shownMounts } from "./vfs.ts";

/** Linux: fs/proc/base.c lnames; containerd starts containers with these. */
const limits = [
  ["Max cpu time", "unlimited", "unlimited", "seconds"],
  ["Max file size", "unlimited", "unlimited", "bytes"],
  ["Max data size", "unlimited", "unlimited", "bytes"],
  ["Max stack size", "8388608", "unlimited", "bytes"],
  ["Max core file size", "unlimited", "unlimited", "bytes"],
  ["Max resident set", "unlimited", "unlimited", "bytes"],
  ["Max processes", "unlimited", "unlimited", "processes"],
  ["Max open files", "1048576", "1048576", "files"],
  ["Max locked memory", "8388608", "8388608", "bytes"],
  ["Max address space", "unlimited", "unlimited", "bytes"],
  ["Max file locks", "unlimited", "unlimited", "locks"],
  ["Max pending signals", "31503", "31503", "signals"],
  ["Max msgqueue size", "819200", "819200", "bytes"],
  ["Max nice priority", "0", "0", ""],
  ["Max realtime priority", "0", "0", ""],
  ["Max realtime timeout", "unlimited", "unlimited", "us"],
] as const;

const limitLines = [["Limit", "Soft Limit", "Hard Limit", "Units"] as const, ...limits]
  .map(
    ([name, soft, hard, unit]) =>
      `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} ${unit.padEnd(10)}\n`,
  ) // prettier-ignore
  .join("");

function mountinfo({ vfs }: Container): string {
  return shownMounts(vfs.mounts)
    .map((mount, i) => {
      const options = mountOptions(mount);
      return `${600 + i} ${i === 0 ? 500 : 600} 0:${50 + i} / ${mount.at} ${options} - ${mount.fsType} ${mount.device} ${options.startsWith("ro") ? "ro" : "rw"}\n`;
    })
    .join("");
}

export const processFileNames = ["cgroup", "limits", "mountinfo"];

/** One of these files; undefined: it is none of them. */
export function processFileOf(container: Container | undefined, file: string): string | undefined {
  if (file === "limits") return limitLines;
  // A namespace of control groups of its own shows none above.
  if (file === "cgroup") return "0::/\n";
  if (file === "attr/current") {
    const isFree =
      !container || container.record.spec.privileged || container.record.spec.unconfined;
    return isFree ? "unconfined\n" : `${defaultAppArmor} (enforce)\n`;
  }
  if (file === "mountinfo") return container ? mountinfo(container) : "";
  return undefined;
}

/** Namespaces of the machine itself. Linux: include/linux/proc_ns.h */
const machineNamespaces: Record<string, number> = lookup({
  cgroup: 4_026_531_835,
  ipc: 4_026_531_839,
  mnt: 4_026_531_841,
  net: 4_026_531_840,
  pid: 4_026_531_836,
  time: 4_026_531_834,
  user: 4_026_531_837,
  uts: 4_026_531_838,
});

export const namespaceNames = Object.keys(machineNamespaces);

/** What /proc/PID/ns/NAME points at: who shares a namespace sees the same number. */
export function namespaceLink(
  container: Container | undefined,
  process: Process,
  name: string,
): string | undefined {
  const machine = machineNamespaces[name];
  if (machine === undefined) return undefined;
  const { key = "", kernel } = container ?? {};
  const { hostNetwork, userBase } = kernel?.pod.pod ?? {};
  const owner = {
    mnt: key,
    cgroup: key,
    pid: String(process.pidNamespace),
    net: hostNetwork ? undefined : "pod",
    uts: hostNetwork ? undefined : "pod",
    ipc: "pod",
    user: userBase === undefined ? undefined : "pod",
  }[name];
  const own = container && owner !== undefined;
  const number = own
    ? 4_026_532_000 + (fnv32a(`${kernel?.key} ${name} ${owner}`) % 900_000)
    : machine;
  return `${name}:[${number}]`;
}
