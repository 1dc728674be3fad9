/** Conditions of a status: read, set, taken away. */

export interface Condition {
  type: string;
  status: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

export const conditionOf = <C extends { type: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined => conditions?.find((c) => c.type === type);

/**
 * As workloads do: one of the same status and reason stays as it is, any other goes to the end and keeps its transition
 * time while the status stays. k8s: SetDeploymentCondition, replicaset SetCondition
 */
export function withCondition<C extends Condition>(conditions: readonly C[], next: C): C[] {
  const current = conditionOf(conditions, next.type);
  if (current && current.status === next.status && current.reason === next.reason)
    return [...conditions];
  const stays = current?.status === next.status;
  const set = stays ? { ...next, lastTransitionTime: current.lastTransitionTime } : next;
  return [...withoutCondition(conditions, next.type), set];
}

export const withoutCondition = <C extends { type: string }>(
  conditions: readonly C[],
  type: string,
): C[] => conditions.filter((c) => c.type !== type);

/**
 * As elsewhere: replaced where it stands, all but its transition time, which stays while the status does.
 * k8s: apimachinery/pkg/api/meta SetStatusCondition, pkg/api/v1/pod UpdatePodCondition
 */
export function withStatusCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  next: C & { lastTransitionTime: string },
): C[] {
  const before = conditionOf(conditions, next.type);
  const stays = before?.status === next.status && before.lastTransitionTime !== undefined;
  const set: C = stays ? { ...next, lastTransitionTime: before.lastTransitionTime } : next;
  return before
    ? (conditions ?? []).map((c) => (c === before ? set : c))
    : [...(conditions ?? []), set];
}
