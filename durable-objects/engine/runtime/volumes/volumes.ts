/**
 * Volumes: trees that outlive containers. `v/PODUID/NAME` goes with its Pod, `v/pv/NAME` with its PersistentVolume,
 * `host/NODE` is a machine's own file system. What the kubelet fills (ConfigMaps, Secrets, projections) is written here.
 */
import type { Pod } from "../../kinds/pod/types.ts";
import type { Records } from "../../ports/controller.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import { binaryOf, decodeUtf8 } from "../bytes.ts";
import type { Container, RuntimeContext } from "../kernel/types.ts";
import { imageTimeMs } from "../image/image.ts";
import type { FillOptions, VolumeFile } from "../runtime-port.ts";
import type { Mount } from "../container-spec.ts";
import { removeTree } from "../fs/chunks.ts";
import type { Inode, TreeRecord } from "../fs/inode.ts";
import { Tree } from "../fs/tree.ts";
import { normalPath } from "../fs/vfs.ts";
import { accessLayer, dynamicText } from "./access.ts";
import type { PodRecord } from "../kernel/state.ts";
import { hostFiles, hostTree, setGroup } from "./node-files.ts";

/** Tree and folder of a mount's source: `host/NODE/var/log` is the folder /var/log of node NODE's tree. */
export function sourceTree(source: string): [tree: string, sub: string] {
  if (!source.startsWith("host/")) return [`v/${source}`, ""];
  const [, node = "", ...rest] = source.split("/");
  const sub = rest.filter(Boolean).join("/");
  return [`host/${node}`, sub ? `/${sub}` : ""];
}

interface PodPlace {
  namespace: string;
  name: string;
  uid: string;
}

/** Opens the tree of a mount's source. `madeAtMs`: when an empty volume came to be. */
export function openTree(
  context: RuntimeContext,
  pod: PodPlace | undefined,
  source: string,
  now: () => number,
  madeAtMs: number,
  rootMode?: number,
): Tree {
  const [key] = sourceTree(source);
  if (key.startsWith("host/")) return hostTree(context, key.slice("host/".length), now);
  const { records } = context;
  if (source.startsWith("image/")) {
    const { layer } = context.images.find(source.slice("image/".length)).version;
    return new Tree({ key, records, now, lower: layer, lowerTime: imageTimeMs });
  }
  const dynamic = (what: string): string => dynamicText(context, what);
  const volume = pod && source.startsWith(`${pod.uid}/`) ? source.slice(pod.uid.length + 1) : "";
  const lower =
    pod && volume.startsWith("kube-api-access-") && records.get("trees", key) === undefined
      ? accessLayer(context, pod.namespace, pod.name, volume)
      : undefined;
  return new Tree({ key, records, now, lower, lowerTime: madeAtMs, dynamic, rootMode });
}

/** A tmpfs is born sticky. */
const memoryRootMode = 0o1777;

/** A Pod's /dev/shm, as a source: containerd makes one for all its containers. */
export const sharedMemory = (podUid: string): string => `${podUid}/@shm`;
export const sharedMemoryBytes = 64 * 1024 * 1024;

export const rootModeOf = ({ memoryBytes }: Mount): number | undefined =>
  memoryBytes === undefined ? undefined : memoryRootMode;

/** For a container's mounts. */
export function volumeTree(container: Container, source: string, mount?: Mount): Tree {
  const { kernel, record } = container;
  const now = (): number => Math.round(kernel.now);
  const rootMode = mount && rootModeOf(mount);
  return openTree(kernel.context, kernel.pod.pod, source, now, record.startedAtMs, rootMode);
}

// What the kubelet fills

interface Wanted {
  type: "f" | "l";
  mode: number;
  data: string;
  dynamic?: string;
  user?: number;
}

function wantedOf(file: VolumeFile): Wanted {
  if ("link" in file) return { type: "l", mode: 0o777, data: file.link };
  if ("token" in file) {
    const { mode, token, uid } = file;
    const user = uid === undefined ? {} : { user: uid };
    return { type: "f", mode, data: "", dynamic: JSON.stringify(token), ...user };
  }
  return { type: "f", mode: file.mode, data: binaryOf(file.data) };
}

/** k8s: pkg/volume/volume_linux.go changeFilePermission: what the group gets on read-only volumes */
const readMask = 0o440;
export const enterMask = 0o110;

