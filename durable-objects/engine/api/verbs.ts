/** get, list, watch, create, update, patch, delete, deletecollection of any kind. */
import { collectionDeletesMax } from "../core/limits.ts";
import { type KubeObject, objectKey } from "../core/object.ts";
import type { ApiResponse } from "../ports/request.ts";
import { decodeAs, fieldValidationOf, readBodyOf } from "./request/body.ts";
import type { Reader } from "../ports/controller.ts";
import type { Call } from "./context.ts";
import { deleteOptions } from "./request/delete-options.ts";
import { aggregate } from "../machinery/field.ts";
import {
  includeObjectOf,
  formOf,
  hasProtobuf,
  type Form,
  type Wanted,
} from "./request/negotiation.ts";
import { recordHeartbeat } from "./write/heartbeat.ts";
import { isInconsistent, list, notANumber, type Listed } from "./read/list.ts";
import { withNulls } from "./request/nulls.ts";
import { patch } from "./write/patch-request.ts";
import { checkName, checkNamespace, goType, wrongKind } from "./request/identity.ts";
import { protobufReply, written } from "./request/reply.ts";
import type { Resource } from "./discovery/registry.ts";
import { partial, table } from "./read/table.ts";
import { futureRevision, openWatch } from "./read/watch.ts";
import * as status from "../machinery/status.ts";
import { ofDelete, writeOptions } from "./request/write-options.ts";

/** The object as it is now, as the version asked for shows it. */
export function shown(resource: Resource, stored: KubeObject, reader: Reader): KubeObject {
  const object = resource.hooks.present?.(stored, reader.now, reader) ?? stored;
  return resource.servedVersion
    ? resource.servedVersion.fromStored(object)
    : withNulls(resource.hooks, object);
}

/** Answers with one object in the form the client accepts. */
export function objectReply(call: Call, code: number, stored: KubeObject): ApiResponse {
  const wanted = wantedOf(call);
  const { form, group } = wanted;
  const object = shown(call.resource, stored, call.context.reader);
  if (form === "table") {
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const rows = table(
      call.resource,
      [object],
      includeObjectOf(call.info),
      call.context.reader.now,
      metadata,
    );
    return written(code, { ...rows, apiVersion: group }, wanted);
  }
  if (form === "partial") return written(code, partial(object, group), wanted);
  if (form === "partial-list") {
    throw status.notConvertible(
      `you requested PartialObjectMetadataList, but the requested object is not a list (${goType(call.resource)})`,
    );
  }
  return written(code, object, wanted);
}

/** The encoding and form of the call's answer. */
export const wantedOf = ({ request, resource }: Call): Wanted =>
  formOf(request.headers["accept"], true, hasProtobuf(resource));

/** The object that the request names. Throws 404. */
export function existing(call: Call): KubeObject {
  const { context, resource, info } = call;
  const object = context.store.get(resource.id, scopeOf(call), info.name);
  if (!object) throw status.notFound(resource, info.name);
  return object;
}

/** Namespace of the call's object; "" for cluster-scoped kinds. */
export const scopeOf = (call: Call): string =>
  call.resource.namespaced ? call.info.namespace : "";

function get(call: Call): ApiResponse {
  checkRevision(call, call.info.query.get("resourceVersion"));
  return objectReply(call, 200, existing(call));
}

function checkRevision(call: Call, resourceVersion: string): void {
  const { rv } = call.context.store;
  if (resourceVersion && !/^\d+$/.test(resourceVersion)) {
    throw status.plainError(aggregate([notANumber(resourceVersion)]));
  }
  if (Number(resourceVersion) > rv) throw futureRevision(Number(resourceVersion), rv);
}

/** A page, as of the revision that its list is of. */
function listed(call: Call, itemsMax?: number): Listed {
  const { context, resource, info } = call;
  const { store, log, reader } = context;
  // The rest of a list whose revision is forgotten is of another revision.
  if (isInconsistent(info.query)) recordHeartbeat(context);
  const at = { store, log, now: reader.now };
  return list(at, resource, info, (rv) => checkRevision(call, rv), itemsMax);
}

function listAll(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const wanted = wantedOf(call);
  const { form, group } = wanted;
  const found = listed(call);
  if (form === "partial") {
    throw status.notConvertible(
      `you requested PartialObjectMetadata, but the requested object is a list (${goType(resource, "List")})`,
    );
  }
  const metadata = {
    resourceVersion: found.resourceVersion,
    ...(found.continue === undefined ? {} : { continue: found.continue }),
    ...(found.remainingItemCount === undefined
      ? {}
      : { remainingItemCount: found.remainingItemCount }),
  };
  const items = found.items.map((o) => shown(resource, o, context.reader));
  if (form === "table") {
    const rows = table(resource, items, includeObjectOf(info), context.reader.now, metadata);
    return written(200, { ...rows, apiVersion: group }, wanted);
  }
  if (form === "partial-list") {
    const kind = "PartialObjectMetadataList";
    const partials = items.map((o) => partial(o, group));
    return written(200, { kind, apiVersion: group, metadata, items: partials }, wanted);
  }
  if (wanted.protobuf && found.items.every((stored, i) => stored === items[i])) {
    const { kind, apiVersion } = resource;
    const body = { kind: `${kind}List`, apiVersion, metadata, items };
    return protobufReply(200, body, true);
  }
  return written(200, listOf(resource, metadata, items), wanted);
}

