/**
 * The container runtime as the kubelet sees it (what CRI is upstream). Containers are data: every process is a record
 * {program, JSON state}; nothing here is a suspended call. Implemented in runtime/runtime.ts.
 */
import type { ContainerSpec } from "./container-spec.ts";
import type { Reader } from "../ports/controller.ts";
import type { RuntimeContext } from "./kernel/types.ts";
import type { UserSettings } from "./kernel/users.ts";

/** A service account token bound to a Pod: it is signed when the file is read. */
export interface TokenSource {
  namespace: string;
  serviceAccount: string;
  podName: string;
  podUid: string;
  audience?: string;
  expirationSeconds: number;
  /** Start of the first token's life, virtual ms. */
  sinceMs: number;
}

/** One entry of a volume the kubelet fills: a file, or a symbolic link. Paths are relative to the volume. */
export type VolumeFile =
  | { path: string; data: Uint8Array; mode: number }
  | { path: string; token: TokenSource; mode: number; uid?: number }
  | { path: string; link: string };

/** How a filled volume is laid out. */
export interface FillOptions {
  /** fsGroup. */
  group: number | undefined;
  /** On a tmpfs. */
  inMemory: boolean;
}

export interface RunningState {
  status: "running";
  startedAtMs: number;
}
export interface ExitedState {
  status: "exited";
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  signal?: number;
  /** `Completed`, `Error`, `OOMKilled`. */
  reason: string;
  /** From the termination message path or log, where there is one. */
  message?: string;
}
export type ContainerState = RunningState | ExitedState;

