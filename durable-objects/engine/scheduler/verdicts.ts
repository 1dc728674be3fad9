/** What the scheduler tells of a Pod: in its status, and by Events. k8s: pkg/scheduler/schedule_one.go handleSchedulingFailure */
import { rfc3339 } from "../core/clock.ts";
import { schedulerNoteBytesMax } from "../core/limits.ts";
import type { Client, EventSource } from "../ports/controller.ts";
import { schedulerName } from "./cache.ts";
import { gatedMessage } from "./plugins/scheduling-gates.ts";
import { scheduledCondition } from "./queueing-hints.ts";
import type { Pod, PodCondition } from "./types.ts";

/** It runs in the network of the control plane's host. */
const host = "control-plane";
export const source = (action: string): EventSource => ({
  component: schedulerName,
  host,
  action,
});

/** `promise`: the node kept for the Pod, "" for none; undefined leaves what is there. k8s: handleSchedulingFailure */
export function fail(
  pod: Pod,
  client: Client,
  reason: "Unschedulable" | "SchedulerError",
  message: string,
  promise: string | undefined,
): void {
  const long = message.length > schedulerNoteBytesMax;
  const note = long ? `${message.slice(0, schedulerNoteBytesMax - 4)} ...` : message;
  client.event(pod, "Warning", "FailedScheduling", note, source("Scheduling"));
  patchStatus(pod, client, { status: "False", reason, message }, promise);
}

export function tellGated(pod: Pod, client: Client): void {
  const wanted = { status: "False", reason: "SchedulingGated", message: gatedMessage };
  patchStatus(pod, client, wanted, undefined);
}

type Verdict = Pick<PodCondition, "status" | "reason" | "message">;

/** k8s: pkg/api/v1/pod/util.go UpdatePodCondition */
function withCondition(pod: Pod, type: string, verdict: Verdict, now: number): PodCondition[] {
  const conditions = pod.status?.conditions ?? [];
  const before = conditions.find((c) => c.type === type);
  const generation = pod.metadata.generation;
  if (
    before?.status === verdict.status &&
    before.reason === verdict.reason &&
    before.message === verdict.message &&
    before.observedGeneration === generation
  ) {
    return conditions;
  }
  const since = before?.status === verdict.status ? before.lastTransitionTime : undefined;
  const condition: PodCondition = {
    type,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...verdict,
    lastProbeTime: null,
    lastTransitionTime: since ?? rfc3339(now),
  };
  return before
    ? conditions.map((c) => (c === before ? condition : c))
    : [...conditions, condition];
}

/** Writes only what differs. */
export function patchStatus(
  pod: Pod,
  client: Client,
  verdict: Verdict | undefined,
  promise: string | undefined,
  type = scheduledCondition,
): void {
  const { namespace = "", name } = pod.metadata;
  const change = (current: Pod): Pod | undefined => {
    const old = current.status?.conditions;
    const conditions = verdict ? withCondition(current, type, verdict, client.now) : old;
    const promised = current.status?.nominatedNodeName ?? "";
    if (conditions === old && (promise === undefined || promise === promised)) return undefined;
    const status = { ...current.status, ...(conditions && { conditions }) };
    if (promise) status.nominatedNodeName = promise;
    else if (promise === "") delete status.nominatedNodeName;
    return { ...current, status };
  };
  client.modify<Pod>("pods", namespace, name, change, "status");
}
