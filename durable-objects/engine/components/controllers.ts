/** The registry of controllers. Their order is the order in which one change wakes them. */
import { createKubelet } from "../kubelet/kubelet.ts";
import { runtime } from "../cri/runtime.ts";
import { ingressController } from "../controllers/ingress-address.ts";
import { networkController } from "../controllers/network.ts";
import { validatingAdmissionPolicyStatusController } from "../controllers/validating-admission-policy-status.ts";
import { viewerGroupsController } from "../controllers/viewer-groups.ts";
import { traceController } from "../controllers/trace.ts";
import { createScheduler } from "../scheduler/scheduler.ts";
import type { Controller } from "../ports/controller.ts";
import { bootstrapSignerController } from "../controllers/bootstrap-tokens/signer.ts";
import { tokenCleanerController } from "../controllers/bootstrap-tokens/cleaner.ts";
import { apiServiceController } from "../controllers/api-service/availability.ts";
import { crdRegistrationController } from "../controllers/api-service/registration.ts";
import { clusterRoleAggregationController } from "../controllers/cluster-role-aggregation.ts";
import { customResourceDefinitionController } from "../controllers/custom-resource-definition/custom-resource-definition.ts";
import { cronJobController } from "../controllers/cron-job/cron-job.ts";
import { csrApprovingController } from "../controllers/certificates/approving.ts";
import { csrCleanerController } from "../controllers/certificates/cleaner.ts";
import { createCsrSigning } from "../controllers/certificates/signing.ts";
import { daemonSetController } from "../controllers/daemon-set/daemon-set.ts";
import { deploymentController } from "../controllers/deployment/deployment.ts";
import { disruptionController } from "../controllers/disruption/disruption.ts";
import { endpointsController } from "../controllers/endpoints/endpoints.ts";
import { endpointSliceController } from "../controllers/endpoints/endpoint-slice.ts";
import { endpointSliceMirroringController } from "../controllers/endpoints/endpoint-slice-mirroring.ts";
import { eventExpiryController } from "../controllers/event-expiry.ts";
import { flowControlController } from "../controllers/flow-control.ts";
import { garbageCollector } from "../controllers/garbage-collector.ts";
import { gatewayController } from "../controllers/gateway/gateway.ts";
import { horizontalPodAutoscalerController } from "../controllers/horizontal-pod-autoscaler/horizontal-pod-autoscaler.ts";
import { jobController } from "../controllers/job/job.ts";
import { ttlAfterFinishedController } from "../controllers/job/ttl.ts";
import { namespaceController } from "../controllers/namespace.ts";
import { csiNodeController } from "../controllers/node/csi-node.ts";
import { nodeEvictionController } from "../controllers/node/node-tainting.ts";
import { nodeIpamController } from "../controllers/node/ipam.ts";
import { nodeLifecycleController } from "../controllers/node/lifecycle.ts";
import { nodeMachineController } from "../controllers/node/machine.ts";
import { persistentVolumeController } from "../controllers/persistent-volume/persistent-volume.ts";
import { ephemeralVolumeController } from "../controllers/persistent-volume/ephemeral.ts";
import { attributesClassProtectionController } from "../controllers/persistent-volume/attributes-class-protection.ts";
import { volumeProvisioner } from "../controllers/persistent-volume/provisioner.ts";
import { podGcController } from "../controllers/pod-gc.ts";
import { pvProtectionController } from "../controllers/persistent-volume/protection.ts";
import { replicaSetController } from "../controllers/replica-set/replica-set.ts";
import { replicationController } from "../controllers/replica-set/replication-controller.ts";
import { ipAddressController } from "../controllers/service-ranges/ip-address.ts";
import { serviceCidrController } from "../controllers/service-ranges/service-cidr.ts";
import { statefulSetController } from "../controllers/stateful-set/stateful-set.ts";
import { deviceTaintEvictionController } from "../controllers/resource-claim/device-taint-eviction.ts";
import { resourceClaimController } from "../controllers/resource-claim/resource-claim.ts";
import { resourceQuotaController } from "../controllers/resource-quota.ts";
import { loadBalancerController } from "../controllers/service-load-balancer.ts";
import { rootCaCertificatePublisher } from "../controllers/service-account/root-ca-certificate.ts";
import { serviceAccountController } from "../controllers/service-account/service-account.ts";
import { createServiceAccountTokens } from "../controllers/service-account/token.ts";
import { taintEvictionController } from "../controllers/node/taint-eviction.ts";

const forClaims: readonly Controller[] = [
  ephemeralVolumeController,
  resourceClaimController,
  deviceTaintEvictionController,
  persistentVolumeController,
  pvProtectionController,
  attributesClassProtectionController,
  volumeProvisioner,
];

/** Every controller of the cluster; a new one gets its line here. */
export function createControllers(
  signingKey: Parameters<typeof createServiceAccountTokens>[0],
  scheduling?: Parameters<typeof createScheduler>[0],
): Controller[] {
  return [
    namespaceController,
    serviceAccountController,
    rootCaCertificatePublisher,
    createServiceAccountTokens(signingKey),
    nodeIpamController,
    nodeMachineController,
    csiNodeController,
    nodeLifecycleController,
    nodeEvictionController,
    taintEvictionController,
    podGcController,
    deploymentController,
    replicaSetController,
    replicationController,
    daemonSetController,
    statefulSetController,
    jobController,
    cronJobController,
    customResourceDefinitionController,
    ttlAfterFinishedController,
    disruptionController,
    clusterRoleAggregationController,
    validatingAdmissionPolicyStatusController,
    viewerGroupsController,
    horizontalPodAutoscalerController,
    endpointsController,
    endpointSliceController,
    endpointSliceMirroringController,
    ipAddressController,
    serviceCidrController,
    loadBalancerController,
    ...forClaims,
    createScheduler(scheduling),
    createKubelet(runtime),
    networkController,
    ingressController,
    gatewayController,
    traceController,
    resourceQuotaController,
    flowControlController,
    crdRegistrationController,
    apiServiceController,
    csrApprovingController,
    createCsrSigning(signingKey),
    csrCleanerController,
    tokenCleanerController,
    bootstrapSignerController,
    garbageCollector,
    eventExpiryController,
  ];
}
