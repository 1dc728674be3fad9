/** Volumes of a Pod. k8s: core/validation ValidateVolumes, validateVolumeSource */
import type * as v1 from "kubernetes-types/core/v1";
import type { Volume } from "../types.ts";
import { parseQuantity, signQuantity } from "../../../machinery/quantity.ts";
import {
  type FieldError,
  duplicate,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../../machinery/field.ts";
import {
  byteLength,
  dns1123Label,
  dns1123Subdomain,
  invalidEach,
  oneOf,
  rangeText,
} from "../../../machinery/names.ts";
import {
  validateDescendingPath,
  validateMode,
  validateNoBacksteps,
} from "../../../machinery/container-paths.ts";
import { validateClaimTemplate } from "./volume-claims.ts";
import { validateDownwardFiles, validateKeyToPath, validateProjected } from "./volume-projected.ts";

/** What the checks of a volume may know of its Pod; without a name the PVCs it makes are unknown. */
export interface VolumeContext {
  podName: string | undefined;
  resourceIsPod: boolean;
  volumeName: string;
}

type SourceCheck = (source: never, path: string, context: VolumeContext) => FieldError[];

const need =
  <Field extends string>(...fields: Field[]) =>
  (source: { [field in Field]?: unknown }, path: string): FieldError[] =>
    fields.filter((f) => !source[f]).map((f) => required(`${path}.${f}`));

export const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

function hostPath(source: v1.HostPathVolumeSource, path: string): FieldError[] {
  if (!source.path) return [required(`${path}.path`)];
  const errors = validateNoBacksteps(source.path, `${path}.path`);
  if (source.type !== undefined && !hostPathTypes.includes(source.type))
    errors.push(notSupported(`${path}.type`, source.type, hostPathTypes));
  return errors;
}

const partition = (source: { partition?: number }, path: string): FieldError[] =>
  (source.partition ?? 0) < 0 || (source.partition ?? 0) > 255
    ? [invalid(`${path}.partition`, source.partition, rangeText(1, 255))]
    : [];

function keyed(
  source: { defaultMode?: number; items?: v1.KeyToPath[] },
  path: string,
): FieldError[] {
  const errors = validateMode(source.defaultMode, `${path}.defaultMode`);
  source.items?.forEach((item, i) =>
    errors.push(...validateKeyToPath(item, `${path}.items[${i}]`)),
  );
  return errors;
}

function nfs(source: v1.NFSVolumeSource, path: string): FieldError[] {
  const errors = need("server", "path")(source, path);
  if (!source.path?.startsWith("/"))
    errors.push(invalid(`${path}.path`, source.path ?? "", "must be an absolute path"));
  return errors;
}

function iscsi(source: v1.ISCSIVolumeSource, path: string, context: VolumeContext): FieldError[] {
  const errors = need("targetPortal", "iqn")(source, path);
  if (source.iqn && !/^(iqn|eui|naa)/.test(source.iqn))
    errors.push(
      invalid(`${path}.iqn`, source.iqn, "must be valid format starting with iqn, eui, or naa"),
    );
  if (source.lun < 0 || source.lun > 255)
    errors.push(invalid(`${path}.lun`, source.lun, rangeText(0, 255)));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef)
    errors.push(required(`${path}.secretRef`));
  if (source.initiatorName && `${context.volumeName}:${source.targetPortal}`.length > 64)
    errors.push(
      invalid(
        path.replace(/\.iscsi$/, ".name"),
        context.volumeName,
        "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.",
      ),
    );
  return errors;
}

function fc(source: v1.FCVolumeSource, path: string): FieldError[] {
  const wwns = source.targetWWNs?.length ?? 0;
  const ids = source.wwids?.length ?? 0;
  const errors: FieldError[] = [];
  if (wwns < 1 && ids < 1)
    errors.push(
      required(`${path}.targetWWNs`, "must specify either targetWWNs or wwids, but not both"),
    );
  if (wwns > 0 && ids > 0)
    errors.push(
      invalid(
        `${path}.targetWWNs`,
        source.targetWWNs,
        "targetWWNs and wwids can not be specified simultaneously",
      ),
    );
  if (wwns > 0 && source.lun === undefined)
    errors.push(required(`${path}.lun`, "lun is required if targetWWNs is specified"));
  return errors;
}

/** k8s: ValidateCSIDriverName */
export function validateCsiDriverName(name: string, path: string): FieldError[] {
  if (!name) return [required(path)];
  const errors = byteLength(name) > 63 ? [tooLong(path, 63)] : [];
  return [...errors, ...invalidEach(path, name, dns1123Subdomain(name.toLowerCase()))];
}

function csi(source: v1.CSIVolumeSource, path: string): FieldError[] {
  const errors = validateCsiDriverName(source.driver ?? "", `${path}.driver`);
  const ref = source.nodePublishSecretRef;
  if (ref && !ref.name) errors.push(required(`${path}.nodePublishSecretRef.name`));
  else if (ref?.name)
    errors.push(...invalidEach(`${path}.name`, ref.name, dns1123Subdomain(ref.name)));
  return errors;
}

function ephemeral(
  source: v1.EphemeralVolumeSource,
  path: string,
  context: VolumeContext,
): FieldError[] {
  const template = source.volumeClaimTemplate;
  const errors = template
    ? validateClaimTemplate(template, `${path}.volumeClaimTemplate`)
    : [required(`${path}.volumeClaimTemplate`)];
  if (context.podName && context.volumeName) {
    const claim = `${context.podName}-${context.volumeName}`;
    for (const m of dns1123Subdomain(claim))
      errors.push(
        invalid(
          path.replace(/\.ephemeral$/, ".name"),
          context.volumeName,
          `PVC name "${claim}": ${m}`,
        ),
      );
  }
  return errors;
}

