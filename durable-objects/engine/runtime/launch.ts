/** Starting containers and commands in them. Error texts are runc's and containerd's. */
import { argumentBytesMax, environmentBytesMax } from "../core/limits.ts";
import { isDescribed } from "./image/image-object-lookup.ts";
import type { FoundImage } from "./image/image.ts";
import { PodKernel } from "./kernel/kernel.ts";
import type { Kernel, RuntimeContext, Sys } from "./kernel/types.ts";
import { processKey } from "./kernel/process-key.ts";
import { crash } from "./kernel/crash.ts";
import type { StartFailure } from "./runtime-port.ts";
import type { ContainerSpec, PodSandbox } from "./container-spec.ts";
import { encodeUtf8 } from "./bytes.ts";
import { Errno } from "./errno.ts";
import { hostPidBase } from "./kernel/process-view.ts";
import type { KeptOutput, PodRecord, Process, Session } from "./kernel/state.ts";
import { emptyRecord } from "./kernel/stored-record.ts";
import { profileProblem } from "./security-profiles.ts";
import { misfit, prepareMounts } from "./volumes/mounts.ts";
import { pathProblem } from "./volumes/path-limits.ts";

function emptyPod(pod: PodSandbox): PodRecord {
  const { labels: _labels, ...kept } = pod;
  return emptyRecord(compact({ ...kept, labels: {} }) as unknown as PodSandbox);
}

const silent: Record<string, (value: unknown) => boolean> = {
  terminationMessagePath: (value) => value === "/dev/termination-log",
  restartCount: (value) => value === 0,
  kind: (value) => value === "app",
  capabilities: (value) => {
    const { add, drop } = value as NonNullable<ContainerSpec["capabilities"]>;
    return !add?.length && !drop?.length;
  },
};

/** Without fields that say nothing: false, empty lists, empty strings, what is usual. */
function compact(spec: object): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const given = spec as Record<string, unknown>;
  for (const key in given) {
    const value = given[key];
    if (value === undefined || value === false || value === "") continue;
    if (Array.isArray(value) && value.length === 0 && key !== "command" && key !== "args") continue;
    if (silent[key]?.(value)) continue;
    out[key] = value;
  }
  return out;
}

/** runc's words for a command that cannot be run. */
export function execFailure(command: string, error: unknown): string {
  if (!(error instanceof Errno)) throw error;
  if (error.code === "EACCES") return `exec: "${command}": permission denied`;
  if (error.code === "ENOEXEC") return `exec ${command}: exec format error`;
  if (error.code === "E2BIG") return `exec ${command}: argument list too long`;
  if (error.code === "EISDIR") return `exec: "${command}": is a directory`;
  if (!command.includes("/")) return `exec: "${command}": executable file not found in $PATH`;
  return `exec: "${command}": stat ${command}: no such file or directory`;
}

/** The shared namespace's first process, or a namespace of the container's own. */
function namespaceOf(kernel: Kernel, containerKey: string, target: string | undefined): number {
  const own = Number(containerKey);
  const { pod } = kernel.pod;
  if (pod.hostPID) {
    kernel.pod.hostPidBase ??= hostPidBase(kernel.context, pod.node, pod.uid);
    kernel.pod.nextPids[0] ??= kernel.pod.hostPidBase + 3;
    return 0;
  }
  if (target !== undefined)
    for (const known of Object.values(kernel.pod.containers))
      if (known.spec.name === target && !known.exit) return known.pidNamespace;
  if (!kernel.pod.pod.shareProcessNamespace) {
    kernel.pod.nextPids[own] = 1;
    return own;
  }
  if (kernel.pod.nextPids[0] === undefined) {
    kernel.pod.nextPids[0] = 7;
    kernel.pod.processes[processKey(0, 1)] = {
      container: "pause",
      pidNamespace: 0,
      pid: 1,
      parent: 0,
      program: "pause",
      args: ["/pause"],
      state: {},
      wait: {},
      startedAtMs: kernel.context.now,
      fds: {},
    };
  }
  return 0;
}

