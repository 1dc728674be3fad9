/** Which Pods a rolling update of a DaemonSet replaces now. k8s: pkg/controller/daemon/update.go rollingUpdate */
import type { Pod } from "../../kinds/pod/types.ts";
import type { DaemonSet } from "../../kinds/daemon-set.ts";
import { isUpdated, type Eligibility } from "./nodes.ts";
import { scaledValue } from "../workload/int-or-percent.ts";
import { isPodAvailableAt, isReady } from "../workload/pods.ts";

export interface DaemonPlan {
  /** Nodes that get a Pod. */
  create: string[];
  /** Names of Pods to delete. */
  remove: string[];
}

/** A set's world at one moment. */
export interface DaemonView {
  set: DaemonSet;
  hash: string;
  now: number;
  /** Live Pods by node; every node that should run one is there. */
  byNode: ReadonlyMap<string, readonly Pod[]>;
  eligible: ReadonlyMap<string, Eligibility>;
}

export const availableAt = (set: DaemonSet, pod: Pod): number =>
  isReady(pod)
    ? isPodAvailableAt(pod, (set.spec.minReadySeconds ?? 0) * 1000)
    : Number.POSITIVE_INFINITY;

/** k8s: util.AllowsSurge, SurgeCount */
export function surgeOf(set: DaemonSet, desired: number): number {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== "RollingUpdate") return 0;
  return scaledValue(rollingUpdate?.maxSurge, desired, true);
}

export const allowsSurge = (set: DaemonSet): boolean => surgeOf(set, 100) > 0;

function limitsOf(view: DaemonView): { surge: number; unavailable: number; desired: number } {
  let desired = 0;
  for (const { shouldRun } of view.eligible.values()) if (shouldRun) desired += 1;
  const surge = surgeOf(view.set, desired);
  const given = view.set.spec.updateStrategy?.rollingUpdate?.maxUnavailable;
  const unavailable = scaledValue(given, desired, true);
  // Both zero would never move.
  return { desired, surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

interface OnNode {
  node: string;
  current: Pod | undefined;
  old: Pod | undefined;
  /** More than one of either: the rest of the controller sorts that out. */
  crowded: boolean;
}

/** k8s: findUpdatedPodsOnNode */
function* nodesOf(view: DaemonView): Iterable<OnNode> {
  for (const [node, pods] of view.byNode) {
    const found: OnNode = { node, current: undefined, old: undefined, crowded: false };
    for (const pod of pods) {
      if (pod.metadata.deletionTimestamp) continue;
      const side = isUpdated(view.set, pod, view.hash) ? "current" : "old";
      if (found[side]) found.crowded = true;
      found[side] = pod;
    }
    yield found;
  }
}

/** Which Pods a rolling update deletes and makes now. k8s: pkg/controller/daemon/update.go rollingUpdate */
export function rollingPlan(view: DaemonView): DaemonPlan {
  const limits = limitsOf(view);
  return limits.surge > 0
    ? surgePlan(view, limits.surge, limits.desired)
    : replacePlan(view, limits.unavailable);
}

/** Old Pods go first, while no more than `most` nodes are without an available one. */
function replacePlan(view: DaemonView, most: number): DaemonPlan {
  const available = (pod: Pod): boolean => availableAt(view.set, pod) <= view.now;
  const broken: string[] = [];
  const candidates: string[] = [];
  let unavailable = 0;
  for (const { current, old, crowded } of nodesOf(view)) {
    if (crowded || Boolean(current) === Boolean(old)) unavailable += 1;
    else if (current) unavailable += available(current) ? 0 : 1;
    else if (old && !available(old)) {
      broken.push(old.metadata.name);
      unavailable += 1;
    } else if (old && unavailable < most) candidates.push(old.metadata.name);
  }
  const room = Math.max(0, most - unavailable);
  return { create: [], remove: [...broken, ...candidates.slice(0, room)] };
}

/** New Pods come first, beside old ones on at most `most` nodes. */
function surgePlan(view: DaemonView, most: number, desired: number): DaemonPlan {
  const available = (pod: Pod): boolean => availableAt(view.set, pod) <= view.now;
  const plan: DaemonPlan = { create: [], remove: [] };
  const candidates: string[] = [];
  const unwanted: string[] = [];
  let surging = 0;
  let up = 0;
  for (const { node, current, old, crowded } of nodesOf(view)) {
    if (crowded) {
      surging += 1;
      continue;
    }
    const counted = old ?? current;
    if (counted && available(counted)) up += 1;
    if (!old) continue;
    if (current) {
      if (available(current)) plan.remove.push(old.metadata.name);
      else surging += 1;
      continue;
    }
    const { shouldRun = false } = view.eligible.get(node) ?? {};
    if (!shouldRun) (available(old) ? unwanted : plan.remove).push(old.metadata.name);
    else if (!available(old)) plan.create.push(node);
    else if (surging < most) candidates.push(node);
  }
  plan.remove.push(...unwanted.slice(0, Math.max(0, up - desired)));
  plan.create.push(...candidates.slice(0, Math.max(0, most - surging)));
  return plan;
}
