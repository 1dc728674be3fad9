/**
 * The controllers that run in kube-controller-manager: here, as they are called themselves, and as their work queue is called (-:
 * they have none, and look around now and then). They stand still with it, and it tells of them. One of upstream's may be two here.
 * k8s: pkg/controller (TypedRateLimitingQueueConfig), cmd/kube-controller-manager/names/controller_names.go
 */
const rows = `
bootstrapsigner bootstrap-signer-controller bootstrap_signer_queue
clusterroleaggregation clusterrole-aggregation-controller ClusterRoleAggregator
cronjob cronjob-controller cronjob
csrapproving certificatesigningrequest-approving-controller certificate
csrcleaner certificatesigningrequest-cleaner-controller -
csrsigning certificatesigningrequest-signing-controller certificate
daemonset daemonset-controller daemonset
deployment deployment-controller deployment
devicetainteviction device-taint-eviction-controller device-taint-eviction-controller
disruption disruption-controller disruption
endpoints endpoints-controller endpoint
endpointslice endpointslice-controller endpoint_slice
endpointslicemirroring endpointslice-mirroring-controller endpoint_slice_mirroring
ephemeral-volume ephemeral-volume-controller ephemeral_volume
garbagecollector garbage-collector-controller garbage_collector_attempt_to_delete
horizontalpodautoscaler horizontal-pod-autoscaler-controller horizontalpodautoscaler
job job-controller job
namespace namespace-controller namespace
nodeeviction node-lifecycle-controller node_lifecycle_controller_pods
nodeipam node-ipam-controller cidrallocator_node
nodelifecycle node-lifecycle-controller node_lifecycle_controller
persistentvolume-binder persistentvolume-binder-controller claims
podgc pod-garbage-collector-controller orphaned_pods_nodes
pv-protection persistentvolume-protection-controller pvprotection
replicaset replicaset-controller replicaset
replicationcontroller replicationcontroller-controller replicationmanager
resourceclaim resourceclaim-controller resource_claim
resourcequota resourcequota-controller resourcequota_primary
root-ca-certificate-publisher root-ca-certificate-publisher-controller root_ca_cert_publisher
serviceaccount serviceaccount-controller serviceaccount
serviceaccounttoken serviceaccount-token-controller serviceaccount_tokens_service
servicecidr service-cidr-controller ipaddresses
statefulset statefulset-controller statefulset
tainteviction taint-eviction-controller noexec_taint_pod
tokencleaner token-cleaner-controller token_cleaner
ttlafterfinished ttl-after-finished-controller ttl_jobs_to_delete
vac-protection volumeattributesclass-protection-controller vacprotection
validatingadmissionpolicystatus validatingadmissionpolicy-status-controller validatingadmissionpolicy-status
`
  .trim()
  .split("\n")
  .map((line) => line.split(" ") as [name: string, shown: string, queue: string]);

/** As they are called here. */
export const managedControllers: ReadonlySet<string> = new Set(rows.map(([name]) => name));

/** As they are called themselves. */
export const shownControllers: readonly string[] = [...new Set(rows.map(([, shown]) => shown))];

/** Which of them work off each queue. */
export const workQueues: ReadonlyMap<string, readonly string[]> = byQueue();

function byQueue(): Map<string, string[]> {
  const queues = new Map<string, string[]>();
  for (const [name, , queue] of rows) {
    if (queue !== "-") queues.set(queue, [...(queues.get(queue) ?? []), name]);
  }
  return queues;
}
