/** Rows that hold file contents: how a chunk is written, and taking a tree's rows away. */
import type { Records } from "../../controllers/define.ts";
import { fileChunkBytes } from "../../limits.ts";
import { fromBase64, toBase64 } from "../bytes.ts";
import type { TreeRecord } from "./tree.ts";

/** Control and high characters blow up in JSON: contents rich in them are kept as base64. */
export function packChunk(data: string): string {
  // eslint-disable-next-line no-control-regex
  const odd = data.replace(/[\t\n\x20-\x7e]+/g, "").length;
  return odd * 4 > data.length ? `b${toBase64(data)}` : `t${data}`;
}
export const unpackChunk = (row: string): string =>
  row.startsWith("b") ? (fromBase64(row.slice(1)) ?? "") : row.slice(1);

/** Forgets a tree and all its contents. */
export function removeTree(records: Records, key: string): void {
  const record = records.get<TreeRecord>("trees", key);
  if (!record) return;
  for (const ino in record.i) {
    const size = record.i[ino]?.z;
    if (size === undefined) continue;
    for (let chunk = 0; chunk * fileChunkBytes < size; chunk++) {
      const chunkKey = `${key}\n${ino}\n${chunk}`;
      if (records.get("files", chunkKey) !== undefined) records.delete("files", chunkKey);
    }
  }
  records.delete("trees", key);
}
