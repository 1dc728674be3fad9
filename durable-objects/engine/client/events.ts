/** Events that Podyard's components record: counted up instead of repeated. k8s: client-go/tools/record/events_cache.go */
import type { CoreEvent } from "../kinds/event.ts";
import { parseTime, rfc3339, rfc3339Micro } from "../core/clock.ts";
import { eventTextsKeptMax } from "../core/limits.ts";
import { keep, memo } from "../core/memo.ts";
import type { KubeObject } from "../core/object.ts";
import { hex32 } from "../core/random.ts";
import type { Store } from "../core/store.ts";
import type { EventSource } from "../ports/controller.ts";

/** Events are forgotten an hour after they were last written. k8s: apiserver --event-ttl */
export const eventTtlMs = 3_600_000;

/** k8s: events_cache.go defaultAggregateMaxEvents, defaultAggregateIntervalInSeconds */
const distinctMax = 9;
const similarMs = 600_000;
const combined = "(combined from similar events): ";
/** k8s: client-go/tools/events/event_broadcaster.go finishTime */
const seriesMs = 360_000;

/** What happened, as a component reports it. */
export interface EventInput {
  regarding: KubeObject;
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  source: EventSource;
}

/**
 * The Event to write: one that is known, counted up, or a new one. Two recorders do this differently: that of
 * client-go/tools/record, and the newer one of client-go/tools/events for those who say an `action`.
 */
export function recorded(
  store: Store,
  input: EventInput,
  now: number,
): { event: CoreEvent; known: boolean } {
  const similar = similarEvents(store, input, now);
  if (input.source.action) {
    const series = isomorphic(similar, input, now);
    return series
      ? { event: observedAgain(series, now), known: true }
      : { event: newEvent(input, now, store.rv), known: false };
  }
  const { fieldPath } = input.source;
  const same = similar.filter(
    (e) => e.message === input.message && e.involvedObject["fieldPath"] === fieldPath,
  );
  const latest = same.reduce<CoreEvent | undefined>(
    (best, e) => (!best || e.metadata.name > best.metadata.name ? e : best),
    undefined,
  );
  if (latest && !input.source.forgetful) return { event: countedUp(latest, now), known: true };
  if (!isCrowd(similar, now)) return { event: newEvent(input, now, store.rv), known: false };
  const message = `${combined}${input.message}`;
  const crowd = similar.find((e) => e.message.startsWith(combined));
  if (crowd) return { event: { ...countedUp(crowd, now), message }, known: true };
  const event = newEvent({ ...input, message }, now, store.rv);
  return { event: { ...event, reportingComponent: "", reportingInstance: "" }, known: false };
}

/** Equal but for their message, within their hour. k8s: EventAggregatorByReasonFunc */
function similarEvents(store: Store, input: EventInput, now: number): CoreEvent[] {
  const { regarding, type, reason, source } = input;
  const found: CoreEvent[] = [];
  for (const object of store.unordered("event.uid", regarding.metadata.uid)) {
    const event = object as CoreEvent;
    const component = source.action ? event.reportingComponent : event.source?.component;
    if (event.reason !== reason || event.type !== type || component !== source.component) continue;
    if (!source.action && event.source?.host !== source.host) continue;
    if (event.involvedObject["name"] !== regarding.metadata.name) continue;
    if (now - lastSeen(event) < eventTtlMs) found.push(event);
  }
  return found;
}

/** Nine with different messages, none long after the one before: the next ones share an Event. k8s: EventAggregate */
function isCrowd(similar: readonly CoreEvent[], now: number): boolean {
  if (similar.length < distinctMax) return false;
  const latestFirst = similar
    .map((event) => ({ event, seen: lastSeen(event) }))
    .sort((a, b) => b.seen - a.seen);
  let count = 0;
  let since = now;
  for (const { event, seen } of latestFirst) {
    if (since - seen > similarMs) break;
    since = seen;
    if (!event.message.startsWith(combined)) count += 1;
  }
  return count >= distinctMax;
}

/** Equal object, action and reason, whatever the message. k8s: event_broadcaster.go getKey */
function isomorphic(
  similar: readonly CoreEvent[],
  { regarding, source }: EventInput,
  now: number,
): CoreEvent | undefined {
  const related = source.related?.metadata.uid;
  return similar.find(
    (e) =>
      e.action === source.action &&
      e.related?.["uid"] === related &&
      e.involvedObject["resourceVersion"] === regarding.metadata.resourceVersion &&
      now - lastSeen(e) <= seriesMs,
  );
}

