/** What an apply works with. */
import type { DryRun } from "../../changes.ts";
import type { Kubectl } from "../../command.ts";
import type { ResourceType } from "../../discovery.ts";

export type PruneType = ResourceType;

/** Of `--applyset`: its parent object, and what belongs to it. */
export interface ApplySet {
  parent: { type: ResourceType; name: string; namespace: string };
  id: string;
  /** Kinds and namespaces of its members as it was found, and as they are to be. */
  kinds: Map<string, ResourceType>;
  namespaces: Set<string>;
  newKinds: Map<string, ResourceType>;
  newNamespaces: Set<string>;
}

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
  /** What `--applyset` names. */
  applySet?: ApplySet;
  uids: Set<string>;
  namespaces: Set<string>;
}
