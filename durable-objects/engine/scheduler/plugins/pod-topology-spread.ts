/** Even spreading over nodes and zones. k8s: pkg/scheduler/framework/plugins/podtopologyspread */
import type { Service } from "../../kinds/service/shape.ts";
import type { ReplicationController } from "../../kinds/replication-controller.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import { lookup } from "../../core/lookup.ts";
import {
  labelSelector,
  type LabelSelector,
  type LabelSelectorRequirement,
  type Selector,
} from "../../machinery/selectors.ts";
import { controllerOf } from "../../core/object.ts";
import { withLabelKeys } from "../affinity-term.ts";
import {
  nodeScoreMax,
  rejected,
  rejectedForGood,
  type FilterPlugin,
  type PluginState,
  type Scorer,
  type Snapshot,
} from "../framework.ts";
import type { NodeInfo, PodInfo } from "../node-info.ts";
import { hostnameLabel, zoneLabel, type Pod } from "../types.ts";
import { nodeMatches } from "./node-affinity.ts";
import { keptAway } from "./taint-toleration.ts";

const skewed = rejected("node(s) didn't match pod topology spread constraints");
const labelMissing = rejectedForGood(
  "node(s) didn't match pod topology spread constraints (missing required label)",
);

interface Constraint {
  maxSkew: number;
  key: string;
  selector: Selector;
  minDomains: number;
  honorsAffinity: boolean;
  honorsTaints: boolean;
}

function constraintsOf(pod: Pod, action: "DoNotSchedule" | "ScheduleAnyway"): Constraint[] {
  const list: Constraint[] = [];
  for (const c of pod.spec.topologySpreadConstraints ?? []) {
    if (c.whenUnsatisfiable !== action) continue;
    const selector = c.labelSelector as LabelSelector | undefined;
    list.push({
      maxSkew: c.maxSkew,
      key: c.topologyKey,
      selector: labelSelector(withLabelKeys(selector, pod.metadata.labels, c.matchLabelKeys)),
      minDomains: c.minDomains ?? 1,
      honorsAffinity: (c.nodeAffinityPolicy ?? "Honor") === "Honor",
      honorsTaints: c.nodeTaintsPolicy === "Honor",
    });
  }
  return list;
}

const controllerKinds: Record<string, string> = lookup({
  ReplicaSet: "replicasets.apps",
  StatefulSet: "statefulsets.apps",
  ReplicationController: "replicationcontrollers",
});

const equalTo = (labels: Record<string, string>): LabelSelectorRequirement[] =>
  Object.entries(labels).map(([key, value]) => ({ key, operator: "In", values: [value] }));

function holds(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  for (const key in wanted) if (labels[key] !== wanted[key]) return false;
  return true;
}

/**
 * What a Pod's Services and its controller select together.
 * k8s: plugins/helper/spread.go DefaultSelector
 */
function defaultSelector(pod: Pod, snapshot: Snapshot): Selector | undefined {
  const namespace = pod.metadata.namespace ?? "";
  const wanted: LabelSelectorRequirement[] = [];
  if (pod.metadata.labels) {
    for (const service of snapshot.reader.list<Service>("services", namespace)) {
      const selector = service.spec?.selector;
      if (selector && holds(pod.metadata.labels, selector)) wanted.push(...equalTo(selector));
    }
  }
  const owner = controllerOf(pod);
  const resource = owner && controllerKinds[owner.kind];
  const controller =
    resource &&
    snapshot.reader.get<ReplicaSet | ReplicationController>(resource, namespace, owner.name);
  const theirs = controller ? controller.spec?.selector : undefined;
  if (theirs && owner?.kind === "ReplicationController") {
    wanted.push(...equalTo(theirs as Record<string, string>));
  } else if (theirs) {
    const selector = theirs as LabelSelector;
    if (!wanted.length) return labelSelector(selector);
    wanted.push(...equalTo(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []));
  }
  return wanted.length ? labelSelector({ matchExpressions: wanted }) : undefined;
}

/** k8s: podtopologyspread/plugin.go systemDefaultConstraints */
function defaultConstraints(pod: Pod, snapshot: Snapshot): Constraint[] {
  const selector = defaultSelector(pod, snapshot);
  if (!selector || selector.empty) return [];
  const rest = { selector, minDomains: 1, honorsAffinity: true, honorsTaints: false };
  return [
    { maxSkew: 3, key: hostnameLabel, ...rest },
    { maxSkew: 5, key: zoneLabel, ...rest },
  ];
}

const hasAllKeys = (node: NodeInfo, constraints: readonly Constraint[]): boolean =>
  constraints.every((c) => node.node.metadata.labels?.[c.key] !== undefined);

/** Whether a node counts at all for a constraint. k8s: matchNodeInclusionPolicies */
function included(constraint: Constraint, pod: Pod, { node }: NodeInfo): boolean {
  if (constraint.honorsAffinity && !nodeMatches(pod, node)) return false;
  return !constraint.honorsTaints || !keptAway(node.spec?.taints, pod.spec.tolerations);
}

class SpreadState implements PluginState {
  readonly pod: Pod;
  readonly constraints: readonly Constraint[];
  /** Matching Pods by topology value, one map per constraint. */
  readonly counts: readonly Map<string, number>[];
  #least: (number | undefined)[];

  constructor(
    pod: Pod,
    constraints: readonly Constraint[],
    counts: readonly Map<string, number>[],
  ) {
    this.pod = pod;
    this.constraints = constraints;
    this.counts = counts;
    this.#least = constraints.map(() => undefined);
  }

