/** What a tree is stored as: inodes by number, names by path. On disk its names are short (tree-codec.ts). */
import type { LayerEntry, NodeType } from "./layer.ts";

export interface Inode {
  type: NodeType;
  /** Mode bits without type. */
  mode: number;
  uid?: number;
  gid?: number;
  /** Virtual ms. */
  modifiedAtMs: number;
  /** Inline content, link target, or a device: its name, or its numbers as `89:1`. */
  data?: string;
  /** Where the content lies in chunk rows. */
  size?: number;
  /** Of this size, zeros that no row keeps. */
  holeBytes?: number;
  /** In memory: the container that pays for it, by name, and the bytes that were written. */
  charge?: [string, number];
  /** What a computed file shows, for the tree's `dynamic`: a token in a volume. */
  dynamic?: string;
  /** Names, when not one. 0: unlinked but still open. */
  links?: number;
}

export interface TreeRecord {
  next: number;
  inodes: Record<string, Inode>;
  /** Path to inode number; 0 hides a name of the layer below. */
  names: Record<string, number>;
  /** Bytes of all contents that are kept. */
  bytes: number;
}

/** A file as an open descriptor names it: an inode number, or the path of a file still in the layer below. */
export type FileId = number | string;

export const sizeOf = (node: Inode | undefined): number => node?.size ?? node?.data?.length ?? 0;

/** A file of an image. */
export const imageInode = (
  { type, mode, uid, gid }: LayerEntry,
  data: string,
  modifiedAtMs: number,
): Inode => ({ type, mode, uid, gid, modifiedAtMs, data });

/** An inode without content, with its content in chunk rows. */
export const inChunks = (node: Inode, size: number, holeBytes: number): Inode => ({
  ...node,
  size,
  ...(holeBytes > 0 ? { holeBytes } : {}),
});

/** By the container that they are charged to. */
export function chargedBytes({ inodes }: TreeRecord): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const ino in inodes) {
    const [container, size] = inodes[ino]?.charge ?? [];
    if (container !== undefined) bytes[container] = (bytes[container] ?? 0) + (size ?? 0);
  }
  return bytes;
}
