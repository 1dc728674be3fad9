/** Stored objects as the scheduler reads them. */
import type * as core from "kubernetes-types/core/v1";
import { equal } from "../core/equal.ts";
import type { Pod } from "../kinds/pod/types.ts";

export type { Container, Pod, PodCondition, PodSpec } from "../kinds/pod/types.ts";
export type { Node } from "../kinds/node.ts";
export type { PersistentVolume } from "../kinds/storage/persistent-volume.ts";
export type { PersistentVolumeClaim } from "../kinds/storage/persistent-volume-claim.ts";
export type { StorageClass } from "../kinds/storage/storage-class.ts";
export type Taint = core.Taint;
export type Toleration = core.Toleration;
export type NodeSelectorTerm = core.NodeSelectorTerm;
export type PodAffinityTerm = core.PodAffinityTerm;

export const hostnameLabel = "kubernetes.io/hostname";
export const zoneLabel = "topology.kubernetes.io/zone";

/** k8s: component-helpers/scheduling/corev1 PodPriority */
export const podPriority = (pod: Pod): number => pod.spec.priority ?? 0;

export const isTerminal = (pod: Pod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** Compared by generation, which is cheap; objects without one by value. */
export function specChanged(before: Pod, after: Pod): boolean {
  if (before.spec === after.spec) return false;
  const generation = after.metadata.generation;
  if (generation !== undefined) return before.metadata.generation !== generation;
  return !equal(before.spec, after.spec);
}

/** Code unit order, as Go sorts strings of ASCII. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
