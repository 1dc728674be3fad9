/** Which ends of connections processes still have open. */
import type { PodRecord } from "../kernel/state.ts";
import type { RuntimeContext } from "../kernel/types.ts";
import type { Stream } from "./stream.ts";

/** Whether some process of a Pod has a connection open. */
export const isHeld = ({ openFiles }: Partial<PodRecord>, connection: number): boolean =>
  Object.values(openFiles ?? {}).some(
    (file) => file.kind === "c" && file.connection === connection,
  );

/** Whether a stream's client still has its end open, where that is a socket of its own. */
export function clientHolds(
  { records }: Pick<RuntimeContext, "records">,
  { from, clientConnection }: Stream,
): boolean {
  const pod = records.get<Partial<PodRecord>>("runtime", from.pod ?? "");
  return pod !== undefined && clientConnection !== undefined && isHeld(pod, clientConnection);
}
