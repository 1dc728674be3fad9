import { beginReply, endReply, removeReply, type Reply } from "./db/replies.ts";
import { EdgeError } from "./errors.ts";
import { replyMs, replyUnderWayMs } from "./limits.ts";
import { personOf, type Principal } from "./principal.ts";
import type { Call } from "./route.ts";
import { hashOf } from "./secrets.ts";

/**
 * `Idempotency-Key`: what makes something is done once, however often it is asked for in a day. No answer is stored, since it may hold a
 * secret: a repeated request is answered with what can be read of the thing now.
 */

export const repeatHeader = "idempotency-key";
/** Printable ASCII. */
const keyShape = /^[!-~]{1,128}$/;

export interface Repeatable {
  /** The body as it came. */
  bytes: Uint8Array | undefined;
  work: () => Promise<Response>;
  /** Path of what is made, as a row of the route table writes it: the last part is the id that is answered. */
  made: string;
  /** What the caller can read of what lies there. */
  read: (location: string) => Promise<unknown>;
}

export async function once(call: Call, repeatable: Repeatable): Promise<Response> {
  const { bytes, made, read } = repeatable;
  const work = async (): Promise<Response> => located(call, made, await repeatable.work());
  const key = call.request.headers.get(repeatHeader);
  if (key === null) return work();
  const { hash, requestHash } = await hashesOf(call, key, bytes);
  const { DB } = call.env;
  const before = await beginReply(
    DB,
    { hash, requestHash, expiresAt: call.now + replyUnderWayMs },
    call.now,
  );
  if (before) return again(call, before, requestHash, read);
  let response: Response;
  try {
    response = await work();
  } catch (error) {
    await removeReply(DB, hash);
    throw error;
  }
  const location = response.headers.get("location");
  if (location === null) await removeReply(DB, hash);
  else {
    const { status } = response;
    await endReply(DB, hash, { status, location, expiresAt: call.now + replyMs });
  }
  return response;
}

async function hashesOf(
  call: Call,
  key: string,
  bytes: Uint8Array | undefined,
): Promise<{ hash: string; requestHash: string }> {
  if (!keyShape.test(key)) {
    throw new EdgeError(
      400,
      "Idempotency-Key must be 1 to 128 characters, without spaces",
      "Idempotency-Key",
    );
  }
  const who = whoOf(call.principal);
  if (who === undefined) {
    throw new EdgeError(
      401,
      "with an Idempotency-Key, say who you are: who is nobody cannot be told from another",
    );
  }
  const { method, url } = call.request;
  const { pathname } = new URL(url);
  const body = bytes ? await hashOf(bytes) : "";
  return {
    hash: await hashOf(`${who}\n${key}`),
    requestHash: await hashOf(`${method}\n${pathname}\n${body}`),
  };
}

function whoOf(principal: Principal): string | undefined {
  const person = personOf(principal);
  if (person) return `person ${person.id}`;
  return principal.by === "key" ? `key ${principal.secret}` : undefined;
}

/** The answer with the path of what was made, if something was. */
function located(call: Call, made: string, response: Response): Response {
  const text = response.status === 201 ? call.textOf(response) : undefined;
  const { id } = (text === undefined ? {} : JSON.parse(text)) as { id?: unknown };
  if (typeof id !== "string") return response;
  const above = made.slice(0, made.lastIndexOf("/"));
  const at = above.replaceAll(/:(\w+)/g, (_all, name: string) => call.param(name));
  response.headers.set("location", `${at}/${id}`);
  return response;
}

async function again(
  call: Call,
  before: Reply,
  requestHash: string,
  read: Repeatable["read"],
): Promise<Response> {
  if (before.requestHash !== requestHash) {
    throw new EdgeError(
      422,
      "this Idempotency-Key was used for another request; take a new one",
      "Idempotency-Key",
    );
  }
  const { status, location } = before;
  if (status === null || location === null) {
    const error = new EdgeError(409, "the same request is under way; repeat it in a moment");
    error.retryAfterSeconds = 1;
    throw error;
  }
  const value = await read(location);
  return call.json(value, status, { location, "idempotency-replayed": "true" });
}
