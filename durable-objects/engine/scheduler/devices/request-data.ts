/** What a request of a claim asks for, alone or as one of several alternatives. */
import type { KubeObject } from "../../core/object.ts";
import type {
  Device,
  DeviceClass,
  DeviceRequest,
  DeviceTaint,
  DeviceToleration,
  ExactRequest,
  ResourceSlice,
} from "../../kinds/resource/shape.ts";
import type { Pool } from "./pools.ts";

export interface Candidate {
  id: string;
  device: Device;
  slice: ResourceSlice;
  pool: Pool;
}

export const deviceId = (driver: string, pool: string, device: string): string =>
  `${driver}/${pool}/${device}`;

/** One way to satisfy a request. */
export interface Option {
  /** Of the request, then of the alternative. */
  names: readonly [request: string, alternative: string | undefined];
  /** `request` or `request/alternative`. */
  name: string;
  exact: ExactRequest;
  deviceClass: DeviceClass;
  count: number;
  /** Which, where all are asked for. */
  all: readonly Candidate[] | undefined;
}

/** A request's ways, the best first. */
export const optionsOf = ({
  name = "",
  exactly,
  firstAvailable = [],
}: DeviceRequest): { names: Option["names"]; name: string; exact: ExactRequest }[] =>
  exactly
    ? [{ names: [name, undefined], name, exact: exactly }]
    : firstAvailable.map((exact) => ({
        names: [name, exact.name ?? ""],
        name: `${name}/${exact.name ?? ""}`,
        exact,
      }));

export const claimText = ({ metadata }: KubeObject): string =>
  `${metadata.namespace ?? ""}/${metadata.name}`;

/** k8s: dynamic-resource-allocation/resourceclaim ToleratesTaint */
export function toleratesDeviceTaint(
  { effect, key, operator, value = "" }: DeviceToleration,
  taint: DeviceTaint,
): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return (!operator || operator === "Equal") && value === (taint.value ?? "");
}

/** Taints of known effects that nobody tolerates keep a device back. */
export const isTainted = ({ taints = [] }: Device, { tolerations = [] }: ExactRequest): boolean =>
  taints.some(
    (taint) =>
      (taint.effect === "NoExecute" || taint.effect === "NoSchedule") &&
      !tolerations.some((one) => toleratesDeviceTaint(one, taint)),
  );
