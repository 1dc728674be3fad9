/** A small cluster for kubelet tests: objects and records in maps, virtual time, and a runtime that follows a script. */
import { builtin } from "../../../durable-objects/engine/api/discovery/registry.ts";
import {
  type Change,
  type KubeObject,
  type ResourceId,
  objectKey,
} from "../../../durable-objects/engine/core/object.ts";
import { rfc3339 } from "../../../durable-objects/engine/core/clock.ts";
import type {
  Client,
  Controller,
  DeleteOptions,
  EventSource,
} from "../../../durable-objects/engine/ports/controller.ts";
import type {
  ContainerState,
  ExecResult,
  HttpProbeResult,
  Pending,
  ResolvedImage,
  Runtime,
  StartFailure,
  FillOptions,
  VolumeFile,
} from "../../../durable-objects/engine/runtime/runtime-port.ts";
import type { ContainerSpec } from "../../../durable-objects/engine/runtime/container-spec.ts";
import type { RuntimeContext } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import { createKubelet } from "../../../durable-objects/engine/kubelet/kubelet.ts";
import type { Pod } from "../../../durable-objects/engine/kinds/pod/types.ts";

/** What a container of an image does, in ms since its start. */
export interface Script {
  pullMs?: number;
  pullError?: string;
  /** Ends by itself after so long; a list gives one value per attempt, the last for all further ones. */
  endsAfterMs?: number | (number | undefined)[];
  exitCode?: number | number[];
  exitReason?: string;
  message?: string;
  /** Exit code on TERM; absent: TERM is ignored, as PID 1 without a handler does. */
  termCode?: number;
  /** Time from TERM to its end. */
  termMs?: number;
  listens?: { port: number; afterMs?: number; untilMs?: number }[];
  http?: (path: string, sinceStartMs: number) => HttpProbeResult;
  exec?: (command: string[], sinceStartMs: number) => ExecResult & { takesMs?: number };
  startFailure?: StartFailure;
  memoryBytes?: number | ((sinceStartMs: number) => number);
  /** Moments at which it moves by itself. */
  movesAtMs?: number[];
}

interface Instance {
  spec: ContainerSpec;
  script: Script;
  startedAtMs: number;
  endsAtMs?: number;
  code: number;
  state: ContainerState;
}

const at = <T>(value: T | T[] | undefined, index: number): T | undefined =>
  Array.isArray(value) ? value[Math.min(index, value.length - 1)] : value;

export class ScriptedRuntime implements Runtime {
  readonly scripts: Record<string, Script> = {};
  readonly instances = new Map<string, Map<string, Instance>>();
  readonly signals: string[] = [];
  readonly calls = new Map<
    string,
    { dueAtMs: number; exec?: ExecResult; http?: HttpProbeResult }
  >();
  readonly execs: string[] = [];
  /** Last contents of every volume that was filled. */
  readonly volumes = new Map<string, { files: readonly VolumeFile[]; group: number | undefined }>();
  requests = 0;
  #serial = 0;