/** Makes a volume hold exactly these files; writes nothing where it does. */
export function fillVolume(
  context: RuntimeContext,
  source: string,
  files: readonly VolumeFile[],
  { group, inMemory }: FillOptions,
): void {
  const now = Math.round(context.now);
  const tree = openTree(context, undefined, source, () => now, now);
  tree.space.unlimited = true;
  const wanted = new Map(files.map((file) => [`/${file.path}`, wantedOf(file)]));
  if (sameContent(tree, wanted, group)) return;
  clear(tree, "/");
  const owner = group === undefined ? {} : { gid: group };
  const folderMode = group === undefined ? 0o755 : 0o755 | enterMask | setGroup;
  const rootMode = inMemory ? memoryRootMode : 0o777;
  if (group !== undefined) tree.change("/", { mode: rootMode | setGroup, gid: group });
  for (const [path, file] of wanted) {
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    makeOwned(tree, parent, { type: "d", mode: folderMode, modifiedAtMs: now, ...owner });
    if (file.type === "l") {
      tree.create(path, { type: "l", mode: 0o777, modifiedAtMs: now, data: file.data });
      continue;
    }
    const mode = group === undefined ? file.mode : file.mode | readMask;
    const ino = tree.create(path, {
      type: "f",
      mode,
      modifiedAtMs: now,
      data: "",
      ...owner,
      ...(file.user === undefined ? {} : { uid: file.user }),
      ...(file.dynamic === undefined ? {} : { dynamic: file.dynamic }),
    });
    if (file.data) tree.write(ino, 0, file.data);
  }
  tree.save();
  remember(context.records, source);
}

function makeOwned(tree: Tree, path: string, node: Inode): void {
  if (path === "/" || tree.find(path) !== undefined) return;
  makeOwned(tree, path.slice(0, path.lastIndexOf("/")) || "/", node);
  tree.create(path, node);
}

/** The writer leaves a volume alone when its content would not change. k8s: atomic_writer.go shouldWritePayload */
function sameContent(tree: Tree, wanted: Map<string, Wanted>, group: number | undefined): boolean {
  const link = tree.find("/..data");
  const folder = link === undefined ? undefined : tree.inode(link)?.data;
  const next = wanted.get("/..data")?.data;
  if (folder === undefined || next === undefined) return false;
  let files = 0;
  for (const [path, file] of wanted) {
    if (file.type === "l") continue;
    files += 1;
    const id = tree.find(path.replace(`/${next}/`, `/${folder}/`));
    const node = id === undefined ? undefined : tree.inode(id);
    if (id === undefined || node?.type !== "f") return false;
    if (node.mode !== (group === undefined ? file.mode : file.mode | readMask)) return false;
    if (node.dynamic !== file.dynamic || node.uid !== file.user) return false;
    if (file.dynamic === undefined && tree.read(id, 0, tree.size(id)) !== file.data) return false;
  }
  return countFiles(tree, `/${folder}`) === files;
}

function countFiles(tree: Tree, folder: string): number {
  let count = 0;
  walk(tree, folder, (_path, node) => {
    if (node.type === "f") count += 1;
  });
  return count;
}

export const below = (folder: string, name: string): string =>
  folder === "/" ? `/${name}` : `${folder}/${name}`;

/** Everything below a folder, parents first. */
export function walk(tree: Tree, folder: string, visit: (path: string, node: Inode) => void): void {
  for (const name of tree.list(folder)) {
    const path = below(folder, name);
    const id = tree.find(path);
    const node = id === undefined ? undefined : tree.inode(id);
    if (!node) continue;
    visit(path, node);
    if (node.type === "d") walk(tree, path, visit);
  }
}

/** Removes everything below a folder, not the folder. */
export function clear(tree: Tree, folder: string): void {
  for (const name of tree.list(folder)) {
    const path = below(folder, name);
    const id = tree.find(path);
    if (id !== undefined && tree.inode(id)?.type === "d") clear(tree, path);
    tree.unlink(path, () => false);
  }
}

// Writing

/** Saves a tree a container wrote to, and wakes Pods that read it elsewhere. */
export function saveTree(context: RuntimeContext, tree: Tree, podKey: string): void {
  const host = tree.key.startsWith("host/") ? tree.key.slice("host/".length) : undefined;
  if (!tree.dirty) return;
  const before = host === undefined ? undefined : hostFiles(context, host);
  tree.save();
  if (host !== undefined && before) {
    if (!sameTexts(before, hostFiles(context, host))) context.wakePod(`@node/${host}`);
    wakeSharers(context, podKey, context.reader.byIndex<Pod>("pod.node", host), (v) => v.hostPath);
  } else if (tree.key.startsWith("v/pv/")) {
    const pod = podKey.split("/")[0] ?? "";
    const sharers = context.reader.list<Pod>("pods", pod);
    wakeSharers(context, podKey, sharers, (v) => v.persistentVolumeClaim);
  } else if (isLimited(context, tree.key, podKey)) context.wakePod(podKey);
  if (hasIdleProbe(context, podKey)) context.wakePod(podKey);
}

