/** WATCH: a subscription is plain data; what it is owed follows from its last revision and the log. */
import {
  aggregate,
  forbiddenField,
  goQuote,
  invalidObject,
  notSupported,
  type FieldError,
} from "../../machinery/field.ts";
import { candidates, matching, notANumber, selectionOf, type Selection } from "./list.ts";
import { definitions } from "../../kinds/custom-resource-definition/types.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { Registry, Resource } from "../discovery/registry.ts";
import * as status from "../../machinery/status.ts";
import { partial, table } from "./table.ts";
import { lastLines } from "./watch-end.ts";
import { eventsOf, type WatchEvent } from "./watch-events.ts";
import { keep } from "../../core/memo.ts";
import type { KubeObject } from "../../core/object.ts";
import { mayHaveNulls, withNulls } from "../request/empty-lists-as-null.ts";
import type { Log, LogEntry } from "../../core/log.ts";
import type { Store } from "../../core/store.ts";
import { watchSecondsMax, watchSecondsMin, watchSelectionsKeptMax } from "../../core/limits.ts";
import type { Subscription } from "../../ports/request.ts";
import { includeObjectOf, type Form } from "../request/negotiation.ts";

export interface WatchContext {
  store: Store;
  log: Log;
  registry: Registry;
  now: number;
  wallNow: number;
  /** [0, 1), for the default time-out. */
  random(): number;
}

/** Opens a watch: the lines due at once, and the subscription to go on with. */
export function openWatch(
  context: WatchContext,
  resource: Resource,
  info: RequestInfo,
  form: Form,
): { lines: string[]; subscription: Subscription; ended?: boolean } {
  const { query } = info;
  const initial = checkOptions(info);
  const selection = selectionOf(resource, info);
  const rv = Number(query.get("resourceVersion") || 0);
  const subscription: Subscription = {
    id: "",
    resource: `${resource.group}/${resource.version}/${resource.plural}`,
    namespace: selection.namespace,
    labelSelector: query.get("labelSelector"),
    fieldSelector: fieldSelectorOf(info, selection),
    as: form === "table" ? "table" : form === "partial" ? "partial" : "object",
    apiVersion: resource.apiVersion,
    includeObject: form === "table" ? includeObjectOf(info) : "Metadata",
    headersSent: false,
    bookmarks: query.flag("allowWatchBookmarks"),
    rv: initial === "none" && rv > 0 ? rv : context.store.rv,
    endsAtWall: context.wallNow + timeoutSeconds(info, context) * 1000,
  };
  const definition = definitionOf(context.store, resource);
  if (definition !== undefined) subscription.definition = definition;
  if (initial === "none") return { ...poll(context, subscription), subscription };
  if (rv > context.store.rv) {
    const error = futureRevision(rv, context.store.rv).toStatus();
    const ended = { ...subscription, bookmarks: false, endsAtWall: context.wallNow };
    return { lines: [line("ERROR", JSON.stringify(error))], subscription: ended, ended: true };
  }
  const lines: string[] = [];
  const chosen = selectionFor(resource, subscription);
  const found = matching(resource, chosen, candidates(context.store, resource, chosen));
  resource.hooks.custom?.readAll(found);
  for (const object of found)
    lines.push(encode(resource, subscription, "ADDED", object, context.now));
  if (initial === "bookmarked" && subscription.bookmarks)
    lines.push(bookmark(resource, subscription, true));
  return { lines, subscription };
}

/** By which definition a custom resource is served. */
function definitionOf(store: Store, { hooks, id }: Resource): string | undefined {
  if (!hooks.custom) return undefined;
  const { uid, generation } = store.get(definitions, "", id)?.metadata ?? {};
  return `${uid} ${generation}`;
}

/** Watches end when the definition's spec changes; one that goes says how its objects go. k8s: customresource_handler.go tearDown */
function hasAnotherDefinition(
  store: Store,
  resource: Resource,
  { definition }: Subscription,
): boolean {
  const now = definitionOf(store, resource);
  if (now === definition) return false;
  return store.get(definitions, "", resource.id)?.metadata.deletionTimestamp === undefined;
}

