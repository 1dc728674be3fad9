/**
 * Deliberately planted faults, one of each class, and the invariant that kills each. A mutant patches the engine in
 * memory, for the length of its hunt; one that survives means that the simulation is blind there.
 */
import { EngineClient } from "../../durable-objects/engine/client.ts";
import type { Client } from "../../durable-objects/engine/controllers/define.ts";
import { deploymentController } from "../../durable-objects/engine/controllers/deployment.ts";
import { endpointSliceController } from "../../durable-objects/engine/controllers/endpoint-slice.ts";
import { garbageCollector } from "../../durable-objects/engine/controllers/garbage-collector.ts";
import { replicaSetController } from "../../durable-objects/engine/controllers/replica-set.ts";
import { Log } from "../../durable-objects/engine/core/log.ts";
import { Pages } from "../../durable-objects/engine/core/pages.ts";
import { Queue } from "../../durable-objects/engine/core/queue.ts";
import { Random } from "../../durable-objects/engine/core/random.ts";
import { Store } from "../../durable-objects/engine/core/store.ts";
import { nodeResourcesFit } from "../../durable-objects/engine/scheduler/plugins/node-resources-fit.ts";
import {
  both,
  every,
  indexLoses,
  listLoses,
  patch,
  scalesWrong,
  through,
  type Mutant,
} from "./mutant.ts";
import { clientMutants } from "./mutants-clients.ts";
import { containerMutants } from "./mutants-containers.ts";
import { judge, scenarioOf } from "./scenario.ts";
import type { Any } from "./simulation.ts";

const storage: Mutant[] = [
  {
    name: "the log drops a revision",
    plant: () => {
      const now = every(97);
      return patch(
        Store.prototype,
        "takePending",
        (was) =>
          function (this: Store) {
            const pending = was.call(this);
            if (pending.changes.length > 1 && now()) pending.changes.pop();
            return pending;
          },
      );
    },
  },
  {
    name: "a resourceVersion is given twice",
    plant: () => {
      const now = every(61);
      return patch(
        Store.prototype,
        "write",
        (was) =>
          function (this: Store, ...args: unknown[]) {
            const change = was.apply(this, args);
            if (now()) this.rv -= 1;
            return change;
          },
      );
    },
  },
  {
    name: "waiting keys are not stored",
    plant: () => patch(Queue.prototype, "keys", () => () => []),
  },
  {
    name: "timers are not found again after losing memory",
    plant: () =>
      patch(
        Queue.prototype,
        "rebuild",
        () =>
          function (this: Queue, dirty: string[]) {
            for (const work of dirty) this.add(work);
          },
      ),
  },
  {
    name: "a checkpoint forgets a key",
    plant: () =>
      patch(
        Pages.prototype,
        "save",
        (was) =>
          function (this: Pages, dirty: Set<string>, textOf: Any) {
            was.call(this, [...dirty].slice(1), textOf);
          },
      ),
  },
  {
    name: "a record is not stored",
    plant: () => {
      const now = every(41);
      return patch(
        Store.prototype,
        "takePending",
        (was) =>
          function (this: Store) {
            const pending = was.call(this);
            if (now()) pending.records.pop();
            return pending;
          },
      );
    },
  },
  {
    name: "a failed step is not taken back",
    plant: () =>
      patch(
        Store.prototype,
        "transaction",
        (was) =>
          function (this: Store, body: () => void) {
            let thrown: unknown;
            const changes = was.call(this, () => {
              try {
                body();
              } catch (error) {
                thrown = error;
              }
            });
            if (thrown !== undefined) throw thrown;
            return changes;
          },
      ),
  },
  {
    name: "a watch misses a revision",
    plant: () => {
      const now = every(5);
      return patch(
        Log.prototype,
        "since",
        (was) =>
          function (this: Log, rv: number) {
            const found = was.call(this, rv);
            const entries = found && [...found];
            return entries && entries.length > 1 && now() ? entries.slice(1) : entries;
          },
      );
    },
  },
  {
    name: "chance depends on what ran before",
    plant: () => {
      let drawn = 0;
      return patch(
        Random.prototype,
        "next32",
        (was) =>
          function (this: Random) {
            return (was.call(this) + drawn++) >>> 0;
          },
      );
    },
  },
];

