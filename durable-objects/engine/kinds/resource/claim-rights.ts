/**
 * Who may change which part of a ResourceClaim's status, beside whom RBAC lets write it: `resourceclaims/binding` stands for what is
 * allocated and reserved, `resourceclaims/driver` for what a driver tells of its devices. k8s: pkg/registry/resource/utils.go
 */
import { equal } from "../../core/equal.ts";
import { forbiddenField, type FieldError } from "../../machinery/field.ts";
import type { Asked, WriteContext, Writer } from "../define.ts";
import { idOf, resultsOf } from "./allocated.ts";
import { adminRefusal } from "./claim-spec.ts";
import type * as shape from "./shape.ts";

type Claim = shape.ResourceClaim;

/** k8s: AuthorizedForAdminStatus */
function checkAdmin(claim: Claim, old: Claim, context: WriteContext): FieldError[] {
  if (resultsOf(old).some(({ adminAccess }) => adminAccess)) return [];
  const i = resultsOf(claim).findIndex(({ adminAccess }) => adminAccess);
  if (i < 0) return [];
  const path = `status.allocation.devices.results[${i}].adminAccess`;
  return adminRefusal(path, claim.metadata.namespace ?? "", context);
}

const about = { group: "resource.k8s.io", resource: "resourceclaims" };

/** k8s: AuthorizedForBinding */
function checkBindingRight({ status }: Claim, old: Claim, writer: Writer): FieldError[] {
  const isSame =
    equal(status?.allocation, old.status?.allocation) &&
    equal(status?.reservedFor ?? [], old.status?.reservedFor ?? []);
  if (isSame) return [];
  const { verb } = writer;
  const asked: Asked = { ...about, verb, subresource: "binding", namespace: "", name: "" };
  const refusal = writer.refusal(asked);
  if (refusal === undefined) return [];
  const detail = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: ${refusal}`;
  return [forbiddenField("status.allocation", detail)];
}

/** Drivers of whose devices something else is told than before, sorted. k8s: getModifiedDrivers */
function driversOf({ status }: Claim, old: Claim): string[] {
  const before = new Map((old.status?.devices ?? []).map((one) => [idOf(one), one]));
  const drivers = new Set<string>();
  for (const device of status?.devices ?? []) {
    const id = idOf(device);
    if (!equal(before.get(id), device)) drivers.add(device.driver ?? "");
    before.delete(id);
  }
  for (const { driver = "" } of before.values()) drivers.add(driver);
  return [...drivers].sort();
}

/** The node that all of the devices are on, where a scheduler has said so. k8s: nodeNameFromAllocation */
function nodeOf({ status }: Claim): string | undefined {
  const [term, ...more] = status?.allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  const { matchExpressions = [], matchFields = [] } = term ?? {};
  if (more.length > 0 || matchExpressions.length > 0 || matchFields.length !== 1) return undefined;
  const { key, operator, values = [] } = matchFields[0] ?? {};
  return key === "metadata.name" && operator === "In" && values.length === 1
    ? values[0]
    : undefined;
}

/** k8s: AuthorizedForDeviceStatus */
function checkDriverRights(claim: Claim, old: Claim, writer: Writer): FieldError[] {
  // With its devices a claim loses what is told of them, whoever takes them from it.
  if (!claim.status?.allocation) return [];
  const isOnNode = writer.node !== undefined && writer.node === nodeOf(claim);
  const places = isOnNode ? ["associated-node", "arbitrary-node"] : ["arbitrary-node"];
  const verbs = places.map((place) => `${place}:${writer.verb}`);
  const { namespace = "" } = claim.metadata;
  return driversOf(claim, old).flatMap((name) => {
    const refusals: string[] = [];
    for (const verb of verbs) {
      const refusal = writer.refusal({ ...about, verb, subresource: "driver", namespace, name });
      if (refusal === undefined) return [];
      refusals.push(refusal);
    }
    const detail = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(" ")}]" permission: ${refusals[0]}`;
    return [forbiddenField("status.devices", detail)];
  });
}

export const checkStatusRights = (
  claim: Claim,
  old: Claim,
  context: WriteContext,
): FieldError[] => {
  const writer = context.writer?.();
  return [
    ...checkAdmin(claim, old, context),
    ...(writer
      ? [...checkBindingRight(claim, old, writer), ...checkDriverRights(claim, old, writer)]
      : []),
  ];
};
