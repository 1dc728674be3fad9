/** Workloads that are short of Pods: paused, blocked by quota, stuck on their way, or their Pods' own reasons, grouped. */
import type { DaemonSet } from "../kinds/daemon-set.ts";
import { parseTime } from "../core/clock.ts";
import type { KubeObject } from "../core/object.ts";
import type { Deployment } from "../kinds/deployment.ts";
import type { ReplicaSet } from "../kinds/replica-set.ts";
import type { Node } from "../kinds/node.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { labelSelector } from "../machinery/selectors.ts";
import { eligibility } from "../controllers/daemon-set/nodes.ts";
import { findNew } from "../controllers/deployment/replica-sets.ts";
import { maxSurge, maxUnavailable } from "../controllers/deployment/size.ts";
import { nodeMatches } from "../scheduler/plugins/node-affinity.ts";
import { tolerates } from "../scheduler/plugins/taint-toleration.ts";
import { quotaRefusal } from "./quota.ts";
import {
  about,
  inNamespace,
  kindOf,
  listed,
  mend,
  nameOf,
  pairs,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const sets = "replicasets.apps";
export const workloads = [
  "deployments.apps",
  sets,
  "statefulsets.apps",
  "daemonsets.apps",
  "replicationcontrollers",
];

interface WorkloadParts {
  spec?: {
    replicas?: number;
    selector?: object;
    template?: { metadata?: { labels?: Record<string, string> } };
  };
  status?: {
    conditions?: {
      type: string;
      status: string;
      reason?: string;
      message?: string;
      lastUpdateTime?: string;
    }[];
  };
}
type Workload = KubeObject & WorkloadParts;

const controlled = <T extends KubeObject>(
  { client }: Scope,
  owner: KubeObject,
  kind: string,
): readonly T[] =>
  client.byIndex<T>("controller", owner.metadata.uid).filter((o) => kindOf(o) === kind);

/** Pods of a workload, those of a Deployment through its ReplicaSets. */
export function podsOf(scope: Scope, owner: KubeObject): Pod[] {
  const between = kindOf(owner) === "Deployment" ? controlled(scope, owner, "ReplicaSet") : [owner];
  return between.flatMap((set) => [...controlled<Pod>(scope, set, "Pod")]);
}

function paused(scope: Scope, deployment: Deployment): Found | undefined {
  const { spec } = deployment as { spec: { paused?: boolean } };
  if (!spec.paused) return undefined;
  const current = findNew(deployment, controlled<ReplicaSet>(scope, deployment, "ReplicaSet"));
  const { name } = deployment.metadata;
  return {
    sentence: `${nameOf(deployment)} is paused: ${current ? "changes of its template start no rollout" : "its template has changed, and 0 Pods are made of the new one"} until it is resumed.`,
    evidence: [about(deployment, "spec.paused is true", { field: "spec.paused" })],
    mend: [
      mend("Resume it", `kubectl rollout resume deployment/${name}${inNamespace(deployment)}`),
    ],
    decidedBy: "deployment-controller",
    reason: "paused",
  };
}

/** Whose template a set's Pods are made of: its owner's, as `deployment/web`. */
function templateOf({ metadata, kind }: Workload): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return `${(owner?.kind ?? kind ?? "").toLowerCase()}/${owner?.name ?? metadata.name}`;
}

/** A set that may not make the Pods it lacks. */
function refused(scope: Scope, set: Workload): Found | undefined {
  const failure = set.status?.conditions?.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  const wanted = set.spec?.replicas ?? 0;
  const pods = podsOf(scope, set).length;
  if (kindOf(set) === "Deployment") {
    const found = ofNewest(scope, set, (one) => refused(scope, one));
    return found && withSurge(scope, set as unknown as Deployment, found);
  }
  if (pods >= wanted && !failure) return undefined;
  const quota = quotaRefusal(scope, set, pods, wanted);
  if (quota) return quota;
  if (!failure) return undefined;
  return {
    sentence: `${nameOf(set)} has ${pods} of ${plural(wanted, "Pod")}, and the API server refuses the others: ${failure.message ?? ""}.`,
    evidence: [about(set, failure.message ?? "", { event: "FailedCreate" })],
    mend: [
      mend(
        "Change the template to what is allowed",
        `kubectl edit ${templateOf(set)}${inNamespace(set)}`,
      ),
    ],
    decidedBy: "admission",
    reason: failure.reason ?? "FailedCreate",
  };
}

