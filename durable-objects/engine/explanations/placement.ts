/** Affinity to other Pods and even spread: the term, and who occupies each domain. */
import type { Pod } from "../kinds/pod/types.ts";
import { labelSelector, type LabelSelector } from "../machinery/selectors.ts";
import {
  about,
  listed,
  mend,
  named,
  nameOf,
  pairs,
  plural,
  type Found,
  type Scope,
} from "./situation.ts";
import type { Verdict, Verdicts } from "./verdicts.ts";
import type { AffinityTerm } from "../scheduler/affinity-term.ts";
import { termMatches } from "../scheduler/affinity-term.ts";

type Cause = Pick<Found, "sentence" | "mend" | "evidence">;

/** What InterPodAffinity or PodTopologySpread objects to. */
export function placement(scope: Scope, pod: Pod, all: Verdicts, of: Verdict[]): Cause {
  return of[0]?.plugin === "PodTopologySpread"
    ? spread(pod, all, of)
    : affinity(scope, pod, all, of);
}

function affinity(scope: Scope, pod: Pod, all: Verdicts, of: Verdict[]): Cause {
  const terms = all.info.terms;
  const anti = terms?.requiredAnti[0];
  const wanted = terms?.required[0];
  if (anti) return antiAffinity(scope, pod, all, anti);
  const term = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.[0];
  if (wanted && term) {
    const text = pairs(term.labelSelector?.matchLabels);
    return {
      sentence: `must be beside a Pod with ${text} (by ${wanted.topologyKey}), and no node that it may use has one.`,
      evidence: [
        about(pod, `required affinity to Pods with ${text}`, {
          field: "spec.affinity.podAffinity",
        }),
      ],
      mend: [
        mend("Run such a Pod first", `kubectl get pods -A -l ${text}`),
        mend("Or prefer it instead", "kubectl explain pod.spec.affinity.podAffinity"),
      ],
    };
  }
  const others = of.flatMap(({ node }) =>
    [...node.pods.values()].filter((other) => (other.terms?.requiredAnti.length ?? 0) > 0),
  );
  return {
    sentence: `is kept away by the anti-affinity of ${plural(others.length, "Pod")} that ${others.length === 1 ? "is" : "are"} there: ${listed(others.map((o) => named(scope, "pods", o.pod)))}.`,
    evidence: others.map(({ pod: other }) =>
      about(other, `${nameOf(other)} wants none like it near`, {
        field: "spec.affinity.podAntiAffinity",
      }),
    ),
    mend: [mend("Add a node, or relax their anti-affinity", "kubectl get pods -A -o wide")],
  };
}

function antiAffinity(scope: Scope, pod: Pod, all: Verdicts, term: AffinityTerm): Cause {
  const labels = (namespace: string) => all.snapshot.namespaceLabels(namespace);
  const occupied = all.snapshot.nodes.flatMap((node) => {
    const other = [...node.pods.values()].find((p) => termMatches(term, p.pod, labels));
    return other ? [{ node, other: other.pod }] : [];
  });
  const owner = pod.metadata.ownerReferences?.[0];
  return {
    sentence: `may not share a domain of ${term.topologyKey} with a Pod that its required anti-affinity names, and ${plural(occupied.length, "node")} ${occupied.length === 1 ? "has" : "have"} one: ${listed(occupied.map(({ node, other }) => `${named(scope, "pods", other)} on ${node.name}`))}.`,
    evidence: [
      about(pod, `required anti-affinity by ${term.topologyKey}`, {
        field: "spec.affinity.podAntiAffinity",
      }),
      ...occupied.map(({ node, other }) => about(other, `${nameOf(other)} is on ${node.name}`)),
    ],
    mend: [
      mend(
        `Run at most ${occupied.length}, one for each node`,
        owner
          ? `kubectl scale ${owner.kind.toLowerCase()}/${owner.name} --replicas=${occupied.length}`
          : "kubectl get pods -o wide",
      ),
      mend(
        "Or prefer it instead of requiring it",
        "kubectl explain pod.spec.affinity.podAntiAffinity",
      ),
    ],
  };
}

function spread(pod: Pod, all: Verdicts, of: Verdict[]): Cause {
  const constraint = (pod.spec.topologySpreadConstraints ?? []).find(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule",
  );
  const key = constraint?.topologyKey ?? "";
  const selector = labelSelector(constraint?.labelSelector as LabelSelector | undefined);
  const counts = new Map<string, number>();
  const without: string[] = [];
  for (const node of all.snapshot.nodes) {
    const domain = node.node.metadata.labels?.[key];
    if (domain === undefined) {
      without.push(node.name);
      continue;
    }
    const there = all.snapshot.matching(node, pod.metadata.namespace ?? "", selector);
    counts.set(domain, (counts.get(domain) ?? 0) + there);
  }
  const texts = [...counts].map(([domain, count]) => `${domain} has ${count}`);
  const lacking = without.length
    ? `; ${listed(without)} ${without.length === 1 ? "has" : "have"} no label ${key}`
    : "";
  return {
    sentence: `would be spread too unevenly by ${key}: the skew may be ${constraint?.maxSkew ?? 1}, and ${listed(texts, 6)}${lacking}.`,
    evidence: [
      about(pod, `maxSkew ${constraint?.maxSkew ?? 1} by ${key}`, {
        field: "spec.topologySpreadConstraints",
      }),
      ...of.map(({ node }) =>
        about(node.node, `${node.name} is in ${node.node.metadata.labels?.[key] ?? "no domain"}`, {
          field: "metadata.labels",
        }),
      ),
    ],
    mend: [
      mend(
        "Let a node of the emptier domain take Pods, or allow more skew (maxSkew, ScheduleAnyway)",
        `kubectl get nodes -L ${key}`,
      ),
    ],
  };
}
