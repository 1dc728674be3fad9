/** PATCH: four kinds of patch, one way to write. k8s: apiserver/pkg/endpoints/handlers/patch.go */
import type { KubeObject } from "../core/object.ts";
import { rfc3339 } from "../core/clock.ts";
import { decodeObject } from "../schema/decode.ts";
import { parseJson, parseYaml } from "../schema/parse.ts";
import { bodyText, checkBodySize, fieldValidationOf, mediaType } from "./body.ts";
import type { Call } from "./context.ts";
import { invalid, invalidObject, required, forbiddenField } from "./field.ts";
import { applyPatch } from "./managed-fields/managed-fields.ts";
import type { WriteOptions } from "./operations.ts";
import { decodeJsonPatch, jsonPatch } from "./patch/json-patch.ts";
import { mergePatch } from "./patch/merge-patch.ts";
import { strategicMergePatch } from "./patch/strategic-merge.ts";
import * as status from "./status.ts";

type Json = Record<string, unknown>;

const jsonPatchType = "application/json-patch+json";
const mergePatchType = "application/merge-patch+json";
const strategicType = "application/strategic-merge-patch+json";
const applyType = "application/apply-patch+yaml";
const accepted = [jsonPatchType, mergePatchType, strategicType, applyType];

/** What the patch works on, where it is not the stored object itself (scale). */
export interface PatchTarget {
  type: string;
  apiVersion: string;
  kind: string;
  fromStored(object: KubeObject): KubeObject;
  toStored(object: KubeObject, current: KubeObject): KubeObject;
}

export function patch(
  call: Call,
  options: WriteOptions,
  target: PatchTarget = plainTarget(call),
): { object: KubeObject; created: boolean } {
  const { request, context, resource, info } = call;
  checkBodySize(request);
  const type = mediaType(request);
  if (!accepted.includes(type)) throw status.unsupportedMediaType(accepted);
  const namespace = resource.namespaced ? info.namespace : "";
  if (type === applyType) return apply(call, options, target, namespace);
  if (info.query.has("force")) {
    throw invalidObject("meta.k8s.io", "PatchOptions", "", [
      forbiddenField("force", "may not be specified for non-apply patch"),
    ]);
  }
  const parsed = parseJson(bodyText(request));
  const change = changer(call, type, parsed, target);
  const object = context.operations.update(resource, namespace, info.name, change, options);
  return { object, created: false };
}

function plainTarget(call: Call): PatchTarget {
  const { resource } = call;
  return {
    type: resource.view?.type ?? resource.hooks.type,
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    fromStored: (o) => (resource.view ? resource.view.fromStored(o) : o),
    toStored: (o) => (resource.view ? resource.view.toStored(o) : o),
  };
}

/** A function from the stored object to the patched one, for the three patches that are not apply. */
function changer(
  call: Call,
  type: string,
  parsed: { value: unknown; duplicates: string[] },
  target: PatchTarget,
): (current: KubeObject) => KubeObject {
  const validation = fieldValidationOf(call.info);
  const warn = (text: string): number => call.warnings.push(text);
  let apply: (current: Json) => unknown;
  const problems = [...parsed.duplicates];
  if (type === jsonPatchType) {
    const decoded = decodeJsonPatch(parsed.value);
    problems.push(...decoded.problems);
    apply = (current) => jsonPatch(current, decoded.operations);
  } else if (type === mergePatchType) {
    apply = (current) => mergePatch(current, parsed.value);
  } else {
    apply = (current) => strategicMergePatch(current, parsed.value, target.type);
  }
  return (stored) => {
    const current = target.fromStored(stored);
    const patched = apply(current as unknown as Json) as Json;
    const decoded = decodeObject(target.type, patched);
    if (decoded.error !== undefined) throw undecodable(target, decoded.error, type);
    const all = [...problems, ...decoded.problems];
    if (all.length && validation === "Strict") {
      const text = JSON.stringify(parsed.value);
      throw invalidObject("", "", "", [
        invalid("patch", text, `strict decoding error: ${all.join(", ")}`),
      ]);
    }
    if (validation === "Warn") all.forEach(warn);
    const object = { ...(decoded.object as unknown as KubeObject), apiVersion: target.apiVersion, kind: target.kind };
    checkIdentity(call, object);
    return target.toStored(object, stored);
  };
}

/** k8s: handlers/patch.go: a patched object that does not decode is unprocessable, or a bad request for SMP. */
function undecodable(target: PatchTarget, why: string, type: string): status.StatusError {
  if (type === strategicType) {
    return invalidObject("", "", "", [invalid("patch", why, why)]);
  }
  const version = target.apiVersion.split("/").at(-1);
  return status.badRequest(
    `${target.kind} in version "${version}" cannot be handled as a ${target.kind}: ${why}`,
  );
}

function checkIdentity(call: Call, object: KubeObject): void {
  const { name, namespace = "" } = object.metadata;
  if (name !== call.info.name) {
    throw status.badRequest(
      name
        ? `the name of the object (${name}) does not match the name on the URL (${call.info.name})`
        : "name must be provided",
    );
  }
  if (call.resource.namespaced && namespace && namespace !== call.info.namespace) {
    throw status.badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

/** Server-side apply; creates what is not there. */
function apply(
  call: Call,
  options: WriteOptions,
  target: PatchTarget,
  namespace: string,
): { object: KubeObject; created: boolean } {
  const { context, request, resource, info } = call;
  if (!info.query.get("fieldManager")) {
    throw invalidObject("meta.k8s.io", "PatchOptions", "", [
      required("fieldManager", "is required for apply patch"),
    ]);
  }
  const { value, duplicates } = parseYaml(bodyText(request));
  if (duplicates.length && fieldValidationOf(info) === "Strict") {
    throw status.badRequest(`error decoding YAML: ${duplicates.join(", ")}`);
  }
  const metadata = ((value as Json | null)?.["metadata"] ?? {}) as { name?: string; namespace?: string; uid?: string };
  const merge = (current: KubeObject | undefined): KubeObject =>
    applyPatch({
      current: current && target.fromStored(current),
      applied: value,
      kind: target.kind,
      manager: info.query.get("fieldManager"),
      force: info.query.flag("force"),
      typeName: target.type,
      apiVersion: target.apiVersion,
      now: rfc3339(context.operations.now),
      subresource: options.subresource,
    });
  const quiet: WriteOptions = { ...options, fieldManager: "" };
  const current = context.store.get(resource.id, namespace, info.name);
  if (!current) {
    if (options.subresource) throw status.notFound(resource, info.name);
    const { uid } = metadata;
    if (uid) {
      throw status.conflict(
        resource,
        info.name,
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      );
    }
    const merged = merge(undefined);
    checkIdentity(call, merged);
    const object = resource.view ? resource.view.toStored(merged) : merged;
    return { object: context.operations.create(resource, namespace, object, quiet), created: true };
  }
  const object = context.operations.update(
    resource,
    namespace,
    info.name,
    (now) => {
      const merged = merge(now);
      checkIdentity(call, merged);
      return target.toStored(merged, now);
    },
    quiet,
  );
  return { object, created: false };
}
