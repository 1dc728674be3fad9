import { age, ageColumn, column, nameColumn } from "../columns.ts";
import { allMetadata, type Kind } from "../define.ts";
import type { Behavior, Hpa, HpaSpec, MetricSpec, MetricStatus, ScalingRules } from "./shape.ts";
import { validateHpa, validateHpaStatus } from "./validation.ts";
import { schemaNamed } from "../../schema/types.ts";

export type HorizontalPodAutoscaler = Hpa;

/** k8s: pkg/apis/autoscaling DefaultCPUUtilization */
export const defaultCpuUtilization = 80;

export const cpuMetric = (averageUtilization: number): MetricSpec => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});

const scaleUpDefaults: ScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const scaleDownDefaults: ScalingRules = {
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

const withDefaults = (rules: ScalingRules | undefined, defaults: ScalingRules): ScalingRules => {
  const given = Object.entries(rules ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
};

/** k8s: pkg/apis/autoscaling/v2/defaults.go */
function applyDefaults(hpa: Hpa): Hpa {
  const spec: HpaSpec = { ...(hpa.spec as HpaSpec) };
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuMetric(defaultCpuUtilization)];
  if (spec.behavior) {
    const { scaleUp, scaleDown }: Behavior = spec.behavior;
    spec.behavior = {
      scaleUp: withDefaults(scaleUp, scaleUpDefaults),
      scaleDown: withDefaults(scaleDown, scaleDownDefaults),
    };
  }
  return { ...hpa, spec };
}

const unknown = "<unknown>";
/** k8s: pkg/printers/internalversion/printers.go formatHPAMetrics */
const shownMax = 2;

const fields = {
  External: "external",
  Pods: "pods",
  Object: "object",
  Resource: "resource",
  ContainerResource: "containerResource",
} as const;

interface Amounts {
  value?: string;
  averageValue?: string;
  averageUtilization?: number;
}

/** One metric as `current/target`. k8s: printers.go formatHPAMetrics */
function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  const field = fields[spec.type as keyof typeof fields];
  if (!field) return "<unknown type>";
  const source = spec[field] as { name?: string; target?: Amounts } | undefined;
  const target = source?.target ?? {};
  const current = (status?.[field] as { current?: Amounts } | undefined)?.current;
  switch (field) {
    case "pods":
      return `${current ? (current.averageValue ?? "0") : unknown}/${target.averageValue ?? "0"}`;
    case "external":
    case "object":
      return target.averageValue !== undefined
        ? `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`
        : `${current ? (current.value ?? "0") : unknown}/${target.value ?? "0"}`;
    default:
      return `${source?.name ?? ""}: ${resourceText(target, current)}`;
  }
}

function resourceText(target: Amounts, current: Amounts | undefined): string {
  if (target.averageValue !== undefined) {
    return `${current ? (current.averageValue ?? "0") : unknown}/${target.averageValue}`;
  }
  const percent = (n: number | undefined, none: string): string =>
    n === undefined ? none : `${n}%`;
  return `${percent(current?.averageUtilization, unknown)}/${percent(target.averageUtilization, "<auto>")}`;
}

function metricsText(hpa: Hpa): string {
  const specs = hpa.spec?.metrics ?? [];
  if (specs.length === 0) return "<none>";
  const statuses = hpa.status?.currentMetrics ?? [];
  const texts = specs.slice(0, shownMax).map((spec, i) => metricText(spec, statuses[i]));
  const more = specs.length - shownMax;
  return more > 0 ? `${texts.join(", ")} + ${more} more...` : texts.join(", ");
}

/** A new one shows both: they are not omitted when empty. */
const emptyStatus: Hpa["status"] = { currentMetrics: null, desiredReplicas: 0 };

export const HorizontalPodAutoscaler: Kind<Hpa> = {
  resource: "horizontalpodautoscalers.autoscaling",
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  schema: schemaNamed("autoscaling/v2.HorizontalPodAutoscaler"),
  emptyAsNull: [["status", "currentMetrics"]],
  namespaced: true,
  statusWritesMetadata: allMetadata,
  hasGeneration: false,
  applyDefaults,
  prepareForCreate: (hpa) => ({ ...hpa, status: emptyStatus }),
  validateCreate: (hpa) => validateHpa(hpa, undefined),
  validateUpdate: (hpa, old) => validateHpa(hpa, old),
  validateStatusUpdate: (hpa) => validateHpaStatus(hpa),
  table: {
    columns: [
      nameColumn,
      column("Reference", "What it scales."),
      column("Targets", "Metrics: measured and wanted."),
      column("MinPods", "Lowest number of replicas."),
      column("MaxPods", "Highest number of replicas."),
      column("Replicas", "Replicas now."),
      ageColumn,
    ],
    cells: (hpa, now) => [
      hpa.metadata.name,
      `${hpa.spec?.scaleTargetRef?.kind}/${hpa.spec?.scaleTargetRef?.name}`,
      metricsText(hpa),
      String(hpa.spec?.minReplicas ?? "<unset>"),
      hpa.spec?.maxReplicas ?? 0,
      hpa.status?.currentReplicas ?? 0,
      age(hpa, now),
    ],
  },
};
