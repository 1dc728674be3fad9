/**
 * Which Pods would have to go so that a more important one finds room.
 * k8s: pkg/scheduler/framework/plugins/defaultpreemption, pkg/scheduler/framework/preemption
 */
import type { PodDisruptionBudget } from "../kinds/pod-disruption-budget.ts";
import { labelSelector } from "../machinery/selectors.ts";
import { rejectedForGood, type Rejection, type Snapshot } from "./framework.ts";
import {
  copyStates,
  failureText,
  fitsNode,
  noNewClaims,
  tryChange,
  type Failure,
} from "./cycle.ts";
import type { NodeInfo, PodInfo } from "./node-info.ts";
import { byText, type Pod } from "./types.ts";

export interface Candidate {
  node: string;
  /** The most important first. */
  victims: readonly PodInfo[];
  /** Victims whose disruption budget is spent. */
  violations: number;
}

/** `message` is what follows the failure in FailedScheduling; `clearPromise`: no node is promised any more. */
export type Preemption = { candidate: Candidate } | { message: string; clearPromise: boolean };

/**
 * What upstream's DynamicResources says first about every Pod without resource claims, and its error when the Pod
 * was turned down before that plugin's turn. k8s: plugins/dynamicresources PostFilter
 */
const noState = "not found";

const noVictims = rejectedForGood("No preemption victims found for incoming pod");
const unhelpful = rejectedForGood("Preemption is not helpful for scheduling");

const startOf = (pod: Pod): string => pod.status?.startTime ?? "9";

/** k8s: pkg/scheduler/util MoreImportantPod: higher priority, then longer running */
const byImportance = (a: PodInfo, b: PodInfo): number =>
  b.priority - a.priority || byText(startOf(a.pod), startOf(b.pod)) || byText(a.key, b.key);

function leavingForPreemption(pod: Pod): boolean {
  if (!pod.metadata.deletionTimestamp) return false;
  const condition = pod.status?.conditions?.find((c) => c.type === "DisruptionTarget");
  return condition?.status === "True" && condition.reason === "PreemptionByScheduler";
}

/** Why a Pod must not preempt now. k8s: PodEligibleToPreemptOthers */
function ineligible(pod: PodInfo, failure: Failure, snapshot: Snapshot): string | undefined {
  if (pod.pod.spec.preemptionPolicy === "Never") {
    return "not eligible due to preemptionPolicy=Never.";
  }
  const promised = pod.pod.status?.nominatedNodeName;
  if (!promised) return undefined;
  if ((failure.byNode.get(promised) ?? failure.others)?.final) return undefined;
  for (const other of snapshot.node(promised)?.pods.values() ?? []) {
    if (other.priority < pod.priority && leavingForPreemption(other.pod)) {
      return "not eligible due to a terminating pod on the nominated node.";
    }
  }
  return undefined;
}

/** Parts victims by whether a budget forbids their going; keeps their order. k8s: filterPodsWithPDBViolation */
function byBudget(pods: readonly PodInfo[], snapshot: Snapshot): [PodInfo[], PodInfo[]] {
  const budgets = snapshot.reader
    .list<PodDisruptionBudget>("poddisruptionbudgets.policy")
    .map((budget) => ({ budget, left: budget.status?.disruptionsAllowed ?? 0 }));
  const violating: PodInfo[] = [];
  const free: PodInfo[] = [];
  for (const info of pods) {
    const { namespace, labels, name } = info.pod.metadata;
    let violated = false;
    for (const entry of budgets) {
      const { budget } = entry;
      if (budget.metadata.namespace !== namespace || !labels) continue;
      const selector = labelSelector(budget.spec?.selector);
      if (selector.empty || !selector.matches(labels)) continue;
      if (budget.status?.disruptedPods?.[name] !== undefined) continue;
      entry.left--;
      violated ||= entry.left < 0;
    }
    (violated ? violating : free).push(info);
  }
  return [violating, free];
}

/** k8s: SelectVictimsOnNode: takes all lesser Pods off, then lets as many as possible stay */
function victimsOn(
  pod: PodInfo,
  original: NodeInfo,
  failure: Failure,
  snapshot: Snapshot,
): Candidate | Rejection {
  const lesser = [...original.pods.values()].filter((other) => other.priority < pod.priority);
  if (!lesser.length) return noVictims;
  const node = original.clone();
  const filters = copyStates(failure.filters);
  for (const info of lesser) tryChange(filters, node, info, -1);
  const objection = fitsNode(pod, node, filters, snapshot);
  if (objection) return objection;
  lesser.sort(byImportance);
  const victims: PodInfo[] = [];
  const mustGo = (info: PodInfo): boolean => {
    tryChange(filters, node, info, 1);
    if (!fitsNode(pod, node, filters, snapshot)) return false;
    tryChange(filters, node, info, -1);
    victims.push(info);
    return true;
  };
  const [violating, free] = byBudget(lesser, snapshot);
  let violations = 0;
  for (const info of violating) if (mustGo(info)) violations++;
  for (const info of free) mustGo(info);
  return { node: node.name, victims: victims.sort(byImportance), violations };
}

const priorityOffset = 2 ** 31;

/** Smaller is better, compared one after the other. k8s: preemption.go pickOneNodeForPreemption */
const measures: readonly ((candidate: Candidate) => number | string)[] = [
  (c) => c.violations,
  (c) => c.victims[0]?.priority ?? 0,
  (c) => c.victims.reduce((sum, v) => sum + v.priority + priorityOffset, 0),
  (c) => c.victims.length,
];

/** Start of the longest running among the most important victims: the later the better. */
function earliestStart({ victims }: Candidate): string {
  const top = victims[0]?.priority;
  return victims.reduce((earliest, { pod, priority }) => {
    const start = startOf(pod);
    return priority === top && start < earliest ? start : earliest;
  }, "9");
}

/** The node whose victims cost least, by upstream's measures in their order. k8s: preemption.go pickOneNodeForPreemption */
export function bestCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  return [...candidates].sort((a, b) => {
    for (const measure of measures) {
      const [x, y] = [measure(a), measure(b)];
      if (x !== y) return x < y ? -1 : 1;
    }
    return byText(earliestStart(b), earliestStart(a)) || byText(a.node, b.node);
  })[0];
}

/**
 * Which Pods would have to go, and where, for this one to fit; else the words that say why none helps. k8s:
 * pkg/scheduler/framework/preemption
 */
export function preempt(pod: PodInfo, failure: Failure, snapshot: Snapshot): Preemption {
  const said = failure.claims ?? noNewClaims;
  if (failure.upfront && failure.claims === undefined)
    return { message: noState, clearPromise: false };
  const forbidden = ineligible(pod, failure, snapshot);
  if (forbidden) {
    return { message: `${said}, preemption: ${forbidden}`, clearPromise: false };
  }
  const byNode = new Map<string, Rejection>();
  const candidates: Candidate[] = [];
  for (const [name, rejection] of failure.byNode) {
    const node = snapshot.node(name);
    if (rejection.final || !node) continue;
    const result = victimsOn(pod, node, failure, snapshot);
    if ("victims" in result && result.victims.length) candidates.push(result);
    else if ("reasons" in result) byNode.set(name, result);
  }
  const candidate = bestCandidate(candidates);
  if (candidate) return { candidate };
  const text = failureText({ nodeCount: failure.nodeCount, byNode, others: unhelpful });
  return { message: `${said}, preemption: ${text}`, clearPromise: true };
}
