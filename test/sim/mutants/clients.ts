/** Planted faults that only clients see: requests that meet due work, watches that go on, lists of the past, the clock. */
import { daemonSetController } from "../../../durable-objects/engine/controllers/daemon-set/daemon-set.ts";
import { replicaSetController } from "../../../durable-objects/engine/controllers/replica-set/replica-set.ts";
import { tooManyRequests } from "../../../durable-objects/engine/machinery/status.ts";
import { Log } from "../../../durable-objects/engine/core/log.ts";
import { Queue } from "../../../durable-objects/engine/core/queue.ts";
import { Store } from "../../../durable-objects/engine/core/store.ts";
import { Engine } from "../../../durable-objects/engine/index.ts";
import { both, every, patch, through, type Mutant } from "./mutant.ts";
import type { Any } from "../simulation.ts";

/** Reads a property of the log from the store that belongs to it. */
function headOfStore(): () => void {
  const stores = new WeakMap<Log, Store>();
  const was = Object.getOwnPropertyDescriptor(Log.prototype, "head") as PropertyDescriptor;
  Object.defineProperty(Log.prototype, "head", {
    configurable: true,
    get(this: Log) {
      return stores.get(this)?.rv ?? was.get?.call(this);
    },
  });
  const knows = (key: "handle" | "poll"): (() => void) =>
    patch(
      Engine.prototype,
      key,
      (method) =>
        function (this: Engine, ...args: unknown[]) {
          stores.set(this.log, this.store);
          return method.apply(this, args);
        },
    );
  return both(knows("handle"), knows("poll"), () =>
    Object.defineProperty(Log.prototype, "head", was),
  );
}

/** Watches and lists of the past see a turn's revisions only when it is over. */
function remembersAtEnd(): () => void {
  let persisting = false;
  return both(
    patch(
      Log.prototype,
      "persist",
      (was) =>
        function (this: Log, ...args: unknown[]) {
          persisting = true;
          try {
            return was.apply(this, args);
          } finally {
            persisting = false;
          }
        },
    ),
    patch(
      Log.prototype,
      "remember",
      (was) =>
        function (this: Log, turn: unknown) {
          if (persisting) was.call(this, turn);
        },
    ),
  );
}

/** An engine tells nothing from before it was made. */
function knowsSinceBirth(): () => void {
  const from = new WeakMap<Log, number>();
  return both(
    patch(
      Log.prototype,
      "hydrate",
      (was) =>
        function (this: Log, base: unknown) {
          const found = was.call(this, base);
          from.set(this, this.head);
          return found;
        },
    ),
    patch(
      Log.prototype,
      "since",
      (was) =>
        function (this: Log, rv: number) {
          return rv < (from.get(this) ?? 0) ? undefined : was.call(this, rv);
        },
    ),
  );
}

/** A request as it arrives, changed on the way. */
const arrives = (change: (request: Any) => Any): (() => void) =>
  patch(
    Engine.prototype,
    "handle",
    (was) =>
      function (this: Engine, request: Any, wallMs: number) {
        return was.call(this, change(request), wallMs);
      },
  );

function withoutRevision(request: Any): Any {
  if (request.method !== "PUT" || !request.body) return request;
  const object = JSON.parse(new TextDecoder().decode(request.body));
  delete object.metadata?.resourceVersion;
  return { ...request, body: new TextEncoder().encode(JSON.stringify(object)) };
}

const storesRecord = (table: string, change: (value: Any) => Any): (() => void) =>
  patch(
    Store.prototype,
    "loadRecord",
    (was) =>
      function (this: Store, of: string, key: string, value: Any) {
        was.call(this, of, key, of === table && value ? change(value) : value);
      },
  );

