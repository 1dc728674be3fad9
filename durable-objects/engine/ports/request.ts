/** What goes in and out of the engine. Adapters for the Durable Object and for Node speak this. */
import type { Status } from "../machinery/status.ts";

export interface User {
  name: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

/** A request to the Kubernetes API, body read whole. `path` starts at the API root: `/api/v1/...`. */
export interface ApiRequest {
  method: string;
  path: string;
  /** Raw query string without "?". */
  query: string;
  /** Lower-case names. Repeated headers are joined by ", "; Impersonate-Group by "\n". */
  headers: Record<string, string>;
  body?: Uint8Array;
  /**
   * Who asks, as the edge resolved it. Absent: whoever the bearer token in `headers` is, and without one the sandbox's owner
   * (`api/users.ts`).
   */
  user?: User;
  /** SHA-256 of the token that the edge knew `user` by. */
  tokenHash?: string;
  /** Path as the client sees it, where that is longer than `path`: redirects of proxied servers lead back to it. */
  publicPath?: string;
  /** A browser's, through a preview. */
  preview?: PreviewRequest;
  /** It waited for webhooks since then, virtual ms. */
  sinceMs?: number;
  /** A long list may come as a `PiecesReply`. */
  takesPieces?: boolean;
}

/** What a browser opens through a preview: links in pages lead through the whole of `publicPath`. */
export interface PreviewRequest {
  /** Host of an Ingress, which is asked instead of the API: `path` is then the path at that host. */
  ingressHost?: string;
  /** Gateway that is asked instead, for a host. Absent port: its first listener's. */
  gateway?: { namespace: string; name: string; port?: number; host: string };
}

/** Everything needed to go on with a watch after the object slept: plain JSON, kept in the socket's attachment (<= 16 KB). */
export interface Subscription {
  id: string;
  resource: string;
  namespace: string;
  labelSelector: string;
  fieldSelector: string;
  /** How events are encoded. */
  as: "object" | "table" | "partial";
  apiVersion: string;
  includeObject: "Metadata" | "Object" | "None";
  /** Table column definitions go out with the first event only. */
  headersSent: boolean;
  bookmarks: boolean;
  /** Last revision sent or passed over. */
  rv: number;
  /** Wall ms at which the server ends the watch. */
  endsAtWall: number;
  /** Of a custom resource: its definition's uid and generation. */
  definition?: string;
}

export interface Reply {
  type: "reply";
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** A long list, of which the text is made piece by piece after the turn: whenever that is, it is of the moment of the answer. */
export interface PiecesReply {
  type: "pieces";
  status: 200;
  headers: Record<string, string>;
  /** `pretty`: indented for people. */
  pieces(pretty: boolean): Iterable<string>;
}

/** A watch: lines of JSON, whatever the content type says, to send at once, then what `Engine.poll(subscription)` gives after each turn. */
export interface WatchReply {
  type: "watch";
  status: 200;
  headers: Record<string, string>;
  lines: string[];
  subscription: Subscription;
  /** The lines are all there will be. */
  ended?: boolean;
}

/** `log?follow=true`: text to send at once, then what `Engine.pollLog(follow)` gives after each turn. */
export interface FollowReply {
  type: "follow";
  status: 200;
  headers: Record<string, string>;
  text: string;
  follow: LogFollow;
}

export interface LogFollow {
  id: string;
  pod: string;
  podUid: string;
  container: string;
  /** Position in the container's log, opaque to the adapters. */
  position: number;
  restart: number;
  timestamps: boolean;
  limitBytes?: number;
  /** Absent: both. */
  stream?: "Stdout" | "Stderr";
}

/** What a watch or a followed log has to say since it was last asked, and where it then stands. */
export interface ApiOwed {
  text: string;
  open: Subscription | LogFollow;
  ended: boolean;
}

/** The Status on a session's error channel. */
export type SessionStatus = Omit<Status, "kind" | "apiVersion" | "code"> & { code?: number };

/** A command's (exec), or a container's own (attach), streams. Plain JSON. */
export interface CommandSession {
  kind: "exec" | "attach";
  /** `namespace/name` */
  pod: string;
  /** Absent: it could not be started, `failed` says why. */
  id?: string;
  failed?: Status;
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** A token of the edge's, as its SHA-256 in hex, and who shows it: the cluster itself cannot tell. */
export interface KnownToken {
  sha256: string;
  user: User;
}

/** A Pod to whose ports connections may be opened. Plain JSON. */
export interface ForwardSession {
  kind: "portforward";
  known?: KnownToken;
  /** `namespace/name` */
  pod: string;
  podUid: string;
  /** Named in the request; the older protocol opens them at once. */
  ports: number[];
}

/** exec and attach: the adapter upgrades to a WebSocket and drives `Engine.session(...)`. */
export interface CommandReply {
  type: "session";
  kind: "exec" | "attach";
  session: CommandSession;
}

/** port-forward: likewise. */
export interface ForwardReply {
  type: "session";
  kind: "portforward";
  session: ForwardSession;
}

export type SessionReply = CommandReply | ForwardReply;

/**
 * A request through the API server's proxy, or to a host of an Ingress, whose answer takes virtual time:
 * `Engine.pollProxy(pending)` tells after each turn whether it is there. Plain JSON.
 */
export interface ProxyPending {
  type: "pending";
  /** Names the request in the network. */
  id: string;
  method: string;
  /** Put before links, and before redirects. */
  prefix: string;
  /** Put before redirects, where that is another. */
  redirect?: string;
  /** What follows the prefix: relative redirects start there. */
  path: string;
  host: string;
  address: string;
  /** Virtual ms at which to give up. */
  untilMs: number;
  /** It goes to an API server behind a Service: what comes is passed on as it is. */
  aggregated?: true;
}

/**
 * A request that waits for what webhooks answer; nothing of it has happened yet. `Engine.pollHeld(id)` tells after each turn
 * whether it is answered.
 */
export interface HeldReply {
  type: "held";
  id: string;
}

/** Records of what waits so. */
export const heldTable = "held";

/** What a Pod, Service or node answered through the API server's proxy, whatever its status: the request did happen. */
export interface ProxiedReply {
  type: "proxied";
  reply: Reply;
}

/** What the API answers. */
export type ApiResponse =
  | Reply
  | PiecesReply
  | WatchReply
  | FollowReply
  | SessionReply
  | ProxiedReply
  | ProxyPending
  | HeldReply;

/** What `Engine.handle` answers: a proxied answer is a reply like any other there. */
export type EngineResponse = Exclude<ApiResponse, ProxiedReply>;
