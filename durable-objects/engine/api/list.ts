/** LIST: options, selectors, paging. k8s: apiserver/pkg/endpoints/handlers/get.go, apis/meta/internalversion/validation */
import { decodeBase64Url, encodeBase64Url } from "../core/base64url.ts";
import type { KubeObject } from "../core/object.ts";
import type { Store } from "../core/store.ts";
import { decodeUtf8, encodeUtf8 } from "../core/utf8.ts";
import { invalidObject, forbiddenField, invalid, type FieldError } from "./field.ts";
import type { RequestInfo, URLQuery } from "./request-info.ts";
import type { Resource } from "./resources.ts";
import { parseFieldSelector, type FieldSelector } from "./field-selectors.ts";
import { parseLabelSelector, type Selector } from "./selectors.ts";
import * as status from "./status.ts";

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
export function selectionOf(resource: Resource, info: RequestInfo): Selection {
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
  if (known.size > 2) return status.badRequest(`field label not supported: ${field}`);
  return status.badRequest(
    `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

const fieldNames = new Map<string, Set<string>>();

/** Labels that a field selector may name: asked of the kind with an empty object. */
function selectableFields(resource: Resource): Set<string> {
  const id = `${resource.apiVersion}/${resource.plural}`;
  let names = fieldNames.get(id);
  if (!names) {
    const empty = { apiVersion: "", kind: "", metadata: {}, spec: {}, status: {} } as unknown as KubeObject;
    const own = resource.view?.fields ?? resource.hooks.fields;
    names = new Set(["metadata.name", "metadata.namespace", ...Object.keys(own?.(empty) ?? {})]);
    fieldNames.set(id, names);
  }
  return names;
}

export function fieldsOf(resource: Resource, object: KubeObject): Record<string, string> {
  const own = (resource.view?.fields ?? resource.hooks.fields)?.(object);
  return {
    "metadata.name": object.metadata.name,
    "metadata.namespace": object.metadata.namespace ?? "",
    ...own,
  };
}

export function matches(resource: Resource, selection: Selection, object: KubeObject): boolean {
  if (selection.namespace && object.metadata.namespace !== selection.namespace) return false;
  if (selection.labels && !selection.labels.matches(object.metadata.labels ?? {})) return false;
  if (selection.fields && !selection.fields.matches(fieldsOf(resource, object))) return false;
  return true;
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

export function list(store: Store, resource: Resource, info: RequestInfo, revision: RevisionCheck): Listed {
  const selection = selectionOf(resource, info);
  const options = listOptions(info.query, resource);
  revision.check(options.resourceVersion);
  const all = candidates(store, resource, selection).filter((o) => matches(resource, selection, o));
  const from = options.continueFrom;
  const start = from === undefined ? 0 : firstAfter(all, from.key);
  const rv = from && !from.inconsistent ? String(from.rv) : String(store.rv);
  const unlimited = options.limit === 0 || (options.resourceVersion === "0" && !from);
  const end = unlimited ? all.length : Math.min(all.length, start + options.limit);
  const page = start === 0 && end === all.length ? all : all.slice(start, end);
  const result: Listed = { items: [...page], resourceVersion: rv };
  const last = page.at(-1);
  if (end < all.length && last) {
    result.continue = continueToken(Number(rv), keyOf(last));
    if (!selection.labels && !selection.fields) result.remainingItemCount = all.length - end;
  }
  return result;
}

/** What the log still knows: resource versions of the future, expired continue tokens. */
export interface RevisionCheck {
  check(resourceVersion: string): void;
  /** True when a list at this revision can no longer be told. */
  expired(rv: number): boolean;
}

interface ListOptions {
  limit: number;
  resourceVersion: string;
  continueFrom: { rv: number; key: string; inconsistent: boolean } | undefined;
}

function listOptions(query: URLQuery, resource: Resource): ListOptions {
  const errors: FieldError[] = [];
  const resourceVersion = query.get("resourceVersion");
  const match = query.get("resourceVersionMatch");
  const token = query.get("continue");
  const limitText = query.get("limit");
  if (limitText && !/^-?\d+$/.test(limitText)) {
    throw status.badRequest(`strconv.ParseInt: parsing "${limitText}": invalid syntax`);
  }
  if (query.has("sendInitialEvents")) {
    errors.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (match) {
    if (!resourceVersion) {
      errors.push(
        forbiddenField("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"),
      );
    }
    if (token) {
      errors.push(
        forbiddenField("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"),
      );
    }
    if (match !== "Exact" && match !== "NotOlderThan") {
      errors.push({
        type: "FieldValueNotSupported",
        field: "resourceVersionMatch",
        message: `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
      });
    } else if (match === "Exact" && resourceVersion === "0") {
      errors.push(
        forbiddenField("resourceVersionMatch", `resourceVersionMatch "Exact" is forbidden for resourceVersion "0"`),
      );
    }
  }
  if (errors.length) throw invalidObject("meta.k8s.io", "ListOptions", "", errors);
  if (resourceVersion && !/^\d+$/.test(resourceVersion)) {
    throw status.badRequest(`Invalid value: "${resourceVersion}": strconv.ParseUint: parsing "${resourceVersion}": invalid syntax`);
  }
  if (token && resourceVersion && resourceVersion !== "0") {
    throw status.badRequest("specifying resource version is not allowed when using continue");
  }
  const limit = Math.max(0, Number(limitText || 0));
  return { limit, resourceVersion, continueFrom: token ? readToken(token) : undefined };
}

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
function continueToken(rv: number, start: string): string {
  return encodeBase64Url(encodeUtf8(JSON.stringify({ v: "meta.k8s.io/v1", rv, start })));
}

export const inconsistentToken = (start: string): string => continueToken(-1, start);

function readToken(token: string): ListOptions["continueFrom"] {
  let value: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    value = JSON.parse(decodeUtf8(decodeBase64Url(token))) as typeof value;
  } catch {
    throw status.badRequest("continue key is not valid: illegal base64 data at input byte 0");
  }
  if (value.v !== "meta.k8s.io/v1") {
    throw status.badRequest("continue key is not valid: server does not recognize this encoded version");
  }
  const { rv, start } = value;
  if (typeof rv !== "number" || typeof start !== "string" || rv === 0) {
    throw status.badRequest("continue key is not valid: incorrect encoded start resourceVersion");
  }
  return { rv, key: start, inconsistent: rv < 0 };
}