function emptyDir(source: v1.EmptyDirVolumeSource, path: string): FieldError[] {
  const size = parseQuantity(String(source.sizeLimit ?? "0"));
  return size && signQuantity(size) < 0
    ? [forbiddenField(`${path}.sizeLimit`, "SizeLimit field must be a valid resource quantity")]
    : [];
}

/** Volume types in upstream's order; `name` where its messages spell the field differently. */
const sources: { key: keyof Volume; name?: string; check: SourceCheck }[] = [
  { key: "emptyDir", check: emptyDir },
  { key: "hostPath", check: hostPath },
  {
    key: "gitRepo",
    check: (s: v1.GitRepoVolumeSource, p) => [
      ...need("repository")(s, p),
      ...validateDescendingPath(s.directory ?? "", `${p}.directory`),
    ],
  },
  {
    key: "gcePersistentDisk",
    name: "persistentDisk",
    check: (s: v1.GCEPersistentDiskVolumeSource, p) => [
      ...need("pdName")(s, p),
      ...partition(s, p),
    ],
  },
  {
    key: "awsElasticBlockStore",
    check: (s: v1.AWSElasticBlockStoreVolumeSource, p) => [
      ...need("volumeID")(s, p),
      ...partition(s, p),
    ],
  },
  {
    key: "secret",
    check: (s: v1.SecretVolumeSource, p) => [...need("secretName")(s, p), ...keyed(s, p)],
  },
  { key: "nfs", check: nfs },
  { key: "iscsi", check: iscsi },
  { key: "glusterfs", check: need("endpoints", "path") },
  { key: "flocker", check: () => [] },
  { key: "persistentVolumeClaim", check: need("claimName") },
  { key: "rbd", check: (s: v1.RBDVolumeSource, p) => need("monitors", "image")(s, p) },
  { key: "cinder", check: need("volumeID") },
  { key: "cephfs", check: need("monitors") },
  { key: "quobyte", check: need("registry", "volume") },
  {
    key: "downwardAPI",
    check: (s: v1.DownwardAPIVolumeSource, p) => [
      ...validateMode(s.defaultMode, `${p}.defaultMode`),
      ...validateDownwardFiles(s.items, p),
    ],
  },
  { key: "fc", check: fc },
  { key: "flexVolume", check: need("driver") },
  {
    key: "configMap",
    check: (s: v1.ConfigMapVolumeSource, p) => [...need("name")(s, p), ...keyed(s, p)],
  },
  { key: "azureFile", check: need("secretName", "shareName") },
  { key: "vsphereVolume", check: need("volumePath") },
  { key: "photonPersistentDisk", check: need("pdID") },
  { key: "portworxVolume", check: need("volumeID") },
  { key: "azureDisk", check: need("diskName", "diskURI") },
  { key: "storageos", check: need("volumeName") },
  { key: "projected", check: validateProjected },
  { key: "scaleIO", check: need("gateway", "system", "volumeName") },
  { key: "csi", check: csi },
  { key: "ephemeral", check: ephemeral },
  {
    key: "image",
    check: (s: NonNullable<Volume["image"]>, p, context) => [
      ...(context.resourceIsPod ? need("reference")(s, p) : []),
      ...oneOf(`${p}.pullPolicy`, s.pullPolicy, ["Always", "IfNotPresent", "Never"]),
    ],
  },
];

function validateSource(volume: Volume, path: string, context: VolumeContext): FieldError[] {
  const errors: FieldError[] = [];
  let types = 0;
  for (const { key, name, check } of sources) {
    const source = volume[key];
    if (!source) continue;
    if (types > 0)
      errors.push(forbiddenField(`${path}.${key}`, "may not specify more than 1 volume type"));
    else errors.push(...check(source as never, `${path}.${name ?? key}`, context));
    types++;
  }
  if (types === 0) errors.push(required(path, "must specify a volume type"));
  return errors;
}

/** Checks all volumes; the valid ones by name go into `known`. k8s: ValidateVolumes */
export function validateVolumes(
  volumes: readonly Volume[],
  path: string,
  context: Omit<VolumeContext, "volumeName">,
  known: Map<string, Volume>,
): FieldError[] {
  const errors: FieldError[] = [];
  const made = new Set(
    context.podName
      ? volumes.filter((v) => v.ephemeral).map((v) => `${context.podName}-${v.name}`)
      : [],
  );
  volumes.forEach((volume, i) => {
    const at = `${path}[${i}]`;
    const found = validateSource(volume, at, { ...context, volumeName: volume.name ?? "" });
    if (!volume.name) found.push(required(`${at}.name`));
    else
      for (const m of dns1123Label(volume.name)) found.push(invalid(`${at}.name`, volume.name, m));
    if (known.has(volume.name)) found.push(duplicate(`${at}.name`, volume.name));
    if (found.length === 0) known.set(volume.name, volume);
    else errors.push(...found);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim && made.has(claim))
      errors.push(
        invalid(
          `${at}.persistentVolumeClaim.claimName`,
          claim,
          "must not reference a PVC that gets created for an ephemeral volume",
        ),
      );
  });
  return errors;
}
