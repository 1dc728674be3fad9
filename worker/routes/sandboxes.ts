import * as v from "valibot";
import type { SandboxObject } from "../../durable-objects/object.ts";
import type { Born } from "../../durable-objects/birth.ts";
import { freeBirth, putBirth } from "../snapshots/artefacts.ts";
import { inTurn } from "../birth-turns.ts";
import { bearerOf, forgetKeys, knowKey, newKey } from "../keys.ts";
import { creationAllowances, refusalOf } from "../creation-limits.ts";
import { countCreation, recordCreation, type NewRecord } from "../db/creations.ts";
import {
  extend,
  markDeleted,
  removeSandbox,
  sandboxesOf,
  updateSandbox,
  type Belonging,
  type Sandbox,
} from "../db/sandboxes.ts";
import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import { forgetSometimes } from "../forget-expired.ts";
import { verifyHuman } from "../human.ts";
import { accessOf } from "../kubeconfig.ts";
import {
  limitsOf,
  manifestsBodyBytesMax,
  nodesDefault,
  tellAttemptsMax,
  useTouchMs,
} from "../limits.ts";
import { refuseForeignHosts, refuseForeignPages } from "../foreign-pages.ts";
import { forgetBelongings, type Access } from "../principal.ts";
import { paged, type Call, type Row } from "../route.ts";
import { clusterName, iso, nodes, seed, title } from "../schemas.ts";
import { newId } from "../secrets.ts";
import { viewerIdOf } from "../scenarios/open-scenarios.ts";
import { accessEnded } from "../snapshots/object-answers.ts";
import { from, originOf, type Origin } from "../sandbox-sources.ts";

const creation = v.strictObject({
  name: v.optional(clusterName),
  nodes: v.optional(nodes),
  seed: v.optional(seed),
  title: v.optional(title),
  from: v.optional(from),
});

const change = v.strictObject({ title });

/** What is told of a sandbox to who belongs to it. */
export const summary = v.object({
  id: v.string(),
  name: v.string(),
  title: v.string(),
  nodes: v.number(),
  role: v.string(),
  url: v.string(),
  source: v.nullable(v.unknown()),
  createdAt: v.string(),
  usedAt: v.string(),
  expiresAt: v.string(),
});

/** To who made it, or shows a key, also how to reach its API. */
export const description = v.object({
  ...summary.entries,
  apiServer: v.string(),
  kubeconfig: v.string(),
});

export const sandboxRoutes: Row[] = [
  {
    method: "POST",
    path: "/api/sandboxes",
    who: "anyone",
    scope: "sandboxes:write",
    title: "Create a sandbox",
    body: creation,
    bodyBytesMax: manifestsBodyBytesMax,
    answers: { 201: { text: "It runs. As YAML: its kubeconfig alone.", schema: description } },
    handle: (call) => createSandbox(call as Call<v.InferOutput<typeof creation>>),
  },
  {
    method: "GET",
    path: "/api/sandboxes",
    who: "person",
    scope: "sandboxes:read",
    title: "List the sandboxes that you own or belong to",
    query: { limit: "How many at most", cursor: "Where the list goes on" },
    answers: {
      200: {
        text: "Newest first",
        schema: v.object({ sandboxes: v.array(summary), nextCursor: v.optional(v.string()) }),
      },
    },
    handle: listSandboxes,
  },
  {
    method: "GET",
    path: "/api/sandboxes/:id",
    who: "read",
    scope: "sandboxes:read",
    title: "Read a sandbox",
    answers: { 200: { text: "What it is; shown a key, how to reach its API", schema: summary } },
    handle: (call) => call.json(shown(call, call.access)),
  },
  {
    method: "PATCH",
    path: "/api/sandboxes/:id",
    who: "manage",
    scope: "sandboxes:write",
    title: "Rename a sandbox",
    body: change,
    answers: { 200: { text: "It is called so", schema: summary } },
    handle: (call) => renameSandbox(call as Call<v.InferOutput<typeof change>>),
  },
  {
    method: "DELETE",
    path: "/api/sandboxes/:id",
    who: "manage",
    scope: "sandboxes:write",
    title: "Delete a sandbox with everything in it",
    answers: { 204: { text: "It is gone" } },
    handle: deleteSandbox,
  },
];

