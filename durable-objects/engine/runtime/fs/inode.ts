/** What a tree is stored as: inodes by number, names by path. */
import type { NodeType } from "./layer.ts";

export interface Inode {
  t: NodeType;
  /** Mode bits without type. */
  m: number;
  u?: number;
  g?: number;
  /** Modified, virtual ms. */
  k: number;
  /** Inline content, link target, or a device: its name, or its numbers as `89:1`. */
  d?: string;
  /** Size when the content lies in chunk rows. */
  z?: number;
  /** Of this size, zeros that no row keeps. */
  o?: number;
  /** In memory: the container that pays for it, by name, and the bytes that were written. */
  c?: [string, number];
  /** What a computed file shows, for the tree's `dynamic`: a token in a volume. */
  y?: string;
  /** Names, when not one. 0: unlinked but still open. */
  n?: number;
}

export interface TreeRecord {
  next: number;
  i: Record<string, Inode>;
  /** Path to inode number; 0 hides a name of the layer below. */
  p: Record<string, number>;
  /** Bytes of all contents that are kept. */
  b: number;
}

/** A file as an open descriptor names it: an inode number, or the path of a file still in the layer below. */
export type FileId = number | string;

export const sizeOf = (node: Inode | undefined): number => node?.z ?? node?.d?.length ?? 0;
