/**
 * What programs ask of the cluster's network: the border the network engine implements. Within a Pod the runtime serves
 * localhost and the Pod's own address itself and asks nobody. Programs find it at `sys.kernel.context.network`
 * (`?? noNetwork`), take a handle and wait for it: `{ wait: { nt: handle, t: ownTimeout } }`; runtime/net/socket.ts does
 * that for them, with names, requests and sockets alike for this Pod and others.
 */
import type { RuntimeContext } from "../define.ts";
import type { HttpRequest, HttpResponse, PodRecord } from "../state.ts";

/** kube-dns' Service address. */
export const clusterDnsIp = "10.96.0.10";
export const clusterDomain = "cluster.local";

export interface DnsRecord {
  name: string;
  type: "A" | "AAAA" | "CNAME" | "SRV" | "PTR" | "NS" | "SOA";
  ttlSeconds: number;
  /** As `dig` prints it. */
  data: string;
}

export interface DnsAnswer {
  status: "NOERROR" | "NXDOMAIN" | "SERVFAIL" | "TIMEOUT";
  records: DnsRecord[];
}

/** What a name server of a Pod says: an answer, whom it asks in turn, or that the cluster's own records answer. */
export type DnsReply = DnsAnswer | { forward: string } | "cluster";

/** Why no connection came about. */
export type ConnectError = "refused" | "timeout" | "unreachable" | "reset";

export type NetworkResult<T> =
  | { done: false; dueAtMs?: number }
  | { done: true; result: T }
  | { done: true; error: ConnectError };

/** A datagram: to whom, from which port of the asker. */
export interface Parcel {
  ip: string;
  port: number;
  from: number;
  bytes: string;
}

/** `silent`: it has arrived, or is lost, and nothing will come back. */
export type DatagramResult = NetworkResult<string> & { silent?: true };

export interface Network {
  /** One query to the Pod's name server, the name fully qualified (the caller walks the search list). */
  query(
    context: RuntimeContext,
    podKey: string,
    name: string,
    type: DnsRecord["type"],
    server?: string,
  ): DnsAnswer;
  /**
   * Sends an HTTP request from a Pod to an address outside it. Returns a handle; the asking Pod is woken when the
   * answer is there. A server that speaks raw TCP is reached as well (runtime/http.ts speaks HTTP/1.1 to it).
   */
  request(context: RuntimeContext, podKey: string, request: HttpRequest): string;
  requestResult(
    context: RuntimeContext,
    podKey: string,
    handle: string,
  ): NetworkResult<HttpResponse>;
  /**
   * Sends the first packet of a TCP stream from a Pod to an address outside it. Not done: it was dropped; with `dueAtMs`,
   * the host is found unreachable then. Who connects sends it again (runtime/net/socket.ts).
   */
  connect(context: RuntimeContext, podKey: string, ip: string, port: number): NetworkResult<string>;
  /** Sends bytes; `end` half-closes. */
  send(context: RuntimeContext, podKey: string, stream: string, bytes: string, end: boolean): void;
  /** Bytes that arrived; undefined: none yet; "": the other side has closed. */
  receive(context: RuntimeContext, podKey: string, stream: string): string | undefined;
  /** One datagram and its answer, if the server gives one. */
  datagram(context: RuntimeContext, podKey: string, parcel: Parcel): DatagramResult;
  /** ICMP echo: round trip in ms, or nothing when nobody answers. */
  ping(context: RuntimeContext, podKey: string, ip: string): number | undefined;
  /** Whether a wait for a handle (`Wait.nt`) is over: a request has its outcome, a stream has bytes or has ended. */
  settled?(context: RuntimeContext, handle: string): boolean;
  /** Called when a Pod's record was saved: answers and bytes for others in it go on their way. */
  moved?(context: RuntimeContext, pod: Partial<PodRecord>): void;
}

/** Handles of the network's; others are the Pod's own (PodRecord.ht). */
export const isNetworkHandle = (handle: string): boolean => /^[rs]\d+$/.test(handle);

/** Until the cluster's network is there: no names, and nobody answers. */
export const noNetwork: Network = {
  query: () => ({ status: "NXDOMAIN", records: [] }),
  request: () => "",
  requestResult: () => ({ done: true, error: "timeout" }),
  connect: () => ({ done: true, error: "timeout" }),
  send: () => undefined,
  receive: () => "",
  datagram: () => ({ done: true, error: "timeout" }),
  ping: () => undefined,
};
