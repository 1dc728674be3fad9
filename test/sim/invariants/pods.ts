/** What invariants ask of Pods and nodes. */
import type { Change } from "../../../durable-objects/engine/core/object.ts";
import { parseQuantity } from "../quantities.ts";
import type { Any, Simulation } from "../simulation.ts";

export const finished = (pod: Any): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

export const id = (o: Any): string => `${o.kind} ${o.metadata.namespace ?? ""}/${o.metadata.name}`;

/** First complaint about any of a list. */
export function first<T>(
  list: Iterable<T>,
  complaint: (item: T) => string | undefined,
): string | undefined {
  for (const item of list) {
    const found = complaint(item);
    if (found) return found;
  }
  return undefined;
}

export function requestsOf(pod: Any): { cpu: number; memory: number } {
  let cpu = 0;
  let memory = 0;
  for (const { resources } of pod.spec.containers) {
    cpu += parseQuantity(resources?.requests?.cpu ?? "0");
    memory += parseQuantity(resources?.requests?.memory ?? "0");
  }
  return { cpu, memory };
}

export function usedOn(
  sim: Simulation,
  node: string,
): { cpu: number; memory: number; pods: number } {
  const used = { cpu: 0, memory: 0, pods: 0 };
  for (const pod of sim.all("pods")) {
    if (pod.spec.nodeName !== node || finished(pod)) continue;
    const { cpu, memory } = requestsOf(pod);
    used.cpu += cpu;
    used.memory += memory;
    used.pods += 1;
  }
  return used;
}

/** What is left on a node for a Pod of these requests. */
export function fits(
  sim: Simulation,
  node: Any,
  wanted: { cpu: number; memory: number; pods: number },
): boolean {
  const used = usedOn(sim, node.metadata.name);
  const { cpu, memory, pods } = node.status.allocatable;
  return (
    used.cpu + wanted.cpu <= parseQuantity(cpu) &&
    used.memory + wanted.memory <= parseQuantity(memory) &&
    used.pods + wanted.pods <= parseQuantity(pods)
  );
}

export const hostPorts = (pod: Any): number[] =>
  pod.spec.containers
    .flatMap((c: Any) => (c.ports ?? []).map((p: Any) => p.hostPort ?? 0))
    .filter(Boolean);

export const controllerOf = (o: Any): Any | undefined =>
  o.metadata.ownerReferences?.find((r: Any) => r.controller);

/** The object of a kind that controls another, by the log. */
export function controlling(sim: Simulation, kind: string, object: Any): Any | undefined {
  const owner = controllerOf(object);
  if (owner?.kind !== kind) return undefined;
  for (const other of sim.shadow.values()) if (other.metadata.uid === owner.uid) return other;
  return undefined;
}

/** What an object controls, by the log. */
export function controlledBy(sim: Simulation, kind: string, owner: Any): Any[] {
  const { uid } = owner.metadata;
  const found: Any[] = [];
  for (const object of sim.shadow.values())
    if (object.kind === kind && controllerOf(object)?.uid === uid) found.push(object);
  return found;
}

export const isTrue = (object: Any, type: string): boolean =>
  (object.status?.conditions ?? []).some((c: Any) => c.type === type && c.status === "True");

/** Virtual ms of the last revision of what fits. */
export function lastTouched(sim: Simulation, fits: (change: Change) => boolean): number {
  return sim.history.changes.findLast(fits)?.at ?? Number.NEGATIVE_INFINITY;
}
