/** Datagrams: one question, at most one answer. A record each (table "network", key `u` + asker and target). */
import type { RuntimeContext } from "../runtime/define.ts";
import { Kernel } from "../runtime/kernel.ts";
import { networkTable } from "./exchange.ts";
import type { Outcome, Source } from "./route.ts";

export interface Datagram {
  from: Source;
  q: string;
  to?: string;
  port?: number;
  clientIp?: string;
  /** The answer. */
  a?: string;
  error?: "refused";
  /** When the asker gives up. */
  due: number;
}

export function askDatagram(
  context: RuntimeContext,
  id: string,
  from: Source,
  outcome: Outcome,
  bytes: string,
  due: number,
): void {
  const target =
    outcome.to === "pod" ? { to: outcome.pod, port: outcome.port, clientIp: outcome.clientIp } : {};
  context.records.put(networkTable, id, { from, q: bytes, due, ...target } satisfies Datagram);
  context.wake?.("network", id);
}

/** Delivers a datagram; the answer, if any, is there when the asker looks again. */
export function stepDatagram(context: RuntimeContext, id: string): number | undefined {
  const record = context.records.get<Datagram>(networkTable, id);
  if (!record) return undefined;
  if (context.now > record.due) {
    context.records.delete(networkTable, id);
    return undefined;
  }
  if (record.to === undefined) return record.due + 1;
  const { to: _to, ...rest } = record;
  context.records.put(networkTable, id, { ...rest, ...deliver(context, record) });
  return record.due + 1;
}

function deliver(
  context: RuntimeContext,
  { to, port = 0, clientIp, q }: Datagram,
): Partial<Datagram> {
  const kernel = Kernel.load(context, to ?? "");
  const listener = kernel?.pod.li[`udp/${port}`];
  const process = listener && kernel?.process(listener.p);
  // Nobody there: the answer is an ICMP message at once.
  if (!kernel || !listener || !process) return { error: "refused", due: context.now };
  const program = kernel.program(process);
  const answer = program.datagram?.(
    kernel.sys(listener.p),
    process.s,
    q,
    port,
    `${clientIp}:33333`,
  );
  if (answer !== undefined) kernel.touch();
  kernel.run();
  kernel.save();
  context.wakePod(to ?? "");
  return answer === undefined ? {} : { a: answer };
}
