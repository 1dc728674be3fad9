/** What must hold of Jobs: at each revision of theirs and of their Pods', and at rest. */
import {
  controlledBy,
  controllerOf,
  controlling,
  finished,
  first,
  id,
  lastTouched,
} from "./pods.ts";
import type { Invariant } from "./seen.ts";
import type { Any, Simulation } from "../simulation.ts";
import { ready } from "../operations/targets.ts";

const finalizer = "batch.kubernetes.io/job-tracking";
const indexKey = "batch.kubernetes.io/job-completion-index";

const isIndexed = (job: Any): boolean => job.spec.completionMode === "Indexed";
const isTracked = (pod: Any): boolean => pod.metadata.finalizers?.includes(finalizer) ?? false;
const ends = ["Complete", "Failed"];
const targets = ["SuccessCriteriaMet", "FailureTarget"];
const conditionOf = (job: Any, types: string[]): Any =>
  job?.status?.conditions?.find((c: Any) => types.includes(c.type) && c.status === "True");
const isOver = (job: Any): boolean => conditionOf(job, ends) !== undefined;
const isTerminating = (pod: Any): boolean =>
  !finished(pod) && pod.metadata.deletionTimestamp !== undefined;
const isActive = (pod: Any): boolean => !finished(pod) && !pod.metadata.deletionTimestamp;

/** Uids of the Pods that have ended so, ever. */
interface Ledger {
  succeeded: Set<string>;
  failed: Set<string>;
}
const ledgers = new WeakMap<Simulation, Map<string, Ledger>>();

function ledgerOf(sim: Simulation, job: string): Ledger {
  let all = ledgers.get(sim);
  if (!all) ledgers.set(sim, (all = new Map()));
  let ledger = all.get(job);
  if (!ledger) all.set(job, (ledger = { succeeded: new Set(), failed: new Set() }));
  return ledger;
}

function note(sim: Simulation, pod: Any): void {
  const owner = controllerOf(pod);
  if (owner?.kind !== "Job") return;
  const ledger = ledgerOf(sim, owner.uid);
  const { phase } = pod.status ?? {};
  if (phase === "Succeeded") ledger.succeeded.add(pod.metadata.uid);
  else if (phase === "Failed" || pod.metadata.deletionTimestamp)
    ledger.failed.add(pod.metadata.uid);
}

const told = ({ status = {} }: Any): { succeeded: number; failed: number } => ({
  succeeded: (status.succeeded ?? 0) + (status.uncountedTerminatedPods?.succeeded ?? []).length,
  failed: (status.failed ?? 0) + (status.uncountedTerminatedPods?.failed ?? []).length,
});

function countsTwice(sim: Simulation, job: Any, before: Any | undefined): string | undefined {
  const { succeeded = [], failed = [] } = job.status?.uncountedTerminatedPods ?? {};
  const listed = [...succeeded, ...failed];
  if (new Set(listed).size !== listed.length) return `${id(job)} lists a Pod twice`;
  const ledger = ledgerOf(sim, job.metadata.uid);
  const now = told(job);
  return first(["succeeded", "failed"] as const, (how) => {
    const there = ledger[how].size;
    if (now[how] > there) return `${id(job)}: ${now[how]} ${how}, there were ${there}`;
    // Of an index more than one may succeed, and those above the completions are no more counted.
    if (how === "succeeded" && isIndexed(job)) return undefined;
    const was = before ? told(before)[how] : 0;
    return now[how] < was ? `${id(job)} forgets: ${now[how]} ${how} after ${was}` : undefined;
  });
}

/** What speaks against a Pod that was just made. */
function isTooMany(sim: Simulation, pod: Any): string | undefined {
  const job = controlling(sim, "Job", pod);
  if (!job) return `${id(pod)} of a Job that is not there`;
  const { parallelism, completions, suspend } = job.spec;
  if (suspend || isOver(job)) return `${id(pod)} though ${id(job)} is suspended or over`;
  const others = controlledBy(sim, "Pod", job);
  const active = others.filter(isActive);
  if (active.length >= parallelism) return `${id(pod)} beside ${active.length} of ${parallelism}`;
  const done = isIndexed(job) ? (job.status?.succeeded ?? 0) : told(job).succeeded;
  if (completions !== undefined && done + active.length >= completions)
    return `${id(pod)} beside ${done} done and ${active.length} active of ${completions}`;
  if (!isIndexed(job)) return undefined;
  const index = pod.metadata.annotations[indexKey];
  const twin = active.find((p) => p.metadata.annotations[indexKey] === index);
  return twin && `${id(pod)} has the index of ${id(twin)}`;
}

/** What speaks against what a Job was just said to end as. Its spec may change before it has ended. */
function decidesWrongly(job: Any, at: number): string | undefined {
  const { spec, status } = job;
  const { reason } = conditionOf(job, targets);
  const { succeeded, failed } = told(job);
  const because: Record<string, boolean> = {
    CompletionsReached: succeeded >= (spec.completions ?? 1),
    SuccessPolicy: spec.successPolicy !== undefined && succeeded > 0,
    BackoffLimitExceeded:
      failed > spec.backoffLimit || spec.template.spec.restartPolicy === "OnFailure",
    DeadlineExceeded: at - Date.parse(status.startTime) >= spec.activeDeadlineSeconds * 1000,
    PodFailurePolicy: spec.podFailurePolicy !== undefined && failed > 0,
    FailedIndexes: Boolean(status.failedIndexes),
    MaxFailedIndexesExceeded: Boolean(status.failedIndexes),
  };
  return because[reason] ? undefined : `${id(job)} is to end by ${reason}`;
}

