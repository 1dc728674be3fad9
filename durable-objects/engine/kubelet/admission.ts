/** What a kubelet refuses to run. k8s: pkg/kubelet/lifecycle/predicate.go generalFilter, resources first */
import type { Reader, Records } from "../ports/controller.ts";
import { objectKey } from "../core/object.ts";
import { podRequests } from "../kinds/pod/resources.ts";
import { milliValue, value } from "../machinery/quantity.ts";
import { type PodRecord, kubeletTable } from "./record.ts";
import { withGranted } from "./resize/resources.ts";
import { forbiddenSysctl } from "./sysctls.ts";
import { type Pod, type PodSpec, isMirror, isSidecar } from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";

/** Priorities from here on are the system's own. k8s: scheduling.SystemCriticalPriority */
export const criticalPriority = 2_000_000_000;

export interface Rejection {
  reason: string;
  message: string;
}

const names = ["cpu", "memory", "ephemeral-storage"] as const;
type ResourceName = (typeof names)[number];
const amount = (name: ResourceName, text: string | undefined): number =>
  name === "cpu" ? milliValue(text) : value(text);

function demandOf(spec: PodSpec): Record<ResourceName, number> {
  const { cpu, memory, ephemeral } = podRequests({ spec });
  return { cpu, memory, "ephemeral-storage": ephemeral };
}

const gone = (pod: Pod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

function insufficient(name: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

function resourcesFit(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const pods = value(allocatable["pods"]);
  if (others.length + 1 > pods) return insufficient("pods", 1, others.length, pods);
  const asked = demandOf(pod.spec);
  const needed = names.filter((name) => asked[name] !== 0 && allocatable[name] !== undefined);
  const taken = needed.length > 0 ? others.map((other) => demandOf(other.spec)) : [];
  for (const name of needed) {
    const capacity = amount(name, allocatable[name]);
    let used = 0;
    for (const demand of taken) used += demand[name];
    if (asked[name] > capacity - used) return insufficient(name, asked[name], used, capacity);
  }
  return undefined;
}

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

function meets(requirement: Requirement, labels: Record<string, string>): boolean {
  const own = labels[requirement.key];
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return own !== undefined && values.includes(own);
    case "NotIn":
      return own === undefined || !values.includes(own);
    case "Exists":
      return own !== undefined;
    case "DoesNotExist":
      return own === undefined;
    case "Gt":
      return own !== undefined && Number(own) > Number(values[0]);
    case "Lt":
      return own !== undefined && Number(own) < Number(values[0]);
    default:
      return false;
  }
}

function nodeFits(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, wanted] of Object.entries(pod.spec.nodeSelector ?? {})) {
    if (labels[key] !== wanted) return false;
  }
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  const fields = { "metadata.name": node.metadata.name };
  return required.nodeSelectorTerms.some((term) => {
    const expressions = term.matchExpressions ?? [];
    const matchFields = term.matchFields ?? [];
    if (expressions.length + matchFields.length === 0) return false;
    return expressions.every((r) => meets(r, labels)) && matchFields.every((r) => meets(r, fields));
  });
}

function hostPorts(spec: PodSpec): string[] {
  const ports: string[] = [];
  for (const c of [
    ...spec.containers,
    ...(spec.initContainers ?? []).filter((i) => isSidecar(i, "init")),
  ]) {
    for (const p of c.ports ?? []) {
      if (p.hostPort) ports.push(`${p.protocol ?? "TCP"}/${p.hostPort}/${p.hostIP || "0.0.0.0"}`);
    }
  }
  return ports;
}

function clash(a: string, b: string): boolean {
  const [protocolA, portA, ipA] = a.split("/");
  const [protocolB, portB, ipB] = b.split("/");
  if (protocolA !== protocolB || portA !== portB) return false;
  return ipA === ipB || ipA === "0.0.0.0" || ipB === "0.0.0.0";
}

