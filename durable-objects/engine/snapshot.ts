/** Where a snapshot meets what a cluster is born with and what is one sandbox's own. */
import { keyText, signingKey, type Identity, type SigningKey } from "./api/tokens.ts";
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
import { withoutTokens, withTokens } from "./snapshot-tokens.ts";
import { signingKeyRecord } from "./runtime/volume-access.ts";

/** Of one sandbox alone. */
const ownRecords = new Set([signingKeyRecord.join("\0")]);

const baseOf = ({ seed, bornMs }: Birth): ReturnType<typeof baseObjects> =>
  baseObjects(seed, bornMs - bornBeforeMs);

/** The whole state between two turns. `key`: what the cluster signs with, which leaves no trace. */
export function snapshotOf(
  parts: Omit<SnapshotParts, "base" | "without">,
  key: SigningKey,
  options: SnapshotOptions,
): Snapshot {
  const base = baseOf(parts.birth);
  return withoutTokens(takeSnapshot({ ...parts, base, without: ownRecords }, options), key);
}

/** Writes a snapshot into empty storage; throws where there is a cluster already, or of a later engine's state. */
export function restoreInto(
  sql: Sql,
  snapshot: Snapshot,
  options: { nowMs: number; identity?: Identity | undefined },
): void {
  const { state, birth } = snapshot;
  if (state > stateVersion) throw new Error(`state ${state} is of a newer engine`);
  const key = signingKey(birth.seed, options.identity);
  storeSnapshot(sql, withTokens(snapshot, key), {
    base: baseOf(birth),
    wallMs: options.nowMs,
    own: [[...signingKeyRecord, keyText(key)]],
  });
}
