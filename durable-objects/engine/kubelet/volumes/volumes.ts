/** What a container mounts, and where it comes from. k8s: pkg/volume, pkg/kubelet/kubelet_pods.go */
import type { PersistentVolume } from "../../kinds/storage/persistent-volume.ts";
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { Reader } from "../../ports/controller.ts";
import { podLimits } from "../../kinds/pod/resources.ts";
import type { Mount } from "../../runtime/container-spec.ts";
import { value } from "../../machinery/quantity.ts";
import { expand } from "../environment/environment.ts";
import {
  type Container,
  type Pod,
  type Volume,
  type VolumeMount,
  runningUid,
} from "../../kinds/pod/types.ts";
import type { Node } from "../../kinds/node.ts";

/** The claim behind a volume, if it has one. k8s: component-helpers/storage/ephemeral VolumeClaimName */
export function claimName(pod: Pod, volume: Volume): string | undefined {
  if (volume.ephemeral) return `${pod.metadata.name}-${volume.name}`;
  return volume.persistentVolumeClaim?.claimName;
}

/** A folder of the node, and the PersistentVolume it is reached through. */
interface Folder {
  path: string;
  type: string;
  volumeName?: string;
  local?: true;
  /** It is a device. */
  block?: true;
  /** The file system that a device is given. */
  fsType?: string;
}

const boundTo = (reader: Reader, pod: Pod, claim: string): string | undefined =>
  reader.get<PersistentVolumeClaim>("persistentvolumeclaims", pod.metadata.namespace ?? "", claim)
    ?.spec?.volumeName;

/** The PersistentVolume behind a volume of a Pod; undefined: none, or none yet. */
export function volumeOf(reader: Reader, pod: Pod, volume: Volume): string | undefined {
  const claim = claimName(pod, volume);
  return claim === undefined ? undefined : boundTo(reader, pod, claim);
}

/** Folder of the node that a volume stands for, directly or through its claim. */
export function folderOf(reader: Reader, pod: Pod, volume: Volume): Folder | undefined {
  const { hostPath } = volume;
  if (hostPath) return { path: hostPath.path, type: hostPath.type ?? "" };
  const volumeName = volumeOf(reader, pod, volume);
  if (volumeName === undefined) return undefined;
  const spec = reader.get<PersistentVolume>("persistentvolumes", "", volumeName)?.spec;
  if (spec?.hostPath)
    return { path: spec.hostPath.path, type: spec.hostPath.type ?? "", volumeName };
  if (!spec?.local) return undefined;
  const { path, fsType } = spec.local;
  const block = spec.volumeMode === "Block" ? { block: true as const } : {};
  return { path, type: "", volumeName, local: true, ...block, ...(fsType ? { fsType } : {}) };
}

/** Whether a Pod uses a ConfigMap or Secret in a volume or variable. */
export function usesData(pod: Pod, kind: "configmaps" | "secrets", name: string): boolean {
  const wanted = JSON.stringify(name);
  const text = JSON.stringify([pod.spec.volumes, pod.spec.containers, pod.spec.initContainers]);
  if (!text.includes(wanted)) return false;
  return kind === "secrets" ? /secret/i.test(text) : /configMap/.test(text);
}

function sourceOf(reader: Reader, pod: Pod, volume: Volume, nodeName: string): string {
  const folder = folderOf(reader, pod, volume);
  if (folder) return `host/${nodeName}/${folder.path.replace(/^\/+/, "")}`;
  const claim = claimName(pod, volume);
  if (claim !== undefined) return `pv/${boundTo(reader, pod, claim) ?? claim}`;
  const { image } = volume as ImageVolume;
  return image ? `image/${image.reference}` : `${runningUid(pod)}/${volume.name}`;
}

/** Folder of a volume's plugin below the Pod's. k8s: pkg/util/strings EscapeQualifiedName of the plugins' names */
function pluginOf(reader: Reader, pod: Pod, volume: Volume): string {
  if (volume.configMap) return "kubernetes.io~configmap";
  if (volume.secret) return "kubernetes.io~secret";
  if (volume.projected) return "kubernetes.io~projected";
  if (volume.downwardAPI) return "kubernetes.io~downward-api";
  if (volume.emptyDir) return "kubernetes.io~empty-dir";
  const folder = folderOf(reader, pod, volume);
  return folder && !folder.local ? "kubernetes.io~host-path" : "kubernetes.io~local-volume";
}

/** What may be a device with a file system. */
function deviceOf(reader: Reader, pod: Pod, volume: Volume): Pick<Mount, "device"> {
  const { local, volumeName: name, fsType } = folderOf(reader, pod, volume) ?? {};
  if (!local || name === undefined) return {};
  return { device: fsType === undefined ? { name } : { name, fsType } };
}

