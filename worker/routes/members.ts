import * as v from "valibot";
import { keyGrantId, memberGrantId } from "../../durable-objects/grant.ts";
import { forgetKeys } from "../keys.ts";
import { revokeKeysOf } from "../db/keys.ts";
import {
  changeRole,
  findInvitation,
  insertInvitation,
  insertMember,
  liveInvitations,
  memberRole,
  membersOf,
  removeMember,
  revokeInvitation,
  revokeInvitations,
  useInvitation,
  type Invitation,
  type Member,
} from "../db/members.ts";
import { EdgeError } from "../errors.ts";
import {
  invitationDaysMax,
  invitationUsesMax,
  invitationsPerSandboxMax,
  membersPerSandboxMax,
} from "../limits.ts";
import { forgetBelongings } from "../principal.ts";
import { refuseForeignPages } from "../foreign-pages.ts";
import { knowsTokens, mayGrant, roles } from "../roles.ts";
import type { Call, Row } from "../route.ts";
import { iso, personName, role } from "../schemas.ts";
import { hashOf, newSecret, newShortId, secretShape } from "../secrets.ts";
import { tell } from "./sandboxes.ts";

const days = v.pipe(
  v.number("days must be a number"),
  v.integer("days must be a whole number"),
  v.minValue(1, `days must be from 1 to ${invitationDaysMax}`),
  v.maxValue(invitationDaysMax, `days must be from 1 to ${invitationDaysMax}`),
);
const uses = v.pipe(
  v.number("uses must be a number"),
  v.integer("uses must be a whole number"),
  v.minValue(1, `uses must be from 1 to ${invitationUsesMax}`),
  v.maxValue(invitationUsesMax, `uses must be from 1 to ${invitationUsesMax}`),
);

const inviting = v.strictObject({
  role: v.optional(role, "viewer"),
  days: v.optional(days, 7),
  uses: v.optional(uses, invitationUsesMax),
});
const accepting = v.strictObject({ name: v.optional(personName) });
const changing = v.strictObject({ role });

const member = v.object({ id: v.string(), name: v.string(), role, since: v.string() });
const invitation = v.object({
  id: v.string(),
  role,
  createdAt: v.string(),
  expiresAt: v.string(),
  uses: v.number(),
  usesMax: v.number(),
});

export const memberRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/sandboxes/:id/members",
    who: "read",
    scope: "sandboxes:read",
    title: "List who belongs to a sandbox",
    answers: {
      200: { text: "The owner is not among them", schema: v.object({ members: v.array(member) }) },
    },
    handle: listMembers,
  },
  {
    method: "PATCH",
    path: "/api/sandboxes/:id/members/:member",
    who: "manage",
    scope: "sandboxes:write",
    title: "Change a member's role, at once also of what they have open",
    body: changing,
    answers: {
      204: {
        text: "It is so. Of a smaller role: invitations to the greater one are withdrawn, and service accounts' tokens from before open nothing",
      },
    },
    handle: (call) => changeMember(call as Call<v.InferOutput<typeof changing>>),
  },
  {
    method: "DELETE",
    path: "/api/sandboxes/:id/members/:member",
    who: "belong",
    scope: "sandboxes:write",
    title: "Remove a member, or leave (`me`), and end what they have open",
    answers: {
      204: {
        text: "They do not belong to it any more. Removed by another: all invitations are withdrawn; of an editor: service accounts' tokens from before open nothing",
      },
    },
    handle: endMembership,
  },
  {
    method: "POST",
    path: "/api/sandboxes/:id/invitations",
    who: "share",
    scope: "sandboxes:write",
    title: "Invite to a sandbox by a link",
    body: inviting,
    answers: {
      201: {
        text: "The link is told this once",
        schema: v.object({ ...invitation.entries, url: v.string() }),
      },
    },
    handle: (call) => invite(call as Call<v.InferOutput<typeof inviting>>),
  },
  {
    method: "GET",
    path: "/api/sandboxes/:id/invitations",
    who: "share",
    scope: "sandboxes:read",
    title: "List the invitations that can be accepted",
    answers: {
      200: { text: "Never a link", schema: v.object({ invitations: v.array(invitation) }) },
    },
    handle: async (call) => {
      const found = await liveInvitations(call.env.DB, call.access.sandbox.id, call.now);
      return call.json({ invitations: found.map(toldInvitation) });
    },
  },
  {
    method: "DELETE",
    path: "/api/sandboxes/:id/invitations/:invitation",
    who: "share",
    scope: "sandboxes:write",
    title: "Withdraw an invitation; who accepted it stays",
    answers: { 204: { text: "Nobody can accept it any more" } },
    handle: withdraw,
  },
  {
    method: "GET",
    path: "/api/invitations/:secret",
    who: "anyone",
    title: "Read an invitation",
    answers: {
      200: {
        text: "What it is to",
        schema: v.object({
          sandbox: v.object({ title: v.string(), name: v.string() }),
          role,
          expiresAt: v.string(),
        }),
      },
    },
    handle: async (call) => {
      const found = await invitationOf(call);
      const { title, name } = found.sandbox;
      const { role: of, expiresAt } = found.invitation;
      return call.json({ sandbox: { title, name }, role: of, expiresAt: iso(expiresAt) });
    },
  },
  {
    method: "POST",
    path: "/api/invitations/:secret/accept",
    who: "anyone",
    scope: "sandboxes:write",
    title: "Accept an invitation",
    body: accepting,
    answers: {
      200: {
        text: "You belong to it",
        schema: v.object({ id: v.string(), url: v.string(), role }),
      },
    },
    handle: (call) => accept(call as Call<v.InferOutput<typeof accepting>>),
  },
];

