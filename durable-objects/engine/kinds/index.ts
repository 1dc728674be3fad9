/** The registry of kinds, and of other group versions through which some are seen. */
import type { KubeObject } from "../core/object.ts";
import { Clock } from "./podyard/clock.ts";
import { ClusterRole } from "./rbac/cluster-role.ts";
import { ClusterRoleBinding } from "./rbac/cluster-role-binding.ts";
import { APIService } from "./api-service.ts";
import { ComponentStatus } from "./component-status.ts";
import { ConfigMap } from "./config-map.ts";
import { ControllerRevision } from "./controller-revision.ts";
import { CronJob } from "./batch/cron-job.ts";
import { CustomResourceDefinitionKind } from "./custom-resource-definition/custom-resource-definition.ts";
import { DaemonSet } from "./daemon-set.ts";
import type { Kind, ServedVersion } from "./define.ts";
import { Deployment } from "./deployment.ts";
import { Endpoints } from "./endpoints.ts";
import { EndpointSlice } from "./endpoint-slice.ts";
import { Event } from "./event.ts";
import { EventV1Version } from "./event-v1.ts";
import { Explanation } from "./podyard/explanation.ts";
import { HorizontalPodAutoscaler } from "./horizontal-pod-autoscaler/horizontal-pod-autoscaler.ts";
import { HpaV1Version } from "./horizontal-pod-autoscaler/v1.ts";
import { Image } from "./podyard/image.ts";
import { Ingress } from "./ingress.ts";
import { IngressClass } from "./ingress-class.ts";
import { Job } from "./batch/job.ts";
import { Lease } from "./lease.ts";
import { LimitRange } from "./limit-range.ts";
import { Namespace } from "./namespace.ts";
import { NetworkPolicy } from "./network-policy.ts";
import { Node } from "./node.ts";
import { PersistentVolume } from "./storage/persistent-volume.ts";
import { PersistentVolumeClaim } from "./storage/persistent-volume-claim.ts";
import { Pod } from "./pod/pod.ts";
import { PodDisruptionBudget } from "./pod-disruption-budget.ts";
import { PodTemplate } from "./pod-template.ts";
import { PriorityClass } from "./priority-class.ts";
import { ReplicaSet } from "./replica-set.ts";
import { ReplicationController } from "./replication-controller.ts";
import { ResourceQuota } from "./resource-quota.ts";
import { Role } from "./rbac/role.ts";
import { RoleBinding } from "./rbac/role-binding.ts";
import { Secret } from "./secret.ts";
import { Service } from "./service/service.ts";
import { ServiceAccount } from "./service-account.ts";
import { StatefulSet } from "./stateful-set/stateful-set.ts";
import { StorageClass } from "./storage/storage-class.ts";
import { Trace } from "./podyard/trace.ts";

// Each kind knows its own type; the registry only what all objects share.
const all = [
  Clock,
  Trace,
  Explanation,
  ClusterRole,
  ClusterRoleBinding,
  APIService,
  ComponentStatus,
  ConfigMap,
  ControllerRevision,
  CronJob,
  CustomResourceDefinitionKind,
  DaemonSet,
  Deployment,
  Endpoints,
  EndpointSlice,
  Event,
  HorizontalPodAutoscaler,
  Image,
  Ingress,
  IngressClass,
  Job,
  Lease,
  LimitRange,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodTemplate,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Role,
  RoleBinding,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  StorageClass,
];

export const kinds = all as unknown as readonly Kind<KubeObject>[];

export const servedVersions: readonly ServedVersion[] = [EventV1Version, HpaV1Version];
