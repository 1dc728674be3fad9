/** /proc and /sys as far as tools and learners look: computed when read, never stored. */
import { kernelBuild, kernelRelease, defaultCapacity } from "../../core/machine-facts.ts";
import type { Container } from "../kernel/types.ts";
import { processKey } from "../kernel/process-key.ts";
import { nodeProcesses, parentPid, uidOf, visibleProcesses } from "../kernel/process-view.ts";
import type { Process } from "../kernel/state.ts";
import { isSetting, kernelFile, kernelFolders, oomScoreOf, setKernelFile } from "./kernel-files.ts";
import { processSecurity } from "./process-security.ts";
import { groupFile, groupFolder } from "./pod-cgroups.ts";
import { memoryFiles } from "../kernel/memory-files.ts";
import { conntrack } from "./conntrack.ts";
import type { Inode } from "./inode.ts";
import { machineFile, machineFileNames } from "./machine-files.ts";
import { namespaceLink, namespaceNames, processFileNames, processFileOf } from "./process-files.ts";
import { mountOptions, shownMounts, type ReadTree } from "./vfs.ts";

const megabyte = 1024 * 1024;

/** As /proc/mounts has them: the first mounted first. */
const mountLines = ({ vfs }: Container): string =>
  shownMounts(vfs.mounts)
    .map((m) => `${m.device} ${m.at} ${m.fsType} ${mountOptions(m)} 0 0\n`)
    .join("");

export class ProcTree implements ReadTree {
  readonly key: string;
  readonly container: Container;

  readonly node: boolean;

  /** `node`: the processes of the whole machine. */
  constructor(container: Container, node = false) {
    this.container = container;
    this.node = node;
    this.key = `${node ? "nodeproc" : "proc"}/${container.key}`;
  }

