/**
 * What a Pod's running containers are: one JSON record per Pod (table "runtime", key `namespace/name`).
 * On disk its names are short (record-codec.ts), as it is written often; an idle container holds one process whose state is a few fields.
 */
import type { ContainerSpec, PodSandbox } from "../container-spec.ts";
import type { ForwardSession, KnownToken } from "../../ports/request.ts";
import type { FileId } from "../fs/inode.ts";

export type Json = unknown;

/** What a blocked process waits for; any of these wakes it, and so does a signal it handles. {} waits for signals only. */
export interface Wait {
  /** Virtual ms. */
  untilMs?: number;
  /** Descriptors to read from. */
  readable?: number[];
  /** Descriptors to write to. */
  writable?: number[];
  /** A child's end. */
  childEnd?: true;
  /** A child stops or goes on. */
  childStop?: true;
  /** Answer of a request over the network, by its handle; of streams any of several, with spaces between them. */
  answer?: string;
}

export interface Process {
  /** Container: key in PodRecord.containers. */
  container: string;
  /** Pid namespace: key in PodRecord.nextPids. */
  pidNamespace: number;
  pid: number;
  /** Parent's key; 0: started by the runtime. */
  parent: number;
  /** Its parent ended before it: PID 1 took it over. */
  orphan?: true;
  /** Registered program. */
  program: string;
  args: string[];
  state: Json;
  wait?: Wait;
  /** Its own time, virtual ms, while it runs; it may be a little ahead of the clock. */
  localTimeMs?: number;
  /** CPU used, microseconds. */
  cpu?: number;
  /** CPU of requests: window, microseconds in it and in the one before, busy until, microseconds of all (request-load.ts). */
  requestLoad?: [number, number, number, number, number?];
  /** Started, virtual ms. */
  startedAtMs: number;
  /** Descriptor to open file; absent: the container's (null, log, log). */
  fds?: Record<string, string>;
  /** Absent: the image's working folder. */
  cwd?: string;
  /** Environment where it differs from the container's; null: not set. */
  env?: Record<string, string | null>;
  uid?: number;
  gid?: number;
  groups?: number[];
  /** Process group; absent: pid. */
  processGroup?: number;
  umask?: number;
  /** Connections nobody has answered yet, by `ip:port`: first SYN, next look, and whether it then fails. */
  syn?: Record<string, { at: number; due: number; unreachable?: true }>;
  /** A datagram to the own Pod whose answer it looks for next. */
  told?: string;
  /** Pending signals. */
  pendingSignals?: number[];
  /** Ignored signals (inherited). */
  ignoredSignals?: number[];
  /** Stopped by a signal, and by which. */
  stopped?: true;
  stopSignal?: number;
  /** It has stopped or gone on since its parent asked last. */
  stateChanged?: true;
  /** Ended: exit code, or 256 * signal. */
  exitStatus?: number;
  /** Session it belongs to, when a terminal's or an exec's. */
  session?: string;
  /** Descriptors from 10 on that stay open when another program takes its place. */
  keptFds?: number[];
  /** Path of its executable. */
  executable?: string;
  /** Its root folder, where not the container's. */
  rootFolder?: string;
}

export type OpenFile = { /** References. */ references: number } & (
  | {
      kind: "f";
      tree: string;
      file: FileId;
      offset: number;
      mode: "r" | "w" | "rw";
      append?: true;
      at: string;
    }
  | { kind: "r" | "w"; pipe: number }
  /** Stream of a session without terminal: 0 its input, 1 and 2 its outputs. */
  | { kind: "s"; session: string; end: 0 | 1 | 2 }
  | { kind: "t"; session: string }
  | {
      kind: "c";
      /** Connection. */ connection: number;
      /** Side: 0 opened it, 1 accepted it. */ end: 0 | 1;
    }
  | { kind: "l"; /** Listening port, `tcp/80`. */ port: string }
);

/** An open file without its count. */
export type NewOpenFile = OpenFile extends infer T
  ? T extends unknown
    ? Omit<T, "references">
    : never
  : never;

