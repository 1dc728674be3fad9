/** What a list at an older revision shows: today's state with the log's changes taken back. */
import type { Log } from "../../core/log.ts";
import { objectKey, type KubeObject } from "../../core/object.ts";
import type { Store } from "../../core/store.ts";

/** A resource's objects as they were at a revision, in no order; undefined when the log no longer reaches back. */
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
  const wanted = new Set<string>();
  for (const entry of after) {
    const key = objectKey(entry.namespace, entry.name);
    if (entry.resource !== resource || states.has(key)) continue;
    if (namespace && entry.namespace !== namespace) continue;
    if (entry.op === "create") {
      states.set(key, undefined);
      continue;
    }
    if (!log.mayTellBefore(entry)) return undefined;
    states.set(key, entry.previous);
    if (!entry.previous) wanted.add(key);
  }
  for (const [key, object] of log.before(rv, resource, wanted)) {
    states.set(key, object);
    wanted.delete(key);
  }
  if (wanted.size > 0) return undefined;
  const objects = store
    .list(resource, namespace || undefined)
    .filter((o) => !states.has(objectKey(o.metadata.namespace, o.metadata.name)));
  for (const object of states.values()) if (object) objects.push(object);
  return objects;
}
