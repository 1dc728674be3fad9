/** Answers with objects that are worked out when asked for and never stored. */
import type { KubeObject } from "../../core/object.ts";
import type { ApiRequest, ApiResponse } from "../../ports/request.ts";
import type { ApiContext } from "../context.ts";
import { formOf, hasProtobuf, includeObjectOf } from "../request/negotiation.ts";
import { json, written } from "../request/reply.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { Resource } from "../discovery/registry.ts";
import { partial, table } from "./table.ts";

export interface ComputedCall {
  context: ApiContext;
  request: ApiRequest;
  info: RequestInfo;
  resource: Resource;
}

/**
 * A list of objects that are worked out when read, in the form that the client wants (JSON, table, metadata only,
 * protobuf).
 */
export function computedList(
  { context, request, info, resource }: ComputedCall,
  items: readonly KubeObject[],
): ApiResponse {
  const wanted = formOf(request.headers["accept"], true, hasProtobuf(resource));
  const { form } = wanted;
  if (form === "table") {
    return json(200, table(resource, items, includeObjectOf(info), context.reader.now, {}));
  }
  if (form === "partial-list") {
    const kind = "PartialObjectMetadataList";
    const partials = items.map((item) => partial(item));
    return written(
      200,
      { kind, apiVersion: "meta.k8s.io/v1", metadata: {}, items: partials },
      wanted,
    );
  }
  const { kind, apiVersion } = resource;
  const bare = items.map(({ apiVersion: _a, kind: _k, ...rest }) => rest);
  const body = { kind: `${kind}List`, apiVersion, metadata: {}, items: bare };
  return written(200, body, wanted);
}

/** The same of a single object. */
export function computedOne(
  { context, request, info, resource }: ComputedCall,
  object: KubeObject,
): ApiResponse {
  const wanted = formOf(request.headers["accept"], true, hasProtobuf(resource));
  const { form } = wanted;
  if (form === "table") {
    return json(200, table(resource, [object], includeObjectOf(info), context.reader.now, {}));
  }
  if (form === "partial") return written(200, partial(object), wanted);
  return written(200, object, wanted);
}
