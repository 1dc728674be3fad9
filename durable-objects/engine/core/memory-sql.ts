/**
 * The Sql port without a database, for a cluster that is looked at, or tried out, and thrown away. It reads the few forms of
 * statement that the engine writes, and refuses any other.
 */
import { assert } from "./assert.ts";
import type { Sql, SqlValue } from "./sql.ts";

type Row = Record<string, SqlValue>;

interface Table {
  key: string;
  rows: Map<SqlValue, Row>;
}

interface Condition {
  column: string;
  operator: string;
  /** Absent: the next binding. */
  number?: number;
}

/** How many rows it concerns, and in which order, after the name of the table. */
interface Selection {
  conditions: Condition[];
  orderBy?: string;
  descending: boolean;
  limit?: string;
}

type Run = (bindings: SqlValue[]) => Row[];

export class MemorySql implements Sql {
  readonly #tables = new Map<string, Table>();
  /** By their text: there are as many as the engine writes. */
  readonly #statements = new Map<string, Run>();
  /** How to take back what a transaction did, last first. */
  #undo: (() => void)[] | undefined;

  exec(query: string, ...bindings: SqlValue[]): Row[] {
    let run = this.#statements.get(query);
    if (!run) this.#statements.set(query, (run = this.#prepare(query)));
    return run(bindings);
  }

  transaction<T>(body: () => T): T {
    assert(!this.#undo, "transactions nest nowhere");
    this.#undo = [];
    try {
      return body();
    } catch (error) {
      for (const back of this.#undo.reverse()) back();
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  #prepare(query: string): Run {
    const tokens = query.match(/[\w.]+|[(),?*;]|[<>=]+/g) ?? [];
    const words = new Words(query, tokens);
    if (words.take("CREATE")) return this.#create(words);
    if (words.take("INSERT")) return this.#insert(words);
    if (words.take("SELECT")) return this.#select(words);
    if (words.take("DELETE")) return this.#delete(words);
    words.must("UPDATE");
    return this.#update(words);
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`no such table: ${name}`);
    return table;
  }

  #put(table: Table, key: SqlValue, row: Row | undefined): void {
    const before = table.rows.get(key);
    const set = (to: Row | undefined): void => {
      if (to) table.rows.set(key, to);
      else table.rows.delete(key);
    };
    this.#undo?.push(() => set(before));
    set(row);
  }

  #create(words: Words): Run {
    words.must("TABLE");
    if (words.take("IF")) {
      words.must("NOT");
      words.must("EXISTS");
    }
    const name = words.next();
    let key = "";
    let column = "";
    for (let word = words.next(); word !== ")"; word = words.next()) {
      if (word === "(" || word === ",") column = words.next();
      else if (word === "PRIMARY") key = column;
    }
    return () => {
      if (!this.#tables.has(name)) this.#tables.set(name, { key, rows: new Map() });
      return [];
    };
  }

  #insert(words: Words): Run {
    words.must("INTO");
    const name = words.next();
    const columns = words.list();
    words.must("VALUES");
    words.list();
    // With ON CONFLICT (key) DO UPDATE SET ... = excluded...: the whole row is another.
    const replaces = words.take("ON");
    return (bindings) => {
      const table = this.#table(name);
      const row = Object.fromEntries(columns.map((column, i) => [column, bindings[i] ?? null]));
      const key = row[table.key] ?? null;
      if (!replaces && table.rows.has(key)) throw new Error(`UNIQUE constraint failed: ${name}`);
      this.#put(table, key, row);
      return [];
    };
  }

  #select(words: Words): Run {
    const wanted: { column: string; sum?: string; as: string }[] = [];
    do {
      const column = words.next();
      if (!words.take("(")) wanted.push({ column, as: column });
      else {
        const of = words.next();
        words.must(")");
        words.must("AS");
        wanted.push({ column: of, sum: column, as: words.next() });
      }
    } while (words.take(","));
    words.must("FROM");
    const name = words.next();
    const selection = words.selection();
    return (bindings) => {
      const rows = chosen(this.#table(name), selection, bindings);
      if (!wanted.some(({ sum }) => sum))
        return rows.map((row) =>
          Object.fromEntries(wanted.map(({ column, as }) => [as, row[column] ?? null])),
        );
      return [
        Object.fromEntries(
          wanted.map(({ column, sum, as }) => [
            as,
            summed(
              sum,
              rows.map((row) => Number(row[column])),
            ),
          ]),
        ),
      ];
    };
  }

