/**
 * What containers of one image find alike: thousands start the same command as the same user, so as long as a container
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

export interface Alike {
  passwd?: readonly PasswdEntry[];
  groups?: readonly GroupEntry[];
  /** Search path, command and credentials to the path found. */
  commands: Map<string, string>;
  executables: Map<string, Executable>;
}

const known = new WeakMap<Layer, Alike>();

export function alikeOf(layer: Layer): Alike {
  let found = known.get(layer);
  if (!found) known.set(layer, (found = { commands: new Map(), executables: new Map() }));
  return found;
}

/** Folders in which no image has programs, users or links to them: what is mounted there hides nothing. */
const apart = /^\/(data|mnt|run|srv|tmp|var)\//;

/** Whether a path and what lies there are the same whatever is mounted apart. */
export const isImages = (path: string): boolean => path.startsWith("/") && !apart.test(`${path}/`);

export const isApart = (mountPath: string): boolean => apart.test(`${mountPath}/`);

export const keyOf = ({ uid, gid, groups, override }: Credentials, rest: string): string =>
  `${uid}:${gid}:${groups.join()}:${override ? 1 : 0} ${rest}`;
