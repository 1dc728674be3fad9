/**
 * A cluster for tests: apply, let virtual time pass, look. Wall time is what the test says it is; nothing sleeps.
 */
import { parseAllDocuments } from "yaml";
import { Engine, type EngineOptions } from "../../durable-objects/engine/index.ts";
import type { KubeObject } from "../../durable-objects/engine/core/object.ts";
import type {
  ApiRequest,
  EngineResponse,
  Reply,
  Subscription,
} from "../../durable-objects/engine/ports/request.ts";
import { decodeProtobuf } from "../../durable-objects/engine/schema/protobuf.ts";
import { NodeSql } from "./node-sql.ts";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  // Tests read answers of every kind.
  // oxlint-disable-next-line no-explicit-any
  body: any;
}

export interface RequestOptions {
  headers?: Record<string, string>;
  accept?: string;
  type?: string;
  /** What the edge says of the request. */
  edge?: Pick<ApiRequest, "user" | "tokenHash" | "publicPath" | "preview"> | undefined;
}

/** 2026-01-01T00:00:00Z */
export const start = 1_767_225_600_000;

const tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

export class World {
  readonly sql: NodeSql;
  readonly options: EngineOptions;
  engine: Engine;
  /** Wall ms. */
  now = start;

  constructor(options: Partial<EngineOptions> = {}, sql = new NodeSql()) {
    this.sql = sql;
    const identity = { id: "test", secret: "of this world's tokens" };
    this.options = { seed: "test", nodes: 3, name: "test", nowMs: start, identity, ...options };
    this.engine = new Engine(this.sql, this.options);
  }

  /** Throws the engine away and makes it anew from what is on disk, as an eviction does. */
  evict(): void {
    this.engine = new Engine(this.sql, { ...this.options, nowMs: this.now });
  }

  raw(method: string, url: string, body?: unknown, options: RequestOptions = {}): EngineResponse {
    const [path = "", query = ""] = url.split("?");
    const bytes =
      body === undefined
        ? undefined
        : body instanceof Uint8Array
          ? body
          : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
    const headers: Record<string, string> = {
      "user-agent": "kubectl/v1.33.1 (linux/amd64) kubernetes/8adc0f0",
      accept: options.accept ?? "application/json",
      ...(bytes ? { "content-type": options.type ?? "application/json" } : {}),
      ...options.headers,
    };
    this.engine.look(this.now);
    return this.engine.handle(
      { method, path, query, headers, ...options.edge, ...(bytes ? { body: bytes } : {}) },
      this.now,
    );
  }

  request(method: string, url: string, body?: unknown, options: RequestOptions = {}): Answer {
    return this.answerOf(this.raw(method, url, body, options));
  }

