/** A resource as discovery lists it, and as requests resolve to it. */
import type { Kind, ServedVersion } from "../../kinds/define.ts";
import type { StructRef } from "../../schema/types.ts";

export interface Subresource {
  name: string;
  verbs: string[];
  group: string;
  version: string;
  kind: string;
}

/** One resource as one group version serves it. */
export interface Resource {
  /** Storage: `deployments.apps`. */
  id: string;
  group: string;
  version: string;
  /** `apps/v1`. */
  apiVersion: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames: string[];
  categories: string[];
  storageVersionHash: string | undefined;
  subresources: Subresource[];
  scale: Kind["scale"];
  hooks: Kind;
  /** The shape of its objects as this version has them. */
  schema: StructRef;
  /** Set when this version is another look at a kind stored under `id`. */
  servedVersion: ServedVersion | undefined;
}

export interface GroupVersion {
  group: string;
  version: string;
  resources: Resource[];
}
