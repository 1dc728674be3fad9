/** DaemonSet: one Pod on every node that fits. k8s: pkg/controller/daemon/daemon_controller.go */
import type { Pod } from "../../kinds/pod/types.ts";
import { equal } from "../../core/equal.ts";
import { controllerOf, objectKey, splitKey, type Change } from "../../core/object.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { DaemonSet } from "../../kinds/daemon-set.ts";
import { daemonBackoffMsMax, daemonBackoffMsMin, podsPerReconcileMax } from "../../core/limits.ts";
import type { Node } from "../../scheduler/types.ts";
import { currentRevision, trimHistory } from "./history.ts";
import { daemonPod, eligibility, isUpdated, targetNode, type Eligibility } from "./nodes.ts";
import {
  allowsSurge,
  availableAt,
  rollingPlan,
  type DaemonPlan,
  type DaemonView,
} from "./rollout.ts";
import type { Client, Controller, Due, Reader } from "../../ports/controller.ts";
import { claim, ownersOf, ownersSelecting, type OwnerKind } from "../workload/controller-ref.ts";
import { byCreation } from "../workload/order.ts";
import { createPods, deletePod, podsAtOnce } from "../workload/pod-control.ts";
import { countPods, hasEnded, isReady } from "../workload/pods.ts";
import { hashOf } from "../workload/revision-history.ts";

const sets = "daemonsets.apps";
const component = "daemonset-controller";
const memoryTable = "daemonset";

const daemonSets: OwnerKind<DaemonSet> = {
  resource: sets,
  kind: "DaemonSet",
  selector: (set) => labelSelector(set.spec.selector),
};

/** What is remembered of a set, by key. */
interface Memory {
  /** Failed Pods deleted lately, by node: upstream's failedPodsBackoff. */
  nodes?: Record<string, { ms: number; atMs: number }>;
}

export const daemonSetController: Controller = {
  name: "daemonset",
  component,
  wakesOn: {
    [sets]: (change) => [objectKey(change.namespace, change.name)],
    pods: (change, reader) => ownersOf(daemonSets, change, reader),
    nodes: (change, reader) => (nodeMatters(change) ? allSets(reader) : undefined),
    "controllerrevisions.apps": setsOfRevision,
  },
  reconcile,
};

/** k8s: shouldIgnoreNodeUpdate */
function nodeMatters({ op, object, previous }: Change): boolean {
  if (op !== "update" || !previous) return true;
  return (
    !equal(object.metadata.labels, previous.metadata.labels) ||
    !equal((object as Node).spec?.taints, (previous as Node).spec?.taints)
  );
}

const allSets = (reader: Reader): string[] =>
  reader.list(sets).map(({ metadata }) => objectKey(metadata.namespace, metadata.name));

/** One that is gone is made anew, one without an owner adopted. k8s: addHistory, updateHistory, deleteHistory */
function setsOfRevision(change: Change, reader: Reader): Iterable<string> | undefined {
  const owner = controllerOf(change.object);
  if (!owner)
    return change.op === "delete" ? undefined : ownersSelecting(daemonSets, change, reader);
  return owner.kind === "DaemonSet" && change.op === "delete"
    ? [objectKey(change.namespace, owner.name)]
    : undefined;
}

