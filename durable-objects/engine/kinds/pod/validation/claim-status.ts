/** What a Pod's status says of ResourceClaims. k8s: core/validation validatePodResourceClaimStatuses, validatePodExtendedResourceClaimStatus */
import { duplicate, type FieldError, invalid, required } from "../../../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, invalidEach } from "../../../machinery/names.ts";
import { claimStatusesOf } from "../resource-claims.ts";
import type { Pod } from "../types.ts";

const checkClaimName = (path: string, name: string): FieldError[] =>
  invalidEach(path, name, dns1123Subdomain(name));

function validateStatuses(pod: Pod): FieldError[] {
  const known = new Set((pod.spec.resourceClaims ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  return claimStatusesOf(pod).flatMap(({ name, resourceClaimName }, i) => {
    const path = `status.resourceClaimStatuses[${i}]`;
    const errors: FieldError[] = [];
    if (!known.has(name))
      errors.push(
        invalid(`${path}.name`, name, "must match the name of an entry in `spec.resourceClaims`"),
      );
    if (seen.has(name)) errors.push(duplicate(`${path}.name`, name));
    seen.add(name);
    if (resourceClaimName !== undefined)
      errors.push(...checkClaimName(`${path}.resourceClaimName`, resourceClaimName));
    return errors;
  });
}

type Extended = NonNullable<NonNullable<Pod["status"]>["extendedResourceClaimStatus"]>;
type Mapping = NonNullable<Extended["requestMappings"]>[number];

function checkMapping(path: string, { spec }: Pod, mapping: Mapping): FieldError[] {
  const { containerName = "", resourceName = "", requestName = "" } = mapping;
  const errors: FieldError[] = [];
  // Of containers that share a name the one that runs last counts, as upstream's map has it.
  const container = [...(spec.initContainers ?? []), ...spec.containers].findLast(
    ({ name }) => name === containerName,
  );
  const where = "spec.initContainers.name or spec.containers.name";
  const resources = "spec.initContainers.resources.requests or spec.containers.resources.requests";
  if (!container)
    errors.push(
      invalid(
        `${path}.containerName`,
        containerName,
        `must match the name of an entry in ${where}`,
      ),
    );
  else if (container.resources?.requests?.[resourceName] === undefined)
    errors.push(
      invalid(
        `${path}.resourceName`,
        resourceName,
        `must match the extended resource name of an entry in ${resources}`,
      ),
    );
  const name = "status.extendedResourceClaimStatus.requestName";
  errors.push(...invalidEach(name, requestName, dns1123Label(requestName)));
  return errors;
}

function validateExtended(pod: Pod): FieldError[] {
  const status = pod.status?.extendedResourceClaimStatus;
  if (!status) return [];
  const path = "status.extendedResourceClaimStatus";
  const { requestMappings = [], resourceClaimName = "" } = status;
  const errors: FieldError[] = [];
  if (requestMappings.length === 0)
    errors.push(required(`${path}.requestMappings`, "at least one request mapping is required"));
  const seen = new Set<string>();
  requestMappings.forEach((mapping, i) => {
    const at = `${path}.requestMappings[${i}]`;
    errors.push(...checkMapping(at, pod, mapping));
    const fields = ["containerName", "resourceName", "requestName"] as const;
    const key = fields.map((field) => mapping[field]).join("\0");
    if (seen.has(key))
      errors.push(...fields.map((field) => duplicate(`${at}.${field}`, mapping[field])));
    seen.add(key);
  });
  const named = `${path}.resourceClaimName`;
  if (resourceClaimName === "") errors.push(required(named));
  else errors.push(...checkClaimName(named, resourceClaimName));
  return errors;
}

export const validateClaimStatus = (pod: Pod, old: Pod): FieldError[] => [
  ...(claimStatusesOf(pod) === claimStatusesOf(old) ? [] : validateStatuses(pod)),
  ...(pod.status?.extendedResourceClaimStatus === old.status?.extendedResourceClaimStatus
    ? []
    : validateExtended(pod)),
];
