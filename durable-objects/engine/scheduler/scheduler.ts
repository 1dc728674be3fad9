/** The scheduler as a controller: one Pod in, bound to a node or marked with the reason why not. k8s: pkg/scheduler/scheduler.go */
import type { Client, Controller, Reader } from "../ports/controller.ts";
import { equal } from "../core/equal.ts";
import { objectKey, splitKey, type Change } from "../core/object.ts";
import { StatusError } from "../machinery/status.ts";
import {
  cpuUsPerDeviceTried,
  cpuUsPerNodeTried,
  cpuUsPerTermCompared,
  schedulerBackoffMsMax,
  schedulerBackoffMsMin,
  schedulerBackoffPodsMin,
  schedulerFlushMs,
} from "../core/limits.ts";
import { bindVolumes } from "./bind-volumes.ts";
import { isPending, SchedulerCache, schedulerName } from "./cache.ts";
import { bindClaims, bindExtended, deallocate, preBind } from "./bind-claims.ts";
import {
  deviceStateOf,
  failureText,
  findNode,
  isHeldBack,
  type Failure,
  type Outcome,
} from "./cycle.ts";
import { SchedulerCounts } from "./counts.ts";
import { SchedulerError } from "./framework.ts";
import { podInfo, type PodInfo } from "./node-info.ts";
import { bindingFor } from "./devices/binding.ts";
import { extendedClaimOf, remove } from "./devices/extended-claim.ts";
import { claimsAtHand, toDeallocate, type DeviceState } from "./plugins/dynamic-resources.ts";
import { isGated } from "./plugins/scheduling-gates.ts";
import { preempt, type Candidate } from "./preemption.ts";
import type { ResourceClaim } from "../kinds/resource/shape.ts";
import { claimStatusesOf } from "../kinds/pod/resource-claims.ts";
import { specChanged, type Node, type Pod } from "./types.ts";
import { fail, patchStatus, source, tellGated } from "./verdicts.ts";
import {
  keysOf,
  podsToRequeue,
  nodeQueueingHint,
  podQueueingHint,
  usersOfClaim,
  usersOfResourceClaim,
} from "./queueing-hints.ts";

/** Attempts of Pods that failed, by key. */
const attemptsTable = "scheduler";

interface Attempts {
  count: number;
  /** Virtual ms of the last one. */
  at: number;
}

const noNodes = "no nodes available to schedule pods";

/** Makes the scheduler of one engine: it keeps a cache, so engines must not share one. */
export function createScheduler(counts = new SchedulerCounts()): Controller {
  let cache: SchedulerCache | undefined;
  const open = (reader: Reader): SchedulerCache => {
    cache ??= new SchedulerCache(reader);
    cache.open(reader);
    return cache;
  };
  return {
    name: "scheduler",
    wakesOn: {
      pods: (change, reader) => wokenByPod(change, open(reader)),
      nodes: (change, reader) => {
        const known = open(reader);
        known.syncNode(change.name);
        return podsToRequeue(nodeQueueingHint(change), known.waiting);
      },
      persistentvolumeclaims: (change, reader) =>
        usersOfClaim(change, open(reader).pendingWithClaims),
      persistentvolumes: (_change, reader) => keysOf(open(reader).pendingWithClaims),
      "storageclasses.storage.k8s.io": (_change, reader) => keysOf(open(reader).pendingWithClaims),
      "resourceclaims.resource.k8s.io": (change, reader) => wokenByClaim(change, open(reader)),
      "resourceslices.resource.k8s.io": (_change, reader) => {
        const known = open(reader);
        known.devices.forgetSlices();
        return podsToRequeue(forDevices, known.waiting);
      },
      "deviceclasses.resource.k8s.io": (_change, reader) =>
        podsToRequeue(forClasses, open(reader).waiting),
    },
    reconcile: (key, client) => reconcile(key, client, open(client), counts),
  };
}

function wokenByPod(change: Change, cache: SchedulerCache): string[] | undefined {
  cache.syncPod(change.namespace, change.name);
  const pod = change.object as Pod;
  const before = change.previous as Pod | undefined;
  const nodeOf = (name: string): Node | undefined => cache.node(name)?.node;
  if (pod.spec.nodeName) return podsToRequeue(podQueueingHint(change, nodeOf), cache.waiting);
  const own = pod.spec.schedulerName === schedulerName && concernsScheduling(change, pod, before);
  const keys = own ? [objectKey(change.namespace, change.name)] : [];
  // A promise that is given up frees what was kept for it.
  const promised = before?.status?.nominatedNodeName;
  if (promised && (change.op === "delete" || pod.status?.nominatedNodeName !== promised)) {
    const help = { waits: new Set(["resources", "ports"] as const), node: nodeOf(promised) };
    keys.push(...podsToRequeue(help, cache.waiting));
  }
  return keys;
}

