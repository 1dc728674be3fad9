import * as v from "valibot";
import { keyGrantId } from "../../durable-objects/grant.ts";
import { forgetKeys, newKey } from "../keys.ts";
import { insertKey, liveKeys, revokeKey } from "../db/keys.ts";
import { revokeInvitations } from "../db/members.ts";
import { EdgeError } from "../errors.ts";
import { accessOf } from "../kubeconfig.ts";
import { keysPerSandboxMax } from "../limits.ts";
import { knowsTokens, mayDo, mayGrant } from "../roles.ts";
import type { Call, Row } from "../route.ts";
import { iso, keyName, role } from "../schemas.ts";
import { tell } from "./sandboxes.ts";

const creation = v.strictObject({ role: v.optional(role), name: v.optional(keyName) });

const shape = v.object({
  id: v.string(),
  role,
  name: v.string(),
  createdAt: v.string(),
  expiresAt: v.string(),
});

export const keyRoutes: Row[] = [
  {
    method: "POST",
    path: "/api/sandboxes/:id/keys",
    who: "belong",
    scope: "sandboxes:write",
    title: "Make a key, of one's own role or a smaller one, with its kubeconfig",
    body: creation,
    answers: {
      201: {
        text: "Its secret is told this once",
        schema: v.object({ ...shape.entries, apiServer: v.string(), kubeconfig: v.string() }),
      },
    },
    handle: (call) => createKey(call as Call<v.InferOutput<typeof creation>>),
  },
  {
    method: "GET",
    path: "/api/sandboxes/:id/keys",
    who: "belong",
    scope: "sandboxes:read",
    title: "List the keys that live: an owner all, others their own",
    answers: { 200: { text: "Never a secret", schema: v.object({ keys: v.array(shape) }) } },
    handle: listKeys,
  },
  {
    method: "DELETE",
    path: "/api/sandboxes/:id/keys/:key",
    who: "belong",
    scope: "sandboxes:write",
    title: "Revoke a key, and end what it has open",
    answers: {
      204: {
        text: "It opens nothing any more, nor do keys that it made, nor, where it could read them, service accounts' tokens from before",
      },
    },
    handle: deleteKey,
  },
];

async function createKey(call: Call<v.InferOutput<typeof creation>>): Promise<Response> {
  const { env, now, access } = call;
  const { sandbox } = access;
  const wanted = call.body.role ?? access.role;
  if (!mayGrant(access.role, wanted)) {
    throw new EdgeError(403, `your role is ${access.role}: a key of role ${wanted} would be more`);
  }
  const name = call.body.name ?? call.person?.name ?? access.key?.name ?? "";
  const userId = access.role === "owner" ? undefined : (call.person?.id ?? access.key?.userId);
  const madeBy = access.role === "owner" || userId != null ? undefined : access.key?.id;
  const { secret, key } = await newKey(sandbox.id, now, {
    role: wanted,
    expiresAt: sandbox.expiresAt,
    name,
    userId: userId ?? undefined,
    madeBy,
  });
  if (!(await insertKey(env.DB, key, now, keysPerSandboxMax))) {
    throw new EdgeError(409, `a sandbox has at most ${keysPerSandboxMax} keys; revoke one`);
  }
  call.audit(`key made (${wanted})`, key.id);
  return call.json({ ...told(key), ...accessOf(env, call.origin, sandbox.id, secret) }, 201);
}

/** Whose keys somebody may see and revoke: undefined, everybody's. */
function whose({ access, person }: Call): string | undefined {
  if (mayDo(access.role, "manage")) return undefined;
  return person?.id ?? access.key?.userId ?? "";
}

async function listKeys(call: Call): Promise<Response> {
  const found = await liveKeys(call.env.DB, call.access.sandbox.id, call.now, whose(call));
  return call.json({ keys: found.map(told) });
}

async function deleteKey(call: Call): Promise<Response> {
  const { id } = call.access.sandbox;
  const key = call.param("key");
  const own = whose(call);
  if (own !== undefined && key !== call.access.key?.id) {
    const mine = await liveKeys(call.env.DB, id, call.now, own);
    if (!mine.some((one) => one.id === key)) throw noSuchKey();
  }
  const revoked = await revokeKey(call.env.DB, id, key, call.now);
  const grants = revoked.ended.map((one) => keyGrantId(one.id));
  await revokeInvitations(call.env.DB, id, { madeBy: grants }, call.now);
  forgetKeys(id);
  // Also for one that was revoked before: perhaps the object did not hear of it then.
  await tell(call.env, id, async (object) => {
    for (const one of revoked.ended) {
      await object.cut(keyGrantId(one.id), { knewTokens: knowsTokens(one.role) });
    }
  });
  if (!revoked.now) throw noSuchKey();
  call.audit("key revoked", key);
  return call.nothing();
}

const noSuchKey = (): EdgeError => new EdgeError(404, "this sandbox has no such key");

interface Told {
  id: string;
  role: string;
  name: string;
  createdAt: number;
  expiresAt: number;
}
const told = ({ id, role: of, name, createdAt, expiresAt }: Told) => ({
  id,
  role: of,
  name,
  createdAt: iso(createdAt),
  expiresAt: iso(expiresAt),
});