  #delete(words: Words): Run {
    words.must("FROM");
    const name = words.next();
    const selection = words.selection();
    return (bindings) => {
      const table = this.#table(name);
      for (const row of chosen(table, selection, bindings))
        this.#put(table, row[table.key] ?? null, undefined);
      return [];
    };
  }

  #update(words: Words): Run {
    const name = words.next();
    return (bindings) => {
      const table = this.#table(name);
      // What brings old tables up to date finds none here.
      if (table.rows.size === 0) return [];
      const rest = words.copy();
      const columns: string[] = [];
      rest.must("SET");
      do {
        columns.push(rest.next());
        rest.must("=");
        rest.must("?");
      } while (rest.take(","));
      const selection = rest.selection();
      for (const row of chosen(table, selection, bindings.slice(columns.length))) {
        const set = Object.fromEntries(columns.map((column, i) => [column, bindings[i] ?? null]));
        this.#put(table, row[table.key] ?? null, { ...row, ...set });
      }
      return [];
    };
  }
}

/** A statement's words, one after the other. */
class Words {
  readonly #query: string;
  readonly #words: readonly string[];
  #at = 0;

  constructor(query: string, words: readonly string[]) {
    this.#query = query;
    this.#words = words;
  }

  copy(): Words {
    return new Words(this.#query, this.#words.slice(this.#at));
  }

  next(): string {
    const word = this.#words[this.#at++];
    if (word === undefined) throw this.#unknown();
    return word;
  }

  take(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at += 1;
    return true;
  }

  must(word: string): void {
    if (!this.take(word)) throw this.#unknown();
  }

  /** `(a, b)` */
  list(): string[] {
    this.must("(");
    const words: string[] = [];
    do words.push(this.next());
    while (this.take(","));
    this.must(")");
    return words;
  }

  /** `WHERE a > ? AND b = ? ORDER BY c DESC LIMIT 1`, all of it optional, to the end. */
  selection(): Selection {
    const found: Selection = { conditions: [], descending: false };
    if (this.take("WHERE")) {
      do {
        const [column, operator] = [this.next(), this.next()];
        const value = this.next();
        if (value !== "?" && !/^\d+$/.test(value)) throw this.#unknown();
        found.conditions.push({
          column,
          operator,
          ...(value !== "?" && { number: Number(value) }),
        });
      } while (this.take("AND"));
    }
    if (this.take("ORDER")) {
      this.must("BY");
      found.orderBy = this.next();
      found.descending = this.take("DESC");
    }
    if (this.take("LIMIT")) found.limit = this.next();
    if (this.#at < this.#words.length) throw this.#unknown();
    return found;
  }

  #unknown(): Error {
    return new Error(`a statement of another form: ${this.#query}`);
  }
}

const compares: Record<string, (a: SqlValue, b: SqlValue) => boolean> = {
  "=": (a, b) => a === b,
  ">": (a, b) => Number(a) > Number(b),
  ">=": (a, b) => Number(a) >= Number(b),
  "<": (a, b) => Number(a) < Number(b),
  "<=": (a, b) => Number(a) <= Number(b),
};

function chosen({ key, rows }: Table, selection: Selection, bindings: SqlValue[]): Row[] {
  const { conditions, orderBy, descending, limit } = selection;
  let bound = 0;
  const tests = conditions.map(({ column, operator, number }) => {
    const compare = compares[operator];
    assert(compare, "an operator");
    const value = number ?? bindings[bound++] ?? null;
    return (row: Row): boolean => compare(row[column] ?? null, value);
  });
  const [first] = conditions;
  const named = first?.column === key && first.operator === "=" && first.number === undefined;
  const row = named ? rows.get(bindings[0] ?? null) : undefined;
  const candidates = !named ? [...rows.values()] : row ? [row] : [];
  const found = candidates.filter((one) => tests.every((test) => test(one)));
  if (orderBy !== undefined) {
    const sign = descending ? -1 : 1;
    found.sort((a, b) => sign * (Number(a[orderBy]) - Number(b[orderBy])));
  }
  if (limit === undefined) return found;
  return found.slice(0, Number(limit === "?" ? bindings[bound] : limit));
}

/** Of nothing both are NULL, as SQL has it. */
function summed(what: string | undefined, values: readonly number[]): SqlValue {
  if (values.length === 0) return null;
  if (what === "MAX") return values.reduce((a, b) => Math.max(a, b));
  if (what === "MIN") return values.reduce((a, b) => Math.min(a, b));
  assert(what === "SUM", "a sum, the greatest or the least");
  return values.reduce((a, b) => a + b, 0);
}
