import {
  nodesMax,
  requestBodyBytesMax,
  snapshotBytesMax,
} from "../durable-objects/engine/core/limits.ts";
import type { Env } from "./env.ts";

/** What an operator may change, read from the variables; the unit stands last in the name. */
export interface Limits {
  /** Of who is anonymous, after its last use. */
  sandboxTtlMs: number;
  /** Of who has signed in, after its last use. */
  sandboxIdleMs: number;
  sandboxesPerPersonMax: number;
  nodesMax: number;
  snapshotsPerPersonMax: number;
  snapshotBytesPerPersonMax: number;
  scenariosPerPersonMax: number;
  /** Of all versions of all of them. */
  scenarioBytesPerPersonMax: number;
  /** Undefined: no limit. */
  createsPerMinuteMax: number | undefined;
  /** Of labs, instead. */
  labsPerMinuteMax: number | undefined;
  createsPerHourMax: number | undefined;
  signInsPerMinuteMax: number | undefined;
}

export function limitsOf(env: Env): Limits {
  return {
    sandboxTtlMs: positive(env.SANDBOX_TTL_HOURS, 24) * 3_600_000,
    sandboxIdleMs: positive(env.SANDBOX_IDLE_DAYS, 30) * 24 * 3_600_000,
    sandboxesPerPersonMax: positive(env.SANDBOXES_PER_PERSON_MAX, 50),
    nodesMax: Math.min(nodesMax, positive(env.SANDBOX_NODES_MAX, 20)),
    snapshotsPerPersonMax: positive(env.SNAPSHOTS_PER_PERSON_MAX, 200),
    snapshotBytesPerPersonMax: positive(env.SNAPSHOT_BYTES_PER_PERSON_MAX, 200_000_000),
    scenariosPerPersonMax: positive(env.SCENARIOS_PER_PERSON_MAX, 100),
    scenarioBytesPerPersonMax: positive(env.SCENARIO_BYTES_PER_PERSON_MAX, 20_000_000),
    createsPerMinuteMax: Number(env.CREATES_PER_MINUTE_MAX) || undefined,
    labsPerMinuteMax: Number(env.LABS_PER_MINUTE_MAX) || undefined,
    createsPerHourMax: Number(env.CREATES_PER_HOUR_MAX) || undefined,
    signInsPerMinuteMax: Number(env.SIGN_INS_PER_MINUTE_MAX) || undefined,
  };
}

