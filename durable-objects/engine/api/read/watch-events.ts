/** What the log's revisions are to who watches by selectors. */
import type { Log, LogEntry } from "../../core/log.ts";
import { objectKey, type KubeObject } from "../../core/object.ts";
import type { Resource } from "../discovery/registry.ts";
import { asksForOwnFields, fieldsOf, fitsFields, matches, type Selection } from "./list.ts";

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  /** As it is stored. */
  object: KubeObject;
  entry: LogEntry;
}

/** In the order of their revisions. Objects that a webhook converts are converted, in as few calls as possible. */
export function eventsOf(
  log: Log,
  resource: Resource,
  selection: Selection,
  entries: Iterable<LogEntry>,
): WatchEvent[] {
  const { custom } = resource.hooks;
  const byOwnFields = asksForOwnFields(resource, selection);
  const own: LogEntry[] = [];
  for (const entry of entries) {
    if (entry.resource !== resource.id) continue;
    own.push(custom && (custom.asks || byOwnFields) ? held(log, entry, byOwnFields) : entry);
  }
  if (custom?.asks && byOwnFields) custom.readAll(own.flatMap(statesOf));
  const events: WatchEvent[] = [];
  for (const entry of own) {
    const type = typeOf(resource, selection, entry);
    if (type) events.push({ type, object: shown(log, type, entry), entry });
  }
  if (custom?.asks) custom.readAll(events.map(({ object }) => object));
  return events;
}

const statesOf = ({ object, previous }: LogEntry): KubeObject[] =>
  previous ? [previous, object] : [object];

/** The entry with its states in hand: what is converted is known again by its identity. */
function held(log: Log, entry: LogEntry, withPrevious: boolean): LogEntry {
  const { object, op } = entry;
  const previous = withPrevious && op === "update" ? before(log, entry, object) : entry.previous;
  return { ...entry, text: entry.text, object, ...(previous ? { previous } : {}) };
}

function before(log: Log, entry: LogEntry, otherwise: KubeObject): KubeObject {
  if (entry.previous) return entry.previous;
  const key = objectKey(entry.namespace, entry.name);
  return log.before(entry.rv - 1, entry.resource, [key]).get(key) ?? otherwise;
}

/** What a revision is to a selection: an object leaving it is DELETED, one entering it ADDED. */
function typeOf(
  resource: Resource,
  selection: Selection,
  entry: LogEntry,
): WatchEvent["type"] | undefined {
  if (selection.namespace && entry.namespace !== selection.namespace) return undefined;
  const did = entry.op !== "create" && matchedBefore(resource, selection, entry);
  if (entry.op === "delete") return did ? "DELETED" : undefined;
  const does = matches(resource, selection, entry.object);
  if (does) return did ? "MODIFIED" : "ADDED";
  return did ? "DELETED" : undefined;
}

function matchedBefore(resource: Resource, selection: Selection, entry: LogEntry): boolean {
  if (selection.labels && !selection.labels.matches(entry.previousLabels ?? {})) return false;
  if (!selection.fields) return true;
  if (entry.previous) return fitsFields(resource, selection, entry.previous);
  if (asksForOwnFields(resource, selection)) return fitsFields(resource, selection, entry.object);
  const { name, namespace } = entry;
  const own = resource.servedVersion ? fieldsOf(resource, entry.object) : entry.previousFields;
  return selection.fields.matches({
    ...own,
    "metadata.name": name,
    "metadata.namespace": namespace,
  });
}

/** What leaves a selection is shown as it last was, at the revision that took it away. k8s: cache_watcher.go convertToWatchEvent */
function shown(log: Log, type: WatchEvent["type"], entry: LogEntry): KubeObject {
  const { object, op } = entry;
  if (type !== "DELETED" || op === "delete") return object;
  const previous = before(log, entry, object);
  const { resourceVersion } = object.metadata;
  return { ...previous, metadata: { ...previous.metadata, resourceVersion } };
}
