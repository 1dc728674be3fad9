/** A StatefulSet that waits at one of its ordinals: those after it come, or change, once that one is ready. */
import { parseTime } from "../core/clock.ts";
import {
  inRange,
  isUnavailable,
  ordinalOf,
  podName,
  startOf,
} from "../controllers/stateful-set/identity.ts";
import { revisionOf } from "../controllers/stateful-set/history.ts";
import type { Event } from "../kinds/event.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { StatefulSet } from "../kinds/stateful-set/shape.ts";
import { quotaRefusal } from "./quota.ts";
import {
  about,
  inNamespace,
  mend,
  nameOf,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";
import { podsOf } from "./workloads.ts";

const component = "statefulset-controller";

function stuckOrdinal(scope: Scope, set: StatefulSet): Found | undefined {
  if (set.spec.podManagementPolicy === "Parallel") return undefined;
  const pods = new Map(podsOf(scope, set).map((pod) => [ordinalOf(set, pod.metadata.name), pod]));
  let ordinal = startOf(set);
  while (inRange(set, ordinal) && !isUnavailable(set, pods.get(ordinal), scope.now)) ordinal++;
  if (!inRange(set, ordinal)) return undefined;
  const pod = pods.get(ordinal);
  const why = pod ? scope.ask("pods", pod) : notMade(scope, set, ordinal, pods.size);
  if (!why) return undefined;
  const name = podName(set, ordinal);
  const behind = set.spec.replicas - 1 - (ordinal - startOf(set));
  const waiting =
    behind === 0 ? "" : `, and ${behind} more ${behind === 1 ? "waits" : "wait"} for it`;
  return {
    ...why,
    sentence: `${nameOf(set)} is stuck at ordinal ${ordinal} (${set.spec.replicas} wanted, podManagementPolicy OrderedReady): ${name} is not ready${waiting}. ${why.sentence}`,
    evidence: [
      about(set, `${set.status?.readyReplicas ?? 0} of ${set.spec.replicas} ready`, {
        field: "status.readyReplicas",
      }),
      ...why.evidence,
    ],
    mend: [...why.mend, ...broken(set, pod)],
    reason: `ordinal ${ordinal}`,
  };
}

/**
 * One that an update made and that never became ready is not replaced by itself, also not after the template was corrected.
 * k8s: kubernetes.io/docs/concepts/workloads/controllers/statefulset, Forced rollback
 */
function broken(set: StatefulSet, pod: Pod | undefined) {
  const { currentRevision, updateRevision } = set.status ?? {};
  const revision = pod && revisionOf(pod);
  if (!pod || (currentRevision === updateRevision && revision === updateRevision)) return [];
  return [
    mend(
      "Once the template is right, delete the Pod: the set does not replace one that never was ready",
      `kubectl delete pod ${pod.metadata.name}${inNamespace(pod)}`,
    ),
  ];
}

/** A Pod that the API server does not let the set make. */
function notMade(scope: Scope, set: StatefulSet, ordinal: number, made: number): Found | undefined {
  const quota = quotaRefusal(scope, set, made, set.spec.replicas);
  if (quota) return quota;
  const name = podName(set, ordinal);
  const event = scope.client
    .byIndex<Event>("event.uid", set.metadata.uid)
    .filter(
      ({ reason, message }) => reason === "FailedCreate" && message?.includes(` Pod ${name} in `),
    )
    .toSorted((a, b) => parseTime(b.lastTimestamp ?? "") - parseTime(a.lastTimestamp ?? ""))[0];
  if (!event) return undefined;
  return {
    sentence: `It is refused: ${event.message ?? ""}.`,
    evidence: [about(set, event.message ?? "", { event: "FailedCreate" })],
    mend: [
      mend(
        "Change the template to what is allowed",
        `kubectl edit statefulset ${set.metadata.name}${inNamespace(set)}`,
      ),
    ],
    decidedBy: component,
  };
}

/** Rows about StatefulSets. */
export const statefulSets: Situation[] = [
  { name: "stuck at an ordinal", of: ["statefulsets.apps"], find: stuckOrdinal },
];