export interface StartFailure {
  /** `RunContainerError` while waiting; `StartError` in the terminated state. */
  reason: "RunContainerError" | "CreateContainerError" | "CreateContainerConfigError";
  exitCode: number;
  message: string;
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Outcome of a probe's or hook's command or request that may still be under way. */
export type Pending<T> = { done: false; dueAtMs?: number } | { done: true; result: T };

export interface HttpProbeResult {
  /** Absent when no connection was made or no answer came. */
  status?: number;
  body?: string;
  location?: string;
  /** `connect: connection refused`, `context deadline exceeded (Client.Timeout exceeded while awaiting headers)`. */
  error?: string;
}

export interface PullCredential {
  username: string;
  password: string;
}

export interface ResolvedImage {
  /** Normalised: `docker.io/library/nginx:1.29`. */
  reference: string;
  /** `docker.io/library/nginx@sha256:...`. */
  imageID: string;
  sizeBytes: number;
  /** How long a pull takes on an idle node, virtual ms. */
  pullMs: number;
  /** Stays false for images nobody described: they behave as a server on their declared ports. */
  known: boolean;
}

/** Requests of a probe that need not be made, since their answer stands. */
export interface ProbeHits {
  /** `container/liveness`. */
  probe: string;
  port: number;
  path: string;
  /** Moment of the first, and the time between two. */
  nextMs: number;
  periodMs: number;
}

/** Whether a probe or a hook asks the Pod itself. `ip`: the Pod's. */
export const isOwnHost = (ip: string, host: string): boolean =>
  ["", "localhost", "127.0.0.1", ip].includes(host);

/** What the kubelet calls. One implementation: runtime/runtime.ts `runtime`. */
export interface Runtime {
  /**
   * Looks an image reference up in the registry: the image, or the pull error's text as containerd words it; `invalid`:
   * InvalidImageName. `reader`: for objects of kind Image; `credentials`: what is said to a registry that asks; `node`: who
   * asks, as a node may have a registry at a port of its own.
   */
  resolveImage(
    image: string,
    reader?: Reader,
    credentials?: readonly PullCredential[],
    node?: string,
  ): ResolvedImage | { error: string } | { invalid: string };
  /** Optional. The user an image runs as by itself (`nonRoot`: where root is not wanted): a number, a name, or "0". */
  imageUser?(image: string, nonRoot?: boolean): string;
  /** Optional. Who a container of an image starts as. */
  identity?(image: string, settings: UserSettings): { uid: number; gid: number; groups: number[] };
  /** Optional. The signal an image asks to be stopped by (its STOPSIGNAL), where a Pod names none; else 15. */
  stopSignal?(image: string): number;
  /**
   * Optional. Makes `source` (as Mount.source names it) hold exactly these entries, in place of what the kubelet put
   * there before. Directories arise as needed.
   */
  fillVolume?(
    context: RuntimeContext,
    source: string,
    files: readonly VolumeFile[],
    options: FillOptions,
  ): void;
  /** Optional. To be called when a volume of a running Pod has been filled anew: tells its processes. */
  filesChanged?(context: RuntimeContext, podKey: string): void;
  /**
   * Optional. Text files of a node's own file system, by absolute path: what the records table "node-files" holds for
   * it, under what hostPath mounts wrote over it. Whoever changes one calls `wakePod("@node/NAME")`.
   */
  hostFiles?(context: RuntimeContext, node: string): Record<string, string>;
  /** Optional. Ends what runs by hand on a node whose power went. */
  closeMachine?(context: RuntimeContext, node: string): void;
  /** Optional. Checks the type of a hostPath volume (and makes what `...OrCreate` asks for): why it cannot be mounted. */
  hostPath?(context: RuntimeContext, node: string, path: string, type: string): string | undefined;
  /** Optional. Sockets in a folder of a node's. */
  hostSockets?(context: RuntimeContext, node: string, folder: string): string[];
  /** Optional. Calls a gRPC method of whoever serves a socket of a node's; bodies are JSON. */
  callSocket?(
    context: RuntimeContext,
    node: string,
    path: string,
    method: string,
    body: string,
  ): { status: number; body: string } | { error: string };
  /** Optional. Variables that a container gets for CDI devices, `NAME=value`. */
  cdiEnv?(
    context: RuntimeContext,
    node: string,
    ids: readonly string[],
  ): { env: string[] } | { error: string };
  /** Optional. Bytes in one of a Pod's own volumes, for emptyDir's sizeLimit. */
  volumeBytes?(context: RuntimeContext, podUid: string, volume: string): number;
  /** Optional. Bytes a container holds on its node's disk, for limits of ephemeral-storage. */
  containerBytes?(context: RuntimeContext, podKey: string, containerId: string): number;
  /** Optional. The last lines of a container's newest log. */
  logTail?(context: RuntimeContext, podKey: string, container: string, lines: number): string;
  /** Optional. A text file in one of a Pod's own volumes, for variables from files. */
  volumeText?(
    context: RuntimeContext,
    podUid: string,
    volume: string,
    path: string,
  ): string | undefined;
  start(context: RuntimeContext, spec: ContainerSpec): StartFailure | undefined;
  /** Optional. Other limits for a container that runs; absent ones: none. */
  resize?(
    context: RuntimeContext,
    podKey: string,
    containerId: string,
    limits: { cpuMilliLimit?: number; memoryBytesLimit?: number },
  ): void;
  /** Delivers a signal to PID 1 (15 = TERM, 9 = KILL). */
  signal(context: RuntimeContext, podKey: string, containerId: string, signal: number): void;
  state(context: RuntimeContext, podKey: string, containerId: string): ContainerState | undefined;
  /** Steps the Pod's processes up to `now`; returns the virtual ms of their next move, if any. */
  advance(context: RuntimeContext, podKey: string): number | undefined;
  /** Starts a command in a container (probe, hook); ask `execResult` until done. Handle is a string to keep. */
  exec(
    context: RuntimeContext,
    podKey: string,
    containerId: string,
    command: string[],
  ): string | { error: string };
  execResult(context: RuntimeContext, podKey: string, handle: string): Pending<ExecResult>;
  /** Ends a command that ran over its timeout. */
  execKill(context: RuntimeContext, podKey: string, handle: string): void;
  /** One HTTP request to a port of the Pod (probes, hooks); ask `httpResult` until done. */
  http(
    context: RuntimeContext,
    podKey: string,
    request: {
      host: string;
      port: number;
      path: string;
      https: boolean;
      headers: { name: string; value: string }[];
    },
  ): string;
  httpResult(context: RuntimeContext, podKey: string, handle: string): Pending<HttpProbeResult>;
  /** Optional. An http probe goes idle: its server's log says so on; and stops saying so. */
  startProbeHits?(context: RuntimeContext, podKey: string, hits: ProbeHits): void;
  stopProbeHits?(context: RuntimeContext, podKey: string, probe: string): void;
  /** Whether something listens on a TCP port of the Pod now. */
  listening(context: RuntimeContext, podKey: string, port: number): boolean;
  /** grpc.health.v1 status of a service: `SERVING`, `NOT_SERVING`, or an error text. */
  grpcHealth(
    context: RuntimeContext,
    podKey: string,
    port: number,
    service: string,
  ): { status: string } | { error: string };
  /**
   * Optional. A short text that changes whenever a tcp, http or grpc probe of the Pod could be answered differently
   * (processes, listening ports, files or state that servers answer from), and not by probes' own requests. Lets
   * the kubelet leave a settled probe alone until something moved.
   */
  fingerprint?(context: RuntimeContext, podKey: string): string;
  /** Bytes the container uses now, CPU in milli cores, and all its CPU so far: metrics, eviction, OOM. */
  usage(
    context: RuntimeContext,
    podKey: string,
    containerId: string,
  ): { memoryBytes: number; cpuMilli: number; cpuSeconds: number };
  /** Forgets one container's processes and writable layer; its log stays until `removePod`. */
  remove(context: RuntimeContext, podKey: string, containerId: string): void;
  removePod(context: RuntimeContext, podKey: string): void;
}
