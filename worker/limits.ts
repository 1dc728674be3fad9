import { nodesMax } from "../durable-objects/engine/core/limits.ts";
import type { Env } from "./env.ts";

/** What an operator may change, read from the variables; the unit stands last in the name. */
export interface Limits {
  sandboxTtlMs: number;
  nodesMax: number;
  /** Undefined: no limit. */
  createsPerMinuteMax: number | undefined;
  createsPerHourMax: number | undefined;
}

export function limitsOf(env: Env): Limits {
  return {
    sandboxTtlMs: positive(env.SANDBOX_TTL_HOURS, 24) * 3_600_000,
    nodesMax: Math.min(nodesMax, positive(env.SANDBOX_NODES_MAX, 20)),
    createsPerMinuteMax: Number(env.CREATES_PER_MINUTE_MAX) || undefined,
    createsPerHourMax: Number(env.CREATES_PER_HOUR_MAX) || undefined,
  };
}

/** The API server's own limit; larger bodies answer 413. k8s: apiserver/pkg/server/config.go MaxRequestBodyBytes */
export const requestBodyBytesMax = 3 * 1024 * 1024;
/** A key's revocation is noticed by every isolate within this time. */
export const keyCacheMsMax = 3_000;
export const keyCacheEntriesMax = 5_000;
/** Below kubectl's and every proxy's idle limits; also how a vanished client is noticed. */
export const heartbeatMs = 15_000;
/** What one stream may have waiting for a slow client before it is cut. */
export const streamBacklogBytesMax = 8 * 1024 * 1024;
/** How old what is known of the disk may be when something wants to write. */
export const diskCheckMs = 500;
/** What one watch or log over a WebSocket may send: the platform keeps what the client has not read. */
export const socketStreamBytesMax = 64 * 1024 * 1024;
export const nodesDefault = 3;
export const nameLengthMax = 40;
export const seedLengthMax = 64;
export const createBodyBytesMax = 16 * 1024;
/** Keys of one sandbox that are neither revoked nor expired. */
export const keysPerSandboxMax = 50;
/** How often a revocation is sent to an object that restarts. */
export const tellAttemptsMax = 3;
/** Dead sandboxes are remembered this long, so that their owners read "expired" rather than "not found". */
export const graveMs = 7 * 24 * 3_600_000;

function positive(text: string | undefined, fallback: number): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : fallback;
}
