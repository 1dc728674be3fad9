/** Service, Endpoints, EndpointSlice, Ingress, IngressClass. k8s: kubectl/pkg/describe */
import type { Endpoints, LoadBalancerIngress, Service } from "kubernetes-types/core/v1";
import type { EndpointSlice } from "kubernetes-types/discovery/v1";
import type { Ingress, IngressBackend, IngressClass } from "kubernetes-types/networking/v1";
import { byText } from "../go/json.ts";
import { Failure } from "../errors.ts";
import type { Work } from "../work.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import { labelsText, none, unset, type Meta, type Out } from "./out.ts";
import { eventsOf, listAll, orNothing, type Settings } from "./reach.ts";

const metaOf = (object: { metadata?: object }): Meta => (object.metadata ?? {}) as Meta;

const addressesShown = 3;

const slicesOf = (settings: Settings, namespace: string, service: string): Work<EndpointSlice[]> =>
  listAll<EndpointSlice>(
    { ...settings, chunk: 0 },
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    "endpointslices",
    [["labelSelector", `kubernetes.io/service-name=${service}`]],
  );

const joined = (host: string, port: number | undefined): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port ?? 0}`;

/** Ready addresses behind a port, the first few of them. k8s: describe.go formatEndpointSlices */
function addressesText(slices: readonly EndpointSlice[], port: string): string {
  if (slices.length === 0) return none;
  const all = slices.flatMap(({ ports = [], endpoints }) => {
    const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
    const hosts = ready.map(({ addresses }) => addresses[0] ?? "");
    if (ports.length === 0) return hosts;
    return ports
      .filter(({ name = "" }) => name === port)
      .flatMap((one) => hosts.map((host) => joined(host, one.port)));
  });
  const list = all.slice(0, addressesShown).join(",");
  return all.length > addressesShown ? `${list} + ${all.length - addressesShown} more...` : list;
}

const balancerText = (ingress: readonly LoadBalancerIngress[]): string =>
  ingress
    .map(({ ip, hostname = "", ipMode }) => (ip ? ip + (ipMode ? ` (${ipMode})` : "") : hostname))
    .join(", ");

export const service: Describer<Service> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec = {}, status = {} } = object;
  const slices = yield* orNothing(slicesOf(settings, meta.namespace ?? "", meta.name ?? ""));
  const events = yield* eventsOf(settings, { kind: "Service", metadata: meta });
  out.head(meta);
  out.field("Selector", labelsText(spec.selector));
  out.field("Type", spec.type);
  if (spec.ipFamilyPolicy) out.field("IP Family Policy", spec.ipFamilyPolicy);
  out.field("IP Families", spec.ipFamilies?.join(",") || none);
  out.field("IP", spec.clusterIP);
  out.field("IPs", spec.clusterIPs?.join(",") || none);
  const given = (label: string, text: unknown): void => {
    if (text) out.field(label, text);
  };
  given("External IPs", spec.externalIPs?.join(","));
  given("Desired LoadBalancer IP", spec.loadBalancerIP);
  given("External Name", spec.externalName);
  given("LoadBalancer Ingress", balancerText(status.loadBalancer?.ingress ?? []));
  for (const port of spec.ports ?? []) {
    const { name = "", protocol = "" } = port;
    out.row(0, "Port:", name || unset, `${port.port}/${protocol}`);
    out.field("TargetPort", `${port.targetPort ?? 0}/${protocol}`);
    given("AppProtocol", port.appProtocol);
    if (port.nodePort) out.row(0, "NodePort:", name || unset, `${port.nodePort}/${protocol}`);
    out.field("Endpoints", addressesText(slices, name));
  }
  out.field("Session Affinity", spec.sessionAffinity);
  given("External Traffic Policy", spec.externalTrafficPolicy);
  given("Internal Traffic Policy", spec.internalTrafficPolicy);
  given("HealthCheck NodePort", spec.healthCheckNodePort);
  given("LoadBalancer Source Ranges", spec.loadBalancerSourceRanges?.join(","));
  given("Traffic Distribution", (spec as { trafficDistribution?: string }).trafficDistribution);
  writeEvents(out, events, settings.now);
};

export const endpoints: Describer<Endpoints> = function* (settings, object, out) {
  const meta = metaOf(object);
  const events = yield* eventsOf(settings, { kind: "Endpoints", metadata: meta });
  out.head(meta);
  out.write("Subsets:\n");
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of object.subsets ?? []) {
    out.field("Addresses", addresses.map(({ ip }) => ip).join(",") || none, 1);
    out.field("NotReadyAddresses", notReadyAddresses.map(({ ip }) => ip).join(",") || none, 1);
    if (ports.length) {
      out.lines(1, "Ports:");
      const rows = ports.map(({ name, port, protocol }) => [name || unset, port, protocol]);
      out.table(2, "Name\tPort\tProtocol", rows);
    }
    out.write("\n");
  }
  writeEvents(out, events, settings.now);
};

export const endpointSlice: Describer<EndpointSlice> = function* (settings, object, out) {
  const meta = metaOf(object);
  const events = yield* eventsOf(settings, { kind: "EndpointSlice", metadata: meta });
  out.head(meta);
  out.field("AddressType", object.addressType);
  const { ports = [], endpoints: found = [] } = object;
  if (ports.length === 0) out.write(`Ports: ${unset}\n`);
  else {
    out.write("Ports:\n");
    const rows = ports.map(({ name, port, protocol }) => [name || unset, port ?? unset, protocol]);
    out.table(1, "Name\tPort\tProtocol", rows);
  }
  out.write(found.length ? "Endpoints:\n" : `Endpoints: ${none}\n`);
  for (const one of found) {
    out.field("- Addresses", one.addresses.join(", ") || none, 1);
    out.lines(2, "Conditions:");
    out.field("Ready", one.conditions?.ready ?? unset, 3);
    out.field("Hostname", one.hostname ?? unset, 2);
    if (one.targetRef) out.field("TargetRef", `${one.targetRef.kind}/${one.targetRef.name}`, 2);
    out.field("NodeName", one.nodeName ?? unset, 2);
    out.field("Zone", one.zone ?? unset, 2);
  }
  writeEvents(out, events, settings.now);
};

/** `web:80 (10.244.0.5:80)`. k8s: describe.go describeBackendV1 */
function* backendText(
  settings: Settings,
  namespace: string,
  backend: IngressBackend,
): Work<string> {
  const { service: to, resource } = backend;
  if (!to) {
    if (!resource) return "";
    return `APIGroup: ${resource.apiGroup ?? none}, Kind: ${resource.kind}, Name: ${resource.name}`;
  }
  const { number, name = "" } = to.port ?? {};
  const what = `${to.name}:${number || name}`;
  try {
    const slices = yield* slicesOf(settings, namespace, to.name);
    const path = `/api/v1/namespaces/${namespace}/services/${to.name}`;
    const { spec } = yield* settings.client.json<Service>({ path });
    const port = spec?.ports?.findLast((one) => (number ? one.port === number : one.name === name));
    return `${what} (${addressesText(slices, port?.name ?? "")})`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `${what} (<error: ${error.message}>)`;
  }
}

export const ingress: Describer<Ingress> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec = {}, status } = object;
  const events = yield* eventsOf(settings, { kind: "Ingress", metadata: meta });
  const at = meta.namespace ?? "";
  out.field("Name", meta.name);
  out.labels("Labels", meta.labels);
  out.field("Namespace", at);
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname);
  const distinct = new Set(addresses.filter((one): one is string => Boolean(one)));
  out.field("Address", [...distinct].toSorted(byText).join(","));
  out.field("Ingress Class", spec.ingressClassName ?? none);
  const fallback = spec.defaultBackend
    ? yield* backendText(settings, at, spec.defaultBackend)
    : "<default>";
  out.field("Default backend", fallback);
  if (spec.tls?.length) out.write("TLS:\n");
  for (const { secretName, hosts = [] } of spec.tls ?? [])
    out.lines(1, `${secretName ? `${secretName} terminates` : "SNI routes"} ${hosts.join(",")}`);
  yield* writeRules(settings, object, out, fallback);
  out.annotations("Annotations", meta.annotations);
  writeEvents(out, events, settings.now);
};

function* writeRules(settings: Settings, object: Ingress, out: Out, fallback: string): Work<void> {
  out.write("Rules:\n");
  out.table(1, "Host\tPath\tBackends", []);
  const rules = (object.spec?.rules ?? []).filter(({ http }) => http);
  for (const { host, http } of rules) {
    out.row(1, host || "*", "");
    for (const { path = "", backend } of http?.paths ?? []) {
      const text = yield* backendText(settings, metaOf(object).namespace ?? "", backend);
      out.row(2, "", `${path} `, text);
    }
  }
  if (rules.length === 0) out.row(1, "*", "*", fallback);
}

export const ingressClass: Describer<IngressClass> = function* (settings, object, out) {
  const meta = metaOf(object);
  const events = yield* eventsOf(settings, { kind: "IngressClass", metadata: meta });
  out.head(meta, { namespaced: false });
  out.field("Controller", object.spec?.controller);
  const parameters = object.spec?.parameters;
  if (parameters) {
    out.write("Parameters:\n");
    if (parameters.apiGroup !== undefined) out.field("APIGroup", parameters.apiGroup, 1);
    out.field("Kind", parameters.kind, 1);
    out.field("Name", parameters.name, 1);
  }
  writeEvents(out, events, settings.now);
};
