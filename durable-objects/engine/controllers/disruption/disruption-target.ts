/** The condition that says why a Pod is driven off. k8s: pkg/api/v1/pod/util.go UpdatePodCondition */
import type { KubeObject } from "../../core/object.ts";
import { withStatusCondition } from "../workload/conditions.ts";

export interface DisruptedPod extends KubeObject {
  status?: { phase?: string; reason?: string; conditions?: PodCondition[] };
}

interface PodCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastProbeTime?: string | null;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

/** The Pod with this condition set; it keeps its transition time while its status stays. */
export function withCondition<T extends DisruptedPod>(
  pod: T,
  condition: PodCondition,
  at: string,
): T {
  const { generation } = pod.metadata;
  const conditions = withStatusCondition<PodCondition>(pod.status?.conditions, {
    lastProbeTime: null,
    ...condition,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: at,
  });
  return { ...pod, status: { ...pod.status, conditions } };
}
