/** The runtime as the kubelet and the API's streams use it. Every call loads the Pod's record, acts, and saves. */
import type { ImageCatalog, Kernel, RuntimeContext } from "./kernel/types.ts";
import { PodKernel } from "./kernel/kernel.ts";
import { survive } from "./kernel/crash.ts";
import { filesChanged } from "./kernel/files-changed.ts";
import { memoryFiles } from "./kernel/memory-files.ts";
import { startContainer, startExec } from "./launch.ts";
import { loadMilli } from "./http/request-load.ts";
import { usedMicroseconds } from "./kernel/cpu.ts";
import { removeTree } from "./fs/chunks.ts";
import { httpOutcome, startHttp } from "./http/http.ts";
import { readLogRecord, removeLogs, type LogOptions, type LogText } from "./logs/logs.ts";
import { startProbeHits, stopProbeHits } from "./logs/probe-lines.ts";
import { ImageRegistry } from "./image/registry.ts";
import { fingerprint } from "./fingerprint.ts";
import { closeMachine } from "./machine.ts";
import { containerTree, removeContainer } from "./remove-container.ts";
import { cdiEnv } from "./node/cdi.ts";
import { callSocket, hostSockets } from "./volumes/node-sockets.ts";
import { releaseDevices } from "./volumes/device-mounts.ts";
import { hostFiles, hostPath } from "./volumes/node-files.ts";
import { imageIdentity, userOf } from "./kernel/users.ts";
import {
  containerBytes,
  fillVolume,
  removePodVolumes,
  volumeBytes,
  volumeText,
} from "./volumes/volumes.ts";
import {
  isOwnHost,
  type ContainerState,
  type ExecResult,
  type HttpProbeResult,
  type Pending,
  type Runtime,
} from "./runtime-port.ts";
import type { HttpRequest, HttpResponse, PodRecord } from "./kernel/state.ts";
import { decodeUtf8, encodeUtf8 } from "./bytes.ts";

const probeErrors: Record<string, string> = {
  refused: "connect: connection refused",
  reset: "read: connection reset by peer",
  unreachable: "connect: no route to host",
  timeout: "i/o timeout",
  tls: "http: server gave HTTP response to HTTPS client",
  malformed: "net/http: HTTP/1.x transport connection broken: malformed HTTP response",
};

/** Loads a Pod, acts on it, runs what can run now, and saves. */
export function within<T>(
  context: RuntimeContext,
  podKey: string,
  absent: T,
  act: (kernel: Kernel) => T,
): T {
  const kernel = PodKernel.load(context, podKey);
  if (!kernel) return absent;
  const result = act(kernel);
  kernel.save();
  return result;
}

function stateOf(record: PodRecord, containerId: string): ContainerState | undefined {
  for (const key in record.containers) {
    const container = record.containers[key];
    if (container?.spec.id !== containerId) continue;
    if (!container.exit) return { status: "running", startedAtMs: container.startedAtMs };
    const { code, signal, at, reason, message } = container.exit;
    return {
      status: "exited",
      startedAtMs: container.startedAtMs,
      finishedAtMs: at,
      exitCode: code,
      ...(signal === undefined ? {} : { signal }),
      reason,
      ...(message === undefined ? {} : { message }),
    };
  }
  return undefined;
}

function probeResult(outcome: { response: HttpResponse } | { error: string }): HttpProbeResult {
  if ("error" in outcome) return { error: probeErrors[outcome.error] ?? outcome.error };
  const { status, headers, body } = outcome.response;
  const location = headers.location ?? headers.Location;
  return {
    status,
    body: decodeUtf8(body.slice(0, 10_240)),
    ...(location === undefined ? {} : { location }),
  };
}

/** What came of a request to another host. */
function fromElsewhere(
  context: RuntimeContext,
  podKey: string,
  handle: string,
): Pending<HttpProbeResult> {
  const found = context.network?.requestResult(context, podKey, handle);
  if (!found) return { done: true, result: { error: probeErrors["reset"] as string } };
  if (!found.done) return found;
  return {
    done: true,
    result: probeResult("error" in found ? found : { response: found.result }),
  };
}

/** An image nobody described may hold any program: what a probe or a hook asks of one that is not there, it does. */
const undescribed = (kernel: Kernel, container: string): boolean =>
  !kernel.context.images.find(kernel.container(container).record.spec.image).known;
const passed: ExecResult = { exitCode: 0, stdout: "", stderr: "" };

function takeExec(kernel: Kernel, session: string): Pending<ExecResult> {
  const record = kernel.pod.sessions[session];
  if (!record) return { done: true, result: { exitCode: 137, stdout: "", stderr: "" } };
  if (record.exitCode === undefined) return { done: false };
  delete kernel.pod.sessions[session];
  kernel.touch();
  // A shell did not find it.
  if (record.exitCode === 127 && undescribed(kernel, record.container))
    return { done: true, result: passed };
  return {
    done: true,
    result: {
      exitCode: record.exitCode,
      stdout: decodeUtf8(record.stdout),
      stderr: decodeUtf8(record.stderr),
    },
  };
}

