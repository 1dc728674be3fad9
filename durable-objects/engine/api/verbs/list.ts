import type { KubeObject } from "../../core/object.ts";
import * as status from "../../machinery/status.ts";
import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import type { Resource } from "../discovery/registry.ts";
import { list, isInconsistent, type Listed } from "../read/list.ts";
import { shown, wantedOf } from "../read/object.ts";
import { checkRevision } from "../read/revision.ts";
import { partial, table } from "../read/table.ts";
import { goType } from "../request/identity.ts";
import { includeObjectOf } from "../request/negotiation.ts";
import { protobufReply, written } from "../request/reply.ts";
import { recordHeartbeat } from "../write/heartbeat.ts";

export function listAll(call: Call): ApiResponse {
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

/** A page, as of the revision that its list is of. */
export function listed(call: Call, itemsMax?: number): Listed {
  const { context, resource, info } = call;
  const { store, log, reader } = context;
  // The rest of a list whose revision is forgotten is of another revision.
  if (isInconsistent(info.query)) recordHeartbeat(context);
  const at = { store, log, now: reader.now };
  return list(at, resource, info, (rv) => checkRevision(call, rv), itemsMax);
}

/** Items of typed lists carry no kind of their own. */
export function listOf(
  resource: Resource,
  metadata: object,
  items: readonly KubeObject[],
): unknown {
  const bare = items.map(({ apiVersion: _a, kind: _k, ...rest }) => rest);
  return { kind: `${resource.kind}List`, apiVersion: resource.apiVersion, metadata, items: bare };
}
