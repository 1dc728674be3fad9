/** A container that goes: its processes, and the files of its own. */
import { removeTree } from "./fs/chunks.ts";
import type { Kernel } from "./kernel/types.ts";

/** Key of a container's writable layer. */
export const containerTree = (podKey: string, containerId: string): string =>
  `c/${podKey}/${containerId.slice(0, 12)}`;

/** One that still runs is killed. The Pod's record is saved, too. */
export function removeContainer(kernel: Kernel, key: string): void {
  const record = kernel.pod.containers[key];
  if (!record) return;
  if (!record.exit) kernel.kill(record.root, 9, true);
  delete kernel.pod.containers[key];
  kernel.touch();
  kernel.save();
  removeTree(kernel.records, containerTree(kernel.key, record.spec.id));
  for (const { key: tree } of record.ownMounts ?? []) removeTree(kernel.records, tree);
}