const forDevices = { waits: new Set(["devices"] as const) };
/** What a Pod lacks as a resource may be devices of a class. k8s: isSchedulableAfterDeviceClassEvent */
const forClasses = { waits: new Set(["devices", "resources"] as const) };

/** Those who use it, and, where it lets go of devices, those who wait for some. */
function wokenByClaim(change: Change, cache: SchedulerCache): string[] {
  const { namespace, name } = change;
  cache.devices.syncClaim(namespace, name, cache.reader);
  const claim = change.op === "delete" ? undefined : (change.object as ResourceClaim);
  const before = (change.op === "delete" ? change.object : change.previous) as
    | ResourceClaim
    | undefined;
  const keys = usersOfResourceClaim(namespace, name, cache.pendingWithDevices);
  if (before?.status?.allocation && !claim?.status?.allocation)
    keys.push(...podsToRequeue(forDevices, cache.waiting));
  return keys;
}

/** Its own condition, which the scheduler writes itself, must not make a Pod be tried again. */
function concernsScheduling(change: Change, pod: Pod, before: Pod | undefined): boolean {
  if (!before || change.op === "delete") return true;
  return (
    specChanged(before, pod) ||
    !equal(before.metadata.labels, pod.metadata.labels) ||
    before.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
    (before.status?.nominatedNodeName !== undefined && !pod.status?.nominatedNodeName) ||
    claimStatusesOf(before).length !== claimStatusesOf(pod).length
  );
}

function reconcile(
  key: string,
  client: Client,
  cache: SchedulerCache,
  counts: SchedulerCounts,
): number | undefined {
  const { namespace, name } = splitKey(key);
  const pod = client.get<Pod>("pods", namespace, name);
  const past = client.records.get<Attempts>(attemptsTable, key);
  if (!pod || !isPending(pod) || isGated(pod) || isHeldBack(pod, client)) {
    if (past) client.records.delete(attemptsTable, key);
    if (pod && isPending(pod) && isGated(pod)) tellGated(pod, client);
    return undefined;
  }
  if (past && cache.waiting.size >= schedulerBackoffPodsMin) {
    const readyAt = past.at + backoffMs(past.count);
    if (client.now < readyAt) return readyAt;
  }
  cache.markStale(key);
  cache.compared = 0;
  cache.triedDevices = 0;
  const failed = waitProblem(pod, client) ?? schedule(podInfo(pod), client, cache, counts);
  client.spend?.(
    cache.compared * cpuUsPerTermCompared +
      cache.nodes.length * cpuUsPerNodeTried +
      cache.triedDevices * cpuUsPerDeviceTried,
  );
  // What waits for volumes or devices was given its node, and is told once it is bound.
  if (failed === undefined) counts.note("scheduled", (past?.count ?? 0) + 1);
  else if (failed === "unschedulable" || failed === "error")
    counts.note(failed, (past?.count ?? 0) + 1);
  if (!failed) {
    if (past) client.records.delete(attemptsTable, key);
    return undefined;
  }
  const waits = failed === "volumes" || typeof failed === "object";
  const count = (past?.count ?? 0) + (waits ? 0 : 1);
  client.records.put(attemptsTable, key, { count, at: client.now } satisfies Attempts);
  if (typeof failed === "object") return failed.untilMs;
  return client.now + (failed === "error" ? backoffMs(count) : schedulerFlushMs);
}

/** k8s: scheduling_queue.go calculateBackoffDuration */
function backoffMs(attempts: number): number {
  return Math.min(schedulerBackoffMsMax, schedulerBackoffMsMin * 2 ** Math.max(0, attempts - 1));
}

/** A Pod waited on its node for devices that will not be ready, which is told. */
function waitProblem(pod: Pod, client: Client): "error" | undefined {
  if (!pod.status?.nominatedNodeName) return undefined;
  if (!pod.spec.resourceClaims?.length && !pod.status.extendedResourceClaimStatus) return undefined;
  const found = bindingFor(pod, claimsAtHand(pod, client), client.now);
  if (found === "ready" || !("problem" in found)) return undefined;
  unreserve(pod, client);
  fail(pod, client, "SchedulerError", `${preBind}: ${found.problem}`, "");
  return "error";
}

