/** Taints and tolerations. k8s: pkg/scheduler/framework/plugins/tainttoleration */
import { normalised, rejectedForGood, type FilterPlugin, type Scorer } from "../framework.ts";
import type { Taint, Toleration } from "../types.ts";

const tainted = rejectedForGood("node(s) had untolerated taint(s)");

/** k8s: api/core/v1/toleration.go ToleratesTaint */
function toleratedBy(toleration: Toleration, taint: Pick<Taint, "key" | "value" | "effect">) {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === "Exists") return true;
  if (toleration.operator && toleration.operator !== "Equal") return false;
  return (toleration.key ?? "") !== "" && (toleration.value ?? "") === (taint.value ?? "");
}

export function tolerates(
  tolerations: readonly Toleration[] | undefined,
  taint: Pick<Taint, "key" | "value" | "effect">,
): boolean {
  for (const toleration of tolerations ?? []) if (toleratedBy(toleration, taint)) return true;
  return false;
}

/** Whether a taint that keeps Pods away is not tolerated. */
export function keptAway(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
): boolean {
  for (const taint of taints ?? []) {
    if (taint.effect !== "NoSchedule" && taint.effect !== "NoExecute") continue;
    if (!tolerates(tolerations, taint)) return true;
  }
  return false;
}

export const taintToleration: FilterPlugin = {
  name: "TaintToleration",
  filter: ({ pod }, { node }) =>
    node.spec?.taints && keptAway(node.spec.taints, pod.spec.tolerations) ? tainted : undefined,
};

/** The fewer unwanted soft taints the better. */
export const taintScore: Scorer = ({ pod }, nodes) => {
  let any = false;
  const counts = nodes.map(({ node }) => {
    let count = 0;
    for (const taint of node.spec?.taints ?? []) {
      if (taint.effect === "PreferNoSchedule" && !tolerates(pod.spec.tolerations, taint)) count++;
    }
    any ||= count > 0;
    return count;
  });
  // Equal scores: the sum keeps its order without this plugin.
  return any ? normalised(counts, true) : undefined;
};
