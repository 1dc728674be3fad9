/**
 * Records that are written often have short field names on disk and full ones in memory: a table's codec turns the one
 * into the other. Order and absence of fields stay as they are.
 */

/** How the fields of a record are named on disk. */
export interface StoredNames {
  /** Stored name by full name; any other field is stored under its own. */
  fields?: Readonly<Record<string, string | undefined>>;
  /** Names inside a field's value, by the field's full name. */
  inside?: Readonly<Record<string, StoredNames | undefined>>;
  /** The value is a table or a list: names inside each of its entries. */
  each?: StoredNames;
  /** Further names, which depend on what one of its fields (by its full name) says. */
  by?: { field: string; names: Readonly<Record<string, StoredNames>> | NamesFor };
}

/** Names for what a field says; undefined: none. */
type NamesFor = (said: string) => StoredNames | undefined;

type KeyOf<S> = S extends object ? Extract<keyof S, string> : never;
type ValueOf<S, K> = S extends object ? (K extends keyof S ? NonNullable<S[K]> : never) : never;

/** The same for one shape, so that names of fields that it does not have are an error of types. */
export interface NamesOf<S> {
  fields?: { readonly [K in KeyOf<S>]?: string };
  inside?: { readonly [K in KeyOf<S>]?: NamesOf<ValueOf<S, K>> };
  each?: NamesOf<NonNullable<S extends readonly (infer E)[] ? E : S[keyof S]>>;
  by?: { field: KeyOf<S>; names: Readonly<Record<string, StoredNames>> | NamesFor };
}

type Fields = Record<string, unknown>;

/** One object of a record, in one of the two directions. */
export interface Level {
  /** Its fields that are named otherwise on the other side. */
  readonly to: ReadonlyMap<string, string>;
  /** By the name it is read under. */
  readonly inside: ReadonlyMap<string, Level>;
  readonly each: Level | undefined;
  /** Optional. The level for an object whose names depend on what it says. */
  readonly of?: (object: Fields) => Level;
}

/** `seen`: levels of names under way, as shapes may hold themselves. */
function levelOf(
  names: StoredNames,
  toStored: boolean,
  seen = new Map<StoredNames, Level>(),
): Level {
  const known = seen.get(names);
  if (known) return known;
  const { fields = {}, inside = {}, each, by } = names;
  const to = new Map<string, string>();
  const levels = new Map<string, Level>();
  const level: { -readonly [K in keyof Level]: Level[K] } = { to, inside: levels, each: undefined };
  seen.set(names, level);
  for (const full in fields) {
    const short = fields[full] as string;
    to.set(toStored ? full : short, toStored ? short : full);
  }
  for (const full in inside) {
    const read = toStored ? full : (fields[full] ?? full);
    levels.set(read, levelOf(inside[full] as StoredNames, toStored, seen));
  }
  if (each) level.each = levelOf(each, toStored, seen);
  if (by) level.of = levelsBy(names, by, level, toStored);
  return level;
}

/** Levels for what a field says, each made when it is first met. */
function levelsBy(
  names: StoredNames,
  by: NonNullable<StoredNames["by"]>,
  plain: Level,
  toStored: boolean,
): (object: Fields) => Level {
  const read = toStored ? by.field : (names.fields?.[by.field] ?? by.field);
  const made = new Map<string, Level>();
  return (object) => {
    const said = String(object[read]);
    const known = made.get(said);
    if (known) return known;
    const more = namesFor(by.names, said);
    if (!more) return plain;
    const level = levelOf(joined(names, more), toStored);
    made.set(said, level);
    return level;
  };
}

const namesFor = (
  names: NonNullable<StoredNames["by"]>["names"],
  said: string,
): StoredNames | undefined =>
  typeof names === "function" ? names(said) : Object.hasOwn(names, said) ? names[said] : undefined;

const joined = ({ fields, inside }: StoredNames, more: StoredNames): StoredNames => ({
  fields: { ...fields, ...more.fields },
  inside: { ...inside, ...more.inside },
});

function renamed(value: unknown, level: Level): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { each } = level;
  if (Array.isArray(value)) return each ? value.map((entry) => renamed(entry, each)) : value;
  const from = value as Fields;
  const out: Fields = {};
  if (each) {
    for (const key in from) out[key] = renamed(from[key], each);
    return out;
  }
  const { to, inside } = level.of?.(from) ?? level;
  for (const name in from) {
    const field = from[name];
    // Numbers and texts need no look.
    const within = typeof field === "object" ? inside.get(name) : undefined;
    out[to.get(name) ?? name] = within ? renamed(field, within) : field;
  }
  return out;
}

/** What has no names of its own is shared between the two forms. */
export class RecordCodec {
  /** From memory to disk. */
  readonly names: Level;
  readonly #load: Level;

  constructor(names: StoredNames) {
    this.names = levelOf(names, true);
    this.#load = levelOf(names, false);
  }

  /** The form on disk of a record in memory. */
  save(record: unknown): unknown {
    return renamed(record, this.names);
  }

  /** The record in memory of a form on disk. */
  load(stored: unknown): unknown {
    return renamed(stored, this.#load);
  }
}

/** By table; a table without one is stored as it is. */
export type RecordCodecs = Readonly<Record<string, RecordCodec>>;
