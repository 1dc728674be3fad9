/** mongod on disk: a file for each collection, a document a line. What is in the files is all that there is. */
import { decodeUtf8, encodeUtf8 } from "../../../runtime/bytes.ts";
import { Errno } from "../../../runtime/errno.ts";
import type { Sys } from "../../../runtime/kernel/types.ts";
import { Fault } from "./query.ts";
import type { HttpAsk } from "../../serving/http-ask.ts";
import type { Doc, Json } from "./bson.ts";

const ending = ".wt";

/** The collections of one folder. */
export class Files {
  readonly #sys: Sys;
  readonly #folder: string;

  constructor(sys: Sys, folder: string) {
    this.#sys = sys;
    this.#folder = folder;
  }

  #path(name: string): string {
    return `${this.#folder}/collection-${encodeURIComponent(name)}${ending}`;
  }

  /** Names with their databases': `shop.orders`. */
  names(): string[] {
    return this.#sys
      .list(this.#folder)
      .filter((one) => one.startsWith("collection-") && one.endsWith(ending))
      .map((one) => decodeURIComponent(one.slice(11, -ending.length)))
      .sort();
  }

  has(name: string): boolean {
    return this.#sys.peek(this.#path(name)) !== undefined;
  }

  size(name: string): number {
    return this.#sys.peek(this.#path(name))?.size ?? 0;
  }

  read(name: string): Doc[] {
    if (!this.has(name)) return [];
    const text = decodeUtf8(this.#sys.readFile(this.#path(name)));
    this.#sys.charge(text.length / 50);
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Doc]));
  }

  #put(name: string, docs: readonly Doc[], flags: { append?: true; truncate?: true }): void {
    const text = encodeUtf8(docs.map((doc) => `${JSON.stringify(doc)}\n`).join(""));
    this.#sys.charge(text.length / 20);
    try {
      this.#sys.writeFile(this.#path(name), text, { write: true, create: true, ...flags });
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      throw new Fault(14_031, "OutOfDiskSpace", `${error.code}: ${error.message}`);
    }
  }

  add(name: string, docs: readonly Doc[]): void {
    this.#put(name, docs, { append: true });
  }

  write(name: string, docs: readonly Doc[]): void {
    this.#put(name, docs, { truncate: true });
  }

  drop(name: string): void {
    this.#sys.unlink(this.#path(name));
  }
}

/** What a connection is for the server. */
export interface Talk {
  user?: string;
  /** Bytes that came and are no whole message yet. */
  unread?: string;
}

/** A collection that a member is to be given; one without a name: it is asked for all. */
export interface Errand {
  host: string;
  name: string;
  ask?: HttpAsk;
}

/** What a server keeps beside its files. */
export interface Kept {
  errands?: Errand[];
  /** Members that did not answer. */
  lost?: string[];
}

/** A server: its process, its files, what it keeps beside them. */
export interface Here {
  sys: Sys;
  files: Files;
  kept: Kept;
}

export interface Asked extends Here {
  talk: Talk;
  doc: Doc;
  /** Its database, and that with the collection. */
  db: string;
  name: string;
}

export type Command = (asked: Asked, value: Json) => Doc;
