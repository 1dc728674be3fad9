/** System calls about a process itself, its files and descriptors. */
import { mix } from "../../core/random.ts";
import { trimSlashes } from "../../core/trim.ts";
import { openFilesPerProcessMax, wholeFileBytesMax } from "../../core/limits.ts";
import type { Container, Kernel } from "./types.ts";
import type { OpenFlags } from "./calls.ts";
import { Errno, ProcessKilled } from "../errno.ts";
import { Tree } from "../fs/tree.ts";
import {
  isKernelSetting,
  type Credentials,
  type ResolvedPath,
  type Stat,
  type Vfs,
} from "../fs/vfs.ts";
import { processKey } from "./process-key.ts";
import { parentPid, uidOf } from "./process-view.ts";
import { devices, pipeStat } from "./special-files.ts";
import type { Process, Session } from "./state.ts";

/** A process and its files. */
export class FileCalls {
  readonly kernel: Kernel;
  readonly key: number;
  readonly process: Process;
  held = 0;

  constructor(kernel: Kernel, key: number, process: Process) {
    this.kernel = kernel;
    this.key = key;
    this.process = process;
  }

  // Itself

  get container(): Container {
    return (this.#container ??= this.kernel.container(this.process.container));
  }
  #container: Container | undefined;
  /** Paths as this process sees them. */
  get vfs(): Vfs {
    return this.container.rooted(this.process.rootFolder);
  }
  get argv(): readonly string[] {
    return this.process.args;
  }
  get pid(): number {
    return this.process.pid;
  }
  get ppid(): number {
    return parentPid(this.kernel, this.process);
  }
  /** Virtual ms. */
  get now(): number {
    return Math.round(this.process.localTimeMs ?? this.kernel.now);
  }
  get cwd(): string {
    return this.process.cwd ?? this.container.workingDir;
  }
  get env(): Record<string, string> {
    const { env: own } = this.process;
    if (!own) return this.container.env;
    if (this.#envOf !== own) {
      this.#envOf = own;
      const env = { ...this.container.env };
      for (const name in own) {
        const value = own[name];
        if (value === null || value === undefined) delete env[name];
        else env[name] = value;
      }
      this.#env = env;
    }
    return this.#env;
  }
  #env: Record<string, string> = {};
  #envOf: Process["env"];
  get who(): Credentials {
    return this.container.credentials(this.process);
  }
  get umask(): number {
    return this.process.umask ?? 0o022;
  }
  /** Two processes draw differently also at one moment at which nothing else has changed. */
  random(): number {
    return mix(Math.floor(this.kernel.context.random() * 2 ** 32), this.key, 0) / 2 ** 32;
  }
  charge(microseconds: number): void {
    this.kernel.charge(this.process, microseconds);
  }

  // Files by path

  place(path: string, follow = true): ResolvedPath {
    return this.vfs.resolve(this.cwd, this.#mine(path), this.who, follow);
  }
  existing(path: string, follow = true): Required<ResolvedPath> {
    return this.vfs.existing(this.cwd, this.#mine(path), this.who, follow);
  }
  #mine(path: string): string {
    if (path.startsWith("/proc/self/")) return `/proc/${this.pid}${path.slice(10)}`;
    return path.startsWith("/dev/fd/") ? `/proc/${this.pid}${path.slice(4)}` : path;
  }
  stat(path: string, follow = true): Stat {
    const given = follow && /\/fd\/\d+$/.test(path) ? this.#othersFd(path) : undefined;
    const file = given === undefined ? undefined : this.kernel.pod.openFiles[given];
    // A pipe that `/dev/fd/N` leads to.
    if (file?.kind === "r" || file?.kind === "w") return pipeStat(file.pipe, this.who, this.now);
    return this.vfs.stat(this.existing(path, follow));
  }
  /** Like stat, but nothing when it cannot be had. */
  peek(path: string, follow = true): Stat | undefined {
    try {
      return this.stat(path, follow);
    } catch (error) {
      if (error instanceof Errno) return undefined;
      throw error;
    }
  }
  list(path: string): string[] {
    return this.vfs.list(this.existing(path), this.who);
  }
  /** access(2): 4 read, 2 write, 1 execute. */
  access(path: string, want: number): boolean {
    if (path.startsWith("/dev/fd/") && this.peek(path)?.type === "p") return (want & 1) === 0;
    const place = this.peekPlace(path);
    if (!place?.node) return false;
    if (want & 2 && place.mount.readOnly) return false;
    return this.vfs.allowed(place.node, want, this.who);
  }
  peekPlace(path: string): ResolvedPath | undefined {
    try {
      return this.existing(path);
    } catch (error) {
      if (error instanceof Errno) return undefined;
      throw error;
    }
  }
  realpath(path: string): string {
    return this.existing(path).full;
  }
  chdir(path: string, logical?: string): void {
    const place = this.existing(path);
    if (place.node.type !== "d") throw new Errno("ENOTDIR");
    this.vfs.need(place.node, 1, this.who);
    this.process.cwd = logical ?? place.full;
  }
  mkdir(path: string, mode = 0o777): void {
    const folder = { type: "d", mode: mode & ~this.umask } as const;
    this.vfs.create(this.place(trimSlashes(path)), this.who, folder);
  }
  rmdir(path: string): void {
    this.vfs.rmdir(this.existing(trimSlashes(path), false), this.who);
  }
  unlink(path: string): void {
    this.vfs.unlink(this.existing(path, false), this.who);
  }
  rename(from: string, to: string): void {
    const [old, fresh] = [trimSlashes(from), trimSlashes(to)];
    this.vfs.rename(this.existing(old, false), this.place(fresh, false), this.who);
  }
  symlink(target: string, path: string): void {
    this.vfs.create(this.place(path, false), this.who, { type: "l", mode: 0o777, data: target });
  }
  link(from: string, to: string): void {
    this.vfs.link(this.existing(from, false), this.place(to, false), this.who);
  }
  chmod(path: string, mode: number): void {
    this.vfs.change(this.existing(path), this.who, { mode });
  }
  chown(path: string, uid: number | undefined, gid: number | undefined, follow = true): void {
    const place = this.existing(path, follow);
    const { node } = place;
    const { who } = this;
    if (!(who.uid === 0 && this.container.capable("CHOWN"))) {
      const given = uid !== undefined && uid !== (node.uid ?? 0);
      const ours =
        gid === undefined || gid === (node.gid ?? 0) || [who.gid, ...who.groups].includes(gid);
      if (who.uid !== (node.uid ?? 0) || given || !ours) throw new Errno("EPERM");
    }
    const change = {
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    };
    this.vfs.change(place, { ...who, uid: 0, override: true }, change);
  }
  utime(path: string, ms: number): void {
    this.vfs.change(this.existing(path), this.who, { modifiedAtMs: ms });
  }
  truncate(path: string, size: number): void {
    const fd = this.open(path, { write: true, create: true });
    this.ftruncate(fd, size);
    this.close(fd);
  }
  /** Whole content. For programs that hold it at once; ENOMEM beyond what a process may hold. */
  readFile(path: string): string {
    const fd = this.open(path, { read: true });
    const file = this.kernel.files.file(this.process, fd);
    const large =
      file?.kind === "f" && this.kernel.files.tree(file.tree).size(file.file) > wholeFileBytesMax;
    const data = large ? "" : (this.kernel.files.read(this.process, fd, wholeFileBytesMax) ?? "");
    this.close(fd);
    // A device without an end takes all memory there is.
    if (!large && (file?.kind === "f" || data.length < wholeFileBytesMax)) return data;
    if (!large) this.kernel.oomKill(this.key);
    throw new Errno("ENOMEM");
  }
  writeFile(path: string, data: string, flags: OpenFlags = {}): void {
    const fd = this.open(path, { write: true, create: true, truncate: !flags.append, ...flags });
    this.write(fd, data);
    this.close(fd);
  }

  // Descriptors

  freeFd(from = 0): number {
    const table = this.kernel.files.own(this.process);
    for (let fd = from; fd < openFilesPerProcessMax; fd++) if (table[fd] === undefined) return fd;
    throw new Errno("EMFILE");
  }

  open(path: string, flags: OpenFlags, mode = 0o666): number {
    const fd = this.freeFd();
    this.kernel.files.place(this.process, fd, this.#openId(path, flags, mode));
    return fd;
  }

  /** The descriptor that `/proc/PID/fd/N` stands for; opening it is having it. */
  #othersFd(path: string): string | undefined {
    const [, pid, fd] = /^\/proc\/(\d+)\/fd\/(\d+)$/.exec(this.#mine(path)) ?? [];
    if (pid === undefined) return undefined;
    const other = this.kernel.process(processKey(this.process.pidNamespace, Number(pid)));
    if (!other) throw new Errno("ENOENT");
    if (other === this.process && !this.isOpen(Number(fd))) throw new Errno("ENOENT");
    if (this.who.uid !== 0 && uidOf(this.kernel, other) !== this.who.uid) throw new Errno("EACCES");
    return this.kernel.files.idOf(other, Number(fd));
  }

  #openId(path: string, flags: OpenFlags, mode: number): string {
    const { files } = this.kernel;
    const { vfs } = this;
    const given = this.#othersFd(path);
    if (given !== undefined) return given;
    let place = this.place(path);
    if (place.node && flags.create && flags.exclusive) throw new Errno("EEXIST");
    if (!place.node) {
      if (!flags.create || path.endsWith("/")) throw new Errno(flags.create ? "EISDIR" : "ENOENT");
      vfs.create(place, this.who, { type: "f", mode: mode & ~this.umask, data: "" });
      place = this.existing(path);
    } else {
      const want = (flags.write ? 2 : 0) | (flags.read ? 4 : 0);
      if (place.node.type === "d" && flags.write) throw new Errno("EISDIR");
      vfs.need(place.node, want, this.who);
      if (flags.write && place.node.type === "f" && !isKernelSetting(place)) vfs.writable(place);
    }
    const { node, id, mount } = place as Required<ResolvedPath>;
    if (node.type === "c") return this.#device(node.data ?? "null");
    if (node.type === "b" || node.type === "s") throw new Errno("ENXIO");
    if (node.type === "p")
      return this.#fifo(mount.tree as Tree, place as Required<ResolvedPath>, flags.write === true);
    const written = flags.truncate && node.type === "f" && !mount.block && mount.tree;
    if (written instanceof Tree && written.size(id) > 0) written.truncate(id, 0);
    const access = flags.write ? (flags.read ? "rw" : "w") : "r";
    const now = mount.tree.find(place.path) ?? id;
    return files.openFile(mount.tree, now, access, place.full, flags.append === true);
  }

  #device(name: string): string {
    const builtIn = devices[name];
    if (builtIn) return builtIn;
    const standard = ["stdin", "stdout", "stderr"].indexOf(name);
    if (standard >= 0) return this.kernel.files.idOf(this.process, standard);
    const session =
      this.process.session === undefined
        ? undefined
        : this.kernel.pod.sessions[this.process.session];
    if (name === "tty" && session?.tty && this.process.session !== undefined)
      return this.kernel.files.open({ kind: "t", session: this.process.session });
    throw new Errno("ENXIO");
  }

  #fifo(tree: Tree, place: Required<ResolvedPath>, write: boolean): string {
    const name = `${tree.key} ${place.id}`;
    const { pipes } = this.kernel.pod;
    let key = Object.keys(pipes).find((known) => pipes[known]?.fifo === name);
    if (key === undefined) {
      key = String(this.kernel.pod.next++);
      pipes[key] = { bytes: "", readers: 0, writers: 0, fifo: name, noWriterYet: true };
    }
    const pipe = pipes[key];
    if (write && pipe) delete pipe.noWriterYet;
    return this.kernel.files.open({ kind: write ? "w" : "r", pipe: Number(key) });
  }

