/** A StatefulSet's revisions. k8s: pkg/controller/statefulset/stateful_set_control.go getStatefulSetRevisions */
import { equal } from "../../core/equal.ts";
import type { ControllerRevision } from "../../kinds/controller-revision.ts";
import type { Pod, PodTemplateSpec } from "../../kinds/pod/types.ts";
import type { StatefulSet } from "../../kinds/stateful-set/shape.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { Client } from "../../ports/controller.ts";
import {
  claimRevisions,
  computeHash,
  createRevision,
  hashOf,
  newestOf,
  nextRevision,
  renumbered,
  revisions,
  revisionsWith,
  templatePatch,
  truncateHistory,
} from "../workload/revision-history.ts";

/** Label of the revisions themselves; Pods bear the revision's name. k8s: history.ControllerRevisionHashLabel */
const hashLabel = "controller.kubernetes.io/hash";

export interface Revision {
  name: string;
  template: PodTemplateSpec;
}

export interface History {
  current: Revision;
  update: Revision;
  /** With the update revision, where that is not new. */
  all: ControllerRevision[];
  collisionCount: number;
}

export const revisionOf = (pod: Pod): string | undefined => hashOf(pod);

const asRevision = ({ metadata, data }: ControllerRevision): Revision => {
  const { $patch, ...template } = (
    data as { spec: { template: PodTemplateSpec & { $patch?: string } } }
  ).spec.template;
  return { name: metadata.name, template };
};

/** The revision of the template as it is now, and the one that Pods are still at. */
export function historyOf(client: Client, set: StatefulSet): History {
  const all = claimRevisions(client, set, labelSelector(set.spec.selector));
  const collisions = set.status?.collisionCount ?? 0;
  const newest = newestOf(all);
  const same = newestOf(revisionsWith(all, templatePatch(set.spec.template)));
  const kept = same && same !== newest ? renumbered(client, same, nextRevision(all)) : same;
  const [update, collisionCount] = kept
    ? [kept, collisions]
    : create(client, set, nextRevision(all), collisions);
  const current = all.find(({ metadata }) => metadata.name === set.status?.currentRevision);
  return {
    current: asRevision(current ?? update),
    update: asRevision(update),
    all,
    collisionCount,
  };
}

/** A name that something else has taken counts as a collision. k8s: CreateControllerRevision */
function create(
  client: Client,
  set: StatefulSet,
  revision: number,
  collisions: number,
): [ControllerRevision, number] {
  const { template } = set.spec;
  const { namespace = "", name } = set.metadata;
  for (let count = collisions; ; count++) {
    const hash = computeHash(template, count);
    const created = createRevision(client, set, template, hash, revision, hashLabel);
    if (created) return [created, count];
    const taken = client.get<ControllerRevision>(revisions, namespace, `${name}-${hash}`);
    if (taken && equal(taken.data, templatePatch(template))) return [taken, count];
  }
}

/** Those that neither are in use nor have a Pod count against the limit. k8s: truncateHistory */
export function trimHistory(
  client: Client,
  set: StatefulSet,
  { current, update, all }: History,
  pods: readonly Pod[],
): void {
  const limit = set.spec.revisionHistoryLimit ?? 10;
  const live = new Set([current.name, update.name, ...pods.map(revisionOf)]);
  const old = all.filter(({ metadata }) => !live.has(metadata.name));
  if (limit >= 0) truncateHistory(client, old, limit, new Set());
}
