import { memberGrantId } from "../durable-objects/grant.ts";
import { forgetApiTokens } from "./api-tokens.ts";
import { eachAtOnce } from "./at-once.ts";
import { freeArtefact, freeBirth } from "./snapshots/artefacts.ts";
import { markOwnedDeleted, memberships, removeAccount } from "./db/accounts.ts";
import { withdrawSnapshotsOf } from "./db/snapshots.ts";
import { revokeKeysOf } from "./db/keys.ts";
import { memberRole, removeMember, revokeInvitations } from "./db/members.ts";
import { ownedIds } from "./db/sandboxes.ts";
import type { Env } from "./env.ts";
import { knowsTokens, roles } from "./roles.ts";
import { endSandbox, forget, tell } from "./routes/sandboxes.ts";
import { forgetSessions } from "./cookie-sessions.ts";

/**
 * Removes a person with everything of theirs. First what lies outside of the database, then the rows, the person's last: whoever
 * is told that it failed is still somebody, and asks again.
 */
export async function removeEverything(env: Env, userId: string, now: number): Promise<void> {
  const ended = new Set<string>();
  // Until nothing new has come: another tab may have made something meanwhile.
  for (;;) {
    await markOwnedDeleted(env.DB, userId, now);
    const left = (await ownedIds(env.DB, userId)).filter((id) => !ended.has(id));
    if (left.length === 0) break;
    await eachAtOnce(left, async (id) => {
      await endSandbox(env, id, now);
      await freeBirth(env, id);
      ended.add(id);
    });
  }
  await eachAtOnce(await memberships(env.DB, userId), (id) => leave(env, id, userId, now));
  await freeSnapshots(env, userId, now);
  await removeAccount(env.DB, userId);
  forgetSessions(userId);
  forgetApiTokens(userId);
  for (const id of ended) forget(id);
}

async function leave(env: Env, id: string, userId: string, now: number): Promise<void> {
  const grant = memberGrantId(userId);
  const role = await memberRole(env.DB, id, userId);
  const knewTokens = role !== undefined && knowsTokens(role);
  await revokeKeysOf(env.DB, id, userId, roles, now);
  await revokeInvitations(env.DB, id, { madeBy: [grant] }, now);
  forget(id);
  await tell(env, id, (object) => object.cut(grant, { knewTokens }));
  await removeMember(env.DB, id, userId);
  forget(id);
}

/** The bytes of the person's snapshots, as far as nobody else needs them. */
async function freeSnapshots(env: Env, userId: string, now: number): Promise<void> {
  const hashes = await withdrawSnapshotsOf(env.DB, userId, now);
  await eachAtOnce(hashes, (sha256) => freeArtefact(env, sha256).then(() => undefined));
}
