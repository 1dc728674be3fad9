/** Processes that hold too much memory, and what is killed for it. */
import { defaultCapacity } from "../../core/machine-facts.ts";
import type { Kernel } from "./types.ts";
import { memoryFiles } from "./memory-files.ts";
import { processKey } from "./process-key.ts";
import type { Process } from "./state.ts";

/** Kills by memory when a process's container is over its limit. */
export function checkMemory(kernel: Kernel, process: Process): void {
  const container = kernel.pod.containers[process.container];
  if (!container || container.exit) return;
  const files = memoryFiles(kernel, container.spec.name);
  const own = kernel.memoryOf(process) + files;
  const limit = container.spec.memoryBytesLimit ?? defaultCapacity.memoryBytes;
  let all = own > limit ? own : 0;
  if (!all && own > limit / 4) {
    all = files;
    for (const other in kernel.pod.processes) {
      const sibling = kernel.pod.processes[other];
      if (sibling?.container === process.container) all += kernel.memoryOf(sibling);
    }
  }
  if (all > limit) oomKill(kernel, processKey(process.pidNamespace, process.pid));
}

/**
 * Out of memory: all processes of the container go together (memory.oom.group of cgroup v2); on a machine, where there is no
 * container around it, the process alone. k8s: pkg/kubelet/apis/config/types.go SingleProcessOOMKill
 */
export function oomKill(kernel: Kernel, key: number): void {
  const container = kernel.pod.containers[kernel.pod.processes[key]?.container ?? ""];
  if (container) kernel.exit(container.spec.machine ? key : container.root, 0, 9, "OOMKilled");
}
