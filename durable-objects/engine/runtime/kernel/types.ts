/**
 * The shapes that know each other, below all that implements or uses them: what the runtime is given (RuntimeContext,
 * Network, ImageCatalog), what a program is, and what it sees of a loaded Pod: Kernel (kernel.ts), Container, open Files
 * (open-files.ts), Logs (logs/logs.ts), and each process's system calls, Sys (system-calls.ts).
 */
import type {
  Step,
  HttpAnswer,
  Changed,
  Ended,
  ListenOptions,
  OpenFlags,
  Printed,
} from "./calls.ts";
import type { StoredNames } from "../../core/record-codec.ts";
import type { Records, Reader, TokenSigner } from "../../ports/controller.ts";
import type { ImageLookupCache } from "../image/lookup-cache.ts";
import type { FileId } from "../fs/inode.ts";
import type { Tree } from "../fs/tree.ts";
import type { Credentials, ResolvedPath, ReadTree, Stat, Vfs } from "../fs/vfs.ts";
import type { BootLine, FoundImage, ImageRepository, ImageVersion } from "../image/image.ts";
import type {
  Arrived,
  DatagramResult,
  DnsAnswer,
  DnsRecord,
  DnsReply,
  NetworkResult,
  Parcel,
} from "../net/network-port.ts";
import type { ApiAccess, ApiServer } from "../net/api-stream-shapes.ts";
import type { MatchWork } from "../match-work.ts";
import type {
  ContainerRecord,
  HttpRequest,
  HttpResponse,
  Json,
  Listener,
  LogEntry,
  LogRecord,
  NewOpenFile,
  OpenFile,
  PodRecord,
  Process,
  Session,
} from "./state.ts";
import type { GroupEntry, Identity, PasswdEntry } from "./users.ts";

/** What the runtime may use. A ports/controller.ts Client satisfies it. */
export interface RuntimeContext extends ApiServer {
  /** Virtual now, ms. */
  readonly now: number;
  readonly records: Records;
  readonly reader: Reader;
  /** The images there are, and the programs in them. */
  readonly images: ImageCatalog;
  random(): number;
  /** Wakes the kubelet for another Pod (its key `namespace/name`), for instance when a request reaches it. */
  wakePod(podKey: string, atMs?: number): void;
  /** Optional. Wakes another controller: `network`, when something is on its way. */
  wake?(controller: string, key: string, atMs?: number): void;
  /** Optional. What programs reach outside their Pod; absent: nothing (net/no-network.ts). */
  readonly network?: Network;
  /** Optional. Signs the tokens that volumes hold; absent: they are empty. */
  readonly tokens?: TokenSigner;
  /** Optional. Tells a fault of Podyard that went no further, for tests and the operator's log. */
  fault?(work: string, error: unknown): void;
  /** Optional. Whether a process may be stepped now; one that may not has its Pod woken again. Absent: all may. */
  mayRun?(podKey: string, process: number): boolean;
  /** Optional. Tells CPU that programs used, before it is stretched, microseconds: it counts against the turn. */
  spend?(microseconds: number): void;
}

/**
 * What programs ask of the cluster's network. Localhost and the Pod's own address are the runtime's. Who asks takes a handle and
 * waits for it, `{ wait: { answer: handle, untilMs: ownTimeout } }`: runtime/net/socket.ts does that for programs.
 */
export interface Network extends ApiAccess<RuntimeContext> {
  /** One query to the Pod's name server, the name fully qualified (the caller walks the search list). */
  query(
    context: RuntimeContext,
    podKey: string,
    name: string,
    type: DnsRecord["type"],
    server?: string,
  ): DnsAnswer;
  /**
   * Sends an HTTP request from a Pod to an address outside it. Returns a handle; the asking Pod is woken when the
   * answer is there. A server that speaks raw TCP is reached as well (runtime/http/http.ts speaks HTTP/1.1 to it).
   */
  request(context: RuntimeContext, podKey: string, request: HttpRequest): string;
  /** The same from a Pod's node, for its kubelet, which is woken when the answer is there. */
  requestFromNode(context: RuntimeContext, podKey: string, request: HttpRequest): string;
  requestResult(
    context: RuntimeContext,
    podKey: string,
    handle: string,
  ): NetworkResult<HttpResponse>;
  /**
   * Sends the first packet of a TCP stream from a Pod to an address outside it. Not done: it was dropped; with `dueAtMs`,
   * the host is found unreachable then. Who connects sends it again (runtime/net/socket.ts).
   */
  connect(context: RuntimeContext, podKey: string, ip: string, port: number): NetworkResult<string>;
  /** Sends bytes; `end` half-closes. */
  send(context: RuntimeContext, podKey: string, stream: string, bytes: string, end: boolean): void;
  /** Bytes that arrived; undefined: none yet; "": the other side has closed. */
  receive(context: RuntimeContext, podKey: string, stream: string): string | undefined;
  /** One datagram and its answer, if the server gives one. */
  datagram(context: RuntimeContext, podKey: string, parcel: Parcel): DatagramResult;
  /** ICMP echo: round trip in ms, or nothing when nobody answers. */
  ping(context: RuntimeContext, podKey: string, ip: string): number | undefined;
  /** Whether a wait for a handle (`Wait.answer`) is over: a request has its outcome, a stream has bytes or has ended. */
  settled?(context: RuntimeContext, handle: string): boolean;
  /** Called when a Pod's record was saved: answers and bytes for others in it go on their way. */
  moved?(context: RuntimeContext, pod: Partial<PodRecord>): void;
}

