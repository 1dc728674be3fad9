/** DaemonSet. k8s: pkg/registry/apps/daemonset/strategy.go */
import type * as apps from "kubernetes-types/apps/v1";
import { semanticEqual } from "../machinery/metadata.ts";
import {
  validateCollisionCount,
  validateCounts,
  validateDaemonSetSpec,
  validateSelectorUpdate,
} from "./workload-validation.ts";
import type { KubeObject } from "../core/object.ts";
import { age, ageColumn, column, formatLabels, nameColumn, wideColumn } from "./columns.ts";
import { allMetadata, type Kind } from "./define.ts";
import { withTemplateDefaults } from "./pod/defaults.ts";
import { containerCells } from "./pod/table.ts";
import { selectorText } from "./pod-template.ts";
import type { PodTemplateSpec } from "./pod/types.ts";
import { warningsOfWorkload } from "./pod/warnings.ts";
import { schemaNamed } from "../schema/types.ts";

export interface DaemonSetSpec extends Omit<apps.DaemonSetSpec, "template"> {
  template: PodTemplateSpec;
}
export interface DaemonSet extends KubeObject {
  spec: DaemonSetSpec;
  status?: apps.DaemonSetStatus;
}

/** Where v1 keeps what once was spec.templateGeneration. */
export const templateGenerationAnnotation = "deprecated.daemonset.template.generation";

const generationOf = (set: DaemonSet): number =>
  Number(set.metadata.annotations?.[templateGenerationAnnotation]) || 0;

const withGeneration = (set: DaemonSet, generation: number): DaemonSet => ({
  ...set,
  metadata: {
    ...set.metadata,
    annotations: {
      ...set.metadata.annotations,
      [templateGenerationAnnotation]: String(generation),
    },
  },
});

/** k8s: SetDefaults_DaemonSet */
function withDefaults(set: DaemonSet): DaemonSet {
  const spec = set.spec ?? ({} as DaemonSetSpec);
  const type = spec.updateStrategy?.type || "RollingUpdate";
  const given = spec.updateStrategy?.rollingUpdate;
  const updateStrategy: apps.DaemonSetUpdateStrategy = { ...spec.updateStrategy, type };
  if (type === "RollingUpdate")
    updateStrategy.rollingUpdate = {
      ...given,
      maxUnavailable: given?.maxUnavailable ?? 1,
      maxSurge: given?.maxSurge ?? 0,
    };
  return {
    ...set,
    spec: {
      ...spec,
      template: withTemplateDefaults(spec.template),
      updateStrategy,
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
    },
  };
}

const counts = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
  "collisionCount",
] as const;

export const DaemonSet: Kind<DaemonSet> = {
  resource: "daemonsets.apps",
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  schema: schemaNamed("apps/v1.DaemonSet"),
  namespaced: true,
  statusWritesMetadata: allMetadata,
  applyDefaults: withDefaults,
  prepareForCreate: (set) => ({
    ...withGeneration(set, Math.max(generationOf(set), 1)),
    status: {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    },
  }),
  prepareForUpdate: (set, old, context) => {
    if (context.subresource) return set;
    const changed = !semanticEqual(set.spec.template, old.spec.template);
    return withGeneration(set, generationOf(old) + (changed ? 1 : 0));
  },
  validateCreate: (set) => validateDaemonSetSpec(set.spec),
  validateUpdate: (set, old) => [
    ...validateSelectorUpdate(set.spec.selector, old.spec.selector),
    ...validateDaemonSetSpec(set.spec),
  ],
  validateStatusUpdate: ({ status }, old) => [
    ...validateCounts(status, counts),
    ...validateCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ],
  warnings: (set, old) =>
    old && generationOf(old) === generationOf(set)
      ? []
      : warningsOfWorkload(set.spec.template, undefined),
  table: {
    columns: [
      nameColumn,
      column("Desired", "Nodes that should run the pod.", "integer"),
      column("Current", "Nodes that run a pod they should run.", "integer"),
      column("Ready", "Pods that are ready.", "integer"),
      column("Up-to-date", "Nodes with a pod of the wanted template.", "integer"),
      column("Available", "Pods ready for at least minReadySeconds.", "integer"),
      column("Node Selector", "Labels a node must have."),
      ageColumn,
      wideColumn("Containers", "Names of the containers in the template."),
      wideColumn("Images", "Images of the containers in the template."),
      wideColumn("Selector", "Which pods are counted."),
    ],
    cells: (set, now) => [
      set.metadata.name,
      set.status?.desiredNumberScheduled ?? 0,
      set.status?.currentNumberScheduled ?? 0,
      set.status?.numberReady ?? 0,
      set.status?.updatedNumberScheduled ?? 0,
      set.status?.numberAvailable ?? 0,
      formatLabels(set.spec.template.spec.nodeSelector),
      age(set, now),
      ...containerCells(set.spec.template.spec.containers),
      selectorText(set.spec.selector),
    ],
  },
};
