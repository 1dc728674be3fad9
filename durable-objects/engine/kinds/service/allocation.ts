/**
 * ClusterIPs (of the ranges in ranges.ts) and node ports. What is taken is asked of the index `service.nodePort`, so nothing
 * is counted and nothing needs releasing. The cluster is single-stack IPv4.
 * k8s: pkg/registry/core/service/storage/{storage,alloc}.go
 */
import { at, invalid, invalidObject, type FieldError } from "../../machinery/field.ts";
import { internalError } from "../../machinery/status.ts";
import { nodePortMax, nodePortMin, nodePortStaticBandMax } from "../../core/limits.ts";
import type { WriteContext } from "../define.ts";
import { familyOf } from "../ip-families.ts";
import { validateClusterIps } from "./families.ts";
import { freeIp, ipProblem } from "./ranges.ts";
import {
  needsClusterIp,
  needsHealthCheck,
  nodePortsOf,
  sameList,
  type Service,
  type ServicePort,
  type ServiceSpec,
} from "./shape.ts";

/** `kubernetes` has the first address of the default range, `kube-dns` its tenth. */
export const kubernetesServiceIp = "10.96.0.1";
export const dnsServiceIp = "10.96.0.10";

type Context = Pick<WriteContext, "reader" | "random">;

/** The Service with addresses and ports filled in. Throws StatusError 422 when a requested one is taken or out of range. */
export function allocateService(
  service: Service,
  old: Service | undefined,
  context: Context,
): Service {
  let next = old ? keepAllocated(service, old) : service;
  next = alignClusterIps(next, old);
  next = chooseFamilies(next, old);
  next = allocateIps(next, old, context);
  return allocatePorts(next, old, context);
}

const withSpec = (service: Service, change: Partial<ServiceSpec>): Service => ({
  ...service,
  spec: { ...service.spec, ...change },
});

const refuse = (service: Service, errors: FieldError[]): never => {
  throw invalidObject("", "Service", service.metadata.name, errors);
};

/** What the server chose stays when a client sends the object back without it. k8s: patchAllocatedValues */
function keepAllocated(service: Service, old: Service): Service {
  let next = service;
  if (needsClusterIp(old) && needsClusterIp(service)) {
    const spec = service.spec ?? {};
    next = withSpec(next, {
      clusterIP: spec.clusterIP || old.spec?.clusterIP,
      clusterIPs: spec.clusterIPs?.length ? spec.clusterIPs : old.spec?.clusterIPs,
    });
  }
  if (wantsNodePorts(old) && wantsNodePorts(service)) next = keepNodePorts(next, old);
  const port = old.spec?.healthCheckNodePort;
  if (needsHealthCheck(old) && needsHealthCheck(next) && !next.spec?.healthCheckNodePort) {
    next = withSpec(next, { healthCheckNodePort: port });
  }
  return next;
}

function wantsNodePorts(service: Service): boolean {
  const spec = service.spec ?? {};
  if (spec.type === "NodePort") return true;
  return spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false;
}

function keepNodePorts(service: Service, old: Service): Service {
  const before = new Set(nodePortsOf(old));
  const used = new Set(nodePortsOf(service).filter((port) => before.has(port)));
  const byName = new Map(
    (old.spec?.ports ?? []).map((port) => [port.name ?? "", port.nodePort ?? 0]),
  );
  const ports = service.spec?.ports?.map((port) => {
    const known = byName.get(port.name ?? "") ?? 0;
    if (port.nodePort || known === 0 || used.has(known)) return port;
    return { ...port, nodePort: known };
  });
  return ports ? withSpec(service, { ports }) : service;
}

/** clusterIP and clusterIPs say the same, whichever of them the client wrote. k8s: normalizeClusterIPs */
function alignClusterIps(service: Service, old: Service | undefined): Service {
  const ip = service.spec?.clusterIP ?? "";
  const ips = service.spec?.clusterIPs ?? [];
  if (!old) return ip && ips.length === 0 ? withSpec(service, { clusterIPs: [ip] }) : service;
  const oldIp = old.spec?.clusterIP ?? "";
  const oldIps = old.spec?.clusterIPs ?? [];
  if (oldIp === ip) {
    return oldIps.length > 0 && ips.length === 0
      ? withSpec(service, { clusterIPs: oldIps })
      : service;
  }
  if (!sameList(ips, oldIps)) return service;
  return withSpec(service, { clusterIPs: ip ? [ip] : undefined });
}

