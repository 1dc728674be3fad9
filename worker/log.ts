import type { Context, Next } from "hono";
import type { Env } from "./env.ts";

/**
 * One event for each request that the Worker answers, as wide as it is known, so that every question is one query over one kind of
 * row. Ids alone say who and what: no path (a key may stand in it), no query string, no header but Cloudflare's own id of the request.
 */

/** What handlers add to their request's event. */
export interface Facts {
  /** As the route table writes it; `unknown`: nothing was there. */
  route: string;
  /** What opened it. */
  by: "nobody" | "session" | "token" | "key" | "account";
  person?: string | undefined;
  sandbox?: string | undefined;
}

const known = new WeakMap<Request, Facts>();

/** A request's facts, to be added to. */
export function factsOf(request: Request): Facts {
  let facts = known.get(request);
  if (!facts) known.set(request, (facts = { route: "unknown", by: "nobody" }));
  return facts;
}

export interface RequestEvent extends Facts {
  event: "request";
  method: string;
  status: number;
  /** To the head of the answer: a stream goes on. */
  ms: number;
  /** Of the bodies, as far as their headers say it. */
  bytesIn?: number | undefined;
  bytesOut?: number | undefined;
  /** Cloudflare's id of the request, by which it is found in their logs too. */
  ray?: string | undefined;
  country?: string | undefined;
  /** Class of what failed; its text is told apart from this. */
  error?: string | undefined;
}

/** `LOG_REQUESTS`: `all`, `errors` (5xx and 429), or `none`. */
const logs = ({ LOG_REQUESTS = "none" }: Env, status: number): boolean =>
  LOG_REQUESTS === "all" || (LOG_REQUESTS === "errors" && (status >= 500 || status === 429));

export async function logged(c: Context<{ Bindings: Env }>, next: Next): Promise<void> {
  const since = Date.now();
  await next();
  const { status, headers } = c.res;
  if (!logs(c.env, status)) return;
  const request = c.req.raw;
  const event: RequestEvent = {
    event: "request",
    method: request.method,
    ...factsOf(request),
    status,
    ms: Date.now() - since,
    bytesIn: lengthOf(request.headers),
    bytesOut: lengthOf(headers),
    ray: request.headers.get("cf-ray") ?? undefined,
    country: request.headers.get("cf-ipcountry") ?? undefined,
    error: c.error?.name,
  };
  console.log(event);
}

function lengthOf(headers: Headers): number | undefined {
  const said = headers.get("content-length");
  return said === null ? undefined : Number(said);
}
