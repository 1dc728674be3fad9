import type { KubeObject } from "../../core/object.ts";
import type { Call } from "../context.ts";
import { bodyText, decodeAs, fieldValidationOf, readBodyOf } from "./body.ts";
import { kindless, wrongKind } from "./identity.ts";

/** The body as this kind. k8s: handlers/create.go, handlers/update.go */
export function readObject(call: Call): KubeObject {
  const { context, request, resource, info } = call;
  const read = readBodyOf(request, resource.kind);
  if (resource.hooks.custom && !read.kind) throw kindless(resource, bodyText(request));
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
