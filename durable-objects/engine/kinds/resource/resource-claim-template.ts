/** k8s: pkg/registry/resource/resourceclaimtemplate/strategy.go */
import { validateImmutable, validateTemplateMeta } from "../../machinery/metadata.ts";
import { age, ageColumn, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { checkAdminAccess, checkClaimSpec, withClaimDefaults } from "./claim-spec.ts";
import type * as shape from "./shape.ts";
import { schemaNamed } from "../../schema/types.ts";

export type ResourceClaimTemplate = shape.ResourceClaimTemplate;

export const ResourceClaimTemplate: Kind<ResourceClaimTemplate> = {
  resource: "resourceclaimtemplates.resource.k8s.io",
  apiVersion: "resource.k8s.io/v1",
  kind: "ResourceClaimTemplate",
  schema: schemaNamed("resource/v1.ResourceClaimTemplate"),
  namespaced: true,
  hasGeneration: false,
  applyDefaults: (template) => {
    const spec = withClaimDefaults(template.spec?.spec);
    return spec ? { ...template, spec: { ...template.spec, spec } } : template;
  },
  validateCreate: ({ metadata, spec }, context) => [
    ...checkAdminAccess(spec?.spec, metadata.namespace ?? "", context),
    ...validateTemplateMeta(spec?.metadata, "spec.metadata"),
    ...checkClaimSpec("spec.spec", spec?.spec),
  ],
  validateUpdate: (template, old) => validateImmutable(template.spec, old.spec, "spec"),
  table: {
    columns: [nameColumn, ageColumn],
    cells: (template, now) => [template.metadata.name, age(template, now)],
  },
};
