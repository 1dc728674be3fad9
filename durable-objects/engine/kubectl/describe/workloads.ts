/** Workloads. k8s: kubectl/pkg/describe describeDeployment, describeReplicaSet, describeReplicationController, describeDaemonSet, describeStatefulSet, describeJob, describeCronJob */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "kubernetes-types/apps/v1";
import type { CronJob, Job } from "kubernetes-types/batch/v1";
import type { ReplicationController } from "kubernetes-types/core/v1";
import { parseTime } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { labelSelector, selectorFromSet } from "../../machinery/selectors.ts";
import { humanDuration } from "../../machinery/duration.ts";
import type { PodTemplateSpec } from "../../kinds/pod/types.ts";
import { byText } from "../go/json.ts";
import { Failure } from "../errors.ts";
import type { Work } from "../work.ts";
import { amount } from "./containers.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import {
  boolText,
  controllerOf,
  controllerText,
  dateText,
  labelsText,
  none,
  unset,
  type Meta,
  type Out,
} from "./out.ts";
import { podsStatus, selectorText, writeTemplate } from "./pod-template.ts";
import { eventsOf, listAll, orFailure, orNothing, type Described, type Settings } from "./reach.ts";

const metaOf = (object: { metadata?: object }): Meta => (object.metadata ?? {}) as Meta;
const about = (object: { metadata?: object }, kind: string): Described => ({
  kind,
  metadata: metaOf(object),
});
const templateOf = (template: unknown): PodTemplateSpec => template as PodTemplateSpec;

interface Condition {
  type: string;
  status: string;
  reason?: string;
}

function writeConditions(out: Out, conditions: readonly Condition[] = []): void {
  if (conditions.length === 0) return;
  out.write("Conditions:\n");
  const rows = conditions.map(({ type, status, reason }) => [`${type} `, status, reason]);
  out.table(1, "Type\tStatus\tReason", rows, "----\t------\t------");
}

export const deployment: Describer<Deployment> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec, status = {} } = object;
  const events = yield* eventsOf(settings, about(object, "Deployment"));
  const sets = yield* orNothing(replicaSetsOf(settings, object));
  const selector = labelSelector(spec?.selector).toString();
  out.field("Name", meta.name);
  out.field("Namespace", meta.namespace);
  out.field("CreationTimestamp", dateText(meta.creationTimestamp));
  out.labels("Labels", meta.labels);
  out.annotations("Annotations", meta.annotations);
  out.field("Selector", selector);
  out.field(
    "Replicas",
    `${spec?.replicas ?? 0} desired | ${status.updatedReplicas ?? 0} updated | ${status.replicas ?? 0} total | ${status.availableReplicas ?? 0} available | ${status.unavailableReplicas ?? 0} unavailable`,
  );
  out.field("StrategyType", spec?.strategy?.type);
  out.field("MinReadySeconds", spec?.minReadySeconds ?? 0);
  const rolling = spec?.strategy?.rollingUpdate;
  if (rolling)
    out.field(
      "RollingUpdateStrategy",
      `${rolling.maxUnavailable ?? 0} max unavailable, ${rolling.maxSurge ?? 0} max surge`,
    );
  writeTemplate(out, templateOf(spec?.template));
  writeConditions(out, status.conditions);
  if (sets.length) {
    const current = sets.find((set) => sameTemplate(set, object));
    const old = sets.filter((set) => set !== current);
    out.field("OldReplicaSets", setsText(old));
    out.field("NewReplicaSet", setsText(current ? [current] : []));
  }
  writeEvents(out, events, settings.now);
};

/** ReplicaSets of a Deployment, the eldest first. */
function* replicaSetsOf(settings: Settings, object: Deployment): Work<ReplicaSet[]> {
  const { namespace, uid } = metaOf(object);
  const path = `/apis/apps/v1/namespaces/${namespace}/replicasets`;
  const found = yield* listAll<ReplicaSet>(settings, path, "replicasets", [
    ["labelSelector", labelSelector(object.spec?.selector).toString()],
  ]);
  const key = (set: ReplicaSet): number => parseTime(metaOf(set).creationTimestamp);
  return found
    .filter((set) => controllerOf(metaOf(set))?.uid === uid)
    .toSorted((a, b) => key(a) - key(b) || byText(metaOf(a).name ?? "", metaOf(b).name ?? ""));
}

