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
import { isLinkHandle, linkHasNews } from "../node/links.ts";
import type { ReadTree } from "../fs/vfs.ts";
import type { Files, Kernel } from "./types.ts";
import type { NewOpenFile, OpenFile, Pipe, PodRecord, Process } from "./state.ts";
import { isBackgroundRead } from "./process-groups.ts";
import { terminalOutput } from "./terminal.ts";
import { print } from "./terminal-output.ts";
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

  get #pod(): PodRecord {
    return this.kernel.pod;
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
    const files = this.#pod.openFiles;
    for (const id in files) {
      const file = files[id];
      if (file?.kind === "f" && file.tree === tree && file.file === ino) return true;
    }
    return false;
  }

  // Tables

  table(process: Process): Record<string, string> {
    return process.fds ?? standard;
  }

  /** The table, made the process's own to change. */
  own(process: Process): Record<string, string> {
    if (!process.fds) {
      const table = { ...standard };
      process.fds = table;
    }
    return process.fds;
  }

  idOf(process: Process, fd: number): string {
    const id = this.table(process)[fd];
    if (id === undefined) throw new Errno("EBADF");
    return id;
  }

  open(file: NewOpenFile): string {
    const id = String(this.#pod.next++);
    this.#pod.openFiles[id] = { ...file, references: 0 } as OpenFile;
    const pipe = file.kind === "r" || file.kind === "w" ? this.#pod.pipes[file.pipe] : undefined;
    if (pipe) pipe[file.kind === "r" ? "readers" : "writers"]++;
    this.kernel.touch();
    return id;
  }

  retain(id: string): void {
    const file = this.#pod.openFiles[id];
    if (file) file.references++;
  }

  release(id: string): void {
    const file = this.#pod.openFiles[id];
    if (!file || --file.references > 0) return;
    delete this.#pod.openFiles[id];
    if (file.kind === "r" || file.kind === "w") this.#closePipe(file.pipe, file.kind);
    else if (file.kind === "c") this.#closeConnection(file.connection, file.end);
    else if (file.kind === "l") delete this.#pod.listeners[file.port];
    else if (file.kind === "f" && typeof file.file === "number") {
      const tree = this.#trees.get(file.tree);
      if (!(tree instanceof Tree) || this.isOpen(file.tree, file.file)) return;
      if (tree.inode(file.file)?.links === 0) tree.drop(file.file);
    }
  }

  #closePipe(id: number, end: "r" | "w"): void {
    const pipe = this.#pod.pipes[id];
    if (!pipe) return;
    pipe[end === "r" ? "readers" : "writers"]--;
    if (pipe.readers === 0 && pipe.writers === 0 && (pipe.bytes === "" || pipe.fifo === undefined))
      delete this.#pod.pipes[id];
  }

  #closeConnection(id: number, side: 0 | 1): void {
    const connection = this.#pod.connections[id];
    if (!connection) return;
    connection.writeClosed[side] = true;
    // Nobody reads on this side any more; what the other has not read yet stays.
    connection.bytes[side] = "";
    const read = connection.bytes[0] === "" && connection.bytes[1] === "";
    if (!connection.writeClosed[0] || !connection.writeClosed[1] || !read) return;
    delete this.#pod.connections[id];
    if (connection.stream) this.kernel.context.wake?.("network", connection.stream);
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
    for (const id of Object.values(process.fds ?? {})) this.release(id);
    process.fds = {};
  }

  /** A copy for a child: same open files. */
  fork(process: Process): Record<string, string> | undefined {
    if (!process.fds) return undefined;
    for (const id of Object.values(process.fds)) this.retain(id);
    return { ...process.fds };
  }

  pipe(): [read: string, write: string] {
    const id = this.#pod.next++;
    this.#pod.pipes[id] = { bytes: "", readers: 0, writers: 0 };
    return [this.open({ kind: "r", pipe: id }), this.open({ kind: "w", pipe: id })];
  }

  // Reading and writing

  file(process: Process, fd: number): OpenFile | undefined {
    return this.#pod.openFiles[this.idOf(process, fd)];
  }

  tree(key: string): ReadTree {
    const tree = this.#trees.get(key);
    if (tree) return tree;
    // Not looked at yet in this run: the containers know how to open theirs.
    for (const key in this.#pod.containers) this.kernel.container(key).openTrees();
    const opened = this.#trees.get(key);
    assert(opened, "tree of an open file is gone");
    return opened;
  }

  /** Bytes, "" at the end, undefined when it would block. */
  read(process: Process, fd: number, most: number): string | undefined {
    const id = this.idOf(process, fd);
    if (id === "z" || id === "F") return "\0".repeat(most);
    if (id === "R") return this.#random(process.pid, most);
    if (builtIn.has(id)) return "";
    const file = this.#pod.openFiles[id];
    if (!file) throw new Errno("EBADF");
    if (file.kind === "f") {
      if (file.mode === "w") throw new Errno("EBADF");
      const data = this.tree(file.tree).read(file.file, file.offset, most);
      file.offset += data.length;
      return data;
    }
    if (file.kind === "r") return this.#take(this.#pod.pipes[file.pipe], most);
    if (file.kind === "t" && isBackgroundRead(this.kernel, process, file.session)) return undefined;
    if (file.kind === "s" || file.kind === "t")
      return this.#readSession(file.session, most, file.kind === "t");
    if (file.kind === "c") return this.#readConnection(file.connection, file.end, most);
    throw new Errno("EBADF");
  }

  #random(pid: number, length: number): string {
    const seed = mix(Math.floor(this.kernel.context.random() * 2 ** 32), pid, 0);
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let i = 0; i < words.length; i++) words[i] = mix(seed, 0, i);
    return binaryOf(new Uint8Array(words.buffer, 0, length));
  }

  #take(pipe: Pipe | undefined, most: number): string | undefined {
    if (!pipe) return "";
    // A named pipe nobody has written to yet waits for its writer.
    if (pipe.bytes === "") return pipe.writers === 0 && !pipe.noWriterYet ? "" : undefined;
    const data = pipe.bytes.slice(0, most);
    pipe.bytes = pipe.bytes.slice(data.length);
    return data;
  }

  #readSession(id: string, most: number, line: boolean): string | undefined {
    const session = this.#pod.sessions[id];
    if (!session) return "";
    if (session.input === "") return session.inputEnded ? "" : undefined;
    if (line && !session.raw && session.input.startsWith("\x04")) {
      session.input = session.input.slice(1);
      return "";
    }
    let length = Math.min(most, session.input.length);
    if (line && !session.raw) {
      const end = session.input.search(/[\n\x04]/);
      if (end >= 0) length = Math.min(length, session.input[end] === "\n" ? end + 1 : end);
    }
    const data = session.input.slice(0, length);
    session.input = session.input.slice(length);
    return data;
  }

  #readConnection(id: number, side: 0 | 1, most: number): string | undefined {
    const connection = this.#pod.connections[id];
    if (!connection) return "";
    const data = connection.bytes[side];
    if (data === "") return connection.writeClosed[side === 0 ? 1 : 0] ? "" : undefined;
    connection.bytes[side] = data.slice(most);
    return data.slice(0, most);
  }

  readable(process: Process, fd: number): boolean {
    const id = this.table(process)[fd];
    if (id === undefined || builtIn.has(id)) return true;
    const file = this.#pod.openFiles[id];
    if (!file || file.kind === "f") return true;
    if (file.kind === "r") {
      const pipe = this.#pod.pipes[file.pipe];
      return !pipe || pipe.bytes !== "" || (pipe.writers === 0 && !pipe.noWriterYet);
    }
    if (file.kind === "s" || file.kind === "t") {
      const session = this.#pod.sessions[file.session];
      return !session || session.input !== "" || session.inputEnded === true;
    }
    if (file.kind === "c") {
      const connection = this.#pod.connections[file.connection];
      if (!connection || connection.bytes[file.end] !== "") return true;
      return connection.writeClosed[file.end === 0 ? 1 : 0];
    }
    if (file.kind !== "l") return true;
    const listener = this.#pod.listeners[file.port];
    return Boolean(listener?.backlog?.length ?? listener?.datagrams?.length);
  }

  /** Bytes taken; 0 when it would block. EPIPE when nobody reads (the caller sends SIGPIPE). */
  write(process: Process, fd: number, data: string): number {
    const id = this.idOf(process, fd);
    if (id === "o" || id === "e") return this.#writeLog(process, id === "o" ? 1 : 2, data);
    if (id === "F") throw new Errno("ENOSPC");
    if (builtIn.has(id)) return data.length;
    const file = this.#pod.openFiles[id];
    if (!file) throw new Errno("EBADF");
    if (file.kind === "f") return this.#writeFile(process, file, data);
    if (file.kind === "w") {
      const pipe = this.#pod.pipes[file.pipe];
      if (!pipe || (pipe.readers === 0 && pipe.fifo === undefined)) throw new Errno("EPIPE");
      const part = data.slice(0, pipeBytesMax - pipe.bytes.length);
      pipe.bytes += part;
      return part.length;
    }
    if (file.kind === "s" || file.kind === "t") return this.#writeSession(process, file, data);
    if (file.kind === "c") {
      const connection = this.#pod.connections[file.connection];
      const other = file.end === 0 ? 1 : 0;
      const closed = connection?.writeClosed[other] && !connection.stream;
      if (!connection || (closed && !connection.halfClosed)) throw new Errno("EPIPE");
      const part = data.slice(0, pipeBytesMax - connection.bytes[other].length);
      connection.bytes[other] += part;
      return part.length;
    }
    throw new Errno("EBADF");
  }

  #writeLog(process: Process, stream: 1 | 2, data: string): number {
    const part = data.slice(0, this.kernel.logs.room(process.container));
    // Who reads it from a container's output writes some 20 MB/s.
    this.kernel.charge(process, part.length / 20);
    this.kernel.logs.append(process.container, stream, part);
    return part.length;
  }

  #writeFile(process: Process, file: OpenFile & { kind: "f" }, data: string): number {
    if (file.mode === "r") throw new Errno("EBADF");
    const tree = this.tree(file.tree);
    if (tree.set) return tree.set(String(file.file), data);
    if (!(tree instanceof Tree)) throw new Errno("EACCES");
    file.file = tree.own(file.file);
    if (file.append) file.offset = tree.size(file.file);
    const { name } = this.#pod.containers[process.container]?.spec ?? {};
    tree.write(file.file, file.offset, data, name);
    if (tree.space.heldBytesMax !== undefined) {
      this.kernel.checkMemory(process);
      if (process.exitStatus !== undefined) throw new ProcessKilled();
    }
    file.offset += data.length;
    return data.length;
  }

  #writeSession(process: Process, file: OpenFile & { kind: "s" | "t" }, data: string): number {
    const session = this.#pod.sessions[file.session];
    // Whoever watched has gone: what it prints is lost, as with a terminal that hung up.
    if (!session) throw new Errno(file.kind === "t" ? "EIO" : "EPIPE");
    if (session.kind === "own") {
      const given = data.slice(0, this.kernel.logs.room(session.container));
      const stream = file.kind === "s" && file.end === 2 ? 2 : 1;
      const said = file.kind === "t" ? terminalOutput(given) : given;
      this.kernel.logs.append(session.container, stream, said);
      return given.length;
    }
    if (session.kept) return print(this.kernel, process, session.kept, data);
    const room = sessionOutputBytesMax - session.stdout.length - session.stderr.length;
    const part = data.slice(0, Math.max(0, room));
    if (file.kind === "s" && file.end === 2) session.stderr += part;
    else session.stdout += file.kind === "t" ? terminalOutput(part) : part;
    return session.unattended ? data.length : part.length;
  }

  writable(process: Process, fd: number): boolean {
    const id = this.table(process)[fd];
    const file = id === undefined ? undefined : this.#pod.openFiles[id];
    if (id === "o" || id === "e") return this.kernel.logs.room(process.container) > 0;
    if (!file) return true;
    if (file.kind === "w") {
      const pipe = this.#pod.pipes[file.pipe];
      return !pipe || pipe.readers === 0 || pipe.bytes.length < pipeBytesMax;
    }
    if (file.kind === "s" || file.kind === "t") {
      const session = this.#pod.sessions[file.session];
      if (!session || session.unattended) return true;
      if (session.kind === "own") return this.kernel.logs.room(session.container) > 0;
      return session.stdout.length + session.stderr.length < sessionOutputBytesMax;
    }
    if (file.kind === "c") {
      const connection = this.#pod.connections[file.connection];
      const other = file.end === 0 ? 1 : 0;
      if (!connection || connection.writeClosed[other]) return true;
      return connection.bytes[other].length < pipeBytesMax;
    }
    return true;
  }

  /** The session whose terminal a descriptor is. */
  terminal(process: Process, fd: number): string | undefined {
    const file = this.#pod.openFiles[this.table(process)[fd] ?? ""];
    return file?.kind === "t" ? file.session : undefined;
  }

  answered(handle: string): boolean {
    if (isLinkHandle(handle)) return linkHasNews(this.kernel.records, handle);
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
    const placed = { kind: "f" as const, tree: tree.key, file: id, offset: 0, mode, at };
    return this.open(append ? { ...placed, append } : placed);
  }
}
