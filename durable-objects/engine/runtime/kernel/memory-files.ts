/**
 * Files in memory (volumes of medium Memory, /dev/shm) take their writer's memory: they count with its processes, and stay
 * when it starts anew, as their pages then stay charged to the Pod's control group. Counted again when a tree has changed.
 */
import type { Kernel } from "./types.ts";

const counted = new WeakMap<object, number>();

/** Brings what is charged up to date. */
export function weighMemoryFiles(kernel: Kernel): void {
  const { pod } = kernel;
  for (const tree of kernel.files.inMemory) {
    if (tree.changes === (counted.get(tree) ?? 0)) continue;
    counted.set(tree, tree.changes);
    const { [tree.key]: before, ...others } = pod.memoryFileBytes ?? {};
    const charged = tree.charged();
    const some = Object.keys(charged).length > 0;
    if (!some && !before) continue;
    pod.memoryFileBytes = some ? { ...others, [tree.key]: charged } : others;
    if (Object.keys(pod.memoryFileBytes).length === 0) delete pod.memoryFileBytes;
  }
}

/** Bytes charged to a container, by its name. */
export function memoryFiles(kernel: Kernel, container: string): number {
  weighMemoryFiles(kernel);
  const { pod } = kernel;
  let bytes = 0;
  for (const key in pod.memoryFileBytes) bytes += pod.memoryFileBytes[key]?.[container] ?? 0;
  return bytes;
}
