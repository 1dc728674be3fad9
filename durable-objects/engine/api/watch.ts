/** WATCH: a subscription is plain data; what it is owed follows from its last revision and the log. */
import { invalidObject, forbiddenField, type FieldError } from "./field.ts";
import { candidates, fieldsOf, matches, selectionOf, type Selection } from "./list.ts";
import type { RequestInfo } from "./request-info.ts";
import { resourceAt, type Resource } from "./resources.ts";
import * as status from "./status.ts";
import { partial, table, type IncludeObject } from "./table.ts";
import type { KubeObject } from "../core/object.ts";
import type { Log, LogEntry } from "../core/log.ts";
import type { Store } from "../core/store.ts";
import { watchSecondsMax, watchSecondsMin } from "../limits.ts";
import type { Subscription } from "../ports.ts";
import type { Form } from "./negotiation.ts";

export interface WatchContext {
  store: Store;
  log: Log;
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
): { lines: string[]; subscription: Subscription } {
  const query = info.query;
  checkOptions(info);
  const selection = selectionOf(resource, info);
  if (info.name) query.get("fieldSelector");
  const seconds = timeoutSeconds(info, context);
  const subscription: Subscription = {
    id: "",
    resource: `${resource.group}/${resource.version}/${resource.plural}`,
    namespace: selection.namespace,
    labelSelector: query.get("labelSelector"),
    fieldSelector: info.name
      ? [query.get("fieldSelector"), `metadata.name=${info.name}`].filter(Boolean).join(",")
      : query.get("fieldSelector"),
    as: form === "table" ? "table" : form === "partial" ? "partial" : "object",
    apiVersion: resource.apiVersion,
    includeObject: includeObjectOf(info),
    headersSent: false,
    bookmarks: query.flag("allowWatchBookmarks"),
    rv: context.store.rv,
    endsAtWall: context.wallNow + seconds * 1000,
  };
  const lines: string[] = [];
  const rv = query.get("resourceVersion");
  const initial = query.flag("sendInitialEvents") || !rv || rv === "0";
  if (initial && query.get("sendInitialEvents") !== "false") {
    const chosen = selectionFor(resource, subscription);
    for (const object of candidates(context.store, resource, chosen)) {
      if (matches(resource, chosen, object)) {
        lines.push(encode(resource, subscription, "ADDED", object, context.now));
      }
    }
    if (query.flag("sendInitialEvents")) lines.push(bookmark(resource, subscription, true));
  } else {
    subscription.rv = rv && rv !== "0" ? Number(rv) : context.store.rv;
    if (subscription.rv > context.store.rv) {
      throw futureRevision(subscription.rv, context.store.rv);
    }
    lines.push(...poll(context, subscription).lines);
  }
  return { lines, subscription };
}

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

/** Lines owed since the subscription's revision; moves it forward. */
export function poll(
  context: WatchContext,
  subscription: Subscription,
): { lines: string[]; ended: boolean } {
  const resource = resourceOf(subscription);
  const lines: string[] = [];
  const ended = context.wallNow >= subscription.endsAtWall;
  if (subscription.rv < context.store.rv) {
    const entries = context.log.since(subscription.rv);
    if (!entries) {
      const error = status.expired(
        `too old resource version: ${subscription.rv} (${context.log.floor})`,
      );
      lines.push(line("ERROR", JSON.stringify(error.toStatus())));
      return { lines, ended: true };
    }
    const selection = selectionFor(resource, subscription);
    for (const entry of entries) {
      if (entry.resource !== resource.id) continue;
      const event = eventOf(resource, selection, entry);
      if (event) lines.push(encodeEntry(resource, subscription, event, entry, context.now));
    }
    subscription.rv = context.store.rv;
  }
  if (ended && subscription.bookmarks) lines.push(bookmark(resource, subscription, false));
  return { lines, ended };
}

function resourceOf(subscription: Subscription): Resource {
  const [group = "", version = "", plural = ""] = subscription.resource.split("/");
  const resource = resourceAt(group, version, plural);
  if (!resource) throw status.unknownPath();
  return resource;
}

const selections = new Map<string, Selection>();

function selectionFor(resource: Resource, subscription: Subscription): Selection {
  const { labelSelector, fieldSelector, namespace } = subscription;
  const key = `${subscription.resource}\0${namespace}\0${labelSelector}\0${fieldSelector}`;
  let found = selections.get(key);
  if (!found) {
    const query = new Map([
      ["labelSelector", labelSelector],
      ["fieldSelector", fieldSelector],
    ]);
    const info = { namespace, query: { get: (k: string) => query.get(k) ?? "" } };
    found = selectionOf(resource, info as unknown as RequestInfo);
    if (selections.size > 1000) selections.clear();
    selections.set(key, found);
  }
  return found;
}

