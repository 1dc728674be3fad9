/** HorizontalPodAutoscaler, PodDisruptionBudget. k8s: kubectl/pkg/describe */
import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "kubernetes-types/autoscaling/v2";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1";
import { goQuote } from "../../machinery/field.ts";
import { amount } from "./containers.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import { dateText, unset, type Meta, type Out } from "./out.ts";
import { selectorText } from "./pod-template.ts";
import { eventsOf } from "./reach.ts";

const unknown = "<unknown>";

/** Current value of a metric as an average or as it is; unknown where it was not measured. */
const valueText = (current: MetricValueStatus | undefined, average: boolean): string =>
  current ? amount((average ? current.averageValue : current.value) as string) : unknown;

const targetText = (target: MetricTarget, average: boolean): string =>
  amount((average ? target.averageValue : target.value) as string);

function utilization(what: string, target: MetricTarget, current?: MetricValueStatus): string {
  if (target.averageValue !== undefined)
    return `${what}:\t${valueText(current, true)} / ${amount(target.averageValue)}`;
  const now =
    current?.averageUtilization === undefined
      ? unknown
      : `${current.averageUtilization}% (${valueText(current, true)})`;
  const wanted =
    target.averageUtilization === undefined ? "<auto>" : `${target.averageUtilization}%`;
  return `${what}  (as a percentage of request):\t${now} / ${wanted}`;
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  const { external, pods, object, resource, containerResource } = metric;
  if (external) {
    const average = external.target.averageValue !== undefined;
    const current = status?.external?.current;
    const now = average && current?.averageValue === undefined ? undefined : current;
    return `${goQuote(external.metric.name)} (target ${average ? "average " : ""}value):\t${valueText(now, average)} / ${targetText(external.target, average)}`;
  }
  if (pods)
    return `${goQuote(pods.metric.name)} on pods:\t${valueText(status?.pods?.current, true)} / ${targetText(pods.target, true)}`;
  if (object) {
    const average = object.target.type === "AverageValue";
    const { kind, name } = object.describedObject;
    return `"${object.metric.name}" on ${kind}/${name} (target ${average ? "average " : ""}value):\t${valueText(status?.object?.current, average)} / ${targetText(object.target, average)}`;
  }
  if (resource)
    return utilization(
      `resource ${resource.name} on pods`,
      resource.target,
      status?.resource?.current,
    );
  if (containerResource) {
    const { name, container, target } = containerResource;
    const what = `resource ${name} of container "${container}" on pods`;
    return utilization(what, target, status?.containerResource?.current);
  }
  return `<unknown metric type ${goQuote(metric.type)}>`;
}

function writeBehavior(out: Out, title: string, rules: HPAScalingRules | undefined): void {
  if (!rules) return;
  out.lines(1, `${title}:`);
  if (rules.stabilizationWindowSeconds !== undefined)
    out.lines(2, `Stabilization Window: ${rules.stabilizationWindowSeconds} seconds`);
  if (!rules.policies?.length) return;
  out.lines(2, `Select Policy: ${rules.selectPolicy ?? "Max"}`, "Policies:");
  for (const { type, value, periodSeconds } of rules.policies)
    out.row(3, `- Type: ${type}`, `Value: ${value}`, `Period: ${periodSeconds} seconds`);
}

export const horizontalPodAutoscaler: Describer<HorizontalPodAutoscaler> = function* (
  settings,
  object,
  out,
) {
  const meta = (object.metadata ?? {}) as Meta;
  const { spec, status } = object;
  const events = yield* eventsOf(settings, { kind: "HorizontalPodAutoscaler", metadata: meta });
  out.head(meta);
  out.field("CreationTimestamp", dateText(meta.creationTimestamp));
  const { kind = "", name = "" } = spec?.scaleTargetRef ?? {};
  out.field("Reference", `${kind}/${name}`);
  out.field("Metrics", "( current / target )");
  (spec?.metrics ?? []).forEach((metric, i) =>
    out.lines(1, metricText(metric, status?.currentMetrics?.[i])),
  );
  out.field("Min replicas", spec?.minReplicas ?? unset);
  out.field("Max replicas", spec?.maxReplicas ?? 0);
  if (spec?.behavior) {
    out.write("Behavior:\n");
    writeBehavior(out, "Scale Up", spec.behavior.scaleUp);
    writeBehavior(out, "Scale Down", spec.behavior.scaleDown);
  }
  const { currentReplicas = 0, desiredReplicas = 0 } = status ?? {};
  out.field(`${kind} pods`, `${currentReplicas} current / ${desiredReplicas} desired`);
  if (status?.conditions?.length) {
    out.write("Conditions:\n");
    out.table(
      1,
      "Type\tStatus\tReason\tMessage",
      status.conditions.map((one) => [one.type, one.status, one.reason, one.message]),
    );
  }
  writeEvents(out, events, settings.now);
};

export const podDisruptionBudget: Describer<PodDisruptionBudget> = function* (
  settings,
  object,
  out,
) {
  const meta = (object.metadata ?? {}) as Meta;
  const { spec = {}, status } = object;
  const events = yield* eventsOf(settings, { kind: "PodDisruptionBudget", metadata: meta });
  out.field("Name", meta.name);
  out.field("Namespace", meta.namespace);
  if (spec.minAvailable !== undefined) out.field("Min available", spec.minAvailable);
  else if (spec.maxUnavailable !== undefined) out.field("Max unavailable", spec.maxUnavailable);
  out.field("Selector", spec.selector ? selectorText(spec.selector) : unset);
  out.write("Status:\n");
  out.field("Allowed disruptions", status?.disruptionsAllowed ?? 0, 2);
  out.field("Current", status?.currentHealthy ?? 0, 2);
  out.field("Desired", status?.desiredHealthy ?? 0, 2);
  out.field("Total", status?.expectedPods ?? 0, 2);
  writeEvents(out, events, settings.now);
};
