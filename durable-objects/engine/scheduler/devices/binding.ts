/**
 * Devices that somebody has to make ready before a Pod is bound: their drivers say so by conditions in the claim's status.
 * k8s: pkg/scheduler/framework/plugins/dynamicresources isClaimReadyForBinding, isClaimTimeout
 */
import { parseTime } from "../../core/clock.ts";
import { isReservedFor } from "../../kinds/pod/resource-claims.ts";
import type { Allocated, AllocationResult, ResourceClaim } from "../../kinds/resource/shape.ts";
import type { Pod } from "../types.ts";

/** k8s: pkg/scheduler/apis/config/v1/defaults.go SetDefaults_DynamicResourcesArgs BindingTimeout */
const timeoutMs = 600_000;

const results = (allocation: AllocationResult | undefined): readonly Allocated[] =>
  allocation?.devices?.results ?? [];

export const needsBinding = (allocation: AllocationResult | undefined): boolean =>
  results(allocation).some(({ bindingConditions }) => bindingConditions?.length);

/** The end of the wait for a claim's devices; undefined: there is none. */
function deadlineOf({ status }: ResourceClaim): number | undefined {
  const since = status?.allocation?.allocationTimestamp;
  return since && needsBinding(status.allocation) ? parseTime(since) + timeoutMs : undefined;
}

function conditionsOf({ status }: ResourceClaim, { driver, pool, device, shareID }: Allocated) {
  return status?.devices?.find(
    (one) =>
      one.driver === driver &&
      one.pool === pool &&
      one.device === device &&
      (one.shareID ?? "") === (shareID ?? ""),
  )?.conditions;
}

/** Whether all is ready, or why it never will be. */
function readiness(claim: ResourceClaim): boolean | { problem: string } {
  let ready = true;
  for (const result of results(claim.status?.allocation)) {
    const { bindingConditions = [], bindingFailureConditions = [] } = result;
    if (bindingConditions.length === 0) continue;
    const told = conditionsOf(claim, result) ?? [];
    const isTrue = (type: string) => told.find((one) => one.type === type && one.status === "True");
    const failed = bindingFailureConditions.map(isTrue).find((one) => one !== undefined);
    if (failed) {
      const { reason = "", message = "" } = failed;
      const why = `reason=${reason}, message=${JSON.stringify(message)}`;
      return { problem: `claim ${claim.metadata.name} binding failed: ${why}` };
    }
    ready &&= bindingConditions.every(isTrue);
  }
  return ready;
}

/** What became of the wait for a claim's devices: over, under way until then, or in vain. */
export function bindingOf(
  claim: ResourceClaim,
  nowMs: number,
): "ready" | { untilMs: number } | { problem: string } {
  const found = readiness(claim);
  if (typeof found === "object") return found;
  const untilMs = found ? undefined : deadlineOf(claim);
  if (untilMs === undefined) return "ready";
  return nowMs < untilMs ? { untilMs } : { problem: "device binding timeout" };
}

/** The same for all claims that are kept for a Pod. */
export function bindingFor(
  pod: Pod,
  claims: readonly ResourceClaim[],
  nowMs: number,
): ReturnType<typeof bindingOf> {
  let untilMs: number | undefined;
  for (const claim of claims) {
    const found = isReservedFor(pod, claim) ? bindingOf(claim, nowMs) : "ready";
    if (found === "ready") continue;
    if ("problem" in found) return found;
    untilMs = Math.min(untilMs ?? found.untilMs, found.untilMs);
  }
  return untilMs === undefined ? "ready" : { untilMs };
}
