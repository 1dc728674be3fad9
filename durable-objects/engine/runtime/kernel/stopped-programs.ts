/**
 * Programs that took the host process down with them: watchdog.ts names what was under way at two deaths in a row. Each
 * is killed as of a segmentation fault before its next step, and so is what runs the same command for the same owner:
 * a container that is started again, the other replicas. The table is empty but for such a case.
 */
import { assert } from "../../core/assert.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Kernel, RuntimeContext } from "./types.ts";
import type { Process } from "./state.ts";

export const stoppedTable = "stopped-programs";

/** Whose command it is: the Pod's controller, whose replicas all run it, or the Pod. */
export function programKey(kernel: Kernel, process: Process): string {
  const { namespace, name } = kernel.pod.pod;
  const pod = kernel.context.reader.get<KubeObject>("pods", namespace, name);
  const owner = pod?.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
  return JSON.stringify([owner ?? kernel.key, process.program, ...process.args]);
}

/** Whether any program was ever stopped: asked before each run. */
export const anyStopped = ({ records }: RuntimeContext): boolean =>
  records.keys(stoppedTable, true)[Symbol.iterator]().next().done !== true;

/** Throws AssertionError for a program that was stopped because the whole process died of it. */
export function refuseStopped(kernel: Kernel, process: Process): void {
  const stopped = kernel.records.get(stoppedTable, programKey(kernel, process)) !== undefined;
  assert(!stopped, "it was under way when the simulator died, twice in a row");
}
