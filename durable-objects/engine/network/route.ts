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
import { hostPods, isUp, objectKeyOf, outsideIp, ownerOf, podAt } from "./addresses.ts";
import type { Gateway } from "../kinds/gateway/types.ts";
import { internalIp } from "../kinds/node-machine.ts";
import { machineKey } from "../runtime/machine-key.ts";
import { listenersAt } from "./gateway/listeners.ts";
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
  | { to: "gateway"; gateway: Gateway }
  | { to: "apiserver" }
  | { to: "kubelet"; node: string }
  | { to: "kube-proxy"; node: string; port: number; local: boolean }
  | { to: "nobody"; error: ConnectError; afterMs: number };

export interface Route {
  outcome: Outcome;
  hops: Hop[];
}

interface Flow {
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

/** The node that a Pod runs on. */
export function nodeOfPod({ records }: RuntimeContext, podKey: string): Source {
  const pod = records.get<PodRecord>("runtime", podKey)?.pod;
  return { ip: pod?.hostIP ?? "", ...(pod ? { node: pod.node } : {}) };
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
  const flow: Flow = { context, source, protocol, hops, clientIp: source.ip };
  if (hops.length === 0) hops.push(sourceHop(source));
  return { outcome: toAddress(flow, ip, port), hops };
}

function fail(flow: Flow, error: ConnectError, at: Hop): Outcome {
  flow.hops.push({ ...at, failed: true });
  const afterMs =
    error === "timeout" ? connectTimeoutMs : error === "unreachable" ? hostUnreachableMs : 0;
  return { to: "nobody", error, afterMs };
}

function toAddress(flow: Flow, ip: string, port: number): Outcome {
  if (isLoopback(ip)) return toLoopback(flow, ip, port);
  const owner = ownerOf(flow.context.reader, ip);
  switch (owner.kind) {
    case "service":
      return toService(flow, owner.service, ip, port, owner.external);
    case "pod":
      return toPod(flow, owner.pod, ip, port);
    case "node":
      return toNode(flow, owner.node, ip, port);
    case "ingress":
      flow.hops.push(hop("ingress", "ingress controller", "takes it", { ip, port }));
      return port === 80 || port === 443
        ? { to: "ingress", port }
        : { to: "nobody", error: "refused", afterMs: 0 };
    case "gateway":
      return toGateway(flow, owner.gateway, ip, port);
    case "site":
      return toSite(flow, owner.site, ip, port);
    case "absent":
      return fail(flow, "unreachable", hop("node", ip, "no host has this address", { ip }));
    case "nowhere":
      return fail(flow, "timeout", hop("node", ip, "nothing answers for this address", { ip }));
  }
}

const isLoopback = (ip: string): boolean => ip.startsWith("127.");

/** A node itself, or a Pod in its network, asks what listens there. */
function toLoopback(flow: Flow, ip: string, port: number): Outcome {
  const node = flow.context.reader.get<Node>("nodes", "", flow.source.node ?? "");
  flow.clientIp = ip;
  if (node) return toNode(flow, node, ip, port);
  return fail(flow, "refused", hop("node", ip, "is the asker itself", { ip, port }));
}

function toService(
  flow: Flow,
  service: Service,
  ip: string,
  port: number,
  external: boolean,
): Outcome {
  const known = service.spec?.ports?.find(
    (p) => p.port === port && (p.protocol ?? "TCP") === flow.protocol,
  );
  const name = objectKeyOf(service);
  if (!known || !isProxied(service)) {
    const detail = known ? "is not kube-proxy's" : `has no port ${port}/${flow.protocol}`;
    return fail(flow, "timeout", hop("service", name, detail, { ip, port }));
  }
  if (!external) {
    const localOnly =
      service.spec?.internalTrafficPolicy === "Local" && flow.source.node !== undefined;
    return toEndpoint(flow, service, known, ip, flow.source.node, localOnly);
  }
  // A load balancer only sends to nodes that pass its health check.
  const local = service.spec?.externalTrafficPolicy === "Local" && flow.source.node === undefined;
  return toEndpoint(flow, service, known, ip, entryNode(flow, service, known, local), local);
}

/** The node an external address leads to. k8s: healthCheckNodePort for externalTrafficPolicy Local */
function entryNode(
  flow: Flow,
  service: Service,
  port: ServicePort,
  local: boolean,
): string | undefined {
  const { context, source } = flow;
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
  if (node) flow.clientIp = internalIp(node);
  return node?.metadata.name;
}

function toEndpoint(
  flow: Flow,
  service: Service,
  port: ServicePort,
  ip: string,
  node: string | undefined,
  localOnly: boolean,
): Outcome {
  const name = objectKeyOf(service);
  const asker = { ip: flow.source.ip, node };
  const choice = chooseEndpoint(flow.context, service, port, asker, localOnly);
  const at = { ip, port: port.port as number };
  if (choice === "refused") {
    return fail(flow, "refused", hop("service", name, "has no ready endpoints", at));
  }
  if (choice === "dropped") {
    return fail(
      flow,
      "timeout",
      hop("service", name, `has no endpoints on ${node ?? "this node"}`, at),
    );
  }
  const { backend, of } = choice;
  flow.hops.push(hop("service", name, `chose 1 of ${of} ready endpoint${of === 1 ? "" : "s"}`, at));
  flow.hops.push(
    hop("endpoint", backend.pod ?? backend.ip, "", { ip: backend.ip, port: backend.port }),
  );
  // A Pod that reaches itself through its Service sees its node's bridge as the client.
  if (backend.pod !== undefined && backend.pod === flow.source.pod)
    flow.clientIp = bridgeOf(backend.ip);
  return toBackend(flow, backend.ip, backend.port);
}

const bridgeOf = (ip: string): string => `${trimEndOf(ip, "0123456789")}1`;

/** An endpoint's address: a Pod, a node, or something outside that a hand-made slice names. */
function toBackend(flow: Flow, ip: string, port: number): Outcome {
  const owner = ownerOf(flow.context.reader, ip);
  if (owner.kind === "node") return toHost(flow, owner.node, ip, port);
  if (owner.kind === "service")
    return fail(flow, "timeout", hop("endpoint", ip, "is a Service's address"));
  return toAddress(flow, ip, port);
}

function ends(flow: Flow, pod: Pod | undefined, ip: string): [End, End] {
  const { reader } = flow.context;
  // By its name, not by its address: in its first moments that is not in its status yet.
  const [namespace = "", name = ""] = flow.source.pod?.split("/") ?? [];
  const own = flow.source.pod === undefined ? undefined : reader.get<Pod>("pods", namespace, name);
  const from: End = own ? { ip: flow.source.ip, pod: own } : { ip: flow.clientIp };
  return [from, { ip, ...(pod ? { pod } : {}) }];
}

function dropped(flow: Flow, pod: Pod | undefined, ip: string, port: number): Outcome | undefined {
  const [from, to] = ends(flow, pod, ip);
  const denied = denial(flow.context.reader, from, to, flow.protocol, port);
  if (!denied) return undefined;
  const detail = `${denied.direction.toLowerCase()} is denied`;
  return fail(flow, "timeout", hop("policy", denied.policy, detail, { ip, port }));
}

function toPod(flow: Flow, pod: Pod, ip: string, port: number): Outcome {
  const { reader, records } = flow.context;
  const node = pod.spec.nodeName ?? "";
  const stopped = dropped(flow, pod, ip, port);
  if (stopped) return stopped;
  if (!isUp(reader, node)) return fail(flow, "timeout", hop("node", node, "is down"));
  const where = node === flow.source.node ? "the same node" : "another node";
  flow.hops.push(hop("node", node, flow.source.node === undefined ? "" : where));
  const key = objectKeyOf(pod);
  if (!records.get("runtime", key)) {
    return fail(flow, "unreachable", hop("pod", key, "is not running", { ip }));
  }
  flow.hops.push(hop("pod", key, `sees ${flow.clientIp}`, { ip, port }));
  return { to: "pod", pod: key, port, clientIp: flow.clientIp };
}

function toGateway(flow: Flow, gateway: Gateway, ip: string, port: number): Outcome {
  const name = objectKeyOf(gateway);
  const open =
    flow.protocol === "TCP" && listenersAt(flow.context.reader, gateway, port).length > 0;
  if (!open) {
    const detail = `has no listener on port ${port} that is programmed`;
    return fail(flow, "refused", hop("gateway", name, detail, { ip, port }));
  }
  flow.hops.push(hop("gateway", name, "takes it", { ip, port }));
  return { to: "gateway", gateway };
}

function toSite(flow: Flow, site: Site, ip: string, port: number): Outcome {
  const stopped = dropped(flow, undefined, ip, port);
  if (stopped) return stopped;
  flow.hops.push(hop("site", site.names[0] ?? ip, "simulated", { ip, port }));
  return { to: "site", site, port };
}

/** A node's address: node ports first, then host ports, then what listens on the node itself. */
function toNode(flow: Flow, node: Node, ip: string, port: number): Outcome {
  const { reader } = flow.context;
  const { name } = node.metadata;
  if (!isUp(reader, name)) return fail(flow, "timeout", hop("node", name, "is down", { ip }));
  flow.hops.push(hop("node", name, "", { ip, port }));
  for (const service of reader.byIndex<Service>("service.nodePort", String(port))) {
    const known = service.spec?.ports?.find(
      (p) => p.nodePort === port && (p.protocol ?? "TCP") === flow.protocol,
    );
    if (!known || !isProxied(service)) continue;
    // Who is on the node already is not bound by the policy: as if its traffic had gone out and come back.
    const local = service.spec?.externalTrafficPolicy === "Local" && flow.source.node !== name;
    if (service.spec?.externalTrafficPolicy !== "Local")
      flow.clientIp = isLoopback(ip) ? internalIp(node) : ip;
    return toEndpoint(flow, service, known, ip, name, local);
  }
  return toHost(flow, node, ip, port);
}

function toHost(flow: Flow, node: Node, ip: string, port: number): Outcome {
  const { reader, records } = flow.context;
  const { name } = node.metadata;
  if (!isUp(reader, name)) return fail(flow, "timeout", hop("node", name, "is down", { ip }));
  const stopped = dropped(flow, undefined, ip, port);
  if (stopped) return stopped;
  if (flow.protocol === "TCP") {
    if (port === kubeletPort) return { to: "kubelet", node: name };
    const controlPlane =
      node.metadata.labels?.["node-role.kubernetes.io/control-plane"] !== undefined;
    if (port === apiServerPort && controlPlane) return { to: "apiserver" };
    const local = isLoopback(ip);
    if (kubeProxyAt(reader, name, port, local))
      return { to: "kube-proxy", node: name, port, local };
  }
  const socket = `${flow.protocol.toLowerCase()}/${port}`;
  // What was started on the node by hand listens beside the Pods that use its network.
  const here = [...hostPods(reader, name).map(objectKeyOf), machineKey(name)];
  for (const key of here) {
    const record = records.get<Partial<PodRecord>>("runtime", key);
    const listener = record?.listeners?.[socket];
    if (!listener || (listener.address && isLoopback(listener.address) && !isLoopback(ip)))
      continue;
    if (key !== machineKey(name))
      flow.hops.push(hop("pod", key, "uses its node's network", { ip, port }));
    return { to: "pod", pod: key, port, clientIp: flow.clientIp };
  }
  const mapped = hostPortPod(flow, name, ip, port);
  if (mapped) {
    flow.hops.push(hop("node", name, `host port ${port}`, { ip, port }));
    return toPod(flow, mapped.pod, mapped.pod.status?.podIP ?? "", mapped.port);
  }
  return fail(flow, "refused", hop("node", name, `nothing listens on port ${port}`, { ip, port }));
}

/** k8s: containerPort.hostPort, as the portmap plugin does it */
function hostPortPod(
  flow: Flow,
  node: string,
  ip: string,
  port: number,
): { pod: Pod; port: number } | undefined {
  for (const pod of flow.context.reader.byIndex<Pod>("pod.node", node)) {
    if (pod.spec.hostNetwork || !podAt(flow.context.reader, pod.status?.podIP ?? "")) continue;
    for (const container of pod.spec.containers) {
      for (const p of container.ports ?? []) {
        if (p.hostPort !== port || (p.protocol ?? "TCP") !== flow.protocol) continue;
        if (p.hostIP && p.hostIP !== "0.0.0.0" && p.hostIP !== ip) continue;
        return { pod, port: p.containerPort };
      }
    }
  }
  return undefined;
}
