/** The revisions of a workload: ReplicaSets of a Deployment, ControllerRevisions of others. k8s: polymorphichelpers/{history,rollback}.go */
import { goQuote } from "../../machinery/field.ts";
import { cloneJson } from "../../runtime/bytes.ts";
import type { ApiClient } from "../client.ts";
import { Failure } from "../errors.ts";
import type { Info } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import { labelSelector, type LabelSelector } from "../../machinery/selectors.ts";
import type { Work } from "../work.ts";

export const changeCause = "kubernetes.io/change-cause";
const revisionNote = "deployment.kubernetes.io/revision";

export interface Revision {
  number: number;
  /** What keeps it. */
  object: KubeObject;
  cause: string;
  template: KubeObject;
}

type Spec = { selector?: LabelSelector; template: KubeObject; paused?: boolean };

const ownedBy = (object: KubeObject, uid: string | undefined): boolean =>
  ((object.metadata?.["ownerReferences"] ?? []) as { uid: string; controller?: boolean }[]).some(
    (one) => one.controller && one.uid === uid,
  );

/** Whether a kind has a history. */
export const hasRevisions = ({ type }: Info): boolean =>
  type.group === "apps" && ["Deployment", "DaemonSet", "StatefulSet"].includes(type.kind);

/** The revisions there are, oldest first. */
export function* revisionsOf(client: ApiClient, info: Info): Work<Revision[]> {
  const workload = info.object as KubeObject;
  const { namespace = "", uid } = workload.metadata ?? {};
  const deployment = info.type.kind === "Deployment";
  const list = yield* client.json<KubeObject>({
    path: `/apis/apps/v1/namespaces/${namespace}/${deployment ? "replicasets" : "controllerrevisions"}`,
  });
  const selector = labelSelector((workload["spec"] as Spec).selector);
  const own = ((list["items"] ?? []) as KubeObject[]).filter(
    (one) => ownedBy(one, uid) && selector.matches(one.metadata?.labels ?? {}),
  );
  const revisions = own.map((one): Revision => {
    const object = {
      apiVersion: "apps/v1",
      kind: deployment ? "ReplicaSet" : "ControllerRevision",
      ...one,
    };
    const notes = one.metadata?.annotations ?? {};
    const number = deployment ? Number(notes[revisionNote] ?? 0) : Number(one["revision"]);
    const template = deployment
      ? (one["spec"] as Spec).template
      : (one["data"] as { spec: { template: KubeObject } }).spec.template;
    return { number, object, cause: notes[changeCause] ?? "", template };
  });
  return revisions.toSorted((a, b) => a.number - b.number);
}

/** The revision to go back to; 0: the one before the last. */
export function revisionFor(info: Info, revisions: readonly Revision[], wanted: number): Revision {
  const missing = new Failure(`unable to find specified revision ${wanted} in history`);
  if (wanted < 0) throw missing;
  if (wanted > 0) {
    const found = revisions.find(({ number }) => number === wanted);
    if (!found) throw missing;
    return found;
  }
  const found = revisions.at(-2);
  if (found) return found;
  throw new Failure(
    info.type.kind === "Deployment"
      ? `no rollout history found for deployment ${goQuote(info.name)}`
      : "no last revision to roll back to",
  );
}

/** A template without the label that tells ReplicaSets apart. */
export function plainTemplate(template: KubeObject): KubeObject {
  const copy = cloneJson(template);
  delete copy.metadata?.labels?.["pod-template-hash"];
  delete copy["$patch"];
  return copy;
}

/** Annotations of a Deployment that a revision does not bring back. k8s: rollback.go annotationsToSkip */
export const ownNotes = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionNote,
  "deployment.kubernetes.io/revision-history",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deprecated.deployment.rollback.to",
]);
