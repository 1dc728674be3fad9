/** Claims and volumes: what protects them from a hasty deletion, and which claims may grow. */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import { classOf, requested } from "../../kinds/storage/volume-binding.ts";
import { refused, type AdmissionRule } from "./define.ts";

const finalizerOf: Record<string, string> = {
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
  persistentvolumes: "kubernetes.io/pv-protection",
  "volumeattributesclasses.storage.k8s.io": "kubernetes.io/vac-protection",
};

/** k8s: plugin/pkg/admission/storage/storageobjectinuseprotection */
export const storageObjectInUseProtection: AdmissionRule = {
  name: "StorageObjectInUseProtection",
  resources: Object.keys(finalizerOf),
  admit(admission, object) {
    if (admission.operation !== "CREATE" || admission.subresource) return object;
    const finalizer = finalizerOf[admission.resource] as string;
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(finalizer)) return object;
    return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } };
  },
};

/** k8s: plugin/pkg/admission/storage/persistentvolume/resize */
export const claimResize: AdmissionRule = {
  name: "PersistentVolumeClaimResize",
  resources: ["persistentvolumeclaims"],
  validate(admission, object, old, context) {
    if (admission.operation !== "UPDATE" || admission.subresource || !old) return;
    const [claim, before] = [object as PersistentVolumeClaim, old as PersistentVolumeClaim];
    if (requested(claim) <= requested(before)) return;
    if (before.status?.phase !== "Bound") {
      throw refused(admission, object, "Only bound persistent volume claims can be expanded");
    }
    if (classOf(context.reader, claim)?.allowVolumeExpansion) return;
    throw refused(
      admission,
      object,
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
    );
  },
};
