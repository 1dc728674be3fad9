import type { Context } from "hono";
import type { Env } from "../env.ts";

const constant: Record<string, string> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** The page sends its key to this origin alone, loads nothing from elsewhere, and may not be framed. */
export const headersOfPages = (url: URL, env: Env): Record<string, string> => ({
  "content-security-policy": policyOf(url, {
    ancestors: "'none'",
    human: Boolean(env.TURNSTILE_SITE_KEY),
  }),
  ...constant,
});

/**
 * Scripts and styles are the page's own files alone: elsewhere on this origin lie those that sandboxes serve. A policy
 * cannot name an IPv6 address, so there it is the whole origin. Styles may also be made by scripts, as the terminal's emulator does. `human`: Turnstile's script and frame may come; no frame of
 * another site asks whether somebody is human.
 * Source: developers.cloudflare.com/turnstile/reference/content-security-policy
 */
export function policyOf(
  { origin, hostname }: URL,
  { ancestors, human = false }: { ancestors: string; human?: boolean },
): string {
  const own = hostname.startsWith("[") ? "'self'" : `${origin}/assets/`;
  const asked = human ? " https://challenges.cloudflare.com" : "";
  return (
    `default-src 'none'; script-src ${own}${asked}; ${asked && `frame-src${asked}; `}style-src ${own} 'unsafe-inline'; img-src 'self' data:; font-src ${own}; ` +
    `connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ${ancestors}`
  );
}

const immutable = "public, max-age=31536000, immutable";

/**
 * Of files that need no Worker: on Cloudflare they are answered without it, with these headers (`_headers`, made at build). The page
 * itself needs it, since its policy names the origin.
 */
export const headersOfFiles: Record<string, Record<string, string>> = {
  "/assets/*": { ...constantHeaders(), "cache-control": immutable },
  "/icon.svg": constantHeaders(),
  "/api/openapi.json": constantHeaders(),
};

function constantHeaders(): Record<string, string> {
  return Object.fromEntries(
    ["cross-origin-resource-policy", "referrer-policy", "x-content-type-options"].map((name) => [
      name,
      constant[name]!,
    ]),
  );
}

/** Addresses that the page itself tells apart. */
const pages = /^\/(s|x|l|i|me|new)(\/[A-Za-z0-9_-]{1,64})?$/;

/** Those of which oEmbed says how to embed them. */
const embedded = /^\/(x|l)\/[A-Za-z0-9_-]{1,64}$/;

/** A file of dist/web as it lies there. */
export const fileOf = async (
  c: Context<{ Bindings: Env }>,
  path: string,
): Promise<Response | undefined> => c.env.ASSETS?.fetch(new URL(path, c.req.url));

/** The page's own HTML for all its addresses, else the file that is asked for. */
function assetFor(request: Request): Request {
  const url = new URL(request.url);
  if (!pages.test(url.pathname)) return request;
  return new Request(new URL("/", url), request);
}

/** Files of dist/web. */
export async function page(c: Context<{ Bindings: Env }>): Promise<Response> {
  const asset = await c.env.ASSETS?.fetch(assetFor(c.req.raw));
  const own = headersOfPages(new URL(c.req.url), c.env);
  if (!asset || asset.status === 404) return c.text("there is no such page", 404, own);
  const response = new Response(asset.body, asset);
  for (const [name, value] of Object.entries(own)) response.headers.set(name, value);
  if (embedded.test(c.req.path)) {
    const url = encodeURIComponent(new URL(c.req.path, c.req.url).href);
    const type = 'type="application/json+oembed"';
    response.headers.set("link", `</oembed?url=${url}>; rel="alternate"; ${type}`);
  }
  // Their names carry a hash of their content.
  if (c.req.path.startsWith("/assets/")) {
    response.headers.set("cache-control", immutable);
  }
  return response;
}
