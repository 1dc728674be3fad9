/** k8s: pkg/apis/core/validation/validation.go validateService and what it calls, in its order. */
import {
  at,
  child,
  duplicate,
  forbiddenField,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { validateLabels } from "../../machinery/metadata.ts";
import {
  dns1123Label,
  dns1123Subdomain,
  invalidEach,
  portNumber,
  qualifiedName,
  unsupported,
} from "../../machinery/names.ts";
import { validateCidrLegacy, validateIpLegacy } from "../../machinery/ip.ts";
import { checkOneOf, checkPortOrName, protocols } from "../checks.ts";
import { checkEndpointIp, familyOf } from "../ip-families.ts";
import { validateClusterIps, validateClusterIpsUpdate } from "./families.ts";
import {
  isExternallyAccessible,
  isHeadless,
  needsHealthCheck,
  type Service,
  type ServicePort,
  type ServiceSpec,
} from "./shape.ts";

const topologyHints = "service.kubernetes.io/topology-aware-hints";
const topologyMode = "service.kubernetes.io/topology-mode";
const sourceRangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
/** k8s: pkg/apis/core MaxClientIPServiceAffinitySeconds */
const affinitySecondsMax = 86400;

export function validateServiceCreate(service: Service): FieldError[] {
  return validateService(service, undefined);
}

/** k8s: ValidateServiceUpdate */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors = validateClusterIpsUpdate(service, old);
  errors.push(...validateLoadBalancerClass(service, old));
  const kept = needsHealthCheck(old) && needsHealthCheck(service);
  if (kept && service.spec?.healthCheckNodePort !== old.spec?.healthCheckNodePort) {
    errors.push(forbiddenField("spec.healthCheckNodePort", "field is immutable"));
  }
  errors.push(...validateService(service, old));
  return errors;
}

function validateService(service: Service, old: Service | undefined): FieldError[] {
  const spec = service.spec ?? {};
  return [
    ...validateTopology(service),
    ...validateByType(service, spec),
    ...validatePorts(spec),
    ...(spec.selector ? validateLabels(spec.selector, "spec.selector") : []),
    ...validateAffinity(spec),
    ...validateClusterIps(service, old),
    ...validateExternalIps(spec, old?.spec?.externalIPs),
    ...checkOneOf("spec.type", spec.type, types),
    ...validatePortUse(spec),
    ...validateSourceRanges(service, old),
    ...validateLoadBalancerNodePorts(spec),
    ...validateLoadBalancerClass(service, undefined),
    ...validateExternalTraffic(service, spec),
    ...validateInternalTraffic(spec),
    ...validateTrafficDistribution(spec),
  ];
}

function validateTopology(service: Service): FieldError[] {
  const annotations = service.metadata.annotations ?? {};
  const mode = annotations[topologyMode];
  const hints = annotations[topologyHints];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const detail = `must match annotations[${topologyHints}] when both are specified`;
  return [invalid(at("metadata.annotations", topologyMode), mode, detail)];
}

function validateByType(service: Service, spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const headless = isHeadless(service);
  if (!spec.ports?.length && !headless && spec.type !== "ExternalName") {
    errors.push(required("spec.ports"));
  }
  if ((spec.type === "LoadBalancer" || spec.type === "NodePort") && headless) {
    const detail = `may not be set to 'None' for ${spec.type} services`;
    errors.push(invalid("spec.clusterIPs[0]", "None", detail));
  }
  if (spec.type === "ExternalName") errors.push(...validateExternalName(spec));
  return errors;
}

function validateExternalName(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = "may not be set for ExternalName services";
  if (spec.clusterIPs?.length) errors.push(forbiddenField("spec.clusterIPs", refuse));
  if (spec.ipFamilies?.length) errors.push(forbiddenField("spec.ipFamilies", refuse));
  if (spec.ipFamilyPolicy !== undefined) {
    errors.push(forbiddenField("spec.ipFamilyPolicy", refuse));
  }
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.push(required("spec.externalName"));
  else errors.push(...invalidEach("spec.externalName", name, dns1123Subdomain(name)));
  return errors;
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const ports = spec.ports ?? [];
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    errors.push(...validatePort(at("spec.ports", i), port, ports.length > 1, names));
  }
  return errors;
}

