/** A TCP stream of the network, as the record that both its ends and the network read and write. */
import { RecordCodec } from "../../core/record-codec.ts";
import type { KnownToken } from "../../ports/request.ts";

/** Records of what is under way in the network: streams have keys `sN`. */
export const networkTable = "network";

/** How long nodes know a connection that one side has closed. k8s: pkg/proxy/apis/config/v1alpha1/defaults.go SetDefaults_KubeProxyConfiguration */
export const closeWaitMs = 3_600_000;

/** Field names of those records on disk: of streams, and of network/exchange.ts and network/udp.ts. */
export const networkRecordCodec = new RecordCodec({
  fields: {
    request: "q",
    response: "r",
    handle: "h",
    connection: "c",
    clientConnection: "ca",
    answer: "a",
    asked: "w",
    movedAtMs: "m",
  },
});

/** Who connects: a Pod, a node (its kubelet, the API server), or the user outside (neither). */
export interface Source {
  ip: string;
  /** `namespace/name` */
  pod?: string;
  node?: string;
}

export interface Stream {
  from: Source;
  to: string;
  port: number;
  /** Address and port the server sees. */
  at: string;
  /** Address and port that the client asked for, where they are not the server's own. */
  asked?: string;
  /** When bytes, or an end, last went either way. */
  movedAtMs?: number;
  /** Bytes to the server and to the client, and whether each side writes no more. */
  up: string;
  upEnd?: true;
  down: string;
  downEnd?: true;
  /** The connection in the target's record. */
  connection?: number;
  /** The client's own connection, in its Pod's record. */
  clientConnection?: number;
  /** What goes to the server came to it over TLS. */
  secure?: true;
  /** The token of whoever forwards it. */
  known?: KnownToken;
  /** Request to a server that takes whole HTTP requests, under way: the handle that the server's Pod knows it by. */
  handle?: string;
  /** The client has gone. */
  gone?: true;
  closedAt?: number;
}
