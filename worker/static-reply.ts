import { staticResponse } from "../durable-objects/engine/api/discovery.ts";

/** What every sandbox answers alike (`/version`, built-in discovery, OpenAPI), without waking one. */
export function staticReply(request: Request, apiPath: string): Response | undefined {
  if (request.method !== "GET") return undefined;
  const reply = staticResponse({
    method: "GET",
    path: apiPath,
    query: new URL(request.url).search.slice(1),
    headers: Object.fromEntries(request.headers),
  });
  if (!reply) return undefined;
  return new Response(reply.body as BodyInit, { status: reply.status, headers: reply.headers });
}
