/**
 * Strategic merge patches: merge patches that know which lists merge by key.
 * k8s: apimachinery/pkg/util/strategicpatch/patch.go
 */
import { type FieldType, type StructType } from "../types.ts";
import { goQuote } from "../../machinery/field.ts";
import { badRequest } from "../../machinery/status.ts";
import { isObject, jsonKind, setOwn, type JsonObject } from "./go-value.ts";
import { pruneNulls } from "./merge-patch.ts";
import {
  badArgType,
  badOrderList,
  badPatchType,
  checkOrderList,
  elementKind,
  GO_LIST,
  noMergeKey,
  ordered,
  patchFailure,
} from "./strategic-order.ts";

const DELETE_LIST = "$deleteFromPrimitiveList";
const ORDER_LIST = "$setElementOrder";
const RETAIN_KEYS = "$retainKeys";
const DIRECTIVE = "$patch";

/** What a patch has to know of the place it is at; undefined where no struct describes it. */
type PatchSchema = StructType | undefined;

interface FieldRule {
  /** `merge`, `replace` or "". */
  strategy: string;
  mergeKey: string;
  /** The struct of the value or, for a list, of its items. */
  place: PatchSchema;
}

function structOf(type: FieldType): PatchSchema {
  if (type.kind === "struct") return type.struct;
  return type.kind === "list" && type.of.kind === "struct" ? type.of.struct : undefined;
}

/** k8s: apimachinery/third_party/forked/golang/json LookupPatchMetadataForStruct */
function ruleOf(place: PatchSchema, key: string): FieldRule {
  if (!place) {
    throw patchFailure("merging an object in json but data type is not struct, instead is: map");
  }
  const field = place.fields.get(key);
  if (!field) {
    throw patchFailure(
      `unable to find api field in struct ${place.shortName} for the json field ${goQuote(key)}`,
    );
  }
  const strategy = field.patchStrategy.find((s) => s !== "retainKeys") ?? "";
  return { strategy, mergeKey: field.patchMergeKey ?? "", place: structOf(field.type) };
}

/** Objects that carry a directive of their own are dropped, at every depth. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    const kept = withoutDirectives(value[key]);
    if (kept !== undefined) setOwn(out, key, kept);
  }
  return out;
}

/** The field a parallel list belongs to: `$setElementOrder/containers` -> `containers`. */
function parallelKey(key: string, prefix: string): string {
  if (!key.startsWith(`${prefix}/`)) {
    throw prefix === ORDER_LIST
      ? badOrderList()
      : badRequest("invalid patch format of primitive list");
  }
  return key.slice(prefix.length + 1);
}

/** `$retainKeys`: fields it does not name are cleared; the patch may set no others. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return { ...original };
  const list = patch[RETAIN_KEYS];
  const malformed = () => badRequest("invalid patch format of retainKeys");
  if (!Array.isArray(list)) throw malformed();
  const keep = new Set<unknown>(list);
  for (const key of Object.keys(patch)) {
    const free = key === RETAIN_KEYS || key.startsWith(DELETE_LIST) || key.startsWith(ORDER_LIST);
    if (!free && patch[key] !== null && !keep.has(key)) throw malformed();
  }
  const out: JsonObject = {};
  for (const key of Object.keys(original)) if (keep.has(key)) setOwn(out, key, original[key]);
  return out;
}

/** Merges one list that comes with `$setElementOrder`; `done` collects what needs no further merging. */
function applyOrderList(
  out: JsonObject,
  patch: JsonObject,
  orderKey: string,
  place: PatchSchema,
  done: Set<string>,
): void {
  done.add(orderKey);
  const order = patch[orderKey];
  if (!Array.isArray(order)) throw badArgType(GO_LIST, order);
  const key = parallelKey(orderKey, ORDER_LIST);
  const hasOriginal = Object.hasOwn(out, key);
  const hasPatch = Object.hasOwn(patch, key);
  const original = hasOriginal ? out[key] : [];
  const list = hasPatch ? patch[key] : [];
  if (!Array.isArray(original)) throw badArgType(GO_LIST, original);
  if (!Array.isArray(list)) throw badArgType(GO_LIST, list);
  const rule = ruleOf(place, key);
  checkOrderList(list, order, rule.mergeKey);
  if (!hasOriginal && !hasPatch) return;
  let merged: unknown[] = original;
  if (hasPatch) {
    merged = hasOriginal
      ? mergeListBy(rule, original, list, false)
      : (withoutDirectives(list) as unknown[]);
  }
  elementKind(original, list);
  setOwn(out, key, ordered(merged, order, original, rule.mergeKey));
  done.add(key);
}

const sameType = (a: unknown, b: unknown): boolean =>
  typeof a === typeof b && Array.isArray(a) === Array.isArray(b) && (a === null) === (b === null);

