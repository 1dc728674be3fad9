import { askJson } from "../api/client.ts";
import { asMetadataList, refOf, resourcesOf, type Resource } from "../api/discovery.ts";
import type { Cluster } from "../api/tables.ts";
import type { ObjectRef } from "./desk.ts";

interface List {
  items: { metadata: { name: string; namespace?: string } }[];
}

/** They come and go, and nobody knows their names. */
const unnamed = /^(events|leases|endpointslices)\b/;

/** Tells all objects of a cluster that whoever asks may list, kind by kind. */
export async function findObjects(
  cluster: Cluster,
  stop: AbortSignal,
  found: (objects: ObjectRef[]) => void,
): Promise<void> {
  const resources = await resourcesOf(cluster).catch(() => new Map<string, Resource>());
  for (const resource of resources.values()) {
    if (stop.aborted) return;
    if (!resource.verbs.includes("list") || unnamed.test(resource.id)) continue;
    // What one may not list has no names here.
    const listed = await listMetadata(cluster, resource).catch(() => []);
    if (listed.length > 0) found(listed);
  }
}

async function listMetadata({ base, key }: Cluster, resource: Resource): Promise<ObjectRef[]> {
  const headers = { accept: asMetadataList };
  const { items } = await askJson<List>(`${base}${resource.path}`, { key, headers });
  return items.map(({ metadata: { name, namespace = "" } }) => refOf(resource, namespace, name));
}
