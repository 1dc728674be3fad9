/** ReplicationController. k8s: pkg/registry/core/replicationcontroller/strategy.go */
import { selectorFromSet } from "../machinery/selectors.ts";
import type * as core from "kubernetes-types/core/v1";
import { validateReplicationControllerSpec } from "./workload-validation.ts";
import type { KubeObject } from "../core/object.ts";
import { formatLabels } from "./columns.ts";
import { allMetadata, type Kind } from "./define.ts";
import { withTemplateDefaults } from "./pod/defaults.ts";
import type { PodTemplateSpec } from "./pod/types.ts";
import { warningsOfWorkload } from "./pod/warnings.ts";
import { replicaCells, replicaColumns, validateReplicaStatus } from "./replica-set.ts";
import { schemaNamed } from "../schema/types.ts";

/** As stored: defaulted and valid. */
export interface ReplicationControllerSpec extends Omit<
  core.ReplicationControllerSpec,
  "template"
> {
  replicas: number;
  template: PodTemplateSpec;
}
export interface ReplicationController extends KubeObject {
  spec: ReplicationControllerSpec;
  status?: core.ReplicationControllerStatus;
}

/** Selector and labels follow the template's labels. k8s: SetDefaults_ReplicationController */
function withDefaults(controller: ReplicationController): ReplicationController {
  const given = controller.spec ?? {};
  const spec: ReplicationControllerSpec = { ...given, replicas: given.replicas ?? 1 };
  let { metadata } = controller;
  if (given.template) {
    spec.template = withTemplateDefaults(given.template);
    const labels = given.template.metadata?.labels;
    if (labels) {
      if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = labels;
      if (Object.keys(metadata.labels ?? {}).length === 0) metadata = { ...metadata, labels };
    }
  }
  return { ...controller, metadata, spec };
}

export const ReplicationController: Kind<ReplicationController> = {
  resource: "replicationcontrollers",
  apiVersion: "v1",
  kind: "ReplicationController",
  schema: schemaNamed("core/v1.ReplicationController"),
  scale: { selector: ({ spec }) => selectorFromSet(spec.selector).toString() },
  namespaced: true,
  statusWritesMetadata: allMetadata,
  defaultPropagation: "Orphan",
  applyDefaults: withDefaults,
  prepareForCreate: (controller) => ({ ...controller, status: { replicas: 0 } }),
  validateCreate: (controller) => validateReplicationControllerSpec(controller.spec),
  validateUpdate: (controller) => validateReplicationControllerSpec(controller.spec),
  validateStatusUpdate: ({ status }) => validateReplicaStatus(status),
  warnings: (controller, old) =>
    old && old.metadata.generation === controller.metadata.generation
      ? []
      : warningsOfWorkload(controller.spec.template, old ? undefined : controller.metadata.name),
  fields: (controller) => ({ "status.replicas": String(controller.status?.replicas ?? 0) }),
  table: {
    columns: replicaColumns,
    cells: (controller, now) =>
      replicaCells(controller, now, formatLabels(controller.spec.selector)),
  },
};
