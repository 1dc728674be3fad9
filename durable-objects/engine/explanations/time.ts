/** Time that stands still, and what there is to say where nothing is wrong. */
import { rfc3339 } from "../core/clock.ts";
import type { KubeObject } from "../core/object.ts";
import type { Clock } from "../kinds/podyard/clock.ts";
import { isMirror, sourceAnnotation, type Pod } from "../kinds/pod/types.ts";
import { isFinished, type Job } from "../kinds/batch/shape.ts";
import { isReady } from "../controllers/workload/pods.ts";
import { containersOf, lacksReadiness, recordOf } from "./containers.ts";
import { namesOf } from "./crash.ts";
import { podsOf, workloads } from "./workloads.ts";
import {
  about,
  inNamespace,
  kindOf,
  listed,
  mend,
  nameOf,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const clockOf = ({ client }: Scope): Clock | undefined =>
  client.list<Clock>("clocks.podyard.dev").find(({ spec }) => spec?.paused === true);

const resume = mend(
  "Let time go on",
  `kubectl patch clock cluster --type=merge -p '{"spec":{"paused":false}}'`,
);

/** What a paused Clock adds to whatever else is found. */
export function withClock(scope: Scope, found: Found): Found {
  const clock = clockOf(scope);
  if (!clock || found.well || found.reason === "paused Clock") return found;
  return {
    ...found,
    sentence: `${found.sentence} Time stands still besides: the Clock is paused.`,
    evidence: [
      ...found.evidence,
      about(clock, `paused at ${rfc3339(scope.now)}`, { field: "spec.paused" }),
    ],
    mend: [...found.mend, resume],
  };
}

function paused(scope: Scope, object: KubeObject): Found | undefined {
  const clock = clockOf(scope);
  if (!clock) return undefined;
  const due = scope.client.clock().nextDueMs;
  const moves = kindOf(object) === "Clock" || !settled(scope, object);
  if (!moves) return undefined;
  const next =
    due === undefined
      ? "nothing is due"
      : `what comes next is due in ${seconds(due - scope.now)} of its time`;
  return {
    sentence: `Nothing moves, ${nameOf(object)} neither: the Clock is paused at ${rfc3339(scope.now)}, and ${next}.`,
    evidence: [about(clock, "spec.paused is true", { field: "spec.paused" })],
    mend: [resume],
    decidedBy: "Clock",
    reason: "paused Clock",
  };
}

interface CountedParts {
  spec?: { replicas?: number };
  status?: { readyReplicas?: number; numberReady?: number; desiredNumberScheduled?: number };
}
type Counted = KubeObject & CountedParts;

/** Whether it is as its spec wants it. */
function settled(scope: Scope, object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp) return false;
  if (kindOf(object) === "Pod")
    return isReady(object as Pod) || (object as Pod).status?.phase === "Succeeded";
  if (kindOf(object) === "CronJob") return false;
  if (kindOf(object) === "Job") return isFinished(object as Job);
  if (
    !workloads.some((resource) => scope.client.resources.stored(resource)?.kind === kindOf(object))
  )
    return true;
  const { spec, status } = object as Counted;
  if (kindOf(object) === "DaemonSet")
    return (status?.numberReady ?? 0) >= (status?.desiredNumberScheduled ?? 1);
  return (status?.readyReplicas ?? 0) >= (spec?.replicas ?? 1);
}

/** A Pod that a node's kubelet runs from a file: it is deleted in vain. */
function fromFile(scope: Scope, pod: Pod): Found | undefined {
  if (!isMirror(pod)) return undefined;
  const node = pod.spec.nodeName ?? "";
  const { name } = pod.metadata;
  const plain = name.endsWith(`-${node}`) ? name.slice(0, -node.length - 1) : name;
  const source = pod.metadata.annotations?.[sourceAnnotation] ?? "file";
  const path = `/etc/kubernetes/manifests/${plain}.yaml`;
  return {
    sentence: `${nameOf(pod)} is a static Pod of ${node}: its kubelet runs it from a ${source} in /etc/kubernetes/manifests (as ${plain}), and what the API shows is a mirror. Deleted here, it comes back at once, 1 for each deletion.`,
    evidence: [
      about(pod, `annotation ${sourceAnnotation} is ${source}`, { field: "metadata.annotations" }),
      about(pod, `controlled by Node ${node}`, { field: "metadata.ownerReferences" }),
    ],
    mend: [mend("Remove the file on the node", `ssh ${node} rm ${path}`)],
    decidedBy: "kubelet",
    well: true,
    reason: "static Pod",
  };
}