function reconcile(key: string, client: Client): Due {
  const { namespace, name } = splitKey(key);
  const set = client.get<DaemonSet>(sets, namespace, name);
  if (!set) {
    if (client.records.get(memoryTable, key)) client.records.delete(memoryTable, key);
    return undefined;
  }
  if (equal(set.spec.selector, {})) {
    const message = "This daemon set is selecting all pods. A non-empty selector is required.";
    client.event(set, "Warning", "SelectingAll", message, { component });
    return undefined;
  }
  if (set.metadata.deletionTimestamp) return undefined;
  const history = currentRevision(client, set);
  if (!history) return client.now;
  const memory: Memory = client.records.get<Memory>(memoryTable, key) ?? {};
  const eligible = eligibleNodes(client, set);
  const view = (): DaemonView => ({
    set,
    hash: history.hash,
    now: client.now,
    byNode: podsByNode(podsOf(client, set), eligible),
    eligible,
  });
  const before = view();
  const settled = settle(client, before, memory);
  let done = carryOut(client, before, settled.plan);
  if (done && set.spec.updateStrategy?.type === "RollingUpdate") {
    const now = view();
    done = carryOut(client, now, rollingPlan(now));
  }
  trimHistory(client, set, history.old, podsOf(client, set));
  remember(client, key, memory, settled.next);
  const due = [settled.retryAt, writeStatus(client, view())].filter((at) => at !== undefined);
  const dueAtMs = due.length ? Math.min(...due) : undefined;
  return done ? dueAtMs : { retry: true, dueAtMs };
}

function eligibleNodes(client: Client, set: DaemonSet): Map<string, Eligibility> {
  const ask = eligibility(set);
  const nodes = client.list<Node>("nodes");
  return new Map(nodes.map((node) => [node.metadata.name, ask(node)]));
}

/** k8s: getDaemonPods */
const podsOf = (client: Client, set: DaemonSet): Pod[] =>
  claim<Pod>(client, set, daemonSets.selector(set), { resource: "pods", kind: "Pod" });

/** k8s: getNodesToDaemonPods without deleted terminal Pods */
function podsByNode(
  pods: readonly Pod[],
  eligible: ReadonlyMap<string, Eligibility>,
): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const [node, { shouldRun }] of eligible) if (shouldRun) byNode.set(node, []);
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp && hasEnded(pod)) continue;
    const node = targetNode(pod);
    const list = byNode.get(node);
    if (list) list.push(pod);
    else byNode.set(node, [pod]);
  }
  return byNode;
}

interface Settled {
  plan: DaemonPlan;
  next: Memory;
  retryAt: number | undefined;
}

/** Missing Pods come, misplaced, failed and surplus ones go. k8s: manage, podsShouldBeOnNode */
function settle(client: Client, view: DaemonView, memory: Memory): Settled {
  const settled: Settled = {
    plan: { create: [], remove: [] },
    next: { ...memory },
    retryAt: undefined,
  };
  for (const [node, eligible] of view.eligible) {
    const pods = view.byNode.get(node) ?? [];
    if (eligible.shouldRun && pods.length === 0) settled.plan.create.push(node);
    else if (eligible.mayStay) settleNode(client, view, node, settled);
    else settled.plan.remove.push(...names(pods.filter((p) => !p.metadata.deletionTimestamp)));
  }
  for (const [node, pods] of view.byNode) {
    // Never scheduled and never to be: no other controller would take these away.
    if (!view.eligible.has(node))
      settled.plan.remove.push(...names(pods.filter((p) => !p.spec.nodeName)));
  }
  return settled;
}

const names = (pods: readonly Pod[]): string[] => pods.map((p) => p.metadata.name);

function settleNode(client: Client, view: DaemonView, node: string, settled: Settled): void {
  const { set } = view;
  const running: Pod[] = [];
  for (const pod of view.byNode.get(node) ?? []) {
    if (pod.metadata.deletionTimestamp) continue;
    if (pod.status?.phase === "Failed") removeFailed(client, set, pod, node, settled);
    else if (pod.status?.phase === "Succeeded") {
      const message = `Found succeeded daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}, will try to delete it`;
      client.event(set, "Normal", "SucceededDaemonPod", message, { component });
      settled.plan.remove.push(pod.metadata.name);
    } else running.push(pod);
  }
  running.sort(byAge);
  if (!allowsSurge(set)) {
    settled.plan.remove.push(...names(running.slice(1)));
    return;
  }
  if (running.length === 0 && view.eligible.get(node)?.shouldRun) settled.plan.create.push(node);
  if (running.length <= 1) return;
  const current = running.find((p) => hashOf(p) === view.hash);
  const old = running.find((p) => hashOf(p) !== view.hash);
  settled.plan.remove.push(...names(running.filter((p) => p !== current && p !== old)));
  if (!current || !old) return;
  if (!isReady(old) || availableAt(set, current) <= view.now)
    settled.plan.remove.push(old.metadata.name);
}