  #processes(): Process[] {
    const { kernel, record } = this.container;
    if (!this.node || kernel.pod.hostPidBase !== undefined)
      return visibleProcesses(kernel, record.pidNamespace);
    return nodeProcesses(kernel).map(({ process }) => process);
  }

  #pids(): number[] {
    return this.#processes().map((process) => process.pid);
  }

  #processFile(pid: number, file: string): string | undefined {
    const { kernel } = this.container;
    const process = this.#processes().find((known) => known.pid === pid);
    if (!process) return undefined;
    const name = (process.args[0] ?? process.program).replace(/^.*\//, "");
    const state =
      process.exitStatus === undefined
        ? process.wait
          ? "S (sleeping)"
          : "R (running)"
        : "Z (zombie)";
    const uid = uidOf(kernel, process);
    const gid = kernel.pod.containers[process.container]
      ? kernel.container(process.container).credentials(process).gid
      : uid;
    const parent = parentPid(kernel, process);
    if (file === "cmdline")
      return process.exitStatus === undefined ? process.args.map((arg) => `${arg}\0`).join("") : "";
    if (file === "comm") return `${name}\n`;
    if (file === "environ")
      return Object.entries(
        kernel.pod.containers[process.container]
          ? kernel.sys(processKey(process.pidNamespace, pid)).env
          : {},
      )
        .map(([key, value]) => `${key}=${value}\0`)
        .join("");
    if (file === "status")
      return (
        `Name:\t${name}\nUmask:\t0022\nState:\t${state}\nTgid:\t${pid}\nPid:\t${pid}\nPPid:\t${parent}\n` +
        `Uid:${`\t${uid}`.repeat(4)}\nGid:${`\t${gid}`.repeat(4)}\n` +
        `VmRSS:\t${Math.round(kernel.memoryOf(process) / 1024)} kB\nThreads:\t1\n` +
        processSecurity(kernel, process)
      );
    if (file === "mounts")
      return kernel.pod.containers[process.container]
        ? mountLines(kernel.container(process.container))
        : "";
    if (file === "uid_map" || file === "gid_map") {
      const base = kernel.pod.pod.userBase;
      const cells = base === undefined ? [0, 0, 4_294_967_295] : [0, base, 65_536];
      return `${cells.map((cell) => String(cell).padStart(10)).join(" ")}\n`;
    }
    const known = kernel.pod.containers[process.container];
    const plain = processFileOf(known && kernel.container(process.container), file);
    if (plain !== undefined) return plain;
    if (file === "oom_score_adj")
      return `${kernel.pod.containers[process.container] ? oomScoreOf(kernel.container(process.container)) : 0}\n`;
    if (file === "net/nf_conntrack")
      return this.node || kernel.pod.pod.hostNetwork ? conntrack(kernel) : "";
    if (file === "stat")
      return `${pid} (${name}) ${state[0]} ${parent} ${pid} ${pid} 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 0\n`;
    return undefined;
  }

  #content(path: string): string | undefined {
    const { kernel, record } = this.container;
    const process = /^\/proc\/(\d+)\/(\w+|net\/nf_conntrack|attr\/current)$/.exec(path);
    if (process) return this.#processFile(Number(process[1]), process[2] ?? "");
    const total = Math.round(defaultCapacity.memoryBytes / 1024);
    const uptime = ((kernel.now - record.startedAtMs) / 1000 + 86_400).toFixed(2);
    switch (path) {
      case "/proc/version":
        return `Linux version ${kernelRelease} (debian-kernel@lists.debian.org) (gcc 14.2.0) ${kernelBuild}\n`;
      case "/proc/uptime":
        return `${uptime} ${uptime}\n`;
      case "/proc/loadavg":
        return `0.08 0.03 0.01 1/${this.#pids().length} ${kernel.pod.nextPids[record.pidNamespace] ?? 1}\n`;
      case "/proc/meminfo":
        return `MemTotal:       ${total} kB\nMemFree:        ${total >> 1} kB\nMemAvailable:   ${Math.round(total * 0.8)} kB\nBuffers:          104857 kB\nCached:          1048576 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n`;
      case "/proc/cpuinfo":
        return Array.from(
          { length: defaultCapacity.cpus },
          (_, cpu) =>
            `processor\t: ${cpu}\nvendor_id\t: GenuineIntel\nmodel name\t: Virtual CPU\ncpu MHz\t\t: 2000.000\n\n`,
        ).join("");
      case "/proc/mounts":
        return mountLines(this.container);
      case "/proc/filesystems":
        return "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\tdevpts\nnodev\tmqueue\nnodev\toverlay\n\text4\n\txfs\n\tvfat\n";
      default:
        return (
          machineFile(path.slice("/proc/".length)) ??
          (this.node ? groupFile(this.container, path) : undefined) ??
          kernelFile(path, this.container, () => this.#memory())
        );
    }
  }

  #memory(): number {
    const { kernel, key } = this.container;
    let sum = memoryFiles(kernel, this.container.record.spec.name);
    for (const process of Object.values(kernel.pod.processes))
      if (process.container === key) sum += kernel.memoryOf(process);
    return sum || megabyte;
  }

  /** Names in the folders that exist; process folders come on top. */
  static readonly #folders: Record<string, string[]> = {
    "/": ["proc", "sys"],
    "/proc": [
      "cpuinfo",
      "filesystems",
      "loadavg",
      ...machineFileNames,
      "meminfo",
      "mounts",
      "net",
      "self",
      "sys",
      "uptime",
      "version",
    ],
    ...kernelFolders,
  };

  list(path: string): string[] {
    if (/^\/proc\/\d+$/.test(path))
      return [
        ...processFileNames,
        ..."attr cmdline comm environ fd gid_map mounts net ns oom_score_adj root stat status uid_map".split(" "), // prettier-ignore
      ].sort();
    if (/^\/proc\/\d+\/ns$/.test(path)) return namespaceNames;
    if (/^\/proc\/\d+\/net$/.test(path)) return ["nf_conntrack"];
    if (/^\/proc\/\d+\/attr$/.test(path)) return ["current"];
    const open = this.#fdTable(path);
    if (open) return Object.keys(open);
    const names = this.#folder(path) ?? [];
    return path === "/proc" ? [...this.#pids().map(String), ...names] : names;
  }

  #folder(path: string): string[] | undefined {
    const names =
      ProcTree.#folders[path] ?? (this.node ? groupFolder(this.container, path) : undefined);
    return this.node && path === "/sys/fs/cgroup" ? [...(names ?? []), "kubepods.slice"] : names;
  }

  /** Descriptors of a process of this container's namespace, by its folder. */
  #fdTable(path: string): Record<string, string> | undefined {
    const pid = /^\/proc\/(\d+)\/fd$/.exec(path)?.[1];
    if (pid === undefined || this.node) return undefined;
    const process = this.#processes().find((known) => known.pid === Number(pid));
    return process && this.container.kernel.files.table(process);
  }

  find(path: string): string | undefined {
    return this.inode(path) ? path : undefined;
  }

  inode(id: string | number): Inode | undefined {
    const path = String(id);
    const modifiedAtMs = Math.round(this.container.record.startedAtMs);
    if (this.#folder(path)) return { type: "d", mode: 0o555, modifiedAtMs };
    const pid = /^\/proc\/(\d+)(?:\/net|\/ns|\/attr)?$/.exec(path)?.[1];
    if (pid)
      return this.#pids().includes(Number(pid))
        ? { type: "d", mode: 0o555, modifiedAtMs }
        : undefined;
    if (this.#fdTable(path)) return { type: "d", mode: 0o500, modifiedAtMs };
    const [, folder = "", fd = ""] = /^(\/proc\/\d+\/fd)\/(\d+)$/.exec(path) ?? [];
    const description = this.#fdTable(folder)?.[fd];
    if (description !== undefined)
      return { type: "l", mode: 0o700, modifiedAtMs, data: `pipe:[${description}]` };
    const link = this.#namespace(path);
    if (link !== undefined) return { type: "l", mode: 0o777, modifiedAtMs, data: link };
    if (path === "/proc/self") return { type: "l", mode: 0o777, modifiedAtMs, data: "1" };
    if (path === "/proc/net") return { type: "l", mode: 0o777, modifiedAtMs, data: "self/net" };
    const content = this.#content(path);
    if (content === undefined) return undefined;
    if (path.endsWith("/nf_conntrack"))
      return { type: "f", mode: 0o440, modifiedAtMs, data: content };
    return { type: "f", mode: isSetting(path) ? 0o644 : 0o444, modifiedAtMs, data: content };
  }

  #namespace(path: string): string | undefined {
    const [, pid, name = ""] = /^\/proc\/(\d+)\/ns\/(\w+)$/.exec(path) ?? [];
    const process = pid && this.#processes().find((known) => known.pid === Number(pid));
    if (!process) return undefined;
    const { kernel } = this.container;
    const known = kernel.pod.containers[process.container];
    return namespaceLink(known && kernel.container(process.container), process, name);
  }

  size(): number {
    return 0;
  }

  /** Writes a kernel setting. EINVAL when its value cannot be that. */
  set(path: string, text: string): number {
    setKernelFile(path, this.container, text);
    return text.length;
  }

  read(id: string | number, offset: number, length: number): string {
    return (this.#content(String(id)) ?? "").slice(offset, offset + length);
  }
}
