/** Pods that have no node yet: what each filter says of each node, and what would have to change. */
import type { Node } from "../kinds/node.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { newQuantity } from "../machinery/quantity.ts";
import { isPending, schedulerName } from "../scheduler/cache.ts";
import type { NodeInfo } from "../scheduler/node-info.ts";
import { portsConflict } from "../scheduler/node-info.ts";
import { isGated } from "../scheduler/plugins/scheduling-gates.ts";
import { keptAway, tolerates } from "../scheduler/plugins/taint-toleration.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  named,
  nameOf,
  pairs,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";
import { placement } from "./placement.ts";
import { verdictsOf, type Verdict, type Verdicts } from "./verdicts.ts";
import { parseTime } from "../core/clock.ts";

const component = "kube-scheduler";

type Cause = Pick<Found, "sentence" | "mend"> & { evidence?: Found["evidence"] };
type Explain = (scope: Scope, pod: Pod, all: Verdicts, of: Verdict[]) => Cause;

/** By plugin; the more telling first, where several turned down as many nodes. */
const causes: [plugin: string, explain: Explain][] = [
  ["NodePorts", hostPort],
  ["NodeResourcesFit", resources],
  ["InterPodAffinity", placement],
  ["PodTopologySpread", placement],
  ["NodeAffinity", selector],
  ["TaintToleration", taints],
  ["NodeUnschedulable", cordoned],
];

function gated(_scope: Scope, pod: Pod): Found | undefined {
  if (!isPending(pod) || !isGated(pod)) return undefined;
  const gates = (pod.spec.schedulingGates ?? []).map(({ name }) => name);
  const evidence = gates.map((name, i) =>
    about(pod, `scheduling gate ${name}`, { field: `spec.schedulingGates[${i}]` }),
  );
  return {
    sentence: `${nameOf(pod)} is not scheduled while it has ${plural(gates.length, "scheduling gate")}: ${listed(gates)}. Whoever set a gate, or anybody who may update the Pod, takes it off.`,
    evidence,
    mend: [
      mend(
        "Remove the gate, when what it waits for is done",
        `kubectl patch pod ${pod.metadata.name}${inNamespace(pod)} --type=json -p '[{"op":"remove","path":"/spec/schedulingGates/0"}]'`,
      ),
    ],
    decidedBy: component,
    reason: "scheduling gate",
  };
}

/** A Pod whose nodeName its author wrote: no scheduler sees it, and no kubelet takes it. */
function namedNode({ client }: Scope, pod: Pod): Found | undefined {
  const name = pod.spec.nodeName;
  if (!name || pod.metadata.deletionTimestamp || client.get("nodes", "", name)) return undefined;
  const nodes = client.list("nodes").map(({ metadata }) => metadata.name);
  return {
    sentence: `${nameOf(pod)} names the node ${name} in spec.nodeName, and there is no such node: the ${plural(nodes.length, "node")} of this cluster are ${listed(nodes)}. A Pod that names its node passes the scheduler by.`,
    evidence: [about(pod, `spec.nodeName is ${name}`, { field: "spec.nodeName" })],
    mend: [
      mend(
        "Make the Pod anew without nodeName, or with a node that exists",
        `kubectl get pod ${pod.metadata.name}${inNamespace(pod)} -o json | jq 'del(.spec.nodeName)' | kubectl replace --force -f -`,
      ),
    ],
    decidedBy: "kubelet",
    reason: `no node ${name}`,
  };
}

/** Victims that are on their way out for this Pod. */
function preempting(scope: Scope, pod: Pod): Found | undefined {
  const { client, now } = scope;
  const node = pod.status?.nominatedNodeName;
  if (!node || !isPending(pod)) return undefined;
  const victims = client.byIndex<Pod>("pod.node", node).filter(isVictim);
  if (victims.length === 0) return undefined;
  const left = Math.max(
    ...victims.map(({ metadata }) => parseTime(metadata.deletionTimestamp ?? "") - now),
  );
  return {
    sentence: `${nameOf(pod)} (priority ${pod.spec.priority ?? 0}) gets ${node} as soon as ${plural(victims.length, "Pod")} of lower priority that it preempts there ${victims.length === 1 ? "is" : "are"} gone: ${listed(victims.map((victim) => named(scope, "pods", victim)))}, at most ${seconds(left)} from now.`,
    evidence: [
      about(pod, `nominated for ${node}`, { field: "status.nominatedNodeName" }),
      ...victims.map((victim) =>
        about(
          victim,
          `${nameOf(victim)} is being preempted, priority ${victim.spec.priority ?? 0}`,
          {
            field: "metadata.deletionTimestamp",
          },
        ),
      ),
    ],
    mend: [mend("Wait for the victims' grace period", `kubectl get pods -A --watch`)],
    decidedBy: component,
    reason: "preemption",
  };
}

