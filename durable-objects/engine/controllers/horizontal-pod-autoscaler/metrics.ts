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

/** Undefined when no metric could be used; the report then has the reason. */
export function computeReplicas(
  client: Client,
  hpa: Hpa,
  target: Target,
  report: Report,
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
  return weigh(hpa.spec?.metrics ?? [], measured, target.replicas, report, fail);
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

interface Failed {
  reason: string;
  message: string;
  /** As it is told among several. */
  error: string;
}

function weigh(
  specs: readonly MetricSpec[],
  measured: Measured,
  current: number,
  report: Report,
  fail: (message: string) => undefined,
): Computed | undefined {
  const statuses: MetricStatus[] = specs.map(() => ({ type: "" }) as MetricStatus);
  const failures: Failed[] = [];
  let best: { replicas: number; metric: string } | undefined;
  for (const [i, spec] of specs.entries()) {
    const result = evaluate(spec, measured);
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
      `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${first.error}`,
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

interface Evaluated {
  replicas: number;
  metric: string;
  status: MetricStatus;
}

/** k8s: computeReplicasForMetric; nobody serves the custom and external metrics APIs here. */
function evaluate(spec: MetricSpec, measured: Measured): Evaluated | Failed {
  const custom = "the server could not find the requested resource";
  switch (spec.type) {
    case "Resource":
      return resourceMetric(spec.resource?.name ?? "", "", spec.resource?.target, measured);
    case "ContainerResource":
      return resourceMetric(
        spec.containerResource?.name ?? "",
        spec.containerResource?.container ?? "",
        spec.containerResource?.target,
        measured,
      );
    case "Pods": {
      const message = `unable to get metric ${spec.pods?.metric.name}: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered`;
      return {
        reason: "FailedGetPodsMetric",
        message,
        error: `failed to get pods metric value: ${message}`,
      };
    }
    case "Object": {
      const { metric, describedObject } = spec.object ?? {};
      const message = `unable to get metric ${metric?.name}: ${describedObject?.kind} on ${measured.pods[0]?.metadata.namespace ?? ""} ${describedObject?.name}/unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered`;
      return {
        reason: "FailedGetObjectMetric",
        message,
        error: `failed to get object metric value: ${message}`,
      };
    }
    case "External": {
      const id = spec.external?.metric.name;
      const message = `unable to get external metric ${measured.pods[0]?.metadata.namespace ?? ""}/${id}/nil: unable to fetch metrics from external metrics API: ${custom} (get ${id}.external.metrics.k8s.io)`;
      return {
        reason: "FailedGetExternalMetric",
        message,
        error: `failed to get ${id} external metric value: failed to get external metric ${id}: ${message}`,
      };
    }
    default: {
      const message = `unknown metric source type "${spec.type}"`;
      return { reason: "InvalidMetricSourceType", message, error: message };
    }
  }
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