  close(fd: number): void {
    this.kernel.files.close(this.process, fd);
  }
  /** dup2. */
  dup(from: number, to: number): void {
    if (from === to) return void this.kernel.files.idOf(this.process, from);
    this.kernel.files.place(this.process, to, this.kernel.files.idOf(this.process, from));
  }
  /** Copies a descriptor to the first free one from `least` on (those from 10 on close at exec). */
  dupFree(from: number, least = 10): number {
    const fd = this.freeFd(least);
    this.kernel.files.place(this.process, fd, this.kernel.files.idOf(this.process, from));
    return fd;
  }
  isOpen(fd: number): boolean {
    return this.kernel.files.table(this.process)[fd] !== undefined;
  }
  pipe(): [read: number, write: number] {
    const [reader, writer] = this.kernel.files.pipe();
    const read = this.freeFd();
    this.kernel.files.place(this.process, read, reader);
    const write = this.freeFd();
    this.kernel.files.place(this.process, write, writer);
    return [read, write];
  }
  /** A descriptor that reads the given bytes: a here-document. */
  stringFd(data: string, at?: number): number {
    const [reader, writer] = this.kernel.files.pipe();
    const fd = at ?? this.freeFd();
    this.kernel.files.place(this.process, fd, reader);
    const file = this.kernel.pod.openFiles[writer];
    if (file?.kind === "w") {
      const pipe = this.kernel.pod.pipes[file.pipe];
      if (pipe) pipe.bytes = data;
    }
    this.kernel.files.retain(writer);
    this.kernel.files.release(writer);
    return fd;
  }
  read(fd: number, most = 65_536): string | undefined {
    return this.kernel.files.read(this.process, fd, most);
  }
  readable(fd: number): boolean {
    return this.kernel.files.readable(this.process, fd);
  }
  /** Bytes taken, 0 when it would block. A closed pipe kills by SIGPIPE, or throws EPIPE where that is ignored. */
  write(fd: number, data: string): number {
    try {
      return this.kernel.files.write(this.process, fd, data);
    } catch (error) {
      if (!(error instanceof Errno) || error.code !== "EPIPE") throw error;
      if (this.process.ignoredSignals?.includes(13)) throw error;
      this.kernel.kill(this.key, 13);
      if (this.pid === 1) throw error;
      throw new ProcessKilled();
    }
  }
  /** Last words on standard error, whatever state it is in. */
  complain(text: string): void {
    try {
      this.write(2, text);
    } catch (error) {
      // Its own diagnostics have nowhere to go.
      if (!(error instanceof Errno || error instanceof ProcessKilled)) throw error;
    }
  }
  ftruncate(fd: number, size: number): void {
    const file = this.kernel.files.file(this.process, fd);
    if (file?.kind !== "f") throw new Errno("EINVAL");
    const tree = this.kernel.files.tree(file.tree) as Tree;
    file.file = tree.own(file.file);
    tree.truncate(file.file, size);
  }
  /** Moves the offset of a file; ESPIPE on anything else. */
  seek(fd: number, offset: number): void {
    const file = this.kernel.files.file(this.process, fd);
    if (file?.kind !== "f") throw new Errno("ESPIPE");
    file.offset = offset;
  }
  /** A file that was cut below where one stands is read from its start. */
  rewindIfCut(fd: number): void {
    const file = this.kernel.files.file(this.process, fd);
    if (file?.kind === "f" && file.offset > this.kernel.files.tree(file.tree).size(file.file))
      file.offset = 0;
  }
  /** Gives back bytes read too far, as lseek does; false where that cannot be done. */
  unread(fd: number, bytes: number): boolean {
    const id = this.kernel.files.table(this.process)[fd];
    const file = id === undefined ? undefined : this.kernel.pod.openFiles[id];
    if (file?.kind !== "f") return false;
    file.offset -= bytes;
    return true;
  }
  fileSize(fd: number): number | undefined {
    const file = this.kernel.files.file(this.process, fd);
    return file?.kind === "f" ? this.kernel.files.tree(file.tree).size(file.file) : undefined;
  }
  /** Whether a descriptor is one of the kernel's own devices: /dev/null, /dev/zero. */
  isDevice(fd: number): boolean {
    return this.isOpen(fd) && this.kernel.files.file(this.process, fd) === undefined;
  }
  /** The terminal a descriptor is, if any. */
  terminal(fd: number): Session | undefined {
    const id = this.kernel.files.terminal(this.process, fd);
    return id === undefined ? undefined : this.kernel.pod.sessions[id];
  }
}
