/**
 * Where a connection ends up: DNS is done, the address is known. One path for every asker: Service -> endpoint -> policy
 * -> node -> Pod. Nothing is sent here; the outcome says who gets it, or what the asker sees and when.
 */
import type { Source } from "../runtime/net/stream.ts";
import { trimEndOf } from "../core/trim.ts";
import type { ConnectError } from "../runtime/net/network-port.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { PodRecord } from "../runtime/kernel/state.ts";
import type { Service, ServicePort } from "../kinds/service/shape.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";
import { connectTimeoutMs, hostUnreachableMs } from "../core/limits.ts";
import { hostPods, isUp, nodeIp, objectKeyOf, outsideIp, ownerOf, podAt } from "./addresses.ts";
import { hop } from "./hops.ts";
import type { Hop } from "../kinds/podyard/trace.ts";
import { kubeProxyAt } from "./kube-proxy.ts";
import { denial, type End, type Protocol } from "./policy.ts";
import { chooseEndpoint, isProxied } from "./services.ts";
import type { Site } from "../runtime/net/sites.ts";

export type Outcome =
  | { to: "pod"; pod: string; port: number; clientIp: string }
  | { to: "site"; site: Site; port: number }
  | { to: "ingress"; port: number }
  | { to: "apiserver" }
  | { to: "kubelet"; node: string }
  | { to: "kube-proxy"; node: string; port: number; local: boolean }
  | { to: "nobody"; error: ConnectError; afterMs: number };

export interface Route {
  outcome: Outcome;
  hops: Hop[];
}

interface Way {
  context: RuntimeContext;
  source: Source;
  protocol: Protocol;
  hops: Hop[];
  /** Address the target sees. */
  clientIp: string;
}

const apiServerPort = 6443;
const kubeletPort = 10_250;

export function sourceOfPod(context: RuntimeContext, podKey: string): Source {
  const record = context.records.get<PodRecord>("runtime", podKey);
  const pod = record?.pod;
  const ip = pod?.hostNetwork ? pod.hostIP : (pod?.ip ?? "");
  return { ip, pod: podKey, ...(pod ? { node: pod.node } : {}) };
}

export const sourceHop = ({ ip, pod, node }: Source): Hop =>
  hop("source", pod ?? node ?? "outside", "", { ip });

export const outside: Source = { ip: outsideIp };

/** Where a packet ends and by which hops; nothing is sent. Adds to `hops`. */
export function route(
  context: RuntimeContext,
  source: Source,
  ip: string,
  port: number,
  protocol: Protocol,
  hops: Hop[] = [],
): Route {
  const way: Way = { context, source, protocol, hops, clientIp: source.ip };
  if (hops.length === 0) hops.push(sourceHop(source));
  return { outcome: toAddress(way, ip, port), hops };
}

function fail(way: Way, error: ConnectError, at: Hop): Outcome {
  way.hops.push({ ...at, failed: true });
  const afterMs =
    error === "timeout" ? connectTimeoutMs : error === "unreachable" ? hostUnreachableMs : 0;
  return { to: "nobody", error, afterMs };
}

function toAddress(way: Way, ip: string, port: number): Outcome {
  if (isLoopback(ip)) return toLoopback(way, ip, port);
  const owner = ownerOf(way.context.reader, ip);
  switch (owner.kind) {
    case "service":
      return toService(way, owner.service, ip, port, owner.external);
    case "pod":
      return toPod(way, owner.pod, ip, port);
    case "node":
      return toNode(way, owner.node, ip, port);
    case "ingress":
      way.hops.push(hop("ingress", "ingress controller", "takes it", { ip, port }));
      return port === 80 || port === 443
        ? { to: "ingress", port }
        : { to: "nobody", error: "refused", afterMs: 0 };
    case "site":
      return toSite(way, owner.site, ip, port);
    case "absent":
      return fail(way, "unreachable", hop("node", ip, "no host has this address", { ip }));
    case "nowhere":
      return fail(way, "timeout", hop("node", ip, "nothing answers for this address", { ip }));
  }
}

const isLoopback = (ip: string): boolean => ip.startsWith("127.");

/** A node itself, or a Pod in its network, asks what listens there. */
function toLoopback(way: Way, ip: string, port: number): Outcome {
  const node = way.context.reader.get<Node>("nodes", "", way.source.node ?? "");
  way.clientIp = ip;
  if (node) return toNode(way, node, ip, port);
  return fail(way, "refused", hop("node", ip, "is the asker itself", { ip, port }));
}

