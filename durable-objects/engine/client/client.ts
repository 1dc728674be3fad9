/** The Client that a reconciler gets: reads the store, writes through api/write/operations.ts. */
import type { KubeletPage, KubeletReply, KubeletRequest } from "../ports/kubelet.ts";
import type { QuotaSum } from "../ports/quota-sum.ts";
import { QuotaSums } from "../api/admission/quota-sums.ts";
import { measuredKinds } from "../api/admission/quota-usage.ts";
import { assert } from "../core/assert.ts";
import type { Operations } from "../api/write/operations.ts";
import { internalWrite } from "../api/write/write-options.ts";
import type { Registry, Resource } from "../api/discovery/registry.ts";
import { bindPod } from "../api/subresources/binding.ts";
import type {
  Client,
  ClockReading,
  DeleteOptions,
  EventSource,
  Reader,
  Records,
  Resources,
  TokenSigner,
} from "../ports/controller.ts";
import type { KubeObject, ResourceId } from "../core/object.ts";
import type { Store } from "../core/store.ts";
import type {
  ApiOwed,
  ApiRequest,
  ApiResponse,
  LogFollow,
  Subscription,
} from "../ports/request.ts";
import { recorded } from "./events.ts";
import { cpuUsPerExpressionUnit, cpuUsPerObjectRead } from "../core/limits.ts";

/** Virtual now, held in one place for reader, operations and clients. */
export interface Now {
  ms: number;
  /** The wall's moment of the turn under way. */
  wallMs: number;
  nextDueMs(): number | undefined;
  jumpToMs(): number | undefined;
  stepsLeft(): number | undefined;
}

/** A Reader over the store; `now` stays the loop's own, so one reader serves the engine's whole life. */
export function createReader(store: Store, now: Now, resources: Resources): Reader {
  const sums = new QuotaSums(store, measuredKinds);
  return {
    resources,
    get now() {
      return now.ms;
    },
    clock: () => ({
      offsetMs: now.ms - now.wallMs,
      nextDueMs: now.nextDueMs(),
      jumpToMs: now.jumpToMs(),
      stepsLeft: now.stepsLeft(),
    }),
    get: <T extends KubeObject>(resource: ResourceId, namespace: string, name: string) =>
      store.get(resource, namespace, name) as T | undefined,
    list: <T extends KubeObject>(resource: ResourceId, namespace?: string) =>
      store.list(resource, namespace) as readonly T[],
    byIndex: <T extends KubeObject>(index: string, value: string) =>
      store.byIndex(index, value) as readonly T[],
    count: (resource, namespace) => store.count(resource, namespace),
    countByIndex: (index, value) => store.countByIndex(index, value),
    quotaSums: (resource, namespace) => sums.of(resource, namespace, now.ms),
    inNamespace: (namespace) => store.inNamespace(namespace),
    podsMatching: <T extends KubeObject>(namespace: string, labels: Record<string, string>) =>
      podsMatching(store, namespace, labels) as readonly T[],
  };
}