  /** What was answered, read as its type says. */
  answerOf(given: EngineResponse): Answer {
    const response = given as Reply;
    const text =
      typeof response.body === "string" ? response.body : new TextDecoder().decode(response.body);
    let parsed: unknown = text;
    if (response.headers["content-type"]?.includes("json"))
      parsed = text ? JSON.parse(text) : undefined;
    if (response.headers["content-type"] === "application/vnd.kubernetes.protobuf")
      parsed = decodeProtobuf(response.body as Uint8Array).value;
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  /** GET that must succeed. */
  // oxlint-disable-next-line no-explicit-any
  get(url: string): any {
    const answer = this.request("GET", url);
    if (answer.status !== 200) throw new Error(`GET ${url}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** Creates every document of a YAML text (or objects), in namespace `default` unless they say otherwise. Must succeed. */
  create(...manifests: (string | object)[]): void {
    for (const object of manifests.flatMap(documents)) {
      const answer = this.request("POST", collectionOf(object), object);
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    }
  }

  /** Server-side apply of every document, as `kubectl apply --server-side`. */
  apply(...manifests: (string | object)[]): void {
    for (const object of manifests.flatMap(documents)) {
      const answer = this.request(
        "PATCH",
        `${collectionOf(object)}/${object.metadata.name}?fieldManager=kubectl&force=true`,
        object,
        { type: "application/apply-patch+yaml" },
      );
      if (answer.status > 201) throw new Error(`${answer.status} ${answer.text}`);
    }
  }

  patch(url: string, patch: unknown, type = "application/merge-patch+json"): Answer {
    const answer = this.request("PATCH", url, patch, { type });
    if (answer.status !== 200) throw new Error(`PATCH ${url}: ${answer.status} ${answer.text}`);
    return answer;
  }

  delete(url: string, options?: unknown): Answer {
    return this.request("DELETE", url, options);
  }

  /** Lets wall (and so virtual) time pass, alarm by alarm as the object would. */
  advance(ms: number): void {
    const target = this.now + ms;
    for (let runs = 0, since = this.now; ; runs++) {
      const due = this.engine.nextDueMs(this.now);
      if (due === undefined || due > target) break;
      if (due > since) [runs, since] = [0, due];
      // Work that wakes itself without end would hang the suite.
      if (runs > 20_000) throw new Error(`time stands still at ${since}`);
      this.now = Math.max(this.now, due);
      this.engine.run(this.now);
    }
    this.now = target;
    this.engine.run(this.now);
    this.check();
  }

  /** Runs until nothing is due within `withinMs`; fails if that never comes. */
  settle(withinMs = 600_000): void {
    const end = this.now + withinMs;
    for (let i = 0; i < 100_000; i++) {
      const due = this.engine.nextDueMs(this.now);
      if (due === undefined || due > end) return this.check();
      this.now = Math.max(this.now, due);
      this.engine.run(this.now);
    }
    throw new Error("the cluster does not settle");
  }

  /** Advances in small steps until the condition holds; fails after `withinMs`. */
  until(condition: () => boolean, withinMs = 120_000): void {
    const end = this.now + withinMs;
    while (!condition()) {
      if (this.now >= end) throw new Error(`not within ${withinMs} ms`);
      const due = this.engine.nextDueMs(this.now);
      this.now = due === undefined ? end : Math.min(end, Math.max(this.now, due));
      this.engine.run(this.now);
    }
    this.check();
  }

  /** A reconciler that threw is a fault of Podyard: no test may pass over it. */
  check(): void {
    const fault = this.engine.faults[0];
    if (fault) throw new Error(`fault in ${fault.work}`, { cause: fault.error });
  }

  // oxlint-disable-next-line no-explicit-any
  pods(namespace = "default", selector = ""): any[] {
    const query = selector ? `?labelSelector=${encodeURIComponent(selector)}` : "";
    return this.get(`/api/v1/namespaces/${namespace}/pods${query}`).items;
  }

  // oxlint-disable-next-line no-explicit-any
  pod(name: string, namespace = "default"): any {
    return this.get(`/api/v1/namespaces/${namespace}/pods/${name}`);
  }

  /** Cells of a server-made Table, as rows of column name -> cell. */
  rows(url: string): Record<string, unknown>[] {
    const { body } = this.request("GET", url, undefined, { accept: tableAccept });
    const names: string[] = body.columnDefinitions.map((c: { name: string }) => c.name);
    return body.rows.map((row: { cells: unknown[] }) =>
      Object.fromEntries(row.cells.map((cell, i) => [names[i], cell])),
    );
  }

  /** What `kubectl get` prints (with `wide`, all columns). */
  print(url: string, wide = false): string {
    const { body } = this.request("GET", url, undefined, { accept: tableAccept });
    const shown = body.columnDefinitions
      .map((c: { priority: number }, i: number) => (wide || c.priority === 0 ? i : -1))
      .filter((i: number) => i >= 0);
    const lines: string[][] = [
      shown.map((i: number) => body.columnDefinitions[i].name.toUpperCase()),
      ...body.rows.map((row: { cells: unknown[] }) =>
        shown.map((i: number) => String(row.cells[i] ?? "<none>")),
      ),
    ];
    const widths = shown.map((_: number, c: number) =>
      Math.max(...lines.map((l) => (l[c] as string).length)),
    );
    return lines
      .map((l) =>
        l
          .map((cell, c) => cell.padEnd(widths[c] + 3))
          .join("")
          .trimEnd(),
      )
      .join("\n");
  }

  /** Messages of the Events about an object, oldest first: `Normal Scheduled Successfully assigned ...`. */
  events(name: string, namespace = "default"): string[] {
    const list = this.get(
      `/api/v1/namespaces/${namespace}/events?fieldSelector=${encodeURIComponent(`involvedObject.name=${name}`)}`,
    );
    // oxlint-disable-next-line no-explicit-any
    const sorted = list.items.sort(
      (a: any, b: any) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion),
    );
    // oxlint-disable-next-line no-explicit-any
    return sorted.map((e: any) => `${e.type} ${e.reason} ${e.message}`);
  }

  /** Opens a watch; `read()` gives the events owed since the last read. */
  watch(
    url: string,
    options: RequestOptions = {},
  ): { read(): WatchEvent[]; subscription: Subscription } {
    const opened = this.raw("GET", url, undefined, options);
    if (opened.type !== "watch") throw new Error(JSON.stringify(opened));
    let pending = opened.lines;
    const state = { subscription: opened.subscription };
    return {
      get subscription() {
        return state.subscription;
      },
      read: () => {
        const polled = this.engine.poll(state.subscription, this.now);
        state.subscription = polled.subscription;
        const lines = [...pending, ...polled.lines];
        pending = [];
        return lines.map((l) => JSON.parse(l) as WatchEvent);
      },
    };
  }
}

export interface WatchEvent {
  type: string;
  // oxlint-disable-next-line no-explicit-any
  object: any;
}

type Manifest = KubeObject & { metadata: { namespace?: string; name: string } };

function documents(manifest: string | object): Manifest[] {
  if (typeof manifest !== "string") return [manifest as Manifest];
  return parseAllDocuments(manifest)
    .map((d) => d.toJS() as Manifest)
    .filter(Boolean);
}

const clusterScoped = new Set([
  "Namespace",
  "CustomResourceDefinition",
  "Node",
  "PersistentVolume",
  "ClusterRole",
  "ClusterRoleBinding",
  "PriorityClass",
  "StorageClass",
  "IngressClass",
  "Clock",
  "Image",
  "RuntimeClass",
  "CSIDriver",
  "CSINode",
  "FlowSchema",
  "PriorityLevelConfiguration",
  "ServiceCIDR",
  "APIService",
  "VolumeAttachment",
  "VolumeAttributesClass",
  "IPAddress",
  "DeviceClass",
  "ResourceSlice",
  "CertificateSigningRequest",
]);

const irregular: Record<string, string> = {
  BackendTLSPolicy: "backendtlspolicies",
  Endpoints: "endpoints",
  NetworkPolicy: "networkpolicies",
  Ingress: "ingresses",
  CSIStorageCapacity: "csistoragecapacities",
};

/** `/apis/apps/v1/namespaces/default/deployments` of a Deployment. */
export function collectionOf(object: Manifest): string {
  const { apiVersion, kind } = object;
  const plural = irregular[kind] ?? `${kind.toLowerCase()}${kind.endsWith("s") ? "es" : "s"}`;
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (clusterScoped.has(kind)) return `${root}/${plural}`;
  return `${root}/namespaces/${object.metadata.namespace ?? "default"}/${plural}`;
}
