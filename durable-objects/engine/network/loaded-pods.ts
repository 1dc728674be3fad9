/** Pods as the network looks into them. */
import { PodKernel } from "../runtime/kernel/kernel.ts";
import type { PodRecord } from "../runtime/kernel/state.ts";
import type { Kernel, RuntimeContext } from "../runtime/kernel/types.ts";
import { isUp } from "./addresses.ts";

/** A Pod's kernel; undefined: it is gone, or its node has no power. */
export function loadPod(context: RuntimeContext, podKey: string): Kernel | undefined {
  return isFrozen(context, podKey) ? undefined : PodKernel.load(context, podKey);
}

/** Whether a Pod is on a node without power: it stands still, and so does what is on its way to it. */
export function isFrozen(context: RuntimeContext, podKey: string): boolean {
  const record = context.records.get<PodRecord>("runtime", podKey);
  return record !== undefined && !isUp(context.reader, record.pod.node);
}

/** Lets a Pod's processes see what came for them. */
export function runPod(context: RuntimeContext, podKey: string): void {
  const kernel = loadPod(context, podKey);
  if (!kernel) return;
  kernel.run();
  kernel.save();
  context.wakePod(podKey);
}
