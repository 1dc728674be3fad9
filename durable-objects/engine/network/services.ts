/**
 * Which endpoint a connection to a Service gets: kube-proxy in iptables mode.
 * k8s: pkg/proxy/topology.go CategorizeEndpoints, pkg/proxy/iptables/proxier.go
 */
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { fnv32a, mix } from "../core/random.ts";
import type { Reader } from "../ports/controller.ts";
import type { KubeObject } from "../core/object.ts";
import type { EndpointSlice } from "../kinds/endpoint-slice.ts";
import type { Service, ServicePort } from "../kinds/service/shape.ts";
import { objectKeyOf } from "./addresses.ts";

const serviceNameLabel = "kubernetes.io/service-name";
const slices = "endpointslices.discovery.k8s.io";
const affinityTable = "network-affinity";

export interface Backend {
  ip: string;
  port: number;
  node?: string;
  hostname?: string;
  /** `namespace/name` of the Pod. */
  pod?: string;
}

export interface Endpoint extends Backend {
  ready: boolean;
  /** Going away, but still answering. */
  lame: boolean;
  zones?: readonly string[];
  nodes?: readonly string[];
}

/** Slices of a Service: its own by their owner, hand-made ones by their label. */
export function slicesOf(reader: Reader, service: Service): readonly EndpointSlice[] {
  const { namespace = "", name, uid } = service.metadata;
  const of = (list: readonly EndpointSlice[]): EndpointSlice[] =>
    list.filter(
      (s) => s.kind === "EndpointSlice" && s.metadata.labels?.[serviceNameLabel] === name,
    );
  if (Object.keys(service.spec?.selector ?? {}).length > 0) {
    return of(reader.byIndex<EndpointSlice>("controller", uid));
  }
  return of(reader.list<EndpointSlice>(slices, namespace));
}

const proxyNameLabel = "service.kubernetes.io/service-proxy-name";
const headlessLabel = "service.kubernetes.io/headless";

/** Objects that kube-proxy skips, left to another proxy or to none. k8s: cmd/kube-proxy/app/server.go noProxyName, noHeadlessEndpoints */
export const isProxied = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[proxyNameLabel] === undefined && metadata.labels?.[headlessLabel] === undefined;

/** Endpoints behind a named port of a Service; with no port, one per address. */
export function endpointsOf(
  reader: Reader,
  service: Service,
  port: ServicePort | undefined,
  among: (slice: EndpointSlice) => boolean = () => true,
): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const slice of slicesOf(reader, service).filter(among)) {
    const own = port && slice.ports?.find((p) => (p.name ?? "") === (port.name ?? ""));
    if (port && !own) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const { ready, serving, terminating } = endpoint.conditions ?? {};
      const { hints } = endpoint as { hints?: Hints };
      for (const ip of endpoint.addresses ?? []) {
        const target = endpoint.targetRef;
        found.set(ip, {
          ip,
          port: own?.port ?? port?.port ?? 0,
          ready: ready !== false,
          lame: serving === true && terminating === true,
          ...(endpoint.nodeName ? { node: endpoint.nodeName } : {}),
          ...(endpoint.hostname ? { hostname: endpoint.hostname } : {}),
          ...(target?.kind === "Pod" ? { pod: `${target.namespace}/${target.name}` } : {}),
          ...(hints?.forZones ? { zones: hints.forZones.map((z) => z.name) } : {}),
          ...(hints?.forNodes ? { nodes: hints.forNodes.map((n) => n.name) } : {}),
        });
      }
    }
  }
  return [...found.values()];
}

interface Hints {
  forZones?: { name: string }[];
  forNodes?: { name: string }[];
}

export interface ServiceClient {
  /** Address affinity goes by. */
  ip: string;
  /** Node whose rules are used. */
  node: string | undefined;
}

/** `refused`: nobody could take it, the rule rejects. `dropped`: nobody on this node may. */
export type Choice = { backend: Endpoint; of: number } | "refused" | "dropped";

/**
 * The Pod behind a Service that gets this connection; terminating ones that still serve only where none is ready.
 * "refused" without any, "dropped" where traffic must stay on the node and none is there.
 */
export function chooseEndpoint(
  context: RuntimeContext,
  service: Service,
  port: ServicePort,
  asker: ServiceClient,
  localOnly: boolean,
): Choice {
  const all = endpointsOf(context.reader, service, port, isProxied);
  const usable = (list: Endpoint[]): Endpoint[] => {
    const ready = list.filter((e) => e.ready);
    return ready.length > 0 ? ready : list.filter((e) => e.lame);
  };
  const everywhere = usable(all);
  if (everywhere.length === 0) return "refused";
  const candidates = localOnly
    ? usable(all.filter((e) => e.node !== undefined && e.node === asker.node))
    : hinted(context.reader, everywhere, asker.node);
  if (candidates.length === 0) return "dropped";
  return { backend: pick(context, service, port, asker, candidates), of: candidates.length };
}

/** Hints count when every endpoint has one and some are for this node or zone. k8s: topologyModeFromHints */
function hinted(reader: Reader, list: Endpoint[], node: string | undefined): Endpoint[] {
  if (list.every((e) => e.nodes)) {
    const near = list.filter((e) => e.nodes?.includes(node ?? ""));
    if (near.length > 0) return near;
  }
  const zone = reader.get("nodes", "", node ?? "")?.metadata.labels?.[
    "topology.kubernetes.io/zone"
  ];
  if (zone === undefined || !list.every((e) => e.zones)) return list;
  const near = list.filter((e) => e.zones?.includes(zone));
  return near.length > 0 ? near : list;
}

interface Affinity {
  ip: string;
  at: number;
}

function pick(
  context: RuntimeContext,
  service: Service,
  port: ServicePort,
  asker: ServiceClient,
  candidates: Endpoint[],
): Endpoint {
  const random = (): Endpoint =>
    candidates[Math.floor(draw(context) * candidates.length)] as Endpoint;
  if (service.spec?.sessionAffinity !== "ClientIP") return random();
  const seconds = service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800;
  const key = `${objectKeyOf(service)}:${port.port} ${asker.ip}`;
  const before = context.records.get<Affinity>(affinityTable, key);
  const held =
    before && context.now - before.at <= seconds * 1000
      ? candidates.find(({ ip }) => ip === before.ip)
      : undefined;
  const chosen = held ?? random();
  context.records.put(affinityTable, key, { ip: chosen.ip, at: context.now });
  return chosen;
}

/** A Service that is gone holds nobody any more. */
export function forgetAffinity(context: RuntimeContext, service: string): void {
  for (const key of [...context.records.keys(affinityTable)]) {
    if (key.startsWith(`${service}:`)) context.records.delete(affinityTable, key);
  }
}

const drawsTable = "network-draws";

/** [0, 1). Steps of one moment would draw the same number, so the count of connections goes in. */
export function draw(context: RuntimeContext): number {
  const count = context.records.get<number>(drawsTable, "n") ?? 0;
  context.records.put(drawsTable, "n", (count + 1) % 2 ** 31);
  return mix(fnv32a(String(context.random())), count, 0) / 2 ** 32;
}
