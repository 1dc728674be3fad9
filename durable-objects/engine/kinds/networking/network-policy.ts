import type * as networking from "kubernetes-types/networking/v1";
import {
  at,
  child,
  forbiddenField,
  invalid,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { parseCidr, validateCidrLegacy } from "../../machinery/ip.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import { validateLabelSelector } from "../../machinery/metadata.ts";
import { invalidEach, portName, portNumber } from "../../machinery/names.ts";
import { unsupported } from "../checks.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { cidrContains, cidrWarnings } from "../ip-families.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type NetworkPolicy = Stored<networking.NetworkPolicy>;
type Peer = networking.NetworkPolicyPeer;
type Port = networking.NetworkPolicyPort;

/** Both directions as `[path, ports, peers path, peers]`. */
function* directions(policy: NetworkPolicy): Generator<[string, Port[], string, Peer[]]> {
  for (const [i, rule] of (policy.spec?.ingress ?? []).entries()) {
    const path = `spec.ingress[${i}]`;
    yield [path, rule.ports ?? [], `${path}.from`, rule.from ?? []];
  }
  for (const [i, rule] of (policy.spec?.egress ?? []).entries()) {
    const path = `spec.egress[${i}]`;
    yield [path, rule.ports ?? [], `${path}.to`, rule.to ?? []];
  }
}

/** k8s: pkg/apis/networking/validation ValidateNetworkPolicySpec */
function validate(policy: NetworkPolicy, old: NetworkPolicy | undefined): FieldError[] {
  const known = old ? cidrsOf(old) : [];
  const errors = validateLabelSelector(policy.spec?.podSelector, "spec.podSelector");
  for (const [path, ports, peersPath, peers] of directions(policy)) {
    for (const [i, port] of ports.entries()) errors.push(...checkPort(`${path}.ports[${i}]`, port));
    for (const [i, peer] of peers.entries())
      errors.push(...checkPeer(at(peersPath, i), peer, known));
  }
  const types = policy.spec?.policyTypes ?? [];
  if (types.length > 2) {
    const detail = "may not specify more than two policyTypes";
    return [...errors, invalid("spec.policyTypes", types, detail)];
  }
  for (const [i, type] of types.entries()) {
    const choices = ["Ingress", "Egress"];
    if (!choices.includes(type)) errors.push(unsupported(at("spec.policyTypes", i), type, choices));
  }
  return errors;
}

function cidrsOf(policy: NetworkPolicy): string[] {
  return [...directions(policy)].flatMap(([, , , peers]) =>
    peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : [])),
  );
}

function checkPort(path: string, { protocol, port, endPort }: Port): FieldError[] {
  const errors: FieldError[] = [];
  const portPath = child(path, "port");
  const endPath = child(path, "endPort");
  const choices = ["TCP", "UDP", "SCTP"];
  if (protocol !== undefined && !choices.includes(protocol)) {
    errors.push(unsupported(child(path, "protocol"), protocol, choices));
  }
  if (port === undefined) {
    const detail = "may not be specified when `port` is not specified";
    return endPort === undefined ? errors : [...errors, invalid(endPath, endPort, detail)];
  }
  if (typeof port === "string") {
    if (endPort !== undefined) {
      errors.push(invalid(endPath, endPort, "may not be specified when `port` is non-numeric"));
    }
    return [...errors, ...invalidEach(portPath, port, portName(port))];
  }
  errors.push(...invalidEach(portPath, port, portNumber(port)));
  if (endPort === undefined) return errors;
  if (endPort < port)
    errors.push(invalid(endPath, port, "must be greater than or equal to `port`"));
  return [...errors, ...invalidEach(endPath, endPort, portNumber(endPort))];
}

function checkPeer(path: string, peer: Peer, known: string[]): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = [
    ...validateLabelSelector(podSelector, child(path, "podSelector")),
    ...validateLabelSelector(namespaceSelector, child(path, "namespaceSelector")),
    ...(ipBlock ? checkBlock(child(path, "ipBlock"), ipBlock, known) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) {
    errors.push(required(path, "must specify a peer"));
  } else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbiddenField(path, "may not specify both ipBlock and another peer"));
  }
  return errors;
}

/** k8s: ValidateIPBlock */
function checkBlock(path: string, block: networking.IPBlock, known: string[]): FieldError[] {
  if (!block.cidr) return [required(child(path, "cidr"))];
  const errors = validateCidrLegacy(child(path, "cidr"), block.cidr, known);
  const outer = parseCidr(block.cidr);
  if (!outer) return errors;
  for (const [i, text] of (block.except ?? []).entries()) {
    const exceptPath = at(child(path, "except"), i);
    errors.push(...validateCidrLegacy(exceptPath, text, known));
    const inner = parseCidr(text);
    if (!inner) continue;
    const inside = cidrContains(outer, inner.ip, inner.prefix) && inner.prefix > outer.prefix;
    if (!inside) errors.push(invalid(exceptPath, text, "must be a strict subset of `cidr`"));
  }
  return errors;
}

/** k8s: pkg/apis/networking/v1/defaults.go */
function applyDefaults(policy: NetworkPolicy): NetworkPolicy {
  const fill = <R extends { ports?: Port[] }>(rules: R[] | undefined): R[] | undefined =>
    rules?.map((rule) =>
      rule.ports
        ? { ...rule, ports: rule.ports.map((p) => ({ ...p, protocol: p.protocol ?? "TCP" })) }
        : rule,
    );
  const spec = { ...policy.spec } as networking.NetworkPolicySpec;
  const ingress = fill(spec.ingress);
  const egress = fill(spec.egress);
  if (ingress) spec.ingress = ingress;
  if (egress) spec.egress = egress;
  if (!spec.policyTypes?.length) {
    spec.policyTypes = egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
  }
  return { ...policy, spec };
}

export const NetworkPolicy: Kind<NetworkPolicy> = {
  resource: "networkpolicies.networking.k8s.io",
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  schema: schemaNamed("networking/v1.NetworkPolicy"),
  namespaced: true,
  hasGeneration: true,
  applyDefaults,
  validateCreate: (policy) => validate(policy, undefined),
  validateUpdate: validate,
  warnings: (policy) =>
    [...directions(policy)].flatMap(([, , path, peers]) =>
      peers.flatMap(({ ipBlock }, i) =>
        ipBlock
          ? [
              ...cidrWarnings(`${path}[${i}].ipBlock.cidr`, ipBlock.cidr),
              ...(ipBlock.except ?? []).flatMap((text, j) =>
                cidrWarnings(`${path}[${i}].ipBlock.except[${j}]`, text),
              ),
            ]
          : [],
      ),
    ),
  table: {
    columns: [nameColumn, column("Pod-Selector", "Pods it applies to."), ageColumn],
    cells: (policy, now) => [
      policy.metadata.name,
      labelSelector(policy.spec?.podSelector ?? {}).toString() || "<none>",
      age(policy, now),
    ],
  },
};
