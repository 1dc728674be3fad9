/**
 * Fields that a kind of write ignores, and so does not come to own: the main resource leaves status
 * alone, the status subresource everything else. k8s: pkg/registry strategies' GetResetFields
 */
import { hasType, structType } from "../../schema/types.ts";
import { fieldElement } from "./element.ts";
import { EMPTY, setOf } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";

/** Of the status subresource, beyond spec. */
const STATUS_RESETS: Record<string, readonly string[]> = {
  "core/v1.Pod": ["metadata.deletionTimestamp", "metadata.ownerReferences"],
  "apps/v1.Deployment": ["metadata.labels"],
  "certificates/v1.CertificateSigningRequest": ["status.conditions"],
  "admissionregistration/v1.ValidatingAdmissionPolicy": ["metadata"],
  "apiextensions/v1.CustomResourceDefinition": ["metadata"],
  "apiregistration/v1.APIService": ["metadata"],
  "flowcontrol/v1.FlowSchema": ["metadata"],
  "flowcontrol/v1.PriorityLevelConfiguration": ["metadata"],
  "networking/v1.ServiceCIDR": ["metadata"],
  "resource/v1.ResourceClaim": ["metadata"],
  "storage/v1.VolumeAttachment": ["metadata"],
};

/** Of whatever else departs from the rule, by type and subresource. */
const OTHER_RESETS: Record<string, readonly string[]> = {
  "certificates/v1.CertificateSigningRequest ": ["spec", "status"],
  "certificates/v1.CertificateSigningRequest approval": ["spec", "status.certificate"],
};

const cache = new Map<string, FieldSet>();

const pathSet = (paths: readonly string[]): FieldSet =>
  setOf(...paths.map((path) => path.split(".").map(fieldElement)));

/** Never undefined: most subresources reset nothing. */
export function resetFieldsOf(typeName: string | undefined, subresource: string): FieldSet {
  if (typeName === undefined || !hasType(typeName)) {
    if (subresource === "status") return CUSTOM_STATUS_RESETS;
    return subresource === "" ? MAIN_RESETS : EMPTY;
  }
  const id = `${typeName} ${subresource}`;
  let set = cache.get(id);
  if (!set) {
    set = build(typeName, subresource);
    cache.set(id, set);
  }
  return set;
}
const MAIN_RESETS = pathSet(["status"]);
const CUSTOM_STATUS_RESETS = pathSet(["metadata", "spec"]);

function build(typeName: string, subresource: string): FieldSet {
  const other = OTHER_RESETS[`${typeName} ${subresource}`];
  if (other) return pathSet(other);
  const { fields } = structType(typeName);
  if (!fields.has("status")) return EMPTY;
  if (subresource === "") return MAIN_RESETS;
  if (subresource !== "status") return EMPTY;
  return pathSet(["spec", ...(STATUS_RESETS[typeName] ?? [])]);
}
