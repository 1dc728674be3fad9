/** Answers with objects that are worked out when asked for and never stored. */
import type { KubeObject } from "../core/object.ts";
import type { ApiRequest, ApiResponse } from "../ports.ts";
import type { ApiContext } from "./context.ts";
import { formOf, includeObjectOf } from "./negotiation.ts";
import { json, yamlReply } from "./reply.ts";
import type { RequestInfo } from "./request-info.ts";
import type { Resource } from "./resources.ts";
import { partial, table } from "./table.ts";

export interface ComputedCall {
  context: ApiContext;
  request: ApiRequest;
  info: RequestInfo;
  resource: Resource;
}

export function computedList(
  { context, request, info, resource }: ComputedCall,
  items: readonly KubeObject[],
): ApiResponse {
  const { form, yaml } = formOf(request.headers["accept"], true);
  if (form === "table") {
    return json(200, table(resource, items, includeObjectOf(info), context.reader.now, {}));
  }
  if (form === "partial-list") {
    const kind = "PartialObjectMetadataList";
    const partials = items.map((item) => partial(item));
    return json(200, { kind, apiVersion: "meta.k8s.io/v1", metadata: {}, items: partials });
  }
  const { kind, apiVersion } = resource;
  const bare = items.map(({ apiVersion: _a, kind: _k, ...rest }) => rest);
  const body = { kind: `${kind}List`, apiVersion, metadata: {}, items: bare };
  return yaml ? yamlReply(200, body) : json(200, body);
}

export function computedOne(
  { context, request, info, resource }: ComputedCall,
  object: KubeObject,
): ApiResponse {
  const { form, yaml } = formOf(request.headers["accept"], true);
  if (form === "table") {
    return json(200, table(resource, [object], includeObjectOf(info), context.reader.now, {}));
  }
  if (form === "partial") return json(200, partial(object));
  return yaml ? yamlReply(200, object) : json(200, object);
}