/** Anonymous too: then whoever asks becomes a person, whom a cookie knows. */
async function createSandbox(call: Call<v.InferOutput<typeof creation>>): Promise<Response> {
  const { env, request, body } = call;
  refuseForeignHosts(request, env);
  refuseForeignPages(request, env);
  await verifyHuman(request, env, call.principal);
  const limits = limitsOf(env);
  const origin = body.from && (await originOf(env, body.from, viewerIdOf(call.principal)));
  for (const member of ["name", "nodes", "seed"] as const) {
    if (body[member] === undefined || origin?.birth[member] === undefined) continue;
    throw new EdgeError(400, `${member} cannot be chosen: what it is made from brings it`, member);
  }
  const { name = "podyard", nodes: workers = nodesDefault, seed: drawn } = body;
  if (!Number.isInteger(workers) || workers < 1 || workers > limits.nodesMax) {
    throw new EdgeError(400, `nodes must be a whole number from 1 to ${limits.nodesMax}`, "nodes");
  }
  const asked: Asked = {
    name,
    nodes: workers,
    seed: drawn === undefined ? undefined : String(drawn),
    ...origin?.birth,
    title: body.title ?? origin?.title ?? "",
    ...(origin && { origin }),
  };
  return answerMade(call, await makeFor(call, asked));
}

export interface Asked {
  name: string;
  nodes: number;
  seed: string | undefined;
  title: string;
  /** Absent: from nothing. */
  origin?: Origin;
}

export interface Made {
  sandbox: Sandbox;
  secret: string;
}

/**
 * Within the limits of who asks, who becomes its owner. `asked` as a function: what costs work, which is done only within them. Labs are
 * counted apart.
 */
export async function makeFor(
  call: Call,
  asked: Asked | (() => Promise<Asked>),
  { lab = false } = {},
): Promise<Made> {
  const { env, now } = call;
  const limits = limitsOf(env);
  const address = call.request.headers.get("cf-connecting-ip") ?? undefined;
  const newcomer = await call.newcomer();
  const ownerId = call.person?.id ?? null;
  const ownedMax = limits.sandboxesPerPersonMax;
  let allowances = creationAllowances(limits, address, { lab });
  let known: Asked;
  if (typeof asked === "function") {
    const refused = await countCreation(env.DB, { ownerId, allowances, ownedMax }, now);
    if (refused) throw refusalOf(refused, limits, now);
    known = await asked();
    allowances = [];
  } else known = asked;
  const made = await inTurn(call, () => make(call, known, { newcomer, allowances, ownedMax }));
  const counted = known.origin?.made?.();
  if (counted) call.later(counted);
  forgetSometimes(call);
  return made;
}

/** As JSON everything, as YAML the kubeconfig alone. */
export function answerMade(call: Call, { sandbox, secret }: Made): Response {
  const answer = described(call.env, sandbox, "owner", secret, call.origin);
  if (!wantsYaml(call.request.headers.get("accept"))) return call.json(answer, 201);
  const headers = {
    "cache-control": "no-store",
    "content-type": "application/yaml; charset=utf-8",
  };
  return call.sent(new Response(answer.kubeconfig, { status: 201, headers }));
}

async function listSandboxes(call: Call): Promise<Response> {
  const page = call.page();
  const found = await sandboxesOf(call.env.DB, call.person!.id, call.now, page);
  const show = ({ sandbox, role }: Belonging) => summarised(sandbox, role, call.origin);
  return call.json(paged("sandboxes", found, page, ({ sandbox }) => sandbox, show));
}

async function renameSandbox(call: Call<v.InferOutput<typeof change>>): Promise<Response> {
  const { sandbox, role } = call.access;
  await updateSandbox(call.env.DB, sandbox.id, { title: call.body.title });
  forget(sandbox.id);
  return call.json(summarised({ ...sandbox, title: call.body.title }, role, call.origin));
}

async function deleteSandbox(call: Call): Promise<Response> {
  const { id } = call.access.sandbox;
  await endSandbox(call.env, id, call.now);
  // It has ended all the same: what stays the cron trigger frees.
  await freeBirth(call.env, id).catch((error: unknown) =>
    console.error({ event: "a birth was not freed", sandbox: id, error: String(error) }),
  );
  call.audit("sandbox deleted", id);
  return call.nothing();
}

/** The record first: from then on nothing wakes the object any more. What it was born with is left for `freeBirth`. */
export async function endSandbox(env: Env, id: string, now: number): Promise<void> {
  await markDeleted(env.DB, id, now);
  forget(id);
  await tell(env, id, (object) => object.destroy());
}

/** What this isolate knows of it. */
export function forget(id: string): void {
  forgetKeys(id);
  forgetBelongings(id);
}

