/** A DaemonSet's ControllerRevisions: what `kubectl rollout history` and `undo` read. k8s: pkg/controller/daemon/update.go */
import { equal } from "../core/equal.ts";
import { fnv32a, safeEncode } from "../core/random.ts";
import { StatusError } from "../api/status.ts";
import type { ControllerRevision } from "../kinds/controller-revision.ts";
import type { DaemonSet } from "../kinds/daemon-set.ts";
import type { Client } from "./define.ts";
import { ownerReference } from "./deployment-sets.ts";
import { revisionHashLabel, type DaemonPod } from "./daemon-set-nodes.ts";

const revisions = "controllerrevisions.apps";

/** The patch that brings a set back to a template. k8s: getPatch */
const patchOf = (set: DaemonSet): unknown => ({
  spec: { template: { ...set.spec.template, $patch: "replace" } },
});

export interface History {
  /** Label value of Pods of the current template. */
  hash: string;
  old: ControllerRevision[];
}

/** The current revision, made or moved to the top, and those before. Undefined: a name was taken, try anew. */
export function currentRevision(client: Client, set: DaemonSet): History | undefined {
  const patch = patchOf(set);
  const all = client
    .byIndex<ControllerRevision>("controller", set.metadata.uid)
    .filter((o) => o.kind === "ControllerRevision");
  const same = all.filter((r) => equal(r.data, patch));
  const old = all.filter((r) => !same.includes(r));
  const revision = old.reduce((most, r) => Math.max(most, r.revision), 0) + 1;
  let current = same.reduce<ControllerRevision | undefined>(
    (best, r) => (!best || r.revision >= best.revision ? r : best),
    undefined,
  );
  if (!current) current = create(client, set, patch, revision);
  else if (current.revision < revision) {
    current = client.update<ControllerRevision>(revisions, { ...current, revision });
  }
  const hash = current?.metadata.labels?.[revisionHashLabel];
  return hash ? { hash, old } : undefined;
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
