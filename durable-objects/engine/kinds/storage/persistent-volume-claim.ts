import type * as core from "kubernetes-types/core/v1";
import {
  at,
  child,
  forbiddenField,
  goQuote,
  invalid,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { validateImmutable } from "../../machinery/metadata.ts";
import { dns1123Label, dns1123Subdomain, invalidEach } from "../../machinery/names.ts";
import { unifiedDiff } from "../message-diff.ts";
import { validateClaimSpec } from "../pod/validation/volume-claims.ts";
import { equal } from "../../core/equal.ts";
import { cmpQuantity, parseQuantity, zeroQuantity } from "../../machinery/quantity.ts";
import { isWholeQuantity } from "../checks.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { allMetadata, type Kind } from "../define.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type PersistentVolumeClaim = Stored<core.PersistentVolumeClaim>;
type Spec = core.PersistentVolumeClaimSpec;

export const betaClass = "volume.beta.kubernetes.io/storage-class";

/** `RWO,ROX`, always in one order. k8s: core helper GetAccessModesAsString */
export function accessModesText(modes: readonly string[] | undefined): string {
  return [
    ["ReadWriteOnce", "RWO"],
    ["ReadOnlyMany", "ROX"],
    ["ReadWriteMany", "RWX"],
    ["ReadWriteOncePod", "RWOP"],
  ]
    .filter(([mode = ""]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(",");
}

/** What the older field can not name counts for nothing there. k8s: EnforceDataSourceBackwardsCompatibility */
function withKnownSource(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { dataSource: source, dataSourceRef, ...spec } = claim.spec ?? {};
  if (!source || dataSourceRef) return claim;
  const known = `${source.apiGroup ?? ""}/${source.kind}`;
  if (known === "/PersistentVolumeClaim" || known === "snapshot.storage.k8s.io/VolumeSnapshot") {
    return claim;
  }
  return { ...claim, spec };
}

/** A data source is written in both fields. k8s: NormalizeDataSources */
function withDataSources(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { dataSource, dataSourceRef } = claim.spec ?? {};
  if (dataSource && !dataSourceRef) {
    return { ...claim, spec: { ...claim.spec, dataSourceRef: { ...dataSource } } };
  }
  if (!dataSourceRef || dataSource || dataSourceRef.namespace) return claim;
  const { apiGroup, kind, name } = dataSourceRef;
  const source = { ...(apiGroup === undefined ? {} : { apiGroup }), kind, name };
  return { ...claim, spec: { ...claim.spec, dataSource: source } };
}

/** k8s: core validation ValidatePersistentVolumeClaimSpec */
function validate(claim: PersistentVolumeClaim): FieldError[] {
  const spec: Spec = claim.spec ?? {};
  const { dataSource, dataSourceRef, volumeAttributesClassName: attributes } = spec;
  const errors = validateClaimSpec(spec, "spec");
  if (dataSource) errors.push(...checkSource("spec.dataSource", dataSource));
  if (dataSourceRef) errors.push(...checkSource("spec.dataSourceRef", dataSourceRef));
  if (dataSource && dataSourceRef) {
    const { namespace, ...ref } = dataSourceRef;
    // What upstream shows here is a path by mistake, which prints as nothing.
    if (namespace) {
      const detail = "may not be specified when dataSourceRef.namespace is specified";
      errors.push(invalid("spec", {}, detail));
    } else if (!equal(dataSource, ref)) {
      errors.push(invalid("spec", {}, "must match dataSourceRef"));
    }
  }
  if (attributes) {
    const path = "spec.volumeAttributesClassName";
    errors.push(...invalidEach(path, attributes, dns1123Subdomain(attributes)));
  }
  return errors;
}

interface Source {
  apiGroup?: string;
  kind?: string;
  name?: string;
  namespace?: string;
}

function checkSource(path: string, { apiGroup, kind, name, namespace }: Source): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(child(path, "name")));
  if (!kind) errors.push(required(child(path, "kind")));
  if (!apiGroup && kind !== "PersistentVolumeClaim") {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(path, kind ?? "", detail));
  }
  if (apiGroup) {
    errors.push(...invalidEach(child(path, "apiGroup"), apiGroup, dns1123Subdomain(apiGroup)));
  }
  if (namespace) {
    errors.push(...invalidEach(child(path, "namespace"), namespace, dns1123Label(namespace)));
  }
  return errors;
}

const sourceShown = (source: Source | undefined): object | null =>
  source
    ? { APIGroup: source.apiGroup ?? null, Kind: source.kind ?? "", Name: source.name ?? "" }
    : null;

/** The spec as upstream's internal type prints it. */
function specText(spec: Spec): string {
  const { limits = null, requests = null } = spec.resources ?? {};
  const shown = {
    AccessModes: spec.accessModes ?? null,
    Selector: spec.selector ?? null,
    Resources: { Limits: limits, Requests: requests },
    VolumeName: spec.volumeName ?? "",
    StorageClassName: spec.storageClassName ?? null,
    VolumeMode: spec.volumeMode ?? null,
    DataSource: sourceShown(spec.dataSource),
    DataSourceRef: spec.dataSourceRef
      ? { ...sourceShown(spec.dataSourceRef), Namespace: spec.dataSourceRef.namespace ?? null }
      : null,
    VolumeAttributesClassName: spec.volumeAttributesClassName ?? null,
  };
  return JSON.stringify(shown, undefined, 1);
}

