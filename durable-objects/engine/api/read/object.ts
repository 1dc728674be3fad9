/** One object, found and answered with. */
import type { KubeObject } from "../../core/object.ts";
import * as status from "../../machinery/status.ts";
import type { Reader } from "../../ports/controller.ts";
import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import type { Resource } from "../discovery/registry.ts";
import { goType } from "../request/identity.ts";
import { formOf, hasProtobuf, includeObjectOf, type Wanted } from "../request/negotiation.ts";
import { withNulls } from "../request/empty-lists-as-null.ts";
import { written } from "../request/reply.ts";
import { partial, table } from "./table.ts";

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

/** The object as it is now, as the version asked for shows it. */
export function shown(resource: Resource, stored: KubeObject, reader: Reader): KubeObject {
  const { custom } = resource.hooks;
  if (custom) return custom.read(stored);
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
