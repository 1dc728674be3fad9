/**
 * Programs that took the host process down with them: watchdog.ts names what was under way at two deaths in a row. Each
 * is killed as of a segmentation fault before its next step, and so is what runs the same command for the same owner:
 * a container that is started again, the other replicas. The table is empty but for such a case.
 */
import { assert } from "../core/assert.ts";
import type { KubeObject } from "../core/object.ts";
import { computeAheadMs } from "../core/limits.ts";
import type { RuntimeContext } from "./define.ts";
import { Kernel } from "./kernel.ts";
import type { Process } from "./state.ts";

const stoppedTable = "stopped-programs";

export interface ReadyProcess {
  /** In its Pod's record. */
  key: number;
  pid: number;
  container: string;
  /** Its command, as `ps` shows it. */
  command: string;
}

/** Whose command it is: the Pod's controller, whose replicas are all alike, or the Pod. */
function programKey(kernel: Kernel, process: Process): string {
  const { namespace, name } = kernel.pod.pod;
  const pod = kernel.context.reader.get<KubeObject>("pods", namespace, name);
  const owner = pod?.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
  return JSON.stringify([owner ?? kernel.key, process.p, ...process.a]);
}

/** Whether any program was ever stopped: asked before each run. */
export const anyStopped = ({ records }: RuntimeContext): boolean =>
  records.keys(stoppedTable)[Symbol.iterator]().next().done !== true;

export function refuseStopped(kernel: Kernel, process: Process): void {
  const stopped = kernel.records.get(stoppedTable, programKey(kernel, process)) !== undefined;
  assert(!stopped, "it was under way when the simulator died, twice in a row");
}

/** Keys of the processes that `Kernel.run` would step now. */
function ready(kernel: Kernel): number[] {
  const { ps } = kernel.pod;
  return Object.keys(ps)
    .map(Number)
    .filter((key) => {
      const at = kernel.readyAt(ps[key] as Process);
      return at !== undefined && at <= kernel.context.now + computeAheadMs;
    });
}

/** Processes of a Pod that would run now. */
export function readyProcesses(context: RuntimeContext, podKey: string): ReadyProcess[] {
  const kernel = Kernel.view(context, podKey);
  if (!kernel) return [];
  return ready(kernel).map((key) => {
    const process = kernel.process(key) as Process;
    return {
      key,
      pid: process.pid,
      container: kernel.pod.cs[process.c]?.spec.name ?? process.c,
      command: process.a.join(" "),
    };
  });
}

/** Files them; they die at their next step, before it begins. */
export function stopReady(context: RuntimeContext, podKey: string): ReadyProcess[] {
  const stopped = readyProcesses(context, podKey);
  const kernel = Kernel.view(context, podKey);
  for (const key of kernel ? ready(kernel) : []) {
    const name = programKey(kernel as Kernel, kernel?.process(key) as Process);
    context.records.put(stoppedTable, name, 1);
  }
  return stopped;
}
