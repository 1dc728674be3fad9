/** The registry of controllers. Their order is the order in which one change wakes them. */
import { createKubelet } from "../kubelet/kubelet.ts";
import { runtime } from "../runtime/runtime.ts";
import { ingressController } from "../network/ingress-controller.ts";
import { networkController } from "../network/network-controller.ts";
import { traceController } from "../network/trace-controller.ts";
import { createScheduler } from "../scheduler/scheduler.ts";
import type { Controller } from "../ports/controller.ts";
import { clusterRoleAggregationController } from "./cluster-role-aggregation.ts";
import { daemonSetController } from "./daemon-set/daemon-set.ts";
import { deploymentController } from "./deployment/deployment.ts";
import { disruptionController } from "./disruption.ts";
import { endpointsController } from "./endpoints.ts";
import { endpointSliceController } from "./endpoint-slice.ts";
import { endpointSliceMirroringController } from "./endpoint-slice-mirroring.ts";
import { eventExpiryController } from "./event-expiry.ts";
import { garbageCollector } from "./garbage-collector.ts";
import { horizontalPodAutoscalerController } from "./horizontal-pod-autoscaler.ts";
import { namespaceController } from "./namespace.ts";
import { nodeEvictionController } from "./node-eviction.ts";
import { nodeIpamController } from "./node-ipam.ts";
import { nodeLifecycleController } from "./node-lifecycle.ts";
import { nodeMachineController } from "./node-machine.ts";
import { persistentVolumeController } from "./persistent-volume.ts";
import { ephemeralVolumeController } from "./persistent-volume-ephemeral.ts";
import { volumeProvisioner } from "./persistent-volume-provisioner.ts";
import { podGcController } from "./pod-gc.ts";
import { pvProtectionController } from "./pv-protection.ts";
import { replicaSetController } from "./replica-set/replica-set.ts";
import { replicationController } from "./replica-set/replication-controller.ts";
import { resourceQuotaController } from "./resource-quota.ts";
import { loadBalancerController } from "./service-load-balancer.ts";
import { serviceAccountController } from "./service-account.ts";
import { createServiceAccountTokens } from "./service-account-token.ts";
import { taintEvictionController } from "./taint-eviction.ts";

export function createControllers(
  signingKey: Parameters<typeof createServiceAccountTokens>[0],
): Controller[] {
  return [
    namespaceController,
    serviceAccountController,
    createServiceAccountTokens(signingKey),
    nodeIpamController,
    nodeMachineController,
    nodeLifecycleController,
    nodeEvictionController,
    taintEvictionController,
    podGcController,
    deploymentController,
    replicaSetController,
    replicationController,
    daemonSetController,
    disruptionController,
    clusterRoleAggregationController,
    horizontalPodAutoscalerController,
    endpointsController,
    endpointSliceController,
    endpointSliceMirroringController,
    loadBalancerController,
    ephemeralVolumeController,
    persistentVolumeController,
    pvProtectionController,
    volumeProvisioner,
    createScheduler(),
    createKubelet(runtime),
    networkController,
    ingressController,
    traceController,
    resourceQuotaController,
    garbageCollector,
    eventExpiryController,
  ];
}