/** The old spec with every change taken over that is allowed. */
function allowedSpec(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): Spec {
  const now: Spec = claim.spec ?? {};
  const spec: Spec = { ...old.spec };
  if (!spec.volumeName) spec.volumeName = now.volumeName;
  const beta = old.metadata.annotations?.[betaClass];
  if (
    spec.storageClassName === undefined &&
    (beta === undefined || beta === now.storageClassName)
  ) {
    spec.storageClassName = now.storageClassName;
  }
  if (claim.status?.phase !== "Bound") return spec;
  const storage = now.resources?.requests?.["storage"];
  if (storage !== undefined) {
    const requests = { ...spec.resources?.requests, storage };
    spec.resources = { ...spec.resources, requests };
  }
  spec.volumeAttributesClassName = now.volumeAttributesClassName;
  return spec;
}

/** k8s: core validation ValidatePersistentVolumeClaimUpdate */
function validateUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validate(claim);
  const beta = claim.metadata.annotations?.[betaClass] ?? "";
  const wasBeta = old.metadata.annotations?.[betaClass] ?? "";
  const upgraded = beta === "" && claim.spec?.storageClassName === wasBeta;
  if (beta !== wasBeta && !upgraded) {
    errors.push(invalid(`metadata.annotations.${betaClass}`, beta, "field is immutable"));
  }
  const allowed = allowedSpec(claim, old);
  const before = specText(allowed);
  const after = specText(claim.spec ?? {});
  if (before !== after && !equal(JSON.parse(before), JSON.parse(after))) {
    const detail = `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${unifiedDiff(before, after)}`;
    errors.push(forbiddenField("spec", detail));
  }
  const size = (amounts: Record<string, string> | undefined) =>
    parseQuantity(amounts?.["storage"] ?? "0") ?? zeroQuantity;
  const now = size(claim.spec?.resources?.requests);
  const shrinks = cmpQuantity(now, size(old.spec?.resources?.requests)) < 0;
  if (shrinks && cmpQuantity(now, size(old.status?.capacity)) <= 0) {
    const detail = "field can not be less than status.capacity";
    errors.push(forbiddenField("spec.resources.requests.storage", detail));
  }
  const mode = validateImmutable(claim.spec?.volumeMode, old.spec?.volumeMode, "volumeMode");
  return [...errors, ...mode];
}

function warnings(claim: PersistentVolumeClaim): string[] {
  const out: string[] = [];
  if (claim.metadata.annotations?.[betaClass] !== undefined) {
    const path = at("metadata.annotations", betaClass);
    out.push(`${path}: deprecated since v1.8; use "storageClassName" attribute instead`);
  }
  for (const list of ["requests", "limits"] as const) {
    const text = claim.spec?.resources?.[list]?.["storage"];
    if (text === undefined || isWholeQuantity(text)) continue;
    const path = `spec.resources.${list}[storage]`;
    out.push(`${path}: fractional byte value ${goQuote(text)} is invalid, must be an integer`);
  }
  return out;
}

export const PersistentVolumeClaim: Kind<PersistentVolumeClaim> = {
  resource: "persistentvolumeclaims",
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  schema: schemaNamed("core/v1.PersistentVolumeClaim"),
  namespaced: true,
  hasGeneration: false,
  statusWritesMetadata: allMetadata,
  applyDefaults: (claim) => ({
    ...claim,
    spec: { ...claim.spec, volumeMode: claim.spec?.volumeMode ?? "Filesystem" },
    status: { ...claim.status, phase: claim.status?.phase || "Pending" },
  }),
  prepareForCreate: (claim) =>
    withDataSources(withKnownSource({ ...claim, status: { phase: "Pending" } })),
  prepareForUpdate: (claim, old, context) =>
    context.subresource === "status"
      ? claim
      : withDataSources(
          old.spec?.dataSource || old.spec?.dataSourceRef ? claim : withKnownSource(claim),
        ),
  validateCreate: validate,
  validateUpdate,
  warnings,
  fields: (claim) => ({ name: claim.metadata.name }),
  table: {
    columns: [
      nameColumn,
      column("Status", "Pending, Bound or Lost."),
      column("Volume", "The volume it is bound to."),
      column("Capacity", "Size of that volume."),
      column("Access Modes", "How that volume can be mounted."),
      column("StorageClass", "Class of the volumes it wants."),
      column("VolumeAttributesClass", "Class of further attributes."),
      ageColumn,
      wideColumn("VolumeMode", "Filesystem or Block."),
    ],
    cells(claim, now) {
      const bound = claim.spec?.volumeName ? claim.status : undefined;
      const leaving = claim.metadata.deletionTimestamp !== undefined;
      return [
        claim.metadata.name,
        leaving ? "Terminating" : (claim.status?.phase ?? ""),
        claim.spec?.volumeName ?? "",
        bound ? (bound.capacity?.["storage"] ?? "0") : "",
        accessModesText(bound?.accessModes),
        claim.metadata.annotations?.[betaClass] ?? claim.spec?.storageClassName ?? "",
        claim.spec?.volumeAttributesClassName ?? "<unset>",
        age(claim, now),
        claim.spec?.volumeMode ?? "<unset>",
      ];
    },
  },
};
