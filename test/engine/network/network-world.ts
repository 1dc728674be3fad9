/** A cluster whose network tests can ask things of: requests from Pods, nodes and outside, commands in containers. */
import type { Client } from "../../../durable-objects/engine/ports/controller.ts";
import { runtimeContext, runtime } from "../../../durable-objects/engine/cri/runtime.ts";
import { ingressController } from "../../../durable-objects/engine/controllers/ingress-address.ts";
import * as requests from "../../../durable-objects/engine/network/request.ts";
import type {
  RequestSource,
  RequestResult,
  Target,
} from "../../../durable-objects/engine/network/request.ts";
import type { ExecResult } from "../../../durable-objects/engine/runtime/runtime-port.ts";
import type { RuntimeContext } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import { World } from "../../helpers/world.ts";

const ingressClass = {
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: "nginx" },
  spec: { controller: "k8s.io/ingress-nginx" },
};

export class NetworkWorld extends World {
  #client: Client | undefined;

  #asked = 0;

  constructor(nodes = 2) {
    super({ nodes });
    this.create(
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name: "unserved" },
        spec: {
          ingressClassName: "none",
          defaultBackend: { service: { name: "x", port: { number: 1 } } },
        },
      },
      ingressClass,
    );
    this.settle();
    this.#meet();
  }

  override evict(): void {
    super.evict();
    this.#meet();
  }

  /** The engine hands its client to reconcilers only: one of them passes it on. */
  #meet(): void {
    const { reconcile } = ingressController;
    ingressController.reconcile = (key, client) => {
      this.#client = client;
      return reconcile(key, client);
    };
    this.patch("/apis/networking.k8s.io/v1/namespaces/default/ingresses/unserved", {
      metadata: { annotations: { asked: String(++this.#asked) } },
    });
    this.engine.run(this.now);
    ingressController.reconcile = reconcile;
  }

  /** Runs a body as a session would: with a context, committed, what it woke drained. */
  with<T>(body: (context: RuntimeContext) => T): T {
    const result = this.engine.session(this.now, () =>
      body(runtimeContext(this.#client as Client)),
    );
    this.check();
    return result;
  }

  /** A request and its outcome; virtual time passes as long as it takes, up to `withinMs`. */
  ask(
    from: RequestSource,
    target: Target | string,
    withinMs = 200_000,
  ): RequestResult & { tookMs: number } {
    const began = this.now;
    const wanted = typeof target === "string" ? { host: target } : target;
    let pending = this.with((context) => requests.request(context, from, wanted));
    const end = began + withinMs;
    while (!pending.done && this.now < end) {
      const { id } = pending as unknown as requests.PendingRequest;
      this.advanceToNext(end);
      const next = this.with((context) => requests.requestResult(context, { id }));
      pending = next.done ? next : { ...next, id };
    }
    if (!pending.done) throw new Error("no outcome");
    return { ...pending.result, tookMs: this.now - began };
  }

  /** Runs a command in a Pod's first container to its end. */
  exec(
    pod: string,
    command: string | string[],
    withinMs = 200_000,
  ): ExecResult & { tookMs: number } {
    const began = this.now;
    const key = pod.includes("/") ? pod : `default/${pod}`;
    const [namespace = "", name = ""] = key.split("/");
    const container = this.pod(name, namespace).status.containerStatuses[0];
    const id = container.containerID.replace("containerd://", "");
    const argv = typeof command === "string" ? ["sh", "-c", command] : command;
    const handle = this.with((context) => {
      const started = runtime.exec(context, key, id, argv);
      context.wakePod(key);
      return started;
    });
    if (typeof handle !== "string") throw new Error(handle.error);
    for (;;) {
      const pending = this.with((context) => runtime.execResult(context, key, handle));
      if (pending.done) return { ...pending.result, tookMs: this.now - began };
      if (this.now - began >= withinMs) throw new Error("still running");
      this.advanceToNext(began + withinMs);
    }
  }

  advanceToNext(end: number): void {
    const due = this.engine.nextDueMs(this.now);
    this.now = Math.min(end, due === undefined ? end : Math.max(this.now, due));
    this.engine.run(this.now);
    this.check();
  }

  ip(pod: string, namespace = "default"): string {
    return this.pod(pod, namespace).status.podIP;
  }
}

/** One line for a result: `200 body`, `refused`. */
export function told(result: RequestResult): string {
  return "response" in result
    ? `${result.response.status} ${result.response.body.trim()}`
    : result.error;
}

export const podOf = (
  name: string,
  image: string,
  more: {
    labels?: Record<string, string>;
    namespace?: string;
    spec?: object;
    container?: object;
  } = {},
): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: more.namespace ?? "default", labels: { app: name, ...more.labels } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "main", image, ...more.container }],
    ...more.spec,
  },
});

export const sleeper = (name: string, more: Parameters<typeof podOf>[2] = {}): object =>
  podOf(name, "busybox:1.36", {
    ...more,
    container: { command: ["sleep", "infinity"], ...more.container },
  });

export const whoami = (name: string, more: Parameters<typeof podOf>[2] = {}): object =>
  podOf(name, "registry.k8s.io/e2e-test-images/agnhost:2.63.0", {
    ...more,
    container: { args: ["serve-hostname", "--port", "8080"], ...more.container },
  });

export const serviceOf = (name: string, spec: object, namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec,
});
