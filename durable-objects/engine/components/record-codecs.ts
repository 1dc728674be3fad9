/** Tables whose records have other names on disk than in memory. */
import type { RecordCodecs } from "../core/record-codec.ts";
import { kubeletRecordCodec } from "../kubelet/record-codec.ts";
import { kubeletTable } from "../kubelet/record.ts";
import { imageCatalog } from "../images/index.ts";
import { treeRecordCodec } from "../runtime/fs/tree-codec.ts";
import { podRecordCodec } from "../runtime/kernel/record-codec.ts";
import { logChunkCodec } from "../runtime/logs/logs.ts";
import { networkRecordCodec, networkTable } from "../runtime/net/stream.ts";

export const recordCodecs: RecordCodecs = {
  [kubeletTable]: kubeletRecordCodec,
  runtime: podRecordCodec(imageCatalog),
  logs: logChunkCodec,
  trees: treeRecordCodec,
  [networkTable]: networkRecordCodec,
};