/** The images there are and the programs in them: what the runtime knows of images. Implemented by images/catalog.ts. */
export interface ImageCatalog {
  /** The image a reference names. A tag that does not exist is never asked for: it was not pulled. */
  find(image: string): FoundImage;
  /** What the registry has under a normalised name (`docker.io/library/nginx`); undefined: nobody described it. */
  repository(name: string): ImageRepository | undefined;
  /** All programs by name: shells, tools, servers. Built at first use. */
  readonly programs: Programs;
  /** Lines an image's plain start prints. */
  bootLines(image: string, startedAtMs: number): BootLine[];
}

/**
 * What a program is: a table row with a start and a step. `S`: its state and whole memory, plain JSON; `start` and `step`
 * may change it in place.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface Program<S = any> {
  name: string;
  /** Names of its state's fields on disk; absent: they are stored under their own. */
  storedNames?: StoredNames;
  start(sys: Sys): S;
  step(sys: Sys, state: S): Step;
  /** Whether the program has a handler for a signal; then `signal` runs it and `step` goes on. */
  handles?(state: S, signal: number): boolean;
  signal?(sys: Sys, state: S, signal: number): Step;
  /** Answers a request to a port it listens on with kind "h". "pending": ask again after its next step. */
  http?(sys: Sys, state: S, request: HttpRequest): HttpAnswer | "pending" | "reset";
  /** Answers a datagram to a port it listens on with kind "u" or "s"; nothing: no answer. */
  datagram?(sys: Sys, state: S, arrived: Arrived): string | undefined;
  /** Answers a query, the name fully qualified, to a port it listens on with kind "u". `sys`: for those that need a file. */
  dns?(
    sys: () => Sys,
    state: S,
    query: { name: string; type: DnsRecord["type"]; port: number },
  ): DnsReply;
  /** The kubelet has put other files into a volume of its Pod. */
  filesChanged?(sys: Sys, state: S): void;
  /** grpc.health.v1 for a port listened on with kind "g". */
  grpc?(sys: Sys, state: S, service: string): { status: string } | { error: string };
  /** Bytes it uses, for the memory limit and `top`; without it 1 MiB. */
  memoryBytes?(state: S): number;
  /** CPU it uses while waiting, milli cores: for `kubectl top` only. */
  idleCpuMilli?(state: S): number;
  /** Its answers change by time alone: probes of its Pod never go idle. */
  restless?(state: S): boolean;
  /** Command line in `ps`; without it argv. */
  title?(state: S, argv: readonly string[]): string;
  /** Helper processes that only `ps` sees: worker processes of a server. */
  shadow?(state: S): { pid: number; user: string; title: string }[];
}

export type Programs = ReadonlyMap<string, Program>;

/** One Pod, loaded: its record, and what is worked out from it. */
export interface Kernel {
  readonly context: RuntimeContext;
  readonly key: string;
  readonly pod: PodRecord;
  readonly files: Files;
  readonly logs: Logs;
  readonly printed: Printed;
  /** Time of the process that runs, or the engine's. */
  now: number;
  readonly records: Records;
  /** Another Pod, loaded from its own record; undefined: it has run nothing. */
  otherPod(key: string): Kernel | undefined;
  /** The record was changed: `save` writes it. */
  touch(): void;
  /** Writes logs, files and the record, when anything changed; returns the next due moment. */
  save(): number | undefined;
  container(key: string): Container;
  /** A container's key by its ID. */
  containerKey(id: string): string | undefined;
  process(key: number): Process | undefined;
  sys(key: number): Sys;
  charge(process: Process, microseconds: number): void;
  /** When a process can next run; undefined: not by itself. */
  readyAt(process: Process): number | undefined;
  /** Runs what can run up to now. */
  run(): void;
  readonly programs: Programs;
  program(process: Process): Program;
  /** Sends a signal. `outside`: by the runtime, whose SIGKILL reaches PID 1 too. */
  kill(key: number, signal: number, outside?: boolean): void;
  /** Adds a process. EAGAIN when the Pod has too many. */
  spawn(process: Omit<Process, "pid" | "startedAtMs">, pid?: number): number;
  /** Ends a process: its files close, its children go to PID 1, its parent may wait for it. */
  exit(key: number, code: number, signal?: number, reason?: string): void;
  remove(key: number): void;
  /** One more of a process's children has ended, or one less waits for it. */
  bereave(parent: number, by: 1 | -1): void;
  memoryOf(process: Process): number;
  /** Kills by memory: over the container's limit, or more real state than one process may hold. */
  checkMemory(process: Process): void;
  /** All processes of the container go, by memory.oom.group. k8s: pkg/kubelet/apis/config/types.go SingleProcessOOMKill */
  oomKill(key: number): void;
}

