import type * as core from "kubernetes-types/core/v1";
import {
  at,
  child,
  forbiddenField,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { validateImmutable } from "../../machinery/metadata.ts";
import { dns1123Subdomain, invalidEach, notPositiveText } from "../../machinery/names.ts";
import { validateNoBacksteps } from "../../machinery/container-paths.ts";
import { validateNodeSelector } from "../pod/validation/scheduling.ts";
import { hostPathTypes, validateCsiDriverName } from "../pod/validation/volumes.ts";
import { internal, shapeDiff } from "../message-diff.ts";
import { rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { parseQuantity, quantityValue, signQuantity } from "../../machinery/quantity.ts";
import { keysOf } from "../checks.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { allMetadata, type Kind, type WriteContext } from "../define.ts";
import { accessModesText, betaClass } from "./persistent-volume-claim.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

/** The attributes class came after 1.30, and so did the time of the last phase. */
type Spec = core.PersistentVolumeSpec;
type Status = core.PersistentVolumeStatus;
export type PersistentVolume = Stored<Omit<core.PersistentVolume, "status">> & { status?: Status };

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const reclaimPolicies = ["Delete", "Recycle", "Retain"];

/** Volume types in the order upstream looks for them, with what it demands of the common ones. */
const sources: readonly (readonly [keyof Spec, ((spec: Spec) => FieldError[])?])[] = [
  ["hostPath", (spec) => checkHostPath("spec.hostPath", spec.hostPath)],
  ["gcePersistentDisk"],
  ["awsElasticBlockStore"],
  ["glusterfs"],
  ["flocker"],
  ["nfs", (spec) => checkNfs("spec.nfs", spec.nfs)],
  ["rbd"],
  ["quobyte"],
  ["cephfs"],
  ["iscsi"],
  ["cinder"],
  ["fc"],
  ["flexVolume"],
  ["azureFile"],
  ["vsphereVolume"],
  ["photonPersistentDisk"],
  ["portworxVolume"],
  ["azureDisk"],
  ["scaleIO"],
  ["local", (spec) => checkLocal(spec)],
  ["storageos"],
  ["csi", (spec) => checkCsi("spec.csi", spec.csi)],
];

function checkHostPath(path: string, source: core.HostPathVolumeSource | undefined): FieldError[] {
  const pathPath = child(path, "path");
  if (!source?.path) return [required(pathPath)];
  const errors = validateNoBacksteps(source.path, pathPath);
  if (source.type !== undefined && !hostPathTypes.includes(source.type)) {
    errors.push(notSupported(child(path, "type"), source.type, hostPathTypes));
  }
  return errors;
}

function checkNfs(path: string, source: core.NFSVolumeSource | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (!source?.server) errors.push(required(child(path, "server")));
  const pathPath = child(path, "path");
  const text = source?.path ?? "";
  if (!text) errors.push(required(pathPath));
  if (!text.startsWith("/")) errors.push(invalid(pathPath, text, "must be an absolute path"));
  return errors;
}

function checkLocal(spec: Spec): FieldError[] {
  const path = "spec.local.path";
  const text = spec.local?.path;
  const errors: FieldError[] = text ? validateNoBacksteps(text, path) : [required(path)];
  if (!spec.nodeAffinity) {
    errors.push(required("spec.nodeAffinity", "Local volume requires node affinity"));
  }
  return errors;
}

function checkCsi(path: string, source: core.CSIPersistentVolumeSource | undefined): FieldError[] {
  const errors = validateCsiDriverName(source?.driver ?? "", child(path, "driver"));
  if (!source?.volumeHandle) errors.push(required(child(path, "volumeHandle")));
  return errors;
}

/** Whether Go's path.Clean makes `/` of a path. */
function isRoot(path: string): boolean {
  if (!path.startsWith("/")) return false;
  let depth = 0;
  for (const name of path.split("/")) {
    if (name === "..") depth = Math.max(0, depth - 1);
    else if (name !== "" && name !== ".") depth++;
  }
  return depth === 0;
}

/** k8s: core validation ValidatePersistentVolumeSpec */
function validate(volume: PersistentVolume): FieldError[] {
  const spec: Spec = volume.spec ?? {};
  const errors = [...checkModes(spec), ...checkCapacity(spec)];
  const policy = spec.persistentVolumeReclaimPolicy;
  const policyPath = "spec.persistentVolumeReclaimPolicy";
  if (policy && !reclaimPolicies.includes(policy)) {
    errors.push(notSupported(policyPath, policy, reclaimPolicies));
  }
  if (spec.nodeAffinity) {
    const path = "spec.nodeAffinity.required";
    const wanted = spec.nodeAffinity.required;
    errors.push(
      ...(wanted
        ? validateNodeSelector(wanted, path)
        : [required(path, "must specify required node constraints")]),
    );
  }
  errors.push(...checkSources(spec));
  if (policy === "Recycle" && isRoot(spec.hostPath?.path ?? "")) {
    errors.push(forbiddenField(policyPath, "may not be 'recycle' for a hostPath mount of '/'"));
  }
  if (spec.storageClassName) {
    const rule = dns1123Subdomain(spec.storageClassName);
    errors.push(...invalidEach("spec.storageClassName", spec.storageClassName, rule));
  }
  if (spec.volumeMode !== undefined && !["Block", "Filesystem"].includes(spec.volumeMode)) {
    errors.push(notSupported("spec.volumeMode", spec.volumeMode, ["Block", "Filesystem"]));
  }
  return [...errors, ...checkAttributesClass(spec)];
}

function checkModes(spec: Spec): FieldError[] {
  const path = "spec.accessModes";
  const modes = spec.accessModes ?? [];
  const errors: FieldError[] = modes.length > 0 ? [] : [required(path)];
  for (const mode of modes) {
    if (!accessModes.includes(mode)) errors.push(notSupported(path, mode, accessModes));
  }
  const others = modes.some((mode) => mode !== "ReadWriteOncePod" && accessModes.includes(mode));
  if (modes.includes("ReadWriteOncePod") && others) {
    errors.push(forbiddenField(path, "may not use ReadWriteOncePod with other access modes"));
  }
  return errors;
}

function checkCapacity(spec: Spec): FieldError[] {
  const path = "spec.capacity";
  const capacity: Record<string, string> = spec.capacity ?? {};
  const names = keysOf(capacity);
  const errors: FieldError[] = names.length > 0 ? [] : [required(path)];
  if (names.length !== 1 || names[0] !== "storage") {
    errors.push(notSupported(path, names.length > 0 ? capacity : null, ["storage"]));
  }
  for (const name of names) {
    const quantity = parseQuantity(capacity[name] ?? "");
    if (quantity && quantityValue(quantity) < 0) {
      const detail = "must be a valid resource quantity";
      errors.push(invalid(at(path, name), quantityValue(quantity), detail));
    }
    if (quantity && signQuantity(quantity) <= 0) {
      errors.push(invalid(at(path, name), quantity.text, notPositiveText));
    }
  }
  return errors;
}

function checkSources(spec: Spec): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const [field, check] of sources) {
    if (spec[field] === undefined) continue;
    if (found++ > 0) {
      errors.push(forbiddenField(child("spec", field), "may not specify more than 1 volume type"));
    } else if (check) errors.push(...check(spec));
  }
  return found > 0 ? errors : [required("spec", "must specify a volume type")];
}

