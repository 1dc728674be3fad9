/**
 * What a Pod that found no node waits for, and which changes may help it. The Pod's own PodScheduled condition says
 * why it failed, so nothing has to be remembered beside the store.
 * k8s: EventsToRegister and the queueing hints of each plugin
 */
import { equal } from "../core/equal.ts";
import { schedulerMessagesKeptMax } from "../core/limits.ts";
import { keep } from "../core/memo.ts";
import type { Change } from "../core/object.ts";
import { allocatable, NodeInfo, podInfo, type PodInfo } from "./node-info.ts";
import { filterPlugins } from "./plugins/index.ts";
import { allClaimNamesOf } from "../kinds/pod/resource-claims.ts";
import { claimNames, type FilterPlugin } from "./framework.ts";
import { byText, isTerminal, specChanged, type Node, type Pod } from "./types.ts";

export type Wait =
  | "anything"
  | "resources"
  | "ports"
  | "nodes"
  | "affinity"
  | "antiAffinity"
  | "spread"
  | "volumes"
  | "devices";

/** Words of a failure, and what would have to change. */
const signs: readonly (readonly [string, Wait])[] = [
  ["Insufficient ", "resources"],
  ["Too many pods", "resources"],
  ["free ports", "ports"],
  ["untolerated taint", "nodes"],
  ["were unschedulable", "nodes"],
  ["node affinity/selector", "nodes"],
  ["satisfy plugin(s)", "nodes"],
  ["no nodes available", "nodes"],
  ["match pod affinity rules", "affinity"],
  ["anti-affinity rules", "antiAffinity"],
  ["topology spread constraints", "spread"],
  ["ersistentvolume", "volumes"],
  ["ersistentVolume", "volumes"],
  ["persistent volumes", "volumes"],
  ["volume zone", "volumes"],
  ["allocate all claims", "devices"],
  ["allocate devices", "devices"],
  ["resource pools", "devices"],
  ["device class", "devices"],
  ["resourceclaim", "devices"],
  ["extended resource claim", "devices"],
  ["DynamicResources", "devices"],
];

export const scheduledCondition = "PodScheduled";

const known = new Map<string, ReadonlySet<Wait>>();

/** Undefined for a Pod that has not failed yet. */
export function waitsFor(pod: Pod): ReadonlySet<Wait> | undefined {
  const condition = pod.status?.conditions?.find((c) => c.type === scheduledCondition);
  if (condition?.status !== "False") return undefined;
  if (condition.reason !== "Unschedulable" && condition.reason !== "SchedulerError") {
    return undefined;
  }
  const message = condition.message ?? "";
  let waits = known.get(message);
  if (!waits) {
    const filters = message.split("preemption:", 1)[0] as string;
    const found = new Set<Wait>();
    for (const [words, wait] of signs) if (filters.includes(words)) found.add(wait);
    waits = keep(
      known,
      schedulerMessagesKeptMax,
      message,
      found.size ? found : new Set<Wait>(["anything"]),
    );
  }
  return waits;
}

/** What a change of a Pod or node may have done for those who wait. */
export interface QueueingHint {
  waits: ReadonlySet<Wait>;
  /** Only Pods that this node would take if it were empty. */
  node?: Node;
}

export function nodeQueueingHint(change: Change): QueueingHint | undefined {
  const node = change.object as Node;
  if (change.op === "delete") return { waits: new Set(["spread"]) };
  const before = change.previous as Node | undefined;
  if (!before) return { waits: everyWait, node };
  const waits = new Set<Wait>();
  const moved = !equal(before.metadata.labels, node.metadata.labels);
  const spec = (n: Node) => [n.spec?.taints ?? [], n.spec?.unschedulable ?? false];
  if (moved || !equal(spec(before), spec(node))) {
    const all = ["nodes", "affinity", "antiAffinity", "spread", "volumes", "devices"] as const;
    for (const wait of all) {
      waits.add(wait);
    }
  }
  if (grew(before, node)) waits.add("resources");
  return waits.size ? { waits, node } : undefined;
}

const everyWait: ReadonlySet<Wait> = new Set<Wait>([
  "resources",
  "ports",
  "nodes",
  "affinity",
  "antiAffinity",
  "spread",
  "volumes",
  "devices",
]);

function grew(before: Node, after: Node): boolean {
  const a = allocatable(before);
  const b = allocatable(after);
  if (a === b) return false;
  if (b.cpuMilli > a.cpuMilli || b.memoryBytes > a.memoryBytes || b.pods > a.pods) return true;
  if (b.ephemeralBytes > a.ephemeralBytes) return true;
  for (const [name, amount] of b.scalars) {
    if (amount > (a.scalars.get(name) ?? 0)) return true;
  }
  return false;
}