/** A watch of one name is one of a selector. k8s: handlers/get.go listOpts */
function fieldSelectorOf(info: RequestInfo, selection: Selection): string {
  const text = info.query.get("fieldSelector");
  if (!info.name) return text;
  if (text && selection.fields?.equalities["metadata.name"] !== info.name) {
    throw status.badRequest("fieldSelector metadata.name doesn't match requested name");
  }
  return text || `metadata.name=${info.name}`;
}

/** 504 for a resourceVersion that is still to come. k8s: apiserver/pkg/storage/errors.go NewTooLargeResourceVersionError */
export function futureRevision(asked: number, current: number): status.StatusError {
  return new status.StatusError(
    504,
    "Timeout",
    `Timeout: Too large resource version: ${asked}, current: ${current}`,
    {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  );
}

/**
 * Lines owed since the subscription's revision; moves it forward, but never past what the log tells of: what the
 * same turn wrote before the watch was opened is not in it yet.
 */
export function poll(
  context: WatchContext,
  subscription: Subscription,
): { lines: string[]; ended: boolean } {
  const resource = resourceOf(context.registry, subscription);
  // The kind is served no longer: its watches end.
  if (!resource) return { lines: lastLines(context.log, subscription), ended: true };
  const lines: string[] = [];
  const ended =
    hasAnotherDefinition(context.store, resource, subscription) ||
    context.wallNow >= subscription.endsAtWall;
  if (subscription.rv < context.log.head) {
    const entries = context.log.since(subscription.rv);
    if (!entries) {
      const error = status.expired(
        `too old resource version: ${subscription.rv} (${context.log.floor})`,
      );
      lines.push(line("ERROR", JSON.stringify(error.toStatus())));
      return { lines, ended: true };
    }
    const selection = selectionFor(resource, subscription);
    try {
      for (const event of eventsOf(context.log, resource, selection, entries))
        lines.push(encodeEntry(context, resource, subscription, event));
    } catch (error) {
      // Of a version that nothing converts to.
      if (!(error instanceof status.StatusError)) throw error;
      lines.push(line("ERROR", JSON.stringify(error.toStatus())));
      return { lines, ended: true };
    }
    subscription.rv = context.log.head;
  }
  if (ended && subscription.bookmarks) lines.push(bookmark(resource, subscription, false));
  return { lines, ended };
}

/** Whether telling of it may have to wait for a webhook that converts its objects. */
export const isConverted = (registry: Registry, subscription: Subscription): boolean =>
  resourceOf(registry, subscription)?.hooks.custom?.asks ?? false;

function resourceOf(registry: Registry, subscription: Subscription): Resource | undefined {
  const [group = "", version = "", plural = ""] = subscription.resource.split("/");
  return registry.at(group, version, plural);
}

const selections = new WeakMap<Resource, Map<string, Selection>>();

function selectionFor(resource: Resource, subscription: Subscription): Selection {
  let known = selections.get(resource);
  if (!known) selections.set(resource, (known = new Map()));
  const { labelSelector, fieldSelector, namespace } = subscription;
  const key = `${namespace}\0${labelSelector}\0${fieldSelector}`;
  let found = known.get(key);
  if (!found) {
    const query = new Map([
      ["labelSelector", labelSelector],
      ["fieldSelector", fieldSelector],
    ]);
    const info = { namespace, query: { get: (k: string) => query.get(k) ?? "" } };
    found = keep(known, watchSelectionsKeptMax, key, selectionOf(resource, info));
  }
  return found;
}

const line = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`;

/** Encoded once per revision and form; many watchers share the text. */
const encoded = new WeakMap<LogEntry, { of: Resource; forms: Map<string, string> }>();

/** Those of a kind that has changed since are made anew. */
function formsOf(entry: LogEntry, resource: Resource): Map<string, string> {
  let known = encoded.get(entry);
  if (known?.of.hooks !== resource.hooks)
    encoded.set(entry, (known = { of: resource, forms: new Map() }));
  return known.forms;
}

function encodeEntry(
  { now }: WatchContext,
  resource: Resource,
  subscription: Subscription,
  { type, object, entry }: WatchEvent,
): string {
  const { custom } = resource.hooks;
  const asStored =
    !resource.servedVersion &&
    object === entry.object &&
    !mayHaveNulls(resource.hooks) &&
    (!custom || custom.read(object) === object);
  if (subscription.as === "object" && asStored) return line(type, entry.text);
  const form = `${type}${subscription.as}${subscription.includeObject}${subscription.headersSent}${subscription.resource}${subscription.as === "table" ? Math.floor(now / 1000) : ""}`;
  const forms = formsOf(entry, resource);
  let text = forms.get(form);
  if (text === undefined) {
    text = encode(resource, { ...subscription }, type, object, now);
    forms.set(form, text);
  }
  subscription.headersSent = true;
  return text;
}

function encode(
  resource: Resource,
  subscription: Subscription,
  type: string,
  stored: KubeObject,
  now: number,
): string {
  const object = resource.servedVersion
    ? resource.servedVersion.fromStored(stored)
    : (resource.hooks.custom?.read(stored) ?? withNulls(resource.hooks, stored));
  if (subscription.as === "partial") return line(type, JSON.stringify(partial(object)));
  if (subscription.as === "object") return line(type, JSON.stringify(object));
  const body = table(
    resource,
    [object],
    subscription.includeObject,
    now,
    { resourceVersion: object.metadata.resourceVersion },
    !subscription.headersSent,
  );
  subscription.headersSent = true;
  return line(type, JSON.stringify(body));
}

/** A BOOKMARK at the subscription's revision. */
export function bookmark(
  resource: Resource,
  subscription: Subscription,
  initialEnd: boolean,
): string {
  const metadata: Record<string, unknown> = {
    resourceVersion: String(subscription.rv),
  };
  if (initialEnd) metadata["annotations"] = { "k8s.io/initial-events-end": "true" };
  const { kind, apiVersion } = resource;
  if (subscription.as === "table") {
    const object = { kind, apiVersion, metadata };
    const rows = [{ cells: [], object }];
    return line(
      "BOOKMARK",
      JSON.stringify({
        kind: "Table",
        apiVersion: "meta.k8s.io/v1",
        metadata: { resourceVersion: String(subscription.rv) },
        columnDefinitions: null,
        rows,
      }),
    );
  }
  if (subscription.as === "partial") {
    return line(
      "BOOKMARK",
      JSON.stringify({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata }),
    );
  }
  return line("BOOKMARK", JSON.stringify({ kind, apiVersion, metadata }));
}

/** The heartbeat of a quiet watch: a BOOKMARK where the client allowed it, else a bare newline. */
export function heartbeat(registry: Registry, subscription: Subscription): string {
  const resource = resourceOf(registry, subscription);
  if (!subscription.bookmarks || !resource) return "\n";
  return bookmark(resource, subscription, false);
}

function timeoutSeconds(info: RequestInfo, context: WatchContext): number {
  const asked = Number(info.query.get("timeoutSeconds") || 0);
  if (asked > 0) return Math.min(asked, watchSecondsMax);
  return Math.round(watchSecondsMin * (1 + context.random()));
}

/**
 * Whether objects that are there already come first, and whether a bookmark ends them.
 * k8s: apis/meta/internalversion/validation validateWatchOptions, internalversion/defaults.go SetListOptionsDefaults
 */
function checkOptions(info: RequestInfo): "none" | "bookmarked" {
  const { query } = info;
  const errors: FieldError[] = [];
  const refuse = (field: string, detail: string): number =>
    errors.push(forbiddenField(field, detail));
  const rv = query.get("resourceVersion");
  const match = query.get("resourceVersionMatch");
  const asked = query.has("sendInitialEvents");
  if (asked && match !== "NotOlderThan") {
    refuse(
      "resourceVersionMatch",
      "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    );
  }
  if (match && !asked) {
    refuse(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    );
  }
  if (match && match !== "NotOlderThan") {
    errors.push(notSupported("resourceVersionMatch", match, ["NotOlderThan"]));
  }
  if (match && query.get("continue")) {
    refuse("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  }
  if (errors.length) throw invalidObject("meta.k8s.io", "ListOptions", "", errors);
  if (rv && !/^\d+$/.test(rv)) throw status.plainError(aggregate([notANumber(rv)]));
  checkSeconds(query.get("timeoutSeconds"));
  if (asked) return query.flag("sendInitialEvents") ? "bookmarked" : "none";
  return rv === "" || rv === "0" ? "bookmarked" : "none";
}

function checkSeconds(text: string): void {
  if (!text || /^[+-]?\d+$/.test(text)) return;
  throw status.badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
}
