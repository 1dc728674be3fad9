/** What a sandbox tells of its past, and goes back to: the engine's answers as plain values that travel to the Worker. */
import type { EdgeRequest } from "./edge-request.ts";
import type { Engine } from "./engine/index.ts";
import { StatusError } from "./engine/machinery/status.ts";
import type { Timeline, TimelineOptions } from "./engine/past/timeline.ts";
import type { Undone, UndoOptions } from "./engine/past/undo.ts";
import type { ApiRequest, EngineResponse } from "./engine/ports/request.ts";
import { countsOf, type Counts } from "./engine/snapshots/counts.ts";
import { sealed } from "./engine/snapshots/take-and-restore.ts";
import type { SnapshotOptions } from "./engine/core/snapshot.ts";

/** Why there is no answer, in a sentence for people; `code`: as HTTP has it. */
export interface Refused {
  reason: string;
  code: number;
}

export interface SnapshotBytes {
  bytes: Uint8Array;
  /** Of the bytes, hexadecimal. */
  sha256: string;
  /** Newest revision in it. */
  revision: number;
  /** Where its clock stands. */
  virtualMs: number;
  counts: Counts;
}

/** A request goes to the cluster as it is, as it was, or to its timeline. */
export function answerTo(
  engine: Engine,
  asked: ApiRequest,
  { at, timeline }: EdgeRequest,
  nowMs: number,
): EngineResponse {
  if (timeline) return engine.watchTimeline(timeline.after, nowMs);
  if (at !== undefined) return engine.at(at, asked, nowMs);
  return engine.handle({ ...asked, takesPieces: true }, nowMs);
}

export function timelineOf(engine: Engine, options: TimelineOptions, nowMs: number): Timeline {
  engine.run(nowMs);
  return engine.timeline(options);
}

export const undoIn = (engine: Engine, options: UndoOptions, nowMs: number): Undone | Refused =>
  told(() => engine.undo(options, nowMs));

export interface MomentOptions extends SnapshotOptions {
  /** So much of the past goes along, in revisions; instead of `pastAfter`. */
  pastRevisions?: number;
}

export function artefactOf(
  engine: Engine,
  { pastRevisions, ...options }: MomentOptions,
  nowMs: number,
): Omit<SnapshotBytes, "sha256"> | Refused {
  return told(() => {
    if (pastRevisions !== undefined) {
      engine.run(nowMs);
      options.pastAfter = Math.max(0, (options.at ?? engine.store.rv) - pastRevisions);
    }
    const made = sealed(() => engine.snapshot(nowMs, options));
    if ("reason" in made) return { ...made, code: 413 };
    const { bytes, snapshot } = made;
    const { revision, clock } = snapshot;
    return { bytes, revision, virtualMs: clock.nowMs, counts: countsOf(snapshot) };
  });
}

export async function withHash(
  made: Omit<SnapshotBytes, "sha256"> | Refused,
): Promise<SnapshotBytes | Refused> {
  if ("reason" in made) return made;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", made.bytes as BufferSource));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0"));
  return { ...made, sha256: hex.join("") };
}

export const refusedWith = ({ message, code }: StatusError): Refused => ({ reason: message, code });

/** What the API would answer as a Status. */
function told<T>(body: () => T): T | Refused {
  try {
    return body();
  } catch (error) {
    if (error instanceof StatusError) return refusedWith(error);
    throw error;
  }
}
