/** What must hold when all nodes are well again and time has passed. */
import { isKeptForItsIndex } from "./jobs.ts";
import { finished, first, fits, hostPorts, id, requestsOf } from "./pods.ts";

import type { Invariant } from "./seen.ts";
import type { Any, Simulation } from "../simulation.ts";
import { ready } from "../operations/targets.ts";

/** Why a Pod is not Ready, as its own status says it. */
function reasonOf(pod: Any): string | undefined {
  const conditions: Any[] = pod.status?.conditions ?? [];
  const scheduled = conditions.find((c) => c.type === "PodScheduled");
  if (scheduled?.status === "False") return scheduled.reason;
  for (const status of pod.status?.containerStatuses ?? []) {
    const waiting = status.state?.waiting?.reason;
    if (waiting && waiting !== "ContainerCreating" && waiting !== "PodInitializing") return waiting;
    if (status.state?.terminated?.reason) return status.state.terminated.reason;
    if (status.lastState?.terminated) return "restarted";
    // Nobody knows whether an unknown server answers; the others do.
    if (status.state?.running && !status.ready && !/nginx/.test(status.image)) return "probe";
  }
  // Claims that are not made, or have no devices, are told by Events alone.
  return pod.spec.resourceClaims ? "devices" : pod.status?.reason;
}

const countOf = (sim: Simulation, owner: Any): Any[] =>
  sim
    .all("pods", owner.metadata.namespace)
    .filter(
      (p) =>
        !finished(p) &&
        !p.metadata.deletionTimestamp &&
        p.metadata.ownerReferences?.some((r: Any) => r.controller && r.uid === owner.metadata.uid),
    );

const failing = (object: Any): boolean =>
  (object.status?.conditions ?? []).some(
    (c: Any) => c.type === "ReplicaFailure" && c.status === "True",
  );

function asDeclared(sim: Simulation, set: Any): string | undefined {
  const pods = countOf(sim, set);
  if (pods.length !== set.spec.replicas && !failing(set)) {
    return `${id(set)} has ${pods.length} Pods of ${set.spec.replicas} and no condition`;
  }
  if ((set.status?.replicas ?? 0) !== pods.length) {
    return `${id(set)}: status says ${set.status?.replicas}, there are ${pods.length}`;
  }
  const readyCount = pods.filter(ready).length;
  if ((set.status?.readyReplicas ?? 0) !== readyCount) {
    return `${id(set)}: status says ${set.status?.readyReplicas} ready, there are ${readyCount}`;
  }
  return first(pods, (pod) =>
    ready(pod) || reasonOf(pod) ? undefined : `${id(pod)} is not ready and says nothing`,
  );
}

function deploymentAsDeclared(sim: Simulation, deployment: Any): string | undefined {
  const { status, spec } = deployment;
  if (status?.observedGeneration !== deployment.metadata.generation) {
    return `${id(deployment)}: generation ${deployment.metadata.generation} unobserved`;
  }
  const sets = sim
    .all("replicasets.apps", deployment.metadata.namespace)
    .filter((s) => s.metadata.ownerReferences?.some((r: Any) => r.uid === deployment.metadata.uid));
  const pods = sets.flatMap((s) => countOf(sim, s));
  if ((status.replicas ?? 0) !== pods.length) {
    return `${id(deployment)}: status says ${status.replicas}, there are ${pods.length}`;
  }
  if (spec.paused || status.updatedReplicas === spec.replicas || spec.replicas === 0)
    return undefined;
  // Upstream's own dead end: a Recreate that adopts two running sets of another size neither scales nor replaces them.
  const running = sets.filter((rs) => rs.spec.replicas > 0);
  if (spec.strategy.type === "Recreate" && running.length > 1) return undefined;
  const stuck = (status.conditions ?? []).some(
    (c: Any) =>
      (c.type === "Progressing" && c.status === "False") ||
      (c.type === "ReplicaFailure" && c.status === "True"),
  );
  const reasons = pods.some((p) => !ready(p) && reasonOf(p));
  // Deletions that wait count against a Recreate; a short deadline may not have passed.
  return stuck || reasons
    ? undefined
    : `${id(deployment)}: ${status.updatedReplicas ?? 0} of ${spec.replicas} updated, and no reason`;
}

function endpointsOf(sim: Simulation, service: Any): string | undefined {
  const labels = Object.entries(service.spec.selector ?? {});
  if (labels.length === 0) return undefined;
  const expected = sim
    .all("pods", service.metadata.namespace)
    .filter((p) => labels.every(([k, v]) => p.metadata.labels?.[k] === v) && ready(p))
    .map((p) => p.status.podIP)
    .sort();
  const found = sim
    .all("endpointslices.discovery.k8s.io", service.metadata.namespace)
    .filter((s) => s.metadata.labels?.["kubernetes.io/service-name"] === service.metadata.name)
    .flatMap((s) => s.endpoints ?? [])
    .filter((e: Any) => e.conditions.ready)
    .flatMap((e: Any) => e.addresses)
    .sort();
  const list = sim
    .all("endpoints", service.metadata.namespace)
    .filter((e) => e.metadata.name === service.metadata.name)
    .flatMap((e) => e.subsets ?? [])
    .flatMap((s: Any) => s.addresses ?? [])
    .map((a: Any) => a.ip)
    .sort();
  if (`${found}` !== `${expected}`) return `${id(service)}: slices ${found}, ready ${expected}`;
  return `${list}` === `${expected}`
    ? undefined
    : `${id(service)}: Endpoints ${list}, ready ${expected}`;
}