/** Undefined once the Pod is bound; else what it waits for. */
function schedule(
  info: PodInfo,
  client: Client,
  cache: SchedulerCache,
  counts: SchedulerCounts,
): "unschedulable" | "volumes" | { untilMs: number } | "error" | undefined {
  const { pod } = info;
  if (cache.nodes.length === 0) {
    fail(pod, client, "Unschedulable", noNodes, "");
    return "unschedulable";
  }
  const outcome = attempt(info, client, cache);
  if (!outcome) return "error";
  if ("node" in outcome) {
    const { node } = outcome.node;
    if (!bindVolumes(info, node, client, cache)) {
      patchStatus(pod, client, undefined, node.metadata.name);
      return "volumes";
    }
    const devices = deviceStateOf(outcome.filters);
    const wait = devices && giveDevices(pod, devices, node.metadata.name, client, cache);
    if (wait !== undefined) return wait;
    if (bind(pod, node.metadata.name, client)) return undefined;
    if (devices) unreserve(pod, client);
    return "error";
  }
  const failure = withClaims(pod, outcome.failure, client, cache);
  const preemption = preempt(info, failure, cache);
  if ("candidate" in preemption) {
    counts.preemptions++;
    evict(info, preemption.candidate, client, cache);
    fail(pod, client, "Unschedulable", failureText(failure), preemption.candidate.node);
  } else {
    const text = failureText(failure, preemption.message);
    fail(pod, client, "Unschedulable", text, preemption.clearPromise ? "" : undefined);
  }
  return "unschedulable";
}

/** Undefined once the Pod has its devices on the node; else what it waits for. */
function giveDevices(
  pod: Pod,
  devices: DeviceState,
  node: string,
  client: Client,
  cache: SchedulerCache,
): "error" | { untilMs: number } | undefined {
  const believeAnew = (claims: readonly ResourceClaim[]): void => {
    for (const { metadata } of claims)
      cache.devices.markStale(metadata.namespace ?? "", metadata.name);
  };
  believeAnew(devices.claims);
  const problem =
    bindClaims(pod, devices, node, client) ?? bindExtended(pod, devices, node, client);
  if (problem !== undefined) {
    fail(pod, client, "SchedulerError", problem, "");
    return "error";
  }
  const now = claimsAtHand(pod, client);
  believeAnew(now);
  const wait = bindingFor(pod, now, client.now);
  if (wait === "ready" || !("untilMs" in wait)) return undefined;
  patchStatus(pod, client, undefined, node);
  return wait;
}

/** What was made for the Pod's extended resources goes again. k8s: unreserveExtendedResourceClaim */
function unreserve(pod: Pod, client: Client): void {
  const made = extendedClaimOf(pod, client);
  if (made) remove(client, made);
}

/** Undefined: it could not be brought to an end, which was told. */
function attempt(info: PodInfo, client: Client, cache: SchedulerCache): Outcome | undefined {
  try {
    return findNode(info, cache, () => client.random());
  } catch (error) {
    if (!(error instanceof SchedulerError)) throw error;
    fail(info.pod, client, "SchedulerError", error.message, "");
    return undefined;
  }
}

/** Claims that stand in the way and that nobody needs let go of their devices. k8s: dynamicresources.go PostFilter */
function withClaims(pod: Pod, failure: Failure, client: Client, cache: SchedulerCache): Failure {
  const state = deviceStateOf(failure.filters);
  if (!state) return failure;
  const held = toDeallocate(pod, state);
  const claim = held ?? state.leftBehind;
  if (!claim) return { ...failure, claims: "still not schedulable" };
  cache.devices.markStale(claim.metadata.namespace ?? "", claim.metadata.name);
  if (held) deallocate(held, client);
  else remove(client, claim);
  return {
    ...failure,
    claims: `${held ? "deallocation" : "deletion"} of ResourceClaim completed`,
  };
}

function bind(pod: Pod, node: string, client: Client): boolean {
  const { namespace = "", name } = pod.metadata;
  try {
    client.bind(namespace, name, node);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    // k8s: defaultbinder and runtime/framework.go RunBindPlugins
    fail(
      pod,
      client,
      "SchedulerError",
      `running Bind plugin "DefaultBinder": ${error.message}`,
      "",
    );
    return false;
  }
  const text = `Successfully assigned ${namespace}/${name} to ${node}`;
  client.event(pod, "Normal", "Scheduled", text, source("Binding"));
  return true;
}

/** Sends the victims away and takes promises of lesser Pods back. k8s: preemption.go prepareCandidate */
function evict(
  { pod, priority }: PodInfo,
  { node, victims }: Candidate,
  client: Client,
  cache: SchedulerCache,
): void {
  const verdict = {
    status: "True",
    reason: "PreemptionByScheduler",
    message: `${schedulerName}: preempting to accommodate a higher priority pod`,
  };
  for (const { pod: victim, key } of victims) {
    if (victim.metadata.deletionTimestamp) continue;
    const { namespace = "", name } = victim.metadata;
    cache.markStale(key);
    patchStatus(victim, client, verdict, undefined, "DisruptionTarget");
    client.delete("pods", namespace, name);
    const text = `Preempted by pod ${pod.metadata.uid} on node ${node}`;
    client.event(victim, "Normal", "Preempted", text, { ...source("Preempting"), related: pod });
  }
  for (const other of cache.nominated(node)) {
    if (other.priority >= priority) continue;
    cache.markStale(other.key);
    patchStatus(other.pod, client, undefined, "");
  }
}
