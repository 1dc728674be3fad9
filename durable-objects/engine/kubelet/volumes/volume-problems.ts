/**
 * What keeps a Pod's volumes from being set up. Volumes that no container mounts are none of the kubelet's business.
 * k8s: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go, pkg/volume/{configmap,secret,projected}
 */
import type { Secret } from "../../kinds/secret.ts";
import type { ConfigMap } from "../../kinds/config-map.ts";
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { Reader } from "../../ports/controller.ts";
import { volumeReaches } from "../../scheduler/plugins/volume-claims.ts";
import type { Node, PersistentVolume } from "../../scheduler/types.ts";
import { type Pod, type Volume, podContainers } from "../../kinds/pod/types.ts";
import { claimName, folderOf, volumeOf } from "./volumes.ts";

/** What is wrong with a path of the node, as its hostPath type says. */
export type HostCheck = (path: string, type: string) => string | undefined;

interface DataRef {
  name?: string;
  optional?: boolean;
  items?: { key: string }[];
}

/** Volumes that a container mounts, in the order of the spec. k8s: volumemanager/util GetPodVolumeNames */
export function usedVolumes(pod: Pod): Volume[] {
  const { volumes } = pod.spec;
  if (!volumes?.length) return [];
  const used = new Set<string>();
  for (const { container } of podContainers(pod.spec)) {
    for (const { name } of container.volumeMounts ?? []) used.add(name);
    for (const { name } of container.volumeDevices ?? []) used.add(name);
  }
  return volumes.filter(({ name }) => used.has(name));
}

function missingData(
  reader: Reader,
  namespace: string,
  kind: "configmap" | "secret",
  ref: DataRef,
): string | undefined {
  if (ref.optional) return undefined;
  const name = ref.name ?? "";
  const found = reader.get<ConfigMap & Secret>(`${kind}s`, namespace, name);
  if (!found) return `${kind} "${name}" not found`;
  for (const item of ref.items ?? []) {
    if (found.data?.[item.key] !== undefined || found.binaryData?.[item.key] !== undefined)
      continue;
    return kind === "secret"
      ? `references non-existent secret key: ${item.key}`
      : `configmap references non-existent config key: ${item.key}`;
  }
  return undefined;
}

/** Why a volume's content cannot be had; undefined: it can, or is not the kubelet's to write. */
export function contentProblem(reader: Reader, pod: Pod, volume: Volume): string | undefined {
  const namespace = pod.metadata.namespace ?? "";
  if (volume.configMap) return missingData(reader, namespace, "configmap", volume.configMap);
  if (volume.secret) {
    const { secretName = "", ...rest } = volume.secret;
    return missingData(reader, namespace, "secret", { ...rest, name: secretName });
  }
  const found = (volume.projected?.sources ?? []).flatMap(
    (source) =>
      (source.configMap && missingData(reader, namespace, "configmap", source.configMap)) ??
      (source.secret && missingData(reader, namespace, "secret", source.secret)) ??
      [],
  );
  // k8s: apimachinery/pkg/util/errors Aggregate
  const texts = [...new Set(found)];
  return texts.length > 1 ? `[${texts.join(", ")}]` : texts[0];
}

/** A claim that is none yet: the volume is not even looked at. */
function claimProblem(reader: Reader, pod: Pod, volume: Volume, name: string): string | undefined {
  const namespace = pod.metadata.namespace ?? "";
  const claim = reader.get<PersistentVolumeClaim>("persistentvolumeclaims", namespace, name);
  const why = (text: string): string => `error processing PVC ${namespace}/${name}: ${text}`;
  if (!claim) {
    return why(`failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`);
  }
  if (claim.metadata.deletionTimestamp && !claim.metadata.finalizers?.includes(claimFinalizer))
    return why("PVC is being deleted");
  if (claim.status?.phase !== "Bound") return why("PVC is not bound");
  const mode = claim.spec?.volumeMode ?? "Filesystem";
  const containers = podContainers(pod.spec).map(({ container }) => container);
  const mounted = containers.some((c) => c.volumeMounts?.some((m) => m.name === volume.name));
  if (mounted && mode !== "Filesystem")
    return `volume ${volume.name} has volumeMode ${mode}, but is specified in volumeMounts`;
  if (!mounted && mode !== "Block")
    return `volume ${volume.name} has volumeMode ${mode}, but is specified in volumeDevices`;
  return undefined;
}

const claimFinalizer = "kubernetes.io/pvc-protection";

/** The claim's volume that cannot be used on the node; the scheduler sees to it unless it is passed over. */
function outOfReach(reader: Reader, pod: Pod, volume: Volume, node: Node): string | undefined {
  const bound = volumeOf(reader, pod, volume);
  const found = bound && reader.get<PersistentVolume>("persistentvolumes", "", bound);
  return found && !volumeReaches(found, node as Node) ? bound : undefined;
}

/** Why a volume cannot be mounted, with the call that found out. */
function setUpProblem(
  reader: Reader,
  pod: Pod,
  volume: Volume,
  node: Node,
  host: HostCheck | undefined,
): string | undefined {
  const far = outOfReach(reader, pod, volume, node);
  if (far !== undefined)
    return `MountVolume.NodeAffinity check failed for volume "${far}" : no matching NodeSelectorTerms`;
  const failed = (call: string, name: string, why: string | undefined): string | undefined =>
    why === undefined ? undefined : `MountVolume.${call} failed for volume "${name}" : ${why}`;
  const folder = folderOf(reader, pod, volume);
  if (!folder) return failed("SetUp", volume.name, contentProblem(reader, pod, volume));
  const name = folder.volumeName ?? volume.name;
  if (!folder.local) return failed("SetUp", name, host?.(folder.path, folder.type));
  if (folder.block) {
    const there = !host?.(folder.path, "BlockDevice") || !host(folder.path, "File");
    if (there) return undefined;
    const why = `lstat ${folder.path}: no such file or directory`;
    return `MapVolume.EvalHostSymlinks failed for volume "${name}" : ${why}`;
  }
  const missing =
    host?.(folder.path, "Directory") !== undefined &&
    host(folder.path, "BlockDevice") !== undefined;
  return failed(
    "NewMounter initialization",
    name,
    missing ? `path "${folder.path}" does not exist` : undefined,
  );
}

export const unprocessedText = "Unable to attach or mount volumes:";

/** Texts of the events, one for each volume that cannot be set up; none: all can. */
export function mountProblems(reader: Reader, pod: Pod, node: Node, host?: HostCheck): string[] {
  const texts: string[] = [];
  const unprocessed: { name: string; why: string }[] = [];
  for (const volume of usedVolumes(pod)) {
    const claim = claimName(pod, volume);
    const why = claim === undefined ? undefined : claimProblem(reader, pod, volume, claim);
    if (why !== undefined) {
      unprocessed.push({ name: volume.name, why });
      continue;
    }
    const text = setUpProblem(reader, pod, volume, node, host);
    if (text !== undefined) texts.push(text);
  }
  if (unprocessed.length === 0) return texts;
  const names = unprocessed.map(({ name }) => name).sort();
  const list = names.join(" ");
  texts.push(
    `${unprocessedText} unmounted volumes=[${list}], unattached volumes=[], failed to process volumes=[${list}]: ${unprocessed.map(({ why }) => why).join("; ")}`,
  );
  return texts;
}
