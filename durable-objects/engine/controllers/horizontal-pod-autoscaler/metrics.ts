/** All metrics of a HorizontalPodAutoscaler, weighed against each other. k8s: horizontal.go computeReplicasForMetrics */
import { canonicalQuantity, milliValue } from "../../machinery/quantity.ts";
import { parseLabelSelector } from "../../machinery/selectors.ts";
import { objectKey } from "../../core/object.ts";
import type {
  Hpa,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from "../../kinds/horizontal-pod-autoscaler/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { Client } from "../../ports/controller.ts";
import { toleranceOf } from "./behavior.ts";
import {
  cpuIsMisleading,
  MetricError,
  proposeReplicas,
  type Asked,
  type Measured,
} from "./replicas.ts";
import type { Answered } from "./metrics-servers.ts";
import { servedMetric, type Evaluated, type Failed, type Served } from "./served-metrics.ts";
import { podsOf, rivals, type Target } from "./target.ts";
import { podUsage } from "../../kubelet/usage.ts";
import type { PodUsage } from "../../ports/usage.ts";

export interface Computed {
  replicas: number;
  /** `cpu resource utilization (percentage of request)` */
  metric: string;
  statuses: MetricStatus[];
  /** Keys of the Pods that were measured. */
  pods: string[];
}

/** Where conditions and events of a look go: the controller's draft. */
export interface Report {
  young: boolean;
  condition(type: string, status: "True" | "False", reason: string, message: string): void;
  event(type: "Normal" | "Warning", reason: string, message: string): void;
  warn(reason: string, message: string): void;
  flush(): void;
}

/** Undefined when no metric could be used; the report then has the reason. `answers`: of metrics that others serve. */
export function computeReplicas(
  client: Client,
  hpa: Hpa,
  target: Target,
  report: Report,
  answers: readonly (Answered | undefined)[],
): Computed | undefined {
  const { namespace = "" } = hpa.metadata;
  const fail = (message: string): undefined => {
    report.flush();
    report.event("Warning", "FailedComputeMetricsReplicas", message);
    return undefined;
  };
  if (!target.selector) {
    report.event("Warning", "SelectorRequired", "selector is required");
    report.condition(
      "ScalingActive",
      "False",
      "InvalidSelector",
      "the HPA target's scale is missing a selector",
    );
    return fail("selector is required");
  }
  const pods = podsOf(client, namespace, parseLabelSelector(target.selector));
  const others = rivals(client, namespace, pods);
  if (others.length > 1) {
    const message = `pods by selector ${target.selector} are controlled by multiple HPAs: [${others.join(" ")}]`;
    report.event("Warning", "AmbiguousSelector", message);
    report.condition("ScalingActive", "False", "AmbiguousSelector", message);
    return fail(message);
  }
  const measured = measure(client, hpa, target, pods, report);
  const { statusReplicas } = target;
  const answer = { error: "" };
  const evaluated = (hpa.spec?.metrics ?? []).map((spec, i) =>
    evaluate(spec, measured, { namespace, statusReplicas, answer: answers[i] ?? answer }),
  );
  return weigh(evaluated, measured, target.replicas, report, fail);
}

function measure(
  client: Client,
  hpa: Hpa,
  target: Target,
  pods: readonly Pod[],
  report: Report,
): Measured {
  const usage = new Map<string, PodUsage>();
  for (const pod of pods) {
    const used = podUsage(client, pod);
    if (used) usage.set(pod.metadata.name, used);
    const running = pod.status?.phase === "Running" && !pod.metadata.deletionTimestamp;
    if (running && (!used || (cpuIsMisleading(pod, used, client.now) && isReady(pod))))
      report.young = true;
  }
  const tolerance = toleranceOf(hpa.spec?.behavior);
  return { now: client.now, replicas: target.replicas, pods, usage, tolerance };
}

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

function weigh(
  evaluated: readonly (Evaluated | Failed)[],
  measured: Measured,
  current: number,
  report: Report,
  fail: (message: string) => undefined,
): Computed | undefined {
  const statuses: MetricStatus[] = evaluated.map(() => ({ type: "" }) as MetricStatus);
  const failures: Failed[] = [];
  let best: { replicas: number; metric: string } | undefined;
  for (const [i, result] of evaluated.entries()) {
    if ("error" in result) {
      report.warn(result.reason, result.message);
      failures.push(result);
      continue;
    }
    statuses[i] = result.status;
    if (!best || result.replicas > best.replicas) best = result;
  }
  const [first] = failures;
  // A metric that is not known could ask for more: then no scaling down, and none at all without any other.
  if (first && (!best || best.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${first.message}`;
    report.condition("ScalingActive", "False", first.reason, message);
    return fail(
      `invalid metrics (${failures.length} invalid out of ${evaluated.length}), first error is: ${first.error}`,
    );
  }
  const { replicas = 0, metric = "" } = best ?? {};
  report.condition(
    "ScalingActive",
    "True",
    "ValidMetricFound",
    `the HPA was able to successfully calculate a replica count from ${metric}`,
  );
  const pods = measured.pods.map((p) => objectKey(p.metadata.namespace, p.metadata.name));
  return { replicas, metric, statuses, pods };
}

/** k8s: computeReplicasForMetric */
function evaluate(
  spec: MetricSpec,
  measured: Measured,
  served: Omit<Served, keyof Measured>,
): Evaluated | Failed {
  if (spec.type === "Resource")
    return resourceMetric(spec.resource?.name ?? "", "", spec.resource?.target, measured);
  if (spec.type === "ContainerResource")
    return resourceMetric(
      spec.containerResource?.name ?? "",
      spec.containerResource?.container ?? "",
      spec.containerResource?.target,
      measured,
    );
  return servedMetric(spec, { ...measured, ...served });
}

function resourceMetric(
  resource: string,
  container: string,
  target: MetricTarget | undefined,
  measured: Measured,
): Evaluated | Failed {
  const byValue = target?.averageValue !== undefined;
  const asked: Asked = {
    resource,
    container,
    ...(byValue ? { averageValue: milliValue(target.averageValue) } : {}),
    ...(target?.averageUtilization === undefined
      ? {}
      : { averageUtilization: target.averageUtilization }),
  };
  try {
    const { replicas, utilization, value } = proposeReplicas(measured, asked);
    const current = {
      ...(utilization === undefined ? {} : { averageUtilization: utilization }),
      averageValue: canonicalQuantity(`${value}m`) ?? "0",
    };
    const kind = container ? "container resource" : "resource";
    const metric = byValue
      ? `${resource} resource`
      : `${resource} ${kind} utilization (percentage of request)`;
    const status: MetricStatus = container
      ? { type: "ContainerResource", containerResource: { name: resource, container, current } }
      : { type: "Resource", resource: { name: resource, current } };
    return { replicas, metric, status };
  } catch (error) {
    if (!(error instanceof MetricError)) throw error;
    const message = `failed to get ${resource} ${byValue ? "usage" : "utilization"}: ${error.message}`;
    return {
      reason: container ? "FailedGetContainerResourceMetric" : "FailedGetResourceMetric",
      message,
      error: container
        ? `failed to get ${container} container metric value: ${message}`
        : `failed to get ${resource} resource metric value: ${message}`,
    };
  }
}