const work: Mutant[] = [
  {
    name: "a timer is not set",
    plant: () => {
      const now = every(7);
      return patch(
        Queue.prototype,
        "setTimer",
        (was) =>
          function (this: Queue, key: string, due?: number) {
            was.call(this, key, key.startsWith("kubelet") && now() ? undefined : due);
          },
      );
    },
  },
  {
    name: "a waiting Pod is not woken",
    plant: () => {
      const now = every(3);
      return patch(
        Queue.prototype,
        "add",
        (was) =>
          function (this: Queue, key: string) {
            if (!key.startsWith("scheduler") || !now()) was.call(this, key);
          },
      );
    },
  },
  { name: "maxSurge is one too many", plant: () => scalesWrong(1) },
  { name: "maxUnavailable is one too many", plant: () => scalesWrong(-1) },
  {
    name: "Recreate does not wait",
    plant: () =>
      through(deploymentController, (client) => ({
        byIndex: (index: string, value: string) =>
          client
            .byIndex(index, value)
            .filter((o) => o.kind !== "Pod")
            .map((o: Any) =>
              o.kind === "ReplicaSet" ? { ...o, status: { ...o.status, replicas: 0 } } : o,
            ),
        get: (id: string, namespace: string, name: string) => {
          const o: Any = client.get(id, namespace, name);
          return o?.kind === "ReplicaSet" ? { ...o, status: { ...o.status, replicas: 0 } } : o;
        },
      })),
  },
  {
    name: "a ReplicaSet counts a Pod twice",
    plant: () =>
      through(replicaSetController, (client) => ({
        byIndex: (index: string, value: string) => {
          const pods = client.byIndex(index, value);
          return pods.length > 2 ? [...pods, pods[0]] : pods;
        },
      })),
  },
  {
    name: "a ReplicaSet writes no status",
    plant: () => through(replicaSetController, () => ({ update: () => undefined })),
  },
  {
    name: "an eviction ignores budgets",
    plant: () => listLoses("poddisruptionbudgets.policy"),
  },
  { name: "a quota is ignored", plant: () => listLoses("resourcequotas") },
  { name: "dependents are not found", plant: () => indexLoses("owner") },
  {
    name: "the finalizer of a foreground deletion stays",
    plant: () => patch(garbageCollector, "reconcile", () => () => undefined),
  },
  {
    name: "an endpoint is forgotten",
    plant: () =>
      through(endpointSliceController, (client) => ({
        podsMatching: (namespace: string, labels: Any) =>
          client.podsMatching(namespace, labels).slice(1),
      })),
  },
  {
    name: "a Pod's address is given twice",
    plant: () =>
      both(
        indexLoses("pod.ip"),
        patch(
          Store.prototype,
          "putRecord",
          (was) =>
            function (this: Store, table: string, key: string, value: Any) {
              const kept =
                table === "kubelet-node" && value ? { ...value, nextIp: undefined } : value;
              was.call(this, table, key, kept);
            },
        ),
      ),
  },
  {
    name: "a node takes what does not fit",
    plant: () =>
      patch(
        EngineClient.prototype,
        "bind",
        (was) =>
          function (this: EngineClient, namespace: string, pod: string) {
            was.call(this, namespace, pod, "node-1");
          },
      ),
  },
  {
    name: "the scheduler does not look at requests",
    plant: () => patch(nodeResourcesFit as Any, "filter", () => () => undefined),
  },
  {
    name: "an object is stored that no client could write",
    plant: () =>
      patch(
        Store.prototype,
        "write",
        (was) =>
          function (this: Store, op: string, id: string, object: Any, at: number) {
            const odd =
              id === "pods" ? { ...object, spec: { ...object.spec, colour: "red" } } : object;
            return was.call(this, op, id, odd, at);
          },
      ),
  },
  {
    name: "a reconciler throws",
    plant: () => {
      const now = every(19);
      return patch(replicaSetController, "reconcile", (was) => (key: string, client: Client) => {
        if (now()) throw new TypeError("undefined is not a function");
        return was(key, client);
      });
    },
  },
];

const seedsMax = 200;
const length = 24;

/** Prints the table, or its rows of which the name has this part; true when no mutant survives. */
export function hunt(only = ""): boolean {
  let survivors = 0;
  for (const { name, plant } of [...storage, ...work, ...clientMutants, ...containerMutants]) {
    if (!name.includes(only)) continue;
    const undo = plant();
    let killed = "SURVIVES";
    try {
      for (let seed = 1; seed <= seedsMax && killed === "SURVIVES"; seed++) {
        const failure = failureOf(seed);
        if (failure) killed = `${failure} (seed ${seed})`;
      }
    } finally {
      undo();
    }
    if (killed === "SURVIVES") survivors += 1;
    console.log(`${name.padEnd(50)} ${killed}`);
  }
  console.log(survivors === 0 ? "no mutant survives" : `${survivors} SURVIVE`);
  return survivors === 0;
}

function failureOf(seed: number): string | undefined {
  try {
    return judge(scenarioOf(seed, length)).failure?.invariant;
  } catch (error) {
    // An engine that cannot even start again is found, too.
    return `thrown: ${(error as Error).message.slice(0, 80)}`;
  }
}
