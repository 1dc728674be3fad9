/** Where an object has its Pods' spec. k8s: kubectl/pkg/polymorphichelpers/updatepodspec.go */
import { Failure } from "../errors.ts";
import type { KubeObject } from "../objects.ts";

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: Record<string, Record<string, string>>;
}

export interface Container {
  name: string;
  image?: string;
  env?: EnvVar[];
  ports?: { containerPort: number; protocol?: string }[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  serviceAccountName?: string;
}

interface Template {
  spec: PodSpec;
}

/** Groups of kinds with a template, by kind. */
const templated = new Map([
  ["ReplicationController", ""],
  ["Deployment", "apps"],
  ["DaemonSet", "apps"],
  ["ReplicaSet", "apps"],
  ["StatefulSet", "apps"],
  ["Job", "batch"],
]);

/** `*v1.Service`, as Go names the type of an object. */
export function goTypeOf({ apiVersion = "", kind = "" }: KubeObject): string {
  return `*${apiVersion.split("/").at(-1)}.${kind}`;
}

/** The spec within the object itself. Failure where it has none. */
export function podSpecOf(object: KubeObject): PodSpec {
  const { apiVersion = "", kind = "" } = object;
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] as string) : "";
  const spec = (object["spec"] ?? {}) as PodSpec & {
    template: Template;
    jobTemplate: { spec: { template: Template } };
  };
  if (kind === "Pod" && group === "") return spec;
  if (kind === "CronJob" && group === "batch") return spec.jobTemplate.spec.template.spec;
  if (templated.get(kind) === group) return spec.template.spec;
  throw new Failure(`the object is not a pod or does not have a pod template: ${goTypeOf(object)}`);
}
