/**
 * What must hold: at every revision ("change"), after every operation, when all nodes are well again and time has passed
 * ("settled"), and of the whole run ("end"). A check returns its complaint, or nothing.
 */
import type { Change } from "../../durable-objects/engine/core/object.ts";
import { parseQuantity } from "./quantities.ts";
import { rolloutInvariants } from "./rollouts.ts";
import { alike, stable } from "./contents.ts";
import { paths, ready } from "./targets.ts";
import { shadowKey } from "./history.ts";
import type { Any, Invariant, Simulation } from "./simulation.ts";

const finished = (pod: Any): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

const id = (o: Any): string => `${o.kind} ${o.metadata.namespace ?? ""}/${o.metadata.name}`;

/** First complaint about any of a list. */
function first<T>(
  list: Iterable<T>,
  complaint: (item: T) => string | undefined,
): string | undefined {
  for (const item of list) {
    const found = complaint(item);
    if (found) return found;
  }
  return undefined;
}

function twice(pairs: Iterable<[value: string, holder: string]>): string | undefined {
  const holders = new Map<string, string>();
  return first(pairs, ([value, holder]) => {
    const other = holders.get(value);
    holders.set(value, holder);
    return other && other !== holder ? `${value} is of ${other} and ${holder}` : undefined;
  });
}

function requestsOf(pod: Any): { cpu: number; memory: number } {
  let cpu = 0;
  let memory = 0;
  for (const { resources } of pod.spec.containers) {
    cpu += parseQuantity(resources?.requests?.cpu ?? "0");
    memory += parseQuantity(resources?.requests?.memory ?? "0");
  }
  return { cpu, memory };
}

