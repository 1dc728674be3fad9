/** The condition that says why a Pod is driven off. k8s: pkg/api/v1/pod/util.go UpdatePodCondition */
import type { Pod, PodCondition } from "../../kinds/pod/types.ts";
import { withStatusCondition } from "../workload/conditions.ts";

/** The Pod with this condition set; it keeps its transition time while its status stays. */
export function withCondition<T extends Pod>(pod: T, condition: PodCondition, at: string): T {
  const { generation } = pod.metadata;
  const conditions = withStatusCondition<PodCondition>(pod.status?.conditions, {
    lastProbeTime: null,
    ...condition,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: at,
  });
  return { ...pod, status: { ...pod.status, conditions } };
}
