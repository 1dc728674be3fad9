/** What a list at an older revision shows: today's state with the log's changes taken back. */
import type { Log, LogEntry } from "../core/log.ts";
import { objectKey, type KubeObject } from "../core/object.ts";
import type { Store } from "../core/store.ts";

/** A resource's objects as they were at a revision, in no order; undefined when the log no longer tells. */
export function stateAt(
  store: Store,
  log: Log,
  resource: string,
  namespace: string,
  rv: number,
): KubeObject[] | undefined {
  const after = log.since(rv);
  if (!after) return undefined;
  const states = new Map<string, KubeObject | undefined>();
  for (const entry of after) {
    const key = objectKey(entry.namespace, entry.name);
    if (entry.resource !== resource || states.has(key)) continue;
    const before = entry.op === "create" ? undefined : (entry.previous ?? lastBefore(log, entry));
    if (entry.op !== "create" && !before) return undefined;
    states.set(key, before);
  }
  const objects = store
    .list(resource, namespace || undefined)
    .filter((o) => !states.has(objectKey(o.metadata.namespace, o.metadata.name)));
  for (const object of states.values()) {
    if (object && (!namespace || object.metadata.namespace === namespace)) objects.push(object);
  }
  return objects;
}

/** Entries read back from disk do not carry what was before; an older entry may. */
function lastBefore(log: Log, { rv, resource, namespace, name }: LogEntry): KubeObject | undefined {
  return log
    .since(log.floor)
    ?.findLast(
      (e) => e.rv < rv && e.name === name && e.namespace === namespace && e.resource === resource,
    )?.object;
}
