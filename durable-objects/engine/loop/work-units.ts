/** Units of work as the watchdog writes them down before they run, and what becomes of one that is stopped. */
import type { Pod } from "../kinds/pod/types.ts";
import type { Client } from "../ports/controller.ts";
import { runtimeContext } from "../cri/runtime.ts";
import { readyProcesses, stopReady, type ReadyProcess } from "../runtime/kernel/ready-processes.ts";
import type { WorkLoop } from "./work-loop.ts";

export interface WorkUnit {
  /** controller + "\0" + key. */
  work: string;
  /** Processes that the unit may run. */
  processes: ReadyProcess[];
}

const kubelet = "kubelet\0";
const why = "it was under way when the simulator died, twice in a row";

/** A controller's key with the processes that may step in it, as the watchdog writes it down. */
export function workUnitOf(client: Client, work: string): WorkUnit {
  const pod = work.startsWith(kubelet) ? work.slice(kubelet.length) : undefined;
  const processes = pod === undefined ? [] : readyProcesses(runtimeContext(client), pod);
  return { work, processes };
}

/** Kills the processes, as of a segmentation fault, when they next run; without any, the key is held back. Says so. */
export function stopUnit(unit: WorkUnit, client: Client, loop: WorkLoop): void {
  const object = loop.objectOf(unit.work);
  const regarding = object ?? client.get("namespaces", "", "kube-system");
  const [controller = "", key = ""] = unit.work.split("\0");
  const host = (object as Partial<Pod> | undefined)?.spec?.nodeName;
  const source = { component: controller, ...(host && controller === "kubelet" ? { host } : {}) };
  if (unit.processes.length > 0) {
    for (const { pid, container, command } of stopReady(runtimeContext(client), key)) {
      const text = `Killed process ${pid} (${command.slice(0, 200)}) of container ${container} as of a segmentation fault: ${why}`;
      if (regarding) client.event(regarding, "Warning", "ProcessStopped", text, source);
    }
    return;
  }
  loop.held.hold(unit.work, object !== undefined);
  const text = `The ${controller} leaves ${key || "its work"} alone until it is changed: ${why}`;
  if (regarding) client.event(regarding, "Warning", "WorkHeldBack", text, source);
}
