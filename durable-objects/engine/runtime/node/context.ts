import type { Reader, Records } from "../../ports/controller.ts";

/** What the parts of a node's machine use; a RuntimeContext has it. */
export interface NodeContext {
  /** Virtual ms. */
  readonly now: number;
  readonly records: Records;
  readonly reader: Reader;
  /** Wakes the kubelet for a Pod or a machine. */
  wakePod(key: string, atMs?: number): void;
}
