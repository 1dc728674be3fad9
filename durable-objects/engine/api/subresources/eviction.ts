/** POST pods/NAME/eviction. k8s: pkg/registry/core/pod/storage/eviction.go */
import type { PodDisruptionBudget } from "../../kinds/pod-disruption-budget.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { Condition } from "kubernetes-types/meta/v1";
import { schemaNamed } from "../../schema/types.ts";
import { rfc3339 } from "../../core/clock.ts";
import type { KubeObject } from "../../core/object.ts";
import type { ApiResponse } from "../../ports/request.ts";
import { decodeAs, fieldValidationOf, readBodyOf } from "../request/body.ts";
import type { Call } from "../context.ts";
import { internalWrite } from "../write/write-options.ts";
import { written } from "../request/reply.ts";
import type { Resource } from "../discovery/registry.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import * as status from "../../machinery/status.ts";
import { existing, wantedOf } from "../read/object.ts";
import { writeOptions } from "../request/write-parameters.ts";
import type { DeleteOptions } from "../../ports/controller.ts";

interface Eviction extends KubeObject {
  deleteOptions?: DeleteOptions & { dryRun?: string[] };
}

/** Deletes a Pod if its disruption budget allows; else throws 429. k8s: pkg/registry/core/pod/storage/eviction.go */
export function evict(call: Call): ApiResponse {
  const { context, info, resource } = call;
  const body = readBodyOf(call.request, "Eviction");
  const apiVersion = body.apiVersion === "policy/v1beta1" ? "policy/v1beta1" : "policy/v1";
  const eviction = decodeAs(
    context.registry,
    schemaNamed("policy/v1.Eviction"),
    { apiVersion, kind: "Eviction" },
    body,
    fieldValidationOf(info),
    (t) => call.warnings.push(t),
  ) as Eviction;
  if (eviction.metadata?.name !== info.name)
    throw status.badRequest("name in URL does not match name in Eviction object");
  const pod = existing(call) as Pod;
  const options = writeOptions(call);
  const write = { ...options, subresource: "eviction" };
  context.operations.admitRequest(
    "CREATE",
    resource,
    info.namespace,
    info.name,
    { ...eviction, apiVersion, kind: "Eviction" },
    write,
  );
  const dryRun = options.dryRun || (eviction.deleteOptions?.dryRun?.includes("All") ?? false);
  if (!canIgnoreBudget(pod)) takeFromBudget(call, pod, dryRun);
  if (!dryRun) markDisrupted(call, pod);
  const { dryRun: _d, ...deleteOptions } = eviction.deleteOptions ?? {};
  context.operations.delete(resource, info.namespace, info.name, deleteOptions, {
    ...options,
    dryRun,
    admitted: true,
  });
  const done = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  return written(201, done, wantedOf(call));
}

/** k8s: canIgnorePDB: finished, unscheduled-pending and already leaving Pods disturb nobody. */
function canIgnoreBudget(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return (
    phase === "Succeeded" ||
    phase === "Failed" ||
    phase === "Pending" ||
    pod.metadata.deletionTimestamp !== undefined
  );
}