/** On its way, and nothing is wrong so far. */
function underWay(scope: Scope, pod: Pod): Found | undefined {
  const { phase } = pod.status ?? {};
  if (isReady(pod) || phase === "Succeeded" || phase === "Failed" || pod.metadata.deletionTimestamp)
    return undefined;
  const node = pod.spec.nodeName;
  const base = {
    mend: [mend("Wait", `kubectl get pod ${pod.metadata.name}${inNamespace(pod)} --watch`)],
    reason: "starting",
  };
  if (!node)
    return {
      ...base,
      sentence: `${nameOf(pod)} is next to be scheduled: at least 1 node will do.`,
      evidence: [about(pod, "no node yet", { field: "spec.nodeName" })],
      decidedBy: "kube-scheduler",
    };
  const views = containersOf(scope, pod);
  const waiting = views.filter(lacksReadiness);
  const pull = waiting.find(({ record }) => record.pull);
  const record = recordOf(scope, pod);
  const doing = pull
    ? `pulls ${pull.container.image ?? ""}, which takes ${seconds((pull.record.pull?.endsAtMs ?? scope.now) - scope.now)} more`
    : record?.mount
      ? "sets its volumes up"
      : `starts ${namesOf(waiting) || "its sandbox"}`;
  return {
    ...base,
    sentence: `${nameOf(pod)} is starting on ${node}: the kubelet ${doing}; ${views.length - waiting.length} of ${plural(views.length, "container")} ready.`,
    evidence: [about(pod, `phase ${phase ?? "unknown"}`, { field: "status.phase" })],
    decidedBy: "kubelet",
  };
}

function failedPod(_scope: Scope, pod: Pod): Found | undefined {
  if (pod.status?.phase !== "Failed") return undefined;
  const { reason = "", message = "" } = pod.status;
  return {
    sentence: `${nameOf(pod)} has failed${reason ? ` (${reason})` : ""}${message ? `: ${message}` : ""}, and 0 of its containers are started again.`,
    evidence: [about(pod, message || reason || "phase Failed", { field: "status" })],
    mend: [mend("Make it anew", `kubectl delete pod ${pod.metadata.name}${inNamespace(pod)}`)],
    decidedBy: "kubelet",
    reason: reason || "failed",
  };
}

function shortOf(scope: Scope, object: KubeObject): Found | undefined {
  if (settled(scope, object)) return undefined;
  const { spec, status } = object as Counted;
  const wanted = spec?.replicas ?? status?.desiredNumberScheduled ?? 1;
  const ready = status?.readyReplicas ?? status?.numberReady ?? 0;
  return {
    sentence: `${nameOf(object)} has ${ready} of ${plural(wanted, "Pod")} ready, and is on its way.`,
    evidence: [about(object, `${ready} of ${wanted} ready`, { field: "status" })],
    mend: [mend("Wait", `kubectl get pods${inNamespace(object)} --watch`)],
    decidedBy: "controller-manager",
    reason: "on its way",
  };
}

/** Nothing is wrong: what was looked at. */
export function allIsWell(scope: Scope, object: KubeObject, checked: readonly string[]): Found {
  const { namespace } = object.metadata;
  const texts: string[] = [];
  if (kindOf(object) === "Job") {
    const { spec, status } = object as Job;
    texts.push(`${status?.succeeded ?? 0} of ${plural(spec.completions ?? 1, "completion")}`);
  } else if (kindOf(object) === "Pod") {
    const pod = object as Pod;
    const views = containersOf(scope, pod).filter(({ kind }) => kind === "app");
    texts.push(
      pod.status?.phase === "Succeeded"
        ? "it is done, exit code 0"
        : `${views.length} of ${plural(views.length, "container")} ready on ${pod.spec.nodeName ?? ""}`,
    );
  } else if (
    workloads.some((resource) => scope.client.resources.stored(resource)?.kind === kindOf(object))
  ) {
    const pods = podsOf(scope, object);
    texts.push(`${pods.filter(isReady).length} of ${plural(pods.length, "Pod")} ready`);
  }
  return {
    sentence: `All is well with ${nameOf(object)}${texts.length ? `: ${listed(texts)}` : ""}. Looked for and not found: ${listed(checked, 6)}.`,
    evidence: [about(object, "nothing is wrong", namespace ? { field: "status" } : {})],
    mend: [],
    decidedBy: "podyard",
    well: true,
  };
}

/** The last rows: what stands still, comes from a file, or is on its way. */
export const clockRow: Situation[] = [{ name: "the Clock", find: paused }];
export const lastRows: Situation[] = [
  { name: "failed", of: ["pods"], find: failedPod },
  { name: "on its way", of: ["pods"], find: underWay },
  { name: "Pods missing", of: workloads, find: shortOf },
  { name: "static Pod", of: ["pods"], find: fromFile },
];