/** An idle probe looks again when the kubelet does. See kubelet/probes/worker.ts. */
function hasIdleProbe({ records }: RuntimeContext, podKey: string): boolean {
  type Known = {
    containers: Record<string, { probes?: Record<string, { idleFingerprint?: string }> }>;
  };
  const containers = Object.values(records.get<Known>("kubelet", podKey)?.containers ?? {});
  return containers.some((c) =>
    Object.values(c.probes ?? {}).some((p) => p.idleFingerprint !== undefined),
  );
}

/** Whether the kubelet weighs a tree: an emptyDir with a sizeLimit, or all of a Pod with a limit of local storage. */
function isLimited(context: RuntimeContext, key: string, podKey: string): boolean {
  const { namespace, name } = splitKey(podKey);
  const spec = context.reader.get<Pod>("pods", namespace, name)?.spec;
  if (spec?.containers.some((c) => c.resources?.limits?.["ephemeral-storage"] !== undefined))
    return true;
  return Boolean(
    spec?.volumes?.some((v) => v.emptyDir?.sizeLimit !== undefined && key.endsWith(`/${v.name}`)),
  );
}

const sameTexts = (a: Record<string, string>, b: Record<string, string>): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};

/** Probes of Pods that share the volume may find another answer now. */
function wakeSharers(
  context: RuntimeContext,
  podKey: string,
  pods: readonly Pod[],
  shares: (volume: { hostPath?: unknown; persistentVolumeClaim?: unknown }) => unknown,
): void {
  for (const { metadata, spec } of pods) {
    const key = objectKey(metadata.namespace, metadata.name);
    if (key === podKey || !spec.volumes?.some(shares)) continue;
    if (spec.containers.some((c) => c.livenessProbe ?? c.readinessProbe)) context.wakePod(key);
  }
}

// Forgetting

/** Trees of a Pod's own volumes, by its uid. */
const ownedTable = "pod-volumes";

export function remember(records: Records, source: string): void {
  const [uid = "", ...name] = source.split("/");
  if (uid === "pv" || uid === "host") return;
  const known = records.get<string[]>(ownedTable, uid) ?? [];
  const volume = name.join("/");
  if (!known.includes(volume)) records.put(ownedTable, uid, [...known, volume]);
}

/** The Pod is gone: so is what was its own. A Pod that never started is known to the kubelet's record only. */
export function removePodVolumes({ records }: RuntimeContext, podKey: string): void {
  const uid =
    records.get<{ pod: PodPlace }>("runtime", podKey)?.pod.uid ??
    records.get<{ uid: string }>("kubelet", podKey)?.uid;
  if (uid === undefined) return;
  removeTree(records, `v/${sharedMemory(uid)}`);
  const known = records.get<string[]>(ownedTable, uid);
  for (const volume of known ?? []) removeTree(records, `v/${uid}/${volume}`);
  if (known) records.delete(ownedTable, uid);
}

/** A text file of a volume of a Pod's own. */
export function volumeText(
  context: RuntimeContext,
  podUid: string,
  volume: string,
  path: string,
): string | undefined {
  const key = `v/${podUid}/${volume}`;
  const tree = new Tree({ key, records: context.records, now: () => context.now });
  const id = tree.find(normalPath("/", path));
  const node = id === undefined ? undefined : tree.inode(id);
  if (id === undefined || node?.type !== "f") return undefined;
  return decodeUtf8(tree.read(id, 0, tree.size(id)));
}

/** Bytes of all files of a volume of a Pod's own, as `du` counts them. */
export const volumeBytes = (context: RuntimeContext, podUid: string, volume: string): number =>
  treeBytes(context, `v/${podUid}/${volume}`);

/** Bytes a container holds on its node's disk: its writable layer, and its log. */
export function containerBytes(context: RuntimeContext, podKey: string, id: string): number {
  const short = id.slice(0, 12);
  const logs = context.records.get<PodRecord>("runtime", podKey)?.logs ?? {};
  const log = Object.values(logs).flatMap((records) => records.filter((r) => r.id === short));
  const layer = treeBytes(context, `c/${podKey}/${short}`);
  return log.reduce((sum, { all }) => sum + all, layer);
}

function treeBytes(context: RuntimeContext, key: string): number {
  const record = context.records.get<TreeRecord>("trees", key);
  let bytes = 0;
  for (const id in record?.inodes) {
    const node = record.inodes[id];
    if (node?.type === "f") bytes += node.size ?? node.data?.length ?? 0;
  }
  return bytes;
}

/** Forgets what is a PersistentVolume's. */
export function removePersistentVolume(records: Records, name: string): void {
  removeTree(records, `v/pv/${name}`);
}
