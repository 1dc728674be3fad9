/**
 * Sets of field paths, kept in the very form they are written in (FieldsV1): a tree by path element,
 * where an empty node is a member, and "." marks a member that has children. Sets are immutable and
 * share structure: an operation that changes nothing returns its first operand itself.
 * k8s: structured-merge-diff/fieldpath/set.go
 */
import { isObject } from "../../schema/patch/go-value.ts";
import { canonicalElement, compareElements, printElement, sortElements } from "./element.ts";

export interface FieldSet {
  readonly [element: string]: FieldSet;
}
/** A node below the root; undefined: no such path. */
export type Node = FieldSet | undefined;

export const LEAF: FieldSet = Object.freeze({});
export const EMPTY: FieldSet = LEAF;
const SELF = ".";

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether a node below the root is itself in the set. */
export const isMember = (node: FieldSet): boolean => SELF in node || isEmpty(node);

/** A node out of children in any order. */
export function makeNode(member: boolean, children: Record<string, FieldSet>): Node {
  const keys = Object.keys(children);
  if (!keys.length) return member ? LEAF : undefined;
  if (keys.length > 1) sortElements(keys);
  const out: Record<string, FieldSet> = {};
  if (member) out[SELF] = LEAF;
  for (const key of keys) out[key] = children[key] as FieldSet;
  return out;
}

/** The node itself added to the set. */
export function withSelf(node: Node): FieldSet {
  if (node === undefined) return LEAF;
  return isMember(node) ? node : { [SELF]: LEAF, ...node };
}

function withoutSelf(node: FieldSet): Node {
  if (isEmpty(node)) return undefined;
  if (!(SELF in node)) return node;
  const { [SELF]: _, ...rest } = node;
  return rest;
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmpty(b)) return withSelf(a);
  if (isEmpty(a)) return withSelf(b);
  let out: Record<string, FieldSet> | undefined;
  let sorted = true;
  for (const key in b) {
    const other = b[key] as FieldSet;
    const own = a[key];
    const merged = own === undefined ? other : key === SELF ? own : unionNodes(own, other);
    if (merged === own) continue;
    out ??= { ...a };
    if (own === undefined) sorted = false;
    out[key] = merged;
  }
  if (!out) return a;
  return sorted ? out : inOrder(out);
}

function inOrder(node: Record<string, FieldSet>): FieldSet {
  const out: Record<string, FieldSet> = {};
  for (const key of sortElements(Object.keys(node))) out[key] = node[key] as FieldSet;
  return out;
}

/** Elements in either. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b;
  return isEmpty(b) ? a : unionNodes(a, b);
}

/** Replaces children; an undefined one goes. */
function replaced(node: FieldSet, member: boolean, changes: Map<string, Node>): Node {
  const out: Record<string, FieldSet> = {};
  let children = 0;
  if (member) out[SELF] = LEAF;
  for (const key in node) {
    if (key === SELF) continue;
    const child = changes.has(key) ? changes.get(key) : node[key];
    if (child === undefined) continue;
    out[key] = child;
    children++;
  }
  if (children) return out;
  return member ? LEAF : undefined;
}

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): Node {
  if (a === b) return undefined;
  const gone = isMember(b);
  if (gone && recursive) return undefined;
  const member = isMember(a);
  let changes: Map<string, Node> | undefined;
  for (const key in b) {
    const own = a[key];
    if (own === undefined || key === SELF) continue;
    const rest = subtract(own, b[key] as FieldSet, recursive);
    if (rest !== own) (changes ??= new Map()).set(key, rest);
  }
  if (changes) return replaced(a, member && !gone, changes);
  return member && gone ? withoutSelf(a) : a;
}

/** Elements of `a` that are not in `b`; parents and children of an element are other elements. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a;
  return subtract(a, b, false) ?? EMPTY;
}

/** Elements of `a` that are neither in `b` nor below an element of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a;
  return subtract(a, b, true) ?? EMPTY;
}

function intersectNodes(a: FieldSet, b: FieldSet): Node {
  if (a === b) return a;
  const children: Record<string, FieldSet> = {};
  for (const key in a) {
    const other = b[key];
    if (other === undefined || key === SELF) continue;
    const both = intersectNodes(a[key] as FieldSet, other);
    if (both) children[key] = both;
  }
  const member = isMember(a) && isMember(b);
  if (isEmpty(children)) return member ? LEAF : undefined;
  return member ? { [SELF]: LEAF, ...children } : children;
}

/** Elements in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return EMPTY;
  return intersectNodes(a, b) ?? EMPTY;
}

export type Path = readonly string[];

/** A set of the given paths, each a list of elements. */
export function setOf(...paths: Path[]): FieldSet {
  let out = EMPTY;
  for (const path of paths) {
    let node = LEAF;
    for (let i = path.length - 1; i >= 0; i--) node = { [path[i] as string]: node };
    out = union(out, node);
  }
  return out;
}

/** Whether exactly this path is a member; one that only leads to members is not. */
export function hasPath(set: FieldSet, path: Path): boolean {
  let node: Node = set;
  for (const element of path) {
    node = node[element];
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

/** Members in upstream's order: those of a level before what lies deeper. k8s: Set.Iterate */
export function forEachPath(set: FieldSet, visit: (path: Path) => void, prefix: Path = []): void {
  for (const key in set) {
    if (key !== SELF && isMember(set[key] as FieldSet)) visit([...prefix, key]);
  }
  for (const key in set) {
    if (key !== SELF) forEachPath(set[key] as FieldSet, visit, [...prefix, key]);
  }
}

/** `.spec.template.spec.containers[name="a"].image` */
export const printPath = (path: Path): string => path.map(printElement).join("");

function canonicalNode(value: unknown): Node {
  if (value === null) return LEAF;
  if (!isObject(value)) throw new Error("ReadMapCB: expect { or n");
  const children: Record<string, FieldSet> = {};
  let ordered = true;
  let previous = "";
  for (const key of Object.keys(value)) {
    if (key === SELF) {
      if (previous || !isEmpty(value[SELF] as FieldSet)) ordered = false;
      continue;
    }
    const element = canonicalElement(key);
    const child = element === undefined ? undefined : canonicalNode(value[key]);
    if (element === undefined || child === undefined) {
      ordered = false;
      continue;
    }
    if (element !== key || child !== value[key]) ordered = false;
    if (previous && ordered && compareElements(previous, element) >= 0) ordered = false;
    previous = element;
    const known = children[element];
    children[element] = known ? unionNodes(known, child) : child;
  }
  if (isEmpty(children)) return isEmpty(value as FieldSet) ? (value as FieldSet) : LEAF;
  return ordered ? (value as FieldSet) : makeNode(SELF in value, children);
}

/**
 * Reads `fieldsV1`: sorted, each element in one spelling, unknown kinds of elements left out. A set in
 * canonical form is returned as it is. Throws an Error for what is no field set.
 */
export function parseFieldSet(value: unknown): FieldSet {
  if (value === undefined || value === null) return EMPTY;
  if (canonical.has(value as object)) return value as FieldSet;
  const set = canonicalNode(value) ?? EMPTY;
  const root = SELF in set ? (withoutSelf(set) ?? EMPTY) : set;
  if (root !== EMPTY) canonical.add(root);
  return root;
}
/** Sets already read or made here, while their objects live in memory. */
const canonical = new WeakSet<object>();

/** Spares parseFieldSet the walk over a set that this engine made. */
export function markCanonical(set: FieldSet): FieldSet {
  if (!isEmpty(set)) canonical.add(set);
  return set;
}
