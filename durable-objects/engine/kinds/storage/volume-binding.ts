/** Claims and volumes as the storage controllers see them, and which volume does for which claim. */
import { labelSelector, type LabelSelector } from "../../machinery/selectors.ts";
import type { KubeObject } from "../../core/object.ts";
import { value } from "../../machinery/quantity.ts";
import type { Reader } from "../../ports/controller.ts";

export const bindCompleted = "pv.kubernetes.io/bind-completed";
export const boundByController = "pv.kubernetes.io/bound-by-controller";
export const provisionedBy = "pv.kubernetes.io/provisioned-by";
export const selectedNode = "volume.kubernetes.io/selected-node";
export const storageProvisioner = "volume.kubernetes.io/storage-provisioner";
export const betaStorageProvisioner = "volume.beta.kubernetes.io/storage-provisioner";
const betaClass = "volume.beta.kubernetes.io/storage-class";
const defaultClass = "storageclass.kubernetes.io/is-default-class";

/** Provisioner of the class `standard`: Podyard itself. */
export const simulated = "podyard.dev/simulated";

export const claims = "persistentvolumeclaims";
export const volumes = "persistentvolumes";
export const classes = "storageclasses.storage.k8s.io";

interface Condition {
  type: string;
  status: string;
  lastProbeTime?: string | null;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

export interface Claim extends KubeObject {
  spec?: {
    accessModes?: string[];
    resources?: { requests?: Record<string, string> };
    selector?: LabelSelector;
    storageClassName?: string;
    volumeName?: string;
    volumeMode?: string;
    volumeAttributesClassName?: string;
  };
  status?: {
    phase?: string;
    accessModes?: string[];
    capacity?: Record<string, string>;
    conditions?: Condition[];
  };
}

export interface ClaimRef {
  apiVersion?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  resourceVersion?: string;
}

export interface Volume extends KubeObject {
  spec?: {
    accessModes?: string[];
    capacity?: Record<string, string>;
    claimRef?: ClaimRef;
    persistentVolumeReclaimPolicy?: string;
    storageClassName?: string;
    volumeMode?: string;
    volumeAttributesClassName?: string;
    hostPath?: { path: string };
  };
  status?: { phase?: string; message?: string; reason?: string };
}

export interface StorageClass extends KubeObject {
  provisioner?: string;
  reclaimPolicy?: string;
  volumeBindingMode?: string;
  allowVolumeExpansion?: boolean;
  mountOptions?: string[];
}

/** A Pod as far as its claims go. */
export interface PodShape extends KubeObject {
  spec?: {
    nodeName?: string;
    volumes?: {
      name: string;
      persistentVolumeClaim?: { claimName: string };
      ephemeral?: unknown;
    }[];
  };
}

/** Names of the claims a Pod uses, of its own ephemeral ones too. */
export const claimsOfPod = (pod: PodShape): string[] =>
  (pod.spec?.volumes ?? []).flatMap((v) => {
    if (v.ephemeral) return [`${pod.metadata.name}-${v.name}`];
    return v.persistentVolumeClaim ? [v.persistentVolumeClaim.claimName] : [];
  });

export const claimClass = (claim: Claim): string =>
  claim.metadata.annotations?.[betaClass] ?? claim.spec?.storageClassName ?? "";

export const volumeClass = (volume: Volume): string =>
  volume.metadata.annotations?.[betaClass] ?? volume.spec?.storageClassName ?? "";

export const requested = (claim: Claim): number =>
  value(claim.spec?.resources?.requests?.["storage"]);

export const capacity = (volume: Volume): number => value(volume.spec?.capacity?.["storage"]);

export function classOf(reader: Reader, claim: Claim): StorageClass | undefined {
  const name = claimClass(claim);
  return name ? reader.get<StorageClass>(classes, "", name) : undefined;
}

/** Whether a claim named no class at all: then it gets the default one, also later. */
export const isClassless = (claim: Claim): boolean =>
  claim.spec?.storageClassName === undefined &&
  claim.metadata.annotations?.[betaClass] === undefined;

/** The newest class that is marked so. k8s: pkg/volume/util/storageclass.go GetDefaultClass */
export function defaultClassOf(reader: Reader): StorageClass | undefined {
  const marked = reader
    .list<StorageClass>(classes)
    .filter((c) => c.metadata.annotations?.[defaultClass] === "true");
  return marked.reduce<StorageClass | undefined>(
    (best, c) =>
      best && best.metadata.creationTimestamp >= c.metadata.creationTimestamp ? best : c,
    undefined,
  );
}

/** Waits for a Pod, and none has been placed yet. k8s: component-helpers/storage/volume IsDelayBindingMode */
export function isDelayed(reader: Reader, claim: Claim): boolean {
  if (claim.metadata.annotations?.[selectedNode] !== undefined) return false;
  return classOf(reader, claim)?.volumeBindingMode === "WaitForFirstConsumer";
}

/** Whether a volume names this claim, perhaps still without its uid. k8s: IsVolumeBoundToClaim */
export function isMeantFor(volume: Volume, claim: Claim): boolean {
  const ref = volume.spec?.claimRef;
  if (!ref || ref.name !== claim.metadata.name || ref.namespace !== claim.metadata.namespace) {
    return false;
  }
  return !ref.uid || ref.uid === claim.metadata.uid;
}

const modeOf = (spec: { volumeMode?: string } | undefined): string =>
  spec?.volumeMode ?? "Filesystem";

const hasModes = (volume: Volume, claim: Claim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));

/** Why a volume that a claim asks for by name will not do. k8s: checkVolumeSatisfyClaim */
export function mismatch(volume: Volume, claim: Claim): string | undefined {
  if (volume.metadata.deletionTimestamp) {
    return `the volume is marked for deletion "${volume.metadata.name}"`;
  }
  if (capacity(volume) < requested(claim)) return "requested PV is too small";
  if (volumeClass(volume) !== claimClass(claim)) return "storageClassName does not match";
  if (modeOf(volume.spec) !== modeOf(claim.spec)) return "incompatible volumeMode";
  return hasModes(volume, claim) ? undefined : "incompatible accessMode";
}

/**
 * The volume for a claim: one that names it, else the smallest that fits among those with the fewest access modes.
 * k8s: pkg/controller/volume/persistentvolume/index.go findBestMatchForClaim, FindMatchingVolume
 */
export function bestVolume(reader: Reader, claim: Claim, delayed: boolean): Volume | undefined {
  const wanted = requested(claim);
  const selector = claim.spec?.selector && labelSelector(claim.spec.selector);
  const fit: Volume[] = [];
  for (const volume of reader.list<Volume>(volumes)) {
    if (volume.metadata.deletionTimestamp || modeOf(volume.spec) !== modeOf(claim.spec)) continue;
    if (capacity(volume) < wanted || !hasModes(volume, claim)) continue;
    if (isMeantFor(volume, claim)) return volume;
    if (delayed || volume.spec?.claimRef || volume.status?.phase !== "Available") continue;
    if (volumeClass(volume) !== claimClass(claim)) continue;
    if (selector && !selector.matches(volume.metadata.labels)) continue;
    fit.push(volume);
  }
  const modes = (volume: Volume): number => volume.spec?.accessModes?.length ?? 0;
  fit.sort((a, b) => modes(a) - modes(b) || capacity(a) - capacity(b));
  return fit[0];
}
