/** What metrics of other API servers ask for. k8s: horizontal.go computeStatusForObjectMetric, ForPodsMetric, ForExternalMetric */
import { labelSelectorText } from "../../kinds/admission/selector-text.ts";
import type {
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from "../../kinds/horizontal-pod-autoscaler/shape.ts";
import { canonicalQuantity, milliValue } from "../../machinery/quantity.ts";
import type { PodUsage } from "../../ports/usage.ts";
import type { Answered, MetricValue } from "./metrics-servers.ts";
import { MetricError, proposeReplicas, type Measured } from "./replicas.ts";

export interface Evaluated {
  replicas: number;
  metric: string;
  status: MetricStatus;
}

export interface Failed {
  reason: string;
  message: string;
  /** As it is told among several. */
  error: string;
}

/** Where a metric is looked at, and what its server has answered. */
export interface Served extends Measured {
  namespace: string;
  /** Replicas that the target's status tells. */
  statusReplicas: number;
  answer: Answered;
}

/** k8s: replica_calculator.go: math.MaxInt32 */
const int32Max = 2 ** 31 - 1;
const quantity = (milli: number): string => canonicalQuantity(`${milli}m`) ?? "0";
const selectorText = (selector: Parameters<typeof labelSelectorText>[0] | undefined): string =>
  selector ? labelSelectorText(selector) : "nil";

const within = ({ tolerance }: Measured, ratio: number): boolean =>
  ratio >= 1 - tolerance.down && ratio <= 1 + tolerance.up;

/** The values; MetricError where there are none. */
function valuesOf({ answer }: Served, api: string): MetricValue[] {
  if ("error" in answer)
    throw new MetricError(`unable to fetch metrics from ${api} metrics API: ${answer.error}`);
  return answer.values;
}

/** Of the target's whole. k8s: replica_calculator.go getUsageRatioReplicaCount */
function ofValue(served: Served, usage: number, target: number): number {
  const ratio = usage / target;
  if (within(served, ratio)) return served.replicas;
  if (served.pods.length === 0)
    throw new MetricError(
      "unable to calculate ready pods: no pods returned by selector while calculating replica count",
    );
  const ready = served.pods.filter(
    ({ status }) =>
      status?.phase === "Running" &&
      status.conditions?.some((c) => c.type === "Ready" && c.status === "True"),
  ).length;
  return Math.min(Math.ceil(ratio * ready), int32Max);
}

/** Of each Pod of it. k8s: replica_calculator.go GetExternalPerPodMetricReplicas */
function perPod(
  served: Served,
  usage: number,
  target: number,
): { replicas: number; usage: number } {
  const { statusReplicas } = served;
  const isWithin = within(served, usage / (target * statusReplicas));
  return {
    replicas: isWithin ? statusReplicas : Math.min(Math.ceil(usage / target), int32Max),
    usage: statusReplicas === 0 ? 0 : Math.ceil(usage / statusReplicas),
  };
}

interface Proposal {
  replicas: number;
  current: { value?: string; averageValue?: string };
}

/** By the target's kind: for all Pods together, or for each. */
function proposalOf(served: Served, target: MetricTarget | undefined, usage: number): Proposal {
  if (target?.averageValue !== undefined) {
    const { replicas, usage: each } = perPod(served, usage, milliValue(target.averageValue));
    return { replicas, current: { averageValue: quantity(each) } };
  }
  const replicas = ofValue(served, usage, milliValue(target?.value ?? "0"));
  return { replicas, current: { value: quantity(usage) } };
}

/** What an attempt comes to; `failed` words a failure. */
function attempt(work: () => Evaluated, failed: (text: string) => Failed): Evaluated | Failed {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MetricError)) throw error;
    return failed(error.message);
  }
}

