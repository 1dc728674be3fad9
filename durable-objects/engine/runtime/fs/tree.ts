/**
 * A writable file tree: a container's upper layer over its image, or a volume. Stored as one record of names and
 * inodes (table "trees"), small contents inline, larger ones in chunk rows (table "files", `tree\nino\nchunk`) so that
 * appending to a log rewrites one chunk. A chunk that is missing reads as zeros, so zeros cost nothing, written or not.
 */
import type { Records } from "../../ports/controller.ts";
import { fileChunkBytes, fileInlineBytesMax, treeEntriesMax } from "../../core/limits.ts";
import { Space } from "./space.ts";
import { Errno } from "../errno.ts";
import { Chunks } from "./chunks.ts";
import { sizeOf, type FileId, type Inode, type TreeRecord } from "./inode.ts";
import type { Layer, LayerEntry } from "./layer.ts";

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export class Tree {
  readonly key: string;
  readonly records: Records;
  readonly space: Space;
  readonly lower: Layer | undefined;
  readonly now: () => number;
  /** Modification time of everything in the layer below. */
  readonly lowerTime: number;
  readonly dynamic: ((name: string) => string) | undefined;
  readonly #rootMode: number;
  #record: TreeRecord;
  #children: Map<string, Set<string>> | undefined;
  readonly #chunks: Chunks;
  /** Grows with every change. */
  changes = 0;
  #dirty = false;
  #owned = false;

  constructor(options: {
    key: string;
    records: Records;
    now: () => number;
    lower?: Layer | undefined;
    lowerTime?: number;
    dynamic?: ((name: string) => string) | undefined;
    rootMode?: number | undefined;
  }) {
    this.key = options.key;
    this.records = options.records;
    this.space = new Space(options.records, options.key);
    this.#chunks = new Chunks(options.records, options.key);
    this.lower = options.lower;
    this.now = options.now;
    this.lowerTime = options.lowerTime ?? 0;
    this.dynamic = options.dynamic;
    this.#rootMode = options.rootMode ?? (options.lower ? 0o755 : 0o777);
    const empty = { next: 1, i: {}, p: {}, b: 0 };
    this.#record = this.records.get<TreeRecord>("trees", this.key) ?? empty;
  }

  /** Whether something is to be saved. */
  get dirty(): boolean {
    return this.#dirty || this.#chunks.dirty;
  }

  /** The record, made ours to change: stored values are immutable. */
  #own(): TreeRecord {
    this.#dirty = true;
    this.changes++;
    if (!this.#owned) {
      this.#owned = true;
      const { next, i, p, b } = this.#record;
      this.#record = { next, i: { ...i }, p: { ...p }, b };
    }
    return this.#record;
  }

  #names(): Map<string, Set<string>> {
    if (this.#children) return this.#children;
    const map = new Map<string, Set<string>>();
    for (const path in this.#record.p) {
      if (path === "/" || this.#record.p[path] === 0) continue;
      const parent = parentOf(path);
      const set = map.get(parent);
      if (set) set.add(nameOf(path));
      else map.set(parent, new Set([nameOf(path)]));
    }
    this.#children = map;
    return map;
  }

  #lowerEntry(path: string): LayerEntry | undefined {
    return this.lower?.entries.get(path);
  }

  /** Which file a path of this tree names now. */
  find(path: string): FileId | undefined {
    const ino = this.#record.p[path];
    if (ino !== undefined) return ino === 0 ? undefined : ino;
    if (this.#lowerEntry(path)) return path;
    return path === "/" ? "/" : undefined;
  }

  inode(id: FileId): Inode | undefined {
    if (typeof id === "number") {
      const own = this.#record.i[id];
      return own?.y === undefined ? own : { ...own, d: this.dynamic?.(own.y) ?? "" };
    }
    const entry = this.#lowerEntry(id);
    if (!entry) return id === "/" ? { t: "d", m: this.#rootMode, k: this.lowerTime } : undefined;
    const data = entry.dynamic === undefined ? entry.data : (this.dynamic?.(entry.dynamic) ?? "");
    return { t: entry.type, m: entry.mode, u: entry.uid, g: entry.gid, k: this.lowerTime, d: data };
  }

  size(id: FileId): number {
    const node = this.inode(id);
    if (!node) return 0;
    if (node.t === "d") return 4096;
    return sizeOf(node);
  }

  /** Names in a directory, sorted by byte. */
  list(path: string): string[] {
    const names = new Set<string>();
    const prefix = path === "/" ? "/" : `${path}/`;
    for (const name of this.lower?.children.get(path) ?? [])
      if (this.#record.p[prefix + name] !== 0) names.add(name);
    for (const name of this.#names().get(path) ?? []) names.add(name);
    return [...names].sort();
  }

  /** Makes a new inode and names it; the name must be free. */
  create(path: string, node: Inode): number {
    const record = this.#own();
    if (record.next > treeEntriesMax * 8 || Object.keys(record.i).length >= treeEntriesMax)
      throw new Errno("ENOSPC");
    const ino = record.next++;
    record.i[ino] = node;
    record.b += node.d?.length ?? 0;
    this.#link(record, path, ino);
    return ino;
  }

  #link(record: TreeRecord, path: string, ino: number): void {
    record.p[path] = ino;
    if (this.#children && path !== "/") {
      const parent = parentOf(path);
      const set = this.#children.get(parent);
      if (set) set.add(nameOf(path));
      else this.#children.set(parent, new Set([nameOf(path)]));
    }
    if (path !== "/") this.touchDir(parentOf(path));
  }

  /** A directory's time moves when its names change; one still in the layer below keeps its time. */
  touchDir(path: string): void {
    const ino = this.#record.p[path];
    const node = ino ? this.#record.i[ino] : undefined;
    if (ino && node) this.#own().i[ino] = { ...node, k: this.now() };
  }

  /** Number of an inode that may be changed: a file of the layer below is copied up first. */
  own(id: FileId): number {
    if (typeof id === "number") return id;
    const existing = this.#record.p[id];
    if (existing) return existing;
    const node = this.inode(id);
    if (!node) throw new Errno("ENOENT");
    const record = this.#own();
    const ino = record.next++;
    const { d, ...rest } = node;
    record.i[ino] = node.t === "f" ? { ...rest, d: "" } : node;
    record.p[id] = ino;
    if (id !== "/") this.#names().get(parentOf(id))?.add(nameOf(id)) ?? this.#link(record, id, ino);
    if (node.t === "f" && d) this.#store(ino, { ...rest, d: "" }, 0, d);
    return ino;
  }

  change(id: FileId, change: Partial<Inode>): void {
    const ino = this.own(id);
    const record = this.#own();
    const node = record.i[ino];
    if (node) record.i[ino] = { ...node, ...change };
  }

  hardLink(id: FileId, path: string): void {
    const ino = this.own(id);
    const record = this.#own();
    const node = record.i[ino];
    if (!node) throw new Errno("ENOENT");
    record.i[ino] = { ...node, n: (node.n ?? 1) + 1 };
    this.#link(record, path, ino);
  }

  /** Takes a name away. `isOpen` says whether a descriptor still holds the inode. */
  unlink(path: string, isOpen: (ino: number) => boolean): void {
    const record = this.#own();
    const ino = record.p[path];
    if (this.#lowerEntry(path)) record.p[path] = 0;
    else delete record.p[path];
    this.#names().get(parentOf(path))?.delete(nameOf(path));
    this.touchDir(parentOf(path));
    if (!ino) return;
    const node = record.i[ino];
    if (!node) return;
    const names = (node.n ?? 1) - 1;
    if (names > 0 || isOpen(ino)) record.i[ino] = { ...node, n: names };
    else this.drop(ino);
  }

  /** Forgets an inode without names. */
  drop(ino: number): void {
    const record = this.#own();
    const node = record.i[ino];
    if (!node) return;
    this.#cut(ino, node, 0);
    delete record.i[ino];
  }

  /** Moves a name (a directory with all below it) within this tree; what stood at `to` must be gone. */
  rename(from: string, to: string): void {
    const id = this.find(from);
    if (id === undefined) throw new Errno("ENOENT");
    const node = this.inode(id);
    if (node?.t === "d")
      for (const name of this.list(from)) {
        if (!this.find(to)) this.#place(from, to);
        this.rename(`${from}/${name}`, `${to}/${name}`);
      }
    if (this.#record.p[from] !== undefined || this.#lowerEntry(from)) this.#place(from, to);
  }

  #place(from: string, to: string): void {
    const id = this.find(from);
    if (id === undefined) return;
    const ino = this.own(id);
    const record = this.#own();
    const already = record.p[to] === ino;
    if (!already) this.#link(record, to, ino);
    if (this.inode(ino)?.t === "d" && this.list(from).length > 0) return;
    if (this.#lowerEntry(from)) record.p[from] = 0;
    else delete record.p[from];
    this.#names().get(parentOf(from))?.delete(nameOf(from));
    this.touchDir(parentOf(from));
  }

  // Contents

  /** Up to `length` bytes from `offset`; "" at the end. */
  read(id: FileId, offset: number, length: number): string {
    const node = this.inode(id);
    if (!node) return "";
    if (node.z === undefined) return (node.d ?? "").slice(offset, offset + length);
    const end = Math.min(node.z, offset + length);
    let out = "";
    for (let at = offset; at < end;) {
      const chunk = Math.floor(at / fileChunkBytes);
      const from = at - chunk * fileChunkBytes;
      const upto = Math.min(fileChunkBytes, from + end - at);
      const have = typeof id === "number" ? this.#chunks.get(id, chunk).slice(from, upto) : "";
      out += have + "\0".repeat(upto - from - have.length);
      at += upto - from;
    }
    return out;
  }

  /** Writes at an offset, for a container; a gap reads as zeros. ENOSPC when the tree is full. */
  write(id: FileId, offset: number, data: string, container?: string): void {
    const ino = this.own(id);
    const node = this.#own().i[ino];
    if (!node) throw new Errno("EBADF");
    const c = this.#charge(node, offset + data.length - Math.max(sizeOf(node), offset), container);
    this.#store(ino, c ? { ...node, c } : node, offset, data);
  }

  /** Grows a file by zeros that cost nothing to keep. */
  writeZeros(id: FileId, offset: number, length: number): void {
    const ino = this.own(id);
    const record = this.#own();
    const node = record.i[ino];
    if (!node) throw new Errno("EBADF");
    const old = sizeOf(node);
    const size = Math.max(old, offset + length);
    const now = node.z === undefined ? this.#spill(ino, node) : node;
    record.i[ino] = { ...now, z: size, o: (now.o ?? 0) + size - old, k: this.now() };
  }

  #store(ino: number, node: Inode, offset: number, data: string): void {
    const record = this.#own();
    const old = sizeOf(node);
    const size = Math.max(old, offset + data.length);
    const most = size - old + Math.min(node.o ?? 0, data.length);
    this.space.claim(record.b, record.b + most);
    if (node.z === undefined && size <= fileInlineBytesMax) {
      record.b += size - old;
      const d = (node.d ?? "").padEnd(offset, "\0");
      record.i[ino] = {
        ...node,
        d: d.slice(0, offset) + data + d.slice(offset + data.length),
        k: this.now(),
      };
      return;
    }
    const { d: _, o = 0, ...rest } = node.z === undefined ? this.#spill(ino, node) : node;
    let kept = 0;
    for (let at = 0; at < data.length;) {
      const chunk = Math.floor((offset + at) / fileChunkBytes);
      const from = offset + at - chunk * fileChunkBytes;
      const part = data.slice(at, at + fileChunkBytes - from);
      const before = this.#chunks.get(ino, chunk);
      const have = before.padEnd(from, "\0");
      const next = have.slice(0, from) + part + have.slice(from + part.length);
      kept += this.#chunks.set(ino, chunk, next) - before.length;
      at += part.length;
    }
    record.b += kept;
    const holes = o + size - old - kept;
    record.i[ino] = { ...rest, z: size, ...(holes > 0 ? { o: holes } : {}), k: this.now() };
  }

  /** What a write makes a file in memory take, and who pays for it: who first wrote to it. ENOSPC. */
  #charge(node: Inode, growth: number, container: string | undefined): Inode["c"] {
    if (this.space.heldBytesMax === undefined || container === undefined) return node.c;
    if (growth <= 0) return node.c;
    let held = growth;
    for (const ino in this.#record.i) held += this.#record.i[ino]?.c?.[1] ?? 0;
    this.space.hold(held);
    return [node.c?.[0] ?? container, growth + (node.c?.[1] ?? 0)];
  }

  /** Bytes of its files by the container they are charged to. */
  charged(): Record<string, number> {
    const bytes: Record<string, number> = {};
    for (const ino in this.#record.i) {
      const [container, size] = this.#record.i[ino]?.c ?? [];
      if (container !== undefined) bytes[container] = (bytes[container] ?? 0) + (size ?? 0);
    }
    return bytes;
  }

  /** Inline content moves to chunk rows. */
  #spill(ino: number, node: Inode): Inode {
    const { d = "", ...rest } = node;
    const record = this.#own();
    const kept = d && this.#chunks.set(ino, 0, d);
    record.b += Number(kept) - d.length;
    const spilt = { ...rest, z: d.length, ...(d.length > Number(kept) ? { o: d.length } : {}) };
    record.i[ino] = spilt;
    return spilt;
  }

  truncate(id: FileId, size: number): void {
    const ino = this.own(id);
    const record = this.#own();
    const node = record.i[ino];
    if (!node) throw new Errno("EBADF");
    const old = sizeOf(node);
    if (size > old) return this.writeZeros(ino, old, size - old);
    this.#cut(ino, node, size);
  }

  #cut(ino: number, { c, ...uncharged }: Inode, size: number): void {
    const record = this.#own();
    const node: Inode =
      c && size > 0 ? { ...uncharged, c: [c[0], Math.min(c[1], size)] } : uncharged;
    const old = sizeOf(node);
    if (node.z === undefined) {
      record.b = Math.max(0, record.b - (old - size));
      record.i[ino] = { ...node, d: (node.d ?? "").slice(0, size), k: this.now() };
      return;
    }
    const keep = Math.ceil(size / fileChunkBytes);
    const last = Math.ceil(old / fileChunkBytes);
    const { z: _, o = 0, ...rest } = node;
    if (size === 0) {
      this.#chunks.drop(ino, 0, last);
      record.b -= old - o;
      record.i[ino] = { ...rest, d: "", k: this.now() };
      return;
    }
    const whole = this.#chunks.get(ino, keep - 1);
    const part = whole.slice(0, size - (keep - 1) * fileChunkBytes);
    const gone =
      this.#chunks.drop(ino, keep, last, true) +
      whole.length -
      this.#chunks.set(ino, keep - 1, part);
    record.b -= gone;
    const holes = o - (old - size - gone);
    record.i[ino] = { ...rest, z: size, ...(holes > 0 ? { o: holes } : {}), k: this.now() };
  }

  /** Writes what changed. */
  save(): void {
    this.#chunks.save();
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#owned = false;
    this.records.put("trees", this.key, this.#record);
  }
}