const placeOf = (pod: Pod | undefined): string | undefined =>
  pod && !isTerminal(pod) ? pod.spec.nodeName || undefined : undefined;

/** A Pod that came to a node, left it, shrank or was relabelled. */
export function podQueueingHint(
  change: Change,
  node: (name: string) => Node | undefined,
): QueueingHint | undefined {
  const before = change.previous as Pod | undefined;
  const after = change.op === "delete" ? undefined : (change.object as Pod);
  const from = placeOf(change.op === "delete" ? (before ?? (change.object as Pod)) : before);
  const to = placeOf(after);
  if (from && !to) {
    const waits = new Set<Wait>(["resources", "antiAffinity", "spread", "volumes"]);
    const pod = before ?? (change.object as Pod);
    if (podInfo(pod).ports.length) waits.add("ports");
    return { waits, node: node(from) };
  }
  if (!to || !before || !after) return to ? { waits: new Set(["affinity", "spread"]) } : undefined;
  if (!from) return { waits: new Set(["affinity", "spread"]) };
  const waits = new Set<Wait>();
  if (specChanged(before, after)) waits.add("resources");
  if (before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp) waits.add("spread");
  if (!equal(before.metadata.labels, after.metadata.labels)) {
    for (const wait of ["affinity", "antiAffinity", "spread"] as const) waits.add(wait);
  }
  return waits.size ? { waits, node: node(to) } : undefined;
}

const staticFilters: readonly FilterPlugin[] = filterPlugins.filter((p) =>
  ["NodeUnschedulable", "TaintToleration", "NodeAffinity", "NodeResourcesFit"].includes(p.name),
);

function takenWhenEmpty(info: PodInfo, node: NodeInfo): boolean {
  return staticFilters.every((plugin) => !plugin.filter?.(info, node, undefined));
}

interface Waiting {
  info: PodInfo;
  waits: ReadonlySet<Wait>;
}

/** Those who may profit, the most important first; keys `namespace/name`. */
export function podsToRequeue(
  hint: QueueingHint | undefined,
  waiting: ReadonlyMap<string, Waiting>,
): string[] {
  if (!hint || waiting.size === 0) return [];
  const empty = hint.node && new NodeInfo(hint.node);
  const found: PodInfo[] = [];
  for (const { info, waits } of waiting.values()) {
    let may = waits.has("anything");
    for (const wait of waits) may ||= hint.waits.has(wait);
    // An even spread depends on all nodes, the changed one need not be the one that is taken; devices are not the node's own.
    const elsewhere = waits.has("spread") || waits.has("devices");
    if (may && (!empty || elsewhere || takenWhenEmpty(info, empty))) found.push(info);
  }
  return inOrder(found);
}

/** k8s: plugins/queuesort PrioritySort: by priority, then by age */
export const byImportance = (a: PodInfo, b: PodInfo): number =>
  b.priority - a.priority ||
  byText(a.pod.metadata.creationTimestamp, b.pod.metadata.creationTimestamp) ||
  byText(a.key, b.key);

const inOrder = (pods: PodInfo[]): string[] => pods.sort(byImportance).map((info) => info.key);

/** Of all, the most important first: the order of a map is another one after a loss of memory. */
export const keysOf = (pods: ReadonlyMap<string, PodInfo>): string[] => inOrder([...pods.values()]);

/**
 * Keys of the Pods that use a claim. Those written after it do not count: their own change wakes them, and whether the cache knows
 * them by now depends on when it was built.
 */
export function usersOfClaim(
  { namespace, name: claim, rv }: Change,
  pods: ReadonlyMap<string, PodInfo>,
): string[] {
  const users: PodInfo[] = [];
  for (const info of pods.values()) {
    const { metadata } = info.pod;
    if (metadata.namespace !== namespace || Number(metadata.resourceVersion) > rv) continue;
    if (claimNames(info.pod).some((used) => used.claim === claim)) users.push(info);
  }
  return inOrder(users);
}

export function usersOfResourceClaim(
  namespace: string,
  claim: string,
  pods: ReadonlyMap<string, PodInfo>,
): string[] {
  const users: PodInfo[] = [];
  for (const info of pods.values()) {
    if (info.pod.metadata.namespace !== namespace) continue;
    if (allClaimNamesOf(info.pod).includes(claim)) users.push(info);
  }
  return inOrder(users);
}
