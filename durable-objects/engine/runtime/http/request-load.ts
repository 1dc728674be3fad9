/**
 * CPU that served requests cost. Counted in the window that runs and the one before, in the process's own record, so that
 * usage is computed when it is asked for and an idle server writes nothing.
 */
import {
  requestCpuMs,
  requestWindowMs,
  requestWorkUs,
  unlimitedCpuMilli,
} from "../../core/limits.ts";
import type { Kernel } from "../kernel/types.ts";
import type { HttpRequest, Process } from "../kernel/state.ts";

/** Adds CPU time to what a process used in the running window, for a request that it serves. */
export function addLoad(kernel: Kernel, process: Process, cpuMs: number): void {
  kernel.context.spend?.(requestWorkUs);
  const window = Math.floor(kernel.context.now / requestWindowMs);
  const [last, now, before, until, all = 0] = process.requestLoad ?? [window, 0, 0, 0];
  const used = Math.round(cpuMs * 1000);
  const total = all + used;
  if (last === window) process.requestLoad = [window, now + used, before, until, total];
  else process.requestLoad = [window, used, last === window - 1 ? now : 0, until, total];
  kernel.touch();
}

/**
 * Counts a served request. Returns how long its answer takes, ms: `cpuMs` of work waits for its turn and is stretched
 * by the container's CPU limit; without `cpuMs` it is too light to be felt.
 */
export function serveRequest(
  kernel: Kernel,
  process: Process,
  request: HttpRequest,
  cpuMs: number | undefined,
): number {
  // The kubelet's probes are not distinguished from no load, or an idle Pod would never be idle.
  if (request.headers["user-agent"]?.startsWith("kube-probe/")) return 0;
  addLoad(kernel, process, cpuMs ?? requestCpuMs);
  if (cpuMs === undefined || !process.requestLoad) return 0;
  const milli = kernel.pod.containers[process.container]?.spec.cpuMilliLimit ?? unlimitedCpuMilli;
  const share = (cpuMs * 1000) / Math.max(milli, 1);
  const { now } = kernel.context;
  const begins = Math.max(now, process.requestLoad[3]);
  process.requestLoad[3] = Math.ceil(begins + share);
  return Math.ceil(begins - now + Math.max(cpuMs, share));
}

/** CPU for requests in the last window, milli cores. */
export function loadMilli(process: Process, now: number): number {
  if (!process.requestLoad) return 0;
  const window = Math.floor(now / requestWindowMs);
  const [last, running, before] = process.requestLoad;
  if (last < window - 1) return 0;
  const passed = (now % requestWindowMs) / requestWindowMs;
  const [current, previous] = last === window ? [running, before] : [0, running];
  return Math.round((current + previous * (1 - passed)) / requestWindowMs);
}
