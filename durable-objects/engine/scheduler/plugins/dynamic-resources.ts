/** ResourceClaims decide where a Pod can run. k8s: pkg/scheduler/framework/plugins/dynamicresources */
import { claimNameOf, isReservedFor, notForPod } from "../../kinds/pod/resource-claims.ts";
import type { AllocationResult, DeviceClass, ResourceClaim } from "../../kinds/resource/shape.ts";
import type { Reader } from "../../ports/controller.ts";
import {
  allocate,
  AllocationError,
  AllocationTimeout,
  InvalidPools,
  type AllocatorParts,
} from "../devices/allocator.ts";
import { bindingOf } from "../devices/binding.ts";
import {
  classesFor,
  ExtendedClaim,
  extendedClaimOf,
  isUnderWay,
  type NodeClaim,
} from "../devices/extended-claim.ts";
import { nodeSelectorMatches } from "../devices/pools.ts";
import { optionsOf } from "../devices/request-data.ts";
import {
  rejectedForGood,
  SchedulerError,
  type FilterPlugin,
  type PluginState,
  type Rejection,
  type Snapshot,
} from "../framework.ts";
import type { NodeInfo, PodInfo } from "../node-info.ts";
import type { Pod } from "../types.ts";

const claims = "resourceclaims.resource.k8s.io";
const classes = "deviceclasses.resource.k8s.io";
const name = "DynamicResources";

/** A Pod's claims, or why one cannot be used. k8s: foreachPodResourceClaim */
export function podClaims(pod: Pod, reader: Reader): ResourceClaim[] | { problem: string } {
  const namespace = pod.metadata.namespace ?? "";
  const found: ResourceClaim[] = [];
  for (const one of pod.spec.resourceClaims ?? []) {
    const named = claimNameOf(pod, one);
    if ("problem" in named) return named;
    if (named.name === undefined) continue;
    const claim = reader.get<ResourceClaim>(claims, namespace, named.name);
    if (!claim) return { problem: `resourceclaim.resource.k8s.io "${named.name}" not found` };
    if (claim.metadata.deletionTimestamp !== undefined)
      return { problem: `resourceclaim "${named.name}" is being deleted` };
    const stranger = named.own ? notForPod(pod, claim) : undefined;
    if (stranger !== undefined) return { problem: stranger };
    found.push(claim);
  }
  return found;
}

/** The same, with what the scheduler made for its extended resources. */
export function claimsAtHand(pod: Pod, reader: Reader): ResourceClaim[] {
  const found = podClaims(pod, reader);
  const extended = extendedClaimOf(pod, reader);
  return [...(Array.isArray(found) ? found : []), ...(extended ? [extended] : [])];
}

/** What there is of a Pod's extended resources. */
interface Extended {
  /** What nodes are asked for. */
  wanted?: ExtendedClaim;
  /** A claim of an earlier attempt. */
  made?: ResourceClaim;
}

/** What a node would give. */
interface OnNode {
  allocations: AllocationResult[];
  /** The claim for extended resources, which is the last one of the allocations. */
  extended?: NodeClaim;
}

/** What one attempt knows of a Pod's claims, and what each node would give. */
export class DeviceState implements PluginState {
  readonly claims: readonly ResourceClaim[];
  /** Those that have nothing yet. */
  readonly open: readonly ResourceClaim[];
  readonly #extended: Extended;
  readonly #snapshot: Snapshot;
  readonly #parts: AllocatorParts;
  readonly #byNode = new Map<string, OnNode>();
  /** Claims that have devices, which some node cannot reach. */
  readonly outOfReach = new Set<ResourceClaim>();