/** k8s: initIPFamilyFields */
function chooseFamilies(service: Service, old: Service | undefined): Service {
  if (!needsClusterIp(service) || keepsPreferDual(service, old)) return service;
  const spec = service.spec ?? {};
  const loose = spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
  const policy =
    spec.ipFamilyPolicy ??
    old?.spec?.ipFamilyPolicy ??
    (loose ? "RequireDualStack" : "SingleStack");
  let next = withSpec(service, { ipFamilyPolicy: policy });
  const malformed = validateClusterIps(next, old);
  if (malformed.length > 0) refuse(next, malformed);
  const errors: FieldError[] = [];
  if (old) next = reduceFamilies(next, old, policy, errors);
  checkPolicy(next, policy, errors);
  const families = [...(next.spec?.ipFamilies ?? [])];
  for (const [i, ip] of (next.spec?.clusterIPs ?? []).entries()) {
    if (ip === "None") break;
    if (i < families.length) continue;
    const family = familyOf(ip) ?? "IPv4";
    if (family === "IPv4") families.push(family);
    else {
      const detail = `${family} is not configured on this cluster`;
      errors.push(invalid(at("spec.clusterIPs", i), next.spec?.clusterIPs, detail));
    }
  }
  if (errors.length > 0) refuse(next, errors);
  if (loose) return withSpec(next, { ipFamilies: looseFamilies(families, policy) });
  checkConfigured(next, policy, families);
  return withSpec(next, { ipFamilies: families.length > 0 ? families : ["IPv4"] });
}

/** k8s: isMatchingPreferDualStackClusterIPFields */
function keepsPreferDual(service: Service, old: Service | undefined): boolean {
  const now = service.spec ?? {};
  const was = old?.spec;
  return (
    was !== undefined &&
    now.ipFamilyPolicy === "PreferDualStack" &&
    was.type === now.type &&
    (was.ipFamilyPolicy ?? "PreferDualStack") === "PreferDualStack" &&
    sameList(was.clusterIPs, now.clusterIPs) &&
    sameList(was.ipFamilies, now.ipFamilies)
  );
}

function reduceFamilies(
  service: Service,
  old: Service,
  policy: string,
  errors: FieldError[],
): Service {
  const { clusterIPs = [], ipFamilies = [] } = service.spec ?? {};
  const { clusterIPs: oldIps = [], ipFamilies: oldFamilies = [] } = old.spec ?? {};
  if (policy === "SingleStack") {
    return withSpec(service, {
      clusterIPs: sameList(clusterIPs, oldIps) ? clusterIPs.slice(0, 1) : clusterIPs,
      ipFamilies: sameList(ipFamilies, oldFamilies) ? ipFamilies.slice(0, 1) : ipFamilies,
    });
  }
  const path = "spec.ipFamilyPolicy";
  if (clusterIPs.length > 0 && clusterIPs.length < oldIps.length) {
    const detail = "must be 'SingleStack' to release the secondary cluster IP";
    errors.push(invalid(path, policy, detail));
  }
  if (ipFamilies.length > 0 && ipFamilies.length < oldFamilies.length) {
    const detail = "must be 'SingleStack' to release the secondary IP family";
    errors.push(invalid(path, policy, detail));
  }
  return service;
}

function checkPolicy(service: Service, policy: string, errors: FieldError[]): void {
  if (policy !== "SingleStack") return;
  const rule = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
  const path = "spec.ipFamilyPolicy";
  if (service.spec?.clusterIPs?.length === 2) {
    errors.push(invalid(path, policy, `${rule} cluster IPs are specified`));
  }
  if (service.spec?.ipFamilies?.length === 2) {
    errors.push(invalid(path, policy, `${rule} IP families are specified`));
  }
}

/** Headless without a selector may name families that the cluster lacks. */
function looseFamilies(families: string[], policy: string): string[] {
  const known = families.length > 0 ? families : ["IPv4"];
  if (known.length > 1 || policy === "SingleStack") return known;
  return [...known, known[0] === "IPv4" ? "IPv6" : "IPv4"];
}

function checkConfigured(service: Service, policy: string, families: string[]): void {
  const errors: FieldError[] = [];
  if (policy === "RequireDualStack") {
    const detail = "this cluster is not configured for dual-stack services";
    errors.push(invalid("spec.ipFamilyPolicy", policy, detail));
  }
  for (const [i, family] of families.entries()) {
    if (family === "IPv4") continue;
    errors.push(invalid(at("spec.ipFamilies", i), family, "not configured on this cluster"));
  }
  if (errors.length > 0) refuse(service, errors);
}

