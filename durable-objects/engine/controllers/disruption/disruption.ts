/** PodDisruptionBudgets: how many Pods may be disturbed now. k8s: pkg/controller/disruption/disruption.go */
import type { Condition } from "kubernetes-types/meta/v1";
import type { PodDisruptionBudget } from "../../kinds/pod-disruption-budget.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { parseTime, rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey, type Change, type KubeObject } from "../../core/object.ts";
import { labelSelector, type LabelSelector } from "../../machinery/selectors.ts";
import { disruptionConfirmMs, selectorsPerChangeMax } from "../../core/limits.ts";
import type { Client, Controller, Reader } from "../../ports/controller.ts";
import { withStatusCondition } from "../workload/conditions.ts";
import { scaledValue } from "../workload/int-or-percent.ts";
import { expectedScale } from "./expected-pods.ts";
import { labelsKey, labelsOfKey } from "../workload/labels-key.ts";
import { isReady } from "../workload/pods.ts";

const budgets = "poddisruptionbudgets.policy";
const component = "controllermanager";
const podKey = "@pod/";

export const disruptionController: Controller = {
  name: "disruption",
  wakesOn: {
    [budgets]: wakeBudget,
    pods: wakeForPod,
  },
  reconcile(key, client) {
    if (key.startsWith(podKey)) return clearStaleMark(client, key.slice(podKey.length));
    const group = labelsOfKey(key);
    if (!group) return reconcile(client, key);
    for (const budget of budgetsOf(client, group.namespace, [group.labels])) {
      client.wake("disruption", budget);
    }
    return undefined;
  },
};

/** A new budget, a changed spec, or an eviction that took from it; the controller's own status writes are not. */
function wakeBudget(change: Change): string[] | undefined {
  const object = change.object as PodDisruptionBudget;
  const previous = change.previous as PodDisruptionBudget | undefined;
  if (change.op === "delete") return undefined;
  const matters =
    change.op === "create" ||
    object.metadata.generation !== previous?.metadata.generation ||
    evictions(object) > evictions(previous);
  return matters ? [objectKey(change.namespace, change.name)] : undefined;
}

const evictions = (budget: PodDisruptionBudget | undefined): number =>
  Object.keys(budget?.status?.disruptedPods ?? {}).length;

const targetOf = (pod: KubeObject | undefined) =>
  (pod as Pod | undefined)?.status?.conditions?.find((c) => c.type === "DisruptionTarget");

function wakeForPod(change: Change, reader: Reader): readonly string[] {
  const pod = change.object as Pod;
  const before = change.previous as Pod | undefined;
  const isMarked =
    change.op !== "delete" &&
    targetOf(pod)?.status === "True" &&
    targetOf(before)?.status !== "True";
  const marked = isMarked ? [`${podKey}${objectKey(change.namespace, change.name)}`] : none;
  if (reader.count(budgets, change.namespace) === 0) return marked;
  return [...marked, ...wakeBudgets(change, reader)];
}

const none: readonly string[] = [];

function* wakeBudgets(change: Change, reader: Reader): Iterable<string> {
  const pod = change.object as Pod;
  const before = change.previous as Pod | undefined;
  const same =
    change.op === "update" &&
    before !== undefined &&
    isReady(pod) === isReady(before) &&
    pod.metadata.deletionTimestamp === before.metadata.deletionTimestamp &&
    equal(pod.metadata.labels, before.metadata.labels) &&
    equal(pod.metadata.ownerReferences, before.metadata.ownerReferences);
  if (same) return;
  const states = before ? [pod, before] : [pod];
  const labels = states.map(({ metadata }) => metadata.labels);
  if (reader.count(budgets, change.namespace) <= selectorsPerChangeMax) {
    yield* budgetsOf(reader, change.namespace, labels);
  } else {
    for (const each of labels) yield labelsKey(change.namespace, each);
  }
}

