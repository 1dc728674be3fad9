/** What the server itself sets when a Pod is written. k8s: pkg/registry/core/pod/strategy.go PrepareForCreate, PrepareForUpdate */
import type { PodAffinity, PodAffinityTerm } from "kubernetes-types/core/v1";
import type { LabelSelector } from "kubernetes-types/meta/v1";
import { rfc3339 } from "../../core/clock.ts";
import type { WriteContext } from "../define.ts";
import { qosClass } from "./resources.ts";
import type { Container, Pod, PodSpec, PodStatus } from "./types.ts";

/** The Pod's own labels become part of the selector. k8s: applyLabelKeysToLabelSelector */
function withLabelKeys(
  selector: LabelSelector,
  keys: readonly string[] | undefined,
  operator: "In" | "NotIn",
  labels: Record<string, string>,
): LabelSelector {
  const added = (keys ?? [])
    .filter((key) => labels[key] !== undefined)
    .map((key) => ({ key, operator, values: [labels[key] ?? ""] }));
  if (added.length === 0) return selector;
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] };
}

function preparedTerm(term: PodAffinityTerm, labels: Record<string, string>): PodAffinityTerm {
  if (!term.labelSelector) return term;
  const matching = withLabelKeys(term.labelSelector, term.matchLabelKeys, "In", labels);
  return {
    ...term,
    labelSelector: withLabelKeys(matching, term.mismatchLabelKeys, "NotIn", labels),
  };
}

function preparedTerms<T extends PodAffinity>(affinity: T, labels: Record<string, string>): T {
  const hard = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const soft = affinity.preferredDuringSchedulingIgnoredDuringExecution;
  return {
    ...affinity,
    ...(hard && {
      requiredDuringSchedulingIgnoredDuringExecution: hard.map((t) => preparedTerm(t, labels)),
    }),
    ...(soft && {
      preferredDuringSchedulingIgnoredDuringExecution: soft.map((t) => ({
        ...t,
        podAffinityTerm: preparedTerm(t.podAffinityTerm, labels),
      })),
    }),
  };
}

function preparedSpec(spec: PodSpec, labels: Record<string, string>): PodSpec {
  const { affinity, topologySpreadConstraints: spread } = spec;
  if (!affinity?.podAffinity && !affinity?.podAntiAffinity && !spread) return spec;
  return {
    ...spec,
    ...(affinity && {
      affinity: {
        ...affinity,
        ...(affinity.podAffinity && { podAffinity: preparedTerms(affinity.podAffinity, labels) }),
        ...(affinity.podAntiAffinity && {
          podAntiAffinity: preparedTerms(affinity.podAntiAffinity, labels),
        }),
      },
    }),
    ...(spread && {
      topologySpreadConstraints: spread.map((c) =>
        c.labelSelector
          ? { ...c, labelSelector: withLabelKeys(c.labelSelector, c.matchLabelKeys, "In", labels) }
          : c,
      ),
    }),
  };
}

/** A new Pod is Pending, whatever status came with it. */
export function preparePod(pod: Pod, context: WriteContext): Pod {
  const status: PodStatus = { phase: "Pending", qosClass: qosClass(pod) };
  if (pod.spec.schedulingGates?.length)
    status.conditions = [
      {
        type: "PodScheduled",
        status: "False",
        reason: "SchedulingGated",
        message: "Scheduling is blocked due to non-empty scheduling gates",
        lastTransitionTime: rfc3339(context.now),
      },
    ];
  return { ...pod, spec: preparedSpec(pod.spec, pod.metadata.labels ?? {}), status };
}

/** A status write that leaves observedGeneration out keeps the old one. k8s: preserveOldObservedGeneration */
function preparedStatus(pod: Pod, old: Pod): Pod {
  const status: PodStatus = { ...pod.status };
  const before = old.status ?? {};
  if (!status.qosClass && before.qosClass) status.qosClass = before.qosClass;
  if (!status.observedGeneration && before.observedGeneration)
    status.observedGeneration = before.observedGeneration;
  if (before.conditions?.some((c) => c.observedGeneration))
    status.conditions = status.conditions?.map((condition) => {
      if (condition.observedGeneration) return condition;
      const seen = before.conditions?.find((c) => c.type === condition.type)?.observedGeneration;
      return seen ? { ...condition, observedGeneration: seen } : condition;
    });
  const metadata = { ...pod.metadata, ownerReferences: old.metadata.ownerReferences };
  if (!metadata.ownerReferences) delete metadata.ownerReferences;
  return { ...pod, metadata, spec: old.spec, status };
}

/** Only resources and resize policies come from the new list; a renamed or missing container is left for validation. */
function resized(now: readonly Container[], old: readonly Container[]): Container[] | undefined {
  if (now.length !== old.length) return undefined;
  if (now.some((container, i) => container.name !== old[i]?.name)) return [...now];
  return old.map((container, i) => {
    const out: Container = { ...container, resources: now[i]?.resources ?? {} };
    const policy = now[i]?.resizePolicy;
    if (policy) out.resizePolicy = policy;
    else delete out.resizePolicy;
    return out;
  });
}

function preparedResize(pod: Pod, old: Pod): Pod {
  const containers = resized(pod.spec.containers, old.spec.containers);
  const init = resized(pod.spec.initContainers ?? [], old.spec.initContainers ?? []);
  if (!containers || !init) return pod;
  const spec: PodSpec = { ...old.spec, containers };
  if (old.spec.initContainers) spec.initContainers = init;
  if (pod.spec.resources) spec.resources = pod.spec.resources;
  return { ...pod, spec, status: old.status };
}

/**
 * What a write may change of a Pod, by subresource; the rest is taken from the old one. k8s:
 * pkg/registry/core/pod/strategy.go
 */
export function preparePodUpdate(pod: Pod, old: Pod, subresource: string): Pod {
  switch (subresource) {
    case "status":
      return preparedStatus(pod, old);
    case "ephemeralcontainers": {
      const spec: PodSpec = { ...old.spec };
      if (pod.spec.ephemeralContainers) spec.ephemeralContainers = pod.spec.ephemeralContainers;
      else delete spec.ephemeralContainers;
      return { ...pod, spec, status: old.status };
    }
    case "resize":
      return preparedResize(pod, old);
    case "binding":
    case "eviction":
      return pod;
    default:
      return { ...pod, status: old.status };
  }
}
