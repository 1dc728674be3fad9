import type { Context } from "hono";
import type { Env } from "../env.ts";

/** The page sends its key to this origin alone, loads nothing from elsewhere, and stands in nobody's frame. */
const headersOfPages = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Files of dist/web. */
export async function page(c: Context<{ Bindings: Env }>): Promise<Response> {
  const asset = await c.env.ASSETS?.fetch(c.req.raw);
  if (!asset || asset.status === 404) return c.text("there is no such page", 404, headersOfPages);
  const response = new Response(asset.body, asset);
  for (const [name, value] of Object.entries(headersOfPages)) response.headers.set(name, value);
  // Their names carry a hash of their content.
  if (c.req.path.startsWith("/assets/")) {
    response.headers.set("cache-control", "public, max-age=31536000, immutable");
  }
  return response;
}
