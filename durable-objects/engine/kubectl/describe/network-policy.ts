/** k8s: kubectl/pkg/describe describeNetworkPolicy */
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "kubernetes-types/networking/v1";
import { parseTime, rfc3339 } from "../../core/clock.ts";
import type { Describer } from "./describer.ts";
import { none, type Meta, type Out } from "./out.ts";
import { selectorText } from "./pod-template.ts";

const indent = "    ";

interface Direction {
  traffic: string;
  peer: string;
  anyPeer: string;
}
const directions: Record<"Ingress" | "Egress", Direction> = {
  Ingress: { traffic: "ingress", peer: "From", anyPeer: "source" },
  Egress: { traffic: "egress", peer: "To", anyPeer: "destination" },
};

interface Rule {
  ports?: NetworkPolicyPort[];
  peers?: NetworkPolicyPeer[];
}

function writeRules(out: Out, { traffic, peer, anyPeer }: Direction, rules: readonly Rule[]): void {
  const line = (text: string, level = 0): void => out.lines(level, `${indent}${text}`);
  if (rules.length === 0) line(`${none} (Selected pods are isolated for ${traffic} connectivity)`);
  rules.forEach(({ ports = [], peers = [] }, i) => {
    if (ports.length === 0) line("To Port: <any> (traffic allowed to all ports)");
    for (const { port = "<nil>", endPort, protocol = "TCP" } of ports)
      line(
        endPort === undefined
          ? `To Port: ${port}/${protocol}`
          : `To Port Range: ${port}-${endPort}/${protocol}`,
      );
    if (peers.length === 0) line(`${peer}: <any> (traffic not restricted by ${anyPeer})`);
    for (const { podSelector, namespaceSelector, ipBlock } of peers) {
      line(`${peer}:`);
      if (namespaceSelector) line(`NamespaceSelector: ${selectorText(namespaceSelector)}`, 1);
      if (podSelector) line(`PodSelector: ${selectorText(podSelector)}`, 1);
      if (podSelector || namespaceSelector || !ipBlock) continue;
      line("IPBlock:", 1);
      line(`CIDR: ${ipBlock.cidr}`, 2);
      line(`Except: ${(ipBlock.except ?? []).join(", ")}`, 2);
    }
    if (i < rules.length - 1) line("----------");
  });
}

/** As Go's time.Time prints itself. */
const goTime = (text: string | undefined): string => {
  const ms = parseTime(text);
  if (Number.isNaN(ms)) return "<nil>";
  return rfc3339(ms).replace("T", " ").replace("Z", " +0000 UTC");
};

export const networkPolicy: Describer<NetworkPolicy> = function* (_, object, out) {
  const meta = (object.metadata ?? {}) as Meta;
  const spec = object.spec ?? { podSelector: {} };
  out.head(meta, { before: () => out.field("Created on", goTime(meta.creationTimestamp)) });
  out.write("Spec:\n");
  const selector = selectorText(spec.podSelector);
  const all = "(Allowing the specific traffic to all pods in this namespace)";
  out.lines(1, `PodSelector:     ${selector === none ? `${none} ${all}` : selector}`);
  const types = spec.policyTypes ?? [];
  const rules = {
    Ingress: (spec.ingress ?? []).map(({ ports, from }): Rule => ({ ports, peers: from }) as Rule),
    Egress: (spec.egress ?? []).map(({ ports, to }): Rule => ({ ports, peers: to }) as Rule),
  };
  for (const type of ["Ingress", "Egress"] as const) {
    const { traffic } = directions[type];
    const affects = types.includes(type);
    out.lines(1, affects ? `Allowing ${traffic} traffic:` : `Not affecting ${traffic} traffic`);
    if (affects) writeRules(out, directions[type], rules[type]);
  }
  out.lines(1, `Policy Types: ${types.join(", ") || none}`);
  yield* [];
};
