import type { Context } from "hono";
import type { Env } from "../env.ts";

/** The page sends its key to this origin alone, loads nothing from elsewhere, and may not be framed. */
const headersOfPages = (url: URL): Record<string, string> => ({
  "content-security-policy": policyOf(url),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
});

/**
 * Scripts and styles are the page's own files alone: elsewhere on this origin lie those that sandboxes serve. A policy
 * cannot name an IPv6 address, so there it is the whole origin.
 */
function policyOf({ origin, hostname }: URL): string {
  const own = hostname.startsWith("[") ? "'self'" : `${origin}/assets/`;
  return (
    `default-src 'none'; script-src ${own}; style-src ${own}; img-src 'self' data:; font-src ${own}; ` +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  );
}

/** Files of dist/web. */
export async function page(c: Context<{ Bindings: Env }>): Promise<Response> {
  const asset = await c.env.ASSETS?.fetch(c.req.raw);
  const own = headersOfPages(new URL(c.req.url));
  if (!asset || asset.status === 404) return c.text("there is no such page", 404, own);
  const response = new Response(asset.body, asset);
  for (const [name, value] of Object.entries(own)) response.headers.set(name, value);
  // Their names carry a hash of their content.
  if (c.req.path.startsWith("/assets/")) {
    response.headers.set("cache-control", "public, max-age=31536000, immutable");
  }
  return response;
}