  #script(image: string): Script {
    return this.scripts[image] ?? { termCode: 0 };
  }
  resolveImage(image: string): ResolvedImage | { error: string } | { invalid: string } {
    if (/[A-Z ]/.test(image)) {
      return { invalid: `couldn't parse image name "${image}": invalid reference format` };
    }
    const script = this.#script(image);
    if (script.pullError) return { error: script.pullError };
    const reference = `docker.io/library/${image.includes(":") ? image : `${image}:latest`}`;
    return {
      reference,
      imageID: `docker.io/library/${image.split(":")[0]}@sha256:${"0".repeat(64)}`,
      sizeBytes: 70_000_000,
      pullMs: script.pullMs ?? 0,
      known: true,
    };
  }
  start(context: RuntimeContext, spec: ContainerSpec): StartFailure | undefined {
    const script = this.#script(spec.image);
    if (script.startFailure) return script.startFailure;
    const lasts = at(script.endsAfterMs as number | undefined, spec.restartCount);
    const instance: Instance = {
      spec,
      script,
      startedAtMs: context.now,
      code: at(script.exitCode, spec.restartCount) ?? 0,
      state: { status: "running", startedAtMs: context.now },
      ...(lasts === undefined ? {} : { endsAtMs: context.now + lasts }),
    };
    const pod = this.instances.get(spec.pod.key) ?? new Map<string, Instance>();
    pod.set(spec.id, instance);
    this.instances.set(spec.pod.key, pod);
    return undefined;
  }
  fillVolume(
    _context: RuntimeContext,
    source: string,
    files: readonly VolumeFile[],
    { group }: FillOptions,
  ): void {
    this.volumes.set(source, { files, group });
  }
  #find(podKey: string, id: string): Instance | undefined {
    return this.instances.get(podKey)?.get(id);
  }
  signal(context: RuntimeContext, podKey: string, containerId: string, signal: number): void {
    const instance = this.#find(podKey, containerId);
    if (instance?.state.status !== "running") return;
    this.signals.push(`${instance.spec.name} ${signal} @${context.now}`);
    if (signal === 9) {
      instance.endsAtMs = context.now;
      instance.code = 137;
    } else if (instance.script.termCode !== undefined) {
      instance.endsAtMs = context.now + (instance.script.termMs ?? 0);
      instance.code = instance.script.termCode;
    }
  }
  state(_context: RuntimeContext, podKey: string, containerId: string): ContainerState | undefined {
    return this.#find(podKey, containerId)?.state;
  }
  advance(context: RuntimeContext, podKey: string): number | undefined {
    let due: number | undefined;
    const want = (ms: number): void => {
      if (ms > context.now && (due === undefined || ms < due)) due = ms;
    };
    for (const instance of this.instances.get(podKey)?.values() ?? []) {
      if (instance.state.status !== "running") continue;
      if (instance.endsAtMs !== undefined && instance.endsAtMs <= context.now) {
        instance.state = {
          status: "exited",
          startedAtMs: instance.startedAtMs,
          finishedAtMs: instance.endsAtMs,
          exitCode: instance.code,
          reason: instance.script.exitReason ?? (instance.code === 0 ? "Completed" : "Error"),
          ...(instance.script.message ? { message: instance.script.message } : {}),
        };
        continue;
      }
      if (instance.endsAtMs !== undefined) want(instance.endsAtMs);
      for (const move of instance.script.movesAtMs ?? []) want(instance.startedAtMs + move);
      for (const port of instance.script.listens ?? []) {
        want(instance.startedAtMs + (port.afterMs ?? 0));
        if (port.untilMs !== undefined) want(instance.startedAtMs + port.untilMs);
      }
    }
    return due;
  }
  exec(
    context: RuntimeContext,
    podKey: string,
    containerId: string,
    command: string[],
  ): string | { error: string } {
    const instance = this.#find(podKey, containerId);
    if (instance?.state.status !== "running") return { error: "container not running" };
    const { takesMs, ...result } = instance.script.exec?.(
      command,
      context.now - instance.startedAtMs,
    ) ?? { exitCode: 0, stdout: "", stderr: "" };
    this.execs.push(`${command.join(" ")} @${context.now}`);
    const handle = `call-${this.#serial++}`;
    this.calls.set(handle, { dueAtMs: context.now + (takesMs ?? 0), exec: result });
    return handle;
  }
  #pending<T>(context: RuntimeContext, handle: string, result: T | undefined): Pending<T> {
    const call = this.calls.get(handle);
    if (!call || result === undefined) throw new Error(`no call ${handle}`);
    return call.dueAtMs <= context.now
      ? { done: true, result }
      : { done: false, dueAtMs: call.dueAtMs };
  }
  execResult(context: RuntimeContext, _podKey: string, handle: string): Pending<ExecResult> {
    return this.#pending(context, handle, this.calls.get(handle)?.exec);
  }
  execKill(_context: RuntimeContext, _podKey: string, handle: string): void {
    this.calls.delete(handle);
  }
  #serving(context: RuntimeContext, podKey: string, port: number): Instance | undefined {
    for (const instance of this.instances.get(podKey)?.values() ?? []) {
      if (instance.state.status !== "running") continue;
      const since = context.now - instance.startedAtMs;
      for (const l of instance.script.listens ?? []) {
        const until = l.untilMs ?? Number.POSITIVE_INFINITY;
        if (l.port === port && since >= (l.afterMs ?? 0) && since < until) return instance;
      }
    }
    return undefined;
  }
  http(context: RuntimeContext, podKey: string, request: { port: number; path: string }): string {
    this.requests++;
    const instance = this.#serving(context, podKey, request.port);
    const handle = `call-${this.#serial++}`;
    const http: HttpProbeResult = instance
      ? (instance.script.http?.(request.path, context.now - instance.startedAtMs) ?? {
          status: 200,
        })
      : { error: "connect: connection refused" };
    this.calls.set(handle, { dueAtMs: context.now, http });
    return handle;
  }
  httpResult(context: RuntimeContext, _podKey: string, handle: string): Pending<HttpProbeResult> {
    return this.#pending(context, handle, this.calls.get(handle)?.http);
  }
  listening(context: RuntimeContext, podKey: string, port: number): boolean {
    return this.#serving(context, podKey, port) !== undefined;
  }
  grpcHealth(
    context: RuntimeContext,
    podKey: string,
    port: number,
    service: string,
  ): { status: string } | { error: string } {
    if (!this.listening(context, podKey, port)) return { error: "connect: connection refused" };
    return { status: service === "sick" ? "NOT_SERVING" : "SERVING" };
  }
  usage(
    context: RuntimeContext,
    podKey: string,
    containerId: string,
  ): { memoryBytes: number; cpuMilli: number; cpuSeconds: number } {
    const instance = this.#find(podKey, containerId);
    const told = instance?.script.memoryBytes ?? 0;
    const since = context.now - (instance?.startedAtMs ?? 0);
    return {
      memoryBytes: typeof told === "function" ? told(since) : told,
      cpuMilli: 0,
      cpuSeconds: 0,
    };
  }
  remove(_context: RuntimeContext, podKey: string, containerId: string): void {
    this.instances.get(podKey)?.delete(containerId);
  }
  removePod(_context: RuntimeContext, podKey: string): void {
    this.instances.delete(podKey);
  }
}

