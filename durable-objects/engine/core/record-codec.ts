/**
 * Records that are written often have short field names on disk and full ones in memory: a table's codec turns the one
 * into the other. Order and absence of fields stay as they are.
 */

/** How the fields of a record are named on disk. */
export interface StoredNames {
  /** Stored name by full name; any other field is stored under its own. */
  fields?: Readonly<Record<string, string>>;
  /** Names inside a field's value, by the field's full name. */
  inside?: Readonly<Record<string, StoredNames>>;
  /** The value is a table or a list: names inside each of its entries. */
  each?: StoredNames;
}

type Fields = Record<string, unknown>;

/** One object of a record, in one of the two directions. */
export interface Level {
  /** Its fields that are named otherwise on the other side. */
  readonly to: ReadonlyMap<string, string>;
  /** By the name it is read under. */
  readonly inside: ReadonlyMap<string, Level>;
  readonly each: Level | undefined;
}

function levelOf({ fields = {}, inside = {}, each }: StoredNames, toStored: boolean): Level {
  const to = new Map<string, string>();
  for (const full in fields) {
    const short = fields[full] as string;
    to.set(toStored ? full : short, toStored ? short : full);
  }
  const levels = new Map<string, Level>();
  for (const full in inside) {
    const read = toStored ? full : (fields[full] ?? full);
    levels.set(read, levelOf(inside[full] as StoredNames, toStored));
  }
  return { to, inside: levels, each: each && levelOf(each, toStored) };
}

function renamed(value: unknown, level: Level): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { to, inside, each } = level;
  if (Array.isArray(value)) return each ? value.map((entry) => renamed(entry, each)) : value;
  const from = value as Fields;
  const out: Fields = {};
  if (each) {
    for (const key in from) out[key] = renamed(from[key], each);
    return out;
  }
  for (const name in from) {
    const within = inside.get(name);
    const field = from[name];
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
