/** Autoscalers that do not scale: no requests, no metrics, bounds, windows. */
import type { Hpa } from "../kinds/horizontal-pod-autoscaler/shape.ts";
import type { HpaMemory } from "../controllers/horizontal-pod-autoscaler/behavior.ts";
import {
  podsOf as podsOfTarget,
  targetOf,
} from "../controllers/horizontal-pod-autoscaler/target.ts";
import { downscaleStabilisationMs } from "../core/limits.ts";
import { objectKey } from "../core/object.ts";
import { parseLabelSelector } from "../machinery/selectors.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";
import { grouped } from "./workloads.ts";

const component = "horizontal-pod-autoscaler";

const conditionOf = (hpa: Hpa, type: string) =>
  hpa.status?.conditions?.find((c) => c.type === type);

/** `cpu is at 95%, wanted 50%` */
function metricTexts(hpa: Hpa): string[] {
  return (hpa.spec?.metrics ?? []).map(({ resource, type }) => {
    const name = resource?.name ?? type;
    const now = hpa.status?.currentMetrics?.find((m) => m.resource?.name === resource?.name)
      ?.resource?.current;
    const utilization = resource?.target.averageUtilization;
    const wanted =
      utilization === undefined ? String(resource?.target.averageValue ?? "") : `${utilization}%`;
    const value =
      now?.averageUtilization === undefined
        ? (now?.averageValue ?? "unknown")
        : `${now.averageUtilization}%`;
    return `${name} is at ${value}, wanted ${wanted}`;
  });
}

function notScaling(scope: Scope, hpa: Hpa): Found | undefined {
  const target = targetOf(scope.client, hpa);
  const ref = hpa.spec?.scaleTargetRef;
  const own = about(hpa, `scales ${ref?.kind ?? ""} ${ref?.name ?? ""}`, {
    field: "spec.scaleTargetRef",
  });
  if (typeof target === "string") {
    return {
      sentence: `${nameOf(hpa)} cannot scale ${ref?.kind ?? ""} ${ref?.name ?? ""}: ${target}.`,
      evidence: [own],
      mend: [
        mend(
          "Name a workload that exists",
          `kubectl edit hpa ${hpa.metadata.name}${inNamespace(hpa)}`,
        ),
      ],
      decidedBy: component,
      reason: "target",
    };
  }
  const active = conditionOf(hpa, "ScalingActive");
  if (active?.status === "False") return inactive(scope, hpa, target, active);
  if (!active) {
    return {
      sentence: `${nameOf(hpa)} has not looked yet: it looks every 15s, and Pods are measured after their first minute.`,
      evidence: [own],
      mend: [mend("Wait", `kubectl get hpa ${hpa.metadata.name}${inNamespace(hpa)} --watch`)],
      decidedBy: component,
      reason: "first look",
    };
  }
  return bounded(scope, hpa, target.replicas);
}

function inactive(
  scope: Scope,
  hpa: Hpa,
  target: Exclude<ReturnType<typeof targetOf>, string>,
  active: { reason?: string; message?: string },
): Found {
  const pods = podsOfTarget(
    scope.client,
    hpa.metadata.namespace ?? "",
    parseLabelSelector(target.selector),
  );
  const names = (hpa.spec?.metrics ?? []).flatMap(({ resource }) => resource?.name ?? []);
  const lacking = pods.filter((pod) =>
    pod.spec.containers.some((c) =>
      names.some((name) => c.resources?.requests?.[name] === undefined),
    ),
  );
  const ref = hpa.spec?.scaleTargetRef;
  const workload = `${ref?.kind.toLowerCase() ?? "deployment"}/${ref?.name ?? ""}`;
  const name = names[0] ?? "cpu";
  const unmeasured = lacking.length ? undefined : grouped(scope, hpa, pods);
  const why = lacking.length
    ? `${lacking.length} of ${plural(pods.length, "Pod")} of ${ref?.kind ?? ""} ${ref?.name ?? ""} ${lacking.length === 1 ? "has" : "have"} no ${name} request, and a share of nothing cannot be worked out`
    : `${active.reason ?? ""}: ${active.message ?? ""}`;
  return {
    sentence: `${nameOf(hpa)} does not scale: ${why}.${unmeasured ? ` ${unmeasured.sentence}` : ""}`,
    evidence: [
      about(hpa, active.message ?? "", { field: "status.conditions", event: active.reason ?? "" }),
      ...lacking.slice(0, 3).map((pod) =>
        about(pod, `${nameOf(pod)} requests no ${name}`, {
          field: "spec.containers[0].resources.requests",
        }),
      ),
      ...(unmeasured?.evidence ?? []),
    ],
    mend: lacking.length
      ? [
          mend(
            `Request ${name}`,
            `kubectl set resources ${workload}${inNamespace(hpa)} --requests=${name}=${name === "cpu" ? "100m" : "128Mi"}`,
          ),
        ]
      : [
          ...(unmeasured?.mend ?? []),
          mend(
            "Wait for the first measurement, a minute after the Pods' start",
            `kubectl top pods${inNamespace(hpa)}`,
          ),
        ],
    decidedBy: component,
    reason: active.reason ?? "inactive",
  };
}

