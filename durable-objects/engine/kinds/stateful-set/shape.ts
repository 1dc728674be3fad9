/** StatefulSet as of 1.36: what the types package (1.30) says more loosely is narrower here. */
import type * as apps from "kubernetes-types/apps/v1";
import type { KubeObject } from "../../core/object.ts";
import type { PodTemplateSpec } from "../pod/types.ts";
import type { PersistentVolumeClaim } from "../storage/persistent-volume-claim.ts";

export type Retention = "Retain" | "Delete";

export interface StatefulSetSpec extends Omit<
  apps.StatefulSetSpec,
  "template" | "volumeClaimTemplates" | "updateStrategy" | "persistentVolumeClaimRetentionPolicy"
> {
  /** As stored: defaulted. */
  replicas: number;
  template: PodTemplateSpec;
  updateStrategy?: {
    type?: string;
    rollingUpdate?: { partition?: number; maxUnavailable?: number | string };
  };
  volumeClaimTemplates?: PersistentVolumeClaim[];
  persistentVolumeClaimRetentionPolicy?: { whenDeleted?: Retention; whenScaled?: Retention };
}
export interface StatefulSet extends KubeObject {
  spec: StatefulSetSpec;
  status?: apps.StatefulSetStatus;
}