const isVictim = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined &&
  pod.status?.conditions?.some(
    (c) => c.type === "DisruptionTarget" && c.reason === "PreemptionByScheduler",
  ) === true;

function foreignScheduler(_scope: Scope, pod: Pod): Found | undefined {
  const name = pod.spec.schedulerName;
  if (pod.spec.nodeName || !name || name === schedulerName) return undefined;
  return {
    sentence: `${nameOf(pod)} waits for the scheduler ${name}, and none of that name runs here: this cluster's is ${schedulerName}.`,
    evidence: [about(pod, `spec.schedulerName is ${name}`, { field: "spec.schedulerName" })],
    mend: [
      mend(
        "Run that scheduler, or make the Pod anew without schedulerName",
        `kubectl edit pod ${pod.metadata.name}${inNamespace(pod)}`,
      ),
    ],
    decidedBy: name,
    reason: `scheduler ${name}`,
  };
}

function unschedulable(scope: Scope, pod: Pod): Found | undefined {
  if (!isPending(pod)) return undefined;
  const all = verdictsOf(scope.client, pod);
  if (all.upfront) return undefined;
  if (all.nodes.length === 0) {
    return {
      sentence: `${nameOf(pod)} has nowhere to go: this cluster has 0 nodes.`,
      evidence: [],
      mend: [mend("Look at the nodes", "kubectl get nodes")],
      decidedBy: component,
    };
  }
  const turnedDown = all.nodes.filter(({ plugin }) => plugin !== undefined);
  if (turnedDown.length < all.nodes.length) return undefined;
  const main = causes
    .map(([plugin, explain]) => ({
      explain,
      plugin,
      of: turnedDown.filter((v) => v.plugin === plugin),
    }))
    .filter(({ of }) => of.length > 0)
    // Nodes that are for nobody say the least, however many they are.
    .sort((a, b) => weight(b.plugin) - weight(a.plugin) || b.of.length - a.of.length)[0];
  if (!main) return undefined;
  const { sentence, evidence = [], mend: mends } = main.explain(scope, pod, all, main.of);
  return {
    sentence: `${nameOf(pod)} ${sentence} ${tally(turnedDown)}`,
    evidence: [
      about(
        pod,
        all.nodes.length === 1 ? "1 node was tried" : `${all.nodes.length} nodes were tried`,
        {
          event: "FailedScheduling",
        },
      ),
      ...evidence,
      ...turnedDown.map((v) => about(v.node.node, `${v.node.name}: ${v.reasons.join(", ")}`)),
    ],
    mend: mends,
    decidedBy: component,
    reason: main.plugin,
  };
}

/** A taint of the control plane stands on it in every cluster. */
const weight = (plugin: string): number =>
  plugin === "TaintToleration" || plugin === "NodeUnschedulable" ? 0 : 1;

/** `(Insufficient cpu on node-1 and node-2; ... on control-plane)` */
function tally(verdicts: Verdict[]): string {
  const groups = new Map<string, string[]>();
  for (const { node, reasons } of verdicts) {
    const key = reasons.join(" and ");
    groups.set(key, [...(groups.get(key) ?? []), node.name]);
  }
  const texts = [...groups].map(
    ([reason, nodes]) => `${reason} on ${nodes.length}: ${listed(nodes)}`,
  );
  return `(0 of ${verdicts.length} nodes will do: ${texts.join("; ")})`;
}

const amountText = (name: string, amount: number): string =>
  name === "cpu" ? `${amount / 1000} CPU` : `${newQuantity(amount, "BinarySI").text} of ${name}`;