/** System calls of one process. Failures throw Errno; what would block says so by `undefined` or 0. */
export interface Sys {
  readonly kernel: Kernel;
  readonly key: number;
  readonly process: Process;
  /** Bytes of real state the program holds; beyond processStateBytesMax it is killed. */
  held: number;
  readonly container: Container;
  /** Paths as this process sees them. */
  readonly vfs: Vfs;
  readonly argv: readonly string[];
  readonly pid: number;
  readonly ppid: number;
  /** Virtual ms. */
  readonly now: number;
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly who: Credentials;
  readonly umask: number;
  random(): number;
  charge(microseconds: number): void;
  place(path: string, follow?: boolean): ResolvedPath;
  existing(path: string, follow?: boolean): Required<ResolvedPath>;
  stat(path: string, follow?: boolean): Stat;
  /** Like stat, but nothing when it cannot be had. */
  peek(path: string, follow?: boolean): Stat | undefined;
  list(path: string): string[];
  /** access(2): 4 read, 2 write, 1 execute. */
  access(path: string, want: number): boolean;
  peekPlace(path: string): ResolvedPath | undefined;
  realpath(path: string): string;
  chdir(path: string, logical?: string): void;
  mkdir(path: string, mode?: number): void;
  rmdir(path: string): void;
  unlink(path: string): void;
  rename(from: string, to: string): void;
  symlink(target: string, path: string): void;
  link(from: string, to: string): void;
  chmod(path: string, mode: number): void;
  chown(path: string, uid: number | undefined, gid: number | undefined, follow?: boolean): void;
  utime(path: string, ms: number): void;
  truncate(path: string, size: number): void;
  /** Whole content. For programs that hold it at once; ENOMEM beyond what a process may hold. */
  readFile(path: string): string;
  writeFile(path: string, data: string, flags?: OpenFlags): void;
  freeFd(from?: number): number;
  open(path: string, flags: OpenFlags, mode?: number): number;
  close(fd: number): void;
  /** dup2. */
  dup(from: number, to: number): void;
  /** Copies a descriptor to the first free one from `least` on (those from 10 on close at exec). */
  dupFree(from: number, least?: number): number;
  isOpen(fd: number): boolean;
  pipe(): [read: number, write: number];
  /** A descriptor that reads the given bytes: a here-document. */
  stringFd(data: string, at?: number): number;
  read(fd: number, most?: number): string | undefined;
  readable(fd: number): boolean;
  /** Bytes taken, 0 when it would block. A closed pipe kills by SIGPIPE, or throws EPIPE where that is ignored. */
  write(fd: number, data: string): number;
  /** Last words on standard error, whatever state it is in. */
  complain(text: string): void;
  ftruncate(fd: number, size: number): void;
  /** Moves the offset of a file; ESPIPE on anything else. */
  seek(fd: number, offset: number): void;
  /** A file that was cut below where one stands is read from its start. */
  rewindIfCut(fd: number): void;
  /** Gives back bytes read too far, as lseek does; false where that cannot be done. */
  unread(fd: number, bytes: number): boolean;
  fileSize(fd: number): number | undefined;
  /** Whether a descriptor is one of the kernel's own devices: /dev/null, /dev/zero. */
  isDevice(fd: number): boolean;
  /** The terminal a descriptor is, if any. */
  terminal(fd: number): Session | undefined;
  /** What its step spends on matching patterns. */
  readonly matching: MatchWork;
  /** A child with the same descriptors. `state` is its whole memory. */
  fork(state: Json, program?: string): number;
  /** The system calls of a child, to arrange its descriptors before it runs. */
  child(pid: number): Sys;
  /** Looks a command up in PATH; a path is taken as it is. ENOENT or EACCES. */
  which(command: string, path?: string): string;
  /** Replaces the program. ENOENT, EACCES, ENOEXEC (a text without `#!`), E2BIG. */
  exec(path: string, argv: string[], env: Record<string, string>, depth?: number): void;
  /** The process is the given registered program from here on. */
  become(program: string, argv: string[], env: Record<string, string>, executable: string): void;
  /** Reaps an ended child (any, or the one given). "none": there is no such child. Undefined: still running. */
  wait(pid?: number): Ended | "none" | undefined;
  waitChanged(): Changed | undefined;
  controllingTerminal(): Session | undefined;
  /** kill(2): a pid, 0 for the own group, negative for a group, -1 for all. ESRCH, EPERM. */
  kill(pid: number, signal: number): void;
  /** Processes this one can see, by pid. */
  processes(): Process[];
  uidOf(process: Process): number;
  parentOf(process: Process): number;
  /** Makes a folder the root of this process and of what it starts. EPERM, ENOENT, ENOTDIR. */
  chroot(path: string, entered?: boolean): void;
  /** Binds a port of the Pod; its descriptor. EADDRINUSE when taken, EACCES below 1024 without the right. */
  listen(port: number, kind: Listener["kind"], options?: ListenOptions): number;
  /** Listens under a name that is no port's. */
  listenAs(name: string, kind?: "h" | "t"): number;
}

