/** One row per subresource. */
import { schemaNamed } from "../../schema/types.ts";
import type { KubeObject } from "../../core/object.ts";
import type { ApiResponse } from "../../ports/request.ts";
import { bindPod } from "./binding.ts";
import { admitConnection, mayStream } from "./connect.ts";
import { decodeAs, fieldValidationOf, readBodyOf } from "../request/body.ts";
import type { Call } from "../context.ts";
import { checkName, checkNamespace } from "../request/identity.ts";
import { evict } from "./eviction.ts";
import { patch } from "../write/patch-request.ts";
import { json, written } from "../request/reply.ts";
import { includeObjectOf, formOf } from "../request/negotiation.ts";
import { numberAt, scaleOf, scalePatchTarget, scaleTable, withScale, type Scale } from "./scale.ts";
import { partial, tableBy } from "../read/table.ts";
import * as status from "../../machinery/status.ts";
import { createToken } from "./token-request.ts";
import { existing, objectReply, scopeOf, wantedOf } from "../read/object.ts";
import { readObject } from "../request/read-object.ts";
import { writeOptions } from "../request/write-parameters.ts";

type Serve = (call: Call) => ApiResponse;

/** get, update and patch of the object itself, written as the named subresource. */
function ownPart(name: string): Serve {
  return (call) => {
    const { context, resource, info } = call;
    if (info.verb === "get") return objectReply(call, 200, existing(call));
    const options = writeOptions(call, name);
    if (info.verb === "patch") return objectReply(call, 200, patch(call, options).object);
    const object = readObject(call);
    checkNamespace(call, object);
    checkName(call, object);
    const updated = context.operations.update(
      resource,
      scopeOf(call),
      info.name,
      () => object,
      options,
    );
    return objectReply(call, 200, updated);
  };
}

function scale(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const current = existing(call);
  if (info.verb === "get") {
    checkReplicas(call, current);
    return scaleReply(call, current);
  }
  const options = writeOptions(call, "scale");
  if (info.verb === "patch") {
    const { object } = patch(call, options, scalePatchTarget(resource));
    return scaleReply(call, object);
  }
  const body = readBodyOf(call.request, "Scale");
  const wanted = { apiVersion: "autoscaling/v1", kind: "Scale" };
  const given = decodeAs(
    call.context.registry,
    schemaNamed("autoscaling/v1.Scale"),
    wanted,
    body,
    fieldValidationOf(info),
    (t) => call.warnings.push(t),
  ) as Scale;
  checkName(call, given);
  const updated = context.operations.update(
    resource,
    scopeOf(call),
    info.name,
    (stored) => withScale(resource, stored, given),
    options,
  );
  return scaleReply(call, updated);
}

/** What has no number of replicas cannot be scaled yet. k8s: apiextensions-apiserver customresource/etcd.go ScaleREST.Get */
function checkReplicas({ resource }: Call, object: KubeObject): void {
  const path = resource.scale?.paths?.spec;
  if (!path || numberAt(resource.hooks.custom?.read(object) ?? object, path) !== undefined) return;
  throw status.internalError(`the spec replicas field ".${path.join(".")}" does not exist`);
}

/** The reply has no managedFields: who owns `replicas` shows in those of the scaled object. */
function scaleReply(call: Call, object: KubeObject): ApiResponse {
  const wanted = formOf(call.request.headers["accept"], true);
  const { form, group } = wanted;
  const shown = scaleOf(call.resource, call.resource.hooks.custom?.read(object) ?? object);
  const { managedFields: _, ...metadata } = shown.metadata;
  const scale = { ...shown, metadata } as KubeObject;
  if (form !== "table")
    return written(200, form === "partial" ? partial(scale, group) : scale, wanted);
  const { resourceVersion } = metadata;
  const now = call.context.reader.now;
  const rows = tableBy(scaleTable, [scale], includeObjectOf(call.info), now, { resourceVersion });
  return json(200, { ...rows, apiVersion: group });
}

const binding = (call: Call): ApiResponse => bind(call, call.info.name);

/** POST bindings: the Pod's name is in the body. k8s: LegacyBindingREST */
export const legacyBinding = (call: Call): ApiResponse => bind(call, undefined);

interface Binding extends KubeObject {
  target?: { name?: string; kind?: string };
}

function bind(call: Call, pod: string | undefined): ApiResponse {
  const { context, info, request, warnings } = call;
  const wanted = { apiVersion: "v1", kind: "Binding" };
  const body = readBodyOf(request, "Binding");
  const options = writeOptions(call);
  const object = decodeAs(
    context.registry,
    schemaNamed("core/v1.Binding"),
    wanted,
    body,
    fieldValidationOf(info),
    (t) => warnings.push(t),
  ) as Binding;
  checkNamespace(call, object);
  const { name = "", annotations, uid } = object.metadata ?? {};
  if (pod !== undefined && name !== pod) {
    throw status.badRequest("name in URL does not match name in Binding object");
  }
  const target = {
    node: object.target?.name ?? "",
    ...(object.target?.kind ? { kind: object.target.kind } : {}),
    ...(annotations ? { annotations } : {}),
    ...(uid ? { uid } : {}),
  };
  bindPod(context.operations, info.namespace, pod ?? name, target, options);
  return written(201, success(), wantedOf(call));
}

export const success = (): unknown => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  code: 201,
});

function proxy(call: Call): ApiResponse {
  admitConnection(call, "proxy");
  return call.context.streams.proxy(call, call.resource.plural as "pods", call.info.name);
}

export const subresources: Record<string, Serve> = {
  status: ownPart("status"),
  approval: ownPart("approval"),
  ephemeralcontainers: ownPart("ephemeralcontainers"),
  resize: ownPart("resize"),
  finalize: ownPart("finalize"),
  scale,
  binding,
  eviction: evict,
  token: createToken,
  log: (call) => {
    existing(call);
    return call.context.streams.log(call, call.info.name);
  },
  exec: (call) => {
    admitConnection(call, "exec");
    mayStream(call);
    existing(call);
    return call.context.streams.exec(call, call.info.name, "exec");
  },
  attach: (call) => {
    admitConnection(call, "attach");
    mayStream(call);
    existing(call);
    return call.context.streams.exec(call, call.info.name, "attach");
  },
  portforward: (call) => {
    admitConnection(call, "portforward");
    mayStream(call);
    existing(call);
    return call.context.streams.portForward(call, call.info.name);
  },
  proxy,
};
