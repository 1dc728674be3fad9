/**
 * What the kubelet remembers of a Pod: ONE record, table "kubelet", key `ns/name`, plain JSON.
 * It is read once at the start of a reconcile, changed freely, and written back only if its text differs.
 */
import type { Records } from "../ports/controller.ts";
import { equal } from "../core/equal.ts";
import type { Granted, Resources } from "./resize/resources.ts";

export const kubeletTable = "kubelet";

/** How an instance of a container ended. Times are virtual ms. */
export interface ExitRecord {
  id: string;
  code: number;
  reason: string;
  message?: string;
  startedAtMs: number;
  finishedAtMs: number;
}

export interface PullRecord {
  image: string;
  reference: string;
  imageID: string;
  sizeBytes: number;
  /** Asked for; its slot in the node's queue; ready or failed. */
  queuedAtMs: number;
  startsAtMs: number;
  endsAtMs: number;
  error?: string;
}

/** A command or request under way: a hook's or a probe's. */
export interface CallRecord {
  kind: "exec" | "http" | "sleep";
  handle?: string;
  startedAtMs: number;
  /** When the wait for it ends. */
  deadlineMs: number;
  /** Where redirects have led it, and how many. */
  hop?: { host: string; port: number; path: string; scheme: string; count: number };
}

/** A container on its way out. */
export interface KillRecord {
  stage: "preStop" | "turn" | "term" | "killed";
  beganAtMs: number;
  graceSeconds: number;
  /** End of the grace time, once TERM went out. */
  killAtMs?: number;
  call?: CallRecord;
  /** Killed in order to be restarted at once (probe, changed definition). */
  restart: boolean;
}

export interface ProbeRecord {
  /** The published result; absent: none yet. */
  ok?: boolean;
  last?: "success" | "failure";
  run: number;
  /** Next attempt; absent while idle. */
  nextAtMs?: number;
  /** Fingerprint under which the result can only repeat. */
  idleFingerprint?: string;
  /** The first attempt that was not made for it. */
  idleFromMs?: number;
  /** Attempts by result: successful, failed, unknown. */
  counts?: [number, number, number];
  call?: CallRecord;
}

export type ProbeKind = "startup" | "liveness" | "readiness";

export interface ContainerRecord {
  state: "waiting" | "running" | "exited";
  restarts: number;
  id?: string;
  /** Image as the spec had it when this instance was made. */
  specImage?: string;
  image?: string;
  imageID?: string;
  startedAtMs?: number;
  exit?: ExitRecord;
  last?: ExitRecord;
  /** Why it is not running, over the default `ContainerCreating`. */
  waiting?: { reason: string; message?: string };
  pull?: PullRecord;
  /** `of`: what it is about. */
  backOff?: { ms: number; atMs: number; of?: string };
  /** Next try to start it, and the image that try is about: another image makes it due at once. */
  retryAtMs?: number;
  retryImage?: string;
  /** The kubelet itself ended the last instance so as to start anew. */
  restartsAtOnce?: boolean;
  postStart?: CallRecord;
  kill?: KillRecord;
  probes?: Partial<Record<ProbeKind, ProbeRecord>>;
  /** Resources it still runs with while others were granted. */
  runsWith?: Resources;
}

/** A Pod that will not run again: why, as status.phase Failed shows it. */
export interface VerdictRecord {
  reason: string;
  message: string;
  graceSeconds: number;
  condition?: { reason: string; message: string };
}

export interface PreparedClaim {
  name: string;
  drivers: string[];
  devices: { requests: string[]; cdi: string[] }[];
}

export interface PodRecord {
  uid: string;
  /** Known when the Pod's object is gone as well. */
  node: string;
  /** Resource and generation-independent start of the Pod on this node. */
  startedAtMs: number;
  /** When the sandbox (network, pause container) is up. */
  sandboxAtMs?: number;
  ip?: string;
  /** All containers go down in order to start anew together. */
  restartingAll?: boolean;
  /** False again once everything ended. */
  sandbox: boolean;
  mount?: { failures: number; retryAtMs: number };
  /** Its ResourceClaims as their drivers prepared them, by uid. */
  claims?: Record<string, PreparedClaim>;
  /** When they are prepared again, after a failure. */
  claimsRetryAtMs?: number;
  containers: Record<string, ContainerRecord>;
  /** What each filled volume was last filled from. */
  filled?: Record<string, string>;
  /** State of the Pod at the last sync of a Pod with filled volumes. */
  synced?: string;
  imageBackOff?: Record<string, { ms: number; atMs: number; error: string }>;
  verdict?: VerdictRecord;
  /** `downAtMs`: when the last container's end was seen. */
  dying?: { beganAtMs: number; graceSeconds: number; downAtMs?: number };
  /** Comes from its node's manifest folder. */
  static?: boolean;
  /** Static Pod whose file is gone or changed. */
  withdrawn?: boolean;
  /** Its node lost power: nothing that ran is left. */
  lost?: boolean;
  /** Everything ended and was reported. */
  done?: boolean;
  /** Nothing is due and some probe is idle: the next look means that somebody touched the Pod. */
  idle?: boolean;
  /** Resources as granted, while a resize is wanted or under way. */
  granted?: Granted;
  /** A resize that waits for room, or (`infeasible`) for another wish, as the node will never have that much. */
  resizeWaits?: { generation: number; sinceMs: number; message: string; infeasible?: true };
  /** A resize that was granted and is being put to work. */
  resizing?: { generation: number; sinceMs: number; dueAtMs: number; error?: string };
  /** The Pod's own resources that are still at work meanwhile. */
  runsWith?: Resources;
  /** Memory in steps of evictionStepBytes, as the node last heard of it. */
  memorySteps?: number;
}

export interface LoadedRecord {
  /** A private copy, to change at will. */
  record: PodRecord;
  stored: PodRecord | undefined;
}

/** Plain JSON, copied deep. */
function copied<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copied) as T;
  const copy: Record<string, unknown> = {};
  for (const key in value) copy[key] = copied(value[key]);
  return copy as T;
}

/** A copy that may be changed, beside what is stored. */
export function loadRecord(records: Records, key: string): LoadedRecord | undefined {
  const stored = records.get<PodRecord>(kubeletTable, key);
  return stored && { record: copied(stored), stored };
}

/** Writes the record if it says anything new; it must not be changed any more. */
export function saveRecord(records: Records, key: string, { record, stored }: LoadedRecord): void {
  if (!equal(record, stored)) records.put(kubeletTable, key, compact(record));
}

/** An object that lost a property takes several times its room from then on: what is kept is made anew. */
function compact(record: PodRecord): PodRecord {
  const containers: PodRecord["containers"] = {};
  for (const name in record.containers) {
    containers[name] = { ...(record.containers[name] as ContainerRecord) };
  }
  return { ...record, containers };
}

/** The record of a Pod that has just come to its node. */
export function newRecord(uid: string, node: string, nowMs: number): LoadedRecord {
  return {
    record: { uid, node, startedAtMs: nowMs, sandbox: false, containers: {} },
    stored: undefined,
  };
}

export function containerRecord(record: PodRecord, name: string): ContainerRecord {
  return (record.containers[name] ??= { state: "waiting", restarts: 0 });
}

/** Changes when another round within the same moment may bring something new. */
export function stage(record: PodRecord): string {
  let text = "";
  for (const name in record.containers) {
    const c = record.containers[name] as ContainerRecord;
    text += `${c.state}${c.restarts}${c.kill?.stage ?? ""}${c.pull ? "p" : ""}${c.postStart ? "h" : ""}${c.restartsAtOnce ? "s" : ""};`;
  }
  return text;
}
