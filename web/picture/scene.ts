import type { KubeObject } from "../../durable-objects/engine/core/object.ts";
import type { Node } from "../../durable-objects/engine/kinds/node.ts";
import type { Trace } from "../../durable-objects/engine/kinds/podyard/trace.ts";
import type { Pod } from "../../durable-objects/engine/kinds/pod/pod.ts";
import type { Objects } from "../api/picture-objects.ts";
import type { ObjectRef } from "../desk/desk.ts";
import { podView, refOf, type PodView } from "./pod-view.ts";
import { quantity } from "./quantity.ts";
import { serviceViews, type ServiceView } from "./services.ts";

/** What the picture shows, without places: nodes, Pods, Services in the words of their objects. */

export interface NodeView {
  ref: ObjectRef;
  ready: boolean;
  cordoned: boolean;
  /** What its Pods ask for, of what it offers: 0 to 1 and beyond. */
  cpu: number;
  memory: number;
  pods: number;
  podsMax: number;
}

export interface Scene {
  nodes: NodeView[];
  pods: PodView[];
  services: ServiceView[];
  traces: Trace[];
}

export function sceneOf(objects: Objects): Scene {
  const sets = new Map(objects.replicaSets.map((set) => [set.metadata.uid, set as KubeObject]));
  const pods = objects.pods
    .map((pod) => podView(pod, sets))
    .sort((a, b) => compare(orderOf(a), orderOf(b)));
  return {
    nodes: objects.nodes
      .map((node) => nodeView(node, objects.pods))
      .sort((a, b) => compare(a.ref.name, b.ref.name)),
    pods,
    services: serviceViews(objects, pods),
    traces: objects.traces,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The cluster's own Pods last, siblings together. */
const orderOf = (pod: PodView): string =>
  [pod.system ? "1" : "0", pod.ref.namespace, pod.workload, pod.set, pod.ref.name].join("/");

function nodeView(listed: Node, pods: Pod[]): NodeView {
  const node = { ...listed, apiVersion: "v1", kind: "Node" };
  const { name } = node.metadata;
  const own = pods.filter(
    ({ spec, status }) =>
      spec.nodeName === name && status?.phase !== "Succeeded" && status?.phase !== "Failed",
  );
  const allocatable = node.status?.allocatable ?? {};
  const share = (resource: "cpu" | "memory"): number => {
    const offered = quantity(allocatable[resource]);
    const asked = own.flatMap(({ spec }) =>
      spec.containers.map(({ resources }) => quantity(resources?.requests?.[resource])),
    );
    return offered > 0 ? asked.reduce((sum, one) => sum + one, 0) / offered : 0;
  };
  return {
    ref: refOf(node, "nodes"),
    ready:
      node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
      false,
    cordoned: node.spec?.unschedulable === true,
    cpu: share("cpu"),
    memory: share("memory"),
    pods: own.length,
    podsMax: quantity(allocatable["pods"]),
  };
}

export function nodeSentence({
  ref,
  ready,
  cordoned,
  cpu,
  memory,
  pods,
  podsMax,
}: NodeView): string {
  const words = [ready ? "Ready" : "NotReady", ...(cordoned ? ["cordoned"] : [])].join(", ");
  return `Node ${ref.name}: ${words}, ${pods} of ${podsMax} Pods, requests ${percent(cpu)} of CPU and ${percent(memory)} of memory`;
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;
