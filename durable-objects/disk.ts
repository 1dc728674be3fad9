import { StatusError } from "./engine/machinery/status.ts";
import type { Sql } from "./engine/core/sql.ts";

/** When the disk is full: reads go on, writes fail with this error. */

/** SQLite's messages for it, also where it cannot make a file beside the database. */
export const saysDiskFull = (error: unknown): boolean =>
  /SQLITE_FULL|SQLITE_IOERR_(SHM|WRITE)|database or disk is full|ENOSPC/.test(String(error));

export const diskFullMessage =
  "the disk is full: nothing can be written until there is room again; what is stored can still be read";

export const diskFull = (): StatusError =>
  new StatusError(507, "InsufficientStorage", diskFullMessage);

/** The same storage, where nothing is ever written. */
export const readOnly = (sql: Sql): Sql => ({
  exec: (query, ...bindings) =>
    /^\s*(SELECT|WITH)\b/i.test(query) ? sql.exec(query, ...bindings) : [],
  transaction: (body) => body(),
});
