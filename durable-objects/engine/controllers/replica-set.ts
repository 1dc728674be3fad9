/** ReplicaSets. k8s: pkg/controller/replicaset */
import { labelSelector } from "../machinery/selectors.ts";
import type { ReplicaSet } from "./deployment-shapes.ts";
import { replicasController } from "./replicas.ts";

export const replicaSetController = replicasController({
  name: "replicaset",
  resource: "replicasets.apps",
  kind: "ReplicaSet",
  component: "replicaset-controller",
  selector: (object) => labelSelector((object as unknown as ReplicaSet).spec.selector),
  countsTerminating: true,
});
