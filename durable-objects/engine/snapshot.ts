/** Where a snapshot meets what a cluster is born with and what is one sandbox's own. */
import { keyText, signingKey, type Identity } from "./api/tokens.ts";
import { baseObjects } from "./bootstrap/base.ts";
import type { Birth } from "./core/birth.ts";
import {
  stateVersion,
  storeSnapshot,
  takeSnapshot,
  type Snapshot,
  type SnapshotOptions,
  type SnapshotParts,
} from "./core/snapshot.ts";
import { bornBeforeMs } from "./limits.ts";
import type { Sql } from "./ports.ts";
import { signingKeyRecord } from "./runtime/volume-access.ts";

/** Of one sandbox alone. */
const ownRecords = new Set([signingKeyRecord.join("\0")]);

const baseOf = ({ seed, bornMs }: Birth): ReturnType<typeof baseObjects> =>
  baseObjects(seed, bornMs - bornBeforeMs);

/** The whole state between two turns. */
export function snapshotOf(
  parts: Omit<SnapshotParts, "base" | "without">,
  options: SnapshotOptions,
): Snapshot {
  return takeSnapshot({ ...parts, base: baseOf(parts.birth), without: ownRecords }, options);
}

/** Writes a snapshot into empty storage; throws where there is a cluster already, or of a later engine's state. */
export function restoreInto(
  sql: Sql,
  snapshot: Snapshot,
  options: { nowMs: number; identity?: Identity | undefined },
): void {
  const { state, birth } = snapshot;
  if (state > stateVersion) throw new Error(`state ${state} is of a newer engine`);
  const key = keyText(signingKey(birth.seed, options.identity));
  storeSnapshot(sql, snapshot, {
    base: baseOf(birth),
    wallMs: options.nowMs,
    own: [[...signingKeyRecord, key]],
  });
}
