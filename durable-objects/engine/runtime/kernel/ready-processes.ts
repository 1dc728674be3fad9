/** Which processes of a Pod run next, for the watchdog that names what was under way; it stops them (stopped-programs.ts). */
import { computeAheadMs } from "../../core/limits.ts";
import type { Kernel, RuntimeContext } from "./types.ts";
import { PodKernel } from "./kernel.ts";
import { programKey, stoppedTable } from "./stopped-programs.ts";
import type { Process } from "./state.ts";

export interface ReadyProcess {
  /** In its Pod's record. */
  key: number;
  pid: number;
  container: string;
  /** Its command, as `ps` shows it. */
  command: string;
}

/** Keys of the processes that `PodKernel.run` would step now. */
function ready(kernel: Kernel): number[] {
  const { processes } = kernel.pod;
  return Object.keys(processes)
    .map(Number)
    .filter((key) => {
      const at = kernel.readyAt(processes[key] as Process);
      return at !== undefined && at <= kernel.context.now + computeAheadMs;
    });
}

/** Processes of a Pod that would run now. */
export function readyProcesses(context: RuntimeContext, podKey: string): ReadyProcess[] {
  const kernel = PodKernel.view(context, podKey);
  if (!kernel) return [];
  return ready(kernel).map((key) => {
    const process = kernel.process(key) as Process;
    return {
      key,
      pid: process.pid,
      container: kernel.pod.containers[process.container]?.spec.name ?? process.container,
      command: process.args.join(" "),
    };
  });
}

/** Files them; they die at their next step, before it begins. */
export function stopReady(context: RuntimeContext, podKey: string): ReadyProcess[] {
  const stopped = readyProcesses(context, podKey);
  const kernel = PodKernel.view(context, podKey);
  for (const key of kernel ? ready(kernel) : []) {
    const name = programKey(kernel as PodKernel, kernel?.process(key) as Process);
    context.records.put(stoppedTable, name, 1);
  }
  return stopped;
}
