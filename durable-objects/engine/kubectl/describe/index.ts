/** Describers by kind. k8s: kubectl/pkg/describe describerMap */
import { lookup } from "../../core/lookup.ts";
import { pathOf, type ResourceType } from "../discovery.ts";
import type { KubeObject } from "../objects.ts";
import { section, type Work } from "../work.ts";
import { certificateSigningRequest } from "./certificate.ts";
import {
  configMap,
  limitRange,
  namespace,
  priorityClass,
  resourceQuota,
  secret,
  serviceAccount,
} from "./config-kinds.ts";
import type { Describer } from "./describer.ts";
import { generic } from "./generic.ts";
import { endpoints, endpointSlice, ingress, ingressClass, service } from "./network-kinds.ts";
import { networkPolicy } from "./network-policy.ts";
import { node } from "./node.ts";
import { Out } from "./out.ts";
import { pod } from "./pod.ts";
import { binding, role } from "./rbac-kinds.ts";
import type { Settings } from "./reach.ts";
import { horizontalPodAutoscaler, podDisruptionBudget } from "./scaling-kinds.ts";
import { ipAddress, serviceCidr } from "./service-ranges.ts";
import {
  csiNode,
  persistentVolume,
  persistentVolumeClaim,
  storageClass,
  volumeAttributesClass,
} from "./storage-kinds.ts";
import {
  cronJob,
  daemonSet,
  deployment,
  job,
  replicaSet,
  replicationController,
  statefulSet,
} from "./workloads.ts";

/** By `group/Kind`: the version that it is read in, and what describes it. */
const describers = lookup<[version: string, describe: Describer<never>]>({
  "/Pod": ["v1", pod],
  "/ReplicationController": ["v1", replicationController],
  "/Secret": ["v1", secret],
  "/Service": ["v1", service],
  "/ServiceAccount": ["v1", serviceAccount],
  "/Node": ["v1", node],
  "/LimitRange": ["v1", limitRange],
  "/ResourceQuota": ["v1", resourceQuota],
  "/PersistentVolume": ["v1", persistentVolume],
  "/PersistentVolumeClaim": ["v1", persistentVolumeClaim],
  "/Namespace": ["v1", namespace],
  "/Endpoints": ["v1", endpoints],
  "/ConfigMap": ["v1", configMap],
  "discovery.k8s.io/EndpointSlice": ["v1", endpointSlice],
  "autoscaling/HorizontalPodAutoscaler": ["v2", horizontalPodAutoscaler],
  "networking.k8s.io/Ingress": ["v1", ingress],
  "networking.k8s.io/IngressClass": ["v1", ingressClass],
  "networking.k8s.io/NetworkPolicy": ["v1", networkPolicy],
  "networking.k8s.io/ServiceCIDR": ["v1", serviceCidr],
  "networking.k8s.io/IPAddress": ["v1", ipAddress],
  "batch/Job": ["v1", job],
  "batch/CronJob": ["v1", cronJob],
  "apps/StatefulSet": ["v1", statefulSet],
  "apps/Deployment": ["v1", deployment],
  "apps/DaemonSet": ["v1", daemonSet],
  "apps/ReplicaSet": ["v1", replicaSet],
  "certificates.k8s.io/CertificateSigningRequest": ["v1", certificateSigningRequest],
  "storage.k8s.io/StorageClass": ["v1", storageClass],
  "storage.k8s.io/CSINode": ["v1", csiNode],
  "storage.k8s.io/VolumeAttributesClass": ["v1", volumeAttributesClass],
  "policy/PodDisruptionBudget": ["v1", podDisruptionBudget],
  "rbac.authorization.k8s.io/Role": ["v1", role],
  "rbac.authorization.k8s.io/ClusterRole": ["v1", role],
  "rbac.authorization.k8s.io/RoleBinding": ["v1", binding],
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["v1", binding],
  "scheduling.k8s.io/PriorityClass": ["v1", priorityClass],
});

/** What is to be said of an object, which is read anew. Failure where it cannot be read. */
export const describe = (
  settings: Settings,
  type: ResourceType,
  at: string,
  name: string,
): Work<string> =>
  section(function* () {
    const [version, own] = describers[`${type.group}/${type.kind}`] ?? [type.version, undefined];
    const path = pathOf({ ...type, version }, at, name);
    const object = yield* settings.client.json<KubeObject>({ path });
    const out = new Out();
    const write = (own ?? generic) as Describer<KubeObject>;
    yield* write(settings, object, out);
    return out.text();
  });
