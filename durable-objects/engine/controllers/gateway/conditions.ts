/** Conditions of objects of the Gateway API. k8s: apimachinery/pkg/api/meta SetStatusCondition */
import type { Condition } from "kubernetes-types/meta/v1";
import { rfc3339 } from "../../core/clock.ts";
import { list } from "../../kinds/gateway/lists.ts";
import type { Problem } from "../../network/gateway/problem.ts";

export interface Told extends Problem {
  type: string;
  status: "True" | "False" | "Unknown";
}

/** One whose problem, if there is any, makes it false. */
export const told = (type: string, problem: Problem | undefined, reason = type): Told => ({
  type,
  ...(problem
    ? { status: "False", ...problem }
    : { status: "True", reason, message: wellOf[reason] ?? "" }),
});

const wellOf: Record<string, string> = {
  Accepted: "accepted by the controller",
  Programmed: "requests are served",
  ResolvedRefs: "all references are resolved",
};

/** The conditions with those told in place of their types; others that are kept stay. The moment moves only where the status does. */
export function withConditions(
  kept: readonly Condition[] | undefined,
  all: readonly Told[],
  {
    generation,
    now,
    before = kept,
  }: { generation: number | undefined; now: number; before?: readonly Condition[] | undefined },
): Condition[] {
  const out = [...list(kept)];
  for (const { type, status, reason, message } of all) {
    const i = out.findIndex((one) => one.type === type);
    const old = list(before).find((one) => one.type === type);
    const next: Condition = {
      type,
      status,
      reason,
      message,
      observedGeneration: generation ?? 0,
      lastTransitionTime:
        old?.status === status && old.lastTransitionTime ? old.lastTransitionTime : rfc3339(now),
    };
    if (i < 0) out.push(next);
    else out[i] = next;
  }
  return out;
}