function toService(
  way: Way,
  service: Service,
  ip: string,
  port: number,
  external: boolean,
): Outcome {
  const known = service.spec?.ports?.find(
    (p) => p.port === port && (p.protocol ?? "TCP") === way.protocol,
  );
  const name = objectKeyOf(service);
  if (!known || !isProxied(service)) {
    const detail = known ? "is not kube-proxy's" : `has no port ${port}/${way.protocol}`;
    return fail(way, "timeout", hop("service", name, detail, { ip, port }));
  }
  if (!external) {
    const localOnly =
      service.spec?.internalTrafficPolicy === "Local" && way.source.node !== undefined;
    return toEndpoint(way, service, known, ip, way.source.node, localOnly);
  }
  // A load balancer only sends to nodes that pass its health check.
  const local = service.spec?.externalTrafficPolicy === "Local" && way.source.node === undefined;
  return toEndpoint(way, service, known, ip, entryNode(way, service, known, local), local);
}

/** The node an external address leads to. k8s: healthCheckNodePort for externalTrafficPolicy Local */
function entryNode(
  way: Way,
  service: Service,
  port: ServicePort,
  local: boolean,
): string | undefined {
  const { context, source } = way;
  if (source.node !== undefined) return source.node;
  if (local) {
    const choice = chooseEndpoint(
      context,
      service,
      port,
      { ip: source.ip, node: undefined },
      false,
    );
    return typeof choice === "string" ? undefined : choice.backend.node;
  }
  const node = context.reader
    .list<Node>("nodes")
    .find(
      ({ metadata }) =>
        isUp(context.reader, metadata.name) &&
        metadata.labels?.["node.kubernetes.io/exclude-from-external-load-balancers"] === undefined,
    );
  if (node) way.clientIp = nodeIp(node);
  return node?.metadata.name;
}

function toEndpoint(
  way: Way,
  service: Service,
  port: ServicePort,
  ip: string,
  node: string | undefined,
  localOnly: boolean,
): Outcome {
  const name = objectKeyOf(service);
  const asker = { ip: way.source.ip, node };
  const choice = chooseEndpoint(way.context, service, port, asker, localOnly);
  const at = { ip, port: port.port as number };
  if (choice === "refused") {
    return fail(way, "refused", hop("service", name, "has no ready endpoints", at));
  }
  if (choice === "dropped") {
    return fail(
      way,
      "timeout",
      hop("service", name, `has no endpoints on ${node ?? "this node"}`, at),
    );
  }
  const { backend, of } = choice;
  way.hops.push(hop("service", name, `chose 1 of ${of} ready endpoint${of === 1 ? "" : "s"}`, at));
  way.hops.push(
    hop("endpoint", backend.pod ?? backend.ip, "", { ip: backend.ip, port: backend.port }),
  );
  // A Pod that reaches itself through its Service sees its node's bridge as the client.
  if (backend.pod !== undefined && backend.pod === way.source.pod)
    way.clientIp = bridgeOf(backend.ip);
  return toBackend(way, backend.ip, backend.port);
}

const bridgeOf = (ip: string): string => `${trimEndOf(ip, "0123456789")}1`;

/** An endpoint's address: a Pod, a node, or something outside that a hand-made slice names. */
function toBackend(way: Way, ip: string, port: number): Outcome {
  const owner = ownerOf(way.context.reader, ip);
  if (owner.kind === "node") return toHost(way, owner.node, ip, port);
  if (owner.kind === "service")
    return fail(way, "timeout", hop("endpoint", ip, "is a Service's address"));
  return toAddress(way, ip, port);
}

function ends(way: Way, pod: Pod | undefined, ip: string): [End, End] {
  const { reader } = way.context;
  // By its name, not by its address: in its first moments that is not in its status yet.
  const [namespace = "", name = ""] = way.source.pod?.split("/") ?? [];
  const own = way.source.pod === undefined ? undefined : reader.get<Pod>("pods", namespace, name);
  const from: End = own ? { ip: way.source.ip, pod: own } : { ip: way.clientIp };
  return [from, { ip, ...(pod ? { pod } : {}) }];
}

function dropped(way: Way, pod: Pod | undefined, ip: string, port: number): Outcome | undefined {
  const [from, to] = ends(way, pod, ip);
  const denied = denial(way.context.reader, from, to, way.protocol, port);
  if (!denied) return undefined;
  const detail = `${denied.direction.toLowerCase()} is denied`;
  return fail(way, "timeout", hop("policy", denied.policy, detail, { ip, port }));
}

