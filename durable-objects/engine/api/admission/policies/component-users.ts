/**
 * The cluster's own components write past authentication here; upstream each has a user of its own, which rules of users may name.
 * k8s: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go, pkg/auth/nodeidentifier
 */
import { lookup } from "../../../core/lookup.ts";
import type { KubeObject } from "../../../core/object.ts";
import type { User } from "../../../ports/request.ts";

/** Service accounts in kube-system, by the controller's name. */
const accounts: Readonly<Record<string, string>> = lookup({
  clusterroleaggregation: "clusterrole-aggregation-controller",
  cronjob: "cronjob-controller",
  csrapproving: "certificate-controller",
  csrcleaner: "certificate-controller",
  csrsigning: "certificate-controller",
  daemonset: "daemon-set-controller",
  deployment: "deployment-controller",
  "deployment-controller": "deployment-controller",
  disruption: "disruption-controller",
  endpoints: "endpoint-controller",
  endpointslice: "endpointslice-controller",
  endpointslicemirroring: "endpointslicemirroring-controller",
  "ephemeral-volume": "ephemeral-volume-controller",
  garbagecollector: "generic-garbage-collector",
  horizontalpodautoscaler: "horizontal-pod-autoscaler",
  job: "job-controller",
  namespace: "namespace-controller",
  nodelifecycle: "node-controller",
  "persistentvolume-binder": "persistent-volume-binder",
  podgc: "pod-garbage-collector",
  "pv-protection": "pv-protection-controller",
  "replicaset-controller": "replicaset-controller",
  "replication-controller": "replication-controller",
  resourcequota: "resourcequota-controller",
  serviceaccount: "service-account-controller",
  "service-cidr-controller": "service-cidrs-controller",
  serviceaccounttoken: "tokens-controller",
  statefulset: "statefulset-controller",
  "taint-eviction-controller": "node-controller",
  "ttl-after-finished-controller": "ttl-after-finished-controller",
});

const authenticated = "system:authenticated";

/** Undefined: it has none of its own. `object`: what it writes. */
export function componentUser(
  component: string | undefined,
  object: KubeObject | undefined,
): User | undefined {
  if (component === undefined) return undefined;
  if (component === "scheduler") return { name: "system:kube-scheduler", groups: [authenticated] };
  if (component === "kubelet") {
    const { spec } = (object ?? {}) as { spec?: { nodeName?: string } };
    const node = object?.kind === "Node" ? object.metadata.name : (spec?.nodeName ?? "");
    return { name: `system:node:${node}`, groups: ["system:nodes", authenticated] };
  }
  const account = accounts[component];
  if (account === undefined) return undefined;
  return {
    name: `system:serviceaccount:kube-system:${account}`,
    groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", authenticated],
  };
}