function checkAttributesClass(spec: Spec): FieldError[] {
  const name = spec.volumeAttributesClassName;
  const path = "spec.volumeAttributesClassName";
  if (name === undefined) return [];
  const errors: FieldError[] =
    name === ""
      ? [required(path, "an empty string is disallowed")]
      : invalidEach(path, name, dns1123Subdomain(name));
  if (!spec.csi) {
    errors.push(required("spec.csi", "has to be specified when using volumeAttributesClassName"));
  }
  return errors;
}

const inlineText = "may not be specified in the context of inline volumes";

/** A volume without an object of its own, at `path`. k8s: ValidatePersistentVolumeSpec, validateInlinePersistentVolumeSpec */
export function validateInlineVolume(spec: Spec, path: string): FieldError[] {
  const policy = spec.persistentVolumeReclaimPolicy;
  const errors: FieldError[] = [];
  if (spec.claimRef) errors.push(forbiddenField("spec.claimRef", inlineText));
  if (keysOf(spec.capacity).length > 0) errors.push(forbiddenField("spec.capacity", inlineText));
  if (!spec.csi)
    errors.push(required("spec.csi", "has to be specified in the context of inline volumes"));
  errors.push(...checkModes(spec));
  if (policy && policy !== "Retain") {
    const detail = "may only be Retain in the context of inline volumes";
    errors.push(forbiddenField("spec.persistentVolumeReclaimPolicy", detail));
  }
  if (spec.nodeAffinity) errors.push(forbiddenField("spec.nodeAffinity", inlineText));
  errors.push(...checkSources(spec));
  return errors.map((error) => ({ ...error, field: error.field.replace(/^spec/, path) }));
}

/** Only the source of a spec. */
const sourceOf = (spec: Spec): Record<string, unknown> =>
  Object.fromEntries(sources.map(([field]) => [field, spec[field]]));

/** k8s: core validation ValidatePersistentVolumeUpdate */
function validateUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = validate(volume);
  const before = sourceOf(old.spec ?? {});
  const after = sourceOf(volume.spec ?? {});
  if (!equal(before, after)) {
    const changes = shapeDiff(before, after, "PersistentVolumeSource");
    const detail = `spec.persistentvolumesource is immutable after creation\n${changes}`;
    errors.push(forbiddenField("spec.persistentvolumesource", detail));
  }
  errors.push(...validateImmutable(volume.spec?.volumeMode, old.spec?.volumeMode, "volumeMode"));
  const { nodeAffinity } = old.spec ?? {};
  if (nodeAffinity && !equal(nodeAffinity, volume.spec?.nodeAffinity)) {
    const shown = internal(volume.spec?.nodeAffinity ?? null, "VolumeNodeAffinity");
    const detail = "field is immutable, except for updating from beta label to GA";
    errors.push(invalid("nodeAffinity", shown, detail));
  }
  return errors;
}

