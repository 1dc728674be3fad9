/** ReplicationControllers: the old way to keep Pods alive. k8s: pkg/controller/replication */
import { selectorFromSet } from "../machinery/selectors.ts";
import { replicasController } from "./replicas.ts";

export const replicationController = replicasController({
  name: "replicationcontroller",
  resource: "replicationcontrollers",
  kind: "ReplicationController",
  component: "replication-controller",
  selector: (object) =>
    selectorFromSet((object.spec as { selector?: Record<string, string> }).selector),
  countsTerminating: false,
});
