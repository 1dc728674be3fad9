/** Claims and volumes as the storage controllers see them, and which volume does for which claim. */
import type { PersistentVolumeClaim } from "./persistent-volume-claim.ts";
import type { PersistentVolume } from "./persistent-volume.ts";
import type { StorageClass } from "./storage-class.ts";
import type { Pod } from "../pod/types.ts";
import { labelSelector } from "../../machinery/selectors.ts";
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

/** Names of the claims a Pod uses, of its own ephemeral ones too. */
export const claimsOfPod = (pod: Pod): string[] =>
  (pod.spec?.volumes ?? []).flatMap((v) => {
    if (v.ephemeral) return [`${pod.metadata.name}-${v.name}`];
    return v.persistentVolumeClaim ? [v.persistentVolumeClaim.claimName] : [];
  });

/** The class's name; the beta annotation wins over the field, "" is no class. */
export const claimClass = (claim: PersistentVolumeClaim): string =>
  claim.metadata.annotations?.[betaClass] ?? claim.spec?.storageClassName ?? "";

export const volumeClass = (volume: PersistentVolume): string =>
  volume.metadata.annotations?.[betaClass] ?? volume.spec?.storageClassName ?? "";

/** Bytes. */
export const requested = (claim: PersistentVolumeClaim): number =>
  value(claim.spec?.resources?.requests?.["storage"]);

/** Bytes. */
export const capacity = (volume: PersistentVolume): number =>
  value(volume.spec?.capacity?.["storage"]);

export function classOf(reader: Reader, claim: PersistentVolumeClaim): StorageClass | undefined {
  const name = claimClass(claim);
  return name ? reader.get<StorageClass>(classes, "", name) : undefined;
}

/** Whether a claim named no class at all: then it gets the default one, also later. */
export const isClassless = (claim: PersistentVolumeClaim): boolean =>
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
export function isDelayed(reader: Reader, claim: PersistentVolumeClaim): boolean {
  if (claim.metadata.annotations?.[selectedNode] !== undefined) return false;
  return classOf(reader, claim)?.volumeBindingMode === "WaitForFirstConsumer";
}

/** Whether a volume names this claim, perhaps still without its uid. k8s: IsVolumeBoundToClaim */
export function isMeantFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef;
  if (!ref || ref.name !== claim.metadata.name || ref.namespace !== claim.metadata.namespace) {
    return false;
  }
  return !ref.uid || ref.uid === claim.metadata.uid;
}

const modeOf = (spec: { volumeMode?: string } | undefined): string =>
  spec?.volumeMode ?? "Filesystem";

const hasModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));

/** Why a volume that a claim asks for by name will not do. k8s: checkVolumeSatisfyClaim */
export function mismatch(
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
): string | undefined {
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
export function bestVolume(
  reader: Reader,
  claim: PersistentVolumeClaim,
  delayed: boolean,
): PersistentVolume | undefined {
  const wanted = requested(claim);
  const selector = claim.spec?.selector && labelSelector(claim.spec.selector);
  const fit: PersistentVolume[] = [];
  for (const volume of reader.list<PersistentVolume>(volumes)) {
    if (volume.metadata.deletionTimestamp || modeOf(volume.spec) !== modeOf(claim.spec)) continue;
    if (capacity(volume) < wanted || !hasModes(volume, claim)) continue;
    if (isMeantFor(volume, claim)) return volume;
    if (delayed || volume.spec?.claimRef || volume.status?.phase !== "Available") continue;
    if (volumeClass(volume) !== claimClass(claim)) continue;
    if (selector && !selector.matches(volume.metadata.labels)) continue;
    fit.push(volume);
  }
  const modes = (volume: PersistentVolume): number => volume.spec?.accessModes?.length ?? 0;
  fit.sort((a, b) => modes(a) - modes(b) || capacity(a) - capacity(b));
  return fit[0];
}