async function listMembers(call: Call): Promise<Response> {
  const found = await membersOf(call.env.DB, call.access.sandbox.id);
  return call.json({
    members: found.map(({ userId, name, role: of, createdAt }) => ({
      id: userId,
      name,
      role: of,
      since: iso(createdAt),
    })),
  });
}

async function changeMember(call: Call<v.InferOutput<typeof changing>>): Promise<Response> {
  const { id } = call.access.sandbox;
  const userId = call.param("member");
  const { role: next } = call.body;
  const before = await memberRole(call.env.DB, id, userId);
  if (!before || !(await changeRole(call.env.DB, id, userId, next))) throw noSuchMember();
  const above = roles.filter((one) => !mayGrant(next, one));
  await endKeys(call, userId, above);
  if (!mayGrant(next, before)) await endInvitations(call, userId, above);
  const knewTokens = knowsTokens(before) && !knowsTokens(next);
  await tell(call.env, id, (object) =>
    object.cut(memberGrantId(userId), { role: next, knewTokens }),
  );
  call.audit(`member made ${next}`, userId);
  return call.nothing();
}

async function endMembership(call: Call): Promise<Response> {
  const { sandbox, role: own } = call.access;
  const self = call.person?.id ?? call.access.key?.userId ?? undefined;
  const named = call.param("member");
  const userId = named === "me" ? self : named;
  if (userId === undefined) throw noSuchMember();
  if (own !== "owner" && userId !== self) {
    throw new EdgeError(403, "only an owner may remove others");
  }
  const role = await removeMember(call.env.DB, sandbox.id, userId);
  if (role === undefined) throw noSuchMember();
  await endKeys(call, userId, roles);
  await endInvitations(call, userId, userId === self ? [] : roles);
  const knewTokens = knowsTokens(role);
  await tell(call.env, sandbox.id, (object) => object.cut(memberGrantId(userId), { knewTokens }));
  call.audit("member removed", userId);
  return call.nothing();
}

async function endKeys(call: Call, userId: string, of: typeof roles): Promise<void> {
  const { id } = call.access.sandbox;
  const ended = of.length === 0 ? [] : await revokeKeysOf(call.env.DB, id, userId, of, call.now);
  forgetKeys(id);
  forgetBelongings(id);
  for (const key of ended) await tell(call.env, id, (object) => object.cut(keyGrantId(key)));
}

/** Those that they made, and those to what was taken from them: they may know the link, and would come back by it. */
async function endInvitations(call: Call, userId: string, to: typeof roles): Promise<void> {
  const { env, access, now } = call;
  const { id } = access.sandbox;
  const made = { madeBy: [memberGrantId(userId)] };
  const ended = new Set(await revokeInvitations(env.DB, id, made, now));
  if (to.length > 0)
    for (const one of await revokeInvitations(env.DB, id, { to }, now)) ended.add(one);
  for (const one of ended) call.audit("invitation withdrawn", one);
}

/** What a member's, or a key's of none, invitations end with; the owner's stay. */
function makerOf({ access, person }: Call): string | null {
  if (access.role === "owner") return null;
  const userId = person?.id ?? access.key?.userId;
  if (userId != null) return memberGrantId(userId);
  return access.key ? keyGrantId(access.key.id) : null;
}