/** While old Pods serve, a rollout needs room for those beyond: what a quota blocks is then the surge. */
function withSurge(scope: Scope, deployment: Deployment, found: Found): Found {
  const surge = maxSurge(deployment);
  const own = controlled<ReplicaSet>(scope, deployment, "ReplicaSet");
  const current = findNew(deployment, own);
  const old = own.filter((set) => set !== current && set.spec.replicas > 0);
  if (old.length === 0 || surge === 0 || maxUnavailable(deployment) > 0) return found;
  const { name } = deployment.metadata;
  return {
    ...found,
    sentence: `The rollout of ${nameOf(deployment)} is blocked: maxUnavailable 0 keeps the old Pods, so maxSurge ${surge} needs room for ${plural(surge, "Pod")} more. ${found.sentence}`,
    evidence: [
      about(deployment, `maxUnavailable 0, maxSurge ${surge}`, {
        field: "spec.strategy.rollingUpdate",
      }),
      ...found.evidence,
    ],
    mend: [
      mend(
        "Let an old Pod go first",
        `kubectl patch deployment ${name}${inNamespace(deployment)} -p '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}}}'`,
      ),
      ...found.mend,
    ],
  };
}

function ofNewest(
  scope: Scope,
  deployment: KubeObject,
  ask: (set: Workload) => Found | undefined,
): Found | undefined {
  const own = controlled<ReplicaSet>(scope, deployment, "ReplicaSet").filter(({ metadata }) =>
    scope.mayRead(sets, metadata.namespace ?? "", metadata.name),
  );
  const current = findNew(deployment as Deployment, own);
  for (const set of current ? [current, ...own.filter((o) => o !== current)] : own) {
    const found = ask(set as unknown as Workload);
    if (found) return { ...found, sentence: `${nameOf(deployment)}: ${found.sentence}` };
  }
  return undefined;
}

/** A rollout whose new Pods do not come up. */
function stuck(scope: Scope, deployment: Deployment): Found | undefined {
  const own = controlled<ReplicaSet>(scope, deployment, "ReplicaSet");
  const current = findNew(deployment, own);
  const old = own.filter((set) => set !== current && set.spec.replicas > 0);
  if (!current || old.length === 0) return undefined;
  const wanted = deployment.spec.replicas;
  const ready = current.status?.readyReplicas ?? 0;
  const progress = (deployment as Workload).status?.conditions?.find(
    ({ type }) => type === "Progressing",
  );
  const why = grouped(scope, deployment, [...controlled<Pod>(scope, current, "Pod")]);
  if (!why) return undefined;
  const deadline = deployment.spec.progressDeadlineSeconds ?? 600;
  const at = parseTime(progress?.lastUpdateTime ?? "") + deadline * 1000;
  const late = progress?.reason === "ProgressDeadlineExceeded";
  const still = old.reduce((sum, set) => sum + (set.status?.readyReplicas ?? 0), 0);
  const { name } = deployment.metadata;
  return {
    ...why,
    sentence: `The rollout of ${nameOf(deployment)} ${late ? "has stopped" : "waits"}: ${ready} of ${wanted} new Pods ${ready === 1 ? "is" : "are"} ready, ${still} old ones serve on, and maxUnavailable ${maxUnavailable(deployment)} with maxSurge ${maxSurge(deployment)} lets no more go${late ? ` (its deadline of ${deadline}s has passed)` : ` (deadline in ${seconds(at - scope.now)})`}. ${why.sentence}`,
    evidence: [
      about(
        deployment,
        `maxUnavailable ${maxUnavailable(deployment)}, maxSurge ${maxSurge(deployment)}`,
        { field: "spec.strategy.rollingUpdate" },
      ),
      about(current, `new: ${ready} of ${current.spec.replicas} ready`, {
        field: "status.readyReplicas",
      }),
      ...why.evidence,
    ],
    mend: [
      ...why.mend,
      mend("Or go back", `kubectl rollout undo deployment/${name}${inNamespace(deployment)}`),
    ],
    decidedBy: why.decidedBy,
    reason: "rollout",
  };
}

/** `2 of 3 Pods: ...`: the reason that most of its Pods have. */
export function grouped(scope: Scope, _owner: KubeObject, pods: readonly Pod[]): Found | undefined {
  const groups = new Map<string, Found[]>();
  for (const pod of pods) {
    const found = scope.ask("pods", pod);
    if (!found) continue;
    const key = found.reason ?? found.sentence;
    groups.set(key, [...(groups.get(key) ?? []), found]);
  }
  const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
  const [most, ...others] = sorted;
  const first = most?.[0];
  if (!most || !first) return undefined;
  const rest = others.map((list) => `${plural(list.length, "other")}: ${list[0]?.reason ?? ""}`);
  return {
    ...first,
    sentence: `${most.length} of ${plural(pods.length, "Pod")}: ${first.sentence}${rest.length ? ` (${listed(rest)})` : ""}`,
    evidence: [...first.evidence, ...others.flatMap((list) => list[0]?.evidence.slice(0, 1) ?? [])],
  };
}