/** A volume that shows an image's files. */
export type ImageVolume = Volume & { image?: { reference?: string; pullPolicy?: string } };

/** What the Pod's memory is limited to; undefined while one of its containers has no limit. */
function limitOf(pod: Pod): number | undefined {
  const declared =
    pod.spec.resources?.limits?.["memory"] !== undefined ||
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].every(
      (c) => c.resources?.limits?.["memory"] !== undefined,
    );
  return declared ? podLimits(pod).memory : undefined;
}

/**
 * What a volume in memory may take; undefined for those on disk, as ConfigMaps are.
 * k8s: pkg/volume/emptydir/empty_dir.go calculateEmptyDirMemorySize, wrappedVolumeSpec of the others
 */
function memoryBytes(pod: Pod, volume: Volume, node: Node): number | undefined {
  const { emptyDir } = volume;
  const held = emptyDir ? emptyDir.medium === "Memory" : isFilled(volume) && !volume.configMap;
  if (!held) return undefined;
  const bounds = [
    value(node.status?.allocatable?.["memory"]),
    limitOf(pod) ?? 0,
    value(emptyDir?.sizeLimit),
  ];
  const least = Math.min(...bounds.filter((bytes) => bytes > 0));
  return Number.isFinite(least) ? least : undefined;
}

/** Whether the kubelet writes what is in it. */
export const isFilled = (volume: Volume): boolean =>
  Boolean(volume.configMap ?? volume.secret ?? volume.projected ?? volume.downwardAPI);

export type MountResult = { mounts: Mount[] } | { error: string };

/** The path within the volume, `$(NAME)` taken from the environment. k8s: ExpandContainerVolumeMounts */
function subPathOf(
  mount: VolumeMount,
  env: ReadonlyMap<string, string>,
): { path: string } | { error: string } {
  if (!mount.subPathExpr) return { path: mount.subPath ?? "" };
  const missing = new Set<string>();
  const path = expand(mount.subPathExpr, (name) => {
    const value = env.get(name) ?? "";
    if (value === "") missing.add(name);
    return value;
  });
  if (missing.size > 0) return { error: `missing value for ${[...missing].sort().join(", ")}` };
  if (path.startsWith("/"))
    return { error: `error SubPath \`${path}\` must not be an absolute path` };
  if (path.split("/").includes(".."))
    return { error: `unable to provision SubPath \`${path}\`: must not contain '..'` };
  return { path };
}

/** k8s: pkg/kubelet/kubelet_pods.go translateMountPropagation */
function propagationOf({ mountPropagation }: VolumeMount): Pick<Mount, "propagation"> {
  if (mountPropagation === "Bidirectional") return { propagation: "shared" };
  return mountPropagation === "HostToContainer" ? { propagation: "slave" } : {};
}

/** Mounts in the order of the spec. k8s: pkg/kubelet/kubelet_pods.go makeMounts */
export function containerMounts(
  reader: Reader,
  pod: Pod,
  container: Container,
  node: Node,
  env: readonly { name: string; value: string }[],
): MountResult {
  const volumes = new Map((pod.spec.volumes ?? []).map((v) => [v.name, v]));
  const values = new Map(env.map(({ name, value: text }) => [name, text]));
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (!volume) continue;
    const sub = subPathOf(mount, values);
    if ("error" in sub) return sub;
    const held = memoryBytes(pod, volume, node);
    mounts.push({
      volume: mount.name,
      plugin: pluginOf(reader, pod, volume),
      ...deviceOf(reader, pod, volume),
      mountPath: mount.mountPath,
      source: sourceOf(reader, pod, volume, node.metadata.name),
      ...(sub.path ? { subPath: sub.path } : {}),
      ...propagationOf(mount),
      readOnly:
        Boolean(mount.readOnly) ||
        Boolean(volume.persistentVolumeClaim?.readOnly) ||
        isFilled(volume) ||
        (volume as ImageVolume).image !== undefined,
      ...(held === undefined ? {} : { memoryBytes: held }),
    });
  }
  for (const { name, devicePath } of container.volumeDevices ?? []) {
    const volume = volumes.get(name);
    if (!volume) continue;
    mounts.push({
      volume: name,
      plugin: pluginOf(reader, pod, volume),
      mountPath: devicePath,
      source: sourceOf(reader, pod, volume, node.metadata.name),
      readOnly: Boolean(volume.persistentVolumeClaim?.readOnly),
      block: true,
    });
  }
  return { mounts };
}
