/** Makes and takes away a Job's Pods. k8s: pkg/controller/job/job_controller.go manageJob */
import { podsPerReconcileMax } from "../../core/limits.ts";
import {
  completionIndexKey,
  isIndexed,
  type Job,
  trackingFinalizer,
} from "../../kinds/batch/shape.ts";
import type { Container, Pod, PodTemplateSpec } from "../../kinds/pod/types.ts";
import type { StatusError } from "../../machinery/status.ts";
import type { Client } from "../../ports/controller.ts";
import { createPods, deletePod, podFromTemplate, podsAtOnce } from "../workload/pod-control.ts";
import { isReady, rankForDeletion } from "../workload/pods.ts";
import { remainingMs } from "./backoff.ts";
import { failureCounts, indexesToAdd } from "./indexed.ts";
import {
  completionIndex,
  component,
  isSuspended,
  lookAgain,
  replacesFailedOnly,
  type Sync,
  wantedIndex,
} from "./sync.ts";

/** k8s: names.MaxGeneratedNameLength */
const generatedNameMax = 58;
const indexVariable = "JOB_COMPLETION_INDEX";

/** Takes the Pod out of the Job's count, so that it can go. */
export const untrack = (client: Client, { metadata }: Pod): void => {
  client.modify<Pod>("pods", metadata.namespace ?? "", metadata.name, (pod) => {
    const finalizers = pod.metadata.finalizers?.filter((f) => f !== trackingFinalizer) ?? [];
    return finalizers.length === (pod.metadata.finalizers?.length ?? 0)
      ? undefined
      : { ...pod, metadata: { ...pod.metadata, finalizers } };
  });
};

/** Deletes Pods of which one is not to be counted. k8s: deleteJobPods, deleteActivePods */
export function removePods(sync: Sync, pods: readonly Pod[], counted: boolean): void {
  const { client, job } = sync;
  for (const pod of pods) {
    if (!counted) untrack(client, pod);
    deletePod(client, job, component, pod.metadata.name);
    if (isReady(pod)) sync.ready -= 1;
  }
  sync.active -= pods.length;
  sync.terminating += pods.length;
}

/** Returns what a creation failed with. */
export function manage(sync: Sync): StatusError | undefined {
  const { job, succeeded, active, activePods } = sync;
  if (isSuspended(job)) {
    removePods(sync, activePods.slice(0, podsPerReconcileMax), false);
    if (sync.active > 0) lookAgain(sync, sync.client.now);
    return undefined;
  }
  const { completions, parallelism } = job.spec;
  const wanted =
    completions === undefined
      ? succeeded > 0
        ? active
        : parallelism
      : Math.max(0, Math.min(completions - succeeded, parallelism));
  const surplus = podsToRemove(sync, Math.max(0, active - wanted));
  if (surplus.length) {
    removePods(sync, surplus.slice(0, podsPerReconcileMax), false);
    return undefined;
  }
  const missing = wanted - active - (replacesFailedOnly(job) ? sync.terminating : 0);
  return missing > 0 ? addPods(sync, missing) : undefined;
}

/** Pods without a wanted index and doubles of one go first, then as many as must. k8s: activePodsForRemoval */
function podsToRemove({ client, job, activePods }: Sync, atLeast: number): Pod[] {
  if (!isIndexed(job.spec)) return rankForDeletion(client, job, activePods, atLeast);
  const byIndex = new Map<number, Pod[]>();
  const remove: Pod[] = [];
  for (const pod of activePods) {
    const index = wantedIndex(pod, job);
    if (index === undefined) remove.push(pod);
    else byIndex.set(index, [...(byIndex.get(index) ?? []), pod]);
  }
  const left: Pod[] = [];
  for (const pods of byIndex.values()) {
    const ranked = pods.length > 1 ? rankForDeletion(client, job, pods, pods.length) : pods;
    remove.push(...ranked.slice(0, -1));
    left.push(ranked.at(-1) as Pod);
  }
  const more = atLeast - remove.length;
  return more > 0 ? [...remove, ...rankForDeletion(client, job, left, more)] : remove;
}

function addPods(sync: Sync, missing: number): StatusError | undefined {
  const { client, job } = sync;
  const { spec, metadata } = job;
  if (spec.backoffLimitPerIndex === undefined) {
    const wait = remainingMs(sync.backoff, client.now);
    if (wait > 0) {
      lookAgain(sync, client.now + wait);
      return undefined;
    }
  }
  const count = Math.min(missing, podsAtOnce(spec.template));
  const template = withTracking(job);
  const pods = isIndexed(spec)
    ? indexesToAdd(sync, count).map((index) => indexedPod(sync, template, index))
    : Array<unknown>(count).fill(podFromTemplate(job, template));
  const before = client.countByIndex("controller", metadata.uid);
  const failure = createPods(client, job, component, pods);
  sync.active += client.countByIndex("controller", metadata.uid) - before;
  if (!failure && count < missing && pods.length === count) lookAgain(sync, client.now);
  return failure;
}

function withTracking({ spec: { template, ...spec } }: Job): PodTemplateSpec {
  const given = template.metadata?.finalizers ?? [];
  const finalizers = given.includes(trackingFinalizer) ? given : [...given, trackingFinalizer];
  const { containers, initContainers } = template.spec;
  return {
    metadata: { ...template.metadata, finalizers },
    spec: isIndexed(spec)
      ? {
          ...template.spec,
          containers: containers.map(withIndexVariable),
          ...(initContainers ? { initContainers: initContainers.map(withIndexVariable) } : {}),
        }
      : template.spec,
  };
}

/** k8s: addCompletionIndexEnvVariable */
function withIndexVariable(container: Container): Container {
  const env = container.env ?? [];
  if (env.some((v) => v.name === indexVariable)) return container;
  const fieldPath = `metadata.labels['${completionIndexKey}']`;
  return {
    ...container,
    env: [...env, { name: indexVariable, valueFrom: { fieldRef: { fieldPath } } }],
  };
}

function indexedPod({ job, delayed }: Sync, template: PodTemplateSpec, index: number): unknown {
  const { name } = job.metadata;
  const suffix = `-${index}-`;
  const stem = name.slice(0, Math.max(0, generatedNameMax - suffix.length));
  const perIndex = job.spec.backoffLimitPerIndex !== undefined;
  const pod = podFromTemplate(job, {
    metadata: {
      ...template.metadata,
      labels: { ...template.metadata?.labels, [completionIndexKey]: String(index) },
      annotations: {
        ...template.metadata?.annotations,
        [completionIndexKey]: String(index),
        ...(perIndex ? failureCounts(job, delayed.get(index)) : {}),
      },
    },
    spec: { ...template.spec, hostname: `${name}-${index}` },
  });
  return { ...pod, metadata: { ...pod.metadata, generateName: stem + suffix } };
}

/** By index; Pods without one first. */
export const byIndexOrder = (pods: readonly Pod[]): Pod[] =>
  [...pods].sort((a, b) => (completionIndex(a) ?? -1) - (completionIndex(b) ?? -1));
