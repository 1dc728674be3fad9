import type { ObjectRef } from "../desk/desk.ts";
import { namedBy, relatedIn, type Relation, type Thing } from "../objects/related.ts";
import { ask, askJson } from "./client.ts";
import { asMetadataList, refOf, resourcesOf, type Resource } from "./discovery.ts";
import type { Cluster } from "./tables.ts";

/** The objects that have to do with one, by what the cluster has now. */

/** Lists that are asked for at a time. */
const width = 6;
/** Nobody looks for them here. */
const leftOut = /^(events|leases)\b/;

export interface Related extends Relation {
  ref: ObjectRef;
}

/** What may not be listed is left out. Throws ApiError. */
export async function relatedTo(cluster: Cluster, object: ObjectRef): Promise<Related[]> {
  const resources = await resourcesOf(cluster);
  const { base, key } = cluster;
  const own = await askJson<Thing>(`${base}${object.path}`, { key });
  const others = await thingsBeside(cluster, object, [...resources.values()]);
  return [...relatedIn(own, others), ...namedBy(own)].flatMap((relation) => {
    const resource = resources.get(relation.resource);
    return resource
      ? [{ ...relation, ref: refOf(resource, relation.namespace, relation.name) }]
      : [];
  });
}

async function thingsBeside(
  { base, key }: Cluster,
  { namespace }: ObjectRef,
  resources: Resource[],
): Promise<Map<string, Thing[]>> {
  const asked = resources.filter(
    ({ id, namespaced, verbs }) =>
      namespaced === (namespace !== "") && verbs.includes("list") && !leftOut.test(id),
  );
  const found = new Map<string, Thing[]>();
  const next = async (): Promise<void> => {
    for (let resource = asked.shift(); resource; resource = asked.shift()) {
      const { id, root, plural } = resource;
      const path = `${root}${namespace === "" ? "" : `/namespaces/${namespace}`}/${plural}`;
      // Of Services their selectors are needed as well.
      const headers = { accept: id === "services" ? "application/json" : asMetadataList };
      const listed = await ask(`${base}${path}`, { key, headers }).catch(() => undefined);
      if (listed) found.set(id, ((await listed.json()) as { items: Thing[] }).items);
    }
  };
  await Promise.all(Array.from({ length: width }, next));
  return found;
}
