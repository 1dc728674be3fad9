/** k8s: pkg/registry/resource/resourceclaim/strategy.go */
import {
  child,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from "../../machinery/field.ts";
import { validateImmutable } from "../../machinery/metadata.ts";
import { byteLength } from "../../machinery/names.ts";
import { checkConditions } from "../checks.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { validateNodeSelector } from "../pod/validation/scheduling.ts";
import {
  checkBinding,
  checkConfiguration,
  checkDriver,
  checkLabel,
  checkList,
  checkObject,
  checkPoolName,
  checkSet,
  configsMax,
} from "./checks.ts";
import {
  checkAdminAccess,
  checkClaimSpec,
  checkRequestName,
  checkRequestNames,
  requestNamesOf,
  withClaimDefaults,
  type RequestNames,
} from "./claim-spec.ts";
import { idOf, resultsOf } from "./allocated.ts";
import { checkStatusRights } from "./claim-rights.ts";
import type * as shape from "./shape.ts";
import { schemaNamed } from "../../schema/types.ts";

export type ResourceClaim = shape.ResourceClaim;

/** k8s: pkg/apis/resource/types.go AllocationResultsMaxSize, ResourceClaimReservedForMaxSize and those of AllocatedDeviceStatus */
const resultsMax = 32;
const consumersMax = 256;
const deviceConditionsMax = 8;
const dataBytesMax = 10 * 1024;
const interfaceNameBytesMax = 256;
const hardwareAddressBytesMax = 128;
const addressesMax = 16;

function checkConsumer({ resource, name, uid }: shape.Consumer, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!resource) errors.push(required(child(path, "resource")));
  if (!name) errors.push(required(child(path, "name")));
  if (!uid) errors.push(required(child(path, "uid")));
  return errors;
}

/** k8s: validateResourceClaimStatusUpdate */
function validateStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { allocation, reservedFor = [], devices } = claim.status ?? {};
  const allocated = new Set(resultsOf(claim).map(idOf));
  const path = "status.reservedFor";
  const errors = [
    ...checkSet(path, reservedFor, consumersMax, checkConsumer, ({ uid = "" }) => uid),
    ...checkSet(
      "status.devices",
      devices,
      -1,
      (one, where) => checkDevice(one, where, allocated),
      idOf,
    ),
  ];
  if (reservedFor.length > 0 && !allocation)
    errors.push(forbiddenField(path, "may not be specified when `allocated` is not set"));
  else if (claim.metadata.deletionTimestamp !== undefined) {
    const before = new Set((old.status?.reservedFor ?? []).map((one) => JSON.stringify(one)));
    if (reservedFor.some((one) => !before.has(JSON.stringify(one)))) {
      const detail =
        "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
      errors.push(forbiddenField(path, detail));
    }
  }
  const before = old.status?.allocation;
  if (before && allocation)
    return [...errors, ...validateImmutable(allocation, before, "status.allocation")];
  if (!allocation) return errors;
  return [...errors, ...checkAllocation(allocation, requestNamesOf(claim.spec?.devices))];
}

function checkAllocation(allocation: shape.AllocationResult, names: RequestNames): FieldError[] {
  const path = "status.allocation.devices";
  const { results, config } = allocation.devices ?? {};
  const errors = [
    ...checkList(child(path, "results"), results, resultsMax, (one, where) => [
      ...checkRequestName(child(where, "request"), one.request ?? "", names),
      ...checkDriver(child(where, "driver"), one.driver),
      ...checkPoolName(child(where, "pool"), one.pool),
      ...checkLabel(child(where, "device"), one.device),
      ...checkBinding(where, one.bindingConditions, one.bindingFailureConditions),
    ]),
    ...checkList(child(path, "config"), config, 2 * configsMax, (one, where) => [
      ...checkSource(child(where, "source"), one.source),
      ...checkRequestNames(child(where, "requests"), one.requests, names),
      ...checkConfiguration(where, one),
    ]),
  ];
  const { nodeSelector } = allocation;
  if (!nodeSelector) return errors;
  return [...errors, ...validateNodeSelector(nodeSelector, "status.allocation.nodeSelector")];
}

const sources = ["FromClaim", "FromClass"];

