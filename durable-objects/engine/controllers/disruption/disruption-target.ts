/** The condition that says why a Pod is driven off. k8s: pkg/api/v1/pod/util.go UpdatePodCondition */
import { rfc3339 } from "../../core/clock.ts";
import type { Pod, PodCondition } from "../../kinds/pod/types.ts";
import type { Client, DeleteOptions } from "../../ports/controller.ts";
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

/** Says on the Pod why it is driven off, and deletes it. k8s: addConditionAndDeletePod */
export function deleteWithCondition(
  client: Client,
  pod: Pod,
  why: { reason: string; message: string },
  options: DeleteOptions = {},
): void {
  const { namespace = "", name } = pod.metadata;
  const condition = { type: "DisruptionTarget", status: "True", ...why };
  const at = rfc3339(client.now);
  client.modify<Pod>("pods", namespace, name, (p) => withCondition(p, condition, at), "status");
  client.delete("pods", namespace, name, options);
}
