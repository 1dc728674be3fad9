/** LIST: options, selectors, paging. k8s: apiserver/pkg/endpoints/handlers/get.go, apis/meta/internalversion/validation */
import { decodeBase64Url, encodeBase64Url } from "../../core/base64url.ts";
import type { Log } from "../../core/log.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Store } from "../../core/store.ts";
import { decodeUtf8, encodeUtf8 } from "../../core/utf8.ts";
import {
  forbiddenField,
  goQuote,
  invalid,
  invalidObject,
  notSupported,
  type FieldError,
} from "../../machinery/field.ts";
import type { RequestInfo, URLQuery } from "../request/request-info.ts";
import type { Resource } from "../discovery/registry.ts";
import { parseFieldSelector, type FieldSelector } from "../request/field-selectors.ts";
import { parseLabelSelector, type Selector } from "../../machinery/selectors.ts";
import { compactIntervalMs } from "../../core/limits.ts";
import { parseJson } from "../../schema/parse.ts";
import { stateAt } from "./state-at.ts";
import * as status from "../../machinery/status.ts";

export interface Selection {
  labels: Selector | undefined;
  fields: FieldSelector | undefined;
  namespace: string;
}

export interface Listed {
  items: KubeObject[];
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

/** Reads and checks both selectors; unknown field labels are refused as upstream words it. */
export function selectionOf(
  resource: Resource,
  info: Pick<RequestInfo, "namespace"> & { query: Pick<RequestInfo["query"], "get"> },
): Selection {
  const labelText = info.query.get("labelSelector");
  const fieldText = info.query.get("fieldSelector");
  const labels = labelText ? parseLabelSelector(labelText) : undefined;
  const fields = fieldText ? parseFieldSelector(fieldText) : undefined;
  const known = fields ? selectableFields(resource) : undefined;
  for (const term of fields?.terms ?? []) {
    if (known && !known.has(term.field)) throw unknownField(resource, term.field, known);
  }
  return { labels, fields, namespace: resource.namespaced ? info.namespace : "" };
}

/** k8s: apimachinery/pkg/runtime/conversion.go DefaultMetaV1FieldSelectorConversion and the kinds' own */
function unknownField(resource: Resource, field: string, known: Set<string>): status.StatusError {
  if (known.size > 2 || resource.hooks.custom)
    return status.badRequest(`field label not supported: ${field}`);
  return status.badRequest(
    `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

const fieldNames = new WeakMap<Resource, Set<string>>();

/** Labels that a field selector may name: asked of the kind with an empty object. */
function selectableFields(resource: Resource): Set<string> {
  let names = fieldNames.get(resource);
  if (!names) {
    const empty = {
      apiVersion: "",
      kind: "",
      metadata: {},
      spec: {},
      status: {},
    } as unknown as KubeObject;
    const own = resource.servedVersion?.fields ?? resource.hooks.fields;
    names = new Set(["metadata.name", "metadata.namespace", ...Object.keys(own?.(empty) ?? {})]);
    fieldNames.set(resource, names);
  }
  return names;
}

/** What field selectors can ask of an object, by path. */
export function fieldsOf(resource: Resource, object: KubeObject): Record<string, string> {
  const own = (resource.servedVersion?.fields ?? resource.hooks.fields)?.(object);
  return {
    "metadata.name": object.metadata.name,
    "metadata.namespace": object.metadata.namespace ?? "",
    ...own,
  };
}

/** Whether a selector asks for fields of custom resources, which are those of the version that is asked for. */
export const asksForOwnFields = ({ hooks }: Resource, { fields }: Selection): boolean =>
  hooks.custom !== undefined &&
  (fields?.terms.some(({ field }) => !field.startsWith("metadata.")) ?? false);

/** Whether an object fits the field selector, as it is shown. */
export function fitsFields(resource: Resource, selection: Selection, object: KubeObject): boolean {
  if (!selection.fields) return true;
  const shown = asksForOwnFields(resource, selection)
    ? (resource.hooks.custom?.read(object) ?? object)
    : object;
  return selection.fields.matches(fieldsOf(resource, shown));
}

function fitsLabels({ namespace, labels }: Selection, { metadata }: KubeObject): boolean {
  if (namespace && metadata.namespace !== namespace) return false;
  return !labels || labels.matches(metadata.labels ?? {});
}

/** Whether an object fits namespace, label and field selectors. */
export const matches = (resource: Resource, selection: Selection, object: KubeObject): boolean =>
  fitsLabels(selection, object) && fitsFields(resource, selection, object);

/** Those of them that fit; custom resources are converted together first, where their fields are asked for. */
export function matching(
  resource: Resource,
  selection: Selection,
  objects: readonly KubeObject[],
): KubeObject[] {
  const labelled = objects.filter((object) => fitsLabels(selection, object));
  if (!selection.fields) return labelled;
  if (asksForOwnFields(resource, selection)) resource.hooks.custom?.readAll(labelled);
  return labelled.filter((object) => fitsFields(resource, selection, object));
}

/** Candidates in key order, narrowed by an index where a selector allows it. */
export function candidates(
  store: Store,
  resource: Resource,
  selection: Selection,
): readonly KubeObject[] {
  const byName = selection.fields?.equalities["metadata.name"];
  if (byName !== undefined && (selection.namespace || !resource.namespaced)) {
    const object = store.get(resource.id, selection.namespace, byName);
    return object ? [object] : [];
  }
  if (resource.id === "pods" && selection.namespace) {
    let best: readonly KubeObject[] | undefined;
    for (const [key, value] of Object.entries(selection.labels?.equalities ?? {})) {
      const found = store.byIndex("pod.label", `${selection.namespace}\0${key}=${value}`);
      if (!best || found.length < best.length) best = found;
    }
    if (best) return best;
  }
  const node = selection.fields?.equalities["spec.nodeName"];
  if (resource.id === "pods" && node !== undefined) return store.byIndex("pod.node", node);
  const uid = selection.fields?.equalities["involvedObject.uid"];
  if (resource.id === "events" && uid !== undefined) return store.byIndex("event.uid", uid);
  return store.list(resource.id, selection.namespace || undefined);
}

/** One page, of `itemsMax` at most whatever the client asks for. Throws 400, 410, 422 or 504 in upstream's words. */
export function list(
  { store, log, now }: { store: Store; log: Log; now: number },
  resource: Resource,
  info: RequestInfo,
  checkRevision: (resourceVersion: string) => void,
  itemsMax = Infinity,
): Listed {
  const options = listOptions(info.query);
  const selection = selectionOf(resource, info);
  const from = readContinue(options);
  checkRevision(options.resourceVersion);
  const exact = exactRevision(options, from);
  if (from ? isCompacted(from.at, now) : exact !== undefined && isPast(log, exact, now)) {
    throw tooOld(from);
  }
  const rv = exact ?? store.rv;
  const known =
    exact === undefined || exact === store.rv
      ? candidates(store, resource, selection)
      : stateAt(store, log, resource.id, selection.namespace, exact)?.sort(inKeyOrder);
  if (!known) throw tooOld(from);
  const all = matching(resource, selection, known);
  const start = from === undefined ? 0 : firstAfter(all, from.key);
  // Any state will do, so upstream answers from its cache, whole. k8s: cacher shouldDelegateList
  const unlimited =
    options.limit === 0 || (options.resourceVersion === "0" && !from && !options.match);
  const most = Math.min(itemsMax, unlimited ? all.length : options.limit);
  const end = Math.min(all.length, start + most);
  const page = start === 0 && end === all.length ? all : all.slice(start, end);
  const result: Listed = { items: [...page], resourceVersion: String(rv) };
  const last = page.at(-1);
  if (end < all.length && last) {
    result.continue = continueToken(rv, `${keyOf(last)}\u0000`, now);
    if (!selection.labels && !selection.fields) result.remainingItemCount = all.length - end;
  }
  return result;
}

/** The one revision a list must show; undefined: the latest will do. k8s: storage.ValidateListOptions */
function exactRevision(options: ListOptions, from: ContinueFrom | undefined): number | undefined {
  if (from) return from.rv > 0 ? from.rv : undefined;
  const rv = Number(options.resourceVersion || 0);
  if (options.match === "Exact") return rv;
  if (options.match === "" && options.limit > 0 && rv > 0) return rv;
  return undefined;
}

/** k8s: storage/etcd3/compact.go: what was over an interval ago can be read no more */
const isCompacted = (at: number, now: number): boolean => now - at >= compactIntervalMs;

function isPast(log: Log, rv: number, now: number): boolean {
  for (const next of log.since(rv) ?? []) return isCompacted(next.at, now);
  return false;
}

const inKeyOrder = (a: KubeObject, b: KubeObject): number =>
  sortKey(keyOf(a)) < sortKey(keyOf(b)) ? -1 : 1;

const continueExpired =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/** k8s: storage/etcd3/errors.go interpretListError */
function tooOld(from: ContinueFrom | undefined): status.StatusError {
  if (!from) return status.expired("The resourceVersion for the provided list is too old.");
  return status.expired(continueExpired, continueToken(-1, from.key));
}

interface ListOptions {
  limit: number;
  resourceVersion: string;
  match: string;
  continue: string;
}

function listOptions(query: URLQuery): ListOptions {
  const limitText = query.get("limit");
  for (const key of ["limit", "timeoutSeconds"]) {
    const text = query.get(key);
    if (text && !/^[+-]?\d+$/.test(text)) {
      throw status.badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
    }
  }
  const options: ListOptions = {
    limit: Math.max(0, Number(limitText || 0)),
    resourceVersion: query.get("resourceVersion"),
    match: query.get("resourceVersionMatch"),
    continue: query.get("continue"),
  };
  const errors = listErrors(options, query);
  if (errors.length) throw invalidObject("meta.k8s.io", "ListOptions", "", errors);
  return options;
}

/** k8s: apis/meta/internalversion/validation ValidateListOptions */
function listErrors(options: ListOptions, query: URLQuery): FieldError[] {
  const errors: FieldError[] = [];
  const { match, resourceVersion } = options;
  const refuse = (field: string, detail: string): number =>
    errors.push(forbiddenField(field, detail));
  if (match && !resourceVersion) {
    refuse(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden unless resourceVersion is provided",
    );
  }
  if (match && options.continue) {
    refuse("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  }
  if (match && match !== "Exact" && match !== "NotOlderThan") {
    errors.push(notSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]));
  }
  if (match === "Exact" && resourceVersion === "0") {
    refuse(
      "resourceVersionMatch",
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  }
  if (query.has("sendInitialEvents")) {
    refuse("sendInitialEvents", "sendInitialEvents is forbidden for list");
  }
  return errors;
}

/** A resourceVersion that is none. k8s: storage/api_object_versioner.go ParseResourceVersion */
export const notANumber = (resourceVersion: string): FieldError =>
  invalid(
    "resourceVersion",
    resourceVersion,
    `strconv.ParseUint: parsing ${goQuote(resourceVersion)}: invalid syntax`,
  );

const keyOf = (object: KubeObject): string =>
  `${object.metadata.namespace ?? ""}/${object.metadata.name}`;

function firstAfter(sorted: readonly KubeObject[], key: string): number {
  let low = 0;
  let high = sorted.length;
  const order = sortKey(key);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sortKey(keyOf(sorted[middle] as KubeObject)) <= order) low = middle + 1;
    else high = middle;
  }
  return low;
}

const sortKey = (key: string): string => (key.startsWith("/") ? key.slice(1) : key);

/** Opaque to clients; upstream's is base64 JSON too. `rv: -1` marks the inconsistent continuation after a 410. */
function continueToken(rv: number, start: string, at?: number): string {
  const token = { v: "meta.k8s.io/v1", rv, start: sortKey(start), at };
  return encodeBase64Url(encodeUtf8(JSON.stringify(token)));
}

interface ContinueFrom {
  rv: number;
  key: string;
  /** When the page before it was read: a quiet cluster's revisions do not tell. */
  at: number;
}

/** k8s: storage.ValidateListOptions */
function readContinue(options: ListOptions): ContinueFrom | undefined {
  if (!options.continue) return undefined;
  const from = readToken(options.continue);
  if (options.resourceVersion && options.resourceVersion !== "0") {
    throw status.badRequest("specifying resource version is not allowed when using continue");
  }
  return from;
}

/** Whether a list goes on where its own revision is forgotten already. */
export const isInconsistent = (query: URLQuery): boolean => {
  const token = query.get("continue");
  return token !== "" && readToken(token).rv < 0;
};

/** k8s: storage/continue.go DecodeContinue */
function readToken(token: string): ContinueFrom {
  const refuse = (why: string): status.StatusError =>
    status.badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const illegal = token.search(/[^A-Za-z0-9_-]/);
  if (illegal >= 0 || token.length % 4 === 1) {
    throw refuse(`illegal base64 data at input byte ${illegal >= 0 ? illegal : token.length - 1}`);
  }
  let value: unknown;
  try {
    ({ value } = parseJson(decodeUtf8(decodeBase64Url(token))));
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const { v, rv, start, at } = (value ?? {}) as Record<string, unknown>;
  if (v !== "meta.k8s.io/v1")
    throw refuse(`server does not recognize this encoded version ${String(v ?? "")}`);
  if (typeof rv !== "number" || rv === 0) {
    throw refuse("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  if (typeof start !== "string" || start === "") {
    throw refuse("encoded start key empty (version meta.k8s.io/v1)");
  }
  if (/(^|\/)\.{0,2}(\/|$)/.test(start.replace(/^\//, ""))) throw refuse(start);
  return { rv, key: start, at: typeof at === "number" ? at : Number.POSITIVE_INFINITY };
}
