/** HTTP servers whose answers wait for another server's: requests under way are jobs in the process's state. */
import type { StoredNames } from "../../core/record-codec.ts";
import { serverJobsMax } from "../../core/limits.ts";
import type { HttpAnswer, Step } from "../../runtime/kernel/calls.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { HttpRequest, Wait } from "../../runtime/kernel/state.ts";

/** A request under way; what it waits for is the server's own affair. */
export interface Job<J> {
  /** Request's number. */
  request: number;
  /** It is over; the answer is made when it is asked for. */
  done?: true;
  work: J;
}

export interface AskingState<J> {
  jobs: Job<J>[];
  /** Exit code of a bad start. */
  exitCode?: number;
  /** It was told to end, and does so at this moment. */
  end?: number;
  /** What the server remembers beside its requests: its own affair. */
  kept?: unknown;
}

const earliest = (a: Wait, b: Wait): Wait =>
  b.untilMs === undefined ? a : { untilMs: Math.min(a.untilMs ?? Infinity, b.untilMs) };

export interface AskingServer<J> {
  program: string;
  /** Names of the work on disk. */
  workNames: StoredNames;
  /** Binds its ports; an exit code when it cannot. */
  start(sys: Sys): number | undefined;
  /** Answers at once, or names the work to be done first. */
  begin(sys: Sys, request: HttpRequest, state: AskingState<J>): HttpAnswer | { job: J };
  /** Pushes the work on: what to wait for, or undefined when it is done. */
  push(sys: Sys, job: J): Wait | undefined;
  finish(sys: Sys, job: J, request: HttpRequest): HttpAnswer;
  memoryMib: number;
  term(sys: Sys, state: AskingState<J>, signal: number): Step;
  idleCpuMilli?: number;
  title?: string;
  grpc?(state: AskingState<J>): "SERVING" | "NOT_SERVING";
}

/** Ends the process with a code at its next step, after the answer that is being made. */
export function endServer(sys: Sys, state: { exitCode?: number }, code: number): void {
  state.exitCode = code;
  delete sys.process.wait;
  sys.kernel.touch();
}

export function askingServer<J>(spec: AskingServer<J>): Program<AskingState<J>> {
  const { grpc } = spec;
  return {
    name: spec.program,
    storedNames: {
      fields: { exitCode: "x" },
      inside: {
        jobs: { each: { fields: { request: "i", work: "j" }, inside: { work: spec.workNames } } },
      },
    },
    start(sys) {
      const exitCode = spec.start(sys);
      return exitCode === undefined ? { jobs: [] } : { jobs: [], exitCode };
    },
    step(sys, state): Step {
      if (state.exitCode !== undefined) return { exit: state.exitCode };
      if (state.end !== undefined && sys.now >= state.end) return { exit: 0 };
      const end = state.end === undefined ? {} : { untilMs: state.end };
      // One after the other: a process waits for one handle at a time.
      for (const job of state.jobs) {
        if (job.done) continue;
        const wait = spec.push(sys, job.work);
        if (wait) return { wait: { ...wait, ...earliest(wait, end) } };
        job.done = true;
        sys.kernel.touch();
      }
      // Its own work (a negative number) has nobody who asks for the outcome.
      state.jobs = state.jobs.filter((job) => job.request >= 0 || !job.done);
      return state.exitCode === undefined ? { wait: end } : { exit: state.exitCode };
    },
    handles: (state, signal) => state.exitCode === undefined && [2, 15, 28].includes(signal),
    signal: spec.term,
    http(sys, state, request) {
      const at = state.jobs.findIndex((job) => job.request === request.id);
      const job = state.jobs[at];
      if (job && !job.done) return "pending";
      if (job) {
        state.jobs.splice(at, 1);
        sys.kernel.touch();
        return spec.finish(sys, job.work, request);
      }
      const begun = spec.begin(sys, request, state);
      if (!("job" in begun)) return begun;
      if (state.jobs.length >= serverJobsMax) state.jobs.shift();
      state.jobs.push({ request: request.id ?? 0, work: begun.job });
      // Its next step begins the work.
      delete sys.process.wait;
      sys.kernel.touch();
      return "pending";
    },
    memoryBytes: () => spec.memoryMib * 1024 * 1024,
    ...(spec.idleCpuMilli ? { idleCpuMilli: () => spec.idleCpuMilli ?? 0 } : {}),
    ...(spec.title ? { title: () => spec.title ?? "" } : {}),
    ...(grpc ? { grpc: (_sys: Sys, state) => ({ status: grpc(state) }) } : {}),
  };
}
