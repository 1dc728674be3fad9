import { survive } from "./crash.ts";
import { PodKernel } from "./kernel.ts";
import type { RuntimeContext } from "./types.ts";

/** Tells a Pod's processes that what the kubelet put into one of its volumes is another now: those who follow a file read it anew. */
export function filesChanged(context: RuntimeContext, podKey: string): void {
  const kernel = PodKernel.load(context, podKey);
  if (!kernel) return;
  for (const key of Object.keys(kernel.pod.processes).map(Number)) {
    const process = kernel.process(key);
    if (!process || process.exitStatus !== undefined) continue;
    const { filesChanged: follow } = kernel.program(process);
    if (follow) survive(kernel, key, () => follow(kernel.sys(key), process.state), undefined);
  }
  kernel.save();
}