function usedOn(sim: Simulation, node: string): { cpu: number; memory: number; pods: number } {
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
function fits(
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
  return pod.status?.reason;
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

const hostPorts = (pod: Any): number[] =>
  pod.spec.containers
    .flatMap((c: Any) => (c.ports ?? []).map((p: Any) => p.hostPort ?? 0))
    .filter(Boolean);

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

/** A claim that is not there, or that nothing has bound. */
const lacksClaim = (sim: Simulation, pod: Any): boolean =>
  (pod.spec.volumes ?? []).some(
    ({ persistentVolumeClaim: claim }: Any) =>
      claim &&
      !sim
        .all("persistentvolumeclaims", pod.metadata.namespace)
        .some((c) => c.metadata.name === claim.claimName),
  );

function schedulable(sim: Simulation, pod: Any): string | undefined {
  if (pod.spec.nodeName || pod.metadata.deletionTimestamp || finished(pod)) return undefined;
  if (lacksClaim(sim, pod)) return undefined;
  const home = sim.all("nodes").find((node) => {
    const wanted = Object.entries(pod.spec.nodeSelector ?? {});
    if (node.spec.unschedulable || node.spec.taints?.length) return false;
    if (pod.spec.affinity?.nodeAffinity) return false;
    if (portTaken(sim, node.metadata.name, pod)) return false;
    if (!wanted.every(([k, v]) => node.metadata.labels?.[k] === v)) return false;
    return fits(sim, node, { ...requestsOf(pod), pods: 1 });
  });
  return home ? `${id(pod)} waits although ${home.metadata.name} has room` : undefined;
}

/** Every object, written back as it was read, is accepted and stays what it is. */
function writesBack(sim: Simulation): string | undefined {
  const urls: Record<string, string> = {
    pods: paths["pods"] as string,
    services: paths["services"] as string,
    "deployments.apps": paths["deployments"] as string,
    "replicasets.apps": paths["sets"] as string,
    "daemonsets.apps": paths["daemons"] as string,
    replicationcontrollers: paths["controllers"] as string,
    endpoints: "/api/v1/namespaces/lab/endpoints",
    events: "/api/v1/namespaces/lab/events",
    "endpointslices.discovery.k8s.io": "/apis/discovery.k8s.io/v1/namespaces/lab/endpointslices",
    "poddisruptionbudgets.policy": paths["budgets"] as string,
    "controllerrevisions.apps": "/apis/apps/v1/namespaces/lab/controllerrevisions",
    resourcequotas: paths["quotas"] as string,
  };
  return first(Object.entries(urls), ([resource, url]) => {
    // Events are all alike; the last few will do.
    const objects = sim.all(resource, "lab").slice(resource === "events" ? -5 : 0);
    return first(objects, (object) => {
      const one = `${url}/${object.metadata.name}`;
      const answer = sim.request("PUT", `${one}?dryRun=All&fieldValidation=Strict`, object);
      if (answer.status !== 200) return `${one}: ${answer.text.slice(0, 400)}`;
      const { managedFields: _a, ...metadata } = answer.body.metadata;
      const { managedFields: _b, ...before } = object.metadata;
      return alike({ ...answer.body, metadata }, { ...object, metadata: before })
        ? undefined
        : `${one} comes back changed: ${stable(answer.body)} was ${stable(object)}`;
    });
  });
}

function shadowDiffers(sim: Simulation): string | undefined {
  let count = 0;
  for (const resource of sim.world.engine.store.resources()) {
    for (const object of sim.all(resource)) {
      count += 1;
      const copy = sim.shadow.get(shadowKey(resource, object.metadata));
      if (!copy || copy.metadata.resourceVersion !== object.metadata.resourceVersion) {
        return `${id(object)}: ${object.metadata.resourceVersion}, by the log ${copy?.metadata.resourceVersion}`;
      }
    }
  }
  return count === sim.shadow.size ? undefined : `${count} objects, by the log ${sim.shadow.size}`;
}

/** The log on disk, from wherever it still begins, ends in the state that is. */
function historyDiffers(sim: Simulation): string | undefined {
  let last = 0;
  const seen = new Map<string, string>();
  for (const entry of sim.world.engine.log.history(0)) {
    if (entry.rv <= last) return `revision ${entry.rv} after ${last}`;
    last = entry.rv;
    const key = shadowKey(entry.resource, entry.object.metadata);
    if (entry.op === "delete") seen.set(key, "");
    else seen.set(key, entry.object.metadata.resourceVersion);
  }
  return first(seen, ([key, rv]) => {
    const object = sim.shadow.get(key);
    return (object?.metadata.resourceVersion ?? "") === rv ? undefined : `${key}: ${rv} on disk`;
  });
}

const settledInvariants: Invariant[] = [
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
        o.metadata.deletionTimestamp ? `${id(o)} is still going` : undefined,
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

export const invariants: Invariant[] = [
  {
    name: "resourceVersion strictly grows",
    when: "change",
    check: (sim, change) =>
      (change as Change).rv <= sim.lastRv ||
      (change as Change).object.metadata.resourceVersion !== String((change as Change).rv)
        ? `${change?.rv} after ${sim.lastRv}`
        : undefined,
  },
  ...rolloutInvariants,
  {
    name: "addresses and ports are unique",
    when: "operation",
    check: (sim) =>
      twice(
        sim
          .all("pods")
          .filter((p) => p.status?.podIP && !finished(p) && !p.spec.hostNetwork)
          .map((p) => [p.status.podIP, id(p)]),
      ) ??
      twice(
        sim
          .all("pods", "lab")
          .filter((p) => p.spec.nodeName && !finished(p))
          .flatMap((p) =>
            hostPorts(p).map((n): [string, string] => [`port ${n} of ${p.spec.nodeName}`, id(p)]),
          ),
      ) ??
      twice(
        sim
          .all("services")
          .flatMap((s) =>
            [
              ...(s.spec.clusterIPs ?? []).filter((ip: string) => ip !== "None"),
              ...(s.spec.ports ?? []).flatMap((p: Any) =>
                p.nodePort ? [`port ${p.nodePort}`] : [],
              ),
            ].map((value): [string, string] => [value, id(s)]),
          ),
      ),
  },
  {
    name: "every scheduled Pod fits its node",
    when: "operation",
    check: (sim) =>
      first(sim.all("nodes"), (node) =>
        fits(sim, node, { cpu: 0, memory: 0, pods: 0 })
          ? undefined
          : `${node.metadata.name}: ${JSON.stringify(usedOn(sim, node.metadata.name))}`,
      ),
  },
  {
    name: "a quota is never overrun by what came under it",
    when: "change",
    check: (sim, change) => {
      if (change?.op !== "create" || change.resource !== "pods") return undefined;
      const { namespace } = change;
      const of = (resource: string): Any[] =>
        [...sim.shadow]
          .filter(([k]) => k.startsWith(`${resource} ${namespace}/`))
          .map(([, o]) => o);
      // Those whose grace is over count no more, though a dead node may keep them.
      const over = (p: Any): boolean => Date.parse(p.metadata.deletionTimestamp ?? "") < change.at;
      const pods = of("pods").filter((p) => !finished(p) && !over(p)).length + 1;
      return first(of("resourcequotas"), (quota) => {
        // Upstream's admission trusts the status, which a new quota has not yet.
        const hard = quota.status?.hard?.pods;
        return hard !== undefined && pods > Number(hard) ? `${pods} Pods of ${hard}` : undefined;
      });
    },
  },
  { name: "what the log says is what is", when: "operation", check: shadowDiffers },
  ...settledInvariants,
  { name: "the log on disk ends in what is", when: "end", check: historyDiffers },
  { name: "every object decodes and validates to itself", when: "end", check: writesBack },
];
