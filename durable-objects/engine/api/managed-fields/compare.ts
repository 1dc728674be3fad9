/** What changed between two objects, as field sets. k8s: structured-merge-diff/typed/compare.go */
import { isObject, jsonEqual, type JsonObject } from "../../schema/patch/go-value.ts";
import { fieldElement } from "./element.ts";
import {
  EMPTY,
  LEAF,
  makeNode,
  recursiveDifference,
  withSelf,
  type FieldSet,
  type Node,
} from "./field-set.ts";
import type { FieldShape, ListShape, MapShape, Shape } from "./shape.ts";
import { itemElement, settle } from "./typed-value.ts";

export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

/** The same below the root; undefined: no difference. */
interface Diff {
  readonly removed?: Node;
  readonly modified?: Node;
  readonly added?: Node;
}
const ADDED: Diff = { added: LEAF };
const REMOVED: Diff = { removed: LEAF };
const MODIFIED: Diff = { modified: LEAF };

/**
 * Throws TypedError when an item of a keyed list has no key. Shared parts of the two are skipped.
 * `complete`: next has been through its Go type, so what is new in it has all its unset fields too.
 */
export function compare(
  old: JsonObject,
  next: JsonObject,
  shape: MapShape,
  complete: boolean,
): Comparison {
  const diff = compareValues(old, next, shape, complete);
  return {
    removed: diff?.removed ?? EMPTY,
    modified: diff?.modified ?? EMPTY,
    added: diff?.added ?? EMPTY,
  };
}

/** Without the fields that this kind of write resets anyway, and all below them. */
export function withoutFields(comparison: Comparison, fields: FieldSet): Comparison {
  return {
    removed: recursiveDifference(comparison.removed, fields),
    modified: recursiveDifference(comparison.modified, fields),
    added: recursiveDifference(comparison.added, fields),
  };
}

function leaf(left: unknown, right: unknown): Diff | undefined {
  if (left === undefined) return ADDED;
  if (right === undefined) return REMOVED;
  return jsonEqual(left, right) ? undefined : MODIFIED;
}

/** Collects the differences of children under their elements. */
class Gathered {
  private readonly removed: Record<string, FieldSet> = {};
  private readonly modified: Record<string, FieldSet> = {};
  private readonly added: Record<string, FieldSet> = {};
  put(element: string, diff: Diff | undefined): void {
    if (!diff) return;
    if (diff.removed) this.removed[element] = diff.removed;
    if (diff.modified) this.modified[element] = diff.modified;
    if (diff.added) this.added[element] = diff.added;
  }
  /** A container that one side lacks is itself added or removed. */
  diff(left: unknown, right: unknown): Diff | undefined {
    let removed = makeNode(false, this.removed);
    let added = makeNode(false, this.added);
    const modified = makeNode(false, this.modified);
    if (left === undefined) added = withSelf(added);
    else if (right === undefined) removed = withSelf(removed);
    return removed || modified || added ? { removed, modified, added } : undefined;
  }
}

function compareValues(
  left: unknown,
  right: unknown,
  given: Shape,
  complete: boolean,
): Diff | undefined {
  if (left === right) return undefined;
  const shape = settle(given, right ?? left);
  if (shape.kind === "scalar" || shape.kind === "any") return leaf(left, right);
  if (shape.kind === "list") {
    if (shape.relation === "atomic" || (isVoid(left) && isVoid(right))) return leaf(left, right);
    return compareLists(left, right, shape, complete);
  }
  if (shape.atomic || (isVoid(left) && isVoid(right))) return leaf(left, right);
  return compareMaps(left, right, shape, complete);
}

/** Absent, null, or a container of nothing. */
function isVoid(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== "object") return false;
  for (const _ in value) return false;
  return true;
}

/** A field of a struct that is present, whether set or not. */
const reading = (owner: unknown, set: unknown, field: FieldShape | undefined): unknown =>
  set === undefined && owner !== undefined && owner !== null ? field?.fill : set;

function compareMaps(
  left: unknown,
  right: unknown,
  shape: MapShape,
  complete: boolean,
): Diff | undefined {
  const gathered = new Gathered();
  const a = isObject(left) ? left : NOTHING;
  const b = isObject(right) ? right : NOTHING;
  const visit = (key: string) => {
    const field = shape.fields.get(key);
    const under = field?.shape ?? shape.element;
    if (!under) return;
    const before = reading(left, Object.hasOwn(a, key) ? a[key] : undefined, field);
    // What an incomplete object has unset, it has as it was before, unless it was taken out.
    const unset = complete || (left !== undefined && !Object.hasOwn(a, key)) ? field : undefined;
    const after = reading(right, Object.hasOwn(b, key) ? b[key] : undefined, unset);
    if (before === undefined && after === undefined) return;
    gathered.put(field?.key ?? fieldElement(key), compareValues(before, after, under, complete));
  };
  for (const key in b) if (a[key] !== b[key] || !Object.hasOwn(a, key)) visit(key);
  for (const key in a) if (!Object.hasOwn(b, key)) visit(key);
  if (right === undefined || (left === undefined && complete)) {
    for (const { name } of shape.filled) {
      if (!Object.hasOwn(a, name) && !Object.hasOwn(b, name)) visit(name);
    }
  }
  return gathered.diff(left, right);
}
const NOTHING: JsonObject = Object.freeze({});

function byElement(list: unknown, shape: ListShape): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  if (!Array.isArray(list)) return found;
  for (const item of list) {
    const element = itemElement(shape, item);
    const same = found.get(element);
    if (same) same.push(item);
    else found.set(element, [item]);
  }
  return found;
}

const sameItems = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) &&
  Array.isArray(b) &&
  a.length === b.length &&
  a.every((item, i) => item === b[i]);

function compareLists(
  left: unknown,
  right: unknown,
  shape: ListShape,
  complete: boolean,
): Diff | undefined {
  if (sameItems(left, right)) return undefined;
  const gathered = new Gathered();
  const before = byElement(left, shape);
  const after = byElement(right, shape);
  for (const [element, items] of before) {
    gathered.put(element, compareItems(items, after.get(element) ?? [], shape.element, complete));
  }
  for (const [element, items] of after) {
    if (!before.has(element))
      gathered.put(element, compareItems([], items, shape.element, complete));
  }
  return gathered.diff(left, right);
}

/** Items under one key; more than one of them on a side count as one opaque piece. */
function compareItems(
  before: unknown[],
  after: unknown[],
  shape: Shape,
  complete: boolean,
): Diff | undefined {
  if (before.length < 2 && after.length < 2) {
    return compareValues(before[0], after[0], shape, complete);
  }
  if (before.length > 1 && after.length > 1) {
    return jsonEqual(before, after) ? undefined : MODIFIED;
  }
  if (before.length > 1) {
    const diff = after.length ? compareValues(undefined, after[0], shape, complete) : undefined;
    return { ...diff, removed: LEAF };
  }
  const diff = before.length ? compareValues(before[0], undefined, shape, complete) : undefined;
  return { ...diff, added: LEAF };
}
