/** Rows that hold file contents: how a chunk is written, and taking a tree's rows away. */
import type { Records } from "../../ports/controller.ts";
import { chunksLookedUpMax, fileChunkBytes } from "../../core/limits.ts";
import { fromBase64, toBase64 } from "../bytes.ts";
import type { TreeRecord } from "./inode.ts";

/** Control and high characters blow up in JSON: contents rich in them are kept as base64. */
export function packChunk(data: string): string {
  // eslint-disable-next-line no-control-regex
  const odd = data.replace(/[\t\n\x20-\x7e]+/g, "").length;
  return odd * 4 > data.length ? `b${toBase64(data)}` : `t${data}`;
}
export const unpackChunk = (row: string): string =>
  row.startsWith("b") ? (fromBase64(row.slice(1)) ?? "") : row.slice(1);

const zeros = "\0".repeat(fileChunkBytes);
const isZeros = (data: string): boolean =>
  data.charCodeAt(0) === 0 && data === zeros.slice(0, data.length);

/** The rows of one tree, with what is not saved yet. What has no row reads as zeros. */
export class Chunks {
  readonly #records: Records;
  readonly #tree: string;
  readonly #dirty = new Map<string, string | undefined>();

  constructor(records: Records, tree: string) {
    this.#records = records;
    this.#tree = tree;
  }

  get dirty(): boolean {
    return this.#dirty.size > 0;
  }

  #key(ino: number | string, chunk: number): string {
    return `${this.#tree}\n${ino}\n${chunk}`;
  }

  /** What is kept of a chunk: less than its size where zeros end it. */
  get(ino: number, chunk: number): string {
    const key = this.#key(ino, chunk);
    if (this.#dirty.has(key)) return this.#dirty.get(key) ?? "";
    const row = this.#records.get<string>("files", key);
    return row === undefined ? "" : unpackChunk(row);
  }

  /** Zeros take no row. Returns the bytes that are kept. */
  set(ino: number, chunk: number, data: string): number {
    const kept = data === "" || isZeros(data) ? undefined : data;
    this.#dirty.set(this.#key(ino, chunk), kept);
    return kept?.length ?? 0;
  }

  /** Forgets chunks from `first` up to `end`. Returns the bytes they kept, where that is asked for. */
  drop(ino: number | string, first: number, end: number, weigh = false): number {
    let bytes = 0;
    for (const chunk of this.#among(ino, first, end)) {
      const key = this.#key(ino, chunk);
      if (weigh) bytes += this.get(Number(ino), chunk).length;
      if (this.#dirty.has(key) || this.#records.get("files", key) !== undefined)
        this.#dirty.set(key, undefined);
    }
    return bytes;
  }

  *#among(ino: number | string, first: number, end: number): Iterable<number> {
    if (end - first <= chunksLookedUpMax) {
      for (let chunk = first; chunk < end; chunk++) yield chunk;
      return;
    }
    const prefix = `${this.#tree}\n${ino}\n`;
    for (const key of new Set([...this.#dirty.keys(), ...this.#records.keys("files", true)])) {
      const chunk = key.startsWith(prefix) ? Number(key.slice(prefix.length)) : -1;
      if (chunk >= first && chunk < end) yield chunk;
    }
  }

  save(): void {
    for (const [key, data] of this.#dirty) {
      if (data !== undefined) this.#records.put("files", key, packChunk(data));
      else if (this.#records.get("files", key) !== undefined) this.#records.delete("files", key);
    }
    this.#dirty.clear();
  }
}

/** Forgets a tree and all its contents. */
export function removeTree(records: Records, key: string): void {
  const record = records.get<TreeRecord>("trees", key);
  if (!record) return;
  const chunks = new Chunks(records, key);
  for (const ino in record.inodes) {
    const size = record.inodes[ino]?.size;
    if (size !== undefined) chunks.drop(ino, 0, Math.ceil(size / fileChunkBytes));
  }
  chunks.save();
  records.delete("trees", key);
}
