/**
 * The group versions that every cluster serves, as the aggregator registers the API server's own.
 * k8s: kube-aggregator/pkg/controllers/autoregister
 */
import { builtin } from "../api/discovery/registry.ts";
import { localCondition, type APIService } from "../kinds/api-service.ts";

/** Place of a group among the groups, of a version within it. k8s: cmd/kube-apiserver/app/aggregator.go, pkg/controlplane/apiserver/aggregator.go */
const priorities: Record<string, readonly [group: number, version: number]> = {
  v1: [18_000, 1],
  "apps/v1": [17_800, 15],
  "events.k8s.io/v1": [17_750, 15],
  "authentication.k8s.io/v1": [17_700, 15],
  "authorization.k8s.io/v1": [17_600, 15],
  "autoscaling/v1": [17_500, 15],
  "autoscaling/v2": [17_500, 30],
  "batch/v1": [17_400, 15],
  "certificates.k8s.io/v1": [17_300, 15],
  "networking.k8s.io/v1": [17_200, 15],
  "policy/v1": [17_100, 15],
  "rbac.authorization.k8s.io/v1": [17_000, 15],
  "storage.k8s.io/v1": [16_800, 15],
  "apiextensions.k8s.io/v1": [16_700, 15],
  "admissionregistration.k8s.io/v1": [16_700, 15],
  "scheduling.k8s.io/v1": [16_600, 15],
  "coordination.k8s.io/v1": [16_500, 15],
  "node.k8s.io/v1": [16_300, 15],
  "resource.k8s.io/v1": [16_200, 21],
  "discovery.k8s.io/v1": [16_200, 15],
  "flowcontrol.apiserver.k8s.io/v1": [16_100, 21],
};
/** Of groups that are not upstream's own: Podyard's, and metrics. */
const otherPriority = [100, 100] as const;

type Born = Omit<APIService, "metadata"> & { metadata: object };

/** `born`: RFC 3339. The aggregator does not register itself. */
export const apiServiceBase = (born: string): Born[] =>
  builtin.groupVersions
    .filter(({ group }) => group !== "apiregistration.k8s.io")
    .map(({ group, version }) => {
      const [groupPriorityMinimum, versionPriority] =
        priorities[group === "" ? version : `${group}/${version}`] ?? otherPriority;
      return {
        apiVersion: "apiregistration.k8s.io/v1",
        kind: "APIService",
        metadata: {
          name: `${version}.${group}`,
          labels: { "kube-aggregator.kubernetes.io/automanaged": "onstart" },
        },
        spec: {
          ...(group ? { group } : {}),
          version,
          groupPriorityMinimum,
          versionPriority,
        },
        status: { conditions: [localCondition(born)] },
      };
    });