/** Whether another Pod holds one of the node's ports that this one wants. */
function portTaken(sim: Simulation, node: string, pod: Any): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return false;
  return sim
    .all("pods")
    .some(
      (p) =>
        p.spec.nodeName === node && !finished(p) && hostPorts(p).some((n) => wanted.includes(n)),
    );
}

/** The claims that a Pod names; undefined: not there. */
const claimsOf = (sim: Simulation, pod: Any): Any[] =>
  (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: named }: Any) =>
    named
      ? [
          sim
            .all("persistentvolumeclaims", pod.metadata.namespace)
            .find((claim) => claim.metadata.name === named.claimName),
        ]
      : [],
  );

/** Whether the volume of a claim can be had on a node: a local one lies on one alone. */
function reaches(sim: Simulation, node: Any, claim: Any): boolean {
  const volume = sim
    .all("persistentvolumes")
    .find(({ metadata }) => metadata.name === claim.spec.volumeName);
  const terms: Any[] | undefined = volume?.spec.nodeAffinity?.required.nodeSelectorTerms;
  return (
    !terms ||
    terms.some(({ matchExpressions }) =>
      // What provisioners write: each names a label and its values.
      matchExpressions.every(({ key, values }: Any) => values.includes(node.metadata.labels[key])),
    )
  );
}

function schedulable(sim: Simulation, pod: Any): string | undefined {
  if (pod.spec.nodeName || pod.metadata.deletionTimestamp || finished(pod)) return undefined;
  const claims = claimsOf(sim, pod);
  if (claims.includes(undefined) || pod.spec.resourceClaims) return undefined;
  const home = sim.all("nodes").find((node) => {
    const wanted = Object.entries(pod.spec.nodeSelector ?? {});
    if (node.spec.unschedulable || node.spec.taints?.length) return false;
    if (pod.spec.affinity?.nodeAffinity) return false;
    if (portTaken(sim, node.metadata.name, pod)) return false;
    if (!claims.every((claim) => reaches(sim, node, claim))) return false;
    if (!wanted.every(([k, v]) => node.metadata.labels?.[k] === v)) return false;
    return fits(sim, node, { ...requestsOf(pod), pods: 1 });
  });
  return home ? `${id(pod)} waits although ${home.metadata.name} has room` : undefined;
}

/** A ResourceClaim stays while a Pod has its devices. */
const isUsed = (object: Any): boolean => (object.status?.reservedFor ?? []).length > 0;

export const settledInvariants: Invariant[] = [
  {
    name: "replicas are as declared, or something says why",
    when: "settled",
    check: (sim) =>
      first(sim.all("replicasets.apps"), (s) => asDeclared(sim, s)) ??
      first(sim.all("replicationcontrollers"), (s) => asDeclared(sim, s)) ??
      first(sim.all("deployments.apps"), (d) => deploymentAsDeclared(sim, d)),
  },
  {
    name: "endpoints are the ready Pods",
    when: "settled",
    check: (sim) => first(sim.all("services", "lab"), (s) => endpointsOf(sim, s)),
  },
  {
    name: "no Pod waits that fits",
    when: "settled",
    check: (sim) => first(sim.all("pods"), (p) => schedulable(sim, p)),
  },
  {
    name: "no orphan of a dead owner",
    when: "settled",
    check: (sim) => {
      const uids = new Set([...sim.shadow.values()].map((o) => o.metadata.uid));
      return first(sim.shadow.values(), (o) =>
        o.metadata.ownerReferences?.length &&
        !o.metadata.ownerReferences.some((r) => uids.has(r.uid))
          ? `${id(o)} lost ${o.metadata.ownerReferences.map((r) => r.name)}`
          : undefined,
      );
    },
  },
  {
    name: "what was deleted is gone",
    when: "settled",
    check: (sim) =>
      first(sim.shadow.values(), (o) =>
        o.metadata.deletionTimestamp && !isUsed(o) && !isKeptForItsIndex(sim, o)
          ? `${id(o)} is still going`
          : undefined,
      ),
  },
  {
    name: "no work fails for ever",
    when: "settled",
    check: (sim) => {
      const { store } = sim.world.engine;
      return first(store.recordKeys("attempts"), (work) =>
        (store.record<number>("attempts", work) ?? 0) > 3
          ? `${work.replace("\0", " ")} failed ${store.record("attempts", work)} times`
          : undefined,
      );
    },
  },
  {
    name: "one daemon Pod on every node that takes it",
    when: "settled",
    check: (sim) =>
      first(sim.all("daemonsets.apps", "lab"), (set) => {
        const { desiredNumberScheduled = 0, observedGeneration } = set.status ?? {};
        if (observedGeneration !== set.metadata.generation) return `${id(set)}: unobserved`;
        const nodes = countOf(sim, set).map((p) => p.spec.nodeName ?? p.metadata.name);
        if (new Set(nodes).size !== nodes.length) return `${id(set)}: two on a node: ${nodes}`;
        // A full quota is told by events alone.
        const free = sim.all("resourcequotas", "lab").length === 0;
        return free && nodes.length !== desiredNumberScheduled
          ? `${id(set)}: ${nodes.length} of ${desiredNumberScheduled}`
          : undefined;
      }),
  },
];
