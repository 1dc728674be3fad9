/**
 * autoscaling/v1 over the v2 that is stored. v1 has one CPU percentage; the rest travels in annotations, so nothing is
 * lost on the way there and back. k8s: pkg/apis/autoscaling/v1/conversion.go
 */
import type * as v1 from "kubernetes-types/autoscaling/v1";
import { parseJsonText } from "../json-text.ts";
import type { KubeObject } from "../../core/object.ts";
import type { ServedVersion } from "../define.ts";
import { cpuMetric, defaultCpuUtilization } from "./horizontal-pod-autoscaler.ts";
import type { Behavior, Hpa, MetricSpec, MetricStatus, ScalingRules } from "./shape.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type HpaV1 = Stored<v1.HorizontalPodAutoscaler>;

const prefix = "autoscaling.alpha.kubernetes.io/";
const notes = {
  metrics: `${prefix}metrics`,
  current: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
} as const;

type Json = Record<string, unknown>;

/** Without what is undefined, as Go's omitempty leaves it out. */
const compact = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

interface Amounts {
  type?: string;
  value?: string;
  averageValue?: string;
  averageUtilization?: number;
}
interface Source {
  name?: string;
  container?: string;
  describedObject?: unknown;
  metric?: { name: string; selector?: unknown };
  target?: Amounts;
  current?: Amounts;
}

const fields = ["object", "pods", "resource", "containerResource", "external"] as const;
type Field = (typeof fields)[number];

/** v2 source or status of a field -> v1. `what` is the v1 prefix of its amounts. */
function toV1(field: Field, source: Source, what: "target" | "current"): Json {
  const amounts = (what === "target" ? source.target : source.current) ?? {};
  const average = `${what}AverageValue`;
  switch (field) {
    case "object":
      return compact({
        target: source.describedObject,
        metricName: source.metric?.name,
        [`${what}Value`]: amounts.value ?? "0",
        selector: source.metric?.selector,
        averageValue: amounts.averageValue,
      });
    case "pods":
      return compact({
        metricName: source.metric?.name,
        [average]: amounts.averageValue ?? "0",
        selector: source.metric?.selector,
      });
    case "external":
      return compact({
        metricName: source.metric?.name,
        metricSelector: source.metric?.selector,
        [`${what}Value`]: amounts.value ?? (what === "current" ? "0" : undefined),
        [average]: amounts.averageValue,
      });
    default:
      return compact({
        name: source.name,
        [`${what}AverageUtilization`]: amounts.averageUtilization,
        [average]: amounts.averageValue ?? (what === "current" ? "0" : undefined),
        container: source.container,
      });
  }
}

/** The reverse. A target's type follows from which amounts there are. */
function fromV1(field: Field, from: Json, what: "target" | "current"): Source {
  const text = (key: string): string | undefined => from[key] as string | undefined;
  const value = text(`${what}Value`);
  const averageValue = text(field === "object" ? "averageValue" : `${what}AverageValue`);
  const averageUtilization = from[`${what}AverageUtilization`] as number | undefined;
  const selector = from[field === "external" ? "metricSelector" : "selector"];
  const metric = { name: text("metricName") ?? "", ...(selector ? { selector } : {}) };
  const byResource = field === "resource" || field === "containerResource";
  let amounts: Amounts = { averageValue };
  if (byResource) amounts = { averageValue, averageUtilization };
  else if (field === "external") amounts = { value, averageValue };
  else if (field === "object") {
    const zero = averageValue !== undefined && value === "0";
    amounts = { averageValue, value: zero ? undefined : value };
  }
  if (what === "target") amounts.type = targetType(field, amounts);
  return {
    ...(byResource ? compact({ name: from["name"], container: from["container"] }) : { metric }),
    ...(field === "object" ? { describedObject: from["target"] } : {}),
    [what]: compact({ ...amounts }),
  };
}

function targetType(field: Field, amounts: Amounts): string {
  if (field === "pods") return "AverageValue";
  if (field === "object") return amounts.averageValue === undefined ? "Value" : "AverageValue";
  if (field === "external") return amounts.value === undefined ? "AverageValue" : "Value";
  return amounts.averageUtilization === undefined ? "AverageValue" : "Utilization";
}

function convert(
  metric: MetricSpec | MetricStatus | Json,
  one: (field: Field, source: never, what: "target" | "current") => unknown,
  what: "target" | "current",
): Json {
  const out: Json = { type: (metric as Json)["type"] };
  for (const field of fields) {
    const source = (metric as Json)[field];
    if (source !== undefined) out[field] = one(field, source as never, what);
  }
  return out;
}

const isCpu = (metric: MetricSpec): boolean =>
  metric.type === "Resource" &&
  metric.resource?.name === "cpu" &&
  metric.resource.target?.averageUtilization !== undefined;

