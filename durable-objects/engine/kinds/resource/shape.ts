/** Devices, who asks for them and who has them: resource.k8s.io/v1, which came after the package of types. */
import type { NodeSelector } from "kubernetes-types/core/v1";
import type { Condition } from "kubernetes-types/meta/v1";
import type { KubeObject, ObjectMeta } from "../../core/object.ts";

export interface DeviceSelector {
  cel?: { expression?: string };
}
export interface DeviceConfiguration {
  opaque?: { driver?: string; parameters?: unknown };
}
export interface DeviceToleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}
export interface ExactRequest {
  deviceClassName?: string;
  selectors?: DeviceSelector[];
  allocationMode?: string;
  count?: number;
  adminAccess?: boolean;
  tolerations?: DeviceToleration[];
  capacity?: { requests?: Record<string, string> };
}
export interface DeviceRequest {
  name?: string;
  exactly?: ExactRequest;
  firstAvailable?: (ExactRequest & { name?: string })[];
}
export interface DeviceClaim {
  requests?: DeviceRequest[];
  constraints?: { requests?: string[]; matchAttribute?: string; distinctAttribute?: string }[];
  config?: (DeviceConfiguration & { requests?: string[] })[];
}
export interface ClaimSpec {
  devices?: DeviceClaim;
}

/** A device that a claim has. */
export interface Allocated {
  request?: string;
  driver?: string;
  pool?: string;
  device?: string;
  adminAccess?: boolean;
  tolerations?: DeviceToleration[];
  bindingConditions?: string[];
  bindingFailureConditions?: string[];
  /** Of a device that several claims share: this claim's part of it. */
  shareID?: string;
  consumedCapacity?: Record<string, string>;
}
export interface AllocationResult {
  devices?: {
    results?: Allocated[];
    config?: (DeviceConfiguration & { source?: string; requests?: string[] })[];
  };
  nodeSelector?: NodeSelector;
  allocationTimestamp?: string;
}
export interface DeviceStatus {
  driver?: string;
  pool?: string;
  device?: string;
  shareID?: string;
  conditions?: Condition[];
  data?: unknown;
  networkData?: { interfaceName?: string; hardwareAddress?: string; ips?: string[] };
}
export interface Consumer {
  apiGroup?: string;
  resource?: string;
  name?: string;
  uid?: string;
}
export interface ResourceClaim extends KubeObject {
  spec?: ClaimSpec;
  status?: { allocation?: AllocationResult; reservedFor?: Consumer[]; devices?: DeviceStatus[] };
}
export interface ResourceClaimTemplate extends KubeObject {
  spec?: { metadata?: Partial<ObjectMeta>; spec?: ClaimSpec };
}
export interface DeviceClass extends KubeObject {
  spec?: {
    selectors?: DeviceSelector[];
    config?: DeviceConfiguration[];
    extendedResourceName?: string;
  };
}

export interface DeviceAttribute {
  int?: number;
  bool?: boolean;
  string?: string;
  version?: string;
  ints?: number[];
  bools?: boolean[];
  strings?: string[];
  versions?: string[];
}
export interface DeviceTaint {
  key?: string;
  value?: string;
  effect?: string;
  timeAdded?: string;
}
type Counters = Record<string, { value?: string }>;
export interface DeviceCapacity {
  value?: string;
  /** In which parts it is given out. */
  requestPolicy?: {
    default?: string;
    validValues?: string[];
    validRange?: { min?: string; max?: string; step?: string };
  };
}
export interface Device {
  name?: string;
  attributes?: Record<string, DeviceAttribute>;
  capacity?: Record<string, DeviceCapacity>;
  consumesCounters?: { counterSet?: string; counters?: Counters }[];
  nodeName?: string;
  nodeSelector?: NodeSelector;
  allNodes?: boolean;
  taints?: DeviceTaint[];
  bindingConditions?: string[];
  bindingFailureConditions?: string[];
  bindsToNode?: boolean;
  allowMultipleAllocations?: boolean;
}
export interface ResourceSlice extends KubeObject {
  spec?: {
    driver?: string;
    pool?: { name?: string; generation?: number; resourceSliceCount?: number };
    nodeName?: string;
    nodeSelector?: NodeSelector;
    allNodes?: boolean;
    devices?: Device[];
    perDeviceNodeSelection?: boolean;
    sharedCounters?: { name?: string; counters?: Counters }[];
  };
}
