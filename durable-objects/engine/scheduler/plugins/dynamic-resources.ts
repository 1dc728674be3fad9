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
import type { NodeInfo } from "../node-info.ts";
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

/** What one attempt knows of a Pod's claims, and what each node would give. */
export class DeviceState implements PluginState {
  readonly claims: readonly ResourceClaim[];
  /** Those that have nothing yet. */
  readonly open: readonly ResourceClaim[];
  readonly #snapshot: Snapshot;
  readonly #parts: AllocatorParts;
  readonly #byNode = new Map<string, AllocationResult[]>();
  /** Claims that have devices, which some node cannot reach. */
  readonly outOfReach = new Set<ResourceClaim>();

  constructor(all: readonly ResourceClaim[], snapshot: Snapshot) {
    this.claims = all;
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
    return this.open.length === 0 ? [] : this.#byNode.get(node);
  }

  filter({ node }: NodeInfo): Rejection | undefined {
    let reached = true;
    for (const claim of this.claims) {
      const selector = claim.status?.allocation?.nodeSelector;
      const lost = "problem" in Object(bindingOf(claim, this.#snapshot.reader.now));
      if (!lost && (!selector || nodeSelectorMatches(node, selector))) continue;
      this.outOfReach.add(claim);
      reached = false;
    }
    const problem = this.open.length > 0 ? this.#allocate(node) : undefined;
    if (problem !== undefined) return rejectedForGood(problem);
    return reached ? undefined : rejectedForGood("resourceclaim not available on the node");
  }

  #allocate(node: NodeInfo["node"]): string | undefined {
    try {
      const found = allocate(this.#parts, node, this.open, (steps) => {
        this.#snapshot.triedDevices += steps;
      });
      if (!found) return "cannot allocate all claims";
      this.#byNode.set(node.metadata.name, found);
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

export const dynamicResources: FilterPlugin = {
  name,
  holdsBack: (pod, reader) =>
    (pod.spec.resourceClaims?.length ?? 0) > 0 && "problem" in podClaims(pod, reader),
  prepare({ pod }, snapshot) {
    if (!pod.spec.resourceClaims?.length) return { skip: true };
    const found = podClaims(pod, snapshot.reader);
    if ("problem" in found) return { rejection: rejectedForGood(found.problem) };
    if (found.length === 0) return { skip: true };
    for (const claim of found) {
      if (claim.status?.allocation) continue;
      const problem = classProblem(claim, snapshot.reader);
      if (problem !== undefined) return { rejection: rejectedForGood(problem) };
    }
    return { state: new DeviceState(found, snapshot) };
  },
  filter: (_pod, node, state) => (state as DeviceState).filter(node),
};

/**
 * A claim that has devices which cannot be reached and that nobody else uses lets go of them. Returns which, or undefined.
 * k8s: PostFilter
 */
export function toDeallocate(
  pod: Pod,
  { claims: all, outOfReach }: DeviceState,
): ResourceClaim | undefined {
  return all.find((claim) => {
    if (!outOfReach.has(claim)) return false;
    const users = claim.status?.reservedFor ?? [];
    return users.length === 0 || (users.length === 1 && isReservedFor(pod, claim));
  });
}
