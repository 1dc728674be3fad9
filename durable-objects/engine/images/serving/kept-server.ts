/** HTTP servers that remember something: their state is theirs, the rest is as with `smallServer`. */
import type { NamesOf } from "../../core/record-codec.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { goListen, targetOf, type Target } from "./small-server.ts";

export interface KeptState {
  /** It ends with this code at its next step. */
  exitCode?: number;
}

export interface KeptServer<S extends KeptState> {
  program: string;
  storedNames: NamesOf<S>;
  /** What it remembers from the start on, and its ports; or the exit code of a start that failed (it has said why). */
  start(sys: Sys): { state: S; ports: number[] } | { exit: number };
  answer(
    sys: Sys,
    state: S,
    request: HttpRequest,
    target: Target,
  ): HttpResponse | HttpAnswer | "pending";
  memoryMib: number | ((state: S) => number);
  /** Exit code on SIGTERM and SIGINT. */
  term: number;
  /** Last words. */
  bye?(sys: Sys): void;
  idleCpuMilli?: number;
  title?: string;
}

/** What it remembers has changed: it is written down. */
export const remember = (sys: Sys): void => sys.kernel.touch();

export function keptServer<S extends KeptState>(spec: KeptServer<S>): Program<S> {
  const { memoryMib } = spec;
  return {
    name: spec.program,
    storedNames: spec.storedNames,
    start(sys) {
      const begun = spec.start(sys);
      if ("exit" in begun) return { exitCode: begun.exit } as S;
      for (const port of begun.ports) if (!goListen(sys, port)) return { exitCode: 1 } as S;
      return begun.state;
    },
    step: (_sys, state) => (state.exitCode === undefined ? { wait: {} } : { exit: state.exitCode }),
    handles: (state, signal) => state.exitCode === undefined && [2, 15].includes(signal),
    signal(sys) {
      spec.bye?.(sys);
      return { exit: spec.term };
    },
    http(sys, state, request) {
      const made = spec.answer(sys, state, request, targetOf(request));
      return typeof made === "string" || "response" in made ? made : { response: made };
    },
    memoryBytes: (state) =>
      (typeof memoryMib === "number" ? memoryMib : memoryMib(state)) * 1024 * 1024,
    ...(spec.idleCpuMilli ? { idleCpuMilli: () => spec.idleCpuMilli ?? 0 } : {}),
    ...(spec.title ? { title: () => spec.title ?? "" } : {}),
  };
}
