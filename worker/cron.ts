import { sweepArtefacts } from "./snapshots/artefacts.ts";
import { forgetAnonymous } from "./db/people.ts";
import { forgetExpired, expiredSandboxes, markAllDeleted } from "./db/sandboxes.ts";
import { forgetDeletedScenarios } from "./db/scenarios.ts";
import type { Env } from "./env.ts";
import {
  anonymousMsMin,
  graveMs,
  sweepPersonsMax,
  sweepPortionMax,
  sweepSandboxesMax,
} from "./limits.ts";
import { idLetters } from "./secrets.ts";

/**
 * What has run out is freed. An object ends by itself at its time; this is for those whose alarm did not come to it, and for
 * the database. Safe to repeat, and beside itself: whatever fails is left for the next run.
 */
export async function sweep(env: Env, now: number): Promise<{ ended: number; failed: number }> {
  let ended = 0;
  let failed = 0;
  while (ended + failed < sweepSandboxesMax) {
    const ids = await expiredSandboxes(env.DB, now, { limit: sweepPortionMax, skip: failed });
    const done = await Promise.all(ids.map((id) => destroyed(env, id)));
    const gone = ids.filter((_id, i) => done[i]);
    await markAllDeleted(env.DB, gone, now);
    ended += gone.length;
    failed += ids.length - gone.length;
    if (ids.length < sweepPortionMax) break;
  }
  await forgetExpired(env.DB, now - graveMs, now);
  await forgetDeletedScenarios(env.DB);
  const forgotten = await forgetAnonymous(env.DB, someAnonymous(now), now);
  const freed = await sweepArtefacts(env, now).catch((error: unknown) => {
    console.error({ event: "sweep of artefacts failed", error: (error as Error).name });
    return 0;
  });
  console.log({ event: "sweep", ended, failed, forgotten, freed });
  return { ended, failed };
}

const hourMs = 3_600_000;

/** Each hour the persons of another letter, so that a run reads few rows. */
const someAnonymous = (now: number) => ({
  prefix: idLetters[Math.floor(now / hourMs) % idLetters.length] as string,
  madeBefore: now - anonymousMsMin,
  max: sweepPersonsMax,
});

async function destroyed(env: Env, id: string): Promise<boolean> {
  try {
    await env.SANDBOX.getByName(id).destroy();
    return true;
  } catch (error) {
    console.error({ event: "sweep failed", sandbox: id, error: (error as Error).name });
    return false;
  }
}
