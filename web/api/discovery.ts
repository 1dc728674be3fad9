import { askJson } from "./client.ts";
import type { ObjectRef } from "../desk/desk.ts";
import type { Cluster } from "./tables.ts";

/** Which resources a cluster has. */

export interface Resource {
  /** `pods`, `deployments.apps` */
  id: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  /** Of the collection in all namespaces: `/apis/apps/v1/deployments`. */
  path: string;
  /** What stands before `/namespaces/...` or the plural. */
  root: string;
  plural: string;
}

interface WireList {
  items: {
    metadata: { name?: string };
    versions: {
      version: string;
      resources: {
        resource: string;
        responseKind: { kind: string };
        scope: "Namespaced" | "Cluster";
        verbs: string[];
      }[];
    }[];
  }[];
}

const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const known = new Map<string, Promise<Map<string, Resource>>>();

/** By id, each in the version that is preferred. Asked once for a cluster. */
export function resourcesOf(cluster: Cluster): Promise<Map<string, Resource>> {
  let asked = known.get(cluster.base);
  if (!asked) {
    asked = discover(cluster);
    known.set(cluster.base, asked);
    asked.catch(() => known.delete(cluster.base));
  }
  return asked;
}

async function discover({ base, key }: Cluster): Promise<Map<string, Resource>> {
  const read = (path: string) => askJson<WireList>(`${base}${path}`, { key, headers: { accept } });
  const lists = await Promise.all([read("/api"), read("/apis")]);
  const found = new Map<string, Resource>();
  for (const { metadata, versions } of lists.flatMap(({ items }) => items)) {
    const group = metadata.name ?? "";
    for (const { version, resources } of versions) {
      const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
      for (const { resource: plural, responseKind, scope, verbs } of resources) {
        const id = group === "" ? plural : `${plural}.${group}`;
        if (found.has(id)) continue;
        const namespaced = scope === "Namespaced";
        const path = `${root}/${plural}`;
        found.set(id, { id, kind: responseKind.kind, namespaced, verbs, path, root, plural });
      }
    }
  }
  return found;
}

/** Of a list: names, labels and owners alone. */
export const asMetadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const objectPath = (
  { root, plural, namespaced }: Resource,
  namespace: string,
  name: string,
): string => `${root}${namespaced ? `/namespaces/${namespace}` : ""}/${plural}/${name}`;

export const refOf = (resource: Resource, namespace: string, name: string): ObjectRef => ({
  resource: resource.id,
  kind: resource.kind,
  namespace: resource.namespaced ? namespace : "",
  name,
  path: objectPath(resource, namespace, name),
});