async function invite(call: Call<v.InferOutput<typeof inviting>>): Promise<Response> {
  const { sandbox, role: own } = call.access;
  const { role: offered, days: forDays, uses: usesMax } = call.body;
  if (!mayGrant(own, offered)) {
    throw new EdgeError(403, `your role is ${own}: an invitation as ${offered} would be more`);
  }
  const secret = newSecret();
  const row: Invitation = {
    hash: await hashOf(secret),
    id: newShortId(),
    sandboxId: sandbox.id,
    role: offered,
    createdAt: call.now,
    expiresAt: Math.min(sandbox.expiresAt, call.now + forDays * 24 * 3_600_000),
    revokedAt: null,
    usesMax,
    uses: 0,
    madeBy: makerOf(call),
  };
  if (!(await insertInvitation(call.env.DB, row, call.now, invitationsPerSandboxMax))) {
    throw new EdgeError(
      409,
      `a sandbox has at most ${invitationsPerSandboxMax} invitations; withdraw one`,
    );
  }
  call.audit(`invited (${offered})`, row.id);
  return call.json({ ...toldInvitation(row), url: `${call.origin}/i/${secret}` }, 201);
}

async function withdraw(call: Call): Promise<Response> {
  const { id } = call.access.sandbox;
  const invited = call.param("invitation");
  if (!(await revokeInvitation(call.env.DB, id, invited, call.now))) {
    throw new EdgeError(404, "this sandbox has no such invitation");
  }
  call.audit("invitation withdrawn", invited);
  return call.nothing();
}

async function invitationOf(call: Call) {
  const secret = call.param("secret");
  const found = secretShape.test(secret)
    ? await findInvitation(call.env.DB, await hashOf(secret), call.now)
    : undefined;
  if (!found) {
    throw new EdgeError(404, "this invitation is unknown, was withdrawn, used up or has expired");
  }
  return found;
}

async function accept(call: Call<v.InferOutput<typeof accepting>>): Promise<Response> {
  refuseForeignPages(call.request, call.env);
  const { invitation: invited, sandbox } = await invitationOf(call);
  if (call.principal.by === "key") {
    throw new EdgeError(403, "a key belongs to its sandbox; accept as a person, without it");
  }
  const person = (await call.somebody())!;
  const answer = { id: sandbox.id, url: `${call.origin}/s/${sandbox.id}` };
  if (sandbox.ownerId === person.id) return call.json({ ...answer, role: "owner" });
  const members = await membersOf(call.env.DB, sandbox.id);
  const before = members.find(({ userId }) => userId === person.id);
  // Who may do as much already keeps it.
  if (before && mayGrant(before.role, invited.role)) {
    return call.json({ ...answer, role: before.role });
  }
  if (!(await useInvitation(call.env.DB, invited.hash, call.now))) {
    throw new EdgeError(404, "this invitation was used up");
  }
  if (before) await changeRole(call.env.DB, sandbox.id, person.id, invited.role);
  else await join(call, sandbox.id, person.id, members, invited);
  forgetBelongings(sandbox.id);
  return call.json({ ...answer, role: invited.role });
}

async function join(
  call: Call<v.InferOutput<typeof accepting>>,
  sandboxId: string,
  userId: string,
  others: Member[],
  { role: of }: Invitation,
): Promise<void> {
  const name = unlike(call.body.name ?? call.person?.name ?? `guest-${userId.slice(0, 4)}`, others);
  const row: Member = { sandboxId, userId, role: of, name, createdAt: call.now };
  if (!(await insertMember(call.env.DB, row, membersPerSandboxMax))) {
    throw new EdgeError(409, `a sandbox has at most ${membersPerSandboxMax} members`);
  }
}

/** The name, with a number behind it where somebody is called so already. */
function unlike(name: string, others: Member[]): string {
  const taken = new Set(others.map((other) => other.name));
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name} ${i}`;
  return free;
}

const noSuchMember = (): EdgeError =>
  new EdgeError(404, "nobody of that id belongs to this sandbox");

const toldInvitation = (row: Omit<Invitation, "hash">) => ({
  id: row.id,
  role: row.role,
  createdAt: iso(row.createdAt),
  expiresAt: iso(row.expiresAt),
  uses: row.uses,
  usesMax: row.usesMax,
});
