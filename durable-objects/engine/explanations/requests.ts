/** Requests that did not get through: asked of a Trace, by the way it took. */
import type { KubeObject } from "../core/object.ts";
import { gateways } from "../kinds/gateway/types.ts";
import type { Ingress } from "../kinds/networking/ingress.ts";
import type { NetworkPolicy } from "../kinds/networking/network-policy.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { urlParts, type Hop, type Trace } from "../kinds/podyard/trace.ts";
import { clusterDomain } from "../runtime/net/network-port.ts";
import { candidates, resolverOf } from "../runtime/net/resolver.ts";
import { ingresses } from "../network/ingress.ts";
import { denial } from "../network/policy.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  near,
  pairs,
  plural,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const askerOf = ({ client }: Scope, trace: Trace): Pod | undefined =>
  trace.spec?.from
    ? client.get<Pod>("pods", trace.metadata.namespace ?? "", trace.spec.from)
    : undefined;

const who = (trace: Trace): string =>
  trace.spec?.from
    ? `Pod ${trace.metadata.namespace ?? ""}/${trace.spec.from}`
    : "a client outside the cluster";

const endOf = (trace: Trace): Hop | undefined =>
  trace.status?.hops?.findLast(({ failed }) => failed) ?? trace.status?.hops?.at(-1);

const hops = (trace: Trace) =>
  (trace.status?.hops ?? []).map((hop, i) =>
    about(trace, `${hop.kind} ${hop.name}: ${hop.detail}`, { field: `status.hops[${i}]` }),
  );

function unknownName(scope: Scope, trace: Trace): Found | undefined {
  if (trace.status?.error !== "unknown") return undefined;
  const host = urlParts(trace.spec?.url ?? "")?.host ?? "";
  const namespace = trace.metadata.namespace ?? "";
  const asker = askerOf(scope, trace);
  const tried = asker ? candidates(resolverOf(namespace, asker.spec), host) : [host];
  const name = host.split(".")[0] ?? "";
  const elsewhere = scope.client
    .list("services")
    .filter(
      ({ metadata }) =>
        metadata.name === name && scope.mayRead("services", metadata.namespace ?? "", name),
    );
  const homes = elsewhere.map(({ metadata }) => metadata.namespace ?? "");
  return {
    sentence: `${who(trace)} asks for the name ${host}, which does not exist (NXDOMAIN): ${listed(tried, 6)} ${tried.length === 1 ? "was" : "were"} tried. ${homes.length ? `A Service ${name} is in ${listed(homes)}.` : `There are 0 Services named ${name} in any namespace.`}`,
    evidence: [
      ...hops(trace),
      ...elsewhere.map((service) => about(service, `${nameOf(service)} is in another namespace`)),
    ],
    mend: [
      homes[0]
        ? mend(
            "Name its namespace",
            `kubectl exec ${trace.spec?.from ?? "POD"}${inNamespace(trace)} -- wget -qO- http://${name}.${homes[0]}.svc.${clusterDomain}`,
          )
        : mend("See which Services there are", "kubectl get services -A"),
    ],
    decidedBy: "CoreDNS",
    reason: "NXDOMAIN",
  };
}

