/** Deployment. k8s: pkg/registry/apps/deployment/strategy.go */
import type * as apps from "kubernetes-types/apps/v1";
import { labelSelector } from "../machinery/selectors.ts";
import {
  validateCollisionCount,
  validateCounts,
  validateDeploymentSpec,
  validateReplicaCounts,
  validateSelectorUpdate,
} from "./workload-validation.ts";
import type { KubeObject } from "../core/object.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import { withTemplateDefaults } from "./pod/defaults.ts";
import { containerCells } from "./pod/table.ts";
import type { PodTemplateSpec } from "./pod/types.ts";
import { warningsOfWorkload } from "./pod/warnings.ts";
import { schemaNamed } from "../schema/types.ts";

/** As stored: defaulted and valid. */
export interface DeploymentSpec extends Omit<apps.DeploymentSpec, "template"> {
  replicas: number;
  strategy: apps.DeploymentStrategy;
  template: PodTemplateSpec;
}
export interface DeploymentStatus extends apps.DeploymentStatus {
  terminatingReplicas?: number;
}
export interface Deployment extends KubeObject {
  spec: DeploymentSpec;
  status?: DeploymentStatus;
}

/** k8s: SetDefaults_Deployment */
function withDefaults(deployment: Deployment): Deployment {
  const spec = deployment.spec ?? ({} as DeploymentSpec);
  const type = spec.strategy?.type || "RollingUpdate";
  const given = spec.strategy?.rollingUpdate;
  const strategy: apps.DeploymentStrategy = { ...spec.strategy, type };
  if (type === "RollingUpdate")
    strategy.rollingUpdate = {
      ...given,
      maxUnavailable: given?.maxUnavailable ?? "25%",
      maxSurge: given?.maxSurge ?? "25%",
    };
  return {
    ...deployment,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      template: withTemplateDefaults(spec.template),
      strategy,
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
    },
  };
}

const counts = [
  "observedGeneration",
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
  "terminatingReplicas",
  "collisionCount",
] as const;

export const Deployment: Kind<Deployment> = {
  resource: "deployments.apps",
  apiVersion: "apps/v1",
  kind: "Deployment",
  schema: schemaNamed("apps/v1.Deployment"),
  scale: { selector: ({ spec }) => labelSelector(spec.selector).toString() },
  statusResets: ["metadata.labels"],
  namespaced: true,
  generationOnAnnotations: true,
  statusWritesMetadata: ["annotations", "finalizers", "ownerReferences"],
  applyDefaults: withDefaults,
  prepareForCreate: (deployment) => ({ ...deployment, status: {} }),
  validateCreate: (deployment) => validateDeploymentSpec(deployment.spec),
  validateUpdate: (deployment, old) => [
    ...validateDeploymentSpec(deployment.spec),
    ...validateSelectorUpdate(deployment.spec.selector, old.spec.selector),
  ],
  validateStatusUpdate: ({ status }, old) => [
    ...validateCounts(status, counts),
    ...validateReplicaCounts(status, ["updatedReplicas", "readyReplicas", "availableReplicas"]),
    ...validateCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ],
  warnings: (deployment, old) =>
    old && old.metadata.generation === deployment.metadata.generation
      ? []
      : warningsOfWorkload(deployment.spec.template, old ? undefined : deployment.metadata.name),
  table: {
    columns: [
      nameColumn,
      column("Ready", "Ready pods of wanted pods."),
      column("Up-to-date", "Pods that have the wanted template."),
      column("Available", "Pods ready for at least minReadySeconds."),
      ageColumn,
      wideColumn("Containers", "Names of the containers in the template."),
      wideColumn("Images", "Images of the containers in the template."),
      wideColumn("Selector", "Which pods are counted."),
    ],
    cells: (deployment, now) => {
      const { spec, status = {} } = deployment;
      const [containers, images] = containerCells(spec.template.spec.containers);
      return [
        deployment.metadata.name,
        `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
        status.updatedReplicas ?? 0,
        status.availableReplicas ?? 0,
        age(deployment, now),
        containers,
        images,
        labelSelector(spec.selector).toString(),
      ];
    },
  },
};