/** Makes a working folder that is not there, as runc does. */
function ensureFolder(sys: Sys, path: string): void {
  const parts = path.split("/").filter(Boolean);
  for (let i = 1; i <= parts.length; i++) {
    const folder = `/${parts.slice(0, i).join("/")}`;
    if (sys.peek(folder)) continue;
    // It is made before the user changes.
    const root = { ...sys.who, uid: 0, gid: 0, override: true };
    sys.vfs.create(sys.place(folder), root, { type: "d", mode: 0o755 });
  }
}

function failed(message: string, exitCode: number): StartFailure {
  return {
    reason: "RunContainerError",
    exitCode,
    message: `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${message}: unknown`,
  };
}

/** Why Linux would not begin a program with these arguments and this environment. */
function argumentsProblem(context: RuntimeContext, spec: ContainerSpec): StartFailure | undefined {
  const { command = [], args = [], env } = spec;
  const texts = [...command, ...args, ...env.map(({ value }) => value)];
  const bytes = env.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (bytes <= environmentBytesMax && texts.every(({ length }) => length <= argumentBytesMax))
    return undefined;
  const { entrypoint, cmd } = context.images.find(spec.image).version;
  const [named = ""] = [...command, ...entrypoint, ...args, ...cmd];
  return failed(execFailure(named, new Errno("E2BIG")), 128);
}

/** Starts a container's first process; the Pod's record is made by the first container. */
export function startContainer(
  context: RuntimeContext,
  spec: ContainerSpec,
): PodKernel | StartFailure {
  const problem =
    pathProblem(spec) ?? argumentsProblem(context, spec) ?? profileProblem(context, spec);
  if (problem) return problem;
  const mounts = prepareMounts(context, spec);
  if ("error" in mounts) {
    return { reason: "CreateContainerConfigError", exitCode: 128, message: mounts.error };
  }
  const kernel =
    PodKernel.load(context, spec.pod.key) ??
    new PodKernel(context, spec.pod.key, emptyPod(spec.pod), true);
  const { pod: _pod, profiles: _profiles, ...given } = spec;
  const kept = compact({ ...given, mounts }) as never;
  const key = String(kernel.pod.next++);
  const pidNamespace = namespaceOf(kernel, key, spec.targetContainer);
  kernel.pod.containers[key] = { spec: kept, startedAtMs: context.now, pidNamespace, root: 0 };
  const container = kernel.container(key);
  const { image } = container;
  const argv = spec.command?.length
    ? [...spec.command, ...(spec.args ?? [])]
    : [...image.entrypoint, ...(spec.args?.length ? spec.args : image.cmd)];
  const command = argv[0];
  for (const [i, word] of argv.entries()) argv[i] = encodeUtf8(word);
  if (command === undefined) {
    return {
      reason: "CreateContainerError",
      exitCode: 128,
      message: `failed to generate container "${spec.id}" spec: failed to generate spec: no command specified`,
    };
  }
  const mismatch = spec.mounts.length > 0 ? misfit(container, spec) : undefined;
  if (mismatch !== undefined) return failed(mismatch, 128);
  const fd = ownStreams(kernel, key, spec);
  const root = kernel.spawn({
    container: key,
    pidNamespace,
    parent: 0,
    program: "pause",
    args: argv,
    state: {},
    ...(fd ? { fds: fd, session: `c${key}` } : {}),
    localTimeMs: context.now,
  });
  kernel.pod.containers[key].root = root;
  kernel.logs.recordOf(key);
  const sys = kernel.sys(root);
  try {
    if (container.workingDir !== "/") ensureFolder(sys, container.workingDir);
    launch(sys, command, argv, kernel.context.images.find(spec.image));
  } catch (error) {
    if (error instanceof Errno) return failed(execFailure(command, error), 128);
    crash(kernel, root, error);
  }
  return kernel;
}

/**
 * An image nobody described may hold any program: what it has not here is stood in for. A shell that its arguments name
 * is run itself, whatever its entrypoint; so is what an object of kind Image says.
 */
