/** Paths of one container: its image under its writable layer, its mounts, links, permissions. */
import { pathBytesMax, pathDepthMax, symlinkDepthMax } from "../../core/limits.ts";
import { Errno } from "../errno.ts";
import { deviceNumbers, type DeviceNumbers } from "./device-numbers.ts";
import type { FileId, Inode } from "./inode.ts";
import { Tree } from "./tree.ts";

/** What a mount needs to be read; a Tree can be written as well. */
export interface ReadTree {
  readonly key: string;
  find(path: string): FileId | undefined;
  inode(id: FileId): Inode | undefined;
  list(path: string): string[];
  size(id: FileId): number;
  read(id: FileId, offset: number, length: number): string;
  /** Takes what is written to one of the kernel's settings; returns its length. */
  set?(id: string, data: string): number;
}

/** A setting below /proc/sys, where /proc may be written. EROFS elsewhere. */
export function isKernelSetting({ mount, full }: ResolvedPath): boolean {
  if (!mount.tree.set || !full.startsWith("/proc/sys/")) return false;
  if (mount.readOnly) throw new Errno("EROFS");
  return true;
}

export interface MountPoint {
  /** Where it stands: `/`, `/data`. */
  at: string;
  tree: ReadTree;
  /** Folder (or file) of the tree that is shown there, "" for all of it. */
  sub: string;
  readOnly: boolean;
  /** As `mount` and `df` name it. */
  device: string;
  fsType: string;
  /** What a file system in memory may hold. */
  sizeBytes?: number;
  /** Options of its own. */
  options?: string;
  /** Its file is shown as a block device. */
  block?: true;
  /** Mounts below it are the node's too. */
  shared?: true;
  /** What lies beneath a mount that is not seen here: none of its own. */
  beneath?: true;
}

/** What `mount` and `df` tell of: devices are no mounts. */
export const shownMounts = (mounts: readonly MountPoint[]): MountPoint[] =>
  mounts.filter(({ block, beneath }) => !block && !beneath).toReversed();

/** Options of a mount, as `mount` and /proc/mounts print them. k8s: pkg/volume/emptydir/empty_dir.go setupTmpfs */
export function mountOptions({ readOnly, sizeBytes, options }: MountPoint): string {
  const size =
    sizeBytes === undefined ? "" : `,size=${Math.floor(sizeBytes / 1024)}k,inode64,noswap`;
  return `${readOnly ? "ro" : "rw"}${options ?? `,relatime${size}`}`;
}

/** Credentials of the caller. `override`: root's capability to pass over permissions. */
export interface Credentials {
  uid: number;
  gid: number;
  groups: readonly number[];
  override: boolean;
}

/** A resolved path. `id` is absent when the last name does not exist yet (its folder does). */
export interface ResolvedPath {
  mount: MountPoint;
  /** Path within the tree. */
  path: string;
  /** Path within the container, without links. */
  full: string;
  id?: FileId;
  node?: Inode;
}

export interface Stat {
  type: Inode["type"];
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  links: number;
  ino: string;
  device: string;
  target?: string;
  /** Numbers of a device. */
  numbers?: DeviceNumbers;
}

const rootLink = ({ modifiedAtMs }: Inode): Inode => ({
  type: "l",
  mode: 0o777,
  modifiedAtMs,
  data: "/",
});

const join = (folder: string, name: string): string =>
  folder === "/" ? `/${name}` : `${folder}/${name}`;

