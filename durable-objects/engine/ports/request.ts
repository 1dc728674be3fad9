/** What goes in and out of the engine. Adapters for the Durable Object and for Node speak this. */

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
  /** Who asks, as the Worker verified it; absent: the sandbox's owner (cluster-admin). */
  user?: User;
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
}

export interface Reply {
  type: "reply";
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
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

/** exec, attach and port-forward: the adapter upgrades to a WebSocket and drives `Engine.session(...)`. */
export interface SessionReply {
  type: "session";
  kind: "exec" | "attach" | "portforward";
  /** Opaque, JSON; names the process or Pod the session talks to. */
  session: Record<string, unknown>;
}

/**
 * What a Pod, Service or node answered through the API server's proxy, whatever its status: the request did happen. While
 * it is under way `Engine.pollProxy(pending, method)` tells after each turn whether the answer is there.
 */
export type ProxyReply =
  | { type: "proxied"; reply: Reply }
  | { type: "proxied"; reply?: undefined; pending: Record<string, unknown>; method: string };

export type ApiResponse = Reply | WatchReply | FollowReply | SessionReply | ProxyReply;
