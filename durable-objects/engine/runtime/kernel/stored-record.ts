/**
 * A Pod's record as it is stored: without empty tables, and packed where it is large. Bytes on their way (in pipes,
 * connections, programs) take six characters each in JSON when they are no text; a packed text begins with a character that
 * is no byte.
 */
import { packedTextCharactersMin } from "../../core/limits.ts";
import { cloneJson, fromBase64, toBase64 } from "../bytes.ts";
import type { PodRecord } from "./state.ts";

const mark = "\ue000";

function packText(text: string): string {
  if (text.length < packedTextCharactersMin) return text;
  const first = text.charAt(0);
  if (text === first.repeat(text.length)) return `${mark}r${text.length} ${first}`;
  // eslint-disable-next-line no-control-regex
  const odd = text.replace(/[\t\n\x20-\x7e]+/g, "").length;
  return odd * 4 > text.length ? `${mark}b${toBase64(text)}` : text;
}

function unpackText(text: string): string {
  if (!text.startsWith(mark)) return text;
  if (text.charAt(1) === "b") return fromBase64(text.slice(2)) ?? "";
  const space = text.indexOf(" ");
  return text.charAt(space + 1).repeat(Number(text.slice(2, space)));
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => mapTexts(inner, change));
  const table = value as Record<string, unknown>;
  const out: Record<string, unknown> = {};
  for (const key in table) out[key] = mapTexts(table[key], change);
  return out;
}

function mapped(pod: PodRecord, change: (text: string) => string): PodRecord {
  const processes: PodRecord["processes"] = {};
  for (const key in pod.processes) {
    const process = pod.processes[key] as PodRecord["processes"][string];
    processes[key] = { ...process, state: mapTexts(process.state, change) };
  }
  const pipes = mapTexts(pod.pipes, change) as PodRecord["pipes"];
  return {
    ...pod,
    processes,
    pipes,
    connections: mapTexts(pod.connections, change) as PodRecord["connections"],
  };
}

export function packed(pod: PodRecord): PodRecord {
  return { ...mapped(pod, packText), packed: true };
}

/** Tables that are left out of the stored record while empty. */
const emptyTables = () => ({
  openFiles: {},
  pipes: {},
  connections: {},
  listeners: {},
  sessions: {},
  requests: {},
});

/** A record in which nothing has run yet. */
export const emptyRecord = (pod: PodRecord["pod"]): PodRecord => ({
  pod,
  containers: {},
  processes: {},
  nextPids: {},
  ...emptyTables(),
  logs: {},
  next: 1,
});

const tables = new Set(Object.keys(emptyTables()));

function isEmpty(table: object): boolean {
  for (const _key in table) return false;
  return true;
}

/** The record as it is kept. Made anew, as an object that lost a property takes several times its room from then on. */
function kept(pod: PodRecord): Partial<PodRecord> {
  const out: Record<string, unknown> = {};
  for (const name in pod) {
    const value = pod[name as keyof PodRecord];
    if (value === undefined || (tables.has(name) && isEmpty(value as object))) continue;
    out[name] = value;
  }
  const processes: PodRecord["processes"] = {};
  for (const key in pod.processes)
    processes[key] = { ...(pod.processes[key] as PodRecord["processes"][string]) };
  out["processes"] = processes;
  return out as Partial<PodRecord>;
}

export const storedRecord = (pod: PodRecord, large: boolean): Partial<PodRecord> =>
  kept(large ? packed(pod) : pod);

/** To change at will, but for what the Pod and its containers were started with: that never changes, and all copies share it. */
export function loadedRecord(stored: PodRecord): PodRecord {
  const { pod, containers: given, ...rest } = stored;
  const containers: PodRecord["containers"] = {};
  for (const key in given) {
    const { spec, ...state } = given[key] as PodRecord["containers"][string];
    containers[key] = { spec, ...cloneJson(state) };
  }
  return unpacked({ ...emptyTables(), pod, containers, ...cloneJson(rest) });
}

/** To look at only. */
export const viewedRecord = (stored: PodRecord): PodRecord =>
  unpacked({ ...emptyTables(), ...stored });

function unpacked(stored: PodRecord): PodRecord {
  if (!stored.packed) return stored;
  const { packed: _pk, ...pod } = stored;
  return mapped(pod, unpackText);
}