function amounts(all: Verdicts, name: string): { wanted: number; free(node: NodeInfo): number } {
  const { requests } = all.info;
  if (name === "cpu")
    return { wanted: requests.cpuMilli, free: (n) => n.allocatable.cpuMilli - n.cpuMilli };
  if (name === "memory")
    return { wanted: requests.memoryBytes, free: (n) => n.allocatable.memoryBytes - n.memoryBytes };
  if (name === "ephemeral-storage")
    return {
      wanted: requests.ephemeralBytes,
      free: (n) => n.allocatable.ephemeralBytes - n.ephemeralBytes,
    };
  return {
    wanted: requests.scalars.get(name) ?? 0,
    free: (n) => (n.allocatable.scalars.get(name) ?? 0) - (n.scalars.get(name) ?? 0),
  };
}

function resources(_scope: Scope, pod: Pod, all: Verdicts, of: Verdict[]): Cause {
  const reasons = of.flatMap((v) => v.reasons);
  const short = reasons.find((r) => r.startsWith("Insufficient "))?.slice(13);
  if (short === undefined) {
    const full = of.map(
      (v) => `${v.node.name} (${v.node.pods.size} of ${v.node.allocatable.pods})`,
    );
    return {
      sentence: `finds every node full of Pods: ${listed(full)}.`,
      mend: [mend("Delete Pods, or add a node", "kubectl get pods -A -o wide")],
    };
  }
  const { wanted, free } = amounts(all, short);
  const best = of.reduce((a, b) => (free(b.node) > free(a.node) ? b : a));
  const has = Math.max(0, free(best.node));
  const name = pod.spec.containers.find((c) => c.resources?.requests?.[short])?.name;
  return {
    sentence: `requests ${amountText(short, wanted)}, more than any node has free: the most is ${amountText(short, has)} on ${best.node.name}.`,
    evidence: [
      about(pod, `requests ${amountText(short, wanted)}`, {
        field: `spec.containers[${pod.spec.containers.findIndex((c) => c.name === name)}].resources.requests.${short}`,
      }),
      about(
        best.node.node,
        `${best.node.name} has ${amountText(short, has)} free, the most of all`,
        {
          field: `status.allocatable.${short}`,
        },
      ),
    ],
    mend: [
      mend(
        `Request at most ${amountText(short, has)} (in the template of its owner, where it has one), or add a node`,
        ownerCommand(pod, `--requests=${short}=${short === "cpu" ? `${has}m` : has}`),
      ),
    ],
  };
}

/** The command that changes resources where they are written: at the owner's template. */
function ownerCommand(pod: Pod, flags: string): string {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return `kubectl edit pod ${pod.metadata.name}${inNamespace(pod)}`;
  const hash = pod.metadata.labels?.["pod-template-hash"];
  const deployment = owner.kind === "ReplicaSet" && hash && owner.name.endsWith(`-${hash}`);
  const target = deployment
    ? `deployment/${owner.name.slice(0, -hash.length - 1)}`
    : `${owner.kind.toLowerCase()}/${owner.name}`;
  return `kubectl set resources ${target}${inNamespace(pod)} ${flags}`;
}

function selector(_scope: Scope, pod: Pod, all: Verdicts, of: Verdict[]): Cause {
  const wanted = pod.spec.nodeSelector ?? {};
  const missing = (node: Node): string[] =>
    Object.keys(wanted).filter((key) => node.metadata.labels?.[key] !== wanted[key]);
  if (Object.keys(wanted).length === 0 || of.every((v) => missing(v.node.node).length === 0)) {
    return {
      sentence: `has a required node affinity that no node meets.`,
      evidence: [
        about(pod, "its required node affinity", {
          field:
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
        }),
      ],
      mend: [mend("Compare it with the labels of the nodes", "kubectl get nodes --show-labels")],
    };
  }
  const usable = of.filter((v) => !keptAway(v.node.node.spec?.taints, pod.spec.tolerations));
  const best = (usable.length ? usable : of).reduce((a, b) =>
    missing(b.node.node).length < missing(a.node.node).length ? b : a,
  ).node;
  const lacks = missing(best.node);
  const has = (key: string): string => {
    const value = best.node.metadata.labels?.[key];
    return value === undefined ? `has no label ${key}` : `has ${key}=${value}`;
  };
  const asked = lacks.map((key) => `${key}=${wanted[key]}`);
  return {
    sentence: `wants a node with ${pairs(wanted)}, and no node has that: the nearest is ${best.name}, which ${lacks.map(has).join(" and ")}.`,
    evidence: [
      about(pod, `nodeSelector ${pairs(wanted)}`, { field: "spec.nodeSelector" }),
      about(best.node, `${best.name} ${lacks.map(has).join(" and ")}`, {
        field: "metadata.labels",
      }),
    ],
    mend: [
      mend("Label a node", `kubectl label node ${best.name} ${asked.join(" ")} --overwrite`),
      mend("Or change the selector", `kubectl edit pod ${pod.metadata.name}${inNamespace(pod)}`),
    ],
  };
}

