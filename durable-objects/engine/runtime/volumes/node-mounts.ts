/**
 * What is mounted on a node beside its own file system: by hand, by its kubelet, by containers whose mounts propagate to it.
 * Its tree shows what is mounted; what lies beneath is put aside.
 */
import type { Records } from "../../ports/controller.ts";
import type { Tree } from "../fs/tree.ts";
import { makeFolders } from "./node-files.ts";
import { below, clear } from "./volumes.ts";

/** By node. */
export const mountTable = "node-mounts";
/** What lies beneath mounts, and what devices hold while they are mounted nowhere. */
const aside = "/run/mount/aside";

export interface NodeMount {
  at: string;
  device: string;
  fsType: string;
  options: string;
  /** A folder on itself. */
  bound?: true;
  /** Folder with what lies beneath. */
  beneath?: string;
  /** Containers that began before and take no mounts from the node do not see it. */
  sinceMs?: number;
}

export const mountsOf = ({ get }: Pick<Records, "get">, node: string): readonly NodeMount[] =>
  get<NodeMount[]>(mountTable, node) ?? [];

/** Writes a node's list; none of it is no record. */
export function keepList<T>(
  records: Records,
  table: string,
  node: string,
  all: readonly T[],
): void {
  if (all.length > 0) records.put(table, node, all);
  else records.delete(table, node);
}

function moveAll(tree: Tree, from: string, to: string): void {
  for (const name of tree.list(from)) {
    const path = below(from, name);
    tree.rename(path, below(to, name));
    const id = tree.find(path);
    if (id !== undefined && tree.inode(id)?.type === "d") clear(tree, path);
    if (id !== undefined) tree.unlink(path, () => false);
  }
}

export function removeFolder(tree: Tree, folder: string): void {
  clear(tree, folder);
  tree.unlink(folder, () => false);
}

/** Puts what a folder holds aside: the folder where it is then. */
export function putAside(tree: Tree, folder: string): string {
  let n = 0;
  while (tree.find(`${aside}/${n}`) !== undefined) n++;
  const place = `${aside}/${n}`;
  makeFolders(tree, place);
  moveAll(tree, folder, place);
  return place;
}

export function bringBack(tree: Tree, place: string | undefined, folder: string): void {
  if (place === undefined || tree.find(place) === undefined) return;
  moveAll(tree, place, folder);
  removeFolder(tree, place);
}