export interface SeenEvent {
  at: number;
  type: string;
  reason: string;
  message: string;
  object: string;
  source: EventSource;
}

const startMs = Date.UTC(2026, 0, 1);

/** Store, queue and clock in one; `client` is what the kubelet sees. */
export class World {
  readonly runtime = new ScriptedRuntime();
  readonly controller: Controller = createKubelet(this.runtime);
  readonly objects = new Map<ResourceId, Map<string, KubeObject>>();
  readonly tables = new Map<string, Map<string, unknown>>();
  readonly events: SeenEvent[] = [];
  /** Every revision of every Pod, in order. */
  readonly history: Change[] = [];
  readonly dirty = new Set<string>();
  readonly timers = new Map<string, number>();
  now = startMs;
  reconciles = 0;
  recordWrites = 0;
  rv = 0;
  draw = 0;

  get elapsedMs(): number {
    return this.now - startMs;
  }

  readonly client: Client = clientOf(this);

  table(resource: ResourceId): Map<string, KubeObject> {
    const table = this.objects.get(resource) ?? new Map<string, KubeObject>();
    this.objects.set(resource, table);
    return table;
  }
  sorted(resource: ResourceId): KubeObject[] {
    const table = this.table(resource);
    return [...table.keys()].sort().map((key) => table.get(key) as KubeObject);
  }
  #changed(
    op: Change["op"],
    resource: ResourceId,
    object: KubeObject,
    previous?: KubeObject,
  ): void {
    const { namespace = "", name } = object.metadata;
    const change: Change = {
      rv: ++this.rv,
      at: this.now,
      op,
      resource,
      namespace,
      name,
      key: objectKey(namespace, name),
      object,
      ...(previous ? { previous } : {}),
    };
    if (resource === "pods") this.history.push(change);
    for (const key of this.controller.wakesOn[resource]?.(change, this.client) ?? []) {
      this.dirty.add(key);
    }
  }
  put(resource: ResourceId, object: KubeObject): KubeObject {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    const previous = this.table(resource).get(key);
    if (previous && JSON.stringify(previous) === JSON.stringify(object)) return previous;
    this.table(resource).set(key, object);
    this.#changed(previous ? "update" : "create", resource, object, previous);
    return object;
  }
  create(resource: ResourceId, object: KubeObject): KubeObject {
    const made = {
      ...object,
      metadata: {
        resourceVersion: "1",
        generation: 1,
        creationTimestamp: rfc3339(this.now),
        ...(object.metadata as object),
        uid: object.metadata.uid ?? `uid-${++this.rv}`,
      },
      ...(resource === "pods" ? { status: { phase: "Pending", qosClass: "BestEffort" } } : {}),
    } as KubeObject;
    return this.put(resource, made);
  }
  update(resource: ResourceId, object: KubeObject): void {
    this.put(resource, object);
  }
  delete(resource: ResourceId, namespace: string, name: string, options?: DeleteOptions): void {
    const key = objectKey(namespace, name);
    const object = this.table(resource).get(key);
    if (!object) throw new Error(`${resource} ${key} not found`);
    const grace =
      options?.gracePeriodSeconds ?? (object as Pod).spec.terminationGracePeriodSeconds ?? 30;
    if (resource !== "pods" || grace === 0) {
      this.table(resource).delete(key);
      this.#changed("delete", resource, object, object);
      return;
    }
    this.put(resource, {
      ...object,
      metadata: {
        ...object.metadata,
        generation: (object.metadata.generation ?? 1) + 1,
        deletionTimestamp: rfc3339(this.now + grace * 1000),
        deletionGracePeriodSeconds: grace,
      },
    });
  }

  node(
    name: string,
    over: { cpu?: string; memory?: string; labels?: Record<string, string> } = {},
  ): void {
    const index = this.table("nodes").size + 1;
    const resources = { cpu: over.cpu ?? "4", memory: over.memory ?? "8Gi", pods: "110" };
    this.create("nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        labels: over.labels ?? {},
        annotations: { "podyard.dev/machine": "true" },
      } as unknown as KubeObject["metadata"],
      spec: { podCIDR: `10.244.${index}.0/24` },
      status: {
        addresses: [{ type: "InternalIP", address: `172.18.0.${index + 1}` }],
        capacity: resources,
        allocatable: resources,
      },
    } as KubeObject);
  }
  /** A bound Pod of the default namespace. */
  pod(name: string, spec: Record<string, unknown>, metadata: Record<string, unknown> = {}): void {
    this.create("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", uid: `uid-of-${name}`, ...metadata },
      spec: {
        nodeName: "node-1",
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        enableServiceLinks: true,
        ...spec,
      },
    } as unknown as KubeObject);
  }
  get(name: string): Pod | undefined {
    return this.client.get<Pod>("pods", "default", name);
  }
  files(node: string, files: Record<string, string>): void {
    this.client.records.put("node-files", node, files);
    this.client.wake("kubelet", `@node/${node}`);
  }

  #drain(): void {
    for (let steps = 0; this.dirty.size > 0; steps++) {
      if (steps > 10_000) throw new Error("livelock");
      const key = [...this.dirty].sort()[0] as string;
      this.dirty.delete(key);
      this.reconciles++;
      const due = this.controller.reconcile(key, this.client);
      if (due === undefined) this.timers.delete(key);
      else this.timers.set(key, typeof due === "number" ? due : (due.dueAtMs ?? this.now));
    }
  }
  /** Next moment anything is due, ms since the start. */
  nextDue(): number | undefined {
    this.#drain();
    const times = [...this.timers.values()];
    return times.length === 0 ? undefined : Math.min(...times) - startMs;
  }
  /** Runs until `ms` after the start of the world. */
  until(ms: number): void {
    const end = startMs + ms;
    this.#drain();
    for (let steps = 0; ; steps++) {
      if (steps > 20_000) throw new Error("too many due moments");
      const next = [...this.timers].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))[0];
      if (!next || next[1] > end) break;
      this.now = Math.max(this.now, next[1]);
      this.timers.delete(next[0]);
      this.dirty.add(next[0]);
      this.#drain();
    }
    this.now = end;
  }
}

