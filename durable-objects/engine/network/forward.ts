/**
 * Connections to ports of a Pod as port-forward makes them: from inside the Pod, past Services and policies. Whoever was let in
 * keeps the ForwardSession, which is plain data, and opens one connection after the other.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { tlsIdentitiesKeptMax } from "../core/limits.ts";
import { keep } from "../core/memo.ts";
import type { TlsIdentity } from "../machinery/tls/server.ts";
import { selfSigned } from "../machinery/x509/self-signed.ts";
import { bytesOf } from "../runtime/bytes.ts";
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
): Forwarded | { error: string } {
  const error = connectError(context, session, port);
  if (error !== undefined) return { error };
  const stream = openStream(
    context,
    from,
    session.pod,
    port,
    "127.0.0.1",
    undefined,
    session.known,
  );
  const record = context.records.get<Partial<PodRecord>>("runtime", session.pod);
  const listener = record?.listeners?.[`tcp/${port}`];
  const secure = listener?.kind === "h" && listener.tls;
  return secure ? { stream, tls: identityOf(session.podUid) } : { stream };
}

export interface Forwarded {
  stream: string;
  /** The server speaks TLS, and shows this. */
  tls?: TlsIdentity;
}

const identities = new Map<string, TlsIdentity>();

/**
 * What a Pod's servers show to clients outside: a certificate of their own making, the same as long as the Pod is, since people
 * tell their browsers to trust it. Its key guards nothing that the connection around it does not guard already.
 */
function identityOf(podUid: string): TlsIdentity {
  const known = identities.get(podUid);
  if (known) return known;
  const secret = sha256(bytesOf(`tls ${podUid}`));
  // Below the curve's order, and not zero.
  secret[0] = 0x7f;
  const certificate = selfSigned(secret, {
    subject: ["2.5.4.3", "localhost"],
    issuer: "localhost",
    dnsNames: ["localhost"],
    notBefore: 0,
    notAfter: goodUntilMs,
    serial: Uint8Array.of(1),
  });
  return keep(identities, tlsIdentitiesKeptMax, podUid, { certificate, secret });
}

/** A hundred years: the cluster's clock and the client's are not the same. */
const goodUntilMs = 100 * 365 * 86_400_000;

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
