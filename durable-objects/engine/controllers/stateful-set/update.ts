/**
 * What a StatefulSet does next: missing Pods come in order, surplus ones go in the reverse one, then old ones are
 * replaced. k8s: pkg/controller/statefulset/stateful_set_control.go updateStatefulSet
 */
import { podsPerReconcileMax } from "../../core/limits.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { StatefulSet } from "../../kinds/stateful-set/shape.ts";
import type { Client } from "../../ports/controller.ts";
import { scaledValue } from "../workload/int-or-percent.ts";
import { podsAtOnce } from "../workload/pod-control.ts";
import { hasEnded } from "../workload/pods.ts";
import { claimIsStale, createClaims, keepRetention } from "./claims.ts";
import { revisionOf, type History, type Revision } from "./history.ts";
import {
  inRange,
  isAvailable,
  isGoing,
  isRunningAndReady,
  isUnavailable,
  startOf,
} from "./identity.ts";
import { createPod, deletePod, mendPod, type Outcome } from "./pod-control.ts";

export interface View {
  client: Client;
  set: StatefulSet;
  history: History;
  now: number;
  /** By ordinal, lowest first. */
  replicas: Map<number, Pod>;
  /** Outside the range of ordinals, highest first. */
  condemned: [ordinal: number, pod: Pod][];
}

/** `stop`: nothing further until something changes. */
type Step = "next" | "stop" | "failed";

export interface Done {
  failed: boolean;
  /** Pods of the current revision that an update has taken away. */
  replaced: number;
}

/** A StatefulSet with its Pods sorted into those within its range, by ordinal, and those to take away, the highest first. */
export const viewOf = (
  client: Client,
  set: StatefulSet,
  history: History,
  pods: readonly [ordinal: number, pod: Pod][],
): View => {
  const ordered = [...pods].sort(([a], [b]) => a - b);
  return {
    client,
    set,
    history,
    now: client.now,
    replicas: new Map(ordered.filter(([ordinal]) => inRange(set, ordinal))),
    condemned: ordered.filter(([ordinal]) => !inRange(set, ordinal)).reverse(),
  };
};

const isOrdered = ({ set }: View): boolean => set.spec.podManagementPolicy !== "Parallel";

/** Makes missing Pods, takes away those that are too many, then those of an old revision; one at a time where ordered. k8s: updateStatefulSet */
export function update(view: View): Done {
  const firstUnavailable = unavailablePod(view);
  const step = isOrdered(view) ? fillInOrder(view) : fillAtOnce(view);
  if (step !== "next") return { failed: step === "failed", replaced: 0 };
  for (const [ordinal, pod] of view.condemned) keepRetention(view.client, view.set, pod, ordinal);
  if (removeCondemned(view, firstUnavailable) === "stop") return { failed: false, replaced: 0 };
  return { failed: false, replaced: replaceOld(view) };
}

/** The first that is not available; one that is missing is none. */
function unavailablePod({ set, now, replicas, condemned }: View): Pod | undefined {
  for (let ordinal = startOf(set); inRange(set, ordinal); ordinal++) {
    const pod = replicas.get(ordinal);
    if (isUnavailable(set, pod, now)) return pod;
  }
  return condemned.findLast(([, pod]) => isUnavailable(set, pod, now))?.[1];
}

/** Which template a Pod gets that is missing. k8s: isCurrentRevisionNeeded */
function revisionFor({ set, history }: View, ordinal: number): Revision {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== "RollingUpdate") return history.update;
  const old = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0);
  return ordinal < startOf(set) + old ? history.current : history.update;
}

const asStep = (outcome: Outcome): Step =>
  outcome === "done" ? "next" : outcome === "failed" ? "failed" : "stop";

function make(view: View, ordinal: number): Step {
  const { client, set } = view;
  // Nobody tells when the claim is gone.
  if (claimIsStale(client, set, ordinal)) return "failed";
  return asStep(createPod(client, set, revisionFor(view, ordinal), ordinal));
}

/** What an existing Pod needs whatever its state. k8s: processReplica */
function tend(view: View, ordinal: number, pod: Pod): Step {
  const { client, set, now } = view;
  if (hasEnded(pod)) {
    if (!isGoing(pod)) deletePod(client, set, pod);
    return "stop";
  }
  if (pod.status?.phase === "Pending") {
    if (createClaims(client, set, ordinal) !== undefined) return "failed";
    keepRetention(client, set, pod, ordinal);
  }
  if (isOrdered(view) && (isGoing(pod) || !isRunningAndReady(pod) || !isAvailable(set, pod, now)))
    return "stop";
  return asStep(mendPod(client, set, pod, ordinal));
}

/** One after the other, each when all before it are available. */
function fillInOrder(view: View): Step {
  const { set, replicas } = view;
  for (let ordinal = startOf(set); inRange(set, ordinal); ordinal++) {
    const pod = replicas.get(ordinal);
    if (!pod) return make(view, ordinal) === "failed" ? "failed" : "stop";
    const step = tend(view, ordinal, pod);
    if (step !== "next") return step;
  }
  return "next";
}

/** Batches of one, two, four and so on; none follows one in which something failed. k8s: slowStartBatch */
function fillAtOnce(view: View): Step {
  const { set, replicas } = view;
  const most = podsAtOnce(set.spec.template, set.spec.volumeClaimTemplates);
  let made = 0;
  let failed = false;
  let [left, size] = [1, 1];
  for (let ordinal = startOf(set); inRange(set, ordinal); ordinal++) {
    if (left === 0) {
      if (failed) return "failed";
      size *= 2;
      left = size;
    }
    left -= 1;
    const pod = replicas.get(ordinal);
    // The Pods that were made wake the set for the others.
    if (!pod && made++ >= most) return "stop";
    const step = pod ? tend(view, ordinal, pod) : make(view, ordinal);
    if (step === "failed") failed = true;
  }
  return failed ? "failed" : "next";
}

/** k8s: processCondemned */
function removeCondemned(view: View, firstUnavailable: Pod | undefined): Step {
  const { client, set, now, condemned } = view;
  const ordered = isOrdered(view);
  let removed = 0;
  for (const [, pod] of condemned) {
    if (isGoing(pod)) {
      if (ordered) return "stop";
      continue;
    }
    if (ordered && !isAvailable(set, pod, now) && pod !== firstUnavailable) return "stop";
    if (removed++ >= podsPerReconcileMax) return "stop";
    deletePod(client, set, pod);
    if (ordered) return "stop";
  }
  return "next";
}

/** k8s: getStatefulSetMaxUnavailable */
const mostUnavailable = ({ spec }: StatefulSet): number => {
  const { rollingUpdate } = spec.updateStrategy ?? {};
  return Math.max(1, scaledValue(rollingUpdate?.maxUnavailable ?? 1, spec.replicas, false));
};

/** Highest ordinal first, as many as may be away. k8s: updateStatefulSetAfterInvariantEstablished */
function replaceOld({ client, set, history, now, replicas }: View): number {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === "OnDelete") return 0;
  const pods = [...replicas].reverse();
  const there = pods.filter(([, pod]) => !isUnavailable(set, pod, now)).length;
  const may = mostUnavailable(set) - (set.spec.replicas - there);
  const lowest = startOf(set) + (rollingUpdate?.partition ?? 0);
  const old = pods.filter(
    ([ordinal, pod]) =>
      ordinal >= lowest && revisionOf(pod) !== history.update.name && !isGoing(pod),
  );
  const victims = old.slice(0, Math.max(0, Math.min(may, podsPerReconcileMax)));
  for (const [, pod] of victims) deletePod(client, set, pod);
  return victims.length;
}
