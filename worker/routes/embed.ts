import type { Context } from "hono";
import { embedOriginsFor, type Embedded } from "../db/embeds.ts";
import type { Env } from "../env.ts";
import { fileOf, policyOf } from "./page.ts";

/**
 * What other sites show of ours: pages in their frames, and the script of `<podyard-sandbox>`. No cookie counts in them, so a
 * frame shows nothing that whoever made it does not have already, and may stand anywhere unless the operator, or who owns
 * what it shows, says where.
 */

const embeddable = /^\/embed\/(s|x|l)\/([A-Za-z0-9_-]{1,64})$/;

export async function embed(c: Context<{ Bindings: Env }>): Promise<Response> {
  const url = new URL(c.req.url);
  const [, kind, id] = embeddable.exec(url.pathname) ?? [];
  if (id === undefined) return c.text("there is no such page", 404);
  const [file, owners] = await Promise.all([
    fileOf(c, "/"),
    embedOriginsFor(c.env.DB, kind as Embedded, id),
  ]);
  const policy = policyOf(url, { ancestors: ancestorsOf(c.env) });
  return answered(file, {
    // Of several policies each is to be met.
    "content-security-policy": owners ? `${policy}, frame-ancestors ${listOf(owners)}` : policy,
    "cache-control": "no-cache",
    // A page with COEP of its own frames only what sends both.
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "cross-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
}

export async function embedScript(c: Context<{ Bindings: Env }>): Promise<Response> {
  return answered(await fileOf(c, "/embed.js"), {
    // Modules of other origins are asked for by CORS.
    "access-control-allow-origin": "*",
    "cache-control": "public, max-age=3600",
    "content-type": "text/javascript; charset=utf-8",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
  });
}

function answered(file: Response | undefined, headers: Record<string, string>): Response {
  if (!file?.ok) return new Response("there is no such page", { status: 404 });
  const response = new Response(file.body, file);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

const listOf = (origins: string[]): string => origins.join(" ") || "'none'";

const sourceExpression = /^(\*|'none'|[A-Za-z0-9.:/*[\]-]+)$/;

/** `frame-ancestors` of the operator: origins with spaces or commas between them; anywhere where nothing is said, nowhere where it is no such list. */
export function ancestorsOf({ EMBED_ORIGINS = "" }: Env): string {
  const said = EMBED_ORIGINS.split(/[\s,]+/).filter(Boolean);
  if (said.length === 0) return "*";
  return said.every((one) => sourceExpression.test(one)) ? said.join(" ") : "'none'";
}