function podsMatching(
  store: Store,
  namespace: string,
  labels: Record<string, string>,
): readonly KubeObject[] {
  const terms = Object.entries(labels);
  if (terms.length === 0) return [];
  let best: readonly KubeObject[] | undefined;
  for (const [key, value] of terms) {
    const found = store.byIndex("pod.label", `${namespace}\0${key}=${value}`);
    if (!best || found.length < best.length) best = found;
  }
  if (terms.length === 1) return best as readonly KubeObject[];
  return (best as readonly KubeObject[]).filter((pod) =>
    terms.every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
}

export interface Wake {
  controller: string;
  key: string;
  atMs: number | undefined;
}

export interface ClientParts {
  store: Store;
  operations: Operations;
  reader: Reader;
  /** The API server as Pods reach it. */
  apiServer(request: ApiRequest): ApiResponse;
  /** What a node's kubelet serves. */
  kubelet(node: string, request: KubeletRequest): KubeletReply | undefined;
  /** What a component of the control plane tells of itself. */
  component(name: string, request: KubeletRequest): KubeletPage | undefined;
  /** What a watch or a followed log of theirs is owed. */
  pollApi(open: Subscription | LogFollow, fresh: boolean): ApiOwed;
  /** Takes note of a fault of Podyard that went no further. */
  fault(work: string, error: unknown): void;
  tokens: TokenSigner;
}

export class EngineClient implements Client {
  readonly records: Records;
  readonly tokens: TokenSigner;
  readonly apiServer: ClientParts["apiServer"];
  readonly kubelet: ClientParts["kubelet"];
  readonly component: ClientParts["component"];
  readonly pollApi: ClientParts["pollApi"];
  readonly fault: ClientParts["fault"];
  readonly #store: Store;
  readonly #operations: Operations;
  readonly #reader: Reader;
  readonly resources: Resources;
  #spent = 0;
  /** Set by the engine for one unit of work. */
  mayRun?: ((podKey: string, process: number) => boolean) | undefined;
  /** Collected while a step runs, taken when it commits. */
  wakes: Wake[] = [];

  /** What programs, long lists and expressions cost since the work loop last took it, CPU microseconds. */
  get spent(): number {
    return this.#spent + this.#operations.expressionCost.used * cpuUsPerExpressionUnit;
  }
  /** To be counted from nothing again. */
  forget(): void {
    this.#spent = 0;
    this.#operations.expressionCost.used = 0;
  }

  constructor(parts: ClientParts) {
    const { store } = parts;
    this.#store = store;
    this.#operations = parts.operations;
    this.#reader = parts.reader;
    this.resources = parts.operations.registry;
    this.tokens = parts.tokens;
    this.apiServer = parts.apiServer;
    this.kubelet = parts.kubelet;
    this.component = parts.component;
    this.pollApi = parts.pollApi;
    this.fault = parts.fault;
    this.records = {
      get: (table, key) => store.record(table, key),
      put: (table, key, value) => store.putRecord(table, key, value),
      delete: (table, key) => store.putRecord(table, key, undefined),
      keys: (table, inAnyOrder) =>
        inAnyOrder ? store.recordKeys(table) : [...store.recordKeys(table)].sort(),
    };
  }

  get now(): number {
    return this.#reader.now;
  }
  clock(): ClockReading {
    return this.#reader.clock();
  }
  get<T extends KubeObject>(resource: ResourceId, namespace: string, name: string): T | undefined {
    return this.#reader.get<T>(resource, namespace, name);
  }
  list<T extends KubeObject>(resource: ResourceId, namespace?: string): readonly T[] {
    return this.#read(this.#reader.list<T>(resource, namespace));
  }
  byIndex<T extends KubeObject>(index: string, value: string): readonly T[] {
    return this.#read(this.#reader.byIndex<T>(index, value));
  }
  count(resource: ResourceId, namespace?: string): number {
    return this.#store.count(resource, namespace);
  }
  countByIndex(index: string, value: string): number {
    return this.#store.countByIndex(index, value);
  }
  quotaSums(resource: ResourceId, namespace: string): Iterable<QuotaSum> {
    return this.#reader.quotaSums(resource, namespace);
  }
  inNamespace(namespace: string): readonly KubeObject[] {
    return this.#read(this.#store.inNamespace(namespace));
  }
  podsMatching<T extends KubeObject>(
    namespace: string,
    labels: Record<string, string>,
  ): readonly T[] {
    return this.#read(this.#reader.podsMatching<T>(namespace, labels));
  }
  #read<T>(objects: readonly T[]): readonly T[] {
    this.#spent += objects.length * cpuUsPerObjectRead;
    return objects;
  }

  create<T extends KubeObject>(id: ResourceId, object: unknown): T {
    const resource = resourceOf(this.#operations.registry, id);
    const given = object as KubeObject;
    const named = { ...given, apiVersion: resource.hooks.apiVersion, kind: resource.hooks.kind };
    return this.#operations.create(
      resource,
      given.metadata.namespace ?? "",
      named,
      internalWrite,
    ) as T;
  }

  update<T extends KubeObject>(
    id: ResourceId,
    object: T,
    subresource: "status" | "scale" | "finalize" | "approval" | "" = "",
  ): T {
    const { namespace = "", name } = object.metadata;
    const options = subresource ? { ...internalWrite, subresource } : internalWrite;
    return this.#operations.update(
      resourceOf(this.#operations.registry, id),
      namespace,
      name,
      () => object,
      options,
    ) as T;
  }

  modify<T extends KubeObject>(
    id: ResourceId,
    namespace: string,
    name: string,
    change: (current: T) => T | undefined,
    subresource: "status" | "finalize" | "" = "",
  ): T | undefined {
    if (!this.#store.get(id, namespace, name)) return undefined;
    const options = subresource ? { ...internalWrite, subresource } : internalWrite;
    return this.#operations.update(
      resourceOf(this.#operations.registry, id),
      namespace,
      name,
      (current) => change(current as T) ?? current,
      options,
    ) as T;
  }

  delete(id: ResourceId, namespace: string, name: string, options: DeleteOptions = {}): void {
    this.#operations.delete(
      resourceOf(this.#operations.registry, id),
      namespace,
      name,
      options,
      internalWrite,
    );
  }

  bind(namespace: string, pod: string, node: string): void {
    bindPod(this.#operations, namespace, pod, { node }, internalWrite);
  }

  event(
    regarding: KubeObject,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    source: EventSource,
  ): void {
    const told = { regarding, type, reason, message, source };
    const { event, known } = recorded(this.#store, told, this.now);
    if (known) {
      this.#store.write("update", "events", event, this.now);
      return;
    }
    const namespace = event.metadata.namespace as string;
    if (this.#store.get("events", namespace, event.metadata.name)) return;
    // Upstream's recorder is refused here: nothing new in a namespace that goes away.
    if (this.#store.get("namespaces", "", namespace)?.metadata.deletionTimestamp) return;
    this.#operations.createEvent(event);
  }

  wake(controller: string, key: string, atMs?: number): void {
    this.wakes.push({ controller, key, atMs });
  }
  spend(microseconds: number): void {
    this.#spent += microseconds;
  }
  random(): number {
    return this.#operations.random.next();
  }
  randomSuffix(n: number): string {
    return this.#operations.random.suffix(n);
  }
  uuid(): string {
    return this.#operations.random.uuid();
  }
}

function resourceOf(registry: Registry, id: ResourceId): Resource {
  const resource = registry.stored(id);
  assert(resource, `no resource ${id}`);
  return resource;
}
