/** `kubectl port-forward`: raw bytes to a port of a Pod, dialled within its own network. k8s: containerd sandbox_portforward_linux.go */
import type { RuntimeContext } from "../runtime/define.ts";
import type { PodRecord } from "../runtime/state.ts";
import { settleStreams } from "./exchange.ts";
import { isUp } from "./addresses.ts";
import * as tcp from "./tcp.ts";

const loopback = "127.0.0.1";

/** Opens a stream to a port of a running Pod; the error's text is what the error channel carries. */
export function openStream(
  context: RuntimeContext,
  podKey: string,
  port: number,
): { stream: string } | { error: string } {
  const record = context.records.get<Partial<PodRecord>>("runtime", podKey);
  const node = record?.pod?.node;
  if (!record?.pod || !isUp(context.reader, node)) {
    return { error: `error forwarding port ${port} to pod ${podKey}: failed to find sandbox: not found` };
  }
  const id = sandboxId(record);
  if (!record.li?.[`tcp/${port}`]) {
    return {
      error: `error forwarding port ${port} to pod ${id}, uid : failed to execute portforward in network namespace "/var/run/netns/cni-${record.pod.uid}": failed to connect to localhost:${port} inside namespace "${id}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: connection refused `,
    };
  }
  const from = { ip: loopback, ...(node ? { node } : {}) };
  const stream = tcp.openStream(context, from, podKey, port, loopback);
  settleStreams(context, stream);
  return { stream };
}

/** The Pod's sandbox has no container of its own here: its identity stands for it. */
const sandboxId = (record: Partial<PodRecord>): string => {
  const hex = (record.pod?.uid ?? "").replaceAll("-", "");
  return (hex + hex).slice(0, 64);
};

/** Sends bytes (a binary string); `end` half-closes. What can be answered now is there to receive. */
export function send(context: RuntimeContext, stream: string, bytes: string, end = false): void {
  tcp.send(context, stream, bytes, end);
  settleStreams(context, stream);
}

/** Bytes the sender may still put on the way; 0: wait until some were received. */
export const room = (context: RuntimeContext, stream: string): number => tcp.roomIn(context, stream);

/** Bytes that arrived; undefined: none yet; "": the Pod has closed. */
export function receive(context: RuntimeContext, stream: string): string | undefined {
  const bytes = tcp.receive(context, stream);
  if (bytes) settleStreams(context, stream);
  return bytes;
}

export function close(context: RuntimeContext, stream: string): void {
  tcp.close(context, stream);
  settleStreams(context, stream);
}