function taints(_scope: Scope, pod: Pod, _all: Verdicts, of: Verdict[]): Cause {
  const onNode = of.map(({ node }) => ({
    node,
    taint: node.node.spec?.taints?.find(
      (t) => t.effect !== "PreferNoSchedule" && !tolerates(pod.spec.tolerations, t),
    ),
  }));
  const isSystem = (key: string | undefined): boolean => /kubernetes\.io\//.test(key ?? "");
  const main = onNode.find(({ taint }) => !isSystem(taint?.key)) ?? onNode[0];
  const text = (t: { key?: string; value?: string; effect?: string } | undefined): string =>
    `${t?.key ?? ""}${t?.value ? `=${t.value}` : ""}:${t?.effect ?? ""}`;
  const name = main?.node.name ?? "";
  return {
    sentence: `does not tolerate the taint ${text(main?.taint)} of ${name}.`,
    evidence: onNode.map(({ node, taint }) =>
      about(node.node, `${node.name} has the taint ${text(taint)}`, { field: "spec.taints" }),
    ),
    mend: [
      mend("Take the taint off", `kubectl taint node ${name} ${text(main?.taint)}-`),
      mend(
        `Or let the Pod tolerate it (key ${main?.taint?.key ?? ""}, effect ${main?.taint?.effect ?? ""})`,
        `kubectl explain pod.spec.tolerations`,
      ),
    ],
  };
}

function cordoned(_scope: Scope, _pod: Pod, _all: Verdicts, of: Verdict[]): Cause {
  const names = of.map(({ node }) => node.name);
  return {
    sentence: `may not go to ${listed(names)}: ${names.length === 1 ? "it is" : "they are"} cordoned.`,
    evidence: of.map(({ node }) =>
      about(node.node, `${node.name} is cordoned`, { field: "spec.unschedulable" }),
    ),
    mend: [mend("Let Pods come there again", `kubectl uncordon ${names[0] ?? ""}`)],
  };
}

function hostPort(scope: Scope, pod: Pod, { info }: Verdicts, of: Verdict[]): Cause {
  const held = of.flatMap(({ node }) =>
    [...node.withPorts.values()].flatMap((other) => {
      const port = other.ports.find((p) => info.ports.some((wanted) => portsConflict(wanted, p)));
      return port ? [{ node: node.name, other: other.pod, port: port.port }] : [];
    }),
  );
  const port = held[0]?.port ?? 0;
  const who = held.map(({ node, other }) => `${named(scope, "pods", other)} on ${node}`);
  return {
    sentence: `wants host port ${port}, which is taken: by ${listed(who)}.`,
    evidence: held.map(({ other, node }) =>
      about(other, `${nameOf(other)} holds port ${port} of ${node}`, {
        field: "spec.containers[0].ports",
      }),
    ),
    mend: [
      mend(
        "Use another host port, or a Service instead of one",
        `kubectl explain pod.spec.containers.ports.hostPort`,
      ),
    ],
  };
}

/** Rows about where Pods go. */
export const scheduling: Situation[] = [
  { name: "scheduling gate", of: ["pods"], find: gated },
  { name: "names a node that is none", of: ["pods"], find: namedNode },
  { name: "preempts others", of: ["pods"], find: preempting },
  { name: "another scheduler", of: ["pods"], find: foreignScheduler },
  { name: "no node will do", of: ["pods"], find: unschedulable },
];
