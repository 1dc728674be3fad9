import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { databaseParametersMax } from "../limits.ts";

const handles = new WeakMap<D1Database, DrizzleD1Database>();
export function on(db: D1Database): DrizzleD1Database {
  let handle = handles.get(db);
  if (!handle) handles.set(db, (handle = drizzle(db)));
  return handle;
}

/** A failed query's own message repeats its parameters, hashes of keys among them: only its cause is told on. */
export const ask = <T>(query: PromiseLike<T>): Promise<T> =>
  Promise.resolve(query).catch((error: Error) => {
    const { cause = error } = error;
    throw new Error(`database: ${cause instanceof Error ? cause.message : String(cause)}`);
  });

/** Where a list goes on: after the last one shown, newest first. */
export interface Page {
  limit: number;
  /** `createdAt` and id of the last one shown. */
  after?: { at: number; id: string };
}

/** What a query finds of many values, so many at a time as it may name. */
export async function inPortions(
  values: readonly string[],
  find: (some: string[]) => Promise<string[]>,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let from = 0; from < values.length; from += databaseParametersMax) {
    for (const value of await find(values.slice(from, from + databaseParametersMax)))
      found.add(value);
  }
  return found;
}
