/** Surge and unavailability, looked at where they are decided: at each revision of a Deployment's ReplicaSets. */
import type { Invariant } from "./seen.ts";
import type { Any, Simulation } from "../simulation.ts";

const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";

function share(value: string | number | undefined, total: number, up: boolean): number {
  if (typeof value !== "string") return value ?? 0;
  const part = (Number.parseFloat(value) * total) / 100;
  return up ? Math.ceil(part) : Math.floor(part);
}

export function bounds(deployment: Any): { most: number; least: number } {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type === "Recreate") return { most: replicas, least: 0 };
  const surge = share(strategy.rollingUpdate?.maxSurge, replicas, true);
  let unavailable = share(strategy.rollingUpdate?.maxUnavailable, replicas, false);
  if (surge === 0 && unavailable === 0) unavailable = 1;
  return { most: replicas + surge, least: Math.max(0, replicas - unavailable) };
}

/** A ReplicaSet's Deployment and its other sets, as they are just before this revision. */
function family(sim: Simulation, set: Any): { deployment: Any; others: Any[] } | undefined {
  const owner = set.metadata.ownerReferences?.find((r: Any) => r.controller)?.uid;
  if (!owner) return undefined;
  let deployment: Any;
  const others: Any[] = [];
  for (const object of sim.shadow.values() as Iterable<Any>) {
    if (object.metadata.uid === owner) deployment = object;
    if (object.kind !== "ReplicaSet" || object.metadata.uid === set.metadata.uid) continue;
    if (object.metadata.ownerReferences?.some((r: Any) => r.uid === owner)) others.push(object);
  }
  if (deployment?.kind !== "Deployment" || deployment.metadata.deletionTimestamp) return undefined;
  return { deployment, others };
}

const replicas = (set: Any): number => set.spec.replicas;
const available = (set: Any): number => Math.min(set.status?.availableReplicas ?? 0, replicas(set));
const sum = (sets: Any[], of: (set: Any) => number): number => sets.reduce((s, x) => s + of(x), 0);

export const rolloutInvariants: Invariant[] = [
  {
    name: "no set grows beyond maxSurge",
    when: "change",
    check: (sim, change) => {
      const { resource, op, object, previous } = change;
      if (resource !== "replicasets.apps" || op === "delete") return undefined;
      if (previous && replicas(object) <= replicas(previous)) return undefined;
      const found = family(sim, object);
      if (!found) return undefined;
      const total = replicas(object) + sum(found.others, replicas);
      const { most } = bounds(found.deployment);
      return replicas(object) > 0 && total > most
        ? `${object.metadata.name} grows to ${replicas(object)}, together ${total} of ${most}`
        : undefined;
    },
  },
  {
    name: "no set shrinks beyond maxUnavailable",
    when: "change",
    check: (sim, change) => {
      const { resource, op, object, previous } = change;
      if (resource !== "replicasets.apps" || op !== "update" || !previous) return undefined;
      if (replicas(object) >= replicas(previous)) return undefined;
      const found = family(sim, object);
      if (!found || found.deployment.spec.strategy.type === "Recreate") return undefined;
      // Scaling is proportional and heeds no availability.
      const told = (previous as Any).metadata.annotations?.[desiredAnnotation];
      if (told !== String(found.deployment.spec.replicas)) return undefined;
      const rest = sum(found.others, available);
      const before = rest + available(previous);
      const after = rest + available(object);
      const { least } = bounds(found.deployment);
      return after < Math.min(before, least)
        ? `${object.metadata.name} shrinks to ${replicas(object)}: ${after} available, was ${before}, least ${least}`
        : undefined;
    },
  },
  {
    name: "Recreate starts nothing while old Pods run",
    when: "change",
    check: (sim, change) => {
      const { resource, op, object } = change;
      if (resource !== "pods" || op !== "create") return undefined;
      const set = ownerOf(sim, object);
      const found = set && family(sim, set);
      if (!found || found.deployment.spec.strategy.type !== "Recreate") return undefined;
      if (replicas(set) === 0) return undefined;
      const uids = new Set(
        found.others.filter((s: Any) => replicas(s) === 0).map((s: Any) => s.metadata.uid),
      );
      for (const pod of sim.shadow.values() as Iterable<Any>) {
        if (
          pod.kind !== "Pod" ||
          pod.status?.phase === "Succeeded" ||
          pod.status?.phase === "Failed"
        )
          continue;
        const of = pod.metadata.ownerReferences?.find((r: Any) => r.controller)?.uid;
        if (uids.has(of)) return `${object.metadata.name} beside ${pod.metadata.name}`;
      }
      return undefined;
    },
  },
];

function ownerOf(sim: Simulation, object: Any): Any | undefined {
  const uid = object.metadata.ownerReferences?.find((r: Any) => r.controller)?.uid;
  if (!uid) return undefined;
  for (const other of sim.shadow.values()) if (other.metadata.uid === uid) return other;
  return undefined;
}
