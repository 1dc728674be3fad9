/** Devices of one driver that are to be had. k8s: pkg/registry/resource/resourceslice/strategy.go */
import { rfc3339 } from "../../core/clock.ts";
import { child, goQuote, invalid, required, type FieldError } from "../../machinery/field.ts";
import { validateImmutable } from "../../machinery/metadata.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind, WriteContext } from "../define.ts";
import { validateNodeSelector } from "../pod/validation/scheduling.ts";
import { checkDriver, checkPoolName, checkSet } from "./checks.ts";
import { checkCounters, checkDevice, checkNodeName } from "./device.ts";
import type * as shape from "./shape.ts";
import { schemaNamed } from "../../schema/types.ts";

export type ResourceSlice = shape.ResourceSlice;
type Spec = NonNullable<ResourceSlice["spec"]>;

/** k8s: pkg/apis/resource/types.go ResourceSliceMaxDevices, ResourceSliceMaxDevicesWithAdvancedFeatures, ResourceSliceMaxCounterSets */
const devicesMax = 128;
const advancedDevicesMax = 64;
const counterSetsMax = 8;

function checkPool(pool: Spec["pool"]): FieldError[] {
  const { name, resourceSliceCount = 0, generation = 0 } = pool ?? {};
  const errors = checkPoolName("spec.pool.name", name);
  const refuse = (field: string, value: number, detail: string): unknown =>
    errors.push(invalid(`spec.pool.${field}`, value, detail));
  if (resourceSliceCount <= 0)
    refuse("resourceSliceCount", resourceSliceCount, "must be greater than zero");
  if (generation < 0) refuse("generation", generation, "must be greater than or equal to zero");
  return errors;
}

const exactlyOne =
  "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";

/** Which nodes can use the devices is said in one way. */
function checkPlace(spec: Spec): FieldError[] {
  const errors: FieldError[] = [];
  const set: string[] = [];
  const { nodeName, nodeSelector } = spec;
  if (nodeName !== undefined) {
    if (nodeName) set.push("`nodeName`");
    const detail = "must be either unset or set to a non-empty string";
    errors.push(...checkNodeName("spec.nodeName", nodeName, detail));
  }
  if (nodeSelector) {
    set.push("`nodeSelector`");
    errors.push(...validateNodeSelector(nodeSelector, "spec.nodeSelector"));
    const terms = nodeSelector.nodeSelectorTerms;
    if (terms?.length !== 1) {
      const path = "spec.nodeSelector.nodeSelectorTerms";
      errors.push(invalid(path, terms, "must have exactly one node selector term"));
    }
  }
  for (const field of ["allNodes", "perDeviceNodeSelection"] as const) {
    if (spec[field]) set.push(`\`${field}\``);
    else if (spec[field] === false)
      errors.push(invalid(child("spec", field), false, "must be either unset or set to true"));
  }
  if (set.length === 0) errors.push(required("spec", exactlyOne));
  if (set.length > 1) {
    const detail = `${exactlyOne}, but multiple fields are set`;
    errors.push(invalid("spec", `{${set.join(", ")}}`, detail));
  }
  return errors;
}

const isAdvanced = ({ taints, consumesCounters, attributes }: shape.Device): boolean =>
  (taints?.length ?? 0) > 0 ||
  (consumesCounters?.length ?? 0) > 0 ||
  Object.values(attributes ?? {}).some((a) => a.bools ?? a.ints ?? a.strings ?? a.versions);

/** k8s: validateResourceSliceSpec */
function validate(slice: ResourceSlice, old?: ResourceSlice): FieldError[] {
  const spec = slice.spec ?? {};
  const errors = [...checkDriver("spec.driver", spec.driver), ...checkPool(spec.pool)];
  if (old) {
    const before = old.spec ?? {};
    errors.push(
      ...validateImmutable(spec.pool?.name, before.pool?.name, "spec.pool.name"),
      ...validateImmutable(spec.driver, before.driver, "spec.driver"),
      ...validateImmutable(spec.nodeName, before.nodeName, "spec.nodeName"),
    );
  }
  errors.push(...checkPlace(spec));
  if (spec.sharedCounters !== undefined && spec.devices !== undefined)
    errors.push(invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed"));
  const known = new Map((old?.spec?.devices ?? []).map((one) => [one.name, one]));
  const perDevice = spec.perDeviceNodeSelection ?? false;
  return [
    ...errors,
    ...checkSet(
      "spec.devices",
      spec.devices,
      spec.devices?.some(isAdvanced) ? advancedDevicesMax : devicesMax,
      (device, path) => checkDevice(device, path, known.get(device.name), perDevice),
      ({ name = "" }) => name,
    ),
    ...checkSet(
      "spec.sharedCounters",
      spec.sharedCounters,
      counterSetsMax,
      (one, path) => checkCounters(path, ["name", one.name], one.counters),
      ({ name = "" }) => name,
    ),
  ];
}

/** A taint knows since when it is there. k8s: SetDefaults_DeviceTaint */
function applyDefaults(slice: ResourceSlice, { now }: WriteContext): ResourceSlice {
  const { spec } = slice;
  const missing = spec?.devices?.some(({ taints }) =>
    taints?.some(({ timeAdded }) => timeAdded === undefined),
  );
  if (!missing) return slice;
  const devices = spec?.devices?.map((device) =>
    device.taints
      ? { ...device, taints: device.taints.map((t) => ({ timeAdded: rfc3339(now), ...t })) }
      : device,
  );
  return { ...slice, spec: { ...spec, ...(devices ? { devices } : {}) } };
}

export const ResourceSlice: Kind<ResourceSlice> = {
  resource: "resourceslices.resource.k8s.io",
  apiVersion: "resource.k8s.io/v1",
  kind: "ResourceSlice",
  schema: schemaNamed("resource/v1.ResourceSlice"),
  namespaced: false,
  hasGeneration: true,
  applyDefaults,
  validateCreate: (slice) => validate(slice),
  validateUpdate: validate,
  warnings({ spec }) {
    const driver = spec?.driver ?? "";
    return driver === driver.toLowerCase()
      ? []
      : [
          `spec.driver: driver names should be lowercase; ${goQuote(driver)} contains uppercase characters`,
        ];
  },
  fields: ({ spec }) => ({
    "spec.nodeName": spec?.nodeName ?? "",
    "spec.driver": spec?.driver ?? "",
  }),
  table: {
    columns: [
      nameColumn,
      column("Node", "The node that has its devices."),
      column("Driver", "Whose devices they are."),
      column("Pool", "The pool that they belong to."),
      ageColumn,
    ],
    cells: (slice, now) => [
      slice.metadata.name,
      slice.spec?.nodeName ?? "",
      slice.spec?.driver ?? "",
      slice.spec?.pool?.name ?? "",
      age(slice, now),
    ],
  },
};
