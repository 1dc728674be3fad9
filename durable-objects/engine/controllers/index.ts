/** The registry of controllers. Their order is the order in which one change wakes them. */
import { createKubelet } from "../kubelet/kubelet.ts";
import { runtime } from "../runtime/runtime.ts";
import { createScheduler } from "../scheduler/scheduler.ts";
import type { Controller } from "./define.ts";
import { daemonSetController } from "./daemon-set.ts";
import { deploymentController } from "./deployment.ts";
import { disruptionController } from "./disruption.ts";
import { endpointsController } from "./endpoints.ts";
import { endpointSliceController } from "./endpoint-slice.ts";
import { endpointSliceMirroringController } from "./endpoint-slice-mirroring.ts";
import { garbageCollector } from "./garbage-collector.ts";
import { namespaceController } from "./namespace.ts";
import { replicaSetController } from "./replica-set.ts";
import { replicationController } from "./replication-controller.ts";
import { loadBalancerController } from "./service-load-balancer.ts";
import { serviceAccountController } from "./service-account.ts";

export function createControllers(): Controller[] {
  return [
    namespaceController,
    serviceAccountController,
    deploymentController,
    replicaSetController,
    replicationController,
    daemonSetController,
    disruptionController,
    endpointsController,
    endpointSliceController,
    endpointSliceMirroringController,
    loadBalancerController,
    createScheduler(),
    createKubelet(runtime),
    garbageCollector,
  ];
}