function clientOf(world: World): Client {
  return {
    get now() {
      return world.now;
    },
    resources: builtin,
    clock: () => ({ offsetMs: 0, nextDueMs: undefined }),
    get: (resource, namespace, name) =>
      world.table(resource).get(objectKey(namespace, name)) as never,
    list: (resource, namespace) =>
      world
        .sorted(resource)
        .filter((o) => !namespace || o.metadata.namespace === namespace) as never,
    byIndex: (index, value) =>
      world.sorted("pods").filter((o) => {
        const pod = o as Pod;
        if (index === "pod.node") return (pod.spec.nodeName ?? "") === value;
        return index === "pod.ip" && pod.status?.podIP === value && !pod.spec.hostNetwork;
      }) as never,
    count: (resource, namespace) => clientOf(world).list(resource, namespace).length,
    countByIndex: (index, value) => clientOf(world).byIndex(index, value).length,
    podsMatching: () => [],
    quotaSums: () => [],
    inNamespace: () => [],
    create: (resource, object) => world.create(resource, object as KubeObject) as never,
    update: (resource, object) => world.put(resource, object) as never,
    modify: (resource, namespace, name, change) => {
      const current = world.table(resource).get(objectKey(namespace, name));
      if (!current) return undefined;
      const next = change(current as never);
      return (next ? world.put(resource, next as KubeObject) : current) as never;
    },
    delete: (resource, namespace, name, options) =>
      world.delete(resource, namespace, name, options),
    bind: () => undefined,
    event: (regarding, type, reason, message, source) =>
      world.events.push({
        at: world.elapsedMs,
        type,
        reason,
        message,
        object: regarding.metadata.name,
        source,
      }),
    records: {
      get: (table, key) => world.tables.get(table)?.get(key) as never,
      put: (table, key, value) => {
        const rows = world.tables.get(table) ?? new Map<string, unknown>();
        world.tables.set(table, rows.set(key, JSON.parse(JSON.stringify(value))));
        world.recordWrites++;
      },
      delete: (table, key) => void world.tables.get(table)?.delete(key),
      keys: (table) => [...(world.tables.get(table)?.keys() ?? [])].sort(),
    },
    wake: (_controller, key, atMs) => {
      if (atMs === undefined) world.dirty.add(key);
      else world.timers.set(key, Math.min(atMs, world.timers.get(key) ?? atMs));
    },
    random: () => {
      world.draw = (world.draw * 1664525 + 1013904223) % 2 ** 32;
      return world.draw / 2 ** 32;
    },
    randomSuffix: (n) => "x".repeat(n),
    uuid: () => `uid-${++world.rv}`,
  };
}

