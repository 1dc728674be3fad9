/** Arguments and results of system calls, and of the steps and answers of programs. */
import type { HttpResponse, KeptOutput, Wait } from "./state.ts";

/** Nothing: go on at once. */
export type Step = { wait: Wait } | { exit: number } | undefined;

export interface HttpAnswer {
  response: HttpResponse;
  /** The answer takes this long, virtual ms. */
  delayMs?: number;
  /** CPU its making costs, ms: it takes longer under a CPU limit and while others are served. */
  cpuMs?: number;
}

/** Who ended: `status` is the exit code, or 128 + signal. */
export interface Ended {
  pid: number;
  status: number;
  signal?: number;
}

/** A child that has stopped (by that signal), or that goes on. */
export interface Changed {
  pid: number;
  stopSignal?: number;
}

export interface OpenFlags {
  read?: boolean;
  write?: boolean;
  create?: boolean;
  truncate?: boolean;
  append?: boolean;
  exclusive?: boolean;
}

/** What terminals that are kept print (terminal-output.ts). */
export interface Printed {
  append(kept: KeptOutput, data: string): void;
}

/** How a port is bound. */
export interface ListenOptions {
  address?: string;
  tls?: boolean;
  /** What it shows, PEM; and the file in which that is looked up anew. */
  certificate?: string;
  certificateFile?: string;
  /** Its file carries the right to low ports (cap_net_bind_service). */
  bindsLow?: true;
}
