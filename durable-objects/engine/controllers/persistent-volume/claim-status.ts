/** What a claim's status tells of its volume. k8s: pkg/controller/volume/persistentvolume/pv_controller.go updateClaimStatus */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { PersistentVolume } from "../../kinds/storage/persistent-volume.ts";

/** Only at binding: afterwards it is the driver's to tell. k8s: pv_controller.go updateClaimStatus */
export function boundAttributes(
  { status }: PersistentVolumeClaim,
  phase: string,
  { spec }: PersistentVolume,
): { currentVolumeAttributesClassName?: string } {
  const name = spec?.volumeAttributesClassName;
  return status?.phase === "Pending" && phase === "Bound" && name
    ? { currentVolumeAttributesClassName: name }
    : {};
}

/** A claim's capacity is set when it is bound; after that only a resize moves it. */
export function statusCapacity(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
): Record<string, string> {
  const known = claim.status?.phase === "Bound" ? claim.status.capacity : undefined;
  return known ?? volume.spec?.capacity ?? {};
}
