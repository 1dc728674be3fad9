import type { ApiRequest, PreviewRequest, User } from "./engine/ports/request.ts";
import type { NewTerminal } from "./engine/streams/terminals.ts";
import type { Grant } from "./grant.ts";

/** What a screen asks for. `position`: bytes of the terminal that it has seen. */
export interface TerminalRequest extends NewTerminal {
  name: string;
  position?: number;
}

/** The subprotocol of browsers that show their key as another one. */
export const terminalProtocol = "terminal.podyard.dev";

/** The same of pages that follow what changes. */
export const changesProtocol = "changes.podyard.dev";

/** A line to run in a shell on a node. */
export interface RunRequest {
  node: string;
  /** As typed. */
  command: string;
  stdin?: string;
  timeoutMs: number;
}

/**
 * What the Worker tells the object of a request, beside what the client says itself. Requests come over HTTP, as an upgrade
 * has no other way, and so this comes as a header. It is written and read here alone: from a client it is passed over, and
 * nobody behind sees it.
 */
export interface EdgeRequest {
  /** What lets the request in. */
  grant: Grant;
  /** Who asks. Absent: whom the token in `Authorization` names, which the cluster verifies. */
  user?: User;
  /** SHA-256 of the token that `user` was known by, where the client may show it to servers of the cluster as well. */
  tokenHash?: string;
  /** Path as the client sees it. */
  publicPath: string;
  /** A browser's, through a preview. The object compares its token. */
  preview?: PreviewRequest & { token: string };
  /** The Worker ends the stream that comes of it, and how its client asked for one: the inner socket is given to nobody else. */
  bridge?: "http" | "websocket";
  /** It is asked of the cluster as it was at this revision, and may only read. */
  at?: number;
  /** The timeline is asked for, as a stream: rows after a revision, or those still to come. */
  timeline?: { after?: number };
  /** It is asked who is here, once or as a stream. */
  presence?: { follow: boolean };
  /** It is asked what changes from now on, on a socket. */
  changes?: true;
  /** A terminal is asked for, on a socket. */
  terminal?: TerminalRequest;
  /** The terminals are to be listed, or one to be closed. */
  terminals?: "list" | { close: string };
  /** A line is to be run on a node. */
  run?: RunRequest;
  /** The disk is full: to be answered from what is stored. */
  readOnly?: true;
}

const name = "podyard-edge";
/** Names of our own, of which clients have none. */
const ours = /^podyard-/;

/** Headers for the object: those of the client, and the Worker's own. */
export function writeEdge(client: Headers, edge: EdgeRequest): Headers {
  const headers = new Headers();
  for (const [key, value] of client) if (!ours.test(key)) headers.set(key, value);
  headers.set(name, encodeURIComponent(JSON.stringify(edge)));
  return headers;
}

/** Undefined: it does not come from the Worker. */
export function readEdge(headers: Headers): EdgeRequest | undefined {
  const text = headers.get(name);
  return text === null ? undefined : (JSON.parse(decodeURIComponent(text)) as EdgeRequest);
}

/** The request as the engine is asked it; reads the body whole. */
export async function apiRequestOf(request: Request, edge: EdgeRequest): Promise<ApiRequest> {
  const { user, tokenHash, publicPath, preview, bridge } = edge;
  const { pathname, search } = new URL(request.url);
  const headers: Record<string, string> = {};
  for (const [key, value] of request.headers) {
    if (ours.test(key)) continue;
    // Groups contain no comma; the platform joins repeated headers by one.
    headers[key] = key === "impersonate-group" ? value.replaceAll(", ", "\n") : value;
  }
  // That upgrade was the Worker's own.
  if (bridge === "http") delete headers["upgrade"];
  const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined;
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    headers,
    publicPath,
    ...(user && { user }),
    ...(tokenHash && { tokenHash }),
    ...(preview && { preview: { ingressHost: preview.ingressHost, gateway: preview.gateway } }),
    ...(body && { body }),
  };
}

const ownKindsName = "podyard-own-kinds";

/** The object tells the Worker with each answer whether its cluster serves other kinds than every one does. */
export const writeOwnKinds = (headers: Headers, own: boolean): void =>
  headers.set(ownKindsName, String(own));

/** Undefined: the answer does not say. */
export function readOwnKinds(headers: Headers): boolean | undefined {
  const said = headers.get(ownKindsName);
  return said === null ? undefined : said === "true";
}

export const clearOwnKinds = (headers: Headers): void => headers.delete(ownKindsName);

const largeName = "podyard-large";

/** The object tells the Worker that its answer is an object that upstream compresses for who asks. */
export const writeLarge = (headers: Headers): void => headers.set(largeName, "true");

/** Whether it does; said only once. */
export function takeLarge(headers: Headers): boolean {
  const large = headers.has(largeName);
  headers.delete(largeName);
  return large;
}