/** Larger bodies answer 413 here already. */
export { requestBodyBytesMax };
/** A key's revocation is noticed by every isolate within this time. */
export const keyCacheMsMax = 3_000;
export const keyCacheEntriesMax = 5_000;
/** Sandboxes that are made at a time where all share one thread, and how long one may hold up the next. */
export const birthsAtOnceMax = 2;
export const birthTurnMsMax = 5_000;
/** An event loop that takes this long to come round has others' work in it, to which a birth gives way for no longer than so. */
export const lateLoopMsMin = 40;
export const birthYieldMsMax = 250;
/** Below kubectl's and every proxy's idle limits; also how a vanished client is noticed. */
export const heartbeatMs = 15_000;
/** Informers watch for five to ten minutes; a client that vanished is gone by then even unnoticed. */
export const quietEndMs = 15 * 60_000;
/** What one stream may have waiting for a slow client before it is cut. */
export const streamBacklogBytesMax = 8 * 1024 * 1024;
/** How old what is known of the disk may be when something wants to write. */
export const diskCheckMs = 500;
/** What one watch or log over a WebSocket may send: the platform keeps what the client has not read. */
export const socketStreamBytesMax = 64 * 1024 * 1024;
export const nodesDefault = 3;
export const nameLengthMax = 40;
export const seedLengthMax = 64;
/** Of a JSON body of the service's own API. */
export const bodyBytesMax = 16 * 1024;
/** Of one that brings manifests: as many bytes as the API server takes, written as a JSON text. */
export const manifestsBodyBytesMax = 2 * requestBodyBytesMax;
/** Of an artefact from elsewhere: as many as one of ours may have unpacked, so that it is refused before it is held. */
export const artefactBytesMax = snapshotBytesMax;
/** How much of the past goes along with a snapshot or a fork: a hundred revisions take some ten kilobytes. */
export const pastRevisionsDefault = 100;
export const pastRevisionsMax = 100_000;
/** Pictures of snapshots that an isolate keeps, of 20 kB at most each. */
export const thumbnailsKeptMax = 100;
/** D1's own limit: values that one statement may name. */
export const databaseParametersMax = 100;
/** What nothing in the database names is left alone so long: its row may be about to be written. */
export const artefactOrphanMsMin = 3_600_000;
/** Pages of a thousand names that one pass over the stored artefacts reads. */
export const artefactListingsMax = 20;
/** Of a scenario's folder: files, and bytes of one and of all. What a row of D1 holds is four times as much as all. */
export const scenarioFilesMax = 60;
export const scenarioFileBytesMax = 128 * 1024;
/** Of `scenario.yaml`, which lists read. */
export const scenarioAboutBytesMax = 8 * 1024;
export const scenarioBytesMax = 512 * 1024;
/** Of a request that brings it as JSON, where a line's end takes two bytes. */
export const scenarioBodyBytesMax = 2 * scenarioBytesMax;
/** Of a zip: with folders and what file managers leave behind. */
export const scenarioZipEntriesMax = 200;
export const scenarioZipBytesMax = 1024 * 1024;
export const scenarioVersionsMax = 200;
export const scenarioDescriptionCharsMax = 300;
export const scenarioChapterCharsMax = 60;
export const scenarioMinutesMax = 600;
/** Keys of one sandbox that are neither revoked nor expired. */
export const keysPerSandboxMax = 50;
/** How often a revocation is sent to an object that restarts. */
export const tellAttemptsMax = 3;
/** A session ends so long after its last use; its cookie too. */
export const sessionMsMax = 30 * 24 * 3_600_000;
/** How often the use of a session, or of an API token, is written down. */
export const sessionTouchMs = 3_600_000;
export const tokenTouchMs = 3_600_000;
export const userAgentCharsMax = 200;
/** From the start of a sign-in to the way back. */
export const signInMsMax = 10 * 60_000;
/** Of the path that a sign-in leads back to. */
export const returnPathCharsMax = 500;
/** How long a provider may take for one answer, and how much it may say. */
export const providerMsMax = 10_000;
export const providerAnswerBytesMax = 256 * 1024;
/** What is known of an issuer is asked for again after so long. */
export const issuerMsMax = 10 * 60_000;
export const identitiesPerPersonMax = 20;
export const passkeysPerPersonMax = 20;
/** Objects that are told of one thing at a time. */
export const tellAtOnceMax = 6;
/** Of each list in a person's export: the newest. */
export const exportRowsMax = 10_000;
/** What a cookie or an API token opened is asked for again after so long. */
export const grantMsMax = 12 * 3_600_000;
export const apiTokensPerPersonMax = 50;
export const apiTokenDaysMax = 365;
export const apiTokenDaysDefault = 90;
/** A request with an `Idempotency-Key` is done once in so long. */
export const replyMs = 24 * 3_600_000;
/** What was begun under such a key and never answered may be begun again: longer than any creation takes. */
export const replyUnderWayMs = 60_000;
/** Expired sandboxes that one run of the cron trigger ends: a portion is under way at once, and each is one request of the Worker's. */
export const sweepPortionMax = 50;
export const sweepSandboxesMax = 500;
/** Anonymous persons with nothing left that one run forgets. */
export const sweepPersonsMax = 500;
/** Whoever came a moment ago may be about to make something. */
export const anonymousMsMin = 3_600_000;
/** How long Turnstile may take to say whether somebody is human. */
export const humanCheckMsMax = 5_000;
/** The longest token that Turnstile makes. */
export const humanTokenCharsMax = 2048;
export const membersPerSandboxMax = 100;
export const invitationsPerSandboxMax = 50;
export const invitationUsesMax = 100;
export const invitationDaysMax = 30;
export const titleCharsMax = 120;
export const personNameCharsMax = 60;
export const keyNameCharsMax = 60;
/** Origins whose pages may show a person's things in frames; as one header of every frame. */
export const embedOriginsMax = 20;
/** A host's name has 253 characters at most (RFC 1035), and scheme and port stand around it. */
export const originCharsMax = 270;
/** How often a sandbox's use is written down, and its end put off. */
export const useTouchMs = 3_600_000;
/** So long before its end a sandbox says so in every answer. */
export const expiryNoticeMs = 2 * 3_600_000;
export const pageLimitDefault = 50;
export const pageLimitMax = 200;
/** How often an isolate that makes sandboxes has the database forget what has run out. */
export const forgetMs = 60_000;
/** Dead sandboxes are remembered this long, so that their owners read "expired" rather than "not found". */
export const graveMs = 7 * 24 * 3_600_000;

function positive(text: string | undefined, fallback: number): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : fallback;
}

// Lines that are run on a sandbox's control plane
export const runCommandCharsMax = 64 * 1024;
export const runStdinCharsMax = 256 * 1024;
export const runSecondsDefault = 30;
export const runSecondsMax = 300;
