/** What a claim asks for, alone or in a template. k8s: pkg/apis/resource/validation validateResourceClaimSpec, v1/defaults.go */
import {
  at,
  child,
  forbiddenField,
  invalid,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { dns1123Subdomain, invalidEach } from "../../machinery/names.ts";
import type { Namespace } from "../namespace.ts";
import { unsupported } from "../checks.ts";
import type { WriteContext } from "../define.ts";
import {
  checkConfiguration,
  checkFullyQualified,
  checkLabel,
  checkList,
  checkSelectors,
  checkSet,
  checkToleration,
  configsMax,
} from "./checks.ts";
import type { ClaimSpec, DeviceClaim, DeviceRequest, ExactRequest } from "./shape.ts";

/** k8s: pkg/apis/resource/types.go DeviceRequestsMaxSize, DeviceConstraintsMaxSize, FirstAvailableDeviceRequestMaxSize */
export const requestsMax = 32;
const constraintsMax = 32;
const alternativesMax = 8;
const adminLabel = "resource.kubernetes.io/admin-access";

function withCount<T extends ExactRequest>(request: T): T {
  const allocationMode = request.allocationMode || "ExactCount";
  const count = allocationMode === "ExactCount" ? request.count || 1 : request.count;
  return { ...request, allocationMode, ...(count === undefined ? {} : { count }) };
}

export function withClaimDefaults(spec: ClaimSpec | undefined): ClaimSpec | undefined {
  if (!spec?.devices?.requests) return spec;
  const requests = spec.devices.requests.map((request) => ({
    ...request,
    ...(request.exactly ? { exactly: withCount(request.exactly) } : {}),
    ...(request.firstAvailable ? { firstAvailable: request.firstAvailable.map(withCount) } : {}),
  }));
  return { ...spec, devices: { ...spec.devices, requests } };
}

/** `request` or `request/alternative`. */
export type RequestNames = ReadonlySet<string>;

export function requestNamesOf(devices: DeviceClaim | undefined): RequestNames {
  const names = new Set<string>();
  for (const { name = "", firstAvailable = [] } of devices?.requests ?? []) {
    names.add(name);
    for (const one of firstAvailable) names.add(`${name}/${one.name ?? ""}`);
  }
  return names;
}

const badReference =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

export function checkRequestName(path: string, name: string, names: RequestNames): FieldError[] {
  const parts = name.split("/");
  if (parts.length > 2) return [invalid(path, name, badReference)];
  const errors = parts.flatMap((part) => checkLabel(path, part));
  return names.has(name) ? errors : [...errors, invalid(path, name, badReference)];
}

export const checkRequestNames = (
  path: string,
  requests: readonly string[] | undefined,
  names: RequestNames,
): FieldError[] =>
  checkSet(
    path,
    requests,
    requestsMax,
    (name, where) => checkRequestName(where, name, names),
    (name) => name,
  );

export function checkClaimSpec(path: string, spec: ClaimSpec | undefined): FieldError[] {
  const devices = spec?.devices ?? {};
  const where = child(path, "devices");
  const names = requestNamesOf(devices);
  return [
    ...checkSet(
      child(where, "requests"),
      devices.requests,
      requestsMax,
      checkRequest,
      ({ name = "" }) => name,
    ),
    ...checkList(child(where, "constraints"), devices.constraints, constraintsMax, (one, at) => [
      ...checkRequestNames(child(at, "requests"), one.requests, names),
      ...checkConstraint(one, at),
    ]),
    ...checkList(child(where, "config"), devices.config, configsMax, (one, at) => [
      ...checkRequestNames(child(at, "requests"), one.requests, names),
      ...checkConfiguration(at, one),
    ]),
  ];
}

function checkConstraint(
  one: { matchAttribute?: string; distinctAttribute?: string },
  path: string,
): FieldError[] {
  if (one.matchAttribute !== undefined)
    return checkFullyQualified(child(path, "matchAttribute"), one.matchAttribute);
  if (one.distinctAttribute !== undefined)
    return checkFullyQualified(child(path, "distinctAttribute"), one.distinctAttribute);
  // So it says, whatever is missing.
  const detail =
    'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [required(path, detail)];
}

function checkRequest(
  { name, exactly, firstAvailable = [] }: DeviceRequest,
  path: string,
): FieldError[] {
  const errors = checkLabel(child(path, "name"), name);
  const one = "exactly one of `exactly` or `firstAvailable` is required";
  const several = firstAvailable.length > 0;
  if (exactly && several)
    return [...errors, invalid(path, null, `${one}, but multiple fields are set`)];
  if (exactly) return [...errors, ...checkExact(child(path, "exactly"), exactly)];
  if (!several) return [...errors, required(path, one)];
  return [
    ...errors,
    ...checkSet(
      child(path, "firstAvailable"),
      firstAvailable,
      alternativesMax,
      (option, where) => [
        ...checkLabel(child(where, "name"), option.name),
        ...checkExact(where, option),
      ],
      (option) => option.name ?? "",
    ),
  ];
}

function checkExact(path: string, request: ExactRequest): FieldError[] {
  const { deviceClassName, allocationMode, count = 0 } = request;
  const classPath = child(path, "deviceClassName");
  const errors = deviceClassName
    ? invalidEach(classPath, deviceClassName, dns1123Subdomain(deviceClassName))
    : [required(classPath)];
  errors.push(...checkSelectors(child(path, "selectors"), request.selectors));
  const countPath = child(path, "count");
  if (allocationMode === "All") {
    const detail = "must not be specified when allocationMode is 'All'";
    if (count !== 0) errors.push(invalid(countPath, count, detail));
  } else if (allocationMode === "ExactCount") {
    if (count <= 0) errors.push(invalid(countPath, count, "must be greater than zero"));
  } else {
    const modes = ["All", "ExactCount"];
    errors.push(unsupported(child(path, "allocationMode"), allocationMode ?? "", modes));
  }
  const tolerations = request.tolerations ?? [];
  return [
    ...errors,
    ...tolerations.flatMap((one, i) => checkToleration(one, at(child(path, "tolerations"), i))),
  ];
}

/** Who asks for devices that others use needs a namespace that says so. k8s: AuthorizedForAdmin */
export function checkAdminAccess(
  spec: ClaimSpec | undefined,
  namespace: string,
  context: WriteContext,
): FieldError[] {
  const requests = spec?.devices?.requests ?? [];
  const i = requests.findIndex(({ exactly }) => exactly?.adminAccess);
  if (i < 0) return [];
  return adminRefusal(child(at("spec.devices.requests", i), "adminAccess"), namespace, context);
}

export function adminRefusal(
  path: string,
  namespace: string,
  { reader }: WriteContext,
): FieldError[] {
  const labels = reader.get<Namespace>("namespaces", "", namespace)?.metadata.labels;
  if (labels?.[adminLabel] === "true") return [];
  const detail = `admin access to devices requires the \`${adminLabel}: true\` label on the containing namespace`;
  return [forbiddenField(path, detail)];
}
