/** The parts of core/v1 the kubelet reads and writes. Everything is read-only by convention. */
import type {
  Container as BaseContainer,
  ContainerStatus as BaseContainerStatus,
  Lifecycle as BaseLifecycle,
  Node as BaseNode,
  PodSpec as BasePodSpec,
  PodStatus as BasePodStatus,
  Volume,
} from "kubernetes-types/core/v1";
import type { KubeObject } from "../../core/object.ts";

export type {
  ConfigMap,
  EnvFromSource,
  EnvVar,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
  Secret,
  Service,
  VolumeMount,
} from "kubernetes-types/core/v1";
export type { Volume };

export interface RestartRule {
  action: "Restart" | "RestartAllContainers";
  exitCodes?: { operator: "In" | "NotIn"; values?: number[] };
}

export type Lifecycle = BaseLifecycle & { stopSignal?: string };

/** A container of any of the three lists, with the fields that are newer than the types package. */
export type Container = Omit<BaseContainer, "lifecycle"> & {
  restartPolicy?: string;
  restartPolicyRules?: RestartRule[];
  resizePolicy?: { resourceName: string; restartPolicy: string }[];
  lifecycle?: Lifecycle;
};

export type PodSpec = Omit<BasePodSpec, "containers" | "initContainers" | "ephemeralContainers"> & {
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: Container[];
  hostnameOverride?: string;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
};

export interface PodCondition {
  type: string;
  status: string;
  observedGeneration?: number;
  lastProbeTime?: string | null;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

export interface StateTerminated {
  exitCode: number;
  signal?: number;
  reason?: string;
  message?: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  containerID?: string;
}
export interface ContainerStateShape {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: StateTerminated;
}
export type ContainerStatus = Omit<
  BaseContainerStatus,
  "state" | "lastState" | "resources" | "volumeMounts" | "allocatedResources"
> & {
  resources?: unknown;
  state?: ContainerStateShape;
  lastState?: ContainerStateShape;
  volumeMounts?: unknown[];
  allocatedResources?: Record<string, string>;
  user?: unknown;
  stopSignal?: string;
};

export type PodStatus = Omit<
  BasePodStatus,
  "conditions" | "containerStatuses" | "initContainerStatuses" | "ephemeralContainerStatuses"
> & {
  observedGeneration?: number;
  conditions?: PodCondition[];
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
  hostIPs?: { ip: string }[];
  allocatedResources?: Record<string, string>;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
};

export interface Pod extends KubeObject {
  spec: PodSpec;
  status?: PodStatus;
}

export interface NodeObject extends KubeObject {
  spec?: BaseNode["spec"];
  status?: BaseNode["status"];
}

export type ContainerKind = "app" | "init" | "ephemeral";

/** An init container with restartPolicy Always: it starts before the app and runs beside it. */
export function isSidecar(container: Container, kind: ContainerKind): boolean {
  return kind === "init" && container.restartPolicy === "Always";
}

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
