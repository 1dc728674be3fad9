/** DaemonSet: one Pod on every node that fits. k8s: pkg/controller/daemon/daemon_controller.go */
import { equal } from "../core/equal.ts";
import { controllerOf, objectKey, splitKey, type Change } from "../core/object.ts";
import { labelSelector } from "../api/selectors.ts";
import type { DaemonSet } from "../kinds/daemon-set.ts";
import {
  daemonBackoffMsMax,
  daemonBackoffMsMin,
  podCreateBurstMax,
  podCreateRetryMsMax,
  podCreateRetryMsMin,
} from "../limits.ts";
import type { Node } from "../scheduler/types.ts";
import { currentRevision, trimHistory } from "./daemon-set-history.ts";
import {
  daemonPod,
  eligibility,
  isUpdated,
  revisionHashLabel,
  targetNode,
  type DaemonPod,
  type Eligibility,
} from "./daemon-set-nodes.ts";
import {
  allowsSurge,
  availableAt,
  rollingPlan,
  type DaemonPlan,
  type DaemonView,
} from "./daemon-set-rollout.ts";
import type { Client, Controller, Reader } from "./define.ts";
import { ownerReference } from "./deployment-sets.ts";
import { compare } from "./deployment-shapes.ts";
import { createPods, deletePod } from "./pod-control.ts";
import { isReady } from "./pods.ts";

const sets = "daemonsets.apps";
const component = "daemonset-controller";
const memoryTable = "daemonset";

/** What is remembered of a set, by key. */
interface Memory {
  /** Creations that failed in a row. */
  failures?: number;
  /** Failed Pods deleted lately, by node: upstream's failedPodsBackoff. */
  nodes?: Record<string, { ms: number; atMs: number }>;
}

export const daemonSetController: Controller = {
  name: "daemonset",
  component,
  wakesOn: {
    [sets]: (change) => [objectKey(change.namespace, change.name)],
    pods: setsOfPod,
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
  if (!owner) return change.op === "delete" ? undefined : setsSelecting(change, reader);
  return owner.kind === "DaemonSet" && change.op === "delete"
    ? [objectKey(change.namespace, owner.name)]
    : undefined;
}

function* setsSelecting(change: Change, reader: Reader): Iterable<string> {
  for (const set of reader.list<DaemonSet>(sets, change.namespace)) {
    if (labelSelector(set.spec.selector).matches(change.object.metadata.labels)) {
      yield objectKey(change.namespace, set.metadata.name);
    }
  }
}

function* setsOfPod(change: Change, reader: Reader): Iterable<string> {
  const owner = controllerOf(change.object);
  if (owner?.kind === "DaemonSet") yield objectKey(change.namespace, owner.name);
  const before = change.previous && controllerOf(change.previous);
  if (before?.kind === "DaemonSet" && before.uid !== owner?.uid) {
    yield objectKey(change.namespace, before.name);
  }
  if (!owner && change.op !== "delete") yield* setsSelecting(change, reader);
}

function reconcile(key: string, client: Client): number | undefined {
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
    byNode: podsByNode(claim(client, set), eligible),
    eligible,
  });
  const before = view();
  const settled = settle(client, before, memory);
  let { next } = settled;
  next = { ...next, ...carryOut(client, before, settled.plan, next) };
  if (!next.failures && set.spec.updateStrategy?.type === "RollingUpdate") {
    const now = view();
    next = { ...next, ...carryOut(client, now, rollingPlan(now), next) };
  }
  trimHistory(client, set, history.old, claim(client, set));
  remember(client, key, memory, next);
  const due = [settled.retryAt, retryOf(client, next), writeStatus(client, view())];
  const known = due.filter((at) => at !== undefined);
  return known.length ? Math.min(...known) : undefined;
}

function eligibleNodes(client: Client, set: DaemonSet): Map<string, Eligibility> {
  const ask = eligibility(set);
  const nodes = client.list<Node>("nodes");
  return new Map(nodes.map((node) => [node.metadata.name, ask(node)]));
}

/** Pods it controls; matching orphans are adopted, others released. k8s: getDaemonPods */
function claim(client: Client, set: DaemonSet): DaemonPod[] {
  const namespace = set.metadata.namespace ?? "";
  const selector = labelSelector(set.spec.selector);
  const mine: DaemonPod[] = [];
  const owners = (pod: DaemonPod, add: boolean): void => {
    const changed = client.modify<DaemonPod>("pods", namespace, pod.metadata.name, (current) => {
      const others = (current.metadata.ownerReferences ?? []).filter(
        (o) => o.uid !== set.metadata.uid,
      );
      const ownerReferences = add ? [...others, ownerReference(set) as never] : others;
      return { ...current, metadata: { ...current.metadata, ownerReferences } };
    });
    if (changed && add) mine.push(changed);
  };
  for (const pod of client.byIndex<DaemonPod>("controller", set.metadata.uid)) {
    if (pod.kind !== "Pod") continue;
    if (selector.matches(pod.metadata.labels)) mine.push(pod);
    else owners(pod, false);
  }
  const terms = selector.equalities as Record<string, string>;
  const near = Object.keys(terms).length
    ? client.podsMatching<DaemonPod>(namespace, terms)
    : client.list<DaemonPod>("pods", namespace);
  for (const pod of near) {
    if (controllerOf(pod) || pod.metadata.deletionTimestamp) continue;
    if (selector.matches(pod.metadata.labels)) owners(pod, true);
  }
  return mine;
}

