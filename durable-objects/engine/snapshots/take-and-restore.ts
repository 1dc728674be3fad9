/** Where a snapshot meets what a cluster is born with and what is one sandbox's own. */
import { signingKey, type Identity, type SigningKey } from "../api/auth/tokens.ts";
import { baseObjects } from "../bootstrap/base.ts";
import type { Birth } from "../core/birth.ts";
import {
  stateVersion,
  storeSnapshot,
  takeSnapshot,
  type Snapshot,
  type SnapshotOptions,
  type SnapshotParts,
} from "../core/snapshot.ts";
import { bornBeforeMs } from "../core/limits.ts";
import { oldestWatched } from "../runtime/net/api-stream-shapes.ts";
import type { Sql } from "../core/sql.ts";
import { sealArtefact } from "./artefact.ts";
import { TooManyAlike } from "./search.ts";
import { withoutSecrets } from "./secrets.ts";
import { withoutTokens, withTokens } from "./tokens.ts";

/** What a cluster of that birth begins with. */
export const baseOf = ({ seed, bornMs }: Birth): ReturnType<typeof baseObjects> =>
  baseObjects(seed, bornMs - bornBeforeMs);

/** The whole state between two turns. `key`: what the cluster signs with, which leaves no trace. */
export function snapshotOf(
  parts: Omit<SnapshotParts, "base">,
  key: SigningKey,
  options: SnapshotOptions,
): Snapshot {
  const base = baseOf(parts.birth);
  // Programs that watch go on where they stand, in the next cluster too.
  const pastAfter = Math.min(options.pastAfter ?? Infinity, oldestWatched(parts.store));
  const taken = takeSnapshot({ ...parts, base }, { ...options, pastAfter });
  const snapshot = withoutTokens(taken, key);
  if (options.secrets !== false) return snapshot;
  const { past } = parts.log;
  return withoutSecrets(snapshot, past.rowsAfter(past.reach[0]));
}

export type SealedSnapshot = { bytes: Uint8Array; snapshot: Snapshot } | { reason: string };

/** A snapshot with its artefact, as it is taken, or in a sentence why there is none. */
export function sealed(take: () => Snapshot): SealedSnapshot {
  try {
    const snapshot = take();
    const made = sealArtefact(snapshot);
    return "reason" in made ? made : { ...made, snapshot };
  } catch (error) {
    if (error instanceof TooManyAlike) return { reason: error.message };
    throw error;
  }
}

/** Writes a snapshot into empty storage; throws where there is a cluster already, or of a later engine's state. */
export function restoreInto(
  sql: Sql,
  snapshot: Snapshot,
  options: { nowMs: number; identity: Identity },
): void {
  const { state, birth } = snapshot;
  if (state > stateVersion) throw new Error(`state ${state} is of a newer engine`);
  const whole = withTokens(snapshot, signingKey(options.identity));
  storeSnapshot(sql, whole, baseOf(birth), options.nowMs);
}
