import type * as core from "kubernetes-types/core/v1";
import { at, child, required, type FieldError } from "../machinery/field.ts";
import { ipWarnings, validateIpLegacy } from "../machinery/ip.ts";
import {
  dns1123Label,
  dns1123Subdomain,
  invalidEach,
  portNumber,
  qualifiedName,
} from "../machinery/names.ts";
import { equal } from "../core/equal.ts";
import { checkOneOf, protocols } from "./checks.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import { checkEndpointIp } from "./ip-families.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type Endpoints = Stored<core.Endpoints>;

function checkAddress(path: string, address: core.EndpointAddress): FieldError[] {
  const ipPath = child(path, "ip");
  const errors = validateIpLegacy(ipPath, address.ip ?? "");
  const { hostname, nodeName } = address;
  if (hostname) {
    errors.push(...invalidEach(child(path, "hostname"), hostname, dns1123Label(hostname)));
  }
  if (nodeName !== undefined) {
    errors.push(...invalidEach(child(path, "nodeName"), nodeName, dns1123Subdomain(nodeName)));
  }
  return [...errors, ...checkEndpointIp(ipPath, address.ip ?? "")];
}

function checkPort(path: string, port: core.EndpointPort, nameRequired: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const namePath = child(path, "name");
  if (port.name) errors.push(...invalidEach(namePath, port.name, dns1123Label(port.name)));
  else if (nameRequired) errors.push(required(namePath));
  errors.push(...invalidEach(child(path, "port"), port.port ?? 0, portNumber(port.port ?? 0)));
  errors.push(...checkOneOf(child(path, "protocol"), port.protocol, protocols));
  if (port.appProtocol !== undefined) {
    const rule = qualifiedName(port.appProtocol);
    errors.push(...invalidEach(child(path, "appProtocol"), port.appProtocol, rule));
  }
  return errors;
}

/** k8s: core validation validateEndpointSubsets */
function validate(endpoints: Endpoints): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, subset] of (endpoints.subsets ?? []).entries()) {
    const path = at("subsets", i);
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      errors.push(required(path, "must specify `addresses` or `notReadyAddresses`"));
    }
    for (const [j, address] of addresses.entries()) {
      errors.push(...checkAddress(at(child(path, "addresses"), j), address));
    }
    for (const [j, address] of notReadyAddresses.entries()) {
      errors.push(...checkAddress(at(child(path, "notReadyAddresses"), j), address));
    }
    for (const [j, port] of ports.entries()) {
      errors.push(...checkPort(at(child(path, "ports"), j), port, ports.length > 1));
    }
  }
  return errors;
}

/** k8s: pkg/printers/internalversion/printers.go formatEndpoints */
const shownMax = 3;

/** k8s: printers.go formatEndpoints */
function endpointsText(endpoints: Endpoints): string {
  if (!endpoints.subsets?.length) return "<none>";
  const all = endpoints.subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map((address) => address.ip)
      : ports.flatMap((port) => addresses.map((address) => joinHostPort(address.ip, port.port))),
  );
  const text = all.slice(0, shownMax).join(",");
  return all.length > shownMax ? `${text} + ${all.length - shownMax} more...` : text;
}

/** k8s: net.JoinHostPort */
const joinHostPort = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

const managedBy = "endpoints.kubernetes.io/managed-by";

export const Endpoints: Kind<Endpoints> = {
  resource: "endpoints",
  apiVersion: "v1",
  kind: "Endpoints",
  schema: schemaNamed("core/v1.Endpoints"),
  namespaced: true,
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  hasGeneration: false,
  allowCreateOnUpdate: true,
  applyDefaults(endpoints) {
    const missing = endpoints.subsets?.some((s) => s.ports?.some((p) => !p.protocol));
    if (!missing) return endpoints;
    const subsets = endpoints.subsets?.map((subset) =>
      subset.ports
        ? { ...subset, ports: subset.ports.map((p) => ({ ...p, protocol: p.protocol || "TCP" })) }
        : subset,
    );
    return { ...endpoints, subsets };
  },
  validateCreate: validate,
  validateUpdate: (endpoints, old) =>
    equal(endpoints.subsets ?? [], old.subsets ?? []) ? [] : validate(endpoints),
  warnings(endpoints) {
    if (endpoints.metadata.labels?.[managedBy] === "endpoint-controller") return [];
    const out: string[] = [];
    for (const [i, subset] of (endpoints.subsets ?? []).entries()) {
      for (const list of ["addresses", "notReadyAddresses"] as const) {
        for (const [j, address] of (subset[list] ?? []).entries()) {
          out.push(...ipWarnings(`subsets[${i}].${list}[${j}].ip`, address.ip));
        }
      }
    }
    return out;
  },
  table: {
    columns: [nameColumn, column("Endpoints", "Addresses and ports that are ready."), ageColumn],
    cells: (endpoints, now) => [
      endpoints.metadata.name,
      endpointsText(endpoints),
      age(endpoints, now),
    ],
  },
};
