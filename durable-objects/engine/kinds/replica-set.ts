/** ReplicaSet. k8s: pkg/registry/apps/replicaset/strategy.go */
import { labelSelector } from "../machinery/selectors.ts";
import type * as apps from "kubernetes-types/apps/v1";
import {
  validateCounts,
  validateReplicaCounts,
  validateReplicaSetSpec,
  validateSelectorUpdate,
} from "./workloads.ts";
import type { KubeObject } from "../core/object.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "./columns.ts";
import { allMetadata, type Column, type Kind } from "./define.ts";
import { selectorText } from "./pod-template.ts";
import { withTemplateDefaults } from "./pod/defaults.ts";
import { containerCells } from "./pod/table.ts";
import type { PodTemplateSpec } from "./pod/types.ts";
import { warningsOfWorkload } from "./pod/warnings.ts";
import { schemaNamed } from "../schema/types.ts";

/** As stored: defaulted and valid. */
export interface ReplicaSetSpec extends Omit<apps.ReplicaSetSpec, "template"> {
  replicas: number;
  template: PodTemplateSpec;
}
export interface ReplicaSetStatus extends apps.ReplicaSetStatus {
  terminatingReplicas?: number;
}
export interface ReplicaSet extends KubeObject {
  spec: ReplicaSetSpec;
  status?: ReplicaSetStatus;
}

const counts = [
  "replicas",
  "fullyLabeledReplicas",
  "readyReplicas",
  "availableReplicas",
  "observedGeneration",
  "terminatingReplicas",
] as const;

export const replicaColumns: Column[] = [
  nameColumn,
  column("Desired", "Wanted pods.", "integer"),
  column("Current", "Pods there are.", "integer"),
  column("Ready", "Pods that are ready.", "integer"),
  ageColumn,
  wideColumn("Containers", "Names of the containers in the template."),
  wideColumn("Images", "Images of the containers in the template."),
  wideColumn("Selector", "Which pods are counted."),
];

export const ReplicaSet: Kind<ReplicaSet> = {
  resource: "replicasets.apps",
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  schema: schemaNamed("apps/v1.ReplicaSet"),
  scale: { selector: ({ spec }) => labelSelector(spec.selector).toString() },
  namespaced: true,
  statusWritesMetadata: allMetadata,
  applyDefaults: (set) => {
    const spec = set.spec ?? ({} as ReplicaSetSpec);
    const template = withTemplateDefaults(spec.template);
    return { ...set, spec: { ...spec, replicas: spec.replicas ?? 1, template } };
  },
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0 } }),
  validateCreate: (set) => validateReplicaSetSpec(set.spec),
  validateUpdate: (set, old) => [
    ...validateReplicaSetSpec(set.spec),
    ...validateSelectorUpdate(set.spec.selector, old.spec.selector),
  ],
  validateStatusUpdate: ({ status }) => [
    ...validateCounts(status, counts),
    ...validateReplicaCounts(status, [
      "fullyLabeledReplicas",
      "readyReplicas",
      "availableReplicas",
    ]),
  ],
  warnings: (set, old) =>
    old && old.metadata.generation === set.metadata.generation
      ? []
      : warningsOfWorkload(set.spec.template, old ? undefined : set.metadata.name),
  table: {
    columns: replicaColumns,
    cells: (set, now) => [
      set.metadata.name,
      set.spec.replicas ?? 0,
      set.status?.replicas ?? 0,
      set.status?.readyReplicas ?? 0,
      age(set, now),
      ...containerCells(set.spec.template.spec.containers),
      selectorText(set.spec.selector),
    ],
  },
};