function takeFromBudget(call: Call, pod: Pod, dryRun: boolean): void {
  const { context } = call;
  const namespace = pod.metadata.namespace ?? "";
  const budgets = context.store.list("poddisruptionbudgets.policy", namespace).filter((b) => {
    return labelSelector((b as PodDisruptionBudget).spec?.selector).matches(
      pod.metadata.labels ?? {},
    );
  }) as PodDisruptionBudget[];
  const [budget] = budgets;
  if (!budget) return;
  if (budgets.length > 1) {
    throw new status.StatusError(
      500,
      "",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const ready =
    pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  if (!ready && unhealthyMayGo(budget, currentHealthy, desiredHealthy)) return;
  const checked = checkBudget(budget);
  if (dryRun) return;
  const at = rfc3339(context.operations.now);
  const left = checked.disruptionsAllowed - 1;
  const updated: PodDisruptionBudget = {
    ...budget,
    status: {
      ...checked,
      ...(left === 0 ? { conditions: withoutRoom(budget, at) } : {}),
      disruptionsAllowed: left,
      disruptedPods: { ...checked.disruptedPods, [pod.metadata.name]: at },
    },
  };
  const resource = context.registry.stored("poddisruptionbudgets.policy") as Resource;
  context.operations.update(resource, namespace, budget.metadata.name, () => updated, {
    ...internalWrite,
    subresource: "status",
  });
}

/** k8s: component-helpers/apps/poddisruptionbudget UpdateDisruptionAllowedCondition */
function withoutRoom(budget: PodDisruptionBudget, at: string): Condition[] {
  const conditions = budget.status?.conditions ?? [];
  const before = conditions.find((c) => c.type === "DisruptionAllowed");
  const spent: Condition = {
    type: "DisruptionAllowed",
    status: "False",
    reason: "InsufficientPods",
    message: "",
    observedGeneration: budget.status?.observedGeneration ?? 0,
    lastTransitionTime: before?.status === "False" ? before.lastTransitionTime : at,
  };
  return before ? conditions.map((c) => (c === before ? spent : c)) : [...conditions, spent];
}

function unhealthyMayGo(budget: PodDisruptionBudget, healthy: number, desired: number): boolean {
  if (budget.spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  return healthy >= desired && desired > 0;
}

type BudgetStatus = NonNullable<PodDisruptionBudget["status"]>;

/** The status of a budget that lets a Pod go. k8s: checkAndDecrement */
function checkBudget(budget: PodDisruptionBudget): BudgetStatus {
  const { name, generation = 0 } = budget.metadata;
  const s: Partial<BudgetStatus> = budget.status ?? {};
  if ((s.observedGeneration ?? 0) < generation) {
    throw new status.StatusError(
      429,
      "TooManyRequests",
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [
          {
            reason: "DisruptionBudget",
            message: `The disruption budget ${name} is still being processed by the server.`,
          },
        ],
        retryAfterSeconds: 10,
      },
    );
  }
  if ((s.disruptionsAllowed ?? 0) < 0) {
    throw status.forbidden(
      { group: "policy", plural: "poddisruptionbudget" },
      name,
      "pdb disruptions allowed is negative",
    );
  }
  if (Object.keys(s.disruptedPods ?? {}).length > 2000) {
    throw status.forbidden(
      { group: "policy", plural: "poddisruptionbudget" },
      name,
      "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
    );
  }
  if (budget.status && budget.status.disruptionsAllowed > 0) return budget.status;
  throw new status.StatusError(
    429,
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [
        {
          reason: "DisruptionBudget",
          message: `The disruption budget ${name} ${whyNone(s)}`,
        },
      ],
    },
  );
}

function whyNone(s: Partial<BudgetStatus>): string {
  const { currentHealthy = 0, desiredHealthy = 0 } = s;
  const told = s.conditions?.find(
    (c) => c.type === "DisruptionAllowed" && c.status === "False" && c.message,
  );
  if (told?.reason === "SyncFailed")
    return `does not allow evicting pods currently because it failed sync: ${told.message}`;
  if (currentHealthy <= desiredHealthy)
    return `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  const why = told ? ` (${told.reason}): ${told.message}` : "";
  return `does not allow evicting pods currently${why}`;
}

function markDisrupted(call: Call, pod: Pod): void {
  const { context, resource, info } = call;
  const at = rfc3339(context.operations.now);
  const conditions = [
    ...(pod.status?.conditions ?? []).filter((c) => c.type !== "DisruptionTarget"),
    {
      type: "DisruptionTarget",
      ...(pod.metadata.generation === undefined
        ? {}
        : { observedGeneration: pod.metadata.generation }),
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: at,
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    },
  ];
  const updated = { ...pod, status: { ...pod.status, conditions } } as KubeObject;
  context.operations.update(resource, info.namespace, info.name, () => updated, {
    ...internalWrite,
    subresource: "status",
  });
}
