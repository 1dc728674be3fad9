/** Volumes of Pods and PersistentVolumes by their source. k8s: kubectl/pkg/describe describeVolumes */
import { goText } from "../go/format.ts";
import { sortedKeys } from "../go/json.ts";
import { amount } from "./containers.ts";
import { none, shorten, unset, type Out, type Texts } from "./out.ts";
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1";
import { writeClaim } from "./claim.ts";
import type { Volume } from "../../kinds/pod/types.ts";

/** A source as it is in JSON. */
export type Source = Record<string, unknown>;

/** A field's label, path and value when absent; the path is the label in lower camel case where it is not said. */
type Row = [label: string, path?: string, absent?: string];

const fs: Row = ["FSType", "fsType"];
const readOnly: Row = ["ReadOnly", "readOnly", "false"];
const volumeId: Row = ["VolumeID", "volumeID"];
const secretRef: Row = ["SecretRef", "secretRef", "nil"];
const partition: Row = ["Partition", "partition", "0"];

/** Sources whose fields are shown one by one: what it is, and its rows. */
const plain: Record<string, [what: string, rows: Row[]]> = {
  hostPath: ["HostPath (bare host directory volume)", [["Path"], ["HostPathType", "type", none]]],
  gcePersistentDisk: [
    "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
    [["PDName", "pdName"], fs, partition, readOnly],
  ],
  awsElasticBlockStore: [
    "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
    [volumeId, fs, partition, readOnly],
  ],
  gitRepo: [
    "GitRepo (a volume that is pulled from git when the pod is created)",
    [["Repository"], ["Revision"]],
  ],
  secret: [
    "Secret (a volume populated by a Secret)",
    [["SecretName"], ["Optional", "optional", "false"]],
  ],
  configMap: [
    "ConfigMap (a volume populated by a ConfigMap)",
    [["Name"], ["Optional", "optional", "false"]],
  ],
  nfs: ["NFS (an NFS mount that lasts the lifetime of a pod)", [["Server"], ["Path"], readOnly]],
  persistentVolumeClaim: [
    "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
    [["ClaimName"], readOnly],
  ],
  vsphereVolume: [
    "vSphereVolume (a Persistent Disk resource in vSphere)",
    [["VolumePath"], fs, ["StoragePolicyName"]],
  ],
  cinder: ["Cinder (a Persistent Disk resource in OpenStack)", [volumeId, fs, readOnly, secretRef]],
  local: ["LocalVolume (a persistent volume backed by local storage on a node)", [["Path"]]],
  azureFile: [
    "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
    [["SecretName"], ["ShareName"], readOnly],
  ],
  image: ["Image (a container image or OCI artifact)", [["Reference"], ["PullPolicy"]]],
  portworxVolume: ["PortworxVolume (a Portworx Volume resource)", [volumeId]],
};

const lower = (label: string): string => label.charAt(0).toLowerCase() + label.slice(1);

/** A reference as Go prints a pointer to it. */
const pointed = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? `&LocalObjectReference{Name:${String((value as Source)["name"] ?? "")},}`
    : goText(value);

function writePlain(out: Out, what: string, rows: readonly Row[], source: Source): void {
  out.field("Type", what, 2);
  for (const [label, path = lower(label), absent = ""] of rows) {
    const value = source[path];
    out.field(label, value === undefined ? absent : pointed(value), 2);
  }
}

/** Writes where a volume comes from; false: it is no source that is known. */
export function writeSource(out: Out, sources: object): boolean {
  for (const [kind, source] of Object.entries(sources) as [string, Source][]) {
    const known = Object.hasOwn(plain, kind) ? plain[kind] : undefined;
    if (known) {
      writePlain(out, known[0], known[1], source);
      return true;
    }
    const special = Object.hasOwn(specials, kind) ? specials[kind] : undefined;
    if (special) {
      special(out, source);
      return true;
    }
  }
  return false;
}

const specials: Record<string, (out: Out, source: Source) => void> = {
  emptyDir(out, { medium, sizeLimit }) {
    out.field("Type", "EmptyDir (a temporary directory that shares a pod's lifetime)", 2);
    out.field("Medium", medium, 2);
    const size = sizeLimit === undefined ? "0" : amount(String(sizeLimit));
    out.field("SizeLimit", size === "0" ? unset : size, 2);
  },
  projected(out, { sources }) {
    out.field("Type", "Projected (a volume that contains injected data from multiple sources)", 2);
    for (const one of (sources ?? []) as Record<string, Source | undefined>[]) {
      const named = one["secret"] ?? one["configMap"];
      if (one["downwardAPI"] && !one["secret"]) out.field("DownwardAPI", "true", 2);
      else if (named) {
        out.field(one["secret"] ? "SecretName" : "ConfigMapName", named["name"], 2);
        out.field("Optional", named["optional"] ?? false, 2);
      } else if (one["serviceAccountToken"])
        out.field("TokenExpirationSeconds", one["serviceAccountToken"]["expirationSeconds"], 2);
    }
  },
  downwardAPI(out, { items }) {
    out.field("Type", "DownwardAPI (a volume populated by information about the pod)", 2);
    out.lines(2, "Items:");
    for (const { path, fieldRef, resourceFieldRef } of (items ?? []) as {
      path: string;
      fieldRef?: { fieldPath: string };
      resourceFieldRef?: { resource: string };
    }[]) {
      if (fieldRef) out.lines(3, `${fieldRef.fieldPath} -> ${path}`);
      if (resourceFieldRef) out.lines(3, `${resourceFieldRef.resource} -> ${path}`);
    }
  },
  csi(out, source) {
    out.field("Type", "CSI (a Container Storage Interface (CSI) volume source)", 2);
    out.field("Driver", source["driver"], 2);
    out.field("FSType", source["fsType"], 2);
    if (source["volumeHandle"] !== undefined) out.field("VolumeHandle", source["volumeHandle"], 2);
    out.field("ReadOnly", source["readOnly"] ?? false, 2);
    const attributes = (source["volumeAttributes"] ?? {}) as Texts;
    const keys = sortedKeys(attributes);
    out.write(`VolumeAttributes:\t${keys.length ? "" : `${none}\n`}`, 2);
    keys.forEach((key, i) => {
      if (i) out.write("\t", 2);
      out.write(`${shorten(`${key}=${attributes[key]}`, 140)}\n`, 2);
    });
  },
  ephemeral(out, { volumeClaimTemplate }) {
    out.field(
      "Type",
      "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
      2,
    );
    const claim = volumeClaimTemplate as PersistentVolumeClaim | undefined;
    if (claim) out.deeper(2, () => writeClaim(out, claim));
  },
};

export function writeVolumes(out: Out, volumes: readonly Volume[] = [], indent = ""): void {
  if (volumes.length === 0) return out.write(`${indent}Volumes:\t${none}\n`);
  out.write(`${indent}Volumes:\n`);
  for (const { name, ...source } of volumes) {
    out.lines(1, `${indent ? " " : ""}${name}:`);
    if (!writeSource(out, source)) out.lines(1, "<unknown>");
  }
}
