/** How devices of claims fare, in the statuses of the containers that use them. k8s: pkg/kubelet/cm/dra/manager.go UpdateAllocatedResourcesStatus */
import { claimNameOf } from "../kinds/pod/resource-claims.ts";
import type { ContainerStatus, Pod } from "../kinds/pod/types.ts";
import type { PodRecord } from "./record.ts";

type Health = NonNullable<ContainerStatus["allocatedResourcesStatus"]>;

/** No driver here tells of its devices' health, so that nothing is known of it. k8s: cm/dra/healthinfo.go getHealthInfo */
const health = "Unknown";

/** A request may be one of several alternatives. k8s: resourceclaim.BaseRequestRef */
const baseOf = (request: string): string => request.split("/")[0] ?? "";

function healthOf(pod: Pod, record: PodRecord, container: string): Health {
  const { resources } = pod.spec.containers.find(({ name }) => name === container) ?? {};
  const asked = (resources as { claims?: { name: string; request?: string }[] })?.claims ?? [];
  return asked.flatMap(({ name, request }) => {
    const one = pod.spec.resourceClaims?.find((claim) => claim.name === name);
    const named = one && claimNameOf(pod, one);
    const claimName = named && "name" in named ? named.name : undefined;
    const claim = Object.values(record.claims ?? {}).find((known) => known.name === claimName);
    const ids = (claim?.devices ?? []).flatMap(({ requests, cdi }) => {
      const part = !request || requests.length === 0;
      return part || requests.some((of) => baseOf(of) === baseOf(request)) ? cdi.slice(0, 1) : [];
    });
    if (ids.length === 0) return [];
    return [
      {
        name: `claim:${name}${request ? `/${request}` : ""}`,
        resources: [...new Set(ids)].map((resourceID) => ({ resourceID, health })),
      },
    ];
  });
}

export function withDeviceHealth(
  pod: Pod,
  record: PodRecord,
  statuses: ContainerStatus[],
): ContainerStatus[] {
  if (!record.claims) return statuses;
  return statuses.map((status) => {
    const found = healthOf(pod, record, status.name);
    return found.length > 0 ? { ...status, allocatedResourcesStatus: found } : status;
  });
}
