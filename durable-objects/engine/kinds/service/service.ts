import { ipWarnings } from "../../machinery/ip.ts";
import {
  age,
  ageColumn,
  column,
  formatLabels,
  loadBalancerAddresses,
  nameColumn,
  wideColumn,
} from "../columns.ts";
import { allMetadata, type Kind } from "../define.ts";
import { cidrWarnings } from "../ip-families.ts";
import { allocateService } from "./allocation.ts";
import {
  isExternallyAccessible,
  needsClusterIp,
  needsHealthCheck,
  nodePortsOf,
  sameList,
  type Service as ServiceObject,
  type ServiceSpec,
} from "./shape.ts";
import {
  validateServiceCreate,
  validateServiceStatus,
  validateServiceUpdate,
} from "./validation.ts";
import { schemaNamed } from "../../schema/types.ts";

export type Service = ServiceObject;

const affinitySecondsDefault = 10_800;

/** k8s: pkg/apis/core/v1/defaults.go SetDefaults_Service */
function applyDefaults(service: Service): Service {
  const given = service.spec ?? {};
  const spec: ServiceSpec = {
    ...given,
    type: given.type || "ClusterIP",
    sessionAffinity: given.sessionAffinity || "None",
  };
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP") {
    const seconds = given.sessionAffinityConfig?.clientIP?.timeoutSeconds;
    if (seconds === undefined) {
      spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySecondsDefault } };
    }
  }
  if (spec.ports) {
    spec.ports = spec.ports.map((port) => ({
      ...port,
      protocol: port.protocol || "TCP",
      targetPort: port.targetPort || port.port,
    }));
  }
  const next = { ...service, spec };
  if (isExternallyAccessible(next)) spec.externalTrafficPolicy ||= "Cluster";
  if (["ClusterIP", "LoadBalancer", "NodePort"].includes(spec.type ?? "")) {
    spec.internalTrafficPolicy ??= "Cluster";
  }
  if (spec.type !== "LoadBalancer") return next;
  spec.allocateLoadBalancerNodePorts ??= true;
  const ingress = service.status?.loadBalancer?.ingress;
  if (!ingress?.some((i) => i.ip && i.ipMode === undefined)) return next;
  const filled = ingress.map((i) => (i.ip ? { ...i, ipMode: i.ipMode ?? "VIP" } : i));
  return { ...next, status: { ...service.status, loadBalancer: { ingress: filled } } };
}

type SpecKey = keyof ServiceSpec;

/** Fields that a changed type leaves without meaning go, unless the client changed them too. k8s: dropTypeDependentFields */
function dropTypeDependent(service: Service, old: Service): Service {
  const now = service.spec ?? {};
  const was = old.spec ?? {};
  const drop = new Set<SpecKey>();
  if (needsClusterIp(old) && !needsClusterIp(service)) {
    if (
      (now.clusterIP ?? "") === (was.clusterIP ?? "") &&
      sameList(now.clusterIPs, was.clusterIPs)
    ) {
      drop.add("clusterIP").add("clusterIPs");
    }
    if (sameList(now.ipFamilies, was.ipFamilies)) drop.add("ipFamilies");
    if (now.ipFamilyPolicy === was.ipFamilyPolicy) drop.add("ipFamilyPolicy");
  }
  const leaves = (had: boolean, has: boolean, field: SpecKey): void => {
    if (had && !has && now[field] === was[field]) drop.add(field);
  };
  const balancer = (spec: ServiceSpec): boolean => spec.type === "LoadBalancer";
  leaves(needsHealthCheck(old), needsHealthCheck(service), "healthCheckNodePort");
  leaves(balancer(was), balancer(now), "allocateLoadBalancerNodePorts");
  leaves(balancer(was), balancer(now), "loadBalancerClass");
  leaves(isExternallyAccessible(old), isExternallyAccessible(service), "externalTrafficPolicy");
  const spec = { ...now };
  for (const field of drop) delete spec[field];
  const before = new Set(nodePortsOf(old));
  const kept = nodePortsOf(service).every((port) => before.has(port));
  if (hasNodePorts(was) && !hasNodePorts(now) && kept && spec.ports) {
    spec.ports = spec.ports.map(({ nodePort: _, ...port }) => port);
  }
  const status = balancer(spec) ? service.status : { ...service.status, loadBalancer: {} };
  return { ...service, spec, ...(service.status ? { status } : {}) };
}

const hasNodePorts = (spec: ServiceSpec): boolean =>
  spec.type === "NodePort" || spec.type === "LoadBalancer";

/** Upstream stores internalTrafficPolicy of an ExternalName but never shows it. k8s: defaultOnReadInternalTrafficPolicy */
function asRead(service: Service): Service {
  if (service.spec?.type !== "ExternalName") return service;
  const { internalTrafficPolicy: _, ...spec } = service.spec;
  return { ...service, spec };
}

