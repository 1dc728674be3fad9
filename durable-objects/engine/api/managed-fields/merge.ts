/** Merging an applied configuration into a live object, and taking parts out of an object again. */
import {
  getOwn,
  isObject,
  jsonEqual,
  setOwn,
  type JsonObject,
} from "../../schema/patch/go-value.ts";
import { fieldElement } from "./element.ts";
import { isEmpty, isMember, type FieldSet } from "./field-set.ts";
import type { ListShape, MapShape, Shape } from "./shape.ts";
import { itemElement, settle, shapeUnder } from "./typed-value.ts";

/**
 * `live` with everything `applied` sets; nothing is removed. Parts that stay are shared, and where
 * nothing changes `live` itself comes back. k8s: structured-merge-diff/typed/merge.go
 */
export function mergeTyped(live: JsonObject, applied: JsonObject, shape: MapShape): JsonObject {
  return mergeValues(live, applied, shape) as JsonObject;
}

const kept = (live: unknown, applied: unknown): unknown =>
  jsonEqual(live, applied) ? live : applied;

function mergeValues(live: unknown, applied: unknown, given: Shape): unknown {
  if (applied === undefined || live === applied) return live;
  if (live === undefined) return applied;
  const shape = settle(given, applied);
  if (shape.kind === "map" && !shape.atomic) {
    const [a, b] = [isObject(live) ? live : {}, isObject(applied) ? applied : {}];
    if (isEmpty(a as FieldSet)) return isEmpty(b as FieldSet) ? kept(live, applied) : applied;
    return isEmpty(b as FieldSet) ? live : mergeMaps(a, b, shape);
  }
  if (shape.kind === "list" && shape.relation !== "atomic") {
    const [a, b] = [Array.isArray(live) ? live : [], Array.isArray(applied) ? applied : []];
    if (!a.length) return b.length ? applied : kept(live, applied);
    return b.length ? mergeLists(a, b, shape) : live;
  }
  return kept(live, applied);
}

function mergeMaps(live: JsonObject, applied: JsonObject, shape: MapShape): JsonObject {
  let out: JsonObject | undefined;
  for (const key of Object.keys(applied)) {
    const under = shapeUnder(shape, key);
    const old = getOwn(live, key);
    const value = under ? mergeValues(old, applied[key], under) : applied[key];
    if (value === old && old !== undefined) continue;
    out ??= { ...live };
    setOwn(out, key, value);
  }
  return out ?? live;
}

/**
 * Keyed lists and sets. Items of the live list stay near their neighbours, applied ones come in their
 * own order, and where both name an item the applied order decides.
 */
function mergeLists(live: unknown[], applied: unknown[], shape: ListShape): unknown[] {
  const liveKeys = live.map((item) => itemElement(shape, item));
  const appliedKeys = applied.map((item) => itemElement(shape, item));
  const inApplied = new Set(appliedKeys);
  const liveItems = new Map<string, unknown>();
  // An item that stands twice in the live list is replaced, not merged.
  liveKeys.forEach((key, i) => liveItems.set(key, liveItems.has(key) ? null : live[i]));
  const shared = appliedKeys.filter((key) => liveItems.has(key));
  let next = 0;
  const taken = new Set<string>();
  const out: unknown[] = [];
  const take = (i: number) => {
    const key = appliedKeys[i] as string;
    taken.add(key);
    out.push(mergeValues(liveItems.get(key), applied[i], shape.element));
  };
  let l = 0;
  let r = 0;
  while (l < live.length || r < applied.length) {
    const key = liveKeys[l];
    if (l < live.length && r < applied.length) {
      if (key === appliedKeys[r]) {
        take(r++);
        l++;
        next++;
        continue;
      }
      if (inApplied.has(key as string) && next < shared.length && shared[next] !== key) {
        l++;
        continue;
      }
    }
    if (l < live.length) {
      if (!inApplied.has(key as string)) {
        out.push(live[l++]);
        continue;
      }
      if (taken.has(key as string)) l++;
    }
    if (r < applied.length) {
      if (shared[next] === appliedKeys[r]) next++;
      take(r++);
    }
  }
  const same = out.length === live.length && out.every((item, i) => item === live[i]);
  return same ? live : out;
}

/**
 * `value` without the members of `set`. A container that loses its last item stays, empty.
 * k8s: structured-merge-diff/typed/remove.go (v6.3.2)
 */
export function removeTyped(value: unknown, set: FieldSet, given: Shape): unknown {
  const shape = settle(given, value);
  if (shape.kind === "map") return removeFromMap(value, set, shape);
  if (shape.kind === "list") return removeFromList(value, set, shape);
  return value;
}

function removeFromMap(value: unknown, set: FieldSet, shape: MapShape): unknown {
  if (!isObject(value)) return null;
  if (shape.atomic) return {};
  let out: JsonObject | undefined;
  for (const key of Object.keys(value)) {
    const node = set[fieldElement(key)];
    const under = shapeUnder(shape, key);
    if (!node || !under) continue;
    out ??= { ...value };
    if (isMember(node)) delete out[key];
    else setOwn(out, key, removeTyped(value[key], node, under));
  }
  return out ?? value;
}

function removeFromList(value: unknown, set: FieldSet, shape: ListShape): unknown {
  if (!Array.isArray(value)) return null;
  if (shape.relation === "atomic") return [];
  const out: unknown[] = [];
  let changed = false;
  for (const item of value) {
    const node = set[itemElement(shape, item)];
    if (!node) {
      out.push(item);
      continue;
    }
    changed = true;
    if (!isMember(node)) out.push(removeTyped(item, node, shape.element));
  }
  return changed ? out : value;
}