export interface Pipe {
  bytes: string;
  /** Open ends. */
  readers: number;
  writers: number;
  /** Named pipe: `tree ino`. */
  fifo?: string;
  /** No writer has come yet. */
  noWriterYet?: true;
}

/** A stream between two processes: what each side has not read yet. Outside: the other side is not in this Pod. */
export interface Connection {
  /** Bytes on the way to side 0 and side 1. */
  bytes: [string, string];
  /** Sides that write no more. */
  writeClosed: [boolean, boolean];
  /** Addresses `ip:port` of the two sides. */
  addresses: [string, string];
  /** Accepted by a process yet. */
  accepted?: true;
  /** The network's stream whose end is outside this Pod: side 0, or (`outbound`) side 1. */
  stream?: string;
  outbound?: true;
  /** A side has only half-closed: it still reads. */
  halfClosed?: true;
}

export interface Listener {
  /** Process key. */
  process: number;
  /** Bound address; absent: all. */
  address?: string;
  /** "h": the program answers whole HTTP requests; "t": it accepts streams; "u": datagrams; "s": SCTP; "g": gRPC health. */
  kind: "h" | "t" | "u" | "s" | "g";
  /** Served over TLS. */
  tls?: true;
  /** What it shows then, PEM, as it was read when it began to listen. */
  certificate?: string;
  /** It watches this file, and shows what is in it now. */
  certificateFile?: string;
  /** Connections waiting to be accepted. */
  backlog?: number[];
  /** Datagrams nobody has read yet: from whom (`ip:port`), and their bytes. */
  datagrams?: [from: string, bytes: string][];
  /** What was said to askers who have not taken it yet. */
  replies?: Record<string, string>;
}

/** The first part of its name among a Pod's listeners. */
export const protocolOf = (kind: Listener["kind"]): "tcp" | "udp" | "sctp" =>
  kind === "u" ? "udp" : kind === "s" ? "sctp" : "tcp";

export interface Exit {
  code: number;
  signal?: number;
  at: number;
  reason: string;
  message?: string;
}

export interface ContainerRecord {
  /** Specification without its empty fields and without the Pod's. */
  spec: Partial<ContainerSpec> & { id: string; name: string; image: string };
  startedAtMs: number;
  pidNamespace: number;
  /** Key of its first process. */
  root: number;
  /** CPU of its processes that are gone, microseconds. */
  endedCpu?: number;
  exit?: Exit;
  /** What its processes have mounted for themselves. */
  ownMounts?: OwnMount[];
}

/** An empty file system in memory, with the key of its tree. */
export interface OwnMount {
  at: string;
  device: string;
  key: string;
  sizeBytes: number;
  /** As `mount` prints them after `rw`. */
  options: string;
}

/** A line that comes again and again, and is written only when others follow it. */
export interface LogRepeat {
  /** Next one, and the time between two, ms. */
  nextAtMs: number;
  everyMs: number;
  /** Stream. */
  stream: 1 | 2;
  text: string;
  /** How many there were. */
  count: number;
  /** The probe whose request it is: `container/liveness`. */
  probe?: string;
}

/** One container instance's log. Chunks are rows of table "logs": `podKey id chunk`. */
export interface LogRecord {
  id: string;
  /** First and last chunk. */
  firstChunk: number;
  lastChunk: number;
  /** Bytes in the last chunk, and in all. */
  lastChunkBytes: number;
  all: number;
  /** Entries so far; the first entry still kept. */
  entries: number;
  first: number;
  /** Its first lines are computed from the image when read: image, start. */
  boot?: { image: string; at: number; lines: number };
  /** The last entry has no line end yet, per stream. */
  open?: [boolean, boolean];
  /** Lines that come by themselves while the container runs. */
  repeats?: LogRepeat[];
}

/** A line of a log; not `whole`: it goes on in the next entry of its stream. */
export interface LogEntry {
  ms: number;
  stream: 1 | 2;
  text: string;
  whole: boolean;
}

/** What of a terminal is kept beside its session. */
export interface KeptOutput {
  /** The terminal's name: its chunks'. */
  terminal: string;
  /** Bytes printed so far. */
  position: number;
  /** Bytes printed beyond what a terminal takes in the time, and when that was worked out, virtual ms. */
  ahead?: number;
  aheadAtMs?: number;
}