/** Upstream writes the behaviour as its internal Go type, so the names are capitalised. */
function encodeBehavior(behavior: Behavior): string {
  const rules = (r: ScalingRules | undefined): unknown =>
    r
      ? {
          StabilizationWindowSeconds: r.stabilizationWindowSeconds ?? null,
          SelectPolicy: r.selectPolicy ?? null,
          Policies:
            r.policies?.map((p) => ({
              Type: p.type,
              Value: p.value,
              PeriodSeconds: p.periodSeconds,
            })) ?? null,
          Tolerance: r.tolerance ?? null,
        }
      : null;
  return JSON.stringify({ ScaleUp: rules(behavior.scaleUp), ScaleDown: rules(behavior.scaleDown) });
}

/** Go reads names in any case. */
function decodeBehavior(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeBehavior);
  if (typeof value !== "object" || value === null) return value;
  const out: Json = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== null) out[key.charAt(0).toLowerCase() + key.slice(1)] = decodeBehavior(item);
  }
  return out;
}

function withoutNotes(annotations: Record<string, string> | undefined): Record<string, string> {
  const kept = { ...annotations };
  for (const key of Object.values(notes)) delete kept[key];
  return kept;
}

const withAnnotations = <T extends KubeObject>(
  object: T,
  annotations: Record<string, string>,
): T => {
  const { annotations: _, ...metadata } = object.metadata;
  const some = Object.keys(annotations).length > 0;
  return { ...object, metadata: { ...metadata, ...(some ? { annotations } : {}) } };
};

/** autoscaling/v1 of a v2 object; what v1 has no field for goes into annotations. k8s: pkg/apis/autoscaling/v1/conversion.go */
export function toHpaV1(hpa: Hpa): HpaV1 {
  const { metrics = [], behavior, ...spec } = hpa.spec ?? {};
  const { currentMetrics, conditions, ...status }: Partial<NonNullable<Hpa["status"]>> =
    hpa.status ?? {};
  const annotations = withoutNotes(hpa.metadata.annotations);
  const others = metrics.filter((metric) => !isCpu(metric)).map((m) => convert(m, toV1, "target"));
  if (others.length > 0) annotations[notes.metrics] = JSON.stringify(others);
  if (currentMetrics?.length) {
    const all = currentMetrics.map((metric) => convert(metric, toV1, "current"));
    annotations[notes.current] = JSON.stringify(all);
  }
  if (behavior) annotations[notes.behavior] = encodeBehavior(behavior);
  if (conditions?.length) annotations[notes.conditions] = JSON.stringify(conditions);
  const percent = metrics.find(isCpu)?.resource?.target.averageUtilization;
  const measured = currentMetrics?.find(
    (m) => m.resource?.name === "cpu" && m.resource.current.averageUtilization !== undefined,
  )?.resource?.current.averageUtilization;
  const v1 = {
    ...withAnnotations(hpa, annotations),
    apiVersion: "autoscaling/v1",
    spec: {
      ...spec,
      ...(percent === undefined ? {} : { targetCPUUtilizationPercentage: percent }),
    },
    status: {
      ...status,
      currentReplicas: status.currentReplicas ?? 0,
      desiredReplicas: status.desiredReplicas ?? 0,
      ...(measured === undefined ? {} : { currentCPUUtilizationPercentage: measured }),
    },
  };
  return v1 as HpaV1;
}

/** The way back, with the annotations turned into fields again. */
export function fromHpaV1(hpa: HpaV1): Hpa {
  const { targetCPUUtilizationPercentage: percent, ...spec } = hpa.spec ?? {};
  const { currentCPUUtilizationPercentage: measured, ...status } = hpa.status ?? {};
  const given = hpa.metadata.annotations ?? {};
  const read = (key: keyof typeof notes): unknown => parseJsonText(given[notes[key]]);
  const list = (key: keyof typeof notes): Json[] | undefined => {
    const value = read(key);
    return Array.isArray(value) ? (value as Json[]) : undefined;
  };
  const metrics = (list("metrics") ?? []).map((m) => convert(m, fromV1, "target"));
  if (percent !== undefined) metrics.push(cpuMetric(percent) as unknown as Json);
  if (metrics.length === 0) metrics.push(cpuMetric(defaultCpuUtilization) as unknown as Json);
  const behavior = decodeBehavior(read("behavior"));
  const current = list("current")?.map((m) => convert(m, fromV1, "current"));
  const fallback =
    measured === undefined
      ? undefined
      : [
          {
            type: "Resource",
            resource: { name: "cpu", current: { averageUtilization: measured } },
          },
        ];
  const conditions = list("conditions");
  const currentMetrics = current ?? fallback;
  const v2 = {
    ...withAnnotations(hpa, withoutNotes(given)),
    apiVersion: "autoscaling/v2",
    spec: { ...spec, metrics, ...(behavior && typeof behavior === "object" ? { behavior } : {}) },
    status: {
      ...status,
      ...(currentMetrics ? { currentMetrics } : {}),
      ...(conditions ? { conditions } : {}),
    },
  };
  return v2 as unknown as Hpa;
}

export const HpaV1Version: ServedVersion = {
  apiVersion: "autoscaling/v1",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  schema: schemaNamed("autoscaling/v1.HorizontalPodAutoscaler"),
  storage: "horizontalpodautoscalers.autoscaling",
  fromStored: (object) => toHpaV1(object as Hpa),
  toStored: (object) => fromHpaV1(object as HpaV1),
};
