/** A resource as discovery lists it, and as requests resolve to it. */
import type { RemoteServer } from "../../kinds/api-service.ts";
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
  /** Checks of what is written through it: its version's own, or its kind's. */
  checks: Pick<Kind, "validateCreate" | "validateUpdate">;
}

/** A group version that is behind a Service, as its server told of it last. */
export interface RemoteVersion {
  /** As upstream's APIResource. */
  resources: readonly RemoteResource[];
  /** It could not be asked since. */
  stale: boolean;
  /** Of its group, the highest of its versions; and its own. */
  priority: number;
  versionPriority: number;
  service: RemoteServer;
}

export interface RemoteResource {
  name: string;
  singularName?: string;
  namespaced?: boolean;
  kind?: string;
  group?: string;
  version?: string;
  verbs?: string[];
  shortNames?: string[];
  categories?: string[];
}

export interface GroupVersion {
  group: string;
  version: string;
  resources: Resource[];
  /** Requests go to its Service; there are no resources of ours. */
  remote?: RemoteVersion;
}
