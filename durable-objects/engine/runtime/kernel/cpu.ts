/**
 * CPU time of a Pod's processes. Virtual time is stretched as on a machine: its cores are shared by who wants to run, a limit
 * by the processes of its container; and what runs for long runs slower, so that an endless loop stays cheap to simulate.
 * What a run may cost is counted in time that is not stretched.
 */
import { cpuUsPerAdvanceMax } from "../../core/limits.ts";
import { defaultCapacity } from "../../core/machine-facts.ts";
import type { PodRecord, Process } from "./state.ts";

/** Virtual microseconds. */
export const stepCost = 20;
export const forkCost = 300;
export const execCost = 500;
/** Looking whether a process can run. */
const lookCost = 2;

/** How much longer everything takes after some microseconds of CPU. */
function heaviness(used: number): number {
  if (used < 1_000_000) return 1;
  if (used < 60_000_000) return 10;
  return used < 600_000_000 ? 100 : 1000;
}

/** CPU that a process used so far, for requests too. */
export const usedMicroseconds = ({ cpu = 0, requestLoad }: Process): number =>
  cpu + (requestLoad?.[4] ?? 0);

export class Cpu {
  /** Of this run, before it is stretched, microseconds. */
  worked = 0;
  /** Processes that want to run, of all and of the running one's container. */
  #busy = 1;
  #rivals = 1;

  get spent(): boolean {
    return this.worked >= cpuUsPerAdvanceMax;
  }

  /** Begins to look who runs next. */
  look(): void {
    this.#busy = 0;
  }
  /** One process was looked at: many of them must not make a turn long. */
  looked(): void {
    this.worked += lookCost;
  }
  /** It can run. */
  wants(): void {
    this.#busy++;
  }

  /** A process of a container is the one that runs. */
  run(pod: PodRecord, container: string): void {
    this.#rivals = 1;
    if (pod.containers[container]?.spec.cpuMilliLimit === undefined) return;
    let rivals = 0;
    for (const key in pod.processes) {
      const process = pod.processes[key];
      if (
        process?.container !== container ||
        process.wait ||
        process.stopped ||
        process.exitStatus !== undefined
      )
        continue;
      rivals++;
    }
    this.#rivals = Math.max(rivals, 1);
  }

  /** The run is over. Returns what it cost. */
  end(): number {
    const { worked } = this;
    this.worked = 0;
    this.#busy = this.#rivals = 1;
    return worked;
  }

  /** Charges CPU: the process's own time moves on. */
  charge(pod: PodRecord, process: Process, now: number, microseconds: number): void {
    this.worked += microseconds;
    const used = process.cpu ?? 0;
    const crowded = Math.max(1, this.#busy / defaultCapacity.cpus);
    const heavy = heaviness(used * crowded);
    process.cpu = used + microseconds * heavy;
    const limit = pod.containers[process.container]?.spec.cpuMilliLimit ?? Infinity;
    const slower = Math.max(crowded, (1000 * this.#rivals) / Math.max(limit, 1));
    process.localTimeMs = (process.localTimeMs ?? now) + (microseconds * heavy * slower) / 1000;
  }
}
