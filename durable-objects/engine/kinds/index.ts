/** The registry of kinds, and of other group versions through which some are seen. */
import type { KubeObject } from "../core/object.ts";
import { Clock } from "./podyard/clock.ts";
import { CertificateSigningRequest } from "./certificates/certificate-signing-request.ts";
import { ClusterRole } from "./rbac/cluster-role.ts";
import { ClusterRoleBinding } from "./rbac/cluster-role-binding.ts";
import { APIService } from "./api-service.ts";
import { ComponentStatus } from "./component-status.ts";
import { ConfigMap } from "./config-map.ts";
import { ControllerRevision } from "./controller-revision.ts";
import { CronJob } from "./batch/cron-job.ts";
import { CSIDriver } from "./storage/csi-driver.ts";
import { CSINode } from "./storage/csi-node.ts";
import { CSIStorageCapacity } from "./storage/csi-storage-capacity.ts";
import { CustomResourceDefinitionKind } from "./custom-resource-definition/custom-resource-definition.ts";
import { DaemonSet } from "./daemon-set.ts";
import type { Kind, ServedVersion } from "./define.ts";
import { DeviceClass } from "./resource/device-class.ts";
import { Deployment } from "./deployment.ts";
import { Endpoints } from "./endpoints.ts";
import { EndpointSlice } from "./endpoint-slice.ts";
import { Event } from "./event.ts";
import { EventV1Version } from "./event-v1.ts";
import { Explanation } from "./podyard/explanation.ts";
import { FlowSchema } from "./flow-control/flow-schema.ts";
import { HorizontalPodAutoscaler } from "./horizontal-pod-autoscaler/horizontal-pod-autoscaler.ts";
import { HpaV1Version } from "./horizontal-pod-autoscaler/v1.ts";
import { Image } from "./podyard/image.ts";
import { Ingress } from "./networking/ingress.ts";
import { IngressClass } from "./networking/ingress-class.ts";
import { IPAddress } from "./networking/ip-address.ts";
import { Job } from "./batch/job.ts";
import { Lease } from "./lease.ts";
import { LimitRange } from "./limit-range.ts";
import { Namespace } from "./namespace.ts";
import { NetworkPolicy } from "./networking/network-policy.ts";
import { Node } from "./node.ts";
import { PersistentVolume } from "./storage/persistent-volume.ts";
import { PersistentVolumeClaim } from "./storage/persistent-volume-claim.ts";
import { Pod } from "./pod/pod.ts";
import { PodDisruptionBudget } from "./pod-disruption-budget.ts";
import { PodTemplate } from "./pod-template.ts";
import { PriorityClass } from "./priority-class.ts";
import { PriorityLevelConfiguration } from "./flow-control/priority-level-configuration.ts";
import { ReplicaSet } from "./replica-set.ts";
import { ReplicationController } from "./replication-controller.ts";
import { ResourceClaim } from "./resource/resource-claim.ts";
import { ResourceClaimTemplate } from "./resource/resource-claim-template.ts";
import { ResourceQuota } from "./resource-quota.ts";
import { ResourceSlice } from "./resource/resource-slice.ts";
import { Role } from "./rbac/role.ts";
import { RoleBinding } from "./rbac/role-binding.ts";
import { RuntimeClass } from "./runtime-class.ts";
import { Secret } from "./secret.ts";
import { Service } from "./service/service.ts";
import { ServiceAccount } from "./service-account.ts";
import { ServiceCIDR } from "./networking/service-cidr.ts";
import { StatefulSet } from "./stateful-set/stateful-set.ts";
import { StorageClass } from "./storage/storage-class.ts";
import { Trace } from "./podyard/trace.ts";
import { MutatingAdmissionPolicy } from "./admission/mutating-admission-policy.ts";
import { MutatingAdmissionPolicyBinding } from "./admission/mutating-admission-policy-binding.ts";
import { ValidatingAdmissionPolicy } from "./admission/validating-admission-policy.ts";
import { ValidatingAdmissionPolicyBinding } from "./admission/validating-admission-policy-binding.ts";
import {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "./admission/webhook-configuration.ts";
import { VolumeAttachment } from "./storage/volume-attachment.ts";
import { VolumeAttributesClass } from "./storage/volume-attributes-class.ts";

// Each kind knows its own type; the registry only what all objects share.
const all = [
  Clock,
  Trace,
  Explanation,
  CertificateSigningRequest,
  ClusterRole,
  ClusterRoleBinding,
  APIService,
  ComponentStatus,
  ConfigMap,
  ControllerRevision,
  CronJob,
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  CustomResourceDefinitionKind,
  DaemonSet,
  Deployment,
  DeviceClass,
  Endpoints,
  EndpointSlice,
  Event,
  FlowSchema,
  HorizontalPodAutoscaler,
  Image,
  Ingress,
  IngressClass,
  IPAddress,
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
  PriorityLevelConfiguration,
  ReplicaSet,
  ReplicationController,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceQuota,
  ResourceSlice,
  Role,
  RoleBinding,
  RuntimeClass,
  Secret,
  Service,
  ServiceAccount,
  ServiceCIDR,
  StatefulSet,
  StorageClass,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
  VolumeAttachment,
  VolumeAttributesClass,
];

export const kinds = all as unknown as readonly Kind<KubeObject>[];

export const servedVersions: readonly ServedVersion[] = [EventV1Version, HpaV1Version];