function dropped(scope: Scope, trace: Trace): Found | undefined {
  const hop = trace.status?.hops?.find(({ kind, failed }) => kind === "policy" && failed);
  if (!hop) return undefined;
  const { client } = scope;
  const end = trace.status?.hops?.findLast(({ ip, kind }) => ip !== undefined && kind !== "source");
  const source = askerOf(scope, trace);
  const target = end?.ip ? client.byIndex<Pod>("pod.ip", end.ip)[0] : undefined;
  const from = { ip: source?.status?.podIP ?? "", ...(source ? { pod: source } : {}) };
  const to = { ip: end?.ip ?? "", ...(target ? { pod: target } : {}) };
  const port = end?.port ?? urlParts(trace.spec?.url ?? "")?.port ?? 80;
  // Asked again by the same rules: policies may have changed since.
  const now = source && target ? denial(client, from, to, "TCP", port) : undefined;
  const key = now?.policy ?? hop.name;
  const [namespace = "", name = ""] = key.split("/");
  const policy = client.get<NetworkPolicy>("networkpolicies.networking.k8s.io", namespace, name);
  const side = now?.direction ?? (/egress/i.test(hop.detail) ? "Egress" : "Ingress");
  const peer = side === "Ingress" ? source : target;
  const labels = pairs(peer?.metadata.labels);
  return {
    sentence: `The request of ${who(trace)} times out: NetworkPolicy ${key} drops it on the ${side === "Ingress" ? "receiving" : "sending"} side (${side}, port ${port}); what would admit it is ${side === "Ingress" ? "an ingress rule from" : "an egress rule to"} Pods with ${labels || "these labels"}${peer && peer.metadata.namespace !== namespace ? ` in namespace ${peer.metadata.namespace ?? ""}` : ""}.`,
    evidence: [
      ...(policy
        ? [
            about(
              policy,
              `selects ${pairs(policy.spec?.podSelector?.matchLabels) || "all Pods"} of ${namespace}`,
              { field: `spec.${side.toLowerCase()}` },
            ),
          ]
        : []),
      ...hops(trace),
    ],
    mend: [
      mend(
        `Allow it in the policy, or in another one: ${side.toLowerCase()}, podSelector ${labels}, port ${port}`,
        `kubectl edit networkpolicy ${name} -n ${namespace}`,
      ),
    ],
    decidedBy: "network plugin",
    reason: `NetworkPolicy ${key}`,
  };
}

/** A policy that is asked itself: which Pods it shuts off, and from what. */
function policyItself({ client }: Scope, policy: NetworkPolicy): Found | undefined {
  const types = policy.spec?.policyTypes ?? ["Ingress"];
  const shut = types.filter(
    (type) => !(type === "Ingress" ? policy.spec?.ingress : policy.spec?.egress)?.length,
  );
  if (shut.length === 0) return undefined;
  const labels = policy.spec?.podSelector?.matchLabels ?? {};
  const pods = client.podsMatching<Pod>(policy.metadata.namespace ?? "", labels);
  const count = Object.keys(labels).length
    ? pods.length
    : client.count("pods", policy.metadata.namespace);
  return {
    sentence: `${nameOf(policy)} has no rule for ${listed(shut)}, so it drops all of that for the ${count} Pods that it selects (${pairs(labels) || "all of its namespace"}), unless another policy allows it.`,
    evidence: [
      about(policy, `policyTypes ${listed(types)}, 0 rules for ${listed(shut)}`, {
        field: "spec.policyTypes",
      }),
    ],
    mend: [
      mend(
        "Add a rule for what should pass",
        `kubectl edit networkpolicy ${policy.metadata.name}${inNamespace(policy)}`,
      ),
    ],
    decidedBy: "network plugin",
    reason: "default deny",
  };
}

/** Whoever is dropped learns nothing: the answer is awaited until it is late. */
function awaited(_scope: Scope, trace: Trace): Found | undefined {
  if (trace.status?.phase === "Done") return undefined;
  return {
    sentence: `The request of ${who(trace)} to ${trace.spec?.url ?? ""} has had no answer so far, after ${trace.status?.hops?.length ?? 0} hops.`,
    evidence: hops(trace),
    mend: [
      mend(
        "Wait until it is late",
        `kubectl get trace ${trace.metadata.name}${inNamespace(trace)} --watch`,
      ),
    ],
    decidedBy: "network",
    reason: "under way",
  };
}