function observedAgain(event: CoreEvent, now: number): CoreEvent {
  const count = (event.series?.count ?? 1) + 1;
  return { ...event, series: { count, lastObservedTime: rfc3339Micro(now) } };
}

/** One shared copy of a text that thousands of Events carry. */
const same = memo(eventTextsKeptMax, (text) => text);

const sources = new Map<string, CoreEvent["source"]>();

/** Shared likewise: there are as many as components and nodes. */
function sourceOf({ component, host }: EventSource): CoreEvent["source"] {
  const key = `${component} ${host ?? ""}`;
  return (
    sources.get(key) ??
    keep(sources, eventTextsKeptMax, key, { component, ...(host ? { host } : {}) })
  );
}

type Reference = Record<string, string | undefined>;
let lastReference:
  | { regarding: KubeObject; fieldPath: string | undefined; made: Reference }
  | undefined;

/** Events about the same state of an object share what refers to it. */
function referenceTo(regarding: KubeObject, fieldPath: string | undefined): Reference {
  if (lastReference?.regarding === regarding && lastReference.fieldPath === fieldPath) {
    return lastReference.made;
  }
  const { name, namespace = "", uid, resourceVersion } = regarding.metadata;
  const made: Reference = { kind: regarding.kind };
  if (namespace) made["namespace"] = namespace;
  made["name"] = name;
  // The taint manager refers to Pods without one.
  if (uid) made["uid"] = uid;
  made["apiVersion"] = regarding.apiVersion;
  if (resourceVersion) made["resourceVersion"] = resourceVersion;
  if (fieldPath) made["fieldPath"] = same(fieldPath);
  lastReference = { regarding, fieldPath, made };
  return made;
}

/** `ms` million and `rest`, in 24 bits and what lies above them: a number holds only 53. */
function nanosecondsInHex(ms: number, rest: number): string {
  const unit = 2 ** 24;
  const low = (ms % unit) * 1_000_000 + rest;
  const high = Math.floor(ms / unit) * 1_000_000 + Math.floor(low / unit);
  if (high !== lastHigh) {
    lastHigh = high;
    const above = Math.floor(high / 2 ** 32);
    lastHighText = above > 0 ? above.toString(16) + hex32(high) : high.toString(16);
  }
  return lastHighText + hex32(low % unit).slice(2);
}
let lastHigh = 0;
let lastHighText = "0";

/**
 * The Event object. Its name is `regarding.hex`, as upstream's is by nanoseconds: kubectl lists events of one second by
 * name, so the names must follow the order of recording. `revision`: the store's, which tells those of one moment apart.
 */
function newEvent(input: EventInput, now: number, revision: number): CoreEvent {
  const { regarding, type, reason, message, source } = input;
  const { name, namespace = "" } = regarding.metadata;
  const stamp = nanosecondsInHex(Math.floor(now), revision % 1_000_000);
  const eventNamespace = namespace || "default";
  const involvedObject = referenceTo(regarding, source.fieldPath);
  const at = rfc3339(now);
  const { component, host = "", action, related } = source;
  // Field by field: there are more Events than anything else.
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      name: `${name}.${stamp}`,
      namespace: eventNamespace,
      uid: "",
      resourceVersion: "",
      creationTimestamp: at,
    },
    involvedObject,
    reason,
    message: same(message),
    source: action ? {} : sourceOf(source),
    firstTimestamp: action ? null : at,
    lastTimestamp: action ? null : at,
  } as CoreEvent;
  if (!action) event.count = 1;
  event.type = type;
  if (action) event.action = action;
  event.eventTime = action ? rfc3339Micro(now) : null;
  if (related) event.related = referenceTo(related, undefined);
  event.reportingComponent = component;
  event.reportingInstance = action ? `${component}-${host}` : host;
  return event;
}

/** The same event once more. */
function countedUp(event: CoreEvent, now: number): CoreEvent {
  return { ...event, count: (event.count ?? 0) + 1, lastTimestamp: rfc3339(now) };
}

export const lastSeen = (event: CoreEvent): number =>
  parseTime(
    event.series?.lastObservedTime ??
      event.lastTimestamp ??
      event.eventTime ??
      event.metadata.creationTimestamp,
  );
