/** StatefulSet: Pods with names, one of each ordinal. k8s: pkg/controller/statefulset/stateful_set.go */
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { StatefulSet } from "../../kinds/stateful-set/shape.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { Client, Controller, Due } from "../../ports/controller.ts";
import { claim, ownersOf, type OwnerKind } from "../workload/controller-ref.ts";
import { component } from "./claims.ts";
import { historyOf, revisionOf, trimHistory, type History } from "./history.ts";
import { availableAt, isGoing, isRunningAndReady, ordinalOf } from "./identity.ts";
import { update, viewOf, type Done } from "./update.ts";

const sets = "statefulsets.apps";

const statefulSets: OwnerKind<StatefulSet> = {
  resource: sets,
  kind: "StatefulSet",
  selector: (set) => labelSelector(set.spec.selector),
};

export const statefulSetController: Controller = {
  name: "statefulset",
  component,
  wakesOn: {
    [sets]: (change) => [objectKey(change.namespace, change.name)],
    pods: (change, reader) => ownersOf(statefulSets, change, reader),
  },
  reconcile,
};

function reconcile(key: string, client: Client): Due {
  const { namespace, name } = splitKey(key);
  const set = client.get<StatefulSet>(sets, namespace, name);
  if (!set) return undefined;
  const history = historyOf(client, set);
  const pods = podsOf(client, set);
  const done = set.metadata.deletionTimestamp
    ? { failed: false, replaced: 0 }
    : update(viewOf(client, set, history, pods));
  const counted = pods.map(([, pod]) => pod);
  const dueAtMs = writeStatus(client, set, history, counted, done);
  trimHistory(client, set, history, counted);
  return done.failed ? { retry: true, dueAtMs } : dueAtMs;
}

/** Its Pods with their ordinals; of others' names it adopts none. k8s: getPodsForStatefulSet */
const podsOf = (client: Client, set: StatefulSet): [ordinal: number, pod: Pod][] =>
  claim<Pod>(client, set, statefulSets.selector(set), {
    resource: "pods",
    kind: "Pod",
    adoptable: (pod) => ordinalOf(set, pod.metadata.name) !== undefined,
  }).flatMap((pod): [number, Pod][] => {
    const ordinal = ordinalOf(set, pod.metadata.name);
    return ordinal === undefined ? [] : [[ordinal, pod]];
  });

type Status = NonNullable<StatefulSet["status"]>;

/** Of the Pods as they were before this reconcile made or deleted any. k8s: computeReplicaStatus */
function statusOf(
  client: Client,
  set: StatefulSet,
  { current, update: next, collisionCount }: History,
  pods: readonly Pod[],
  { replaced }: Done,
): Status {
  const staying = pods.filter((pod) => !isGoing(pod));
  const at = (name: string): number => staying.filter((pod) => revisionOf(pod) === name).length;
  const status = {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: pods.filter(isRunningAndReady).length,
    availableReplicas: pods.filter((pod) => availableAt(set, pod) <= client.now).length,
    currentReplicas: at(current.name) - replaced,
    updatedReplicas: at(next.name),
    currentRevision: current.name,
    updateRevision: next.name,
    collisionCount,
  };
  const { replicas } = set.spec;
  const complete = [status.updatedReplicas, status.readyReplicas, status.replicas];
  // k8s: completeRollingUpdate
  if (set.spec.updateStrategy?.type === "RollingUpdate" && complete.every((n) => n === replicas)) {
    status.currentReplicas = status.updatedReplicas;
    status.currentRevision = status.updateRevision;
  }
  status.currentReplicas = Math.max(0, status.currentReplicas);
  const { readyReplicas, currentReplicas, updatedReplicas, ...rest } = status;
  return {
    ...rest,
    ...(readyReplicas ? { readyReplicas } : {}),
    ...(currentReplicas ? { currentReplicas } : {}),
    ...(updatedReplicas ? { updatedReplicas } : {}),
  };
}

/** Returns when the next Pod becomes available. Conditions are nobody's, and go with the next change. k8s: inconsistentStatus */
function writeStatus(
  client: Client,
  stale: StatefulSet,
  history: History,
  pods: readonly Pod[],
  done: Done,
): number | undefined {
  const { namespace = "", name } = stale.metadata;
  const set = client.get<StatefulSet>(sets, namespace, name);
  if (!set) return undefined;
  const status = statusOf(client, stale, history, pods, done);
  const { conditions: _, ...before } = set.status ?? {};
  if (!equal(before, status)) client.update<StatefulSet>(sets, { ...set, status }, "status");
  const later = pods.map((pod) => availableAt(set, pod)).filter((at) => at > client.now);
  return later.length ? Math.min(...later) : undefined;
}
