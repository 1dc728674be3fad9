/**
 * What a Pod's running containers are: one JSON record per Pod (table "runtime", key `namespace/name`). Names are short
 * because the record is written often; an idle container holds one process whose state is a few fields.
 */
import type { ContainerSpec, PodSandbox } from "../container-spec.ts";
import type { FileId } from "../fs/inode.ts";

export type Json = unknown;

/** What a blocked process waits for; any of these wakes it, and so does a signal it handles. {} waits for signals only. */
export interface Wait {
  /** Virtual ms. */
  t?: number;
  /** Descriptors to read from. */
  r?: number[];
  /** Descriptors to write to. */
  w?: number[];
  /** A child's end. */
  ch?: true;
  /** Answer of a request over the network, by its handle; of streams any of several, with spaces between them. */
  nt?: string;
}

export interface Process {
  /** Container: key in PodRecord.cs. */
  c: string;
  /** Pid namespace: key in PodRecord.ns. */
  ns: number;
  pid: number;
  /** Parent's key; 0: started by the runtime. */
  pp: number;
  /** Registered program. */
  p: string;
  a: string[];
  s: Json;
  w?: Wait;
  /** Its own time, virtual ms, while it runs; it may be a little ahead of the clock. */
  lt?: number;
  /** CPU used, microseconds. */
  cpu?: number;
  /** CPU of requests: window, microseconds in it and in the one before, busy until (request-load.ts). */
  ld?: [number, number, number, number];
  /** Started, virtual ms. */
  t: number;
  /** Descriptor to open file; absent: the container's (null, log, log). */
  fd?: Record<string, string>;
  /** Absent: the image's working folder. */
  cwd?: string;
  /** Environment where it differs from the container's; null: not set. */
  e?: Record<string, string | null>;
  u?: number;
  g?: number;
  gs?: number[];
  /** Process group; absent: pid. */
  pg?: number;
  um?: number;
  /** Connections nobody has answered yet, by `ip:port`: first SYN, next look, and whether it then fails. */
  syn?: Record<string, { at: number; due: number; unreachable?: true }>;
  /** Pending signals. */
  sig?: number[];
  /** Ignored signals (inherited). */
  ig?: number[];
  /** Stopped by a signal. */
  st?: true;
  /** Ended: exit code, or 256 * signal. */
  z?: number;
  /** Session it belongs to, when a terminal's or an exec's. */
  se?: string;
  /** Path of its executable. */
  ex?: string;
  /** Its root folder, where not the container's. */
  rt?: string;
}

export type OpenFile = { /** References. */ n: number } & (
  | { k: "f"; t: string; i: FileId; o: number; m: "r" | "w" | "rw"; a?: true; at: string }
  | { k: "r" | "w"; p: number }
  /** Stream of a session without terminal: 0 its input, 1 and 2 its outputs. */
  | { k: "s"; s: string; e: 0 | 1 | 2 }
  | { k: "t"; s: string }
  | { k: "c"; /** Connection. */ c: number; /** Side: 0 opened it, 1 accepted it. */ e: 0 | 1 }
  | { k: "l"; /** Listening port, `tcp/80`. */ l: string }
);

/** An open file without its count. */
export type NewOpenFile = OpenFile extends infer T
  ? T extends unknown
    ? Omit<T, "n">
    : never
  : never;

export interface Pipe {
  b: string;
  /** Open ends. */
  r: number;
  w: number;
  /** Named pipe: `tree ino`. */
  f?: string;
  /** No writer has come yet. */
  nw?: true;
}

/** A stream between two processes: what each side has not read yet. Outside: the other side is not in this Pod. */
export interface Connection {
  /** Bytes on the way to side 0 and side 1. */
  b: [string, string];
  /** Sides that write no more. */
  x: [boolean, boolean];
  /** Addresses `ip:port` of the two sides. */
  a: [string, string];
  /** Accepted by a process yet. */
  ok?: true;
  /** The network's stream whose end is outside this Pod: side 0, or (`f`) side 1. */
  o?: string;
  f?: true;
  /** A side has only half-closed: it still reads. */
  hf?: true;
}

