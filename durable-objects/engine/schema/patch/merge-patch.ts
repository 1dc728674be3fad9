/** RFC 7386 merge patches, with the corners of the library the API server uses. */
import { badRequest } from "../../machinery/status.ts";
import { getOwn, isObject, jsonKind, setOwn, type JsonObject } from "./go-value.ts";

/** Drops null members of objects at any depth; null items of lists stay. */
export function pruneNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruneNulls);
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== null) setOwn(out, key, pruneNulls(value[key]));
  }
  return out;
}

function merge(current: JsonObject, patch: JsonObject): JsonObject {
  const out = { ...current };
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    const old = getOwn(current, key);
    if (change === null) delete out[key];
    else if (!isObject(old)) setOwn(out, key, pruneNulls(change));
    else setOwn(out, key, isObject(change) ? merge(old, change) : change);
  }
  return out;
}

/**
 * A new object: members of the patch replace or, as null, remove. Throws 400 when the patch is no object.
 * k8s: gopkg.in/evanphx/json-patch.v4 MergePatch
 */
export function mergePatch(current: JsonObject, patch: unknown): JsonObject {
  if (patch === null) throw badRequest("Invalid JSON Patch");
  if (!isObject(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
    );
  }
  return merge(current, patch);
}
