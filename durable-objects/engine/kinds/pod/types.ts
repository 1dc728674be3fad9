/** Pod and its parts as of 1.36: what the types package (1.30) does not know yet is added here. */
import type * as v1 from "kubernetes-types/core/v1";
import type { KubeObject, ObjectMeta } from "../../core/object.ts";

export type {
  EnvFromSource,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
  VolumeMount,
} from "kubernetes-types/core/v1";

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
/** A probe or transition time that is not known is stored as null, not left out. */
export interface PodCondition extends Omit<v1.PodCondition, "lastProbeTime"> {
  lastProbeTime?: string | null;
  observedGeneration?: number;
}
export interface StateTerminated extends Omit<
  v1.ContainerStateTerminated,
  "startedAt" | "finishedAt"
> {
  startedAt?: string | null;
  finishedAt?: string | null;
}
export interface ContainerState extends Omit<v1.ContainerState, "terminated"> {
  terminated?: StateTerminated;
}
export interface ContainerStatus extends Omit<v1.ContainerStatus, "state" | "lastState"> {
  state?: ContainerState;
  lastState?: ContainerState;
  user?: ContainerUser;
  stopSignal?: string;
  allocatedResourcesStatus?: {
    name: string;
    resources?: { resourceID: string; health?: string; message?: string }[];
  }[];
}
export interface ContainerUser {
  linux?: { uid: number; gid: number; supplementalGroups?: number[] };
}
export interface PodStatus extends Omit<
  v1.PodStatus,
  "conditions" | "containerStatuses" | "initContainerStatuses" | "ephemeralContainerStatuses"
> {
  conditions?: PodCondition[];
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
  observedGeneration?: number;
  resourceClaimStatuses?: { name: string; resourceClaimName?: string }[];
  extendedResourceClaimStatus?: {
    resourceClaimName: string;
    requestMappings?: { containerName: string; resourceName: string; requestName: string }[];
  };
  allocatedResources?: Record<string, string>;
  resources?: v1.ResourceRequirements;
}
export interface PodTemplateSpec {
  metadata?: Partial<ObjectMeta>;
  spec: PodSpec;
}
/** A Pod as stored: read-only by convention. */
export interface Pod extends KubeObject {
  spec: PodSpec;
  status?: PodStatus;
}
export type ContainerKind = "app" | "init" | "ephemeral";

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

/** A sidecar: an init container that keeps running beside the app. k8s: podutil.IsRestartableInitContainer */
export const isSidecar = (
  container: { restartPolicy?: string } | undefined,
  kind: ContainerKind = "init",
): boolean => kind === "init" && container?.restartPolicy === "Always";

/** `web_default(uid)`, as the kubelet prints a Pod. k8s: pkg/kubelet/util/format/pod.go Pod */
export function podText(pod: Pod, uid: string): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${uid})`;
}

/** Containers of a Pod with their kind, in start order: init, then app. */
export function podContainers(spec: PodSpec): { container: Container; kind: ContainerKind }[] {
  const all: { container: Container; kind: ContainerKind }[] = [];
  for (const container of spec.initContainers ?? []) all.push({ container, kind: "init" });
  for (const container of spec.containers) all.push({ container, kind: "app" });
  for (const container of spec.ephemeralContainers ?? [])
    all.push({ container, kind: "ephemeral" });
  return all;
}

export const mirrorAnnotation = "kubernetes.io/config.mirror";
export const hashAnnotation = "kubernetes.io/config.hash";
export const sourceAnnotation = "kubernetes.io/config.source";
export const seenAnnotation = "kubernetes.io/config.seen";

/** Whether a Pod of the API only shows a static Pod. */
export function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.[mirrorAnnotation] !== undefined;
}

/** The uid containers run under: a mirror Pod may be deleted and made anew over the same static Pod. */
export function runningUid(pod: Pod): string {
  return pod.metadata.annotations?.[mirrorAnnotation] ?? pod.metadata.uid;
}
