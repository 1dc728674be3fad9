/** PATCH: four kinds of patch, one way to write. k8s: apiserver/pkg/endpoints/handlers/patch.go */
import type { KubeObject } from "../../core/object.ts";
import { rfc3339 } from "../../core/clock.ts";
import { DecodeError, decodeObject, readTypeMeta } from "../../schema/decode.ts";
import { parseJson } from "../../schema/parse.ts";
import { parseYaml } from "../../schema/yaml.ts";
import { bodyText, checkBodySize, fieldValidationOf, mediaType } from "../request/body.ts";
import type { Call } from "../context.ts";
import { invalid, invalidObject } from "../../machinery/field.ts";
import { checkName, checkNamespace, conversionProblem } from "../request/identity.ts";
import { applyPatch } from "../managed-fields/managed-fields.ts";
import type { PatchTarget } from "./patch-target.ts";
import type { WriteOptions } from "./write-options.ts";
import { decodeJsonPatch, jsonPatch } from "../../schema/patch/json-patch.ts";
import { conversionError, goText } from "../../schema/patch/go-text.ts";
import { mergePatch } from "../../schema/patch/merge-patch.ts";
import { strategicMergePatch } from "../../schema/patch/strategic-merge.ts";
import * as status from "../../machinery/status.ts";

type Json = Record<string, unknown>;

const jsonPatchType = "application/json-patch+json";
const mergePatchType = "application/merge-patch+json";
const strategicType = "application/strategic-merge-patch+json";
const applyType = "application/apply-patch+yaml";

/** Applies a patch of any type, server-side apply among them. Throws 404, 409, 413, 415 and 422. */
export function patch(
  call: Call,
  options: WriteOptions,
  target: PatchTarget = plainTarget(call),
): { object: KubeObject; created: boolean } {
  const { request, context, resource, info } = call;
  checkBodySize(request);
  const type = mediaType(request);
  const namespace = resource.namespaced ? info.namespace : "";
  if (type === applyType) return apply(call, options, target, namespace);
  let change: ((stored: KubeObject) => KubeObject) | undefined;
  const once = (stored: KubeObject): KubeObject => {
    change ??= changer(call, type, parsedPatch(bodyText(request), type), target);
    return change(stored);
  };
  const object = context.operations.update(resource, namespace, info.name, once, options);
  return { object, created: false };
}

function parsedPatch(text: string, type: string): { value: unknown; duplicates: string[] } {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof status.StatusError) || error.code !== 400 || type === strategicType)
      throw error;
    throw status.badRequest(`error decoding patch: ${error.message}`);
  }
}

function plainTarget(call: Call): PatchTarget {
  const { resource } = call;
  return {
    schema: resource.servedVersion?.schema ?? resource.hooks.schema,
    statusResets: resource.hooks.statusResets,
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    fromStored: (o) => (resource.servedVersion ? resource.servedVersion.fromStored(o) : o),
    toStored: (o) => (resource.servedVersion ? resource.servedVersion.toStored(o) : o),
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
    apply = (current) => strategicMergePatch(current, parsed.value, target.schema.struct);
  }
  return (stored) => {
    const current = target.fromStored(stored);
    const patched = apply(current as unknown as Json) as Json;
    const refuse = (why: string): status.StatusError =>
      invalidObject("", "", "", [
        invalid(
          "patch",
          type === strategicType ? goText(parsed.value) : JSON.stringify(patched),
          why,
        ),
      ]);
    const problem = type === strategicType ? undefined : otherKind(call, target, patched);
    if (problem) throw refuse(problem);
    const decoded = decodeObject(target.schema.struct, patched);
    if (decoded.error !== undefined) {
      throw refuse(type === strategicType ? conversionError(decoded.error) : decoded.error);
    }
    const all = [...problems, ...decoded.problems];
    if (all.length && validation === "Strict")
      throw refuse(`strict decoding error: ${all.join(", ")}`);
    if (validation === "Warn") all.forEach(warn);
    const object = {
      ...(decoded.object as unknown as KubeObject),
      apiVersion: target.apiVersion,
      kind: target.kind,
    };
    object.metadata ??= {} as KubeObject["metadata"];
    checkNamespace(call, object);
    checkName(call, object);
    return target.toStored(object, stored, false);
  };
}

/** A patch must not turn an object into another kind; one that takes kind or version away gets them back. */
function otherKind(call: Call, target: PatchTarget, patched: Json): string | undefined {
  try {
    const given = readTypeMeta(patched);
    const apiVersion = given.apiVersion || target.apiVersion;
    const kind = given.kind || target.kind;
    if (apiVersion === target.apiVersion && kind === target.kind) return undefined;
    return conversionProblem(call.context.registry, call.resource, { apiVersion, kind });
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}

function parsedYaml(text: string): { value: unknown; duplicates: string[] } {
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof status.StatusError) || error.code !== 400) throw error;
    throw status.badRequest(`error decoding YAML: ${error.message}`);
  }
}

/** Whoever names a uid means an object that exists. */
function refuseUid({ resource, info }: Call, applied: unknown): void {
  const { uid } = ((applied as Json | null)?.["metadata"] ?? {}) as { uid?: string };
  if (!uid) return;
  throw status.conflict(
    resource,
    info.name,
    `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
  );
}

/** Server-side apply; creates what is not there. */
function apply(
  call: Call,
  options: WriteOptions,
  target: PatchTarget,
  namespace: string,
): { object: KubeObject; created: boolean } {
  const { context, request, resource, info } = call;
  const { value, duplicates } = parsedYaml(bodyText(request));
  if (duplicates.length && fieldValidationOf(info) === "Strict") {
    throw status.badRequest(`error strict decoding YAML: ${duplicates.join(", ")}`);
  }
  const merge = (current: KubeObject | undefined): KubeObject =>
    applyPatch({
      current: current && target.fromStored(current),
      applied: value,
      kind: target.kind,
      manager: info.query.get("fieldManager"),
      force: info.query.flag("force"),
      schema: target.schema.struct,
      statusResets: target.statusResets,
      apiVersion: target.apiVersion,
      now: rfc3339(context.operations.now),
      subresource: options.subresource,
    });
  const quiet: WriteOptions = { ...options, fieldManager: "" };
  const current = context.store.get(resource.id, namespace, info.name);
  if (!current) {
    if (options.subresource) throw status.notFound(resource, info.name);
    refuseUid(call, value);
    const merged = merge(undefined);
    checkNamespace(call, merged);
    checkName(call, merged);
    const object = resource.servedVersion ? resource.servedVersion.toStored(merged) : merged;
    return { object: context.operations.create(resource, namespace, object, quiet), created: true };
  }
  const object = context.operations.update(
    resource,
    namespace,
    info.name,
    (now) => {
      const merged = merge(now);
      checkNamespace(call, merged);
      checkName(call, merged);
      return target.toStored(merged, now, true);
    },
    quiet,
  );
  return { object, created: false };
}