function toPod(way: Way, pod: Pod, ip: string, port: number): Outcome {
  const { reader, records } = way.context;
  const node = pod.spec.nodeName ?? "";
  const stopped = dropped(way, pod, ip, port);
  if (stopped) return stopped;
  if (!isUp(reader, node)) return fail(way, "timeout", hop("node", node, "is down"));
  const where = node === way.source.node ? "the same node" : "another node";
  way.hops.push(hop("node", node, way.source.node === undefined ? "" : where));
  const key = objectKeyOf(pod);
  if (!records.get("runtime", key)) {
    return fail(way, "unreachable", hop("pod", key, "is not running", { ip }));
  }
  way.hops.push(hop("pod", key, `sees ${way.clientIp}`, { ip, port }));
  return { to: "pod", pod: key, port, clientIp: way.clientIp };
}

function toSite(way: Way, site: Site, ip: string, port: number): Outcome {
  const stopped = dropped(way, undefined, ip, port);
  if (stopped) return stopped;
  way.hops.push(hop("site", site.names[0] ?? ip, "simulated", { ip, port }));
  return { to: "site", site, port };
}

/** A node's address: node ports first, then host ports, then what listens on the node itself. */
function toNode(way: Way, node: Node, ip: string, port: number): Outcome {
  const { reader } = way.context;
  const { name } = node.metadata;
  if (!isUp(reader, name)) return fail(way, "timeout", hop("node", name, "is down", { ip }));
  way.hops.push(hop("node", name, "", { ip, port }));
  for (const service of reader.byIndex<Service>("service.nodePort", String(port))) {
    const known = service.spec?.ports?.find(
      (p) => p.nodePort === port && (p.protocol ?? "TCP") === way.protocol,
    );
    if (!known || !isProxied(service)) continue;
    // Who is on the node already is not bound by the policy: as if its traffic had gone out and come back.
    const local = service.spec?.externalTrafficPolicy === "Local" && way.source.node !== name;
    if (service.spec?.externalTrafficPolicy !== "Local")
      way.clientIp = isLoopback(ip) ? nodeIp(node) : ip;
    return toEndpoint(way, service, known, ip, name, local);
  }
  return toHost(way, node, ip, port);
}

function toHost(way: Way, node: Node, ip: string, port: number): Outcome {
  const { reader, records } = way.context;
  const { name } = node.metadata;
  if (!isUp(reader, name)) return fail(way, "timeout", hop("node", name, "is down", { ip }));
  const stopped = dropped(way, undefined, ip, port);
  if (stopped) return stopped;
  if (way.protocol === "TCP") {
    if (port === kubeletPort) return { to: "kubelet", node: name };
    const controlPlane =
      node.metadata.labels?.["node-role.kubernetes.io/control-plane"] !== undefined;
    if (port === apiServerPort && controlPlane) return { to: "apiserver" };
    const local = isLoopback(ip);
    if (kubeProxyAt(reader, name, port, local))
      return { to: "kube-proxy", node: name, port, local };
  }
  const socket = `${way.protocol.toLowerCase()}/${port}`;
  for (const pod of hostPods(reader, name)) {
    const record = records.get<Partial<PodRecord>>("runtime", objectKeyOf(pod));
    const listener = record?.li?.[socket];
    if (!listener || (listener.a && isLoopback(listener.a) && !isLoopback(ip))) continue;
    way.hops.push(hop("pod", objectKeyOf(pod), "uses its node's network", { ip, port }));
    return { to: "pod", pod: objectKeyOf(pod), port, clientIp: way.clientIp };
  }
  const mapped = hostPortPod(way, name, ip, port);
  if (mapped) {
    way.hops.push(hop("node", name, `host port ${port}`, { ip, port }));
    return toPod(way, mapped.pod, mapped.pod.status?.podIP ?? "", mapped.port);
  }
  return fail(way, "refused", hop("node", name, `nothing listens on port ${port}`, { ip, port }));
}

/** k8s: containerPort.hostPort, as the portmap plugin does it */
function hostPortPod(
  way: Way,
  node: string,
  ip: string,
  port: number,
): { pod: Pod; port: number } | undefined {
  for (const pod of way.context.reader.byIndex<Pod>("pod.node", node)) {
    if (pod.spec.hostNetwork || !podAt(way.context.reader, pod.status?.podIP ?? "")) continue;
    for (const container of pod.spec.containers) {
      for (const p of container.ports ?? []) {
        if (p.hostPort !== port || (p.protocol ?? "TCP") !== way.protocol) continue;
        if (p.hostIP && p.hostIP !== "0.0.0.0" && p.hostIP !== ip) continue;
        return { pod, port: p.containerPort };
      }
    }
  }
  return undefined;
}
