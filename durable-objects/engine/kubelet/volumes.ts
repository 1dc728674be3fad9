/** Volumes: what keeps a Pod from mounting, and the mounts of a container. k8s: pkg/volume, kubelet makeMounts */
import type { KubeObject } from "../core/object.ts";
import type { Reader } from "../controllers/define.ts";
import { podLimits } from "../kinds/pod-resources.ts";
import type { Mount } from "../runtime/define.ts";
import { value } from "../schema/quantity.ts";
import { expand } from "./env.ts";
import type { Container, NodeObject, Pod, Volume } from "./shapes.ts";
import { runningUid } from "./shapes.ts";

interface DataObject extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}
interface ClaimObject extends KubeObject {
  spec?: { volumeName?: string };
  status?: { phase?: string };
}
interface VolumeObject extends KubeObject {
  spec?: { hostPath?: { path: string; type?: string }; local?: { path: string } };
}
/** What is wrong with a path of the node, as its hostPath type says. */
type HostCheck = (path: string, type: string) => string | undefined;

/** The claim behind a volume, if it has one. k8s: component-helpers/storage/ephemeral VolumeClaimName */
function claimName(pod: Pod, volume: Volume): string | undefined {
  if (volume.ephemeral) return `${pod.metadata.name}-${volume.name}`;
  return volume.persistentVolumeClaim?.claimName;
}

/** Folder of the node that a PersistentVolume stands for. */
function pathOf(reader: Reader, volumeName: string): { path: string; type: string } | undefined {
  const spec = reader.get<VolumeObject>("persistentvolumes", "", volumeName)?.spec;
  if (spec?.hostPath) return { path: spec.hostPath.path, type: spec.hostPath.type ?? "" };
  return spec?.local && { path: spec.local.path, type: "Directory" };
}
interface DataRef {
  name?: string;
  optional?: boolean;
  items?: { key: string }[];
}

function missingData(
  reader: Reader,
  namespace: string,
  kind: "configmap" | "secret",
  ref: DataRef,
): string | undefined {
  if (ref.optional) return undefined;
  const name = ref.name ?? "";
  const found = reader.get<DataObject>(`${kind}s`, namespace, name);
  if (!found) return `${kind} "${name}" not found`;
  for (const item of ref.items ?? []) {
    if (found.data?.[item.key] !== undefined || found.binaryData?.[item.key] !== undefined)
      continue;
    const what = kind === "secret" ? "secret" : "config";
    return `references non-existent ${what} key: ${item.key}`;
  }
  return undefined;
}

function problem(
  reader: Reader,
  pod: Pod,
  volume: Volume,
  host: HostCheck | undefined,
): string | undefined {
  const namespace = pod.metadata.namespace ?? "";
  if (volume.hostPath) return host?.(volume.hostPath.path, volume.hostPath.type ?? "");
  if (volume.configMap) return missingData(reader, namespace, "configmap", volume.configMap);
  if (volume.secret) {
    const { secretName, ...rest } = volume.secret;
    return missingData(reader, namespace, "secret", { ...rest, name: secretName });
  }
  for (const source of volume.projected?.sources ?? []) {
    const found =
      (source.configMap && missingData(reader, namespace, "configmap", source.configMap)) ??
      (source.secret && missingData(reader, namespace, "secret", source.secret));
    if (found) return found;
  }
  const name = claimName(pod, volume);
  if (name !== undefined) {
    const claim = reader.get<ClaimObject>("persistentvolumeclaims", namespace, name);
    if (!claim) return `persistentvolumeclaim "${name}" not found`;
    if (!claim.spec?.volumeName) return `PVC is not bound`;
    const path = pathOf(reader, claim.spec.volumeName);
    return path && host?.(path.path, path.type);
  }
  return undefined;
}

/** The event text of the first volume that cannot be set up; undefined: all can. */
export function mountProblem(reader: Reader, pod: Pod, host?: HostCheck): string | undefined {
  for (const volume of pod.spec.volumes ?? []) {
    const found = problem(reader, pod, volume, host);
    if (found) return `MountVolume.SetUp failed for volume "${volume.name}" : ${found}`;
  }
  return undefined;
}

/** Whether a Pod uses a ConfigMap or Secret in a volume or variable. */
export function usesData(pod: Pod, kind: "configmaps" | "secrets", name: string): boolean {
  const wanted = JSON.stringify(name);
  const text = JSON.stringify([pod.spec.volumes, pod.spec.containers, pod.spec.initContainers]);
  if (!text.includes(wanted)) return false;
  return kind === "secrets" ? /secret/i.test(text) : /configMap/.test(text);
}

function sourceOf(reader: Reader, pod: Pod, volume: Volume, nodeName: string): string {
  const onHost = (path: string): string => `host/${nodeName}/${path.replace(/^\/+/, "")}`;
  if (volume.hostPath) return onHost(volume.hostPath.path);
  const name = claimName(pod, volume);
  if (name !== undefined) {
    const namespace = pod.metadata.namespace ?? "";
    const claim = reader.get<ClaimObject>("persistentvolumeclaims", namespace, name);
    const bound = claim?.spec?.volumeName ?? name;
    const path = pathOf(reader, bound);
    return path ? onHost(path.path) : `pv/${bound}`;
  }
  return `${runningUid(pod)}/${volume.name}`;
}

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
function memoryBytes(pod: Pod, volume: Volume, node: NodeObject): number | undefined {
  const { emptyDir } = volume;
  const held = emptyDir
    ? emptyDir.medium === "Memory"
    : alwaysReadOnly(volume) && !volume.configMap;
  if (!held) return undefined;
  const bounds = [
    value(node.status?.allocatable?.["memory"]),
    limitOf(pod) ?? 0,
    value(emptyDir?.sizeLimit),
  ];
  const least = Math.min(...bounds.filter((bytes) => bytes > 0));
  return Number.isFinite(least) ? least : undefined;
}

const alwaysReadOnly = (volume: Volume): boolean =>
  Boolean(volume.configMap ?? volume.secret ?? volume.projected ?? volume.downwardAPI);

/** Mounts in the order of the spec. */
export function containerMounts(
  reader: Reader,
  pod: Pod,
  container: Container,
  node: NodeObject,
  env: readonly { name: string; value: string }[],
): Mount[] {
  const volumes = new Map((pod.spec.volumes ?? []).map((v) => [v.name, v]));
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (!volume) continue;
    const subPath = mount.subPathExpr
      ? expand(mount.subPathExpr, (name) => env.find((e) => e.name === name)?.value)
      : mount.subPath;
    const held = memoryBytes(pod, volume, node);
    mounts.push({
      mountPath: mount.mountPath,
      source: sourceOf(reader, pod, volume, node.metadata.name),
      ...(subPath ? { subPath } : {}),
      readOnly: Boolean(mount.readOnly) || alwaysReadOnly(volume),
      ...(held === undefined ? {} : { memoryBytes: held }),
    });
  }
  return mounts;
}
