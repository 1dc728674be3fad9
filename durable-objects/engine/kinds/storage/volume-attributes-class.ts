import type { KubeObject } from "../../core/object.ts";
import { forbiddenField, type FieldError } from "../../machinery/field.ts";
import { equal } from "../../core/equal.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { checkParameters, checkProvisioner } from "./parameters.ts";
import { schemaNamed } from "../../schema/types.ts";

export interface VolumeAttributesClass extends KubeObject {
  driverName?: string;
  parameters?: Record<string, string>;
}

/** k8s: pkg/apis/storage/validation ValidateVolumeAttributesClass */
const validate = (attributes: VolumeAttributesClass): FieldError[] => [
  ...checkProvisioner("driverName", attributes.driverName ?? ""),
  ...checkParameters(attributes.parameters ?? {}, { allowEmpty: false }),
];

function validateUpdate(
  attributes: VolumeAttributesClass,
  old: VolumeAttributesClass,
): FieldError[] {
  const errors: FieldError[] = [];
  if (attributes.driverName !== old.driverName)
    errors.push(forbiddenField("driverName", "updates to driverName are forbidden."));
  if (!equal(attributes.parameters, old.parameters))
    errors.push(forbiddenField("parameters", "updates to parameters are forbidden."));
  return [...errors, ...validate(attributes)];
}

export const VolumeAttributesClass: Kind<VolumeAttributesClass> = {
  resource: "volumeattributesclasses.storage.k8s.io",
  apiVersion: "storage.k8s.io/v1",
  kind: "VolumeAttributesClass",
  schema: schemaNamed("storage/v1.VolumeAttributesClass"),
  namespaced: false,
  hasGeneration: false,
  validateCreate: validate,
  validateUpdate,
  table: {
    columns: [nameColumn, column("DriverName", "The driver that knows its parameters."), ageColumn],
    cells: (c, now) => [c.metadata.name, c.driverName ?? "", age(c, now)],
  },
};
