/**
 * ControllerRevisions: the templates a workload has had, which `kubectl rollout history` and `undo` read.
 * k8s: pkg/controller/history/controller_history.go
 */
import { equal } from "../../core/equal.ts";
import type { KubeObject } from "../../core/object.ts";
import { fnv32a, safeEncode } from "../../core/random.ts";
import type { ControllerRevision } from "../../kinds/controller-revision.ts";
import type { PodTemplateSpec } from "../../kinds/pod/types.ts";
import type { Selector } from "../../machinery/selectors.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Client } from "../../ports/controller.ts";
import { claim, newControllerRef } from "./controller-ref.ts";
import { compare } from "./order.ts";

/** Label of Pods and revisions: which template they have. */
export const revisionHashLabel = "controller-revision-hash";

export const revisions = "controllerrevisions.apps";

/**
 * Label value for a template; `collisions` names taken already make it another one. Not of the JSON alone: Argo Rollouts names
 * its ReplicaSets by that, and a Rollout may be named as the Deployment that it refers to. k8s: controller.ComputeHash
 */
export const computeHash = (template: PodTemplateSpec, collisions: number | undefined): string =>
  safeEncode(String(fnv32a(`PodTemplateSpec${JSON.stringify(template)}${collisions ?? ""}`)));

/** As Go writes a map: clients compare the bytes. */
function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(entries.map(([key, of]) => [key, inKeyOrder(of)]));
}

/** The patch that brings a workload back to a template: a revision's data. k8s: getPatch */
export const templatePatch = (template: PodTemplateSpec): unknown =>
  inKeyOrder({ spec: { template: { ...template, $patch: "replace" } } });

/** A workload's revisions, adopted and released by its selector. k8s: ListControllerRevisions, AdoptControllerRevision */
export const claimRevisions = (
  client: Client,
  owner: KubeObject,
  selector: Selector,
): ControllerRevision[] =>
  claim<ControllerRevision>(client, owner, selector, {
    resource: revisions,
    kind: "ControllerRevision",
  });

export const hashOf = (object: KubeObject): string | undefined =>
  object.metadata.labels?.[revisionHashLabel];

/** The number for a new revision, above all of `before`. k8s: nextRevision */
export const nextRevision = (before: readonly ControllerRevision[]): number =>
  before.reduce((most, r) => Math.max(most, r.revision), 0) + 1;

/** The one with the highest number. */
export const newestOf = (all: readonly ControllerRevision[]): ControllerRevision | undefined =>
  all.reduce<ControllerRevision | undefined>(
    (best, r) => (!best || r.revision >= best.revision ? r : best),
    undefined,
  );

/** k8s: FindEqualRevisions */
export const revisionsWith = (
  all: readonly ControllerRevision[],
  data: unknown,
): ControllerRevision[] => all.filter((r) => equal(r.data, data));

/** A template that comes back gets the highest number. k8s: UpdateControllerRevision */
export const renumbered = (
  client: Client,
  current: ControllerRevision,
  revision: number,
): ControllerRevision =>
  current.revision < revision
    ? client.update<ControllerRevision>(revisions, { ...current, revision })
    : current;

/** Undefined: another object has the name, and the workload's count of collisions is to grow. k8s: CreateControllerRevision */
export function createRevision(
  client: Client,
  owner: KubeObject,
  template: PodTemplateSpec,
  hash: string,
  revision: number,
  hashLabel = revisionHashLabel,
): ControllerRevision | undefined {
  const { name, namespace, annotations } = owner.metadata;
  try {
    return client.create<ControllerRevision>(revisions, {
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: { ...template.metadata?.labels, [hashLabel]: hash },
        ...(annotations ? { annotations } : {}),
        ownerReferences: [newControllerRef(owner)],
      },
      data: templatePatch(template),
      revision,
    });
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "AlreadyExists") throw error;
    return undefined;
  }
}

/** Of revisions beyond `limit` the oldest go, never one that is `live`. k8s: cleanupHistory, truncateHistory */
export function truncateHistory(
  client: Client,
  old: readonly ControllerRevision[],
  limit: number,
  live: ReadonlySet<string | undefined>,
): void {
  let surplus = old.length - limit;
  if (surplus <= 0) return;
  for (const revision of [...old].sort((a, b) => a.revision - b.revision)) {
    if (surplus <= 0) break;
    if (live.has(hashOf(revision))) continue;
    client.delete(revisions, revision.metadata.namespace ?? "", revision.metadata.name);
    surplus -= 1;
  }
}