/** The Ingress controller has no rule for what was asked. */
function unmatched(scope: Scope, trace: Trace): Found | undefined {
  const { status, spec, metadata } = trace;
  const end = endOf(trace);
  if (status?.code !== 404 || end?.kind !== "ingress" || !end.failed) return undefined;
  const parts = urlParts(spec?.url ?? "");
  const all = scope.client
    .list<Ingress>(ingresses)
    .filter(({ metadata: m }) => scope.mayRead(ingresses, m.namespace ?? "", m.name));
  const rules = all.flatMap((ingress) =>
    (ingress.spec?.rules ?? []).map((rule, i) => ({ ingress, host: rule.host ?? "*", i })),
  );
  const hosts = [...new Set(rules.map(({ host }) => host))];
  const [nearest = hosts[0]] = near(parts?.host ?? "", hosts);
  const rule = rules.find(({ host }) => host === nearest);
  return {
    sentence: `The request of ${who(trace)} to ${spec?.url ?? ""} is answered 404 by the Ingress controller: ${end.detail}; ${plural(rules.length, "rule")} of ${plural(all.length, "Ingress", "Ingresses")} ${rules.length === 1 ? "is" : "are"} for ${listed(hosts) || "no host"}.`,
    evidence: [
      ...hops(trace),
      ...rules.map(({ ingress, host, i }) =>
        about(ingress, `rule ${i} is for ${host}`, { field: `spec.rules[${i}].host` }),
      ),
    ],
    mend: [
      ...(rule
        ? [
            mend(
              "Change the rule",
              `kubectl edit ingress ${rule.ingress.metadata.name}${inNamespace(rule.ingress)}`,
            ),
            mend(
              "Or ask for a host that has one",
              `kubectl exec ${spec?.from ?? "POD"}${inNamespace(trace)} -- wget -qO- --header 'Host: ${rule.host}' ${spec?.url ?? ""}`,
            ),
          ]
        : [
            mend(
              "Create a rule",
              `kubectl create ingress ${metadata.name} --rule=HOST/*=SERVICE:80`,
            ),
          ]),
    ],
    decidedBy: "ingress controller",
    reason: "no rule",
  };
}

function failed(scope: Scope, trace: Trace): Found | undefined {
  const { error, code } = trace.status ?? {};
  if (error === undefined && (code ?? 200) < 500 && code !== 404) return undefined;
  const end = endOf(trace);
  const head = `The request of ${who(trace)} to ${trace.spec?.url ?? ""} ${error ? `fails (${error})` : `is answered ${code ?? 0}`}${end ? ` at ${end.kind} ${end.name}: ${end.detail}` : ""}.`;
  const behind = trace.status?.hops?.findLast(
    ({ kind }) => kind === "service" || kind === "ingress" || kind === "gateway",
  );
  const [namespace = "", name = ""] = (behind?.name ?? "").split("/");
  const resource =
    behind?.kind === "gateway"
      ? gateways
      : behind?.kind === "ingress"
        ? "ingresses.networking.k8s.io"
        : "services";
  const object: KubeObject | undefined = behind && scope.client.get(resource, namespace, name);
  const why = object && scope.ask(resource, object);
  return {
    sentence: why ? `${head} ${why.sentence}` : head,
    evidence: [...hops(trace), ...(why?.evidence ?? [])],
    mend: why?.mend ?? [
      mend(
        "See the way it took",
        `kubectl describe trace ${trace.metadata.name}${inNamespace(trace)}`,
      ),
    ],
    decidedBy: why?.decidedBy ?? end?.kind ?? "network",
    reason: error ?? String(code),
  };
}

const traces = ["traces.podyard.dev"];

/** Rows about requests. */
export const requests: Situation[] = [
  { name: "name does not exist", of: traces, find: unknownName },
  { name: "policy drops it", of: traces, find: dropped },
  { name: "under way", of: traces, find: awaited },
  { name: "no rule", of: traces, find: unmatched },
  { name: "no answer", of: traces, find: failed },
  { name: "policy without rules", of: ["networkpolicies.networking.k8s.io"], find: policyItself },
];