/** Tells the object of what the database has recorded already. */
export async function tell(
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

export function summarised(sandbox: Sandbox, role: string, origin: string) {
  return {
    id: sandbox.id,
    name: sandbox.name,
    title: sandbox.title,
    nodes: sandbox.nodes,
    role,
    url: `${origin}/s/${sandbox.id}`,
    source: sandbox.source === null ? null : (JSON.parse(sandbox.source) as unknown),
    createdAt: iso(sandbox.createdAt),
    usedAt: iso(Math.max(sandbox.usedAt, sandbox.createdAt)),
    expiresAt: iso(sandbox.expiresAt),
  };
}

export function described(
  env: Env,
  sandbox: Sandbox,
  role: string,
  secret: string,
  origin: string,
) {
  return {
    ...summarised(sandbox, role, origin),
    // The fragment stays in the browser: the secret reaches no server and no log by it.
    url: `${origin}/s/${sandbox.id}#k=${secret}`,
    ...accessOf(env, origin, sandbox.id, secret),
  };
}

function shown(call: Call, { sandbox, role, key }: Access) {
  const secret = key && bearerOf(call.request.headers);
  return secret === undefined
    ? summarised(sandbox, role, call.origin)
    : described(call.env, sandbox, role, secret, call.origin);
}

/** How long it lives from now on. */
export function lifeMs(env: Env, named: boolean): number {
  const limits = limitsOf(env);
  return named ? Math.max(limits.sandboxIdleMs, limits.sandboxTtlMs) : limits.sandboxTtlMs;
}

async function make(
  call: Call,
  asked: Asked,
  within: Omit<NewRecord, "sandbox" | "key">,
): Promise<Made> {
  const { env, now, person: owner } = call;
  const id = newId();
  const sandbox: Sandbox = {
    id,
    name: asked.name,
    nodes: asked.nodes,
    seed: asked.seed ?? id,
    createdAt: now,
    expiresAt: now + lifeMs(env, owner?.name != null),
    deletedAt: null,
    ownerId: owner?.id ?? null,
    title: asked.title,
    source: asked.origin ? JSON.stringify(asked.origin.source) : null,
    usedAt: now,
    ownKinds: false,
  };
  const { secret, key } = await newKey(id, now, { role: "owner", expiresAt: sandbox.expiresAt });
  // The record first: there is no object that no record names. Nobody knows its key before the object stands.
  const refused = await recordCreation(env.DB, { sandbox, key, ...within }, now);
  if (refused) throw refusalOf(refused, limitsOf(env), now);
  await bear(env, sandbox, asked.origin).catch(async (error: unknown) => {
    await unmake(env, id);
    throw error;
  });
  knowKey(key, sandbox, now);
  return { sandbox, secret };
}

async function bear(env: Env, sandbox: Sandbox, origin: Origin | undefined): Promise<void> {
  const { id, name, nodes, seed, expiresAt } = sandbox;
  const birth = { id, name, nodes, seed, expiresAtMs: expiresAt };
  const [born] = await Promise.all([
    env.SANDBOX.getByName(id).create({ ...birth, ...(origin && { from: origin.from }) }),
    origin?.keep && putBirth(env, id, origin.keep),
  ]);
  refuseUnborn(born);
  sandbox.ownKinds = born.born && born.ownKinds === true;
}

/** Throws 422 where the object would not be born so, 401 or 410 where nobody may ask it any more. */
export function refuseUnborn(born: Born): void {
  if (born.born) return;
  const { reason, failures, code } = born;
  if (code === 401) throw accessEnded();
  if (code === 410) throw new EdgeError(410, reason);
  const error = new EdgeError(422, reason, "from");
  if (failures) error.more = { failures };
  throw error;
}

/**
 * Takes back a sandbox that nobody has seen. An object that could not be made has emptied itself, unless its answer alone was lost:
 * so it is asked to once more.
 */
export async function unmake(env: Env, id: string): Promise<void> {
  const done = await Promise.allSettled([
    env.SANDBOX.getByName(id).destroy(),
    removeSandbox(env.DB, id),
    freeBirth(env, id),
  ]);
  for (const step of done) {
    if (step.status === "rejected")
      console.error({ event: "unmaking failed", sandbox: id, error: String(step.reason) });
  }
}

/** Used: its end is put off. Written once in a while, and told to the object, which ends by itself. */
export async function used(env: Env, sandbox: Sandbox, now: number): Promise<void> {
  if (now - sandbox.usedAt < useTouchMs) return;
  const named =
    sandbox.expiresAt - Math.max(sandbox.usedAt, sandbox.createdAt) > lifeMs(env, false);
  const expiresAt = Math.max(sandbox.expiresAt, now + lifeMs(env, named));
  sandbox.usedAt = now;
  await extend(env.DB, sandbox.id, expiresAt, now);
  await env.SANDBOX.getByName(sandbox.id).extend(expiresAt);
  forget(sandbox.id);
}

/** YAML only where it is asked for and JSON is not asked for before it. */
function wantsYaml(accept: string | null): boolean {
  for (const part of (accept ?? "").toLowerCase().split(",")) {
    const type = part.split(";")[0]!.trim();
    if (type === "application/json" || type === "*/*") return false;
    if (type.endsWith("/yaml") || type.endsWith("/x-yaml")) return true;
  }
  return false;
}
