/** Names of what is under way in the network. */
import type { RuntimeContext } from "../runtime/kernel/types.ts";

/** The next id of a request ("r"), stream ("s") or stream of the API ("a"); never given twice in a cluster. */
export function nextId(context: RuntimeContext, prefix: "a" | "r" | "s"): string {
  const next = (context.records.get<number>("network-draws", "id") ?? 0) + 1;
  context.records.put("network-draws", "id", next);
  return `${prefix}${next}`;
}
