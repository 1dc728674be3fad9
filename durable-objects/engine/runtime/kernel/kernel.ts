/**
 * The kernel of one Pod: loads its record, steps its processes as a discrete-event simulation up to `now`, saves what
 * changed. Always the process whose own time is earliest runs next, so a late alarm gives the same bytes as a timely one.
 */
import { processKey } from "./process-key.ts";
import type { Records } from "../../ports/controller.ts";
import { computeAheadMs, processStateBytesMax } from "../../core/limits.ts";
import { assert } from "../../core/assert.ts";
import { dueMoment } from "../../core/clock.ts";
import { exit, remove, spawn } from "./process-lifecycle.ts";
import { LoadedContainer } from "./container.ts";
import { Cpu, stepCost } from "./cpu.ts";
import { crash } from "./crash.ts";
import type { Container, Kernel, Program, Programs, RuntimeContext, Sys } from "./types.ts";
import type { Step } from "./calls.ts";
import { Errno, ProcessKilled } from "../errno.ts";
import { OpenFiles } from "./open-files.ts";
import { askAgain } from "../http/http.ts";
import { PodLogs } from "../logs/logs.ts";
import { weighMemoryFiles } from "./memory-files.ts";
import { checkMemory, oomKill } from "./out-of-memory.ts";
import { keepSmall } from "./record-size.ts";
import { loadedRecord, storedRecord, viewedRecord } from "./stored-record.ts";
import { SystemCalls } from "./system-calls.ts";
import { changedChild, goOn, stop, withoutOpposite } from "./process-groups.ts";
import { defaultAction } from "./signals.ts";
import { anyStopped, refuseStopped } from "./stopped-programs.ts";
import type { PodRecord, Process, Wait } from "./state.ts";
import { TerminalOutput } from "./terminal-output.ts";
import { storedWait } from "./stored-wait.ts";

export class PodKernel implements Kernel {
  readonly context: RuntimeContext;
  readonly key: string;
  readonly pod: PodRecord;
  readonly files: OpenFiles;
  readonly logs: PodLogs;
  readonly printed: TerminalOutput;
  /** Time of the process that runs, or the engine's. */
  now: number;
  #dirty = false;
  /** The record is to be packed. */
  #large: boolean;
  readonly #cpu = new Cpu();
  /** This run has used up what it may. */
  #spent = false;
  #stops = false;
  /** How many ended children wait for each process, once asked for; kept from then on. */
  #bereaved: Map<number, number> | undefined;
  /** Moment of the latest event: what it made ready runs from then on. */
  #clock: number;
  readonly #containers = new Map<string, Container>();
  readonly #sys = new Map<number, Sys>();

  /** `own`: the record is ours to change as it is. */
  constructor(context: RuntimeContext, key: string, record: PodRecord, own = false) {
    this.context = context;
    this.key = key;
    this.now = context.now;
    this.#clock = context.now;
    this.pod = own ? record : loadedRecord(record);
    this.#large = record.packed === true;
    this.files = new OpenFiles(this);
    this.logs = new PodLogs(this);
    this.printed = new TerminalOutput(context.records);
  }

  static load(context: RuntimeContext, key: string): PodKernel | undefined {
    const record = context.records.get<PodRecord>("runtime", key);
    return record && new PodKernel(context, key, record);
  }

  /** To look at only: nothing of it may be changed. */
  static view(context: RuntimeContext, key: string): PodKernel | undefined {
    const record = context.records.get<PodRecord>("runtime", key);
    return record && new PodKernel(context, key, viewedRecord(record), true);
  }

  otherPod(key: string): Kernel | undefined {
    return PodKernel.load(this.context, key);
  }

  get records(): Records {
    return this.context.records;
  }

  touch(): void {
    this.#dirty = true;
  }

