/** Sets of objects in key order, as the store and its indices hold them: large ones, and the many that are small. */
import type { KubeObject } from "./object.ts";

const none: readonly KubeObject[] = [];

/**
 * The objects under a value of an index while they are few, in key order: most values (an IP, a Pod's events) have just
 * one or some, and a Group costs a kilobyte.
 */
export class SmallGroup {
  // Made anew with each change: an array that grew in place keeps room for sixteen more.
  #keys: readonly string[] = [];
  #array: readonly KubeObject[] = none;
  get size(): number {
    return this.#keys.length;
  }
  put(key: string, object: KubeObject): void {
    const keys = this.#keys;
    let at = 0;
    while (at < keys.length && (keys[at] as string) < key) at++;
    const known = keys[at] === key;
    if (known) this.#array = this.#array.with(at, object);
    else {
      this.#keys = keys.toSpliced(at, 0, key);
      this.#array = this.#array.toSpliced(at, 0, object);
    }
  }
  remove(key: string): void {
    const at = this.#keys.indexOf(key);
    if (at < 0) return;
    this.#keys = this.#keys.toSpliced(at, 1);
    this.#array = this.#array.toSpliced(at, 1);
  }
  array(): readonly KubeObject[] {
    return this.#array;
  }
  members(): Iterable<KubeObject> {
    return this.#array;
  }
  grown(): Group {
    const group = new Group();
    this.#keys.forEach((key, i) => group.put(key, this.#array[i] as KubeObject));
    return group;
  }
}

/** A set of objects that knows its order only when asked. */
export class Group {
  readonly #members = new Map<string, KubeObject>();
  #sortedKeys: string[] = [];
  /** Keys that came since the last sort. */
  #added: string[] = [];
  #removed = false;
  #array: readonly KubeObject[] | undefined;
  get size(): number {
    return this.#members.size;
  }
  get(key: string): KubeObject | undefined {
    return this.#members.get(key);
  }
  put(key: string, object: KubeObject): void {
    if (!this.#members.has(key)) this.#added.push(key);
    this.#members.set(key, object);
    this.#array = undefined;
  }
  remove(key: string): void {
    if (!this.#members.delete(key)) return;
    this.#removed = true;
    this.#array = undefined;
  }
  /** In no order. */
  members(): Iterable<KubeObject> {
    return this.#members.values();
  }
  /** In key order; the same array until a member changes. */
  array(): readonly KubeObject[] {
    if (this.#array) return this.#array;
    const keys = this.#keys();
    const members = this.#members;
    this.#array = keys.map((key) => members.get(key) as KubeObject);
    return this.#array;
  }
  /** Few come at a time: sort those, then merge. */
  #keys(): string[] {
    if (this.#removed) {
      // A key that went and came back stands in both lists: once is enough.
      const members = this.#members;
      this.#added = [...new Set(this.#added)].filter((k) => members.has(k));
      const added = new Set(this.#added);
      this.#sortedKeys = this.#sortedKeys.filter((k) => members.has(k) && !added.has(k));
      this.#removed = false;
    }
    if (this.#added.length) {
      this.#sortedKeys = merged(this.#sortedKeys, this.#added.sort());
      this.#added = [];
    }
    return this.#sortedKeys;
  }
}

function merged(a: readonly string[], b: readonly string[]): string[] {
  if (a.length === 0) return [...b];
  const out: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    out.push((a[i] as string) < (b[j] as string) ? (a[i++] as string) : (b[j++] as string));
  }
  while (i < a.length) out.push(a[i++] as string);
  while (j < b.length) out.push(b[j++] as string);
  return out;
}
