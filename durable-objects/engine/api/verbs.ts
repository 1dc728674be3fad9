/** get, list, watch, create, update, patch, delete, deletecollection of any kind. */
import type { KubeObject } from "../core/object.ts";
import { objectKey } from "../core/object.ts";
import type { ApiResponse } from "../ports.ts";
import { decodeAs, fieldValidationOf, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { deleteOptions } from "./delete-options.ts";
import { invalidObject, notSupported } from "./field.ts";
import { candidates, list, matches, selectionOf } from "./list.ts";
import { formOf, type Form } from "./negotiation.ts";
import type { WriteOptions } from "./operations.ts";
import { patch } from "./patch-request.ts";
import { json, jsonText, yamlReply } from "./reply.ts";
import { resourceOfKind, type Resource } from "./resources.ts";
import * as status from "./status.ts";
import { partial, table } from "./table.ts";
import { futureRevision, includeObjectOf, openWatch } from "./watch.ts";

/** How a call's writes are done. k8s: handlers' managerOrUserAgent */
export function writeOptions(call: Call, subresource = ""): WriteOptions {
  const { info, request, user, warnings } = call;
  const manager = info.query.get("fieldManager");
  const errors = [];
  if (info.query.has("dryRun") && info.query.all("dryRun").some((v) => v !== "All")) {
    errors.push(notSupported("dryRun", info.query.all("dryRun"), ["All"]));
  }
  if (manager.length > 128) {
    errors.push({ type: "FieldValueTooLong" as const, field: "fieldManager", message: "Too long: may not be more than 128 bytes" });
  }
  if (errors.length) throw invalidObject("meta.k8s.io", `${optionsKind(info.verb)}`, "", errors);
  const agent = (request.headers["user-agent"] ?? "unknown").split("/")[0] as string;
  return {
    user,
    dryRun: info.query.get("dryRun") === "All",
    fieldManager: manager || agent.slice(0, 128) || "unknown",
    subresource,
    warn: (text) => warnings.push(text),
  };
}

const optionsKind = (verb: string): string =>
  verb === "create" ? "CreateOptions" : verb === "patch" ? "PatchOptions" : "UpdateOptions";

/** The object as the version asked for shows it. */
export function shown(resource: Resource, stored: KubeObject): KubeObject {
  return resource.view ? resource.view.fromStored(stored) : stored;
}

/** Answers with one object in the form the client accepts. */
export function objectReply(call: Call, code: number, stored: KubeObject): ApiResponse {
  const { form, yaml } = formOf(call.request.headers["accept"], true);
  const object = shown(call.resource, stored);
  if (form === "table") {
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    return json(code, table(call.resource, [object], includeObjectOf(call.info), call.context.reader.now, metadata));
  }
  if (form === "partial") return json(code, partial(object));
  if (form === "partial-list") throw status.notAcceptable(["application/json"]);
  return yaml ? yamlReply(code, object) : json(code, object);
}

export function existing(call: Call): KubeObject {
  const { context, resource, info } = call;
  const object = context.store.get(resource.id, scopeOf(call), info.name);
  if (!object) throw status.notFound(resource, info.name);
  return object;
}

/** Namespace of the call's object; "" for cluster-scoped kinds. */
export const scopeOf = (call: Call): string => (call.resource.namespaced ? call.info.namespace : "");

function get(call: Call): ApiResponse {
  checkRevision(call, call.info.query.get("resourceVersion"));
  return objectReply(call, 200, existing(call));
}

function checkRevision(call: Call, resourceVersion: string): void {
  const { rv } = call.context.store;
  if (Number(resourceVersion) > rv) throw futureRevision(Number(resourceVersion), rv);
}

function listAll(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const { form, yaml } = formOf(call.request.headers["accept"], true);
  if (form === "partial") throw status.notAcceptable(["application/json"]);
  const found = list(context.store, resource, info, {
    check: (rv) => checkRevision(call, rv),
    expired: (rv) => rv < context.log.floor,
  });
  const metadata = {
    resourceVersion: found.resourceVersion,
    ...(found.continue === undefined ? {} : { continue: found.continue }),
    ...(found.remainingItemCount === undefined ? {} : { remainingItemCount: found.remainingItemCount }),
  };
  const items = resource.view ? found.items.map((o) => shown(resource, o)) : found.items;
  if (form === "table") {
    return json(200, table(resource, items, includeObjectOf(info), context.reader.now, metadata));
  }
  if (form === "partial-list") {
    const kind = "PartialObjectMetadataList";
    return json(200, { kind, apiVersion: "meta.k8s.io/v1", metadata, items: items.map(partial) });
  }
  const kind = `${resource.kind}List`;
  const bare = items.map(({ apiVersion: _a, kind: _k, ...rest }) => rest);
  const body = { kind, apiVersion: resource.apiVersion, metadata, items: bare };
  return yaml ? yamlReply(200, body) : json(200, body);
}

function watch(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const { form } = formOf(call.request.headers["accept"], true);
  const opened = openWatch(
    {
      store: context.store,
      log: context.log,
      now: context.reader.now,
      wallNow: context.wallNow,
      random: () => (context.wallNow % 1000) / 1000,
    },
    resource,
    info,
    form === "partial-list" ? ("partial" satisfies Form) : form,
  );
  return {
    type: "watch",
    status: 200,
    headers: {
      "content-type": "application/json",
      "content-encoding": "identity",
      "cache-control": "no-cache, private, no-transform",
    },
    ...opened,
  };
}

/** The body as this kind, checked against the URL. k8s: rest.BeforeCreate, handlers/rest.go checkName */
export function readObject(call: Call): KubeObject {
  const { request, resource, info } = call;
  const read = readBody(request);
  // What the body leaves out is what the URL says. k8s: serializer/json/json.go gvkWithDefaults
  const body = {
    ...read,
    kind: read.kind || resource.kind,
    apiVersion: read.apiVersion || resource.apiVersion,
  };
  if (body.apiVersion !== resource.apiVersion || body.kind !== resource.kind) throw wrongKind(resource, body);
  const type = resource.view?.type ?? resource.hooks.type;
  const object = decodeAs(type, resource, body, fieldValidationOf(info), (t) => call.warnings.push(t));
  const given = object.metadata.namespace ?? "";
  if (resource.namespaced && info.namespace && given && given !== info.namespace) {
    throw status.badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  return resource.view ? resource.view.toStored(object) : object;
}

/** k8s: handlers/create.go, handlers/rest.go transformDecodeError */
function wrongKind(resource: Resource, body: { apiVersion: string; kind: string }): status.StatusError {
  if (body.apiVersion !== resource.apiVersion) {
    return status.badRequest(
      `the API version in the data (${body.apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    );
  }
  const version = body.apiVersion.split("/").at(-1) as string;
  const why = resourceOfKind(body.apiVersion, body.kind)
    ? `converting (${version}.${body.kind}) to (${version}.${resource.kind}): unknown conversion`
    : `no kind "${body.kind}" is registered for version "${body.apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  return status.badRequest(
    `${body.kind} in version "${version}" cannot be handled as a ${resource.kind}: ${why}`,
  );
}

function create(call: Call): ApiResponse {
  const { context, resource } = call;
  const options = writeOptions(call);
  const object = readObject(call);
  const namespace = resource.namespaced ? call.info.namespace || object.metadata.namespace || "" : "";
  if (resource.namespaced && !namespace) throw notOnCollection(resource);
  const created = context.operations.create(resource, namespace, object, options);
  return objectReply(call, 201, created);
}

const notOnCollection = (resource: Resource): status.StatusError =>
  status.badRequest(`an empty namespace may not be set during creation of ${resource.plural}`);

function update(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const options = writeOptions(call);
  const object = readObject(call);
  checkName(call, object);
  const namespace = scopeOf(call);
  const current = context.store.get(resource.id, namespace, info.name);
  if (!current && resource.hooks.allowCreateOnUpdate) {
    if (object.metadata.uid) {
      throw status.conflict(resource, info.name, `Precondition failed: UID in precondition: ${object.metadata.uid}, UID in object meta: `);
    }
    return objectReply(call, 201, context.operations.create(resource, namespace, object, options));
  }
  const updated = context.operations.update(resource, namespace, info.name, () => object, options);
  return objectReply(call, 200, updated);
}

export function checkName(call: Call, object: KubeObject): void {
  const { name } = object.metadata;
  if (!name) {
    throw status.badRequest("name must be provided");
  }
  if (name !== call.info.name) {
    throw status.badRequest(`the name of the object (${name}) does not match the name on the URL (${call.info.name})`);
  }
}

function patchOne(call: Call): ApiResponse {
  const { object, created } = patch(call, writeOptions(call));
  return objectReply(call, created ? 201 : 200, object);
}

function remove(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const { options, dryRun } = deleteOptions(call);
  const write = { ...writeOptions(call), dryRun };
  const { object, gone } = context.operations.delete(resource, scopeOf(call), info.name, options, write);
  if (!gone || resource.id === "pods") return objectReply(call, 200, object);
  return jsonText(200, JSON.stringify(deleted(resource, object)));
}

/** k8s: handlers/delete.go: a Status where the object is gone at once. */
function deleted(resource: Resource, object: KubeObject): unknown {
  const { name, uid } = object.metadata;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name, ...(resource.group ? { group: resource.group } : {}), kind: resource.plural, uid },
  };
}

function deleteCollection(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const { options, dryRun } = deleteOptions(call);
  const write = { ...writeOptions(call), dryRun };
  const selection = selectionOf(resource, info);
  const chosen = candidates(context.store, resource, selection).filter((o) => matches(resource, selection, o));
  const items: KubeObject[] = [];
  for (const { metadata } of [...chosen]) {
    if (!context.store.get(resource.id, metadata.namespace ?? "", metadata.name)) continue;
    items.push(context.operations.delete(resource, metadata.namespace ?? "", metadata.name, options, write).object);
  }
  const metadata = { resourceVersion: String(context.store.rv) };
  const bare = items.map((o) => shown(resource, o)).map(({ apiVersion: _a, kind: _k, ...rest }) => rest);
  return json(200, { kind: `${resource.kind}List`, apiVersion: resource.apiVersion, metadata, items: bare });
}

export const keyOf = (object: KubeObject): string => objectKey(object.metadata.namespace, object.metadata.name);

export const verbs: Record<string, (call: Call) => ApiResponse> = {
  get,
  list: listAll,
  watch,
  create,
  update,
  patch: patchOne,
  delete: remove,
  deletecollection: deleteCollection,
};
