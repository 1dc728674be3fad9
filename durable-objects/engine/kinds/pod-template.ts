/** PodTemplate. k8s: pkg/registry/core/podtemplate/strategy.go */
import type { LabelSelector } from "kubernetes-types/meta/v1";
import { labelSelector } from "../machinery/selectors.ts";
import { validatePodTemplate } from "./pod/validation/annotations-and-template.ts";
import type { KubeObject } from "../core/object.ts";
import { column, formatLabels, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import { withTemplateDefaults } from "./pod/defaults.ts";
import { containerCells } from "./pod/table.ts";
import type { PodTemplateSpec } from "./pod/types.ts";
import { podWarnings } from "./pod/warnings.ts";
import { schemaNamed } from "../schema/types.ts";

export interface PodTemplate extends KubeObject {
  template: PodTemplateSpec;
}

export const PodTemplate: Kind<PodTemplate> = {
  resource: "podtemplates",
  apiVersion: "v1",
  kind: "PodTemplate",
  schema: schemaNamed("core/v1.PodTemplate"),
  namespaced: true,
  applyDefaults: (object) => ({ ...object, template: withTemplateDefaults(object.template) }),
  validateCreate: (object) => validatePodTemplate(object.template, "template"),
  validateUpdate: (object) => validatePodTemplate(object.template, "template"),
  warnings: ({ template }, old) =>
    old && old.template === template
      ? []
      : podWarnings(template.spec, template.metadata, "template"),
  table: {
    columns: [
      nameColumn,
      column("Containers", "Names of the containers in the template."),
      column("Images", "Images of the containers in the template."),
      column("Pod Labels", "Labels of the template."),
    ],
    cells: ({ metadata, template }) => [
      metadata.name,
      ...containerCells(template.spec.containers),
      formatLabels(template.metadata?.labels),
    ],
  },
};

/** A selector as a cell: `<none>` when it is empty, `<error>` cannot happen for a valid one. k8s: metav1.FormatLabelSelector */
export const selectorText = (selector: LabelSelector | undefined): string =>
  labelSelector(selector).toString() || "<none>";
