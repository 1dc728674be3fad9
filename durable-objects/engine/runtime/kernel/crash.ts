/**
 * What a program does when it throws what nobody foresaw: it dies of a segmentation fault, and its Pod and the cluster go
 * on. Programs write no objects, only what lies in their Pod's record and trees, so the turn need not be taken back.
 */
import { StatusError } from "../../machinery/status.ts";
import type { Kernel } from "./types.ts";
import type { PodRecord } from "./state.ts";
import { ProcessKilled } from "../errno.ts";

const segmentationFault = 11;

/** Kills a process for an error of its program, which is reported as a fault. A StatusError is the API's and is rethrown. */
export function crash(kernel: Kernel, key: number, error: unknown): void {
  if (error instanceof StatusError) throw error;
  const process = kernel.process(key);
  kernel.context.fault?.(`program ${process?.program} in ${kernel.key}`, error);
  // A system call may have been left half-way: what nobody holds any more goes before its files close.
  recount(kernel);
  kernel.exit(key, 0, segmentationFault);
}

/** Calls a program outside its step: what it throws kills it, and `fallen` is the result. */
export function survive<T>(kernel: Kernel, key: number, body: () => T, fallen: T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ProcessKilled)) crash(kernel, key, error);
    return fallen;
  }
}

/** Counts anew who holds each open file and each end of a pipe; closes what is held by nobody. */
function recount(kernel: Kernel): void {
  const { pod } = kernel;
  const held = new Map<string, number>();
  for (const key in pod.processes)
    for (const id of Object.values(pod.processes[key]?.fds ?? {}))
      held.set(id, (held.get(id) ?? 0) + 1);
  for (const pipe of Object.values(pod.pipes)) pipe.readers = pipe.writers = 0;
  for (const file of Object.values(pod.openFiles)) {
    const pipe = file.kind === "r" || file.kind === "w" ? pod.pipes[file.pipe] : undefined;
    if (pipe) pipe[file.kind === "r" ? "readers" : "writers"]++;
  }
  for (const id of Object.keys(pod.openFiles)) {
    const file = pod.openFiles[id];
    const holders = held.get(id) ?? 0;
    if (!file) continue;
    file.references = Math.max(holders, 1);
    if (holders === 0) kernel.files.release(id);
  }
  dropPipes(pod);
}

function dropPipes(pod: PodRecord): void {
  for (const id in pod.pipes) {
    const pipe = pod.pipes[id];
    if (pipe?.readers === 0 && pipe.writers === 0 && pipe.fifo === undefined) delete pod.pipes[id];
  }
}