/** One container of a loaded Pod: its image, user, environment and file system. */
export interface Container {
  readonly kernel: Kernel;
  readonly key: string;
  readonly record: ContainerRecord;
  readonly image: ImageVersion;
  /** Key of its writable layer. */
  readonly upperKey: string;
  readonly hostname: string;
  readonly vfs: Vfs;
  remount(): void;
  /** Makes the trees known that files opened in an earlier run may lie in. */
  openTrees(): void;
  /** Paths below a folder that a process has made its root. */
  rooted(root: string | undefined): Vfs;
  readonly passwd: readonly PasswdEntry[];
  readonly groups: readonly GroupEntry[];
  /** What is known of its image, while nothing of it is the container's own. */
  readonly lookupCache: ImageLookupCache | undefined;
  /** Who its first process and every exec run as. */
  readonly user: Identity;
  /** Environment of its first process and every exec, in the runtime's order. */
  readonly env: Record<string, string>;
  readonly workingDir: string;
  /** Whether root passes over file permissions here. */
  readonly override: boolean;
  capable(name: string): boolean;
  credentials(process: Process): Credentials;
  terminationMessage(): string | undefined;
}

/** Descriptors of processes, and the trees of files they lie in. */
export interface Files {
  /** Those in memory. */
  readonly inMemory: Set<Tree>;
  addTree(key: string, make: () => ReadTree): ReadTree;
  /** Whether a tree holds anything of its own, saved or not. */
  isWritten(key: string): boolean;
  /** Whether some descriptor still holds an inode. */
  isOpen(tree: string, ino: number): boolean;
  table(process: Process): Record<string, string>;
  /** The table, made the process's own to change. */
  own(process: Process): Record<string, string>;
  idOf(process: Process, fd: number): string;
  open(file: NewOpenFile): string;
  retain(id: string): void;
  release(id: string): void;
  /** Puts an open file at a descriptor, closing what was there. */
  place(process: Process, fd: number, id: string): void;
  close(process: Process, fd: number): void;
  closeAll(process: Process): void;
  /** A copy for a child: same open files. */
  fork(process: Process): Record<string, string> | undefined;
  pipe(): [read: string, write: string];
  file(process: Process, fd: number): OpenFile | undefined;
  tree(key: string): ReadTree;
  /** Bytes, "" at the end, undefined when it would block. */
  read(process: Process, fd: number, most: number): string | undefined;
  readable(process: Process, fd: number): boolean;
  /** Bytes taken; 0 when it would block. EPIPE when nobody reads (the caller sends SIGPIPE). */
  write(process: Process, fd: number, data: string): number;
  writable(process: Process, fd: number): boolean;
  /** The session whose terminal a descriptor is. */
  terminal(process: Process, fd: number): string | undefined;
  answered(handle: string): boolean;
  /** Opens a plain file of a tree. */
  openFile(tree: ReadTree, id: FileId, mode: "r" | "w" | "rw", at: string, append: boolean): string;
}

/** Logs of the Pod's containers. */
export interface Logs {
  recordOf(containerKey: string): LogRecord;
  append(containerKey: string, stream: 1 | 2, data: string): void;
  /** Entries of the last chunk from a moment on. */
  recent(containerKey: string, sinceMs: number): LogEntry[];
  stopRepeats(name: string): void;
  finish(containerKey: string): void;
  /** Bytes a container may print before it waits for the slowest who is attached to it. */
  room(containerKey: string): number;
}
