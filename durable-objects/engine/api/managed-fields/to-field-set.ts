/** The paths a value sets. k8s: structured-merge-diff/typed/tofieldset.go */
import { isObject } from "../../schema/patch/go-value.ts";
import { fieldElement } from "./element.ts";
import { EMPTY, LEAF, makeNode, withSelf, type FieldSet, type Node } from "./field-set.ts";
import type { ListShape, MapShape, Shape } from "./shape.ts";
import { itemElement, settle, shapeUnder } from "./typed-value.ts";

/** Leaves, items of keyed lists and sets, keys of maps; structs only when empty or null. */
export function toFieldSet(value: unknown, shape: Shape): FieldSet {
  return nodeOf(value, shape) ?? EMPTY;
}

const isEmptyMap = (value: unknown): boolean => {
  if (!isObject(value)) return false;
  for (const _ in value) return false;
  return true;
};

function nodeOf(value: unknown, given: Shape): Node {
  const shape = settle(given, value);
  if (shape.kind === "map") return shape.atomic ? LEAF : mapNode(value, shape);
  if (shape.kind === "list") return shape.relation === "atomic" ? LEAF : listNode(value, shape);
  return LEAF;
}

function mapNode(value: unknown, shape: MapShape): Node {
  if (!isObject(value)) return undefined;
  const children: Record<string, FieldSet> = {};
  for (const key of Object.keys(value)) {
    const child = value[key];
    const field = shape.fields.get(key);
    const under = field?.shape ?? shapeUnder(shape, key);
    if (!under) continue;
    const node = nodeOf(child, under);
    const own = !field || child === null || isEmptyMap(child);
    const kept = own ? withSelf(node) : node;
    if (kept) children[field?.key ?? fieldElement(key)] = kept;
  }
  return makeNode(false, children);
}

function listNode(value: unknown, shape: ListShape): Node {
  if (!Array.isArray(value)) return undefined;
  const children: Record<string, FieldSet> = {};
  for (const item of value) {
    const element = itemElement(shape, item);
    // Items that share a key are owned as one piece.
    children[element] = children[element] ? LEAF : withSelf(nodeOf(item, shape.element));
  }
  return makeNode(false, children);
}

/**
 * Adds the struct fields on the way to each path: who owns `a.b.c` counts as owning `a` where it is a
 * declared field. k8s: fieldpath Set.EnsureNamedFieldsAreMembers
 */
export function withNamedFields(set: FieldSet, shape: Shape | undefined): FieldSet {
  let out: Record<string, FieldSet> | undefined;
  for (const key in set) {
    if (key === ".") continue;
    const node = set[key] as FieldSet;
    let under: Shape | undefined;
    let named = false;
    if (key[0] === "f" && shape?.kind === "map") {
      const name = key.slice(2);
      named = shape.fields.has(name);
      under = shapeUnder(shape, name);
    } else if (key[0] === "k" && shape?.kind === "list") {
      under = shape.element;
    }
    const inner = withNamedFields(node, under);
    const result = named ? withSelf(inner) : inner;
    if (result !== node) (out ??= { ...set })[key] = result;
  }
  return out ?? set;
}
