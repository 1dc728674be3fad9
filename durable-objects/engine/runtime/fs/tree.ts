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
import {
  chargedBytes,
  imageInode,
  inChunks,
  sizeOf,
  type FileId,
  type Inode,
  type TreeRecord,
} from "./inode.ts";
import { parentOf, type Layer, type LayerEntry } from "./layer.ts";

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
  #lowerEntries: Layer["entries"] | undefined;
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
    const empty = { next: 1, inodes: {}, names: {}, bytes: 0 };
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
      const { next, inodes, names, bytes } = this.#record;
      this.#record = { next, inodes: { ...inodes }, names: { ...names }, bytes };
    }
    return this.#record;
  }

  #names(): Map<string, Set<string>> {
    if (this.#children) return this.#children;
    const map = new Map<string, Set<string>>();
    for (const path in this.#record.names) {
      if (path === "/" || this.#record.names[path] === 0) continue;
      const parent = parentOf(path);
      const set = map.get(parent);
      if (set) set.add(nameOf(path));
      else map.set(parent, new Set([nameOf(path)]));
    }
    this.#children = map;
    return map;
  }

  #lowerEntry(path: string): LayerEntry | undefined {
    return (this.#lowerEntries ??= this.lower?.entries)?.get(path);
  }

  /** Which file a path of this tree names now. */
  find(path: string): FileId | undefined {
    const ino = this.#record.names[path];
    if (ino !== undefined) return ino === 0 ? undefined : ino;
    if (this.#lowerEntry(path)) return path;
    return path === "/" ? "/" : undefined;
  }

  inode(id: FileId): Inode | undefined {
    if (typeof id === "number") {
      const own = this.#record.inodes[id];
      return own?.dynamic === undefined ? own : { ...own, data: this.dynamic?.(own.dynamic) ?? "" };
    }
    const entry = this.#lowerEntry(id);
    const modifiedAtMs = this.lowerTime;
    if (!entry) return id === "/" ? { type: "d", mode: this.#rootMode, modifiedAtMs } : undefined;
    const data = entry.dynamic === undefined ? entry.data : (this.dynamic?.(entry.dynamic) ?? "");
    return imageInode(entry, data, modifiedAtMs);
  }

  size(id: FileId): number {
    const node = this.inode(id);
    return node?.type === "d" ? 4096 : sizeOf(node);
  }

  /** Names in a directory, sorted by byte. */
  list(path: string): string[] {
    const names = new Set<string>();
    const prefix = path === "/" ? "/" : `${path}/`;
    for (const name of this.lower?.children.get(path) ?? [])
      if (this.#record.names[prefix + name] !== 0) names.add(name);
    for (const name of this.#names().get(path) ?? []) names.add(name);
    return [...names].sort();
  }

  /** Makes a new inode and names it; the name must be free. */
  create(path: string, node: Inode): number {
    const record = this.#own();
    if (record.next > treeEntriesMax * 8 || Object.keys(record.inodes).length >= treeEntriesMax)
      throw new Errno("ENOSPC");
    const ino = record.next++;
    record.inodes[ino] = node;
    record.bytes += node.data?.length ?? 0;
    this.#link(record, path, ino);
    return ino;
  }

  #link(record: TreeRecord, path: string, ino: number): void {
    record.names[path] = ino;
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
    const ino = this.#record.names[path];
    const node = ino ? this.#record.inodes[ino] : undefined;
    if (ino && node) this.#put(ino, node);
  }

  /** Keeps an inode, as modified now. */
  #put(ino: number, node: Inode): void {
    this.#own().inodes[ino] = { ...node, modifiedAtMs: this.now() };
  }

  /** Number of an inode that may be changed: a file of the layer below is copied up first. */
  own(id: FileId): number {
    if (typeof id === "number") return id;
    const existing = this.#record.names[id];
    if (existing) return existing;
    const node = this.inode(id);
    if (!node) throw new Errno("ENOENT");
    const record = this.#own();
    const ino = record.next++;
    const { data, ...rest } = node;
    record.inodes[ino] = node.type === "f" ? { ...rest, data: "" } : node;
    record.names[id] = ino;
    if (id !== "/") this.#names().get(parentOf(id))?.add(nameOf(id)) ?? this.#link(record, id, ino);
    if (node.type === "f" && data) this.#store(ino, { ...rest, data: "" }, 0, data);
    return ino;
  }

  change(id: FileId, change: Partial<Inode>): void {
    const ino = this.own(id);
    const record = this.#own();
    const node = record.inodes[ino];
    if (node) record.inodes[ino] = { ...node, ...change };
  }

  hardLink(id: FileId, path: string): void {
    const ino = this.own(id);
    const record = this.#own();
    const node = record.inodes[ino];
    if (!node) throw new Errno("ENOENT");
    record.inodes[ino] = { ...node, links: (node.links ?? 1) + 1 };
    this.#link(record, path, ino);
  }

  /** Takes a name away. `isOpen` says whether a descriptor still holds the inode. */
  unlink(path: string, isOpen: (ino: number) => boolean): void {
    const record = this.#own();
    const ino = record.names[path];
    if (this.#lowerEntry(path)) record.names[path] = 0;
    else delete record.names[path];
    this.#names().get(parentOf(path))?.delete(nameOf(path));
    this.touchDir(parentOf(path));
    if (!ino) return;
    const node = record.inodes[ino];
    if (!node) return;
    const names = (node.links ?? 1) - 1;
    if (names > 0 || isOpen(ino)) record.inodes[ino] = { ...node, links: names };
    else this.drop(ino);
  }

  /** Forgets an inode without names. */
  drop(ino: number): void {
    const record = this.#own();
    const node = record.inodes[ino];
    if (!node) return;
    this.#cut(ino, node, 0);
    delete record.inodes[ino];
  }

  /** Moves a name (a directory with all below it) within this tree; what stood at `to` must be gone. */
  rename(from: string, to: string): void {
    const id = this.find(from);
    if (id === undefined) throw new Errno("ENOENT");
    const node = this.inode(id);
    if (node?.type === "d")
      for (const name of this.list(from)) {
        if (!this.find(to)) this.#place(from, to);
        this.rename(`${from}/${name}`, `${to}/${name}`);
      }
    if (this.#record.names[from] !== undefined || this.#lowerEntry(from)) this.#place(from, to);
  }

  #place(from: string, to: string): void {
    const id = this.find(from);
    if (id === undefined) return;
    const ino = this.own(id);
    const record = this.#own();
    const already = record.names[to] === ino;
    if (!already) this.#link(record, to, ino);
    if (this.inode(ino)?.type === "d" && this.list(from).length > 0) return;
    if (this.#lowerEntry(from)) record.names[from] = 0;
    else delete record.names[from];
    this.#names().get(parentOf(from))?.delete(nameOf(from));
    this.touchDir(parentOf(from));
  }

  // Contents

  /** Up to `length` bytes from `offset`; "" at the end. */
  read(id: FileId, offset: number, length: number): string {
    const node = this.inode(id);
    if (!node) return "";
    if (node.size === undefined) return (node.data ?? "").slice(offset, offset + length);
    const end = Math.min(node.size, offset + length);
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
    const node = this.#own().inodes[ino];
    if (!node) throw new Errno("EBADF");
    const growth = offset + data.length - Math.max(sizeOf(node), offset);
    const charge = this.#charge(node, growth, container);
    this.#store(ino, charge ? { ...node, charge } : node, offset, data);
  }

  /** Grows a file by zeros that cost nothing to keep. */
  writeZeros(id: FileId, offset: number, length: number): void {
    const ino = this.own(id);
    const node = this.#own().inodes[ino];
    if (!node) throw new Errno("EBADF");
    const old = sizeOf(node);
    const size = Math.max(old, offset + length);
    const now = node.size === undefined ? this.#spill(ino, node) : node;
    this.#put(ino, { ...now, size, holeBytes: (now.holeBytes ?? 0) + size - old });
  }

  #store(ino: number, node: Inode, offset: number, data: string): void {
    const record = this.#own();
    const old = sizeOf(node);
    const size = Math.max(old, offset + data.length);
    const most = size - old + Math.min(node.holeBytes ?? 0, data.length);
    this.space.claim(record.bytes, record.bytes + most);
    if (node.size === undefined && size <= fileInlineBytesMax) {
      record.bytes += size - old;
      const have = (node.data ?? "").padEnd(offset, "\0");
      const text = have.slice(0, offset) + data + have.slice(offset + data.length);
      this.#put(ino, { ...node, data: text });
      return;
    }
    const inRows = node.size === undefined ? this.#spill(ino, node) : node;
    const { data: _, holeBytes = 0, ...rest } = inRows;
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
    record.bytes += kept;
    this.#put(ino, inChunks(rest, size, holeBytes + size - old - kept));
  }

  /** What a write makes a file in memory take, and who pays for it: who first wrote to it. ENOSPC. */
  #charge(node: Inode, growth: number, container: string | undefined): Inode["charge"] {
    if (this.space.heldBytesMax === undefined || container === undefined) return node.charge;
    if (growth <= 0) return node.charge;
    let held = growth;
    for (const ino in this.#record.inodes) held += this.#record.inodes[ino]?.charge?.[1] ?? 0;
    this.space.hold(held);
    return [node.charge?.[0] ?? container, growth + (node.charge?.[1] ?? 0)];
  }

  /** Bytes of its files by the container they are charged to. */
  charged(): Record<string, number> {
    return chargedBytes(this.#record);
  }

  /** Inline content moves to chunk rows. */
  #spill(ino: number, node: Inode): Inode {
    const { data = "", ...rest } = node;
    const record = this.#own();
    const kept = data && this.#chunks.set(ino, 0, data);
    record.bytes += Number(kept) - data.length;
    const spilt = inChunks(rest, data.length, data.length > Number(kept) ? data.length : 0);
    record.inodes[ino] = spilt;
    return spilt;
  }

  truncate(id: FileId, size: number): void {
    const ino = this.own(id);
    const node = this.#own().inodes[ino];
    if (!node) throw new Errno("EBADF");
    const old = sizeOf(node);
    if (size > old) this.writeZeros(ino, old, size - old);
    else this.#cut(ino, node, size);
  }

  #cut(ino: number, { charge, ...uncharged }: Inode, size: number): void {
    const record = this.#own();
    const node: Inode =
      charge && size > 0
        ? { ...uncharged, charge: [charge[0], Math.min(charge[1], size)] }
        : uncharged;
    const old = sizeOf(node);
    if (node.size === undefined) {
      record.bytes = Math.max(0, record.bytes - (old - size));
      this.#put(ino, { ...node, data: (node.data ?? "").slice(0, size) });
      return;
    }
    const keep = Math.ceil(size / fileChunkBytes);
    const last = Math.ceil(old / fileChunkBytes);
    const { size: _, holeBytes = 0, ...rest } = node;
    if (size === 0) {
      this.#chunks.drop(ino, 0, last);
      record.bytes -= old - holeBytes;
      this.#put(ino, { ...rest, data: "" });
      return;
    }
    const whole = this.#chunks.get(ino, keep - 1);
    const part = whole.slice(0, size - (keep - 1) * fileChunkBytes);
    const gone =
      this.#chunks.drop(ino, keep, last, true) +
      whole.length -
      this.#chunks.set(ino, keep - 1, part);
    record.bytes -= gone;
    this.#put(ino, inChunks(rest, size, holeBytes - (old - size - gone)));
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