/** Keys of the budgets that select any of the labels. */
function* budgetsOf(
  reader: Reader,
  namespace: string,
  labels: readonly (Readonly<Record<string, string>> | undefined)[],
): Iterable<string> {
  for (const budget of reader.list<PodDisruptionBudget>(budgets, namespace)) {
    const selector = labelSelector(budget.spec?.selector);
    if (labels.some((each) => selector.matches(each))) {
      yield objectKey(namespace, budget.metadata.name);
    }
  }
}

function podsOf(client: Client, budget: PodDisruptionBudget): readonly Pod[] {
  const namespace = budget.metadata.namespace ?? "";
  const selector = labelSelector(budget.spec?.selector);
  if (selector.nothing) return [];
  const terms = selector.equalities as Record<string, string>;
  const near = Object.keys(terms).length
    ? client.podsMatching<Pod>(namespace, terms)
    : client.list<Pod>("pods", namespace);
  return near.filter((pod) => selector.matches(pod.metadata.labels));
}

function reconcile(client: Client, key: string): number | undefined {
  const { namespace, name } = splitKey(key);
  const budget = client.get<PodDisruptionBudget>(budgets, namespace, name);
  if (!budget) return undefined;
  const pods = podsOf(client, budget);
  if (pods.length === 0)
    client.event(budget, "Normal", "NoPods", "No matching pods found", { component });
  const expected = expectation(client, budget, pods);
  if ("error" in expected) {
    const message = `Failed to calculate the number of expected pods: ${expected.error}`;
    client.event(budget, "Warning", "CalculateExpectedPodCountFailed", message, { component });
    failSafe(client, budget, expected.error);
    return undefined;
  }
  if (expected.unmanaged.length) warnUnmanaged(client, budget);
  const { disrupted, recheckAt } = stillDisrupted(client, budget, pods);
  const healthy = pods.filter(
    (pod) => !pod.metadata.deletionTimestamp && !(pod.metadata.name in disrupted) && isReady(pod),
  ).length;
  writeStatus(client, budget, healthy, expected, disrupted);
  return recheckAt;
}

interface Expectation {
  expected: number;
  desired: number;
  unmanaged: string[];
}

/** k8s: getExpectedPodCount */
function expectation(
  client: Client,
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
): Expectation | { error: string } {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable === undefined && typeof minAvailable === "number") {
    return { expected: pods.length, desired: minAvailable, unmanaged: [] };
  }
  if (maxUnavailable === undefined && minAvailable === undefined) {
    return { expected: 0, desired: 0, unmanaged: [] };
  }
  const scale = expectedScale(client, pods);
  if ("error" in scale) return scale;
  const { expected, unmanaged } = scale;
  const desired =
    maxUnavailable === undefined
      ? scaledValue(minAvailable, expected, true)
      : Math.max(0, expected - scaledValue(maxUnavailable, expected, true));
  return { expected, desired, unmanaged };
}

