/** What must hold of devices and of who uses them. */
import type { Change } from "../../../durable-objects/engine/core/object.ts";
import { finished, first, id } from "../invariants/pods.ts";
import type { Invariant } from "../invariants/seen.ts";
import type { Any, Simulation } from "../simulation.ts";
import { shadowKey } from "../history.ts";
import { namespace } from "../operations/targets.ts";
import { claims } from "./devices.ts";
import { logged } from "./theme.ts";

const results = (claim: Any): Any[] => claim.status?.allocation?.devices.results ?? [];
const deviceOf = ({ driver, pool, device }: Any): string => `${driver}/${pool}/${device}`;
const users = (claim: Any): Any[] => claim.status?.reservedFor ?? [];

/** A device that two claims have with this revision. */
function shared(sim: Simulation, claim: Any): string | undefined {
  const mine = new Set(results(claim).map(deviceOf));
  if (mine.size < results(claim).length) return `${id(claim)} has a device twice`;
  if (mine.size === 0) return undefined;
  return first(logged(sim, claims), (other) => {
    if (other.metadata.uid === claim.metadata.uid) return undefined;
    const both = results(other)
      .map(deviceOf)
      .find((device) => mine.has(device));
    return both && `${both} is of ${id(other)} and ${id(claim)}`;
  });
}

const byName = (sim: Simulation, name: string): Any | undefined =>
  sim.shadow.get(shadowKey(claims, { namespace, name }));

/** Its claims, by the names that are known. */
function claimsOf(sim: Simulation, pod: Any): { name: string; claim: Any | undefined }[] {
  return (pod.spec.resourceClaims ?? []).flatMap((one: Any) => {
    const made = pod.status?.resourceClaimStatuses?.find((of: Any) => of.name === one.name);
    const name = one.resourceClaimName ?? made?.resourceClaimName;
    return [{ name: name ?? one.name, claim: name && byName(sim, name) }];
  });
}

const runs = (pod: Any): boolean =>
  (pod.status?.containerStatuses ?? []).some(({ state }: Any) => state?.running);

function runsWithout(sim: Simulation, pod: Any): string | undefined {
  return first(claimsOf(sim, pod), ({ name, claim }) => {
    if (!claim?.status?.allocation) return `${id(pod)} runs, ${name} has no devices`;
    return users(claim).some(({ uid }) => uid === pod.metadata.uid)
      ? undefined
      : `${id(pod)} runs, ${name} is not reserved for it`;
  });
}

/**
 * A user that is noted with this revision, and is not there. What keeps claims may note one that has ended, when it tries again
 * what it could not do for a Pod of the name before; it takes it out again. k8s: syncPod
 */
function strange(sim: Simulation, { object, previous, by }: Change): string | undefined {
  const known = new Set(previous ? users(previous).map(({ uid }) => uid) : []);
  return first(users(object), ({ name, uid }) => {
    if (known.has(uid)) return undefined;
    const pod = sim.shadow.get(shadowKey("pods", { namespace, name })) as Any;
    const mayHaveEnded = by === "resource-claim-controller" && pod?.spec.nodeName;
    return pod?.metadata.uid === uid && (mayHaveEnded || !finished(pod))
      ? undefined
      : `${id(object)} is reserved for ${name}, which is not there`;
  });
}

function keeps(sim: Simulation, claim: Any): string | undefined {
  if (claim.status?.allocation && users(claim).length === 0)
    return `${id(claim)} has devices, and no user`;
  const pods = new Map(sim.all("pods", namespace).map((pod) => [pod.metadata.uid, pod]));
  return first(users(claim), ({ name, uid }) => {
    const pod = pods.get(uid);
    return pod && !finished(pod)
      ? undefined
      : `${id(claim)} is reserved for ${name}, which is not there`;
  });
}

/** A Pod that asks for one of any devices, while one is free where it could run. */
function waits(sim: Simulation, pod: Any): string | undefined {
  if (pod.spec.nodeName || pod.metadata.deletionTimestamp || finished(pod)) return undefined;
  const claim = claimsOf(sim, pod)[0]?.claim;
  if (!claim || claim.metadata.deletionTimestamp || claim.status?.allocation) return undefined;
  const { exactly } = claim.spec.devices.requests[0];
  if (exactly.allocationMode !== "ExactCount" || exactly.count !== 1 || exactly.selectors)
    return undefined;
  const taken = new Set(sim.all(claims).flatMap((one) => results(one).map(deviceOf)));
  for (const { spec } of sim.all("resourceslices.resource.k8s.io")) {
    const free = spec.devices.find(
      ({ name }: Any) =>
        !taken.has(deviceOf({ driver: spec.driver, pool: spec.pool.name, device: name })),
    );
    if (free) return `${id(pod)} waits although ${free.name} of ${spec.nodeName} is free`;
  }
  return undefined;
}

export const deviceInvariants: Invariant[] = [
  {
    name: "a device is never of two claims",
    when: "change",
    check: (sim, { resource, op, object }) =>
      resource === claims && op !== "delete" ? shared(sim, object) : undefined,
  },
  {
    name: "a Pod runs with its claims allocated, and reserved for it",
    when: "change",
    check: (sim, { resource, op, object, previous }) =>
      resource === "pods" && op === "update" && runs(object) && !runs(previous)
        ? runsWithout(sim, object)
        : undefined,
  },
  {
    name: "devices are reserved for Pods that are there",
    when: "change",
    check: (sim, change) =>
      change.resource === claims && change.op !== "delete" ? strange(sim, change) : undefined,
  },
  {
    name: "devices are given back after their last user",
    when: "settled",
    check: (sim) => first(sim.all(claims), (claim) => keeps(sim, claim)),
  },
  {
    name: "no Pod waits for a device that is free",
    when: "settled",
    check: (sim) =>
      first(sim.all("pods", namespace), (pod) =>
        pod.spec.resourceClaims ? waits(sim, pod) : undefined,
      ),
  },
];