function allocateIps(service: Service, old: Service | undefined, context: Context): Service {
  const ips = service.spec?.clusterIPs ?? [];
  if (!needsClusterIp(service) || ips[0] === "None") return service;
  if (old && needsClusterIp(old)) return service;
  const wished = ips[0] ?? "";
  if (wished === "") {
    const ip = freeIp(context);
    if (ip === undefined) {
      const name = JSON.stringify(service.metadata.name);
      throw internalError(`failed to allocate a serviceIP for Service ${name}: range is full`);
    }
    return withSpec(service, { clusterIP: ip, clusterIPs: [ip] });
  }
  const problem = ipProblem(wished, context.reader);
  if (problem) {
    const detail = `failed to allocate IP ${wished}: ${problem}`;
    refuse(service, [invalid("spec.clusterIPs", ips, detail)]);
  }
  return service;
}

/** Ports of one write: those it took already count as taken. */
class PortPool {
  readonly #taken = new Set<number>();
  readonly #context: Context;
  constructor(context: Context) {
    this.#context = context;
  }
  /** The reason why `port` cannot be had, or undefined when it now is. */
  take(port: number): string | undefined {
    if (port < nodePortMin || port > nodePortMax) {
      return `provided port is not in the valid range. The range of valid ports is ${nodePortMin}-${nodePortMax}`;
    }
    if (!this.#isFree(port)) return "provided port is already allocated";
    this.#taken.add(port);
    return undefined;
  }
  next(): number | undefined {
    const size = nodePortMax - nodePortMin + 1;
    const upper = size - nodePortStaticBandMax;
    const start = Math.floor(this.#context.random() * upper);
    for (let i = 0; i < size; i++) {
      const offset = i < upper ? nodePortStaticBandMax + ((start + i) % upper) : i - upper;
      const port = nodePortMin + offset;
      if (!this.#isFree(port)) continue;
      this.#taken.add(port);
      return port;
    }
    return undefined;
  }
  #isFree(port: number): boolean {
    const stored = this.#context.reader.byIndex("service.nodePort", String(port));
    return stored.length === 0 && !this.#taken.has(port);
  }
}

function allocatePorts(service: Service, old: Service | undefined, context: Context): Service {
  const pool = new PortPool(context);
  let next = service;
  const type = service.spec?.type;
  if (type === "NodePort" || type === "LoadBalancer") {
    const ports = old ? portsOfUpdate(service, old, pool) : portsOfCreate(service, pool);
    if (ports) next = withSpec(next, { ports });
  }
  if (needsHealthCheck(next) && !(old && needsHealthCheck(old))) {
    next = withSpec(next, { healthCheckNodePort: healthCheckPort(next, pool) });
  }
  return next;
}

type Ports = ServiceSpec["ports"];

/** k8s: initNodePorts: one node port serves all protocols of a port number. */
function portsOfCreate(service: Service, pool: PortPool): Ports {
  const ports = service.spec?.ports ?? [];
  const byPort = new Map<number, number>();
  return ports.map((port, i) => {
    const nodePort = port.nodePort ?? 0;
    if (nodePort === 0 && !wantsNodePorts(service)) return port;
    const known = byPort.get(port.port);
    if (known === undefined) {
      const wished = ports.find((p) => p.port === port.port && p.nodePort)?.nodePort;
      const chosen = wished === undefined ? anyPort(pool) : wish(service, pool, i, wished);
      byPort.set(port.port, chosen);
      return { ...port, nodePort: chosen };
    }
    if (nodePort === known) return port;
    return { ...port, nodePort: nodePort === 0 ? known : wish(service, pool, i, nodePort) };
  });
}

/** k8s: updateNodePorts */
function portsOfUpdate(service: Service, old: Service, pool: PortPool): Ports {
  const before = new Set(nodePortsOf(old));
  const taken = new Set<number>();
  return service.spec?.ports?.map((port: ServicePort & { port: number }, i) => {
    const nodePort = port.nodePort ?? 0;
    if (nodePort === 0) {
      return wantsNodePorts(service) ? { ...port, nodePort: anyPort(pool) } : port;
    }
    if (!before.has(nodePort) && !taken.has(nodePort)) wish(service, pool, i, nodePort);
    taken.add(nodePort);
    return port;
  });
}

function wish(service: Service, pool: PortPool, index: number, port: number): number {
  const problem = pool.take(port);
  if (problem) refuse(service, [invalid(`spec.ports[${index}].nodePort`, port, problem)]);
  return port;
}

function anyPort(pool: PortPool): number {
  const port = pool.next();
  if (port === undefined) throw internalError("failed to allocate a nodePort: range is full");
  return port;
}

function healthCheckPort(service: Service, pool: PortPool): number {
  const wished = service.spec?.healthCheckNodePort;
  if (!wished) {
    const port = pool.next();
    if (port !== undefined) return port;
    throw internalError("failed to allocate a HealthCheck NodePort 0: range is full");
  }
  const problem = pool.take(wished);
  if (!problem) return wished;
  throw internalError(`failed to allocate requested HealthCheck NodePort ${wished}: ${problem}`);
}
