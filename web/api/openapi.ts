import { TypeOf, type SchemaDocument } from "../yaml/schema.ts";
import { askJson } from "./client.ts";
import type { Cluster } from "./tables.ts";

/** The types that a cluster knows, by its OpenAPI v3 documents; one for each group and version, asked for once. */

const known = new Map<string, Promise<SchemaDocument>>();

/** Undefined: the cluster tells nothing of that kind. Throws ApiError. */
export async function typeIn(
  { base, key }: Cluster,
  apiVersion: string,
  kind: string,
): Promise<TypeOf | undefined> {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(apiVersion)) return undefined;
  const path = `${base}/openapi/v3/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}`;
  let asked = known.get(path);
  if (!asked) {
    asked = askJson<SchemaDocument>(path, { key });
    known.set(path, asked);
    // Somebody may define the kind in a moment.
    asked.catch(() => known.delete(path));
  }
  const document = await asked.catch(() => undefined);
  const type = document && TypeOf.find(document, apiVersion, kind);
  if (document && !type) known.delete(path);
  return type;
}