/** `a/../b` against a folder, without looking at links. */
export function normalPath(cwd: string, path: string): string {
  const out: string[] = [];
  for (const part of `${path.startsWith("/") ? "" : cwd}/${path}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") out.pop();
    else out.push(part);
  }
  return `/${out.join("/")}`;
}

/** Linux: admin-guide/devices.rst, 7 block (loop devices). */
const blockNumbers: DeviceNumbers = [7, 0];

const blockStat = ({ tree }: MountPoint, node: Inode, id: string | number): Stat => ({
  type: "b",
  mode: 0o660,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: node.modifiedAtMs,
  links: 1,
  ino: `${tree.key}:${id}`,
  device: tree.key,
  numbers: blockNumbers,
});

function impliedBy(mounts: readonly MountPoint[]): Map<string, Set<string>> {
  const implied = new Map<string, Set<string>>();
  for (const mount of mounts)
    for (let path = mount.at; path !== "/";) {
      const slash = path.lastIndexOf("/");
      const parent = path.slice(0, slash) || "/";
      const names = implied.get(parent) ?? new Set<string>();
      names.add(path.slice(slash + 1));
      implied.set(parent, names);
      path = parent;
    }
  return implied;
}

export class Vfs {
  readonly mounts: readonly MountPoint[];
  readonly now: () => number;
  readonly isOpen: (tree: string, ino: number) => boolean;
  /** Where a path leads into what another process sees. */
  readonly elsewhere: ((full: string) => ResolvedPath | undefined) | undefined;
  /** Folders that exist because something is mounted in or below them: path to names. Most containers never look. */
  #impliedFolders: ReadonlyMap<string, ReadonlySet<string>> | undefined;

  constructor(
    mounts: readonly MountPoint[],
    now: () => number,
    isOpen: (tree: string, ino: number) => boolean,
    elsewhere?: (full: string) => ResolvedPath | undefined,
  ) {
    // The longest mount path that fits wins.
    this.mounts = [...mounts].sort((a, b) => b.at.length - a.at.length);
    this.now = now;
    this.isOpen = isOpen;
    this.elsewhere = elsewhere;
  }

  get #implied(): ReadonlyMap<string, ReadonlySet<string>> {
    this.#impliedFolders ??= impliedBy(this.mounts);
    return this.#impliedFolders;
  }

  /** The file at a container path whose folders hold no links. */
  at(full: string): ResolvedPath {
    const other = full.includes("/proc/") ? this.elsewhere?.(full) : undefined;
    if (other) return other;
    for (const mount of this.mounts) {
      const { at } = mount;
      // Every part of every path comes by here: what is shorter than a mount's path is not read.
      if (at.length > full.length) continue;
      if (
        at !== "/" &&
        !(full.startsWith(at) && (at.length === full.length || full[at.length] === "/"))
      )
        continue;
      const rest = at === "/" ? full : full.slice(at.length);
      // What was walked is normal already; only a subPath may not be.
      const path = mount.sub === "" ? rest || "/" : normalPath("/", mount.sub + rest);
      const id = mount.tree.find(path);
      const node = id === undefined ? undefined : mount.tree.inode(id);
      if (id !== undefined && node) return { mount, path, full, id, node };
      // A folder that stands there only for a mount, or a subPath nobody made yet.
      if (this.#implied.has(full) || full === at)
        return { mount, path, full, id: "", node: { type: "d", mode: 0o755, modifiedAtMs: 0 } };
      return { mount, path, full };
    }
    throw new Errno("ENOENT");
  }

  /** Walks a path. Throws ENOENT, ENOTDIR, EACCES, ELOOP; only the last name may be missing. */
  resolve(cwd: string, path: string, who: Credentials, follow = true): ResolvedPath {
    if (path === "") throw new Errno("ENOENT");
    if (path.length >= pathBytesMax) throw new Errno("ENAMETOOLONG");
    const parts = (path.startsWith("/") ? path : `${cwd}/${path}`).split("/").filter(Boolean);
    if (parts.length > pathDepthMax) throw new Errno("ENAMETOOLONG");
    parts.reverse();
    let place = this.at("/");
    const wantsFolder = /\/\.?$/.test(path);
    for (let links = 0; parts.length > 0;) {
      const name = parts.pop() ?? "";
      if (!place.node) throw new Errno("ENOENT");
      if (place.node.type !== "d") throw new Errno("ENOTDIR");
      if (name === ".") continue;
      if (name === "..") {
        place = this.at(place.full.slice(0, place.full.lastIndexOf("/")) || "/");
        continue;
      }
      if (name.length > 255) throw new Errno("ENAMETOOLONG");
      this.need(place.node, 1, who);
      const full = join(place.full, name);
      // To those who do not follow it, a process's root is the link that /proc makes of it.
      if (!follow && parts.length === 0 && !wantsFolder && /^\/proc\/\d+\/root$/.test(full))
        return { ...place, full, id: "", node: rootLink(place.node) };
      const next = this.at(full);
      if (next.node?.type === "l" && (follow || parts.length > 0 || wantsFolder)) {
        if (++links > symlinkDepthMax) throw new Errno("ELOOP");
        const target = next.node.data ?? "";
        parts.push(...target.split("/").filter(Boolean).reverse());
        if (target.startsWith("/")) place = this.at("/");
        continue;
      }
      place = next;
    }
    if (wantsFolder && place.node && place.node.type !== "d") throw new Errno("ENOTDIR");
    return place;
  }

  /** Whether rights (4 read, 2 write, 1 execute) are given. */
  allowed(node: Inode, want: number, who: Credentials): boolean {
    if (who.override && who.uid === 0)
      return !(want & 1) || node.type === "d" || (node.mode & 0o111) !== 0;
    const shift =
      who.uid === (node.uid ?? 0)
        ? 6
        : who.gid === (node.gid ?? 0) || who.groups.includes(node.gid ?? 0)
          ? 3
          : 0;
    return ((node.mode >> shift) & want) === want;
  }

  need(node: Inode, want: number, who: Credentials): void {
    if (!this.allowed(node, want, who)) throw new Errno("EACCES");
  }

  existing(cwd: string, path: string, who: Credentials, follow = true): Required<ResolvedPath> {
    const place = this.resolve(cwd, path, who, follow);
    if (place.id === undefined || !place.node) throw new Errno("ENOENT");
    return place as Required<ResolvedPath>;
  }

  writable(place: ResolvedPath): Tree {
    if (place.mount.readOnly) throw new Errno("EROFS");
    if (!(place.mount.tree instanceof Tree)) throw new Errno("EPERM");
    return place.mount.tree;
  }

  /** Checks that names may be added to or taken from the folder of a place; makes implied folders real. */
  #folder(place: ResolvedPath, who: Credentials): Tree {
    const parent = this.at(place.full.slice(0, place.full.lastIndexOf("/")) || "/");
    const tree = this.writable(place);
    if (!parent.node) throw new Errno("ENOENT");
    this.need(parent.node, 3, who);
    this.#real(tree, place.path.slice(0, place.path.lastIndexOf("/")) || "/");
    return tree;
  }

  #real(tree: Tree, path: string): void {
    if (path === "/" || tree.find(path) !== undefined) return;
    this.#real(tree, path.slice(0, path.lastIndexOf("/")) || "/");
    tree.create(path, { type: "d", mode: 0o755, modifiedAtMs: this.now() });
  }

  /** Makes a file, folder or link where nothing stands. */
  create(
    place: ResolvedPath,
    who: Credentials,
    node: Omit<Inode, "modifiedAtMs" | "uid" | "gid">,
  ): number {
    if (place.id !== undefined) throw new Errno("EEXIST");
    const tree = this.#folder(place, who);
    // A folder with the set-group bit hands its group on.
    const parent = this.at(place.full.slice(0, place.full.lastIndexOf("/")) || "/").node;
    const shared = parent && parent.mode & 0o2000;
    const mode = shared && node.type === "d" ? node.mode | 0o2000 : node.mode;
    const gid = shared ? (parent.gid ?? 0) : who.gid;
    const modifiedAtMs = this.now();
    return tree.create(place.path, { ...node, mode, uid: who.uid, gid, modifiedAtMs });
  }

  stat(place: ResolvedPath): Stat {
    const { node, id, mount } = place;
    if (!node || id === undefined) throw new Errno("ENOENT");
    if (mount.block && node.type === "f") return blockStat(mount, node, id);
    return {
      type: node.type,
      mode: node.mode,
      uid: node.uid ?? 0,
      gid: node.gid ?? 0,
      size: id !== "" ? mount.tree.size(id) : node.type === "l" ? 0 : 4096,
      mtime: node.modifiedAtMs,
      links: node.type === "d" ? 2 : (node.links ?? 1),
      ino: `${mount.tree.key}:${id}`,
      device: mount.tree.key,
      ...(node.type === "l" ? { target: node.data ?? "" } : {}),
      ...(node.type === "c" || node.type === "b"
        ? { numbers: deviceNumbers(node.data ?? "") }
        : {}),
    };
  }

  list(place: ResolvedPath, who: Credentials): string[] {
    if (!place.node) throw new Errno("ENOENT");
    if (place.node.type !== "d") throw new Errno("ENOTDIR");
    this.need(place.node, 4, who);
    const names = place.id === "" ? [] : place.mount.tree.list(place.path);
    const implied = this.#implied.get(place.full);
    return implied ? [...new Set([...names, ...implied])].sort() : names;
  }

  #mayTake(place: ResolvedPath, who: Credentials): void {
    if (this.mounts.some((mount) => mount.at === place.full)) throw new Errno("EBUSY");
    const parent = this.at(place.full.slice(0, place.full.lastIndexOf("/")) || "/").node;
    const sticky = parent && parent.mode & 0o1000 && !(who.uid === 0 && who.override);
    if (sticky && who.uid !== (place.node?.uid ?? 0) && who.uid !== (parent.uid ?? 0))
      throw new Errno("EPERM");
  }

  unlink(place: Required<ResolvedPath>, who: Credentials): void {
    if (place.node.type === "d") throw new Errno("EISDIR");
    const tree = this.#folder(place, who);
    this.#mayTake(place, who);
    tree.unlink(place.path, (ino) => this.isOpen(tree.key, ino));
  }

  rmdir(place: Required<ResolvedPath>, who: Credentials): void {
    if (place.node.type !== "d") throw new Errno("ENOTDIR");
    const tree = this.#folder(place, who);
    this.#mayTake(place, who);
    if (this.list(place, { ...who, uid: 0, override: true }).length > 0)
      throw new Errno("ENOTEMPTY");
    tree.unlink(place.path, () => false);
  }

  rename(from: Required<ResolvedPath>, to: ResolvedPath, who: Credentials): void {
    if (from.mount !== to.mount) throw new Errno("EXDEV");
    if (from.full === to.full) return;
    if (to.full.startsWith(`${from.full}/`)) throw new Errno("EINVAL");
    const tree = this.#folder(from, who);
    this.#folder(to, who);
    this.#mayTake(from, who);
    if (to.node) {
      if (to.node.type === "d" && from.node.type !== "d") throw new Errno("EISDIR");
      if (to.node.type === "d") this.rmdir(to as Required<ResolvedPath>, who);
      else if (from.node.type === "d") throw new Errno("ENOTDIR");
      else this.unlink(to as Required<ResolvedPath>, who);
    }
    tree.rename(from.path, to.path);
  }

  link(from: Required<ResolvedPath>, to: ResolvedPath, who: Credentials): void {
    if (from.mount !== to.mount) throw new Errno("EXDEV");
    if (from.node.type === "d") throw new Errno("EPERM");
    if (to.id !== undefined) throw new Errno("EEXIST");
    this.#folder(to, who).hardLink(from.id, to.path);
  }

  /** chmod, chown, utime: the owner or root. */
  change(place: Required<ResolvedPath>, who: Credentials, change: Partial<Inode>): void {
    const tree = this.writable(place);
    const root = who.uid === 0 && who.override;
    if (!root && (who.uid !== (place.node.uid ?? 0) || change.uid !== undefined))
      throw new Errno("EPERM");
    tree.change(place.id, change);
  }
}
