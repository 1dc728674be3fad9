/** Claims of generic ephemeral volumes: made for their Pod, gone with it. k8s: pkg/controller/volume/ephemeral */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import type { Controller } from "../../ports/controller.ts";
import { claims } from "../../kinds/storage/volume-binding.ts";

export const ephemeralVolumeController: Controller = {
  name: "ephemeral-volume",
  wakesOn: {
    pods: (change) => {
      if (change.op !== "create") return undefined;
      const pod = change.object as Pod;
      return pod.spec?.volumes?.some((v) => v.ephemeral)
        ? [objectKey(change.namespace, change.name)]
        : undefined;
    },
    [claims]: (change) => {
      if (change.op !== "delete") return undefined;
      const owner = change.object.metadata.ownerReferences?.find((o) => o.kind === "Pod");
      return owner && [objectKey(change.namespace, owner.name)];
    },
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const pod = client.get<Pod>("pods", namespace, name);
    if (!pod || pod.metadata.deletionTimestamp) return undefined;
    for (const { name: volume, ephemeral } of pod.spec?.volumes ?? []) {
      const template = ephemeral?.volumeClaimTemplate;
      const claim = `${name}-${volume}`;
      if (!template || client.get<PersistentVolumeClaim>(claims, namespace, claim)) continue;
      const owner = {
        apiVersion: "v1",
        kind: "Pod",
        name,
        uid: pod.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      };
      client.create(claims, {
        metadata: { ...template.metadata, name: claim, namespace, ownerReferences: [owner] },
        spec: template.spec,
      });
    }
    return undefined;
  },
};
