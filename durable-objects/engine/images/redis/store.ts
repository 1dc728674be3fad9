/** What a redis holds: databases of keys, as plain JSON in the server's state. */
import { RecordCodec, type StoredNames } from "../../core/record-codec.ts";
import type { MatchWork } from "../../runtime/match-work.ts";
import { matches } from "../../runtime/shell/pattern.ts";

export type Value =
  | { type: "string"; value: string; expiresAtMs?: number }
  | { type: "list"; value: string[]; expiresAtMs?: number }
  /** Pairs, in order of arrival. */
  | { type: "hash"; value: [string, string][]; expiresAtMs?: number }
  | { type: "set"; value: string[]; expiresAtMs?: number }
  | { type: "zset"; value: [string, number][]; expiresAtMs?: number };

/** Keys carry a dot in front, so that none can be a name every object has. */
export type Database = Record<string, Value>;

export interface Store {
  /** Databases by number. */
  databases: Record<string, Database>;
}

/** Names on disk, also in the snapshot that a replica gets and that lies on a volume. */
export const databaseNames: StoredNames = {
  each: { each: { fields: { type: "t", value: "v", expiresAtMs: "x" } } },
};
const codec = new RecordCodec(databaseNames);

/** All databases as a snapshot's text. */
export const snapshotOf = ({ databases }: Store): string => JSON.stringify(codec.save(databases));

/** What such a text holds. SyntaxError: it is none. */
export const databasesOf = (snapshot: string): Store["databases"] =>
  codec.load(JSON.parse(snapshot)) as Store["databases"];

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
    return this.store.databases[this.index];
  }

  get(key: string): Value | undefined {
    const value = this.#all?.[`.${key}`];
    if (!value) return undefined;
    if (value.expiresAtMs === undefined || value.expiresAtMs > this.now) return value;
    this.remove(key);
    return undefined;
  }

  /** The value when it is of a type; throws WrongType when it is of another. */
  of<T extends Value["type"]>(key: string, type: T): Extract<Value, { type: T }> | undefined {
    const value = this.get(key);
    if (value && value.type !== type) throw new WrongType();
    return value as Extract<Value, { type: T }> | undefined;
  }

  set(key: string, value: Value): void {
    (this.store.databases[this.index] ??= {})[`.${key}`] = value;
  }

  remove(key: string): boolean {
    const all = this.#all;
    if (!all || !(`.${key}` in all)) return false;
    const gone = all[`.${key}`];
    delete all[`.${key}`];
    if (Object.keys(all).length === 0) delete this.store.databases[this.index];
    return gone?.expiresAtMs === undefined || gone.expiresAtMs > this.now;
  }

  /** Removes a collection that has become empty, as redis does. */
  tidy(key: string): void {
    const value = this.get(key);
    if (value && value.type !== "string" && value.value.length === 0) this.remove(key);
  }

  names(): string[] {
    const out: string[] = [];
    for (const name of Object.keys(this.#all ?? {}))
      if (this.get(name.slice(1))) out.push(name.slice(1));
    return out;
  }

  clear(): void {
    delete this.store.databases[this.index];
  }
}

/** Bytes of a store, roughly as redis would need for it. */
export function storeBytes(store: Store): number {
  let bytes = 0;
  for (const index in store.databases)
    for (const key in store.databases[index]) {
      const value = store.databases[index]?.[key];
      if (!value) continue;
      bytes += key.length + 56;
      if (value.type === "string") bytes += value.value.length;
      else
        for (const item of value.value)
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
