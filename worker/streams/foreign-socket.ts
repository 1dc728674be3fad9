import { StatusError } from "../../durable-objects/engine/machinery/status.ts";
import type { Env } from "../env.ts";

/**
 * CORS does not cover WebSockets: a page elsewhere that learnt a path with a key in it may not use it. Only pages are bound
 * by an origin: client libraries send any they like, a page cannot send another User-Agent than its browser's.
 */
export function refuseForeignSocket(request: Request, env: Env): void {
  const origin = request.headers.get("origin");
  if (origin === null || request.headers.get("upgrade") === null) return;
  if (!request.headers.get("user-agent")?.startsWith("Mozilla/")) return;
  if (origin === new URL(request.url).origin || env.CORS_ORIGINS.split(",").includes(origin))
    return;
  throw new StatusError(403, "Forbidden", `origin ${origin} is not allowed to connect`);
}
