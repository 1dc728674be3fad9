/** What a Pod's status tells of its resources. k8s: pkg/kubelet/status/status_manager.go updatedPodResizeCondition, kubelet_pods.go */
import { rfc3339 } from "../../core/clock.ts";
import { sumOfPod } from "../../kinds/pod/resources.ts";
import type { PodRecord } from "../record.ts";
import { type Granted, type Resources, podLevel, withGranted } from "./resources.ts";
import type { PodCondition, PodSpec, PodStatus } from "../../kinds/pod/types.ts";

/** PodResizePending and PodResizeInProgress, as far as they hold. */
export function resizeConditions({ resizeWaits, resizing }: PodRecord): PodCondition[] {
  const condition = (
    type: string,
    { generation, sinceMs }: { generation: number; sinceMs: number },
    reason?: string,
    message?: string,
  ): PodCondition => ({
    type,
    observedGeneration: generation,
    status: "True",
    lastProbeTime: rfc3339(sinceMs),
    lastTransitionTime: rfc3339(sinceMs),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  });
  const put = resizeWaits?.infeasible ? "Infeasible" : "Deferred";
  return [
    ...(resizeWaits ? [condition("PodResizePending", resizeWaits, put, resizeWaits.message)] : []),
    ...(resizing
      ? [
          condition(
            "PodResizeInProgress",
            resizing,
            resizing.error ? "Error" : undefined,
            resizing.error,
          ),
        ]
      : []),
  ];
}

const totalsMemo = new WeakMap<PodSpec, Resources>();

const nothing: Resources = {};

/** Most Pods say nothing of it. */
const isSilent = ({ containers, initContainers, resources, overhead }: PodSpec): boolean =>
  !initContainers &&
  !resources &&
  !overhead &&
  containers.every((c) => !c.resources?.requests && !c.resources?.limits);

function totals(spec: PodSpec): Resources {
  if (isSilent(spec)) return nothing;
  const known = totalsMemo.get(spec);
  if (known) return known;
  const text = (which: "requests" | "limits"): Record<string, string> => {
    const out: Record<string, string> = {};
    for (const [name, quantity] of Object.entries(sumOfPod(spec, which))) out[name] = quantity.text;
    return out;
  };
  const [requests, limits] = [text("requests"), text("limits")];
  const made: Resources = {
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
  };
  totalsMemo.set(spec, made);
  return made;
}

/** The spec as its containers still run. */
function atWork(spec: PodSpec, record: PodRecord): PodSpec {
  if (!record.resizing) return spec;
  const old: Granted = record.runsWith ? { [podLevel]: record.runsWith } : {};
  for (const [name, { runsWith }] of Object.entries(record.containers))
    if (runsWith) old[name] = runsWith;
  return Object.keys(old).length > 0 ? withGranted(spec, old) : spec;
}

/** The Pod as a whole: what it was granted, and what it has. k8s: kubelet_pods.go convertToAPIPodLevelResourcesStatus */
export function podResources(spec: PodSpec, record: PodRecord): Partial<PodStatus> {
  const { requests } = totals(spec);
  return {
    ...(requests ? { allocatedResources: requests } : {}),
    resources: totals(atWork(spec, record)),
  };
}
