/** The log in words: who did what, when, to what. */
import { rfc3339Milli } from "../core/clock.ts";
import {
  timelineLookBackRevisionsMax,
  timelineRowsDefault,
  timelineRowsMax,
} from "../core/limits.ts";
import type { Log, LogEntry } from "../core/log.ts";
import { objectKey, type KubeObject } from "../core/object.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { causeOf, phraseOf, type Cause } from "./cause.ts";
import { sentenceOf } from "./sentences.ts";

export interface TimelineOptions {
  /** The oldest rows after this revision. */
  after?: number;
  /** The newest rows before this revision. Without either: the newest. */
  before?: number;
  limit?: number;
}

export interface TimelineRow {
  revision: number;
  /** Virtual moment, RFC3339 with milliseconds. */
  at: string;
  by: Cause;
  /** It was written to go back to this revision. */
  undoes?: number;
  verb: "create" | "update" | "delete";
  /** `deployments.apps` */
  resource: string;
  /** "" for what lies in none. */
  namespace: string;
  name: string;
  /** One sentence. */
  text: string;
}

export interface Timeline {
  /** Oldest first. */
  items: TimelineRow[];
  /** For `after`: everything up to here has been told. */
  revision: number;
  /** For `before`: the rows before these; absent: there are none. */
  before?: number;
  /** The log tells what came after this revision. */
  since: number;
}

/** An update whose object's state before has not been found yet. */
type Wanted = Map<string, LogEntry>;

/** `components`: names of what reconciles. */
export function timelineOf(
  log: Log,
  components: ReadonlySet<string>,
  options: TimelineOptions = {},
): Timeline {
  const asked = Math.floor(Number(options.limit)) || timelineRowsDefault;
  const limit = Math.min(Math.max(asked, 1), timelineRowsMax);
  const after = options.after;
  const chosen = after === undefined ? newest(log, options.before, limit) : next(log, after, limit);
  const states = statesBefore(log, chosen);
  const items = chosen.map((entry) => rowOf(entry, states.get(entry), components));
  const first = items[0]?.revision;
  const told = items.at(-1)?.revision;
  const full = items.length === limit;
  return {
    items,
    revision: after === undefined ? (told ?? log.head) : full ? (told as number) : log.head,
    ...(first !== undefined && first > log.floor + 1 && { before: first }),
    since: log.floor,
  };
}

function newest(log: Log, before: number | undefined, limit: number): LogEntry[] {
  const entries: LogEntry[] = [];
  for (const entry of log.backward(before ?? Number.POSITIVE_INFINITY)) {
    if (entries.push(entry) >= limit) break;
  }
  return entries.reverse();
}

function next(log: Log, after: number, limit: number): LogEntry[] {
  const entries: LogEntry[] = [];
  for (const entry of log.since(Math.max(after, log.floor)) ?? []) {
    if (entries.push(entry) >= limit) break;
  }
  return entries;
}

const placeOf = ({ resource, namespace, name }: LogEntry): string =>
  `${resource}\0${objectKey(namespace, name)}`;

/** What was there before each update, as far as it is found a bounded way back. */
function statesBefore(log: Log, entries: readonly LogEntry[]): Map<LogEntry, KubeObject> {
  const states = new Map<LogEntry, KubeObject>();
  const wanted: Wanted = new Map();
  const meet = (entry: LogEntry): void => {
    const place = placeOf(entry);
    const later = wanted.get(place);
    if (!later) return;
    wanted.delete(place);
    // A deletion before a creation is another object's.
    if (entry.op !== "delete") states.set(later, entry.object);
  };
  for (const entry of entries.toReversed()) {
    meet(entry);
    if (entry.op === "update") wanted.set(placeOf(entry), entry);
  }
  let left = timelineLookBackRevisionsMax;
  const first = entries[0]?.rv ?? 0;
  if (wanted.size > 0) {
    for (const entry of log.backward(first)) {
      meet(entry);
      if (wanted.size === 0 || --left === 0) break;
    }
  }
  for (const entry of wanted.values()) {
    const object =
      left > 0 ? log.born(entry.resource, objectKey(entry.namespace, entry.name)) : undefined;
    if (object) states.set(entry, object);
  }
  return states;
}

function rowOf(
  entry: LogEntry,
  before: KubeObject | undefined,
  components: ReadonlySet<string>,
): TimelineRow {
  const { rv, at, op, resource, namespace, name, object } = entry;
  const { cause, undoes } = causeOf(entry.by, components);
  const node =
    resource === "pods" ? (object as Pod).spec.nodeName : resource === "nodes" ? name : undefined;
  const phrase = phraseOf(cause, node);
  const who = undoes === undefined ? phrase : `${phrase}, going back to revision ${undoes},`;
  return {
    revision: rv,
    at: rfc3339Milli(at),
    by: cause,
    ...(undoes !== undefined && { undoes }),
    verb: op,
    resource,
    namespace,
    name,
    text: sentenceOf({ op, resource, object, before, who }),
  };
}
