/** Pod and its parts as of 1.36: what the types package (1.30) does not know yet is added here. */
import type * as v1 from "kubernetes-types/core/v1";
import type { KubeObject, ObjectMeta } from "../../core/object.ts";

export interface EnvVarSource extends v1.EnvVarSource {
  fileKeyRef?: { volumeName: string; path: string; key: string; optional?: boolean };
}
export interface EnvVar extends Omit<v1.EnvVar, "valueFrom"> {
  valueFrom?: EnvVarSource;
}
export interface Lifecycle extends v1.Lifecycle {
  stopSignal?: string;
}
export interface RestartRule {
  action: string;
  exitCodes?: { operator: string; values?: number[] };
}
export interface Container extends Omit<v1.Container, "env" | "lifecycle"> {
  env?: EnvVar[];
  lifecycle?: Lifecycle;
  restartPolicyRules?: RestartRule[];
}
export interface EphemeralContainer extends Omit<v1.EphemeralContainer, "env" | "lifecycle"> {
  env?: EnvVar[];
  lifecycle?: Lifecycle;
  restartPolicyRules?: RestartRule[];
}
export interface VolumeProjection extends v1.VolumeProjection {
  podCertificate?: {
    signerName?: string;
    keyType?: string;
    maxExpirationSeconds?: number;
    credentialBundlePath?: string;
    keyPath?: string;
    certificateChainPath?: string;
    userAnnotations?: Record<string, string>;
  };
}
export interface Volume extends Omit<v1.Volume, "projected"> {
  image?: { reference?: string; pullPolicy?: string };
  projected?: { defaultMode?: number; sources?: VolumeProjection[] };
}
export interface PodSecurityContext extends v1.PodSecurityContext {
  seLinuxChangePolicy?: string;
  supplementalGroupsPolicy?: string;
}
export interface PodSpec extends Omit<
  v1.PodSpec,
  | "containers"
  | "initContainers"
  | "ephemeralContainers"
  | "volumes"
  | "securityContext"
  | "resourceClaims"
> {
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: EphemeralContainer[];
  volumes?: Volume[];
  securityContext?: PodSecurityContext;
  resourceClaims?: {
    name: string;
    resourceClaimName?: string;
    resourceClaimTemplateName?: string;
  }[];
  resources?: v1.ResourceRequirements;
  hostnameOverride?: string;
  schedulingGroup?: { podGroupName?: string };
}
export interface PodCondition extends v1.PodCondition {
  observedGeneration?: number;
}
export interface PodStatus extends Omit<v1.PodStatus, "conditions"> {
  conditions?: PodCondition[];
  observedGeneration?: number;
}
export interface PodTemplateSpec {
  metadata?: Partial<ObjectMeta>;
  spec: PodSpec;
}
/** A Pod as stored. */
export interface PodObject extends KubeObject {
  spec: PodSpec;
  status?: PodStatus;
}
export type ContainerStatus = v1.ContainerStatus;

/** Every container of a spec with the path it stands at, in upstream's order. k8s: VisitContainersWithPath */
export function* containersOf(
  spec: PodSpec,
  path: string,
): Generator<[Container | EphemeralContainer, string]> {
  for (const list of ["initContainers", "containers", "ephemeralContainers"] as const) {
    const containers = spec[list] ?? [];
    for (let i = 0; i < containers.length; i++) {
      const container = containers[i];
      if (container) yield [container, `${path ? `${path}.` : ""}${list}[${i}]`];
    }
  }
}

/** A sidecar: an init container that keeps running. k8s: podutil.IsRestartableInitContainer */
export const isSidecar = (container: { restartPolicy?: string } | undefined): boolean =>
  container?.restartPolicy === "Always";
