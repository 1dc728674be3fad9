/**
 * File systems that grow on their node: claims whose status says that this is what is left to do. The folders and devices
 * here have no size of their own, so what remains is to say so. k8s: pkg/volume/util/operationexecutor/node_expander.go
 */
import { value } from "../../machinery/quantity.ts";
import type { Pod, Volume } from "../../kinds/pod/types.ts";
import type { PersistentVolume } from "../../kinds/storage/persistent-volume.ts";
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { Waker } from "../../ports/controller.ts";
import { podEvent, type Sync } from "../sync.ts";
import { claimName, volumeOf } from "../volumes/volumes.ts";
import { usedVolumes } from "../volumes/volume-problems.ts";

type ClaimStatus = NonNullable<PersistentVolumeClaim["status"]>;

const waitsForNode = ({ status }: PersistentVolumeClaim): boolean =>
  /^NodeResize(Pending|InProgress)$/.test(status?.allocatedResourceStatuses?.["storage"] ?? "");

/** k8s: pkg/volume/util/resize_util.go knownResizeConditions */
const resizeConditions = new Set([
  "Resizing",
  "FileSystemResizePending",
  "ControllerResizeError",
  "NodeResizeError",
]);

/** k8s: pkg/volume/util/resize_util.go MarkNodeExpansionFinishedWithRecovery */
function grown(status: ClaimStatus | undefined, storage: string): ClaimStatus {
  const { allocatedResourceStatuses, conditions, ...rest } = status ?? {};
  const { storage: _storage, ...others } = allocatedResourceStatuses ?? {};
  const left = conditions?.filter(({ type }) => !resizeConditions.has(type)) ?? [];
  return {
    ...rest,
    capacity: { ...status?.capacity, storage },
    ...(Object.keys(others).length > 0 ? { allocatedResourceStatuses: others } : {}),
    ...(left.length > 0 ? { conditions: left } : {}),
  };
}

function expand(sync: Sync, volume: Volume): void {
  const { client, pod, nodeName } = sync;
  const namespace = pod.metadata.namespace ?? "";
  const name = claimName(pod, volume);
  const bound = volumeOf(client, pod, volume);
  if (name === undefined || bound === undefined || volume.persistentVolumeClaim?.readOnly) return;
  const kind = "persistentvolumeclaims";
  const claim = client.get<PersistentVolumeClaim>(kind, namespace, name);
  const spec = client.get<PersistentVolume>("persistentvolumes", "", bound)?.spec;
  const storage = spec?.capacity?.["storage"];
  // Of the plugins here, only that of local volumes grows on a node.
  if (!claim || !spec?.local || storage === undefined || !waitsForNode(claim)) return;
  if (value(storage) <= value(claim.status?.capacity?.["storage"])) return;
  client.modify<PersistentVolumeClaim>(
    kind,
    namespace,
    name,
    (current) => ({ ...current, status: grown(current.status, storage) }),
    "status",
  );
  const text = `MountVolume.NodeExpandVolume succeeded for volume "${bound}" ${nodeName}`;
  podEvent(sync, "Normal", "FileSystemResizeSuccessful", text);
  const source = { component: "kubelet", host: nodeName };
  client.event(claim, "Normal", "FileSystemResizeSuccessful", text, source);
}

/** Grows what a Pod has mounted. */
export function expandVolumes(sync: Sync): void {
  const { volumes = [] } = sync.pod.spec;
  if (!volumes.some((volume) => claimName(sync.pod, volume) !== undefined)) return;
  for (const volume of usedVolumes(sync.pod)) expand(sync, volume);
}

const usersOf = (pods: readonly Pod[], claim: string): string[] =>
  pods
    .filter(
      (pod) =>
        pod.spec.nodeName && pod.spec.volumes?.some((volume) => claimName(pod, volume) === claim),
    )
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

/** A claim that waits for the node wakes its Pods. */
export const wakeGrown: Waker = ({ object, namespace, name }, reader) =>
  waitsForNode(object as PersistentVolumeClaim)
    ? usersOf(reader.list<Pod>("pods", namespace), name)
    : [];

/** So does a volume that is larger now. */
export const wakeLarger: Waker = ({ op, object, previous }, reader) => {
  const [now, then] = [object, previous].map((one) => (one as PersistentVolume | undefined)?.spec);
  if (op !== "update" || now?.capacity?.["storage"] === then?.capacity?.["storage"]) return [];
  const { namespace, name } = now?.claimRef ?? {};
  if (namespace === undefined || name === undefined) return [];
  return usersOf(reader.list<Pod>("pods", namespace), name);
};
