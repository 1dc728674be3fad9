/** Specs of PersistentVolumeClaims, also inside ephemeral volumes. k8s: core/validation ValidatePersistentVolumeClaimSpec */
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
} from "kubernetes-types/core/v1";
import {
  type FieldError,
  forbiddenField,
  notSupported,
  required,
} from "../../../machinery/field.ts";
import type { ObjectMeta } from "../../../core/object.ts";
import { validateLabelSelector, validateTemplateMeta } from "../../../machinery/metadata.ts";
import { dns1123Subdomain, invalidEach } from "../../../machinery/names.ts";
import { validatePositiveQuantity, validateResourceQuantity } from "./resources.ts";

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/** k8s: ValidatePersistentVolumeClaimSpec (data sources apart) */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const modes = spec.accessModes ?? [];
  if (modes.length === 0)
    errors.push(required(`${path}.accessModes`, "at least 1 access mode is required"));
  if (spec.selector) errors.push(...validateLabelSelector(spec.selector, `${path}.selector`));
  for (const mode of modes)
    if (!accessModes.includes(mode))
      errors.push(notSupported(`${path}.accessModes`, mode, accessModes));
  if (modes.includes("ReadWriteOncePod") && modes.length > 1)
    errors.push(
      forbiddenField(`${path}.accessModes`, "may not use ReadWriteOncePod with other access modes"),
    );
  const storage = spec.resources?.requests?.["storage"];
  const at = `${path}.resources[storage]`;
  if (storage === undefined) errors.push(required(at));
  else {
    const found = validatePositiveQuantity(storage, at);
    errors.push(...(found.length > 0 ? found : validateResourceQuantity("storage", storage, at)));
  }
  if (spec.storageClassName)
    errors.push(
      ...invalidEach(
        `${path}.storageClassName`,
        spec.storageClassName,
        dns1123Subdomain(spec.storageClassName),
      ),
    );
  if (
    spec.volumeMode !== undefined &&
    spec.volumeMode !== "Block" &&
    spec.volumeMode !== "Filesystem"
  )
    errors.push(notSupported(`${path}.volumeMode`, spec.volumeMode, ["Block", "Filesystem"]));
  return errors;
}

/** k8s: ValidatePersistentVolumeClaimTemplate */
export function validateClaimTemplate(
  template: PersistentVolumeClaimTemplate,
  path: string,
): FieldError[] {
  return [
    ...validateTemplateMeta(
      template.metadata as Partial<ObjectMeta> | undefined,
      `${path}.metadata`,
    ),
    ...validateClaimSpec(template.spec ?? {}, `${path}.spec`),
  ];
}
