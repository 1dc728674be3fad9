import { StatusError } from "./engine/api/status.ts";
import type { Sql } from "./engine/ports.ts";

/** When there is no room to write: what is stored is read on, and whoever wants to write hears why. */

/** What SQLite says of it, also where it finds no room for a file beside the database. */
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
