/**
 * Deliberately planted faults, one of each class, and the invariant that must notice each (hunt.ts). A mutant patches the
 * engine in memory; one that survives means that the simulation is blind there.
 */
import { EngineClient } from "../../../durable-objects/engine/client/client.ts";
import type { Client } from "../../../durable-objects/engine/ports/controller.ts";
import { deploymentController } from "../../../durable-objects/engine/controllers/deployment/deployment.ts";
import { endpointSliceController } from "../../../durable-objects/engine/controllers/endpoints/endpoint-slice.ts";
import { garbageCollector } from "../../../durable-objects/engine/controllers/garbage-collector.ts";
import { replicaSetController } from "../../../durable-objects/engine/controllers/replica-set/replica-set.ts";
import { Log } from "../../../durable-objects/engine/core/log.ts";
import { Pages } from "../../../durable-objects/engine/core/pages.ts";
import { Queue } from "../../../durable-objects/engine/core/queue.ts";
import { Random } from "../../../durable-objects/engine/core/random.ts";
import { Store } from "../../../durable-objects/engine/core/store.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { nodeResourcesFit } from "../../../durable-objects/engine/scheduler/plugins/node-resources-fit.ts";
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
import { clientMutants } from "./clients.ts";
import { containerMutants } from "./containers.ts";
import { themeMutants } from "./themes.ts";
import { workloadMutants } from "./workloads.ts";
import type { Any } from "../simulation.ts";

const storage: Mutant[] = [
  {
    name: "the log drops a revision",
    by: "what the log says is what is",
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
    by: "resourceVersion strictly grows",
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
    name: "the log is cut too far",
    by: "the log on disk tells all after its floor",
    plant: () =>
      patch(
        NodeSql.prototype,
        "exec",
        (was) =>
          function (this: NodeSql, query: string, ...bindings: Any[]) {
            const cut = query.startsWith("DELETE FROM log WHERE rv <= ?");
            return was.call(this, query, ...(cut ? [bindings[0] + 20, bindings[1]] : bindings));
          },
      ),
  },
  {
    name: "waiting keys are not stored",
    by: "lost memory and late alarms leave no trace in the log",
    plant: () => patch(Queue.prototype, "keys", () => () => []),
  },
  {
    name: "timers are not found again after losing memory",
    by: "losing memory changes nothing",
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
    by: "losing memory changes nothing",
    plant: () =>
      patch(
        Pages.prototype,
        "save",
        (was) =>
          function (this: Pages, dirty: Iterable<string>, textOf: Any, bytesMax?: number) {
            const [first, ...rest] = dirty;
            const taken = was.call(this, rest, textOf, bytesMax);
            return first === undefined ? taken : [first, ...taken];
          },
      ),
  },
  {
    name: "a record is not stored",
    by: "losing memory changes nothing",
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
    by: "what fails leaves nothing behind",
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
    by: "a watch replays to the same state",
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
    by: "lost memory and late alarms leave no trace in the log",
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
    by: "replicas are as declared, or something says why",
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
    by: "no Pod waits that fits",
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
  {
    name: "maxSurge is one too many",
    by: "no set grows beyond maxSurge",
    plant: () => scalesWrong(1),
  },
  {
    name: "maxUnavailable is one too many",
    by: "no set shrinks beyond maxUnavailable",
    plant: () => scalesWrong(-1),
  },
  {
    name: "Recreate does not wait",
    by: "Recreate starts nothing while old Pods run",
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
    by: "replicas are as declared, or something says why",
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
    by: "replicas are as declared, or something says why",
    plant: () => through(replicaSetController, () => ({ update: () => undefined })),
  },
  {
    name: "an eviction ignores budgets",
    by: "an eviction never breaks a PodDisruptionBudget",
    plant: () => listLoses("poddisruptionbudgets.policy"),
  },
  {
    name: "a quota is ignored",
    by: "a quota is never overrun by what came under it",
    plant: () => listLoses("resourcequotas"),
  },
  {
    name: "dependents are not found",
    by: "no orphan of a dead owner",
    plant: () => indexLoses("owner"),
  },
  {
    name: "the finalizer of a foreground deletion stays",
    by: "what was deleted is gone",
    plant: () => patch(garbageCollector, "reconcile", () => () => undefined),
  },
  {
    name: "an endpoint is forgotten",
    by: "endpoints are the ready Pods",
    plant: () =>
      through(endpointSliceController, (client) => ({
        podsMatching: (namespace: string, labels: Any) =>
          client.podsMatching(namespace, labels).slice(1),
      })),
  },
  {
    name: "a Pod's address is given twice",
    by: "addresses and ports are unique",
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
    // Its kubelet turns them down, and they are made again.
    by: "the cluster does not run away",
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
    by: "every scheduled Pod fits its node",
    plant: () => patch(nodeResourcesFit as Any, "filter", () => () => undefined),
  },
  {
    name: "an object is stored that no client could write",
    by: "every object decodes and validates to itself",
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
    by: "no reconciler throws",
    plant: () => {
      const now = every(19);
      return patch(replicaSetController, "reconcile", (was) => (key: string, client: Client) => {
        if (now()) throw new TypeError("undefined is not a function");
        return was(key, client);
      });
    },
  },
];

export const mutants: readonly Mutant[] = [
  ...storage,
  ...work,
  ...clientMutants,
  ...containerMutants,
  ...workloadMutants,
  ...themeMutants,
];
