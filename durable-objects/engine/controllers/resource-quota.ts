/** status.hard and status.used of ResourceQuotas follow what their namespace holds. k8s: pkg/controller/resourcequota */
import type { Pod } from "../kinds/pod/types.ts";
import { quotaUsage } from "../api/admission/quota-usage.ts";
import { equal } from "../core/equal.ts";
import { objectKey, splitKey, type Change } from "../core/object.ts";
import type { ResourceQuota } from "../kinds/resource-quota.ts";
import type { Controller } from "../ports/controller.ts";

/** Resources whose use can change while they stay; all others are only counted. */
const measured = new Set(["pods", "services", "persistentvolumeclaims"]);

function concerns({ op, resource, object, previous }: Change): boolean {
  // Events are never counted.
  if (resource === "events") return false;
  if (op !== "update") return true;
  if (!measured.has(resource)) return false;
  if (resource !== "pods") return true;
  const phase = (o: typeof previous): string | undefined =>
    (o as Partial<Pod> | undefined)?.status?.phase;
  const spec = (o: typeof previous): unknown => (o as Partial<Pod> | undefined)?.spec;
  return phase(object) !== phase(previous) || spec(object) !== spec(previous);
}

export const resourceQuotaController: Controller = {
  name: "resourcequota",
  wakesOn: {
    resourcequotas: (change) => [objectKey(change.namespace, change.name)],
    "*": (change, reader) => {
      if (!change.namespace || !concerns(change)) return undefined;
      return reader
        .list("resourcequotas", change.namespace)
        .map((quota) => objectKey(change.namespace, quota.metadata.name));
    },
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const quota = client.get<ResourceQuota>("resourcequotas", namespace, name);
    if (!quota) return undefined;
    const hard = quota.spec?.hard ?? {};
    const usage = quotaUsage(quota, client);
    const used = Object.fromEntries(Object.entries(usage).sort(([a], [b]) => (a < b ? -1 : 1)));
    const status = { hard, used };
    if (!equal(quota.status ?? {}, status)) {
      client.update<ResourceQuota>("resourcequotas", { ...quota, status }, "status");
    }
    return undefined;
  },
};
