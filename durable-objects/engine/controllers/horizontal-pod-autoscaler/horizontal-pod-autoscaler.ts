/**
 * HorizontalPodAutoscaler. k8s: pkg/controller/podautoscaler/horizontal.go
 *
 * Upstream looks every 15 s, whatever happens. Here a look is due by itself only while its outcome may change by
 * itself: a wish is held back by a window or a rate, a Pod is too young to be measured, or a Pod's processes have a
 * next move. Otherwise usage can only change through something that makes a turn of the engine (a request, another
 * Pod's process, a write), so a lazy timer is left: it asks for no alarm and is honoured by the next turn that comes
 * 15 s or more later. A converged cluster that nobody looks at does nothing at all.
 */
import { resized } from "../../api/subresources/scale.ts";
import { StatusError } from "../../machinery/status.ts";
import { rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey, type Change } from "../../core/object.ts";
import { workKey } from "../../core/queue.ts";
import type { Hpa, MetricSpec } from "../../kinds/horizontal-pod-autoscaler/shape.ts";
import { hpaSyncMs, proxyTimeoutMs } from "../../core/limits.ts";
import type { Client, Controller, Due } from "../../ports/controller.ts";
import { withStatusCondition } from "../workload/conditions.ts";
import { judge, remembered, type HpaMemory, type DesiredReplicas } from "./behavior.ts";
import { ask, heard, type Asking } from "./metrics-servers.ts";
import { computeReplicas, type Computed } from "./metrics.ts";
import { hpas, ofPod, ofTarget, scalable, targetOf, type Target } from "./target.ts";

const name = "horizontalpodautoscaler";
const memoryTable = "hpa";
/** Of core/queue.ts. */
const timerTable = "timers";

export const horizontalPodAutoscalerController: Controller = {
  name,
  wakesOn: {
    [hpas]: (change) =>
      isOwnWrite(change) ? undefined : [objectKey(change.namespace, change.name)],
    pods: ofPod,
    ...Object.fromEntries(scalable.map((resource) => [resource, ofTarget])),
  },
  reconcile,
};

const isOwnWrite = ({ op, object, previous }: Change): boolean =>
  op === "update" &&
  equal((object as Hpa).spec, (previous as Hpa).spec) &&
  object.metadata.deletionTimestamp === previous?.metadata.deletionTimestamp;

function reconcile(key: string, client: Client): Due {
  const { namespace, name: hpaName } = splitKey(key);
  const hpa = client.get<Hpa>(hpas, namespace, hpaName);
  const memory = client.records.get<HpaMemory>(memoryTable, key);
  if (!hpa) {
    if (memory) client.records.delete(memoryTable, key);
    return undefined;
  }
  // The first look comes one period after the autoscaler, and no two closer than that.
  if (!memory) {
    client.records.put(memoryTable, key, {
      syncedAtMs: client.now,
      recommendations: [],
      ups: [],
      downs: [],
    });
    return client.now + hpaSyncMs;
  }
  const dueAt = memory.syncedAtMs + hpaSyncMs;
  if (client.now < dueAt) return dueAt;
  const asked = answersOf(client, hpa, key, memory);
  if (asked?.waits) {
    client.records.put(memoryTable, key, { ...memory, asking: asked.asking });
    return asked.asking.atMs + proxyTimeoutMs;
  }
  const { asking: _over, ...known } = memory;
  const { next, lively } = sync(client, hpa, known, asked?.asking);
  client.records.put(memoryTable, key, next);
  const again = client.now + hpaSyncMs;
  return lively ? again : { dueAtMs: again, lazy: true };
}

/** What other API servers know of an autoscaler's metrics; undefined: none is theirs. */
function answersOf(
  client: Client,
  hpa: Hpa,
  key: string,
  { asking }: HpaMemory,
): { asking: Asking; waits: boolean } | undefined {
  const isServed = ({ type }: MetricSpec): boolean => /^(?:Pods|Object|External)$/.test(type);
  if (!hpa.spec?.metrics?.some(isServed)) return undefined;
  const target = targetOf(client, hpa);
  if (typeof target === "string" || target.replicas === 0) return undefined;
  const isSame = asking && equal(asking.of, hpa.spec.metrics);
  return heard(client, isSame ? asking : ask(client, hpa, target.selector, `${name} ${key}`));
}

interface Outcome {
  next: HpaMemory;
  /** Time alone may change what the next look sees. */
  lively: boolean;
}

/** One look. k8s: reconcileAutoscaler */
function sync(client: Client, hpa: Hpa, memory: HpaMemory, asking?: Asking): Outcome {
  const draft = new Draft(client, hpa);
  const quiet: Outcome = { next: { ...memory, syncedAtMs: client.now }, lively: false };
  const target = targetOf(client, hpa);
  if (typeof target === "string") {
    const message = `the HPA controller was unable to get the target's current scale: ${target}`;
    draft.event("Warning", "FailedGetScale", target);
    draft.condition("AbleToScale", "False", "FailedGetScale", message);
    draft.write();
    return quiet;
  }
  const found = "the HPA controller was able to get the target's current scale";
  draft.condition("AbleToScale", "True", "SucceededGetScale", found);
  const current = target.replicas;
  const { minReplicas: min = 1, maxReplicas: max = 1, behavior } = hpa.spec ?? {};
  const wish: DesiredReplicas = { now: client.now, current, desired: current, min, max, behavior };
  if (current === 0 && min !== 0) {
    const message = "scaling is disabled since the replica count of the target is zero";
    draft.condition("ScalingActive", "False", "ScalingDisabled", message);
    draft.replicas(current, 0, undefined, false);
    draft.write();
    return quiet;
  }
  const known: HpaMemory = memory.recommendations.length
    ? memory
    : { ...memory, recommendations: [[current, client.now]] };
  const bounded = outOfBounds(wish);
  if (bounded) {
    const desired = { ...wish, desired: bounded.replicas };
    return rescale(draft, target, known, desired, bounded.replicas, bounded.reason);
  }
  const answers = (asking?.metrics ?? []).map((one) =>
    one && !("handle" in one) ? one : undefined,
  );
  const computed = computeReplicas(client, hpa, target, draft, answers);
  if (computed) return apply(draft, target, known, wish, computed);
  draft.replicas(current, draft.status.desiredReplicas ?? 0, draft.status.currentMetrics, false);
  draft.write();
  return { ...quiet, lively: draft.young };
}

