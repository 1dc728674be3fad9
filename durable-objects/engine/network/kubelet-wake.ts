import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { nodeOfKey } from "../runtime/machine-key.ts";
import { hasLinks } from "../runtime/node/links.ts";
import type { PodRecord } from "../runtime/kernel/state.ts";

const ended = (record: PodRecord): number => {
  let count = 0;
  for (const key in record.containers) if (record.containers[key]?.exit) count++;
  return count;
};

/** Does something to a Pod's processes; its kubelet is told of a container's end, and of the next moment at which they run. */
export function withKubeletWake<T>(context: RuntimeContext, podKey: string, act: () => T): T {
  const load = (): PodRecord | undefined => context.records.get<PodRecord>("runtime", podKey);
  const before = load();
  const result = act();
  const after = load();
  if (!after || after === before) return result;
  // Something of a login from node to node may have come or ended.
  if (nodeOfKey(podKey) !== undefined && hasLinks(context.records)) context.wakePod(podKey);
  if (!before || ended(before) !== ended(after)) context.wakePod(podKey);
  else if (after.due !== undefined && after.due !== before.due) context.wakePod(podKey, after.due);
  return result;
}
