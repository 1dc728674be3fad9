/**
 * Path and user lookups that containers of one image share: thousands start the same command as the same user, so as long as a container
 * has written nothing and its mounts lie elsewhere, what one of them found in the image holds for all.
 */
import type { Inode } from "../fs/inode.ts";
import type { Credentials } from "../fs/vfs.ts";
import type { Layer } from "../fs/layer.ts";
import type { GroupEntry, PasswdEntry } from "../kernel/users.ts";

/** An executable at the end of its links. */
export interface Executable {
  full: string;
  node: Inode;
  /** Its first bytes: what program it is. */
  head: string;
}

export interface ImageLookupCache {
  passwd?: readonly PasswdEntry[];
  groups?: readonly GroupEntry[];
  /** Search path, command and credentials to the path found. */
  commands: Map<string, string>;
  executables: Map<string, Executable>;
}

const known = new WeakMap<Layer, ImageLookupCache>();

export function lookupCacheOf(layer: Layer): ImageLookupCache {
  let found = known.get(layer);
  if (!found) known.set(layer, (found = { commands: new Map(), executables: new Map() }));
  return found;
}

/** Folders in which no image has programs, users or links to them: what is mounted there hides nothing. */
const dataFolders = /^\/(data|mnt|run|srv|tmp|var)\//;

/** Whether a path and what lies there are the same whatever is mounted apart. */
export const isImagePath = (path: string): boolean =>
  path.startsWith("/") && !dataFolders.test(`${path}/`);

export const isDataPath = (mountPath: string): boolean => dataFolders.test(`${mountPath}/`);

export const keyOf = ({ uid, gid, groups, override }: Credentials, rest: string): string =>
  `${uid}:${gid}:${groups.join()}:${override ? 1 : 0} ${rest}`;
