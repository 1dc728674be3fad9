import { namedArtefacts } from "../db/snapshots.ts";
import { livingAmong } from "../db/sandboxes.ts";
import type { Env } from "../env.ts";
import { artefactListingsMax, artefactOrphanMsMin } from "../limits.ts";
import { idLetters, idShape } from "../secrets.ts";

/**
 * Bytes in R2: of snapshots by their SHA-256, so that equal moments lie there once, and of what a sandbox was born with by the
 * sandbox's id, so that it can be born again.
 */

/** What a cluster was born with, as it stands in the artefact too. */
export interface BornAs {
  name: string;
  nodes: number;
  seed: string;
}

/** R2 keeps text of its own beside an object, in ASCII. */
const written = (birth: BornAs): Record<string, string> => ({
  birth: encodeURIComponent(JSON.stringify(birth)),
});

export interface Artefact {
  bytes: Uint8Array;
  birth: BornAs;
}

/** After the row that names it: so whoever frees it at this moment sees the row, and puts it back. */
export async function putArtefact(
  { SNAPSHOTS }: Env,
  sha256: string,
  { bytes, birth }: Artefact,
): Promise<void> {
  const onlyIf = new Headers({ "if-none-match": "*" });
  await SNAPSHOTS.put(sha256, bytes, { onlyIf, sha256, customMetadata: written(birth) });
}

export async function getArtefact({ SNAPSHOTS }: Env, key: string): Promise<Artefact | undefined> {
  const found = await SNAPSHOTS.get(key);
  const birth = found?.customMetadata?.["birth"];
  if (!found || birth === undefined) return undefined;
  const bytes = new Uint8Array(await found.arrayBuffer());
  return { bytes, birth: JSON.parse(decodeURIComponent(birth)) as BornAs };
}

/**
 * Frees it where no snapshot names it any more. Between the question and the deletion another may have come that does, and
 * that found the bytes in place: so it is asked again, and they are put back.
 */
export async function freeArtefact(env: Env, sha256: string): Promise<boolean> {
  const isNamed = async (): Promise<boolean> =>
    (await namedArtefacts(env.DB, [sha256])).has(sha256);
  if (await isNamed()) return false;
  const artefact = await getArtefact(env, sha256);
  await env.SNAPSHOTS.delete(sha256);
  if (!artefact || !(await isNamed())) return true;
  await putArtefact(env, sha256, artefact);
  return false;
}

// What a sandbox was born with

export type BornWith = { artefact: Artefact } | { manifests: string };

const birthKey = (sandboxId: string): string => `sandboxes/${sandboxId}`;

export async function putBirth(env: Env, sandboxId: string, born: BornWith): Promise<void> {
  const key = birthKey(sandboxId);
  if ("manifests" in born) await env.SNAPSHOTS.put(key, born.manifests);
  else {
    const { bytes, birth } = born.artefact;
    await env.SNAPSHOTS.put(key, bytes, { customMetadata: written(birth) });
  }
}

export const getBirthArtefact = (env: Env, sandboxId: string): Promise<Artefact | undefined> =>
  getArtefact(env, birthKey(sandboxId));

export const getBirthManifests = async (env: Env, sandboxId: string): Promise<string | undefined> =>
  (await env.SNAPSHOTS.get(birthKey(sandboxId)))?.text();

export const freeBirth = (env: Env, sandboxId: string): Promise<void> =>
  env.SNAPSHOTS.delete(birthKey(sandboxId));

// What was left behind

const hourMs = 3_600_000;
const hexDigits = "0123456789abcdef";

/**
 * Frees what no row names, for a cron trigger that fires every hour: each time another sixteenth of the artefacts and a
 * thirty-second of the births, so that a pass stays short. Safe to repeat. Answers how many it freed.
 */
export async function sweepArtefacts(env: Env, now: number): Promise<number> {
  const hour = Math.floor(now / hourMs);
  const artefacts = await sweep(
    env,
    hexDigits[hour % hexDigits.length] as string,
    now,
    freeUnnamed,
  );
  const prefix = birthKey(idLetters[hour % idLetters.length] as string);
  return artefacts + (await sweep(env, prefix, now, freeHomeless));
}

async function sweep(
  env: Env,
  prefix: string,
  now: number,
  free: (env: Env, keys: string[]) => Promise<number>,
): Promise<number> {
  let freed = 0;
  let cursor: string | undefined;
  for (let i = 0; i < artefactListingsMax; i++) {
    const page = await env.SNAPSHOTS.list({ prefix, ...(cursor !== undefined && { cursor }) });
    const old = page.objects.filter(
      ({ uploaded }) => uploaded.getTime() <= now - artefactOrphanMsMin,
    );
    freed += await free(
      env,
      old.map(({ key }) => key),
    );
    if (!page.truncated) break;
    ({ cursor } = page);
  }
  return freed;
}

async function freeUnnamed(env: Env, keys: string[]): Promise<number> {
  const named = await namedArtefacts(env.DB, keys);
  let freed = 0;
  for (const key of keys) if (!named.has(key) && (await freeArtefact(env, key))) freed++;
  return freed;
}

async function freeHomeless(env: Env, keys: string[]): Promise<number> {
  const ids = keys.map((key) => key.slice(birthKey("").length)).filter((id) => idShape.test(id));
  const living = await livingAmong(env.DB, ids);
  const homeless = ids.filter((id) => !living.has(id));
  if (homeless.length > 0) await env.SNAPSHOTS.delete(homeless.map(birthKey));
  return homeless.length;
}
