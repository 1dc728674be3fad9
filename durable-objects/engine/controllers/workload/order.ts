/** How objects are put in order. */
import type { KubeObject } from "../../core/object.ts";

/** By code units, as Go compares ASCII. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Oldest first, names break ties. k8s: ReplicaSetsByCreationTimestamp */
export const byCreation = (a: KubeObject, b: KubeObject): number =>
  compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
  compare(a.metadata.name, b.metadata.name);
