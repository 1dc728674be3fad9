import type * as discovery from "kubernetes-types/discovery/v1";
import {
  at,
  child,
  duplicate,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from "../machinery/field.ts";
import { ipWarnings, validateIp, validateIpLegacy } from "../machinery/ip.ts";
import { validateImmutable } from "../machinery/metadata.ts";
import {
  dns1123Label,
  dns1123Subdomain,
  invalidEach,
  labelValue,
  qualifiedName,
  type Messages,
} from "../machinery/names.ts";
import { equal } from "../core/equal.ts";
import { checkOneOf, protocols } from "./checks.ts";
import { age, ageColumn, column, firstOf, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import { checkEndpointIp, familyOf } from "./ip-families.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type EndpointSlice = Stored<discovery.EndpointSlice>;

/** Hints know nodes since 1.33. */
type Hints = discovery.EndpointHints & { forNodes?: { name: string }[] };

const addressTypes = ["FQDN", "IPv4", "IPv6"];
/** k8s: pkg/apis/discovery/validation maxAddresses, maxPorts, maxEndpoints, maxZoneHints */
const addressesMax = 100;
const portsMax = 20_000;
const endpointsMax = 1000;
const hintsMax = 8;

/** k8s: pkg/apis/discovery/validation ValidateEndpointSlice */
function validate(slice: EndpointSlice, old?: EndpointSlice): FieldError[] {
  const errors = checkOneOf("addressType", slice.addressType, addressTypes);
  errors.push(...checkPorts(slice.ports ?? []));
  if (!old || !equal(old.endpoints ?? [], slice.endpoints ?? [])) {
    errors.push(...checkEndpoints(slice.endpoints ?? [], slice.addressType));
  }
  return errors;
}

function checkEndpoints(endpoints: readonly discovery.Endpoint[], type: string): FieldError[] {
  if (endpoints.length > endpointsMax) {
    return [tooMany("endpoints", endpoints.length, endpointsMax)];
  }
  return endpoints.flatMap((endpoint, i) => checkEndpoint(at("endpoints", i), endpoint, type));
}

function checkEndpoint(path: string, endpoint: discovery.Endpoint, type: string): FieldError[] {
  const errors: FieldError[] = [];
  const addressesPath = child(path, "addresses");
  const addresses = endpoint.addresses ?? [];
  if (addresses.length === 0) {
    errors.push(required(addressesPath, "must contain at least 1 address"));
  } else if (addresses.length > addressesMax) {
    errors.push(tooMany(addressesPath, addresses.length, addressesMax));
  }
  for (const [i, address] of addresses.entries()) {
    errors.push(...checkAddress(addressesPath, i, address, type));
  }
  const { nodeName, hostname, hints } = endpoint;
  if (nodeName !== undefined) {
    errors.push(...invalidEach(child(path, "nodeName"), nodeName, dns1123Subdomain(nodeName)));
  }
  if (hostname !== undefined) {
    errors.push(...invalidEach(child(path, "hostname"), hostname, dns1123Label(hostname)));
  }
  if (hints) errors.push(...checkHints(child(path, "hints"), hints));
  return errors;
}

function checkAddress(list: string, index: number, address: string, type: string): FieldError[] {
  const path = at(list, index);
  if (type === "FQDN") return checkDomain(path, address);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const errors = type === "IPv4" ? validateIpLegacy(path, address) : validateIp(path, address);
  if (errors.length > 0) return errors;
  if (familyOf(address) !== type) {
    errors.push(invalid(list, address, `must be an ${type} address`));
  }
  return [...errors, ...checkEndpointIp(path, address)];
}

/** k8s: apimachinery/pkg/util/validation IsFullyQualifiedDomainName */
function checkDomain(path: string, text: string): FieldError[] {
  if (text === "") return [required(path)];
  const name = text.replace(/\.$/, "");
  const bad = dns1123Subdomain(name);
  if (bad.length > 0) return [invalid(path, name, bad.join(","))];
  const labels = name.split(".");
  if (labels.length < 2) {
    return [invalid(path, name, "should be a domain with at least two segments separated by dots")];
  }
  for (const label of labels) {
    const messages = dns1123Label(label);
    if (messages.length > 0) return [invalid(path, label, messages.join(","))];
  }
  return [];
}

function checkHints(path: string, hints: Hints): FieldError[] {
  const errors: FieldError[] = [];
  const rules: [keyof Hints, (name: string) => Messages][] = [
    ["forZones", labelValue],
    ["forNodes", dns1123Subdomain],
  ];
  for (const [field, rule] of rules) {
    const list = hints[field] ?? [];
    const listPath = child(path, field);
    if (list.length > hintsMax) return [...errors, tooMany(listPath, list.length, hintsMax)];
    const seen = new Set<string>();
    for (const [i, { name }] of list.entries()) {
      const namePath = child(at(listPath, i), "name");
      if (seen.has(name)) errors.push(duplicate(namePath, name));
      seen.add(name);
      errors.push(...invalidEach(namePath, name, rule(name)));
    }
  }
  return errors;
}

function checkPorts(ports: readonly discovery.EndpointPort[]): FieldError[] {
  if (ports.length > portsMax) return [tooMany("ports", ports.length, portsMax)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const path = at("ports", i);
    const name = port.name ?? "";
    if (name) errors.push(...invalidEach(child(path, "name"), name, dns1123Label(name)));
    if (seen.has(name)) errors.push(duplicate(child(path, "name"), name));
    seen.add(name);
    if (port.protocol === undefined) errors.push(required(child(path, "protocol")));
    else if (!(protocols as readonly string[]).includes(port.protocol)) {
      errors.push(notSupported(child(path, "protocol"), port.protocol, protocols));
    }
    if (port.appProtocol !== undefined) {
      const rule = qualifiedName(port.appProtocol);
      errors.push(...invalidEach(child(path, "appProtocol"), port.appProtocol, rule));
    }
  }
  return errors;
}

const managedBy = "endpointslice.kubernetes.io/managed-by";
const controllers = ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"];

const dropTopology = (endpoints: discovery.Endpoint[]): discovery.Endpoint[] =>
  endpoints.map(({ deprecatedTopology: _, ...endpoint }) => endpoint);

/** Topology can not be written through v1. k8s: pkg/registry/discovery/endpointslice dropTopologyOnV1 */
function withoutTopology(slice: EndpointSlice): EndpointSlice {
  const used = slice.endpoints?.some((e) => e.deprecatedTopology !== undefined);
  return used ? { ...slice, endpoints: dropTopology(slice.endpoints) } : slice;
}

/** k8s: pkg/printers/internalversion/printers.go formatDiscoveryEndpoints */
const shownMax = 3;

/** The generation grows with labels too. k8s: endpointSliceStrategy.PrepareForUpdate */
function prepareForUpdate(slice: EndpointSlice, old: EndpointSlice): EndpointSlice {
  const next = withoutTopology(slice);
  if (equal(slice.metadata.labels ?? {}, old.metadata.labels ?? {})) return next;
  const generation = (old.metadata.generation ?? 0) + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}

export const EndpointSlice: Kind<EndpointSlice> = {
  resource: "endpointslices.discovery.k8s.io",
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  schema: schemaNamed("discovery/v1.EndpointSlice"),
  indices: [
    {
      name: "slice.service",
      from: (o) => o.metadata.labels,
      values: ({ metadata: { namespace, labels } }) => {
        const service = labels?.["kubernetes.io/service-name"];
        return service ? [`${namespace}\0${service}`] : [];
      },
    },
  ],
  emptyAsNull: [["endpoints"], ["ports"]],
  namespaced: true,
  hasGeneration: true,
  applyDefaults(slice) {
    const filled = slice.ports?.every((p) => p.name !== undefined && p.protocol !== undefined);
    if (filled !== false) return slice;
    const ports = slice.ports?.map((p) => ({
      ...p,
      name: p.name ?? "",
      protocol: p.protocol ?? "TCP",
    }));
    return { ...slice, ...(ports ? { ports } : {}) };
  },
  prepareForCreate: withoutTopology,
  prepareForUpdate,
  validateCreate: (slice) => validate(slice),
  validateUpdate: (slice, old) => [
    ...validate(slice, old),
    ...validateImmutable(slice.addressType, old.addressType, "addressType"),
  ],
  warnings(slice, old) {
    const out: string[] = [];
    if (!old && slice.addressType === "FQDN") {
      out.push("spec.addressType: FQDN endpoints are deprecated");
    }
    if (controllers.includes(slice.metadata.labels?.[managedBy] ?? "")) return out;
    for (const [i, endpoint] of (slice.endpoints ?? []).entries()) {
      for (const [j, address] of (endpoint.addresses ?? []).entries()) {
        out.push(...ipWarnings(`endpoints[${i}].addresses[${j}]`, address));
      }
    }
    return out;
  },
  table: {
    columns: [
      nameColumn,
      column("AddressType", "Family of its addresses."),
      column("Ports", "Ports of every endpoint."),
      column("Endpoints", "Addresses."),
      ageColumn,
    ],
    cells: (slice, now) => [
      slice.metadata.name,
      slice.addressType ?? "",
      firstOf(
        (slice.ports ?? []).map((p) => (p.port !== undefined ? String(p.port) : (p.name ?? "*"))),
        shownMax,
        "<unset>",
      ),
      firstOf(
        (slice.endpoints ?? []).flatMap((e) => e.addresses ?? []),
        shownMax,
        "<unset>",
      ),
      age(slice, now),
    ],
  },
};
