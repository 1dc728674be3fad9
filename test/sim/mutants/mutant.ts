/** What planted faults are made of: a method replaced, a controller that sees or writes something else. */
import type { Client, Controller } from "../../../durable-objects/engine/ports/controller.ts";
import { deploymentController } from "../../../durable-objects/engine/controllers/deployment/deployment.ts";
import { Store } from "../../../durable-objects/engine/core/store.ts";
import type { Any } from "../simulation.ts";

export interface Mutant {
  name: string;
  /** The invariant that must notice it, alone. */
  by: string;
  /** Scenarios of other themes cannot notice it. */
  theme?: string;
  /** Returns what takes it out again. */
  plant(): () => void;
}

/** Replaces a method; `make` gets the one there was. */
export function patch<T extends object, K extends keyof T>(
  on: T,
  key: K,
  make: (was: Any) => Any,
): () => void {
  const was = on[key];
  on[key] = make(was) as T[K];
  return () => {
    on[key] = was;
  };
}

/** Every n-th of what is asked for. */
export function every(n: number): () => boolean {
  let count = 0;
  return () => ++count % n === 0;
}

/** A controller that sees or writes something else. */
export function through(
  controller: Controller,
  change: (client: Client) => Partial<Record<keyof Client, Any>>,
): () => void {
  return patch(
    controller,
    "reconcile",
    (was: Controller["reconcile"]) => (key: string, client: Client) => {
      const changed = change(client) as Record<string | symbol, unknown>;
      const proxy = new Proxy(client, {
        get: (target, name) => {
          const value = changed[name] ?? Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      return was(key, proxy);
    },
  );
}

const sized = (set: Any, replicas: number): Any => ({ ...set, spec: { ...set.spec, replicas } });

/** A Deployment's scaling of a set, moved by `by` where it goes that way. */
export const scalesWrong = (by: number) =>
  through(deploymentController, (client) => ({
    modify: (id: string, namespace: string, name: string, change: (o: Any) => Any, sub?: Any) =>
      client.modify(
        id,
        namespace,
        name,
        (current: Any) => {
          const next = change(current);
          const way = next?.spec?.replicas - current.spec?.replicas;
          if (id !== "replicasets.apps" || !(way * by > 0)) return next;
          return sized(next, Math.max(0, next.spec.replicas + by));
        },
        sub,
      ),
  }));

export const indexLoses = (index: string, most = 0) =>
  patch(
    Store.prototype,
    "byIndex",
    (was) =>
      function (this: Store, name: string, value: string) {
        const found = was.call(this, name, value);
        return name === index ? found.slice(0, most) : found;
      },
  );

export const listLoses = (resource: string) =>
  patch(
    Store.prototype,
    "list",
    (was) =>
      function (this: Store, id: string, namespace?: string) {
        return id === resource && namespace ? [] : was.call(this, id, namespace);
      },
  );

export const both =
  (...undos: (() => void)[]) =>
  (): void =>
    undos.forEach((undo) => undo());
