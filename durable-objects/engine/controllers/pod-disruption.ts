/** The condition that says why a Pod is driven off. k8s: pkg/api/v1/pod/util.go UpdatePodCondition */
import type { KubeObject } from "../core/object.ts";

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
  const was = pod.status?.conditions ?? [];
  const before = was.find((c) => c.type === condition.type);
  const set: PodCondition = {
    lastProbeTime: null,
    ...condition,
    ...(pod.metadata.generation === undefined
      ? {}
      : { observedGeneration: pod.metadata.generation }),
    lastTransitionTime:
      before?.status === condition.status ? (before.lastTransitionTime ?? at) : at,
  };
  const conditions = before ? was.map((c) => (c === before ? set : c)) : [...was, set];
  return { ...pod, status: { ...pod.status, conditions } };
}
