/**
 * The controllers of kube-controller-manager that count: here, as their work queue is called, and as they are called themselves.
 * k8s: pkg/controller (TypedRateLimitingQueueConfig), cmd/kube-controller-manager/names/controller_names.go
 */
const rows = `
clusterroleaggregation ClusterRoleAggregator clusterrole-aggregation-controller
cronjob cronjob cronjob-controller
daemonset daemonset daemonset-controller
deployment deployment deployment-controller
disruption disruption disruption-controller
endpoints endpoint endpoints-controller
endpointslice endpoint_slice endpointslice-controller
endpointslicemirroring endpoint_slice_mirroring endpointslice-mirroring-controller
ephemeral-volume ephemeral_volume ephemeral-volume-controller
garbagecollector garbage_collector_attempt_to_delete garbage-collector-controller
horizontalpodautoscaler horizontalpodautoscaler horizontal-pod-autoscaler-controller
job job job-controller
namespace namespace namespace-controller
nodelifecycle node_lifecycle_controller node-lifecycle-controller
persistentvolume-binder claims persistentvolume-binder-controller
pv-protection pvprotection persistentvolume-protection-controller
replicaset replicaset replicaset-controller
replicationcontroller replicationmanager replicationcontroller-controller
resourceclaim resource_claim resourceclaim-controller
resourcequota resourcequota_primary resourcequota-controller
root-ca-certificate-publisher root_ca_cert_publisher root-ca-certificate-publisher-controller
serviceaccount serviceaccount serviceaccount-controller
serviceaccounttoken serviceaccount_tokens_service serviceaccount-token-controller
statefulset statefulset statefulset-controller
tainteviction noexec_taint_pod taint-eviction-controller
ttlafterfinished ttl_jobs_to_delete ttl-after-finished-controller
`;

export const managedControllers: readonly { name: string; queue: string; shown: string }[] = rows
  .trim()
  .split("\n")
  .map((line) => {
    const [name = "", queue = "", shown = ""] = line.split(" ");
    return { name, queue, shown };
  });
