import type { Context } from "hono";
import { bearerOf, forget, newKey, verify } from "../auth.ts";
import {
  forgetExpired,
  insertKey,
  insertSandbox,
  liveKeys,
  markDeleted,
  revokeKey,
  type Sandbox,
} from "../db/queries.ts";
import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import { accessOf } from "../kubeconfig.ts";
import {
  createBodyBytesMax,
  graveMs,
  keysPerSandboxMax,
  limitsOf,
  nameLengthMax,
  nodesDefault,
  seedLengthMax,
  type Limits,
} from "../limits.ts";
import { readBody } from "../body.ts";
import { newSandboxId, sandboxIdShape } from "../tenant.ts";

type EdgeContext = Context<{ Bindings: Env }>;

/** `POST /api/sandboxes`: anonymous. YAML answers the kubeconfig alone, JSON everything. */
export async function createSandbox(c: EdgeContext): Promise<Response> {
  refuseForeignPages(c.req.raw, c.env);
  const asked = parseRequest(
    await readBody(c.req.raw, createBodyBytesMax, () => {
      throw new EdgeError(413, `the body is larger than ${createBodyBytesMax} bytes`);
    }),
    limitsOf(c.env),
  );
  await spendRate(c);
  const now = Date.now();
  const { sandbox, secret } = await make(c.env, asked, now);
  c.executionCtx.waitUntil(forgetExpired(c.env.DB, now - graveMs));

  const answer = description(c.env, sandbox, secret, new URL(c.req.url).origin);
  if (!wantsYaml(c.req.header("accept")))
    return Response.json(answer, { status: 201, headers: noStore });
  return new Response(answer.kubeconfig, {
    status: 201,
    headers: { ...noStore, "content-type": "application/yaml; charset=utf-8" },
  });
}

/** `GET /api/sandboxes/:id`: the same as was answered when it was made, for the key that asks. */
export async function readSandbox(c: EdgeContext): Promise<Response> {
  const sandbox = await owned(c);
  const secret = bearerOf(c.req.raw.headers)!;
  return c.json(description(c.env, sandbox, secret, new URL(c.req.url).origin), 200, noStore);
}

/** `DELETE /api/sandboxes/:id` */
export async function deleteSandbox(c: EdgeContext): Promise<Response> {
  const { id } = await owned(c);
  // The record first: from then on nothing wakes the object any more.
  await markDeleted(c.env.DB, id, Date.now());
  forget(id);
  await c.env.SANDBOX.getByName(id).destroy();
  return c.body(null, 204);
}

/** `POST /api/sandboxes/:id/keys`: another key, of the same power. */
export async function createKey(c: EdgeContext): Promise<Response> {
  const sandbox = await owned(c);
  const now = Date.now();
  if ((await liveKeys(c.env.DB, sandbox.id, now)).length >= keysPerSandboxMax) {
    throw new EdgeError(409, `a sandbox has at most ${keysPerSandboxMax} keys; revoke one`);
  }
  const { secret, key } = await newKey(sandbox.id, now, sandbox.expiresAt);
  await insertKey(c.env.DB, key);
  const access = accessOf(c.env, new URL(c.req.url).origin, sandbox.id, secret);
  return c.json({ id: key.id, ...access }, 201, noStore);
}

/** `GET /api/sandboxes/:id/keys`: which keys live; never a secret. */
export async function listKeys(c: EdgeContext): Promise<Response> {
  const { id } = await owned(c);
  const found = await liveKeys(c.env.DB, id, Date.now());
  return c.json({
    keys: found.map((key) => ({
      id: key.id,
      role: key.role,
      createdAt: new Date(key.createdAt).toISOString(),
      expiresAt: new Date(key.expiresAt).toISOString(),
    })),
  });
}

/** `DELETE /api/sandboxes/:id/keys/:key` */
export async function deleteKey(c: EdgeContext): Promise<Response> {
  const { id } = await owned(c);
  const revoked = await revokeKey(c.env.DB, id, c.req.param("key") ?? "", Date.now());
  forget(id);
  if (revoked === 0) throw new EdgeError(404, "this sandbox has no such key");
  return c.body(null, 204);
}

const noStore = { "cache-control": "no-store" };

function description(env: Env, sandbox: Sandbox, secret: string, origin: string) {
  const access = accessOf(env, origin, sandbox.id, secret);
  return {
    id: sandbox.id,
    name: sandbox.name,
    // The fragment stays in the browser: the secret reaches no server and no log by it.
    url: `${origin}/#/${sandbox.id}/${secret}`,
    ...access,
    expiresAt: new Date(sandbox.expiresAt).toISOString(),
  };
}