const ended = (pod: DaemonPod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** k8s: getNodesToDaemonPods without deleted terminal Pods */
function podsByNode(
  pods: readonly DaemonPod[],
  eligible: ReadonlyMap<string, Eligibility>,
): Map<string, DaemonPod[]> {
  const byNode = new Map<string, DaemonPod[]>();
  for (const [node, { shouldRun }] of eligible) if (shouldRun) byNode.set(node, []);
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp && ended(pod)) continue;
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

const names = (pods: readonly DaemonPod[]): string[] => pods.map((p) => p.metadata.name);

function settleNode(client: Client, view: DaemonView, node: string, settled: Settled): void {
  const { set } = view;
  const running: DaemonPod[] = [];
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
  const current = running.find((p) => p.metadata.labels?.[revisionHashLabel] === view.hash);
  const old = running.find((p) => p.metadata.labels?.[revisionHashLabel] !== view.hash);
  settled.plan.remove.push(...names(running.filter((p) => p !== current && p !== old)));
  if (!current || !old) return;
  if (!isReady(old) || availableAt(set, current) <= view.now)
    settled.plan.remove.push(old.metadata.name);
}

/** k8s: podByCreationTimestampAndPhase */
const byAge = (a: DaemonPod, b: DaemonPod): number =>
  Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
  compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
  compare(a.metadata.name, b.metadata.name);

/** A node that keeps rejecting its daemon would otherwise be fought without a pause. */
function removeFailed(
  client: Client,
  set: DaemonSet,
  pod: DaemonPod,
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

/** k8s: syncNodes. Returns how many creations in a row have failed now. */
function carryOut(client: Client, view: DaemonView, plan: DaemonPlan, memory: Memory): Memory {
  const { set, hash } = view;
  const result: Memory = {};
  if (plan.create.length) result.failures = 0;
  const pods = plan.create.slice(0, podCreateBurstMax).map((node) => daemonPod(set, node, hash));
  if (createPods(client, set, component, pods)) result.failures = (memory.failures ?? 0) + 1;
  for (const name of plan.remove.slice(0, podCreateBurstMax))
    deletePod(client, set, component, name);
  return result;
}

const retryOf = (client: Client, { failures }: Memory): number | undefined =>
  failures
    ? client.now + Math.min(podCreateRetryMsMin * 2 ** (failures - 1), podCreateRetryMsMax)
    : undefined;

function remember(client: Client, key: string, before: Memory, next: Memory): void {
  const kept: Memory = {};
  if (next.failures) kept.failures = next.failures;
  if (next.nodes) kept.nodes = next.nodes;
  if (equal(before, kept)) return;
  if (Object.keys(kept).length) client.records.put(memoryTable, key, kept);
  else client.records.delete(memoryTable, key);
}

/** Returns when the next Pod becomes available. k8s: updateDaemonSetStatus */
function writeStatus(client: Client, view: DaemonView): number | undefined {
  const { namespace = "", name } = view.set.metadata;
  const set = client.get<DaemonSet>(sets, namespace, name);
  if (!set) return undefined;
  const count = { desired: 0, current: 0, misplaced: 0, ready: 0, updated: 0, available: 0 };
  let next: number | undefined;
  for (const [node, { shouldRun }] of view.eligible) {
    const [pod] = [...(view.byNode.get(node) ?? [])].sort(byAge);
    if (!shouldRun) {
      if (pod) count.misplaced += 1;
      continue;
    }
    count.desired += 1;
    if (!pod) continue;
    count.current += 1;
    if (isUpdated(set, pod, view.hash)) count.updated += 1;
    if (!isReady(pod)) continue;
    count.ready += 1;
    const at = availableAt(set, pod);
    if (at <= client.now) count.available += 1;
    else next = Math.min(next ?? at, at);
  }
  const unavailable = count.desired - count.available;
  const { collisionCount } = set.status ?? {};
  const status: NonNullable<DaemonSet["status"]> = {
    currentNumberScheduled: count.current,
    desiredNumberScheduled: count.desired,
    numberMisscheduled: count.misplaced,
    numberReady: count.ready,
    ...(count.available ? { numberAvailable: count.available } : {}),
    ...(unavailable ? { numberUnavailable: unavailable } : {}),
    ...(count.updated ? { updatedNumberScheduled: count.updated } : {}),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    observedGeneration: set.metadata.generation ?? 0,
  };
  if (!equal(set.status, status)) client.update<DaemonSet>(sets, { ...set, status }, "status");
  return next;
}