function validatePort(
  path: string,
  port: ServicePort,
  nameRequired: boolean,
  names: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const namePath = child(path, "name");
  if (port.name) {
    errors.push(...invalidEach(namePath, port.name, dns1123Label(port.name)));
    if (names.has(port.name)) errors.push(duplicate(namePath, port.name));
    names.add(port.name);
  } else if (nameRequired) {
    errors.push(required(namePath));
  }
  const number = port.port ?? 0;
  errors.push(...invalidEach(child(path, "port"), number, portNumber(number)));
  errors.push(...checkOneOf(child(path, "protocol"), port.protocol, protocols));
  errors.push(...checkPortOrName(child(path, "targetPort"), port.targetPort));
  if (port.appProtocol !== undefined) {
    const rule = qualifiedName(port.appProtocol);
    errors.push(...invalidEach(child(path, "appProtocol"), port.appProtocol, rule));
  }
  return errors;
}

function validateAffinity(spec: ServiceSpec): FieldError[] {
  const errors = checkOneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]);
  const path = "spec.sessionAffinityConfig";
  const config = spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "None" && config !== undefined) {
    errors.push(forbiddenField(path, "must not be set when session affinity is None"));
  }
  if (spec.sessionAffinity !== "ClientIP") return errors;
  const when = "when session affinity type is ClientIP";
  const seconds = config?.clientIP?.timeoutSeconds;
  if (!config) errors.push(required(path, when));
  else if (!config.clientIP) errors.push(required(`${path}.clientIP`, when));
  else if (seconds === undefined) {
    errors.push(required(`${path}.clientIP.timeoutSeconds`, when));
  } else if (seconds <= 0 || seconds > affinitySecondsMax) {
    const detail = `must be greater than 0 and less than ${affinitySecondsMax}`;
    errors.push(invalid(`${path}.clientIP.timeoutSeconds`, seconds, detail));
  }
  return errors;
}

function validateExternalIps(spec: ServiceSpec, old: string[] | undefined): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const path = at("spec.externalIPs", i);
    const found = validateIpLegacy(path, ip, old);
    errors.push(...(found.length > 0 ? found : checkEndpointIp(path, ip)));
  }
  return errors;
}

/** NodePorts that the type forbids, then NodePorts and ports that occur twice. */
function validatePortUse(spec: ServiceSpec): FieldError[] {
  const ports = spec.ports ?? [];
  const errors: FieldError[] = [];
  for (const [i, port] of ports.entries()) {
    if (spec.type === "ClusterIP" && port.nodePort) {
      const path = `spec.ports[${i}].nodePort`;
      errors.push(forbiddenField(path, "may not be used when `type` is 'ClusterIP'"));
    }
  }
  const nodePorts = new Set<string>();
  for (const [i, port] of ports.entries()) {
    if (!port.nodePort) continue;
    const key = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(`spec.ports[${i}].nodePort`, port.nodePort));
    nodePorts.add(key);
  }
  const seen = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const key = `${port.protocol}/${port.port}`;
    if (seen.has(key)) errors.push(duplicate(at("spec.ports", i), portKey(port)));
    seen.add(key);
  }
  return errors;
}

/** The Go struct whose JSON upstream prints for a port given twice: only protocol and port are set. */
const portKey = (port: ServicePort): unknown => ({
  Name: "",
  Protocol: port.protocol ?? "",
  AppProtocol: null,
  Port: port.port ?? 0,
  TargetPort: 0,
  NodePort: 0,
});

function validateSourceRanges(service: Service, old: Service | undefined): FieldError[] {
  const spec = service.spec ?? {};
  const errors: FieldError[] = [];
  const refuse = "may only be used when `type` is 'LoadBalancer'";
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const balancer = spec.type === "LoadBalancer";
  if (ranges.length > 0) {
    const path = "spec.LoadBalancerSourceRanges";
    if (!balancer) errors.push(forbiddenField(path, refuse));
    const known = (old?.spec?.loadBalancerSourceRanges ?? []).map((r) => r.trim());
    for (const [i, range] of ranges.entries()) {
      errors.push(...validateCidrLegacy(at(path, i), range.trim(), known));
    }
    return errors;
  }
  const text = service.metadata.annotations?.[sourceRangesAnnotation];
  if (text === undefined) return errors;
  const path = at("metadata.annotations", sourceRangesAnnotation);
  if (!balancer) errors.push(forbiddenField(path, refuse));
  if (old?.metadata.annotations?.[sourceRangesAnnotation] === text || text.trim() === "") {
    return errors;
  }
  for (const range of text.trim().split(","))
    errors.push(...validateCidrLegacy(path, range.trim()));
  return errors;
}