  least(i: number): number {
    const known = this.#least[i];
    if (known !== undefined) return known;
    const counts = this.counts[i] as Map<string, number>;
    let least = Number.MAX_SAFE_INTEGER;
    for (const count of counts.values()) if (count < least) least = count;
    if (counts.size < (this.constraints[i] as Constraint).minDomains) least = 0;
    return (this.#least[i] = least);
  }

  change({ pod }: PodInfo, node: NodeInfo, by: 1 | -1): void {
    if (pod.metadata.namespace !== this.pod.metadata.namespace) return;
    if (!hasAllKeys(node, this.constraints)) return;
    this.constraints.forEach((constraint, i) => {
      if (!constraint.selector.matches(pod.metadata.labels)) return;
      if (!included(constraint, this.pod, node)) return;
      const value = node.node.metadata.labels?.[constraint.key] as string;
      const counts = this.counts[i] as Map<string, number>;
      counts.set(value, (counts.get(value) ?? 0) + by);
      this.#least[i] = undefined;
    });
  }

  clone(): SpreadState {
    const counts = this.counts.map((map) => new Map(map));
    return new SpreadState(this.pod, this.constraints, counts);
  }
}

export const podTopologySpread: FilterPlugin = {
  name: "PodTopologySpread",
  prepare({ pod }, snapshot) {
    if (!pod.spec.topologySpreadConstraints?.length) return { skip: true };
    const constraints = constraintsOf(pod, "DoNotSchedule");
    if (!constraints.length) return { skip: true };
    const counts = constraints.map(() => new Map<string, number>());
    for (const node of snapshot.nodes) {
      if (!hasAllKeys(node, constraints)) continue;
      constraints.forEach((constraint, i) => {
        if (!included(constraint, pod, node)) return;
        const value = node.node.metadata.labels?.[constraint.key] as string;
        const count = snapshot.matching(node, pod.metadata.namespace ?? "", constraint.selector);
        const map = counts[i] as Map<string, number>;
        map.set(value, (map.get(value) ?? 0) + count);
      });
    }
    return { state: new SpreadState(pod, constraints, counts) };
  },
  filter({ pod }, node, given) {
    const state = given as SpreadState;
    for (const [i, constraint] of state.constraints.entries()) {
      const value = node.node.metadata.labels?.[constraint.key];
      if (value === undefined) return labelMissing;
      const self = constraint.selector.matches(pod.metadata.labels) ? 1 : 0;
      const count = state.counts[i]?.get(value) ?? 0;
      if (count + self - state.least(i) > constraint.maxSkew) return skewed;
    }
    return undefined;
  },
};

/** Counts per domain (zone, region), over the values that a candidate node has; hosts are counted one by one. */
function zoneCounts(
  pod: Pod,
  constraints: readonly Constraint[],
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
  needsAllKeys: boolean,
): Map<string, number>[] {
  const counts = constraints.map(() => new Map<string, number>());
  const zonal = constraints.flatMap((c, i) =>
    c.key === hostnameLabel ? [] : [{ c, map: counts[i] as Map<string, number> }],
  );
  if (!zonal.length) return counts;
  // A node without the label stands in a domain "" of its own, as upstream's map lookup has it.
  const valueAt = (node: NodeInfo, key: string) => node.node.metadata.labels?.[key] ?? "";
  for (const node of nodes) for (const { c, map } of zonal) map.set(valueAt(node, c.key), 0);
  for (const node of snapshot.nodes) {
    if (needsAllKeys && !hasAllKeys(node, constraints)) continue;
    for (const { c, map } of zonal) {
      const value = valueAt(node, c.key);
      const before = map.get(value);
      if (before === undefined || !included(c, pod, node)) continue;
      map.set(value, before + snapshot.matching(node, pod.metadata.namespace ?? "", c.selector));
    }
  }
  return counts;
}

/** k8s: podtopologyspread/scoring.go */
export const podTopologySpreadScore: Scorer = ({ pod }, nodes, snapshot) => {
  const explicit = (pod.spec.topologySpreadConstraints?.length ?? 0) > 0;
  const constraints = explicit
    ? constraintsOf(pod, "ScheduleAnyway")
    : defaultConstraints(pod, snapshot);
  if (!constraints.length) return undefined;
  // The built-in constraints also spread over hosts that have no zone.
  const scored = explicit ? nodes.filter((node) => hasAllKeys(node, constraints)) : nodes;
  const eligible = new Set(scored);
  const counts = zoneCounts(pod, constraints, scored, snapshot, explicit);
  const weights = constraints.map((c, i) =>
    Math.log((c.key === hostnameLabel ? scored.length : (counts[i]?.size ?? 0)) + 2),
  );
  const raw = nodes.map((node) => {
    if (!eligible.has(node)) return -1;
    let score = 0;
    constraints.forEach((c, i) => {
      const value = node.node.metadata.labels?.[c.key];
      if (value === undefined) return;
      const count =
        c.key === hostnameLabel
          ? snapshot.matching(node, pod.metadata.namespace ?? "", c.selector)
          : (counts[i]?.get(value) ?? 0);
      score += count * (weights[i] as number) + (c.maxSkew - 1);
    });
    return Math.round(score);
  });
  let max = 0;
  let min = Number.MAX_SAFE_INTEGER;
  for (const score of raw) {
    if (score > max) max = score;
    if (score >= 0 && score < min) min = score;
  }
  return raw.map((score) => {
    if (score < 0) return 0;
    return max === 0 ? nodeScoreMax : Math.floor((nodeScoreMax * (max + min - score)) / max);
  });
};
