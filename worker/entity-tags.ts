import { EdgeError } from "./errors.ts";
import type { Call } from "./route.ts";
import { hashOf } from "./secrets.ts";

/** Entity tags of the service's JSON (RFC 9110, section 8.8.3): of the answer's own bytes, so that nothing is stored for them. */

export async function entityTag(text: string): Promise<string> {
  return `"${(await hashOf(text)).slice(0, 32)}"`;
}

const listed = (header: string): string[] => header.split(",").map((one) => one.trim());

/** The answer with its tag, or 304 where the caller has it (`If-None-Match`). Caches still keep nothing. */
export async function tagged(call: Call, response: Response): Promise<Response> {
  const text = response.status === 200 ? call.textOf(response) : undefined;
  if (text === undefined) return response;
  const tag = await entityTag(text);
  response.headers.set("etag", tag);
  const has = call.request.headers.get("if-none-match");
  if (has === null) return response;
  const weak = listed(has).map((one) => one.replace(/^W\//, ""));
  if (!weak.includes(tag) && !weak.includes("*")) return response;
  const headers = new Headers(response.headers);
  headers.delete("content-type");
  return new Response(null, { status: 304, headers });
}

/**
 * Throws 412 unless the thing is still as the caller read it: what a GET of the same path answers them now has one of the tags.
 * Between this and the change another may come: it spares people each other's work, it is no lock.
 */
export async function mustMatch(header: string, current: () => Promise<string>): Promise<void> {
  const tags = listed(header);
  if (tags.includes("*")) return;
  if (tags.includes(await entityTag(await current()))) return;
  throw new EdgeError(412, "it has changed since you read it; read it again", "If-Match");
}