export interface Listener {
  /** Process key. */
  p: number;
  /** Bound address; absent: all. */
  a?: string;
  /** "h": the program answers whole HTTP requests; "t": it accepts streams; "u": datagrams; "g": gRPC health. */
  k: "h" | "t" | "u" | "g";
  /** Served over TLS. */
  s?: true;
  /** Connections waiting to be accepted. */
  q?: number[];
}

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
  t: number;
  ns: number;
  /** Key of its first process. */
  root: number;
  x?: Exit;
}

/** A line that comes again and again, and is written only when others follow it. */
export interface LogRepeat {
  /** Next one, and the time between two, ms. */
  t: number;
  e: number;
  /** Stream. */
  s: 1 | 2;
  x: string;
  /** How many there were. */
  n: number;
  /** The probe whose request it is: `container/liveness`. */
  k?: string;
}

/** One container instance's log. Chunks are rows of table "logs": `podKey id chunk`. */
export interface LogRecord {
  id: string;
  /** First and last chunk. */
  a: number;
  b: number;
  /** Bytes in the last chunk, and in all. */
  z: number;
  all: number;
  /** Entries so far; the first entry still kept. */
  n: number;
  first: number;
  /** Its first lines are computed from the image when read: image, start. */
  boot?: { image: string; at: number; n: number };
  /** The last entry has no line end yet, per stream. */
  open?: [boolean, boolean];
  /** Lines that come by themselves while the container runs. */
  rep?: LogRepeat[];
}

/** A line of a log; not `whole`: it goes on in the next entry of its stream. */
export interface LogEntry {
  ms: number;
  stream: 1 | 2;
  text: string;
  whole: boolean;
}

/** An exec, an attach, or (key `c` + container) a container's own terminal or standard input. */
export interface Session {
  k: "exec" | "attach" | "own";
  c: string;
  tty?: true;
  /** Input not read yet (with a terminal: whole lines). */
  i: string;
  /** Input ended. */
  ie?: true;
  /** Nobody reads its output before its end: what is too much is lost, and never blocks. */
  q?: true;
  /** Line being edited on a terminal. */
  ed?: string;
  /** Terminal reads are not line by line. */
  raw?: true;
  o: string;
  e: string;
  /** Process it started. */
  p?: number;
  /** Foreground process group. */
  fg?: number;
  /** Exit code once over. */
  x?: number;
  rows?: number;
  cols?: number;
}

export interface PodRecord {
  pod: PodSandbox;
  cs: Record<string, ContainerRecord>;
  ps: Record<string, Process>;
  /** Pid namespaces: next pid. */
  ns: Record<string, number>;
  /** With hostPID: where its range of the node's pids begins; namespace 0 is then the node's. */
  hp?: number;
  of: Record<string, OpenFile>;
  pi: Record<string, Pipe>;
  co: Record<string, Connection>;
  li: Record<string, Listener>;
  /** Dummy network devices, added with `ip link add`. */
  dv?: string[];
  se: Record<string, Session>;
  /** Requests under way, by handle. */
  ht: Record<string, PendingHttp>;
  /** Logs by container name, oldest first. */
  logs: Record<string, LogRecord[]>;
  /** Bytes of files in memory by tree, and by the container they are charged to. */
  mf?: Record<string, Record<string, number>>;
  /** Long texts of processes, pipes and connections are packed (stored-record.ts). */
  pk?: true;
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
}

export interface PendingHttp {
  q: HttpRequest;
  /** Answer, once there is one. */
  r?: HttpResponse;
  error?: string;
  /** Due moment of a delayed answer. */
  t?: number;
  /** Connection, when the server speaks raw TCP. */
  c?: number;
  /** The network's exchange or stream that waits for the answer. */
  o?: string;
}