function launch(sys: Sys, command: string, argv: string[], image: FoundImage): void {
  const { spec } = sys.container.record;
  if (!spec.command?.length && isDescribed(sys)) {
    const words = ["/entrypoint", ...(spec.args ?? []).map(encodeUtf8)];
    return sys.become("stand-in", words, sys.container.env, words[0] as string);
  }
  const [first = ""] = spec.args ?? [];
  if (
    !image.definition &&
    !spec.command?.length &&
    /^(\/bin\/|\/usr\/bin\/)?(ba|da|a|z)?sh$/.test(first)
  ) {
    const words = (spec.args ?? []).map(encodeUtf8);
    return launchOwn(sys, words[0] as string, words, image.known);
  }
  launchOwn(sys, command, argv, image.known);
}

function launchOwn(sys: Sys, command: string, argv: string[], known: boolean): void {
  try {
    sys.exec(sys.which(command), argv, sys.container.env);
  } catch (error) {
    if (known || !(error instanceof Errno) || error.code !== "ENOENT") throw error;
    sys.become("stand-in", argv, sys.container.env, command);
  }
}

/** Descriptors of a container with a terminal or standard input; others write to the log alone. */
function ownStreams(
  kernel: Kernel,
  key: string,
  spec: ContainerSpec,
): Record<string, string> | undefined {
  if (!spec.tty && !spec.stdin) return undefined;
  const id = `c${key}`;
  const session: Session = {
    kind: "own",
    container: key,
    input: "",
    stdout: "",
    stderr: "",
    ...(spec.tty ? { tty: true as const } : {}),
  };
  if (!spec.stdin) session.inputEnded = true;
  kernel.pod.sessions[id] = session;
  return streams(kernel, id, spec.tty);
}

function streams(kernel: Kernel, session: string, tty: boolean): Record<string, string> {
  const { files } = kernel;
  const table: Record<string, string> = {};
  const terminal = tty ? files.open({ kind: "t", session }) : "";
  for (const end of [0, 1, 2] as const) {
    const id = tty ? terminal : files.open({ kind: "s", session, end });
    files.retain(id);
    table[end] = id;
  }
  return table;
}

export interface ExecRequest {
  command: string[];
  tty: boolean;
  stdin: boolean;
  rows?: number;
  cols?: number;
  /** Kept as a terminal (terminals.ts). */
  kept?: KeptOutput;
}

/** Starts a command in a running container; its streams are a session. */
export function startExec(
  kernel: Kernel,
  containerKey: string,
  request: ExecRequest,
): { session: string } | { error: string; absent?: boolean } {
  const container = kernel.container(containerKey);
  const id = String(kernel.pod.next++);
  const session: Session = {
    kind: "exec",
    container: containerKey,
    input: "",
    stdout: "",
    stderr: "",
    ...(request.tty ? { tty: true as const } : {}),
    ...(request.stdin ? {} : { inputEnded: true as const }),
    ...(request.rows ? { rows: request.rows } : {}),
    ...(request.cols ? { cols: request.cols } : {}),
    ...(request.kept ? { kept: request.kept } : {}),
  };
  kernel.pod.sessions[id] = session;
  const words = request.command.map(encodeUtf8);
  const command = words[0] ?? "";
  let env = container.env;
  if (request.tty && env.TERM === undefined)
    env = { ...env, TERM: request.kept ? "xterm-256color" : "xterm" };
  const process: Omit<Process, "pid" | "startedAtMs"> = {
    container: containerKey,
    pidNamespace: container.record.pidNamespace,
    parent: 0,
    program: "pause",
    args: words,
    state: {},
    session: id,
    localTimeMs: kernel.context.now,
    fds: streams(kernel, id, request.tty),
  };
  let key: number | undefined;
  try {
    key = kernel.spawn(process);
    session.process = key;
    const sys = kernel.sys(key);
    sys.exec(sys.which(command), words, env);
  } catch (error) {
    if (key !== undefined && !(error instanceof Errno)) {
      crash(kernel, key, error);
      return { session: id };
    }
    if (key !== undefined) {
      kernel.files.closeAll(kernel.process(key) as Process);
      kernel.remove(key);
    }
    delete kernel.pod.sessions[id];
    return {
      absent: error instanceof Errno && error.code === "ENOENT",
      error: `OCI runtime exec failed: exec failed: unable to start container process: ${execFailure(command, error)}: unknown`,
    };
  }
  return { session: id };
}
