/** A DaemonSet's revisions. k8s: pkg/controller/daemon/update.go */
import type { Pod } from "../../kinds/pod/types.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { ControllerRevision } from "../../kinds/controller-revision.ts";
import type { DaemonSet } from "../../kinds/daemon-set.ts";
import type { Client } from "../../ports/controller.ts";
import {
  claimRevisions,
  computeHash,
  createRevision,
  hashOf,
  newestOf,
  nextRevision,
  renumbered,
  revisionHashLabel,
  revisions,
  revisionsWith,
  templatePatch,
  truncateHistory,
} from "../workload/revision-history.ts";

export interface History {
  /** Label value of Pods of the current template. */
  hash: string;
  old: ControllerRevision[];
}

/** The current revision, made or moved to the top, and those before. Undefined: a name was taken, try anew. */
export function currentRevision(client: Client, set: DaemonSet): History | undefined {
  const { selector, template } = set.spec;
  const all = claimRevisions(client, set, labelSelector(selector));
  const same = revisionsWith(all, templatePatch(template));
  const old = all.filter((r) => !same.includes(r));
  const revision = nextRevision(old);
  const kept = onlyOne(client, set, same);
  const current = kept ? renumbered(client, kept, revision) : create(client, set, revision);
  const hash = current && hashOf(current);
  return hash ? { hash, old } : undefined;
}

/** Of equal revisions the newest stays, and takes the others' Pods. k8s: dedupCurHistories */
function onlyOne(
  client: Client,
  set: DaemonSet,
  same: readonly ControllerRevision[],
): ControllerRevision | undefined {
  const kept = newestOf(same);
  if (!kept || same.length === 1) return kept;
  const hash = hashOf(kept) ?? "";
  for (const pod of client.byIndex<Pod>("controller", set.metadata.uid)) {
    if (pod.kind !== "Pod" || hashOf(pod) === hash) continue;
    const labels = { ...pod.metadata.labels, [revisionHashLabel]: hash };
    client.update<Pod>("pods", { ...pod, metadata: { ...pod.metadata, labels } });
  }
  for (const { metadata } of same) {
    if (metadata.name !== kept.metadata.name)
      client.delete(revisions, metadata.namespace ?? "", metadata.name);
  }
  return kept;
}

function create(client: Client, set: DaemonSet, revision: number): ControllerRevision | undefined {
  const { template } = set.spec;
  const collisions = set.status?.collisionCount;
  const hash = computeHash(template, collisions);
  const created = createRevision(client, set, template, hash, revision);
  if (created) return created;
  const status = { ...set.status, collisionCount: (collisions ?? 0) + 1 };
  client.update<DaemonSet>("daemonsets.apps", { ...set, status } as DaemonSet, "status");
  return undefined;
}

/** k8s: cleanupHistory: oldest first, never one that Pods still run. */
export function trimHistory(
  client: Client,
  set: DaemonSet,
  old: readonly ControllerRevision[],
  pods: readonly Pod[],
): void {
  const live = new Set(pods.map(hashOf));
  truncateHistory(client, old, set.spec.revisionHistoryLimit ?? 10, live);
}
