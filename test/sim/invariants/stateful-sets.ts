/** What must hold of StatefulSets: of each Pod that comes or goes as it is decided, and at rest. */
import type { Change } from "../../../durable-objects/engine/core/object.ts";
import { controlledBy, controllerOf, controlling, finished, first, id } from "./pods.ts";
import type { Invariant } from "./seen.ts";
import type { Any, Simulation } from "../simulation.ts";
import { ready } from "../operations/targets.ts";

const controller = "statefulset-controller";

const ordinalOf = (pod: Any): number => Number(pod.metadata.labels["apps.kubernetes.io/pod-index"]);
const isOrdered = (set: Any): boolean => set.spec.podManagementPolicy === "OrderedReady";
const startOf = (set: Any): number => set.spec.ordinals?.start ?? 0;
const inRange = (set: Any, ordinal: number): boolean =>
  ordinal >= startOf(set) && ordinal < startOf(set) + set.spec.replicas;

function ordinals(set: Any): number[] {
  return Array.from({ length: set.spec.replicas }, (_, i) => startOf(set) + i);
}

/** By ordinal, by the log. */
const podsOf = (sim: Simulation, set: Any): Map<number, Any> =>
  new Map(controlledBy(sim, "Pod", set).map((pod) => [ordinalOf(pod), pod]));

function isAvailable(set: Any, pod: Any | undefined, at: number): boolean {
  if (!pod || pod.status?.phase !== "Running" || !ready(pod)) return false;
  const { lastTransitionTime } = pod.status.conditions.find((c: Any) => c.type === "Ready");
  return Date.parse(lastTransitionTime) + (set.spec.minReadySeconds ?? 0) * 1000 <= at;
}

function isDouble(sim: Simulation, pod: Any): string | undefined {
  const set = controlling(sim, "StatefulSet", pod);
  if (!set) return `${id(pod)} of a set that is not there`;
  const ordinal = ordinalOf(pod);
  if (pod.metadata.name !== `${set.metadata.name}-${ordinal}` || !inRange(set, ordinal))
    return `${id(pod)} is not of ${ordinals(set)}`;
  const other = podsOf(sim, set).get(ordinal);
  return other && `${id(pod)} beside ${id(other)}`;
}

function startsEarly(sim: Simulation, pod: Any, at: number): string | undefined {
  const set = controlling(sim, "StatefulSet", pod);
  if (!set || !isOrdered(set)) return undefined;
  const pods = podsOf(sim, set);
  const below = ordinals(set).filter((ordinal) => ordinal < ordinalOf(pod));
  const missing = below.find((ordinal) => !isAvailable(set, pods.get(ordinal), at));
  return missing === undefined ? undefined : `${id(pod)} before ${missing} is available`;
}

const share = (value: number | string | undefined, of: number): number =>
  typeof value === "string" ? Math.floor((Number.parseFloat(value) * of) / 100) : (value ?? 1);

/** What speaks against a Pod's being taken away, of which this is the last state before. */
function goesWrongly(sim: Simulation, pod: Any, at: number): string | undefined {
  const set = controlling(sim, "StatefulSet", pod);
  if (!set || finished(pod)) return undefined;
  const pods = podsOf(sim, set);
  const ordinal = ordinalOf(pod);
  if (!inRange(set, ordinal)) {
    const above = [...pods.keys()].find((other) => other > ordinal && !inRange(set, other));
    return isOrdered(set) && above !== undefined ? `${id(pod)} goes before ${above}` : undefined;
  }
  const { type, rollingUpdate } = set.spec.updateStrategy;
  if (type === "OnDelete" || ordinal < startOf(set) + (rollingUpdate?.partition ?? 0))
    return `${id(pod)} is not to go`;
  const away = ordinals(set).filter(
    (other) => other === ordinal || !isAvailable(set, pods.get(other), at),
  );
  const most = Math.max(1, share(rollingUpdate?.maxUnavailable, set.spec.replicas));
  return away.length > most ? `${id(pod)} goes: ${away} are away, at most ${most}` : undefined;
}

/** A Pod that begins to go, or goes at once, by the controller's hand. */
function takenAway(sim: Simulation, change: Change, key: string): Any | undefined {
  if (change.resource !== "pods" || change.by !== controller) return undefined;
  const before = sim.shadow.get(key) as Any;
  if (!before || before.metadata.deletionTimestamp || change.op === "create") return undefined;
  const goes = change.op === "delete" || change.object.metadata.deletionTimestamp !== undefined;
  return goes ? before : undefined;
}

function asDeclared(sim: Simulation, set: Any): string | undefined {
  if (set.status?.observedGeneration !== set.metadata.generation) return `${id(set)}: unobserved`;
  const pods = podsOf(sim, set);
  const now = sim.world.engine.virtualNow;
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = set.status;
  const all = [...pods.values()];
  const running = all.filter((pod) => pod.status?.phase === "Running");
  const says = [replicas, readyReplicas, availableReplicas];
  const are = [
    all.length,
    running.filter(ready).length,
    all.filter((pod) => isAvailable(set, pod, now)).length,
  ];
  if (`${says}` !== `${are}`) return `${id(set)} says ${says}, there are ${are}`;
  // A full quota is told by Events alone.
  if (sim.all("resourcequotas", "lab").length > 0) return undefined;
  const ill = all.some((pod) => !isAvailable(set, pod, now));
  const taken = new Set(
    sim
      .all("pods", "lab")
      .filter((pod) => !all.some((p) => p.metadata.uid === pod.metadata.uid))
      .map((pod) => pod.metadata.name),
  );
  const missing = ordinals(set).filter((ordinal) => !pods.has(ordinal));
  // A Pod that cannot be made is tried again and again, before any is taken away. k8s: updateStatefulSet, AlreadyExists
  if (missing.some((ordinal) => taken.has(`${set.metadata.name}-${ordinal}`))) return undefined;
  const surplus = [...pods.keys()].filter((ordinal) => !inRange(set, ordinal));
  if (surplus.length > 0 && !ill) return `${id(set)} still has ${surplus}`;
  return missing.length > 0 && !(isOrdered(set) && ill)
    ? `${id(set)} lacks ${missing}, and nothing says why`
    : undefined;
}

const ofSet = (object: Any): boolean => controllerOf(object)?.kind === "StatefulSet";

export const statefulSetInvariants: Invariant[] = [
  {
    name: "a StatefulSet never has two Pods of one ordinal",
    when: "change",
    check: (sim, { resource, op, object }) =>
      resource === "pods" && op === "create" && ofSet(object) ? isDouble(sim, object) : undefined,
  },
  {
    name: "a StatefulSet starts its Pods in order",
    when: "change",
    check: (sim, { resource, op, object, at }) =>
      resource === "pods" && op === "create" && ofSet(object)
        ? startsEarly(sim, object, at)
        : undefined,
  },
  {
    name: "a StatefulSet takes no Pod that is to stay",
    when: "change",
    check: (sim, change) => {
      const pod = takenAway(sim, change, `pods ${change.key}`);
      return pod && goesWrongly(sim, pod, change.at);
    },
  },
  {
    name: "a StatefulSet is as declared, or something says why",
    when: "settled",
    check: (sim) => first(sim.all("statefulsets.apps", "lab"), (set) => asDeclared(sim, set)),
  },
];