function podsMetric(
  { metric, target }: NonNullable<MetricSpec["pods"]>,
  served: Served,
): Evaluated | Failed {
  const work = (): Evaluated => {
    let values: MetricValue[];
    try {
      values = valuesOf(served, "custom");
      if (values.length === 0) throw new MetricError("no metrics returned from custom metrics API");
    } catch (error) {
      if (!(error instanceof MetricError)) throw error;
      throw new MetricError(`unable to get metric ${metric.name}: ${error.message}`);
    }
    const usage = new Map(
      values.map(({ name, value }): [string, PodUsage] => [
        name,
        {
          containers: [{ name: "", cpuMilli: value, memoryBytes: 0 }],
          atMs: served.now,
          windowMs: 0,
        },
      ]),
    );
    const averageValue = milliValue(target.averageValue ?? "0");
    const asked = { resource: "", container: "", averageValue };
    const { replicas, value } = proposeReplicas({ ...served, usage }, asked);
    return {
      replicas,
      metric: `pods metric ${metric.name}`,
      status: { type: "Pods", pods: { metric, current: { averageValue: quantity(value) } } },
    };
  };
  return attempt(work, (message) => ({
    reason: "FailedGetPodsMetric",
    message,
    error: `failed to get pods metric value: ${message}`,
  }));
}

function objectMetric(
  { metric, target, describedObject }: NonNullable<MetricSpec["object"]>,
  served: Served,
): Evaluated | Failed {
  const { kind, name } = describedObject;
  const each = target.averageValue !== undefined;
  const read = (): number => {
    try {
      const values = valuesOf(served, "custom");
      if (values.length !== 1)
        throw new MetricError(
          `unable to fetch metrics from custom metrics API: the custom metrics API server returned ${values.length} results when we asked for exactly one`,
        );
      return values[0]!.value;
    } catch (error) {
      if (!(error instanceof MetricError)) throw error;
      // In this order upstream.
      throw new MetricError(
        `unable to get metric ${metric.name}: ${kind} on ${served.namespace} ${name}/${error.message}`,
      );
    }
  };
  const work = (): Evaluated => {
    const { replicas, current } = proposalOf(served, target, read());
    return {
      replicas,
      metric: each
        ? `external metric ${metric.name}(${selectorText(metric.selector)})`
        : `${kind} metric ${metric.name}`,
      status: { type: "Object", object: { describedObject, metric, current } },
    };
  };
  return attempt(work, (message) => ({
    reason: "FailedGetObjectMetric",
    message,
    error: `failed to get object metric value: ${each ? `failed to get ${metric.name} object metric: ` : ""}${message}`,
  }));
}

function externalMetric(
  { metric, target }: NonNullable<MetricSpec["external"]>,
  served: Served,
): Evaluated | Failed {
  const { name } = metric;
  const selector = selectorText(metric.selector);
  const each = target.averageValue !== undefined;
  const read = (): number => {
    try {
      const values = valuesOf(served, "external");
      if (values.length === 0)
        throw new MetricError("no metrics returned from external metrics API");
      return values.reduce((sum, { value }) => sum + value, 0);
    } catch (error) {
      if (!(error instanceof MetricError)) throw error;
      throw new MetricError(
        `unable to get external metric ${served.namespace}/${name}/${selector}: ${error.message}`,
      );
    }
  };
  const work = (): Evaluated => {
    const { replicas, current } = proposalOf(served, target, read());
    return {
      replicas,
      metric: `external metric ${name}(${selector})`,
      status: { type: "External", external: { metric, current } },
    };
  };
  return attempt(work, (message) => ({
    reason: "FailedGetExternalMetric",
    message,
    error: `failed to get ${name} external metric value: ${each ? `failed to get ${name} external metric` : `failed to get external metric ${name}`}: ${message}`,
  }));
}

/** k8s: computeReplicasForMetric */
export function servedMetric(spec: MetricSpec, served: Served): Evaluated | Failed {
  if (spec.pods) return podsMetric(spec.pods, served);
  if (spec.object) return objectMetric(spec.object, served);
  if (spec.external) return externalMetric(spec.external, served);
  const message = `unknown metric source type "${spec.type}"`;
  return { reason: "InvalidMetricSourceType", message, error: message };
}
