/** A small world around the scheduler: a real store, its changes mapped to the scheduler's keys, nothing else. */
import type {
  Client,
  Controller,
  Reader,
} from "../../../durable-objects/engine/ports/controller.ts";
import { rfc3339 } from "../../../durable-objects/engine/core/clock.ts";
import type { KubeObject } from "../../../durable-objects/engine/core/object.ts";
import { Store } from "../../../durable-objects/engine/core/store.ts";
import { indices } from "../../../durable-objects/engine/kinds/indices.ts";
import type { Pod } from "../../../durable-objects/engine/scheduler/types.ts";
import { createScheduler } from "../../../durable-objects/engine/scheduler/scheduler.ts";

type Fields = Record<string, unknown>;

const kindOf: Record<string, string> = {
  pods: "Pod",
  nodes: "Node",
  services: "Service",
  namespaces: "Namespace",
  persistentvolumes: "PersistentVolume",
  persistentvolumeclaims: "PersistentVolumeClaim",
  "storageclasses.storage.k8s.io": "StorageClass",
  "replicasets.apps": "ReplicaSet",
  "poddisruptionbudgets.policy": "PodDisruptionBudget",
};

const clusterScoped = new Set([
  "nodes",
  "persistentvolumes",
  "namespaces",
  "storageclasses.storage.k8s.io",
]);

export interface SeenEvent {
  about: string;
  type: string;
  reason: string;
  message: string;
}

export class World {
  readonly store = new Store(indices);
  readonly events: SeenEvent[] = [];
  now = 1_800_000_000_000;
  /** Rebuilds the scheduler's cache before every step, as eviction would. */
  forgetful = false;
  steps = 0;
  /** What the API answers to a binding, if not success. */
  bindError: Error | undefined;
  #scheduler: Controller = createScheduler();
  #chance = 1;
  readonly #dirty = new Set<string>();
  readonly #timers = new Map<string, number>();
  #uid = 0;

  put(resource: string, name: string, fields: Fields = {}, meta: Fields = {}): void {
    const inNamespace = clusterScoped.has(resource) ? {} : { namespace: "default" };
    const before = this.store.get(resource, inNamespace.namespace ?? "", name);
    const object = {
      apiVersion: "v1",
      kind: kindOf[resource] ?? resource,
      metadata: {
        name,
        ...inNamespace,
        uid: before?.metadata.uid ?? `uid-${++this.#uid}`,
        resourceVersion: "",
        creationTimestamp: before?.metadata.creationTimestamp ?? rfc3339(this.now),
        ...meta,
      },
      ...fields,
    } as KubeObject;
    this.store.write(before ? "update" : "create", resource, object, this.now);
    this.#map();
  }

  node(
    name: string,
    options: {
      cpu?: string;
      memory?: string;
      pods?: string;
      labels?: Fields;
      spec?: Fields;
      more?: Fields;
      images?: unknown;
    } = {},
  ): void {
    const { cpu = "4", memory = "8Gi", pods = "110", labels, spec = {}, more, images } = options;
    const allocatable = { cpu, memory, pods, ...more };
    const hostname = { "kubernetes.io/hostname": name, ...labels };
    this.put("nodes", name, { spec, status: { allocatable, images } }, { labels: hostname });
  }

  pod(
    name: string,
    options: {
      cpu?: string;
      memory?: string;
      labels?: Fields;
      spec?: Fields;
      container?: Fields;
      status?: Fields;
      meta?: Fields;
    } = {},
  ): void {
    const { cpu, memory, labels, spec, container, status = { phase: "Pending" }, meta } = options;
    const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
    const containers = [{ name: "c", image: "nginx", resources: { requests }, ...container }];
    const full = { schedulerName: "default-scheduler", containers, ...spec };
    this.put("pods", name, { spec: full, status }, { labels, generation: 1, ...meta });
  }

  get(name: string): Pod {
    const pod = this.store.get("pods", "default", name);
    if (!pod) throw new Error(`no Pod ${name}`);
    return pod as Pod;
  }

  placed(name: string): string | undefined {
    return this.get(name).spec.nodeName;
  }

  why(name: string): string | undefined {
    return this.get(name).status?.conditions?.find((c) => c.type === "PodScheduled")?.message;
  }

  remove(resource: string, name: string): void {
    const namespace = clusterScoped.has(resource) ? "" : "default";
    const object = this.store.get(resource, namespace, name);
    if (!object) throw new Error(`no ${resource} ${name}`);
    this.store.write("delete", resource, object, this.now);
    this.#map();
  }

  /** Until nothing is dirty. */
  settle(stepsMax = 20_000): void {
    for (let i = 0; this.#dirty.size; i++) {
      if (i > stepsMax) throw new Error("does not settle");
      const key = [...this.#dirty][0] as string;
      this.#dirty.delete(key);
      this.steps++;
      if (this.forgetful) this.#scheduler = createScheduler();
      const due = this.#scheduler.reconcile(key, this.#client());
      if (due === undefined) this.#timers.delete(key);
      else this.#timers.set(key, typeof due === "number" ? due : (due.dueAtMs ?? this.now));
      this.#map();
    }
  }

  advance(ms: number): void {
    this.now += ms;
    for (const [key, due] of this.#timers) {
      if (due > this.now) continue;
      this.#timers.delete(key);
      this.#dirty.add(key);
    }
    this.settle();
  }

  #map(): void {
    for (const change of this.store.takePending().changes) {
      const keys = this.#scheduler.wakesOn[change.resource]?.(change, this.#client() as Reader);
      for (const key of keys ?? []) this.#dirty.add(key);
    }
  }

  #client(): Client {
    const { store, events } = this;
    const modify = (
      resource: string,
      namespace: string,
      name: string,
      change: (o: never) => unknown,
    ) => {
      const current = store.get(resource, namespace, name);
      const next = current && (change(current as never) as KubeObject | undefined);
      if (next) store.write("update", resource, next, this.now);
      return next;
    };
    const client: Partial<Client> = {
      now: this.now,
      get: ((r: string, ns: string, n: string) => store.get(r, ns, n)) as never,
      list: ((r: string, ns?: string) => store.list(r, ns)) as never,
      byIndex: ((i: string, v: string) => store.byIndex(i, v)) as never,
      modify: modify as never,
      delete: (resource, namespace, name) => {
        const pod = store.get(resource, namespace, name) as Pod;
        const leaving = { ...pod.metadata, deletionTimestamp: rfc3339(this.now) };
        store.write("update", resource, { ...pod, metadata: leaving } as Pod, this.now);
      },
      bind: (namespace, name, node) => {
        if (this.bindError) throw this.bindError;
        modify("pods", namespace, name, (pod: Pod) => ({
          ...pod,
          spec: { ...pod.spec, nodeName: node },
          status: { ...pod.status, conditions: [{ type: "PodScheduled", status: "True" }] },
        }));
      },
      event: (about, type, reason, message) => {
        events.push({ about: about.metadata.name, type, reason, message });
      },
      records: {
        get: (table, key) => store.record(table, key),
        put: (table, key, value) => store.putRecord(table, key, value),
        delete: (table, key) => store.putRecord(table, key, undefined),
        keys: (table) => [...store.recordKeys(table)].sort(),
      },
      random: () => {
        this.#chance = (Math.imul(this.#chance, 1_664_525) + 1_013_904_223) >>> 0;
        return this.#chance / 2 ** 32;
      },
    };
    return client as Client;
  }
}
