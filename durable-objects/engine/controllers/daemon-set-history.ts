/** A DaemonSet's ControllerRevisions: what `kubectl rollout history` and `undo` read. k8s: pkg/controller/daemon/update.go */
import { equal } from "../core/equal.ts";
import { fnv32a, safeEncode } from "../core/random.ts";
import { controllerOf, type OwnerReference } from "../core/object.ts";
import { labelSelector } from "../machinery/selectors.ts";
import { StatusError } from "../machinery/status.ts";
import type { ControllerRevision } from "../kinds/controller-revision.ts";
import type { DaemonSet } from "../kinds/daemon-set.ts";
import type { Client } from "../ports/controller.ts";
import { ownerReference } from "./deployment-sets.ts";
import { compare } from "./deployment-shapes.ts";
import { revisionHashLabel, type DaemonPod } from "./daemon-set-nodes.ts";

const revisions = "controllerrevisions.apps";

/** As Go writes a map: clients compare the bytes. */
function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(entries.map(([key, of]) => [key, inKeyOrder(of)]));
}

/** The patch that brings a set back to a template. k8s: getPatch */
const patchOf = (set: DaemonSet): unknown =>
  inKeyOrder({ spec: { template: { ...set.spec.template, $patch: "replace" } } });

export interface History {
  /** Label value of Pods of the current template. */
  hash: string;
  old: ControllerRevision[];
}

/** Revisions it controls; orphans that match are adopted, those that no longer match released. k8s: controlledHistories */
function claim(client: Client, set: DaemonSet): ControllerRevision[] {
  const selector = labelSelector(set.spec.selector);
  const mine: ControllerRevision[] = [];
  for (const revision of client.byIndex<ControllerRevision>("controller", set.metadata.uid)) {
    if (revision.kind !== "ControllerRevision") continue;
    if (selector.matches(revision.metadata.labels)) mine.push(revision);
    else withOwners(client, set, revision, []);
  }
  for (const revision of client.list<ControllerRevision>(revisions, set.metadata.namespace)) {
    if (controllerOf(revision) || revision.metadata.deletionTimestamp) continue;
    if (!selector.matches(revision.metadata.labels)) continue;
    mine.push(withOwners(client, set, revision, [ownerReference(set)]));
  }
  return mine;
}

function withOwners(
  client: Client,
  set: DaemonSet,
  revision: ControllerRevision,
  added: readonly unknown[],
): ControllerRevision {
  const others = (revision.metadata.ownerReferences ?? []).filter(
    (o) => o.uid !== set.metadata.uid,
  );
  const ownerReferences = [...others, ...added] as OwnerReference[];
  const metadata = { ...revision.metadata, ownerReferences };
  return client.update<ControllerRevision>(revisions, { ...revision, metadata });
}

/** The current revision, made or moved to the top, and those before. Undefined: a name was taken, try anew. */
export function currentRevision(client: Client, set: DaemonSet): History | undefined {
  const patch = patchOf(set);
  const all = claim(client, set);
  const same = all.filter((r) => equal(r.data, patch));
  const old = all.filter((r) => !same.includes(r));
  const revision = old.reduce((most, r) => Math.max(most, r.revision), 0) + 1;
  let current = onlyOne(client, set, same);
  if (!current) current = create(client, set, patch, revision);
  else if (current.revision < revision) {
    current = client.update<ControllerRevision>(revisions, { ...current, revision });
  }
  const hash = current?.metadata.labels?.[revisionHashLabel];
  return hash ? { hash, old } : undefined;
}

/** Of revisions that say the same the newest stays, and takes the others' Pods. k8s: dedupCurHistories */
function onlyOne(
  client: Client,
  set: DaemonSet,
  same: readonly ControllerRevision[],
): ControllerRevision | undefined {
  const kept = same.reduce<ControllerRevision | undefined>(
    (best, r) => (!best || r.revision >= best.revision ? r : best),
    undefined,
  );
  if (!kept || same.length === 1) return kept;
  const hash = kept.metadata.labels?.[revisionHashLabel] ?? "";
  for (const pod of client.byIndex<DaemonPod>("controller", set.metadata.uid)) {
    if (pod.kind !== "Pod" || pod.metadata.labels?.[revisionHashLabel] === hash) continue;
    const labels = { ...pod.metadata.labels, [revisionHashLabel]: hash };
    client.update<DaemonPod>("pods", { ...pod, metadata: { ...pod.metadata, labels } });
  }
  for (const { metadata } of same) {
    if (metadata.name !== kept.metadata.name)
      client.delete(revisions, metadata.namespace ?? "", metadata.name);
  }
  return kept;
}

function create(
  client: Client,
  set: DaemonSet,
  data: unknown,
  revision: number,
): ControllerRevision | undefined {
  const collisions = set.status?.collisionCount;
  const hash = safeEncode(
    String(fnv32a(JSON.stringify(set.spec.template) + String(collisions ?? ""))),
  );
  const { namespace, annotations } = set.metadata;
  try {
    return client.create<ControllerRevision>(revisions, {
      metadata: {
        name: `${set.metadata.name}-${hash}`,
        namespace,
        labels: { ...set.spec.template.metadata?.labels, [revisionHashLabel]: hash },
        ...(annotations ? { annotations } : {}),
        ownerReferences: [ownerReference(set)],
      },
      data,
      revision,
    });
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "AlreadyExists") throw error;
    const status = { ...set.status, collisionCount: (collisions ?? 0) + 1 };
    client.update<DaemonSet>("daemonsets.apps", { ...set, status } as DaemonSet, "status");
    return undefined;
  }
}

/** k8s: cleanupHistory: oldest first, never one that Pods still run. */
export function trimHistory(
  client: Client,
  set: DaemonSet,
  old: readonly ControllerRevision[],
  pods: readonly DaemonPod[],
): void {
  let surplus = old.length - (set.spec.revisionHistoryLimit ?? 10);
  if (surplus <= 0) return;
  const live = new Set(pods.map((pod) => pod.metadata.labels?.[revisionHashLabel]));
  for (const revision of [...old].sort((a, b) => a.revision - b.revision)) {
    if (surplus <= 0) break;
    if (live.has(revision.metadata.labels?.[revisionHashLabel])) continue;
    client.delete(revisions, revision.metadata.namespace ?? "", revision.metadata.name);
    surplus -= 1;
  }
}