function bounded(scope: Scope, hpa: Hpa, replicas: number): Found | undefined {
  const limited = conditionOf(hpa, "ScalingLimited");
  const able = conditionOf(hpa, "AbleToScale");
  const { minReplicas = 1, maxReplicas = 1 } = hpa.spec ?? {};
  const metrics = listed(metricTexts(hpa));
  const evidence = [
    about(hpa, metrics, { field: "status.currentMetrics" }),
    about(hpa, able?.message ?? "", { field: "status.conditions" }),
    about(hpa, limited?.message ?? "", { field: "status.conditions" }),
  ];
  const base = { evidence, decidedBy: component };
  if (able?.reason === "ScaleDownStabilized" || able?.reason === "ScaleUpStabilized") {
    const key = objectKey(hpa.metadata.namespace, hpa.metadata.name);
    const left = windowLeft(scope, hpa, scope.client.records.get<HpaMemory>("hpa", key), replicas);
    return {
      ...base,
      sentence: `${nameOf(hpa)} stays at ${plural(replicas, "replica")}: ${metrics}, and its stabilisation window keeps what was recommended lately${left === undefined ? "" : ` for another ${seconds(left)}`}.`,
      mend: [
        mend(
          "Wait, or shorten the window",
          `kubectl explain hpa.spec.behavior.scaleDown.stabilizationWindowSeconds`,
        ),
      ],
      reason: able.reason,
    };
  }
  if (limited?.status !== "True") return undefined;
  if (limited.reason === "TooManyReplicas") {
    return {
      ...base,
      sentence: `${nameOf(hpa)} is at its maximum of ${plural(maxReplicas, "replica")}: ${metrics}, and more are wanted.`,
      mend: [
        mend(
          "Raise maxReplicas",
          `kubectl patch hpa ${hpa.metadata.name}${inNamespace(hpa)} --type=merge -p '{"spec":{"maxReplicas":${maxReplicas * 2}}}'`,
        ),
      ],
      reason: "maximum",
    };
  }
  if (limited.reason === "TooFewReplicas") return undefined;
  return {
    ...base,
    sentence: `${nameOf(hpa)} is held at ${plural(replicas, "replica")} for now (between ${minReplicas} and ${maxReplicas}): ${metrics}, and ${limited.message ?? ""}.`,
    mend: [mend("Wait", `kubectl get hpa ${hpa.metadata.name}${inNamespace(hpa)} --watch`)],
    reason: limited.reason ?? "limited",
  };
}

/** How long the recommendation that holds it is still within the window. */
function windowLeft(
  { now }: Scope,
  hpa: Hpa,
  memory: HpaMemory | undefined,
  replicas: number,
): number | undefined {
  const list = memory?.recommendations ?? [];
  const last = list.findLastIndex(([count]) => count >= replicas);
  const until = list[last + 1]?.[1];
  if (last < 0 || until === undefined) return undefined;
  const window = hpa.spec?.behavior?.scaleDown?.stabilizationWindowSeconds;
  return Math.max(
    0,
    until + (window === undefined ? downscaleStabilisationMs : window * 1000) - now,
  );
}

/** Rows about autoscalers. */
export const autoscaling: Situation[] = [
  { name: "does not scale", of: ["horizontalpodautoscalers.autoscaling"], find: notScaling },
];