function podsSay(scope: Scope, owner: Workload): Found | undefined {
  const found = grouped(scope, owner, podsOf(scope, owner));
  return found && { ...found, sentence: `${nameOf(owner)}: ${found.sentence}` };
}

function missesNodes({ client }: Scope, set: DaemonSet): Found | undefined {
  const shouldRun = eligibility(set);
  const missed = client.list<Node>("nodes").filter((node) => !shouldRun(node).shouldRun);
  if (missed.length === 0) return undefined;
  const all = client.list<Node>("nodes").length;
  const { spec } = set.spec.template;
  const why = (node: Node): string => {
    if (!nodeMatches({ spec } as Pod, node))
      return `its labels lack ${pairs(spec.nodeSelector) || "what the node affinity asks"}`;
    const taint = node.spec?.taints?.find(
      (t) => t.effect !== "PreferNoSchedule" && !tolerates(spec.tolerations, t),
    );
    return `its taint ${taint?.key ?? ""}${taint?.value ? `=${taint.value}` : ""}:${taint?.effect ?? ""} is not tolerated`;
  };
  const [first] = missed;
  return {
    sentence: `${nameOf(set)} runs on ${all - missed.length} of ${all} nodes: not on ${listed(missed.map((node) => `${node.metadata.name} (${why(node)})`))}.`,
    evidence: missed.map((node) =>
      about(node, `${node.metadata.name}: ${why(node)}`, { field: "spec.taints" }),
    ),
    mend: [
      mend(
        "Tolerate it in the template, or label the node",
        `kubectl edit daemonset ${set.metadata.name}${inNamespace(set)}`,
      ),
      mend("Or take the taint off", `kubectl describe node ${first?.metadata.name ?? ""}`),
    ],
    decidedBy: "daemonset-controller",
    reason: "nodes left out",
  };
}

/** Two owners whose selectors match each other's Pods. */
function rivals(scope: Scope, owner: Workload): Found | undefined {
  if (owner.metadata.ownerReferences?.length) return undefined;
  const namespace = owner.metadata.namespace ?? "";
  const labels = owner.spec?.template?.metadata?.labels;
  const matching = (other: Workload): boolean => {
    const selector = other.spec?.selector;
    if (!selector) return false;
    const isMap = kindOf(other) === "ReplicationController";
    return labelSelector(
      isMap ? { matchLabels: selector as Record<string, string> } : selector,
    ).matches(labels);
  };
  const found = workloads
    .flatMap((resource) =>
      scope.client.list<Workload>(resource, namespace).map((other) => ({ resource, other })),
    )
    .filter(
      ({ other }) =>
        other.metadata.uid !== owner.metadata.uid && !other.metadata.ownerReferences?.length,
    )
    .filter(({ resource, other }) => scope.mayRead(resource, namespace, other.metadata.name))
    .find(({ other }) => matching(other))?.other;
  if (!found) return undefined;
  return {
    sentence: `${nameOf(owner)} and ${nameOf(found)} select the same Pods (${pairs(labels)}): what has no owner is adopted by either, and Services, budgets and autoscalers by these labels see both.`,
    evidence: [
      about(owner, `selects ${pairs(labels)}`, { field: "spec.selector" }),
      about(found, `selects ${pairs(labels)} as well`, { field: "spec.selector" }),
    ],
    mend: [
      mend(
        "Make one of them anew with labels of its own",
        `kubectl get ${kindOf(found).toLowerCase()} ${found.metadata.name}${inNamespace(found)} -o yaml`,
      ),
    ],
    decidedBy: "controller-manager",
    reason: "selectors overlap",
  };
}

/** Rows about workloads. */
export const rollouts: Situation[] = [
  { name: "paused", of: ["deployments.apps"], find: paused },
  {
    name: "Pods are refused",
    of: ["deployments.apps", sets, "replicationcontrollers"],
    find: refused,
  },
  { name: "rollout is stuck", of: ["deployments.apps"], find: stuck },
  { name: "its Pods' reasons", of: workloads, find: podsSay },
  { name: "nodes left out", of: ["daemonsets.apps"], find: missesNodes },
  { name: "selectors overlap", of: workloads, find: rivals },
];
