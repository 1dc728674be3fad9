/** Which class an Ingress or a claim gets when it names none. */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { Ingress } from "../../kinds/networking/ingress.ts";
import { parseTime } from "../../core/clock.ts";
import type { KubeObject, ResourceId } from "../../core/object.ts";
import type { Reader } from "../../ports/controller.ts";
import type { AdmissionRule } from "./define.ts";

const newestFirst = (a: KubeObject, b: KubeObject): number =>
  parseTime(b.metadata.creationTimestamp) - parseTime(a.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

/** Classes whose annotation says they are the default, newest first. */
function defaults(reader: Reader, resource: ResourceId, annotations: string[]): KubeObject[] {
  return reader
    .list(resource)
    .filter((c) => annotations.some((a) => c.metadata.annotations?.[a] === "true"))
    .sort(newestFirst);
}

/** k8s: plugin/pkg/admission/network/defaultingressclass */
export const defaultIngressClass: AdmissionRule = {
  name: "DefaultIngressClass",
  resources: ["ingresses.networking.k8s.io"],
  admit(admission, object, _old, context) {
    const ingress = object as Ingress;
    if (admission.operation !== "CREATE" || admission.subresource) return object;
    if (ingress.spec?.ingressClassName !== undefined) return object;
    if (object.metadata.annotations?.["kubernetes.io/ingress.class"] !== undefined) return object;
    const [chosen] = defaults(context.reader, "ingressclasses.networking.k8s.io", [
      "ingressclass.kubernetes.io/is-default-class",
    ]);
    if (!chosen) return object;
    const spec = { ...ingress.spec, ingressClassName: chosen.metadata.name };
    return { ...ingress, spec } as KubeObject;
  },
};

/** k8s: plugin/pkg/admission/storage/storageclass/setdefault */
export const defaultStorageClass: AdmissionRule = {
  name: "DefaultStorageClass",
  resources: ["persistentvolumeclaims"],
  admit(admission, object, _old, context) {
    const claim = object as PersistentVolumeClaim;
    if (admission.operation !== "CREATE" || admission.subresource) return object;
    if (claim.spec?.storageClassName !== undefined) return object;
    if (object.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] !== undefined) {
      return object;
    }
    const [chosen] = defaults(context.reader, "storageclasses.storage.k8s.io", [
      "storageclass.kubernetes.io/is-default-class",
      "storageclass.beta.kubernetes.io/is-default-class",
    ]);
    if (!chosen) return object;
    const spec = { ...claim.spec, storageClassName: chosen.metadata.name };
    return { ...claim, spec } as KubeObject;
  },
};
