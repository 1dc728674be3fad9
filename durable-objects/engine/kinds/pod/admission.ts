/** Mutating admission of Pods, in upstream's order. k8s: plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds,runtimeclass} */
import { lookup } from "../../core/lookup.ts";
import type { ServiceAccount } from "../service-account.ts";
import type { PriorityClass } from "../priority-class.ts";
import { forbidden } from "../../machinery/status.ts";
import { mirrorAnnotation } from "./validation/annotations-and-template.ts";
import type { WriteContext } from "../define.ts";
import { withRuntimeClass } from "./runtime-class.ts";
import type { Container, Pod, PodSpec, Volume } from "./types.ts";

const pods = { group: "", plural: "pods" };
const tokenMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const tokenVolumePrefix = "kube-api-access-";

const refuse = (pod: Pod, problem: string): Error => forbidden(pods, pod.metadata.name, problem);

/** Every Pod's is the same, so they share one. */
const tokenProjection: Volume["projected"] = {
  sources: [
    // Tokens asked for with exactly this lifetime only warn when used past an hour.
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: {
        items: [
          {
            path: "namespace",
            fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
          },
        ],
      },
    },
  ],
  defaultMode: 420,
};

const tokenVolume = (name: string): Volume => ({ name, projected: tokenProjection });

/** Every container without something at the token's path gets the mount; the volume follows if one did. */
function withToken(spec: PodSpec, context: WriteContext): PodSpec {
  const existing = spec.volumes?.find((v) => v.name?.startsWith(tokenVolumePrefix))?.name;
  const name = existing ?? tokenVolumePrefix + context.randomSuffix(5);
  let mounted = false;
  const mount = (container: Container): Container => {
    const mounts = container.volumeMounts ?? [];
    if (mounts.some((m) => m.mountPath === tokenMountPath)) return container;
    mounted = true;
    return {
      ...container,
      volumeMounts: [...mounts, { name, readOnly: true, mountPath: tokenMountPath }],
    };
  };
  const out: PodSpec = {
    ...spec,
    ...(spec.initContainers && { initContainers: spec.initContainers.map(mount) }),
    containers: spec.containers.map(mount),
  };
  if (mounted && !existing) out.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
  return out;
}

/** k8s: plugin/pkg/admission/serviceaccount Admit */
function serviceAccount(pod: Pod, context: WriteContext): Pod {
  const namespace = pod.metadata.namespace ?? "";
  if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    if (pod.spec.serviceAccountName)
      throw refuse(pod, "a mirror pod may not reference service accounts");
    return pod;
  }
  const name = pod.spec.serviceAccountName || "default";
  const account = context.reader.get<ServiceAccount>("serviceaccounts", namespace, name);
  if (!account)
    throw refuse(
      pod,
      `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
    );
  let spec: PodSpec = { ...pod.spec, serviceAccountName: name, serviceAccount: name };
  const automount =
    spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (automount) spec = withToken(spec, context);
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
    spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ name: secret.name }));
  return { ...pod, spec };
}

type Priority = Pick<PriorityClass, "value" | "preemptionPolicy"> & { name: string };

const priorityClasses = "priorityclasses.scheduling.k8s.io";
/** Built-in classes, should a cluster lack their objects. k8s: pkg/apis/scheduling/types.go */
const systemPriorities: Record<string, number> = lookup({
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
});

function priorityOf(pod: Pod, context: WriteContext): Priority {
  const name = pod.spec.priorityClassName;
  if (name) {
    const found = context.reader.get<PriorityClass>(priorityClasses, "", name);
    if (found) return { ...found, name };
    const builtIn = systemPriorities[name];
    if (builtIn === undefined) throw refuse(pod, `no PriorityClass with name ${name} was found`);
    return { name, value: builtIn, preemptionPolicy: "PreemptLowerPriority" };
  }
  let chosen: PriorityClass | undefined;
  for (const candidate of context.reader.list<PriorityClass>(priorityClasses))
    if (candidate.globalDefault && (!chosen || candidate.value < chosen.value)) chosen = candidate;
  if (chosen) return { ...chosen, name: chosen.metadata.name };
  return { name: "", value: 0, preemptionPolicy: "PreemptLowerPriority" };
}

/** k8s: plugin/pkg/admission/priority admitPod */
function priority(pod: Pod, context: WriteContext): Pod {
  const { name, value, preemptionPolicy } = priorityOf(pod, context);
  const given = pod.spec;
  if (given.priority !== undefined && given.priority !== value)
    throw refuse(
      pod,
      `the integer value of priority (${given.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  if (
    preemptionPolicy &&
    given.preemptionPolicy !== undefined &&
    given.preemptionPolicy !== preemptionPolicy
  )
    throw refuse(
      pod,
      `the string value of PreemptionPolicy (${given.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    );
  const spec: PodSpec = { ...given, priority: value };
  if (name) spec.priorityClassName = name;
  if (preemptionPolicy) spec.preemptionPolicy = preemptionPolicy;
  return { ...pod, spec };
}

const awayTolerations = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].map(
  (key) => ({
    key,
    operator: "Exists" as const,
    effect: "NoExecute" as const,
    tolerationSeconds: 300,
  }),
);

/** k8s: plugin/pkg/admission/defaulttolerationseconds Admit */
function tolerations(pod: Pod): Pod {
  const given = pod.spec.tolerations ?? [];
  const added = awayTolerations.filter(
    ({ key }) =>
      !given.some((t) => (!t.key || t.key === key) && (!t.effect || t.effect === "NoExecute")),
  );
  if (added.length === 0) return pod;
  return { ...pod, spec: { ...pod.spec, tolerations: [...given, ...added] } };
}

/** One row per rule that runs on create; LimitRanger runs before all of them, in api/admission. */
const onCreate: readonly ((pod: Pod, context: WriteContext) => Pod)[] = [
  serviceAccount,
  priority,
  tolerations,
  (pod, { reader }) => withRuntimeClass(pod, reader, refuse),
];

/** Updates keep what admission once set when the new object leaves it out. */
function kept(pod: Pod, old: Pod): Pod {
  const { priority: number, preemptionPolicy } = old.spec;
  const needed =
    (pod.spec.priority === undefined && number !== undefined) ||
    (pod.spec.preemptionPolicy === undefined && preemptionPolicy !== undefined);
  if (!needed) return pod;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      priority: pod.spec.priority ?? number,
      preemptionPolicy: pod.spec.preemptionPolicy ?? preemptionPolicy,
    },
  };
}

/** Subresources are left alone. Throws 403 StatusErrors with upstream's texts. */
export function admitPod(pod: Pod, old: Pod | undefined, context: WriteContext): Pod {
  if (context.subresource) return pod;
  if (old) return tolerations(kept(pod, old));
  return onCreate.reduce((current, step) => step(current, context), pod);
}
