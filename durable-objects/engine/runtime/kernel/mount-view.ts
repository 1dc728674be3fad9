/** What a container sees of mounts: from a folder, of its own, and of its node's that come later. k8s: pkg/apis/core MountPropagationMode */
import { trimEndOf } from "../../core/trim.ts";
import { Tree } from "../fs/tree.ts";
import type { MountPoint } from "../fs/vfs.ts";
import { hostTreeKey } from "../volumes/node-files.ts";
import { mountsOf } from "../volumes/node-mounts.ts";
import { sourceTree } from "../volumes/volumes.ts";
import type { Container } from "./types.ts";

/** What is mounted in a folder, seen from it. */
export function below(mounts: readonly MountPoint[], folder: string): MountPoint[] {
  if (folder === "" || folder === "/") return [...mounts];
  const inside = (path: string): boolean => path === "/" || folder.startsWith(`${path}/`);
  const out: MountPoint[] = [];
  for (const mount of mounts)
    if (mount.at === folder) out.push({ ...mount, at: "/" });
    else if (mount.at.startsWith(`${folder}/`))
      out.push({ ...mount, at: mount.at.slice(folder.length) });
  // The longest mount path comes first: it is the one the folder lies in.
  const cover = mounts.find((mount) => inside(mount.at));
  if (cover && !out.some((mount) => mount.at === "/")) {
    const rest = cover.at === "/" ? folder : folder.slice(cover.at.length);
    out.push({ ...cover, at: "/", sub: `${cover.sub}${rest}` });
  }
  return out;
}

/** What its processes have mounted for themselves, the last one first. */
export function ownMounts({ kernel, record }: Container): MountPoint[] {
  const { records, files } = kernel;
  const now = (): number => Math.round(kernel.now);
  return (record.ownMounts ?? []).toReversed().map(({ at, device, key, sizeBytes, options }) => {
    const tree = files.addTree(
      key,
      () => new Tree({ key, records, now, rootMode: 0o1777 }),
    ) as Tree;
    tree.space.heldBytesMax = sizeBytes;
    files.inMemory.add(tree);
    return { at, tree, sub: "", readOnly: false, device, fsType: "tmpfs", sizeBytes, options };
  });
}

/** Folders of its node where something was mounted after it began, and that it does not take from there: what lies beneath. */
export function unseen({ kernel, record }: Container, mounts: readonly MountPoint[]): MountPoint[] {
  const { node } = kernel.pod.pod;
  const later = mountsOf(kernel.records, node).filter(
    ({ sinceMs = 0, beneath }) => beneath !== undefined && sinceMs > record.startedAtMs,
  );
  if (later.length === 0) return [];
  const out: MountPoint[] = [];
  for (const { source, mountPath, subPath, propagation, readOnly } of record.spec.mounts ?? []) {
    const [key, sub] = sourceTree(source);
    if (key !== hostTreeKey(node) || propagation) continue;
    const folder = trimEndOf(subPath ? `${sub}/${subPath}` : sub, "/");
    const tree = mounts.find((mount) => mount.tree.key === key)?.tree;
    for (const { at, beneath = "" } of later)
      if (tree && at.startsWith(`${folder}/`)) {
        const path = `${trimEndOf(mountPath, "/")}${at.slice(folder.length)}`;
        const shown = { at: path, tree, sub: beneath, readOnly, device: "/dev/vda1" };
        out.push({ ...shown, fsType: "ext4", beneath: true });
      }
  }
  return out;
}
