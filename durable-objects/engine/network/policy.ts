/**
 * NetworkPolicy: what may come in and go out. Deny is silence, as CNI plugins do it: the packet is dropped.
 * k8s: staging/src/k8s.io/api/networking/v1/types.go NetworkPolicySpec
 */
import { labelSelector } from "../machinery/selectors.ts";
import type { Reader } from "../ports/controller.ts";
import type { KubeObject } from "../core/object.ts";
import type { NetworkPolicy } from "../kinds/networking/network-policy.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { NetworkPolicyPeer, NetworkPolicyPort } from "kubernetes-types/networking/v1";
import { inCidr } from "./addresses.ts";

export type Protocol = "TCP" | "UDP" | "SCTP" | "ICMP";

/** One end of a connection: a Pod with its own address, or just an address. */
export interface End {
  ip: string;
  pod?: Pod;
}

interface Packet {
  protocol: Protocol;
  port: number;
  /** Whose named ports a rule means: the Pod that is connected to. */
  target: Pod | undefined;
}

/** Pods in their node's own network are out of policies' reach. */
const subject = (end: End): Pod | undefined => (end.pod?.spec.hostNetwork ? undefined : end.pod);

/** The direction in which policies drop the connection, and one of them; undefined: it may pass. */
export function denial(
  reader: Reader,
  from: End,
  to: End,
  protocol: Protocol,
  port: number,
): { direction: "Egress" | "Ingress"; policy: string } | undefined {
  const packet: Packet = { protocol, port, target: to.pod };
  const source = subject(from);
  const target = subject(to);
  if (source && source.metadata.uid === target?.metadata.uid) return undefined;
  return (
    (source && denied(reader, source, "Egress", to, packet)) ??
    (target && denied(reader, target, "Ingress", from, packet)) ??
    undefined
  );
}

function denied(
  reader: Reader,
  pod: Pod,
  direction: "Egress" | "Ingress",
  peer: End,
  packet: Packet,
): { direction: "Egress" | "Ingress"; policy: string } | undefined {
  // A node always reaches the Pods that run on it.
  if (direction === "Ingress" && !subject(peer) && peer.ip === pod.status?.hostIP) return undefined;
  const namespace = pod.metadata.namespace ?? "";
  const selecting = reader
    .list<NetworkPolicy>("networkpolicies.networking.k8s.io", namespace)
    .filter((policy) => typesOf(policy).includes(direction) && selects(policy, pod));
  if (selecting.length === 0) return undefined;
  if (selecting.some((policy) => allows(reader, policy, direction, peer, packet))) return undefined;
  return { direction, policy: `${namespace}/${selecting[0]?.metadata.name ?? ""}` };
}

function typesOf({ spec }: NetworkPolicy): string[] {
  if (spec?.policyTypes?.length) return spec.policyTypes;
  return spec?.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
}

const selects = ({ spec }: NetworkPolicy, pod: Pod): boolean =>
  labelSelector(spec?.podSelector ?? {}).matches(pod.metadata.labels);

function allows(
  reader: Reader,
  policy: NetworkPolicy,
  direction: "Egress" | "Ingress",
  peer: End,
  packet: Packet,
): boolean {
  const namespace = policy.metadata.namespace ?? "";
  const rules =
    direction === "Ingress"
      ? (policy.spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
      : (policy.spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
  return rules.some(
    ({ peers, ports }) =>
      (!peers?.length || peers.some((given) => peerMatches(reader, namespace, given, peer))) &&
      (!ports?.length || ports.some((given) => portMatches(given, packet))),
  );
}

function peerMatches(
  reader: Reader,
  namespace: string,
  given: NetworkPolicyPeer,
  peer: End,
): boolean {
  if (given.ipBlock) {
    const { cidr, except } = given.ipBlock;
    return inCidr(cidr, peer.ip) && !(except ?? []).some((inner) => inCidr(inner, peer.ip));
  }
  const pod = subject(peer);
  if (!pod) return false;
  if (given.namespaceSelector) {
    const home = reader.get<KubeObject>("namespaces", "", pod.metadata.namespace ?? "");
    const selector = labelSelector(given.namespaceSelector);
    if (!home || !selector.matches(home.metadata.labels)) return false;
  } else if (pod.metadata.namespace !== namespace) return false;
  if (!given.podSelector) return true;
  return labelSelector(given.podSelector).matches(pod.metadata.labels);
}

function portMatches(given: NetworkPolicyPort, { protocol, port, target }: Packet): boolean {
  if ((given.protocol ?? "TCP") !== protocol) return false;
  if (given.port === undefined) return true;
  if (typeof given.port === "number") {
    return given.endPort ? port >= given.port && port <= given.endPort : port === given.port;
  }
  const name = given.port;
  return (target?.spec.containers ?? []).some((container) =>
    container.ports?.some(
      (p) => p.name === name && p.containerPort === port && (p.protocol ?? "TCP") === protocol,
    ),
  );
}