function validateLoadBalancerNodePorts(spec: ServiceSpec): FieldError[] {
  const set = spec.allocateLoadBalancerNodePorts !== undefined;
  const balancer = spec.type === "LoadBalancer";
  if (set && !balancer) {
    const path = "spec.allocateLoadBalancerNodePorts";
    return [forbiddenField(path, "may only be used when `type` is 'LoadBalancer'")];
  }
  return !set && balancer ? [required("allocateLoadBalancerNodePorts")] : [];
}

function validateLoadBalancerClass(service: Service, old: Service | undefined): FieldError[] {
  const path = "spec.loadBalancerClass";
  const errors: FieldError[] = [];
  const name = service.spec?.loadBalancerClass;
  const balancer = service.spec?.type === "LoadBalancer";
  if (old?.spec?.type === "LoadBalancer" && balancer && old.spec.loadBalancerClass !== name) {
    errors.push(invalid(path, name, "may not change once set"));
  }
  if (name === undefined) return errors;
  if (balancer) errors.push(...invalidEach(path, name, qualifiedName(name)));
  else errors.push(forbiddenField(path, "may only be used when `type` is 'LoadBalancer'"));
  return errors;
}

function validateExternalTraffic(service: Service, spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const policyPath = "spec.externalTrafficPolicy";
  const policy = spec.externalTrafficPolicy ?? "";
  if (isExternallyAccessible(service)) {
    errors.push(...checkOneOf(policyPath, policy, ["Cluster", "Local"]));
  } else if (policy !== "") {
    const detail = "may only be set for externally-accessible services";
    errors.push(invalid(policyPath, policy, detail));
  }
  const portPath = "spec.healthCheckNodePort";
  const port = spec.healthCheckNodePort ?? 0;
  if (needsHealthCheck(service)) {
    if (port === 0) errors.push(required(portPath));
    else errors.push(...invalidEach(portPath, port, portNumber(port)));
  } else if (port !== 0) {
    const detail =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(portPath, port, detail));
  }
  return errors;
}

function validateInternalTraffic(spec: ServiceSpec): FieldError[] {
  const path = "spec.internalTrafficPolicy";
  const policy = spec.internalTrafficPolicy;
  if (policy !== undefined) {
    return ["Cluster", "Local"].includes(policy)
      ? []
      : [notSupported(path, policy, ["Cluster", "Local"])];
  }
  return ["ClusterIP", "LoadBalancer", "NodePort"].includes(spec.type ?? "")
    ? [required(path)]
    : [];
}

const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];

function validateTrafficDistribution(spec: ServiceSpec): FieldError[] {
  const wanted = spec.trafficDistribution;
  if (wanted === undefined || distributions.includes(wanted)) return [];
  return [unsupported("spec.trafficDistribution", wanted, distributions)];
}

/** k8s: ValidateLoadBalancerStatus */
export function validateServiceStatus(service: Service, old: Service): FieldError[] {
  const path = "status.loadBalancer.ingress";
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (service.spec?.type !== "LoadBalancer" && ingress.length > 0) {
    return [forbiddenField(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const known = (old.status?.loadBalancer?.ingress ?? []).flatMap((i) => (i.ip ? [i.ip] : []));
  return ingress.flatMap((entry, i) => validateIngress(at(path, i), entry, known));
}

interface LoadBalancerIngress {
  ip?: string;
  hostname?: string;
  ipMode?: string;
}

function validateIngress(path: string, entry: LoadBalancerIngress, known: string[]): FieldError[] {
  const errors: FieldError[] = [];
  const modePath = child(path, "ipMode");
  if (entry.ip) errors.push(...validateIpLegacy(child(path, "ip"), entry.ip, known));
  if (entry.ipMode === undefined) {
    if (entry.ip) errors.push(required(modePath, "must be specified when `ip` is set"));
  } else if (!entry.ip) {
    errors.push(forbiddenField(modePath, "may not be specified when `ip` is not set"));
  } else if (!["Proxy", "VIP"].includes(entry.ipMode)) {
    errors.push(notSupported(modePath, entry.ipMode, ["Proxy", "VIP"]));
  }
  if (entry.hostname) {
    const hostPath = child(path, "hostname");
    errors.push(...invalidEach(hostPath, entry.hostname, dns1123Subdomain(entry.hostname)));
    if (familyOf(entry.hostname) !== undefined) {
      errors.push(invalid(hostPath, entry.hostname, "must be a DNS name, not an IP address"));
    }
  }
  return errors;
}
