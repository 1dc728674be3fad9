/** ReplicaSets. k8s: pkg/controller/replicaset */
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import { replicasController } from "./replicas.ts";

export const replicaSetController = replicasController<ReplicaSet>({
  name: "replicaset",
  resource: "replicasets.apps",
  kind: "ReplicaSet",
  component: "replicaset-controller",
  selector: (set) => labelSelector(set.spec.selector),
  countsTerminating: true,
});
