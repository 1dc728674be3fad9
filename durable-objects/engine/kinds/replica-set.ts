/** ReplicaSet. k8s: pkg/registry/apps/replicaset/strategy.go */
import { labelSelector } from "../machinery/selectors.ts";
import type * as apps from "kubernetes-types/apps/v1";
import type { FieldError } from "../machinery/field.ts";
import {
  validateCounts,
  validateReplicaCounts,
  validateReplicaSetSpec,
  validateSelectorUpdate,
} from "./workload-validation.ts";
import type { KubeObject } from "../core/object.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "./columns.ts";
import { allMetadata, type Cell, type Column, type Kind } from "./define.ts";
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

interface Replicated extends KubeObject {
  spec: { replicas?: number; template?: PodTemplateSpec };
  status?: { replicas?: number; readyReplicas?: number };
}

/** A row below `replicaColumns`. */
export function replicaCells(object: Replicated, now: number, selector: string): Cell[] {
  const { metadata, spec, status } = object;
  return [
    metadata.name,
    spec.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    age(object, now),
    ...containerCells(spec.template?.spec.containers),
    selector,
  ];
}

const partialCounts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const;
const counts = ["replicas", ...partialCounts, "observedGeneration", "terminatingReplicas"] as const;

/** k8s: pkg/apis/apps/validation/validation.go ValidateReplicaSetStatus, pkg/apis/core/validation ValidateReplicationControllerStatus */
export const validateReplicaStatus = (status: ReplicaSetStatus | undefined): FieldError[] => [
  ...validateCounts(status, counts),
  ...validateReplicaCounts(status, partialCounts),
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
  validateStatusUpdate: ({ status }) => validateReplicaStatus(status),
  warnings: (set, old) =>
    old && old.metadata.generation === set.metadata.generation
      ? []
      : warningsOfWorkload(set.spec.template, old ? undefined : set.metadata.name),
  table: {
    columns: replicaColumns,
    cells: (set, now) => replicaCells(set, now, selectorText(set.spec.selector)),
  },
};