  /** Writes logs, files and the record, when anything changed; returns the next due moment. */
  save(): number | undefined {
    if (this.#dirty) {
      weighMemoryFiles(this);
      this.#large = keepSmall(this);
    }
    const due = this.#due();
    this.files.save();
    this.logs.save();
    this.printed.save();
    if (!this.#dirty && due === this.pod.due) return due;
    if (due === undefined) delete this.pod.due;
    else this.pod.due = due;
    for (const key in this.pod.processes) {
      const process = this.pod.processes[key];
      if (process?.cpu !== undefined) process.cpu = Math.round(process.cpu);
    }
    this.records.put("runtime", this.key, storedRecord(this.pod, this.#large));
    this.context.network?.moved?.(this.context, this.pod);
    return due;
  }

  container(key: string): Container {
    let container = this.#containers.get(key);
    if (!container) {
      container = new LoadedContainer(this, key);
      this.#containers.set(key, container);
    }
    return container;
  }

  /** A container's key by its ID. */
  containerKey(id: string): string | undefined {
    for (const key in this.pod.containers) if (this.pod.containers[key]?.spec.id === id) return key;
    return undefined;
  }

  process(key: number): Process | undefined {
    return this.pod.processes[key];
  }

  sys(key: number): Sys {
    let sys = this.#sys.get(key);
    const process = this.pod.processes[key];
    assert(process, "process is gone");
    if (!sys) {
      sys = new SystemCalls(this, key, process);
      this.#sys.set(key, sys);
    }
    return sys;
  }

  // Time

  charge(process: Process, microseconds: number): void {
    this.#cpu.charge(this.pod, process, this.now, microseconds);
  }

  #met(process: Process, wait: Wait): boolean {
    if (wait.readable?.some((fd) => this.files.readable(process, fd))) return true;
    if (wait.writable?.some((fd) => this.files.writable(process, fd))) return true;
    if (wait.childEnd && this.#hasZombie(process)) return true;
    if (wait.childStop && changedChild(this, process)) return true;
    if (wait.answer?.split(" ").some((handle) => this.files.answered(handle))) return true;
    return false;
  }

  #hasZombie(process: Process): boolean {
    if (!this.#bereaved) {
      this.#bereaved = new Map();
      for (const other in this.pod.processes) {
        const child = this.pod.processes[other];
        if (child?.exitStatus !== undefined) this.bereave(child.parent, 1);
      }
    }
    return this.#bereaved.has(processKey(process.pidNamespace, process.pid));
  }

  bereave(parent: number, by: 1 | -1): void {
    if (!this.#bereaved) return;
    const count = (this.#bereaved.get(parent) ?? 0) + by;
    if (count > 0) this.#bereaved.set(parent, count);
    else this.#bereaved.delete(parent);
  }

  /** When a process can next run; undefined: not by itself. */
  readyAt(process: Process): number | undefined {
    if (process.exitStatus !== undefined) return undefined;
    const { pendingSignals: signals } = process;
    if (signals?.length && !(process.stopped && !signals.includes(18)))
      return (process.localTimeMs ??= this.#clock);
    if (process.stopped) return undefined;
    if (!process.wait) return process.localTimeMs ?? this.#clock;
    if (this.#met(process, process.wait)) return (process.localTimeMs ??= this.#clock);
    if (process.localTimeMs !== undefined) delete process.localTimeMs;
    return process.wait.untilMs;
  }

  #due(): number | undefined {
    let due: number | undefined;
    const now = this.context.now;
    for (const key in this.pod.processes) {
      const process = this.pod.processes[key];
      const ready = process && this.readyAt(process);
      if (ready === undefined || !process) continue;
      const at = Math.ceil(this.#nextMove(process, ready, now));
      if (due === undefined || at < due) due = at;
    }
    for (const handle in this.pod.requests) {
      const at = this.pod.requests[handle]?.dueAtMs;
      if (at !== undefined && at > now && (due === undefined || at < due)) due = at;
    }
    return dueMoment(due);
  }

  #nextMove(process: Process, ready: number, now: number): number {
    const timer = process.wait?.untilMs !== undefined && ready === process.wait.untilMs;
    if (this.#spent) return Math.max(ready, now + 20);
    if (timer || ready <= now) return Math.max(ready, now);
    if (ready <= now + computeAheadMs) return now;
    // A busy process gets longer slices the longer it is busy.
    return ready + Math.min((process.cpu ?? 0) / 2000, 900);
  }

  /** Runs what can run up to now. */
  run(): void {
    const limit = this.context.now;
    const { mayRun } = this.context;
    let waiting = false;
    this.#stops = anyStopped(this.context);
    while (!this.#cpu.spent) {
      this.#cpu.look();
      let best: Process | undefined;
      let bestAt = 0;
      let bestKey = 0;
      for (const key in this.pod.processes) {
        const process = this.pod.processes[key];
        if (!process) continue;
        this.#cpu.looked();
        const at = this.readyAt(process);
        if (at === undefined || at > limit + computeAheadMs) continue;
        if (mayRun && !mayRun(this.key, Number(key))) {
          waiting = true;
          continue;
        }
        if (at > limit && at === process.wait?.untilMs) continue;
        this.#cpu.wants();
        if (best && at >= bestAt) continue;
        best = process;
        bestAt = at;
        bestKey = Number(key);
      }
      if (!best) break;
      this.#slice(best, bestKey, bestAt, limit);
    }
    if (waiting) this.context.wakePod(this.key);
    this.#spent ||= this.#cpu.spent;
    this.context.spend?.(this.#cpu.end());
  }

  /** Steps one process until it blocks, ends, or its slice is over. */
  #slice(process: Process, key: number, at: number, limit: number): void {
    this.#dirty = true;
    process.localTimeMs = Math.max(at, process.localTimeMs ?? 0);
    const sys = this.sys(key);
    this.#cpu.run(this.pod, process.container);
    for (let steps = 0; steps < 200 && !this.#cpu.spent; steps++) {
      this.now = process.localTimeMs ?? limit;
      this.charge(process, stepCost);
      const step = this.#step(sys, process);
      if (process.exitStatus !== undefined || !this.pod.processes[key] || process.stopped) break;
      if (sys.held > processStateBytesMax) {
        this.oomKill(key);
        break;
      }
      if (process.pendingSignals?.length) continue;
      if (step && "exit" in step) {
        this.exit(key, step.exit & 255);
        break;
      }
      if (step) {
        process.wait = storedWait(step.wait);
        if (this.#met(process, process.wait)) continue;
        // Its time stands still from here: the event that wakes it tells when.
        this.#clock = process.localTimeMs ?? this.#clock;
        delete process.localTimeMs;
        break;
      }
      if ((process.localTimeMs ?? 0) > limit + computeAheadMs) break;
    }
    this.#clock = process.localTimeMs ?? this.now;
    if (process.exitStatus === undefined && this.pod.processes[key]) this.checkMemory(process);
    askAgain(this, key);
    this.now = Math.max(limit, this.now);
  }

  #step(sys: Sys, process: Process): Step {
    try {
      if (this.#stops) refuseStopped(this, process);
      if (process.pendingSignals?.length) {
        const step = this.#deliver(sys, process);
        if (step !== "nothing") return step;
        if (process.exitStatus !== undefined || process.stopped || process.wait)
          return process.wait && { wait: process.wait };
      }
      delete process.wait;
      sys.matching.begin();
      return this.program(process).step(sys, process.state);
    } catch (error) {
      // The process was killed by its own call, or its write hit a closed pipe.
      if (error instanceof ProcessKilled) return undefined;
      if (error instanceof Errno) {
        sys.complain(`${process.args[0] ?? process.program}: ${error.message}\n`);
        return { exit: 1 };
      }
      crash(this, processKey(process.pidNamespace, process.pid), error);
      return undefined;
    }
  }

  get programs(): Programs {
    return this.context.images.programs;
  }

  program(process: Process): Program {
    const program = this.programs.get(process.program);
    assert(program, `no program ${process.program}`);
    return program;
  }

  #deliver(sys: Sys, process: Process): Step | "nothing" {
    const signal = process.pendingSignals?.shift();
    if (process.pendingSignals?.length === 0) delete process.pendingSignals;
    if (signal === undefined) return "nothing";
    if (signal === 18 && process.stopped) goOn(this, process);
    const program = this.program(process);
    if (program.handles?.(process.state, signal)) {
      delete process.wait;
      return program.signal?.(sys, process.state, signal) ?? undefined;
    }
    if (process.ignoredSignals?.includes(signal)) return "nothing";
    const action = defaultAction(signal);
    if (action === "ignore") return "nothing";
    // The first process of a pid namespace has no default actions.
    if (process.pid === 1) return "nothing";
    if (action === "stop") stop(this, process, signal);
    else this.exit(processKey(process.pidNamespace, process.pid), 0, signal);
    return "nothing";
  }

  /** Sends a signal. `outside`: by the runtime, whose SIGKILL reaches PID 1 too. */
  kill(key: number, signal: number, outside = false): void {
    const process = this.pod.processes[key];
    if (!process || process.exitStatus !== undefined || signal === 0) return;
    this.#dirty = true;
    if (signal === 9) {
      if (process.pid !== 1 || outside) this.exit(key, 0, 9);
      return;
    }
    if (signal === 19 && (process.pid !== 1 || outside)) {
      stop(this, process, signal);
      return;
    }
    const pending = withoutOpposite(process.pendingSignals, signal);
    process.pendingSignals = pending?.includes(signal) ? pending : [...(pending ?? []), signal];
  }

  // Birth and death: runtime/kernel/process-lifecycle.ts

  /** Adds a process. EAGAIN when the Pod has too many. */
  spawn(process: Omit<Process, "pid" | "startedAtMs">, pid?: number): number {
    return spawn(this, process, pid);
  }

  /** Ends a process: its files close, its children go to PID 1, its parent may wait for it. */
  exit(key: number, code: number, signal?: number, reason?: string): void {
    exit(this, key, code, signal, reason);
  }

  remove(key: number): void {
    remove(this, key);
    this.#sys.delete(key);
  }

  // Memory

  memoryOf(process: Process): number {
    if (process.exitStatus !== undefined) return 0;
    return this.program(process).memoryBytes?.(process.state) ?? 1024 * 1024;
  }

  /** Kills by memory: over the container's limit, or more real state than one process may hold. */
  checkMemory(process: Process): void {
    checkMemory(this, process);
  }

  oomKill(key: number): void {
    oomKill(this, key);
  }
}