/** An exec, an attach, or (key `c` + container) a container's own terminal or standard input. */
export interface Session {
  kind: "exec" | "attach" | "own";
  container: string;
  tty?: true;
  /** Input not read yet (with a terminal: whole lines). */
  input: string;
  /** Input ended. */
  inputEnded?: true;
  /** Nobody reads its output before its end: what is too much is lost, and never blocks. */
  unattended?: true;
  /** Line being edited on a terminal. */
  editedLine?: string;
  /** Terminal reads are not line by line. */
  raw?: true;
  /** Whether keys are echoed; absent: where it reads line by line. */
  echo?: boolean;
  /** ^C, ^\ and ^Z are keys like others. */
  noSignals?: true;
  stdout: string;
  stderr: string;
  /** Process it started. */
  process?: number;
  /** Foreground process group. */
  foregroundGroup?: number;
  /** Exit code once over. */
  exitCode?: number;
  rows?: number;
  cols?: number;
  /** A terminal that is kept (terminals.ts): its output lies apart, and nobody's reading holds it back. */
  kept?: KeptOutput;
}

export interface PodRecord {
  pod: PodSandbox;
  containers: Record<string, ContainerRecord>;
  processes: Record<string, Process>;
  /** Pid namespaces: next pid. */
  nextPids: Record<string, number>;
  /** With hostPID: where its range of the node's pids begins; namespace 0 is then the node's. */
  hostPidBase?: number;
  openFiles: Record<string, OpenFile>;
  pipes: Record<string, Pipe>;
  connections: Record<string, Connection>;
  listeners: Record<string, Listener>;
  /** Dummy network devices, added with `ip link add`. */
  dummyDevices?: string[];
  sessions: Record<string, Session>;
  /** Requests under way, by handle. */
  requests: Record<string, PendingHttp>;
  /** Logs by container name, oldest first. */
  logs: Record<string, LogRecord[]>;
  /** Bytes of files in memory by tree, and by the container they are charged to. */
  memoryFileBytes?: Record<string, Record<string, number>>;
  /** Long texts of processes, pipes and connections are packed (stored-record.ts). */
  packed?: true;
  next: number;
  /** Next move, virtual ms. */
  due?: number;
}

export interface HttpRequest {
  method: string;
  /** Path with query. */
  path: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string;
  /** Address the client connected to. */
  host: string;
  port: number;
  clientIp: string;
  https?: boolean;
  /** PEM of what the client shows of itself over https; its key was seen to fit. */
  clientCertificate?: string;
  /** A token that the cluster cannot verify itself, and whose it is. */
  known?: KnownToken;
  /**
   * The client takes no server but `host`, by a certificate that one of these authorities (PEM) stands behind; `names`: one of
   * these alternative names, hosts or URIs, in place of `host`.
   */
  trust?: { host: string; roots: string; names?: string[] };
  /** Name of the server that the client says as TLS begins; absent: that of its Host header. */
  serverName?: string;
  /** It comes from the API server, with the certificate by which it speaks for others. */
  frontProxy?: true;
  /** Name of a Unix socket's listener, in place of a port. */
  socket?: string;
  /** Tells requests under way apart, for a server that answers "pending". */
  id?: number;
  /** The client goes on reading an answer that has no end: see runtime/net/api-stream.ts. */
  stream?: true;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Handle of what follows the body: runtime/net/api-stream.ts. */
  stream?: string;
  /** A port-forward that was let in: runtime/net/socket.ts `connectForward`. */
  forward?: ForwardSession;
}

export interface PendingHttp {
  request: HttpRequest;
  /** Answer, once there is one. */
  response?: HttpResponse;
  error?: string;
  /** Due moment of a delayed answer. */
  dueAtMs?: number;
  /** Connection, when the server speaks raw TCP, and what came of its answer so far. */
  connection?: number;
  received?: string;
  /** The network's exchange or stream that waits for the answer. */
  waiter?: string;
}
