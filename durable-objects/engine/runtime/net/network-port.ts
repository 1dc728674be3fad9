/** What passes the border between programs and the cluster's network: names, answers, results of kernel/types.ts Network. */
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

/**
 * What a name server of a Pod says: an answer, whom it asks in turn, or that the cluster's own records answer (with what is said of
 * names that are not among them).
 */
export type DnsReply = DnsAnswer | { forward: string } | "cluster" | { cluster: DnsReply };

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
  /** What an SCTP association says first, in place of a datagram. */
  sctp?: true;
}

/** A datagram, or what an association says first, as its receiver sees it. */
export interface Arrived {
  bytes: string;
  /** Where it came in. */
  port: number;
  /** `ip:port` */
  from: string;
  sctp?: true;
}

/** `silent`: it has arrived, or is lost, and nothing will come back. */
export type DatagramResult = NetworkResult<string> & { silent?: true };

/** Handles of the network's; others are the Pod's own (PodRecord.requests). */
export const isNetworkHandle = (handle: string): boolean => /^[ars]\d+$/.test(handle);
