/** How many replicas a metric asks for. k8s: pkg/controller/podautoscaler/replica_calculator.go */
import { parseTime } from "../../core/clock.ts";
import { isSidecar, type Pod } from "../../kinds/pod/types.ts";
import { cpuInitializationMs, initialReadinessMs } from "../../core/limits.ts";
import { milliValue } from "../../machinery/quantity.ts";
import type { Tolerance } from "./behavior.ts";
import type { PodUsage } from "../../ports/usage.ts";

export interface Measured {
  now: number;
  /** Replicas that the target's spec wants. */
  replicas: number;
  pods: readonly Pod[];
  /** By Pod name; Pods without metrics are missing. */
  usage: ReadonlyMap<string, PodUsage>;
  tolerance: Tolerance;
}

export interface Asked {
  resource: string;
  /** One container instead of all. */
  container: string;
  averageUtilization?: number;
  /** Milli units. */
  averageValue?: number;
}

export interface Proposal {
  replicas: number;
  /** Percent of the request. */
  utilization?: number;
  /** Average per Pod, milli units. */
  value: number;
}

/** Thrown and caught within the autoscaler: reason and message of its condition. */
export class MetricError extends Error {
  override name = "MetricError";
}

/** Milli units of a resource that a Pod uses. k8s: metrics/client.go */
function amountOf(usage: PodUsage, { resource, container }: Asked): number {
  let sum = 0;
  for (const c of usage.containers) {
    if (container && c.name !== container) continue;
    if (resource === "memory") sum += c.memoryBytes * 1000;
    // Without a name: of a metric that is nobody's resource.
    else if (resource === "cpu" || resource === "") sum += c.cpuMilli;
  }
  return sum;
}

interface Groups {
  ready: number;
  unready: Set<string>;
  missing: Set<string>;
  ignored: Set<string>;
}

/** k8s: groupPods */
function groupPods({ pods, usage, now }: Measured, resource: string): Groups {
  const groups: Groups = { ready: 0, unready: new Set(), missing: new Set(), ignored: new Set() };
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const metric = usage.get(name);
    if (deletionTimestamp || pod.status?.phase === "Failed") groups.ignored.add(name);
    else if (pod.status?.phase === "Pending") groups.unready.add(name);
    else if (!metric) groups.missing.add(name);
    else if (resource === "cpu" && cpuIsMisleading(pod, metric, now)) groups.unready.add(name);
    else groups.ready += 1;
  }
  return groups;
}

/** CPU used while starting is no measure of load. */
export function cpuIsMisleading(pod: Pod, { atMs, windowMs }: PodUsage, now: number): boolean {
  const ready = pod.status?.conditions?.find((c) => c.type === "Ready");
  const startedAt = parseTime(pod.status?.startTime);
  if (!ready || Number.isNaN(startedAt)) return true;
  const since = parseTime(ready.lastTransitionTime);
  if (startedAt + cpuInitializationMs > now)
    return ready.status === "False" || atMs < since + windowMs;
  return ready.status === "False" && startedAt + initialReadinessMs > since;
}

/** Milli units requested per Pod. k8s: calculateRequests */
function requestsOf(pods: readonly Pod[], { resource, container }: Asked): Map<string, number> {
  const requests = new Map<string, number>();
  for (const pod of pods) requests.set(pod.metadata.name, requestOf(pod, resource, container));
  return requests;
}

function requestOf(pod: Pod, resource: string, container: string): number {
  const whole = pod.spec.resources?.requests;
  if (!container && whole?.[resource] !== undefined) return milliValue(whole[resource]);
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => isSidecar(c, "init"));
  const all = [...pod.spec.containers, ...sidecars].filter(
    (c) => !container || c.name === container,
  );
  if (container && all.length === 0) {
    throw new MetricError(`container ${container} not found in Pod ${pod.metadata.name}`);
  }
  let sum = 0;
  for (const c of all) {
    const request = c.resources?.requests?.[resource];
    if (request === undefined) {
      throw new MetricError(
        `missing request for ${resource} in container ${c.name} of Pod ${pod.metadata.name}`,
      );
    }
    sum += milliValue(request);
  }
  return sum;
}

interface Ratio {
  ratio: number;
  utilization?: number;
  value: number;
}

/** k8s: GetResourceReplicas, GetRawResourceReplicas */
export function proposeReplicas(measured: Measured, asked: Asked): Proposal {
  const { pods } = measured;
  if (measured.usage.size === 0) {
    throw new MetricError(
      `unable to get metrics for resource ${asked.resource}: no metrics returned from resource metrics API`,
    );
  }
  if (pods.length === 0)
    throw new MetricError("no pods returned by selector while calculating replica count");
  const groups = groupPods(measured, asked.resource);
  const metrics = new Map<string, number>();
  for (const [name, usage] of measured.usage) {
    if (!groups.ignored.has(name) && !groups.unready.has(name))
      metrics.set(name, amountOf(usage, asked));
  }
  if (metrics.size === 0) {
    throw new MetricError("did not receive metrics for targeted pods (pods might be unready)");
  }
  const requests = asked.averageValue === undefined ? requestsOf(pods, asked) : undefined;
  const first = ratioOf(metrics, asked, requests);
  const count = decide(measured, asked, groups, metrics, requests, first.ratio);
  return {
    replicas: count,
    value: first.value,
    ...(first.utilization === undefined ? {} : { utilization: first.utilization }),
  };
}

function ratioOf(
  metrics: ReadonlyMap<string, number>,
  asked: Asked,
  requests: ReadonlyMap<string, number> | undefined,
): Ratio {
  let used = 0;
  let requested = 0;
  let entries = 0;
  for (const [name, amount] of metrics) {
    if (requests && !requests.has(name)) continue;
    used += amount;
    requested += requests?.get(name) ?? 0;
    entries += 1;
  }
  if (!requests) {
    const value = Math.trunc(used / metrics.size);
    return { ratio: value / (asked.averageValue ?? 1), value };
  }
  if (requested === 0) throw new MetricError("no metrics returned matched known pods");
  const utilization = Math.trunc((used * 100) / requested);
  return {
    ratio: utilization / (asked.averageUtilization ?? 1),
    utilization,
    value: Math.trunc(used / entries),
  };
}

function decide(
  { replicas, tolerance }: Measured,
  asked: Asked,
  groups: Groups,
  metrics: Map<string, number>,
  requests: ReadonlyMap<string, number> | undefined,
  ratio: number,
): number {
  const within = (r: number): boolean => r >= 1 - tolerance.down && r <= 1 + tolerance.up;
  const unreadyCount = groups.unready.size > 0 && ratio > 1;
  if (!unreadyCount && groups.missing.size === 0) {
    return within(ratio) ? replicas : Math.ceil(ratio * groups.ready);
  }
  // Who is not known counts so that it damps the change: as idle on the way up, as fully used on the way down.
  const fullShare = Math.max(100, asked.averageUtilization ?? 100) / 100;
  for (const name of groups.missing) {
    const full = requests
      ? Math.trunc((requests.get(name) ?? 0) * fullShare)
      : (asked.averageValue ?? 0);
    if (ratio < 1) metrics.set(name, full);
    else if (ratio > 1) metrics.set(name, 0);
  }
  if (unreadyCount) for (const name of groups.unready) metrics.set(name, 0);
  const again = ratioOf(metrics, asked, requests).ratio;
  if (within(again) || (ratio < 1 && again > 1) || (ratio > 1 && again < 1)) return replicas;
  const count = Math.ceil(again * metrics.size);
  const turned = (again < 1 && count > replicas) || (again > 1 && count < replicas);
  return turned ? replicas : count;
}
