import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { ended, endProcess, startOf } from "./process-table.ts";

/** The folder of the databases: whose it is, who uses it, whether it can be read. */

/** What keeps Podyard from starting and the person who starts it can mend: one sentence. */
export class StartError extends Error {
  override name = "StartError";
}

const another = "choose another folder with PODYARD_STATE";

/** Makes the folder, for its owner alone. */
export function openFolder(statePath: string): void {
  try {
    if (existsSync(statePath) && !statSync(statePath).isDirectory()) {
      throw new StartError(`${statePath} is a file, not a folder: ${another}`);
    }
    mkdirSync(statePath, { recursive: true, mode: 0o700 });
    chmodSync(statePath, 0o700);
    const probe = path.join(statePath, ".writable");
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw reasonOf(error, statePath);
  }
}

/** The sentence for an error of the file system, or the error as it was. */
export function reasonOf(error: unknown, statePath: string): unknown {
  const { code, path: file = statePath } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") {
    return new StartError(`${file} may not be written by this user: ${another}`);
  }
  if (code === "ENOTDIR" || code === "EEXIST") {
    return new StartError(`${file} lies below a file, not a folder: ${another}`);
  }
  if (code === "EISDIR") return new StartError(`${file} is a folder, not a file: ${another}`);
  if (code === "EROFS") return new StartError(`${file} is on a read-only disk: ${another}`);
  if (code === "ENOSPC") return new StartError(`the disk of ${file} is full: free some space`);
  return error;
}

interface Holder {
  process: number;
  url: string;
  /** The runtime, which a killed starter leaves behind, and the moment of its start as its machine tells it. */
  runtime?: { process: number; start: string };
}

/** The folder is this process's alone until `release`, or its end, however it ends: the lock is the operating system's. */
export class FolderLock {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #holder: Holder;

  private constructor(database: DatabaseSync, file: string, holder: Holder) {
    this.#database = database;
    this.#file = file;
    this.#holder = holder;
    this.#write();
  }

  static async take(statePath: string, url: string): Promise<FolderLock> {
    const file = path.join(statePath, "holder.json");
    const database = lockedDatabase(path.join(statePath, "lock.sqlite"));
    const before = holderIn(file);
    if (!database) {
      const who = before ? ` (process ${before.process}, ${before.url})` : "";
      throw new StartError(
        `${statePath} is in use by another Podyard${who}: stop that one, or ${another}`,
      );
    }
    // Its starter is dead, or the lock would be its own.
    const left = before?.runtime;
    if (left && startOf(left.process) === left.start) {
      endProcess(left.process);
      await ended(left.process);
    }
    return new FolderLock(database, file, { process: process.pid, url });
  }

  /** Notes the runtime, for whoever comes after a starter that was killed. */
  runs(pid: number): void {
    this.#holder.runtime = { process: pid, start: startOf(pid) ?? "" };
    this.#write();
  }

  release(): void {
    rmSync(this.#file, { force: true });
    this.#database.close();
  }

  #write(): void {
    writeFileSync(this.#file, JSON.stringify(this.#holder), { mode: 0o600 });
  }
}

function lockedDatabase(file: string): DatabaseSync | undefined {
  for (let attempt = 0; ; attempt++) {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(file);
      database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
      chmodSync(file, 0o600);
      return database;
    } catch (error) {
      database?.close();
      const { errcode } = error as { errcode?: number };
      if (errcode === sqliteBusy) return undefined;
      // It holds nothing: whatever is in it was not put there by us.
      if (errcode !== sqliteNotADatabase || attempt > 0) {
        throw new StartError(`${file} cannot be opened (${(error as Error).message}): ${another}`);
      }
      rmSync(file);
    }
  }
}

const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

function holderIn(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

interface Damaged {
  /** Id of the Durable Object. */
  object: string;
  fault: string;
}

/**
 * Looks into every database. Throws where no sandbox could be opened without it; returns the files of single sandboxes that
 * are damaged, whose neighbours open all the same.
 */
export function damagedSandboxes(statePath: string): Damaged[] {
  const damaged: Damaged[] = [];
  for (const folder of ["d1", "r2", "do", "cache"]) {
    for (const file of databasesBelow(path.join(statePath, folder))) {
      const fault = faultOf(file);
      if (fault === undefined) continue;
      if (folder === "do" && path.basename(file) !== "metadata.sqlite") {
        damaged.push({ object: path.basename(file, ".sqlite"), fault: `${file} ${fault}` });
        continue;
      }
      throw new StartError(
        `${file} ${fault}: put it back from a copy, or start anew: move ${statePath} away, or ${another}`,
      );
    }
  }
  return damaged;
}

function databasesBelow(folder: string): string[] {
  try {
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(({ name }) => name.endsWith(".sqlite"))
      .map((entry) => path.join(entry.parentPath, entry.name));
  } catch (error) {
    throw reasonOf(error, folder);
  }
}

/** What is wrong with a database, as the end of a sentence that begins with its name. */
function faultOf(file: string): string | undefined {
  try {
    const { size } = statSync(file);
    if (size === 0) return undefined;
    // By whoever may write it.
    closeSync(openSync(file, "r+"));
    // A reader leaves what a killed runtime did not finish to the next one.
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      // Reads the schema and the page of every table's root, whatever the size.
      const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      for (const { name } of tables)
        database.prepare(`SELECT 1 FROM "${String(name).replaceAll('"', '""')}" LIMIT 1`).all();
    } finally {
      database.close();
    }
    return undefined;
  } catch (error) {
    const { code, errcode, message } = error as NodeJS.ErrnoException & { errcode?: number };
    if (code === "EACCES" || code === "EPERM") return "may not be written by this user";
    if (errcode === sqliteNotADatabase) return "is no database any more";
    return errcode === sqliteCorrupt ? `is damaged (${message})` : undefined;
  }
}
