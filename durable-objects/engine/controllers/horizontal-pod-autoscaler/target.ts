/** What a HorizontalPodAutoscaler scales, and which ones a change concerns. */
import type { Scalable } from "../../kinds/workload-validation.ts";
import type { ResourceInfo, Reader } from "../../ports/controller.ts";
import { scaleOf } from "../../api/subresources/scale.ts";
import { parseLabelSelector, type Selector } from "../../machinery/selectors.ts";
import { kinds } from "../../kinds/index.ts";
import { equal } from "../../core/equal.ts";
import { objectKey, type Change, type KubeObject, type ResourceId } from "../../core/object.ts";
import type { Hpa } from "../../kinds/horizontal-pod-autoscaler/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";

export const hpas = "horizontalpodautoscalers.autoscaling";

/** What has a size. */
export const scalable: readonly ResourceId[] = kinds
  .filter(({ scale }) => scale !== undefined)
  .map(({ resource }) => resource);

export interface Target {
  resource: ResourceInfo;
  object: KubeObject;
  replicas: number;
  /** As its status tells. */
  statusReplicas: number;
  selector: string;
}

const groupOf = (apiVersion: string | undefined): string =>
  apiVersion?.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";

/** The scale, or the text of why there is none. */
export function targetOf(reader: Reader, hpa: Hpa): Target | string {
  const { kind = "", name = "", apiVersion } = hpa.spec?.scaleTargetRef ?? {};
  const group = groupOf(apiVersion);
  const resource = reader.resources.ofGroupKind(group, kind);
  if (!resource?.scale) {
    return group
      ? `no matches for kind "${kind}" in group "${group}"`
      : `no matches for kind "${kind}" in group ""`;
  }
  const object = reader.get(resource.id, hpa.metadata.namespace ?? "", name);
  if (!object) return `${resource.id} "${name}" not found`;
  const scale = scaleOf(resource, object);
  return {
    resource,
    object,
    replicas: scale.spec?.replicas ?? 0,
    statusReplicas: scale.status?.replicas ?? 0,
    selector: scale.status?.selector ?? "",
  };
}

const keyOf = (hpa: Hpa): string => objectKey(hpa.metadata.namespace, hpa.metadata.name);

/** The autoscalers of a workload that changed its size, its selector or its being. */
export function* ofTarget(change: Change, reader: Reader): Iterable<string> {
  const replicas = (o: KubeObject | undefined) => (o as Scalable | undefined)?.spec?.replicas;
  if (change.op === "update" && replicas(change.object) === replicas(change.previous)) return;
  for (const hpa of reader.list<Hpa>(hpas, change.namespace)) {
    const ref = hpa.spec?.scaleTargetRef;
    if (ref?.kind === change.object.kind && ref.name === change.name) yield keyOf(hpa);
  }
}

/** The autoscalers whose measure a Pod's change may alter. */
export function* ofPod(change: Change, reader: Reader): Iterable<string> {
  const pod = change.object as Pod;
  const before = change.previous as Pod | undefined;
  if (change.op === "update" && before && !concerns(pod, before)) return;
  for (const hpa of reader.list<Hpa>(hpas, change.namespace)) {
    const target = targetOf(reader, hpa);
    if (typeof target === "string" || !target.selector) continue;
    if (parseLabelSelector(target.selector).matches(pod.metadata.labels)) yield keyOf(hpa);
  }
}

function concerns(pod: Pod, before: Pod): boolean {
  const ready = (p: Pod) => p.status?.conditions?.find((c) => c.type === "Ready")?.status;
  const started = (p: Pod) => p.status?.containerStatuses?.map((s) => s.state?.running?.startedAt);
  return (
    pod.status?.phase !== before.status?.phase ||
    pod.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
    ready(pod) !== ready(before) ||
    !equal(pod.metadata.labels, before.metadata.labels) ||
    !equal(started(pod), started(before))
  );
}

export function podsOf(reader: Reader, namespace: string, selector: Selector): readonly Pod[] {
  const terms = selector.equalities as Record<string, string>;
  const near = Object.keys(terms).length
    ? reader.podsMatching<Pod>(namespace, terms)
    : reader.list<Pod>("pods", namespace);
  return near.filter((pod) => selector.matches(pod.metadata.labels));
}

/** Names of all autoscalers whose target selects any of these Pods. k8s: hpasControllingPodsUnderSelector */
export function rivals(reader: Reader, namespace: string, pods: readonly Pod[]): string[] {
  const found: string[] = [];
  for (const hpa of reader.list<Hpa>(hpas, namespace)) {
    const target = targetOf(reader, hpa);
    if (typeof target === "string" || !target.selector) continue;
    const selector = parseLabelSelector(target.selector);
    if (pods.some((pod) => selector.matches(pod.metadata.labels))) found.push(keyOf(hpa));
  }
  return found;
}
