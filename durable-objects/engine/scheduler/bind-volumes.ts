/** Claims that waited for their Pod's node get their volumes now. k8s: volumebinding/binder.go BindPodVolumes */
import type { Client } from "../ports/controller.ts";
import type { Snapshot } from "./framework.ts";
import type { PodInfo } from "./node-info.ts";
import { usesClaims } from "./plugins/volume-binding.ts";
import { planVolumes, selectedNode, sortClaims } from "./plugins/volume-claims.ts";
import type { Node, PersistentVolume, PersistentVolumeClaim } from "./types.ts";

const boundByController = "pv.kubernetes.io/bound-by-controller";

function reserve(pv: PersistentVolume, pvc: PersistentVolumeClaim, client: Client): void {
  client.modify<PersistentVolume>("persistentvolumes", "", pv.metadata.name, (current) => {
    if (current.spec?.claimRef?.uid === pvc.metadata.uid) return undefined;
    return {
      ...current,
      metadata: {
        ...current.metadata,
        annotations: { ...current.metadata.annotations, [boundByController]: "yes" },
      },
      spec: {
        ...current.spec,
        claimRef: {
          kind: "PersistentVolumeClaim",
          namespace: pvc.metadata.namespace,
          name: pvc.metadata.name,
          uid: pvc.metadata.uid,
          apiVersion: "v1",
          resourceVersion: pvc.metadata.resourceVersion,
        },
      },
    };
  });
}

function askFor(pvc: PersistentVolumeClaim, node: string, client: Client): void {
  const { namespace = "", name } = pvc.metadata;
  client.modify<PersistentVolumeClaim>("persistentvolumeclaims", namespace, name, (current) => {
    const annotations = current.metadata.annotations;
    if (annotations?.[selectedNode] === node) return undefined;
    const chosen = { ...annotations, [selectedNode]: node };
    return { ...current, metadata: { ...current.metadata, annotations: chosen } };
  });
}

/** True when every claim is bound; else the volume controller has been given its work. */
export function bindVolumes(pod: PodInfo, node: Node, client: Client, snapshot: Snapshot): boolean {
  if (!usesClaims(pod)) return true;
  const { delayed } = sortClaims(snapshot, pod.pod);
  if (!delayed.length) return true;
  const plan = planVolumes(snapshot, delayed, node);
  for (const { pv, pvc } of plan?.matched ?? []) reserve(pv, pvc, client);
  for (const pvc of plan?.provisioned ?? []) askFor(pvc, node.metadata.name, client);
  return false;
}