/** Whether the set is of the Deployment's template. k8s: kubectl/pkg/util/deployment equalIgnoreHash */
function sameTemplate(set: ReplicaSet, { spec }: Deployment): boolean {
  const { "pod-template-hash": _, ...labels } = set.spec?.template?.metadata?.labels ?? {};
  const { "pod-template-hash": __, ...wanted } = spec?.template.metadata?.labels ?? {};
  return (
    equal(labels, wanted) &&
    equal(set.spec?.template?.metadata?.annotations, spec?.template.metadata?.annotations) &&
    equal(set.spec?.template?.spec, spec?.template.spec)
  );
}

const setsText = (sets: readonly ReplicaSet[]): string =>
  sets
    .map(
      (set) =>
        `${metaOf(set).name} (${set.status?.replicas ?? 0}/${set.spec?.replicas ?? 0} replicas created)`,
    )
    .join(", ") || none;

export const replicaSet: Describer<ReplicaSet> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec, status } = object;
  const selector = labelSelector(spec?.selector).toString();
  const pods = yield* orFailure(podsStatus(settings, meta, selector));
  const events = yield* eventsOf(settings, about(object, "ReplicaSet"));
  out.head(meta, { before: () => out.field("Selector", selectorText(spec?.selector)) });
  const controller = controllerText(meta);
  if (controller) out.field("Controlled By", controller);
  out.field("Replicas", `${status?.replicas ?? 0} current / ${spec?.replicas ?? 0} desired`);
  out.field(
    "Pods Status",
    pods instanceof Failure ? `error in fetching pods: ${pods.message}` : pods,
  );
  writeTemplate(out, templateOf(spec?.template));
  writeConditions(out, status?.conditions);
  writeEvents(out, events, settings.now);
};

export const replicationController: Describer<ReplicationController> = function* (
  settings,
  object,
  out,
) {
  const meta = metaOf(object);
  const { spec, status } = object;
  const selector = selectorFromSet(spec?.selector).toString();
  const pods = yield* podsStatus(settings, meta, selector);
  const events = yield* eventsOf(settings, about(object, "ReplicationController"));
  out.head(meta, { before: () => out.field("Selector", labelsText(spec?.selector)) });
  out.field("Replicas", `${status?.replicas ?? 0} current / ${spec?.replicas ?? 0} desired`);
  out.field("Pods Status", pods);
  writeTemplate(out, templateOf(spec?.template));
  writeConditions(out, status?.conditions);
  writeEvents(out, events, settings.now);
};

export const daemonSet: Describer<DaemonSet> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec, status } = object;
  const selector = labelSelector(spec?.selector).toString();
  const pods = yield* podsStatus(settings, meta, selector);
  const events = yield* eventsOf(settings, about(object, "DaemonSet"));
  out.head(meta, {
    before: () => {
      out.field("Selector", selector);
      out.field("Node-Selector", labelsText(spec?.template.spec?.nodeSelector));
    },
  });
  out.lines(
    0,
    `Desired Number of Nodes Scheduled: ${status?.desiredNumberScheduled ?? 0}`,
    `Current Number of Nodes Scheduled: ${status?.currentNumberScheduled ?? 0}`,
    `Number of Nodes Scheduled with Up-to-date Pods: ${status?.updatedNumberScheduled ?? 0}`,
    `Number of Nodes Scheduled with Available Pods: ${status?.numberAvailable ?? 0}`,
    `Number of Nodes Misscheduled: ${status?.numberMisscheduled ?? 0}`,
  );
  out.field("Pods Status", pods);
  writeTemplate(out, templateOf(spec?.template));
  writeEvents(out, events, settings.now);
};