function outOfBounds({
  current,
  min,
  max,
}: DesiredReplicas): { replicas: number; reason: string } | undefined {
  if (current > max) {
    return { replicas: max, reason: "Current number of replicas above Spec.MaxReplicas" };
  }
  if (current < min) {
    return { replicas: min, reason: "Current number of replicas below Spec.MinReplicas" };
  }
  return undefined;
}

function apply(
  draft: Draft,
  target: Target,
  memory: HpaMemory,
  before: DesiredReplicas,
  computed: Computed,
): Outcome {
  const wish: DesiredReplicas = { ...before, desired: computed.replicas };
  const verdict = judge(memory, wish);
  draft.condition("AbleToScale", "True", ...verdict.able);
  draft.condition("ScalingLimited", ...verdict.limited);
  draft.metrics = computed.statuses;
  draft.flush();
  const moving =
    verdict.held || draft.young || computed.pods.some((key) => hasNextMove(draft.client, key));
  if (verdict.replicas === wish.current) {
    draft.replicas(wish.current, wish.current, computed.statuses, false);
    draft.write();
    return { next: remembered(memory, wish, undefined), lively: moving };
  }
  const reason =
    wish.desired > wish.current
      ? `${computed.metric} above target`
      : wish.desired < wish.current
        ? "All metrics below target"
        : "";
  return rescale(draft, target, memory, wish, verdict.replicas, reason);
}

/** Whether a Pod's kubelet has a moment to look again: its processes, and so its usage, may change then. */
const hasNextMove = (client: Client, podKey: string): boolean =>
  client.records.get(timerTable, workKey("kubelet", podKey)) !== undefined;

function rescale(
  draft: Draft,
  target: Target,
  memory: HpaMemory,
  wish: DesiredReplicas,
  replicas: number,
  reason: string,
): Outcome {
  const { client } = draft;
  const { object, resource } = target;
  try {
    client.update(resource.id, resized(resource, object, replicas), "scale");
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    draft.event(
      "Warning",
      "FailedRescale",
      `New size: ${replicas}; reason: ${reason}; error: ${error.message}`,
    );
    draft.condition(
      "AbleToScale",
      "False",
      "FailedUpdateScale",
      `the HPA controller was unable to update the target scale: ${error.message}`,
    );
    draft.replicas(
      wish.current,
      draft.status.desiredReplicas ?? 0,
      draft.status.currentMetrics,
      false,
    );
    draft.write();
    return { next: { ...memory, syncedAtMs: client.now }, lively: true };
  }
  draft.condition(
    "AbleToScale",
    "True",
    "SucceededRescale",
    `the HPA controller was able to update the target scale to ${replicas}`,
  );
  draft.event("Normal", "SuccessfulRescale", `New size: ${replicas}; reason: ${reason}`);
  draft.replicas(wish.current, replicas, draft.metrics, true);
  draft.write();
  return { next: remembered(memory, wish, replicas), lively: true };
}

type Status = NonNullable<Hpa["status"]>;
type Condition = NonNullable<Status["conditions"]>[number];

/** The status as it will be written, and the Events to record. */
export class Draft {
  readonly client: Client;
  readonly hpa: Hpa;
  status: Status;
  metrics: Status["currentMetrics"];
  /** A Pod was too young to be measured. */
  young = false;
  readonly #events: [reason: string, message: string][] = [];

  constructor(client: Client, hpa: Hpa) {
    this.client = client;
    this.hpa = hpa;
    this.status = { ...(hpa.status as Status) };
  }

  event(type: "Normal" | "Warning", reason: string, message: string): void {
    this.client.event(this.hpa, type, reason, message, { component: "horizontal-pod-autoscaler" });
  }

  /** A metric's failure: told at the end, whether or not others succeed. */
  warn(reason: string, message: string): void {
    this.#events.push([reason, message]);
  }

  flush(): void {
    for (const [reason, message] of this.#events.splice(0)) this.event("Warning", reason, message);
  }

  /** k8s: setConditionInList */
  condition(type: string, status: "True" | "False", reason: string, message: string): void {
    const lastTransitionTime = rfc3339(this.client.now);
    const next = { type, status, lastTransitionTime, reason, message };
    const conditions = withStatusCondition<Condition>(this.status.conditions, next);
    this.status = { ...this.status, conditions };
  }

  /** k8s: setStatus */
  replicas(
    current: number,
    desired: number,
    metrics: Status["currentMetrics"],
    rescaled: boolean,
  ): void {
    const { lastScaleTime, conditions } = this.status;
    const at = rescaled ? rfc3339(this.client.now) : lastScaleTime;
    this.status = {
      ...(at ? { lastScaleTime: at } : {}),
      currentReplicas: current,
      desiredReplicas: desired,
      currentMetrics: metrics ?? null,
      ...(conditions ? { conditions } : {}),
    };
  }

  write(): void {
    if (equal(this.hpa.status, this.status)) return;
    this.client.update<Hpa>(hpas, { ...this.hpa, status: this.status }, "status");
  }
}