/** A result that is there at once travels in its own handle: nothing needs to be stored. */
const tell = (result: unknown): string => `=${JSON.stringify(result)}`;
const told = <T>(handle: string): T | undefined =>
  handle.startsWith("=") ? (JSON.parse(handle.slice(1)) as T) : undefined;

const ofContainers: Omit<Runtime, "resolveImage" | "imageUser" | "identity" | "stopSignal"> = {
  fillVolume,
  filesChanged,
  hostFiles,
  hostPath,
  hostSockets,
  callSocket,
  cdiEnv,
  closeMachine,
  volumeBytes,
  containerBytes,
  volumeText,
  fingerprint,
  startProbeHits,
  stopProbeHits,

  start(context, spec) {
    const kernel = startContainer(context, spec);
    if (!(kernel instanceof PodKernel)) return kernel;
    // The network looks up who asks: its record is there before its first command runs.
    if (!context.records.get("runtime", kernel.key))
      context.records.put("runtime", kernel.key, kernel.pod);
    // It runs at once: one load and one save for its start and its first steps.
    kernel.run();
    kernel.save();
    return undefined;
  },

  logTail: (context, podKey, container, lines) =>
    readLog(context, podKey, container, { tail: lines })?.text ?? "",

  resize(context, podKey, containerId, limits) {
    within(context, podKey, undefined, (kernel) => {
      const record = kernel.pod.containers[kernel.containerKey(containerId) ?? ""];
      if (!record || record.exit) return;
      const { cpuMilliLimit: _cpu, memoryBytesLimit: _memory, ...rest } = record.spec;
      record.spec = { ...rest, ...limits };
      kernel.touch();
    });
  },

  signal(context, podKey, containerId, signal) {
    within(context, podKey, undefined, (kernel) => {
      const container = kernel.pod.containers[kernel.containerKey(containerId) ?? ""];
      if (!container || container.exit) return;
      kernel.kill(container.root, signal, true);
      kernel.run();
    });
  },

  state(context, podKey, containerId) {
    const record = context.records.get<PodRecord>("runtime", podKey);
    return record && stateOf(record, containerId);
  },

  advance(context, podKey) {
    const record = context.records.get<PodRecord>("runtime", podKey);
    if (!record) return undefined;
    if (record.due === undefined || record.due > context.now) return record.due;
    const kernel = new PodKernel(context, podKey, record);
    kernel.run();
    return kernel.save();
  },

  exec(context, podKey, containerId, command) {
    const kernel = PodKernel.load(context, podKey);
    const key = kernel?.containerKey(containerId);
    if (!kernel || key === undefined || kernel.pod.containers[key]?.exit)
      return { error: `container not running (${containerId.slice(0, 12)})` };
    const started = startExec(kernel, key, { command, tty: false, stdin: false });
    if ("error" in started)
      return started.absent && undescribed(kernel, key) ? tell(passed) : { error: started.error };
    const session = kernel.pod.sessions[started.session];
    if (session) session.unattended = true;
    kernel.run();
    const result = takeExec(kernel, started.session);
    kernel.save();
    return result.done ? tell(result.result) : `s${started.session}`;
  },

  execResult(context, podKey, handle) {
    const result = told<ExecResult>(handle);
    if (result) return { done: true, result };
    const record = context.records.get<PodRecord>("runtime", podKey);
    const session = record?.sessions?.[handle.slice(1)];
    if (session && session.exitCode === undefined)
      return { done: false, ...(record?.due === undefined ? {} : { dueAtMs: record.due }) };
    const gone: Pending<ExecResult> = {
      done: true,
      result: { exitCode: 137, stdout: "", stderr: "" },
    };
    return within(context, podKey, gone, (kernel) => takeExec(kernel, handle.slice(1)));
  },

  execKill(context, podKey, handle) {
    if (handle.startsWith("=")) return;
    within(context, podKey, undefined, (kernel) => {
      const session = kernel.pod.sessions[handle.slice(1)];
      if (session?.process !== undefined && session.exitCode === undefined)
        kernel.kill(session.process, 9, true);
      delete kernel.pod.sessions[handle.slice(1)];
      kernel.run();
      kernel.touch();
    });
  },

  http(context, podKey, request) {
    const refused = tell({ error: probeErrors.refused });
    return within(context, podKey, refused, (kernel) => {
      const headers: Record<string, string> = {};
      for (const { name, value } of request.headers)
        headers[name.toLowerCase()] = encodeUtf8(value);
      const asked: HttpRequest = {
        method: "GET",
        path: request.path || "/",
        headers: {
          "user-agent": "kube-probe/1.36",
          accept: "*/*",
          connection: "close",
          ...headers,
        },
        body: "",
        host: request.host,
        port: request.port,
        // To an address of its own the node speaks from that.
        clientIp: request.host === "127.0.0.1" ? request.host : kernel.pod.pod.hostIP,
        https: request.https,
      };
      const { network } = context;
      const { ip, hostIP, hostNetwork } = kernel.pod.pod;
      if (network && !isOwnHost(hostNetwork ? hostIP : ip, request.host))
        return `n${network.requestFromNode(context, podKey, asked)}`;
      const outcome = startHttp(kernel, asked);
      kernel.run();
      return "handle" in outcome ? `h${outcome.handle}` : tell(probeResult(outcome));
    });
  },

  httpResult(context, podKey, handle) {
    const result = told<HttpProbeResult>(handle);
    if (result) return { done: true, result };
    if (handle.startsWith("n")) return fromElsewhere(context, podKey, handle.slice(1));
    const gone: Pending<HttpProbeResult> = {
      done: true,
      result: { error: probeErrors.reset as string },
    };
    return within(context, podKey, gone, (kernel): Pending<HttpProbeResult> => {
      const outcome = httpOutcome(kernel, handle.slice(1));
      if ("response" in outcome || "error" in outcome)
        return { done: true, result: probeResult(outcome) };
      return {
        done: false,
        ...(outcome.dueAtMs === undefined ? {} : { dueAtMs: outcome.dueAtMs }),
      };
    });
  },

  listening(context, podKey, port) {
    return (
      context.records.get<Partial<PodRecord>>("runtime", podKey)?.listeners?.[`tcp/${port}`] !==
      undefined
    );
  },

  grpcHealth(context, podKey, port, service) {
    const refused = { error: "connect: connection refused" };
    return within<{ status: string } | { error: string }>(context, podKey, refused, (kernel) => {
      const listener = kernel.pod.listeners[`tcp/${port}`];
      const process = listener && kernel.process(listener.process);
      if (!process || !listener) return refused;
      const { grpc } = kernel.program(process);
      // Who speaks no HTTP/2 is never connected to: a probe's dialling times out.
      if (!grpc) return refused;
      const sys = kernel.sys(listener.process);
      return survive(kernel, listener.process, () => grpc(sys, process.state, service), refused);
    });
  },

  usage(context, podKey, containerId) {
    const none = { memoryBytes: 0, cpuMilli: 0, cpuSeconds: 0 };
    const kernel = PodKernel.view(context, podKey);
    const key = kernel?.containerKey(containerId);
    if (!kernel || key === undefined) return none;
    let memoryBytes = memoryFiles(kernel, kernel.pod.containers[key]?.spec.name ?? "");
    let cpuMilli = 0;
    let microseconds = kernel.pod.containers[key]?.endedCpu ?? 0;
    for (const name in kernel.pod.processes) {
      const process = kernel.pod.processes[name];
      if (process?.container !== key) continue;
      microseconds += usedMicroseconds(process);
      if (process.exitStatus !== undefined) continue;
      memoryBytes += kernel.memoryOf(process);
      cpuMilli += loadMilli(process, context.now);
      const idleMilli = kernel.program(process).idleCpuMilli?.(process.state) ?? 0;
      microseconds += idleMilli * (context.now - process.startedAtMs);
      cpuMilli += process.wait || process.stopped ? idleMilli : 1000;
    }
    const limit = kernel.pod.containers[key]?.spec.cpuMilliLimit ?? Infinity;
    return {
      memoryBytes,
      cpuMilli: Math.min(cpuMilli, limit),
      cpuSeconds: microseconds / 1e6,
    };
  },

  remove(context, podKey, containerId) {
    within(context, podKey, undefined, (kernel) => {
      const key = kernel.containerKey(containerId);
      if (key !== undefined) removeContainer(kernel, key);
    });
    // Also of one that never ran.
    removeTree(context.records, containerTree(podKey, containerId));
  },

  removePod(context, podKey) {
    removePodVolumes(context, podKey);
    const record = context.records.get<PodRecord>("runtime", podKey);
    if (!record) return;
    const trees = new Set<string>();
    for (const { spec, ownMounts = [] } of Object.values(record.containers)) {
      trees.add(containerTree(podKey, spec.id));
      for (const { key } of ownMounts) trees.add(key);
    }
    for (const tree of trees) removeTree(context.records, tree);
    for (const list of Object.values(record.logs))
      for (const log of list) removeLogs(context.records, podKey, log);
    context.records.delete("runtime", podKey);
    releaseDevices(context, record.pod.node);
  },
};

/** A container's log; undefined when that instance never ran. */
export function readLog(
  context: RuntimeContext,
  podKey: string,
  container: string,
  options: LogOptions,
): LogText | undefined {
  const logs = context.records.get<PodRecord>("runtime", podKey)?.logs[container];
  const record = logs?.at(options.previous ? -2 : -1);
  return record && readLogRecord(context, podKey, record, { nowMs: context.now, ...options });
}

/** The runtime over a catalogue of images: the one that the contexts of its calls carry. */
export function createRuntime(images: ImageCatalog): Runtime {
  const registry = new ImageRegistry(images);
  const versionOf = (image: string) => images.find(image).version;
  return {
    ...ofContainers,
    resolveImage: (image, reader, credentials, node) =>
      registry.resolve(image, reader, credentials, node),
    imageUser: (image, nonRoot = false) => userOf(versionOf(image), { nonRoot }) ?? "0",
    identity: (image, settings) => imageIdentity(versionOf(image), settings),
    stopSignal: (image) => versionOf(image).stopSignal ?? 15,
  };
}