  constructor(all: readonly ResourceClaim[], snapshot: Snapshot, extended: Extended = {}) {
    this.claims = all;
    this.#extended = extended;
    this.open = all.filter(({ status }) => !status?.allocation);
    this.#snapshot = snapshot;
    this.#parts = {
      slices: snapshot.slices,
      isAllocated: (id) => snapshot.isAllocated(id),
      sharesOf: (id) => snapshot.sharesOf(id),
      classOf: (className) => snapshot.reader.get<DeviceClass>(classes, "", className),
    };
  }
  /** Preemption moves no devices. */
  clone(): DeviceState {
    return this;
  }
  allocationsOn(node: string): readonly AllocationResult[] | undefined {
    return this.#byNode.get(node)?.allocations ?? (this.open.length === 0 ? [] : undefined);
  }
  /** The claim to be made for the node's sake, and what it gets. */
  extendedOn(node: string): (NodeClaim & { allocation: AllocationResult }) | undefined {
    const { extended, allocations = [] } = this.#byNode.get(node) ?? {};
    const allocation = allocations.at(-1);
    return extended && allocation && { ...extended, allocation };
  }
  /** The claim that an earlier attempt made: it goes where the Pod cannot be helped otherwise. */
  get leftBehind(): ResourceClaim | undefined {
    return this.#extended.made;
  }

  filter(info: NodeInfo): Rejection | undefined {
    const { node } = info;
    const { wanted, made } = this.#extended;
    if (made && !this.claims.includes(made))
      return rejectedForGood("cannot schedule extended resource claim");
    const extended = wanted?.on(info);
    if (!extended && this.claims.length === 0) return undefined;
    let reached = true;
    for (const claim of this.claims) {
      const selector = claim.status?.allocation?.nodeSelector;
      const lost = "problem" in Object(bindingOf(claim, this.#snapshot.reader.now));
      if (!lost && (!selector || nodeSelectorMatches(node, selector))) continue;
      this.outOfReach.add(claim);
      reached = false;
    }
    const problem = extended || this.open.length > 0 ? this.#allocate(node, extended) : undefined;
    if (problem !== undefined) return rejectedForGood(problem);
    return reached ? undefined : rejectedForGood("resourceclaim not available on the node");
  }

  #allocate(node: NodeInfo["node"], extended: NodeClaim | undefined): string | undefined {
    const claimed = extended ? [...this.open, extended.claim] : this.open;
    try {
      const found = allocate(this.#parts, node, claimed, (steps) => {
        this.#snapshot.triedDevices += steps;
      });
      if (!found) return "cannot allocate all claims";
      const one: OnNode = { allocations: found };
      if (extended) one.extended = extended;
      this.#byNode.set(node.metadata.name, one);
      return undefined;
    } catch (error) {
      if (error instanceof AllocationTimeout) return "timed out trying to allocate devices";
      if (error instanceof InvalidPools) return "invalid resource pools were encountered";
      if (!(error instanceof AllocationError)) throw error;
      throw new SchedulerError(`running "${name}" filter plugin: ${error.message}`);
    }
  }
}

/** k8s: PreFilter, validateDeviceClass */
function classProblem(claim: ResourceClaim, reader: Reader): string | undefined {
  for (const request of claim.spec?.devices?.requests ?? [])
    for (const { name: requestName, exact } of optionsOf(request)) {
      const className = exact.deviceClassName ?? "";
      if (!reader.get(classes, "", className))
        return `request ${requestName}: device class ${className} does not exist`;
    }
  return undefined;
}

/** k8s: preFilterExtendedResources */
function extendedOf(info: PodInfo, reader: Reader): Extended | undefined {
  const wanted = classesFor(info, reader);
  if (!wanted) return undefined;
  const made = extendedClaimOf(info.pod, reader);
  return made ? { made } : { wanted: new ExtendedClaim(info, wanted) };
}

export const dynamicResources: FilterPlugin = {
  name,
  holdsBack: (pod, reader) =>
    (pod.spec.resourceClaims?.length ?? 0) > 0 && "problem" in podClaims(pod, reader),
  prepare(info, snapshot) {
    const { pod } = info;
    const extended = extendedOf(info, snapshot.reader);
    if (!pod.spec.resourceClaims?.length && !extended) return { skip: true };
    const found = podClaims(pod, snapshot.reader);
    if ("problem" in found) return { rejection: rejectedForGood(found.problem) };
    if (found.length === 0 && !extended) return { skip: true };
    for (const claim of found) {
      if (claim.status?.allocation) continue;
      const problem = classProblem(claim, snapshot.reader);
      if (problem !== undefined) return { rejection: rejectedForGood(problem) };
    }
    const made = extended?.made;
    if (made && isUnderWay(pod, made)) found.push(made);
    return { state: new DeviceState(found, snapshot, extended) };
  },
  filter: (_pod, node, state) => (state as DeviceState).filter(node),
};

/**
 * A claim that has devices which cannot be reached and that nobody else uses lets go of them. Returns which, or undefined.
 * k8s: PostFilter
 */
export function toDeallocate(
  pod: Pod,
  { claims: all, outOfReach, leftBehind }: DeviceState,
): ResourceClaim | undefined {
  return all.find((claim) => {
    if (!outOfReach.has(claim) || claim === leftBehind) return false;
    const users = claim.status?.reservedFor ?? [];
    return users.length === 0 || (users.length === 1 && isReservedFor(pod, claim));
  });
}
