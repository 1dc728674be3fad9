/** Empties a namespace that is going away: Pods first, then the rest, then its finalizer. k8s: pkg/controller/namespace/deletion */
import { objectsPerStepMax } from "../core/limits.ts";
import type { Namespace } from "../kinds/namespace.ts";
import { rfc3339 } from "../core/clock.ts";
import { equal } from "../core/equal.ts";
import type { Change, KubeObject } from "../core/object.ts";
import type { Client, Controller, Reader } from "../ports/controller.ts";

interface Condition {
  type: string;
  status: string;
  lastTransitionTime?: string;
  reason: string;
  message: string;
}

const terminating = (reader: Reader, namespace: string): boolean =>
  reader.get("namespaces", "", namespace)?.metadata.deletionTimestamp !== undefined;

export const namespaceController: Controller = {
  name: "namespace",
  wakesOn: {
    namespaces: (change: Change) =>
      change.object.metadata.deletionTimestamp ? [change.name] : undefined,
    "*": (change, reader) =>
      change.op === "delete" && change.namespace && terminating(reader, change.namespace)
        ? [change.namespace]
        : undefined,
    "apiservices.apiregistration.k8s.io": (_, reader) =>
      reader
        .list("namespaces")
        .filter(({ metadata }) => metadata.deletionTimestamp)
        .map(({ metadata }) => metadata.name),
  },
  reconcile(name, client) {
    const namespace = client.get<Namespace>("namespaces", "", name);
    if (!namespace?.metadata.deletionTimestamp) return undefined;
    const left = servedIn(client, name);
    const pods = left.filter((o) => o.kind === "Pod");
    const staying = (pods.length ? pods : left).filter((o) => !o.metadata.deletionTimestamp);
    for (const object of staying.slice(0, objectsPerStepMax)) removeOne(client, object);
    if (staying.length > objectsPerStepMax) return client.now;
    const remaining = servedIn(client, name);
    // What cannot be discovered may be in there still. k8s: deleteAllContent
    if (remaining.length || client.resources.stale.length) {
      // While there are Pods, nothing else has been looked at. k8s: OrderedNamespaceDeletion
      const waiting = remaining.filter((o) => o.kind === "Pod");
      report(client, namespace, waiting.length ? waiting : remaining);
      return undefined;
    }
    const finalizers = namespace.spec?.finalizers?.filter((f) => f !== "kubernetes") ?? [];
    const current = client.get<Namespace>("namespaces", "", name);
    const spec = finalizers.length ? { ...current?.spec, finalizers } : {};
    if (current) client.update("namespaces", { ...current, spec }, "finalize");
    return undefined;
  },
};

/** What discovery tells of; objects of a kind that is served no longer keep no namespace. k8s: namespaced_resources_deleter.go */
const servedIn = (client: Client, namespace: string): readonly KubeObject[] =>
  client.inNamespace(namespace).filter((object) => resourceIdOf(client, object) !== "");

function removeOne(client: Client, object: KubeObject): void {
  const resource = resourceIdOf(client, object);
  if (!client.get(resource, object.metadata.namespace ?? "", object.metadata.name)) return;
  client.delete(resource, object.metadata.namespace ?? "", object.metadata.name, {
    propagationPolicy: "Background",
  });
}

/** `Deployment` of `apps/v1` -> `deployments.apps`. */
const resourceIdOf = ({ resources }: Reader, object: KubeObject): string =>
  resources.ofKind(object.apiVersion, object.kind)?.id ?? "";

type ConditionRow = Omit<Condition, "lastTransitionTime">;

/** k8s: status_condition_utils.go ProcessDiscoverResourcesErr */
function discoveryRow(stale: readonly string[]): ConditionRow {
  const type = "NamespaceDeletionDiscoveryFailure";
  if (!stale.length) {
    const message = "All resources successfully discovered";
    return { type, status: "False", reason: "ResourcesDiscovered", message };
  }
  const failed = stale.map((gv) => `${gv}: stale GroupVersion discovery: ${gv}`).sort();
  return {
    type,
    status: "True",
    reason: "DiscoveryFailed",
    message: `Discovery failed for some groups, ${stale.length} failing: unable to retrieve the complete list of server APIs: ${failed.join(", ")}`,
  };
}

function conditionRows(
  stale: readonly string[],
  resourcesText: string,
  finalizersText: string,
): ConditionRow[] {
  return [
    discoveryRow(stale),
    {
      type: "NamespaceDeletionGroupVersionParsingFailure",
      status: "False",
      reason: "ParsedGroupVersions",
      message: "All legacy kube types successfully parsed",
    },
    {
      type: "NamespaceDeletionContentFailure",
      status: "False",
      reason: "ContentDeleted",
      message: "All content successfully deleted, may be waiting on finalization",
    },
    resourcesText
      ? {
          type: "NamespaceContentRemaining",
          status: "True",
          reason: "SomeResourcesRemain",
          message: `Some resources are remaining: ${resourcesText}`,
        }
      : {
          type: "NamespaceContentRemaining",
          status: "False",
          reason: "ContentRemoved",
          message: "All content successfully removed",
        },
    finalizersText
      ? {
          type: "NamespaceFinalizersRemaining",
          status: "True",
          reason: "SomeFinalizersRemain",
          message: `Some content in the namespace has finalizers remaining: ${finalizersText}`,
        }
      : {
          type: "NamespaceFinalizersRemaining",
          status: "False",
          reason: "ContentHasNoFinalizers",
          message: "All content-preserving finalizers finished",
        },
  ];
}

/** k8s: the five conditions a terminating namespace carries, here those that are not trivially False. */
function report(client: Client, namespace: Namespace, left: readonly KubeObject[]): void {
  const counts = new Map<string, number>();
  const finalizers = new Map<string, number>();
  for (const object of left) {
    const id = resourceIdOf(client, object);
    counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const f of object.metadata.finalizers ?? [])
      finalizers.set(f, (finalizers.get(f) ?? 0) + 1);
  }
  const list = (entries: Map<string, number>, text: (k: string, n: number) => string): string =>
    [...entries]
      .sort()
      .map(([k, n]) => text(k, n))
      .join(", ");
  const resourcesText = list(counts, (id, n) => {
    const known = client.resources.stored(id);
    return `${known ? `${known.plural}.${known.group}` : id} has ${n} resource instances`;
  });
  const finalizersText = list(finalizers, (f, n) => `${f} in ${n} resource instances`);
  const at = rfc3339(client.now);
  const rows = conditionRows(client.resources.stale, resourcesText, finalizersText);
  const was = namespace.status?.conditions ?? [];
  const conditions = rows.map((row) => {
    const before = was.find((c) => c.type === row.type);
    return {
      ...row,
      lastTransitionTime: before?.status === row.status ? (before.lastTransitionTime ?? at) : at,
    };
  });
  if (equal(conditions, was)) return;
  client.modify<Namespace>(
    "namespaces",
    "",
    namespace.metadata.name,
    (c) => ({ ...c, status: { ...c.status, conditions } }),
    "status",
  );
}
