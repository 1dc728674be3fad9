import type {
  Evidence,
  Explanation,
  ExplanationStatus,
  Mend,
} from "../../durable-objects/engine/kinds/podyard/explanation.ts";
import type { ObjectRef } from "../desk/desk.ts";
import { askJson } from "./client.ts";
import type { Cluster } from "./tables.ts";

/** Why an object is as it is: asked of the cluster, now or as it was. */

export type { Evidence, ExplanationStatus, Mend };

/** Throws ApiError: 404 where there is no such object, 403 where the asker may not read it. */
export async function explain(
  { base, key }: Cluster,
  { resource, namespace, name }: ObjectRef,
  signal: AbortSignal,
): Promise<ExplanationStatus> {
  const [plural, ...group] = resource.split(".");
  const path = `/apis/podyard.dev/v1/namespaces/${namespace || "default"}/explanations`;
  const { status } = await askJson<Explanation>(`${base}${path}`, {
    method: "POST",
    body: {
      apiVersion: "podyard.dev/v1",
      kind: "Explanation",
      spec: { resource: plural, group: group.join("."), name },
    },
    key,
    signal,
  });
  if (!status) throw new Error("the cluster gave no explanation");
  return status;
}
