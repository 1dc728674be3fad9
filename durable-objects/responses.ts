import type { Engine } from "./engine/index.ts";
import { StatusError } from "./engine/machinery/status.ts";
import type { ApiRequest, EngineResponse, PiecesReply, Reply } from "./engine/ports/request.ts";

/** A watch that resumes from a revision is a reconnect, which does not count as a user's activity. */
export const resumesWatch = (request: ApiRequest): boolean =>
  /(^|&)watch(=|&|$)/.test(request.query) && /(^|&)resourceVersion=[1-9]/.test(request.query);

/** A path with its escapes resolved, as the API server reads the parts of it: `%70roxy` is `proxy`. */
export function plainPath(path: string): string {
  if (!path.includes("%")) return path;
  const parts = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return parts.join("/");
}

/** Whether a path is a Pod's log. */
export const isLog = (path: string): boolean => /\/pods\/[^/]+\/log$/.test(plainPath(path));

/** Content that users made must not run in a browser as a page of this origin. */
const asDataOnly = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
};

const bodiless = new Set([101, 204, 205, 304]);

/** A server in the cluster may send a status that is invalid as a response: 101, 42. */
const answerable = (status: number): number => (status >= 200 && status <= 599 ? status : 502);

/** The platform's response of an engine's reply. */
export function responseOf(reply: Reply | PiecesReply): Response {
  const body = reply.type === "pieces" ? streamOf(reply.pieces(false)) : reply.body;
  return new Response(bodiless.has(reply.status) ? null : (body as BodyInit), {
    status: answerable(reply.status),
    headers: { "cache-control": "no-cache, private", ...reply.headers, ...asDataOnly },
  });
}

/** A piece is made when the one before is on its way; other work comes between. */
function streamOf(pieces: Iterable<string>): ReadableStream<Uint8Array> {
  const rest = pieces[Symbol.iterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      await new Promise((go) => setTimeout(go));
      const { value, done } = rest.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
}

/** A failure of the shell's own, as the Status that clients print. */
/** k8s: apiserver/pkg/endpoints/handlers/responsewriters/writers.go ErrorNegotiated */
export const refusal = (error: StatusError): Response => {
  const status = error.toStatus();
  const retry = status.details?.retryAfterSeconds;
  return responseOf({
    type: "reply",
    status: error.code,
    headers: {
      "content-type": "application/json",
      ...(retry ? { "retry-after": String(retry) } : {}),
    },
    body: JSON.stringify(status),
  });
};

/** Closes a socket that its peer may have closed already. 1005 and 1006 only report: they may not be sent. */
export function closeSocket(socket: WebSocket, code: number, reason?: string): void {
  try {
    socket.close(code === 1005 || code === 1006 ? 1000 : code, reason);
  } catch {
    // Closed by its peer already.
  }
}

export const gone = (): StatusError =>
  new StatusError(410, "Gone", "this sandbox has expired or was deleted; make a new one");
/** k8s: apiserver/pkg/endpoints/filters/authentication.go Unauthorized */
export const unauthorized = (): StatusError => new StatusError(401, "Unauthorized", "Unauthorized");
export const isUnauthorized = (response: EngineResponse): boolean =>
  response.type === "reply" && response.status === 401;
/** 429: the sandbox's STREAMS_MAX is reached; Retry-After goes along. */
export const tooManyStreams = (): StatusError =>
  new StatusError(429, "TooManyRequests", "too many open watches in this sandbox", {
    retryAfterSeconds: 10,
  });

/** 429: as many pages follow who is here, or what changes, as may; Retry-After goes along. */
export const tooManyFollowers = (what = "who is in this sandbox"): StatusError =>
  new StatusError(429, "TooManyRequests", `too many pages follow ${what}`, {
    retryAfterSeconds: 60,
  });

/** Whether a server of the cluster is asked, through the API server's proxy or by a host of an Ingress or a Gateway. */
export const asksServer = ({ path, preview }: ApiRequest): boolean =>
  preview?.ingressHost !== undefined ||
  preview?.gateway !== undefined ||
  /\/(?:pods|services|nodes)\/[^/]+\/proxy(?:\/|$)/.test(plainPath(path));

/** 429: too many proxied requests wait; Retry-After goes along. */
export const tooManyProxied = (): StatusError =>
  new StatusError(429, "TooManyRequests", "too many proxied requests wait in this sandbox", {
    retryAfterSeconds: 1,
  });

export const noPreview = (): StatusError =>
  new StatusError(404, "NotFound", "there is no such preview");

/** A number from a variable; undefined for an absent one, for 0 and for text that is none. */
export const numberOf = (text: string | undefined): number | undefined => Number(text) || undefined;

/** Faults of reconcilers: the engine backs off and goes on, and the operator should know. */
export function reportFaults(engine: Engine): void {
  for (const { work, error } of engine.faults.splice(0)) {
    console.error({ event: "reconcile failed", work, error: describe(error) });
  }
}

export const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