/** k8s: podByCreationTimestampAndPhase */
const byAge = (a: Pod, b: Pod): number =>
  Number(!a.spec.nodeName) - Number(!b.spec.nodeName) || byCreation(a, b);

/** A node that keeps rejecting its daemon would otherwise be fought without a pause. */
function removeFailed(
  client: Client,
  set: DaemonSet,
  pod: Pod,
  node: string,
  settled: Settled,
): void {
  const entry = settled.next.nodes?.[node];
  const until = entry ? entry.atMs + entry.ms : 0;
  if (entry && client.now < until) {
    settled.retryAt = Math.min(settled.retryAt ?? until, until);
    return;
  }
  const forgotten = !entry || client.now - entry.atMs > 2 * daemonBackoffMsMax;
  const ms = forgotten ? daemonBackoffMsMin : Math.min(entry.ms * 2, daemonBackoffMsMax);
  settled.next.nodes = { ...settled.next.nodes, [node]: { ms, atMs: client.now } };
  const message = `Found failed daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}, will try to kill it`;
  client.event(set, "Warning", "FailedDaemonPod", message, { component });
  settled.plan.remove.push(pod.metadata.name);
}

/** k8s: syncNodes. Returns whether every creation succeeded. */
function carryOut(client: Client, view: DaemonView, plan: DaemonPlan): boolean {
  const { set, hash } = view;
  const nodes = plan.create.slice(0, podsAtOnce(set.spec.template));
  const pods = nodes.map((node) => daemonPod(set, node, hash));
  const failure = createPods(client, set, component, pods);
  for (const name of plan.remove.slice(0, podsPerReconcileMax))
    deletePod(client, set, component, name);
  return failure === undefined;
}

function remember(client: Client, key: string, before: Memory, next: Memory): void {
  const kept: Memory = next.nodes ? { nodes: next.nodes } : {};
  if (equal(before, kept)) return;
  if (Object.keys(kept).length) client.records.put(memoryTable, key, kept);
  else client.records.delete(memoryTable, key);
}

/** Returns when the next Pod becomes available. k8s: updateDaemonSetStatus */
function writeStatus(client: Client, view: DaemonView): number | undefined {
  const { namespace = "", name } = view.set.metadata;
  const set = client.get<DaemonSet>(sets, namespace, name);
  if (!set) return undefined;
  let [desired, misplaced] = [0, 0];
  /** The oldest on each node. */
  const placed: Pod[] = [];
  for (const [node, { shouldRun }] of view.eligible) {
    const [pod] = [...(view.byNode.get(node) ?? [])].sort(byAge);
    if (shouldRun) {
      desired += 1;
      if (pod) placed.push(pod);
    } else if (pod) misplaced += 1;
  }
  const count = countPods(placed, set.spec.minReadySeconds, client.now);
  const updated = placed.filter((pod) => isUpdated(set, pod, view.hash)).length;
  const unavailable = desired - count.available;
  const { collisionCount } = set.status ?? {};
  const status: NonNullable<DaemonSet["status"]> = {
    currentNumberScheduled: placed.length,
    desiredNumberScheduled: desired,
    numberMisscheduled: misplaced,
    numberReady: count.ready,
    ...(count.available ? { numberAvailable: count.available } : {}),
    ...(unavailable ? { numberUnavailable: unavailable } : {}),
    ...(updated ? { updatedNumberScheduled: updated } : {}),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    observedGeneration: set.metadata.generation ?? 0,
  };
  if (!equal(set.status, status)) client.update<DaemonSet>(sets, { ...set, status }, "status");
  return count.nextAtMs;
}
