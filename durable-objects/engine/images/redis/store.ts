/** What a redis holds: databases of keys, as plain JSON in the server's state. */
import type { MatchWork } from "../../runtime/regex/work.ts";
import { matches } from "../../runtime/shell/pattern.ts";

export type Value =
  | { t: "string"; v: string; x?: number }
  | { t: "list"; v: string[]; x?: number }
  /** Pairs, in order of arrival. */
  | { t: "hash"; v: [string, string][]; x?: number }
  | { t: "set"; v: string[]; x?: number }
  | { t: "zset"; v: [string, number][]; x?: number };

/** Keys carry a dot in front, so that none can be a name every object has. */
export type Database = Record<string, Value>;

export interface Store {
  /** Databases by number. */
  d: Record<string, Database>;
}

export class WrongType extends Error {
  override name = "WrongType";
}

/** One database at one moment; expired keys are not there. */
export class Keys {
  readonly store: Store;
  readonly index: number;
  readonly now: number;

  constructor(store: Store, index: number, now: number) {
    this.store = store;
    this.index = index;
    this.now = now;
  }

  get #all(): Database | undefined {
    return this.store.d[this.index];
  }

  get(key: string): Value | undefined {
    const value = this.#all?.[`.${key}`];
    if (!value) return undefined;
    if (value.x === undefined || value.x > this.now) return value;
    this.remove(key);
    return undefined;
  }

  /** The value when it is of a type; throws WrongType when it is of another. */
  of<T extends Value["t"]>(key: string, type: T): Extract<Value, { t: T }> | undefined {
    const value = this.get(key);
    if (value && value.t !== type) throw new WrongType();
    return value as Extract<Value, { t: T }> | undefined;
  }

  set(key: string, value: Value): void {
    (this.store.d[this.index] ??= {})[`.${key}`] = value;
  }

  remove(key: string): boolean {
    const all = this.#all;
    if (!all || !(`.${key}` in all)) return false;
    const gone = all[`.${key}`];
    delete all[`.${key}`];
    if (Object.keys(all).length === 0) delete this.store.d[this.index];
    return gone?.x === undefined || gone.x > this.now;
  }

  /** Removes a collection that has become empty, as redis does. */
  tidy(key: string): void {
    const value = this.get(key);
    if (value && value.t !== "string" && value.v.length === 0) this.remove(key);
  }

  names(): string[] {
    const out: string[] = [];
    for (const name of Object.keys(this.#all ?? {}))
      if (this.get(name.slice(1))) out.push(name.slice(1));
    return out;
  }

  clear(): void {
    delete this.store.d[this.index];
  }
}

/** Bytes of a store, roughly as redis would need for it. */
export function storeBytes(store: Store): number {
  let bytes = 0;
  for (const index in store.d)
    for (const key in store.d[index]) {
      const value = store.d[index]?.[key];
      if (!value) continue;
      bytes += key.length + 56;
      if (value.t === "string") bytes += value.v.length;
      else
        for (const item of value.v)
          bytes +=
            16 + (typeof item === "string" ? item.length : item[0].length + String(item[1]).length);
    }
  return bytes;
}

/** Which names fit redis' glob: `*`, `?`, `[^a-z]`, `\\x`. ENOMEM beyond a step's work. */
export function globbed(names: readonly string[], pattern: string, work: MatchWork): string[] {
  // The shell's patterns know one negation more.
  const shells = pattern.replaceAll("[!", "[\\!");
  return names.filter((name) => matches(shells, name, work));
}