/** The moment of a phase's change is the server's to tell. k8s: persistentvolumeStatusStrategy */
function withTransition(
  volume: PersistentVolume,
  old: PersistentVolume,
  context: WriteContext,
): PersistentVolume {
  const was = old.status?.lastPhaseTransitionTime;
  const given = volume.status?.lastPhaseTransitionTime;
  const changed = old.status?.phase !== volume.status?.phase;
  const own = given !== undefined && given !== was;
  if (own || (!changed && given === was)) return volume;
  const moment = changed ? rfc3339(context.now) : was;
  const status = { ...volume.status, ...(moment ? { lastPhaseTransitionTime: moment } : {}) };
  return { ...volume, status };
}

const deprecated: readonly (readonly [string, string])[] = [
  [betaClass, 'deprecated since v1.8; use "storageClassName" attribute instead'],
  [
    "volume.beta.kubernetes.io/mount-options",
    'deprecated since v1.31; use "mountOptions" attribute instead',
  ],
];
const goneSources: readonly (readonly [keyof Spec, string])[] = [
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

/** k8s: pkg/api/persistentvolume/util.go */
function warnings(volume: PersistentVolume): string[] {
  const spec: Spec = volume.spec ?? {};
  const out = deprecated.flatMap(([key, text]) =>
    volume.metadata.annotations?.[key] === undefined
      ? []
      : [`${at("metadata.annotations", key)}: ${text}`],
  );
  if (spec.persistentVolumeReclaimPolicy === "Recycle") {
    out.push(
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    );
  }
  for (const [field, text] of goneSources) {
    if (spec[field] !== undefined) {
      const shown = field === "storageos" ? "storageOS" : field;
      out.push(`spec.${shown}: ${text}`);
    }
  }
  return out;
}

export const PersistentVolume: Kind<PersistentVolume> = {
  resource: "persistentvolumes",
  apiVersion: "v1",
  kind: "PersistentVolume",
  schema: schemaNamed("core/v1.PersistentVolume"),
  namespaced: false,
  hasGeneration: false,
  statusWritesMetadata: allMetadata,
  applyDefaults: (volume) => ({
    ...volume,
    spec: {
      ...volume.spec,
      persistentVolumeReclaimPolicy: volume.spec?.persistentVolumeReclaimPolicy || "Retain",
      volumeMode: volume.spec?.volumeMode ?? "Filesystem",
      ...(volume.spec?.hostPath
        ? { hostPath: { ...volume.spec.hostPath, type: volume.spec.hostPath.type ?? "" } }
        : {}),
    },
    status: { ...volume.status, phase: volume.status?.phase || "Pending" },
  }),
  prepareForCreate: (volume, context) => ({
    ...volume,
    status: { phase: "Pending", lastPhaseTransitionTime: rfc3339(context.now) },
  }),
  prepareForUpdate: (volume, old, context) =>
    context.subresource === "status" ? withTransition(volume, old, context) : volume,
  validateCreate: validate,
  validateUpdate,
  warnings,
  fields: (volume) => ({ name: volume.metadata.name }),
  table: {
    columns: [
      nameColumn,
      column("Capacity", "Its size."),
      column("Access Modes", "How it can be mounted."),
      column("Reclaim Policy", "What becomes of it when it is released."),
      column("Status", "Available, Bound, Released or Failed."),
      column("Claim", "The claim that has it."),
      column("StorageClass", "Its class."),
      column("VolumeAttributesClass", "Class of further attributes."),
      column("Reason", "Why it failed."),
      ageColumn,
      wideColumn("VolumeMode", "Filesystem or Block."),
    ],
    cells(volume, now) {
      const spec: Spec = volume.spec ?? {};
      const claim = spec.claimRef;
      const leaving = volume.metadata.deletionTimestamp !== undefined;
      return [
        volume.metadata.name,
        spec.capacity?.["storage"] ?? "0",
        accessModesText(spec.accessModes),
        spec.persistentVolumeReclaimPolicy ?? "",
        leaving ? "Terminating" : (volume.status?.phase ?? ""),
        claim ? `${claim.namespace ?? ""}/${claim.name ?? ""}` : "",
        volume.metadata.annotations?.[betaClass] ?? spec.storageClassName ?? "",
        spec.volumeAttributesClassName ?? "<unset>",
        volume.status?.reason ?? "",
        age(volume, now),
        spec.volumeMode ?? "<unset>",
      ];
    },
  },
};