/** What a revision is to a selection: an object leaving it is DELETED, one entering it ADDED. */
function eventOf(
  resource: Resource,
  selection: Selection,
  entry: LogEntry,
): "ADDED" | "MODIFIED" | "DELETED" | undefined {
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
  const { name, namespace } = entry;
  const own = resource.view ? fieldsOf(resource, entry.object) : entry.previousFields;
  return selection.fields.matches({ ...own, "metadata.name": name, "metadata.namespace": namespace });
}

const line = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`;

/** Encoded once per revision and form; many watchers share the text. */
const encoded = new WeakMap<LogEntry, Map<string, string>>();

function encodeEntry(
  resource: Resource,
  subscription: Subscription,
  type: "ADDED" | "MODIFIED" | "DELETED",
  entry: LogEntry,
  now: number,
): string {
  const object = entry.object;
  if (subscription.as === "object" && !resource.view) return line(type, entry.text);
  const form = `${type}${subscription.as}${subscription.includeObject}${subscription.headersSent}${subscription.resource}${subscription.as === "table" ? Math.floor(now / 1000) : ""}`;
  let forms = encoded.get(entry);
  if (!forms) encoded.set(entry, (forms = new Map()));
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
  const object = resource.view ? resource.view.fromStored(stored) : stored;
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
export function bookmark(resource: Resource, subscription: Subscription, initialEnd: boolean): string {
  const metadata: Record<string, unknown> = {
    resourceVersion: String(subscription.rv),
    creationTimestamp: null,
  };
  if (initialEnd) metadata["annotations"] = { "k8s.io/initial-events-end": "true" };
  const { kind, apiVersion } = resource;
  if (subscription.as === "table") {
    const object = { kind, apiVersion, metadata };
    const rows = [{ cells: [], object }];
    return line(
      "BOOKMARK",
      JSON.stringify({ kind: "Table", apiVersion: "meta.k8s.io/v1", metadata: { resourceVersion: String(subscription.rv) }, columnDefinitions: null, rows }),
    );
  }
  if (subscription.as === "partial") {
    return line("BOOKMARK", JSON.stringify({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata }));
  }
  return line("BOOKMARK", JSON.stringify({ kind, apiVersion, metadata }));
}

/** The heartbeat of a quiet watch: a BOOKMARK where the client allowed it, else a bare newline. */
export function heartbeat(subscription: Subscription): string {
  return subscription.bookmarks ? bookmark(resourceOf(subscription), subscription, false) : "\n";
}

export function includeObjectOf(info: RequestInfo): IncludeObject {
  const value = info.query.get("includeObject");
  if (value === "" || value === "Metadata") return "Metadata";
  if (value === "Object" || value === "None") return value;
  throw status.badRequest(
    `unrecognized includeObject value: "${value}"`,
  );
}

function timeoutSeconds(info: RequestInfo, context: WatchContext): number {
  const asked = Number(info.query.get("timeoutSeconds") || 0);
  if (asked > 0) return Math.min(asked, watchSecondsMax);
  return Math.round(watchSecondsMin * (1 + context.random()));
}

/** k8s: apis/meta/internalversion/validation ValidateListOptions */
function checkOptions(info: RequestInfo): void {
  const { query } = info;
  const errors: FieldError[] = [];
  const match = query.get("resourceVersionMatch");
  if (query.has("sendInitialEvents")) {
    if (match !== "NotOlderThan") {
      errors.push(
        match
          ? {
              type: "FieldValueNotSupported",
              field: "resourceVersionMatch",
              message: `Unsupported value: "${match}": supported values: "NotOlderThan"`,
            }
          : forbiddenField(
              "resourceVersionMatch",
              "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ),
      );
    }
  } else if (match) {
    errors.push(
      forbiddenField(
        "resourceVersionMatch",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      ),
    );
  }
  if (errors.length) throw invalidObject("meta.k8s.io", "ListOptions", "", errors);
  const rv = query.get("resourceVersion");
  if (rv && !/^\d+$/.test(rv)) {
    throw status.badRequest(`Invalid value: "${rv}": strconv.ParseUint: parsing "${rv}": invalid syntax`);
  }
}
