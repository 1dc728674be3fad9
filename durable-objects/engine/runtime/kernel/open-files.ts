/** Descriptors of processes: files, pipes, terminals, streams, devices. Open files are shared by fork and dup. */
import { pipeBytesMax, sessionOutputBytesMax } from "../../core/limits.ts";
import { assert } from "../../core/assert.ts";
import { mix } from "../../core/random.ts";
import { binaryOf } from "../bytes.ts";
import { Errno, ProcessKilled } from "../errno.ts";
import type { FileId } from "../fs/inode.ts";
import { Tree } from "../fs/tree.ts";
import { isAnswered } from "../http/http.ts";
import { isNetworkHandle } from "../net/network-port.ts";
import type { ReadTree } from "../fs/vfs.ts";
import type { Files, Kernel } from "./types.ts";
import type { NewOpenFile, OpenFile, Pipe, Process } from "./state.ts";
import { terminalOutput } from "./terminal.ts";
import { saveTree } from "../volumes/volumes.ts";

/** Open files that need no record: devices (`n` null, `z` zero, `F` full, `R` random) and the container's log (`o`, `e`). */
const builtIn = new Set(["n", "z", "F", "R", "o", "e"]);
const standard: Record<string, string> = { 0: "n", 1: "o", 2: "e" };

export class OpenFiles implements Files {
  readonly kernel: Kernel;
  readonly #trees = new Map<string, ReadTree>();
  /** Those in memory. */
  readonly inMemory = new Set<Tree>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  // Trees

  addTree(key: string, make: () => ReadTree): ReadTree {
    let tree = this.#trees.get(key);
    if (!tree) this.#trees.set(key, (tree = make()));
    return tree;
  }

  /** Whether a tree holds anything of its own, saved or not. */
  isWritten(key: string): boolean {
    const tree = this.#trees.get(key);
    if (tree instanceof Tree && tree.dirty) return true;
    return this.kernel.records.get("trees", key) !== undefined;
  }

  save(): void {
    for (const tree of this.#trees.values())
      if (tree instanceof Tree) saveTree(this.kernel.context, tree, this.kernel.key);
  }

  /** Whether some descriptor still holds an inode. */
  isOpen(tree: string, ino: number): boolean {
    const files = this.kernel.pod.of;
    for (const id in files) {
      const file = files[id];
      if (file?.k === "f" && file.t === tree && file.i === ino) return true;
    }
    return false;
  }

  // Tables

  table(process: Process): Record<string, string> {
    return process.fd ?? standard;
  }

  /** The table, made the process's own to change. */
  own(process: Process): Record<string, string> {
    if (!process.fd) {
      const table = { ...standard };
      process.fd = table;
    }
    return process.fd;
  }

  idOf(process: Process, fd: number): string {
    const id = this.table(process)[fd];
    if (id === undefined) throw new Errno("EBADF");
    return id;
  }

  open(file: NewOpenFile): string {
    const id = String(this.kernel.pod.next++);
    this.kernel.pod.of[id] = { ...file, n: 0 } as OpenFile;
    const pipe = file.k === "r" || file.k === "w" ? this.kernel.pod.pi[file.p] : undefined;
    if (pipe) pipe[file.k as "r" | "w"]++;
    this.kernel.touch();
    return id;
  }

  retain(id: string): void {
    const file = this.kernel.pod.of[id];
    if (file) file.n++;
  }

  release(id: string): void {
    const file = this.kernel.pod.of[id];
    if (!file || --file.n > 0) return;
    delete this.kernel.pod.of[id];
    if (file.k === "r" || file.k === "w") this.#closePipe(file.p, file.k);
    else if (file.k === "c") this.#closeConnection(file.c, file.e);
    else if (file.k === "l") delete this.kernel.pod.li[file.l];
    else if (file.k === "f" && typeof file.i === "number") {
      const tree = this.#trees.get(file.t);
      if (tree instanceof Tree && tree.inode(file.i)?.n === 0 && !this.isOpen(file.t, file.i))
        tree.drop(file.i);
    }
  }

  #closePipe(id: number, end: "r" | "w"): void {
    const pipe = this.kernel.pod.pi[id];
    if (!pipe) return;
    pipe[end]--;
    if (pipe.r === 0 && pipe.w === 0 && (pipe.b === "" || pipe.f === undefined))
      delete this.kernel.pod.pi[id];
  }

