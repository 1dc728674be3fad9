/** StatefulSet. k8s: pkg/registry/apps/statefulset/strategy.go */
import { labelSelector } from "../../machinery/selectors.ts";
import { schemaNamed } from "../../schema/types.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { allMetadata, type Kind } from "../define.ts";
import { withTemplateDefaults } from "../pod/defaults.ts";
import { containerCells } from "../pod/table.ts";
import { warningsOfWorkload } from "../pod/warnings.ts";
import type { PersistentVolumeClaim } from "../storage/persistent-volume-claim.ts";
import type { StatefulSetSpec, StatefulSet as Shape } from "./shape.ts";
import { validateCreate, validateStatusUpdate, validateUpdate } from "./validation.ts";

/** A given type without `rollingUpdate` stays without. k8s: SetDefaults_StatefulSet */
function defaultStrategy(
  strategy: StatefulSetSpec["updateStrategy"],
): NonNullable<StatefulSetSpec["updateStrategy"]> {
  const type = strategy?.type || "RollingUpdate";
  const rolling = strategy?.rollingUpdate ?? (strategy?.type ? undefined : {});
  if (type !== "RollingUpdate" || !rolling) return { ...strategy, type };
  const { partition = 0, maxUnavailable = 1 } = rolling;
  return { type, rollingUpdate: { ...rolling, partition, maxUnavailable } };
}

/** k8s: SetDefaults_PersistentVolumeClaim, Convert_apps_StatefulSetSpec_To_v1_StatefulSetSpec */
const defaultClaim = (claim: PersistentVolumeClaim): PersistentVolumeClaim => ({
  ...claim,
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  spec: { ...claim.spec, volumeMode: claim.spec?.volumeMode ?? "Filesystem" },
  status: { ...claim.status, phase: claim.status?.phase || "Pending" },
});

function withDefaults(set: Shape): Shape {
  const spec = set.spec ?? ({} as StatefulSetSpec);
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  return {
    ...set,
    spec: {
      ...spec,
      template: withTemplateDefaults(spec.template),
      podManagementPolicy: spec.podManagementPolicy || "OrderedReady",
      updateStrategy: defaultStrategy(spec.updateStrategy),
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: retention?.whenDeleted || "Retain",
        whenScaled: retention?.whenScaled || "Retain",
      },
      ...(spec.volumeClaimTemplates
        ? { volumeClaimTemplates: spec.volumeClaimTemplates.map(defaultClaim) }
        : {}),
      replicas: spec.replicas ?? 1,
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
    },
  };
}

export const StatefulSet: Kind<Shape> = {
  resource: "statefulsets.apps",
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  schema: schemaNamed("apps/v1.StatefulSet"),
  scale: { selector: ({ spec }) => labelSelector(spec.selector).toString() },
  namespaced: true,
  nameRule: "label",
  statusWritesMetadata: allMetadata,
  applyDefaults: withDefaults,
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0, availableReplicas: 0 } }),
  validateCreate,
  validateUpdate,
  validateStatusUpdate,
  warnings: (set, old) =>
    old && old.metadata.generation === set.metadata.generation
      ? []
      : warningsOfWorkload(set.spec.template, undefined),
  table: {
    columns: [
      nameColumn,
      column("Ready", "Ready pods of wanted pods."),
      ageColumn,
      wideColumn("Containers", "Names of the containers in the template."),
      wideColumn("Images", "Images of the containers in the template."),
    ],
    cells: (set, now) => [
      set.metadata.name,
      `${set.status?.readyReplicas ?? 0}/${set.spec.replicas ?? 0}`,
      age(set, now),
      ...containerCells(set.spec.template.spec.containers),
    ],
  },
};
