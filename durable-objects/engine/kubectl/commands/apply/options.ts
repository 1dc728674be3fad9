/** What an apply works with. */
import type { DryRun } from "../../changes.ts";
import type { Kubectl } from "../../command.ts";
import type { ResourceType } from "../../discovery.ts";

export type PruneType = ResourceType;

export interface ApplyOptions {
  k: Kubectl;
  dryRun: DryRun;
  cascade: string;
  gracePeriod: number;
  validation: "Strict" | "Warn" | "Ignore";
  serverSide: boolean;
  fieldManager: string;
  namespace: string;
  explicit: boolean;
  pruneTypes: PruneType[];
  uids: Set<string>;
  namespaces: Set<string>;
}