interface Asked {
  name: string;
  nodes: number;
  seed: string | undefined;
}

async function make(
  env: Env,
  asked: Asked,
  now: number,
): Promise<{ sandbox: Sandbox; secret: string }> {
  const id = newSandboxId();
  const sandbox: Sandbox = {
    id,
    name: asked.name,
    nodes: asked.nodes,
    seed: asked.seed ?? id,
    createdAt: now,
    expiresAt: now + limitsOf(env).sandboxTtlMs,
    deletedAt: null,
  };
  const { secret, key } = await newKey(id, now, sandbox.expiresAt);
  // The object first: should the record fail, the object's own expiry still cleans it up.
  await env.SANDBOX.getByName(id).create({
    id,
    name: sandbox.name,
    nodes: sandbox.nodes,
    seed: sandbox.seed,
    expiresAtMs: sandbox.expiresAt,
  });
  await insertSandbox(env.DB, sandbox, key);
  return { sandbox, secret };
}

/** The sandbox in the path, if the bearer owns it. */
export async function owned(c: EdgeContext): Promise<Sandbox> {
  const id = c.req.param("id") ?? "";
  const secret = bearerOf(c.req.raw.headers);
  if (!sandboxIdShape.test(id)) throw new EdgeError(404, "this sandbox does not exist");
  if (secret === undefined) throw new EdgeError(401, "send the sandbox's key as a bearer token");
  const verdict = await verify(c.env, id, secret, Date.now());
  if (verdict.state === "unknown") throw new EdgeError(401, "this key does not open this sandbox");
  if (verdict.state === "gone") throw new EdgeError(410, "this sandbox has expired or was deleted");
  return verdict.sandbox;
}

/** A page elsewhere must not make sandboxes behind its visitor's back (the answer it could not read anyway). */
function refuseForeignPages(request: Request, env: Env): void {
  const origin = request.headers.get("origin");
  if (origin === null || origin === new URL(request.url).origin) return;
  if (env.CORS_ORIGINS.split(",").includes(origin)) return;
  throw new EdgeError(403, "pages of another origin may not make sandboxes here");
}

async function spendRate(c: EdgeContext): Promise<void> {
  if (!c.env.CREATE_LIMIT) return;
  const key = c.req.header("cf-connecting-ip") ?? "unknown";
  const { success } = await c.env.CREATE_LIMIT.limit({ key });
  if (!success) throw new EdgeError(429, "too many sandboxes from this address; wait a minute");
}

function parseRequest(body: Uint8Array | undefined, limits: Limits): Asked {
  const asked = parseJsonObject(body);
  for (const field of Object.keys(asked)) {
    if (!["name", "nodes", "seed"].includes(field)) {
      throw new EdgeError(400, `unknown field "${field}"; known are name, nodes, seed`, field);
    }
  }
  const { name = "podyard", nodes = nodesDefault, seed } = asked;
  if (
    typeof name !== "string" ||
    name.length > nameLengthMax ||
    !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)
  ) {
    throw new EdgeError(
      400,
      `name must be at most ${nameLengthMax} of a-z, 0-9 and "-", with a letter or digit at both ends`,
      "name",
    );
  }
  if (
    typeof nodes !== "number" ||
    !Number.isInteger(nodes) ||
    nodes < 1 ||
    nodes > limits.nodesMax
  ) {
    throw new EdgeError(400, `nodes must be a whole number from 1 to ${limits.nodesMax}`, "nodes");
  }
  return { name, nodes, seed: parseSeed(seed) };
}

function parseSeed(seed: unknown): string | undefined {
  if (seed === undefined) return undefined;
  const text = typeof seed === "number" && Number.isSafeInteger(seed) ? String(seed) : seed;
  if (typeof text !== "string" || text.length < 1 || text.length > seedLengthMax) {
    throw new EdgeError(
      400,
      `seed must be a whole number or a text of 1 to ${seedLengthMax} characters`,
      "seed",
    );
  }
  return text;
}

function parseJsonObject(body: Uint8Array | undefined): Record<string, unknown> {
  if (!body || body.length === 0) return {};
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

/** YAML only where it is asked for and JSON is not asked for before it. */
function wantsYaml(accept: string | undefined): boolean {
  for (const part of (accept ?? "").toLowerCase().split(",")) {
    const type = part.split(";")[0]!.trim();
    if (type === "application/json" || type === "*/*") return false;
    if (type.endsWith("/yaml") || type.endsWith("/x-yaml")) return true;
  }
  return false;
}
