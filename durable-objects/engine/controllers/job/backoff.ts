/** How long a Job waits before it replaces a failed Pod. k8s: pkg/controller/job/backoff_utils.go */
import { parseTime } from "../../core/clock.ts";
import { isSidecar, type Pod } from "../../kinds/pod/types.ts";
import type { Client } from "../../ports/controller.ts";

/** k8s: DefaultJobPodFailureBackOff */
const firstMs = 10_000;
/** k8s: MaxJobPodFailureBackOff */
const longestMs = 10 * 60_000;
const table = "job-backoff";

/** Failures in a row since the last success. */
export interface Backoff {
  failures: number;
  lastFailureMs?: number;
}

export const backoffOf = (client: Client, key: string): Backoff =>
  client.records.get<Backoff>(table, key) ?? { failures: 0 };

export function keepBackoff(client: Client, key: string, backoff: Backoff): void {
  if (backoff.failures > 0) client.records.put(table, key, backoff);
  else forgetBackoff(client, key);
}

export function forgetBackoff(client: Client, key: string): void {
  if (client.records.get(table, key)) client.records.delete(table, key);
}

/** When its containers ended, else when it became unready or was deleted. k8s: getFinishedTime */
export function finishedAtMs(pod: Pod): number {
  const ended = containersEndedMs(pod);
  if (ended !== undefined) return ended;
  const ready = pod.status?.conditions?.find((c) => c.type === "Ready");
  if (ready?.status === "False" && ready.lastTransitionTime)
    return parseTime(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp) return parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return parseTime(creationTimestamp);
}

/** Undefined while one of them has not ended. */
function containersEndedMs({ spec, status }: Pod): number | undefined {
  const sidecars = new Set(
    (spec.initContainers ?? []).filter((c) => isSidecar(c)).map((c) => c.name),
  );
  const states = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter((s) => sidecars.has(s.name)),
  ];
  let latest: number | undefined;
  for (const { state } of states) {
    const at = state?.terminated?.finishedAt;
    if (!at) return undefined;
    latest = Math.max(latest ?? 0, parseTime(at));
  }
  return latest;
}

/** With the Pods that ended since the last look. k8s: newBackoffRecord */
export function nextBackoff(
  before: Backoff,
  succeeded: readonly Pod[],
  failed: readonly Pod[],
): Backoff {
  const failures = failed.map(finishedAtMs);
  if (succeeded.length === 0)
    return failures.length === 0
      ? before
      : { failures: before.failures + failures.length, lastFailureMs: Math.max(...failures) };
  const lastSuccess = Math.max(...succeeded.map(finishedAtMs));
  const since = failures.filter((at) => at > lastSuccess);
  return since.length === 0
    ? { failures: 0 }
    : { failures: since.length, lastFailureMs: Math.max(...since) };
}

/** Ms still to wait. k8s: getRemainingTimeForFailuresCount */
export function remainingMs({ failures, lastFailureMs = 0 }: Backoff, nowMs: number): number {
  if (failures === 0) return 0;
  const wait = Math.min(firstMs * 2 ** Math.min(failures - 1, 16), longestMs);
  return Math.max(0, wait - (nowMs - lastFailureMs));
}