/** Go's String() of a label selector, as upstream prints it into the event. */
function selectorText(selector: LabelSelector | undefined): string {
  const labels = Object.keys(selector?.matchLabels ?? {})
    .sort()
    .map((key) => `${key}: ${selector?.matchLabels?.[key]},`)
    .join("");
  const expressions = (selector?.matchExpressions ?? [])
    .map(
      (e) =>
        `LabelSelectorRequirement{Key:${e.key},Operator:${e.operator},Values:[${(e.values ?? []).join(" ")}],},`,
    )
    .join("");
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`;
}

function warnUnmanaged(client: Client, budget: PodDisruptionBudget): void {
  const message = `Pods selected by this PodDisruptionBudget (selector: ${selectorText(budget.spec?.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
  client.event(budget, "Warning", "UnmanagedPods", message, { component });
}

/** Evicted Pods that are not yet seen to go. One that stays for two minutes counts again. k8s: buildDisruptedPodMap */
function stillDisrupted(
  client: Client,
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
): { disrupted: Record<string, string>; recheckAt: number | undefined } {
  const disrupted: Record<string, string> = {};
  let recheckAt: number | undefined;
  for (const pod of pods) {
    const at = budget.status?.disruptedPods?.[pod.metadata.name];
    if (at === undefined || pod.metadata.deletionTimestamp) continue;
    const expected = parseTime(at) + disruptionConfirmMs;
    if (expected <= client.now) {
      // Upstream, too, names the namespace twice.
      const { namespace } = budget.metadata;
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
      client.event(pod, "Warning", "NotDeleted", message, { component });
      continue;
    }
    disrupted[pod.metadata.name] = at;
    recheckAt = Math.min(recheckAt ?? expected, expected);
  }
  return { disrupted, recheckAt };
}

function writeStatus(
  client: Client,
  budget: PodDisruptionBudget,
  currentHealthy: number,
  { expected, desired }: Expectation,
  disrupted: Record<string, string>,
): void {
  const spare = currentHealthy - desired;
  const disruptionsAllowed = expected <= 0 || spare <= 0 ? 0 : spare;
  const observedGeneration = budget.metadata.generation ?? 0;
  const allowed = disruptionsAllowed > 0;
  const status: NonNullable<PodDisruptionBudget["status"]> = {
    conditions: conditionsWith(client, budget, {
      status: allowed ? "True" : "False",
      reason: allowed ? "SufficientPods" : "InsufficientPods",
      message: "",
      observedGeneration,
    }),
    currentHealthy,
    desiredHealthy: desired,
    ...(Object.keys(disrupted).length ? { disruptedPods: disrupted } : {}),
    disruptionsAllowed,
    expectedPods: expected,
    observedGeneration,
  };
  if (!equal(budget.status, status))
    client.update<PodDisruptionBudget>(budgets, { ...budget, status }, "status");
}

function conditionsWith(
  client: Client,
  budget: PodDisruptionBudget,
  next: Omit<Condition, "type" | "lastTransitionTime">,
): Condition[] {
  return withStatusCondition<Condition>(budget.status?.conditions, {
    type: "DisruptionAllowed",
    ...next,
    lastTransitionTime: rfc3339(client.now),
  });
}

/** Nothing may be evicted while nobody knows how many there should be. k8s: failSafe */
function failSafe(client: Client, budget: PodDisruptionBudget, message: string): void {
  const before = budget.status ?? {
    disruptionsAllowed: 0,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
  };
  const conditions = conditionsWith(client, budget, {
    status: "False",
    reason: "SyncFailed",
    message,
    observedGeneration: before.observedGeneration ?? 0,
  });
  const status = { ...before, disruptionsAllowed: 0, conditions };
  if (!equal(budget.status, status))
    client.update<PodDisruptionBudget>(budgets, { ...budget, status }, "status");
}

/** A Pod that was to be disrupted and then was not. k8s: syncStalePodDisruption */
function clearStaleMark(client: Client, key: string): number | undefined {
  const { namespace, name } = splitKey(key);
  const pod = client.get<Pod>("pods", namespace, name);
  const mark = targetOf(pod) as
    | { status: string; reason?: string; lastTransitionTime?: string }
    | undefined;
  if (!pod || !mark || mark.status !== "True" || mark.reason === "TerminationByKubelet")
    return undefined;
  const ended = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  if (ended || pod.metadata.deletionTimestamp) return undefined;
  const dueAt = parseTime(mark.lastTransitionTime) + disruptionConfirmMs;
  if (client.now < dueAt) return dueAt;
  const cleared = {
    type: "DisruptionTarget",
    status: "False",
    lastProbeTime: null,
    lastTransitionTime: rfc3339(client.now),
  };
  const conditions = pod.status?.conditions?.map((c) =>
    c.type === "DisruptionTarget" ? cleared : c,
  );
  client.update<Pod>("pods", { ...pod, status: { ...pod.status, conditions } }, "status");
  return undefined;
}