/** Items of typed lists carry no kind of their own. */
function listOf(resource: Resource, metadata: object, items: readonly KubeObject[]): unknown {
  const bare = items.map(({ apiVersion: _a, kind: _k, ...rest }) => rest);
  return { kind: `${resource.kind}List`, apiVersion: resource.apiVersion, metadata, items: bare };
}

function watch(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const { form, protobuf } = wantedOf(call);
  const opened = openWatch(
    {
      store: context.store,
      log: context.log,
      registry: context.registry,
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
      "content-type": protobuf
        ? "application/vnd.kubernetes.protobuf;stream=watch"
        : "application/json",
      "content-encoding": "identity",
      "cache-control": "no-cache, private, no-transform",
    },
    ...opened,
  };
}

/** The body as this kind. k8s: handlers/create.go, handlers/update.go */
export function readObject(call: Call): KubeObject {
  const { context, request, resource, info } = call;
  const read = readBodyOf(request, resource.kind);
  // What the body leaves out is what the URL says. k8s: serializer/json/json.go gvkWithDefaults
  const body = {
    ...read,
    kind: read.kind || resource.kind,
    apiVersion: read.apiVersion || resource.apiVersion,
  };
  if (body.apiVersion !== resource.apiVersion || body.kind !== resource.kind)
    throw wrongKind(context.registry, resource, body);
  const schema = resource.servedVersion?.schema ?? resource.hooks.schema;
  const object = decodeAs(context.registry, schema, resource, body, fieldValidationOf(info), (t) =>
    call.warnings.push(t),
  );
  object.metadata ??= {} as KubeObject["metadata"];
  return resource.servedVersion ? resource.servedVersion.toStored(object) : object;
}

function create(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const options = writeOptions(call);
  const object = readObject(call);
  checkNamespace(call, object);
  const namespace = resource.namespaced ? info.namespace : "";
  return objectReply(call, 201, context.operations.create(resource, namespace, object, options));
}

function update(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const options = writeOptions(call);
  const object = readObject(call);
  checkNamespace(call, object);
  checkName(call, object);
  const namespace = scopeOf(call);
  const current = context.store.get(resource.id, namespace, info.name);
  if (!current && resource.hooks.allowCreateOnUpdate) {
    if (object.metadata.uid) {
      throw status.conflict(
        resource,
        info.name,
        `Precondition failed: UID in precondition: ${object.metadata.uid}, UID in object meta: `,
      );
    }
    return objectReply(call, 201, context.operations.create(resource, namespace, object, options));
  }
  const updated = context.operations.update(resource, namespace, info.name, () => object, options);
  return objectReply(call, 200, updated);
}

function patchOne(call: Call): ApiResponse {
  const { object, created } = patch(call, writeOptions(call));
  return objectReply(call, created ? 201 : 200, object);
}

function remove(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const { options, dryRun, code } = deleteOptions(call);
  const write = { ...ofDelete(call), dryRun };
  const { object, gone } = context.operations.delete(
    resource,
    scopeOf(call),
    info.name,
    options,
    write,
  );
  if (!gone) return objectReply(call, code, object);
  if (returnsDeleted.has(resource.id)) return objectReply(call, 200, object);
  return written(200, deleted(resource, object), wantedOf(call));
}

/** Kinds whose deletion answers with the object. k8s: genericregistry.Store.ReturnDeletedObject */
const returnsDeleted = new Set([
  "namespaces",
  "persistentvolumeclaims",
  "persistentvolumes",
  "pods",
  "podtemplates",
  "resourcequotas",
  "serviceaccounts",
  "services",
  "storageclasses.storage.k8s.io",
]);

/** k8s: registry/generic/registry/store.go finalizeDelete: a Status where the object is gone at once. */
function deleted(resource: Resource, object: KubeObject): unknown {
  const { name, uid } = object.metadata;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name,
      ...(resource.group ? { group: resource.group } : {}),
      kind: resource.plural,
      uid,
    },
  };
}

function deleteCollection(call: Call): ApiResponse {
  const { context, resource } = call;
  const { items: chosen, ...found } = listed(call, collectionDeletesMax);
  if (chosen.length === collectionDeletesMax && found.continue !== undefined) {
    call.warnings.push(
      `only the first ${collectionDeletesMax} were deleted, ask again for the others`,
    );
  }
  const { options, dryRun } = deleteOptions(call);
  const write = { ...ofDelete(call), dryRun };
  for (const { metadata } of chosen) {
    const { namespace = "", name } = metadata;
    if (!context.store.get(resource.id, namespace, name)) continue;
    context.operations.delete(resource, namespace, name, options, write);
  }
  // The answer tells what was found, not what became of it.
  const items = chosen.map((o) => shown(resource, o, context.reader));
  return written(200, listOf(resource, found, items), wantedOf(call));
}

export const keyOf = (object: KubeObject): string =>
  objectKey(object.metadata.namespace, object.metadata.name);

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
