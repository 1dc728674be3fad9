import type { Context, Next } from "hono";
import { networkOf } from "./creation-limits.ts";
import type { Env } from "./env.ts";
import { EdgeError } from "./errors.ts";

/** Refuses a network that asks without end, where the operator binds a rate limit: counted by each of Cloudflare's places for itself. */
export async function withinEdgeLimit(c: Context<{ Bindings: Env }>, next: Next): Promise<void> {
  const address = c.req.header("cf-connecting-ip");
  if (c.env.EDGE_LIMIT && address !== undefined) {
    const key = networkOf(address);
    const { success } = await c.env.EDGE_LIMIT.limit({ key });
    if (!success) {
      throw new EdgeError(429, `too many requests from ${key} (EDGE_LIMIT); ask again in a minute`);
    }
  }
  await next();
}
