/**
 * Block devices of a node that local volumes of mode Filesystem name: the kubelet gives them a file system where they have
 * none, and mounts each in a folder of its own as long as some container has it. k8s: pkg/volume/local/local.go MountDevice
 */
import type { VolumeDevice } from "../container-spec.ts";
import type { Tree } from "../fs/tree.ts";
import type { PodRecord } from "../kernel/state.ts";
import type { RuntimeContext } from "../kernel/types.ts";
import { hostTree, hostTreeKey, loopTable, makeFolders, type Loop } from "./node-files.ts";
import {
  bringBack,
  keepList,
  mountTable,
  putAside,
  removeFolder,
  type NodeMount,
} from "./node-mounts.ts";

const mountsFolder = "/var/lib/kubelet/plugins/kubernetes.io/local-volume/mounts";
/** k8s: pkg/volume/local/local.go defaultFSType */
const defaultFsType = "ext4";

/** The folder where a device is mounted from now on; undefined: it cannot be. */
export function mountDevice(
  { records }: RuntimeContext,
  node: string,
  tree: Tree,
  device: string,
  { name, fsType = defaultFsType }: VolumeDevice,
): string | undefined {
  const at = `${mountsFolder}/${name}`;
  const mounts = records.get<NodeMount[]>(mountTable, node) ?? [];
  const before = mounts.find((one) => one.device === device);
  if (before) return before.at === at ? at : undefined;
  const loops = records.get<Loop[]>(loopTable, node) ?? [];
  const loop = loops.find((one) => one.device === device);
  if (!loop || (loop.fsType ?? fsType) !== fsType) return undefined;
  makeFolders(tree, at, 0o750);
  const { held, ...rest } = loop;
  bringBack(tree, held, at);
  const next = loops.map((one) => (one === loop ? { ...rest, fsType } : one));
  records.put(loopTable, node, next);
  records.put(mountTable, node, [...mounts, { at, device, fsType, options: "rw,relatime" }]);
  return at;
}

/** Folders that containers on a node mount. */
function used({ records }: RuntimeContext, node: string): Set<string> {
  const key = hostTreeKey(node);
  const found = new Set<string>();
  for (const pod of records.keys("runtime"))
    for (const { spec } of Object.values(records.get<PodRecord>("runtime", pod)?.containers ?? {}))
      for (const { source } of spec.mounts ?? [])
        if (source.startsWith(`${key}${mountsFolder}/`)) found.add(source.slice(key.length));
  return found;
}

/** A Pod is gone: devices that no other one has are mounted no more. */
export function releaseDevices(context: RuntimeContext, node: string): void {
  const { records } = context;
  const mounts = records.get<NodeMount[]>(mountTable, node) ?? [];
  if (!mounts.some(({ at }) => at.startsWith(`${mountsFolder}/`))) return;
  const others = used(context, node);
  const over = mounts.filter(({ at }) => at.startsWith(`${mountsFolder}/`) && !others.has(at));
  if (over.length === 0) return;
  const tree = hostTree(context, node, () => Math.round(context.now));
  let loops = records.get<Loop[]>(loopTable, node) ?? [];
  for (const { at, device } of over) {
    const ends = loops.some((loop) => loop.device === device && loop.autoclear);
    const held = ends ? undefined : putAside(tree, at);
    removeFolder(tree, at);
    loops = loops.flatMap((loop) =>
      loop.device !== device ? [loop] : held === undefined ? [] : [{ ...loop, held }],
    );
  }
  tree.save();
  keepList(records, loopTable, node, loops);
  const left = mounts.filter((one) => !over.includes(one));
  keepList(records, mountTable, node, left);
}
