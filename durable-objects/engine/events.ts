/** Events that Podyard's components record: counted up instead of repeated. k8s: client-go/tools/record/events_cache.go */
import { parseTime, rfc3339 } from "./core/clock.ts";
import type { KubeObject } from "./core/object.ts";
import type { Store } from "./core/store.ts";
import type { EventSource } from "./controllers/define.ts";

export interface CoreEvent extends KubeObject {
  involvedObject: Record<string, string | undefined>;
  reason: string;
  message: string;
  source: { component?: string; host?: string };
  firstTimestamp: string | null;
  lastTimestamp: string | null;
  count: number;
  type: string;
  eventTime: string | null;
  reportingComponent: string;
  reportingInstance: string;
}

/** Events are forgotten an hour after they were last written. k8s: apiserver --event-ttl */
export const eventTtlMs = 3_600_000;

/** The Event that says just this, if it was recorded within its hour: the next one counts it up. */
export function sameEvent(
  store: Store,
  regarding: KubeObject,
  type: string,
  reason: string,
  message: string,
  source: EventSource,
  now: number,
): CoreEvent | undefined {
  let first: CoreEvent | undefined;
  for (const object of store.unordered("event.uid", regarding.metadata.uid)) {
    const event = object as CoreEvent;
    if (event.reason !== reason || event.message !== message || event.type !== type) continue;
    if (event.source?.component !== source.component) continue;
    if (event.involvedObject["fieldPath"] !== source.fieldPath) continue;
    if (now - lastSeen(event) >= eventTtlMs) continue;
    if (!first || event.metadata.name < first.metadata.name) first = event;
  }
  return first;
}

const sameTextsMax = 200;
const sameTexts = new Map<string, string>();

/** One copy of a text that thousands of Events say; which one it is shows nowhere. */
function same(text: string): string {
  const known = sameTexts.get(text);
  if (known !== undefined) return known;
  if (sameTexts.size >= sameTextsMax) sameTexts.clear();
  sameTexts.set(text, text);
  return text;
}

const sources = new Map<string, CoreEvent["source"]>();

/** Shared likewise: there are as many as components and nodes. */
function sourceOf({ component, host }: EventSource): CoreEvent["source"] {
  const key = `${component} ${host ?? ""}`;
  let made = sources.get(key);
  if (!made) {
    if (sources.size >= sameTextsMax) sources.clear();
    sources.set(key, (made = { component, ...(host ? { host } : {}) }));
  }
  return made;
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
  const made: Reference = {
    kind: regarding.kind,
    ...(namespace ? { namespace } : {}),
    name,
    // The taint manager refers to Pods without one.
    ...(uid ? { uid } : {}),
    apiVersion: regarding.apiVersion,
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(fieldPath ? { fieldPath: same(fieldPath) } : {}),
  };
  lastReference = { regarding, fieldPath, made };
  return made;
}

/**
 * The Event object. Its name is `regarding.hex`, as upstream's is by nanoseconds: kubectl lists events of one second by
 * name, so the names must follow the order of recording. `revision`: the store's, which tells those of one moment apart.
 */
export function newEvent(
  regarding: KubeObject,
  type: string,
  reason: string,
  message: string,
  source: EventSource,
  now: number,
  revision: number,
): CoreEvent {
  const { name, namespace = "" } = regarding.metadata;
  const stamp = (BigInt(Math.floor(now)) * 1_000_000n + BigInt(revision % 1_000_000)).toString(16);
  const eventNamespace = namespace || "default";
  const involvedObject = referenceTo(regarding, source.fieldPath);
  const at = rfc3339(now);
  return {
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
    source: sourceOf(source),
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    type,
    eventTime: null,
    reportingComponent: source.component,
    reportingInstance: source.host ?? "",
  };
}

/** The same event once more. */
export function countedUp(event: CoreEvent, now: number): CoreEvent {
  return { ...event, count: event.count + 1, lastTimestamp: rfc3339(now) };
}

export const lastSeen = (event: CoreEvent): number =>
  parseTime(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp);