const topologyHints = "service.kubernetes.io/topology-aware-hints";
const topologyMode = "service.kubernetes.io/topology-mode";

/** k8s: pkg/api/service/warnings.go GetWarningsForService */
function warnings(service: Service): string[] {
  const spec = service.spec ?? {};
  const out: string[] = [];
  if (service.metadata.annotations?.[topologyHints] !== undefined) {
    out.push(`annotation ${topologyHints} is deprecated, please use ${topologyMode} instead`);
  }
  const external = spec.externalIPs ?? [];
  const headless = spec.type === "ClusterIP" && spec.clusterIP === "None";
  if (spec.clusterIP && spec.clusterIP !== "None") {
    for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
      out.push(...ipWarnings(`spec.clusterIPs[${i}]`, ip));
    }
  }
  if (headless) {
    if (spec.loadBalancerIP) out.push("spec.loadBalancerIP is ignored for headless services");
    if (external.length) out.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") {
      out.push("spec.SessionAffinity is ignored for headless services");
    }
  }
  for (const [i, ip] of external.entries()) out.push(...ipWarnings(`spec.externalIPs[${i}]`, ip));
  if (external.length > 0 && !headless && spec.type !== "ExternalName") {
    out.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  }
  if (spec.loadBalancerIP) out.push(...ipWarnings("spec.loadBalancerIP", spec.loadBalancerIP));
  for (const [i, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    out.push(...cidrWarnings(`spec.loadBalancerSourceRanges[${i}]`, range));
  }
  if (spec.type === "ExternalName" && external.length > 0) {
    out.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (spec.type !== "ExternalName" && spec.externalName) {
    out.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === "PreferClose") {
    out.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return out;
}

/** k8s: printers.go getServiceExternalIP, as -o wide prints it (rows are always wide) */
function externalIp(service: Service): string {
  const spec = service.spec ?? {};
  const external = spec.externalIPs ?? [];
  switch (spec.type) {
    case "ClusterIP":
    case "NodePort":
      return external.join(",") || "<none>";
    case "LoadBalancer": {
      const balancer = loadBalancerAddresses(service.status?.loadBalancer?.ingress);
      return [...(balancer ? [balancer] : []), ...external].join(",") || "<pending>";
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

function portsText(service: Service): string {
  const ports = (service.spec?.ports ?? []).map((port) =>
    port.nodePort
      ? `${port.port}:${port.nodePort}/${port.protocol}`
      : `${port.port}/${port.protocol}`,
  );
  return ports.join(",") || "<none>";
}

export const Service: Kind<Service> = {
  resource: "services",
  apiVersion: "v1",
  kind: "Service",
  schema: schemaNamed("core/v1.Service"),
  indices: [
    {
      name: "service.ip",
      values: (o) => (o as Service).spec?.clusterIPs?.filter((ip) => ip !== "None") ?? [],
    },
    {
      name: "service.selector",
      values: (o) => {
        const { selector, type } = (o as Service).spec ?? {};
        if (!selector || type === "ExternalName") return [];
        for (const key in selector) return [`${o.metadata.namespace}\0${key}=${selector[key]}`];
        return [`${o.metadata.namespace}\0`];
      },
    },
    {
      name: "service.nodePort",
      values: (o) => {
        const { spec } = o as Service;
        const ports = (spec?.ports ?? []).flatMap((p) => (p.nodePort ? [String(p.nodePort)] : []));
        return spec?.healthCheckNodePort ? [...ports, String(spec.healthCheckNodePort)] : ports;
      },
    },
  ],
  namespaced: true,
  nameRule: "label",
  hasGeneration: false,
  statusWritesMetadata: allMetadata,
  allowCreateOnUpdate: true,
  applyDefaults,
  prepareForCreate: (service, context) =>
    asRead(allocateService({ ...service, status: { loadBalancer: {} } }, undefined, context)),
  prepareForUpdate(service, old, context) {
    if (context.subresource === "status") return { ...service, spec: old.spec };
    const next = allocateService({ ...service, status: old.status }, old, context);
    return asRead(dropTypeDependent(next, old));
  },
  validateCreate: validateServiceCreate,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatus,
  warnings,
  fields: (service) => ({
    "spec.clusterIP": service.spec?.clusterIP ?? "",
    "spec.type": service.spec?.type ?? "",
  }),
  table: {
    columns: [
      nameColumn,
      column("Type", "How the Service is exposed."),
      column("Cluster-IP", "Virtual address inside the cluster."),
      column("External-IP", "Addresses outside the cluster."),
      column("Port(s)", "Ports, with their node ports."),
      ageColumn,
      wideColumn("Selector", "Labels of the Pods behind it."),
    ],
    cells: (service, now) => [
      service.metadata.name,
      service.spec?.type ?? "",
      service.spec?.clusterIPs?.[0] ?? "<none>",
      externalIp(service),
      portsText(service),
      age(service, now),
      formatLabels(service.spec?.selector),
    ],
  },
};