function mergeObject(original: JsonObject, patch: JsonObject, place: PatchSchema): JsonObject {
  if (Object.hasOwn(patch, DIRECTIVE)) {
    const directive = patch[DIRECTIVE];
    if (directive === "delete") return {};
    if (directive !== "replace") throw badPatchType(directive, patch);
    const { [DIRECTIVE]: _, ...rest } = patch;
    return rest;
  }
  const out = retained(original, patch);
  const done = new Set([RETAIN_KEYS]);
  const keys = Object.keys(patch);
  for (const key of keys) {
    if (key.startsWith(ORDER_LIST)) applyOrderList(out, patch, key, place, done);
  }
  for (const key of keys) {
    if (done.has(key)) continue;
    const deleting = key.startsWith(DELETE_LIST);
    const name = deleting ? parallelKey(key, DELETE_LIST) : key;
    mergeField(out, name, patch[key], place, deleting);
  }
  return out;
}

function mergeField(
  out: JsonObject,
  name: string,
  change: unknown,
  place: PatchSchema,
  deleting: boolean,
): void {
  if (change === null) {
    delete out[name];
    return;
  }
  const old = Object.hasOwn(out, name) ? out[name] : undefined;
  if (old === undefined || !sameType(old, change)) {
    if (deleting) return;
    const value = withoutDirectives(pruneNulls(change));
    if (value === undefined) delete out[name];
    else setOwn(out, name, value);
    return;
  }
  if (Array.isArray(change)) {
    setOwn(out, name, mergeListBy(ruleOf(place, name), old as unknown[], change, deleting));
  } else if (isObject(change)) {
    const rule = ruleOf(place, name);
    const value =
      rule.strategy === "replace" ? change : mergeObject(old as JsonObject, change, rule.place);
    setOwn(out, name, value);
  } else {
    setOwn(out, name, change);
  }
}

/** Lists that do not merge are replaced; deletions work on any. k8s: mergeSliceHandler, mergeSlice */
function mergeListBy(
  rule: FieldRule,
  original: unknown[],
  patch: unknown[],
  deleting: boolean,
): unknown[] {
  if (rule.strategy !== "merge" && !deleting) return patch;
  if (!original.length && !patch.length) return original;
  if (elementKind(original, patch) === "scalar") {
    if (deleting) {
      const gone = new Set(patch);
      return original.filter((item) => !gone.has(item));
    }
    return ordered([...new Set([...original, ...patch])], patch, original, "");
  }
  if (!rule.mergeKey) throw patchFailure("cannot merge lists without merge key for struct");
  const { kept, changes } = specialItems(original, patch as JsonObject[], rule.mergeKey);
  const merged = mergeItems(kept, changes, rule);
  return ordered(merged, changes, kept, rule.mergeKey);
}

/** Carries out `$patch` items of a list and takes them out of the patch. */
function specialItems(
  original: unknown[],
  patch: JsonObject[],
  mergeKey: string,
): { kept: unknown[]; changes: JsonObject[] } {
  let replace = false;
  const gone = new Set<unknown>();
  const changes: JsonObject[] = [];
  for (const item of patch) {
    if (!Object.hasOwn(item, DIRECTIVE)) {
      changes.push(item);
      continue;
    }
    const directive = item[DIRECTIVE];
    if (directive === "delete") {
      if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
      gone.add(item[mergeKey]);
    } else if (directive === "replace") {
      replace = true;
    } else if (directive === "merge") {
      throw patchFailure("merging lists cannot yet be specified in the patch");
    } else {
      throw badPatchType(directive, item);
    }
  }
  if (replace) return { kept: changes, changes: [] };
  const kept = gone.size
    ? original.filter((item) => !gone.has((item as JsonObject)[mergeKey]))
    : original;
  return { kept, changes };
}

/** Items with a known key are merged in place, the others appended. */
function mergeItems(original: unknown[], changes: JsonObject[], rule: FieldRule): unknown[] {
  const out = [...original];
  const places = new Map<unknown, number>();
  out.forEach((item, i) => {
    const object = item as JsonObject;
    if (!Object.hasOwn(object, rule.mergeKey)) return;
    if (!places.has(object[rule.mergeKey])) places.set(object[rule.mergeKey], i);
  });
  for (const change of changes) {
    if (!Object.hasOwn(change, rule.mergeKey)) throw noMergeKey(change, rule.mergeKey);
    const key = change[rule.mergeKey];
    const found = places.get(key);
    if (found === undefined) places.set(key, out.push(change) - 1);
    else out[found] = mergeObject(out[found] as JsonObject, change, rule.place);
  }
  return out;
}

/**
 * A new object: `current` with `patch` merged in by the rules of a type.
 * The result still has to be decoded: nulls and directives inside wholly replaced parts stay in it.
 * Throws StatusError: 400 for malformed directives, 422 for lists of lists, 500 with upstream's text else.
 */
export function strategicMergePatch(
  current: JsonObject,
  patch: unknown,
  type: StructType,
): JsonObject {
  if (patch === null) return { ...current };
  if (!isObject(patch)) {
    throw badRequest(
      `json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
    );
  }
  return mergeObject(current, patch, type);
}
