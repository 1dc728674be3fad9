/**
 * Objects that `kubectl apply` managed on the client's side go over to server-side apply without
 * conflicts about what the client had applied itself.
 * k8s: apimachinery/pkg/util/managedfields/internal/lastappliedmanager.go, lastappliedupdater.go
 */
import { annotationBytesMax } from "../../core/limits.ts";
import { getOwn, goJson, isObject, type JsonObject } from "../../schema/patch/go-value.ts";
import { compare } from "./compare.ts";
import { difference, EMPTY, type FieldSet } from "./field-set.ts";
import type { MapShape } from "./shape.ts";
import { toFieldSet } from "./to-field-set.ts";
import { checkTyped, TypedError } from "./typed-value.ts";

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
/** Only this manager is trusted with the annotation. */
export const LAST_APPLIED_MANAGER = "kubectl";

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const metadata = getOwn(object, "metadata");
  const annotations = isObject(metadata) ? getOwn(metadata, "annotations") : undefined;
  return isObject(annotations) ? annotations : undefined;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // An annotation anyone may write: what is no JSON allows nothing.
    return undefined;
  }
}

/** Fields of the annotation that the live object still has as applied. */
export function lastAppliedFields(live: JsonObject, apiVersion: string, shape: MapShape): FieldSet {
  const text = annotationsOf(live)?.[ANNOTATION];
  const applied = typeof text === "string" ? parseObject(text) : undefined;
  if (!applied || applied.apiVersion !== apiVersion) return EMPTY;
  try {
    checkTyped(applied, shape, false);
    const { removed, modified, added } = compare(applied, live, shape, true);
    let set = toFieldSet(applied, shape);
    for (const changed of [modified, added, removed]) set = difference(set, changed);
    return set;
  } catch (error) {
    if (error instanceof TypedError) return EMPTY;
    throw error;
  }
}

/** Renews the annotation, where there is one, to what was now applied; one that grew too large goes. */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (!annotations?.[ANNOTATION]) return object;
  const own = annotationsOf(applied);
  let record = applied;
  if (own && Object.hasOwn(own, ANNOTATION)) {
    const { [ANNOTATION]: _, ...rest } = own;
    const metadata = { ...(applied.metadata as JsonObject), annotations: rest };
    record = { ...applied, metadata };
  }
  const renewed: JsonObject = { ...annotations, [ANNOTATION]: `${goJson(record)}\n` };
  let size = 0;
  for (const [key, value] of Object.entries(renewed)) size += key.length + String(value).length;
  if (size > annotationBytesMax) delete renewed[ANNOTATION];
  return { ...object, metadata: { ...(object.metadata as JsonObject), annotations: renewed } };
}