  #closeConnection(id: number, side: 0 | 1): void {
    const connection = this.kernel.pod.co[id];
    if (!connection) return;
    connection.x[side] = true;
    // Nobody reads on this side any more; what the other has not read yet stays.
    connection.b[side] = "";
    const read = connection.b[0] === "" && connection.b[1] === "";
    if (connection.x[0] && connection.x[1] && read) delete this.kernel.pod.co[id];
  }

  /** Puts an open file at a descriptor, closing what was there. */
  place(process: Process, fd: number, id: string): void {
    const table = this.own(process);
    const old = table[fd];
    this.retain(id);
    table[fd] = id;
    if (old !== undefined) this.release(old);
  }

  close(process: Process, fd: number): void {
    const table = this.own(process);
    const id = table[fd];
    if (id === undefined) throw new Errno("EBADF");
    delete table[fd];
    this.release(id);
  }

  closeAll(process: Process): void {
    for (const id of Object.values(process.fd ?? {})) this.release(id);
    process.fd = {};
  }

  /** Lets go of what a dead process bound. */
  forget(key: number): void {
    const { li } = this.kernel.pod;
    for (const name in li) if (li[name]?.p === key) delete li[name];
  }

  /** A copy for a child: same open files. */
  fork(process: Process): Record<string, string> | undefined {
    if (!process.fd) return undefined;
    for (const id of Object.values(process.fd)) this.retain(id);
    return { ...process.fd };
  }

  pipe(): [read: string, write: string] {
    const id = this.kernel.pod.next++;
    this.kernel.pod.pi[id] = { b: "", r: 0, w: 0 };
    return [this.open({ k: "r", p: id }), this.open({ k: "w", p: id })];
  }

  // Reading and writing

  file(process: Process, fd: number): OpenFile | undefined {
    return this.kernel.pod.of[this.idOf(process, fd)];
  }

  tree(key: string): ReadTree {
    const tree = this.#trees.get(key);
    if (tree) return tree;
    // Not looked at yet in this run: the containers know how to open theirs.
    for (const key in this.kernel.pod.cs) this.kernel.container(key).openTrees();
    const opened = this.#trees.get(key);
    assert(opened, "tree of an open file is gone");
    return opened;
  }

  /** Bytes, "" at the end, undefined when it would block. */
  read(process: Process, fd: number, most: number): string | undefined {
    const id = this.idOf(process, fd);
    if (id === "z" || id === "F") return "\0".repeat(most);
    if (id === "R") return this.#random(most);
    if (builtIn.has(id)) return "";
    const file = this.kernel.pod.of[id];
    if (!file) throw new Errno("EBADF");
    if (file.k === "f") {
      if (file.m === "w") throw new Errno("EBADF");
      const data = this.tree(file.t).read(file.i, file.o, most);
      file.o += data.length;
      return data;
    }
    if (file.k === "r") return this.#take(this.kernel.pod.pi[file.p], most);
    if (file.k === "s" || file.k === "t") return this.#readSession(file.s, most, file.k === "t");
    if (file.k === "c") return this.#readConnection(file.c, file.e, most);
    throw new Errno("EBADF");
  }

  #random(length: number): string {
    const seed = Math.floor(this.kernel.context.random() * 2 ** 32);
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let i = 0; i < words.length; i++) words[i] = mix(seed, 0, i);
    return binaryOf(new Uint8Array(words.buffer, 0, length));
  }

  #take(pipe: Pipe | undefined, most: number): string | undefined {
    if (!pipe) return "";
    // A named pipe nobody has written to yet waits for its writer.
    if (pipe.b === "") return pipe.w === 0 && !pipe.nw ? "" : undefined;
    const data = pipe.b.slice(0, most);
    pipe.b = pipe.b.slice(data.length);
    return data;
  }

  #readSession(id: string, most: number, line: boolean): string | undefined {
    const session = this.kernel.pod.se[id];
    if (!session) return "";
    if (session.i === "") return session.ie ? "" : undefined;
    if (line && session.i.startsWith("\x04")) {
      session.i = session.i.slice(1);
      return "";
    }
    let length = Math.min(most, session.i.length);
    if (line && !session.raw) {
      const end = session.i.search(/[\n\x04]/);
      if (end >= 0) length = Math.min(length, session.i[end] === "\n" ? end + 1 : end);
    }
    const data = session.i.slice(0, length);
    session.i = session.i.slice(length);
    return data;
  }

  #readConnection(id: number, side: 0 | 1, most: number): string | undefined {
    const connection = this.kernel.pod.co[id];
    if (!connection) return "";
    const data = connection.b[side];
    if (data === "") return connection.x[side === 0 ? 1 : 0] ? "" : undefined;
    connection.b[side] = data.slice(most);
    return data.slice(0, most);
  }

  readable(process: Process, fd: number): boolean {
    const id = this.table(process)[fd];
    if (id === undefined || builtIn.has(id)) return true;
    const file = this.kernel.pod.of[id];
    if (!file || file.k === "f") return true;
    if (file.k === "r") {
      const pipe = this.kernel.pod.pi[file.p];
      return !pipe || pipe.b !== "" || (pipe.w === 0 && !pipe.nw);
    }
    if (file.k === "s" || file.k === "t") {
      const session = this.kernel.pod.se[file.s];
      return !session || session.i !== "" || session.ie === true;
    }
    if (file.k === "c") {
      const connection = this.kernel.pod.co[file.c];
      return !connection || connection.b[file.e] !== "" || connection.x[file.e === 0 ? 1 : 0];
    }
    return file.k === "l" ? (this.kernel.pod.li[file.l]?.q?.length ?? 0) > 0 : true;
  }

  /** Bytes taken; 0 when it would block. EPIPE when nobody reads (the caller sends SIGPIPE). */
  write(process: Process, fd: number, data: string): number {
    const id = this.idOf(process, fd);
    if (id === "o" || id === "e") return this.#writeLog(process, id === "o" ? 1 : 2, data);
    if (id === "F") throw new Errno("ENOSPC");
    if (builtIn.has(id)) return data.length;
    const file = this.kernel.pod.of[id];
    if (!file) throw new Errno("EBADF");
    if (file.k === "f") return this.#writeFile(process, file, data);
    if (file.k === "w") {
      const pipe = this.kernel.pod.pi[file.p];
      if (!pipe || (pipe.r === 0 && pipe.f === undefined)) throw new Errno("EPIPE");
      const part = data.slice(0, pipeBytesMax - pipe.b.length);
      pipe.b += part;
      return part.length;
    }
    if (file.k === "s" || file.k === "t") return this.#writeSession(file, data);
    if (file.k === "c") {
      const connection = this.kernel.pod.co[file.c];
      const other = file.e === 0 ? 1 : 0;
      if (!connection || (connection.x[other] && !connection.o && !connection.hf))
        throw new Errno("EPIPE");
      const part = data.slice(0, pipeBytesMax - connection.b[other].length);
      connection.b[other] += part;
      return part.length;
    }
    throw new Errno("EBADF");
  }

  #writeLog(process: Process, stream: 1 | 2, data: string): number {
    const part = data.slice(0, this.kernel.logs.room(process.c));
    // Who reads it from a container's output writes some 20 MB/s.
    this.kernel.charge(process, part.length / 20);
    this.kernel.logs.append(process.c, stream, part);
    return part.length;
  }

  #writeFile(process: Process, file: OpenFile & { k: "f" }, data: string): number {
    if (file.m === "r") throw new Errno("EBADF");
    const tree = this.tree(file.t);
    if (tree.set) return tree.set(String(file.i), data);
    if (!(tree instanceof Tree)) throw new Errno("EACCES");
    file.i = tree.own(file.i);
    if (file.a) file.o = tree.size(file.i);
    tree.write(file.i, file.o, data, this.kernel.pod.cs[process.c]?.spec.name);
    if (tree.space.heldBytesMax !== undefined) {
      this.kernel.checkMemory(process);
      if (process.z !== undefined) throw new ProcessKilled();
    }
    file.o += data.length;
    return data.length;
  }

  #writeSession(file: OpenFile & { k: "s" | "t" }, data: string): number {
    const session = this.kernel.pod.se[file.s];
    // Whoever watched has gone: what it prints is lost, as with a terminal that hung up.
    if (!session) throw new Errno(file.k === "t" ? "EIO" : "EPIPE");
    if (session.k === "own") {
      const given = data.slice(0, this.kernel.logs.room(session.c));
      const stream = file.k === "s" && file.e === 2 ? 2 : 1;
      const said = file.k === "t" ? terminalOutput(session, given) : given;
      this.kernel.logs.append(session.c, stream, said);
      return given.length;
    }
    const room = sessionOutputBytesMax - session.o.length - session.e.length;
    const part = data.slice(0, Math.max(0, room));
    if (file.k === "s" && file.e === 2) session.e += part;
    else session.o += file.k === "t" ? terminalOutput(session, part) : part;
    return session.q ? data.length : part.length;
  }

  writable(process: Process, fd: number): boolean {
    const id = this.table(process)[fd];
    const file = id === undefined ? undefined : this.kernel.pod.of[id];
    if (id === "o" || id === "e") return this.kernel.logs.room(process.c) > 0;
    if (!file) return true;
    if (file.k === "w") {
      const pipe = this.kernel.pod.pi[file.p];
      return !pipe || pipe.r === 0 || pipe.b.length < pipeBytesMax;
    }
    if (file.k === "s" || file.k === "t") {
      const session = this.kernel.pod.se[file.s];
      if (!session || session.q) return true;
      if (session.k === "own") return this.kernel.logs.room(session.c) > 0;
      return session.o.length + session.e.length < sessionOutputBytesMax;
    }
    if (file.k === "c") {
      const connection = this.kernel.pod.co[file.c];
      const other = file.e === 0 ? 1 : 0;
      return !connection || connection.x[other] || connection.b[other].length < pipeBytesMax;
    }
    return true;
  }

  /** The session whose terminal a descriptor is. */
  terminal(process: Process, fd: number): string | undefined {
    const file = this.kernel.pod.of[this.table(process)[fd] ?? ""];
    return file?.k === "t" ? file.s : undefined;
  }

  answered(handle: string): boolean {
    if (isNetworkHandle(handle))
      return this.kernel.context.network?.settled?.(this.kernel.context, handle) ?? true;
    return isAnswered(this.kernel, handle);
  }

  /** Opens a plain file of a tree. */
  openFile(
    tree: ReadTree,
    id: FileId,
    mode: "r" | "w" | "rw",
    at: string,
    append: boolean,
  ): string {
    return this.open({
      k: "f",
      t: tree.key,
      i: id,
      o: 0,
      m: mode,
      at,
      ...(append ? { a: true } : {}),
    });
  }
}
