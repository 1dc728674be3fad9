/** A Pod's processes as they are stored: the copy that a kernel changes, and the form that is kept. */
import { cloneJson } from "./bytes.ts";
import type { PodRecord } from "./state.ts";

/** Tables that are left out of the stored record while empty. */
export const emptyTables = () => ({ of: {}, pi: {}, co: {}, li: {}, se: {}, ht: {} });

/** A copy to change. What the Pod and its containers were started with never changes: all copies share it. */
export function copied(record: PodRecord): PodRecord {
  const { pod, cs, ...rest } = record;
  const containers: PodRecord["cs"] = {};
  for (const key in cs) {
    const { spec, ...state } = cs[key] as PodRecord["cs"][string];
    containers[key] = { spec, ...cloneJson(state) };
  }
  return { ...emptyTables(), pod, cs: containers, ...cloneJson(rest) };
}

const tables = new Set(Object.keys(emptyTables()));

function isEmpty(table: object): boolean {
  for (const _key in table) return false;
  return true;
}

/** The record as it is kept. Made anew, as an object that lost a property takes several times its room from then on. */
export function kept(pod: PodRecord): Partial<PodRecord> {
  const out: Record<string, unknown> = {};
  for (const name in pod) {
    const value = pod[name as keyof PodRecord];
    if (value === undefined || (tables.has(name) && isEmpty(value as object))) continue;
    out[name] = value;
  }
  const ps: PodRecord["ps"] = {};
  for (const key in pod.ps) ps[key] = { ...(pod.ps[key] as PodRecord["ps"][string]) };
  out["ps"] = ps;
  return out as Partial<PodRecord>;
}
