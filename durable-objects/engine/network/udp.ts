/** Datagrams, and SCTP's associations of one exchange: one question, at most one answer. A record each (table "network", key `u` + asker, its port, and target). */
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { survive } from "../runtime/kernel/crash.ts";
import { PodKernel } from "../runtime/kernel/kernel.ts";
import { queueDatagram, takeReply } from "../runtime/net/datagrams.ts";
import { networkTable, type Source } from "../runtime/net/stream.ts";
import type { Outcome } from "./route.ts";

export interface Datagram {
  from: Source;
  request: string;
  sctp?: true;
  to?: string;
  port?: number;
  /** Where the server sees it come from: `ip:port`. */
  seen?: string;
  /** It was delivered, and the server has said all it will. */
  over?: true;
  /** The answer. */
  answer?: string;
  error?: "refused";
  /** When the asker gives up. */
  due: number;
}

/** Records a datagram on its way; without an answer it is given up at `due` (virtual ms). */
export function askDatagram(
  context: RuntimeContext,
  id: string,
  from: Source,
  outcome: Outcome,
  { bytes, port, due, sctp }: { bytes: string; port: number; due: number; sctp?: true },
): void {
  const target =
    outcome.to === "pod"
      ? { to: outcome.pod, port: outcome.port, seen: `${outcome.clientIp}:${port}` }
      : {};
  context.records.put(networkTable, id, {
    from,
    request: bytes,
    due,
    ...(sctp ? { sctp } : {}),
    ...target,
  } satisfies Datagram);
  context.wake?.("network", id);
}

/** Delivers a datagram; the answer, if any, is there at the sender's next step. */
export function stepDatagram(context: RuntimeContext, id: string): number | undefined {
  const record = context.records.get<Datagram>(networkTable, id);
  if (!record) return undefined;
  if (context.now > record.due) {
    context.records.delete(networkTable, id);
    return undefined;
  }
  if (record.to === undefined) return record.due + 1;
  const { to: _to, ...rest } = record;
  context.records.put(networkTable, id, { ...rest, over: true, ...deliver(context, record) });
  return record.due + 1;
}

function deliver(
  context: RuntimeContext,
  { to, port = 0, seen = "", request, sctp }: Datagram,
): Partial<Datagram> {
  const kernel = PodKernel.load(context, to ?? "");
  const listener = kernel?.pod.listeners[`${sctp ? "sctp" : "udp"}/${port}`];
  const process = listener && kernel?.process(listener.process);
  // Nobody there: the answer is an ICMP message at once.
  if (!kernel || !listener || !process) return { error: "refused", due: context.now };
  const program = kernel.program(process);
  const sys = kernel.sys(listener.process);
  const reads = !program.datagram && !sctp;
  if (reads) queueDatagram(listener, seen, request);
  const asked = (): string | undefined =>
    program.datagram?.(sys, process.state, {
      bytes: request,
      port,
      from: seen,
      ...(sctp ? { sctp } : {}),
    });
  let answer = survive(kernel, listener.process, asked, undefined);
  if (answer !== undefined || reads) kernel.touch();
  kernel.run();
  if (reads) answer = takeReply(listener, seen);
  kernel.save();
  context.wakePod(to ?? "");
  return answer === undefined ? {} : { answer };
}