const watching: Mutant[] = [
  {
    name: "a watch opened while work is due passes it over",
    by: "a watch replays to the same state",
    plant: () => both(headOfStore(), remembersAtEnd()),
  },
  {
    name: "a list of the past misses what its turn wrote",
    by: "a list shows one revision, whole",
    plant: remembersAtEnd,
  },
  {
    name: "the log forgets without saying so",
    by: "a watch replays from any revision",
    plant: () =>
      patch(
        Log.prototype,
        "since",
        (was) =>
          function (this: Log, rv: number) {
            return was.call(this, Math.max(rv, this.floor));
          },
      ),
  },
  {
    name: "the past ends with memory",
    by: "only what the log has forgotten is gone",
    plant: knowsSinceBirth,
  },
  {
    name: "who leaves a selector is not noticed",
    by: "a watch replays to the same state",
    plant: () =>
      patch(
        Log.prototype,
        "since",
        (was) =>
          function (this: Log, rv: number) {
            const entries = was.call(this, rv);
            return (
              entries &&
              [...entries].map(({ rv: at, op, resource, namespace, name, object, text }: Any) => ({
                ...{ rv: at, op, resource, namespace, name, object, text },
                previousLabels: object.metadata.labels ?? {},
                previousFields: {},
              }))
            );
          },
      ),
  },
  {
    name: "a watch tells twice",
    by: "a watch tells each revision once, in order",
    plant: () => {
      const now = every(11);
      return patch(
        Engine.prototype,
        "poll",
        (was) =>
          function (this: Engine, ...args: unknown[]) {
            const polled = was.apply(this, args);
            return now() ? { ...polled, lines: [...polled.lines, ...polled.lines] } : polled;
          },
      );
    },
  },
];

const asking: Mutant[] = [
  {
    name: "a refused request keeps what it had begun",
    by: "a refused request changes nothing",
    plant: () =>
      patch(
        Store.prototype,
        "transaction",
        (was) =>
          function (this: Store, body: () => void) {
            return was.call(this, () => {
              try {
                body();
              } catch (error) {
                if ((error as Error).name !== "Refused") throw error;
              }
            });
          },
      ),
  },
  {
    name: "the server errs",
    by: "no 5xx",
    plant: () => {
      const now = every(83);
      return patch(
        Engine.prototype,
        "handle",
        (was) =>
          function (this: Engine, ...args: unknown[]) {
            const answer = was.apply(this, args);
            return now() && answer.type === "reply" ? { ...answer, status: 500 } : answer;
          },
      );
    },
  },
  {
    name: "the second writer wins",
    by: "the second writer loses",
    plant: () => arrives(withoutRevision),
  },
];

const timing: Mutant[] = [
  {
    name: "a clock that stands still runs again after losing memory",
    by: "losing memory changes nothing",
    plant: () => storesRecord("clock", (clock) => ({ ...clock, paused: false })),
  },
  {
    name: "what is due is due again at once",
    by: "time goes on",
    plant: () =>
      patch(
        Queue.prototype,
        "setTimers",
        (was) =>
          function (this: Queue, work: string, due: Any, now: number) {
            was.call(this, work, typeof due === "number" ? now : due, now);
          },
      ),
  },
  {
    name: "a request does not run what is due before it",
    by: "lost memory and late alarms leave no trace in the log",
    plant: () =>
      patch(
        Engine.prototype,
        "handle",
        (was) =>
          function (this: Engine, request: unknown, wallMs: number) {
            return was.call(this, request, Math.min(wallMs, this.virtualNow));
          },
      ),
  },
  {
    name: "a look is forgotten with memory",
    by: "lost memory and late alarms leave no trace in the log",
    plant: () =>
      patch(
        Log.prototype,
        "meta",
        (was) =>
          function (this: Log, key: string) {
            return key === "looked" ? undefined : was.call(this, key);
          },
      ),
  },
];

const looping: Mutant[] = [
  {
    name: "a ReplicaSet does not see its Pods",
    by: "the cluster does not run away",
    plant: () => through(replicaSetController, () => ({ byIndex: () => [] })),
  },
  {
    name: "a DaemonSet passes a node over",
    by: "one daemon Pod on every node that takes it",
    plant: () =>
      through(daemonSetController, (client) => ({
        create: (...args: [string, Any]) =>
          JSON.stringify(args[1]).includes('"values":["node-1"]')
            ? args[1]
            : client.create(...args),
      })),
  },
  {
    name: "some work fails again and again",
    by: "no work fails for ever",
    plant: () =>
      patch(replicaSetController, "reconcile", () => () => {
        throw tooManyRequests("not now", 1);
      }),
  },
];

export const clientMutants: readonly Mutant[] = [...watching, ...asking, ...timing, ...looping];
