import { listPieceItems } from "../../core/limits.ts";
import type { KubeObject } from "../../core/object.ts";
import * as status from "../../machinery/status.ts";
import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import type { Resource } from "../discovery/registry.ts";
import { list, isInconsistent, type Listed } from "../read/list.ts";
import { shown, wantedOf } from "../read/object.ts";
import { checkRevision } from "../read/revision.ts";
import { partial, table, type Table } from "../read/table.ts";
import { goType } from "../request/identity.ts";
import { includeObjectOf } from "../request/negotiation.ts";
import { piecesReply } from "../request/pieces.ts";
import { protobufReply, written } from "../request/reply.ts";
import { recordHeartbeat } from "../write/heartbeat.ts";

export function listAll(call: Call): ApiResponse {
  const { context, request, resource, info } = call;
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
  const isLong = request.takesPieces && items.length > listPieceItems;
  const inPieces = isLong && !wanted.yaml && !wanted.protobuf;
  if (form === "table") {
    const { now } = context.reader;
    const rowsOf = (some: readonly KubeObject[]): Table =>
      table(resource, some, includeObjectOf(info), now, metadata);
    if (!inPieces) return written(200, { ...rowsOf(items), apiVersion: group }, wanted);
    const { rows: _, ...head } = rowsOf([]);
    const rowAt = (i: number): unknown => rowsOf([items[i] as KubeObject]).rows[0];
    return piecesReply({ ...head, apiVersion: group }, "rows", items.length, rowAt);
  }
  if (form === "partial-list") {
    const head = { kind: "PartialObjectMetadataList", apiVersion: group, metadata };
    const partialAt = (i: number): unknown => partial(items[i] as KubeObject, group);
    if (inPieces) return piecesReply(head, "items", items.length, partialAt);
    return written(200, { ...head, items: items.map((_, i) => partialAt(i)) }, wanted);
  }
  if (inPieces) {
    const head = { kind: listKindOf(resource), apiVersion: resource.apiVersion, metadata };
    const itemAt = (i: number): unknown => itemOf(resource, items[i] as KubeObject);
    return piecesReply(head, "items", items.length, itemAt);
  }
  if (wanted.protobuf && found.items.every((stored, i) => stored === items[i])) {
    const { kind, apiVersion } = resource;
    const body = { kind: `${kind}List`, apiVersion, metadata, items };
    return protobufReply(200, body, true);
  }
  return written(200, listOf(resource, metadata, items), wanted);
}

/** A page, as of the revision that its list is of. */
export function listed(call: Call, itemsMax?: number): Listed {
  const { context, resource, info } = call;
  const { store, log, reader } = context;
  // The rest of a list whose revision is forgotten is of another revision.
  if (isInconsistent(info.query)) recordHeartbeat(context);
  const at = { store, log, now: reader.now };
  const found = list(at, resource, info, (rv) => checkRevision(call, rv), itemsMax);
  resource.hooks.custom?.readAll(found.items);
  return found;
}

/** Items of typed lists carry no kind of their own, custom resources do. */
export function listOf(
  resource: Resource,
  metadata: object,
  items: readonly KubeObject[],
): unknown {
  const { apiVersion } = resource;
  const all = items.map((item) => itemOf(resource, item));
  return { kind: listKindOf(resource), apiVersion, metadata, items: all };
}

const listKindOf = ({ kind, hooks }: Resource): string => hooks.custom?.listKind ?? `${kind}List`;

const itemOf = ({ hooks }: Resource, item: KubeObject): unknown =>
  hooks.custom ? item : bare(item);

function bare({ apiVersion: _a, kind: _k, ...rest }: KubeObject): unknown {
  return rest;
}