/** The STATUS column, roughly as kubectl prints it. */
export function statusOf(pod: Pod | undefined): string {
  if (!pod) return "gone";
  const status = pod.status ?? {};
  let text: string = status.reason ?? status.phase ?? "";
  const init = status.initContainerStatuses ?? [];
  for (const [i, s] of init.entries()) {
    const sidecar = pod.spec.initContainers?.[i]?.restartPolicy === "Always";
    if (s.state?.terminated?.exitCode === 0) continue;
    if (sidecar && s.started) continue;
    const reason = s.state?.terminated?.reason ?? s.state?.waiting?.reason;
    text = reason && reason !== "PodInitializing" ? `Init:${reason}` : `Init:${i}/${init.length}`;
    return pod.metadata.deletionTimestamp ? "Terminating" : text;
  }
  for (const s of [...(status.containerStatuses ?? [])].reverse()) {
    text = s.state?.waiting?.reason ?? s.state?.terminated?.reason ?? text;
  }
  const running = (status.containerStatuses ?? []).some((s) => s.state?.running && s.ready);
  if (text === "Completed" && running) text = "Running";
  return pod.metadata.deletionTimestamp ? "Terminating" : text;
}

/** One line per revision at which anything a `get pods -w` shows has changed: `2s 1/1 Running 0`. */
export function watchLines(world: World, name: string): string[] {
  const lines: string[] = [];
  let last = "";
  for (const change of world.history) {
    if (change.name !== name) continue;
    const pod = change.object as Pod;
    const statuses = pod.status?.containerStatuses ?? [];
    const ready = statuses.filter((s) => s.ready).length;
    const restarts = statuses.reduce((sum, s) => sum + s.restartCount, 0);
    const state = change.op === "delete" ? "gone" : statusOf(pod);
    const line = `${ready}/${pod.spec.containers.length} ${state} ${restarts}`;
    if (line !== last) lines.push(`${(change.at - startMs) / 1000}s ${line}`);
    last = line;
  }
  return lines;
}

/** `2s Pulled Container image ...` */
export function eventLines(world: World, object: string): string[] {
  return world.events
    .filter((e) => e.object === object)
    .map((e) => `${e.at / 1000}s ${e.type === "Warning" ? "!" : ""}${e.reason} ${e.message}`);
}
