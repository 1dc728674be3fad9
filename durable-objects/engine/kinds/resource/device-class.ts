/** k8s: pkg/registry/resource/deviceclass/strategy.go */
import { invalid, type FieldError } from "../../machinery/field.ts";
import { isExtendedResource } from "../checks.ts";
import { age, ageColumn, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { checkConfiguration, checkList, checkSelectors, configsMax } from "./checks.ts";
import type * as shape from "./shape.ts";
import { schemaNamed } from "../../schema/types.ts";

export type DeviceClass = shape.DeviceClass;

/** k8s: validateDeviceClassSpec */
function validate({ spec = {} }: DeviceClass): FieldError[] {
  const errors = [
    ...checkSelectors("spec.selectors", spec.selectors),
    ...checkList("spec.config", spec.config, configsMax, (one, path) =>
      checkConfiguration(path, one),
    ),
  ];
  const name = spec.extendedResourceName;
  if (name !== undefined && !isExtendedResource(name)) {
    const detail = "must be a valid extended resource name";
    errors.push(invalid("spec.extendedResourceName", name, detail));
  }
  return errors;
}

export const DeviceClass: Kind<DeviceClass> = {
  resource: "deviceclasses.resource.k8s.io",
  apiVersion: "resource.k8s.io/v1",
  kind: "DeviceClass",
  schema: schemaNamed("resource/v1.DeviceClass"),
  namespaced: false,
  hasGeneration: true,
  validateCreate: validate,
  validateUpdate: validate,
  table: {
    columns: [nameColumn, ageColumn],
    cells: (deviceClass, now) => [deviceClass.metadata.name, age(deviceClass, now)],
  },
};