function checkSource(path: string, source: string | undefined): FieldError[] {
  if (!source) return [required(path)];
  return sources.includes(source) ? [] : [notSupported(path, source, sources)];
}

function checkDevice(
  device: shape.DeviceStatus,
  path: string,
  allocated: ReadonlySet<string>,
): FieldError[] {
  const errors = [
    ...checkDriver(child(path, "driver"), device.driver),
    ...checkPoolName(child(path, "pool"), device.pool),
    ...checkLabel(child(path, "device"), device.device),
  ];
  if (!allocated.has(idOf(device)))
    errors.push(invalid(path, idOf(device), "must be an allocated device in the claim"));
  const conditionsPath = child(path, "conditions");
  const { conditions = [], networkData } = device;
  if (conditions.length > deviceConditionsMax)
    errors.push(tooMany(conditionsPath, conditions.length, deviceConditionsMax));
  errors.push(...checkConditions(conditionsPath, conditions));
  if (device.data !== undefined)
    errors.push(...checkObject(child(path, "data"), device.data, dataBytesMax));
  return networkData
    ? [...errors, ...checkNetwork(child(path, "networkData"), networkData)]
    : errors;
}

function checkNetwork(
  path: string,
  { interfaceName = "", hardwareAddress = "", ips }: NonNullable<shape.DeviceStatus["networkData"]>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(interfaceName) > interfaceNameBytesMax)
    errors.push(tooLong(child(path, "interfaceName"), interfaceNameBytesMax));
  if (byteLength(hardwareAddress) > hardwareAddressBytesMax)
    errors.push(tooLong(child(path, "hardwareAddress"), hardwareAddressBytesMax));
  return [
    ...errors,
    ...checkSet(
      child(path, "ips"),
      ips,
      addressesMax,
      () => [],
      (ip) => ip,
    ),
  ];
}

/** What is told of devices that the claim no longer has goes with them. k8s: dropDeallocatedStatusDevices */
function withoutFreed(claim: ResourceClaim, old: ResourceClaim): ResourceClaim {
  if (!claim.status?.devices) return claim;
  const kept = new Set(resultsOf(claim).map(idOf));
  const freed = new Set(
    resultsOf(old)
      .map(idOf)
      .filter((id) => !kept.has(id)),
  );
  const devices = claim.status.devices.filter((one) => !freed.has(idOf(one)));
  const { devices: _, ...status } = claim.status;
  return { ...claim, status: devices.length > 0 ? { ...status, devices } : status };
}

/** k8s: printers.go resourceClaimState */
function stateOf({ metadata, status }: ResourceClaim): string {
  const goes = metadata.deletionTimestamp !== undefined;
  const states = goes ? ["deleted"] : [];
  if (status?.allocation) {
    states.push("allocated");
    if (status.reservedFor?.length) states.push("reserved");
  } else if (!goes) states.push("pending");
  return states.join(",");
}

export const ResourceClaim: Kind<ResourceClaim> = {
  resource: "resourceclaims.resource.k8s.io",
  apiVersion: "resource.k8s.io/v1",
  kind: "ResourceClaim",
  schema: schemaNamed("resource/v1.ResourceClaim"),
  namespaced: true,
  hasGeneration: false,
  applyDefaults: (claim) => {
    const spec = withClaimDefaults(claim.spec);
    return spec ? { ...claim, spec } : claim;
  },
  prepareForCreate: (claim) => ({ ...claim, status: {} }),
  prepareForUpdate: (claim, old, { subresource }) =>
    subresource === "status" ? withoutFreed(claim, old) : claim,
  validateCreate: (claim, context) => [
    ...checkAdminAccess(claim.spec, claim.metadata.namespace ?? "", context),
    ...checkClaimSpec("spec", claim.spec),
  ],
  validateUpdate: (claim, old) => validateImmutable(claim.spec, old.spec, "spec"),
  validateStatusUpdate: (claim, old, context) => [
    ...checkStatusRights(claim, old, context),
    ...validateStatus(claim, old),
  ],
  table: {
    columns: [
      nameColumn,
      column("State", "Whether it has its devices, and whether somebody uses them."),
      ageColumn,
    ],
    cells: (claim, now) => [claim.metadata.name, stateOf(claim), age(claim, now)],
  },
};
