/**
 * Finalizers of claims that Pods use and of volumes that are bound. A key with a slash is a claim.
 * k8s: pkg/controller/volume/pvcprotection, pkg/controller/volume/pvprotection
 */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { PersistentVolume } from "../../kinds/storage/persistent-volume.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import { claims, claimsOfPod, volumes } from "../../kinds/storage/volume-binding.ts";

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";

export const pvProtectionController: Controller = {
  name: "pv-protection",
  wakesOn: {
    [claims]: (change) =>
      change.op === "delete" ? undefined : [objectKey(change.namespace, change.name)],
    [volumes]: (change) => (change.op === "delete" ? undefined : [change.name]),
    pods: (change) => {
      if (change.op !== "delete") return undefined;
      return claimsOfPod(change.object as Pod).map((name) => objectKey(change.namespace, name));
    },
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    if (!namespace) {
      const volume = client.get<PersistentVolume>(volumes, "", name);
      if (volume)
        protect(client, volumes, volume, volumeFinalizer, volume.status?.phase === "Bound");
      return undefined;
    }
    const claim = client.get<PersistentVolumeClaim>(claims, namespace, name);
    if (claim)
      protect(client, claims, claim, claimFinalizer, () => isUsed(client, namespace, name));
    return undefined;
  },
};

function protect(
  client: Client,
  resource: string,
  object: PersistentVolumeClaim | PersistentVolume,
  finalizer: string,
  used: boolean | (() => boolean),
): void {
  const { namespace = "", name, deletionTimestamp, finalizers = [] } = object.metadata;
  const has = finalizers.includes(finalizer);
  if (deletionTimestamp ? !has : has) return;
  if (deletionTimestamp && (typeof used === "boolean" ? used : used())) return;
  client.modify(resource, namespace, name, (current) => {
    const others = (current.metadata.finalizers ?? []).filter((f) => f !== finalizer);
    const next = deletionTimestamp ? others : [...others, finalizer];
    return { ...current, metadata: { ...current.metadata, finalizers: next } };
  });
}

/** A Pod that has a node uses its claims until its object is gone. */
function isUsed(client: Client, namespace: string, claim: string): boolean {
  return client
    .list<Pod>("pods", namespace)
    .some((pod) => Boolean(pod.spec?.nodeName) && claimsOfPod(pod).includes(claim));
}
