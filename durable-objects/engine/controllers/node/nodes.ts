/** What the controllers of Nodes read and write. */
import type { NodeCondition, Taint } from "kubernetes-types/core/v1";
import type { Node } from "../../kinds/node.ts";
import type { KubeObject } from "../../core/object.ts";

export const unreachable = "node.kubernetes.io/unreachable";
export const notReady = "node.kubernetes.io/not-ready";

export const conditionOf = (node: Node, type: string): NodeCondition | undefined =>
  node.status?.conditions?.find((c) => c.type === type);

/** True, False, Unknown; "" where there is no such condition yet. */
export const readyStatus = (node: Node): string => conditionOf(node, "Ready")?.status ?? "";

export const hasTaint = (node: Node, key: string, effect: string): boolean =>
  (node.spec?.taints ?? []).some((t) => t.key === key && t.effect === effect);

/** The Node with taints removed and added; the same object when that changes nothing. */
export function retainted(
  node: Node,
  drop: (taint: Taint) => boolean,
  add: readonly Taint[],
): Node {
  const was = node.spec?.taints ?? [];
  const kept = was.filter((t) => !drop(t));
  const taints = [...kept, ...add];
  if (kept.length === was.length && add.length === 0) return node;
  const { taints: _old, ...spec } = node.spec ?? {};
  return { ...node, spec: taints.length ? { ...spec, taints } : spec };
}

const regionLabels = ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"];
const zoneLabels = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/** k8s: component-helpers/node/topology GetZoneKey */
export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  const first = (keys: readonly string[]): string => keys.map((k) => labels[k]).find(Boolean) ?? "";
  return `${first(regionLabels)}:${first(zoneLabels)}`;
}

/** What Events about a Node refer to. The kubelet knows its Node by name alone, so its uid is the name. */
export function nodeReference(name: string, uid: string): KubeObject {
  const metadata = { name, uid, resourceVersion: "", creationTimestamp: "" };
  return { apiVersion: "v1", kind: "Node", metadata };
}