/** k8s: pkg/kubelet/eviction/eviction_manager.go Admit: memory pressure turns BestEffort Pods away. */
function underPressure(pod: Pod, node: Node): Rejection | undefined {
  const pressed = node.status?.conditions?.some(
    (c) => c.type === "MemoryPressure" && c.status === "True",
  );
  if (!pressed || pod.status?.qosClass !== "BestEffort" || isMirror(pod)) return undefined;
  if ((pod.spec.priority ?? 0) >= criticalPriority) return undefined;
  const taint = "node.kubernetes.io/memory-pressure";
  const tolerated = (pod.spec.tolerations ?? []).some(
    (t) =>
      (t.key === taint || (!t.key && t.operator === "Exists")) &&
      (!t.effect || t.effect === "NoSchedule"),
  );
  if (tolerated) return undefined;
  return { reason: "Evicted", message: "The node had condition: [MemoryPressure]. " };
}

/** k8s: predicate.go rejectPodAdmissionBasedOnOSSelector, rejectPodAdmissionBasedOnOSField */
function foreign(pod: Pod): Rejection | undefined {
  const label = pod.metadata.labels?.["kubernetes.io/os"];
  if (label !== undefined && label !== "linux")
    return {
      reason: "PodOSSelectorNodeLabelDoesNotMatch",
      message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    };
  if ((pod.spec.os?.name ?? "linux") === "linux") return undefined;
  return {
    reason: "PodOSNotSupported",
    message: "Failed to admit pod as the OS field doesn't match node OS",
  };
}

function sysctlsRefused(spec: PodSpec): Rejection | undefined {
  const message = forbiddenSysctl(spec);
  return message === undefined ? undefined : { reason: "SysctlForbidden", message };
}

type Sources = Reader & { readonly records: Records };

/** The other Pods this kubelet took, with the resources it granted them. */
function othersOf(client: Sources, pod: Pod, node: Node): Pod[] {
  const others: Pod[] = [];
  for (const other of client.byIndex<Pod>("pod.node", node.metadata.name)) {
    if (other.metadata.uid === pod.metadata.uid || gone(other)) continue;
    const key = objectKey(other.metadata.namespace, other.metadata.name);
    const record = client.records.get<PodRecord>(kubeletTable, key);
    if (!record) continue;
    const { granted } = record;
    others.push(granted ? { ...other, spec: withGranted(other.spec, granted) } : other);
  }
  return others;
}

/** What no node of this size can give. k8s: pkg/kubelet/allocation/handlers.go podResizesAdmitHandler */
function beyondNode(pod: Pod, node: Node): Rejection | undefined {
  const asked = demandOf(pod.spec);
  for (const name of ["memory", "cpu"] as const) {
    const held = node.status?.allocatable?.[name];
    const capacity = amount(name, held);
    if (held === undefined || asked[name] <= capacity) continue;
    const told = `${name}, requested: ${asked[name]}, capacity: ${capacity}`;
    return { reason: infeasible, message: `Node didn't have enough capacity: ${told}` };
  }
  return undefined;
}

export const infeasible = "Infeasible";

/** Why a Pod that runs cannot have what it asks for: not now, or (`infeasible`) never on this node. */
export function resizeRefusal(client: Sources, pod: Pod, node: Node): Rejection | undefined {
  return beyondNode(pod, node) ?? resourcesFit(pod, othersOf(client, pod, node), node);
}

/** Why this node's kubelet will not take the Pod; undefined: it will. */
export function rejection(client: Sources, pod: Pod, node: Node): Rejection | undefined {
  const pressed = underPressure(pod, node) ?? sysctlsRefused(pod.spec) ?? foreign(pod);
  if (pressed) return pressed;
  const wanted = hostPorts(pod.spec);
  // Who asks for nothing takes a place alone, and there is one while not even all who are here or were fill the node.
  const roomy =
    client.countByIndex("pod.node", node.metadata.name) <=
    value(node.status?.allocatable?.["pods"]);
  const asked = demandOf(pod.spec);
  const modest = wanted.length === 0 && names.every((name) => asked[name] === 0);
  const others = roomy && modest ? [] : othersOf(client, pod, node);
  const short = resourcesFit(pod, others, node);
  if (short) return short;
  if (!nodeFits(pod, node)) {
    return {
      reason: "NodeAffinity",
      message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    };
  }
  const used = wanted.length > 0 ? others.flatMap((other) => hostPorts(other.spec)) : [];
  if (wanted.some((a) => used.some((b) => clash(a, b)))) {
    return {
      reason: "NodePorts",
      message:
        "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    };
  }
  return undefined;
}