export const statefulSet: Describer<StatefulSet> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec, status } = object;
  const selector = labelSelector(spec?.selector).toString();
  const pods = yield* podsStatus(settings, meta, selector);
  const events = yield* eventsOf(settings, about(object, "StatefulSet"));
  out.head(meta, {
    before: () => {
      out.field("CreationTimestamp", dateText(meta.creationTimestamp));
      out.field("Selector", selector);
    },
  });
  out.field("Replicas", `${spec?.replicas ?? 0} desired | ${status?.replicas ?? 0} total`);
  out.field("Update Strategy", spec?.updateStrategy?.type);
  const rolling = spec?.updateStrategy?.rollingUpdate;
  if (rolling?.partition !== undefined) {
    out.field("Partition", rolling.partition, 1);
    if (rolling.maxUnavailable !== undefined)
      out.field("MaxUnavailable", rolling.maxUnavailable, 1);
  }
  out.field("Pods Status", pods);
  writeTemplate(out, templateOf(spec?.template));
  const claims = spec?.volumeClaimTemplates ?? [];
  out.write(`Volume Claims:${claims.length ? "" : `\t${none}`}\n`);
  for (const claim of claims) {
    const of = metaOf(claim);
    out.field("Name", of.name, 1);
    out.field("StorageClass", claim.spec?.storageClassName, 1);
    out.labels("Labels", of.labels, "  ");
    out.labels("Annotations", of.annotations, "  ");
    const size = claim.spec?.resources?.requests?.["storage"];
    out.field("Capacity", size === undefined ? "<default>" : amount(size), 1);
    out.field("Access Modes", claim.spec?.accessModes ?? [], 1);
  }
  writeEvents(out, events, settings.now);
};

type JobSpec = NonNullable<Job["spec"]>;

export const job: Describer<Job> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec = {} as JobSpec, status = {} } = object;
  const events = yield* eventsOf(settings, about(object, "Job"));
  out.head(meta, {
    before: () => out.field("Selector", labelSelector(spec.selector).toString()),
  });
  const field = (label: string, value: unknown): void => {
    if (value !== undefined) out.field(label, value);
  };
  field("Controlled By", controllerText(meta));
  field("Parallelism", spec.parallelism);
  field("Completions", spec.completions ?? unset);
  field("Completion Mode", spec.completionMode);
  field("Suspend", spec.suspend);
  field("Backoff Limit", spec.backoffLimit);
  field("TTL Seconds After Finished", spec.ttlSecondsAfterFinished);
  const { startTime, completionTime } = status;
  if (startTime) out.field("Start Time", dateText(startTime));
  if (completionTime) out.field("Completed At", dateText(completionTime));
  if (startTime && completionTime)
    out.field("Duration", humanDuration(parseTime(completionTime) - parseTime(startTime)));
  if (spec.activeDeadlineSeconds !== undefined)
    out.field("Active Deadline Seconds", `${spec.activeDeadlineSeconds}s`);
  const ready = status.ready === undefined ? "" : ` (${status.ready} Ready)`;
  out.field(
    "Pods Statuses",
    `${status.active ?? 0} Active${ready} / ${status.succeeded ?? 0} Succeeded / ${status.failed ?? 0} Failed`,
  );
  if (spec.completionMode === "Indexed")
    out.field("Completed Indexes", indexesText(status.completedIndexes ?? "", 50));
  writeTemplate(out, templateOf(spec.template));
  writeEvents(out, events, settings.now);
};

/** k8s: describe.go capIndexesListOrNone */
function indexesText(indexes: string, softLimit: number): string {
  if (indexes === "") return none;
  const comma = indexes.indexOf(",", softLimit);
  return comma < 0 ? indexes : `${indexes.slice(0, comma + 1)}...`;
}

export const cronJob: Describer<CronJob> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec, status = {} } = object;
  const events = yield* eventsOf(settings, about(object, "CronJob"));
  out.head(meta);
  out.field("Schedule", spec?.schedule);
  out.field("Concurrency Policy", spec?.concurrencyPolicy);
  out.field("Suspend", boolText(spec?.suspend));
  out.field("Time Zone", spec?.timeZone ?? unset);
  out.field("Successful Job History Limit", spec?.successfulJobsHistoryLimit ?? unset);
  out.field("Failed Job History Limit", spec?.failedJobsHistoryLimit ?? unset);
  const deadline = spec?.startingDeadlineSeconds;
  out.field("Starting Deadline Seconds", deadline === undefined ? unset : `${deadline}s`);
  const of = spec?.jobTemplate.spec ?? ({} as JobSpec);
  out.field("Selector", of.selector ? labelSelector(of.selector).toString() : unset);
  out.field("Parallelism", of.parallelism ?? unset);
  out.field("Completions", of.completions ?? unset);
  if (of.activeDeadlineSeconds !== undefined)
    out.field("Active Deadline Seconds", `${of.activeDeadlineSeconds}s`);
  writeTemplate(out, templateOf(of.template));
  const last = status.lastScheduleTime;
  out.field("Last Schedule Time", last ? dateText(last) : unset);
  const active = (status.active ?? []).map(({ name }) => name);
  out.field("Active Jobs", active.join(", ") || none);
  writeEvents(out, events, settings.now);
};
