/** What a redis holds: databases of keys, as plain JSON in the server's state. */
import { redisGlobCharactersMax } from "../limits.ts";

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

/** redis' glob: `*`, `?`, `[a-z]`, `\x`. Undefined: any run of bytes. */
type GlobSign = ((c: string) => boolean) | undefined;

function globSigns(pattern: string): GlobSign[] {
  const signs: GlobSign[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern.charAt(i);
    if (c === "*") signs.push(undefined);
    else if (c === "?") signs.push(() => true);
    else if (c === "[") {
      const end = pattern.indexOf("]", i + 1);
      const set = globSet(pattern.slice(i + 1, end < 0 ? undefined : end));
      signs.push(set);
      i = end < 0 ? pattern.length : end;
    } else {
      const plain = c === "\\" && i + 1 < pattern.length ? pattern.charAt(++i) : c;
      signs.push((other) => other === plain);
    }
  }
  return signs;
}

/** redis: src/util.c stringmatchlen_impl */
function globSet(text: string): (c: string) => boolean {
  const not = text.startsWith("^");
  const ranges: [string, string][] = [];
  for (let i = not ? 1 : 0; i < text.length; i++) {
    if (text[i] === "\\" && i + 1 < text.length) i++;
    const from = text.charAt(i);
    const range = text[i + 1] === "-" && i + 2 < text.length;
    const to = range ? text.charAt((i += 2)) : from;
    ranges.push(from < to ? [from, to] : [to, from]);
  }
  return (c) => ranges.some(([from, to]) => c >= from && c <= to) !== not;
}

/** Only the last star is ever tried again: at most pattern times text. Longer patterns with a star match nothing. */
export function globMatches(pattern: string, text: string): boolean {
  if (pattern.length > redisGlobCharactersMax && pattern.includes("*")) return false;
  const signs = globSigns(pattern);
  let sign = 0;
  let star = -1;
  let resume = 0;
  for (let at = 0; at < text.length;) {
    const wanted = signs[sign];
    if (sign < signs.length && wanted === undefined) {
      star = sign++;
      resume = at;
    } else if (wanted?.(text.charAt(at))) {
      sign++;
      at++;
    } else if (star >= 0) {
      sign = star + 1;
      at = ++resume;
    } else return false;
  }
  return signs.slice(sign).every((one) => one === undefined);
}
