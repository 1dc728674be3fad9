import type { Context } from "hono";
import type { SandboxObject } from "../../durable-objects/sandbox.ts";
import { keyGrantId } from "../../durable-objects/grant.ts";
import { bearerOf, forget, newKey, verify, type Verdict } from "../auth.ts";
import { spendCreation } from "../creation-limits.ts";
import {
  forgetExpired,
  insertKey,
  insertSandbox,
  liveKeys,
  markDeleted,
  removeSandbox,
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
  tellAttemptsMax,
  type Limits,
} from "../limits.ts";
import { readBody } from "../body.ts";
import { refuseForeignHosts, refuseForeignPages } from "../origins.ts";
import { newSandboxId, sandboxIdShape } from "../tenant.ts";

type EdgeContext = Context<{ Bindings: Env }>;

/** `POST /api/sandboxes`: anonymous. YAML answers the kubeconfig alone, JSON everything. */
export async function createSandbox(c: EdgeContext): Promise<Response> {
  refuseForeignHosts(c.req.raw, c.env);
  refuseForeignPages(c.req.raw, c.env);
  const limits = limitsOf(c.env);
  const asked = parseRequest(
    await readBody(c.req.raw, createBodyBytesMax, () => {
      throw new EdgeError(413, `the body is larger than ${createBodyBytesMax} bytes`);
    }),
    limits,
  );
  const now = Date.now();
  await spendCreation(c.env, limits, c.req.header("cf-connecting-ip"), now);
  const { sandbox, secret } = await make(c.env, asked, now);
  c.executionCtx.waitUntil(forgetExpired(c.env.DB, now - graveMs, now));

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
  await tell(c.env, id, (object) => object.destroy());
  return c.body(null, 204);
}

/** `POST /api/sandboxes/:id/keys`: another key, of the same power. */
export async function createKey(c: EdgeContext): Promise<Response> {
  const sandbox = await owned(c);
  const now = Date.now();
  const { secret, key } = await newKey(sandbox.id, now, sandbox.expiresAt);
  if (!(await insertKey(c.env.DB, key, now, keysPerSandboxMax))) {
    throw new EdgeError(409, `a sandbox has at most ${keysPerSandboxMax} keys; revoke one`);
  }
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

/** `DELETE /api/sandboxes/:id/keys/:key`: also ends what the key has open. */
export async function deleteKey(c: EdgeContext): Promise<Response> {
  const { id } = await owned(c);
  const key = c.req.param("key") ?? "";
  const revoked = await revokeKey(c.env.DB, id, key, Date.now());
  forget(id);
  // Also for one that was revoked before: perhaps the object did not hear of it then.
  if (revoked !== "unknown") await tell(c.env, id, (object) => object.cut(keyGrantId(key)));
  if (revoked !== "revoked") throw new EdgeError(404, "this sandbox has no such key");
  return c.body(null, 204);
}

/** Tells the object that a grant has ended, once the database has recorded it. */
async function tell(
  env: Env,
  id: string,
  what: (object: DurableObjectStub<SandboxObject>) => Promise<unknown>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      // A stub that has failed stays so.
      await what(env.SANDBOX.getByName(id));
      return;
    } catch (error) {
      if (attempt < tellAttemptsMax) continue;
      console.error({ event: "the sandbox was not told", sandbox: id, error: String(error) });
      throw new EdgeError(503, "it has ended, but what it has open may go on; please repeat");
    }
  }
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
  // The record first: there is no object that no record names. Nobody knows its key before the object stands.
  await insertSandbox(env.DB, sandbox, key);
  try {
    await env.SANDBOX.getByName(id).create({
      id,
      name: sandbox.name,
      nodes: sandbox.nodes,
      seed: sandbox.seed,
      expiresAtMs: sandbox.expiresAt,
    });
  } catch (error) {
    await unmake(env, id);
    throw error;
  }
  return { sandbox, secret };
}

/** An object that could not be made has emptied itself, unless its answer alone was lost: so it is asked to once more. */
async function unmake(env: Env, id: string): Promise<void> {
  const done = await Promise.allSettled([
    env.SANDBOX.getByName(id).destroy(),
    removeSandbox(env.DB, id),
  ]);
  for (const step of done) {
    if (step.status === "rejected")
      console.error({ event: "unmaking failed", sandbox: id, error: String(step.reason) });
  }
}

/** The sandbox in the path, if the bearer owns it. */
export const owned = async (c: EdgeContext): Promise<Sandbox> => (await opened(c)).sandbox;

/** The same, with the key that opens it. */
export async function opened(c: EdgeContext): Promise<Extract<Verdict, { state: "valid" }>> {
  const id = c.req.param("id") ?? "";
  const secret = bearerOf(c.req.raw.headers);
  if (!sandboxIdShape.test(id)) throw new EdgeError(404, "this sandbox does not exist");
  if (secret === undefined) throw new EdgeError(401, "send the sandbox's key as a bearer token");
  const verdict = await verify(c.env, id, secret, Date.now());
  if (verdict.state === "unknown") throw new EdgeError(401, "this key does not open this sandbox");
  if (verdict.state === "gone") throw new EdgeError(410, "this sandbox has expired or was deleted");
  return verdict;
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