/** What speaks against an end that was just told. */
function endsWrongly(sim: Simulation, job: Any): string | undefined {
  const { succeeded = 0, failed = 0, active = 0, terminating = 0 } = job.status;
  const left = told(job).succeeded + told(job).failed - succeeded - failed;
  if (active || terminating || left) return `${id(job)} ends with Pods`;
  if (controlledBy(sim, "Pod", job).some(isTracked)) return `${id(job)} ends with Pods uncounted`;
  const { reason } = conditionOf(job, ends);
  return conditionOf(job, targets)?.reason === reason ? undefined : `${id(job)} ends by ${reason}`;
}

/**
 * A Job that counts failures by index keeps the last failed Pod of an index until its replacement is made, and none is made while the
 * Job is suspended, has as many as it may, or a quota is full. k8s: canRemoveFinalizer
 */
export function isKeptForItsIndex(sim: Simulation, pod: Any): boolean {
  const job = controlling(sim, "Job", pod);
  if (job?.spec.backoffLimitPerIndex === undefined || !isTracked(pod)) return false;
  if (pod.metadata.finalizers.length > 1 || job.metadata.deletionTimestamp || isOver(job))
    return false;
  const { suspend, parallelism, completions, podReplacementPolicy } = job.spec;
  const index = pod.metadata.annotations[indexKey];
  const others = controlledBy(sim, "Pod", job).filter((p) => p.metadata.uid !== pod.metadata.uid);
  const isOfIndex = (p: Any): boolean => p.metadata.annotations[indexKey] === index;
  if (others.some((p) => isOfIndex(p) && (isActive(p) || isTracked(p)))) return false;
  const terminating = podReplacementPolicy === "Failed" ? others.filter(isTerminating).length : 0;
  const running = others.filter(isActive).length + terminating;
  const wanted = Math.min(completions - (job.status?.succeeded ?? 0), parallelism);
  const isRefused = sim
    .all("resourcequotas", pod.metadata.namespace)
    .some(({ status }) => Number(status?.used?.pods) >= Number(status?.hard?.pods));
  return finished(pod) && (suspend === true || running >= wanted || isRefused);
}

/** Between a change of its Pods and its next look a Job says what was. */
const batchMs = 3_000;

function countsWrongly(sim: Simulation, job: Any): string | undefined {
  const pods = controlledBy(sim, "Pod", job);
  if (isOver(job)) {
    const odd = pods.find((pod) => isTracked(pod) || isActive(pod));
    return odd && `${id(odd)} goes on although ${id(job)} is over`;
  }
  const { uid } = job.metadata;
  const touched = lastTouched(
    sim,
    ({ object }) => object.metadata.uid === uid || controllerOf(object)?.uid === uid,
  );
  if (sim.world.engine.virtualNow - touched < batchMs) return undefined;
  const active = pods.filter(isActive);
  const { status = {} } = job;
  const is = [status.active ?? 0, status.ready ?? 0];
  const should = [active.length, active.filter(ready).length];
  if (`${is}` !== `${should}`) return `${id(job)} says ${is} active and ready, there are ${should}`;
  if (job.spec.suspend && active.length > 0) return `${id(job)} is suspended, and runs`;
  const { succeeded, failed } = told(job);
  const listed = succeeded + failed - (status.succeeded ?? 0) - (status.failed ?? 0);
  return listed > 0 ? `${id(job)}: ${listed} Pods wait to be counted` : undefined;
}

export const jobInvariants: Invariant[] = [
  {
    name: "a Job never counts a Pod twice",
    when: "change",
    check: (sim, { resource, op, object, previous }) => {
      if (resource === "pods") note(sim, object);
      return resource === "jobs.batch" && op !== "delete"
        ? countsTwice(sim, object, previous)
        : undefined;
    },
  },
  {
    name: "a Job makes no Pod too many",
    when: "change",
    check: (sim, { resource, op, object }) =>
      resource === "pods" && op === "create" && controllerOf(object)?.kind === "Job"
        ? isTooMany(sim, object)
        : undefined,
  },
  {
    name: "a Job ends for a reason, and last",
    when: "change",
    check: (sim, { resource, op, object, previous, at }) => {
      if (resource !== "jobs.batch" || op !== "update") return undefined;
      const isNew = (types: string[]): boolean =>
        conditionOf(object, types) !== undefined && !conditionOf(previous, types);
      return (
        (isNew(targets) ? decidesWrongly(object, at) : undefined) ??
        (isNew(ends) ? endsWrongly(sim, object) : undefined)
      );
    },
  },
  {
    name: "what a Job counts is there",
    when: "settled",
    check: (sim) => first(sim.all("jobs.batch", "lab"), (job) => countsWrongly(sim, job)),
  },
];
