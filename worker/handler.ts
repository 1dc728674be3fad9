import type { Handler } from "hono";
import { changeable, finished } from "./routes/api-answer.ts";
import { mustMatch, tagged } from "./entity-tags.ts";
import type { Env } from "./env.ts";
import { StatusError } from "../durable-objects/engine/machinery/status.ts";
import { EdgeError, statusOf, statusResponse } from "./errors.ts";
import { bodyBytesMax } from "./limits.ts";
import { factsOf } from "./log.ts";
import {
  accessTo,
  mustHaveScope,
  mustMay,
  personOf,
  principalOf,
  type Access,
  type Principal,
} from "./principal.ts";
import { once } from "./repeats.ts";
import { Call, checked, laterOf, readWhole, type EdgeContext, type Row } from "./route.ts";

/** How a request comes to its row's handler: who asks, whether they may, what they say, and what HTTP itself asks for. */

/** Whether a row makes something, and may be told an `Idempotency-Key`. */
export const isRepeatable = (row: Row): boolean =>
  row.method === "POST" && row.answers[201] !== undefined && row.raw === undefined;

/** Whether a row changes what a GET of the same path reads: it may be told `If-Match`. */
export const readerOf = (row: Row, rows: readonly Row[]): Row | undefined =>
  /^(PUT|PATCH|DELETE)$/.test(row.method)
    ? rows.find(({ method, path }) => method === "GET" && path === row.path)
    : undefined;

/** Path of what a row makes. */
const madeBy = (row: Row): string => row.makes ?? `${row.path}/:made`;

/** Who reads what a row makes: itself, or in a list. */
export interface Readers {
  item: Row | undefined;
  list: Row | undefined;
}

export function readersOf(row: Row, rows: readonly Row[]): Readers {
  const shape = (path: string): string => path.replaceAll(/:\w+/g, ":");
  const at = (path: string): Row | undefined =>
    rows.find((one) => one.method === "GET" && shape(one.path) === shape(path));
  const path = madeBy(row);
  return { item: at(path), list: at(path.slice(0, path.lastIndexOf("/"))) };
}

/** A row's handler for Hono; `rows` are all of them. */
export function handlerOf(row: Row, rows: readonly Row[]): Handler<{ Bindings: Env }> {
  const reader = readerOf(row, rows);
  let readers: Readers | undefined;
  const handle = async (c: EdgeContext): Promise<Response> => {
    const facts = factsOf(c.req.raw);
    facts.route = row.path;
    const now = Date.now();
    // What a withdrawn right still makes (a key, an invitation) would outlive it. The Kubernetes API the object itself guards.
    const fresh = row.method !== "GET";
    const principal = await principalOf(c.req.raw, c.env, now, laterOf(c), fresh);
    facts.by = principal.by;
    facts.person = personOf(principal)?.id;
    const id = c.req.param("id") ?? "";
    const access = await permitted(row, principal, c.env, { id, now, fresh });
    facts.sandbox = access?.sandbox.id;
    const { bytes, body } = await said(row, c.req.raw);
    // While the body came, time has passed.
    const call = new Call(c, principal, access, body, Date.now());
    const match = c.req.header("if-match");
    if (reader && match !== undefined) {
      await mustMatch(match, () => textAt(reader, c, principal));
    }
    const work = async (): Promise<Response> => row.handle(call);
    if (!isRepeatable(row)) {
      const response = await work();
      return row.method === "GET" && !row.kube ? tagged(call, response) : response;
    }
    return once(call, {
      bytes,
      work,
      made: madeBy(row),
      read: (location) => madeAt(location, (readers ??= readersOf(row, rows)), c, principal),
    });
  };
  return row.kube
    ? async (c) => finished(c.req.raw, changeable(await handle(c).catch(answerStatus)))
    : handle;
}

/** Clients of the Kubernetes API read a Status. */
function answerStatus(error: unknown): Response {
  if (error instanceof StatusError) return statusResponse(error);
  if (error instanceof EdgeError) return statusResponse(statusOf(error));
  throw error;
}

/** What the principal has to do with the sandbox that the row is about; throws what refuses them. */
async function permitted(
  row: Row,
  principal: Principal,
  env: Env,
  { id, now, fresh }: { id: string; now: number; fresh?: boolean },
): Promise<Access | undefined> {
  if (row.who === "anyone") {
    if (principal.by === "token" && row.scope) mustHaveScope(principal, row.scope);
    return undefined;
  }
  if (row.who === "person") {
    if (!personOf(principal)) {
      throw new EdgeError(401, "sign in, or send an API token as a bearer token");
    }
    mustHaveScope(principal, row.scope);
    return undefined;
  }
  const access = await accessTo(principal, env, id, now, fresh);
  mustMay(access, row.who);
  mustHaveScope(principal, row.scope);
  return access;
}

/** What a GET answers the principal. */
async function textAt(
  row: Row,
  c: EdgeContext,
  principal: Principal,
  params: Record<string, string> = c.req.param() as Record<string, string>,
): Promise<string> {
  const now = Date.now();
  const access = await permitted(row, principal, c.env, { id: params["id"] ?? "", now });
  const call = new Call(c, principal, access, undefined, now, params);
  const response = await row.handle(call);
  return call.textOf(response) ?? (await response.text());
}

/** What was made, as the principal reads it now: itself, or its entry in the list, or at least its id. */
async function madeAt(
  location: string,
  { item, list }: Readers,
  c: EdgeContext,
  principal: Principal,
): Promise<unknown> {
  const end = location.lastIndexOf("/");
  const id = location.slice(end + 1);
  const itself = item && (await valueAt(item, location, c, principal));
  if (itself !== undefined) return itself;
  const all = list && (await valueAt(list, location.slice(0, end), c, principal));
  const found = Object.values(all ?? {})
    .filter((value) => Array.isArray(value))
    .flat()
    .find((one: { id?: unknown }) => one.id === id) as unknown;
  return found ?? { id };
}

/** What a row answers at a path; undefined where not to this principal. */
async function valueAt(
  row: Row,
  path: string,
  c: EdgeContext,
  principal: Principal,
): Promise<unknown> {
  try {
    return JSON.parse(await textAt(row, c, principal, paramsOf(row.path, path))) as unknown;
  } catch (error) {
    if (error instanceof EdgeError) return undefined;
    throw error;
  }
}

/** What the parts of a row's path are called. */
function paramsOf(pattern: string, path: string): Record<string, string> {
  const parts = path.split("/");
  const named = pattern
    .split("/")
    .flatMap((name, i) => (name.startsWith(":") ? [[name.slice(1), parts[i] ?? ""]] : []));
  return Object.fromEntries(named) as Record<string, string>;
}

async function said(
  row: Row,
  request: Request,
): Promise<{ bytes: Uint8Array | undefined; body: unknown }> {
  if (!row.body) return { bytes: undefined, body: undefined };
  const bytes = await readWhole(request, row.bodyBytesMax ?? bodyBytesMax);
  return { bytes, body: checked(row.body, parseJsonObject(bytes)) };
}

function parseJsonObject(body: Uint8Array): Record<string, unknown> {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new EdgeError(400, `the body is no JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new EdgeError(400, "the body must be a JSON object");
  }
  return value as Record<string, unknown>;
}
