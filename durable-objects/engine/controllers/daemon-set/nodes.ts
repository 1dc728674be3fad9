/** Which nodes a DaemonSet's Pods belong on, and the Pod for one. k8s: pkg/controller/daemon/daemon_controller.go, daemon/util */
import { type DaemonSet, templateGenerationAnnotation } from "../../kinds/daemon-set.ts";
import { keptAway, tolerates } from "../../scheduler/plugins/taint-toleration.ts";
import { nodeMatches } from "../../scheduler/plugins/node-affinity.ts";
import type { Node, Pod, Toleration } from "../../scheduler/types.ts";
import { podFromTemplate } from "../workload/pod-control.ts";
import { revisionHashLabel } from "../workload/revision-history.ts";

const generationLabel = "pod-template-generation";

/** What a daemon outlives on its node. k8s: util.AddOrUpdateDaemonPodTolerations */
const nodeTroubles: [key: string, effect: "NoExecute" | "NoSchedule"][] = [
  ["node.kubernetes.io/not-ready", "NoExecute"],
  ["node.kubernetes.io/unreachable", "NoExecute"],
  ["node.kubernetes.io/disk-pressure", "NoSchedule"],
  ["node.kubernetes.io/memory-pressure", "NoSchedule"],
  ["node.kubernetes.io/pid-pressure", "NoSchedule"],
  ["node.kubernetes.io/unschedulable", "NoSchedule"],
];
const hostTrouble: [string, "NoSchedule"] = [
  "node.kubernetes.io/network-unavailable",
  "NoSchedule",
];

function tolerationsOf(set: DaemonSet): Toleration[] {
  const { tolerations = [], hostNetwork } = set.spec.template.spec;
  const troubles = hostNetwork ? [...nodeTroubles, hostTrouble] : nodeTroubles;
  const added = troubles.map(([key, effect]): Toleration => ({ key, operator: "Exists", effect }));
  const same = (a: Toleration, b: Toleration): boolean =>
    a.key === b.key &&
    a.effect === b.effect &&
    a.operator === b.operator &&
    !a.value &&
    a.tolerationSeconds === undefined;
  const kept = tolerations as readonly Toleration[];
  return [...kept, ...added.filter((t) => !kept.some((k) => same(k, t)))];
}

export interface Eligibility {
  /** A missing Pod is to be made. */
  shouldRun: boolean;
  /** One that is there may stay. */
  mayStay: boolean;
}

const never: Eligibility = { shouldRun: false, mayStay: false };

/** Asks the same question of many nodes. k8s: NodeShouldRunDaemonPod */
export function eligibility(set: DaemonSet): (node: Node) => Eligibility {
  const { spec } = set.spec.template;
  const tolerations = tolerationsOf(set);
  const pod = { spec } as Pod;
  return (node) => {
    if (spec.nodeName && spec.nodeName !== node.metadata.name) return never;
    if (!nodeMatches(pod, node)) return never;
    const taints = node.spec?.taints;
    if (!keptAway(taints, tolerations)) return { shouldRun: true, mayStay: true };
    const driven = taints?.some((t) => t.effect === "NoExecute" && !tolerates(tolerations, t));
    return { shouldRun: false, mayStay: !driven };
  };
}

const nameField = "metadata.name";

/** The node a Pod is on or made for. k8s: util.GetTargetNodeName */
export function targetNode(pod: Pod): string {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields } of required?.nodeSelectorTerms ?? []) {
    for (const { key, operator, values } of matchFields ?? []) {
      if (key === nameField && operator === "In" && values?.[0]) return values[0];
    }
  }
  return "";
}

/** The set's own affinity, with the node in place of its required terms. k8s: ReplaceDaemonSetPodNodeNameNodeAffinity */
function affinityFor(set: DaemonSet, node: string): NonNullable<Pod["spec"]["affinity"]> {
  const { affinity } = set.spec.template.spec;
  const term = { matchFields: [{ key: nameField, operator: "In", values: [node] }] };
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
    },
  };
}

const generationOf = (set: DaemonSet): string | undefined =>
  set.metadata.annotations?.[templateGenerationAnnotation];

/** k8s: util.CreatePodTemplate, ReplaceDaemonSetPodNodeNameNodeAffinity */
export function daemonPod(set: DaemonSet, node: string, hash: string): unknown {
  const { metadata, spec } = set.spec.template;
  const generation = generationOf(set);
  const labels = {
    ...metadata?.labels,
    [revisionHashLabel]: hash,
    ...(generation ? { [generationLabel]: generation } : {}),
  };
  return podFromTemplate(set, {
    metadata: { ...metadata, labels },
    spec: { ...spec, tolerations: tolerationsOf(set), affinity: affinityFor(set, node) },
  });
}

/** k8s: util.IsPodUpdated */
export function isUpdated(set: DaemonSet, pod: Pod, hash: string): boolean {
  const labels = pod.metadata.labels ?? {};
  const generation = generationOf(set);
  return (
    labels[revisionHashLabel] === hash ||
    (generation !== undefined && labels[generationLabel] === generation)
  );
}
