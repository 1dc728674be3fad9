/** ReplicationControllers: the old way to keep Pods alive. k8s: pkg/controller/replication */
import type { ReplicationController } from "../../kinds/replication-controller.ts";
import { selectorFromSet } from "../../machinery/selectors.ts";
import { replicasController } from "./replicas.ts";

export const replicationController = replicasController<ReplicationController>({
  name: "replicationcontroller",
  resource: "replicationcontrollers",
  kind: "ReplicationController",
  component: "replication-controller",
  selector: (controller) => selectorFromSet(controller.spec.selector),
  countsTerminating: false,
});
