/**
 * Connections to ports of a Pod as port-forward makes them: from inside the Pod, past Services and policies. Whoever was let in
 * keeps the ForwardSession, which is plain data, and opens one connection after the other.
 */
import type { ForwardSession } from "../ports/request.ts";
import type { PodRecord } from "../runtime/kernel/state.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { Source } from "../runtime/net/stream.ts";
import { networkNamespace, sandboxId } from "./ids.ts";
import { openStream } from "./tcp.ts";

/** Opens a connection for a client: the stream's id, or the kubelet's text why there is none. */
export function forwardTo(
  context: RuntimeContext,
  from: Source,
  session: ForwardSession,
  port: number,
): { stream: string } | { error: string } {
  const error = connectError(context, session, port);
  if (error !== undefined) return { error };
  return { stream: openStream(context, from, session.pod, port, "127.0.0.1") };
}

/** Why a port of the Pod cannot be reached from inside it; undefined: it can. */
function connectError(
  context: RuntimeContext,
  { pod, podUid }: ForwardSession,
  port: number,
): string | undefined {
  const record = context.records.get<Partial<PodRecord>>("runtime", pod);
  const sandbox = sandboxId(podUid);
  const prefix = `error forwarding port ${port} to pod ${sandbox}, uid : `;
  if (!record) return `${prefix}failed to find sandbox "${sandbox}" in store: not found`;
  if (record.listeners?.[`tcp/${port}`]) return undefined;
  const refused = "connect: connection refused";
  return (
    `${prefix}failed to execute portforward in network namespace "${networkNamespace(podUid)}": ` +
    `failed to connect to localhost:${port} inside namespace "${sandbox}", ` +
    `IPv4: dial tcp4 127.0.0.1:${port}: ${refused} IPv6 dial tcp6 [::1]:${port}: ${refused} `
  );
}
