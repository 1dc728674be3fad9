import type { Refused, SnapshotBytes } from "../../durable-objects/past.ts";
import type { Env } from "../env.ts";
import { EdgeError, type EdgeStatus } from "../errors.ts";
import { pastRevisionsDefault } from "../limits.ts";
import type { Access } from "../principal.ts";

/** What is asked of a sandbox's object beside the Kubernetes API, and its refusals in the service's words. */

export interface MomentOptions {
  /** As it was when the turn of this revision ended; undefined: as it is. */
  at: number | undefined;
  /** false: what Secrets hold is left out. */
  secrets: boolean;
  /** So much of its past goes along, in revisions, as far as it is known. */
  past: number | undefined;
}

/** The sandbox at a moment, for who has access to it. */
export async function momentOf(
  env: Env,
  { sandbox, grant }: Access,
  { at, secrets, past = pastRevisionsDefault }: MomentOptions,
): Promise<SnapshotBytes> {
  const options = { secrets, pastRevisions: past, ...(at !== undefined && { at }) };
  const object = env.SANDBOX.getByName(sandbox.id);
  const made: SnapshotBytes | Refused = await object.snapshotBytes(grant, options);
  return unlessRefused(made, "at");
}

const passed = new Set([403, 409, 410, 413, 422]);

/** What let the request in was taken away after this Worker had read of it. */
export const accessEnded = (): EdgeError =>
  new EdgeError(
    401,
    "your access to this sandbox has ended, or its role is another now; ask again",
  );

/** Throws what the object refused; `field` is the member that names a revision. */
export function unlessRefused<T extends object>(answer: T | Refused, field: string): T {
  if (!("reason" in answer)) return answer;
  const { reason, code } = answer;
  if (code === 504) throw new EdgeError(400, reason, field);
  if (code === 401) throw accessEnded();
  throw new EdgeError((passed.has(code) ? code : 422) as EdgeStatus, reason, field);
}
