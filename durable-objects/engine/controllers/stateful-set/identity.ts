/** Who a StatefulSet's Pods are: names, ordinals, revisions. k8s: pkg/controller/statefulset/stateful_set_utils.go */
import type { Pod, PodTemplateSpec, Volume } from "../../kinds/pod/types.ts";
import type { StatefulSet } from "../../kinds/stateful-set/shape.ts";
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import { isPodAvailableAt, isReady } from "../workload/pods.ts";
import { podFromTemplate } from "../workload/pod-control.ts";
import { revisionHashLabel } from "../workload/revision-history.ts";

const podNameLabel = "statefulset.kubernetes.io/pod-name";
const podIndexLabel = "apps.kubernetes.io/pod-index";
/** k8s: ParseInt of 32 bits in getParentNameAndOrdinal */
const ordinalMax = 2 ** 31 - 1;

/** The ordinal that a Pod's name ends with, if the rest is the name of the set. */
export function ordinalOf(set: StatefulSet, podName: string): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const digits = podName.slice(prefix.length);
  if (!podName.startsWith(prefix) || !/^[0-9]+$/.test(digits)) return undefined;
  const ordinal = Number(digits);
  return ordinal <= ordinalMax ? ordinal : undefined;
}

export const startOf = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;

export const inRange = (set: StatefulSet, ordinal: number): boolean =>
  ordinal >= startOf(set) && ordinal < startOf(set) + set.spec.replicas;

export const podName = (set: StatefulSet, ordinal: number): string =>
  `${set.metadata.name}-${ordinal}`;

const claimName = (set: StatefulSet, template: string, ordinal: number): string =>
  `${template}-${set.metadata.name}-${ordinal}`;

/** The claims of one ordinal. k8s: getPersistentVolumeClaims */
export const claimsOf = (set: StatefulSet, ordinal: number): PersistentVolumeClaim[] =>
  (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    metadata: {
      ...template.metadata,
      name: claimName(set, template.metadata.name, ordinal),
      ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    },
  }));

/** Claims first, and in the place of volumes of their name. k8s: updateStorage */
export function volumesOf(
  set: StatefulSet,
  ordinal: number,
  own: readonly Volume[] | undefined,
): Volume[] {
  const templates = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
  const claimed = templates.map((name): Volume => {
    const claim = claimName(set, name, ordinal);
    return { name, persistentVolumeClaim: { claimName: claim } };
  });
  return [...claimed, ...(own ?? []).filter(({ name }) => !templates.includes(name))];
}

/** k8s: storageMatches */
export function storageMatches(set: StatefulSet, pod: Pod, ordinal: number): boolean {
  return (set.spec.volumeClaimTemplates ?? []).every(({ metadata: { name } }) =>
    pod.spec.volumes?.some(
      (volume) =>
        volume.name === name &&
        volume.persistentVolumeClaim?.claimName === claimName(set, name, ordinal),
    ),
  );
}

/** k8s: identityMatches */
export const identityMatches = (pod: Pod): boolean =>
  pod.metadata.labels?.[podNameLabel] === pod.metadata.name;

export const identityLabels = (name: string, ordinal: number): Record<string, string> => ({
  [podNameLabel]: name,
  [podIndexLabel]: String(ordinal),
});

/** k8s: newStatefulSetPod, setPodRevision */
export function newPod(
  set: StatefulSet,
  template: PodTemplateSpec,
  revision: string,
  ordinal: number,
): PodTemplateSpec & { metadata: { name: string } } {
  const { metadata, spec } = podFromTemplate(set, template);
  const name = podName(set, ordinal);
  const volumes = volumesOf(set, ordinal, spec.volumes);
  const { serviceName } = set.spec;
  return {
    metadata: {
      ...metadata,
      name,
      labels: {
        ...template.metadata?.labels,
        ...identityLabels(name, ordinal),
        [revisionHashLabel]: revision,
      },
    },
    spec: {
      ...spec,
      hostname: name,
      ...(serviceName ? { subdomain: serviceName } : {}),
      ...(volumes.length ? { volumes } : {}),
    },
  };
}

/** k8s: isRunningAndReady */
export const isRunningAndReady = (pod: Pod): boolean =>
  pod.status?.phase === "Running" && isReady(pod);

/** Virtual ms from which a Pod counts as available; NaN while it is not ready. */
export const availableAt = (set: StatefulSet, pod: Pod): number =>
  isRunningAndReady(pod)
    ? isPodAvailableAt(pod, (set.spec.minReadySeconds ?? 0) * 1000)
    : Number.NaN;

/** k8s: isRunningAndAvailable */
export const isAvailable = (set: StatefulSet, pod: Pod, now: number): boolean =>
  availableAt(set, pod) <= now;

export const isGoing = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

/** k8s: isUnavailable */
export const isUnavailable = (set: StatefulSet, pod: Pod | undefined, now: number): boolean =>
  !pod || !isAvailable(set, pod, now) || isGoing(pod);
