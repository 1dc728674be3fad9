/** Who has an address: the map of the simulated network. */
import { ingressAddress } from "../core/machine-facts.ts";
import { parseCidr, parseIp } from "../machinery/ip.ts";
import type { KubeObject } from "../core/object.ts";
import { cidrContains } from "../kinds/ip-families.ts";
import type { Service } from "../kinds/service/shape.ts";
import { internalIp, nodeIsDown } from "../kinds/node-machine.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Gateway } from "../kinds/gateway/types.ts";
import type { Node } from "../kinds/node.ts";
import { siteAt, type Site } from "../runtime/net/sites.ts";
import { gatewayAt } from "./gateway/listeners.ts";
import type { Reader } from "../ports/controller.ts";

/** Address of the simulated Ingress controller; the pool of load balancers begins above it. */
export const ingressIp = ingressAddress;
/** Where the sandbox's user sits, seen from the nodes. */
export const outsideIp = "172.18.0.1";
const nodeNetwork = "172.18.0.0/16";

export type Owner =
  | { kind: "pod"; pod: Pod }
  | { kind: "node"; node: Node }
  | { kind: "service"; service: Service; external: boolean }
  | { kind: "ingress" }
  | { kind: "gateway"; gateway: Gateway }
  | { kind: "site"; site: Site }
  /** A local network where nobody answers for the address. */
  | { kind: "absent" }
  | { kind: "nowhere" };

export const objectKeyOf = ({ metadata }: KubeObject): string =>
  `${metadata.namespace}/${metadata.name}`;

export function inCidr(cidr: string, ip: string): boolean {
  const outer = parseCidr(cidr);
  const address = parseIp(ip);
  return outer !== undefined && address !== undefined && cidrContains(outer, address);
}

const isOver = (pod: Pod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** The Pod that has an address of its own now. */
export const podAt = (reader: Reader, ip: string): Pod | undefined =>
  reader.byIndex<Pod>("pod.ip", ip).find((pod) => !isOver(pod));

export const nodeAt = (reader: Reader, ip: string): Node | undefined =>
  reader.list<Node>("nodes").find((node) => internalIp(node) === ip);

/** Running Pods that live in the network of a node itself. */
export const hostPods = (reader: Reader, node: string): Pod[] =>
  reader.byIndex<Pod>("pod.node", node).filter((pod) => pod.spec.hostNetwork && !isOver(pod));

/** Whether a node exists and has power. */
export const isUp = (reader: Reader, node: string | undefined): boolean =>
  node !== undefined && reader.get("nodes", "", node) !== undefined && !nodeIsDown(reader, node);

function externalService(reader: Reader, ip: string): Service | undefined {
  return reader
    .list<Service>("services")
    .find(
      ({ spec, status }) =>
        spec?.externalIPs?.includes(ip) ||
        status?.loadBalancer?.ingress?.some((given) => given.ip === ip),
    );
}

/** Whose an address is; "absent" and "nowhere" differ in what a client gets: no host, or no route. */
export function ownerOf(reader: Reader, ip: string): Owner {
  const pod = podAt(reader, ip);
  if (pod) return { kind: "pod", pod };
  const service = reader.byIndex<Service>("service.ip", ip)[0];
  if (service) return { kind: "service", service, external: false };
  const node = nodeAt(reader, ip);
  if (node) return { kind: "node", node };
  if (ip === ingressIp) return { kind: "ingress" };
  const external = externalService(reader, ip);
  if (external) return { kind: "service", service: external, external: true };
  const gateway = gatewayAt(reader, ip);
  if (gateway) return { kind: "gateway", gateway };
  const site = siteAt(ip);
  if (site) return { kind: "site", site };
  if (inCidr(nodeNetwork, ip)) return { kind: "absent" };
  const local = reader
    .list<Node>("nodes")
    .find(({ spec }) => spec?.podCIDR && inCidr(spec.podCIDR, ip));
  if (!local) return { kind: "nowhere" };
  // Only the node itself could say that an address of its range is free.
  return { kind: isUp(reader, local.metadata.name) ? "absent" : "nowhere" };
}
