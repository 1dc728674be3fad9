/** Nodes that are silent, cordoned or short of memory, and the Pods that this befalls. */
import { parseTime } from "../core/clock.ts";
import type { Lease } from "../kinds/lease.ts";
import type { Node } from "../kinds/node.ts";
import { hasKubelet, hasPower } from "../kinds/node-machine.ts";
import type { PodDisruptionBudget } from "../kinds/pod-disruption-budget.ts";
import { isMirror, type Pod } from "../kinds/pod/types.ts";
import { labelSelector } from "../machinery/selectors.ts";
import {
  about,
  inNamespace,
  mend,
  nameOf,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const condition = (node: Node, type: string) =>
  node.status?.conditions?.find((c) => c.type === type);

const startCommand = (node: Node): string =>
  hasPower(node)
    ? `ssh ${node.metadata.name} systemctl start kubelet`
    : `kubectl annotate node ${node.metadata.name} podyard.dev/power=on --overwrite`;

function silent(scope: Scope, node: Node): Found | undefined {
  const ready = condition(node, "Ready");
  if (hasKubelet(node) && ready?.status === "True") return undefined;
  const { name } = node.metadata;
  const lease = scope.client.get<Lease>("leases.coordination.k8s.io", "kube-node-lease", name);
  const beat = ready?.lastHeartbeatTime ?? lease?.spec?.renewTime;
  const taint = node.spec?.taints?.find(
    ({ key, effect }) => /unreachable|not-ready/.test(key ?? "") && effect === "NoExecute",
  );
  const pods = scope.client.byIndex<Pod>("pod.node", name).filter((pod) => !isMirror(pod));
  const tolerated = evictionAt(pods, taint, scope.now);
  const state = hasPower(node) ? "its kubelet does not run" : "it has no power";
  return {
    sentence: `${nameOf(node)} is ${ready?.status === "True" ? "still called Ready" : "NotReady"}: ${state}${beat ? `, and its last sign of life was ${seconds(scope.now - parseTime(beat))} ago` : ""}. ${taint ? `It is tainted ${taint.key ?? ""} ` : "No taint drives Pods off yet, "}and ${plural(pods.length, "Pod")} ${pods.length === 1 ? "is" : "are"} bound to it${tolerated ? `; ${tolerated}` : ""}.`,
    evidence: [
      about(node, `Ready is ${ready?.status ?? "unknown"}: ${ready?.message ?? ""}`, {
        field: "status.conditions",
      }),
      ...(taint
        ? [
            about(node, `taint ${taint.key ?? ""} since ${taint.timeAdded ?? ""}`, {
              field: "spec.taints",
            }),
          ]
        : []),
      ...pods
        .slice(0, 5)
        .map((pod) => about(pod, `${nameOf(pod)} is bound to it`, { field: "spec.nodeName" })),
    ],
    mend: [mend(hasPower(node) ? "Start its kubelet" : "Start it", startCommand(node))],
    decidedBy: "node-controller",
    reason: `${name} is silent`,
  };
}

/** When the first of its Pods is driven off. */
function evictionAt(
  pods: readonly Pod[],
  taint: { key?: string; timeAdded?: string } | undefined,
  now: number,
): string {
  if (!taint?.timeAdded) return "";
  const times = pods.flatMap((pod) =>
    (pod.spec.tolerations ?? [])
      .filter(({ key, tolerationSeconds }) => key === taint.key && tolerationSeconds !== undefined)
      .map(
        ({ tolerationSeconds }) =>
          parseTime(taint.timeAdded ?? "") + Number(tolerationSeconds) * 1000,
      ),
  );
  if (times.length === 0) return "";
  const at = Math.min(...times);
  return at <= now ? "they are being evicted" : `they are evicted in ${seconds(at - now)}`;
}

function pressure(scope: Scope, node: Node): Found | undefined {
  const found = ["MemoryPressure", "DiskPressure", "PIDPressure"]
    .map((type) => condition(node, type))
    .find((c) => c?.status === "True");
  if (!found) return undefined;
  const out = scope.client
    .byIndex<Pod>("pod.node", node.metadata.name)
    .filter(({ status }) => status?.reason === "Evicted" && status.message?.includes("low on"));
  return {
    sentence: `${nameOf(node)} is short of ${found.type === "MemoryPressure" ? "memory" : found.type === "DiskPressure" ? "disk" : "process ids"} (${found.type} for ${seconds(scope.now - parseTime(found.lastTransitionTime ?? ""))}): its kubelet evicts Pods, those over their requests first (${out.length} so far), and takes no new ones without requests.`,
    evidence: [
      about(node, found.message ?? "", { field: "status.conditions" }),
      ...out
        .slice(0, 5)
        .map((pod) => about(pod, `${nameOf(pod)} was evicted`, { event: "Evicted" })),
    ],
    mend: [
      mend(
        "Set requests and limits, so that Pods are placed by what they use",
        "kubectl top pods -A --sort-by=memory",
      ),
    ],
    decidedBy: "kubelet",
    reason: found.type,
  };
}

function cordoned(scope: Scope, node: Node): Found | undefined {
  if (!node.spec?.unschedulable) return undefined;
  const { name } = node.metadata;
  const held = scope.client.byIndex<Pod>("pod.node", name).flatMap((pod) =>
    budgetsOf(scope, pod)
      .filter(({ status }) => (status?.disruptionsAllowed ?? 0) === 0)
      .map((budget) => ({ pod, budget })),
  );
  const [first] = held;
  const text = first
    ? ` A drain waits: ${nameOf(first.pod)} is covered by ${nameOf(first.budget)}, which allows 0 disruptions (${first.budget.status?.currentHealthy ?? 0} healthy of ${first.budget.status?.desiredHealthy ?? 0} desired).`
    : "";
  return {
    sentence: `${nameOf(node)} is cordoned: no new Pods come there.${text}`,
    evidence: [
      about(node, "spec.unschedulable is true", { field: "spec.unschedulable" }),
      ...held.map(({ budget }) =>
        about(budget, `allows ${budget.status?.disruptionsAllowed ?? 0}`, {
          field: "status.disruptionsAllowed",
        }),
      ),
    ],
    mend: [
      ...(first
        ? [
            mend(
              "Run more of what the budget covers, then drain again",
              `kubectl get deploy,sts${inNamespace(first.pod)}`,
            ),
          ]
        : []),
      mend("Let Pods come there again", `kubectl uncordon ${name}`),
    ],
    decidedBy: "kube-scheduler",
    reason: `${name} is cordoned`,
  };
}

const budgets = "poddisruptionbudgets.policy";

function budgetsOf({ client, mayRead }: Scope, pod: Pod): PodDisruptionBudget[] {
  return client.list<PodDisruptionBudget>(budgets, pod.metadata.namespace).filter((budget) => {
    if (!mayRead(budgets, budget.metadata.namespace ?? "", budget.metadata.name)) return false;
    const selector = labelSelector(budget.spec?.selector);
    return !selector.nothing && selector.matches(pod.metadata.labels);
  });
}

function spentBudget({ client }: Scope, budget: PodDisruptionBudget): Found | undefined {
  const {
    disruptionsAllowed = 0,
    currentHealthy = 0,
    desiredHealthy = 0,
    expectedPods = 0,
  } = budget.status ?? {};
  if (disruptionsAllowed > 0) return undefined;
  const selector = labelSelector(budget.spec?.selector);
  const pods = client
    .list<Pod>("pods", budget.metadata.namespace)
    .filter((pod) => selector.matches(pod.metadata.labels));
  const owner = pods[0]?.metadata.ownerReferences?.[0];
  const rule =
    budget.spec?.minAvailable !== undefined
      ? `minAvailable ${String(budget.spec.minAvailable)}`
      : `maxUnavailable ${String(budget.spec?.maxUnavailable ?? "")}`;
  return {
    sentence: `${nameOf(budget)} allows 0 disruptions, so evictions are refused and drains wait: ${currentHealthy} of ${plural(expectedPods, "Pod")} ${currentHealthy === 1 ? "is" : "are"} healthy and ${desiredHealthy} must stay (${rule}).`,
    evidence: [
      about(budget, `allowed 0, healthy ${currentHealthy}, desired ${desiredHealthy}`, {
        field: "status.disruptionsAllowed",
      }),
      ...pods.slice(0, 6).map((pod) => about(pod, `${nameOf(pod)} is covered`)),
    ],
    mend: [
      mend(
        "Run one more than must stay",
        owner
          ? `kubectl scale ${ownerTarget(pods[0] as Pod)}${inNamespace(budget)} --replicas=${desiredHealthy + 1}`
          : `kubectl get pods${inNamespace(budget)}`,
      ),
      mend(
        "Or ask for less in the budget",
        `kubectl edit pdb ${budget.metadata.name}${inNamespace(budget)}`,
      ),
    ],
    decidedBy: "disruption-controller",
    reason: "budget is spent",
  };
}

function ownerTarget(pod: Pod): string {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
  const hash = pod.metadata.labels?.["pod-template-hash"];
  if (owner?.kind === "ReplicaSet" && hash && owner.name.endsWith(`-${hash}`))
    return `deployment/${owner.name.slice(0, -hash.length - 1)}`;
  return `${owner?.kind.toLowerCase() ?? "pod"}/${owner?.name ?? pod.metadata.name}`;
}

/** A Pod that is bound to a silent node. */
function onSilentNode(scope: Scope, pod: Pod): Found | undefined {
  const node = scope.client.get<Node>("nodes", "", pod.spec.nodeName ?? "");
  if (!node || pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed")
    return undefined;
  const found = silent(scope, node);
  if (!found) return undefined;
  return {
    ...found,
    sentence: `${nameOf(pod)} is bound to ${node.metadata.name}. ${found.sentence}`,
  };
}

/** Rows about nodes. */
export const nodeRows: Situation[] = [
  { name: "node is silent", of: ["nodes"], find: silent },
  { name: "node is under pressure", of: ["nodes"], find: pressure },
  { name: "node is cordoned", of: ["nodes"], find: cordoned },
  { name: "budget is spent", of: [budgets], find: spentBudget },
  { name: "its node is silent", of: ["pods"], find: onSilentNode },
];
