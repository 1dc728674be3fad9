/** What a program is: a table row with a start and a step. Its whole memory is the JSON state. */
import type { DnsRecord, DnsReply } from "./net/network-port.ts";
import type { HttpRequest, HttpResponse, Wait } from "./state.ts";
import type { Sys } from "./sys.ts";

/** Nothing: go on at once. */
export type Step = { wait: Wait } | { exit: number } | undefined;

export interface HttpAnswer {
  response: HttpResponse;
  /** The answer takes this long, virtual ms. */
  delayMs?: number;
  /** CPU its making costs, ms: it takes longer under a CPU limit and while others are served. */
  cpuMs?: number;
}

/** `S`: the program's state, plain JSON; `start` and `step` may change it in place. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface Program<S = any> {
  name: string;
  start(sys: Sys): S;
  step(sys: Sys, state: S): Step;
  /** Whether the program has a handler for a signal; then `signal` runs it and `step` goes on. */
  handles?(state: S, signal: number): boolean;
  signal?(sys: Sys, state: S, signal: number): Step;
  /** Answers a request to a port it listens on with kind "h". "pending": ask again after its next step. */
  http?(sys: Sys, state: S, request: HttpRequest): HttpAnswer | "pending" | "reset";
  /** Answers a datagram to a port it listens on with kind "u"; nothing: no answer. `from` is `ip:port`. */
  datagram?(sys: Sys, state: S, bytes: string, port: number, from: string): string | undefined;
  /** Answers a query, the name fully qualified, to a port it listens on with kind "u". */
  dns?(
    sys: Sys,
    state: S,
    query: { name: string; type: DnsRecord["type"]; port: number },
  ): DnsReply;
  /** grpc.health.v1 for a port listened on with kind "g". */
  grpc?(sys: Sys, state: S, service: string): { status: string } | { error: string };
  /** Bytes it uses, for the memory limit and `top`; without it 1 MiB. */
  memoryBytes?(state: S): number;
  /** CPU it uses while waiting, milli cores: for `kubectl top` only. */
  idleCpuMilli?(state: S): number;
  /** Its answers change by time alone: probes of its Pod never go calm. */
  restless?(state: S): boolean;
  /** Command line in `ps`; without it argv. */
  title?(state: S, argv: readonly string[]): string;
  /** Helper processes that only `ps` sees: worker processes of a server. */
  shadow?(state: S): { pid: number; user: string; title: string }[];
}

export type Programs = ReadonlyMap<string, Program>;
